"""Does a DCGAN collapse later the more labels its discriminator is told wrong? A student's table, run over seeds.

``reference-gans study label_flipping`` trains what is not yet in ``docs/studies/label_flipping.json`` and rewrites
page and figure after every run.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import stats

from collapse_metrics.embed import MnistDigits
from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.labels import flips
from reference_gans.recipes import Recipe, build
from reference_gans.recipes.student_dcgan import SMALL_AS_CODED, with_flips
from reference_gans.studies._curves import lines
from reference_gans.studies._page import cpu_seconds, span, write
from reference_gans.studies._picture_looks import Look, collapsed, grown, look, onset
from reference_gans.studies._runs import Outcome, Runs
from reference_gans.trainer import Run, train

CLAIMED = {0: "13", 1: "15", 5: "25", 10: "none in 70", 15: "none in 70", 20: "none in 70"}
"""Per cent of swapped labels -> the epoch at which the student's table has the collapse."""

ARMS: dict[str, Recipe] = {f"{percent} %": with_flips(SMALL_AS_CODED, percent) for percent in CLAIMED}
"""Without flips through the same loss as with them: the plain game's rounding differs, and two runs part in time."""

SAME = ("0 %", "1 %")
"""Of 64 labels 1 % is none at all, in the student's code and here: these two arms are one."""

STEPS, EVERY, SEEDS = SMALL_AS_CODED.steps, 50, 5
"""Generator steps, how often is looked, and seeds (0 to 4, none left out)."""

WEAK = 0.3
"""A rank correlation nearer to 0 is none to speak of; the student's own table has .94 between rate and epoch."""

ALPHA = 0.05
"""Of the one test that decides."""

PERMUTATIONS, RESAMPLES = 9999, 2000
"""Shuffled tables behind the p-value, and resampled sets of seeds behind the interval."""


@dataclass(frozen=True)
class Association:
    """Rank correlation of two things over runs, how surprising it is, and where it lies."""

    rho: float
    p_value: float
    low: float
    high: float


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write page and figure.

    Args:
        data_root: Not used; the digits are the packaged ones.
        quick: One seed, four steps and two looks, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    runs = Runs(one_run, where / "label_flipping.json" if where else None, 4 if quick else STEPS)
    for key in runs.complete(list(ARMS), 1 if quick else SEEDS):
        print(f"{key}: at the end {runs.outcomes[key]['looks'][-1]}", flush=True)
        if where:
            write(where, "label_flipping", page(runs), figure(runs))


def one_run(arm: str, seed: int, steps: int) -> Outcome:
    """What came out at each look, and both losses there."""
    looks: list[Look] = []
    digits, every = MnistDigits(), min(EVERY, steps // 2)

    def note(run: Run) -> None:
        if run.step % every == 0:
            looks.append({**look(run, digits), "d_loss": round(run.d_loss, 5), "g_loss": round(run.g_loss, 5)})

    train(build(ARMS[arm], seed), steps, [note])
    return {"every": every, "looks": looks}


def late_share(run: Outcome) -> float:
    """Share of collapsed looks in the second half; in the first a small DCGAN is still young."""
    late = run["looks"][len(run["looks"]) // 2 :]
    return float(np.mean([collapsed(seen) for seen in late]))


def pairs_alike(runs: Runs) -> tuple[int, int]:
    """Of so many seeds that both arms without a flip have, how many went the same way to the last digit."""
    pairs = list(zip(*(runs.of_arm(arm) for arm in SAME), strict=False))
    return sum(one["looks"] == other["looks"] for one, other in pairs), len(pairs)


def association(rates: Sequence[float], shares: np.ndarray) -> Association:
    """Spearman's correlation of the columns' rates with a table of shares, one row a seed.

    The p-value is two-sided: rates are shuffled within each seed, as if they were mere names. The interval resamples
    seeds. Where all shares are equal nothing goes with anything: 0, and a p-value of 1.
    """
    rng = np.random.default_rng(0)
    rows = np.tile(stats.rankdata(rates), (len(shares), 1))
    rho = float(_correlation(rows[None], shares[None])[0])
    tables = rng.permuted(np.tile(rows, (PERMUTATIONS, 1, 1)), axis=2)
    shuffled = _correlation(tables, np.broadcast_to(shares, tables.shape))
    as_far = 1 + int((np.abs(shuffled) >= abs(rho) - 1e-9).sum())
    chosen = rng.integers(len(shares), size=(RESAMPLES, len(shares)))
    low, high = np.quantile(_correlation(rows[chosen], shares[chosen]), [0.025, 0.975])
    return Association(rho, as_far / (PERMUTATIONS + 1), float(low), float(high))


def _correlation(rates: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Of ranks, for each of many pairs of tables; 0 where either holds one number only."""
    one, other = (stats.rankdata(table.reshape(len(table), -1), axis=1) for table in (rates, shares))
    one, other = (ranks - ranks.mean(axis=1, keepdims=True) for ranks in (one, other))
    lengths = np.sqrt((one**2).sum(axis=1) * (other**2).sum(axis=1))
    result: np.ndarray = np.divide((one * other).sum(axis=1), lengths, out=np.zeros(len(one)), where=lengths > 0)
    return result


def distinct(runs: Runs) -> tuple[list[float], np.ndarray]:
    """Rates that differ in deed, and the late shares of their runs, one row a seed that all of them have."""
    arms = [arm for arm in ARMS if arm != SAME[1]]
    rows = list(zip(*([late_share(run) for run in runs.of_arm(arm)] for arm in arms), strict=False))
    return [float(arm.removesuffix(" %")) for arm in arms], np.array(rows)


def outcome(runs: Runs) -> Iterator[str]:
    """What the numbers say of the claim, by rules that were fixed before there were any."""
    alike, pairs = pairs_alike(runs)
    rates, shares = distinct(runs)
    if alike < pairs:
        yield f"**The study is broken**: only {alike} of {pairs} pairs of runs at 0 % and 1 % are the same. Nothing here can be trusted."
        return
    if len(shares) < 2:
        yield "**Not decided**: fewer than two seeds are there."
        return
    those = [run for arm in ARMS if arm != SAME[1] for run in runs.of_arm(arm)]
    fell = sum(onset(run["looks"]) is not None for run in those)
    found = association(rates, shares)
    numbers = f"rank correlation of rate and share {found.rho:.2f} ({found.low:.2f} to {found.high:.2f}), p {found.p_value:.4f}"
    yield f"The rows 0 % and 1 % are one setting: {alike} of {pairs} pairs of runs are the same to the last digit. Their 13 and 15 epochs are two runs of it."
    yield f"Of {len(those)} different runs {fell} collapsed after they had grown; {numbers}."
    if fell == 0:
        _, high = clopper_pearson(0, len(those))
        yield f"**Not decided, at this size**: nothing collapsed (at most {high:.0%} of such runs do), so that there was nothing to delay."
    elif found.rho < 0 and found.p_value <= ALPHA:
        yield "**Confirmed, at this size**: the more labels are flipped, the fewer looks show a collapse."
    elif found.low > -WEAK:
        yield f"**Refuted, at this size**: flipped labels go with no fewer collapsed looks; a correlation below -{WEAK} is outside the interval."
    else:
        yield "**Not decided, at this size**: the interval holds no association as well as one worth having."


def page(runs: Runs) -> Iterator[str]:
    """What the table claims, what was run, what came out."""
    yield "# Do flipped labels put a collapse off?"
    yield ""
    yield "Written by `reference-gans study label_flipping`; do not edit. *The source*: a student's project trains a DCGAN on MNIST at 64 x 64 once for"
    yield "each share of the discriminator's labels that are told wrong, and has the collapse at epoch 13, 15, 25 and not within 70 for 10 % and more."
    yield "Its code swaps `int(share * 64)` labels of a batch, which for 1 % is none, and its generator is linear between batch norms."
    yield ""
    yield f"*What ran*: recipes `{SMALL_AS_CODED.name}_flip_NN`, the same networks at 32 x 32 and 8 filters on the packaged digits, {runs.steps:,} steps, seeds from 0 on,"
    yield f"none left out. Every {EVERY} steps 500 pictures were looked at. A look is *collapsed* where pictures lie less than half as far apart as real ones,"
    yield "or where a tenth or more of them are digits, but of five kinds at most. A run has *grown* at its first other look with a tenth of digits, and"
    yield "*collapses* at the first collapsed look after that which the next one bears out, or which is the last. The earliest collapse of the table"
    yield "comes after some 12,000 steps of a far larger network: what does not happen here may happen there."
    yield ""
    yield "| labels told wrong | of 64 | epoch in the source | seeds | grown at step | collapsed after that | share, interval | at step | no collapse: seeds | collapsed looks, second half | distance over real at the end | digits among the pictures | kinds of digits |"
    yield "| --- " * 13 + "|"
    for arm in ARMS:
        rows = runs.of_arm(arm)
        if rows:
            yield f"| {arm} | " + " | ".join(_cells(arm, rows)) + " |"
    yield ""
    yield from outcome(runs)
    yield ""
    yield f"Intervals of shares: Clopper-Pearson 95 %. Of the correlation: {RESAMPLES:,} resamplings of the seeds; its p-value: {PERMUTATIONS:,} shuffles of the rates"
    yield "within seeds, the 1 % row left out. Collapsed looks of the second half may also be those of a run that has not grown yet."
    yield cpu_seconds(runs)
    yield ""
    yield "![Distance and digits over training](label_flipping.svg)"


def _cells(arm: str, rows: list[Outcome]) -> Iterator[str]:
    percent = int(arm.removesuffix(" %"))
    began = [_step(run, grown(run["looks"])) for run in rows]
    fell = [_step(run, onset(run["looks"])) for run in rows]
    seen = [step for step in fell if step is not None]
    low, high = clopper_pearson(len(seen), len(rows))
    yield f"{flips(percent / 100, SMALL_AS_CODED.batch)}"
    yield CLAIMED[percent]
    yield f"{len(rows)}"
    yield ", ".join("never" if step is None else str(step) for step in began)
    yield f"{len(seen)} of {len(rows)}"
    yield f"{low:.2f} to {high:.2f}"
    yield f"{', '.join(map(str, seen))}; {_median(fell)}" if seen else ""
    yield ", ".join(str(seed) for seed, step in enumerate(fell) if step is None)
    yield span([late_share(run) for run in rows])
    for name in ("distance", "accepted", "digits"):
        yield span([run["looks"][-1][name] for run in rows], ".0f" if name == "digits" else ".2f")


def _step(run: Outcome, place: int | None) -> int | None:
    return None if place is None else (place + 1) * run["every"]


def _median(steps: list[int | None]) -> str:
    """Over all seeds; a run without a collapse comes after all others."""
    in_order = sorted(np.inf if step is None else step for step in steps)
    middle = in_order[len(in_order) // 2]  # of an even number the later one, so that none is invented
    return "median beyond the run" if np.isinf(middle) else f"median {middle:.0f}"


def figure(runs: Runs) -> str:
    """One panel a rate: distance over real and share of digits, a line a seed."""
    panels = {
        f"{arm} told wrong: blue the distance of pictures over that of real ones, orange the share of digits": [
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
