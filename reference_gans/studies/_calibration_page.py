"""What does the calibration page say? From the stored counts alone: every row, and whether it holds."""

from collections.abc import Iterator
from typing import Any

from scipy import stats

Row = dict[str, Any]
"""One metric, one world, one size, one question: how many of how many draws."""

LEVEL = 0.95
"""Nominal level of intervals and expected ranges."""

FAMILY = 0.05
"""Probability that a table of nothing but right rows calls any of them wrong: split over its rows (Bonferroni)."""


def judge(row: Row, rows: int) -> str:
    """``yes``, ``NO``, or ``more than asked``: where the exact interval of the share lies beside its aim."""
    effective = float(row.get("effective") or row["draws"])
    low, high = share_interval(row["hits"] / row["draws"], effective, level=1 - FAMILY / rows)
    if low <= row["aim"] <= high:
        return "yes"
    better = low > row["aim"] if row["asks"] in ("interval", "expected") else high < row["aim"]
    return "more than asked" if better else "NO"


def share_interval(share: float, draws: float, *, level: float = LEVEL) -> tuple[float, float]:
    """Clopper-Pearson of a share of so many draws; the draws need not be a whole number."""
    hits, half = share * draws, (1 - level) / 2
    low = 0.0 if hits <= 0 else float(stats.beta.ppf(half, hits, draws - hits + 1))
    high = 1.0 if hits >= draws else float(stats.beta.ppf(1 - half, hits + 1, draws - hits))
    return low, high


def page(rows: list[Row], *, references: int, draws: int) -> Iterator[str]:
    """The whole page."""
    verdicts = [judge(row, len(rows)) for row in rows]
    yield "# Calibration: do intervals cover, does *expected* hold, do tests keep their level?"
    yield ""
    yield "Written by `reference-gans study calibration`; do not edit. Every draw is of a *perfect* generator, whose law is the"
    yield "data's. *interval*: low to high holds the mean score of such generators beside the same reference (`chao1`: the number of"
    yield f"modes), asked to be in {LEVEL:.0%}."
    yield f"*expected*: the expected range holds the score, asked to be in {LEVEL:.0%}. *alarms*: a p-value at or below alpha, which is"
    yield "what it is asked to be."
    yield ""
    yield f"- **mixture**: ten round modes in eight dimensions, shares 0.06 to 0.14; {references} references of 1,200 real rows each, {draws} draws beside"
    yield f"  each, seeds 0 to {references - 1} and 0 to {draws - 1}, measured as `score` measures them. Draws beside one reference share its luck: the interval of"
    yield "  the share allows for it (Korn and Graubard's effective number of draws)."
    yield f"- **digits**: real digits; {references} references of a random half of 5,000 pictures each, {draws} draws from the other half beside each."
    yield "- **tests**: p-values of samples of the mixture (as many real rows as generated), of settled losses (red noise with a"
    yield f"  memory of 0.8 a step), of two looks of which one latent in ten changed; {references * draws} draws, shares and centres known without error."
    yield f"- **two looks**: the same two looks, the metrics' own intervals; {references * draws} draws."
    yield ""
    yield f"*Holds*: the exact interval (Clopper-Pearson) of the share, at a level of 1 - {FAMILY:g}/{len(rows)} so that all {len(rows)} rows together call a"
    yield f"right one wrong with probability {FAMILY:g}, holds the aim. *more than asked*: it lies wholly on the safe side. The interval"
    yield "printed is the plain 95 % one."
    yield ""
    counts = {word: verdicts.count(word) for word in ("yes", "more than asked", "NO")}
    yield "**In short:** " + ", ".join(f"{word}: {count}" for word, count in counts.items()) + f", of {len(rows)} rows."
    yield ""
    yield "| metric | world | n | asks | share | 95 % interval | draws (effective) | mean score (sd) | holds |"
    yield "| --- " * 9 + "|"
    ordered = sorted(
        zip(rows, verdicts, strict=True), key=lambda item: (item[0]["name"], item[0]["asks"], item[0]["n"])
    )
    for row, verdict in ordered:
        effective = float(row.get("effective") or row["draws"])
        low, high = share_interval(row["hits"] / row["draws"], effective)
        score = f"{row['mean']:.4g} ({row['sd']:.2g})" if "mean" in row else ""
        yield (
            f"| `{row['name']}` | {row['world']} | {row['n']} | {row['asks']} | {row['hits'] / row['draws']:.3f} "
            f"| {low:.3f} to {high:.3f} | {row['draws']} ({effective:.0f}) | {score} | {'**NO**' if verdict == 'NO' else verdict} |"
        )
