"""How often is the verdict wrong on your own reference, at your own sample size? False alarms and power, measured."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.diagnosis import judge
from collapse_metrics.embed import Embedded
from collapse_metrics.measurements import FEWEST_ROWS, Look, measure_look
from collapse_metrics.metrics.participation_ratio import directions_of
from collapse_metrics.monitor.alarms import FRESH, bounds_of
from collapse_metrics.records import SCHEMA, Verdict
from collapse_metrics.reference import Reference
from collapse_metrics.stats.betting import BETS, log_bets_on_shares
from collapse_metrics.stats.restarts import Restarts
from collapse_metrics.stats.shares import clopper_pearson

SICK = frozenset({Verdict.PARTIAL_COLLAPSE, Verdict.COLLAPSE, Verdict.BROKEN})
"""Verdicts that accuse."""

HEALTH_PER_DEFECT = 5
"""Healthy sets for each set of one defect: a false-alarm rate near 1 % needs more of them than a power near 100 %."""

COPIES = 10
"""How often each sample occurs in the set of copies."""

SHRUNKEN_TO = 0.25
"""What is left of the distance to the mean of its mode, in the set of shrunken spread."""

LOOKS = 100
"""Looks of a stream, and twice the look at which a class is lost there."""

STREAMS = 1000
"""Streams behind the rates of the alarms, which cost next to nothing."""

Rows = tuple[Tensor, Tensor]
"""Feature rows, and the mode of each."""

Spoil = Callable[[Rows, int, torch.Generator], Rows]
"""Rows to choose from, how many, chance: a set with a defect."""


@dataclass(frozen=True)
class Rate:
    """How often something happened, and how sure that is: hits in trials, with an exact 95 % interval.

    ``wanted`` says which is better, ``"low"`` or ``"high"``; ``note`` what else was seen.
    """

    what: str
    wanted: str
    hits: int
    trials: int
    note: str = ""

    @property
    def share(self) -> float:
        """Hits over trials."""
        return self.hits / self.trials

    @property
    def interval(self) -> tuple[float, float]:
        """Clopper-Pearson, 95 %."""
        return clopper_pearson(self.hits, self.trials)

    def to_dict(self) -> dict[str, Any]:
        """The rate as plain JSON types."""
        return {**asdict(self), "share": self.share, "interval": list(self.interval)}


@dataclass(frozen=True)
class Calibration:
    """Rates of wrong and right verdicts and alarms, and what they were measured on."""

    reference: str
    n: int
    rows: int
    alpha: float
    seed: int
    verdicts: tuple[Rate, ...]
    alarms: tuple[Rate, ...]

    @property
    def caution(self) -> str:
        """What the intervals do not cover."""
        return (
            f"Sets of {self.n} are drawn from two pools of {self.rows} held-out real rows each, never the pool that "
            f"gives the yardstick; {self.rows // self.n} sets of a pool can be wholly different. The intervals are "
            "about sets from these rows; other real rows could have other rates. Rows are feature rows: what an "
            "embedder hides, and distances in raw values, are not tested."
        )

    def to_dict(self) -> dict[str, Any]:
        """The calibration as plain JSON types."""
        rates = {name: [rate.to_dict() for rate in getattr(self, name)] for name in ("verdicts", "alarms")}
        about = {name: getattr(self, name) for name in ("reference", "n", "rows", "alpha", "seed", "caution")}
        return {"schema": SCHEMA, **about, **rates}


def calibrate(
    *,
    reference: Reference,
    n: int = 500,
    trials: int = 100,
    alpha: float = 0.01,
    seed: int = 0,
) -> Calibration:
    """Judge sets of which the truth is known, made of the reference's own held-out rows.

    Held-out rows are what a perfect generator would have drawn: a verdict that accuses them is wrong. The same rows
    with a planted defect (a mode dropped, copies, a shrunken spread, one sample only) are to be accused.

    Reading the rates:
        - **False alarms** should be rare: the share of healthy sets that were accused, or called inconclusive.
        - **Found** should be near 1: below, this many samples do not show such a defect against this reference.
        - Alarms: the share of streams in which an alarm was raised, at most alpha in health; and after a loss.

    Args:
        reference: A fitted reference.
        n: Samples that will be judged in earnest.
        trials: Healthy sets; of each defect there is a fifth of it. A hundred take about a minute.
        alpha: Of the alarms.
        seed: Decides which rows make a set.

    Returns:
        The rates, with their intervals and with what these do not cover.

    Raises:
        ValueError: If the reference holds too few rows for sets of ``n``, or there are no trials.

    Example:
        >>> import torch
        >>> plane = Reference.fit(real=torch.randn(1200, 2, generator=torch.Generator().manual_seed(0)))
        >>> rates = calibrate(reference=plane, n=100, trials=10).verdicts
        >>> rates[0].what, rates[0].hits
        ('healthy, accused', 0)
    """
    pool = len(reference.fresh) // 2
    if not FEWEST_ROWS <= n <= pool // 2:
        raise ValueError(
            f"`n` must be {FEWEST_ROWS} to {pool // 2}, got {n}: {reference.name!r} holds {len(reference.fresh)} rows "
            "apart, half are the yardstick, and a set takes half of the rest. Fit it with more real samples."
        )
    if trials < HEALTH_PER_DEFECT:
        raise ValueError(f"`trials` must be at least {HEALTH_PER_DEFECT}, got {trials}.")
    verdicts = (*_of_health(reference, n, trials, seed), *_of_defects(reference, n, trials // HEALTH_PER_DEFECT, seed))
    alarms = tuple(_of_alarms(reference, alpha, seed))
    return Calibration(reference.name, n, pool, alpha, seed, verdicts, alarms)


def _of_health(reference: Reference, n: int, trials: int, seed: int) -> Iterator[Rate]:
    judged = _verdicts(reference, n, trials, seed, _perfect)
    accused = [findings for verdict, findings in judged if verdict in SICK]
    unsure = sum(verdict is Verdict.INCONCLUSIVE for verdict, _ in judged)
    yield Rate("healthy, accused", "low", len(accused), trials, _named(accused))
    yield Rate("healthy, called inconclusive", "low", unsure, trials)


def _of_defects(reference: Reference, n: int, trials: int, seed: int) -> Iterator[Rate]:
    for name, spoil in DEFECTS.items():
        if name == "one mode dropped" and len(reference.modes) < 2:
            continue
        judged = _verdicts(reference, n, trials, seed, spoil)
        accused = [findings for verdict, findings in judged if verdict in SICK]
        yield Rate(f"{name}, found", "high", len(accused), trials, _named(accused))


def _named(accused: list[tuple[str, ...]]) -> str:
    """Under which names the accused were found, the commonest first."""
    often = Counter(name for findings in accused for name in findings)
    return ", ".join(f"{name} {count}" for name, count in often.most_common())


def _verdicts(
    reference: Reference, n: int, trials: int, seed: int, spoil: Spoil
) -> list[tuple[Verdict, tuple[str, ...]]]:
    """Verdict and names of the findings of each set; the halves of the held-out rows take turns as the yardstick."""
    halves, found = _halves(reference, seed), []
    for trial in range(trials):
        yardstick, pool = halves[trial % 2]
        rng = torch.Generator().manual_seed(_mixed(seed, trial, spoil.__name__))
        look = _look(*spoil(pool, n, rng), yardstick, rng)
        verdict, findings = judge(measure_look(look, yardstick, step=None, seed=seed))
        found.append((verdict, tuple(f.name for f in findings if f.status == "found")))
    return found


def _halves(reference: Reference, seed: int) -> list[tuple[Reference, Rows]]:
    """The reference with one half of its held-out rows, and the other half to draw sets from, both ways round.

    A reference keeps no raw sample, so what is asked of raw values is asked of features here.
    """
    order = torch.randperm(len(reference.fresh), generator=torch.Generator().manual_seed(seed))
    parts = order[: len(order) // 2], order[len(order) // 2 :]
    rows = [(reference.fresh[part], reference.fresh_modes[part]) for part in parts]
    spread, error = reference.feature_spread
    directions, directions_error = directions_of(reference.anchor)
    in_features = replace(
        reference,
        raw_spread=spread,
        raw_spread_error=error,
        raw_dim=reference.fresh.shape[1],
        raw_directions=directions,
        raw_directions_error=directions_error,
    )
    yardsticks = [replace(in_features, fresh=kept, fresh_modes=modes) for kept, modes in rows]
    return [(yardsticks[0], rows[1]), (yardsticks[1], rows[0])]


def _look(rows: Tensor, modes: Tensor, reference: Reference, rng: torch.Generator) -> Look:
    """What would be seen in generated samples with these features.

    Where an embedder's classes decide what is like the data, a reference keeps no trace of it: as many are accepted by
    chance as of the real samples.
    """
    if reference.embedder.modes:
        accepted = torch.rand(len(rows), generator=rng) < reference.kept
    else:
        accepted = reference.accept(Embedded(features=rows, probs=None))
    return Look(len(rows), len(rows), rows, rows, rows, accepted, modes)


def _perfect(pool: Rows, n: int, rng: torch.Generator) -> Rows:
    chosen = torch.randperm(len(pool[0]), generator=rng)[:n]
    return pool[0][chosen], pool[1][chosen]


def _mode_dropped(pool: Rows, n: int, rng: torch.Generator) -> Rows:
    there = torch.unique(pool[1])
    lost = there[torch.randint(len(there), (1,), generator=rng)]
    kept = pool[1] != lost
    return _perfect((pool[0][kept], pool[1][kept]), n, rng)


def _copies(pool: Rows, n: int, rng: torch.Generator) -> Rows:
    rows, modes = _perfect(pool, max(1, n // COPIES), rng)
    chosen = torch.randint(len(rows), (n,), generator=rng)
    return rows[chosen], modes[chosen]


def _shrunken(pool: Rows, n: int, rng: torch.Generator) -> Rows:
    rows, modes = _perfect(pool, n, rng)
    means = torch.stack([pool[0][pool[1] == mode].mean(dim=0) for mode in range(int(pool[1].max()) + 1)])
    return means[modes] + SHRUNKEN_TO * (rows - means[modes]), modes


def _one_sample(pool: Rows, n: int, rng: torch.Generator) -> Rows:
    rows, modes = _perfect(pool, 1, rng)
    return rows.expand(n, -1).contiguous(), modes.expand(n)


DEFECTS: dict[str, Spoil] = {
    "one mode dropped": _mode_dropped,
    f"each sample {COPIES} times": _copies,
    f"spread within modes shrunk to {SHRUNKEN_TO:.0%}": _shrunken,
    "one sample only": _one_sample,
}
"""What is planted; the sizes are far beyond every margin, so that what is missed is missed for want of samples."""


def _of_alarms(reference: Reference, alpha: float, seed: int) -> Iterator[Rate]:
    """Streams of calls with the shares of the held-out rows: all along, and with one mode lost half-way."""
    rng = np.random.default_rng(seed)
    modes = len(reference.modes)
    games = bounds_of(reference)
    if "mode_dropping" not in games:
        return
    bounds, needed = np.asarray(games["mode_dropping"]), np.log(len(games) / alpha)
    called = np.bincount(reference.fresh_modes.numpy(), minlength=modes) / len(reference.fresh_modes)
    after = np.tile(called, (STREAMS, 1))
    after[np.arange(STREAMS), rng.choice(np.flatnonzero(bounds), size=STREAMS)] = 0
    after /= after.sum(axis=1, keepdims=True)
    healthy, lost = Restarts((STREAMS, modes, len(BETS))), Restarts((STREAMS, modes, len(BETS)))
    raised, late = np.zeros(STREAMS, dtype=bool), np.full(STREAMS, np.nan)
    for look in range(LOOKS):
        counts = rng.multinomial(FRESH, called, size=STREAMS)
        healthy.update(log_bets_on_shares(counts, bounds))
        raised |= healthy.log_total >= needed
        lost.update(log_bets_on_shares(counts if look < LOOKS // 2 else rng.multinomial(FRESH, after), bounds))
        now = (lost.log_total >= needed) & (look >= LOOKS // 2) & np.isnan(late)
        late[now] = look - LOOKS // 2 + 1
    yield Rate(
        f"alarm in {LOOKS} healthy looks", "low", int(raised.sum()), STREAMS, f"at this game's part of alpha {alpha}"
    )
    found = int(np.isfinite(late).sum())
    delay = f"median delay {np.nanmedian(late):.0f} looks of {FRESH} samples" if found else ""
    yield Rate(f"one mode lost at look {LOOKS // 2}, alarm", "high", found, STREAMS, delay)


def _mixed(seed: int, trial: int, name: str) -> int:
    """A seed for each set, so that no two share their chance."""
    return int(np.random.SeedSequence([seed, trial, *name.encode()]).generate_state(1, np.uint32)[0])
