"""How does a reference lie in a file? Numbers and a description, and one's own classifier with it."""

import json
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from collapse_metrics.embed import Embedder, TrainedClassifier, resolve

FORMAT = 1
"""Version of the file format; another one is refused."""

CARRIED = "classifier."
"""What the names of the carried classifier's weights begin with."""


def write(path: str | Path, *, about: dict[str, Any], tensors: dict[str, Tensor], embedder: Embedder) -> None:
    """Write numbers and description; a ``TrainedClassifier`` goes into the same file, so that it needs no other."""
    about = {"format": FORMAT, "embedder": embedder.name, "embedder_fingerprint": embedder.fingerprint, **about}
    if isinstance(embedder, TrainedClassifier):
        about["classifier"], weights = embedder.described()
        tensors = tensors | {CARRIED + name: numbers for name, numbers in weights.items()}
    Path(path).write_bytes(save(tensors, metadata={"collapse_metrics": json.dumps(about)}))


def read(path: str | Path, *, embedder: Any = None) -> tuple[dict[str, Any], dict[str, Tensor], Embedder]:
    """Description, numbers and embedder; without ``embedder`` it is the one that the file carries or names.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no reference, of another format, or was made with another embedder.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"a reference file is needed, {path} is none: write one with Reference.save.")
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})["collapse_metrics"])
            held = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (not a dict)
    except (SafetensorError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is not a reference file ({error}): write one with Reference.save.") from error
    if about.get("format") != FORMAT:
        raise ValueError(f"{path} has format {about.get('format')}, this version reads {FORMAT}: fit it again.")
    carried = {name.removeprefix(CARRIED): held.pop(name) for name in list(held) if name.startswith(CARRIED)}
    if embedder is None and "classifier" in about:
        embedder = TrainedClassifier(about["classifier"], carried)
    embedder = resolve(embedder if embedder is not None else about["embedder"])
    if embedder.fingerprint != about["embedder_fingerprint"]:
        raise ValueError(
            f"{path} was made with embedder {about['embedder']} {about['embedder_fingerprint']}, this one is "
            f"{embedder.fingerprint}: features of two embedders cannot be compared, fit the reference again."
        )
    return about, held, embedder
