"""What sees several samples at once: deviation in a group, closeness in a batch, packs."""

import math

import pytest
import torch
from torch import nn

from reference_gans.cures.minibatch_discrimination import Closeness, MinibatchDiscrimination
from reference_gans.cures.minibatch_stddev import GroupStddev, MinibatchStddev
from reference_gans.cures.pac_gan import PacGan, Pack
from reference_gans.networks import mlp_discriminator, plane_discriminator


def test_two_known_rows_have_a_known_deviation():
    # Columns (0, 2), (1, 5): deviations 1 and 2, mean 1.5.
    x = torch.tensor([[0.0, 1.0], [2.0, 5.0]])
    assert GroupStddev(2)(x)[:, 2].tolist() == pytest.approx([1.5, 1.5])
    assert torch.equal(GroupStddev(2)(x)[:, :2], x)


def test_equal_rows_have_no_deviation_but_a_slope():
    x = torch.ones(4, 3, requires_grad=True)
    column = GroupStddev(4)(x)[:, 3]
    assert column.tolist() == pytest.approx([0] * 4, abs=1.01e-4)  # the published epsilon, under the root
    column.sum().backward()
    assert torch.isfinite(x.grad).all()


@pytest.mark.parametrize(("rows", "sizes"), [(8, [4, 4]), (10, [5, 5]), (11, [6, 5]), (3, [3]), (1, [1])])
def test_groups_are_even_and_large_enough_whatever_the_batch(rows, sizes, rng):
    x = torch.randn(rows, 2, generator=rng)
    by_hand = [x[sum(sizes[:i]) :][:size].var(dim=0, correction=0) for i, size in enumerate(sizes)]
    expected = [(v + 1e-8).sqrt().mean().item() for v, size in zip(by_hand, sizes, strict=True) for _ in range(size)]
    assert GroupStddev(4)(x)[:, 2].tolist() == pytest.approx(expected, rel=1e-5)


def test_closeness_is_the_double_loop_of_the_paper(rng):
    layer, x = Closeness(features=3, kernels=4, dims=2), torch.randn(5, 3, generator=rng)
    out, projection = layer(x), layer.projection.detach()
    assert torch.equal(out[:, :3], x)
    for i in range(5):
        for b in range(4):
            close = 0.0
            for j in range(5):
                apart = ((x[i] @ projection[:, b]) - (x[j] @ projection[:, b])).abs().sum()
                close += math.exp(-float(apart))
            assert out[i, 3 + b].item() == pytest.approx(close, rel=1e-4)


def test_equals_are_as_close_as_can_be_and_strangers_are_not():
    layer = Closeness(features=1, kernels=1, dims=1)
    nn.init.ones_(layer.projection)
    assert layer(torch.zeros(6, 1))[:, 1].tolist() == pytest.approx([6] * 6)
    assert layer(1e3 * torch.arange(6.0)[:, None])[:, 1].tolist() == pytest.approx([1] * 6)


@pytest.mark.parametrize(("cure", "extra"), [(MinibatchStddev(), 1), (MinibatchDiscrimination(7, 3), 7)])
def test_only_the_last_layer_is_made_wider(cure, extra):
    d = plane_discriminator(width=16)
    kept = [d[0].weight, d[2].weight]
    d = cure.discriminator(d)
    assert d[0].weight is kept[0]
    assert d[2].weight is kept[1]
    assert d[4][1].in_features == 16 + extra
    assert d(torch.zeros(8, 2)).shape == (8, 1)


def test_a_network_that_is_one_layer_is_made_wider_too():
    assert MinibatchStddev().discriminator(nn.Linear(2, 1))(torch.zeros(4, 2)).shape == (4, 1)
    assert PacGan(size=2).discriminator(nn.Linear(2, 1))(torch.zeros(4, 2)).shape == (2, 1)


def test_features_need_a_linear_last_layer():
    with pytest.raises(ValueError, match=r"a last layer nn.Linear, got Conv2d"):
        MinibatchStddev().discriminator(nn.Sequential(nn.Conv2d(1, 1, 3)))
    with pytest.raises(ValueError, match="needed, got ReLU"):
        PacGan().discriminator(nn.ReLU())


def test_a_pack_holds_neighbouring_rows_side_by_side():
    x = torch.arange(12.0).reshape(6, 2)
    assert Pack(3)(x).tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    pictures = torch.arange(4.0)[:, None, None, None].expand(4, 1, 5, 5)
    packed = Pack(2)(pictures)
    assert packed.shape == (2, 2, 5, 5)
    assert packed[:, :, 0, 0].tolist() == [[0, 1], [2, 3]]


def test_samples_of_a_pack_share_their_source():
    class Source(nn.Module):  # sees packs, and complains of mixed ones
        def forward(self, x):
            assert all(len(set(pack.tolist())) == 1 for pack in x)
            return x[:, :1]

    network = nn.Sequential(Pack(4), Source())
    for source in (0.0, 1.0):  # the loop asks about real and fake batches apart
        assert network(torch.full((8, 1), source)).shape == (2, 1)


@pytest.mark.parametrize("size", [1, 2, 4])
def test_only_the_first_layer_sees_packs(size):
    plain, packed = mlp_discriminator(width=8), PacGan(size).discriminator(mlp_discriminator(width=8))
    assert packed(torch.zeros(8, 1, 28, 28)).shape == (8 // size, 1)
    shapes, packed_shapes = ([tuple(p.shape) for p in net.parameters()] for net in (plain, packed))
    assert packed_shapes == [(16, size * 784), *shapes[1:]]


def test_a_convolution_is_widened_with_all_its_settings():
    first = nn.Conv2d(3, 8, (3, 5), stride=2, padding=1, bias=False)
    widened = PacGan(2).discriminator(nn.Sequential(first))[1][0]
    assert widened.weight.shape == (8, 6, 3, 5)
    assert (widened.stride, widened.padding, widened.bias) == ((2, 2), (1, 1), None)


def test_a_batch_that_leaves_a_torn_pack_is_explained():
    with pytest.raises(ValueError, match="divide into packs of 4, got 6 samples"):
        Pack(4)(torch.zeros(6, 2))
    with pytest.raises(ValueError, match="at least 1, got 0"):
        PacGan(size=0)
