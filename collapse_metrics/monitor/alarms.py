"""Has something been lost that was there? Alarms of a whole run, however often it is looked at."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.diagnosis.mode_dropping import DROPPED_BELOW
from collapse_metrics.diagnosis.off_manifold import BROKEN_BELOW
from collapse_metrics.diagnosis.total_collapse import COLLAPSED_BELOW
from collapse_metrics.embed.rows import settle_range
from collapse_metrics.measurements import Look, look_at
from collapse_metrics.probes.guard import undisturbed
from collapse_metrics.records import Scorecard, Status, Verdict
from collapse_metrics.reference import Reference
from collapse_metrics.stats.watches import BoundedMean, FallenShares, Raised, Watch, least_called_shares

FRESH = 256
"""Fresh samples a look. At alpha 0.01 the loss of one of ten even modes is then proven by the second look, for 200
looks and more: 17.5 in logarithms is to be won, and two looks without the mode win 25. They cost half of what the
samples of a usual look cost, and nothing is measured of them but modes, acceptance and 128 distances."""


class Draw(Protocol):
    """Draws so many samples of a seed."""

    def __call__(self, n: int, *, seed: int) -> Tensor:
        """The samples, one a row."""


@dataclass(frozen=True)
class Alarm:
    """What was lost: under the name of its finding, when it was proven, how surely, and since when.

    ``e_value`` is how many times its stake a gambler against health would have made, ``needed`` what an alarm takes.
    ``since`` is the first look of the present state.
    """

    step: int
    finding: str
    mode: str | None
    e_value: float
    needed: float
    since: int

    def __str__(self) -> str:
        what = {
            "mode_dropping": f"mode {self.mode} has fallen below half of its share",
            "off_manifold": "most samples are no longer like the data",
            "total_collapse": "the samples have become nearly the same",
        }[self.finding]
        return f"ALARM at step {self.step}: {what}, since about step {self.since} (e-value {self.e_value:.3g})"


class Alarms:
    """The games of one run against its health, played on fresh latents at every look.

    Each begins after the first look that found the generator healthy, and nothing to watch in what it is played for:
    before, there is nothing to lose, and the scorecards say what is missing. After its alarm it waits for that again.

    Args:
        reference: What health is.
        alpha: Probability that a run that stays healthy is ever accused, all games together.
        seed: Of the fresh latents.
        since: Play from this step on, whatever the looks before it found.
    """

    def __init__(self, reference: Reference, *, alpha: float, seed: int, since: int | None = None) -> None:
        if not 0 < alpha < 1:
            raise ValueError(f"`alpha` is the probability of a false alarm, between 0 and 1, got {alpha}.")
        self.reference, self.alpha, self.seed, self.since = reference, alpha, seed, since
        self.bounds = bounds_of(reference)
        self.watches = {name: self._begin(name) for name in self.bounds}
        self.playing: set[str] = set()
        self.raised: set[str] = set()
        self.last = -1

    def due(self, step: int) -> bool:
        """Whether this look is played; one step has one set of fresh latents, which counts once."""
        return bool(self.playing) and step > self.last

    def heard(self, card: Scorecard, step: int) -> None:
        """Take note of a look's scorecard, which may let games begin with the next look.

        The verdict alone is not enough: a young generator may be healthy while some modes are still thin, and what
        never was there cannot be lost.
        """
        if self.since is not None and step >= self.since:
            self.playing |= set(self.watches) - self.raised
        if card.verdict is Verdict.HEALTHY:
            self.playing |= set(self.watches) - {f.name for f in card.findings if f.status is Status.WATCH}

    def look(self, draw: Draw, step: int, value_range: tuple[float, float] | None) -> list[Alarm]:
        """Draw fresh samples, play every game, and say which were won against health."""
        fake = draw(FRESH, seed=seed_of(self.seed, step))
        with undisturbed(None, exact=True):
            seen = look_at(fake, self.reference, value_range=settle_range(fake, self.reference.embedder, value_range))
        self.last = step
        counted = observations(seen, self.reference)
        alarms = []
        for name in sorted(self.playing):
            found = self.watches[name].update(counted[name], step=step)
            if found is not None:
                alarms.append(self._alarm(name, found))
                self.watches[name] = self._begin(name)
        self.raised |= {alarm.finding for alarm in alarms}
        self.playing -= {alarm.finding for alarm in alarms}
        return alarms

    def _alarm(self, name: str, found: Raised) -> Alarm:
        mode = self.reference.modes[found.mode] if name == "mode_dropping" else None
        return Alarm(found.step, name, mode, found.e_value, 1 / self.watches[name].alpha, found.since)

    def _begin(self, name: str) -> Watch:
        bound, each = self.bounds[name], self.alpha / len(self.bounds)
        return BoundedMean(bound, alpha=each) if isinstance(bound, float) else FallenShares(bound, alpha=each)

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on exactly, in JSON's types."""
        games = {name: watch.state_dict() for name, watch in self.watches.items()}
        names = {"playing": sorted(self.playing), "raised": sorted(self.raised)}
        return {**names, "last": self.last, "games": games}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        if set(state["games"]) != set(self.watches):
            raise ValueError(
                f"games of {sorted(self.watches)} are needed, got {sorted(state['games'])}: resume with the reference "
                "of the interrupted run."
            )
        for name, watch in self.watches.items():
            watch.load_state_dict(state["games"][name])
        self.playing, self.raised, self.last = set(state["playing"]), set(state["raised"]), int(state["last"])


def seed_of(seed: int, step: int) -> int:
    """Seed of the fresh latents of one look: the same in a resumed run, another one at every step."""
    return int(np.random.SeedSequence([seed % 2**63, step]).generate_state(1, np.uint64)[0] >> np.uint64(1))


def bounds_of(reference: Reference) -> dict[str, np.ndarray | float]:
    """What health keeps, by the finding that is made where it does not: the margins of the rules themselves.

    Shares of the modes; the share of samples that are *not* like the data; and how much nearer two samples are than
    two real ones usually are.
    """
    means = {
        "off_manifold": 1 - BROKEN_BELOW * reference.kept,
        "total_collapse": 1 - COLLAPSED_BELOW * float(_closeness(reference.anchor, reference)[1].mean()),
    }
    bounds: dict[str, np.ndarray | float] = {name: bound for name, bound in means.items() if bound < 1}
    if len(reference.modes) < 2:
        return bounds
    confusion = np.eye(len(reference.modes)) if reference.confusion is None else reference.confusion
    shares = least_called_shares(reference.shares, confusion, below=DROPPED_BELOW, n_real=reference.n_real)
    return bounds | ({"mode_dropping": shares} if shares.any() else {})


def observations(look: Look, reference: Reference) -> dict[str, np.ndarray]:
    """What each game is played on; samples that are not finite are not like the data."""
    accepted = np.zeros(look.total)
    accepted[: look.finite] = look.accepted.numpy() if look.says_something else 0
    called = look.called[look.accepted].numpy() if look.says_something else np.zeros(0, dtype=int)
    near = _closeness(look.features, reference)[0] if look.says_something else np.zeros(0)
    return {
        "off_manifold": 1 - accepted,
        "mode_dropping": np.bincount(called, minlength=len(reference.modes)),
        "total_collapse": near,
    }


def _closeness(rows: Tensor, reference: Reference) -> tuple[np.ndarray, np.ndarray]:
    """Of disjoint pairs of rows: how near, and how far apart they are, both from 0 to 1.

    Pairs that share no row are independent, as the bets need it; 1 is the usual distance of two real rows.
    """
    pairs = len(rows) // 2
    away = torch.linalg.vector_norm(rows[:pairs].double() - rows[pairs : 2 * pairs].double(), dim=1).numpy()
    far: np.ndarray = (away / reference.feature_spread[0]).clip(0, 1)
    return 1 - far, far
