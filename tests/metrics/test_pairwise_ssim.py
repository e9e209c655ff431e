"""Pairwise SSIM: against brute force, against a published program, with a choice of pictures, and in a collapse."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from torchmetrics.functional.image import structural_similarity_index_measure

from collapse_metrics._registry import METRICS
from collapse_metrics.metrics import pairwise_ssim
from collapse_metrics.metrics._windows import Views
from collapse_metrics.stats.u_statistics import pair_mean_error

interval = METRICS["pairwise_ssim"].interval


def paint(n, channels, side):
    """Squares of grey, half of it common to all pictures."""
    rng = np.random.default_rng(side)
    blots = 0.5 * rng.random((1, channels, 8, 8)) + 0.5 * rng.random((n, channels, 8, 8))
    return torch.from_numpy(np.kron(blots, np.ones((1, 1, side // 8 + 1, side // 8 + 1)))[:, :, :side, :side])


@pytest.mark.parametrize(
    ("channels", "side", "theirs"),
    [(1, 28, 0.5108566615311304), (3, 45, 0.37278727259423433), (1, 97, 0.5096115404771011)],
)
def test_agrees_with_a_published_program(channels, side, theirs):
    # piq 0.8.0: piq.ssim(x[i], x[j]) over all ten pairs i < j of paint(5, channels, side), in float64.
    assert pairwise_ssim(pictures=paint(5, channels, side)) == pytest.approx(theirs)


def test_is_the_mean_over_pairs_of_different_pictures():
    pictures = paint(6, 2, 20)
    views = Views(pictures)
    pairs = [views.against(i, slice(j, j + 1))[0].mean().item() for i, j in combinations(range(6), 2)]
    assert pairwise_ssim(pictures=pictures) == pytest.approx(np.mean(pairs))


def test_windows_that_hang_over_the_edge_make_digits_look_alike():
    # torchmetrics counts them. Two bars on black: the edges, empty in both, are most of what it sees.
    pictures = torch.zeros(2, 1, 28, 28)
    pictures[0, :, 8:20, 12:16] = pictures[1, :, 12:16, 8:20] = 1.0
    theirs = structural_similarity_index_measure(pictures[:1], pictures[1:], data_range=1.0).item()
    assert theirs > pairwise_ssim(pictures=pictures) + 0.3


@pytest.mark.parametrize("value", [0.0, 0.3, 1.0])
def test_the_same_picture_throughout_scores_one(value):
    pictures = (value * paint(1, 1, 28)).repeat(7, 1, 1, 1)
    assert pairwise_ssim(pictures=pictures) == pytest.approx(1.0, abs=1e-12)
    assert interval(pictures=pictures) == pytest.approx((1.0, 1.0))
    assert pairwise_ssim(pictures=pictures) <= 1.0


def test_a_picture_and_its_negative_score_below_zero():
    picture = torch.eye(28)[None, None]
    assert pairwise_ssim(pictures=torch.cat([picture, 1 - picture])) < -0.05


def test_two_kinds_of_pictures():
    kinds = torch.cat([paint(1, 1, 28).repeat(3, 1, 1, 1), 1 - paint(1, 1, 28).repeat(3, 1, 1, 1)])
    apart = pairwise_ssim(pictures=kinds[2:4])
    assert pairwise_ssim(pictures=kinds) == pytest.approx((6 + 9 * apart) / 15)


class TestChoice:
    def test_more_pictures_than_wanted_are_represented_by_some(self):
        pictures = paint(30, 1, 16)
        some = pairwise_ssim(pictures=pictures, most=10, seed=3)
        assert some == pairwise_ssim(pictures=pictures, most=10, seed=3)
        assert some != pairwise_ssim(pictures=pictures, most=10, seed=4)
        order = torch.randperm(30, generator=torch.Generator().manual_seed(3))[:10]
        assert some == pytest.approx(pairwise_ssim(pictures=pictures[order]))

    def test_as_many_as_wanted_are_all_taken(self):
        pictures = paint(12, 1, 16)
        assert pairwise_ssim(pictures=pictures, most=12) == pairwise_ssim(pictures=pictures, most=500)

    def test_the_interval_is_of_the_same_choice(self):
        pictures = paint(30, 1, 16)
        low, high = interval(pictures=pictures, most=10, seed=3)
        assert (low + high) / 2 == pytest.approx(pairwise_ssim(pictures=pictures, most=10, seed=3))


class TestInterval:
    def test_is_that_of_a_mean_over_pairs(self):
        pictures = paint(9, 1, 20)
        views = Views(pictures)
        table = np.array([views.against(i, slice(0, 9))[0][:, 0].numpy() for i in range(9)])
        error = pair_mean_error((table.sum(axis=1) - 1) / 8)
        low, high = interval(pictures=pictures)
        assert (high - low) / 2 == pytest.approx(1.959964 * error, rel=1e-6)

    def test_ends_in_the_span(self):
        assert interval(pictures=paint(2, 1, 20)) == (-1.0, 1.0)
        low, high = interval(pictures=paint(3, 1, 20), level=1 - 1e-12)
        assert -1 <= low < high <= 1

    def test_covers_what_many_pictures_score(self, rng):
        # 60 intervals at 95 %: fewer than 47 covers have a probability below 1e-4.
        def draw(n):
            kinds = torch.nn.functional.one_hot(torch.randint(4, (n,), generator=rng), 4).float()
            soft = (kinds + 0.3 * torch.rand(n, 4, generator=rng)).div(1.3).view(n, 1, 2, 2)
            return torch.nn.functional.interpolate(soft, size=14, mode="bilinear")

        many = pairwise_ssim(pictures=draw(400))
        covered = 0
        for _ in range(60):
            low, high = interval(pictures=draw(30))
            covered += low <= many <= high
        assert covered >= 47
        assert not math.isnan(many)


@pytest.mark.bad_input
def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="at least 11 pixels high and wide, got 8 x 8"):
        pairwise_ssim(pictures=torch.rand(5, 1, 8, 8))
    with pytest.raises(ValueError, match="from 0 to 1"):
        pairwise_ssim(pictures=2 * paint(5, 1, 28) - 1)
    with pytest.raises(ValueError, match="`most` must be at least 2"):
        pairwise_ssim(pictures=paint(5, 1, 28), most=1)
