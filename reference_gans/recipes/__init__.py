"""Which runs are worth repeating? Named, frozen, each with what it must show; one file a source."""

from reference_gans.recipes import (
    article_two_gaussians,
    bundled_digits,
    note_on_fives,
    planes,
    practitioner,
    stacked_digits,
    student_dcgan,
)
from reference_gans.recipes._base import Recipe, adam, build, sgd
from reference_gans.recipes._checks import Check, Seen

__all__ = ["RECIPES", "Check", "Recipe", "Seen", "adam", "build", "sgd"]

_SOURCES = (bundled_digits, note_on_fives, planes, practitioner, article_two_gaussians, student_dcgan, stacked_digits)

RECIPES: dict[str, Recipe] = {recipe.name: recipe for source in _SOURCES for recipe in source.RECIPES}
"""All named runs."""
