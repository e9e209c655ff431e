"""Where the same noise leads, from look to look: hopping, harmless moves, and looks that say nothing."""

import json
import math

import pytest
import torch

import collapse_metrics as cm
from collapse_metrics.measurements import Look
from collapse_metrics.monitor.hopping import PAIRS, WARM_UP, Hopping

CENTRES = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])
N = 120


@pytest.fixture(scope="module")
def reference():
    rng = torch.Generator().manual_seed(1)
    real = CENTRES[torch.randint(4, (800,), generator=rng)] + torch.randn(800, 2, generator=rng)
    return cm.Reference.fit(real=real, modes=CENTRES, name="four")


def look(called, accepted=None, total=N):
    called = torch.as_tensor(called)
    accepted = torch.ones(len(called), dtype=torch.bool) if accepted is None else accepted
    rows = torch.zeros(len(called), 2)
    return Look(total, len(called), rows, rows, rows, accepted, called)


def even(shift=0):
    return (torch.arange(N) + shift) % 4


def only(mode):
    return torch.full((N,), mode)


def noted(reference, looks):
    hopping = Hopping(reference, seed=0)
    for called in looks:
        hopping.note(called if isinstance(called, Look) else look(called))
    return {m.name: m for m in hopping.measurements(7)}


WARM = [even()] * WARM_UP


def test_one_mode_after_the_other_is_hopping(reference):
    found = noted(reference, [*WARM, *(only(i % 4) for i in range(PAIRS + 1))])
    assert found["mode_overlap"].value == found["mode_overlap"].high == 0.0
    assert found["mode_stability"].value == pytest.approx(-1 / 3)
    assert found["mode_overlap"].step == 7
    assert found["mode_overlap"].n_fake == N


def test_all_modes_at_each_look_are_no_hopping_wherever_the_noise_leads(reference):
    found = noted(reference, [*WARM, *(even(i) for i in range(PAIRS + 1))])
    assert found["mode_overlap"].low == 1.0
    assert found["mode_stability"].high == pytest.approx(-1 / 3)


def test_a_generator_that_stays_is_stable(reference):
    found = noted(reference, [*WARM, *[only(2)] * (PAIRS + 1)])
    assert found["mode_overlap"].value == found["mode_stability"].value == 1.0


def test_the_newest_pairs_count_and_their_ends_are_told(reference):
    half = torch.cat([only(0)[: N // 2], only(1)[N // 2 :]])
    found = noted(reference, [*WARM, only(0), only(1), half, half, only(3)])
    assert (found["mode_overlap"].low, found["mode_overlap"].value, found["mode_overlap"].high) == (0.0, 0.5, 1.0)


def test_the_first_looks_are_not_compared(reference):
    hops = [only(i % 4) for i in range(WARM_UP + PAIRS + 1)]
    assert noted(reference, hops[:-1]) == {}
    assert len(noted(reference, hops)) == 2


def test_a_look_with_few_samples_like_the_data_starts_the_count_again(reference):
    few = look(only(0), torch.arange(N) < 49)
    enough = look(only(0), torch.arange(N) < 50)
    assert noted(reference, [*WARM, *[only(0)] * (PAIRS + 1), few]) == {}
    assert noted(reference, [*WARM, *[only(0)] * PAIRS, few, *[only(0)] * PAIRS]) == {}
    assert noted(reference, [*WARM, *[only(0)] * PAIRS, enough])["mode_overlap"].n_fake == 50


def test_what_is_not_like_the_data_has_no_mode(reference):
    called = torch.cat([only(0)[:60], only(3)[60:]])
    found = noted(reference, [*WARM, *[look(called, torch.arange(N) < 60)] * 2, *[look(only(0))] * PAIRS])
    assert found["mode_overlap"].low == 1.0
    assert found["mode_stability"].low == 1.0


def test_looks_at_wholly_different_samples_are_compared_by_their_shares_alone(reference):
    first, second = torch.arange(N) < 60, torch.arange(N) >= 60
    found = noted(reference, [*WARM, *(look(only(0), half) for half in (first, second, first, second, first))])
    assert found["mode_overlap"].value == 1.0
    assert found["mode_stability"].value == 0.0


def test_the_yardstick_is_two_perfect_looks(reference):
    low, high = noted(reference, [*WARM, *[even()] * (PAIRS + 1)])["mode_overlap"].expected
    # Two looks of 120 samples of four modes: each share is off by 0.04, and half of the sum of |differences| is lost.
    assert 0.75 < low < 0.9 < high < 1


def test_data_of_one_mode_cannot_hop():
    plain = cm.Reference.fit(real=torch.randn(400, 2, generator=torch.Generator().manual_seed(0)))
    assert noted(plain, [only(0)] * 12) == {}


def test_it_can_be_put_away_and_taken_up_again(reference):
    looks = [*WARM, only(0), only(1), only(2), only(3)]
    hopping, resumed = Hopping(reference, seed=0), Hopping(reference, seed=0)
    for called in looks[:6]:
        hopping.note(look(called))
    resumed.load_state_dict(json.loads(json.dumps(hopping.state_dict())))
    for called in looks[6:]:
        hopping.note(look(called))
        resumed.note(look(called))
    assert resumed.measurements(1) == hopping.measurements(1) != []
    assert json.loads(json.dumps(resumed.state_dict())) == json.loads(json.dumps(hopping.state_dict()))


class Hops(torch.nn.Module):
    """Blobs at the centres ``at``, one after the other or all."""

    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(()))
        self.at = CENTRES

    def forward(self, z):
        mode = (z[:, 0] * 1e4).long() % len(self.at)
        return self.at[mode] + z[:, 1:] * self.weight


@pytest.mark.parametrize(
    ("hops", "cycle", "told"),
    [(True, True, "cyclic"), (True, False, "silent"), (False, True, "harmless"), (False, False, None)],
)
def test_a_run_tells_losses_and_samples_apart(hops, cycle, told, reference):
    generator, rng = Hops(), torch.Generator().manual_seed(2)
    monitor = cm.Monitor(
        generator, latent=3, every=16, n=200, reference=reference, probes=False, print_to=None, strict=True
    )
    for step in range(160):
        if hops and step % 16 == 0:
            generator.at = CENTRES[step // 16 % 4][None]
        noise = torch.randn((), generator=rng).item()
        monitor.step(g_loss=(3 * math.sin(step / 2) if cycle else 0) + noise)
    final = monitor.diagnose(400)
    assert (final.finding("mode_hopping").status == "found") == hops
    note = final.provenance["losses_and_samples"]
    assert note is None if told is None else note.startswith(told)
    assert (str(note) in str(final)) == (told is not None)
    assert final.verdict != "healthy" if hops else final.verdict == "healthy"
