"""What was scored before? Scorecards kept under the content of the file and under all that was asked."""

import hashlib
import json
import os
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collapse_metrics.records import Scorecard

FORM = 1
"""Version of a kept file; another one is scored anew."""

LOG = "scored.jsonl"
"""One line for every score that was kept: which content, from which file, when, in how many seconds."""


@dataclass(frozen=True)
class Kept:
    """A folder of scorecards, which may be shared: by runs that were cut off, by ``bisect``, by jobs of an array.

    Args:
        folder: Where they lie.
        asked: All that a score depends on beside the content of the file: options, fingerprints of reference and
            embedder, versions. Two scores share a file only where all of it is the same.
    """

    folder: Path
    asked: Mapping[str, Any] = field(default_factory=dict)

    def get(self, sha256: str, *, n: int) -> Scorecard | None:
        """The scorecard of this content, if it is there and whole; a damaged one is scored anew."""
        try:
            kept = json.loads(self._file(sha256, n).read_text(encoding="utf-8"))
            return Scorecard.from_dict(kept["card"]) if kept["form"] == FORM else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def put(self, sha256: str, card: Scorecard, *, n: int, path: Path, seconds: float) -> None:
        """Keep a scorecard: at once and whole, or not at all."""
        file = self._file(sha256, n)
        file.parent.mkdir(parents=True, exist_ok=True)
        about = {"sha256": sha256, "n": n, "source": str(path), "seconds": round(seconds, 3)}
        text = json.dumps({"form": FORM, **about, "asked": dict(self.asked), "card": card.to_dict()}, default=str)
        draft = file.with_name(f"{file.stem}.{uuid.uuid4().hex}.part")  # two jobs may write the same score
        draft.write_text(text + "\n", encoding="utf-8")
        draft.replace(file)
        with (self.folder / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps({**about, "key": file.stem, "at": round(time.time(), 3), "pid": os.getpid()}) + "\n")

    def _file(self, sha256: str, n: int) -> Path:
        asked = json.dumps({**self.asked, "n": n}, sort_keys=True, default=str)
        key = hashlib.sha256(f"{sha256}\n{asked}".encode()).hexdigest()
        return self.folder / key[:2] / f"{key}.json"


def content_of(path: Path) -> str:
    """SHA-256 of a file; of a folder, of the names and contents of all files in it."""
    if not path.is_dir():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for file in sorted(inside for inside in path.rglob("*") if inside.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\0{content_of(file)}\n".encode())
    return digest.hexdigest()
