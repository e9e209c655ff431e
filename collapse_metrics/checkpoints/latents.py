"""Which noise does this generator take, and does it take labels? From its attributes, its first layer, and a trial."""

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from collapse_metrics.probes.sampler import Latent, latent_of

TRIED = 2
"""Latents in a trial: one alone would hide that batch norm in training mode needs more."""

CLASS_COUNTS = ("num_classes", "n_classes", "n_class", "classes", "c_dim", "label_dim", "num_labels")
"""Names under which public generators keep how many classes they know."""


def guess(network: Any) -> tuple[Latent | None, str]:
    """The likeliest latent, and where that comes from."""
    size = latent_of(network)
    if size is not None:
        return size, "an attribute of the network"
    if isinstance(network, nn.Module):
        for name, layer in network.named_modules():
            found = _of_layer(layer)
            if found is not None:
                return found, f"its first layer ({name or 'itself'}, {type(layer).__name__})"
            if isinstance(layer, nn.Embedding | nn.modules.conv._ConvNd):
                continue
    return None, ""


def _of_layer(layer: nn.Module) -> Latent | None:
    if isinstance(layer, nn.Linear):
        return layer.in_features
    if isinstance(layer, nn.ConvTranspose2d):
        return (layer.in_channels, 1, 1)
    if isinstance(layer, nn.ConvTranspose1d):
        return (layer.in_channels, 1)
    return None


def guess_from_shapes(tensors: Mapping[str, Any]) -> tuple[Latent | None, str]:
    """The likeliest latent by names and shapes alone, where there is no network."""
    for name, held in tensors.items():
        shape = tuple(held.shape)
        if "embed" in name.lower():
            continue
        if len(shape) == 2:
            return shape[1], f"{name} {shape}, if it is a linear layer"
        if len(shape) == 4:
            return (shape[0], 1, 1), f"{name} {shape}, if it is a transposed convolution"
    return None, ""


def settle(network: Any, given: Latent | None, labels: Tensor | None) -> tuple[Latent, str]:
    """The latent that the network takes: what was given, or the likeliest that it runs with.

    Raises:
        ValueError: If none is known, or the network does not run with it.
    """
    latent, where = (given, "given") if given is not None else guess(network)
    if latent is None:
        raise ValueError(
            "the size of the generator's noise cannot be told from its layers: give it, for example --latent 100 or "
            "--latent 100,1,1."
        )
    if callable(latent):
        return latent, where
    shapes = [latent] if given is not None else _variants(latent)
    failures = []
    for shape in shapes:
        try:
            _run(network, shape, labels)
        except Exception as error:  # a network may refuse in any way
            failures.append(
                f"{_shown(shape)}: {type(error).__name__}: {str(error).splitlines()[0][:120] if str(error) else ''}"
            )
        else:
            return shape, where
    raise ValueError(
        f"the generator does not run on noise of {failures[0]}: give the right size, for example --latent 100 or "
        "--latent 100,1,1, and for a generator that takes labels --classes."
    )


def _run(network: Any, latent: Latent, labels: Tensor | None) -> None:
    shape = (latent,) if isinstance(latent, int) else tuple(latent)  # type: ignore[arg-type]
    z = torch.randn(TRIED, *shape, generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), torch.random.fork_rng(devices=[]):
        network(z) if labels is None else network(z, labels[:1].expand(TRIED, *labels.shape[1:]))


def _variants(latent: Latent) -> list[Latent]:
    """The same size with and without the axes of a picture."""
    flat = latent if isinstance(latent, int) else latent[0]  # type: ignore[index]
    return list(dict.fromkeys([latent, flat, (flat, 1, 1), (flat, 1)]))


def _shown(latent: Latent) -> str:
    return ",".join(map(str, (latent,) if isinstance(latent, int) else tuple(latent)))  # type: ignore[arg-type]


def parse(text: Any) -> Latent | None:
    """``100`` or ``100,1,1`` as a size or a shape.

    Raises:
        ValueError: If it is neither.
    """
    if text is None or callable(text):
        return text  # type: ignore[no-any-return]
    parts = text if isinstance(text, tuple | list) else str(text).replace("x", ",").split(",")
    try:
        sizes = tuple(int(part) for part in parts)
    except ValueError:
        raise ValueError(f"a latent is a size or a shape such as 100 or 100,1,1, got {text!r}.") from None
    if not sizes or any(size < 1 for size in sizes):
        raise ValueError(f"a latent is a size or a shape such as 100 or 100,1,1, got {text!r}.")
    return sizes[0] if len(sizes) == 1 else sizes


def wants_labels(network: Any) -> bool:
    """Whether it is called with latents and labels."""
    try:
        called = network.forward if isinstance(network, nn.Module) else network
        parameters = inspect.signature(called).parameters.values()
    except (ValueError, TypeError):
        return False
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(p.kind in positional and p.default is inspect.Parameter.empty for p in parameters) > 1


def classes_of(network: Any) -> int | None:
    """How many classes it knows: by an attribute, or by its table of them."""
    for name in CLASS_COUNTS:
        count = getattr(network, name, None)
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            return count
    if isinstance(network, nn.Module):
        tables = [part.num_embeddings for part in network.modules() if isinstance(part, nn.Embedding)]
        return tables[0] if tables else None
    return None


def settle_labels(network: Any, latent: Latent | None, classes: int | None) -> Tensor | None:
    """One label of every class, as numbers or else as one-hot rows; ``None`` if it takes none.

    Raises:
        ValueError: If it takes labels and how many classes there are cannot be told.
    """
    if not wants_labels(network):
        return None
    count = classes or classes_of(network)
    if count is None:
        raise ValueError("the generator takes labels beside its noise: say how many classes with --classes.")
    numbers, rows = torch.arange(count), torch.eye(count)
    for labels in (numbers, rows):
        for shape in _variants(latent if latent is not None else guess(network)[0] or 1):
            try:
                _run(network, shape, labels)
            except Exception:
                continue
            return labels
    return numbers
