"""What does a bundle say of itself? Weights as safetensors, and beside them how to build and to judge the generator."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from collapse_metrics.checkpoints.archives import first_line

FORMAT = "collapse_metrics bundle 1"
"""What a bundle's ``config.json`` says of itself."""

MOST_HEADER_BYTES = 2**25
"""Longest header of a safetensors file: a tensor takes a hundred bytes of it."""

OURS = ("reference_gans.zoo:generator",)
"""Builders that a bundle may name by itself: they build the networks of ``reference_gans``, and do nothing else. Any
other name in a file of somebody else's would be code of their choice."""

WEIGHTS = "model.safetensors"
CONFIG = "config.json"
REFERENCE = "reference.safetensors"


def save_bundle(
    generator: nn.Module,
    folder: Path,
    *,
    model: str,
    latent: int | tuple[int, ...],
    model_args: Mapping[str, Any] | None = None,
    value_range: tuple[float, float] | None = None,
    reference: str | None = None,
    labels: int | None = None,
    **about: Any,
) -> Path:
    """Write a generator so that it can be scored without further words.

    Args:
        generator: Trained.
        folder: Where ``model.safetensors`` and ``config.json`` go; it is made.
        model: What builds the network, ``module:callable``.
        latent: Size or shape of its noise.
        model_args: Arguments of ``model``.
        value_range: What black and white are in its pictures.
        reference: Name of a packaged reference; a file ``reference.safetensors`` in the folder is found by itself.
        labels: How many classes it is called with.
        about: What else belongs to it, in JSON's types: step, seed, data.

    Returns:
        The folder.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    config: dict[str, Any] = {"format": FORMAT, "model": model, "model_args": dict(model_args or {}), "latent": latent}
    config |= {"value_range": value_range, "reference": reference, "labels": labels, **about}
    weights = {name: held.detach().cpu().contiguous() for name, held in generator.state_dict().items()}
    save_file(weights, folder / WEIGHTS)
    (folder / CONFIG).write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")
    return folder


def is_bundle(path: Path) -> bool:
    """Whether a folder or a safetensors file says how its generator is built."""
    try:
        return str(read_config(path).get("format", "")).startswith("collapse_metrics bundle")
    except ValueError:
        return False


def read_config(path: Path) -> dict[str, Any]:
    """What a bundle says of itself: ``config.json`` of a folder, ``config`` in the header of a file.

    Raises:
        ValueError: If there is nothing to read, or it is no JSON object.
    """
    if path.is_dir():
        file = path / CONFIG
        if not file.is_file() or file.stat().st_size > MOST_HEADER_BYTES:
            raise ValueError(f"{file} is needed and is missing or too long.")
        return json_object(file.read_bytes(), file)
    told = read_header(path).get("__metadata__", {})
    text = told.get("config", "{}") if isinstance(told, dict) else "{}"
    return json_object(str(text).encode(), path)


def read_header(path: Path) -> dict[str, Any]:
    """The header of a safetensors file: names, types, shapes, and what it says of itself.

    Raises:
        ValueError: If it is damaged.
    """
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(MOST_HEADER_BYTES, path.stat().st_size - 8):
            raise ValueError(f"{path} cannot be read (its header is said to have {length:,} bytes): write it again.")
        return json_object(file.read(length), path)


def json_object(data: bytes, path: Path) -> dict[str, Any]:
    """A JSON object, or one sentence why there is none."""
    try:
        found = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as JSON ({first_line(error)}): write it again.") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path} must hold a JSON object, got a {type(found).__name__}: write it again.")
    return found


def read_weights(path: Path) -> dict[str, Tensor]:
    """All tensors of a safetensors file.

    Raises:
        ValueError: If it is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    read_header(path)
    try:
        # Copies: the library's tensors lie in the file, which a training may write anew while it is being judged.
        return {name: tensor.clone() for name, tensor in load_file(path).items()}
    except (SafetensorError, OSError, ValueError, KeyError, RuntimeError, MemoryError) as error:
        raise ValueError(f"{path} cannot be read ({first_line(error)}): write it again.") from error
