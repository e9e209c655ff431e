"""What does this pickle say? Read as data: no name in it is looked up, and nothing in it is called."""

import pickletools
from collections.abc import Callable
from typing import Any

from collapse_metrics.checkpoints.builders import Builders, Stranger, TooMuch
from collapse_metrics.checkpoints.names import COMPUTED, modern

MOST_PICKLE_BYTES = 2**30
"""Longest pickle that is read. Tensors lie beside it in a checkpoint, not in it."""

BROKEN = (ValueError, IndexError, KeyError, TypeError, UnicodeError, OverflowError, AttributeError, RecursionError)
"""How a damaged pickle shows: opcodes that cannot be read, or a stack that does not hold what an opcode needs."""


class Pickle:
    """One pickle, as data.

    ``value`` is what it says, with plain Python values, ``StoredTensor``, arrays, and a ``Stranger`` for whatever
    belongs to a name that is not inert. ``names`` are all names that it mentions, ``end`` is where it ends.

    Args:
        data: Bytes that begin with the pickle.
        stored: What a persistent id stands for; without it, a pickle that has one is refused.

    Raises:
        ValueError: If it is damaged, or would fill the memory.
    """

    def __init__(self, data: bytes, *, stored: Callable[[Any], Any] | None = None) -> None:
        if len(data) > MOST_PICKLE_BYTES:
            raise ValueError(f"it holds a pickle of {len(data):,} bytes, at most {MOST_PICKLE_BYTES:,} are read")
        self.names: list[str] = []
        self._stored = stored
        self._build = Builders(budget=8 * len(data) + 4096, note=self._note)
        self._stack: list[Any] = []
        self._marks: list[list[Any]] = []
        self._memo: dict[int, Any] = {}
        self.value, self.end = self._run(data)

    def _run(self, data: bytes) -> tuple[Any, int]:
        try:
            for opcode, arg, at in pickletools.genops(data):
                if opcode.name == "STOP":
                    return self._stack.pop(), (at or 0) + 1
                handler = HANDLERS.get(opcode.name)
                if handler is None:
                    raise ValueError(f"its opcode {opcode.name} is not for files")
                handler(self, arg)
        except TooMuch as error:
            raise ValueError(str(error)) from error
        except BROKEN as error:
            raise ValueError(
                f"its pickle is damaged: {str(error).splitlines()[0][:120] if str(error) else 'cut off'}"
            ) from error
        raise ValueError("its pickle is cut off")

    def _note(self, names: list[str]) -> None:
        self.names += [name for name in names if name not in self.names]

    def _name(self, full: str) -> Stranger:
        self._note([full])
        return Stranger(full)

    def _push(self, value: Any) -> None:
        self._stack.append(value)

    def _since_mark(self) -> list[Any]:
        items, self._stack = self._stack, self._marks.pop()
        return items

    def _mark(self, _: Any) -> None:
        self._marks.append(self._stack)
        self._stack = []

    def _tuple(self, count: int) -> None:
        items = tuple(self._stack[-count:])
        if len(items) < count:
            raise ValueError("a tuple lacks items")
        self._stack[-count:] = [items]

    def _global(self, arg: str) -> None:
        module, _, name = arg.partition(" ")
        self._push(self._name(modern(module, name)))

    def _stack_global(self, _: Any) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        spelt = isinstance(name, str) and isinstance(module, str)
        self._push(self._name(modern(module, name) if spelt else COMPUTED))

    def _instance(self, arg: str) -> None:  # protocol 0: class and arguments in one
        args = tuple(self._since_mark())
        module, _, name = arg.partition(" ")
        self._push(self._build.call(self._name(modern(module, name)), args))

    def _object(self, _: Any) -> None:  # protocol 1: the class is the first after the mark
        items = self._since_mark()
        self._push(self._build.call(items[0], tuple(items[1:])))

    def _reduce(self, _: Any) -> None:
        args, called = self._stack.pop(), self._stack.pop()
        self._push(self._build.call(called, args))

    def _new_keywords(self, _: Any) -> None:
        keywords, args, called = self._stack.pop(), self._stack.pop(), self._stack.pop()
        self._push(self._build.call(called, (*args, keywords) if keywords else args))

    def _state(self, _: Any) -> None:
        state = self._stack.pop()
        self._stack[-1] = self._build.set_state(self._stack[-1], state)

    def _append(self, _: Any) -> None:
        item = self._stack.pop()
        self._build.extend(self._stack[-1], [item])

    def _appends(self, _: Any) -> None:
        items = self._since_mark()
        self._build.extend(self._stack[-1], items)

    def _set_item(self, _: Any) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._build.set_items(self._stack[-1], [key, value])

    def _set_items(self, _: Any) -> None:
        items = self._since_mark()
        self._build.set_items(self._stack[-1], items)

    def _extension(self, arg: int) -> None:
        self._push(self._name(f"copyreg.add_extension.{arg}"))

    def _persistent(self, pid: Any) -> None:
        if self._stored is None:
            raise TooMuch("its pickle points at data outside of itself, which are not there")
        self._push(self._stored(pid))

    def _get(self, index: int) -> None:
        self._push(self._memo[index])

    def _put(self, index: int) -> None:
        self._memo[index] = self._stack[-1]


def _constant(value: Any) -> Callable[[Pickle, Any], None]:
    return lambda pickle, _: pickle._push(value)


def _fresh(make: Callable[[], Any]) -> Callable[[Pickle, Any], None]:
    return lambda pickle, _: pickle._push(make())


def _literal(pickle: Pickle, arg: Any) -> None:
    pickle._push(arg)


LITERALS = (
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "STRING", "BINSTRING", "SHORT_BINSTRING",
    "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE",
    "BINUNICODE8", "FLOAT", "BINFLOAT",
)  # fmt: skip
"""Opcodes that push the value that stands in them."""

HANDLERS: dict[str, Callable[[Pickle, Any], Any]] = {
    **dict.fromkeys(LITERALS, _literal),
    "NONE": _constant(None),
    "NEWTRUE": _constant(True),
    "NEWFALSE": _constant(False),
    "EMPTY_LIST": _fresh(list),
    "EMPTY_DICT": _fresh(dict),
    "EMPTY_SET": _fresh(set),
    "EMPTY_TUPLE": _constant(()),
    "TUPLE1": lambda pickle, _: pickle._tuple(1),
    "TUPLE2": lambda pickle, _: pickle._tuple(2),
    "TUPLE3": lambda pickle, _: pickle._tuple(3),
    "MARK": Pickle._mark,
    "TUPLE": lambda pickle, _: pickle._push(tuple(pickle._since_mark())),
    "LIST": lambda pickle, _: pickle._push(list(pickle._since_mark())),
    "DICT": lambda pickle, _: pickle._push(pickle._build.set_items({}, pickle._since_mark())),
    "FROZENSET": lambda pickle, _: pickle._push(pickle._build.extend(set(), pickle._since_mark())),
    "APPEND": Pickle._append,
    "APPENDS": Pickle._appends,
    "ADDITEMS": Pickle._appends,
    "SETITEM": Pickle._set_item,
    "SETITEMS": Pickle._set_items,
    "GLOBAL": Pickle._global,
    "STACK_GLOBAL": Pickle._stack_global,
    "INST": Pickle._instance,
    "OBJ": Pickle._object,
    "REDUCE": Pickle._reduce,
    "NEWOBJ": Pickle._reduce,
    "NEWOBJ_EX": Pickle._new_keywords,
    "BUILD": Pickle._state,
    "EXT1": Pickle._extension,
    "EXT2": Pickle._extension,
    "EXT4": Pickle._extension,
    "PERSID": Pickle._persistent,
    "BINPERSID": lambda pickle, _: pickle._persistent(pickle._stack.pop()),
    "GET": Pickle._get,
    "BINGET": Pickle._get,
    "LONG_BINGET": Pickle._get,
    "PUT": Pickle._put,
    "BINPUT": Pickle._put,
    "LONG_BINPUT": Pickle._put,
    "MEMOIZE": lambda pickle, _: pickle._put(len(pickle._memo)),
    "PROTO": lambda pickle, _: None,
    "FRAME": lambda pickle, _: None,
    "POP": lambda pickle, _: pickle._stack.pop() if pickle._stack else pickle._since_mark(),
    "POP_MARK": lambda pickle, _: pickle._since_mark() and None,
    "DUP": lambda pickle, _: pickle._push(pickle._stack[-1]),
}
"""What each opcode does. Out-of-band buffers are missing: a file has none."""
