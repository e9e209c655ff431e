"""What is in this file? Kind, keys, shapes, names that it mentions, and the command that scores it; nothing is run."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from collapse_metrics.checkpoints import bundles, latents, weights
from collapse_metrics.checkpoints.groups import Group, groups_in
from collapse_metrics.checkpoints.kinds import WEIGHT_FILES, Kind, kind_of
from collapse_metrics.checkpoints.makers import maker_of
from collapse_metrics.checkpoints.names import is_forbidden, is_inert
from collapse_metrics.checkpoints.opening import PICKLED, PROGRAMS, sha256_of
from collapse_metrics.checkpoints.samples import LOADERS, Dump, arranged, load_dump, samples_in
from collapse_metrics.checkpoints.torch_files import Contents, read_torch_kind

SHOWN = 6
"""Tensors that are listed of each group."""


@dataclass(frozen=True)
class Held:
    """One group of tensors: where it lies, how many, and the first of them."""

    key: str
    tensors: int
    numbers: int
    first: tuple[str, ...]


@dataclass(frozen=True)
class Description:
    """What was found in a file; empty where it does not apply."""

    file: str
    kind: str
    bytes: int
    sha256: str
    maker: str = ""
    samples: str = ""
    labels: str = ""
    groups: tuple[Held, ...] = ()
    generator: str = ""
    latent: str = ""
    beside: tuple[str, ...] = ()
    inert: tuple[str, ...] = ()
    unsafe: tuple[str, ...] = ()
    forbidden: tuple[str, ...] = ()
    command: str = ""

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"{self.file}: {self.kind}, {self.bytes:,} bytes, sha256 {self.sha256[:16]}"
        told = {"made by": self.maker, "samples": self.samples, "labels": self.labels}
        yield from (f"  {word:<10} {text}" for word, text in told.items() if text)
        for group in self.groups:
            yield f"  weights    {group.key or '(the file itself)'}: {group.tensors} tensors, {group.numbers:,} numbers"
            yield from (f"             {line}" for line in group.first)
        told = {"generator": self.generator, "latent": self.latent, "beside": ", ".join(self.beside)}
        told |= {"inert": ", ".join(self.inert), "unsafe": ", ".join(self.unsafe)}
        told |= {"FORBIDDEN": ", ".join(self.forbidden), "score it": self.command}
        yield from (f"  {word:<10} {text}" for word, text in told.items() if text)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain JSON types."""
        return asdict(self)


def inspect_source(path: str | Path) -> Description:
    """Look at samples or a checkpoint without running anything in it.

    Args:
        path: A file or a folder.

    Returns:
        What is in it.

    Raises:
        FileNotFoundError: If there is nothing at ``path``.
        ValueError: If it is damaged.
    """
    path = Path(path)
    kind = kind_of(path)
    size = path.stat().st_size if path.is_file() else sum(p.stat().st_size for p in path.rglob("*") if p.is_file())
    about: dict[str, Any] = {"file": str(path), "kind": str(kind), "bytes": size, "sha256": sha256_of(path)}
    return Description(**about, **_inside(path, kind))


def _inside(path: Path, kind: Kind) -> dict[str, Any]:
    if kind in PICKLED:
        return _of_contents(read_torch_kind(path), path)
    if kind in (Kind.SAFETENSORS, Kind.BUNDLE, Kind.HUB):
        return _of_weights(path, kind)
    if kind in LOADERS:
        return _of_dump(load_dump(path, kind), path)
    if kind in PROGRAMS:
        return _of_program(path, kind)
    return {}


def _of_dump(dump: Dump, path: Path) -> dict[str, Any]:
    samples = f"{tuple(dump.samples.shape)}, {dump.samples.dtype}"
    labels = "" if dump.labels is None else f"{len(set(dump.labels.tolist()))} classes"
    pictures = dump.samples.ndim in (3, 4)
    command = f"collapse-metrics score {path}{'' if pictures else ' --reference REFERENCE.safetensors'}"
    return {"samples": samples, "labels": labels, "command": command}


def _of_contents(contents: Contents, path: Path) -> dict[str, Any]:
    names = contents.names
    forbidden = tuple(name for name in names if is_forbidden(name))
    unsafe = tuple(name for name in names if not is_inert(name) and name not in forbidden)
    usual = ("collections.OrderedDict", "builtins.", "_codecs.", "torch.")
    inert = tuple(name for name in names if is_inert(name) and not name.startswith(usual))
    about = {"forbidden": forbidden, "unsafe": unsafe, "inert": inert, "maker": maker_of(contents.value, names)}
    dump = None if forbidden else samples_in(contents.value)
    if dump is not None:
        return _of_dump(arranged(dump, path), path) | about
    beside = tuple(map(str, contents.value)) if isinstance(contents.value, dict) else ()
    found = _of_groups(groups_in(contents.value), path)
    keys = {word for group in found["groups"] for word in group.key.split(".")}
    about["beside"] = (
        tuple(key for key in beside if key not in keys)[:12] if found["groups"][:1] and keys != {""} else ()
    )
    if forbidden:
        found["command"] = ""
    elif unsafe:
        found["command"] += "  (its weights are read as data; --trust-pickle would run the pickle)"
    return found | about


def _of_groups(groups: list[Group], path: Path) -> dict[str, Any]:
    """Groups, the likeliest generator among them, and the command that scores it."""
    ranked = sorted(groups, key=lambda group: weights.Match(group, "").rank)
    held = tuple(_held(group) for group in groups[:12])
    if not ranked:
        return {"groups": held, "command": ""}
    best = ranked[0]
    prefix = weights.generator_prefix(best.tensors)
    inner = {name.removeprefix(prefix): one for name, one in best.tensors.items() if name.startswith(prefix)}
    latent, where = latents.guess_from_shapes(inner)
    match = weights.Match(best, prefix)
    words = [f"collapse-metrics score {path} --model PACKAGE.MODULE:GENERATOR"]
    words += [match.called] if match.words else []
    words += [f"--latent {latents._shown(latent)}"] if latent is not None else []
    likely = match.called if match.words else "the file itself"
    return {
        "groups": held,
        "generator": f"likeliest {likely}{', a running average' if match.averaged else ''}",
        "latent": f"likeliest {latents._shown(latent)}, from {where}" if latent is not None else "",
        "command": " ".join(words),
    }


def _held(group: Group) -> Held:
    first = tuple(f"{name} {tuple(held.shape)}" for name, held in list(group.tensors.items())[:SHOWN])
    numbers = 0
    for held in group.tensors.values():
        size = 1
        for length in held.shape:
            size *= length
        numbers += size
    return Held(group.key, len(group.tensors), numbers, first)


@dataclass(frozen=True)
class _Listed:
    """A tensor by its shape alone."""

    shape: tuple[int, ...]


def _of_weights(path: Path, kind: Kind) -> dict[str, Any]:
    config = bundles.read_config(path) if kind is not Kind.SAFETENSORS else {}
    file = path
    if path.is_dir():
        file = next(path / name for name in WEIGHT_FILES if (path / name).is_file())
    if file.suffix == ".bin":
        return _of_contents(read_torch_kind(file), path)
    header = bundles.read_header(file)
    told = {k: v for k, v in header.items() if isinstance(v, dict) and isinstance(v.get("shape"), list)}
    groups = [Group("", {name: _Listed(tuple(one["shape"])) for name, one in told.items()})]
    found = _of_groups(groups, path)
    if kind is Kind.BUNDLE:
        ours = config.get("model") in bundles.OURS
        found["generator"] = f"built by {config.get('model')} {config.get('model_args') or ''}".strip()
        found["latent"] = str(config.get("latent", ""))
        found["command"] = f"collapse-metrics score {path}" + ("" if ours else f" --model {config.get('model')}")
        found["command"] += "" if config.get("reference") else " --reference REFERENCE.safetensors"
    return found | {"maker": maker_of(config, ())}


def _of_program(path: Path, kind: Kind) -> dict[str, Any]:
    latent = ""
    if kind is Kind.EXPORTED:
        from collapse_metrics.checkpoints.exported import read_exported

        sizes = read_exported(path).sizes
        latent = f"inputs {', '.join(map(str, sizes))}, None where any size will do"
    return {"generator": "the program itself", "latent": latent, "command": f"collapse-metrics score {path}"}
