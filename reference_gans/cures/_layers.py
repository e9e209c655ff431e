"""How is a layer of a discriminator found, widened, or given a companion?"""

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.utils import parametrize

from reference_gans.cures._base import Judge

Layer = nn.Linear | nn.Conv2d
"""Layers with weights that a cure may touch."""


def named_layers(network: nn.Module) -> list[tuple[str, Layer]]:
    """Linear and convolutional layers, in the order in which the network lists its parts."""
    return [(name, part) for name, part in network.named_modules() if isinstance(part, nn.Linear | nn.Conv2d)]


def last_linear(network: nn.Module) -> tuple[str, nn.Linear]:
    """The layer that gives the logit; what goes into it are the features of a sample."""
    layers = named_layers(network)
    if not layers or not isinstance(layers[-1][1], nn.Linear):
        found = type(layers[-1][1]).__name__ if layers else "none"
        raise ValueError(f"features are what goes into a last layer nn.Linear, got {found}: end the network with one.")
    return layers[-1][0], layers[-1][1]


def first_layer(network: nn.Module) -> tuple[str, Layer]:
    """The layer that sees the samples."""
    layers = named_layers(network)
    if not layers:
        raise ValueError(f"a network with a linear or convolutional layer is needed, got {type(network).__name__}.")
    return layers[0]


def wider(layer: Layer, inputs: int) -> Layer:
    """A fresh layer like this one, but for so many inputs (channels, for a convolution)."""
    if parametrize.is_parametrized(layer):
        raise ValueError("a layer can only be widened before its weights are tied up: put SpectralNorm last.")
    bias = layer.bias is not None
    if isinstance(layer, nn.Linear):
        return nn.Linear(inputs, layer.out_features, bias=bias)
    return nn.Conv2d(
        inputs,
        layer.out_channels,
        (layer.kernel_size[0], layer.kernel_size[1]),
        stride=(layer.stride[0], layer.stride[1]),
        padding=layer.padding if isinstance(layer.padding, str) else (layer.padding[0], layer.padding[1]),
        dilation=(layer.dilation[0], layer.dilation[1]),
        bias=bias,
        padding_mode=layer.padding_mode,
    )


def with_extra_features(network: nn.Module, extra: nn.Module, count: int) -> nn.Module:
    """The network with ``extra``, which adds so many columns to the features, before its last layer."""
    name, last = last_linear(network)
    new = nn.Sequential(extra, wider(last, last.in_features + count))
    if name == "":  # the network is nothing but its last layer
        return new
    network.set_submodule(name, new)
    return network


def refuse_batch_norm(network: nn.Module, cure: str) -> nn.Module:
    """The network itself; an error if its answer on one sample depends on its neighbours' mean."""
    if any(isinstance(part, _BatchNorm) for part in network.modules()):
        raise ValueError(
            f"{cure} asks for a slope at each sample, and batch norm ties the samples of a batch together: "
            "build the discriminator without it (layer norm is fine)."
        )
    return network


def features(d: Judge, network: nn.Module, x: Tensor) -> Tensor:
    """What goes into the last layer of ``network`` while ``d``, which looks through it, judges ``x``."""
    caught: list[Tensor] = []
    _, last = last_linear(network)
    hook = last.register_forward_pre_hook(lambda layer, inputs: caught.append(inputs[0]))
    try:
        d(x)
    finally:
        hook.remove()
    return caught[-1]
