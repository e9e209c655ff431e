"""What do the pages of studies have in common? Ranges, CPU seconds, and the two files beside the stored runs."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from reference_gans.studies._runs import Runs


def span(values: Sequence[float], form: str = ".2f") -> str:
    """Smallest to largest, over seeds."""
    return f"{min(values):{form}} to {max(values):{form}}" if len(values) else ""


def cpu_seconds(runs: Runs) -> str:
    """What the runs cost, in all and each, as a sentence."""
    spent = [run["cpu_seconds"] for run in runs.outcomes.values()]
    return (
        f"CPU seconds, looks included: {sum(spent):,.0f} in all, {span(spent, '.0f')} a run, one thread."
        if spent
        else ""
    )


def seeds_of(runs: Runs, arms: Iterable[str]) -> str:
    """How many seeds each arm has, as a word or two where they are all alike."""
    counts = {len(runs.of_arm(arm)) for arm in arms}
    return f"{min(counts)} seeds" if len(counts) == 1 else f"{min(counts)} to {max(counts)} seeds"


def write(folder: Path, name: str, page: Iterable[str], figure: str) -> None:
    """Page and figure, in whole."""
    (folder / f"{name}.svg").write_text(figure)
    (folder / f"{name}.md").write_text("\n".join(page) + "\n")
