"""What is a perfect generator of digits, without end? Ten normal laws fitted to the packaged reference's features.

Each class of the packaged MNIST reference has the mean, the covariance and the share of its 10,000 real feature
rows (64 dimensions); from these, any number of perfect samples can be drawn, and spoilt in a known way.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from collapse_metrics.metrics._neighbours import nearest
from collapse_metrics.reference import Reference

REAL_ROWS = 2000
"""Real rows that generated ones are compared with; as many again are training data."""

KEPT = 0.99
"""Share of real rows within the radius of what counts as like the data."""

Rng = np.random.Generator


@dataclass(frozen=True)
class Samples:
    """Rows and the class of each."""

    rows: np.ndarray
    modes: np.ndarray


class DigitLaw:
    """Ten normal laws in feature space, and everything a metric may ask about samples of them."""

    def __init__(self, seed: int = 0) -> None:
        known = Reference.named("mnist")
        rows = torch.cat([known.anchor, known.fresh]).double().numpy()
        modes = torch.cat([known.anchor_modes, known.fresh_modes]).numpy()
        self.shares = np.bincount(modes, minlength=10) / len(modes)
        self.centres = np.stack([rows[modes == mode].mean(axis=0) for mode in range(10)])
        self.roots = np.stack([np.linalg.cholesky(np.cov(rows[modes == mode].T)) for mode in range(10)])
        self.scales = np.sqrt(np.square(self.roots).sum(axis=(1, 2)) / rows.shape[1])
        rng = np.random.default_rng([seed, 1])
        self.real, self.train = self.draw(REAL_ROWS, rng), self.draw(REAL_ROWS, rng)

    def draw(self, n: int, rng: Rng, shares: np.ndarray | None = None) -> Samples:
        """Perfect samples; with ``shares``, perfect within the classes only."""
        return self.of(rng.choice(10, size=n, p=self.shares if shares is None else shares), rng)

    def of(self, modes: np.ndarray, rng: Rng) -> Samples:
        """One perfect sample of each class asked for."""
        noise = rng.standard_normal((len(modes), self.centres.shape[1]))
        rows = np.empty_like(noise)
        for mode in range(10):
            here = modes == mode
            rows[here] = self.centres[mode] + noise[here] @ self.roots[mode].T
        return Samples(rows.astype(np.float32), modes)

    @cached_property
    def radius(self) -> float:
        """Distance to the nearest real row that 99 % of training rows keep."""
        away, _ = nearest(_tensor(self.train.rows), to=_tensor(self.real.rows))
        return float(away.quantile(KEPT))

    def asked(self, needs: frozenset[str], fake: Samples, rng: Rng) -> Mapping[str, Any]:
        """What a metric asks for, of these generated samples. The class of every sample is known without error."""
        makers: dict[str, Callable[[], Any]] = {
            "real": lambda: _tensor(self.real.rows),
            "train": lambda: _tensor(self.train.rows),
            "fake": lambda: _tensor(fake.rows),
            "fresh": lambda: _tensor(self.of(fake.modes, rng).rows),
            "real_modes": lambda: torch.from_numpy(self.real.modes),
            "fake_modes": lambda: torch.from_numpy(fake.modes),
            "counts": lambda: np.bincount(fake.modes, minlength=10),
            "real_counts": lambda: np.bincount(self.real.modes, minlength=10),
            "shares": lambda: self.shares,
            "confusion": lambda: np.eye(10),
            "centres": lambda: _tensor(self.centres),
            "scales": lambda: _tensor(self.scales),
            "accepted": lambda: nearest(_tensor(fake.rows), to=_tensor(self.real.rows))[0] <= self.radius,
        }
        return {name: makers[name]() for name in needs}


ANSWERS = frozenset(
    {
        "real", "train", "fake", "fresh", "real_modes", "fake_modes", "counts", "real_counts", "shares", "confusion",
        "centres", "scales", "accepted",
    }
)  # fmt: skip
"""Every kind of data that this law can give; metrics of pictures, of losses and of two looks need others."""


def _tensor(rows: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(rows).float()


def class_lost(law: DigitLaw, n: int, much: float, rng: Rng) -> Samples:
    """Classes lose their samples: 0.3 is 30 % of one class, 3 is three classes and all of each."""
    kept = np.clip(np.arange(1, 11) - much, 0.0, 1.0)  # the first classes go first
    shares = law.shares * kept
    return law.draw(n, rng, shares / shares.sum())


def copies_of(few: int, law: DigitLaw, n: int, much: float, rng: Rng) -> Samples:
    """A share of the samples are exact copies of a few others."""
    made = law.draw(n, rng)
    source = np.arange(n)
    copies = min(round(much * n), n - few)
    source[few : few + copies] = np.arange(copies) % few  # the first few are the originals
    return Samples(made.rows[source], made.modes[source])


def copies_of_one(law: DigitLaw, n: int, much: float, rng: Rng) -> Samples:
    """A share of the samples are exact copies of one other sample."""
    return copies_of(1, law, n, much, rng)


def copies_of_fifty(law: DigitLaw, n: int, much: float, rng: Rng) -> Samples:
    """A share of the samples are exact copies of fifty others."""
    return copies_of(50, law, n, much, rng)


def shrunken(law: DigitLaw, n: int, much: float, rng: Rng) -> Samples:
    """Samples draw nearer to the centre of their class: 0.1 is a spread of 0.9."""
    made = law.draw(n, rng)
    centres = law.centres[made.modes]
    return Samples(centres + (1 - much) * (made.rows - centres), made.modes)


def noisy(law: DigitLaw, n: int, much: float, rng: Rng) -> Samples:
    """No collapse: noise is added, in units of the spread within a class."""
    made = law.draw(n, rng)
    noise = rng.standard_normal(made.rows.shape)
    return Samples(made.rows + much * law.scales[made.modes][:, None] * noise, made.modes)
