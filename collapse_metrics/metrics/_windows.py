"""How alike are two pictures? Their structural similarity, window by window, for one picture against many."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

SIDE = 11
"""Side of the gaussian window in pixels, and below SIGMA its standard deviation: Wang et al. 2004."""

SIGMA = 1.5

FLOOR_OF_MEANS = 0.01**2
"""Added above and below so that black windows divide by no zero; for pictures from 0 to 1 (Wang et al. 2004)."""

FLOOR_OF_SCATTER = 0.03**2
"""The same for windows without contrast."""

STRIP = 32
"""Rows blurred by one matrix product: 32 x 42 wide matrices waste a quarter, and are quick at any picture size."""

AT_ONCE = 1 << 18
"""Pixels of products held at once: 2 MB in float64, which stays in the cache."""


def check_pictures(pictures: Tensor, *, least: int) -> None:
    """Require finite pictures from 0 to 1 that are large enough."""
    if pictures.ndim != 4 or not pictures.is_floating_point():
        raise ValueError(
            "`pictures` must be floating-point (n, channels, height, width) from 0 to 1, got "
            f"{pictures.dtype} of shape {tuple(pictures.shape)}: add the channel, divide bytes by 255."
        )
    if len(pictures) < 2:
        raise ValueError(f"`pictures` needs at least 2 pictures, got {len(pictures)}: pass more samples.")
    if min(pictures.shape[2:]) < least:
        raise ValueError(
            f"`pictures` must be at least {least} pixels high and wide, got {pictures.shape[2]} x {pictures.shape[3]}: "
            "the window does not fit; compare smaller pictures by pairwise_diversity."
        )
    low, high = torch.aminmax(pictures.detach())
    if not (low >= 0 and high <= 1):  # also where one is NaN
        raise ValueError(
            f"`pictures` must lie from 0 to 1, got {low:.3g} to {high:.3g}: rescale them, for example (x + 1) / 2 "
            "after a tanh; NaN or infinity means that the generator has diverged."
        )


def chosen(pictures: Tensor, *, most: int, seed: int) -> Tensor:
    """All pictures, or a random choice of ``most`` of them."""
    if most < 2:
        raise ValueError(f"`most` must be at least 2, as pairs are compared, got {most}.")
    if len(pictures) <= most:
        return pictures
    rows = torch.randperm(len(pictures), generator=torch.Generator().manual_seed(seed))[:most]
    return pictures[rows.to(pictures.device)]


class Views:
    """Pictures of one size, with the mean and the scatter in every window that lies within them.

    Kept as ``(height, pictures, channels, width)``: blurring the height is then one matrix product from the left,
    blurring the width one from the right, whatever the number of pictures.
    """

    def __init__(self, pictures: Float[Tensor, "n channels height width"]) -> None:
        self.pixels = pictures.detach().double().permute(2, 0, 1, 3).contiguous()
        window = torch.arange(SIDE, dtype=torch.float64, device=pictures.device) - SIDE // 2
        window = torch.exp(-window.square() / (2 * SIGMA**2))
        self.band = torch.zeros(STRIP, STRIP + SIDE - 1, dtype=torch.float64, device=pictures.device)
        for row in range(STRIP):
            self.band[row, row : row + SIDE] = window / window.sum()
        self.mean = self.blur(self.pixels)
        self.scatter = self.blur(self.pixels.square()) - self.mean.square()

    def __len__(self) -> int:
        return self.pixels.shape[1]

    def blur(self, x: Tensor) -> Tensor:
        """Gaussian mean in every window that lies within the picture."""
        narrow = torch.cat([x[..., at] @ band.T for at, band in self._strips(x.shape[3])], dim=3)
        flat = narrow.view(len(narrow), -1)
        return torch.cat([band @ flat[at] for at, band in self._strips(len(x))]).view(-1, *narrow.shape[1:])

    def against(self, one: int, others: slice) -> tuple[Tensor, Tensor]:
        """Structural similarity of one picture with others, and the part of it that is not lightness.

        Both are averaged over the windows; a row for each of the others, a column for each channel.
        """
        mean, means = self.mean[:, one, None], self.mean[:, others]
        both = mean * means
        contrast = self.blur(self.pixels[:, one, None] * self.pixels[:, others]).sub_(both)
        contrast = contrast.mul_(2).add_(FLOOR_OF_SCATTER)
        contrast /= self.scatter[:, others] + (self.scatter[:, one, None] + FLOOR_OF_SCATTER)
        lightness = both.mul_(2).add_(FLOOR_OF_MEANS)
        lightness /= means.square().add_(mean.square() + FLOOR_OF_MEANS)
        return lightness.mul_(contrast).mean(dim=(0, 3)), contrast.mean(dim=(0, 3))

    def _strips(self, side: int) -> Iterator[tuple[slice, Tensor]]:
        """Where to cut, and by what to multiply, so that the windows of a side come out strip by strip."""
        for start in range(0, side - SIDE + 1, STRIP):
            windows = min(STRIP, side - SIDE + 1 - start)
            yield slice(start, start + windows + SIDE - 1), self.band[:windows, : windows + SIDE - 1]


def mean_over_pairs(similarity: Callable[[int, slice], Tensor], views: Views) -> Float[np.ndarray, " n"]:
    """Of every picture the mean similarity with the others; ``similarity`` compares one with a slice of them."""
    n = len(views)
    total = torch.zeros(n, dtype=torch.float64, device=views.pixels.device)
    step = max(1, AT_ONCE * n // views.pixels.numel())
    for one in range(n - 1):
        for start in range(one + 1, n, step):
            others = slice(start, min(n, start + step))
            found = similarity(one, others)
            total[others] += found
            total[one] += found.sum()
    means: np.ndarray = (total / (n - 1)).clamp(max=1).cpu().numpy()  # rounding may pass the likeness of copies
    return means
