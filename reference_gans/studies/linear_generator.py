"""Does it matter that a student's generator is linear between its batch norms? Slope 1 against ReLU, five seeds.

``reference-gans study linear_generator`` trains what is not yet in ``docs/studies/linear_generator.json`` and rewrites
page and figure after every run.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import stats

from collapse_metrics.embed import MnistDigits
from collapse_metrics.stats.shares import clopper_pearson, holm
from reference_gans.recipes import build
from reference_gans.recipes.student_dcgan import SMALL, SMALL_AS_CODED
from reference_gans.studies._curves import lines
from reference_gans.studies._differences import PERMUTATIONS, Difference, difference
from reference_gans.studies._page import cpu_seconds, seeds_of, span, write
from reference_gans.studies._picture_looks import Look, collapsed, look
from reference_gans.studies._runs import Outcome, Runs
from reference_gans.trainer import Run, train

REPORTED, CODED = "ReLU, as reported", "slope 1, as coded"

ARMS = {REPORTED: SMALL, CODED: SMALL_AS_CODED}
"""The same networks from the same start; nothing but the slope below zero differs."""

STEPS, EVERY, SEEDS = SMALL.steps, 100, 5
"""Generator steps, how often is looked, and seeds (0 to 4, none left out)."""

MEASURES = {
    "distance": "distance of pictures, over real",
    "accepted": "share of digits among the pictures",
    "digits": "kinds of digits, of 10",
}
"""What is compared, at the last look."""

MATERIAL = {"distance": 0.1, "accepted": 0.1, "digits": 1.0}
"""A difference that would be worth a word: a tenth of the range of each."""

ALPHA = 0.05
"""Of the three tests together, after Holm; and of what the intervals leave out."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write page and figure.

    Args:
        data_root: Not used; the digits are the packaged ones.
        quick: Two seeds, four steps and two looks, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    runs = Runs(one_run, where / "linear_generator.json" if where else None, 4 if quick else STEPS)
    for key in runs.complete(list(ARMS), 2 if quick else SEEDS):
        print(f"{key}: at the end {runs.outcomes[key]['looks'][-1]}", flush=True)
        if where:
            write(where, "linear_generator", page(runs), figure(runs))


def one_run(arm: str, seed: int, steps: int) -> Outcome:
    """What came out at each look."""
    looks: list[Look] = []
    digits, every = MnistDigits(), min(EVERY, steps // 2)

    def note(run: Run) -> None:
        if run.step % every == 0:
            looks.append(look(run, digits))

    train(build(ARMS[arm], seed), steps, [note])
    return {"looks": looks}


def ends(runs: Runs, arm: str, measure: str) -> list[float]:
    """The last look's number of every seed."""
    return [float(run["looks"][-1][measure]) for run in runs.of_arm(arm)]


def interval(coded: list[float], reported: list[float]) -> tuple[float, float]:
    """Welch's 95 % interval of the difference of two means; without an end where an arm has one seed."""
    if min(len(coded), len(reported)) < 2:
        return -np.inf, np.inf
    squares = [float(np.var(row, ddof=1)) / len(row) for row in (coded, reported)]
    by = float(np.mean(coded) - np.mean(reported))
    if sum(squares) == 0:  # no scatter to go by
        return by, by
    degrees = sum(squares) ** 2 / sum(
        square**2 / (len(row) - 1) for square, row in zip(squares, (coded, reported), strict=True)
    )
    reach = float(stats.t.ppf(1 - ALPHA / 2, degrees)) * sum(squares) ** 0.5
    return by - reach, by + reach


def compared(runs: Runs) -> dict[str, tuple[Difference, tuple[float, float]]]:
    """Slope 1 less ReLU for each measure: difference, p-value after Holm, interval."""
    pairs = {name: (ends(runs, CODED, name), ends(runs, REPORTED, name)) for name in MEASURES}
    found = [difference([pair]) for pair in pairs.values()]
    adjusted = holm(np.array([one.p_value for one in found]))
    return {
        name: (Difference(one.by, float(p)), interval(*pairs[name]))
        for name, one, p in zip(pairs, found, adjusted, strict=True)
    }


def outcome(found: dict[str, tuple[Difference, tuple[float, float]]]) -> str:
    """Whether it matters, by a rule that was fixed before there were any numbers."""
    sure = [name for name, (one, _) in found.items() if one.p_value <= ALPHA]
    if sure:
        said = "; ".join(f"{MEASURES[name]} {found[name][0].by:+.2f}" for name in sure)
        return f"**Confirmed, at this size: it matters.** With slope 1: {said}."
    small = all(-MATERIAL[name] < low and high < MATERIAL[name] for name, (_, (low, high)) in found.items())
    if small:
        return "**Refuted, at this size: it does not matter.** Every interval lies within a tenth of the measure's range either way."
    return "**Not decided, at this size**: no difference is beyond chance, and the intervals leave room for one that would be worth a word."


def page(runs: Runs) -> Iterator[str]:
    """What was asked, what was run, what came out."""
    yield "# Does a generator that is linear between its batch norms collapse sooner?"
    yield ""
    yield "Written by `reference-gans study linear_generator`; do not edit. *The source*: a student's project reports a DCGAN with ReLU; its code says"
    yield "`LeakyReLU(True)`, whose first argument is the slope below zero: 1, and the layer does nothing. Its collapses may be due to that."
    yield ""
    yield f"*What ran*: recipes `{SMALL.name}` and `{SMALL_AS_CODED.name}`, {runs.steps:,} steps, {seeds_of(runs, ARMS)} of each from 0 on, none left out, on the packaged"
    yield f"digits. Every {EVERY} steps 500 pictures were looked at; *kinds* are digits with a quarter of their due share of the pictures that are digits at all."
    yield "A look is *collapsed* where pictures lie less than half as far apart as real ones, or are digits of five kinds at most."
    yield ""
    yield f"| generator | seeds | {' | '.join(MEASURES.values())} | collapsed at the end | share, interval | collapsed looks |"
    yield "| --- " * 8 + "|"
    for arm in ARMS:
        rows = runs.of_arm(arm)
        if rows:
            yield f"| {arm} | " + " | ".join(_cells(runs, arm)) + " |"
    if all(runs.of_arm(arm) for arm in ARMS):
        found = compared(runs)
        yield ""
        yield "| slope 1 less ReLU | difference of means | 95 % interval | p, after Holm |"
        yield "| --- " * 4 + "|"
        for name, (one, (low, high)) in found.items():
            yield f"| {MEASURES[name]} | {one.by:+.2f} | {low:+.2f} to {high:+.2f} | {one.p_value:.4f} |"
        yield ""
        yield outcome(found)
    yield ""
    yield f"Ranges are over seeds. P-values: {PERMUTATIONS:,} shuffles of the runs between the two, two-sided; intervals: Welch's t, of collapses Clopper-Pearson."
    yield cpu_seconds(runs)
    yield ""
    yield "![Distance and digits over training](linear_generator.svg)"


def _cells(runs: Runs, arm: str) -> Iterator[str]:
    rows = runs.of_arm(arm)
    fell = sum(collapsed(run["looks"][-1]) for run in rows)
    low, high = clopper_pearson(fell, len(rows))
    yield f"{len(rows)}"
    for name in MEASURES:
        yield span(ends(runs, arm, name), ".0f" if name == "digits" else ".2f")
    yield f"{fell} of {len(rows)}"
    yield f"{low:.2f} to {high:.2f}"
    yield span([float(np.mean([collapsed(seen) for seen in run["looks"]])) for run in rows])


def figure(runs: Runs) -> str:
    """One panel a generator: distance over real and share of digits, a line a seed."""
    panels = {
        f"{arm}: blue the distance of pictures over that of real ones, orange the share of digits": [
            (colour, [seen[name] for seen in run["looks"]])
            for run in runs.of_arm(arm)
            for name, colour in (("distance", "#20406a"), ("accepted", "#d9822b"))
        ]
        for arm in ARMS
    }
    return lines(panels, across=f"{runs.steps:,} steps")


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
