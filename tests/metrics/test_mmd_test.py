"""Two-sample test: against all labellings one by one, its false alarms, with repeats, and what it finds."""

import importlib
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import mmd_test

module = importlib.import_module("collapse_metrics.metrics.mmd_test")


def p_value_by_definition(real, fake):
    """Every labelling there is, and for each the distance of mean kernels written out."""
    rows = np.concatenate([real, fake])
    n, total = len(real), len(rows)
    distance = np.linalg.norm(rows[:, None] - rows, axis=-1)
    apart = np.where(distance > 0, distance, np.inf)
    widths = np.geomspace(np.sort(apart.min(axis=1))[(total - 1) // 2] / 2, median_pair(distance), 7)
    statistics = []
    for chosen in combinations(range(total), n):
        first, second = list(chosen), [i for i in range(total) if i not in chosen]
        statistics.append(
            [
                (k := np.exp(-((distance / width) ** 2) / 2))[np.ix_(first, first)].mean()
                + k[np.ix_(second, second)].mean()
                - 2 * k[np.ix_(first, second)].mean()
                for width in widths
            ]
        )
    statistics = np.array(statistics)
    largest = ((statistics - statistics.mean(axis=0)) / statistics.std(axis=0)).max(axis=1)
    return (largest >= largest[0] - 1e-9).mean()


def median_pair(distance):
    apart = np.sort(distance[distance > 0])
    return apart[(len(apart) - 1) // 2]


@pytest.mark.parametrize(("n", "m", "shift"), [(4, 4, 0.0), (4, 4, 1.5), (3, 5, 1.0), (6, 3, 0.5)])
def test_agrees_with_all_labellings_written_out(n, m, shift, numpy_rng):
    # 3,999 draws of at most 84 labellings: a p-value is known to 0.008; four standard errors.
    real, fake = numpy_rng.normal(size=(n, 3)), numpy_rng.normal(size=(m, 3)) + shift
    got = mmd_test(real=torch.from_numpy(real), fake=torch.from_numpy(fake), permutations=3999)
    assert got == pytest.approx(p_value_by_definition(real, fake), abs=0.035)


@pytest.mark.parametrize(("n", "m"), [(15, 15), (20, 8)])
@pytest.mark.parametrize("repeats", [False, True])
def test_false_alarms_are_as_many_as_promised(n, m, repeats, numpy_rng):
    # 200 looks at one source: at level 0.05, 10 alarms; more than 25 have probability 1e-5. At 0.2: more than 65.
    def draw(rows):
        return numpy_rng.integers(0, 3, (rows, 2)) if repeats else numpy_rng.normal(size=(rows, 2))

    looks = [(torch.from_numpy(draw(n)).double(), torch.from_numpy(draw(m)).double()) for _ in range(200)]
    p_values = np.array([mmd_test(real=real, fake=fake, permutations=99) for real, fake in looks])
    assert (p_values <= 0.05).sum() <= 25
    assert (p_values <= 0.2).sum() <= 65
    if not repeats:
        # It has a rate to keep: fewer than 17 of 40 at level 0.2 have probability 1e-5.
        assert (p_values <= 0.2).sum() >= 17


@given(seed=st.integers(0, 10_000), side=st.integers(1, 3))
def test_the_order_of_samples_does_not_matter(seed, side):
    rng = np.random.default_rng(seed)
    rows = torch.from_numpy(np.concatenate([rng.normal(size=(8, 2)), rng.integers(0, side, (4, 2))]))
    real, fake = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    turned = (x[torch.from_numpy(rng.permutation(len(x)))] for x in (real, fake))
    plain = mmd_test(real=real, fake=fake, permutations=49)
    assert mmd_test(**dict(zip(("real", "fake"), turned, strict=True)), permutations=49) == plain


def test_the_kernels_reach_from_near_to_far():
    line = torch.tensor([0.0, 0.0, 1.0, 2.0, 6.0]).double()
    distance = (line[:, None] - line).abs()
    kernels = list(module._kernels(distance))
    near, far = 1.0, 2.0
    assert len(kernels) == 7
    for kernel, width in ((kernels[0], near / 2), (kernels[-1], far)):
        assert kernel[0, 1] == kernel[4, 4] == 1.0
        assert kernel[0, 4] == pytest.approx(np.exp(-((6 / width) ** 2) / 2))


def test_samples_that_are_all_alike_raise_no_alarm():
    same = torch.full((9, 3), 0.1)
    assert mmd_test(real=same, fake=same[:4]) == 1.0


def test_two_constants_are_two_sources():
    zeros = torch.zeros(9, 3)
    assert mmd_test(real=zeros, fake=zeros + 1) == pytest.approx(1 / 500)


@pytest.mark.parametrize("alive", [1, 6])
def test_lost_modes_are_found(alive, ring):
    real, fake = ring(8, per_mode=25), ring(8, per_mode=25)
    assert mmd_test(real=real, fake=fake) > 0.05
    assert mmd_test(real=real, fake=fake[: 25 * alive]) < 0.01


def test_near_copies_within_modes_are_found(ring):
    # Means, shares and the distances between modes are right; only the narrow kernels see it.
    real, few = ring(8, per_mode=25), ring(8, per_mode=5)
    assert mmd_test(real=real, fake=few.repeat(5, 1)) < 0.01


def test_modes_of_a_third_of_the_spread_are_found(ring):
    assert mmd_test(real=ring(8, per_mode=25), fake=ring(8, per_mode=25, spread=0.03)) < 0.01


def test_the_smallest_p_value_is_one_labelling(ring):
    fake = ring(8, per_mode=25)
    assert mmd_test(real=fake, fake=fake + 30, permutations=99) == pytest.approx(0.01)
    assert mmd_test(real=fake, fake=fake + 30, permutations=1) in (0.5, 1.0)


def test_large_sets_are_cut(rng):
    real, fake = torch.randn(300, 2, generator=rng), torch.randn(200, 2, generator=rng)
    cut = [mmd_test(real=real, fake=fake, most=20, seed=seed, permutations=99) for seed in range(4)]
    assert len(set(cut)) > 1
    assert cut[0] == mmd_test(real=real, fake=fake, most=20, permutations=99)
    # No row is chosen twice: copies would look like a collapse.
    assert mmd_test(real=real[:61], fake=fake[:61], most=60) > 0.05
    # The choice is not the first rows.
    real[:20] += 100
    assert mmd_test(real=real, fake=fake, most=20, permutations=99) > 0.01


@pytest.mark.parametrize(
    ("real", "fake", "options", "message"),
    [
        (torch.zeros(9, 2), torch.zeros(9, 3), {}, r"share one dimension"),
        (torch.zeros(9, 2), torch.zeros(1, 2), {}, r"`fake` needs at least 2 rows, got 1"),
        (torch.zeros(9, 2), torch.full((9, 2), torch.nan), {}, r"`fake` has NaN or infinity in 9 of 9"),
        (torch.zeros(9, 2), torch.zeros(9, 2), {"permutations": 0}, r"`permutations` must be at least 1 .* got 0"),
        (torch.zeros(9, 2), torch.zeros(9, 2), {"most": 1}, r"`most` at least 2, got 499 and 1"),
    ],
    ids=["dimension", "one-fake", "nan", "permutations", "most"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(real, fake, options, message):
    with pytest.raises(ValueError, match=message):
        mmd_test(real=real, fake=fake, **options)
