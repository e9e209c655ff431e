"""In which space do we look? Packaged classifiers, raw rows, or any callable."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from torch import Tensor

from collapse_metrics.embed._base import Embedded, Embedder
from collapse_metrics.embed.backbones import BACKBONES, Backbone
from collapse_metrics.embed.fashion import FashionClothes
from collapse_metrics.embed.mnist import MnistDigits
from collapse_metrics.embed.raw import Raw
from collapse_metrics.embed.stacked_mnist import StackedDigits
from collapse_metrics.embed.trained import TrainedClassifier

__all__ = [
    "Backbone",
    "Embedded",
    "Embedder",
    "FashionClothes",
    "MnistDigits",
    "Raw",
    "StackedDigits",
    "TrainedClassifier",
    "resolve",
]

NAMED: dict[str, Callable[[], Embedder]] = {
    "fashion_mnist": FashionClothes,
    "mnist": MnistDigits,
    "raw": Raw,
    "stacked_mnist": StackedDigits,
    **{name: partial(Backbone, name) for name in BACKBONES},
}
"""Embedders that can be asked for by name."""


class FromCallable(Embedder):
    """Any function from samples to feature rows."""

    modes: tuple[str, ...] = ()

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        self._function = function
        self.name = getattr(function, "__name__", type(function).__name__)

    @property
    def fingerprint(self) -> str:
        """Its name: what a function computes cannot be hashed."""
        return f"callable:{self.name}"

    @property
    def takes_pictures(self) -> bool:
        """The function gets the samples as they came."""
        return False

    def __call__(self, images: Tensor) -> Embedded:
        """Apply the function and flatten what it returns."""
        return Embedded(features=self._function(images).detach().flatten(1).float().cpu(), probs=None)


def resolve(embedder: str | Path | Embedder | Callable[[Tensor], Tensor] | None) -> Embedder:
    """The embedder behind a name, the file of a classifier, a callable, or an embedder; ``None`` means raw rows."""
    if isinstance(embedder, Embedder):
        return embedder
    if embedder is None:
        return Raw()
    if isinstance(embedder, Path) or (isinstance(embedder, str) and embedder.endswith(".safetensors")):
        return TrainedClassifier.load(embedder)
    if isinstance(embedder, str):
        if embedder not in NAMED:
            raise ValueError(
                f"an embedder named one of {sorted(NAMED)} is needed, got {embedder!r}: or pass a callable, or "
                "the file of a classifier."
            )
        return NAMED[embedder]()
    return FromCallable(embedder)
