"""In Keras' ``fit``: the same training, pictures turned round, values in its logs, and no variable touched."""

import numpy as np
import pytest
import torch


@pytest.fixture(scope="session")
def keras():
    """Imported when the first test needs it: it takes seconds."""
    import keras

    assert keras.backend.backend() == "torch"
    return keras


def model_of(keras, shape=(2,), noise=True):
    """A generator with batch norm, dropout and noise of its own, taught to draw what it is shown."""
    layers = keras.layers

    class Teaches(keras.Model):
        def __init__(self):
            super().__init__()
            size = int(np.prod(shape))
            parts = [
                keras.Input((4,)),
                layers.Dense(8),
                layers.BatchNormalization(),
                layers.ReLU(),
                layers.Dropout(0.1),
            ]
            self.generator = keras.Sequential([*parts, layers.Dense(size), layers.Reshape(shape)])
            self.noise = keras.random.SeedGenerator(7)
            self.tracker = keras.metrics.Mean("g_loss")
            self.built = True

        def train_step(self, real):
            self.zero_grad()
            z = keras.random.normal((len(real), 4), seed=self.noise if noise else None)
            loss = (self.generator(z, training=True) - real).square().mean()
            loss.backward()
            with torch.no_grad():
                self.optimizer.apply([w.value.grad for w in self.trainable_weights], self.trainable_weights)
            self.tracker.update_state(loss)
            return {"g_loss": self.tracker.result()}

    model = Teaches()
    model.compile(optimizer=keras.optimizers.Adam(1e-3))
    return model


def fit(model, *callbacks, shape=(2,), epochs=1):
    real = np.random.default_rng(5).normal(size=(60, *shape)).astype("float32")
    return model.fit(real, batch_size=12, epochs=epochs, verbose=0, callbacks=list(callbacks))


@pytest.mark.parametrize("noise", [True, False], ids=["seeded", "of Keras' own stream"])
def test_training_is_the_same_bit_for_bit(noise, keras, quick, left_behind, differences):
    from collapse_metrics.monitor.keras import CollapseCallback

    callback = CollapseCallback(**quick)

    def train(*callbacks):
        keras.utils.set_random_seed(3)
        model = model_of(keras, noise=noise)
        fit(model, *callbacks)
        return model, model.optimizer

    assert differences(left_behind(train, callback), left_behind(train)) == []
    assert callback.monitor.history.steps == [2, 4]
    assert [step for step, _ in callback.monitor.history.losses["g_loss"]] == [1, 2, 3, 4, 5]


def test_a_generator_with_noise_of_its_own_keeps_its_stream(keras):
    """Keras holds random states in variables; a look draws from them and puts them back."""
    from collapse_metrics.monitor.keras import Undisturbed

    seeded = keras.random.SeedGenerator(1)

    class Noisy(keras.layers.Layer):
        def __init__(self, seed):
            super().__init__()
            self.seed = seed

        def call(self, x):
            return x + keras.random.normal((1, 2), seed=self.seed)

    keras.utils.set_random_seed(3)
    for seed in (seeded, None):
        network = keras.Sequential([keras.Input((2,)), Noisy(seed)])
        network(torch.zeros(1, 2))  # Keras' own stream begins when it is first asked
        first = Undisturbed(network, channels_last=True)(torch.zeros(1, 2))
        assert torch.equal(first, network(torch.zeros(1, 2)))


def test_keras_own_stream_is_not_begun_by_a_look(keras):
    from keras.src.backend.common import global_state

    from collapse_metrics.monitor.keras import Undisturbed

    network = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda x: x + keras.random.normal((1, 2)))])
    global_state.set_global_attribute("global_seed_generator", None)
    Undisturbed(network, channels_last=True)(torch.zeros(1, 2))
    assert global_state.get_global_attribute("global_seed_generator") is None


def test_pictures_have_their_channels_first(keras):
    from collapse_metrics.monitor.keras import Undisturbed

    network = keras.Sequential([keras.Input((6,)), keras.layers.Reshape((1, 2, 3))])
    out = Undisturbed(network, channels_last=True)(torch.arange(6.0)[None])
    assert out.tolist() == [[[[0, 3]], [[1, 4]], [[2, 5]]]]
    assert Undisturbed(network, channels_last=False)(torch.arange(6.0)[None]).shape == (1, 1, 2, 3)


def test_values_are_in_the_history_and_stop_the_training(keras, quick):
    from collapse_metrics.monitor.keras import CollapseCallback

    stop = keras.callbacks.EarlyStopping("collapse/finite_share", mode="max", patience=1)  # it is 1 at every look
    history = fit(model_of(keras), CollapseCallback(**quick), stop, epochs=9)
    assert history.history["collapse/finite_share"] == [1.0, 1.0]


def test_an_action_ends_the_fit_and_a_second_fit_goes_on(keras, quick):
    from collapse_metrics.monitor import stop_training
    from collapse_metrics.monitor.keras import CollapseCallback

    model = model_of(keras)
    callback = CollapseCallback(on_collapse=stop_training, select=lambda x: 0 * x, **quick)
    fit(model, callback, epochs=9)
    assert callback.monitor.history.steps == [2, 4]
    callback.monitor.stopped = False
    fit(model, callback)
    assert callback.monitor.steps == 9


def test_a_fit_of_another_model_is_another_run(keras, quick):
    from collapse_metrics.monitor.keras import CollapseCallback

    callback = CollapseCallback(**quick)
    for model in (model_of(keras), again := model_of(keras)):
        fit(model, callback)
    assert callback.monitor.history.steps == [2, 4]
    assert callback.monitor._looking.source.generator.network is again.generator


def test_another_backend_is_refused(keras, monkeypatch):
    from collapse_metrics.monitor.keras import CollapseCallback

    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(ValueError, match="got jax: set KERAS_BACKEND=torch"):
        CollapseCallback()
