"""What is surely not like the data? Rubbish made of the data themselves, for pictures of any size and for rows."""

import math
from collections.abc import Callable

import torch
from torch import Generator, Tensor
from torch.nn import functional

Kind = Callable[[Tensor, Tensor, int, Generator], Tensor]
"""Samples and their labels, how many, the random numbers -> so many samples that are none."""


def _uniform(low: float, high: float, like: Tensor, rng: Generator) -> Tensor:
    """One number a sample, shaped to be multiplied with samples like these."""
    return (low + (high - low) * torch.rand(len(like), generator=rng)).view(-1, *[1] * (like.ndim - 1))


def _drawn(samples: Tensor, n: int, rng: Generator) -> Tensor:
    return samples[torch.randint(len(samples), (n,), generator=rng)]


def _of_other_classes(samples: Tensor, labels: Tensor, n: int, k: int, rng: Generator) -> Tensor:
    """``(n, k, ...)``: rows of ``k`` samples, of different classes as far as there are so many."""
    classes = int(labels.max()) + 1
    order, counts = labels.argsort(stable=True), torch.bincount(labels, minlength=classes)
    picked = torch.rand(n, classes, generator=rng).argsort(dim=1)[:, torch.arange(k) % classes]
    within = (torch.rand(n, k, generator=rng) * counts[picked]).long()
    return samples[order[(counts.cumsum(0) - counts)[picked] + within]]


def blurred(images: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of each channel, with the border's values beyond the border."""
    channels, radius = images.shape[1], max(1, math.ceil(3 * sigma))
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    taps = (taps / taps.sum()).expand(channels, 1, 1, -1)
    wide = functional.pad(images, (radius,) * 4, mode="replicate")
    rows = functional.conv2d(wide, taps, groups=channels)
    return functional.conv2d(rows, taps.transpose(2, 3), groups=channels)


# --- pictures -------------------------------------------------------------------------------------------


def noise(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Even or Gaussian pixels around a level, of any strength, clamped."""
    like = images[:1].expand(n, -1, -1, -1)
    even = torch.rand(like.shape, generator=rng) * _uniform(0.2, 1, like, rng)
    normal = _uniform(0, 1, like, rng) + _uniform(0.05, 1, like, rng) * torch.randn(like.shape, generator=rng)
    return torch.where(_uniform(0, 1, like, rng) < 0.5, even, normal.clamp(0, 1))


def cloud(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Blurred noise around the pictures' own levels: soft random blobs."""
    field = torch.randn(n, *images.shape[1:], generator=rng)
    field = torch.cat([blurred(part, sigma) for part, sigma in zip(field.chunk(3), (0.8, 1.5, 3.0), strict=False)])
    field = field / field.flatten(1).std(dim=1).clamp_min(1e-6).view(-1, 1, 1, 1)
    level = _drawn(images, n, rng).mean(dim=(2, 3), keepdim=True)
    return (level + _uniform(0.1, 0.4, field, rng) * field).clamp(0, 1)


def average_of_several(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Mean of 3 to 6 pictures of different classes, some with their contrast stretched."""
    parts = zip(torch.arange(n).chunk(4), (3, 4, 5, 6), strict=False)
    means = torch.cat([_of_other_classes(images, labels, len(part), k, rng).mean(dim=1) for part, k in parts])
    level = means.mean(dim=(2, 3), keepdim=True)
    return (level + (means - level) * _uniform(0.7, 2, means, rng)).clamp(0, 1)


def heavy_blur(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Pictures blurred until little but their colours is left."""
    side = max(images.shape[2:])
    parts = zip(_drawn(images, n, rng).chunk(3), (side / 12, side / 9, side / 6), strict=False)
    return torch.cat([blurred(part, sigma) for part, sigma in parts])


def patch_shuffle(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Pictures cut into squares that are put together at random; what does not fill a square stays."""
    picked = _drawn(images, n, rng).clone()
    sizes = [size for size in (2, 4, 8) if 3 * size <= min(images.shape[2:])] or [1]
    return torch.cat([_shuffled(part, size, rng) for part, size in zip(picked.chunk(len(sizes)), sizes, strict=False)])


def _shuffled(images: Tensor, size: int, rng: Generator) -> Tensor:
    n, _, height, width = images.shape
    down, across = height // size, width // size
    whole = images[:, :, : down * size, : across * size]
    patches = functional.unfold(whole, size, stride=size)
    order = torch.rand(n, 1, patches.shape[2], generator=rng).argsort(dim=2).expand_as(patches)
    mixed = functional.fold(patches.gather(2, order), (down * size, across * size), size, stride=size)
    images = images.clone()
    images[:, :, : down * size, : across * size] = mixed
    return images


def drowned(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Pictures under so much noise that little of them is left."""
    picked = _drawn(images, n, rng)
    return (picked + _uniform(0.45, 1, picked, rng) * torch.randn(picked.shape, generator=rng)).clamp(0, 1)


def one_colour(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """One colour, with next to no noise: what a generator draws that has drawn nothing yet."""
    colour = torch.rand(n, images.shape[1], 1, 1, generator=rng)
    own = torch.where(_uniform(0, 1, colour, rng) < 0.5, colour, _drawn(images, n, rng)[:, :, :1, :1])
    grain = 0.05 * torch.randn(n, *images.shape[1:], generator=rng) * torch.rand(n, 1, 1, 1, generator=rng)
    return (own + grain).clamp(0, 1)


# --- rows -----------------------------------------------------------------------------------------------


def far_away(rows: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Even numbers in a box two and a half times as wide as the data."""
    low, high = rows.amin(dim=0), rows.amax(dim=0)
    return (low + high) / 2 + (torch.rand(n, rows.shape[1], generator=rng) - 0.5) * 2.5 * (high - low)


def overspread(rows: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """A normal cloud about the mean, one and a half to four times as wide as the data."""
    spread = rows.std(dim=0) * _uniform(1.5, 4, rows[:1].expand(n, -1), rng)
    return rows.mean(dim=0) + spread * torch.randn(n, rows.shape[1], generator=rng)


def between_classes(rows: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Mean of 2 to 4 rows of different classes."""
    parts = zip(torch.arange(n).chunk(3), (2, 3, 4), strict=False)
    return torch.cat([_of_other_classes(rows, labels, len(part), k, rng).mean(dim=1) for part, k in parts])


def mixed_columns(rows: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Each column from another row: right values that do not belong together."""
    picked = torch.randint(len(rows), (n, rows.shape[1]), generator=rng)
    return rows.gather(0, picked)


PICTURES: dict[str, Kind] = {
    kind.__name__: kind for kind in (noise, cloud, average_of_several, heavy_blur, patch_shuffle, drowned, one_colour)
}
"""Kinds for pictures."""

ROWS: dict[str, Kind] = {kind.__name__: kind for kind in (far_away, overspread, between_classes, mixed_columns)}
"""Kinds for rows. Where they fall among the data, the data win: the classifier learns which of them is likelier."""


def draw(kinds: dict[str, Kind], samples: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """``n`` samples of rubbish, every kind in turn."""
    sizes = [n // len(kinds) + (index < n % len(kinds)) for index in range(len(kinds))]
    pairs = zip(kinds.values(), sizes, strict=True)
    return torch.cat([kind(samples, labels, size, rng) for kind, size in pairs if size])
