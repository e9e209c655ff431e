"""In a Lightning Trainer: the same training, values that its callbacks see, counts that go on after a checkpoint."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import collapse_metrics as cm

pytestmark = [
    pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning"),
    pytest.mark.filterwarnings("ignore:The '.*_dataloader' does not have many workers"),
    pytest.mark.filterwarnings("ignore:The number of training batches"),
    pytest.mark.filterwarnings("ignore:Checkpoint directory .* exists and is not empty"),
]

BATCHES = 5


@pytest.fixture(scope="session")
def lightning():
    """Imported when the first test needs it: it takes seconds."""
    from types import SimpleNamespace

    import lightning.pytorch as pl
    from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint

    from collapse_metrics.monitor.lightning import CollapseCallback

    return SimpleNamespace(
        pl=pl, EarlyStopping=EarlyStopping, ModelCheckpoint=ModelCheckpoint, CollapseCallback=CollapseCallback
    )


def gan_of(lightning, *, critic_steps=1):
    """The usual module of two networks and two optimizers."""

    class GAN(lightning.pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False
            self.generator, self.discriminator = networks()

        def configure_optimizers(self):
            return [torch.optim.Adam(network.parameters()) for network in (self.discriminator, self.generator)]

        def training_step(self, batch, _):
            of_d, of_g = self.optimizers()
            fake, d = self.generator(torch.randn(len(batch[0]), 4)), self.discriminator
            d_loss = F.softplus(-d(batch[0])).mean() + F.softplus(d(fake.detach())).mean()
            of_d.zero_grad(), self.manual_backward(d_loss)
            for _ in range(critic_steps):
                of_d.step()
            g_loss = F.softplus(-d(fake)).mean()
            of_g.zero_grad(), self.manual_backward(g_loss), of_g.step()
            self.log_dict({"d_loss": d_loss, "g_loss": g_loss})

    return GAN()


def taught_of(lightning):
    """A generator that is taught to draw what it sees, by automatic optimisation; with a validation."""

    class Taught(lightning.pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.generator, _ = networks()

        def configure_optimizers(self):
            return torch.optim.Adam(self.generator.parameters())

        def training_step(self, batch, _):
            loss = (self.generator(torch.randn(len(batch[0]), 4)) - batch[0]).square().mean()
            self.log("g_loss", loss)
            return loss

        def validation_step(self, batch, _):
            self.generator(torch.randn(len(batch[0]), 4))

    return Taught()


def networks():
    generator = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))
    return generator, nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(8, 1))


def fit(lightning, gan, *, callbacks=(), epochs=1, again=None, **options):
    loader = DataLoader(TensorDataset(torch.randn(60, 2, generator=torch.Generator().manual_seed(5))), 12, shuffle=True)
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    keeps = any(isinstance(callback, lightning.ModelCheckpoint) for callback in callbacks)
    trainer = lightning.pl.Trainer(
        **quiet | {"max_epochs": epochs, "enable_checkpointing": keeps, "callbacks": [*callbacks], **options}
    )
    trainer.fit(gan, loader, DataLoader(loader.dataset, 12) if gan.automatic_optimization else None, ckpt_path=again)
    return trainer


@pytest.mark.parametrize("manual", [True, False], ids=["manual", "automatic"])
def test_training_is_the_same_bit_for_bit(manual, lightning, quick, left_behind, differences):
    def train(*callbacks):
        gan = (gan_of if manual else taught_of)(lightning)
        trainer = fit(lightning, gan, callbacks=callbacks)
        return gan, *trainer.optimizers

    callback = lightning.CollapseCallback(**quick)
    assert differences(left_behind(train, callback), left_behind(train)) == []
    assert callback.monitor.history.steps == [2, 4]
    names = {"g_loss", "d_loss"} if manual else {"g_loss"}
    assert {name: len(rows) for name, rows in callback.monitor.history.losses.items()} == dict.fromkeys(names, BATCHES)


def test_steps_are_those_of_the_generator_and_values_are_logged(lightning, quick):
    callback = lightning.CollapseCallback(**quick)
    trainer = fit(lightning, gan_of(lightning), callbacks=[callback])
    assert trainer.global_step == 2 * BATCHES, "Lightning counts both optimizers"
    assert callback.monitor.steps == BATCHES
    assert trainer.callback_metrics["collapse/finite_share"] == 1.0


@pytest.mark.parametrize("first", [True, False], ids=["before them", "behind them"])
def test_early_stopping_and_checkpoints_see_the_values(first, lightning, quick, tmp_path):
    ours = lightning.CollapseCallback(**quick)
    stop = lightning.EarlyStopping("collapse/finite_share", patience=1, mode="max")  # it is 1 at every look
    best = lightning.ModelCheckpoint(tmp_path, monitor="collapse/accepted_share", mode="max", save_top_k=1)
    trainer = fit(lightning, gan_of(lightning), callbacks=[ours, stop, best] if first else [stop, best, ours], epochs=9)
    assert trainer.current_epoch == 2
    seen = [card["accepted_share"].value for card in ours.monitor.history.checks]
    assert best.best_model_score.item() in [pytest.approx(value) for value in seen]


def test_a_checkpoint_carries_the_count_on(lightning, quick, tmp_path):
    keep = lightning.ModelCheckpoint(tmp_path, save_last=True)
    fit(lightning, gan_of(lightning), callbacks=[lightning.CollapseCallback(**quick), keep])
    resumed = lightning.CollapseCallback(**quick)
    fit(lightning, gan_of(lightning), callbacks=[resumed, keep], epochs=2, again=tmp_path / "last.ckpt")
    assert resumed.monitor.steps == 2 * BATCHES
    assert resumed.monitor.history.steps == [6, 8, 10]


def test_a_checkpoint_of_other_data_costs_the_alarms_and_not_the_run(lightning, quick, tmp_path):
    keep = lightning.ModelCheckpoint(tmp_path, save_last=True)
    fit(lightning, gan_of(lightning), callbacks=[lightning.CollapseCallback(**quick), keep])
    rows = torch.randn(400, 2, generator=torch.Generator().manual_seed(1))
    resumed = lightning.CollapseCallback(**{**quick, "reference": cm.Reference.fit(real=rows, modes=3)})
    with pytest.warns(UserWarning, match="alarms begin anew"):
        fit(lightning, gan_of(lightning), callbacks=[resumed, keep], epochs=2, again=tmp_path / "last.ckpt")
    assert resumed.monitor.history.steps == [6, 8, 10]


def test_a_second_fit_goes_on(lightning, quick):
    gan, callback = gan_of(lightning), lightning.CollapseCallback(**quick)
    fit(lightning, gan, callbacks=[callback])
    fit(lightning, gan, callbacks=[callback])
    assert callback.monitor.history.steps == [2, 4, 6, 8, 10]


def test_a_fit_of_another_module_is_another_run(lightning, quick):
    """One callback for all folds of a cross-validation: it must not go on looking at the first one."""
    callback = lightning.CollapseCallback(**quick)
    fit(lightning, gan_of(lightning), callbacks=[callback])
    first = callback.monitor
    fit(lightning, gan := gan_of(lightning), callbacks=[callback])
    assert callback.monitor is not first
    assert callback.monitor.history.steps == [2, 4]
    assert callback.monitor._looking.source.generator is gan.generator


def test_the_sanity_check_is_not_looked_at(lightning, quick):
    callback = lightning.CollapseCallback(**quick | {"every": 1})
    fit(lightning, taught_of(lightning), callbacks=[callback], num_sanity_val_steps=2)
    assert callback.monitor.history.steps == [1, 2, 3, 4, 5]


def test_the_optimizer_may_be_given(lightning, quick):
    callback = lightning.CollapseCallback(optimizer=0, probes=False, **quick)
    fit(lightning, gan_of(lightning, critic_steps=3), callbacks=[callback], limit_train_batches=2)
    assert callback.monitor.steps == 6


def test_steps_that_only_gather_gradients_are_no_steps(lightning, quick):
    callback = lightning.CollapseCallback(**quick)
    fit(lightning, taught_of(lightning), callbacks=[callback], accumulate_grad_batches=2)
    assert callback.monitor.steps == 3


def test_two_generators_keep_states_of_their_own(lightning):
    one, other = lightning.CollapseCallback("generator"), lightning.CollapseCallback("second")
    assert one.state_key != other.state_key


def test_the_average_is_judged_and_the_raw_one_stands_beside_it(lightning, quick):
    callback = lightning.CollapseCallback(ema="average", latent=4, **quick)
    gan = gan_of(lightning)
    gan.average = torch.optim.swa_utils.AveragedModel(gan.generator)
    fit(lightning, gan, callbacks=[callback])
    assert "generator_gap[raw]" in callback.monitor.history.checks[-1]


def test_an_action_ends_the_fit(lightning, quick):
    from collapse_metrics.monitor import stop_training

    gan = gan_of(lightning)
    nn.init.zeros_(gan.generator[-1].weight)  # one sample, whatever the noise
    gan.generator[-1].requires_grad_(False)
    callback = lightning.CollapseCallback(on_collapse=stop_training, **quick)
    trainer = fit(lightning, gan, callbacks=[callback], epochs=9)
    assert callback.monitor.history.steps == [2, 4]
    assert trainer.global_step == 2 * 4


def test_asked_too_early_it_says_when(lightning):
    with pytest.raises(RuntimeError, match=r"call trainer\.fit first"):
        _ = lightning.CollapseCallback().monitor
