"""Which non-digits has the classifier never seen while it learnt? Kinds kept for the examination alone."""

import math

import torch
import torch.nn.functional as F  # noqa: N812  (the field's own name for it)
from torch import Generator, Tensor

from reference_gans.studies._garbage import Digits, Kind, blur, noise, uniform


def stripes(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Sinusoidal stripes of any direction and a period of 3 to 12 pixels."""
    rows, columns = torch.arange(28.0).view(1, 1, 28, 1), torch.arange(28.0).view(1, 1, 1, 28)
    angle, period = uniform(0, math.pi, n, rng), uniform(3, 12, n, rng)
    phase = uniform(0, 2 * math.pi, n, rng)
    return 0.5 + 0.5 * torch.sin(2 * math.pi * (rows * angle.sin() + columns * angle.cos()) / period + phase)


def checkerboard(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Squares of 2 to 7 pixels, black and some grey."""
    rows, columns = torch.arange(28).view(1, 1, 28, 1), torch.arange(28).view(1, 1, 1, 28)
    side = torch.randint(2, 8, (n, 1, 1, 1), generator=rng)
    return ((rows // side + columns // side) % 2).float() * uniform(0.4, 1, n, rng)


def pca_ghosts(digits: Digits, n: int, rng: Generator) -> Tensor:
    """A Gaussian with the digits' mean and their first 50 principal components."""
    flat = digits.images[:4000].flatten(1)
    mean = flat.mean(dim=0)
    _, scale, directions = torch.linalg.svd(flat - mean, full_matrices=False)
    weights = torch.randn(n, 50, generator=rng) * scale[:50] / math.sqrt(len(flat))
    ghosts: Tensor = (mean + weights @ directions[:50]).clamp(0, 1)
    return ghosts.view(n, 1, 28, 28)


def pixel_shuffle(digits: Digits, n: int, rng: Generator) -> Tensor:
    """All pixels of a digit in one random order."""
    flat = digits.draw(n, rng).flatten(1)
    return flat.gather(1, torch.rand(n, 784, generator=rng).argsort(dim=1)).view(n, 1, 28, 28)


def phase_scramble(digits: Digits, n: int, rng: Generator) -> Tensor:
    """A digit's spectrum under random phases, stretched to its own range."""
    magnitude = torch.fft.rfft2(digits.draw(n, rng)).abs()
    phases = torch.fft.rfft2(noise(n, rng)).angle()
    scrambled: Tensor = torch.fft.irfft2(torch.polar(magnitude, phases), s=(28, 28))
    low, high = scrambled.amin(dim=(2, 3), keepdim=True), scrambled.amax(dim=(2, 3), keepdim=True)
    return (scrambled - low) / (high - low)


def scribble(digits: Digits, n: int, rng: Generator) -> Tensor:
    """A pen that wanders at random for sixty steps, drawn with a stroke of about two pixels."""
    moves = torch.randn(n, 60, 2, generator=rng) * 1.6
    path = (14 + moves.cumsum(dim=1)).clamp(3, 24).round().long()
    canvas = torch.zeros(n, 28, 28)
    canvas[torch.arange(n)[:, None], path[..., 0], path[..., 1]] = 1.0
    return (blur(F.max_pool2d(canvas[:, None], 2, 1, 1)[..., :28, :28], 0.5) * 1.2).clamp(0, 1)


def constant_grey(digits: Digits, n: int, rng: Generator) -> Tensor:
    """One level of grey, from black to white."""
    return uniform(0, 1, n, rng).expand(n, 1, 28, 28).clone()


def squares(digits: Digits, n: int, rng: Generator) -> Tensor:
    """One to four filled rectangles."""
    rows, columns = torch.arange(28).view(1, 1, 28, 1), torch.arange(28).view(1, 1, 1, 28)
    picture = torch.zeros(n, 1, 28, 28)
    for index in range(4):
        top, left = uniform(2, 20, n, rng), uniform(2, 20, n, rng)
        inside = (rows >= top) & (rows < top + uniform(4, 14, n, rng))
        inside = inside & (columns >= left) & (columns < left + uniform(4, 14, n, rng))
        drawn = uniform(0, 1, n, rng) < (1.0 if index == 0 else 0.5)
        picture = torch.maximum(picture, (inside & drawn).float() * uniform(0.5, 1, n, rng))
    return picture


def two_overlaid(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Two different digits on top of each other, both in full ink."""
    return digits.draw_distinct(n, 2, rng).amax(dim=1)


def three_overlaid(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Three different digits on top of each other, all in full ink."""
    return digits.draw_distinct(n, 3, rng).amax(dim=1)


def chimera(digits: Digits, n: int, rng: Generator) -> Tensor:
    """The upper half of one digit over the lower half of another kind."""
    pair = digits.draw_distinct(n, 2, rng)
    return torch.cat([pair[:, 0, :, :14], pair[:, 1, :, 14:]], dim=2)


def tiled(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Four small digits in one picture."""
    small = F.avg_pool2d(digits.draw_distinct(n, 4, rng).flatten(0, 1), 2).view(n, 4, 14, 14)
    top, bottom = torch.cat([small[:, 0], small[:, 1]], dim=2), torch.cat([small[:, 2], small[:, 3]], dim=2)
    return torch.cat([top, bottom], dim=1)[:, None]


HELD_OUT: dict[str, Kind] = {
    kind.__name__: kind
    for kind in (
        stripes,
        checkerboard,
        pca_ghosts,
        pixel_shuffle,
        phase_scramble,
        scribble,
        constant_grey,
        squares,
        two_overlaid,
        three_overlaid,
        chimera,
        tiled,
    )
}
"""All kinds of the examination; the study reports every one, also those that get through."""
