"""What holds the weights: clipping, spectral norm, and the past."""

import pytest
import torch
from torch import nn

from reference_gans.cures.historical_averaging import HistoricalAveraging
from reference_gans.cures.pac_gan import PacGan
from reference_gans.cures.spectral_norm import SpectralNorm
from reference_gans.cures.weight_clipping import WeightClipping


def test_clipping_leaves_small_weights_alone_and_cuts_large_ones(moment):
    moment.discriminator = nn.Linear(4, 1, bias=False)
    with torch.no_grad():
        moment.discriminator.weight.copy_(torch.tensor([[-0.5, -0.005, 0.005, 0.02]]))
    WeightClipping(limit=0.01).after_d_step(moment)
    assert moment.discriminator.weight.tolist()[0] == pytest.approx([-0.01, -0.005, 0.005, 0.01])


def test_no_layer_stretches_anything_under_spectral_norm(rng):
    d = SpectralNorm().discriminator(
        nn.Sequential(nn.Conv2d(1, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 16), nn.ReLU(), nn.Linear(16, 1))
    )
    for _ in range(200):  # the power iteration needs a few passes to find the largest singular value
        d(torch.randn(2, 1, 8, 8, generator=rng))
    d.eval()
    for layer in (d[0], d[3], d[5]):
        assert torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2).item() == pytest.approx(1, abs=1e-3)


def test_spectral_norm_divides_by_the_largest_singular_value():
    layer = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[3.0, 0.0], [0.0, 0.5]]))
    d = SpectralNorm(power_iterations=30).discriminator(layer).eval()
    assert torch.allclose(d.weight, torch.tensor([[1.0, 0.0], [0.0, 0.5 / 3]]), atol=1e-5)


def test_spectral_norm_comes_after_what_changes_layers():
    d = SpectralNorm().discriminator(nn.Sequential(nn.Linear(2, 1)))
    with pytest.raises(ValueError, match="put SpectralNorm last"):
        PacGan().discriminator(d)


def remembered(moment, *values):
    """Both players walk through these values of their single weight, and the cure remembers each."""
    moment.generator, moment.discriminator = nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    cure = HistoricalAveraging(weight=0.5)
    for value in values:
        for player, sign in ((moment.generator, 1), (moment.discriminator, -1)):
            nn.init.constant_(player.weight, sign * value)
        cure.after_step(moment)
    return cure


def test_the_past_pulls_like_a_spring_fixed_at_its_mean(moment):
    cure = remembered(moment, 1.0, 2.0, 6.0)  # the mean is 3
    nn.init.constant_(moment.generator.weight, 7.0)
    nn.init.constant_(moment.discriminator.weight, 1.0)
    for_g = cure.g_penalty(None, None, None, None, moment)
    for_d = cure.d_penalty(None, None, None, moment)
    assert for_g.item() == pytest.approx(0.5 * (7 - 3) ** 2)
    assert for_d.item() == pytest.approx(0.5 * (1 + 3) ** 2)
    (for_g + for_d).backward()
    assert moment.generator.weight.grad.item() == pytest.approx(0.5 * 2 * (7 - 3))
    assert moment.discriminator.weight.grad.item() == pytest.approx(0.5 * 2 * (1 + 3))


def test_the_first_step_has_no_past(moment):
    cure = remembered(moment)
    assert cure.g_penalty(None, None, None, None, moment).item() == 0
    assert cure.d_penalty(None, None, None, moment).item() == 0


def test_a_player_that_stands_still_pays_nothing(moment):
    cure = remembered(moment, 2.0, 2.0)
    assert cure.g_penalty(None, None, None, None, moment).item() == 0
