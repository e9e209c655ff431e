"""Which of two generators is better, on the same latents? Paired tests, and what they could have shown."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.checkpoints.contrasts import Comparison, Contrast, Outcome, in_one_word
from collapse_metrics.embed.rows import as_tensor, settle_range
from collapse_metrics.measurements import NEIGHBOUR_ROWS, POWER, Look, look_at, shuffled
from collapse_metrics.metrics._neighbours import nearest
from collapse_metrics.metrics._table import NeighbourTable
from collapse_metrics.metrics.pairwise_diversity import spread_of
from collapse_metrics.reference import Reference
from collapse_metrics.stats.paired import Difference, mcnemar, paired_jackknife, sign_flip
from collapse_metrics.stats.shares import holm

BLOCKS = 20
"""Blocks of pairs left out in turn: nineteen degrees of freedom cost 1.07 of the normal quantile, where ten blocks cost
1.15, and blocks of fifty rows still hold every mode."""

Range = tuple[float, float] | None
"""What black and white are, where that is known."""

FEWEST_PAIRS = 100
"""Fewest latents for which anything is said: five pairs a block."""

ALPHA = 0.05
"""Probability that any difference is called that is not there, over all measures (Holm): the usual convention."""

MARGIN = 0.01
"""Smallest difference that matters, a hundredth of the data: on the same latents differences are shown that nobody would
ever see. A convention; set your own."""


def compare_samples(
    *,
    first: Any,
    second: Any,
    reference: Reference,
    value_ranges: tuple[Range, Range] = (None, None),
    alpha: float = ALPHA,
    margin: float = MARGIN,
    seed: int = 0,
) -> Comparison:
    """Say whether the second of two generators is better, worse, or not shown to differ, on the same latents.

    What the latents do to both scores alike drops out of their difference, which is what makes the comparison sharp.
    Shares and distances are compared latent by latent (McNemar's exact test, sign flips); what only a whole set has is
    compared by leaving the same blocks of latents out of both (jackknife). The p-values are Holm's, so that ``alpha`` is
    the probability of calling any difference that is not there. Everything is given the reference: another set of real
    data may order two close generators otherwise.

    Args:
        first: Samples, one a row; row ``i`` was made of the ``i``-th latent.
        second: Samples of the other generator, of the same latents in the same order.
        reference: Real data.
        value_ranges: What black and white are in the pictures of the first and of the second.
        alpha: Probability of a false call, over all measures.
        margin: Smallest difference that matters; every measure is a share, or relative to real data.
        seed: Decides which pairs share a block, and the random signs.

    Returns:
        The comparison; differences are second minus first.

    Raises:
        ValueError: If the two differ in length, or hold fewer than 100 pairs or NaN.
    """
    looks = _looks(first, second, reference, value_ranges)
    measured = list(_differences(*looks, reference, seed))
    adjusted = holm(np.array([difference.p_value for _, _, _, difference in measured]))
    contrasts = tuple(
        _contrast(*measure, float(p), aim=_aim(measure[0], reference), alpha=alpha, margin=margin, tests=len(measured))
        for measure, p in zip(measured, adjusted, strict=True)
    )
    origin = {
        "n_pairs": looks[0].total,
        "reference": reference.name,
        "reference_fingerprint": reference.fingerprint,
        "embedder_fingerprint": reference.embedder.fingerprint,
        "alpha": alpha,
        "margin": margin,
        "power": POWER,
        "seed": seed,
    }
    return Comparison(in_one_word(contrasts), contrasts, origin)


ASKS = {
    "accepted_share": "which share is like the data at all",
    "real_distance": "how far a sample is from the nearest real one, over the radius of real ones",
    "coverage": "which share of the real data is reached",
    "distinct_neighbours": "how many different real samples are nearest to one, per sample",
    "mode_imbalance": "how far the shares of the modes are from those of the data (total variation)",
    "pairwise_diversity": "how far two samples lie apart, over two real ones",
}
"""What each measure asks."""


def _aim(name: str, reference: Reference) -> float:
    """What a perfect generator scores: nearer to it is better. Samples nearer to the data than new data are none."""
    if name == "real_distance":
        away, _ = nearest(reference.fresh, to=reference.anchor)
        return float(away.mean()) / reference.radius
    return {"mode_imbalance": 0.0}.get(name, 1.0)



Measured = tuple[str, str, tuple[float, float], Difference]


def _looks(first: Any, second: Any, reference: Reference, ranges: tuple[Range, Range]) -> tuple[Look, Look]:
    if len(first) != len(second):
        raise ValueError(f"two sets of the same latents are needed, got {len(first)} and {len(second)} samples.")
    if len(first) < FEWEST_PAIRS:
        raise ValueError(f"{FEWEST_PAIRS} pairs of samples or more are needed, got {len(first)}: draw more.")
    looks = []
    for name, samples, ends in zip(("first", "second"), (first, second), ranges, strict=True):
        rows = as_tensor(samples)
        settled = settle_range(rows, reference.embedder, ends) if rows.ndim > 1 else ends
        look = look_at(rows, reference, value_range=settled)
        if look.finite < look.total:
            bad = look.total - look.finite
            raise ValueError(f"finite samples are needed, the {name} generator made {bad} that are not: it is broken.")
        looks.append(look)
    return looks[0], looks[1]


def _differences(first: Look, second: Look, reference: Reference, seed: int) -> Iterator[Measured]:
    """Every measure of both, with the difference."""
    ends = [look.accepted.numpy() for look in (first, second)]
    yield "accepted_share", "McNemar, exact", (ends[0].mean(), ends[1].mean()), mcnemar(ends[0], ends[1])
    yield _distance(first, second, reference, seed)
    rows = shuffled(first.total, seed)[:NEIGHBOUR_ROWS]  # the same latents of both
    tables = [NeighbourTable(real=reference.anchor, fake=look.features[rows]) for look in (first, second)]
    scores: dict[str, tuple[int, list[Callable[[Tensor], float]]]] = {
        name: (len(rows), [table.measure(name) for table in tables]) for name in ("coverage", "distinct_neighbours")
    }
    if len(reference.modes) > 1:
        scores["mode_imbalance"] = (first.total, [_imbalance(look, reference) for look in (first, second)])
    scores["pairwise_diversity"] = (len(rows), [_diversity(look.features[rows], reference) for look in (first, second)])
    for name, (n, (one, other)) in scores.items():
        every = torch.arange(n)
        found = paired_jackknife(one, other, n, blocks=BLOCKS, seed=seed)
        yield name, "paired block jackknife", (one(every), other(every)), found


def _distance(first: Look, second: Look, reference: Reference, seed: int) -> Measured:
    """Distance to the nearest real sample, latent by latent."""
    away = [nearest(look.features, to=reference.anchor)[0].double().numpy() for look in (first, second)]
    one, other = (distances / reference.radius for distances in away)
    found = sign_flip(other - one, rng=np.random.default_rng(seed))
    return "real_distance", "sign flips", (one.mean(), other.mean()), found


def _imbalance(look: Look, reference: Reference) -> Callable[[Tensor], float]:
    """Half the sum of what the shares of the called modes differ from those of the data."""
    expected = np.bincount(
        torch.cat([reference.anchor_modes, reference.fresh_modes]).numpy(), minlength=len(reference.modes)
    )

    def score(rows: Tensor) -> float:
        called = look.called[rows][look.accepted[rows]]
        counts = np.bincount(called.numpy(), minlength=len(expected))
        return float(np.abs(counts / max(1, counts.sum()) - expected / expected.sum()).sum() / 2)

    return score


def _diversity(features: Tensor, reference: Reference) -> Callable[[Tensor], float]:
    unit = reference.feature_spread[0]
    return lambda rows: spread_of(features[rows])[0] / unit


def _contrast(
    name: str,
    test: str,
    ends: tuple[float, float],
    found: Difference,
    adjusted: float,
    *,
    aim: float,
    alpha: float,
    margin: float,
    tests: int,
) -> Contrast:
    """The difference in words. What it could have shown is that of a test at the level that Holm begins with."""
    outcome = Outcome.NO_DIFFERENCE_SHOWN
    if adjusted <= alpha:
        nearer = abs(ends[1] - aim) < abs(ends[0] - aim)
        outcome = Outcome.BETTER if nearer else Outcome.WORSE
        outcome = outcome if abs(found.value) >= margin else Outcome.TOO_SMALL_TO_MATTER
    low, high = found.interval(1 - alpha)
    detectable = found.detectable(alpha=alpha / tests, power=POWER)
    return Contrast(
        name=name,
        asks=ASKS[name],
        first=float(ends[0]),
        second=float(ends[1]),
        aim=aim,
        difference=found.value,
        low=low,
        high=high,
        p_value=found.p_value,
        adjusted=adjusted,
        detectable=detectable,
        test=test,
        outcome=outcome,
    )
