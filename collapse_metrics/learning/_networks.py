"""How do the package's networks look while they learn? With batch norms, and a map that redraws the sample."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn

from collapse_metrics.embed._networks import ConvNetwork, Convolution, RowNetwork, side_after


class LearningConv(nn.Module):
    """``ConvNetwork`` as it learns: with batch norms, and a linear map that redraws the picture."""

    def __init__(
        self, *, convolutions: Sequence[Convolution], height: int, width: int, features: int, classes: int
    ) -> None:
        super().__init__()
        self._about: dict[str, Any] = {
            "convolutions": tuple(convolutions), "height": height, "width": width, "features": features,
            "classes": classes,
        }  # fmt: skip
        self.convolutions = nn.ModuleList(
            nn.Conv2d(i, o, kernel, stride, padding=kernel // 2, bias=False) for i, o, kernel, stride in convolutions
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _, o, _, _ in convolutions)
        left = side_after(height, convolutions) * side_after(width, convolutions)
        self.bottleneck = nn.Linear(convolutions[-1][1] * left, features, bias=False)
        self.norm = nn.BatchNorm1d(features, affine=False)
        self.head = nn.Linear(features, classes + 1)
        self.redraw = nn.Linear(features, convolutions[0][0] * height * width)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Features and logits."""
        x = images
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = norm(convolution(x)).relu()
        features = self.norm(self.bottleneck(x.flatten(1)))
        return features, self.head(features.relu())

    @torch.no_grad()
    def folded(self) -> ConvNetwork:
        """The same function without batch norms, as it is used."""
        plain: ConvNetwork = _empty(ConvNetwork, self._about)
        layers: Any = zip(plain.convolutions, self.convolutions, self.norms, strict=True)
        for target, convolution, norm in layers:
            gain, shift = _scale_and_shift(norm)
            target.weight.copy_(convolution.weight * gain.view(-1, 1, 1, 1))
            target.bias.copy_(shift)
        _fold(self.norm, self.bottleneck, plain.bottleneck)
        plain.head.load_state_dict(self.head.state_dict())
        return plain.eval()


class LearningRows(nn.Module):
    """``RowNetwork`` as it learns: with batch norms, and a linear map that redraws the row."""

    centre: Tensor
    scale: Tensor

    def __init__(self, *, centre: Tensor, scale: Tensor, hidden: Sequence[int], features: int, classes: int) -> None:
        super().__init__()
        dim = len(centre)
        self._about: dict[str, Any] = {"dim": dim, "hidden": tuple(hidden), "features": features, "classes": classes}
        sizes = (dim, *hidden)
        self.register_buffer("centre", centre)
        self.register_buffer("scale", scale)
        pairs = list(pairwise(sizes))
        self.hidden = nn.ModuleList(nn.Linear(i, o, bias=False) for i, o in pairs)
        self.norms = nn.ModuleList(nn.BatchNorm1d(o) for o in hidden)
        self.bottleneck = nn.Linear(sizes[-1], features, bias=False)
        self.norm = nn.BatchNorm1d(features, affine=False)
        self.head = nn.Linear(features, classes + 1)
        self.redraw = nn.Linear(features, dim)

    def forward(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Features and logits."""
        x = (rows - self.centre) / self.scale
        for layer, norm in zip(self.hidden, self.norms, strict=True):
            x = norm(layer(x)).relu()
        features = self.norm(self.bottleneck(x))
        return features, self.head(features.relu())

    @torch.no_grad()
    def folded(self) -> RowNetwork:
        """The same function without batch norms, as it is used."""
        plain: RowNetwork = _empty(RowNetwork, self._about)
        plain.centre.copy_(self.centre)
        plain.scale.copy_(self.scale)
        for target, layer, norm in zip(plain.hidden, self.hidden, self.norms, strict=True):
            _fold(norm, layer, target)
        _fold(self.norm, self.bottleneck, plain.bottleneck)
        plain.head.load_state_dict(self.head.state_dict())
        return plain.eval()


def _empty(kind: Any, about: dict[str, Any]) -> Any:
    """A network to be filled: nothing is drawn for it, so the global random numbers stay as they are."""
    with torch.device("meta"):
        network = kind(**about)
    return network.to_empty(device="cpu")


def _fold(norm: Any, layer: Any, target: Any) -> None:
    gain, shift = _scale_and_shift(norm)
    target.weight.copy_(layer.weight * gain[:, None])
    target.bias.copy_(shift)


def _scale_and_shift(norm: Any) -> tuple[Tensor, Tensor]:
    """What a batch norm in eval mode multiplies by and adds."""
    gain = (norm.running_var + norm.eps).rsqrt()
    if norm.affine:
        gain = gain * norm.weight
        return gain, norm.bias - norm.running_mean * gain
    return gain, -norm.running_mean * gain
