"""Beside an Ignite engine: the same training, values in its metrics, and a count that can be saved and taken off."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset


@pytest.fixture
def engine():
    """A GAN as Ignite's own example has it, run for one epoch of five batches."""
    from ignite.engine import Engine

    from collapse_metrics.monitor.ignite import attach

    def train(*, epochs=1, **options):
        g = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))
        d = nn.Sequential(nn.Linear(2, 8), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(8, 1))
        of_g, of_d = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())

        def update(_, batch):
            fake = g(torch.randn(len(batch[0]), 4))
            d_loss = F.softplus(-d(batch[0])).mean() + F.softplus(d(fake.detach())).mean()
            of_d.zero_grad(), d_loss.backward(), of_d.step()
            g_loss = F.softplus(-d(fake)).mean()
            of_g.zero_grad(), g_loss.backward(), of_g.step()
            return {"errD": d_loss.item(), "errG": g_loss.item()}

        trainer = Engine(update)
        attached = attach(trainer, g, optimizer=of_g, **options) if options else None
        trainer.run(DataLoader(TensorDataset(torch.randn(60, 2)), 12, shuffle=True), max_epochs=epochs)
        return trainer, attached, (g, d, of_g, of_d)

    return train


def test_training_is_the_same_bit_for_bit(engine, quick, left_behind, differences):
    made = []

    def train(**options):
        trainer, attached, things = engine(**options)
        made.append((trainer, attached))
        return things

    assert differences(left_behind(train, **quick), left_behind(train)) == []
    trainer, attached = made[0]
    assert attached.monitor.history.steps == [2, 4]
    assert trainer.state.metrics["collapse/finite_share"] == 1.0
    attached.remove()
    assert [step for step, _ in attached.monitor.history.losses["g_loss"]] == [1, 2, 3, 4, 5]


def test_taken_off_it_counts_no_more(engine, quick):
    trainer, attached, (_, _, of_g, _) = engine(**quick)
    attached.remove()
    of_g.step()
    trainer.run([(torch.randn(12, 2),)], max_epochs=1)
    assert attached.monitor.steps == 5


def test_its_state_is_one_that_ignite_can_save(engine, quick):
    from ignite.handlers import Checkpoint

    _, attached, _ = engine(**quick)
    saved = attached.monitor.state_dict()
    Checkpoint.load_objects(to_load={"monitor": attached.monitor}, checkpoint={"monitor": {**saved, "steps": 40}})
    assert attached.monitor.steps == 40


def test_an_action_ends_the_run(engine, quick):
    from collapse_metrics.monitor import stop_training

    everything_is_one_point = {"select": lambda out: 0 * out}
    trainer, attached, _ = engine(epochs=9, on_collapse=stop_training, **everything_is_one_point, **quick)
    assert attached.monitor.history.steps == [2, 4]
    assert trainer.state.iteration == 4
