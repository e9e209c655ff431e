r"""How much would a gambler win who bets that something has gone wrong? Stakes at which health never pays.

A bet on one observation ``x`` between 0 and 1, whose mean health keeps at or below ``bound``, multiplies the stake by
``1 + lam * (x - bound)`` with ``lam = b / bound`` and ``0 < b < 1``.

It is never negative: the least factor, at ``x = 0``, is ``1 - b``. And it pays nothing while health lasts, whatever
depends on what: given all that came before, the factor's mean is ``1 + lam * (mean - bound)``, which is at most 1 when
the *conditional* mean is at most ``bound``. Nothing else is asked of the past: the generator may have been trained on
it. Samples of one look are independent of each other given the past, so their factors multiply. Hence the product over
any number of looks has mean at most 1 at every stopping time (a supermartingale), and by Ville's inequality it ever
reaches ``1 / alpha`` with probability at most ``alpha``.
"""

import numpy as np
from jaxtyping import Float, Int

BETS = (0.25, 0.5, 0.75, 0.95)
"""Parts of the stake that can be lost at once, all tried at the same time. The largest wins where a mode is gone, the
smallest where a third of it is left; at 1, one sample of the mode would end the game for good (Waudby-Smith and Ramdas
2024 cut their bets off at the same place)."""


def log_bets_on_shares(
    counts: Int[np.ndarray, "*looks modes"], bounds: Float[np.ndarray, " modes"]
) -> Float[np.ndarray, "*looks modes bets"]:
    """Logarithm of what bets that each mode is drawn too rarely win at each look.

    The observation is whether a sample is of *another* mode; its mean is at most ``1 - bound`` while the mode keeps a
    share of ``bound``. All samples but those of the mode win the same, so the product needs only their counts.

    Args:
        counts: Samples of each mode at each look.
        bounds: Least share of each mode that health keeps, below 1; at 0 nothing is bet.

    Returns:
        One number for each look, mode and bet of ``BETS``.

    Raises:
        ValueError: If a bound is no share below 1, or there is not one bound a mode.

    Example:
        >>> won = np.exp(log_bets_on_shares(np.array([0, 100]), np.array([0.05, 0.05])))
        >>> bool(won[0, 3] > 100), bool(won[1, 0] < 1e-10)
        (True, True)
    """
    counts, bounds = np.asarray(counts, dtype=float), np.asarray(bounds, dtype=float)
    if counts.shape[-1:] != bounds.shape:
        raise ValueError(f"one bound a mode is needed, got {bounds.shape} for counts of shape {counts.shape}.")
    if not ((bounds >= 0) & (bounds < 1)).all():
        raise ValueError(f"`bounds` are shares from 0 to below 1, got {bounds}: divide by the number of samples.")
    part = np.array(BETS)
    odds = (bounds / (1 - bounds))[:, None]
    others = counts.sum(axis=-1, keepdims=True) - counts
    staked = (bounds > 0)[:, None]
    won: np.ndarray = others[..., None] * np.log1p(part * odds) + counts[..., None] * np.log1p(-part) * staked
    return won


def log_bets_on_mean(values: Float[np.ndarray, "*looks samples"], bound: float) -> Float[np.ndarray, "*looks bets"]:
    """Logarithm of what bets that a mean has risen above its bound win at each look.

    Args:
        values: Observations from 0 to 1. Where a mean must not *fall*, give 1 less the observations.
        bound: Largest mean that health keeps, above 0; at 1 and more nothing is bet.

    Returns:
        One number for each look and bet of ``BETS``.

    Raises:
        ValueError: If an observation lies outside 0 to 1, or the bound is not above 0.
    """
    values = np.asarray(values, dtype=float)
    if not bound > 0:
        raise ValueError(f"`bound` must be above 0, got {bound}: a mean that must be 0 is broken by one observation.")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError(f"observations from 0 to 1 are needed, got {values.min():.3g} to {values.max():.3g}: clip.")
    part = np.array(BETS) * (bound < 1)
    won: np.ndarray = np.log1p(part * (values[..., None] / bound - 1)).sum(axis=-2)
    return won
