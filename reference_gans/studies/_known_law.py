"""What does a perfect generator draw, where the truth is known? A mixture in eight dimensions, digits, and losses."""

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.embed import MnistDigits
from collapse_metrics.reference import Reference
from reference_gans.data import digits

Rng = np.random.Generator

REAL_ROWS = 1200
"""Real rows of a mixture's reference: half are neighbours, half stand in for a perfect generator."""

DIM, MODES, APART = 8, 10, 4.0
"""The mixture: centres are normal with standard deviation 4 in each of eight dimensions, modes have 1."""


class Mixture:
    """Ten round modes of known, unequal shares; a sample's mode is the nearest centre."""

    def __init__(self) -> None:
        rng = np.random.default_rng(20)
        self.centres = APART * rng.standard_normal((MODES, DIM))
        self.shares = np.linspace(0.06, 0.14, MODES)

    def draw(self, n: int, rng: Rng) -> tuple[Tensor, Tensor]:
        """Perfect samples and the mode of each."""
        modes = rng.choice(MODES, size=n, p=self.shares)
        rows = self.centres[modes] + rng.standard_normal((n, DIM))
        return torch.from_numpy(rows).float(), torch.from_numpy(modes)

    def reference(self, seed: int) -> Reference:
        """A reference of fresh real rows, as a user of known centres would fit it."""
        rows, labels = self.draw(REAL_ROWS, np.random.default_rng([21, seed]))
        centres = torch.from_numpy(self.centres).float()
        return Reference.fit(real=rows, labels=labels.numpy(), modes=centres, seed=seed)

    def asked(self, n: int, rng: Rng) -> dict[str, Any]:
        """Everything that a test of samples may ask for, the shares and the centres known without error."""
        real, real_modes = self.draw(n, rng)
        fake, fake_modes = self.draw(n, rng)
        return {
            "real": real,
            "real_modes": real_modes,
            "real_counts": torch.bincount(real_modes, minlength=MODES).numpy(),
            "fake": fake,
            "fake_modes": fake_modes,
            "counts": torch.bincount(fake_modes, minlength=MODES).numpy(),
            "fresh": self.draw(n, rng)[0],
            "train": self.draw(n, rng)[0],
            "shares": self.shares,
            "confusion": np.eye(MODES),
            "centres": torch.from_numpy(self.centres).float(),
            "scales": torch.ones(MODES),
        }


@lru_cache
def _pictures() -> tuple[Tensor, Tensor]:
    data = digits()
    return data.real, data.labels


def split_digits(which: int) -> tuple[Reference, Tensor]:
    """A reference of one random half of the real digits, and the pictures of the other half."""
    pictures, labels = _pictures()
    order = torch.from_numpy(np.random.default_rng([27, which]).permutation(len(pictures)))
    known, left = order.chunk(2)
    reference = Reference.fit(
        real=pictures[known], labels=labels[known].numpy(), embedder=MnistDigits(), value_range=(0.0, 1.0), seed=which
    )
    return reference, pictures[left]


def some_of(pictures: Tensor, n: int, rng: Rng) -> Tensor:
    """Different pictures, drawn at random."""
    return pictures[torch.from_numpy(rng.permutation(len(pictures))[:n])]


def steady_losses(steps: int, rng: Rng) -> dict[str, np.ndarray]:
    """Losses of a game that has settled: red noise around the values of equilibrium, no cycle and no change."""
    noise = rng.standard_normal((2, steps + 200))
    series = np.zeros_like(noise)
    for step in range(1, steps + 200):
        series[:, step] = 0.8 * series[:, step - 1] + 0.05 * noise[:, step]
    return {"g_losses": np.log(2) + series[0, 200:], "d_losses": 2 * np.log(2) + series[1, 200:]}


def wandering_modes(n: int, rng: Rng) -> dict[str, Tensor]:
    """Two looks at the same latents, of which one in ten has changed its mode by chance."""
    before = rng.integers(MODES, size=n)
    now = np.where(rng.random(n) < 0.1, rng.integers(MODES, size=n), before)
    return {"modes_before": torch.from_numpy(before), "modes_now": torch.from_numpy(now)}
