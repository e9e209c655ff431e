"""How often does a healthy run raise an alarm, and how soon is a lost class found and dated? Streams of counts.

``reference-gans study live_alarms`` writes ``docs/studies/live_alarms.md``, its numbers and its figure.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from collapse_metrics.diagnosis.mode_dropping import DROPPED_BELOW
from collapse_metrics.reference import Reference
from collapse_metrics.stats.betting import BETS, log_bets_on_shares
from collapse_metrics.stats.fallen_since import fallen_since
from collapse_metrics.stats.restarts import Promise, Restarts
from collapse_metrics.stats.shares import clopper_pearson
from collapse_metrics.stats.watches import DATED, least_called_shares

BATCH, LOOKS = 64, 313
"""Samples a look, and looks a stream: 20,032 samples."""

ALPHAS = (0.01, 0.001)
"""Error rates of a whole run."""

HEALTHY_STREAMS, SICK_STREAMS = 10_000, 2000
"""Streams of each row. At alpha 0.001, some ten of 10,000 may raise an alarm."""

EARLIEST, LATEST = 20, 250
"""Looks between which a class is lost; the rest of the stream is left to find it."""

NEAR = 2
"""Checks by which a date may be off."""

CHUNK = 500
"""Streams at once."""

SEED = 0
"""Of all streams."""

Shares = Callable[["Law", np.random.Generator, int], np.ndarray]
"""True shares of each stream and look: ``(streams, looks, modes)``."""


@dataclass(frozen=True)
class Law:
    """Shares of the digits, how often each is called, and what health keeps of that."""

    shares: np.ndarray
    confusion: np.ndarray
    bounds: np.ndarray

    @classmethod
    def of_digits(cls) -> "Law":
        """That of the packaged reference."""
        digits = Reference.named("mnist")
        confusion = np.eye(len(digits.modes)) if digits.confusion is None else digits.confusion
        bounds = least_called_shares(digits.shares, confusion, below=DROPPED_BELOW, n_real=digits.n_real)
        return cls(digits.shares, confusion, bounds)


def as_reference(law: Law, rng: np.random.Generator, streams: int) -> np.ndarray:
    """The reference's own shares at every look."""
    return np.broadcast_to(law.shares, (streams, LOOKS, len(law.shares)))


def hardest(law: Law, rng: np.random.Generator, streams: int) -> np.ndarray:
    """One class, another in each stream, at exactly half of its share all along: the edge of health."""
    kept = np.full((streams, len(law.shares)), DROPPED_BELOW)
    return np.broadcast_to(_thinned(law, kept, rng)[:, None], (streams, LOOKS, len(law.shares)))


def wandering(law: Law, rng: np.random.Generator, streams: int) -> np.ndarray:
    """Half of all samples as the reference has them; the other half goes to classes whose weights walk at random."""
    walk = rng.standard_normal((streams, LOOKS, len(law.shares))).cumsum(axis=1) / 4
    weights = np.exp(walk - walk.max(axis=2, keepdims=True))
    weights /= weights.sum(axis=2, keepdims=True)
    return np.asarray(DROPPED_BELOW * law.shares + (1 - DROPPED_BELOW) * weights)


def _thinned(law: Law, kept: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Shares of each stream when one class, drawn at random, has a part ``kept`` of its share; the others grow."""
    streams, modes = kept.shape
    which = np.arange(modes) == rng.integers(modes, size=(streams, 1))
    thin = np.where(which, kept * law.shares, 0.0)
    rest = np.where(which, 0.0, law.shares)
    return np.asarray(thin + rest * (1 - thin.sum(axis=1, keepdims=True)) / rest.sum(axis=1, keepdims=True))


def _only_one(law: Law, kept: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    streams, modes = kept.shape
    return np.asarray(np.arange(modes) == rng.integers(modes, size=(streams, 1)), dtype=float)


HEALTHY: dict[str, Shares] = {
    "the reference's shares": as_reference,
    "shares that wander, none below half": wandering,
    "one class at exactly half of its share": hardest,
}
"""Ways to be healthy, the hardest last."""

SICK: dict[str, tuple[float, Callable[..., np.ndarray]]] = {
    "one class lost": (0.0, _thinned),
    "one class at a fifth of its share": (0.2, _thinned),
    "all classes but one lost": (0.0, _only_one),
}
"""What happens at a random look: the part of a class's share that is left, and how the others take the rest."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Draw all streams, play all games, and write page, numbers and figure.

    Args:
        data_root: Not used; every study takes it.
        quick: A few streams, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    found = outcomes(Law.of_digits(), *((40, 40) if quick else (HEALTHY_STREAMS, SICK_STREAMS)))
    page = "\n".join(_page(found)) + "\n"
    print(page)
    if where:
        where.mkdir(parents=True, exist_ok=True)
        (where / "live_alarms.json").write_text(json.dumps(found) + "\n")
        (where / "live_alarms.svg").write_text(_figure(found))
        (where / "live_alarms.md").write_text(page)


def outcomes(law: Law, healthy: int, sick: int) -> dict[str, Any]:
    """Everything that the page tells, in JSON's types."""
    return {
        "healthy": [row for name in HEALTHY for row in false_alarms(law, name, healthy)],
        "sick": [row for name in SICK for row in delays(law, name, sick)],
    }


def false_alarms(law: Law, name: str, streams: int) -> Iterator[dict[str, Any]]:
    """How many healthy streams are ever accused, by bets and by a test that does not know that it is repeated."""
    highest, tested = [], []
    for rng, some in _chunks(name, streams):
        counts = _counts(law, HEALTHY[name](law, rng, some), rng)
        highest.append(play(counts, law.bounds, "run")[0].max(axis=1))
        tested.append(_chi_square(counts, law.shares @ law.confusion).min(axis=1))
    for alpha in ALPHAS:
        alarms = int((np.concatenate(highest) >= -np.log(alpha)).sum())
        naive = int((np.concatenate(tested) <= alpha).sum()) if name == "the reference's shares" else None
        yield {"arm": name, "alpha": alpha, "streams": streams, "alarms": alarms, "chi_square": naive}


def delays(law: Law, name: str, streams: int) -> Iterator[dict[str, Any]]:
    """How soon after a loss each promise raises its alarm, and by how many looks the date is off."""
    kept, spoil = SICK[name]
    late: dict[tuple[Promise, float], list[np.ndarray]] = {}
    for rng, some in _chunks(name, streams):
        at = rng.integers(EARLIEST, LATEST, size=some)
        after = spoil(law, np.full((some, len(law.shares)), kept), rng)
        lost = (np.arange(LOOKS) >= at[:, None])[..., None]
        counts = _counts(law, np.where(lost, after[:, None], law.shares), rng)
        for promise in ("run", "look"):
            log_e, mode = play(counts, law.bounds, promise)
            for alpha in ALPHAS:
                first = _first(log_e, at, alpha)
                off = [_off(counts[i], law.bounds, mode[i], at[i], last) for i, last in enumerate(first[:, 1])]
                late.setdefault((promise, alpha), []).append(np.column_stack([first, off]))
    for (promise, alpha), parts in late.items():
        early, looks, off = np.concatenate(parts).T
        seen, delay = np.isfinite(looks), looks * BATCH
        yield {
            "arm": name, "promise": promise, "alpha": alpha, "streams": streams,
            "early": int(early.sum()), "found": int(seen.sum()),
            "delays": [[int(d), int((delay[seen] <= d).sum())] for d in np.unique(delay[seen])],
            "near": int((np.abs(off[seen]) <= NEAR).sum()),
        }  # fmt: skip


def _first(log_e: np.ndarray, at: np.ndarray, alpha: float) -> np.ndarray:
    """Of each stream: whether it was accused before the loss, and looks from the loss until the alarm, both counted.

    An alarm before the loss is put aside and the game goes on, so that it does not hide the delay.
    """
    over, looks = log_e >= -np.log(alpha), np.arange(log_e.shape[1])
    before = looks < at[:, None]
    late = over & ~before
    delay = np.where(late.any(axis=1), late.argmax(axis=1) - at + 1, np.nan)
    return np.column_stack([(over & before).any(axis=1), delay])


def _off(counts: np.ndarray, bounds: np.ndarray, modes: np.ndarray, at: int, delay: float) -> float:
    """Looks by which the date of one stream's alarm is off, by the same function that a monitor asks."""
    if np.isnan(delay):
        return np.nan
    last = at + int(delay)
    mode, start = modes[last - 1], max(0, last - DATED)
    hits, totals = counts[start:last, mode], counts[start:last].sum(axis=1)
    return float(start + fallen_since(hits, totals, float(bounds[mode])) - at)


def play(counts: np.ndarray, bounds: np.ndarray, promise: Promise) -> tuple[np.ndarray, np.ndarray]:
    """Logarithm of the e-value of each stream at each look, and its richest mode."""
    streams, looks, modes = counts.shape
    game = Restarts((streams, modes, len(BETS)), promise=promise)
    log_e, richest = np.empty((streams, looks)), np.empty((streams, looks), dtype=int)
    for look in range(looks):
        game.update(log_bets_on_shares(counts[:, look], bounds))
        log_e[:, look], richest[:, look] = game.log_total, game.log_wealth.argmax(axis=1)
    return log_e, richest


def _counts(law: Law, shares: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.asarray(rng.multinomial(BATCH, shares @ law.confusion))


def _chi_square(counts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    expected = counts.sum(axis=2, keepdims=True) * shares
    return np.asarray(stats.chi2.sf(((counts - expected) ** 2 / expected).sum(axis=2), len(shares) - 1))


def _chunks(name: str, streams: int) -> Iterator[tuple[np.random.Generator, int]]:
    for start in range(0, streams, CHUNK):
        yield np.random.default_rng([SEED, start, *name.encode()]), min(CHUNK, streams - start)


def _page(found: dict[str, Any]) -> Iterator[str]:
    yield "# Alarms of live runs"
    yield ""
    yield "Written by `reference-gans study live_alarms`; do not edit. Streams of class counts, drawn with the shares and the confusion"
    yield f"of the packaged digits: {LOOKS} looks of {BATCH} fresh samples, {LOOKS * BATCH:,} in all. Seed {SEED}, no stream left out. Intervals are"
    yield "Clopper-Pearson 95 %. A whole run that stays healthy may raise an alarm with probability alpha at most. Beside it, what happens"
    yield "when a chi-square test at the same level is asked at every look."
    yield ""
    yield "| healthy streams | alpha | streams | with an alarm | share | interval | chi-square at every look |"
    yield "| --- " * 7 + "|"
    for row in found["healthy"]:
        low, high = clopper_pearson(row["alarms"], row["streams"])
        naive = "" if row["chi_square"] is None else f"{row['chi_square'] / row['streams']:.1%}"
        share = row["alarms"] / row["streams"]
        yield f"| {row['arm']} | {row['alpha']} | {row['streams']:,} | {row['alarms']} | {share:.2%} | {low:.2%} to {high:.2%} | {naive} |"
    yield ""
    yield f"Something is lost at a random look, the {EARLIEST}th to the {LATEST - 1}th. *Run*: the promise above. *Look*: the e-detector, which in health"
    yield "is wrong once in 1/alpha looks on average at most; *early* counts streams in which it was, before anything was lost. Delays count"
    yield f"the samples from the loss to the alarm. *Dated*: among the alarms after the loss, the date is off by at most {NEAR} looks."
    yield ""
    yield "| what happens | promise | alpha | streams | early | found | median delay | 95 % within | dated | interval |"
    yield "| --- " * 10 + "|"
    for row in found["sick"]:
        low, high = clopper_pearson(row["near"], row["found"])
        middle, most = (_delay(row, part) for part in (0.5, 0.95))
        yield (
            f"| {row['arm']} | {row['promise']} | {row['alpha']} | {row['streams']:,} | {row['early']} | {row['found']:,} | {middle} | {most} "
            f"| {row['near'] / row['found']:.1%} | {low:.1%} to {high:.1%} |"
        )
    yield ""
    yield "![How many losses were found within so many samples](live_alarms.svg)"


def _delay(row: dict[str, Any], part: float) -> str:
    """Samples within which this part of *all* streams was found; a dash where it was not."""
    return next((f"{delay:,}" for delay, so_far in row["delays"] if so_far >= part * row["streams"]), "–")


WIDE, HIGH, MOST = 560, 240, 2000
"""Size of the plot, and the longest delay in it."""


def _figure(found: dict[str, Any]) -> str:
    """Share of losses found within so many samples, at alpha 0.01, as SVG."""
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE + 90} {HIGH + 70}" font-family="sans-serif">']
    parts.append(f'<rect width="{WIDE + 90}" height="{HIGH + 70}" fill="white"/>')
    for tick in range(0, MOST + 1, 400):
        x = 60 + WIDE * tick / MOST
        parts.append(f'<line x1="{x}" y1="20" x2="{x}" y2="{HIGH + 20}" stroke="#dddddd"/>')
        parts.append(f'<text x="{x}" y="{HIGH + 38}" font-size="12" text-anchor="middle">{tick:,}</text>')
    for share in (0, 0.5, 1):
        y = HIGH + 20 - HIGH * share
        parts.append(f'<text x="52" y="{y + 4}" font-size="12" text-anchor="end">{share:.0%}</text>')
    parts.append(
        f'<text x="60" y="{HIGH + 58}" font-size="12">samples since the loss (found so far, alpha 0.01)</text>'
    )
    rows = [row for row in found["sick"] if row["alpha"] == ALPHAS[0] and row["promise"] == "run"]
    for place, (row, colour) in enumerate(zip(rows, ("#20406a", "#b3541e", "#3b7a57"), strict=True)):
        path = [(60.0, HIGH + 20.0)]
        path += [
            (60 + WIDE * delay / MOST, HIGH + 20 - HIGH * so_far / row["streams"]) for delay, so_far in row["delays"]
        ]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in path if x <= 60 + WIDE)
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts.append(f'<text x="430" y="{180 + 20 * place}" font-size="13" fill="{colour}">{row["arm"]}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
