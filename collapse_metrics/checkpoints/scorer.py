"""How is each checkpoint of a sweep scored, and on what does its score depend? One set of options for all of them."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from collapse_metrics import __version__
from collapse_metrics.checkpoints.kept import content_of
from collapse_metrics.checkpoints.scoring import score_source
from collapse_metrics.evaluate import find_reference
from collapse_metrics.records import Scorecard
from collapse_metrics.reference import Reference


@dataclass(frozen=True)
class Scorer:
    """Scores a path with fixed options; it pickles, so that other processes can do it as well.

    Args:
        reference: Name or file of the reference; left out, the one that a bundle names, else ``mnist``.
        value_range: What black and white are, for pictures.
        measures: As in ``score``.
        seed: Of latents, subsets and simulated nulls.
        how: Arguments of ``open_source``: ``model``, ``model_args``, ``key``, ``prefix``, ``latent`` and the others.
    """

    reference: str | None = None
    value_range: tuple[float, float] | None = None
    measures: tuple[str, ...] = ("standard",)
    seed: int = 0
    how: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, path: Path, *, n: int) -> Scorecard:
        """Open and score one checkpoint on ``n`` samples."""
        return score_source(
            path,
            reference=None if self.reference is None else _loaded(self.reference),
            value_range=self.value_range,
            measures=self.measures,
            seed=self.seed,
            n=n,
            **self.how,
        )

    def asked(self) -> dict[str, Any]:
        """Everything that a score depends on beside the checkpoint and ``n``: the name under which scores are kept."""
        reference = _loaded(self.reference or "mnist")
        return {
            **json.loads(json.dumps(asdict(self), default=str)),
            "reference_fingerprint": reference.fingerprint,
            "embedder_fingerprint": reference.embedder.fingerprint,
            "collapse_metrics": __version__,
            "model_sha256": _code_of(self.how.get("model")),
        }


@lru_cache(maxsize=4)
def _loaded(reference: str) -> Reference:
    return find_reference(reference)


def _code_of(model: str | None) -> str | None:
    """Hash of the file that builds the network, so that a changed network is scored anew; ``None`` where unknown."""
    if model is None:
        return None
    where = model.rpartition(":")[0]
    if where.endswith(".py"):
        return content_of(Path(where)) if Path(where).is_file() else None
    try:
        spec = find_spec(where)
    except (ImportError, ValueError):  # it may lie in a folder that is only searched when the file is opened
        return None
    return content_of(Path(spec.origin)) if spec is not None and spec.origin else None


def step_inside(path: Path) -> int | None:
    """The training step that a bundle tells in its ``config.json``, or weights in the header of their safetensors."""
    told: Any = {}
    try:
        if path.is_dir():
            told = json.loads((path / "config.json").read_text(encoding="utf-8"))
        elif path.suffix == ".safetensors":
            from safetensors import safe_open

            with safe_open(path, framework="np") as file:
                told = file.metadata() or {}
        step = told.get("step", told.get("global_step"))
        return None if step is None else int(step)
    except Exception:  # what cannot be read is a row with its reason later on; here it only has no step
        return None
