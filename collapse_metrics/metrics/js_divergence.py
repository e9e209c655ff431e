"""JS divergence: how different are the mode shares of generator and reference, whoever lacks the modes?"""

import math

import numpy as np
from jaxtyping import Float, Int

from collapse_metrics._checks import check_counts, check_tallies
from collapse_metrics._registry import metric
from collapse_metrics.stats.divergence import JS, beyond_chance, chance, shares_behind, smooth_interval


def js_interval(
    *,
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval of the divergence in nats: its first-order variance, or a perfect generator's scatter around 0."""
    value = js_divergence(counts=counts, shares=shares, confusion=confusion, seed=seed)
    counts, shares = np.asarray(counts), np.asarray(shares, dtype=float)
    plain = float(JS.terms(shares_behind(counts, confusion), shares).sum())
    _, scatter = chance(JS, shares, int(counts.sum()), confusion, seed=seed)
    low, high = smooth_interval(value, _slope, counts, shares, confusion, chance_variance=scatter, level=level)
    return min(max(low, 0.0), value), max(min(high, math.log(2)), 0.0, plain)


@metric(
    best=0.0,
    collapsed=math.log(2),
    paper="https://doi.org/10.1109/18.61115",
    span=(-math.log(2), math.log(2)),
    interval=js_interval,
)
def js_divergence(
    *,
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None = None,
    base: float = math.e,
    seed: int = 0,
) -> float:
    r"""Mean divergence of both sets of mode shares from their middle, above what chance alone would show.

    With :math:`m = (p + \pi) / 2`, the number is :math:`\frac12 \sum p \ln(p/m) + \frac12 \sum \pi \ln(\pi/m)`. It
    counts modes that the generator lost and modes that it invented alike, and is finite whatever happens. Counts of a
    perfect generator differ from the reference too, by about (modes - 1) / 8n; what such chance adds is taken off.

    Reading the number:
        - **Healthy**: 0 on average at every sample size, so below 0 about half of the time. It is not cut off at 0,
          because then the average of healthy runs would not be 0.
        - **Collapsed**: near ln 2 = 0.69 nats, or 1 bit. One of ten equal modes left: 0.53. Half of them lost: 0.22.
        - **Blind to** everything within a mode. Where there are fewer samples than modes it is too low for generators
          between healthy and collapsed.
        - **Compare only** numbers of one classifier, set of modes and base. Some programs, SciPy's
          ``jensenshannon`` among them, give the square root.

    Args:
        counts: Accepted generated samples per mode as the classifier calls them.
        shares: Reference share of each mode; sums to 1.
        confusion: Share of real samples of mode ``row`` called ``column``; left out, calls are taken as true.
        base: Of the logarithm: e for nats, 2 for bits.
        seed: Of the simulated perfect generators; used only with ``confusion``.

    Returns:
        The divergence, at most ln 2 in the base; negative values are noise around 0.

    Raises:
        ValueError: If the arrays disagree, counts are not whole, there is no sample, shares or rows do not sum to 1,
            or the base is not above 1.

    Cost:
        Time ``sqrt(n * modes)``, and 200 draws of ``modes`` counts; with ``confusion``, 200 times the undoing of it.

    Example:
        >>> import numpy as np
        >>> round(js_divergence(counts=np.array([0, 0, 500, 500]), shares=np.array([0.5, 0.5, 0, 0]), base=2), 6)
        1.0
        >>> round(js_divergence(counts=np.array([250, 250, 250, 250]), shares=np.full(4, 0.25)), 5)
        -0.00038

    Reference:
        Lin, *Divergence measures based on the Shannon entropy*, IEEE Transactions on Information Theory 1991; for
        bins of generated data Richardson and Weiss, *On GANs and GMMs*, NeurIPS 2018. The papers give the plug-in
        number; ours is less by the exact mean over all counts of a perfect generator, in proportion to the noise that
        the counts at hand can contain (``stats.divergence.beyond_chance``). With confusion, the most likely shares
        behind the calls are compared.
    """
    counts, shares = np.asarray(counts), np.asarray(shares, dtype=float)
    check_counts(counts, shares, confusion)
    check_tallies(1, counts=counts)
    if not base > 1:
        raise ValueError(f"`base` must be above 1, got {base}: e for nats, 2 for bits.")
    return beyond_chance(JS, counts, shares, confusion, seed=seed) / math.log(base)


def _slope(now: np.ndarray, shares: np.ndarray) -> np.ndarray:
    rise: np.ndarray = np.log(np.divide(2 * now, now + shares, out=np.ones_like(now), where=now > 0)) / 2
    return rise
