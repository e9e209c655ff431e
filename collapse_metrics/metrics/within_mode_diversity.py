"""Within-mode diversity: how far apart are two generated samples of one mode, compared with two real ones?"""

import math
from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from collapse_metrics._checks import check_feature_sets
from collapse_metrics._registry import metric
from collapse_metrics.metrics.pairwise_diversity import row_means
from collapse_metrics.stats.u_statistics import log_interval, pair_mean_error


def _interval(
    *, real: Tensor, fake: Tensor, real_modes: Tensor, fake_modes: Tensor, level: float = 0.95
) -> tuple[float, float]:
    """By the variance of a U-statistic in each mode of both sets, on the scale of logarithms."""
    value = within_mode_diversity(real=real, fake=fake, real_modes=real_modes, fake_modes=fake_modes)
    pairs = list(_by_mode(real, fake, real_modes, fake_modes))
    weights = np.array([len(theirs) for theirs, _ in pairs])
    ratios = np.array([ours.mean() / theirs.mean() for theirs, ours in pairs])
    squared = _squared_errors([theirs for theirs, _ in pairs]) + _squared_errors([ours for _, ours in pairs])
    error = math.sqrt((np.square(weights * ratios) * squared).sum()) / weights.sum()
    return log_interval(value, error / value if value > 0 else 0.0, level=level)


def _squared_errors(modes: list[np.ndarray]) -> np.ndarray:
    """Squared standard error of each mode's mean distance, as a share of it squared, from the row means of all modes.

    Ten samples hardly tell their own scatter. How far row means scatter around their mode's is much the same in all
    modes, so it is pooled; two samples share one distance and tell nothing of it.
    """
    errors = np.array([pair_mean_error(means) / means.mean() if means.mean() > 0 else 0.0 for means in modes])
    sizes = np.array([len(means) for means in modes])
    told = (sizes > 2) & (errors > 0)
    if not told.any():
        return np.where(errors > 0, math.inf, 0.0)
    pooled = np.average(np.square(errors[told]) * sizes[told], weights=sizes[told] - 1)
    return np.where(errors > 0, pooled / sizes, 0.0)


@metric(best=1.0, collapsed=0.0, interval=_interval, paper="https://arxiv.org/abs/1610.09585")
def within_mode_diversity(
    *,
    real: Float[Tensor, "n_real dim"],
    fake: Float[Tensor, "n_fake dim"],
    real_modes: Int[Tensor, " n_real"],
    fake_modes: Int[Tensor, " n_fake"],
) -> float:
    """Mean distance between two generated samples of the same mode, over that between two real ones.

    The ratio is taken in every mode of which both sets hold two samples or more, and averaged with the modes' shares
    among the real samples as weights. What the modes themselves contribute to the distances is thus left out: a
    generator that makes ten different digits, each always in the same way, scores 0 here and near 1 in
    ``pairwise_diversity``.

    Reading the number:
        - **Healthy**: 1.
        - **Collapsed**: 0 when every mode is one picture.
        - **Blind to** lost modes, which are left out, not counted as 0: read ``mode_coverage`` for them. And to the
          collapse of a mode into several pictures far apart. Noise on the samples raises it.
        - **Compare only** scores of one embedder, one real set and one way to tell modes; any sample size.

    Args:
        real: Features of real samples.
        fake: Features of generated samples, from the same embedder.
        real_modes: Mode of each row of ``real``.
        fake_modes: Mode of each row of ``fake``, told in the same way.

    Returns:
        The ratio, 0 or more; above 1 for samples more scattered than the data.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, a mode is missing for some row, or no mode
            has two different real samples and two generated ones.

    Cost:
        Time ``(n_real ** 2 + n_fake ** 2) * dim`` over the number of modes; memory one block of distances.

    Example:
        Two modes, a hundred apart. In the second the generator always draws the same:

        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> real, modes = torch.cat([line, 100 + line]), torch.arange(20) // 10
        >>> fake = torch.cat([line, torch.full((10, 1), 103.0)])
        >>> within_mode_diversity(real=real, fake=fake, real_modes=modes, fake_modes=modes)
        0.5

    Reference:
        Odena, Olah, Shlens, *Conditional Image Synthesis with Auxiliary Classifier GANs*, ICML 2017, compare the
        mean MS-SSIM of generated pairs with that of real pairs, class by class, to find classes that collapsed. We
        take distances of features, and one number over all modes. A mode with a single sample on one side has no
        pair, and says nothing.
    """
    check_feature_sets(real=real, fake=fake)
    _check_modes("real", real, real_modes)
    _check_modes("fake", fake, fake_modes)
    pairs = list(_by_mode(real, fake, real_modes, fake_modes))
    if not pairs:
        raise ValueError(
            "no mode has two different samples in `real` and two in `fake`, so there is no distance within a mode to "
            f"compare; got {len(real)} and {len(fake)} rows: pass more samples, or modes told in the same way."
        )
    weights = [len(theirs) for theirs, _ in pairs]
    return float(np.average([ours.mean() / theirs.mean() for theirs, ours in pairs], weights=weights))


def _by_mode(
    real: Tensor, fake: Tensor, real_modes: Tensor, fake_modes: Tensor
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Of every mode with a distance on both sides: each row's mean distance to its siblings, real and generated."""
    for mode in real_modes.unique():
        theirs, ours = real[real_modes == mode], fake[fake_modes == mode]
        if len(theirs) < 2 or len(ours) < 2:
            continue
        usual = row_means(theirs)
        if usual.mean() > 0:
            yield usual, row_means(ours)


def _check_modes(name: str, rows: Tensor, modes: Tensor) -> None:
    if modes.shape != rows.shape[:1] or torch.is_floating_point(modes):
        raise ValueError(
            f"`{name}_modes` must hold one whole number for each of the {len(rows)} rows of `{name}`, "
            f"got shape {tuple(modes.shape)} of {modes.dtype}: give the mode of each sample."
        )
