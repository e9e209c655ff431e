"""The field's scene: modes on a circle."""

import math

import pytest
import torch


@pytest.fixture
def ring(rng):
    """Tight clusters on a circle: ``ring(modes, per_mode)`` is ``(modes * per_mode, 2)``, mode after mode."""

    def draw(modes, per_mode, spread=0.1):
        angle = torch.arange(modes).repeat_interleave(per_mode) * (2 * math.pi / modes)
        centre = 10 * torch.stack([angle.cos(), angle.sin()], dim=1)
        return centre + spread * torch.randn(len(centre), 2, generator=rng)

    return draw
