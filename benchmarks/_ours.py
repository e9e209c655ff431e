"""What do we call of our own? Each function takes what its `prepare` has made of the arrays, and gives its numbers."""

from typing import Any

from benchmarks._data import Arrays

Values = dict[str, float]

K = 5
"""Neighbours, everywhere."""


def tensors(arrays: Arrays) -> dict[str, Any]:
    """The arrays as tensors that share their memory."""
    import torch

    return {name: torch.from_numpy(x) for name, x in arrays.items()}


def fitted(arrays: Arrays) -> dict[str, Any]:
    """The balls of the real data, found once before the clock starts."""
    from collapse_metrics.metrics import Balls

    data = tensors(arrays)
    return {"real": Balls.fit(real=data["real"], k=K), "fake": data["fake"]}


def neighbours(data: dict[str, Any]) -> Values:
    """Precision, recall, density, coverage, clipped density and clipped coverage in one pass."""
    from collapse_metrics.metrics import neighbour_metrics

    return dict(neighbour_metrics(real=data["real"], fake=data["fake"], k=K))


def clipped_coverage(data: dict[str, Any]) -> Values:
    """One of the six alone."""
    from collapse_metrics.metrics import clipped_coverage

    return {"clipped_coverage": clipped_coverage(real=data["real"], fake=data["fake"], k=K)}


def vendi(data: dict[str, Any]) -> Values:
    """The score of order 1; it finds the dual form by itself."""
    from collapse_metrics.metrics import vendi_score

    return {"vendi_score": vendi_score(fake=data["fake"])}


def frechet(data: dict[str, Any]) -> Values:
    """The distance of the two Gaussians."""
    from collapse_metrics.metrics import frechet_distance

    return {"frechet_distance": frechet_distance(real=data["real"], fake=data["fake"])}


def kid(data: dict[str, Any]) -> Values:
    """All pairs, unbiased."""
    from collapse_metrics.metrics import kid as our_kid

    return {"kid": our_kid(real=data["real"], fake=data["fake"])}


def ssim(data: dict[str, Any]) -> Values:
    """The mean over all pairs of pictures."""
    from collapse_metrics.metrics import pairwise_ssim

    pictures = data["pictures"][:, None]
    n = len(pictures)
    return {"ssim": pairwise_ssim(pictures=pictures), "pairs": n * (n - 1) / 2}
