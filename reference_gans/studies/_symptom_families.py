"""Which runs are looked at for symptoms? Families of collapsed and healthy ones, and who has really collapsed."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch

from collapse_metrics.embed import MnistDigits
from reference_gans.data import Fives, Grid, Ring
from reference_gans.recipes import RECIPES, Recipe
from reference_gans.recipes._checks import FEWEST, LOST_PEAK, SAMPLES, draw, lesser_share, shares_of_peaks
from reference_gans.studies._picture_looks import PICTURES, kinds, probabilities
from reference_gans.studies.latent_size import fives_reached
from reference_gans.trainer import Run

FAMILIES: Mapping[str, tuple[Recipe, ...]] = {
    "ring": (replace(RECIPES["ring8_healthy"], steps=2000), replace(RECIPES["ring8_collapsed"], steps=2000)),
    "grid": (replace(RECIPES["grid25_covered"], steps=3000), replace(RECIPES["grid25_collapsed"], steps=2500)),
    "two Gaussians": (RECIPES["two_gaussians_keras"], RECIPES["two_gaussians_pytorch"]),
    "fives": (RECIPES["five_healthy"], RECIPES["five_collapsed"]),
    "digits": (RECIPES["mnist_improved_batched"], RECIPES["mnist_mlp_collapsed"], RECIPES["mnist_first_short"]),
}
"""What differs within a family makes the collapse: penalties and faint noise, the start, the size of the noise, the
layers. The ring and the grid are shortened; who has collapsed is counted, never taken from the name."""

ARMS: dict[str, Recipe] = {f"{family}, {recipe.name}": recipe for family, those in FAMILIES.items() for recipe in those}
"""Family and recipe."""


def family_of(arm: str) -> str:
    """The family that an arm is of."""
    return arm.partition(", ")[0]


def _of_centres(run: Run) -> float:
    assert isinstance(run.data, Ring | Grid)
    nearest = torch.cdist(draw(run), run.data.centres).argmin(dim=1)
    counts = torch.bincount(nearest, minlength=len(run.data.centres))
    return float((counts >= FEWEST * SAMPLES / len(counts)).double().mean())


def _of_peaks(run: Run) -> float:
    return 0.5 if lesser_share(shares_of_peaks(run)) < LOST_PEAK else 1.0


def _of_fives(run: Run) -> float:
    assert isinstance(run.data, Fives)
    return len(fives_reached(draw(run), run.data.base)) / len(run.data.base)


def _of_digits(run: Run) -> float:
    return kinds(probabilities(MnistDigits(), draw(run, PICTURES))[:, :10].argmax(dim=1)) / 10


COUNTS: Mapping[str, Callable[[Run], float]] = {
    "ring": _of_centres,
    "grid": _of_centres,
    "two Gaussians": _of_peaks,
    "fives": _of_fives,
    "digits": _of_digits,
}
"""Share of the modes that are drawn, by family: of the centres, peaks, images or digits that samples are nearest to, so
many that get a share to speak of. Samples that are nothing count as what they are nearest to: a collapse is asked for,
not a failure of another kind, and never a distance of samples, which is one of the symptoms."""

HALF = 0.5
"""Where at most this share of the modes is drawn, a run has collapsed."""
