"""May this be opened? What is inert may; what could act never may; for the rest the user has to answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import torch

from collapse_metrics.checkpoints.names import is_forbidden, is_inert, modern
from collapse_metrics.checkpoints.torch_files import Contents

SAFE_FROM = (2, 10)
"""Before this version, torch's own loader can be made to corrupt memory (CVE-2026-24747)."""

ACTS = "REFUSED: {path} asks to run {names}. No option overrides this."


def strange(names: tuple[str, ...]) -> list[str]:
    """Names that are neither inert nor forbidden."""
    return [name for name in names if not is_inert(name) and not is_forbidden(name)]


def refuse_forbidden(contents: Contents, path: Path) -> None:
    """Refuse a file that mentions a name by which it could act.

    Raises:
        ValueError: Whatever the options.
    """
    acts = [name for name in contents.names if is_forbidden(name)]
    if acts:
        raise ValueError(ACTS.format(path=path, names=", ".join(name[:80] for name in acts[:3])))


def checked(contents: Contents, path: Path) -> Contents:
    """The same, if it holds data alone.

    Raises:
        ValueError: Naming what is not on the list of inert names.
    """
    refuse_forbidden(contents, path)
    names = strange(contents.names)
    if names:
        raise ValueError(refusal(names, path))
    return contents


def refusal(names: list[str], path: Path) -> str:
    """Why a pickle with objects of other classes is not opened, and what to do."""
    own = [name for name in names if not name.startswith("torch.")] or names
    return (
        f"{path} holds a pickled {own[0]}{f' and {len(names) - 1} other names' if len(names) > 1 else ''}, not just "
        f"weights, and loading it would run code from the file: save G.state_dict() and pass --model "
        f"{own[0].rpartition('.')[0] or 'module'}:{own[0].rpartition('.')[2]}, or, if you made this file yourself, "
        "add --trust-pickle."
    )


def inert_notes(contents: Contents, path: Path) -> tuple[str, ...]:
    """What was read as data although torch's own loader would refuse it: said once."""
    usual = ("collections.OrderedDict", "builtins.set", "_codecs.encode", "torch.")
    odd = [name for name in contents.names if is_inert(name) and not name.startswith(usual)]
    return (f"{path.name} contains {', '.join(odd[:4])}; loaded as inert data",) if odd else ()


def old_torch_note() -> tuple[str, ...]:
    """A warning where torch's own loader is flawed and is about to be used."""
    version = tuple(int(part) for part in torch.__version__.split(".")[:2])
    if version >= SAFE_FROM:
        return ()
    return (f"torch {torch.__version__} has a flaw in loading (CVE-2026-24747): upgrade to 2.10 for files of others",)


def load_trusted(path: Path, *, torch_file: bool) -> Any:
    """What a pickle of the user's own makes when it is run. Forbidden names are refused even now.

    Raises:
        ValueError: If it asks for a forbidden name, or its classes are not there.
    """
    try:
        if torch_file:
            return torch.load(path, map_location="cpu", weights_only=False, pickle_module=_guarded())
        with path.open("rb") as file:
            return _guarded().load(file)
    except Exception as error:  # the file's own code runs, and may fail in any way
        missing = isinstance(error, ModuleNotFoundError | AttributeError)
        hint = "add the folder of its code with --python-path" if missing else "it is damaged or of another version"
        raise ValueError(f"{path} cannot be loaded ({type(error).__name__}: {str(error)[:200]}): {hint}.") from error


def _guarded() -> Any:
    """A stand-in for the module ``pickle`` whose unpickler refuses forbidden names and what they are in truth."""
    import pickle

    class Unpickler(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            full = modern(module, name)
            if is_forbidden(full):
                raise pickle.UnpicklingError(f"it asks to run {full}, which no option allows")
            found = super().find_class(module, name)
            home = f"{getattr(found, '__module__', None) or module}.{getattr(found, '__qualname__', name)}"
            if is_forbidden(home):  # a forbidden function under another module's name
                raise pickle.UnpicklingError(f"it asks to run {home}, which no option allows")
            return found

    def load(file: BinaryIO, **options: Any) -> Any:
        return Unpickler(file, **options).load()

    return SimpleNamespace(Unpickler=Unpickler, load=load, __name__="pickle", UnpicklingError=pickle.UnpicklingError)


@contextmanager
def searched_first(folders: tuple[Path, ...]) -> Iterator[None]:
    """Folders in which modules are looked for, before all others, while the block runs."""
    import sys

    before = list(sys.path)
    sys.path[:0] = [str(folder.resolve()) for folder in folders]
    try:
        yield
    finally:
        sys.path[:] = before
