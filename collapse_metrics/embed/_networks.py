"""Which networks does the package know? Two small ones: for pictures of any size, and for rows of a table."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from collapse_metrics.embed._base import Embedded

Convolution = tuple[int, int, int, int]
"""Channels in, channels out, an odd kernel, and the stride; a ReLU follows each."""


def side_after(side: int, convolutions: Sequence[Convolution]) -> int:
    """Rows or columns that are left of ``side`` of them."""
    for _, _, _, stride in convolutions:
        side = (side - 1) // stride + 1
    return side


class ConvNetwork(nn.Module):
    """Convolutions, a linear layer of features, and a head of the classes and "none".

    The features are taken before the last ReLU. The batch norms of training are folded into the weights.
    """

    def __init__(
        self, *, convolutions: Sequence[Convolution], height: int, width: int, features: int, classes: int
    ) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(i, o, kernel, stride, padding=kernel // 2) for i, o, kernel, stride in convolutions
        )
        left = side_after(height, convolutions) * side_after(width, convolutions)
        self.bottleneck = nn.Linear(convolutions[-1][1] * left, features)
        self.head = nn.Linear(features, classes + 1)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Features ``(n, features)`` and logits ``(n, classes + 1)``."""
        x = images
        for convolution in self.convolutions:
            x = convolution(x).relu()
        features = self.bottleneck(x.flatten(1))
        return features, self.head(features.relu())


class RowNetwork(nn.Module):
    """Rows brought to unit spread, linear layers, one of features, and a head of the classes and "none"."""

    centre: Tensor
    scale: Tensor

    def __init__(self, *, dim: int, hidden: Sequence[int], features: int, classes: int) -> None:
        super().__init__()
        sizes = (dim, *hidden)
        self.register_buffer("centre", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))
        self.hidden = nn.ModuleList(nn.Linear(i, o) for i, o in pairwise(sizes))
        self.bottleneck = nn.Linear(sizes[-1], features)
        self.head = nn.Linear(features, classes + 1)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Features ``(n, features)`` and logits ``(n, classes + 1)``."""
        x = (rows - self.centre) / self.scale
        for layer in self.hidden:
            x = layer(x).relu()
        features = self.bottleneck(x)
        return features, self.head(features.relu())


def build_network(about: Mapping[str, Any]) -> ConvNetwork | RowNetwork:
    """The network that a description asks for: ``kind``, ``shape`` of a sample, and ``network`` with its sizes."""
    sizes = about["network"]
    if about["kind"] == "pictures":
        channels, height, width = about["shape"]
        convolutions = [(int(i), int(o), int(kernel), int(stride)) for i, o, kernel, stride in sizes["convolutions"]]
        if convolutions[0][0] != channels:
            raise ValueError(f"pictures of {channels} channels do not fit {convolutions[0][0]}")
        return ConvNetwork(
            convolutions=convolutions,
            height=height,
            width=width,
            features=sizes["features"],
            classes=sizes["classes"],
        )
    if about["kind"] == "rows":
        (dim,) = about["shape"]
        return RowNetwork(dim=dim, hidden=sizes["hidden"], features=sizes["features"], classes=sizes["classes"])
    raise ValueError(f"kind {about['kind']!r} is neither 'pictures' nor 'rows'")


def with_weights(build: Callable[[], Any], weights: Mapping[str, Tensor], device: torch.device) -> Any:
    """A network for use only: nothing is drawn for it, so the global random numbers stay as they are."""
    with torch.device("meta"):
        network = build()
    network.load_state_dict({name: w.to(device, torch.float32) for name, w in weights.items()}, assign=True)
    return network.requires_grad_(False).eval()


def embed_in_chunks(network: Any, samples: Tensor, *, device: torch.device, chunk: int) -> Embedded:
    """Features and probabilities on the CPU, ``chunk`` samples at once, always in full precision."""
    head = network.head
    features, probs = [torch.empty(0, head.in_features)], [torch.empty(0, head.out_features)]
    layout = torch.channels_last if samples.ndim == 4 else torch.contiguous_format
    with torch.autocast(device.type, enabled=False):
        for part in samples.detach().split(chunk):
            rows, logits = network(part.to(device, torch.float32, memory_format=layout))
            features.append(rows.cpu())
            probs.append(logits.softmax(dim=1).cpu())
    return Embedded(features=torch.cat(features), probs=torch.cat(probs))
