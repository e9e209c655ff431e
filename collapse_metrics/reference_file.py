"""How does a reference lie in a file? Numbers and a description, and one's own classifier with it."""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from collapse_metrics.embed import Embedder, TrainedClassifier, resolve
from collapse_metrics.long_range import LongRange
from collapse_metrics.records import write_whole

FORMAT = 1
"""Version of the file format; another one is refused."""

TINY, ROUNDING = 1e-300, 1e-6
"""Least of what is divided by, and by how much a share may lie above one."""

CARRIED = "classifier."
"""What the names of the carried classifier's weights begin with."""


def write(path: str | Path, *, about: dict[str, Any], tensors: dict[str, Tensor], embedder: Embedder) -> None:
    """Write numbers and description; a ``TrainedClassifier`` goes into the same file, so that it needs no other."""
    about = {"format": FORMAT, "embedder": embedder.name, "embedder_fingerprint": embedder.fingerprint, **about}
    if isinstance(embedder, TrainedClassifier):
        about["classifier"], weights = embedder.described()
        tensors = tensors | {CARRIED + name: numbers for name, numbers in weights.items()}
    write_whole(Path(path), save(tensors, metadata={"collapse_metrics": json.dumps(about)}))


def read(path: str | Path, *, embedder: Any = None) -> tuple[dict[str, Any], dict[str, Tensor], Embedder]:
    """Description, numbers and embedder; without ``embedder`` it is the one that the file carries or names.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no reference, damaged, of another format, or was made with another embedder.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"a reference file is needed, {path} is none: write one with Reference.save.")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["collapse_metrics"])
            # Copies: the library's tensors lie in the file, and a file that is written anew would end the process.
            held = {key: file.get_tensor(key).clone() for key in file.keys()}  # noqa: SIM118  (not a dict)
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a reference file ({error}): write one with Reference.save.") from error
    version = about.get("format") if isinstance(about, dict) else None
    if version != FORMAT:
        raise ValueError(f"{path} has format {version}, this version reads {FORMAT}: fit it again.")
    carried = {name.removeprefix(CARRIED): held.pop(name) for name in list(held) if name.startswith(CARRIED)}
    if embedder is None and "classifier" in about:
        try:
            embedder = TrainedClassifier(about["classifier"], carried)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    if wrong := [*_wrong_words(about), *_wrong_tensors(about, held)]:
        raise ValueError(f"{path} is damaged, its {' and '.join(wrong)} cannot be right: fit the reference again.")
    embedder = resolve(embedder if embedder is not None else about["embedder"])
    if embedder.fingerprint != about["embedder_fingerprint"]:
        raise ValueError(
            f"{path} was made with embedder {about['embedder']} {about['embedder_fingerprint']}, this one is "
            f"{embedder.fingerprint}: features of two embedders cannot be compared, fit the reference again."
        )
    return about, held, embedder


def _wrong_words(about: Mapping[str, Any]) -> list[str]:
    """Parts of the description that no reference has."""
    scores, modes = about.get("picture_scores", {}), about.get("modes")
    least = {"radius": 0, "kept": TINY, "raw_spread": TINY, "raw_spread_error": 0, "raw_dim": 1}
    wrong = [
        key
        for key in ("name", "fingerprint", "embedder", "embedder_fingerprint")
        if not isinstance(about.get(key), str)
    ]
    wrong += [key for key, low in least.items() if not _is_number(about.get(key), low)]
    # Not in files of before; none can be told of rows that are nearly all the same, nor its error beside a far one.
    later = ("raw_directions", "raw_directions_error")
    wrong += [key for key in later if not (about.get(key) in (None, math.inf) or _is_number(about[key], 0))]
    if not (isinstance(modes, list) and modes and all(isinstance(mode, str) for mode in modes)):
        wrong.append("modes")
    if not (isinstance(scores, dict) and all(_are_numbers(row) for row in scores.values())):
        wrong.append("picture_scores")
    return wrong


def _wrong_tensors(about: Mapping[str, Any], held: Mapping[str, Tensor]) -> list[str]:
    """Tensors that are missing, of the wrong shape, not finite, or of modes that are not there."""
    modes = about.get("modes")
    count = len(modes) if isinstance(modes, list) else 0
    anchor, fresh = held.get("anchor"), held.get("fresh")
    dim = anchor.shape[1] if anchor is not None and anchor.ndim == 2 else 0
    wanted = {
        "anchor": (_rows(anchor), dim),
        "fresh": (_rows(fresh), dim),
        "anchor_modes": (_rows(anchor),),
        "fresh_modes": (_rows(fresh),),
        "shares": (count,),
    }
    wanted |= {"confusion": (count, count)} if "confusion" in held else {}
    wanted |= {"centres": (count, dim)} if "centres" in held else {}
    wanted |= LongRange.shapes(count) if "long_range" in held else {}
    return [name for name, shape in wanted.items() if not _is_sound(held.get(name), shape, name, count)]


def _is_sound(numbers: Tensor | None, shape: tuple[int, ...], name: str, count: int) -> bool:
    if numbers is None or tuple(numbers.shape) != shape or not numbers.numel():
        return False
    if name.endswith("_modes"):
        return not numbers.is_floating_point() and int(numbers.min()) >= 0 and int(numbers.max()) < count
    if name == "long_range_usual" and not float(numbers[0]) > 0:
        return False
    shares = name in ("shares", "confusion")
    return bool(torch.isfinite(numbers).all()) and (
        not shares or bool(((numbers >= 0) & (numbers <= 1 + ROUNDING)).all())
    )


def _rows(numbers: Tensor | None) -> int:
    return len(numbers) if numbers is not None and numbers.ndim else 0


def _is_number(value: Any, low: float = -math.inf) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= low


def _are_numbers(row: Any) -> bool:
    return isinstance(row, list) and bool(row) and all(map(_is_number, row))
