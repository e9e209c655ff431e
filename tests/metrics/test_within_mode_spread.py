"""Within-mode spread: 1 for a perfect sampler, exact under scaling, and unmoved by strays and by wrong places."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from collapse_metrics.metrics import within_mode_spread

CENTRES = torch.tensor([[0.0, 0.0], [100.0, 0.0], [0.0, 100.0]])
SCALES = torch.tensor([1.0, 2.0, 0.5])


def mixture(per_mode, rng, spread=1.0):
    modes = torch.arange(3).repeat_interleave(per_mode)
    return CENTRES[modes] + spread * SCALES[modes, None] * torch.randn(3 * per_mode, 2, generator=rng)


def spread_by_definition(points, centre):
    """The steps of the docstring for one mode of standard deviation 1, in NumPy."""
    dim = points.shape[1]
    reach = math.sqrt(stats.chi2.ppf(0.99, dim) / stats.chi2.ppf(0.5, dim))

    def core(around):
        distance = np.linalg.norm(points - around, axis=1)
        return points[distance <= reach * np.median(distance)]

    kept = core(core(centre).mean(axis=0))
    squares = ((kept - kept.mean(axis=0)) ** 2).sum() / (len(kept) - 1) / dim
    return math.sqrt(squares / (stats.chi2.cdf(stats.chi2.ppf(0.99, dim), dim + 2) / 0.99))


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_agrees_with_its_steps_written_out(dim, numpy_rng):
    points = numpy_rng.normal(size=(41, dim)) + 0.3
    centre = np.zeros(dim)
    score = within_mode_spread(
        fake=torch.from_numpy(points), centres=torch.from_numpy(centre[None]), scales=torch.ones(1)
    )
    assert score == pytest.approx(spread_by_definition(points, centre))


@pytest.mark.parametrize("dim", [1, 2, 8])
@pytest.mark.parametrize("n", [100, 2000])
def test_perfect_sampler_scores_one(dim, n, rng):
    # Twenty draws: five standard errors of 1 / sqrt(2 dim n), a fifth wider, and 1 / n for its own bias.
    one, unit = torch.zeros(1, dim), torch.ones(1)
    scores = [within_mode_spread(fake=torch.randn(n, dim, generator=rng), centres=one, scales=unit) for _ in range(20)]
    assert np.mean(scores) == pytest.approx(1.0, abs=6 / math.sqrt(2 * dim * n * 20) + 1 / n)


@pytest.mark.parametrize("spread", [0.01, 0.5, 3.0])
def test_a_change_of_scale_is_followed_exactly(spread, rng):
    fake = mixture(200, rng)
    middle = CENTRES[torch.arange(3).repeat_interleave(200)]
    plain = within_mode_spread(fake=fake.double(), centres=CENTRES, scales=SCALES)
    scaled = middle.double() + spread * (fake - middle).double()
    assert within_mode_spread(fake=scaled, centres=CENTRES, scales=SCALES) == pytest.approx(spread * plain)


@pytest.mark.parametrize("offset", [1.0, 7.0])
def test_where_a_mode_lies_does_not_matter(offset, rng):
    fake = mixture(300, rng, spread=0.5)
    plain = within_mode_spread(fake=fake, centres=CENTRES, scales=SCALES)
    assert within_mode_spread(fake=fake + offset, centres=CENTRES, scales=SCALES) == pytest.approx(plain, rel=0.02)


@pytest.mark.parametrize(("strays", "slack"), [(0.02, 0.02), (0.2, 0.05), (0.25, 0.1)])
def test_strays_between_the_modes_hardly_count(strays, slack, rng):
    # Most strays fall to the widest mode: a quarter of all samples is four of its ten.
    fake = mixture(1000, rng)
    lost = int(strays * len(fake))
    fake[torch.randperm(len(fake), generator=rng)[:lost]] = 100 * torch.rand(lost, 2, generator=rng)
    assert within_mode_spread(fake=fake, centres=CENTRES, scales=SCALES) == pytest.approx(1.0, abs=0.03 + slack)


def test_one_point_a_mode_has_no_spread():
    fake = (CENTRES + torch.tensor([0.3, 0.1])).repeat(20, 1)
    assert within_mode_spread(fake=fake, centres=CENTRES, scales=SCALES) == pytest.approx(0.0, abs=1e-6)
    assert within_mode_spread(fake=torch.zeros(50, 2), centres=CENTRES, scales=SCALES) == 0.0


def test_modes_are_averaged_and_rare_ones_left_out(rng):
    wide, narrow = mixture(300, rng)[:300], mixture(300, rng, spread=0.25)[300:600]
    few = CENTRES[2] + torch.randn(9, 2, generator=rng)
    alone = [within_mode_spread(fake=own, centres=CENTRES, scales=SCALES) for own in (wide, narrow)]
    together = within_mode_spread(fake=torch.cat([wide, narrow, few]), centres=CENTRES, scales=SCALES)
    assert together == pytest.approx(np.mean(alone))
    one_more = torch.cat([wide, narrow, few, few[:1]])
    assert within_mode_spread(fake=one_more, centres=CENTRES, scales=SCALES) != pytest.approx(np.mean(alone))


@pytest.mark.parametrize(
    ("fake", "scales", "message"),
    [
        (torch.zeros(9, 2), SCALES, r"`fake` needs 10 samples or more of one mode, got 9 .* at most 9 of a mode"),
        (torch.zeros(20, 3), SCALES, "share one dimension"),
        (torch.full((20, 2), torch.inf), SCALES, "`fake` has NaN or infinity in 20 of 20"),
        (torch.zeros(20, 2), -SCALES, "one standard deviation above 0 for each of the 3 centres"),
    ],
    ids=["too-few", "dimension", "infinity", "scales"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(fake, scales, message):
    with pytest.raises(ValueError, match=message):
        within_mode_spread(fake=fake, centres=CENTRES, scales=scales)
