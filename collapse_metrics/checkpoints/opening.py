"""What is this, and how is it made to speak? Samples, weights, programs: opened without running what a file brings."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from collapse_metrics.checkpoints import bundles, factories, latents, trust, weights
from collapse_metrics.checkpoints.groups import Group, groups_in
from collapse_metrics.checkpoints.kinds import WEIGHT_FILES, Kind, kind_of
from collapse_metrics.checkpoints.names import is_forbidden
from collapse_metrics.checkpoints.samples import Dump, arranged, load_dump, samples_in
from collapse_metrics.checkpoints.torch_files import Contents, read_torch_kind
from collapse_metrics.probes.sampler import Latent

PICKLED = (Kind.TORCH, Kind.TORCH_OLD, Kind.PICKLE)
"""Kinds whose content is a pickle."""

PROGRAMS = (Kind.EXPORTED, Kind.TORCHSCRIPT, Kind.ONNX)
"""Kinds that bring the network with them."""


@dataclass(frozen=True)
class Opened:
    """What was found: samples, or a generator and what it is called with.

    ``labels`` are those of the samples; of a generator that takes labels, one of every class. ``notes`` are what a
    reader should know of how it was opened, ``about`` what a record should keep of it.
    """

    kind: str
    samples: Any | None = None
    generator: Callable[..., Any] | nn.Module | None = None
    latent: Latent | None = None
    value_range: tuple[float, float] | None = None
    reference: str | None = None
    labels: Any | None = None
    notes: tuple[str, ...] = ()
    sha256: str = ""
    about: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class How:
    """How the user wants a file to be opened."""

    model: str | None = None
    model_args: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    prefix: str | None = None
    latent: Latent | None = None
    classes: int | None = None
    trust_pickle: bool = False
    python_path: tuple[Path, ...] = ()


def open_source(
    path: str | Path,
    *,
    model: str | None = None,
    model_args: Mapping[str, Any] | None = None,
    key: str | None = None,
    prefix: str | None = None,
    latent: Any = None,
    classes: int | None = None,
    trust_pickle: bool = False,
    python_path: tuple[str | Path, ...] = (),
) -> Opened:
    """Open samples or a checkpoint, whatever it is called.

    Args:
        path: A file or a folder.
        model: What builds the network, ``module:callable`` or ``file.py:callable``; its code is run. A module or
            a function that is called with latents both do.
        model_args: Arguments of ``model``.
        key: Under which key the generator's weights lie; without it, the likeliest that fits the network.
        prefix: What their names begin with, before the network's own.
        latent: Size, shape or source of the noise; without it, told from the network.
        classes: How many classes a generator knows that takes labels.
        trust_pickle: Run the pickle in the file. For files of your own; some names are refused all the same.
        python_path: Folders of the code that the network or a trusted pickle needs.

    Returns:
        Samples or a generator, and how they were found.

    Raises:
        FileNotFoundError: If there is nothing at ``path``.
        ValueError: If it is damaged or dangerous, or cannot be made to speak without further words: then the
            message says which.

    Example:
        >>> import tempfile, numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     np.savez(f"{folder}/samples.npz", np.zeros((4, 28, 28, 1), np.uint8))
        ...     open_source(f"{folder}/samples.npz").samples.shape
        (4, 1, 28, 28)
    """
    path = Path(path)
    how = How(model, dict(model_args or {}), key, prefix, latents.parse(latent), classes, trust_pickle,
              tuple(Path(folder) for folder in python_path))  # fmt: skip
    kind = kind_of(path)
    opened = _open(path, kind, how)
    return replace(opened, sha256=sha256_of(path), kind=str(kind))


def _open(path: Path, kind: Kind, how: How) -> Opened:
    if kind in PICKLED:
        return _open_pickled(path, kind, how)
    if kind is Kind.SAFETENSORS:
        return _open_weights(bundles.read_weights(path), path, how)
    if kind is Kind.BUNDLE:
        return _open_bundle(path, how)
    if kind is Kind.HUB:
        return _open_hub(path, how)
    if kind in PROGRAMS:
        from collapse_metrics.checkpoints.programs import open_program

        network, latent, notes, about = open_program(path, kind)
        return _ready(network, replace(how, latent=how.latent or latent), notes=notes, about=about)
    if kind in CANNOT:
        raise ValueError(f"{path} is {CANNOT[kind]}")
    return _of_dump(load_dump(path, kind))


CANNOT = {
    Kind.KERAS: "a Keras model, which needs Keras to run: draw samples with it and score them (numpy.savez).",
    Kind.PICTURE: "one picture: a set of samples is needed, give the folder.",
}
"""What is told apart and cannot be scored."""


def _of_dump(dump: Dump) -> Opened:
    return Opened("", samples=dump.samples, value_range=dump.value_range, labels=dump.labels, notes=dump.notes)


def _open_pickled(path: Path, kind: Kind, how: How) -> Opened:
    contents = read_torch_kind(path)
    trust.refuse_forbidden(contents, path)
    strangers = trust.strange(contents.names)
    if strangers and how.trust_pickle:
        with trust.searched_first((*how.python_path, Path.cwd())):
            value = trust.load_trusted(path, torch_file=kind is not Kind.PICKLE)
        notes = (f"{path.name} was loaded as a pickle, which ran code from it", *trust.old_torch_note())
        return _of_value(Contents(value, contents.names), path, how, notes)
    notes = trust.inert_notes(contents, path)
    if strangers:
        if how.model is None:
            raise ValueError(trust.refusal(strangers, path))
        notes += (f"{path.name} holds pickled {', '.join(strangers[:3])}: only its weights were read, nothing was run",)
    return _of_value(contents, path, how, notes)


def _of_value(contents: Contents, path: Path, how: How, notes: tuple[str, ...]) -> Opened:
    """Samples where it says samples; a network that came with it; weights for the network that was named."""
    dump = samples_in(contents.value) if how.model is None else None
    if dump is not None:
        opened = _of_dump(arranged(dump, path))
        return replace(opened, notes=(*notes, *opened.notes))
    if how.model is None:
        network, key = _network_in(contents.value, how.key)
        if network is not None:
            return _ready(network, how, notes=notes, about={"key": key, "averaged": bool(weights.AVERAGES.search(key))})
    return _open_weights(contents.value, path, how, notes)


def _network_in(value: Any, key: str | None) -> tuple[Any, str]:
    """The generator among networks that a trusted pickle held, and its key."""
    if isinstance(value, nn.Module):
        return value, ""
    held = {str(k): v for k, v in value.items() if isinstance(v, nn.Module)} if isinstance(value, dict) else {}
    if key is not None:
        return held.get(key), key
    ranked = sorted(held, key=lambda name: weights.Match(Group(name, {}), "").rank)
    return (held[ranked[0]], ranked[0]) if ranked else (None, "")


def _open_weights(value: Any, path: Path, how: How, notes: tuple[str, ...] = ()) -> Opened:
    if how.model is None:
        raise ValueError(without_network(groups_in(value), path))
    network = factories.build(how.model, how.model_args, python_path=how.python_path)
    if not isinstance(network, nn.Module):
        raise ValueError(f"weights go into a torch module, but {how.model} made a {type(network).__name__}.")
    found = weights.load_weights(network, value, key=how.key, prefix=how.prefix, path=str(path))
    notes += found.pop("notes")
    return _ready(network, how, notes=notes, about={"model": how.model, "model_args": dict(how.model_args), **found})


def without_network(groups: list[Group], path: Path) -> str:
    """What to do with weights alone: what they look like, and the command that would score them."""
    groups = sorted((g for g in groups), key=lambda group: weights.Match(group, "").rank) or []
    if not groups:
        return f"{path} holds neither one tensor of samples nor weights under names: it cannot be scored."
    first = groups[0]
    shapes = ", ".join(f"{name} {tuple(held.shape)}" for name, held in list(first.tensors.items())[:3])
    latent, _ = latents.guess_from_shapes(first.tensors)
    size = "" if latent is None else f" --latent {latents._shown(latent)}"
    key = f" --key {first.key}" if first.key else ""
    return (
        f"{path} holds weights ({shapes}, ...), not one tensor of samples, and no network to put them into: name "
        f"what builds it, for example: collapse-metrics score {path} --model mypackage.networks:Generator{key}{size}"
    )


def _open_bundle(path: Path, how: How) -> Opened:
    config = bundles.read_config(path)
    named, own = config.get("model"), how.model
    if is_forbidden(str(named).replace(":", ".")):
        raise ValueError(trust.ACTS.format(path=path, names=str(named)[:80]))
    if own is None and named not in bundles.OURS:
        raise ValueError(
            f"{path} names {named!r} to build its network, which would be code of its choice: if you know it, add "
            f"--model {named}."
        )
    arguments = how.model_args or (config.get("model_args") if own in (None, named) else {})
    latent, classes = config.get("latent"), config.get("labels")
    how = replace(
        how,
        model=own or str(named),
        model_args=arguments if isinstance(arguments, dict) else {},
        latent=how.latent if how.latent is not None else latents.parse(latent),
        classes=how.classes or (classes if isinstance(classes, int) else None),
    )
    file = path / bundles.WEIGHTS if path.is_dir() else path
    opened = _open_weights(bundles.read_weights(file), path, how)
    reference = config.get("reference")
    if path.is_dir() and (path / bundles.REFERENCE).is_file():
        reference = str(path / bundles.REFERENCE)
    return replace(
        opened,
        value_range=_pair(config.get("value_range")),
        reference=reference if isinstance(reference, str) else None,
        about={**opened.about, **{k: config[k] for k in ("step", "steps", "seed", "recipe") if k in config}},
    )


def _pair(values: Any) -> tuple[float, float] | None:
    if isinstance(values, list) and len(values) == 2 and all(isinstance(v, int | float) for v in values):
        return float(values[0]), float(values[1])
    return None


def _open_hub(path: Path, how: How) -> Opened:
    """A folder as PyTorchModelHubMixin and diffusers write it: the configuration holds the network's arguments."""
    config = bundles.read_config(path)
    file = next(path / name for name in WEIGHT_FILES if (path / name).is_file())
    if how.model is not None and not how.model_args:
        how = replace(how, model_args={k: v for k, v in config.items() if not k.startswith("_")})
    if file.suffix == ".safetensors":
        return _open_weights(bundles.read_weights(file), path, how)
    return _open_pickled(file, kind_of(file), how)


def _ready(network: Any, how: How, *, notes: tuple[str, ...], about: dict[str, Any]) -> Opened:
    """A generator, in evaluation mode, with the latent that it runs on."""
    if isinstance(network, nn.Module):
        network.requires_grad_(False)
        _to_eval(network)
    labels: Tensor | None = latents.settle_labels(network, how.latent, how.classes)
    latent, where = latents.settle(network, how.latent, labels)
    if how.latent is None:
        notes += (f"latent {latents._shown(latent)}, from {where}",)
    about = {**about, "latent": None if callable(latent) else latent, "latent_from": where}
    return Opened("", generator=network, latent=latent, labels=labels, notes=notes, about=about)


def _to_eval(network: nn.Module) -> None:
    try:
        network.eval()
    except NotImplementedError:  # exported programs are what they were exported as
        return


def sha256_of(path: Path) -> str:
    """Hash of a file's bytes; of a folder, of the names and hashes of its files."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    whole = hashlib.sha256()
    for file_ in sorted(p for p in path.rglob("*") if p.is_file()):
        whole.update(f"{file_.relative_to(path)} {sha256_of(file_)}\n".encode())
    return whole.hexdigest()
