"""Has diversity become worse since it was good? The doors `baseline` and `check`."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from collapse_metrics.cli._app import EXIT_GATE_FAILED, app
from collapse_metrics.cli._opening import Opening

if TYPE_CHECKING:
    from collapse_metrics.checkpoints.opening import Opened
    from collapse_metrics.gate import Comparison
    from collapse_metrics.gate.settings import Settings
    from collapse_metrics.records import Scorecard

ValueRange = tuple[float, float] | None

NARROWEST = 110
"""Columns that the table needs; a narrower terminal wraps lines, which reads better than cells cut off."""

USUAL_REFERENCE = "mnist"
"""What `score` takes too where nothing is said."""

USUAL_N = 5000
"""Samples that a checkpoint draws where nothing is said, as with `score`."""


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
    how: Opening | None = None,
) -> int:
    """Freeze what is good: counts and means over pairs of the samples, in a short JSON file to commit.

    Args:
        sources: Samples or a checkpoint, as for `score`; of several trainings, one source each.
        out: The file; left out, the one in [tool.collapse_metrics].
        value_range: Black and white in float pictures, e.g. -1 1.
        reference: Name of a packaged reference, or a file written by `Reference.save`.
        n: Take so many of each source, chosen by the seed; a checkpoint draws 5,000 if nothing is said.
        seed: Of latents, subsets and simulated nulls.
        how: How checkpoints are opened.
    """
    from collapse_metrics.gate import Baseline
    from collapse_metrics.gate.settings import Settings

    decided = Settings.find(Path.cwd()).over(baseline=out, reference=reference, value_range=value_range, n=n, seed=seed)
    if decided.baseline is None:
        raise ValueError(
            "a file for the baseline is needed: give -o FILE, or set `baseline` in [tool.collapse_metrics]."
        )
    made = Baseline.from_scorecards(_cards(sources, decided, how or Opening()))
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
    how: Opening | None = None,
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
        seed: Of latents, subsets and simulated nulls.
        how: How checkpoints are opened.
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
        return _update(sources, decided, how or Opening(), accept=accept)
    found = _compared(sources, decided, how or Opening())
    _tell(found, forms or Forms(), decided.baseline, as_json=as_json)
    return found.exit_code


def _compared(sources: tuple[Path, ...], decided: "Settings", how: Opening) -> "Comparison":
    """The decision, by the same function as from Python."""
    from collapse_metrics.gate import ALPHA, Baseline, compare

    assert decided.baseline is not None
    base = Baseline.load(decided.baseline)
    rules: dict[str, Any] = {
        "baseline": base,
        "reference": decided.reference,
        "margin": decided.margin or None,
        "limit": decided.limit or None,
        "alpha": ALPHA if decided.alpha is None else decided.alpha,
        "require": decided.require,
        "seed": decided.seed or 0,
    }
    opened = [_opened(source, how) for source in _some(sources)]
    rules["value_range"] = decided.value_range or opened[0].value_range
    if decided.max_n is not None and len(opened) > 1:
        raise ValueError(f"max_n plans looks at one source, got {len(opened)}: leave it out for several runs.")
    if len(opened) == 1 and _draws_freely(opened[0]):
        source: dict[str, Any] = {"generator": opened[0].generator, "latent": opened[0].latent}
        return compare(**source, max_n=decided.max_n, **rules)
    if decided.max_n is not None:
        return compare(fake=_samples(opened[0], decided, decided.max_n), max_n=decided.max_n, **rules)
    return compare(runs=[_samples(one, decided, base.n) for one in opened], **rules)


def _cards(sources: tuple[Path, ...], decided: "Settings", how: Opening) -> "list[Scorecard]":
    """A scorecard of every source."""
    from collapse_metrics.evaluate import score

    cards = []
    for opened in [_opened(source, how) for source in _some(sources)]:
        about: dict[str, Any] = {
            "reference": decided.reference or opened.reference or USUAL_REFERENCE,
            "value_range": decided.value_range or opened.value_range,
            "seed": decided.seed or 0,
        }
        n = decided.n or USUAL_N
        if _draws_freely(opened):
            cards.append(score(generator=opened.generator, latent=opened.latent, n=n, **about))
        else:
            cards.append(score(fake=_samples(opened, decided, n), **about))
    return cards


def _opened(source: Path, how: Opening) -> "Opened":
    """One source: the one place where files are opened."""
    from collapse_metrics.checkpoints import open_source

    opened = open_source(source, **how.opening())
    for note in opened.notes:
        sys.stderr.write(f"{source.name}: {note}\n")
    return opened


def _draws_freely(opened: "Opened") -> bool:
    """Whether it is a generator of latents alone, whose samples can be paired by them."""
    return opened.samples is None and opened.labels is None


def _samples(opened: "Opened", decided: "Settings", n: int) -> Any:
    """The samples of one source: of a file as many as were asked for, of a generator ``n``, evenly over its labels."""
    import torch

    from collapse_metrics.measurements import shuffled
    from collapse_metrics.probes.sampler import Sampler

    seed = decided.seed or 0
    if opened.samples is None:
        assert opened.generator is not None
        assert opened.latent is not None
        sampler = Sampler(opened.generator, latent=opened.latent, seed=seed)
        latents = sampler.latents(n)
        return (
            sampler(latents)
            if opened.labels is None
            else sampler.with_labels(latents, opened.labels[torch.arange(n) % len(opened.labels)])
        )
    rows = opened.samples
    if decided.n is None:
        return rows
    if not 0 < decided.n <= len(rows):
        held = len(rows)
        raise ValueError(f"n={decided.n} samples are asked for, the source holds {held}: draw more, or ask for fewer.")
    return rows[shuffled(len(rows), seed)[: decided.n].numpy()]


def _some(sources: tuple[Path, ...]) -> tuple[Path, ...]:
    if not sources:
        raise ValueError("samples are needed: give a file or a folder, of several trainings one each.")
    return sources


def _every(number: float | None) -> dict[str, float] | None:
    """One number for all measures, as the settings keep it."""
    from collapse_metrics.gate import MEASURES

    return None if number is None else dict.fromkeys(MEASURES, number)


def _update(sources: tuple[Path, ...], decided: "Settings", how: Opening, *, accept: bool) -> int:
    """Write the baseline anew; what is written has to be looked at."""
    from collapse_metrics.gate import Baseline

    assert decided.baseline is not None
    kept = decided
    if decided.reference is None and decided.baseline.is_file():
        kept = decided.over(reference=str(Baseline.load(decided.baseline).configuration["reference"]))
    Baseline.from_scorecards(_cards(sources, kept, how)).save(decided.baseline)
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
    if sys.stdout.isatty():
        from rich.console import Console

        print(headline(found))
        Console(width=NARROWEST).print(as_table(found))
        print("\n".join(f"note: {note}" for note in found.notes))
    else:
        print(found)
    if on_github():
        print(as_annotations(found, file=_in_repository(baseline).as_posix()), end="")


def _in_repository(path: Path) -> Path:
    """A path as the repository names it."""
    here = Path.cwd().resolve()
    return path.resolve().relative_to(here) if path.resolve().is_relative_to(here) else path
