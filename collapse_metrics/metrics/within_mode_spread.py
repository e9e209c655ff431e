"""Within-mode spread: are the modes of a known mixture as wide as they should be?"""

import math

from jaxtyping import Float
from scipy import stats
from torch import Tensor

from collapse_metrics._registry import metric
from collapse_metrics.metrics.high_quality_share import distances_to_centres

FEWEST_IN_MODE = 10
"""Fewest samples of a mode that are asked how wide it is: ten points in the plane know a spread to a sixth."""

KEPT = 0.99
"""Share of a mode's own samples that a perfect generator keeps when strays are set aside."""


@metric(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/1711.00970")
def within_mode_spread(
    *, fake: Float[Tensor, "n_fake dim"], centres: Float[Tensor, "modes dim"], scales: Float[Tensor, " modes"]
) -> float:
    """Spread of the samples around their own mode's mean, over the spread that the mode should have.

    Every sample belongs to the nearest centre of the known mixture. In each mode the root mean square distance of its
    samples to *their* mean, a value of a point, is divided by the mode's standard deviation, and the ratios are
    averaged over the modes with ten samples or more. Samples that lie between modes are set aside first: those
    farther out than a Gaussian of the mode's *observed* middle half would send one in a hundred.

    Reading the number:
        - **Healthy**: 1, give or take ``1 / sqrt(2 * dim * n_fake)``.
        - **Collapsed**: 0, one point a mode; 0.5, modes half as wide as they should be. Above 1: too wide.
        - **Blind to** where the modes lie and which are lost, to their proportions, and to shape: a line can be as
          wide as a disc. Where most samples of a mode are copies of one another, the rest are set aside as strays.
        - **Compare only** mixtures of round Gaussians whose modes stand apart. The number is a ratio, so
          dimension and scale do not matter.

    Args:
        fake: Generated points.
        centres: Centre of each mode.
        scales: Standard deviation of each mode, the same in all directions.

    Returns:
        The mean ratio, 0 or more.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, are empty, scales are not above 0, one for
            each centre, or no mode has ten samples.

    Cost:
        Time ``n_fake * modes * dim``; memory ``n_fake * modes``.

    Example:
        >>> import torch
        >>> rng = torch.Generator().manual_seed(0)
        >>> disc = torch.randn(5000, 2, generator=rng)
        >>> centres, scales = torch.tensor([[0.0, 0.0], [50.0, 0.0]]), torch.ones(2)
        >>> round(within_mode_spread(fake=disc, centres=centres, scales=scales), 1)
        1.0
        >>> round(within_mode_spread(fake=disc / 4 + 1, centres=centres, scales=scales), 2)
        0.25

    Reference:
        Santurkar, Schmidt, Madry, *A classification-based study of covariate shift in GAN distributions*, ICML 2018,
        name the loss of spread within modes; the ratio for known mixtures is ours. Strays are set aside by one step
        of reweighting from a median (Rousseeuw and van Zomeren, JASA 1990): it stands up to 40 % of strays in a mode,
        follows any change of scale exactly, and what it cuts off a Gaussian is put back.
    """
    _, mode = distances_to_centres(fake=fake, centres=centres, scales=scales)
    points, middles, widths = (data.detach().double() for data in (fake, centres, scales))
    ratios = []
    for c in mode.unique().tolist():
        own = points[mode == c] - middles[c]
        if len(own) >= FEWEST_IN_MODE:
            ratios.append(_spread(own) / widths[c].item())
    if not ratios:
        raise ValueError(
            f"`fake` needs {FEWEST_IN_MODE} samples or more of one mode, got {len(points)} samples with at most "
            f"{mode.bincount().max()} of a mode: draw more."
        )
    return sum(ratios) / len(ratios)


def _spread(own: Tensor) -> float:
    """Standard deviation of a round Gaussian behind points of which some are strays."""
    dim = own.shape[1]
    core = _without_strays(own, own)  # around the known centre, to find where the mode really is
    core = _without_strays(own, own - core.mean(dim=0))
    squares = (core - core.mean(dim=0)).square().sum(dim=1).sum().item() / max(1, len(core) - 1)
    edge = stats.chi2.ppf(KEPT, dim)
    left = float(stats.chi2.cdf(edge, dim + 2)) / KEPT  # variance that a Gaussian keeps when it is cut off there
    return math.sqrt(squares / dim / left)


def _without_strays(own: Tensor, away: Tensor) -> Tensor:
    """Points that a Gaussian with this median distance would send so far out with probability 0.99."""
    distance = away.norm(dim=1)
    edge = math.sqrt(stats.chi2.ppf(KEPT, own.shape[1]) / stats.chi2.ppf(0.5, own.shape[1]))
    return own[distance <= edge * distance.quantile(0.5)]
