"""How is a Wasserstein critic's loss to be read, and may it be negative? Against the exact distance of the samples.

``reference-gans study wasserstein`` trains what is not yet in ``docs/studies/wasserstein.json`` and rewrites page and
figure after every run.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy import optimize, spatial, stats
from torch import Tensor

from reference_gans.cures.gradient_penalty import GradientPenalty
from reference_gans.cures.weight_clipping import WeightClipping
from reference_gans.objectives import WASSERSTEIN
from reference_gans.recipes import RECIPES, Recipe, build
from reference_gans.studies._curves import lines
from reference_gans.studies._runs import Runs
from reference_gans.trainer import Run, train

_PLAY = replace(RECIPES["ring8_healthy"], game=WASSERSTEIN, cures=(), d_steps=5, decay_from=1.0)

ARMS: dict[str, Recipe] = {
    "gradient penalty": replace(
        _PLAY, cures=(GradientPenalty(0.1),), g_lr=1e-3, d_lr=1e-3, betas=(0.0, 0.9), steps=1500
    ),
    "clipping at 0.01": replace(_PLAY, cures=(WeightClipping(0.01),), g_lr=5e-4, d_lr=5e-4, betas=(0.0, 0.999)),
    "clipping at 0.1": replace(_PLAY, cures=(WeightClipping(0.1),), g_lr=5e-4, d_lr=5e-4, betas=(0.0, 0.999)),
}
"""The ways to bound a critic, with five steps of it for each of the generator's. The paper's 5e-5 for clipping hardly
moves in as many steps."""

STEPS, EVERY, SEEDS = 1500, 50, 5
"""Generator steps, how often is looked, and seeds (0 to 4, none left out)."""

SAMPLES = 1000
"""Real and generated samples of a look; their best pairing is found exactly."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write page and figure.

    Args:
        data_root: Not used; every study takes it.
        quick: One seed, six steps and two looks, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    runs = Runs(one_run, where / "wasserstein.json" if where else None, 6 if quick else STEPS)
    for key in runs.complete(list(ARMS), 1 if quick else SEEDS, workers=1 if quick else 2):
        print(f"{key}: exact distance at the end {runs.outcomes[key]['exact'][-1]:.3f}", flush=True)
        if where:
            (where / "wasserstein.svg").write_text(figure(runs))
            (where / "wasserstein.md").write_text("\n".join(page(runs)) + "\n")


def one_run(arm: str, seed: int, steps: int) -> dict[str, Any]:
    """Looks at one training: what the critic says, what is true, and how steep the critic is."""
    run, looks = build(ARMS[arm], seed), []

    def look(run: Run) -> None:
        if run.step % min(EVERY, steps // 2) == 0:
            looks.append(seen(run))

    train(run, steps, [look])
    return {name: [round(entry[name], 6) for entry in looks] for name in looks[0]}


@torch.no_grad()
def seen(run: Run) -> dict[str, float]:
    """One look with chance of its own, so that the training is the same without it."""
    rng = torch.Generator().manual_seed(run.step)
    real, again = run.data.batch(SAMPLES, rng), run.data.batch(SAMPLES, rng)
    fake = run.generator(torch.randn(SAMPLES, run.latent, generator=rng))
    d_real, d_fake = run.d(real)[:, 0], run.d(fake)[:, 0]
    return {
        "printed": run.d_loss,
        "g_loss": run.g_loss,
        "estimate": float(d_real.mean() - d_fake.mean()),
        "steepness": steepness(torch.cat([real, fake]), torch.cat([d_real, d_fake])),
        "exact": exact_distance(real, fake),
        "floor": exact_distance(real, again),
    }


def exact_distance(x: Tensor, y: Tensor) -> float:
    """Wasserstein-1 distance of two equally large samples: the mean length of their cheapest pairing."""
    apart = spatial.distance.cdist(x.double().numpy(), y.double().numpy())
    rows, columns = optimize.linear_sum_assignment(apart)
    return float(apart[rows, columns].mean())


def steepness(x: Tensor, logits: Tensor) -> float:
    """Steepest rise of the critic between any two of these points: no bound on its slope lies lower."""
    apart = spatial.distance.pdist(x.double().numpy())
    rise = spatial.distance.pdist(logits.double().numpy()[:, None])
    return float((rise[apart > 0] / apart[apart > 0]).max())


def agreement(run: dict[str, Any]) -> float:
    """Rank correlation of the critic's estimate with the exact distance, over the looks at one training."""
    return float(stats.spearmanr(run["estimate"], run["exact"]).statistic)


def page(runs: Runs) -> Iterator[str]:
    """What was asked, what was run, what came out."""
    yield "# The Wasserstein loss: how to read it, and can it be negative?"
    yield ""
    yield "Written by `reference-gans study wasserstein`; do not edit. *The question*: a practitioner's note on remedies leaves open how"
    yield "the loss of a Wasserstein GAN is to be read and whether it may be negative."
    yield ""
    yield f"*What ran*: eight Gaussians on a ring, {len(ARMS)} ways to bound the critic, seeds 0 to {SEEDS - 1}, {runs.steps:,} steps of the generator with five of"
    yield f"the critic before each. Every {EVERY} steps the critic judged {SAMPLES:,} fresh real and {SAMPLES:,} generated points (*estimate*: its mean on real"
    yield "less its mean on generated ones), and the exact Wasserstein-1 distance of the same points was found by the cheapest pairing."
    yield f"Two samples of the data alone are {np.mean([run['floor'] for arm in ARMS for run in runs.of_arm(arm)]):.3f} apart on average: no generator can do better at this number of points."
    yield "*Steepness* is the steepest rise of the critic between any two of the points. Ranges are over seeds."
    yield ""
    yield "| critic | seeds | exact distance, first and last look | estimate, first and last | rank correlation over looks | estimate / steepness, over exact | critic's printed loss below 0 | estimate below 0 | generator's loss below 0 |"
    yield "| --- " * 9 + "|"
    for arm in ARMS:
        rows = runs.of_arm(arm)
        if rows:
            yield f"| {arm} | {len(rows)} | " + " | ".join(_cells(rows)) + " |"
    yield ""
    yield "*Reading it.* The loss that programs print is minus the estimate, so **it is negative whenever the critic does its work**, and it"
    yield "rises towards 0 as the generator gets better. The estimate itself can fall below 0: on fresh points, or after a step of the"
    yield "generator, the critic of a moment ago may be wrong. Its size has no unit: it is at most *steepness* times the exact"
    yield "distance (the sixth column is never above 1), and the steepness is the network's own affair. So it is compared only"
    yield "with itself, in one run. The generator's loss has no level at all; its sign means nothing."
    yield ""
    yield "![Estimate and exact distance over training](wasserstein.svg)"


def _cells(rows: list[dict[str, Any]]) -> Iterator[str]:
    for name in ("exact", "estimate"):
        yield f"{_range([run[name][0] for run in rows])}; {_range([run[name][-1] for run in rows])}"
    yield _range([agreement(run) for run in rows])
    used = [np.divide(run["estimate"], np.multiply(run["steepness"], run["exact"])) for run in rows]
    yield (
        _range([float(of_run.mean()) for of_run in used])
        + f", at most {max(float(of_run.max()) for of_run in used):.2f}"
    )
    for name in ("printed", "estimate", "g_loss"):
        yield _range([float((np.array(run[name]) < 0).mean()) for run in rows])


def _range(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def figure(runs: Runs) -> str:
    """One panel an arm: exact distance and estimate over steps, each as a share of its largest value."""
    panels = {
        f"{arm}: blue the exact distance, orange the critic's estimate, each over its largest; a line a seed": [
            (colour, (np.array(run[name]) / max(run[name])).tolist())
            for run in runs.of_arm(arm)
            for name, colour in (("exact", "#20406a"), ("estimate", "#d9822b"))
        ]
        for arm in ARMS
    }
    return lines(panels, across=f"{runs.steps:,} steps")


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
