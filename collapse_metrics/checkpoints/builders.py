"""What do the inert names in a pickle become? Tensors that are read later, arrays, plain containers; nothing else."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from collapse_metrics.checkpoints.names import is_inert

KEYS = (str, int, float, bool, bytes, complex, type(None))
"""What may be a key of a dictionary: hashing anything deeper could be made to exhaust the stack."""

SPREAD_NUMBERS = 2**22
"""Numbers that a tensor may have beyond those of its storage, by repeating them."""

DTYPE = re.compile(r"[<>|=]?([biufc][0-9]{1,2}|\?)")
"""Spellings of NumPy's types of numbers. Objects and texts are none."""


class TooMuch(Exception):  # noqa: N818 - it is about the file, not about this program
    """A pickle that would fill the memory, or cannot be meant."""


@dataclass
class Stranger:
    """What belongs to a name that is not looked up: the name, what it would be called with, and its state."""

    name: str
    args: Any = None
    state: Any = None
    items: list[Any] = field(default_factory=list)

    @property
    def called(self) -> bool:
        """Whether it stands for an object, and not for the name alone."""
        return self.args is not None


@dataclass(frozen=True)
class Storage:
    """A run of numbers that lies somewhere in the file: ``read`` fetches its bytes."""

    key: str
    kind: str
    numel: int
    read: Callable[[], bytearray]


@dataclass(frozen=True)
class StoredTensor:
    """A tensor that has not been read: its type, shape, and where its numbers lie."""

    kind: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    offset: int
    storage: Storage


class Builders:
    """Calls, states and items of one pickle, with a budget: what is copied must not outgrow the file.

    Args:
        budget: Items and bytes that may be copied in all.
        note: Takes the names in pickles within this one.
    """

    def __init__(self, *, budget: int, note: Callable[[list[str]], None]) -> None:
        self._left = budget
        self._note = note

    def spend(self, size: int) -> None:
        """Count what is copied."""
        self._left -= size
        if self._left < 0:
            raise TooMuch("its pickle would unfold to far more than its own size, which looks like a trap")

    def call(self, called: Any, args: Any) -> Any:
        """What a call in the pickle stands for."""
        if not isinstance(called, Stranger) or called.called:
            return Stranger(getattr(called, "name", "something computed"), args=(called, args))
        if not isinstance(args, tuple):
            raise TooMuch("its pickle calls a name without arguments")
        make = MAKERS.get(called.name) if is_inert(called.name) else None
        return Stranger(called.name, args=args) if make is None else make(self, args)

    def set_state(self, made: Any, state: Any) -> Any:
        """What an object is after its state is set."""
        if isinstance(made, Stranger):
            if made.name in ARRAYS and made.called:
                return _array(state)
            if made.name == "numpy.dtype" and made.called:
                return Stranger(made.name, args=made.args, state=state)
            made.state = state
        return made  # states of plain containers are attributes: `_metadata` of a state_dict

    def extend(self, made: Any, items: list[Any]) -> Any:
        """Add items to a list, a set, or to whatever stands for one."""
        self.spend(len(items))
        if isinstance(made, list):
            made.extend(items)
        elif isinstance(made, set):
            made.update(item for item in items if isinstance(item, KEYS))
        elif isinstance(made, Stranger):
            made.items.extend(items)
        else:
            raise TooMuch(f"its pickle adds items to a {type(made).__name__}")
        return made

    def set_items(self, made: Any, items: list[Any]) -> Any:
        """Set items of a dictionary, given as key, value, key, value."""
        self.spend(len(items))
        if len(items) % 2:
            raise TooMuch("its pickle has a key without a value")
        pairs = [(_key(key), value) for key, value in zip(items[::2], items[1::2], strict=True)]
        if isinstance(made, dict):
            made.update(pairs)
        elif isinstance(made, Stranger):
            made.items.extend(pairs)
        else:
            raise TooMuch(f"its pickle sets items of a {type(made).__name__}")
        return made

    def from_bytes(self, args: tuple[Any, ...]) -> Any:
        """A storage that was pickled as a whole torch file."""
        from collapse_metrics.checkpoints.torch_files import storage_within

        (data,) = args
        self.spend(len(data))
        value, names = storage_within(bytes(data))
        self._note(names)
        return value


def _key(key: Any) -> Any:
    if isinstance(key, KEYS):
        return key
    if isinstance(key, tuple) and len(key) < 100 and all(isinstance(part, KEYS) for part in key):
        return key
    return f"<{type(key).__name__}>"


def _tensor(build: Builders, args: tuple[Any, ...]) -> Any:
    storage, offset, shape, stride = args[:4]
    return stored_tensor(storage, storage.kind, offset, shape, stride)


def _tensor_of_kind(build: Builders, args: tuple[Any, ...]) -> Any:
    return stored_tensor(args[0], args[6].name.rpartition(".")[2], *args[1:4])


def stored_tensor(storage: Any, kind: str, offset: Any, shape: Any, stride: Any) -> StoredTensor:
    """A tensor on a storage, refused where its shape cannot be meant."""
    shape, stride = _whole(shape), _whole(stride)
    if not isinstance(storage, Storage) or len(shape) != len(stride) or len(shape) > 32 or _whole((offset,))[0] < 0:
        raise TooMuch("its pickle has a tensor without numbers or with an unlikely shape")
    numel, reach = 1, offset
    for size, step in zip(shape, stride, strict=True):
        if size < 0 or step < 0:
            raise TooMuch(f"its pickle has a tensor of shape {shape} and stride {stride}")
        numel, reach = numel * size, reach + max(size - 1, 0) * step
    held = storage.numel * WIDTHS.get(storage.kind, 1) // WIDTHS.get(kind, 1)
    if numel and (reach >= held or numel > held + SPREAD_NUMBERS):
        raise TooMuch(f"its pickle has a tensor of shape {shape} on {held} numbers")
    return StoredTensor(kind, shape, stride, offset, storage)


def _whole(numbers: Any) -> tuple[int, ...]:
    if isinstance(numbers, Stranger):  # torch.Size(...)
        numbers = numbers.args[0]
    if not isinstance(numbers, tuple | list) or any(type(number) is not int for number in numbers):
        raise TooMuch("its pickle has a tensor whose shape is not made of whole numbers")
    return tuple(numbers)


def _array(state: Any) -> Any:
    """A NumPy array from its pickled state: version, shape, type, order, bytes."""
    _, shape, dtype, fortran, data = state
    shape = _whole(shape)
    kind = _dtype(dtype)
    if kind is None or not isinstance(data, bytes | bytearray):
        return Stranger("numpy.ndarray", args=(shape,))
    return np.frombuffer(data, kind).reshape(shape, order="F" if fortran else "C")


def _dtype(described: Any) -> np.dtype[Any] | None:
    if not isinstance(described, Stranger) or not described.args or not isinstance(described.args[0], str):
        return None
    if not DTYPE.fullmatch(described.args[0]):
        return None
    kind = np.dtype(described.args[0])
    state = described.state
    order = state[1] if isinstance(state, tuple) and len(state) > 1 else "="
    return kind.newbyteorder(">") if order == ">" else kind


def _scalar(build: Builders, args: tuple[Any, ...]) -> Any:
    kind = _dtype(args[0])
    if kind is None or len(args) < 2 or not isinstance(args[1], bytes | bytearray) or len(args[1]) != kind.itemsize:
        return Stranger("numpy scalar", args=args)
    return np.frombuffer(args[1], kind)[0].item()


def _out_of_band(build: Builders, args: tuple[Any, ...]) -> Any:
    data, dtype, shape, order = args
    return _array((1, shape, dtype, order == "F", bytes(data) if isinstance(data, bytearray) else data))


def _encoded(build: Builders, args: tuple[Any, ...]) -> Any:
    """Bytes in a pickle of protocol 2 are text, encoded while it is read."""
    text, coding = args[0], args[1] if len(args) > 1 else "utf-8"
    if not isinstance(text, str) or coding not in ("latin1", "latin-1", "utf-8", "ascii"):
        return Stranger("_codecs.encode", args=args)
    build.spend(len(text))
    return text.encode(coding)


def _mapping(build: Builders, args: tuple[Any, ...]) -> Any:
    """A dictionary of any kind; what it is called with beside its items does not matter."""
    made: dict[Any, Any] = {}
    items = args[0] if args and isinstance(args[0], list | tuple | dict) else ()
    pairs = list(items.items()) if isinstance(items, dict) else list(items)
    build.spend(len(pairs))
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise TooMuch("its pickle has a dictionary of something else than pairs")
        made[_key(pair[0])] = pair[1]
    return made


def _sequence(build: Builders, args: tuple[Any, ...]) -> Any:
    items = args[0] if args and isinstance(args[0], list | tuple | set) else ()
    build.spend(len(items))
    return list(items)


def _path(build: Builders, args: tuple[Any, ...]) -> Any:
    build.spend(sum(len(part) for part in args if isinstance(part, str)))
    return "/".join(part for part in args if isinstance(part, str)).replace("//", "/")


def _first(build: Builders, args: tuple[Any, ...]) -> Any:
    return args[0]


def _of_type(build: Builders, args: tuple[Any, ...]) -> Any:
    """A tensor with a type and attributes of its own: the tensor alone."""
    made, inner = args[0], args[2]
    if not isinstance(made, Stranger) or not isinstance(inner, tuple):
        raise TooMuch("its pickle has a tensor of an unknown form")
    return build.call(made, inner)


ARRAYS = ("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct")
"""Names whose objects become arrays when their state is set."""

WIDTHS = {
    "float32": 4, "float64": 8, "float16": 2, "bfloat16": 2, "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint8": 1,
    "bool": 1, "complex64": 8, "complex128": 16, "uint16": 2, "uint32": 4, "uint64": 8, "float8_e4m3fn": 1,
    "float8_e5m2": 1,
}  # fmt: skip
"""Bytes a number, of the types of torch."""

MAKERS: dict[str, Callable[[Builders, tuple[Any, ...]], Any]] = {
    "torch._utils._rebuild_tensor": _tensor,
    "torch._utils._rebuild_tensor_v2": _tensor,
    "torch._utils._rebuild_tensor_v3": _tensor_of_kind,
    "torch._utils._rebuild_parameter": _first,
    "torch._utils._rebuild_parameter_with_state": _first,
    "torch._tensor._rebuild_from_type_v2": _of_type,
    "torch.storage._load_from_bytes": Builders.from_bytes,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy._core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _out_of_band,
    "numpy._core.numeric._frombuffer": _out_of_band,
    "_codecs.encode": _encoded,
    "collections.OrderedDict": _mapping,
    "collections.defaultdict": lambda build, args: _mapping(build, ()),
    "collections.Counter": _mapping,
    "builtins.dict": _mapping,
    "builtins.list": _sequence,
    "builtins.set": _sequence,
    "builtins.frozenset": _sequence,
    "pathlib.PosixPath": _path,
    "pathlib.WindowsPath": _path,
    "pathlib.PurePosixPath": _path,
    "pathlib.PureWindowsPath": _path,
}
"""Inert names that become data of their own; the others on the list are kept as they stand."""
