"""Probes of a whole generator: what can be supplied is measured, each batch is asked once, and units fit."""

import pytest
import torch
from torch import nn

from collapse_metrics import Reference, score
from collapse_metrics._registry import PROBES
from collapse_metrics.probes import Sampler
from collapse_metrics.probing import STANDARD_PROBES, measure_probes, remembering


@pytest.fixture(scope="module")
def reference():
    return Reference.fit(real=torch.randn(600, 4, generator=torch.Generator().manual_seed(0)))


class Conditional(nn.Module):
    def __init__(self):
        super().__init__()
        self.shift = nn.Embedding(3, 4)

    def forward(self, z, labels):
        return z + self.shift(labels)


def asked(generator, reference, names, **more):
    sampler = Sampler(generator, latent=4, **more.pop("sampler", {}))
    found = measure_probes(sampler, reference, value_range=None, step=None, seed=0, names=names, **more)
    return {m.name: m for m in found}


def test_every_probe_is_measured_or_lacks_its_data(reference):
    plain = asked(nn.Linear(4, 4), reference, PROBES)
    assert plain.keys() == PROBES.keys() - {"batch_norm_gap", "label_use", "latent_use"}
    assert "batch_norm_gap" in asked(nn.BatchNorm1d(4), reference, PROBES)
    label = {"sampler": {"label": torch.tensor(0)}}
    assert {"label_use", "latent_use"} <= asked(
        Conditional(), reference, PROBES, labels=torch.arange(3), **label
    ).keys()
    for measurement in plain.values():
        low, high = PROBES[measurement.name].span
        assert low <= measurement.low <= measurement.value <= measurement.high <= high


def test_the_standard_probes_ask_for_each_batch_once(reference):
    asked_for = []
    sampler = Sampler(lambda z: asked_for.append(z.clone()) or z, latent=4)
    measure_probes(sampler, reference, value_range=None, step=None, seed=0)
    assert len({z.numpy().tobytes() for z in asked_for}) == len(asked_for)
    assert len(asked_for) <= 30, "84 before answers were remembered"


def test_remembered_answers_are_right_and_cannot_be_spoilt(rng):
    x, y = torch.randn(5, 3, generator=rng), torch.randn(5, 3, generator=rng)
    respond = remembering(lambda z: 2 * z)
    first = respond(x)
    first.zero_()
    assert torch.equal(respond(x), 2 * x)
    assert torch.equal(respond(y), 2 * y)


def test_slopes_of_pictures_have_the_unit_of_pictures():
    mnist = Reference.named("mnist")

    class Linear(nn.Module):
        def forward(self, z):
            return (z @ torch.eye(8, 784)).reshape(-1, 1, 28, 28) / 10

    sampler = Sampler(Linear(), latent=8)
    from collapse_metrics.probing import _world

    world = _world(sampler, mnist, (-1.0, 1.0), None)
    z = torch.zeros(1, 8)
    step = torch.eye(8)[:1]
    moved = world["respond"](z + step) - world["respond"](z)
    assert torch.allclose(world["jvp"](z, step), moved, atol=1e-5)


def test_score_measures_probes_by_name_and_says_what_the_others_lack(reference):
    card = score(
        generator=nn.Identity(), latent=4, n=300, reference=reference, measures=["dead_directions", "label_use"]
    )
    assert card["dead_directions"].value == 0.0
    assert "label_use" not in card
    assert card.provenance["not_measured"] == {"label_use": "needs a conditional generator: pass labels="}
    assert {name for name in STANDARD_PROBES if name not in card} == {"batch_norm_gap"}  # a line has no batch norm


def test_a_conditional_generator_is_scored_over_all_its_labels(reference):
    torch.manual_seed(0)
    module = Conditional()
    card = score(
        generator=module, latent=4, n=300, reference=reference, labels=[0, 1, 2], measures=["label_use", "latent_use"]
    )
    assert 0 < card["label_use"].value < 1
    assert 0 < card["latent_use"].value <= 1.2
    same = score(generator=module, latent=4, n=300, reference=reference, labels=[0, 1, 2])
    assert same.provenance["samples_sha256"] == card.provenance["samples_sha256"]
