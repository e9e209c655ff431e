"""Whatever draws the samples: labels, tuples, several generators, functions, tables; always the same noise."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

import collapse_metrics as cm
from collapse_metrics.monitor.source import Source


@pytest.fixture(scope="module")
def plane():
    real = torch.randn(1200, 2, generator=torch.Generator().manual_seed(1))
    return cm.Reference.fit(real=real, name="plane")


@pytest.fixture(scope="module")
def corners():
    """Four points of a square, as many modes."""
    centres = torch.tensor([[0.0, 0.0], [0.0, 9.0], [9.0, 0.0], [9.0, 9.0]])
    noise = torch.randn(1200, 2, generator=torch.Generator().manual_seed(2))
    return cm.Reference.fit(real=centres.repeat(300, 1) + noise, modes=centres, name="corners"), centres


def looked(reference, generator=None, **options):
    options = {"n": 400, "print_to": None, "strict": True, **options}
    return cm.Monitor(generator, reference=reference, **options).check()


class Conditional(nn.Module):
    def __init__(self, centres):
        super().__init__()
        self.centres = nn.Parameter(centres)

    def forward(self, z, labels):
        return z + self.centres[labels]


def test_labels_are_given_in_turn_so_that_every_class_is_drawn(corners):
    reference, centres = corners
    card = looked(reference, Conditional(centres), latent=2, labels=torch.arange(4))
    assert card["mode_coverage"].value == 1
    assert "latent_sensitivity" in card
    assert looked(reference, Conditional(centres), latent=2, labels=torch.tensor([2]))["mode_coverage"].value == 0.25


@pytest.mark.parametrize(
    ("out", "select"),
    [
        (lambda z: (z, 100 * z), 0),
        (lambda z: [100 * z, z], 1),
        (lambda z: {"image": z, "depth": 100 * z}, "image"),
        (lambda z: (z, 100 * z), lambda out: out[0]),
        (lambda z: {"image": z, "name": "plane"}, None),
        (lambda z: (z,), None),
    ],
    ids=["tuple", "list", "dict", "function", "one tensor in a dict", "one tensor in a tuple"],
)
def test_samples_are_picked_out_of_what_the_generator_returns(plane, out, select):
    plain = looked(plane, lambda z: z, latent=2)
    assert looked(plane, out, latent=2, select=select).measurements == plain.measurements


@pytest.mark.bad_input
def test_two_tensors_are_not_guessed_between(plane):
    with pytest.raises(TypeError, match=r"tuple of 2: say which part they are, for example select=0"):
        looked(plane, lambda z: (z, z), latent=2)


@pytest.mark.parametrize(
    "kind", [lambda rows: rows, lambda rows: rows.numpy(), lambda rows: pd.DataFrame(rows.numpy(), columns=["a", "b"])]
)
def test_a_function_may_draw_tensors_arrays_and_tables(plane, kind):
    card = looked(plane, generate=lambda n, rng: kind(torch.randn(n, 2, generator=rng)))
    assert card.verdict == "healthy"
    assert "latent_sensitivity" not in card


def test_a_function_gets_the_same_numbers_at_every_look(plane):
    drawn = []

    def generate(n, rng):
        drawn.append(torch.randn(n, 2, generator=rng) + 0 * np.random.randn())  # noqa: NPY002  (as users write it)
        return drawn[-1]

    monitor = cm.Monitor(generate=generate, reference=plane, n=300, print_to=None, strict=True, every=1)
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    monitor.step()
    monitor.step()
    fixed = [samples for samples in drawn if len(samples) == 300]
    assert torch.equal(fixed[0], fixed[1])
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


def test_the_generator_behind_a_function_is_guarded(plane):
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2), nn.Dropout(0.5)).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    looked(plane, net, generate=lambda n, rng: net(torch.randn(n, 2, generator=rng)))
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert all(part.training for part in net.modules())


@pytest.mark.bad_input
def test_what_cannot_be_drawn_from_is_explained(plane):
    with pytest.raises(ValueError, match="got neither"):
        cm.Monitor(reference=plane)
    with pytest.raises(ValueError, match="got none"):
        cm.Monitor({}, reference=plane)
    with pytest.raises(ValueError, match="got 3 of 400"):
        looked(plane, generate=lambda n, rng: torch.zeros(3, 2))

    class FullyShardedDataParallel(nn.Module):
        """Stands for torch's, which needs several processes to be made."""

    with pytest.raises(ValueError, match="pass generate="):
        Source(FullyShardedDataParallel())


def test_mixed_precision_of_the_training_does_not_reach_the_measures():
    real = torch.randn(1200, 4, generator=torch.Generator().manual_seed(1))
    turn = nn.Linear(4, 3).requires_grad_(False)
    reference = cm.Reference.fit(real=real, embedder=turn)
    plain = looked(reference, lambda z: z, latent=4)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = looked(reference, lambda z: z, latent=4)
    assert mixed.measurements == plain.measurements


class Point(nn.Module):
    def forward(self, z):
        return 0.001 * z


def test_two_generators_are_asked_with_the_same_noise(plane):
    card = looked(plane, {"raw": nn.Identity(), "ema": nn.Identity()}, latent=2)
    assert card["generator_gap[ema]"].value == 0
    assert card["raw_diversity[ema]"].value == card["raw_diversity"].value
    assert card.provenance["generator"] == "raw"
    assert card.verdict == "healthy"


def test_a_stale_average_is_a_suspicion_and_no_collapse(plane):
    card = looked(plane, {"raw": nn.Identity(), "ema": Point()}, latent=2)
    assert card.verdict == "healthy"
    assert card.finding("suspect_setup").status == "watch"
    assert "`ema`" in card.finding("suspect_setup").evidence
    assert card["generator_gap[ema]"].value > 0.5


def test_where_the_average_is_judged_its_fault_is_the_set_up(plane):
    card = looked(plane, {"ema": Point(), "raw": nn.Identity()}, latent=2)
    assert card.verdict == "broken"
    assert "buffers as well as weights" in card.finding("suspect_setup").evidence


def test_two_that_are_both_collapsed_have_collapsed(plane):
    assert looked(plane, {"ema": Point(), "raw": Point()}, latent=2).verdict == "collapse"


def test_the_latent_of_every_generator_is_learnt_from_its_own_pass(plane):
    pair = {"raw": nn.Linear(3, 2), "ema": nn.Linear(3, 2)}
    monitor = cm.Monitor(pair, reference=plane, n=300, print_to=None, strict=True)
    for net in pair.values():
        net(torch.randn(4, 3))
    assert monitor.check() is not None


def test_a_generator_that_has_run_can_be_saved_without_its_monitor(plane, tmp_path):
    net = nn.Linear(3, 2)
    monitor = cm.Monitor(net, reference=plane, n=300, print_to=print, strict=True)
    net(torch.randn(4, 3))
    assert not net._forward_pre_hooks
    torch.save(net, tmp_path / "net.pt")
    assert monitor.check() is monitor.newest
