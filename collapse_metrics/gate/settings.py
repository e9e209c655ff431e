"""What has this project decided for its gate? The table ``[tool.collapse_metrics]`` of its pyproject.toml."""

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from collapse_metrics.gate.margins import MEASURES

FILE = "pyproject.toml"
"""Where a project keeps its decisions."""

KINDS: dict[str, tuple[type, ...]] = {
    "baseline": (str,),
    "reference": (str,),
    "value_range": (list,),
    "alpha": (int, float),
    "n": (int,),
    "max_n": (int,),
    "seed": (int,),
    "margin": (int, float),
    "limit": (int, float),
    "margins": (dict,),
    "limits": (dict,),
    "require": (list,),
}
"""Every word of the table, and what may stand behind it."""


@dataclass(frozen=True)
class Settings:
    """Decisions of a project; what is ``None`` was not decided.

    ``margin`` and ``limit`` are by measure. ``require`` names findings that have to be clear.
    """

    baseline: Path | None = None
    reference: str | None = None
    value_range: tuple[float, float] | None = None
    alpha: float | None = None
    n: int | None = None
    max_n: int | None = None
    seed: int | None = None
    margin: dict[str, float] = field(default_factory=dict)
    limit: dict[str, float] = field(default_factory=dict)
    require: tuple[str, ...] = ()

    @classmethod
    def find(cls, folder: Path) -> "Settings":
        """Of the nearest pyproject.toml at or above a folder that has the table; without one, nothing is decided."""
        for place in (folder.resolve(), *folder.resolve().parents):
            if (place / FILE).is_file():
                found = cls.read(place / FILE)
                if found is not None:
                    return found
        return cls()

    @classmethod
    def read(cls, path: Path) -> "Settings | None":
        """Of one file; none where it has no such table.

        Raises:
            ValueError: If a word is not known, or what stands behind it is of another kind.
        """
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("collapse_metrics")
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ValueError(f"{path} is no TOML ({error}): mend it.") from error
        return None if table is None else cls.from_table(table, path)

    @classmethod
    def from_table(cls, table: dict[str, Any], path: Path) -> "Settings":
        """Of a table as it stands in the file ``path``."""
        _check_words(table, path)
        kept = {name: table.get(name) for name in ("alpha", "n", "max_n", "seed")}
        value_range = table.get("value_range")
        reference = table.get("reference")
        return cls(
            baseline=path.parent / table["baseline"] if "baseline" in table else None,
            reference=_beside(reference, path),
            value_range=None if value_range is None else (float(value_range[0]), float(value_range[1])),
            margin=_by_measure(table, "margin"),
            limit=_by_measure(table, "limit"),
            require=tuple(table.get("require", ())),
            **kept,
        )

    def over(self, **given: Any) -> "Settings":
        """The same, with what was said at the call instead where something was said."""
        return replace(self, **{name: value for name, value in given.items() if value not in (None, (), {})})


def _check_words(table: dict[str, Any], path: Path) -> None:
    unknown = sorted(set(table) - set(KINDS))
    if unknown:
        raise ValueError(f"[tool.collapse_metrics] in {path} knows {', '.join(KINDS)}, got {', '.join(unknown)}.")
    for name, value in table.items():
        if not isinstance(value, KINDS[name]) or isinstance(value, bool):
            kinds = " or ".join(kind.__name__ for kind in KINDS[name])
            raise ValueError(f"`{name}` in [tool.collapse_metrics] of {path} must be a {kinds}, got {value!r}.")
    if len(table.get("value_range", (0, 1))) != 2:
        raise ValueError(f"`value_range` in [tool.collapse_metrics] of {path} must be two numbers, black and white.")


def _beside(reference: str | None, path: Path) -> str | None:
    """The file of a reference is named from where the settings stand."""
    return str(path.parent / reference) if reference and reference.endswith(".safetensors") else reference


def _by_measure(table: dict[str, Any], word: str) -> dict[str, float]:
    """One number for all, then those for single measures."""
    every = dict.fromkeys(MEASURES, table[word]) if word in table else {}
    return {**every, **table.get(f"{word}s", {})}
