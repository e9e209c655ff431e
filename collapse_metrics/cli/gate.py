"""Has diversity become worse since it was good? The doors `baseline` and `check`."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from collapse_metrics.cli._app import EXIT_GATE_FAILED, app

if TYPE_CHECKING:
    from collapse_metrics.gate import Comparison
    from collapse_metrics.gate.settings import Settings
    from collapse_metrics.records import Scorecard

ValueRange = tuple[float, float] | None

USUAL_REFERENCE = "mnist"
"""What `score` takes too where nothing is said."""


@dataclass(frozen=True)
@Parameter(name="*")
class Forms:
    """Files for other tools; a table for the summary page is added by itself where GitHub asks for one."""

    summary: Path | None = None
    """Markdown."""
    junit: Path | None = None
    """JUnit XML."""
    code_quality: Path | None = None
    """GitLab's code quality JSON."""
    benchmark: Path | None = None
    """JSON for github-action-benchmark (customBiggerIsBetter)."""
    metrics: Path | None = None
    """A tree of numbers, for `dvc metrics`."""


@app.command
def baseline(
    *sources: Path,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    reference: str | None = None,
    value_range: ValueRange = None,
    n: int | None = None,
    seed: int | None = None,
) -> int:
    """Freeze what is good: counts and means over pairs of the samples, in a short JSON file to commit.

    Args:
        sources: Samples (.npz, .npy, .pt, .csv or a folder of pictures); of several trainings, one source each.
        out: The file; left out, the one in [tool.collapse_metrics].
        value_range: Black and white in float pictures, e.g. -1 1.
        reference: Name of a packaged reference, or a file written by `Reference.save`.
        n: Take so many of each source, chosen by the seed.
        seed: Of subsets and simulated nulls.
    """
    from collapse_metrics.gate import Baseline
    from collapse_metrics.gate.settings import Settings

    decided = Settings.find(Path.cwd()).over(baseline=out, reference=reference, value_range=value_range, n=n, seed=seed)
    if decided.baseline is None:
        raise ValueError(
            "a file for the baseline is needed: give -o FILE, or set `baseline` in [tool.collapse_metrics]."
        )
    made = Baseline.from_scorecards(_cards(sources, decided))
    made.save(decided.baseline)
    runs = f"{len(made.runs)} run{'s' if len(made.runs) > 1 else ''} of {made.n:,} samples"
    print(f"{_in_repository(decided.baseline)}: {runs} beside reference {made.configuration['reference']}")
    verdicts = [about["verdict"] for about in made.about_runs]
    if any(verdict != "healthy" for verdict in verdicts):
        sys.stderr.write(f"collapse-metrics: what was frozen is not healthy by itself: {', '.join(verdicts)}\n")
    return 0


@app.command
def check(
    *sources: Path,
    baseline: Path | None = None,
    reference: str | None = None,
    value_range: ValueRange = None,
    margin: float | None = None,
    limit: float | None = None,
    alpha: float | None = None,
    require: tuple[str, ...] = (),
    n: int | None = None,
    max_n: int | None = None,
    seed: int | None = None,
    forms: Forms | None = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    update_baseline: bool = False,
    accept: bool = False,
) -> int:
    """Compare with a baseline: exit 0 pass, 1 fail, 2 wrong use, 3 cannot be told with so many samples.

    Args:
        sources: As for `baseline`; of several trainings, one source each.
        baseline: The file that `baseline` wrote; left out, the one in [tool.collapse_metrics].
        reference: Left out, the packaged reference that the baseline names.
        value_range: Black and white in float pictures, e.g. -1 1.
        margin: Fall that is tolerated in every measure, as a part of the value before.
        limit: Fall that a pass has to rule out in every measure.
        alpha: Chance of a false fail, and of a false pass.
        require: Finding that has to be clear; may be given again.
        n: Take so many of each source, chosen by the seed.
        max_n: Plan looks at an eighth, a quarter, a half and all of so many samples; end at the first that tells.
        seed: Of subsets and simulated nulls.
        forms: Files for other tools; GitHub's page of the run gets its table by itself.
        as_json: Print JSON, and nothing else.
        update_baseline: Write the baseline anew, of these samples; exits 1, so that nobody does it unseen.
        accept: With --update-baseline: exit 0.
    """
    from collapse_metrics.gate.settings import Settings

    decided = Settings.find(Path.cwd()).over(
        baseline=baseline,
        reference=reference,
        value_range=value_range,
        alpha=alpha,
        require=require,
        n=n,
        max_n=max_n,
        seed=seed,
    )
    decided = decided.over(margin=_every(margin), limit=_every(limit))
    if decided.baseline is None:
        raise ValueError("a baseline is needed: give --baseline FILE, or set `baseline` in [tool.collapse_metrics].")
    if accept and not update_baseline:
        raise ValueError("--accept belongs to --update-baseline: give both, or neither.")
    if update_baseline:
        return _update(sources, decided, accept=accept)
    found = _compared(sources, decided)
    _tell(found, forms or Forms(), decided.baseline, as_json=as_json)
    return found.exit_code


def _compared(sources: tuple[Path, ...], decided: "Settings") -> "Comparison":
    """The decision, by the same function as from Python."""
    from collapse_metrics.gate import ALPHA, Baseline, compare

    assert decided.baseline is not None
    base = Baseline.load(decided.baseline)
    rules: dict[str, Any] = {
        "baseline": base,
        "reference": decided.reference,
        "value_range": decided.value_range,
        "margin": decided.margin or None,
        "limit": decided.limit or None,
        "alpha": ALPHA if decided.alpha is None else decided.alpha,
        "require": decided.require,
        "seed": decided.seed or 0,
    }
    if decided.max_n is not None:
        if len(sources) != 1:
            raise ValueError(f"max_n plans looks at one source, got {len(sources)}: leave it out for several runs.")
        return compare(fake=_samples(sources[0], decided), max_n=decided.max_n, **rules)
    return compare(runs=[_samples(source, decided) for source in _some(sources)], **rules)


def _cards(sources: tuple[Path, ...], decided: "Settings") -> "list[Scorecard]":
    """A scorecard of every source."""
    from collapse_metrics.evaluate import score

    return [
        score(
            fake=_samples(source, decided),
            reference=decided.reference or USUAL_REFERENCE,
            value_range=decided.value_range,
            seed=decided.seed or 0,
        )
        for source in _some(sources)
    ]


def _samples(source: Path, decided: "Settings") -> Any:
    """The samples of one source, as many as were asked for: the one place where a source is opened."""
    from collapse_metrics.checkpoints import load_samples
    from collapse_metrics.measurements import shuffled

    rows, n = load_samples(source), decided.n
    if n is None:
        return rows
    if not 0 < n <= len(rows):
        raise ValueError(f"n={n} samples are asked for, {source} holds {len(rows)}: draw more, or ask for fewer.")
    return rows[shuffled(len(rows), decided.seed or 0)[:n].numpy()]


def _some(sources: tuple[Path, ...]) -> tuple[Path, ...]:
    if not sources:
        raise ValueError("samples are needed: give a file or a folder, of several trainings one each.")
    return sources


def _every(number: float | None) -> dict[str, float] | None:
    """One number for all measures, as the settings keep it."""
    from collapse_metrics.gate import MEASURES

    return None if number is None else dict.fromkeys(MEASURES, number)


def _update(sources: tuple[Path, ...], decided: "Settings", *, accept: bool) -> int:
    """Write the baseline anew; what is written has to be looked at."""
    from collapse_metrics.gate import Baseline

    assert decided.baseline is not None
    kept = decided
    if decided.reference is None and decided.baseline.is_file():
        kept = decided.over(reference=str(Baseline.load(decided.baseline).configuration["reference"]))
    Baseline.from_scorecards(_cards(sources, kept)).save(decided.baseline)
    print(f"{_in_repository(decided.baseline)} was written anew: read the difference, and commit it if it is meant")
    return 0 if accept else EXIT_GATE_FAILED


def _tell(found: "Comparison", forms: Forms, baseline: Path, *, as_json: bool) -> None:
    """Print, and write what was asked for."""
    import json

    from collapse_metrics.gate.outputs.annotations import as_annotations
    from collapse_metrics.gate.outputs.text import as_table, headline
    from collapse_metrics.gate.outputs.write import add_step_summary, on_github, write_forms

    write_forms(found, vars(forms), baseline=_in_repository(baseline))
    add_step_summary(found)
    if as_json:
        print(json.dumps(found.to_dict(), indent=1))
        return
    from rich.console import Console

    console = Console(soft_wrap=not sys.stdout.isatty(), highlight=False, markup=False)
    console.print(headline(found))
    if sys.stdout.isatty():
        console.print(as_table(found))
        console.print("\n".join(f"note: {note}" for note in found.notes))
    else:
        print("\n".join(str(found).splitlines()[1:]))
    if on_github():
        print(as_annotations(found, file=_in_repository(baseline).as_posix()), end="")


def _in_repository(path: Path) -> Path:
    """A path as the repository names it."""
    here = Path.cwd().resolve()
    return path.resolve().relative_to(here) if path.resolve().is_relative_to(here) else path
