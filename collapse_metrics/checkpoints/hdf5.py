"""Which array of an HDF5 file holds the samples? Links that lead out of the file are not followed."""

from pathlib import Path
from typing import Any

import numpy as np

from collapse_metrics.checkpoints.archives import first_line

DEEPEST = 8
"""Groups within groups that are searched."""

MOST_MEMBERS = 10_000
"""Members that are looked at."""


def read_hdf5(path: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """The samples and, where there are some, their labels.

    Raises:
        ValueError: If h5py is not installed, or the file is damaged, holds no samples, or would fill the memory.
    """
    from collapse_metrics.checkpoints.samples import LABELS, check_growth, chosen

    try:
        import h5py
    except ModuleNotFoundError as error:
        raise ValueError(f"{path} is HDF5: pip install h5py, or save the samples as .npz.") from error
    try:
        with h5py.File(path, "r") as file:
            found = dict(_datasets(file, h5py))
            many = {name: data for name, data in found.items() if data.ndim >= 2}
            name = chosen(list(many)) or next((n for n in many if chosen([n.rpartition("/")[2], ""])), None)
            if name is None:
                raise ValueError(f"one array of samples is needed, got {list(found)[:9] or 'none'}")
            label = next((n for n in found if n.rpartition("/")[2] in LABELS and n != name), None)
            taken = [found[n] for n in (name, label) if n is not None]
            for data in taken:
                _check(data)
            check_growth(sum(data.size * data.dtype.itemsize for data in taken), path.stat().st_size, path)
            arrays = [np.asarray(data[()]) for data in taken]
    except (OSError, ValueError, RuntimeError, KeyError, TypeError, MemoryError, OverflowError) as error:
        raise ValueError(f"{path} cannot be read as HDF5 ({first_line(error)}): write it again.") from error
    return arrays[0], arrays[1] if len(arrays) > 1 else None


def _datasets(group: Any, h5py: Any, prefix: str = "", depth: int = 0) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name in list(group)[:MOST_MEMBERS]:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"its {name!r} is a link, which is not followed")
        member = group[name]
        if isinstance(member, h5py.Dataset):
            found.append((prefix + name, member))
        elif isinstance(member, h5py.Group) and depth < DEEPEST:
            found += _datasets(member, h5py, f"{prefix}{name}/", depth + 1)
    return found


def _check(data: Any) -> None:
    if data.external or data.is_virtual:
        raise ValueError(f"the numbers of {data.name} lie in other files, which are not opened")
    if data.dtype.kind not in "uifb":
        raise ValueError(f"{data.name} holds {data.dtype}, numbers are needed")
