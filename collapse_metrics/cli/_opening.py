"""How is a checkpoint opened? The words that every door shares that takes one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cyclopts import Parameter

Words = list[str] | None


@Parameter(name="*")
@dataclass(frozen=True)
class Opening:
    """How checkpoints are opened; samples need none of it."""

    model: str | None = None
    """What builds the network: module:callable or path/file.py:callable."""
    model_arg: Words = None
    """An argument of it, name=value; may be repeated."""
    latent: str | None = None
    """Size or shape of the noise, such as 100 or 100,1,1; left out, told from the network."""
    classes: int | None = None
    """How many classes a generator knows that takes labels."""
    key: str | None = None
    """Under which key the generator's weights lie; left out, the likeliest that fits the network."""
    prefix: str | None = None
    """What the names of the weights begin with, before the network's own."""
    trust_pickle: bool = False
    """Run the pickles in the files. For files of your own."""
    python_path: list[Path] | None = None
    """A folder of the code that the network needs; may be repeated."""

    def opening(self) -> dict[str, Any]:
        """Arguments of `open_source`."""
        return {
            "model": self.model,
            "model_args": arguments(self.model_arg or []),
            "key": self.key,
            "prefix": self.prefix,
            "latent": self.latent,
            "classes": self.classes,
            "trust_pickle": self.trust_pickle,
            "python_path": tuple(map(str, self.python_path or ())),
        }


def arguments(pairs: list[str]) -> dict[str, str]:
    """``name=value`` words as a dictionary.

    Raises:
        ValueError: If a word has no ``=``.
    """
    for pair in pairs:
        if "=" not in pair:
            raise ValueError(f"an argument of the model is given as name=value, got {pair!r}.")
    return dict(pair.split("=", 1) for pair in pairs)
