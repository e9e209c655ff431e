"""How does the monitor stand beside ``model.fit`` of Keras 3 on its torch backend? As a callback."""

from operator import attrgetter
from typing import Any

import keras
import torch
from keras.src.backend.common import global_state
from keras.src.random.seed_generator import GLOBAL_SEED_GENERATOR
from torch import Tensor, nn

from collapse_metrics.monitor.beside import Beside
from collapse_metrics.monitor.monitor import Monitor


class CollapseCallback(keras.callbacks.Callback):  # type: ignore[misc]
    """Looks at the generator of a model while it is fitted; values land in ``logs`` as ``collapse/...``.

    ``History``, ``CSVLogger`` and ``EarlyStopping`` see them at the end of each epoch if they stand behind this
    callback. Keras' optimizers take no hooks: each batch counts as one generator step.

    Args:
        generator: Name of the attribute that holds it, dots allowed, or the Keras model itself.
        channels_last: Whether pictures have their channels last; left out, as ``keras.config`` says.
        **options: Those of ``Monitor``. ``latent`` is read from the generator's input where it is left out.
    """

    def __init__(self, generator: Any = "generator", *, channels_last: bool | None = None, **options: Any) -> None:
        super().__init__()
        if keras.backend.backend() != "torch":
            raise ValueError(
                f"the torch backend of Keras is needed, got {keras.backend.backend()}: "
                "set KERAS_BACKEND=torch before keras is imported."
            )
        self.generator, self.options = generator, options
        self._beside: Beside | None = None
        self._of: Any = None
        configured = keras.config.image_data_format() == "channels_last"
        self.channels_last = configured if channels_last is None else channels_last
        self._values: dict[str, float] = {}

    @property
    def monitor(self) -> Monitor:
        """The monitor, once fitting has begun: ``callback.monitor.diagnose()`` is the closing word."""
        if self._beside is None:
            raise RuntimeError("the monitor is made when fitting begins, and none has begun: call model.fit first.")
        return self._beside.monitor

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Find the generator; a second call of ``fit`` goes on, but another model is another run."""
        named = isinstance(self.generator, str)
        network = attrgetter(self.generator)(self.model) if named else self.generator
        if self._beside is None or network is not self._of:
            self._of = network
            options = {"latent": tuple(network.input_shape[1:]), **self.options}
            self._beside = Beside(Undisturbed(network, self.channels_last), **options)

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Count, note the losses, and add what is new."""
        if self._beside is not None and logs is not None:
            self._values.update(news := self._beside.turn(logs))
            logs.update(news)
            self.model.stop_training |= self._beside.stopped

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Add the newest values to those of the epoch."""
        if logs is not None:
            logs.update(self._values)

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Write what is pending."""
        if self._beside is not None:
            self._beside.rest()


class Undisturbed(nn.Module):
    """A Keras generator as one of torch: pictures with their channels first, and no variable changed by a look.

    Keras keeps batch statistics and the states of its random numbers in variables, where torch would have buffers.
    """

    def __init__(self, network: Any, channels_last: bool) -> None:
        super().__init__()
        self.network, self.channels_last = network, channels_last

    def forward(self, z: Tensor) -> Tensor:
        """Samples of the latents, in inference mode."""
        common = global_state.get_global_attribute(GLOBAL_SEED_GENERATOR)  # of layers that draw without a seed
        states = self.network.non_trainable_variables + ([] if common is None else [common.state])
        before = [state.value.detach().clone() for state in states]
        try:
            out: Tensor = self.network(z, training=False)
        finally:
            with torch.no_grad():
                for state, value in zip(states, before, strict=True):
                    state.value.copy_(value)
            global_state.set_global_attribute(GLOBAL_SEED_GENERATOR, common)
        return out.movedim(-1, 1) if self.channels_last and out.ndim == 4 else out
