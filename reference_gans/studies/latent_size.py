"""How does a mode collapse look like in the losses? Forty fives, one dimension of noise against 128, twenty seeds.

``reference-gans study latent_size`` trains what is not yet in ``docs/studies/latent_size.json`` and rewrites page and
figure after every run.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import mannwhitneyu
from torch import Tensor
from torch.nn import functional

from collapse_metrics.metrics import loss_oscillation
from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.data import Fives
from reference_gans.recipes import RECIPES, build
from reference_gans.recipes._checks import draw
from reference_gans.studies._curves import lines
from reference_gans.studies._runs import Outcome, Runs
from reference_gans.trainer import Run, train

NETWORKS = {
    "upsampling": ("five_as_noted", "five_as_noted_latent_1"),
    "transposed": ("five_as_noted_transposed", "five_as_noted_transposed_latent_1"),
}
"""How the generator enlarges, and its recipes with 128 dimensions of noise and with one; the note does not say which
networks it used."""

SIZES = ("128 dimensions", "1 dimension")
"""Of the noise: the note's healthy run and its collapsed one; nothing else differs within a network."""

ARMS = {
    f"{network}, {size}": recipe
    for network, recipes in NETWORKS.items()
    for size, recipe in zip(SIZES, recipes, strict=True)
}
"""Arm -> recipe."""

MANY, FEW = 20, 10
"""Of forty fives: a run that draws so many is taken for the note's healthy one, so few for its collapsed one."""

SEEDS = 20
"""Seeds of each arm, 0 to 19, none left out."""

EVERY = 10
"""Steps between looks at the discriminator's accuracy."""

SYMPTOMS = {
    "swing of G's loss": "standard deviation, second half of the run",
    "swing of D's loss": "standard deviation, second half of the run",
    "cycle in G's loss": "minus log10 of the p-value of `loss_oscillation`, second half",
    "memory of G's loss": "correlation of one step with the next, second half",
    "D right about real": "share of real samples called real, mean over the second half",
    "D right about fake": "share of fakes called fake, mean over the second half",
    "sameness": "minus the mean distance of two samples, over that of real ones",
}
"""What tutorials take for a sign of collapse, each turned so that more is more suspicious."""

ASKED = ("swing of G's loss", "cycle in G's loss")
"""The note's "oscillating": measured by its size, and as a cycle."""

LEVEL = 0.05
"""Of the two tests behind the sentence, shared between them."""

REACHED = 0.005
"""A five comes out where it is the nearest of the forty to at least this share of the samples: a fifth of its due."""

RESAMPLES = 2000
"""Resampled sets of seeds behind an interval."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write page and figure.

    Args:
        data_root: Not used; the fives are those of the packaged digits.
        quick: Two seeds and 140 steps, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    steps = 140 if quick else RECIPES["five_as_noted"].steps
    runs = Runs(one_run, where / "latent_size.json" if where else None, steps)
    for key in runs.complete(list(ARMS), 2 if quick else SEEDS, workers=1 if quick else 2):
        print(f"{key}: {runs.outcomes[key]['fives']} of 40 fives", flush=True)
        if where:
            (where / "latent_size.svg").write_text(figure(runs))
            (where / "latent_size.md").write_text("\n".join(page(runs)) + "\n")


def one_run(arm: str, seed: int, steps: int) -> Outcome:
    """Losses of every step, accuracies now and then, and what came out."""
    run = build(RECIPES[ARMS[arm]], seed)
    g_losses, d_losses, right = [], [], []

    def note(run: Run) -> None:
        g_losses.append(round(run.g_loss, 4))
        d_losses.append(round(run.d_loss, 4))
        if run.step % EVERY == 0:
            right.append(accuracies(run))

    train(run, steps, [note])
    assert isinstance(run.data, Fives)
    samples, real = draw(run), run.data.real
    return {
        "g_losses": g_losses,
        "d_losses": d_losses,
        "right": right,
        "fives": len(fives_reached(samples, run.data.base)),
        "diversity": round(mean_distance(samples) / mean_distance(real[: len(samples)]), 4),
    }


@torch.no_grad()
def accuracies(run: Run) -> tuple[float, float]:
    """Shares of real samples called real and of fakes called fake, with chance of their own."""
    rng = torch.Generator().manual_seed(run.step)
    fake = run.generator(run.draw(200, run.latent, rng))
    real = run.data.batch(200, rng)
    run.discriminator.eval()
    logits = run.discriminator(real), run.discriminator(fake)
    run.discriminator.train()
    return round((logits[0] > 0).double().mean().item(), 3), round((logits[1] <= 0).double().mean().item(), 3)


def fives_reached(samples: Tensor, base: Tensor) -> list[int]:
    """Which of the images are nearest to enough samples; slightly blurred, so that a small turn costs little."""
    drawn, images = (functional.avg_pool2d(x, 3, stride=1, padding=1).flatten(1) for x in (samples, base))
    nearest = torch.cdist(drawn, images).argmin(dim=1)
    counts = torch.bincount(nearest, minlength=len(base))
    return torch.nonzero(counts >= REACHED * len(samples)).flatten().tolist()


def mean_distance(x: Tensor) -> float:
    """Mean Euclidean distance of two of the first 500 samples."""
    return torch.pdist(x[:500].flatten(1)).mean().item()


def symptoms(run: Outcome) -> dict[str, float]:
    """The numbers that are said to give a collapse away."""
    g, d = (np.array(run[name][len(run[name]) // 2 :]) for name in ("g_losses", "d_losses"))
    right = np.array(run["right"][len(run["right"]) // 2 :])
    return {
        "swing of G's loss": float(g.std()),
        "swing of D's loss": float(d.std()),
        "cycle in G's loss": float(-np.log10(loss_oscillation(g_losses=g))),
        "memory of G's loss": float(np.corrcoef(g[:-1], g[1:])[0, 1]),
        "D right about real": float(right[:, 0].mean()),
        "D right about fake": float(right[:, 1].mean()),
        "sameness": -run["diversity"],
    }


def auc(collapsed: np.ndarray, healthy: np.ndarray) -> float:
    """Probability that a collapsed run shows more of the symptom than a healthy one; a tie counts half."""
    apart = collapsed[:, None] - healthy[None]
    return float(((apart > 0) + 0.5 * (apart == 0)).mean())


def auc_interval(collapsed: np.ndarray, healthy: np.ndarray) -> tuple[float, float]:
    """By resampling the seeds of each arm."""
    rng = np.random.default_rng(0)
    values = [auc(*(rng.choice(x, len(x)) for x in (collapsed, healthy))) for _ in range(RESAMPLES)]
    low, high = np.quantile(values, [0.025, 0.975])
    return float(low), float(high)


def page(runs: Runs) -> Iterator[str]:
    """What the note says, what was run, what came out."""
    arms = {arm: runs.of_arm(arm) for arm in ARMS}
    yield "# How does a mode collapse look like? Forty fives and the size of the noise"
    yield ""
    yield "Written by `reference-gans study latent_size`; do not edit. *The source*: a note that trains one GAN on 40 augmented images of the"
    yield "digit five twice, with 128 dimensions of noise and with one, for 100 epochs. It says that losses and accuracies lie near one half"
    yield "in the healthy run, and that the generator's loss oscillates in the other."
    yield ""
    yield f"*What ran*: both, {runs.steps} steps, seeds from 0 on, none left out, for two kinds of generator, since the note does not say which: one that"
    yield f"doubles pixels and convolves, one of transposed convolutions. A five *comes out* where it is the nearest of the forty to at least {REACHED:.1%} of 2,000"
    yield f"samples; a run with {MANY} or more is taken for healthy, one with {FEW} or fewer for collapsed."
    yield ""
    yield "| noise | seeds | fives that come out, of 40 | diversity, over real | D's accuracy on real | on fakes | a cycle in G's loss at 0.01 |"
    yield "| --- " * 7 + "|"
    for arm, rows in arms.items():
        if rows:
            yield f"| {arm} | {len(rows)} | " + " | ".join(_cells(rows)) + " |"
    for network in NETWORKS:
        healthy, collapsed = (arms[f"{network}, {size}"] for size in SIZES)
        if healthy and collapsed:
            yield ""
            yield f"## {network.capitalize()}"
            yield ""
            yield outcome(healthy, collapsed)
            yield ""
            yield from _table(healthy, collapsed)
    yield ""
    yield "Ranges are over seeds. One pair of arms in one setting: what separates them here may be the size of the noise and not the collapse."
    yield ""
    yield "![The generator's loss in both arms](latent_size.svg)"


def outcome(healthy: list[Outcome], collapsed: list[Outcome]) -> str:
    """Whether the note's two runs came out, and whether a swinging loss tells them apart, in a sentence."""
    many = sum(run["fives"] >= MANY for run in healthy)
    few = sum(run["fives"] <= FEW for run in collapsed)
    found = f"{many} of {len(healthy)} runs with 128 dimensions are healthy, {few} of {len(collapsed)} with one have collapsed"
    if many <= len(healthy) / 2 or few <= len(collapsed) / 2:
        return (
            f"{found}: the note's pair of runs did not come out with this generator, so nothing is said of its symptom."
        )
    seen = [[symptoms(run) for run in rows] for rows in (healthy, collapsed)]
    answers = []
    for name in ASKED:
        calm, wild = (np.array([row[name] for row in rows]) for rows in seen)
        answers.append(f"the {name} {_told(calm, wild)}")
    return f"{found}; {', and '.join(answers)} (Mann-Whitney tests at {LEVEL:.0%} together; AUC below)."


def _told(calm: np.ndarray, wild: np.ndarray) -> str:
    """Whether a symptom ranks the collapsed runs above the healthy ones, by an exact test of the ranks."""
    if mannwhitneyu(wild, calm).pvalue > LEVEL / len(ASKED):
        return "is not shown to tell them apart"
    return "tells them apart as the note says" if auc(wild, calm) > 0.5 else "tells them apart the other way round"


def _table(healthy: list[Outcome], collapsed: list[Outcome]) -> Iterator[str]:
    yield "Does a symptom tell the two apart? *AUC* is the probability that a run with one dimension shows more of it than a run with 128:"
    yield f"0.5 is no better than a coin, 1 always right, 0 always wrong. Intervals: {RESAMPLES:,} resamplings of the seeds."
    yield ""
    yield "| symptom | measured as | 128 dimensions | 1 dimension | AUC | 95 % interval |"
    yield "| --- " * 6 + "|"
    seen = [[symptoms(run) for run in rows] for rows in (healthy, collapsed)]
    for name, meaning in SYMPTOMS.items():
        calm, wild = (np.array([row[name] for row in rows]) for rows in seen)
        low, high = auc_interval(wild, calm)
        yield f"| {name} | {meaning} | {_range(calm)} | {_range(wild)} | {auc(wild, calm):.2f} | {low:.2f} to {high:.2f} |"


def _cells(rows: list[Outcome]) -> Iterator[str]:
    halves = [np.array(run["right"][len(run["right"]) // 2 :]).mean(axis=0) for run in rows]
    cycles = sum(
        loss_oscillation(g_losses=np.array(run["g_losses"][len(run["g_losses"]) // 2 :])) <= 0.01 for run in rows
    )
    low, high = clopper_pearson(cycles, len(rows))
    yield f"{min(run['fives'] for run in rows)} to {max(run['fives'] for run in rows)}"
    yield _range([run["diversity"] for run in rows])
    yield _range([half[0] for half in halves])
    yield _range([half[1] for half in halves])
    yield f"{cycles} of {len(rows)} ({low:.2f} to {high:.2f})"


def _range(values: Any) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def figure(runs: Runs) -> str:
    """The generator's loss of the first three seeds of each arm."""
    panels = {
        f"generator's loss, {arm}, seeds 0 to 2": [
            (colour, run["g_losses"])
            for colour, run in zip(("#20406a", "#d9822b", "#4f8a5b"), runs.of_arm(arm), strict=False)
        ]
        for arm in ARMS
    }
    return lines(panels, across=f"{runs.steps:,} steps")


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
