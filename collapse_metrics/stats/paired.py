"""Do two generators differ on the same latents? Tests of pairs, which chance in the latents cannot fool."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy import stats
from torch import Tensor

from collapse_metrics.stats.jackknife import blocks_of


@dataclass(frozen=True)
class Difference:
    """A difference of two scores, its standard error with degrees of freedom, and how likely so large a one is.

    ``coins`` is the number of pairs where the test counts those that differ, as coins.
    """

    value: float
    error: float
    dof: int | float
    p_value: float
    coins: int | None = None

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Two-sided interval by Student's t."""
        half = float(stats.t.ppf((1 + level) / 2, self.dof)) * self.error
        return self.value - half, self.value + half

    def detectable(self, *, alpha: float, power: float) -> float:
        """Smallest true difference that a two-sided test at ``alpha`` shows with probability ``power``.

        Coins that nobody threw still have to be thrown: of pairs that differ, so many are needed that heads alone would
        have been a surprise.
        """
        by_error = float(stats.t.ppf(1 - alpha / 2, self.dof) + stats.t.ppf(power, self.dof)) * self.error
        if self.coins is None:
            return by_error
        needed = np.ceil(np.log2(2 / alpha))
        return max(by_error, float(stats.gamma.ppf(power, needed)) / self.coins)


def paired_jackknife(
    first: Callable[[Tensor], float],
    second: Callable[[Tensor], float],
    n: int,
    *,
    blocks: int = 20,
    seed: int = 0,
) -> Difference:
    """Difference of a score between two sets whose rows are pairs: the same blocks are left out of both.

    What the latents of a block do to both scores drops out of the difference, so its error is that of the difference
    alone, and never needs the two scores to be independent.

    Args:
        first: Rows to keep -> score of the first set.
        second: The same for the second set; row ``i`` of both came from one latent.
        n: Pairs.
        blocks: Parts left out in turn; the test has one degree of freedom fewer.
        seed: Decides which pairs share a block.

    Returns:
        Second minus first, with a two-sided p-value by Student's t.
    """
    kept = blocks_of(n, blocks=blocks, seed=seed)
    every = torch.arange(n)
    value = second(every) - first(every)
    parts = np.array([second(rows) - first(rows) for rows in kept])
    b = len(parts)
    error = float(np.sqrt((b - 1) / b * np.square(parts - parts.mean()).sum()))
    return Difference(value, error, b - 1, t_p_value(value, error, b - 1))


def t_p_value(value: float, error: float, dof: int | float) -> float:
    """Two-sided p-value of a number with a standard error; 1 of nothing at all, 0 of a difference without error."""
    if error == 0:
        return float(value == 0)
    return float(2 * stats.t.sf(abs(value) / error, dof))


def mcnemar(first: Bool[np.ndarray, " n"], second: Bool[np.ndarray, " n"]) -> Difference:
    """Difference of two shares of the same latents; p-value exact (McNemar 1947): pairs that differ are coins.

    Returns:
        Share of the second minus share of the first; the standard error is that of the mean of the differences.
    """
    lost, won = int((first & ~second).sum()), int((~first & second).sum())
    moved = second.astype(float) - first.astype(float)
    p_value = float(stats.binomtest(won, won + lost, 0.5).pvalue) if won + lost else 1.0
    return Difference(float(moved.mean()), _mean_error(moved), len(moved) - 1, p_value, coins=len(moved))


FLIPS = 9999
"""Random signs behind a sign-flip test: p-values down to 1e-4."""


def sign_flip(differences: Float[np.ndarray, " n"], *, flips: int = FLIPS, rng: np.random.Generator) -> Difference:
    """Mean of differences of pairs; p-value by turning the signs of pairs at random, exact for exchangeable pairs.

    The pairs as they are count as one of the draws, so that the level is kept for any number of ``flips``.
    """
    differences = np.asarray(differences, dtype=float)
    seen = abs(differences.sum())
    extreme = 0
    for size in np.diff([*range(0, flips, 1000), flips]):
        signs = rng.integers(0, 2, (size, len(differences)), dtype=np.int8) * 2 - 1
        extreme += int((np.abs(signs.astype(float) @ differences) >= seen * (1 - 1e-12)).sum())
    p_value = (1 + extreme) / (flips + 1)
    return Difference(float(differences.mean()), _mean_error(differences), len(differences) - 1, p_value)


def _mean_error(differences: np.ndarray) -> float:
    return float(differences.std(ddof=1) / np.sqrt(len(differences)))
