"""How near does a GAN come to the whole ring, and to the whole grid? Every mode, every share, every width, ten seeds.

``reference-gans study whole_mixtures`` trains what is not yet in ``docs/studies/whole_mixtures.json`` and rewrites page
and figure after every run.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from collapse_metrics.metrics import high_quality_share, kl_divergence, within_mode_spread
from collapse_metrics.metrics.high_quality_share import (
    distances_to_centres,
    high_quality_ceiling,
    high_quality_interval,
)
from collapse_metrics.metrics.kl_divergence import kl_interval
from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.recipes import RECIPES, build
from reference_gans.recipes._checks import FEWEST, draw
from reference_gans.studies._curves import lines
from reference_gans.studies._runs import Outcome, Runs
from reference_gans.trainer import Run, train

ARMS = {"ring": "ring8_whole", "grid": "grid25_whole"}
"""What is learnt, and the recipe."""

NEARER = {
    "ring, 2.5 times as long": replace(RECIPES["ring8_whole"], steps=15_000),
    "ring, 16 normal inputs instead of 2": replace(RECIPES["ring8_whole"], latent=24),
}
"""What was tried to come nearer, each a change of the ring's recipe."""

SEEDS, SEEDS_NEARER = 10, 2
"""Seeds of each arm, 0 to 9, and of what was tried beside them, 0 and 1; none left out."""

SAMPLES = 2500
"""Samples that are judged: as many as published tables of ring and grid count."""

LOOKS = 20
"""Looks at the high-quality share on the way, for the figure."""

WIDE_ENOUGH = (0.9, 1.1)
"""Spread of the samples within their modes over the real one that passes."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write page and figure.

    Args:
        data_root: Not used; every study takes it.
        quick: One seed and 40 steps, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    runs = Runs(one_run, where / "whole_mixtures.json" if where else None, 40 if quick else 0)
    for arms, seeds in ((list(NEARER), SEEDS_NEARER), (list(ARMS), SEEDS)):
        for key in runs.complete(arms, 1 if quick else seeds, workers=1 if quick else 2):
            seen = runs.outcomes[key]
            print(
                f"{key}: {seen['modes']} modes, near a centre {seen['near']:.4f}, width {seen['width']:.2f}", flush=True
            )
            if where:
                (where / "whole_mixtures.svg").write_text(figure(runs))
                (where / "whole_mixtures.md").write_text("\n".join(page(runs)) + "\n")


def one_run(arm: str, seed: int, steps: int) -> Outcome:
    """Train one seed; ``steps`` of 0 is the recipe's own length."""
    run = build(NEARER[arm] if arm in NEARER else RECIPES[ARMS[arm]], seed)
    steps = steps or run.steps
    every, near = max(1, steps // LOOKS), []

    def note(run: Run) -> None:
        if run.step % every == 0:
            near.append(round(high_quality_share(fake=drawn(run, 1000), centres=centres(run), scales=scales(run)), 4))

    train(run, steps, [note])
    return {**judged(run), "curve": near}


def centres(run: Run) -> torch.Tensor:
    """Where the modes lie."""
    found: torch.Tensor = run.data.centres  # type: ignore[attr-defined]  # ring and grid both have them
    return found


def scales(run: Run) -> torch.Tensor:
    """How wide each mode is."""
    return torch.full((len(centres(run)),), float(run.data.sd))  # type: ignore[attr-defined]


def drawn(run: Run, n: int) -> torch.Tensor:
    """Samples from latents that training does not use."""
    latents = run.draw(n, run.latent, torch.Generator().manual_seed(7_000_000 + run.step))
    return draw(run, n, latents=latents)


def judged(run: Run) -> Outcome:
    """Everything that a table of ring or grid counts, with exact intervals where they are exact."""
    fake = drawn(run, SAMPLES)
    where: dict[str, Any] = {"centres": centres(run), "scales": scales(run)}
    distance, mode = distances_to_centres(fake=fake, **where)
    counts = torch.bincount(mode[distance <= 3], minlength=len(where["centres"]))
    shares = np.full(len(counts), 1 / len(counts))
    known: dict[str, Any] = {"counts": counts.numpy(), "shares": shares}
    low, high = high_quality_interval(fake=fake, **where)
    kl_low, kl_high = kl_interval(**known) if counts.any() else (float("nan"),) * 2
    return {
        "modes": int((counts >= FEWEST * SAMPLES / len(counts)).sum()),
        "of": len(counts),
        "near": round(high_quality_share(fake=fake, **where), 4),
        "near_low": round(low, 4),
        "near_high": round(high, 4),
        "kl": round(kl_divergence(**known), 5) if counts.any() else None,
        "kl_low": round(kl_low, 5),
        "kl_high": round(kl_high, 5),
        "width": round(within_mode_spread(fake=fake, **where), 3),
    }


PROMISES: dict[str, Callable[[Outcome], bool]] = {
    "every mode": lambda seen: bool(seen["modes"] == seen["of"]),
    "the ceiling within the interval of the share near a centre": lambda seen: bool(
        seen["near_low"] <= high_quality_ceiling(2) <= seen["near_high"]
    ),
    "0 within the interval of the KL divergence": lambda seen: bool(seen["kl_low"] <= 0 <= seen["kl_high"]),
    "width within 0.9 to 1.1": lambda seen: bool(WIDE_ENOUGH[0] <= seen["width"] <= WIDE_ENOUGH[1]),
}
"""What a perfect generator shows (the second and third in 95 % of draws), and how it is asked of a run."""


def page(runs: Runs) -> Iterator[str]:
    """How far it came."""
    yield "# The whole ring and the whole grid: how near a GAN comes"
    yield ""
    yield "Written by `reference-gans study whole_mixtures`; do not edit. Published tables of the ring of 8 and the grid of 25 count modes and the share of"
    yield f"samples near a centre; here a run is also asked for even shares and for the width of its modes. Every run is judged on {SAMPLES:,} samples of its last"
    yield f"generator (no seed and no step chosen). *Near*: within 3 sd of a centre, of which a perfect sampler has {high_quality_ceiling(2):.4f}; *KL*: bias-corrected, in"
    yield "nats; *width*: spread within a mode over the real one."
    yield ""
    yield "| | seeds | modes | near a centre | KL | width | CPU seconds, median (most) |"
    yield "| --- " * 7 + "|"
    yield from _lines(runs, {arm: f"{arm}, `{name}`" for arm, name in ARMS.items()})
    yield ""
    yield "How many of the runs show each of what a perfect generator shows; a perfect one misses the second and the third in one draw of twenty each."
    yield "Intervals are Clopper-Pearson 95 %."
    yield ""
    held = [arm for arm in ARMS if runs.of_arm(arm)]
    yield "| shown | " + " | ".join(held) + " |"
    yield "| --- " * (1 + len(held)) + "|"
    for promise, holds in {**PROMISES, "all four": perfect}.items():
        yield f"| {promise} | " + " | ".join(_share(runs.of_arm(arm), holds) for arm in held) + " |"
    yield ""
    yield "*Coins*: some inputs of the noise are -1 or 1 instead of normal, so that samples can lie apart without a bridge (`reference_gans.noise.Bits`)."
    yield "Both recipes also let the discriminator see sines and cosines of the plane, and blur both players' samples at first."
    yield ""
    if any(runs.of_arm(arm) for arm in NEARER):
        yield "## Why not nearer"
        yield ""
        yield "Two ways that suggest themselves, each from the ring's recipe. The likeliest reason for the first: while samples are blurred, nobody sees"
        yield "how wide a mode is, the generator lets go of its normal inputs, and the longer that lasts, the more of the width has to be learnt anew. For the"
        yield "second: what hears more normal inputs keeps its width, and smears more of its samples between the modes."
        yield ""
        yield "| | seeds | modes | near a centre | KL | width | CPU seconds, median (most) |"
        yield "| --- " * 7 + "|"
        yield from _lines(runs, {arm: arm for arm in NEARER})
        yield ""
    yield "![Share near a centre over the run](whole_mixtures.svg)"


def _lines(runs: Runs, arms: dict[str, str]) -> Iterator[str]:
    """A line of the table for every arm that has runs, under the name that it is given."""
    for arm, name in arms.items():
        rows = runs.of_arm(arm)
        if rows:
            seconds = sorted(row["cpu_seconds"] for row in rows)
            yield (
                f"| {name} | {len(rows)} | {_range(rows, 'modes', 'd')} of {rows[0]['of']} | {_range(rows, 'near', '.4f')} "
                f"| {_range(rows, 'kl', '.4f')} | {_range(rows, 'width', '.2f')} | {seconds[len(seconds) // 2]:.0f} ({seconds[-1]:.0f}) |"
            )


def perfect(seen: Outcome) -> bool:
    """Whether a run shows everything that a perfect generator shows."""
    return all(holds(seen) for holds in PROMISES.values())


def _share(rows: list[Outcome], holds: Callable[[Outcome], bool]) -> str:
    count = sum(holds(row) for row in rows)
    low, high = clopper_pearson(count, len(rows))
    return f"{count} of {len(rows)} ({low:.2f} to {high:.2f})"


def _range(rows: list[Outcome], name: str, form: str) -> str:
    values = [row[name] for row in rows if row[name] is not None]
    if not values:  # no run came near any mode
        return "–"
    low, high = f"{min(values):{form}}", f"{max(values):{form}}"
    return low if low == high else f"{low} to {high}"


def figure(runs: Runs) -> str:
    """The share near a centre over the run, one line a seed."""
    panels = {
        f"share within 3 sd of a centre, {arm}, every seed": [("#20406a", run["curve"]) for run in runs.of_arm(arm)]
        for arm in ARMS
    }
    return lines(panels, across="the whole run")


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
