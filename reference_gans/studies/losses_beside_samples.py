"""Do swinging losses accuse a healthy run, and do flat ones hide a collapse? Recipes of both kinds, five seeds.

``reference-gans study losses_beside_samples`` trains what is not yet in ``docs/studies/losses_beside_samples.json`` and
rewrites the page after every run.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.recipes import RECIPES
from reference_gans.studies._page import cpu_seconds
from reference_gans.studies._runs import Outcome, Runs
from reference_gans.watched import watch

HEALTHY = ("five_healthy", "ring8_healthy", "mnist_dcgan_healthy")
COLLAPSED = ("five_collapsed", "ring8_collapsed", "mnist_slides", "mnist_mlp_collapsed")
"""Recipes whose samples tell what they are; what their losses do was no reason to choose them."""

SEEDS = 5
"""0 to 4, none left out."""

SICK = ("collapse", "partial_collapse")


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write the page.

    Args:
        data_root: Not used; the digits are the packaged ones.
        quick: One seed and thirty steps, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    # Each recipe has its own length; none is shortened but in a quick run.
    runs = Runs(one_run, where / "losses_beside_samples.json" if where else None, 30 if quick else 0)
    for key in runs.complete([*COLLAPSED, *HEALTHY], 1 if quick else SEEDS):
        print(f"{key}: {runs.outcomes[key]}", flush=True)
        if where:
            (where / "losses_beside_samples.md").write_text("\n".join(page(runs)) + "\n")


def one_run(arm: str, seed: int, steps: int) -> Outcome:
    """What losses and samples said at the end of one run."""
    done = watch(arm, seed=seed, steps=steps or None, print_to=None)
    assert done.monitor is not None
    assert done.card is not None
    series = np.array([value for _, value in done.monitor.history.losses.get("g_loss", [])], dtype=float)
    later = series[len(series) // 2 :]
    status = {finding.name: str(finding.status) for finding in done.card.findings}
    return {
        "verdict": str(done.card.verdict),
        "cycle": status.get("loss_oscillation"),
        "told": done.card.provenance.get("losses_and_samples"),
        "level": float(later.mean()),
        "swing": float(later.std()),
        "of": RECIPES[arm].steps,
    }


def page(runs: Runs) -> Iterator[str]:
    """The table, and the two promises counted."""
    yield "# Losses beside samples"
    yield ""
    yield "Written by `reference-gans study losses_beside_samples`; do not edit. Whole runs of bundled recipes, each beside a monitor; *swing* is the standard"
    yield "deviation of the generator's loss over the later half of the run, over its mean there. A cycle is what `loss_oscillation` finds at its level of 1 %."
    yield ""
    yield "| recipe | seeds | verdict | swing | a cycle found | told of losses and samples |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for arm in (*HEALTHY, *COLLAPSED):
        mine = runs.of_arm(arm)
        if mine:
            swings = [swing(run) for run in mine]
            cycles = sum(run["cycle"] == "found" for run in mine)
            told = sorted({(run["told"] or "nothing").partition(":")[0] for run in mine})
            yield f"| `{arm}` | {len(mine)} | {_counted(mine)} | {min(swings):.2f} to {max(swings):.2f} | {cycles} of {len(mine)} | {', '.join(told)} |"
    yield ""
    yield from _promises(runs)
    yield ""
    yield cpu_seconds(runs)


def _promises(runs: Runs) -> Iterator[str]:
    """Healthy runs that swing, and collapses that do not: swinging means more than the median of all runs."""
    every = [(arm, run) for arm in (*HEALTHY, *COLLAPSED) for run in runs.of_arm(arm)]
    if not every:
        return
    middle = float(np.median([swing(run) for _, run in every]))
    loud = [run for arm, run in every if arm in HEALTHY and (swing(run) > middle or run["cycle"] == "found")]
    still = [run for arm, run in every if arm in COLLAPSED and swing(run) <= middle and run["cycle"] != "found"]
    yield f"*Swinging* is a swing above the median of all runs, {middle:.2f}, or a cycle found; *flat* is neither."
    yield ""
    yield f"- Healthy recipes with swinging losses: {_share(sum(r['verdict'] == 'healthy' for r in loud), len(loud))} called healthy."
    yield f"- Collapses with flat losses: {_share(sum(r['verdict'] in SICK for r in still), len(still))} found."


def swing(run: Outcome) -> float:
    """Standard deviation of the loss over its level."""
    return float(run["swing"] / max(abs(run["level"]), 1e-9))


def _share(hits: int, n: int) -> str:
    if n == 0:
        return "none there, so that nothing is"
    low, high = clopper_pearson(hits, n)
    return f"{hits} of {n} ({low:.0%} to {high:.0%})"


def _counted(runs: list[Outcome]) -> str:
    words = [run["verdict"] for run in runs]
    return ", ".join(f"{word} {words.count(word)}" for word in sorted(set(words)))
