"""Which cure brings modes back, and what does it cost? All of them from one plain GAN, on the ring and on the grid.

``reference-gans study cures`` trains what is not yet in ``docs/studies/cures.json``, seed by seed, and rewrites page
and figure after every run; stopped early it has fewer seeds of every cure.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.metrics import high_quality_share, kl_divergence, within_mode_spread
from collapse_metrics.metrics.high_quality_share import REACH, distances_to_centres, high_quality_ceiling
from collapse_metrics.stats.shares import holm
from reference_gans.adagan import adagan
from reference_gans.data import Grid, Ring
from reference_gans.recipes import Recipe, build
from reference_gans.recipes._checks import FEWEST, draw
from reference_gans.studies._bars import bars
from reference_gans.studies._cure_arms import ADAGAN, ARMS, CHANGES, PLAIN, PLANES, ROUNDS, arm
from reference_gans.studies._differences import PERMUTATIONS, Difference, difference
from reference_gans.studies._page import cpu_seconds, seeds_of, span, write
from reference_gans.studies._runs import Outcome, Runs
from reference_gans.trainer import train

SEEDS = 4
"""Seeds of each arm, 0 to 3, none left out: the fewest with which a cure that always helps is beyond chance among so
many."""

SAMPLES = 5000
"""Points behind the numbers of a run: a share is known to .007."""

ALPHA = 0.05
"""Of all tests together, after Holm."""

JUDGE_STEPS = 300
"""Steps of AdaGAN's discriminator that says what is missed."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write page and figure.

    Args:
        data_root: Not used; every study takes it.
        quick: One seed and a thousandth of the steps, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    thousandths = 1 if quick else 1000
    runs = Runs(one_run, where / "cures.json" if where else None, thousandths)
    for key in runs.complete(list(ARMS), 1 if quick else SEEDS):
        run = runs.outcomes[key]
        print(f"{key}: {run['modes']} modes, {run['cpu_seconds']} s", flush=True)
        if where:
            write(where, "cures", page(runs), figure(runs))


def one_run(arm: str, seed: int, steps: int) -> Outcome:
    """What came out of one cure on one plane, after so many thousandths of its steps."""
    recipe = ARMS[arm]
    recipe = replace(recipe, steps=recipe.steps * steps // 1000)  # so that rates and noise fall as in a whole run
    mixture = Grid() if recipe.data == "grid" else Ring()
    return seen(_samples(recipe, seed, rounds=ROUNDS if arm.endswith(ADAGAN) else 1), mixture)


@torch.no_grad()
def _of_mixture(generator: torch.nn.Module, latent: int) -> Tensor:
    samples: Tensor = generator(torch.randn(SAMPLES, latent, generator=torch.Generator().manual_seed(0)))
    return samples


def _samples(recipe: Recipe, seed: int, *, rounds: int) -> Tensor:
    if rounds == 1:
        return draw(train(build(recipe, seed)), SAMPLES)
    part = replace(recipe, steps=max(1, recipe.steps // rounds))
    mixture = adagan(part, rounds=rounds, seed=seed, judge_steps=min(JUDGE_STEPS, part.steps))
    return _of_mixture(mixture, mixture.latent)


def seen(samples: Tensor, mixture: Ring | Grid) -> Outcome:
    """Modes, shares and widths of points; nothing but the modes, none, where some are not finite."""
    nothing: Outcome = {"modes": 0, "high_quality": None, "kl": None, "width": None}
    if not torch.isfinite(samples).all():
        return nothing
    centres = mixture.centres
    scales = torch.full((len(centres),), mixture.sd)
    away, mode = distances_to_centres(fake=samples, centres=centres, scales=scales)
    counts = torch.bincount(mode[away <= REACH], minlength=len(centres)).numpy()
    shares = np.full(len(centres), 1 / len(centres))
    return nothing | {
        "modes": int((counts >= FEWEST * len(samples) / len(centres)).sum()),
        "high_quality": round(high_quality_share(fake=samples, centres=centres, scales=scales), 4),
        "kl": round(kl_divergence(counts=counts, shares=shares), 4) if counts.sum() else None,
        "width": round(within_mode_spread(fake=samples, centres=centres, scales=scales), 4),
    }


def alive(runs: Runs, plane: str, cure: str) -> np.ndarray:
    """Share of a plane's modes that each seed of a cure draws."""
    of = 25 if plane == "grid" else 8
    return np.array([run["modes"] / of for run in runs.of_arm(arm(plane, cure))])


def changes(runs: Runs) -> dict[str, Difference]:
    """What every cure does to the share of modes alive, over both planes; p-values after Holm over all the cures."""
    there = [
        cure for cure in CHANGES if cure != PLAIN and all(runs.of_arm(arm(p, c)) for p in PLANES for c in (cure, PLAIN))
    ]
    found = [difference([(alive(runs, p, cure), alive(runs, p, PLAIN)) for p in PLANES]) for cure in there]
    adjusted = holm(np.array([one.p_value for one in found]))
    return {cure: Difference(one.by, float(p)) for cure, one, p in zip(there, found, adjusted, strict=True)}


def outcome(found: dict[str, Difference]) -> Iterator[str]:
    """Which cures brought modes back, by a rule that was fixed before there were any numbers."""
    sure = {cure: one.by for cure, one in found.items() if one.p_value <= ALPHA}
    for word, said, those in (
        ("Confirmed", "more modes than the plain GAN", [cure for cure, by in sure.items() if by > 0]),
        ("Refuted", "fewer modes than the plain GAN", [cure for cure, by in sure.items() if by < 0]),
        ("Not decided", "a difference that chance may have made", [cure for cure in found if cure not in sure]),
    ):
        if those:
            yield f"**{word}** ({said}): {'; '.join(those)}."


def page(runs: Runs) -> Iterator[str]:
    """What was asked, what was run, what came out."""
    yield "# Every cure, from one plain GAN"
    yield ""
    yield "Written by `reference-gans study cures`; do not edit. *The claim* of each paper and tip is that the cure brings modes back. Here each is alone,"
    yield "in one setting, on the field's two toys."
    yield ""
    yield f"*What ran*: {seeds_of(runs, ARMS)} of each, from 0 on, none left out. The plain GAN is non-saturating, with the networks, batches and falling rates of"
    yield f"`ring8_healthy` and `grid25_covered` and no penalty; {_steps(runs, 'ring'):,} generator steps on the ring, {_steps(runs, 'grid'):,} on the grid. Settings are defaults;"
    yield "slope penalties and clipping have the weight of planes. Two were changed after a look, since they lost what the plain GAN has: a weight of 10,"
    yield "that of pictures, for DRAGAN, and a rate of 0.1 of the inner steps of the unrolled GAN. Nothing was tuned beyond that: *refuted* is the cure in this"
    yield "setting, and another may work. DiffAugment changes pictures only and is left out;"
    yield f"AdaGAN divides the steps among its {ROUNDS} generators. A mode is *alive* with a quarter of its due share of {SAMPLES:,} points within 3 sd of its centre."
    yield "*High quality* is the share within 3 sd of any, *KL* that of the modes' shares among these points, corrected for bias, *width* that of"
    yield "the modes over the real one. Ranges are over seeds."
    yield ""
    found = changes(runs)
    yield from outcome(found)
    yield ""
    yield "| cure | change in the share of modes alive, both planes | p, after Holm |"
    yield "| --- " * 3 + "|"
    for cure, one in sorted(found.items(), key=lambda item: -item[1].by):
        yield f"| {cure} | {one.by:+.2f} | {one.p_value:.4f} |"
    for plane in PLANES:
        yield ""
        yield f"## The {plane}"
        yield ""
        yield from _table(runs, plane)
    yield ""
    yield f"P-values: {PERMUTATIONS:,} shuffles of the runs of a cure and of the plain GAN within each plane, two-sided, then Holm over the {len(found)} cures."
    yield cpu_seconds(runs)
    yield ""
    yield "![Modes alive](cures.svg)"


def _steps(runs: Runs, plane: str) -> int:
    return PLANES[plane].steps * runs.steps // 1000


def _table(runs: Runs, plane: str) -> Iterator[str]:
    of = 25 if plane == "grid" else 8
    plain = [run["cpu_seconds"] for run in runs.of_arm(arm(plane, PLAIN))]
    yield f"| cure | seeds | modes alive, of {of} | high quality (perfect: {high_quality_ceiling(2):.4f}) | KL, nats (perfect: 0) | width (real: 1) | CPU seconds, over the plain GAN's |"
    yield "| --- " * 7 + "|"
    for cure in CHANGES:
        rows = runs.of_arm(arm(plane, cure))
        if rows:
            cells = [
                span([row[name] for row in rows if row[name] is not None]) for name in ("high_quality", "kl", "width")
            ]
            cost = f"{np.mean([row['cpu_seconds'] for row in rows]) / max(np.mean(plain), 0.1):.1f}" if plain else ""
            modes = span([row["modes"] for row in rows], "d")
            yield f"| {cure} | {len(rows)} | {modes} | {' | '.join(cells)} | {cost} |"


def figure(runs: Runs) -> str:
    """Share of modes alive: a bar a cure, a dot a seed, the ring's and the grid's."""
    return bars(
        {
            f"{plane}: share of modes alive": {cure: alive(runs, plane, cure).tolist() for cure in CHANGES}
            for plane in PLANES
        }
    )


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
