"""Chao1: against R's iNEXT and the definition, and what it says of modes that are not all seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import chao1, hill_number, modes_seen


@pytest.mark.parametrize(
    ("counts", "estimate"),
    [
        # ChaoRichness(spider) of R's iNEXT 3.0: spiders of two plots of forest, by species
        ([46, 22, 17, 15, 15, 9, 8, 6, 6, 4] + [2] * 4 + [1] * 12, 43.893),
        ([88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4, 3, 3, 3, 3] + [2] * 4 + [1] * 14, 61.403),
    ],
)
def test_agrees_with_inext(counts, estimate):
    assert chao1(counts=np.array(counts)) == pytest.approx(estimate, abs=5e-4)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30).filter(lambda counts: sum(counts) > 0))
def test_agrees_with_the_definition(counts):
    n, once, twice = sum(counts), counts.count(1), counts.count(2)
    more = once**2 / (2 * twice) if twice else once * (once - 1) / 2
    seen = sum(count > 0 for count in counts)
    assert chao1(counts=np.array(counts)) == pytest.approx(seen + (n - 1) / n * more)


@given(st.lists(st.integers(0, 6), min_size=1, max_size=30).filter(lambda counts: sum(counts) > 0))
def test_is_the_hill_number_of_order_zero(counts):
    assert chao1(counts=np.array(counts)) == pytest.approx(hill_number(counts=np.array(counts), order=0.0))


@pytest.mark.parametrize(("modes", "n"), [(10, 100), (100, 250), (1000, 2000)])
def test_perfect_generator_of_equal_modes_is_told_their_number(modes, n, numpy_rng):
    # For equal shares the estimate is nearly unbiased, where those seen fall short by up to 135 of 1,000 modes.
    tables = numpy_rng.multinomial(n, np.full(modes, 1 / modes), size=300)
    scores = np.array([chao1(counts=counts) for counts in tables])
    # Five standard errors, and one per cent for the estimate's own bias.
    assert scores.mean() == pytest.approx(modes, abs=5 * scores.std() / 300**0.5 + 0.01 * modes)
    if modes == 1000:
        assert np.mean([modes_seen(counts=counts) for counts in tables]) < 0.9 * modes


def test_few_modes_that_are_left_are_not_multiplied():
    assert chao1(counts=np.array([40, 35, 25, 0, 0])) == 3.0
    assert chao1(counts=np.array([300, 0, 0])) == 1.0
    assert chao1(counts=np.array([1])) == 1.0


@pytest.mark.parametrize(
    ("counts", "message"),
    [(np.zeros(3, dtype=int), "`counts` needs at least 1 samples, got 0"), (np.array([0.5, 2]), "count, do not weigh")],
    ids=["none", "weights"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, message):
    with pytest.raises(ValueError, match=message):
        chao1(counts=counts)
