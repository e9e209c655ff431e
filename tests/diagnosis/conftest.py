"""Measurements by hand."""

import pytest

from collapse_metrics._registry import RULES
from collapse_metrics.records import Measurement


def measured(name, value, *, high=None, low=None, usual=1.0, n=1000):
    """One measurement around whose ``usual`` value a perfect generator scores."""
    return Measurement(name, value, low, high, (0.9 * usual, 1.1 * usual), n_fake=n)


@pytest.fixture
def applied():
    """Apply one rule to measurements: ``applied("off_manifold", measurement, ...)``."""
    return lambda rule, *measurements: RULES[rule]({m.name: m for m in measurements})


@pytest.fixture
def of():
    """A measurement by hand: ``of("coverage", 0.3, high=0.4, usual=0.95)``."""
    return measured


@pytest.fixture
def modes():
    """Measurements of modes: shares with their upper ends, beside equal reference shares."""

    def make(shares, highs=None, *, n=1000, needed=150, usual=None):
        m = len(shares)
        highs = [s + 0.02 for s in shares] if highs is None else highs
        usual = [1 / m] * m if usual is None else usual
        alive = sum(s >= u / 2 for s, u in zip(shares, usual, strict=True)) / m
        return [
            Measurement("samples_needed", needed, n_fake=n),
            Measurement("mode_coverage", alive, n_fake=n),
            *(
                measured(f"mode_share[{i}]", s, low=0.0, high=h, usual=u, n=n)
                for i, (s, h, u) in enumerate(zip(shares, highs, usual, strict=True))
            ),
        ]

    return make
