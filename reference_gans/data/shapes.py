"""What could somebody's own labelled pictures look like? Coloured shapes, 32 x 32, of six kinds, drawn by rule."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

SHAPES = ("circle", "cross", "ring", "square", "star", "triangle")
"""Kinds of shapes in the order of their numbers."""

SIDE = 32
"""Pixels of a side."""

Plane = NDArray[np.float64]
"""Coordinates ``(n, SIDE, SIDE)`` in units of the shape's radius, or how far inside the shape each pixel lies."""


def _polygon(x: Plane, y: Plane, corners: int) -> Plane:
    """Inside a regular polygon that touches the unit circle."""
    sector = 2 * np.pi / corners
    angle = np.mod(np.arctan2(y, x) + sector / 2, sector) - sector / 2
    return np.asarray(np.cos(np.pi / corners) - np.hypot(x, y) * np.cos(angle))


def _cross(x: Plane, y: Plane) -> Plane:
    arm, reach = 0.28, 0.95
    upright = np.minimum(arm - np.abs(x), reach - np.abs(y))
    return np.maximum(upright, np.minimum(arm - np.abs(y), reach - np.abs(x)))


def _star(x: Plane, y: Plane) -> Plane:
    swing = np.cos(5 * np.arctan2(y, x))
    return np.asarray(0.62 + 0.38 * swing - np.hypot(x, y))


INSIDE: dict[str, Callable[[Plane, Plane], Plane]] = {
    "circle": lambda x, y: np.asarray(0.9 - np.hypot(x, y)),
    "cross": _cross,
    "ring": lambda x, y: 0.22 - np.abs(np.hypot(x, y) - 0.75),
    "square": lambda x, y: _polygon(x, y, 4),
    "star": _star,
    "triangle": lambda x, y: _polygon(x, y, 3),
}
"""How far inside each shape a point lies, above 0 within."""


def coloured_shapes(
    n: int, *, rng: np.random.Generator, shares: tuple[float, ...] | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Shapes of any colour, place, size and turn, on a dark ground of any colour, with a little grain.

    Args:
        n: How many.
        rng: All that is drawn comes from it.
        shares: Of the six kinds; left out, all alike. A share of 0 is a mode that a generator has dropped.

    Returns:
        Pictures ``(n, 3, 32, 32)`` as bytes, and the number of each one's kind in ``SHAPES``.

    Example:
        >>> pictures, kinds = coloured_shapes(4, rng=np.random.default_rng(0))
        >>> pictures.shape, pictures.dtype.name, kinds.shape
        ((4, 3, 32, 32), 'uint8', (4,))
    """
    chances = np.full(len(SHAPES), 1 / len(SHAPES)) if shares is None else np.asarray(shares) / np.sum(shares)
    kinds = rng.choice(len(SHAPES), size=n, p=chances)
    radius = rng.uniform(8, 12.5, (n, 1, 1))
    middle = SIDE / 2 - 0.5 + rng.uniform(-1, 1, (2, n, 1, 1)) * (SIDE / 2 - 1 - radius)
    turn = rng.uniform(0, 2 * np.pi, (n, 1, 1))
    rows, columns = np.mgrid[0:SIDE, 0:SIDE]
    down, across = (rows - middle[0]) / radius, (columns - middle[1]) / radius
    x, y = across * np.cos(turn) + down * np.sin(turn), down * np.cos(turn) - across * np.sin(turn)
    inside = np.empty((n, SIDE, SIDE))
    for kind, name in enumerate(SHAPES):
        inside[kinds == kind] = INSIDE[name](x[kinds == kind], y[kinds == kind])
    cover = np.clip(inside * radius + 0.5, 0, 1)[:, None]  # the edge is one pixel wide
    ink = rng.uniform(0.15, 1, (n, 3, 1, 1))
    ink /= ink.max(axis=1, keepdims=True)  # one channel is full, so that every shape stands out
    ground = rng.uniform(0, 0.3, (n, 3, 1, 1))
    pictures = ground + (ink - ground) * cover + rng.normal(0, 0.02, (n, 3, SIDE, SIDE))
    return (pictures.clip(0, 1) * 255).round().astype(np.uint8), kinds
