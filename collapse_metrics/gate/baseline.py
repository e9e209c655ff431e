"""What was it like when it was good? A baseline: counts and means over pairs with their errors, in a short file."""

import hashlib
import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from collapse_metrics.records import Scorecard, write_whole
from collapse_metrics.tally import Tally

SCHEMA = 1
"""Version of the file. Another one is refused, not guessed at."""

CONFIGURATION = (
    "reference",
    "reference_fingerprint",
    "embedder",
    "embedder_fingerprint",
    "value_range",
    "anchors",
    "modes",
    "n",
)
"""What has to be the same on both sides."""

WORDS = {
    "reference": "another reference",
    "reference_fingerprint": "another reference of the same name",
    "embedder": "another embedder",
    "embedder_fingerprint": "another version of the embedder",
    "value_range": "another value range",
    "anchors": "another split of the same real data",
    "modes": "other modes",
    "n": "another number of samples",
}
"""What to call it where it is not."""

LINE = 110
"""Characters up to which a list or an object stands on one line of the file."""

MADE_WITH = ("collapse_metrics", "torch")
"""Versions that are noted, and may differ."""


@dataclass(frozen=True)
class Baseline:
    """One or several runs that were good: all that a comparison needs, and no sample.

    ``runs`` has a tally for each training seed; ``about_runs`` says of each where its samples came from.
    """

    configuration: dict[str, Any]
    runs: tuple[Tally, ...]
    about_runs: tuple[dict[str, Any], ...] = ()
    made_with: dict[str, Any] | None = None

    @classmethod
    def from_scorecard(cls, card: Scorecard) -> "Baseline":
        """The baseline of one set of samples."""
        return cls.from_scorecards([card])

    @classmethod
    def from_scorecards(cls, cards: Sequence[Scorecard]) -> "Baseline":
        """The baseline of several runs: one scorecard for each training seed.

        Raises:
            ValueError: If a scorecard has no tally (samples with NaN, or a file of an older version), or if they
                differ in reference, embedder, value range or number of samples.
        """
        if not cards:
            raise ValueError("a baseline needs at least one scorecard, got none.")
        runs = tuple(tally_of(card) for card in cards)
        settings = [configuration_of(card, run) for card, run in zip(cards, runs, strict=True)]
        for other in settings[1:]:
            refuse_unlike(settings[0], other, what="a run of the baseline")
        about = tuple(_about(card) for card in cards)
        versions = {name: cards[0].provenance.get(name) for name in MADE_WITH}
        return cls(settings[0], runs, about, {**versions, "code": code_revision()})

    @property
    def modes(self) -> tuple[str, ...]:
        """Names of the modes."""
        return tuple(self.configuration["modes"])

    @property
    def n(self) -> int:
        """Samples of each run."""
        return int(self.configuration["n"])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, in a fixed order, with a digest of all the rest."""
        runs = [
            {**about, **{key: value for key, value in run.to_dict().items() if key != "modes"}}
            for about, run in zip(self.about_runs or ({},) * len(self.runs), self.runs, strict=True)
        ]
        data = {
            "schema": SCHEMA,
            "made_with": self.made_with or {},
            "configuration": {name: self.configuration[name] for name in CONFIGURATION},
            "runs": runs,
        }
        return {**data, "sha256": digest(data)}

    def save(self, path: str | Path) -> Path:
        """Write the file, whole or not at all."""
        path = Path(path)
        write_whole(path, lines_of(self.to_dict()) + "\n")
        return path

    @classmethod
    def load(cls, path: str | Path) -> "Baseline":
        """Read a file written by ``save``.

        Raises:
            FileNotFoundError: If there is none.
            ValueError: If it is no baseline, of another schema, incomplete, or was edited.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(
                f"a baseline is needed at {path}, there is no such file: write one with `baseline`."
            )
        try:
            data = json.loads(path.read_text(encoding="utf-8"), parse_constant=_no_constant)
        except (UnicodeDecodeError, ValueError) as error:
            raise ValueError(f"{path} is not a baseline in JSON ({error}): write it again with `baseline`.") from error
        return cls.from_dict(data, name=str(path))

    @classmethod
    def from_dict(cls, data: Any, *, name: str = "this") -> "Baseline":
        """The baseline that ``to_dict`` described."""
        if not isinstance(data, dict) or not {"schema", "configuration", "runs"} <= set(data):
            raise ValueError(
                f"{name} is not a baseline (no schema, configuration and runs): write one with `baseline`."
            )
        if data["schema"] != SCHEMA:
            raise ValueError(
                f"{name} has schema {data['schema']!r}, this version reads {SCHEMA}: write it again with `baseline`."
            )
        _check_whole(data, name)
        rest = {key: value for key, value in data.items() if key != "sha256"}
        if data.get("sha256") != digest(rest):
            raise ValueError(
                f"{name} was edited after it was written, its digest does not fit: write it again with `baseline`, "
                "and set margins in the configuration instead."
            )
        fields = set(Tally.__dataclass_fields__)
        modes = {"modes": data["configuration"]["modes"]}
        runs = tuple(Tally.from_dict({k: v for k, v in run.items() if k in fields} | modes) for run in data["runs"])
        about = tuple({k: v for k, v in run.items() if k not in fields} for run in data["runs"])
        return cls(dict(data["configuration"]), runs, about, dict(data.get("made_with", {})))

    def without_latents(self) -> "Baseline":
        """The same, as if the latents were not known."""
        return replace(self, runs=tuple(replace(run, latents=None, calls=None) for run in self.runs))


def tally_of(card: Scorecard) -> Tally:
    """The tally of a scorecard."""
    if card.tally is None:
        finite = card["finite_share"].value if "finite_share" in card else 1.0
        if finite < 1:
            raise ValueError(
                f"samples must be finite to be compared, got {1 - finite:.2%} with NaN or infinity: mend the generator."
            )
        raise ValueError("this scorecard has no tally, it was written by an older version: score the samples again.")
    return Tally.from_dict(card.tally)


def configuration_of(card: Scorecard, run: Tally) -> dict[str, Any]:
    """What of a scorecard must be the same on both sides."""
    origin = card.provenance
    kept = {name: origin.get(name) for name in CONFIGURATION}
    value_range = origin.get("value_range")
    return {
        **kept,
        "value_range": None if value_range is None else [float(v) for v in value_range],
        "anchors": run.anchors,
        "modes": run.modes,
        "n": run.n,
    }


def refuse_unlike(before: Mapping[str, Any], now: Mapping[str, Any], *, what: str, any_n: bool = False) -> None:
    """Refuse to compare what cannot be compared.

    Raises:
        ValueError: Names the first thing that differs.
    """
    for name in CONFIGURATION:
        if before[name] != now[name] and not (name == "n" and any_n):
            if name == "modes":
                was, is_now = f"{len(before[name])} modes", f"{len(now[name])}"
            else:
                was, is_now = str(before[name]), str(now[name])
            raise ValueError(
                f"the baseline was made with {was} as its {name}, {what} has {is_now}: {WORDS[name]} cannot be "
                "compared, use the same or make the baseline again."
            )


def code_revision() -> str | None:
    """Revision of the repository that one stands in, where that is known."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


def digest(data: Mapping[str, Any]) -> str:
    """Of everything in a file but the digest itself, however it is laid out."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def lines_of(value: Any, depth: int = 0) -> str:
    """JSON in which whatever fits stands on one line: what changed shows in a diff, and the file stays short."""
    short = json.dumps(value, allow_nan=False)
    if not isinstance(value, dict | list) or len(short) + depth <= LINE or not value:
        return short
    indent, outdent = " " * (depth + 1), " " * depth
    if isinstance(value, dict):
        inside = [f"{json.dumps(key)}: {lines_of(part, depth + 1)}" for key, part in value.items()]
        return "{\n" + ",\n".join(indent + line for line in inside) + f"\n{outdent}}}"
    inside = [lines_of(part, depth + 1) for part in value]
    return "[\n" + ",\n".join(indent + line for line in inside) + f"\n{outdent}]"


def _about(card: Scorecard) -> dict[str, Any]:
    names = ("seed", "samples_sha256")
    return {name: card.provenance.get(name) for name in names} | {"verdict": str(card.verdict)}


def _check_whole(data: dict[str, Any], name: str) -> None:
    """Refuse a file in which something is missing, by its name."""
    configuration = data["configuration"]
    lacking = [key for key in CONFIGURATION if not isinstance(configuration, dict) or key not in configuration]
    runs = data["runs"] if isinstance(data["runs"], list) else []
    needed = [key for key in Tally.__dataclass_fields__ if key not in ("modes", "latents", "calls")]
    lacking += [key for key in needed if not runs or any(not isinstance(run, dict) or key not in run for run in runs)]
    if lacking:
        raise ValueError(f"{name} lacks {', '.join(lacking)}: write it again with `baseline`.")


def _no_constant(word: str) -> float:
    raise ValueError(f"it holds {word}, which is no number")
