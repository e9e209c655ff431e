"""What is the smallest defect that each metric finds? The same false-alarm rate for all, and the same spoilt samples.

``reference-gans study power`` asks every registered metric of feature rows and classes, and writes
``docs/studies/power.md``.
"""

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

import collapse_metrics.metrics  # noqa: F401  (registers the metrics)
from collapse_metrics._registry import METRICS, MetricSpec
from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.studies import _digit_law
from reference_gans.studies._digit_law import ANSWERS, REAL_ROWS, DigitLaw, Samples

ALPHA = 0.01
"""False-alarm rate of every metric: an alarm is a score beyond those of all but ``ALPHA`` of perfect draws."""

POWER = 0.95
"""Share of spoilt draws that must raise an alarm."""

NULL_DRAWS = 99
"""Perfect draws behind a threshold. The next perfect draw is beyond all 99 with probability 1/100 whatever the law
of the score; so is every metric's alarm, and none is favoured by the shape of its scatter."""

SECONDS = 1.5
"""A metric that needs longer for one look is not asked at this size: what it finds among fewer samples stands."""

Spoil = Callable[[DigitLaw, int, float, np.random.Generator], Samples]


@dataclass(frozen=True)
class Defect:
    """A way to spoil samples, and the steps by which it is tried, mild ones first."""

    name: str
    unit: str
    spoil: Spoil
    steps: tuple[float, ...]


DEFECTS = (
    Defect("class lost", "classes", _digit_law.class_lost, (0.1, 0.2, 0.3, 0.4, 0.5, 0.65, 0.8, 1, 2, 3, 5, 7, 9)),
    Defect(
        "copies of one",
        "share of the samples",
        _digit_law.copies_of_one,
        (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8),
    ),
    Defect(
        "copies of fifty",
        "share of the samples",
        _digit_law.copies_of_fifty,
        (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.8),
    ),
    Defect(
        "shrunken spread",
        "share of the spread within classes",
        _digit_law.shrunken,
        (0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 0.9),
    ),
    Defect(
        "noise added (no collapse)",
        "spreads within classes",
        _digit_law.noisy,
        (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 2),
    ),
)


@dataclass(frozen=True)
class Size:
    """How many samples, and how many spoilt draws of each step."""

    n: int
    draws: int

    @property
    def misses(self) -> int:
        """Draws without an alarm that still leave the power asked for."""
        return math.floor((1 - POWER) * self.draws + 1e-9)


SIZES = (Size(500, 40), Size(2000, 20), Size(10_000, 20))
"""Fewer draws where they cost more: 38 of 40 or 19 of 20 must raise the alarm."""


class Look:
    """One metric at one number of samples, and its alarm."""

    def __init__(self, spec: MetricSpec, law: DigitLaw, n: int, nulls: int) -> None:
        self.spec, self.law, self.n = spec, law, n
        scores = np.sort([self.ask(perfect(law, n, i), i) for i in range(nulls)])
        beyond = max(1, math.floor((nulls + 1) * ALPHA + 1e-9))
        self.threshold = float(scores[beyond - 1] if spec.higher_is_better else scores[-beyond])
        if spec.is_test:  # a p-value has its level already, and from permutations it has a smallest one
            self.threshold = math.nextafter(ALPHA, 1)
        scatter = float(scores.std(ddof=1)) if np.isfinite(scores).all() else math.inf
        self.usual = float(scores.mean()), scatter

    def ask(self, fake: Samples, draw: int) -> float:
        """The score of these samples."""
        return _score(self.spec, self.law, fake, draw)

    def alarms(self, fake: Samples, draw: int) -> bool:
        """Whether the score is worse than those of all but one in a hundred perfect draws."""
        score = self.ask(fake, draw)
        return score < self.threshold if self.spec.higher_is_better else score > self.threshold

    def finds(self, defect: Defect, much: float, size: Size) -> tuple[bool, int, int]:
        """Whether enough draws raise an alarm; draws that did, and draws made. Stops when it is decided."""
        hits = 0
        for draw in range(size.draws):
            hits += self.alarms(spoilt(self.law, defect, much, self.n, draw), draw)
            if draw + 1 - hits > size.misses:
                return False, hits, draw + 1
        return True, hits, size.draws


def _score(spec: MetricSpec, law: DigitLaw, fake: Samples, draw: int) -> float:
    return spec.compute(**law.asked(spec.needs, fake, np.random.default_rng([3, len(fake.modes), draw])))


def too_slow(spec: MetricSpec, law: DigitLaw, n: int) -> bool:
    """Whether one look at so many samples takes longer than there is time for."""
    if n <= SIZES[0].n:
        return False
    _score(spec, law, perfect(law, n, 0), 0)  # a first look may fill caches
    began = time.perf_counter()
    _score(spec, law, perfect(law, n, 1), 1)
    return time.perf_counter() - began > SECONDS


@lru_cache(maxsize=128)
def perfect(law: DigitLaw, n: int, draw: int) -> Samples:
    """The same perfect samples for every metric."""
    return law.draw(n, np.random.default_rng([1, n, draw]))


@lru_cache(maxsize=64)
def spoilt(law: DigitLaw, defect: Defect, much: float, n: int, draw: int) -> Samples:
    """The same spoilt samples for every metric."""
    rng = np.random.default_rng([2, n, draw, DEFECTS.index(defect), round(1000 * much)])
    made = defect.spoil(law, n, much, rng)
    turn = rng.permutation(n)  # copies stand first: a metric that is asked of fewer rows must see its share
    return Samples(made.rows[turn], made.modes[turn])


def asked() -> dict[str, MetricSpec]:
    """Every registered metric of generated samples that the law can answer."""
    generated = {"fake", "fake_modes", "counts", "accepted"}
    return {name: spec for name, spec in METRICS.items() if spec.needs <= ANSWERS and spec.needs & generated}


def smallest(look: Look, defect: Defect, size: Size) -> dict[str, Any]:
    """The mildest step that is found, by halving the list of steps: a milder step is taken to be no easier."""
    low, high = 0, len(defect.steps)
    best: dict[str, Any] = {"much": None}
    while low < high:
        middle = (low + high) // 2
        found, hits, draws = look.finds(defect, defect.steps[middle], size)
        if found:
            best, high = {"much": defect.steps[middle], "hits": hits, "draws": draws}, middle
        else:
            low = middle + 1
    return best


def examine(
    spec: MetricSpec, law: DigitLaw, size: Size, nulls: int = NULL_DRAWS, defects: tuple[Defect, ...] = DEFECTS
) -> dict[str, Any]:
    """One metric at one size: its threshold, and the mildest step of every defect; or why there is none."""
    began = time.perf_counter()
    try:
        if too_slow(spec, law, size.n):
            return {"slow": True}
        look = Look(spec, law, size.n, nulls)
        found = {defect.name: smallest(look, defect, size) for defect in defects}
    except ValueError as error:
        return {"refused": str(error)}
    print(
        f"{size.n:6} {spec.name:<30} {time.perf_counter() - began:6.0f} s  {[f['much'] for f in found.values()]}",
        flush=True,
    )
    return {"threshold": look.threshold, "usual": look.usual, "found": found}


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Find every metric's smallest defect at every size; what is stored already is not done again.

    Args:
        data_root: Not used; every study takes it.
        quick: One small size, two defects and few draws, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    sizes, nulls, defects = ((Size(60, 2),), 9, DEFECTS[:2]) if quick else (SIZES, NULL_DRAWS, DEFECTS)
    stored = where / "power.json" if where else None
    rows: dict[str, Any] = json.loads(stored.read_text()) if stored and stored.exists() else {}
    law = DigitLaw()
    for size in sizes:
        for name, spec in asked().items():
            rows[f"{size.n}/{name}"] = rows.get(f"{size.n}/{name}") or examine(spec, law, size, nulls, defects)
            if where:
                where.mkdir(parents=True, exist_ok=True)
                (where / "power.json").write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
                (where / "power.md").write_text("\n".join(_page(rows, sizes)) + "\n")


def _page(rows: dict[str, Any], sizes: tuple[Size, ...]) -> Iterator[str]:
    yield "# The smallest defect that each metric finds"
    yield ""
    yield "Written by `reference-gans study power`; do not edit. Samples of ten normal laws fitted to the classes of the packaged"
    yield f"MNIST reference (64 features; the class of every sample is known), against {REAL_ROWS:,} real rows of the same law. For every"
    yield f"metric the alarm is set alike: a score worse than all of {NULL_DRAWS} perfect draws, which is a false-alarm rate of 1 % whatever"
    yield "the law of the score; a test alarms at its level, 0.01. A cell holds the mildest step at which the alarm is raised in 95 % of spoilt draws:"
    yield (
        ", ".join(f"{size.draws - size.misses} of {size.draws} at n = {size.n:,}" for size in sizes)
        + ". Alarms are one-sided, towards what"
    )
    yield "the registry calls the collapsed end. Steps are halved, so a milder step is taken to be no easier to find. If"
    few = sizes[-1].draws
    low, _ = clopper_pearson(few - sizes[-1].misses, few)
    yield f"{few - sizes[-1].misses} of {few} draws raised it, the true rate is above {low:.2f} with 97.5 % confidence."
    yield ""
    for defect in DEFECTS:
        yield f"- **{defect.name}**, in {defect.unit}: {(defect.spoil.__doc__ or '').strip()} Steps {', '.join(f'{s:g}' for s in defect.steps)}."
    yield ""
    yield "*never*: not even at the last step. For *noise* a number is no merit: it is the noise that the metric takes for collapse."
    for size in sizes:
        found = {key.partition("/")[2]: row for key, row in rows.items() if key.partition("/")[0] == str(size.n)}
        yield ""
        yield f"## n = {size.n:,}"
        yield ""
        yield "| metric | perfect draws score (sd) | alarm beyond | " + " | ".join(d.name for d in DEFECTS) + " |"
        yield "| --- " * (3 + len(DEFECTS)) + "|"
        for name, row in found.items():
            if "found" in row:
                cells = [_much(row["found"].get(defect.name, {"much": None})) for defect in DEFECTS]
                yield (
                    f"| `{name}` | {row['usual'][0]:.4g} ({row['usual'][1]:.2g}) | {row['threshold']:.4g} | "
                    + " | ".join(cells)
                    + " |"
                )
        slow = [f"`{name}`" for name, row in found.items() if "slow" in row]
        if slow:
            yield ""
            yield f"More than {SECONDS:g} s for one look at so many samples, so give them fewer and read the table above: {', '.join(slow)}."
    refused = sorted({key.partition("/")[2] for key, row in rows.items() if "refused" in row})
    yield ""
    yield f"Not asked, for they need more than rows and classes: {', '.join(f'`{n}`' for n in sorted(set(METRICS) - set(asked())))}."
    if refused:
        yield f"Refused these samples: {', '.join(f'`{n}`' for n in refused)}."


def _much(found: dict[str, Any]) -> str:
    return "never" if found["much"] is None else f"{found['much']:g}"


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
