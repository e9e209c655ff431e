"""Losses that could have been seen: planted ones are found as often as promised; chance alone, by its own law."""

import numpy as np
import pytest
from scipy import stats

from collapse_metrics.stats.mode_loss import smallest_share_left, usual_share
from collapse_metrics.stats.shares import clopper_pearson

LEVEL = 0.999
SHARES = np.array([0.5, 0.3, 0.2])


def left(n, confusion=None, power=0.95):
    confusion = np.eye(3) if confusion is None else confusion
    return smallest_share_left(SHARES, n, confusion=confusion, below=0.5, level=LEVEL, power=power)


def share_flagged(mode, kept, n, confusion, rng, looks=2000):
    """How often a mode with a part of its share is called lost, the others growing in its place."""
    shares = SHARES.copy()
    shares[mode] *= kept
    rest = np.arange(3) != mode
    shares[rest] *= (1 - shares[mode]) / shares[rest].sum()
    counts = rng.multinomial(n, shares @ confusion, size=looks)[:, mode]
    spill = SHARES @ confusion[:, mode] - SHARES[mode] * confusion[mode, mode]
    seen, often = np.unique(counts, return_counts=True)
    tops = np.array([(clopper_pearson(int(c), n, level=LEVEL)[1] - spill) / confusion[mode, mode] for c in seen])
    return often[tops < 0.5 * SHARES[mode]].sum() / looks


@pytest.mark.parametrize("mixed_up", [0.0, 0.04])
def test_a_loss_of_this_size_is_shown_as_often_as_promised(mixed_up, numpy_rng):
    confusion = (1 - 3 * mixed_up) * np.eye(3) + mixed_up
    for mode, kept in enumerate(left(300, confusion)):
        # Four standard errors of 2,000 looks at 0.95; the size is exact to one count.
        assert share_flagged(mode, kept, 300, confusion, numpy_rng) > 0.93
        assert share_flagged(mode, kept + 0.1, 300, confusion, numpy_rng) < 0.95


def test_more_samples_show_smaller_losses_up_to_the_margin():
    sizes = np.array([left(n) for n in (100, 300, 1000, 10**6)])
    assert (np.diff(sizes, axis=0) > 0).all()
    assert sizes[-1] == pytest.approx(np.full(3, 0.5), abs=0.01)
    assert (sizes < 0.5).all()


def test_the_rarest_mode_is_the_hardest():
    assert left(300).argmin() == 2


def test_too_few_samples_show_nothing():
    # Of none in n, the interval ends at 1 - 0.0005 ** (1 / n): below half of 0.2 from 73 on.
    assert np.isnan(left(72)[2])
    assert left(73)[2] == pytest.approx(1 - 0.95 ** (1 / 73), abs=1e-2)


def test_a_mode_without_a_share_cannot_be_lost():
    shares = np.array([0.6, 0.4, 0.0])
    found = smallest_share_left(shares, 500, confusion=np.eye(3), below=0.5, level=LEVEL, power=0.95)
    assert np.isnan(found).tolist() == [False, False, True]


@pytest.mark.parametrize(("share", "n", "n_real"), [(0.1, 200, 1000), (0.01, 50, 300), (0.999, 1000, 5000)])
def test_the_usual_range_is_that_of_the_beta_binomial_law(share, n, n_real):
    law = stats.betabinom(n, share * n_real, (1 - share) * n_real)
    assert usual_share(share, n, n_real=n_real) == pytest.approx((law.ppf(0.025) / n, law.ppf(0.975) / n))


def test_with_very_many_real_samples_it_is_binomial():
    law = stats.binom(400, 0.2)
    assert usual_share(0.2, 400, n_real=10**9, level=0.99) == (law.ppf(0.005) / 400, law.ppf(0.995) / 400)


def test_what_was_always_or_never_seen_stays_so():
    assert usual_share(0.0, 50, n_real=100) == (0.0, 0.0)
    assert usual_share(1.0, 50, n_real=100) == (1.0, 1.0)
