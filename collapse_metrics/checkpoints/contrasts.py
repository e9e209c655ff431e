"""What does a comparison of two generators say? One contrast a measure, and one word over all."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from collapse_metrics.measurements import POWER


class Outcome(StrEnum):
    """What one measure, or all together, say of the second beside the first."""

    BETTER = "better"
    WORSE = "worse"
    NO_DIFFERENCE_SHOWN = "no_difference_shown"
    TOO_SMALL_TO_MATTER = "too_small_to_matter"
    MIXED = "mixed"


@dataclass(frozen=True)
class Contrast:
    """One measure of both: the difference, how sure it is, and the smallest that would have been shown.

    Better is what lies nearer to ``aim``, the score of a perfect generator with very many samples.
    """

    name: str
    asks: str
    first: float
    second: float
    aim: float
    difference: float
    low: float
    high: float
    p_value: float
    adjusted: float
    detectable: float
    test: str
    outcome: Outcome

    def __str__(self) -> str:
        said = f"{self.outcome.replace('_', ' '):<20} {self.name}: {self.first:.3g} -> {self.second:.3g}, "
        said += f"difference {self.difference:+.3g} [{self.low:+.3g}, {self.high:+.3g}], p {self.adjusted:.2g}"
        if self.outcome is Outcome.NO_DIFFERENCE_SHOWN:
            seen = f"a difference of {self.detectable:.2g} would have been shown, {POWER:.0%} of the time"
            said += f"; {seen}" if self.detectable else "; no sample of one differs from that of the other"
        return said


@dataclass(frozen=True)
class Comparison:
    """The second generator beside the first, measure by measure, and in one word."""

    outcome: Outcome
    contrasts: tuple[Contrast, ...]
    provenance: dict[str, Any]

    def __getitem__(self, name: str) -> Contrast:
        """The contrast of that measure."""
        for contrast in self.contrasts:
            if contrast.name == name:
                return contrast
        raise KeyError(f"no contrast named {name!r}; there are: {', '.join(c.name for c in self.contrasts)}")

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain JSON types."""
        rows = [{k: str(v) if k == "outcome" else v for k, v in asdict(c).items()} for c in self.contrasts]
        return {"schema": 1, "outcome": str(self.outcome), "contrasts": rows, "provenance": self.provenance}

    def __str__(self) -> str:
        words = {
            Outcome.BETTER: "the second is better",
            Outcome.WORSE: "the second is worse",
            Outcome.MIXED: "mixed: the second is better in some ways and worse in others",
            Outcome.NO_DIFFERENCE_SHOWN: "no difference shown that matters",
        }
        return "\n".join([words[self.outcome], *(f"  {contrast}" for contrast in self.contrasts)])


def in_one_word(contrasts: tuple[Contrast, ...]) -> Outcome:
    """Better or worse where all that matters is; mixed where both are among it."""
    said = {contrast.outcome for contrast in contrasts} & {Outcome.BETTER, Outcome.WORSE}
    if not said:
        return Outcome.NO_DIFFERENCE_SHOWN
    return said.pop() if len(said) == 1 else Outcome.MIXED
