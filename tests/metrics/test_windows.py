"""Windows: structural similarity pair by pair, against its definition, at any size and however it is cut."""

import numpy as np
import pytest
import torch
from scipy import ndimage

from collapse_metrics.metrics import _windows
from collapse_metrics.metrics._windows import Views, check_pictures, chosen, mean_over_pairs


def blurred(picture):
    """SciPy's gaussian filter with a window of 11, without the windows that hang over the edge."""
    return ndimage.gaussian_filter(picture, 1.5, truncate=5 / 1.5)[5:-5, 5:-5]


def similarity_by_definition(a, b):
    """Wang et al. 2004, equations 6, 9 and 13, of one channel."""
    mean_a, mean_b = blurred(a), blurred(b)
    both = blurred(a * b) - mean_a * mean_b
    scatter = blurred(a * a) - mean_a**2 + blurred(b * b) - mean_b**2
    contrast = (2 * both + 0.03**2) / (scatter + 0.03**2)
    lightness = (2 * mean_a * mean_b + 0.01**2) / (mean_a**2 + mean_b**2 + 0.01**2)
    return (lightness * contrast).mean(), contrast.mean()


def paint(n, shape, rng):
    """Soft blots, in any size."""
    return torch.nn.functional.interpolate(torch.rand(n, shape[0], 6, 6, generator=rng), shape[1:], mode="bilinear")


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 11, 12), (2, 42, 43), (1, 75, 120)])
def test_agrees_with_the_definition(shape, rng):
    pictures = paint(5, shape, rng).double()
    views = Views(pictures)
    assert len(views) == 5
    whole, contrast = views.against(1, slice(2, 5))
    for row, other in enumerate(pictures[2:5]):
        for channel in range(shape[0]):
            expected = similarity_by_definition(pictures[1, channel].numpy(), other[channel].numpy())
            assert (whole[row, channel].item(), contrast[row, channel].item()) == pytest.approx(expected)


@pytest.mark.parametrize("strip", [1, 5, 18, 64])
def test_strips_change_nothing(strip, rng, monkeypatch):
    pictures = paint(3, (1, 28, 35), rng)
    whole = Views(pictures).against(0, slice(1, 3))
    monkeypatch.setattr(_windows, "STRIP", strip)
    for cut, kept in zip(Views(pictures).against(0, slice(1, 3)), whole, strict=True):
        assert cut.numpy() == pytest.approx(kept.numpy())


@pytest.mark.parametrize("at_once", [1, 3 * 28 * 28, 1 << 18])
def test_every_pair_is_met_once(at_once, monkeypatch):
    monkeypatch.setattr(_windows, "AT_ONCE", at_once)
    names = np.random.default_rng(0).random(9)
    met = []

    def similarity(one, others):
        met.extend((one, other) for other in range(9)[others])
        return torch.from_numpy(-np.abs(names[one] - names[others]))

    means = mean_over_pairs(similarity, Views(torch.rand(9, 1, 28, 28)))
    assert sorted(met) == [(i, j) for i in range(9) for j in range(i + 1, 9)]
    assert means == pytest.approx(-np.abs(names[:, None] - names).sum(axis=1) / 8)


def test_copies_are_never_more_than_alike():
    views = Views(torch.rand(4, 1, 11, 11))
    assert (mean_over_pairs(lambda _, others: torch.full((4 - others.start,), 1 + 1e-12), views) == 1).all()


def test_black_and_white_are_allowed():
    check_pictures(torch.eye(11).expand(2, 3, 11, 11), least=11)


def test_a_choice_is_seeded_and_without_repeats():
    pictures = torch.arange(50.0)[:, None, None, None]
    some = chosen(pictures, most=20, seed=1).flatten()
    assert len(some.unique()) == 20
    assert torch.equal(some, chosen(pictures, most=20, seed=1).flatten())
    assert not torch.equal(some, chosen(pictures, most=20, seed=2).flatten())
    assert chosen(pictures, most=50, seed=1) is pictures


@pytest.mark.parametrize(
    ("pictures", "message"),
    [
        (torch.rand(9, 28, 28), r"must be floating-point \(n, channels, height, width\) .* shape \(9, 28, 28\)"),
        (torch.zeros(9, 1, 28, 28, dtype=torch.uint8), r"got torch.uint8 .* divide bytes by 255"),
        (torch.rand(1, 1, 28, 28), r"needs at least 2 pictures, got 1"),
        (torch.rand(9, 1, 28, 10), r"at least 11 pixels high and wide, got 28 x 10"),
        (2 * torch.eye(28).expand(9, 1, 28, 28) - 1, r"must lie from 0 to 1, got -1 to 1"),
        (1.5 * torch.eye(28).expand(9, 1, 28, 28), r"must lie from 0 to 1, got 0 to 1.5"),
        (torch.full((9, 1, 28, 28), torch.nan), r"got nan to nan: .* NaN or infinity means"),
    ],
    ids=["shape", "bytes", "one", "small", "tanh", "bright", "nan"],
)
@pytest.mark.bad_input
def test_bad_pictures_are_explained(pictures, message):
    with pytest.raises(ValueError, match=message):
        check_pictures(pictures, least=11)


@pytest.mark.bad_input
def test_a_choice_needs_a_pair():
    with pytest.raises(ValueError, match="`most` must be at least 2"):
        chosen(torch.rand(9, 1, 28, 28), most=1, seed=0)
