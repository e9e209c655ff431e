"""Which pairs of real and generated data do the fifteen sanity checks ask about? Known laws, one moving number each.

The settings are those of Räisä, van Breugel and van der Schaar (ICML 2025) as their paper and the configuration of
their experiments state them. A grid of 51 steps is thinned to nine that keep both ends and the middle: the
criteria look at ends, middle, smallest and largest, and nothing else. Numbers of samples end at 4,832, not 10,000.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

N = 1000
"""Rows of either set, where their number is not what moves."""

SIZES = (1129.0, 2336.0, 4832.0)
"""Numbers of samples that are looked at: of the published 20 steps from 100 to 10,000 the criteria read those from
the median on. The largest two are left out for the sake of two cores."""

Rng = np.random.Generator
Draw = Callable[[float, int, Rng], np.ndarray]
"""Rows at one place of the line: where, how many, chance."""


def _fixed(x: float) -> int:
    return N


@dataclass(frozen=True)
class Line:
    """A row of situations: ``xs`` says where, ``real`` and ``fake`` what is drawn there."""

    check: str
    case: str
    xs: tuple[float, ...]
    real: Draw
    fake: Draw
    n_real: Callable[[float], int] = _fixed
    n_fake: Callable[[float], int] = _fixed
    real_moves: bool = False

    @property
    def name(self) -> str:
        """The check and the case of it."""
        return f"{self.check}, {self.case}" if self.case else self.check

    def draw(self, x: float, repeat: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Real rows, generated rows, and as many fresh real rows, scaled by the real ones; one seed, one answer."""
        name = [*self.name.encode()]
        place = [self.xs.index(x)] if self.real_moves else []
        real = self.real(x, self.n_real(x), np.random.default_rng([1, repeat, *name, *place]))
        fake = self.fake(x, self.n_fake(x), np.random.default_rng([2, repeat, *name, self.xs.index(x)]))
        fresh = self.real(x, self.n_fake(x), np.random.default_rng([3, repeat, *name, *place]))
        middle, width = real.mean(axis=0), real.std(axis=0)
        width = np.where(width > 0, width, 1.0)
        return (real - middle) / width, (fake - middle) / width, (fresh - middle) / width


def _even(low: float, high: float, steps: int = 9) -> tuple[float, ...]:
    return tuple(np.linspace(low, high, steps).round(9).tolist())


def _powers(low: float, high: float, steps: int) -> tuple[float, ...]:
    return tuple(np.logspace(low, high, steps).round(9).tolist())


def _gauss(dim: int, moved: bool = False, outlier: float | None = None) -> Draw:
    """A normal law around 0, or around the place of the line; ``outlier`` adds one far row."""

    def draw(x: float, n: int, rng: Rng) -> np.ndarray:
        rows = rng.standard_normal((n, dim)) + (x if moved else 0.0)
        return rows if outlier is None else np.vstack([rows, np.full((1, dim), outlier)])

    return draw


def _mixture(means: np.ndarray, scale: float, shares: Callable[[float], np.ndarray]) -> Draw:
    def draw(x: float, n: int, rng: Rng) -> np.ndarray:
        which = rng.choice(len(means), size=n, p=shares(x))
        rows: np.ndarray = means[which] + scale * rng.standard_normal((n, means.shape[1]))
        return rows

    return draw


def mean_difference() -> Iterator[Line]:
    """Two normal laws that differ in their mean."""
    for dim, far in ((1, 6.0), (8, 3.0), (64, 1.0)):
        yield Line("mean difference", f"d={dim}", _even(-far, far), _gauss(dim), _gauss(dim, moved=True))


def mean_difference_with_outlier() -> Iterator[Line]:
    """The same with one outlier, among the real or among the generated rows, at the end of the line."""
    for dim, far in ((1, 6.0), (8, 3.0), (64, 1.0)):
        for side in ("real", "generated"):
            yield Line(
                "mean difference with an outlier",
                f"d={dim}, {side} outlier",
                _even(-far, far),
                _gauss(dim, outlier=far if side == "real" else None),
                _gauss(dim, moved=True, outlier=far if side == "generated" else None),
            )


def spread_difference() -> Iterator[Line]:
    """Two normal laws that differ in their standard deviation."""
    for dim, power in ((1, 3.0), (8, 1.0), (64, 0.5)):

        def fake(x: float, n: int, rng: Rng, dim: int = dim) -> np.ndarray:
            return x * rng.standard_normal((n, dim))

        yield Line("spread difference", f"d={dim}", _powers(-power, power, 9), _gauss(dim), fake)


def _ten_modes(dim: int) -> tuple[np.ndarray, float]:
    means = np.tile(np.linspace(0, 10, 10)[:, None], (1, dim))
    return means, {1: 1 / 6, 8: 1 / 3, 64: 1.0}[dim]


def simultaneous_dropping() -> Iterator[Line]:
    """Nine of ten modes lose weight together."""

    def shares(x: float) -> np.ndarray:
        kept = np.append(1.0, np.full(9, 1 - x))
        return np.asarray(kept / kept.sum())

    for dim in (1, 8, 64):
        means, scale = _ten_modes(dim)
        even, fewer = _mixture(means, scale, lambda x: np.full(10, 0.1)), _mixture(means, scale, shares)
        # The published criterion reads the 48th of 50 steps: 47/49 dropped.
        yield Line("simultaneous mode dropping", f"d={dim}", (0, 0.2, 0.4, 0.6, 0.8, 0.9, 47 / 49, 1), even, fewer)


def sequential_dropping() -> Iterator[Line]:
    """Ten modes are lost one after the other."""

    def shares(x: float) -> np.ndarray:
        kept = (np.arange(10) < 10 - x).astype(float)
        return np.asarray(kept / kept.sum())

    for dim in (1, 8, 64):
        means, scale = _ten_modes(dim)
        even, fewer = _mixture(means, scale, lambda x: np.full(10, 0.1)), _mixture(means, scale, shares)
        yield Line("sequential mode dropping", f"d={dim}", tuple(map(float, range(10))), even, fewer)


FOUND_MODES = np.array(
    [
        [5.468, -4.085], [4.872, -13.649], [-16.394, 9.098], [-2.154, 12.462], [11.558, -4.960],
        [-24.606, 14.180], [16.842, -3.187], [-5.478, -6.772], [9.467, 1.059], [-5.403, -17.295],
    ]
)  # fmt: skip
"""Centres of the published check: the first five are real modes, the others can only be invented."""


def dropping_and_invention() -> Iterator[Line]:
    """From one of five modes to all five, and on to five that are not there."""

    def shares(x: float) -> np.ndarray:
        return (np.arange(10) < x) / x

    real, fake = _mixture(FOUND_MODES, 0.25, lambda x: shares(5)), _mixture(FOUND_MODES, 0.25, shares)
    yield Line("mode dropping and invention", "d=2", tuple(map(float, range(1, 11))), real, fake)


def sphere_surface() -> Iterator[Line]:
    """Two spheres' surfaces around one centre, of different radius."""
    for dim in (2, 16, 128):

        def surface(radius: float, n: int, rng: Rng, dim: int = dim) -> np.ndarray:
            rows = rng.standard_normal((n, dim))
            scaled: np.ndarray = radius * rows / np.linalg.norm(rows, axis=1, keepdims=True)
            return scaled

        def unit(x: float, n: int, rng: Rng, surface: Draw = surface) -> np.ndarray:
            return surface(1.0, n, rng)

        yield Line("sphere's surface", f"d={dim}", _even(0.1, 1.9), unit, surface)


def _cubes(dim: int) -> tuple[Draw, Draw]:
    """Two unit cubes that share a fifth of their volume."""
    start = 1 - 0.2 ** (1 / dim)
    return (
        lambda x, n, rng: rng.uniform(0, 1, (n, dim)),
        lambda x, n, rng: rng.uniform(start, start + 1, (n, dim)),
    )


def cube_sizes() -> Iterator[Line]:
    """Two overlapping cubes, with more and more rows of both."""
    for dim in (1, 8, 64):
        real, fake = _cubes(dim)
        yield Line("cubes, varying size", f"d={dim}", SIZES, real, fake, int, int, real_moves=True)


def cube_fake_sizes() -> Iterator[Line]:
    """Two overlapping cubes, with more and more generated rows."""
    for dim in (1, 8, 64):
        real, fake = _cubes(dim)
        yield Line("cubes, varying generated size", f"d={dim}", SIZES, real, fake, n_fake=int)


def _ball(x: float, n: int, rng: Rng) -> np.ndarray:
    rows = rng.standard_normal((n, 3))
    inside: np.ndarray = 0.8 * rng.random((n, 1)) ** (1 / 3) * rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return inside


def _torus(x: float, n: int, rng: Rng) -> np.ndarray:
    turn, tube = rng.uniform(0, 2 * np.pi, (2, n))
    away = 0.1 * np.sqrt(rng.random(n))
    reach = 1 + away * np.cos(tube)
    return np.column_stack([reach * np.cos(turn), reach * np.sin(turn), away * np.sin(tube)])


def ball_and_torus() -> Iterator[Line]:
    """A ball inside a torus, which do not touch."""
    yield Line("ball and torus", "real ball", SIZES, _ball, _torus, n_fake=int)
    yield Line("ball and torus", "real torus", SIZES, _torus, _ball, n_fake=int)


def two_modes_as_one() -> Iterator[Line]:
    """Two modes that move apart, imitated by one wide mode around the same mean."""
    for dim in (1, 8, 64):

        def real(x: float, n: int, rng: Rng, dim: int = dim) -> np.ndarray:
            return x * (rng.integers(2, size=(n, 1)) - 0.5) + rng.standard_normal((n, dim))

        def fake(x: float, n: int, rng: Rng, dim: int = dim) -> np.ndarray:
            return float(np.sqrt(1 + x * x)) * rng.standard_normal((n, dim))

        yield Line("two modes taken for one", f"d={dim}", _even(0, 5, 7), real, fake, real_moves=True)


def one_dimension_scaled() -> Iterator[Line]:
    """Far apart in one dimension, alike in another whose unit changes."""

    def real(x: float, n: int, rng: Rng) -> np.ndarray:
        return np.asarray(rng.standard_normal((n, 2)) * [1, x])

    def fake(x: float, n: int, rng: Rng) -> np.ndarray:
        return np.asarray((rng.standard_normal((n, 2)) + np.array([6, 0])) * [1, x])

    yield Line("one dimension scaled", "d=2", _powers(-3, 3, 7), real, fake, real_moves=True)


def mean_difference_with_pareto() -> Iterator[Line]:
    """The mean differs in one dimension; another one has a very heavy tail and is alike."""

    def real(x: float, n: int, rng: Rng) -> np.ndarray:
        return np.column_stack([rng.standard_normal(n), 1 + rng.pareto(1.01, n)])

    def fake(x: float, n: int, rng: Rng) -> np.ndarray:
        return np.column_stack([rng.standard_normal(n) + x, 1 + rng.pareto(1.01, n)])

    yield Line("mean difference with a heavy tail", "d=2", _even(-6, 6), real, fake)


def one_disjoint_dimension() -> Iterator[Line]:
    """Far apart in one dimension, alike in more and more others."""

    def real(x: float, n: int, rng: Rng) -> np.ndarray:
        return rng.standard_normal((n, int(x) + 1))

    def fake(x: float, n: int, rng: Rng) -> np.ndarray:
        rows = rng.standard_normal((n, int(x) + 1))
        rows[:, 0] += 6
        return rows

    yield Line("one disjoint dimension", "", (1, 3, 10, 31, 100, 316, 1000), real, fake, real_moves=True)


def rounded_values() -> Iterator[Line]:
    """A normal law against the same, rounded to whole numbers, at finer and finer rounding."""

    def smooth(x: float, n: int, rng: Rng) -> np.ndarray:
        return x * rng.standard_normal((n, 1))

    def rounded(x: float, n: int, rng: Rng) -> np.ndarray:
        return smooth(x, n, rng).round()

    scales = _powers(0, 3, 7)
    yield Line("rounded values", "real rounded", scales, rounded, smooth, real_moves=True)
    yield Line("rounded values", "generated rounded", scales, smooth, rounded, real_moves=True)
