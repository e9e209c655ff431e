"""Pairwise MS-SSIM: against a published program at every number of scales, by hand, and in a collapse."""

import sys
from itertools import combinations

import numpy as np
import pytest
import torch

from collapse_metrics._registry import METRICS
from collapse_metrics.metrics import pairwise_ms_ssim, pairwise_ssim
from collapse_metrics.metrics._windows import Views

module = sys.modules[pairwise_ms_ssim.__module__]
interval = METRICS["pairwise_ms_ssim"].interval


def paint(n, channels, side):
    """Squares of grey, half of it common to all pictures."""
    rng = np.random.default_rng(side)
    blots = 0.5 * rng.random((1, channels, 8, 8)) + 0.5 * rng.random((n, channels, 8, 8))
    return torch.from_numpy(np.kron(blots, np.ones((1, 1, side // 8 + 1, side // 8 + 1)))[:, :, :side, :side])


@pytest.mark.parametrize(
    ("channels", "side", "theirs"),
    [
        (1, 28, 0.6106833669290272),
        (3, 45, 0.5137733871009031),
        (1, 97, 0.5236174343455818),
        (3, 177, 0.5091535136910668),
    ],
)
def test_agrees_with_a_published_program(channels, side, theirs):
    # piq 0.8.0: piq.multi_scale_ssim(x[i], x[j]) over all ten pairs i < j of paint(5, channels, side), in float64;
    # below 161 pixels, where it refuses its own, with scale_weights= the first two, three or four of the published.
    assert pairwise_ms_ssim(pictures=paint(5, channels, side)) == pytest.approx(theirs)


@pytest.mark.parametrize(
    ("side", "scales"), [(11, 1), (20, 1), (21, 2), (40, 2), (41, 3), (80, 3), (81, 4), (160, 4), (161, 5), (999, 5)]
)
def test_takes_as_many_scales_as_the_picture_has_room_for(side, scales):
    for found in (module.scales_of(side, side), module.scales_of(side, 1000), module.scales_of(1000, side)):
        assert len(found) == scales
        assert sum(found) == pytest.approx(1.0, abs=1.01e-4)
        assert np.array(found) / found[0] == pytest.approx(np.array(module.WEIGHTS[:scales]) / module.WEIGHTS[0])


def test_five_scales_are_as_published():
    assert module.scales_of(161, 161) == (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def test_one_scale_is_ssim_but_for_what_is_negative():
    pictures = paint(6, 1, 20)
    views = Views(pictures)
    pairs = [views.against(i, slice(j, j + 1))[0].item() for i, j in combinations(range(6), 2)]
    assert min(pairs) > 0
    assert pairwise_ms_ssim(pictures=pictures) == pytest.approx(pairwise_ssim(pictures=pictures))
    negative = torch.cat([torch.eye(20)[None, None], 1 - torch.eye(20)[None, None]])
    assert pairwise_ssim(pictures=negative) < 0
    assert pairwise_ms_ssim(pictures=negative) == 0.0


@pytest.mark.parametrize("shape", [(28, 28), (27, 28), (28, 27), (27, 27)])
def test_odd_sides_are_lengthened_by_their_first_row(shape):
    picture = torch.rand(1, 1, *shape, dtype=torch.double, generator=torch.Generator().manual_seed(0))
    halved = module._halved(picture)
    assert halved.shape[2:] == (14, 14)
    grown = np.pad(picture[0, 0].numpy(), ((28 - shape[0], 0), (28 - shape[1], 0)), mode="edge")
    assert halved[0, 0].numpy() == pytest.approx(grown.reshape(14, 2, 14, 2).mean(axis=(1, 3)))


def test_the_same_picture_throughout_scores_one():
    pictures = paint(1, 3, 28).repeat(7, 1, 1, 1)
    assert pairwise_ms_ssim(pictures=pictures) == pytest.approx(1.0, abs=1e-12)
    assert pairwise_ms_ssim(pictures=pictures) <= 1.0
    assert interval(pictures=pictures) == pytest.approx((1.0, 1.0))


def test_forgives_a_slight_move_more_than_one_scale_does():
    picture = paint(1, 1, 29)
    moved = torch.cat([picture[:, :, 1:, 1:], picture[:, :, :-1, :-1]])
    assert pairwise_ms_ssim(pictures=moved) > pairwise_ssim(pictures=moved) + 0.02


def test_a_choice_is_taken_of_many():
    pictures = paint(30, 1, 24)
    order = torch.randperm(30, generator=torch.Generator().manual_seed(3))[:10]
    some = pairwise_ms_ssim(pictures=pictures, most=10, seed=3)
    assert some == pytest.approx(pairwise_ms_ssim(pictures=pictures[order]))
    low, high = interval(pictures=pictures, most=10, seed=3)
    assert (low + high) / 2 == pytest.approx(some)


def test_the_interval_ends_in_the_span():
    assert interval(pictures=paint(2, 1, 28)) == (0.0, 1.0)


@pytest.mark.bad_input
def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="at least 11 pixels high and wide, got 8 x 8"):
        pairwise_ms_ssim(pictures=torch.rand(5, 1, 8, 8))
    with pytest.raises(ValueError, match="from 0 to 1"):
        pairwise_ms_ssim(pictures=2 * paint(5, 1, 28) - 1)
