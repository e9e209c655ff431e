"""Does the evidence suffice? Bets that begin anew at every look, so that even a late change is seen soon."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from jaxtyping import Float
from scipy import special

SLOWLY = 1.2
"""How the stakes of later beginnings fall: the s-th look gets s to the minus this, so that all together cost one stake.
Of the exponents whose sum is finite, it asks the least of a change at about the 200th look (5.6 * 200 ** 1.2 times
one stake), and little more of any other up to 10,000."""

NOTHING = -1e300
"""Logarithm of no money at all, as a number that JSON can hold."""

Promise = Literal["run", "look"]
"""``"run"``: a healthy run is ever accused with probability at most alpha. ``"look"``: healthy looks between two
accusations are at least 1 / alpha in the mean."""


class Restarts:
    """Bets on many modes, begun anew at every look, and what all of them together are worth.

    One game that began long ago has lost all its money when something at last goes wrong. So a new one begins at each
    look. With stakes that sum to one, their total is still an e-process, which ever reaches ``1 / alpha`` with
    probability at most ``alpha`` (promise ``"run"``). With one whole stake at each look it is the Shiryaev-Roberts
    e-detector of Shin, Ramdas and Rinaldo (https://arxiv.org/abs/2203.03532), which is quicker and is wrong again and
    again, on average once in ``1 / alpha`` looks at least (promise ``"look"``).

    Args:
        shape: ``(..., modes, bets)``; what stands in front are games of their own.
        promise: Which of the two error rates is kept.

    Example:
        >>> game = Restarts((1, 1))
        >>> for won in [-2.0] * 50 + [3.0] * 4:
        ...     game.update(np.array([[won]]))
        >>> bool(np.exp(game.log_total) > 100)
        True
    """

    def __init__(self, shape: tuple[int, ...], *, promise: Promise = "run") -> None:
        if len(shape) < 2 or min(shape) < 1:
            raise ValueError(f"`shape` must end in at least one mode and one bet, got {shape}.")
        if promise not in ("run", "look"):
            raise ValueError(f"`promise` must be 'run' or 'look', got {promise!r}.")
        self.promise = promise
        self.looks = 0
        self.log_sums = np.full(shape, NOTHING)

    def update(self, log_bets: Float[np.ndarray, "*games modes bets"]) -> None:
        """Play one look.

        Args:
            log_bets: What each bet of this look multiplies its stake by, as a logarithm.
        """
        log_bets = np.asarray(log_bets, dtype=float)
        if log_bets.shape != self.log_sums.shape:
            raise ValueError(f"bets of shape {self.log_sums.shape} are needed, got {log_bets.shape}.")
        self.looks += 1
        stake = 0.0 if self.promise == "look" else -SLOWLY * np.log(self.looks) - np.log(special.zeta(SLOWLY))
        self.log_sums = np.logaddexp(self.log_sums, stake) + log_bets

    @property
    def log_wealth(self) -> Float[np.ndarray, "*games modes"]:
        """Logarithm of the e-value of each mode: the mean over its bets, with the stakes that were not yet needed."""
        bets = self.log_sums.shape[-1]
        played = special.logsumexp(self.log_sums, axis=-1) - np.log(bets)
        if self.promise == "look":
            wealth: np.ndarray = played
        else:
            kept = np.log(special.zeta(SLOWLY, self.looks + 1)) - np.log(special.zeta(SLOWLY))
            wealth = np.logaddexp(played, kept)
        return wealth

    @property
    def log_total(self) -> Float[np.ndarray, "*games"]:
        """Logarithm of the e-value that all modes are in health: the mean over the modes, whatever links them."""
        wealth = self.log_wealth
        return np.asarray(special.logsumexp(wealth, axis=-1) - np.log(wealth.shape[-1]))

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on exactly, in JSON's types."""
        return {"promise": self.promise, "looks": self.looks, "log_sums": self.log_sums.tolist()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state_dict`` was taken.

        Raises:
            ValueError: If the state is of another game.
        """
        sums = np.array(state["log_sums"], dtype=float)
        if sums.shape != self.log_sums.shape or state["promise"] != self.promise:
            raise ValueError(
                f"a state of shape {self.log_sums.shape} with promise {self.promise!r} is needed, got {sums.shape} "
                f"with {state['promise']!r}: resume with the reference and the options of the interrupted run."
            )
        self.looks, self.log_sums = int(state["looks"]), sums
