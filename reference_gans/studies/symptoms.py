"""Do the usual symptoms tell a collapse? Losses, accuracies and gradients of collapsed and healthy runs of five kinds.

``reference-gans study symptoms`` trains what is not yet in ``docs/studies/symptoms.json`` and rewrites page and figure
after every run.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.probes import latent_sensitivity
from collapse_metrics.stats.red_noise import FEWEST_STEPS
from reference_gans.recipes import build
from reference_gans.recipes._checks import draw
from reference_gans.studies import latent_size
from reference_gans.studies._bars import bars
from reference_gans.studies._page import cpu_seconds, span, write
from reference_gans.studies._runs import Outcome, Runs
from reference_gans.studies._symptom_families import ARMS, COUNTS, FAMILIES, HALF, family_of
from reference_gans.studies.latent_size import auc, mean_distance
from reference_gans.trainer import Run, train

SEEDS = 5
"""Seeds of each arm, 0 to 4, none left out."""

FEWEST = 2 * FEWEST_STEPS + 2
"""Steps of the shortest try: a cycle is looked for in half of them."""

LOOKS = 100
"""Looks at the discriminator's accuracy in a run."""

SYMPTOMS = latent_size.SYMPTOMS | {
    "deaf to noise": "minus `latent_sensitivity`: how much a small move of the noise moves the sample, over its span",
    "G's gradient gone": "minus log10 of the gradient's norm, median over the second half",
}
"""What tutorials take for a sign of collapse, each turned so that more is more suspicious."""

RESAMPLES = 2000
"""Resampled sets of families behind an interval: runs of one family are not independent of each other."""

TURNED = 0.25
"""An AUC so low, in a family, means that there the sign is of the opposite; as far above one half it means a sign."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write page and figure.

    Args:
        data_root: Not used; the digits are the packaged ones.
        quick: One seed and 130 steps, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    runs = Runs(one_run, where / "symptoms.json" if where else None, 1 if quick else 1000)
    for key in runs.complete(list(ARMS), 1 if quick else SEEDS):
        print(f"{key}: {runs.outcomes[key]['modes']:.2f} of the modes", flush=True)
        if where:
            write(where, "symptoms", page(runs), figure(runs))


def one_run(arm: str, seed: int, steps: int) -> Outcome:
    """The symptoms of one run after so many thousandths of its steps, and what share of the modes it drew then."""
    run, steps = build(ARMS[arm], seed), steps_of(arm, steps)
    every, real = max(1, steps // LOOKS), run.data.real
    noted: Outcome = {"g_losses": [], "d_losses": [], "right": []}
    norms: list[float] = []

    def note(run: Run) -> None:
        noted["g_losses"].append(run.g_loss)
        noted["d_losses"].append(run.d_loss)
        norms.append(gradient_norm(run))
        if run.step % every == 0:
            noted["right"].append(accuracies(run, real))

    train(run, steps, [note])
    noted["diversity"] = mean_distance(draw(run)) / mean_distance(real)
    seen = latent_size.symptoms(noted) | {
        "deaf to noise": -sensitivity(run),
        "G's gradient gone": -float(np.log10(max(np.median(norms[len(norms) // 2 :]), 1e-30))),
    }
    return {name: round(float(value), 5) for name, value in seen.items()} | {"modes": COUNTS[family_of(arm)](run)}


def steps_of(arm: str, thousandths: int) -> int:
    """Steps of an arm; never too few to look for a cycle in the second half."""
    return max(FEWEST, ARMS[arm].steps * thousandths // 1000)


def gradient_norm(run: Run) -> float:
    """Length of the generator's gradient in the step that has just been taken."""
    slopes = [weight.grad for weight in run.generator.parameters() if weight.grad is not None]
    return float(torch.stack([slope.square().sum() for slope in slopes]).sum().sqrt())


@torch.no_grad()
def accuracies(run: Run, real: Tensor) -> tuple[float, float]:
    """Shares of real samples called real and of fakes called fake, with chance of their own.

    Real ones are chosen from the fixed sample: a batch would be missing from the training's own order.
    """
    rng = torch.Generator().manual_seed(run.step)
    fake = run.generator(run.draw(200, run.latent, rng))
    chosen = real[torch.randint(len(real), (200,), generator=rng)]
    logits = run.discriminator(chosen), run.discriminator(fake)
    return (logits[0] > 0).double().mean().item(), (logits[1] <= 0).double().mean().item()


@torch.no_grad()
def sensitivity(run: Run) -> float:
    """The package's own measure, of the generator as it stands."""
    latents = run.draw(500, run.latent, torch.Generator().manual_seed(0))
    return latent_sensitivity(
        respond=lambda z: draw(run, latents=z).flatten(1), latents=latents, rng=torch.Generator().manual_seed(0)
    )


def has_collapsed(run: Outcome) -> bool:
    """Whether half of the modes or more are gone."""
    return bool(run["modes"] <= HALF)


def aucs(runs: Runs, symptom: str) -> dict[str, float]:
    """Family -> AUC of the symptom within it, where it has both kinds of runs."""
    found = {}
    for family in FAMILIES:
        rows = [run for arm in ARMS if family_of(arm) == family for run in runs.of_arm(arm)]
        bad, good = (np.array([run[symptom] for run in rows if has_collapsed(run) is kind]) for kind in (True, False))
        if len(bad) and len(good):
            found[family] = auc(bad, good)
    return found


def interval(of_families: dict[str, float]) -> tuple[float, float]:
    """Where the mean over families lies, by resampling the families."""
    rng, values = np.random.default_rng(0), np.array(list(of_families.values()))
    means = rng.choice(values, (RESAMPLES, len(values))).mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return float(low), float(high)


def outcome(of_families: dict[str, float]) -> str:
    """Whether the symptom tells a collapse, by a rule that was fixed before there were any numbers."""
    if len(of_families) < 4:
        return "not decided"
    values = of_families.values()
    if min(values) <= TURNED and max(values) >= 1 - TURNED:
        return "refuted: its sign turns"
    low, high = interval(of_families)
    return "confirmed" if low > 0.5 else "refuted: the opposite" if high < 0.5 else "not decided"


def page(runs: Runs) -> Iterator[str]:
    """What is said, what was run, what came out."""
    yield "# Do the usual symptoms tell a collapse?"
    yield ""
    yield "Written by `reference-gans study symptoms`; do not edit. *The claim*, in tutorials and answers: a collapse shows in losses that swing or cycle, in what"
    yield "the discriminator gets right, in gradients, in samples that are alike."
    yield ""
    yield "*What ran*: recipes of five families, seeds from 0 on, none left out, the ring's and the grid's healthy ones shortened. A run has *collapsed* where samples"
    yield f"are nearest to at most {HALF:.0%} of the modes: centres, peaks, images, digits. All symptoms are turned so that more is more suspicious, and taken"
    yield "from the second half of the training or its end."
    yield ""
    yield "| family | recipe | steps | seeds | share of modes drawn | collapsed |"
    yield "| --- " * 6 + "|"
    for arm, recipe in ARMS.items():
        rows = runs.of_arm(arm)
        if rows:
            fell, steps = sum(map(has_collapsed, rows)), steps_of(arm, runs.steps)
            yield f"| {family_of(arm)} | `{recipe.name}` | {steps:,} | {len(rows)} | {span([run['modes'] for run in rows])} | {fell} |"
    yield ""
    yield "*AUC* is the probability that a collapsed run shows more of the symptom than a healthy one **of its family**: 0.5 is a coin, 0 always wrong. The interval"
    yield f"resamples families ({RESAMPLES:,} times), since runs of one are not independent; with so few it is rough. *Confirmed*: it lies above 0.5. *Its sign turns*:"
    yield f"an AUC of {TURNED} or less in one family and of {1 - TURNED} or more in another, so that no threshold could serve both."
    yield ""
    yield f"| symptom | measured as | {' | '.join(FAMILIES)} | mean | 95 % interval | a sign of collapse? |"
    yield "| --- " * (5 + len(FAMILIES)) + "|"
    for symptom, meaning in SYMPTOMS.items():
        yield f"| {symptom} | {meaning} | " + " | ".join(_cells(aucs(runs, symptom))) + " |"
    yield ""
    yield from _summary(runs)
    yield ""
    yield "Within a family the collapsed and the healthy runs differ in a setting (its start alone, among the two Gaussians), and a symptom may mark the setting."
    yield cpu_seconds(runs)
    yield ""
    yield "![AUC of every symptom, a dot a family](symptoms.svg)"


def _cells(found: dict[str, float]) -> Iterator[str]:
    yield from (f"{found[family]:.2f}" if family in found else "" for family in FAMILIES)
    if found:
        low, high = interval(found)
        yield f"{np.mean(list(found.values())):.2f}"
        yield f"{low:.2f} to {high:.2f}"
    else:
        yield from ("", "")
    yield outcome(found)


def _summary(runs: Runs) -> Iterator[str]:
    verdicts = {symptom: outcome(aucs(runs, symptom)) for symptom in SYMPTOMS}
    for word in ("confirmed", "refuted", "not decided"):
        those = [symptom for symptom, said in verdicts.items() if said.startswith(word)]
        if those:
            yield f"**{word.capitalize()}** for {len(those)} of {len(verdicts)}: {'; '.join(those)}."


def figure(runs: Runs) -> str:
    """AUC of every symptom: a bar to the mean, a dot a family."""
    return bars({"AUC by symptom, a dot a family": {name: list(aucs(runs, name).values()) for name in SYMPTOMS}})


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
