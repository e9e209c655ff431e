"""How are thousands of verdicts told? Right ones counted with their intervals, and beside the best of one number."""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import numpy as np

from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.studies._runs import Runs
from reference_gans.studies.latent_size import auc

SIZE = 2000
"""Samples of the sets that the promises are about."""

PROMISED = ("class dropped", "class at a third", "25 prototypes", "support 500", "rank 3", "rank 10", "halves of two")
"""Kinds that are promised to be found by their right name in 95 of 100 sets, on digits and on the table."""

NO_COLLAPSE = ("noise", "not finite", "halves of two")
"""Kinds that are broken, not collapsed: single numbers of diversity are not asked for them."""

TOLD = "memorised"
"""The kind for which the verdict is shown more than the single numbers are."""

FOUND_FROM = 0.95
"""Share of sets in which a severity has to be found."""

Set = dict[str, Any]


def page(runs: Runs) -> Iterator[str]:
    """Everything that was judged, the promises first."""
    sets = list(_sets(runs))
    yield "# Verdicts on fixtures of known truth, and single numbers beside them"
    yield ""
    yield "Written by `reference-gans study confusion`; do not edit. Every set is drawn anew from a fixture of exactly known truth"
    yield "(`reference_gans.fixtures`: no training), seeds from 0 on, none left out. *Right*: the right verdict, and where something is"
    yield "wrong, the right name among the findings. Intervals are Clopper-Pearson 95 %. Digits and their reference have no picture in"
    yield "common; each seed of a Gaussian family has a reference of its own."
    yield ""
    yield from _promises(sets)
    yield from _beside_peers([row for row in sets if row["n"] == SIZE])
    for size in sorted({row["n"] for row in sets}, key=lambda size: (size != SIZE, size)):  # the promised one first
        yield from _matrix([row for row in sets if row["n"] == size], size)


def _sets(runs: Runs) -> Iterator[Set]:
    """Every judged set once, with its family, size and seed; healthy ones may have been judged by two parts."""
    seen = set()
    for key, run in runs.outcomes.items():
        arm, _, seed = key.rpartition("/")
        size = int(arm.rpartition(" at ")[2])
        for name, row in run["sets"].items():
            if (name, size, seed) not in seen:
                seen.add((name, size, seed))
                yield {**row, "name": name, "family": name.partition("/")[0], "n": size, "seed": int(seed)}


def _promises(sets: list[Set]) -> Iterator[str]:
    yield f"## At {SIZE:,} samples"
    yield ""
    fine = [row for row in sets if row["n"] == SIZE and row["promised"] == "healthy"]
    accused = sum(row["verdict"] != "healthy" for row in fine)
    yield f"Healthy sets not called healthy: {_counted(accused, len(fine))}, over {len({r['family'] for r in fine})} families."
    yield ""
    for kind in PROMISED:
        for family in ("digits", "table"):
            rows = [r for r in sets if r["n"] == SIZE and r["kind"] == kind and r["family"] == family]
            if not rows:
                continue
            yield f"- {family}, {kind}: found by its name in {_counted(sum(r['named'] for r in rows), len(rows))}"
    few = [row for row in sets if row["n"] == 64 and row["promised"] is not None]
    if few:
        said = sum(row["verdict"] in (row["promised"], "inconclusive") for row in few)
        healthy = sum(row["verdict"] == "healthy" and row["promised"] != "healthy" for row in few)
        yield f"- at 64 samples, the right verdict or `inconclusive`: {_counted(said, len(few))}; sick and called healthy: {healthy}"
    yield ""


def _counted(hits: int, n: int) -> str:
    if n == 0:
        return "0 of 0"
    low, high = clopper_pearson(hits, n)
    return f"{hits} of {n} ({low:.1%} to {high:.1%})"


def _matrix(sets: list[Set], size: int) -> Iterator[str]:
    """A line a fixture: what was said how often."""
    yield f"## Kind against verdict, {size:,} samples"
    yield ""
    yield "| family | kind | severity | right verdict | sets | verdicts | findings | right |"
    yield "| --- " * 8 + "|"
    for name in dict.fromkeys(row["name"] for row in sets):
        rows = [row for row in sets if row["name"] == name]
        first = rows[0]
        verdicts = _tally(row["verdict"] for row in rows)
        findings = _tally(finding for row in rows for finding in row["found"])
        right = _counted(sum(row["right"] for row in rows), len(rows)) if first["promised"] else ""
        yield (
            f"| {first['family']} | {first['kind']} | {first['true_severity']:.2g} | {first['promised'] or 'none promised'} "
            f"| {len(rows)} | {verdicts} | {findings} | {right} |"
        )
    yield ""


def _tally(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}` {count}" for name, count in Counter(names).most_common())


def _beside_peers(sets: list[Set]) -> Iterator[str]:
    """AUC of each number, over all families and in each, and what it says at the threshold best in hindsight."""
    asked = [row for row in sets if row.get("peers") and row["kind"] not in NO_COLLAPSE]
    parted = {
        family: _parted([r for r in asked if r["family"] == family]) for family in {r["family"]: 0 for r in asked}
    }
    parted = {family: (well, sick) for family, (well, sick) in parted.items() if well and sick}
    yield from _over_families(parted)
    for family, (well, sick) in parted.items():
        mine = [row for row in asked if row["family"] == family]
        yield f"## One number beside the verdict: {family}, {SIZE:,} samples"
        yield ""
        yield "The peers' numbers are our own implementations of their definitions, on the feature rows that the verdict sees. *AUC*: how"
        yield "often a collapsed set scores worse than a healthy one, a tie counting half; worse is the direction in which the number does"
        yield "better, and its threshold is the best one for these very sets (largest mean of both rates). The verdict has neither favour:"
        yield "its severity is taken as it is, and it accuses by its own rules. *Smallest*: the mildest severity of a blend that scores worse"
        yield f"than every healthy set in {FOUND_FROM:.0%} of its sets. `{TOLD}` has a column and is left out of the first three numbers:"
        yield "the verdict is shown the training set, which none of the others asks for."
        yield ""
        kinds = list(dict.fromkeys(row["kind"] for row in sick))
        blends = [row for row in mine if row["promised"] is None]
        towards = list(dict.fromkeys(row["kind"] for row in blends))
        head = [
            "number",
            "AUC",
            "collapsed found",
            "healthy accused",
            *kinds,
            *(f"smallest {kind}" for kind in towards),
        ]
        yield "| " + " | ".join(head) + " |"
        yield "| --- " * len(head) + "|"
        for number in ("severity", *well[0]["peers"]):
            yield "| " + " | ".join(_line(number, well, sick, kinds, blends, towards)) + " |"
        yield ""


def _parted(rows: list[Set]) -> tuple[list[Set], list[Set]]:
    """Healthy sets, and collapsed ones; what no verdict is promised for is neither."""
    return (
        [row for row in rows if row["promised"] == "healthy"],
        [row for row in rows if row["promised"] not in ("healthy", None)],
    )


def _over_families(parted: dict[str, tuple[list[Set], list[Set]]]) -> Iterator[str]:
    """One number has one direction: the AUC of each in every family, and the lowest of them."""
    if not parted:
        return
    yield f"## One number beside the verdict: every family, {SIZE:,} samples"
    yield ""
    yield "AUC, as in the tables below, but each number has one direction: the one that does better on average over the families. Who uses"
    yield "one number for all data relies on its worst family."
    yield ""
    yield "| number | direction | " + " | ".join(parted) + " | mean | lowest |"
    yield "| --- " * (len(parted) + 4) + "|"
    table = {number: _aucs(number, parted) for number in ("severity", *next(iter(parted.values()))[0][0]["peers"])}
    for number, (sign, found) in table.items():
        name = "**the verdict's severity**" if number == "severity" else number
        cells = " | ".join(f"{value:.3f}" for value in (*found, np.mean(found), min(found)))
        yield f"| {name} | {'higher' if sign > 0 else 'lower'} is worse | {cells} |"
    yield ""
    singles = [found for number, (_, found) in table.items() if number != "severity"]
    mine, best = table["severity"][1], (max(map(np.mean, singles)), max(map(min, singles)))
    wins = bool(np.mean(mine) > best[0] and min(mine) > best[1])
    yield (
        f"The severity has {np.mean(mine):.3f} on average and {min(mine):.3f} at worst, the best single number {best[0]:.3f} and "
        f"{best[1]:.3f}: {'no single number does as well.' if wins else 'a single number does as well or better.'}"
    )
    yield ""


def _aucs(number: str, parted: dict[str, tuple[list[Set], list[Set]]]) -> tuple[float, list[float]]:
    """The direction of a number, and its AUC in each family."""
    upwards = [
        auc(_scores(number, [row for row in sick if row["kind"] != TOLD]), _scores(number, well))
        for well, sick in parted.values()
    ]
    falls = number != "severity" and sum(upwards) < len(upwards) / 2
    return (-1.0, [1 - value for value in upwards]) if falls else (1.0, upwards)


def _scores(number: str, rows: list[Set]) -> np.ndarray:
    return np.array([row["severity"] if number == "severity" else row["peers"][number] for row in rows])


def _line(
    number: str, well: list[Set], sick: list[Set], kinds: list[str], blends: list[Set], towards: list[str]
) -> Iterator[str]:
    scores = partial(_scores, number)
    ours = number == "severity"
    fair = [row for row in sick if row["kind"] != TOLD]
    sign = 1.0 if ours or auc(scores(fair), scores(well)) >= 0.5 else -1.0
    bad, good = sign * scores(fair), sign * scores(well)
    line = 0.0 if ours else best_threshold(bad, good)
    yield "the verdict's severity" if ours else f"{number} ({'higher' if sign > 0 else 'lower'} is worse)"
    yield f"{auc(bad, good):.3f}"
    yield _counted(int((bad > line).sum()), len(bad))
    yield _counted(int((good > line).sum()), len(good))
    for kind in kinds:
        yield f"{auc(sign * scores([row for row in sick if row['kind'] == kind]), good):.2f}"
    for kind in towards:
        yield _smallest([row for row in blends if row["kind"] == kind], sign, scores, float(good.max()))


def best_threshold(bad: np.ndarray, good: np.ndarray) -> float:
    """The score above which accusing gives the largest mean of both rates.

    Example:
        >>> best_threshold(np.array([3.0, 5.0]), np.array([1.0, 2.0, 4.0]))
        2.0
    """
    tried = np.unique(np.concatenate([bad, good]))
    gains = [(bad > line).mean() - (good > line).mean() for line in tried]
    return float(tried[int(np.argmax(gains))])


def _smallest(rows: list[Set], sign: float, scores: Any, worst_healthy: float) -> str:
    """The mildest severity from which on nearly all sets score worse than every healthy one."""
    for severity in sorted({row["true_severity"] for row in rows}):
        here = sign * scores([row for row in rows if row["true_severity"] == severity])
        if (here > worst_healthy).mean() >= FOUND_FROM:
            return f"{severity:.0%}"
    return "none of those tried"
