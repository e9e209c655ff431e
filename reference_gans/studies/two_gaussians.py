"""How often does an article's GAN lose one of two peaks, and is it the start? The same seeds under two starts.

``reference-gans study two_gaussians`` runs what is not yet in ``docs/studies/two_gaussians.json`` and rewrites
the page and its figure after every run, so it can be stopped and taken up again.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import fisher_exact

from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.recipes import RECIPES, build
from reference_gans.recipes._checks import LOST_PEAK, draw, has_both_peaks, lesser_share, shares_of_peaks
from reference_gans.studies._runs import Runs
from reference_gans.trainer import train

ARMS = {"PyTorch": "two_gaussians_pytorch", "Keras": "two_gaussians_keras"}
"""Whose start, and the recipe that uses it; nothing else differs."""

SEEDS = 100
"""Seeds of each arm, 0 to 99: a share of one half is then known to within .10 either way."""

LOPSIDED = 0.25
"""A run that keeps both peaks, but gives the lesser one less than this, is counted apart."""

ALPHA, SMALL = 0.05, 1e-6
"""Level of the test between the starts, and below which a p-value is not printed."""

BINS, REACH = 60, 12.0
"""Bars of a histogram, and how far it reaches either way; samples beyond fall into its outermost bars."""


def main(
    data_root: Path | None = None,
    *,
    quick: bool = False,
    out: Path | None = None,
    seeds: int = SEEDS,
    workers: int = 2,
) -> None:
    """Run what is missing, then write page and figure; what is stored already is not done again.

    Args:
        data_root: Not used; every study takes it.
        quick: Two seeds and 20 steps, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
        seeds: Seeds of each arm, from 0 on.
        workers: Processes, one core each.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    steps = 20 if quick else RECIPES[ARMS["Keras"]].steps
    runs = Runs(one_run, where / "two_gaussians.json" if where else None, steps)
    for key in runs.complete(list(ARMS), 2 if quick else seeds, workers=1 if quick else workers):
        run = runs.outcomes[key]
        print(f"{key:<12} lesser peak {lesser_share(run):.3f}  generator's loss {run['g_loss']:.2f}", flush=True)
        if where:
            (where / "two_gaussians.svg").write_text(_figure(runs))
            (where / "two_gaussians.md").write_text("\n".join(_page(runs)) + "\n")


def one_run(arm: str, seed: int, steps: int) -> dict[str, Any]:
    """Shares of the peaks, losses and histogram at the end of one run."""
    run = train(build(RECIPES[ARMS[arm]], seed), steps)
    bars = torch.histc(draw(run).clamp(-REACH, REACH), BINS, -REACH, REACH)
    return {**shares_of_peaks(run), "d_loss": run.d_loss, "g_loss": run.g_loss, "bars": bars.int().tolist()}


def _page(runs: Runs) -> Iterator[str]:
    recipe = RECIPES[ARMS["PyTorch"]]
    yield "# Two Gaussians on a line, under two starts"
    yield ""
    yield "Written by `reference-gans study two_gaussians`; do not edit. An article's GAN for two equal Gaussians at -5 and 5 (sd 1):"
    yield "generator Dense 15 ReLU - Dense 1 from one normal number, discriminator Dense 25 ReLU - Dense 1, log loss, Adam 1e-3,"
    yield f"batches of {recipe.batch:,}, {recipe.steps:,} steps. Seeds from 0 on, none left out; the two arms differ only in how weights start."
    yield f"*Collapsed*: fewer than {LOST_PEAK:.0%} of 2,000 samples on one side of zero. *Lopsided*: more, but fewer than {LOPSIDED:.0%}."
    yield "Intervals are Clopper-Pearson 95 %."
    yield ""
    yield "| start | seeds | collapsed | share | interval | lopsided | generator's loss where collapsed | elsewhere |"
    yield "| --- " * 8 + "|"
    for arm in ARMS:
        rows = runs.of_arm(arm)
        if not rows:
            continue
        lost = [row for row in rows if not has_both_peaks(row)]
        kept = [row for row in rows if has_both_peaks(row)]
        lopsided = sum(lesser_share(row) < LOPSIDED for row in kept)
        low, high = clopper_pearson(len(lost), len(rows))
        yield (
            f"| {arm} | {len(rows)} | {len(lost)} | {len(lost) / len(rows):.2f} | {low:.2f} to {high:.2f} "
            f"| {lopsided} | {_range([row['g_loss'] for row in lost])} | {_range([row['g_loss'] for row in kept])} |"
        )
    yield ""
    yield answer(runs)
    yield ""
    yield "![Histograms of the samples of every run](two_gaussians.svg)"


def answer(runs: Runs) -> str:
    """What became of the claim that such a GAN loses a peak, and whether the start matters, in a sentence."""
    lost = {arm: [not has_both_peaks(row) for row in runs.of_arm(arm)] for arm in ARMS if runs.of_arm(arm)}
    said = []
    for arm, wrong in lost.items():
        low, high = clopper_pearson(sum(wrong), len(wrong))
        most = "most runs lose a peak: **confirmed**" if low > 0.5 else "**not decided** for most runs"
        said.append(f"Under the start of {arm} {'most runs keep both: **refuted**' if high < 0.5 else most}.")
    sentence = "That this GAN loses one of the two: " + " ".join(said)
    if len(lost) == len(ARMS):
        table = np.array([[sum(wrong), len(wrong) - sum(wrong)] for wrong in lost.values()])
        p = fisher_exact(table).pvalue
        matters = "The start matters" if p <= ALPHA else "That the start matters is not shown"
        sentence += f" {matters} (Fisher's exact test, p {f'= {p:.2g}' if p > SMALL else f'< {SMALL:g}'})."
    return sentence


def _range(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}" if values else ""


def _figure(runs: Runs) -> str:
    """Histograms as SVG: a strip for each run, sorted by the share left of zero; darker where more samples lie."""
    thick, wide, gap = 6, 8, 40
    heights = [len(runs.of_arm(arm)) * thick for arm in ARMS]
    size = (BINS * wide + 90, sum(heights) + gap * len(ARMS))
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" font-family="sans-serif">']
    parts.append(f'<rect width="{size[0]}" height="{size[1]}" fill="white"/>')
    top = 0
    for arm in ARMS:
        parts.append(f'<text x="80" y="{top + 14}" font-size="13">{arm}: one strip a run, -12 to 12</text>')
        for place, row in enumerate(sorted(runs.of_arm(arm), key=lambda row: float(row["below_zero"]))):
            y = top + 20 + place * thick
            most = max(row["bars"])
            parts += [
                f'<rect x="{80 + i * wide}" y="{y}" width="{wide}" height="{thick - 1}" fill="#20406a" fill-opacity="{bar / most:.2f}"/>'
                for i, bar in enumerate(row["bars"])
                if bar
            ]
        top += len(runs.of_arm(arm)) * thick + gap
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
