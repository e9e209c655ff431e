"""Learnt images: against the paper's program, with equal and unequal hits, collapsed, and its interval."""

import importlib

import numpy as np
import pytest
import torch

from collapse_metrics.metrics import distinct_neighbours, learnt_images

module = importlib.import_module("collapse_metrics.metrics.learnt_images")


def hits(different, n):
    """A line of 1,000 real samples, and ``n`` generated ones that are nearest to ``different`` of them."""
    real = torch.arange(1000.0)[:, None]
    return {"real": real, "fake": real[torch.arange(n) % different] + 0.1}


@pytest.mark.parametrize(("different", "share"), [(632, 0.998), (300, 0.312), (50, 0.05)])
def test_agrees_with_the_program_of_the_paper(different, share):
    # BeyondFID (CVPR 2025), metrics/irs.py: hits of 1,000 samples among 1,000 training images.
    assert learnt_images(**hits(different, 1000)) == share


@pytest.mark.parametrize("n", [100, 300, 1000])
def test_finds_the_number_of_real_samples_behind_the_copies(n, rng):
    # Copies of 200 equally likely ones of 500. At 100 samples the number scatters by 35; four of them.
    real = torch.randn(500, 6, generator=rng)
    fake = real[torch.randint(200, (n,), generator=rng)]
    assert learnt_images(real=real, fake=fake) == pytest.approx(0.4, abs=0.28 if n == 100 else 0.1)


def test_does_not_shrink_with_few_samples_as_the_plain_count_does(rng):
    real = torch.randn(300, 6, generator=rng)
    copies = real[torch.randint(100, (1000,), generator=rng)]
    few, many = ({"real": real, "fake": copies[:n]} for n in (100, 1000))
    assert distinct_neighbours(**few) > 5 * distinct_neighbours(**many)
    assert learnt_images(**few) == pytest.approx(learnt_images(**many), rel=0.5)


def test_the_ends_of_the_scale(rng):
    real = torch.randn(50, 3, generator=rng)
    assert learnt_images(real=real, fake=real[:1].repeat(40, 1)) == 1 / 50
    assert learnt_images(real=real, fake=real) == 1.0
    assert learnt_images(real=real, fake=real[:1]) == 1.0, "one sample cannot tell: all of them are as likely"
    assert learnt_images(real=torch.ones(9, 2), fake=torch.ones(9, 2)) == 1 / 9, "equal real samples count as one"


def test_a_perfect_generator_scores_below_one_in_many_dimensions(rng):
    # Hubs: what the docstring warns of.
    low, high = (
        learnt_images(real=torch.randn(300, d, generator=rng), fake=torch.randn(300, d, generator=rng)) for d in (64, 1)
    )
    assert low < 0.6 < high


def test_a_lost_mode_costs_its_share(ring):
    real, fake = ring(8, per_mode=50), ring(8, per_mode=50)
    half = fake[:200].repeat(2, 1) + 0.05 * fake[torch.arange(400) % 50]
    assert learnt_images(real=real, fake=half) < 0.6 * learnt_images(real=real, fake=fake)


def test_the_bounds_are_at_least_those_of_the_occupancy_law():
    low, high = module.learnt_images_interval(**hits(300, 1000), level=0.9)
    assert low <= 0.307
    assert high >= 0.320
    assert module.learnt_images_interval(**hits(1000, 1000)) == (1.0, 1.0)
    low, high = module.learnt_images_interval(**hits(30, 30))
    assert 0.1 < low < 0.13, "no sample met twice: the law bounds it from below all the same"
    assert high == 1.0


def test_unequal_hits_widen_the_bounds(rng):
    # 200 samples, 80 different hits: evenly spread, or half of the samples on one.
    real = torch.arange(400.0)[:, None]
    even = real[torch.arange(200) % 80]
    uneven = torch.cat([real[:1].repeat(101, 1), real[1:61], real[61:80].repeat(3, 1)[:39]])
    ends = [module.learnt_images_interval(real=real, fake=fake) for fake in (even, uneven)]
    assert learnt_images(real=real, fake=even) == learnt_images(real=real, fake=uneven)
    assert ends[1][0] < ends[0][0]
    assert ends[1][1] > ends[0][1]


@pytest.mark.parametrize("dim", [2, 32])
def test_the_interval_covers(dim, rng):
    # Real samples fixed, 100 generated sets. At 95 % coverage, fewer than 83 hits have probability 1e-5.
    real = torch.randn(100, dim, generator=rng)
    sets = [torch.randn(100, dim, generator=rng) for _ in range(100)]
    average = np.mean([learnt_images(real=real, fake=fake) for fake in sets])
    ends = np.array([module.learnt_images_interval(real=real, fake=fake) for fake in sets])
    assert ((ends[:, 0] <= average) & (average <= ends[:, 1])).sum() >= 83


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (torch.zeros(9, 2), torch.zeros(9, 3), r"share one dimension"),
        (torch.zeros(9, 2), torch.zeros(0, 2), r"`fake` needs at least 1 rows, got 0"),
        (torch.zeros(0, 2), torch.zeros(9, 2), r"`real` needs at least 1 rows, got 0"),
        (torch.zeros(9, 2), torch.full((9, 2), torch.nan), r"`fake` has NaN or infinity in 9 of 9"),
    ],
    ids=["dimension", "no-fake", "no-real", "nan"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(real, fake, message):
    with pytest.raises(ValueError, match=message):
        learnt_images(real=real, fake=fake)
