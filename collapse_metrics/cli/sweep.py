"""Which checkpoint is best, where did it go wrong, which of two is better? The doors `sweep`, `bisect`, `compare`."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from collapse_metrics.cli._app import EXIT_INCONCLUSIVE, app
from collapse_metrics.cli._opening import Opening, Words

if TYPE_CHECKING:
    from collapse_metrics.checkpoints.scorer import Scorer
    from collapse_metrics.checkpoints.steps import Source

CACHE = Path(".collapse_metrics")
"""Where scores are kept if nothing else is said: in the folder one works in, where it is seen and can be deleted."""

LEVELS = {"partial_collapse": 1, "collapse": 2}
"""How bad is bad."""

INTERRUPTED = 130
"""What a shell expects of a command that was stopped by Ctrl-C."""

Json = Annotated[bool, Parameter(name="--json")]


@Parameter(name="*")
@dataclass(frozen=True)
class How(Opening):
    """How checkpoints are opened and judged; the same words as those of `score`."""

    reference: str | None = None
    """Name of a packaged reference, or a file written by `Reference.save`; left out, a bundle's own, else mnist."""
    value_range: tuple[float, float] | None = None
    """Black and white in float pictures, e.g. -1 1."""
    measures: str = "standard"
    """`standard`, `full`, or names with commas between them."""
    seed: int = 0
    """Of latents, subsets and simulated nulls."""

    def scorer(self) -> "Scorer":
        """What scores one checkpoint."""
        from collapse_metrics.checkpoints.scorer import Scorer

        measures = tuple(self.measures.split(","))
        return Scorer(self.reference, self.value_range, measures, self.seed, self.opening())


@app.command
def sweep(
    *patterns: str,
    how: How | None = None,
    n: int = 2000,
    out: Annotated[Path | None, Parameter(name=["--out", "-o"])] = None,
    curve: Path | None = None,
    by: str = "coverage",
    cache: Path = CACHE,
    jobs: Annotated[int, Parameter(name=["--jobs", "-j"])] = 1,
    backend: Literal["loky", "dask"] = "loky",
    scheduler: str | None = None,
    shard: str | None = None,
    as_json: Json = False,
) -> int:
    """Score many checkpoints: one table and one curve, the best, the last healthy one, and where it went wrong.

    What was scored before is not scored again: stop it and start it as you like.

    Args:
        patterns: Checkpoints or samples, such as 'runs/G_*.pth'; in quotes, so that the shell leaves them alone.
        how: How they are opened and judged.
        n: How many samples are drawn from each generator.
        out: The table: .csv, .parquet or .json.
        curve: The measure over the steps: .svg, .png or .pdf.
        by: The measure by which the best are found.
        cache: Where scores are kept, under the content of the file and all that was asked.
        jobs: Processes; -1 takes one a core.
        backend: `dask` for the workers of a cluster, at the address in --scheduler.
        scheduler: Address of a Dask scheduler, such as tcp://host:8786; its workers have to see the files.
        shard: Only part i of n, such as 3/10, for the jobs of an array; then once without it, for the whole table.
        as_json: Print JSON, and nothing else.
    """
    from collapse_metrics.checkpoints.curve import ENDINGS, draw
    from collapse_metrics.checkpoints.sweep import Workers
    from collapse_metrics.checkpoints.sweep import sweep as score_all
    from collapse_metrics.checkpoints.table import WRITERS, higher_is_better

    higher_is_better(by)  # what is wrong in these words is said now, not after hours of scoring
    _check_ending(out, "--out", tuple(WRITERS))
    _check_ending(curve, "--curve", ENDINGS)
    if backend == "dask" and scheduler is None:
        raise ValueError("--backend dask needs the address of its scheduler: give --scheduler tcp://host:8786.")
    sources, score = _sources(patterns), (how or How()).scorer()
    with _bar(len(sources), quiet=as_json) as progress:
        table = score_all(
            sources,
            score=score,
            n=n,
            kept=_kept(cache, score),
            workers=Workers(jobs, scheduler),
            shard=None if shard is None else _shard(shard),
            by=by,
            progress=progress,
        )
    print(json.dumps(table.to_dict(), indent=1, allow_nan=False) if as_json else table)
    for row in table.failed:
        sys.stderr.write(f"{row.path}: {row.error}\n")
    if len(table.failed) == len(table.rows):
        raise ValueError(f"none of {len(table.rows)} checkpoints could be scored: {table.rows[0].error}")
    for path in (out and table.save(out), curve and draw(table, curve)):
        if path:
            sys.stderr.write(f"{path}\n")
    return 0 if any(row.badness is not None for row in table.rows) else EXIT_INCONCLUSIVE


@app.command
def bisect(
    *patterns: str,
    how: How | None = None,
    n: int = 2000,
    n_most: int | None = None,
    level: Literal["partial_collapse", "collapse"] | None = None,
    checks: int = 1,
    cache: Path = CACHE,
    as_json: Json = False,
) -> int:
    """Find where a training collapsed: of 60 checkpoints nine are scored, of 1,000 thirteen.

    Args:
        patterns: Checkpoints of one run, such as 'runs/G_*.pth', in quotes.
        how: How they are opened and judged.
        n: How many samples are drawn from each generator.
        n_most: How many at the most, where a checkpoint cannot be told; left out, sixteen times `n`.
        level: Which verdict counts as bad, and all that are worse; left out, partial collapse, or where the first
            checkpoint is that already, what the last one is.
        checks: Looks beside the place that was found, for a contradiction.
        cache: Where scores are kept; the same as those of `sweep`.
        as_json: Print JSON, and nothing else.
    """
    from collapse_metrics.checkpoints.bisect import bisect as find

    sources, score = _sources(patterns), (how or How()).scorer()
    steps = [source for source in sources if source.step is not None]
    found = find(
        steps or sources,
        score=score,
        n=n,
        n_most=n_most,
        level=None if level is None else LEVELS[level],
        kept=_kept(cache, score),
        checks=checks,
        progress=None if as_json else lambda comparison: print(comparison, flush=True),
    )
    print(json.dumps(found.to_dict(), indent=1) if as_json else found.in_words())
    return EXIT_INCONCLUSIVE if found.set_aside_between else 0


@app.command
def compare(
    first: Path,
    second: Path,
    *,
    how: How | None = None,
    n: int = 2000,
    second_model: str | None = None,
    second_model_arg: Words = None,
    second_latent: str | None = None,
    second_key: str | None = None,
    alpha: float = 0.05,
    margin: float = 0.01,
    as_json: Json = False,
) -> int:
    """Say whether the second of two generators is better, worse, or not shown to differ, on the same latents.

    Args:
        first: A checkpoint, or samples.
        second: The other one.
        how: How they are opened and judged.
        n: How many latents both are given.
        second_model: What builds the second network, where it is another one.
        second_model_arg: An argument of it, name=value; may be repeated.
        second_latent: Noise of the second, where it differs.
        second_key: Key of the weights of the second, where it differs.
        alpha: Probability of calling any difference that is not there.
        margin: Smallest difference that matters.
        as_json: Print JSON, and nothing else.
    """
    from collapse_metrics.checkpoints.pairs import compare_sources
    from collapse_metrics.cli._opening import arguments

    other: dict[str, Any] = {"model": second_model, "latent": second_latent, "key": second_key}
    other |= {"model_args": arguments(second_model_arg)} if second_model_arg else {}
    how = how or How()
    opening = how.opening()
    found = compare_sources(
        first=first,
        second=second,
        how_first=opening,
        how_second=opening | {name: value for name, value in other.items() if value is not None},
        reference=how.reference,
        value_range=how.value_range,
        n=n,
        alpha=alpha,
        margin=margin,
        seed=how.seed,
    )
    for note in found.provenance["notes"]:
        sys.stderr.write(f"{note}\n")
    print(json.dumps(found.to_dict(), indent=1) if as_json else found)
    return 0


def _sources(patterns: tuple[str, ...]) -> "list[Source]":
    from collapse_metrics.checkpoints.scorer import step_inside
    from collapse_metrics.checkpoints.steps import find_sources, in_order

    if not patterns:
        raise ValueError("checkpoints are needed: give a pattern in quotes, such as 'runs/G_*.pth'.")
    return in_order(find_sources(patterns), inside=step_inside)


def _kept(cache: Path, score: "Scorer") -> Any:
    from collapse_metrics.checkpoints.kept import Kept

    if cache.exists() and not cache.is_dir():
        raise ValueError(f"--cache must be a folder, {cache} is a file: name another place.")
    return Kept(cache, score.asked())


def _check_ending(path: Path | None, option: str, endings: tuple[str, ...]) -> None:
    if path is not None and path.suffix.lower() not in endings:
        raise ValueError(f"{option} writes {', '.join(endings)}, got {path.name}: choose one of them.")


def _shard(text: str) -> tuple[int, int]:
    part, _, parts = text.partition("/")
    if not (part.isdecimal() and parts.isdecimal()):
        raise ValueError(f"--shard is a part of a whole such as 3/10, got {text!r}.")
    return int(part), int(parts)


@contextmanager
def _bar(total: int, *, quiet: bool) -> Iterator[Any]:
    """A bar with the time left, on terminals; what is done stays done when it is stopped."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, disable=quiet or not console.is_terminal) as bar:
            task = bar.add_task("looking", total=total)

            def step(done: int, of: int, row: Any) -> None:
                said = row.card.verdict if row.card is not None else "not scored"
                bar.update(task, completed=done, total=of, description=f"{row.path.name}: {said}")

            yield step
    except KeyboardInterrupt:
        sys.stderr.write("collapse-metrics: stopped; every finished score is kept, the same command goes on.\n")
        sys.exit(INTERRUPTED)
