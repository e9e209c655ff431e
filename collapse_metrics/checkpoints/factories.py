"""Which network is meant by --model? `module:callable` or `file.py:callable`, called with the arguments given."""

import ast
import importlib
import importlib.util
import inspect
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import nn

from collapse_metrics.checkpoints.trust import searched_first

FORM = "a network is named as module:callable or path/file.py:callable"
"""The grammar, for errors."""


def build(spec: str, arguments: Mapping[str, Any] | None = None, *, python_path: tuple[Path, ...] = ()) -> Any:
    """The network, or the function from latents to samples, that a name stands for.

    Args:
        spec: ``package.module:callable`` or ``folder/file.py:callable``. The code is the user's own, and runs.
        arguments: Of the callable; texts are taken as Python literals where they are some.
        python_path: Folders in which its modules are looked for, beside the working directory.

    Raises:
        ValueError: If it cannot be found, or fails.
    """
    home, _, name = spec.rpartition(":")
    if not home or not name:
        raise ValueError(f"{FORM}, got {spec!r}.")
    with searched_first((*python_path, Path.cwd())):
        module = _from_file(Path(home)) if home.endswith(".py") else _from_module(home)
        made = module
        for part in name.split("."):
            if not hasattr(made, part):
                raise ValueError(f"{home} has no {name!r}: {_near(module)}.")
            made = getattr(made, part)
        return _called(made, {key: literal(value) for key, value in (arguments or {}).items()}, spec)


def _called(made: Any, arguments: dict[str, Any], spec: str) -> Any:
    if isinstance(made, nn.Module):  # a network that stands ready in its module
        return made
    if not callable(made):
        raise ValueError(f"{FORM}, got {spec!r}, which is a {type(made).__name__}.")
    try:
        return made(**arguments)
    except Exception as error:  # the user's code may fail in any way
        signature = _signature(made)
        raise ValueError(
            f"{spec} cannot be built ({type(error).__name__}: {str(error)[:200]}): give its arguments{signature} "
            "with --model-arg name=value."
        ) from error


def _signature(made: Any) -> str:
    try:
        return f" {inspect.signature(made)}"
    except (ValueError, TypeError):
        return ""


def _from_file(file: Path) -> ModuleType:
    if not file.is_file():
        raise ValueError(f"{FORM}, and there is no file {file}.")
    spec = importlib.util.spec_from_file_location(f"_model_of_{file.stem}", file)
    if spec is None or spec.loader is None:
        raise ValueError(f"{FORM}, got {file}, which is no Python file.")
    module = importlib.util.module_from_spec(spec)
    with searched_first((file.parent,)):
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # the user's code may fail in any way
            raise ValueError(f"{file} cannot be imported ({type(error).__name__}: {str(error)[:200]}).") from error
    return module


def _from_module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ValueError(
            f"{FORM}, and there is no module {error.name!r}: install it, or add its folder with --python-path."
        ) from error
    except Exception as error:  # the user's code may fail in any way
        raise ValueError(f"module {name} cannot be imported ({type(error).__name__}: {str(error)[:200]}).") from error


def _near(module: ModuleType) -> str:
    names = [name for name, held in vars(module).items() if callable(held) and not name.startswith("_")]
    return f"it has {', '.join(names[:12])}" if names else "nothing in it can be called"


def literal(text: Any) -> Any:
    """A number, a list, a truth value; or the text itself."""
    if not isinstance(text, str):
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
