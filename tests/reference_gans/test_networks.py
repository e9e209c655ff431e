"""Networks: shapes, ranges, and what the minibatch feature tells."""

import pytest
import torch

from reference_gans import networks


@pytest.mark.parametrize("make", [networks.conv_generator, networks.mlp_generator])
@pytest.mark.parametrize("latent", [1, 64])
def test_image_generators_draw_pixels(make, latent, rng):
    images = make(latent)(torch.randn(4, latent, generator=rng))
    assert images.shape == (4, 1, 28, 28)
    assert images.min() >= 0
    assert images.max() <= 1


def test_image_discriminator_gives_one_logit_each(rng):
    assert networks.mlp_discriminator()(torch.rand(4, 1, 28, 28, generator=rng)).shape == (4, 1)


def test_without_norm_a_sample_does_not_depend_on_its_batch(rng):
    generator, z = networks.conv_generator(8, norm=False), torch.randn(6, 8, generator=rng)
    assert torch.allclose(generator(z)[:2], generator(z[:2]), atol=1e-6)


def test_plane_networks(rng):
    points = networks.plane_generator(3)(torch.randn(5, 3, generator=rng))
    assert points.shape == (5, 2)
    assert networks.plane_discriminator()(points).shape == (5, 1)


def test_noise_gain_scales_the_noise_and_is_saved(rng):
    gain, z = networks.NoiseGain(0.25), torch.randn(5, 3, generator=rng)
    assert torch.equal(gain(z), 0.25 * z)
    assert set(gain.state_dict()) == {"gain"}
    assert not list(gain.parameters())
