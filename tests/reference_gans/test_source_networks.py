"""Networks of the sources: the layers that were described, the starts, and a generator that is linear."""

import math

import pytest
import torch
from torch import nn

from reference_gans import networks
from reference_gans.networks import Layers, OwnDropout


def sizes(network, kind):
    """Inputs of the first and outputs of every layer of a kind."""
    layers = [layer for layer in network.modules() if isinstance(layer, kind)]
    ends = [
        (layer.in_features, layer.out_features) if kind is nn.Linear else (layer.in_channels, layer.out_channels)
        for layer in layers
    ]
    return [ends[0][0], *[end for _, end in ends]]


def test_the_student_s_networks_have_the_layers_of_the_report():
    generator, discriminator = networks.student_generator(100), networks.student_discriminator()
    assert sizes(generator, nn.ConvTranspose2d) == [100, 512, 256, 128, 64, 1]
    assert sizes(discriminator, nn.Conv2d) == [1, 64, 128, 256, 512, 1]
    assert {layer.kernel_size for layer in generator if isinstance(layer, nn.ConvTranspose2d)} == {(4, 4)}


@pytest.mark.parametrize("size", [32, 64])
def test_the_student_s_networks_fit_each_other(size, rng):
    pictures = networks.student_generator(10, size=size, width=4)(torch.randn(3, 10, generator=rng))
    assert pictures.shape == (3, 1, size, size)
    assert pictures.abs().max() <= 1
    assert networks.student_discriminator(size=size, width=4)(pictures).shape == (3, 1)


def test_another_size_is_explained():
    with pytest.raises(ValueError, match="32 or 64 pixels a side are needed, got 28"):
        networks.student_generator(10, size=28)


@pytest.mark.parametrize(("slope", "linear"), [(1.0, True), (0.0, False)])
def test_slope_one_makes_the_generator_linear_between_its_batch_norms(slope, linear, rng):
    """With the statistics of batch norm held fixed, and up to the last tanh: f(a) + f(b) - f(0) = f(a + b)."""
    generator = networks.student_generator(8, size=32, width=4, slope=slope)
    generator(torch.randn(64, 8, generator=rng))  # so that the running statistics are not the trivial ones
    before_tanh = generator.eval()[:-1].double()
    a, b = torch.randn(2, 5, 8, generator=rng, dtype=torch.double)
    f = {name: before_tanh(z).detach() for name, z in {"a": a, "b": b, "0": 0 * a, "a+b": a + b}.items()}
    assert torch.allclose(f["a"] + f["b"] - f["0"], f["a+b"], atol=1e-9) is linear


def test_leaky_relu_true_is_slope_one(rng):
    x = torch.randn(50, generator=rng)
    assert torch.equal(nn.LeakyReLU(True)(x), x)


def test_the_first_attempt_has_the_layers_of_the_question(rng):
    assert sizes(networks.picture_generator(1), nn.Linear) == [1, 200, 784]
    assert sizes(networks.picture_discriminator(), nn.Linear) == [784, 200, 1]
    assert networks.picture_generator(1)(torch.rand(3, 1, generator=rng)).shape == (3, 1, 28, 28)


@pytest.mark.parametrize(
    ("layers", "kind", "count"),
    [
        (Layers(), nn.Sigmoid, 1),
        (Layers(slope=0.02), nn.LeakyReLU, 1),
        (Layers(norm="layer"), nn.LayerNorm, 1),
        (Layers(norm="batch"), nn.BatchNorm1d, 1),
        (Layers(dropout=0.3), OwnDropout, 1),
        (Layers(widths=(50, 60, 70)), nn.Linear, 4),
        (Layers(pool=2), nn.AvgPool2d, 1),
    ],
)
def test_every_switch_puts_its_layer_in(layers, kind, count, rng):
    discriminator = networks.picture_discriminator(layers)
    assert sum(isinstance(layer, kind) for layer in discriminator) == count
    assert discriminator(torch.rand(4, 1, 28, 28, generator=rng)).shape == (4, 1)


def test_own_dropout_leaves_out_its_share_and_torch_s_chance_alone():
    dropout, ones = OwnDropout(0.25), torch.ones(20_000)
    before = torch.random.get_rng_state()
    first, second = dropout(ones), dropout(ones)
    assert torch.equal(torch.random.get_rng_state(), before)
    assert (first == 0).float().mean().item() == pytest.approx(0.25, abs=0.02)
    assert first.mean().item() == pytest.approx(1, abs=0.02)
    assert not torch.equal(first, second)
    assert torch.equal(dropout.eval()(ones), ones)


def test_the_article_s_networks_have_its_layers():
    assert sizes(networks.line_generator(1), nn.Linear) == [1, 15, 1]
    assert sizes(networks.line_discriminator(), nn.Linear) == [1, 25, 1]
    assert sizes(networks.pattern_generator(1), nn.Linear) == [1, 3, 4]
    assert sizes(networks.pattern_discriminator(), nn.Linear) == [4, 3, 1]


@pytest.mark.parametrize("make", [lambda: networks.line_generator(1), networks.line_discriminator])
def test_keras_starts_within_glorot_s_bounds_and_without_biases(make):
    for _ in range(20):
        for layer in networks.keras_start(make()).modules():
            if isinstance(layer, nn.Linear):
                bound = math.sqrt(6 / (layer.in_features + layer.out_features))
                assert layer.weight.abs().max() <= bound
                assert layer.weight.abs().max() > bound / 2  # 15 uniform numbers miss this with probability 3e-5
                assert layer.bias.eq(0).all()


def test_pytorch_starts_a_layer_of_one_input_with_biases_as_large_as_weights():
    biases = torch.cat([networks.line_generator(1)[0].bias.detach() for _ in range(50)])
    assert 0.9 < biases.abs().max() <= 1


def test_stacks_are_drawn_in_three_colours_and_judged_by_any_share_of_a_discriminator(rng):
    pictures = networks.stack_generator(256)(torch.randn(3, 256, generator=rng))
    assert pictures.shape == (3, 3, 28, 28)
    assert (pictures.min() >= 0, pictures.max() <= 1) == (True, True)
    for share, channels in ((1.0, [3, 8, 16, 32]), (0.5, [3, 4, 8, 16]), (0.25, [3, 2, 4, 8])):
        discriminator = networks.stack_discriminator(share)
        assert sizes(discriminator, nn.Conv2d) == channels
        assert discriminator(pictures).shape == (3, 1)


def test_the_grid_s_networks_are_the_plane_s_at_twice_the_size(rng):
    z, x = torch.randn(2, 5, 2, generator=rng)
    generator, discriminator = networks.grid_generator(2), networks.grid_discriminator()
    assert torch.equal(generator(z), 2 * generator[:-1](z))
    assert torch.equal(discriminator(x), discriminator[1:](x / 2))


def test_networks_of_one_parameter(rng):
    generator, discriminator = networks.position(1), networks.slope()
    assert sum(p.numel() for net in (generator, discriminator) for p in net.parameters()) == 2
    said = generator(torch.randn(3, 1, generator=rng))
    assert said.shape == (3, 1)
    assert len(said.unique()) == 1
    assert discriminator(said).eq(0).all()
