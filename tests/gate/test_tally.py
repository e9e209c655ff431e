"""What is kept of samples: naive sums over pairs, copies one by one, and parts that are the whole's."""

import itertools

import numpy as np
import pytest
import torch

from collapse_metrics.gate.values import distinct_of, kinds_of, pairs_of, repeats_of
from collapse_metrics.measurements import look_at
from collapse_metrics.metrics import rke
from collapse_metrics.tally import Tally, centre_of, histogram, packed, see, sizes_of_groups, spread, tally, unpacked


def test_a_spread_is_the_mean_squared_distance_over_pairs(rng):
    rows = torch.randn(30, 3, generator=rng).double()
    naive = np.mean([float((a - b).square().sum()) for a, b in itertools.combinations(rows, 2)])
    assert spread(rows)[0] == pytest.approx(naive, rel=1e-6)


def test_the_error_of_a_spread_is_its_scatter(rng):
    values = [spread(torch.randn(200, 3, generator=rng).double()) for _ in range(300)]
    # The standard deviation of 300 draws is known to 4 %, four times that once in 10,000.
    assert np.std([np.log(v) for v, _ in values]) == pytest.approx(np.mean([e for _, e in values]), rel=0.17)


def test_copies_have_no_spread():
    assert spread(torch.full((30, 3), 7.7).double()) == [0.0, 0.0]


def test_kinds_are_those_of_the_metric_about_the_real_mean(reference, tallied, rng):
    points = torch.randn(300, 2, generator=rng) * 4
    kept = look_at(points, reference, value_range=None).accepted
    wanted = rke(fake=points[kept] - centre_of(reference).float())
    assert kinds_of(tallied(points)).number == pytest.approx(wanted, rel=1e-4)


def test_copies_are_found_wherever_they_stand(rng):
    rows = torch.randn(500, 7, generator=rng) * 100 + 1000
    rows[[5, 77, 300]] = rows[499].clone()
    rows[2] = rows[3] * (1 + 1e-7)
    assert histogram(sizes_of_groups(rows)) == [[1, 494], [2, 1], [4, 1]]


def test_near_copies_are_no_copies(rng):
    rows = torch.randn(300, 4, generator=rng)
    rows[0] = rows[1] + 1e-3
    assert histogram(sizes_of_groups(rows)) == [[1, 300]]


def test_every_row_the_same_is_one_group():
    assert histogram(sizes_of_groups(torch.full((50, 3), 0.1))) == [[50, 1]]


def test_a_part_of_what_was_seen_is_what_is_seen_of_a_part(reference, rng):
    points = torch.cat([torch.randn(400, 2, generator=rng) * 3, torch.full((20, 2), 500.0)])
    rows = torch.randperm(420, generator=rng)[:200]
    whole = see(look_at(points, reference, value_range=None), reference)
    part = see(look_at(points[rows], reference, value_range=None), reference)
    assert tally(whole[rows], reference) == tally(part, reference)


def test_a_tally_survives_json(tallied):
    import json

    found = tallied(torch.randn(100, 2, generator=torch.Generator().manual_seed(3)))
    assert Tally.from_dict(json.loads(json.dumps(found.to_dict()))) == found


def test_modes_of_latents_survive_being_packed():
    called = torch.tensor([0, 3, -1, 999, 2])
    assert unpacked(packed(called)).tolist() == called.tolist()
    with pytest.raises(ValueError, match="cannot be read"):
        unpacked("###")


def naive_parts(labels, n, count):
    """Mean of a statistic over all choices of ``n`` labels."""
    return np.mean([count(part) for part in itertools.combinations(labels, n)])


def of_labels(labels, **more):
    """A tally of samples of which only the groups, or the nearest real samples, are known."""
    times = histogram(np.bincount(labels))
    blank = {"modes": ["0"], "counts": [len(labels)], "spreads": [None], "pairs": None, "likeness": None, "anchors": ""}
    return Tally(n=len(labels), accepted=len(labels), met=times, groups=times, **blank)


LABELS = [0, 0, 0, 1, 2, 2, 3, 4, 4]


@pytest.mark.parametrize("n", [2, 4, 7, 9])
def test_different_neighbours_of_fewer_samples_are_the_mean_over_all_choices(n):
    wanted = naive_parts(LABELS, n, lambda part: len(set(part))) / n
    assert distinct_of(of_labels(LABELS), n).number == pytest.approx(wanted)


@pytest.mark.parametrize("n", [2, 4, 7, 9])
def test_repeats_among_fewer_samples_are_the_mean_over_all_choices(n):
    wanted = naive_parts(LABELS, n, lambda part: sum(part.count(label) > 1 for label in part)) / n
    assert repeats_of(of_labels(LABELS), n).number == pytest.approx(wanted)


@pytest.mark.parametrize("n", [1000, 400])
def test_the_error_of_different_neighbours_is_their_scatter(n, numpy_rng):
    popularity = numpy_rng.dirichlet(np.ones(600))
    seen = [of_labels(numpy_rng.choice(600, 1000, p=popularity)) for _ in range(150)]
    values = [distinct_of(one, n) for one in seen]
    # Beside fewer samples the error is that of as few new ones, which is larger than that of a mean over choices.
    scatter = np.std([np.log(v.number) for v in values]) / np.mean([v.error for v in values])
    assert 0.75 < scatter < 1.25 if n == 1000 else scatter < 1.0


@pytest.mark.parametrize(("support", "share"), [(40_000, 1.0), (1, 0.2)])
def test_the_error_of_repeats_is_their_scatter(support, share, numpy_rng):
    """Twins by chance among many pictures, and one picture that a fifth of the samples show."""

    def draw():
        pictures = numpy_rng.integers(support, size=2000)
        return of_labels(np.where(numpy_rng.random(2000) < share, pictures, support + np.arange(2000)))

    values = [repeats_of(draw(), 2000) for _ in range(200)]
    assert np.std([v.number for v in values]) == pytest.approx(np.mean([v.error for v in values]), rel=0.25)


def test_too_few_say_nothing(tallied):
    few = tallied(torch.zeros(3, 2))
    assert pairs_of(few) is None
    assert kinds_of(few) is None
    assert few.spreads == [None] * 4
