"""Which samples are in this file, folder or data set, and which class is each?"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from collapse_metrics.checkpoints.archives import opened_archive
from collapse_metrics.checkpoints.samples import load_samples

TORCHVISION = "torchvision:"
"""What a data set of torchvision is asked for with: ``torchvision:FashionMNIST``."""

LABEL_NAMES = ("labels", "label", "targets", "target", "y", "arr_1")
"""Names under which an archive's labels are looked for, in this order."""

SAMPLE_NAMES = ("images", "samples", "data", "x", "arr_0")
"""Names under which an archive's samples are looked for where it holds several arrays."""


PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".webp")
"""Endings of pictures; beside folders of classes there must be none."""


@dataclass(frozen=True)
class Labelled:
    """Samples, one a row; the class of each, where it is known; and the classes' names, where labels are numbers."""

    samples: Any
    labels: np.ndarray | None
    names: tuple[str, ...] | None = None


def load_labelled(
    source: str | Path, *, labels: str | None = None, data_root: Path | None = None, rows: int | None = None
) -> Labelled:
    """Samples with their classes, from any usual form; no code in it is ever run.

    Args:
        source: A folder with one subfolder of pictures for each class; ``.npz`` with samples and labels; a table with a
            column of classes; ``torchvision:NAME``, a data set of torchvision in ``data_root``; or anything that
            ``load_samples`` reads.
        labels: The column of a table, the array of an archive, or a ``.npy`` or ``.csv`` file with one class a row.
        data_root: Folder of torchvision's data sets.
        rows: Only so many samples, evenly over the order that they come in.

    Returns:
        The samples; their ``labels`` are ``None`` where nothing says them.

    Raises:
        FileNotFoundError: If there is nothing at ``source``.
        ValueError: If samples or labels cannot be read, or do not fit each other.
    """
    if str(source).startswith(TORCHVISION):
        found = _torchvision(str(source).removeprefix(TORCHVISION), data_root, rows)
    else:
        path = Path(source)
        if labels is not None and Path(labels).is_file():
            found = Labelled(load_samples(path), _label_file(Path(labels)))
        elif path.is_dir():
            found = _folder(path)
        elif path.suffix.lower() == ".npz":
            found = _archive(path, labels)
        elif labels is not None:
            found = _table(path, labels)
        else:
            found = Labelled(load_samples(path), None)
    if found.labels is not None and len(found.labels) != len(found.samples):
        raise ValueError(
            f"one label for each sample is needed, got {len(found.labels)} labels of {len(found.samples)} samples."
        )
    shape = found.samples.shape
    if len(shape) == 4 and shape[3] in (1, 3) and shape[1] not in (1, 3):  # channels last, as Keras keeps them
        found = Labelled(np.asarray(found.samples).transpose(0, 3, 1, 2), found.labels, found.names)
    return _thinned(found, rows)


def _thinned(found: Labelled, rows: int | None) -> Labelled:
    if rows is None or rows >= len(found.samples):
        return found
    if rows < 1:
        raise ValueError(f"`rows` must be 1 or more, got {rows}.")
    chosen = np.linspace(0, len(found.samples) - 1, rows).round().astype(np.int64)
    return Labelled(found.samples[chosen], None if found.labels is None else found.labels[chosen], found.names)


def _folder(path: Path) -> Labelled:
    classes = sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not classes:
        return Labelled(load_samples(path), None)
    loose = [p.name for p in path.iterdir() if p.suffix.lower() in PICTURES]
    if loose:
        raise ValueError(f"pictures must lie in a folder of their class, got {loose[:3]} beside {classes[0].name}.")
    parts = [np.asarray(load_samples(folder)) for folder in classes]
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) > 1:
        raise ValueError(
            f"pictures of one size and colour are needed in {path}, got {sorted(shapes)[:3]}: convert them."
        )
    names = np.repeat([folder.name for folder in classes], [len(part) for part in parts])
    return Labelled(np.concatenate(parts), names)


def _archive(path: Path, labels: str | None) -> Labelled:
    import zipfile

    if not path.is_file():
        raise FileNotFoundError(f"samples are needed at {path}, there is no such file or folder.")
    try:
        # The list of members is checked first: one that would unpack to far more than its own size is refused there.
        with opened_archive(path), path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"{path} cannot be read as .npz ({str(error)[:160]}): write it again.") from error
    if labels is not None and labels not in arrays:
        raise ValueError(f"labels {labels!r} are needed in {path}, got {sorted(arrays)}: name one of these.")
    called = labels or next((name for name in LABEL_NAMES if name in arrays and len(arrays) > 1), None)
    left = [name for name in arrays if name != called]
    of = next((name for name in SAMPLE_NAMES if name in left), left[0] if len(left) == 1 else None)
    if of is None:
        raise ValueError(f"{path} must hold samples under one of {SAMPLE_NAMES}, got {left or 'nothing'}: rename them.")
    if arrays[of].dtype.kind not in "uifb" or arrays[of].ndim < 2:
        raise ValueError(f"{path} must hold numbers, one sample a row, got {arrays[of].dtype} {arrays[of].shape}.")
    return Labelled(arrays[of], None if called is None else arrays[called])


def _table(path: Path, column: str) -> Labelled:
    import pandas as pd

    if not path.is_file():
        raise FileNotFoundError(f"a table is needed at {path}, there is no such file.")
    try:
        table = pd.read_parquet(path) if path.suffix.lower() == ".parquet" else pd.read_csv(path)
    except (ImportError, OSError, UnicodeDecodeError, ValueError) as error:  # pandas' parser errors are ValueErrors
        raise ValueError(f"{path} cannot be read as a table ({str(error)[:160]}): write it again as .csv.") from error
    if column not in table.columns:
        raise ValueError(f"a column {column!r} is needed in {path}, got {list(table.columns)[:10]}: name one of these.")
    rest = table.drop(columns=column)
    words = [str(name) for name, kind in rest.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
    if words or rest.shape[1] == 0:
        raise ValueError(f"{path} must hold numbers beside {column!r}, got text in {words[:5]}: encode or drop them.")
    return Labelled(rest.to_numpy(dtype=np.float64), table[column].to_numpy())


def _label_file(path: Path) -> np.ndarray:
    try:
        if path.suffix.lower() == ".npy":
            found = np.load(path, allow_pickle=False)
        else:
            import pandas as pd

            found = pd.read_csv(path).iloc[:, 0].to_numpy()
    except (OSError, ValueError, EOFError, UnicodeDecodeError, IndexError) as error:
        raise ValueError(f"{path} cannot be read as labels ({str(error)[:160]}): one class a row is needed.") from error
    return np.asarray(found)


def _torchvision(name: str, data_root: Path | None, rows: int | None) -> Labelled:
    """A data set of torchvision: its training part, or what stands after a slash: ``SVHN/extra``."""
    from torchvision import datasets

    name, _, part = name.partition("/")
    kind: Any = getattr(datasets, name, None) if name in datasets.__all__ else None
    if kind is None or datasets.VisionDataset not in inspect.getmro(kind):
        near = _near(name, datasets.__all__)
        raise ValueError(f"a data set of torchvision is needed, got {name!r}. Did you mean {', '.join(near)}?")
    if data_root is None:
        raise ValueError(
            f"{name} needs --data-root, a folder into which torchvision.datasets.{name}(DIR, download=True) fetched it."
        )
    known = inspect.signature(kind).parameters
    options: dict[str, Any] = {}
    if "split" in known:
        options = {"split": part} if part else {}
    elif "train" in known:
        options = {"train": part != "test"}
    try:
        data: Any = kind(data_root, **options)  # type: ignore[unused-ignore,call-arg]
    except (RuntimeError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"{name} cannot be read in {data_root} ({' '.join(str(error).split())[:160]}): "
            f"fetch it with torchvision.datasets.{name}(DIR, download=True)."
        ) from error
    wanted = np.arange(len(data)) if rows is None else np.linspace(0, len(data) - 1, min(rows, len(data))).astype(int)
    pairs = [data[int(index)] for index in wanted]
    pictures = [np.asarray(picture) for picture, *_ in pairs]
    if len({picture.shape for picture in pictures}) > 1:
        raise ValueError(f"{name} holds pictures of many sizes: write them to a folder in one size.")
    stacked = np.stack(pictures)
    labels = np.asarray([label for _, label, *_ in pairs])
    classes: Sequence[str] | None = getattr(data, "classes", None)
    fits = classes is not None and labels.ndim == 1 and labels.max(initial=0) < len(classes)
    names = tuple(str(word) for word in classes) if fits and classes is not None else None
    return Labelled(stacked if stacked.ndim == 3 else stacked.transpose(0, 3, 1, 2), labels, names)


def _near(name: str, known: Sequence[str]) -> list[str]:
    import difflib

    return difflib.get_close_matches(name, known, 3, 0.3) or ["CIFAR10"]
