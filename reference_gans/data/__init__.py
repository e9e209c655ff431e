"""What is there to learn? Digits, clothes, stacks, patterns and Gaussians; one file a kind."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from reference_gans.data._base import Data
from reference_gans.data._on_device import OnDevice
from reference_gans.data.forty_fives import FIVES, Fives, fives, turn_and_scale
from reference_gans.data.gaussians import Grid, Mixture, Ring, TwoPeaks, grid, ring, two_peaks
from reference_gans.data.pictures import Digits, Enlarged, digits, enlarged_digits, enlarged_fashion, fashion, read_idx
from reference_gans.data.stacked import Stacks, stacked_digits
from reference_gans.data.toys import Pattern1010, Point, pattern_1010, point

__all__ = [
    "FIVES", "NEEDS_ROOT", "SOURCES", "Data", "Digits", "Enlarged", "Fives", "Grid", "Mixture", "OnDevice",
    "Pattern1010", "Point", "Ring", "Stacks", "TwoPeaks", "digits", "enlarged_digits", "enlarged_fashion", "fashion",
    "fives", "grid", "pattern_1010", "point", "read_idx", "ring", "stacked_digits", "turn_and_scale", "two_peaks",
]  # fmt: skip

SOURCES: dict[str, Callable[[Path | None], Data]] = {
    "digits": digits,
    "digits_32": partial(enlarged_digits, size=32),
    "digits_64": partial(enlarged_digits, size=64),
    "fashion_32": partial(enlarged_fashion, size=32),
    "fashion_64": partial(enlarged_fashion, size=64),
    "fives": fives,
    "grid": grid,
    "pattern_1010": pattern_1010,
    "point": point,
    "ring": ring,
    "stacked_digits": stacked_digits,
    "two_peaks": two_peaks,
}
"""What a recipe may name as its data."""

NEEDS_ROOT = frozenset({"fashion_32", "fashion_64"})
"""Sources that no package brings along: they need a data folder."""
