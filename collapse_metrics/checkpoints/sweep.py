"""How did a whole row of checkpoints fare? Each content scored once, in parallel, kept at once, never twice."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from collapse_metrics.checkpoints.kept import Kept, content_of
from collapse_metrics.checkpoints.steps import Source
from collapse_metrics.checkpoints.table import Row, Sweep
from collapse_metrics.records import Scorecard

ONE_AT_A_TIME = threading.Lock()
"""Scores of one process take turns: torch's random state, which a generator may draw from, belongs to all threads."""

LONGEST = 240
"""Letters of an error in a table: of a mismatch of weights more would be pages."""


class Score(Protocol):
    """A checkpoint in, its scorecard out. It has to pickle where several processes work."""

    def __call__(self, path: Path, *, n: int) -> Scorecard:
        """Score the checkpoint at ``path`` on ``n`` samples."""


Progress = Callable[[int, int, Row], None]
"""Called after each row: how many are done, of how many that had to be scored, and the row."""


@dataclass(frozen=True)
class Workers:
    """Who scores: ``jobs`` processes on this machine, or the workers of a Dask cluster.

    Args:
        jobs: Processes; ``1`` stays in this one, ``-1`` takes one a core.
        scheduler: Address of a Dask scheduler, for example ``tcp://host:8786``; the workers have to see the files.
    """

    jobs: int = 1
    scheduler: str | None = None

    @property
    def is_here(self) -> bool:
        """Whether this process does the work itself."""
        return self.jobs == 1 and self.scheduler is None


def sweep(
    sources: Iterable[Source],
    *,
    score: Score,
    n: int = 2000,
    kept: Kept | None = None,
    workers: Workers | None = None,
    shard: tuple[int, int] | None = None,
    by: str = "coverage",
    progress: Progress | None = None,
) -> Sweep:
    """Score every checkpoint that was not scored before.

    What cannot be opened or scored becomes a row with its reason. Every score is kept the moment it is there, so a
    sweep that was cut off goes on where it was; files of one content are scored once.

    Args:
        sources: The checkpoints, in order of training.
        score: How one is scored.
        n: Samples drawn from each.
        kept: Where scores are kept; left out, they are forgotten.
        workers: Who does it; left out, this process.
        shard: ``(i, n)``: only the ``i``-th of ``n`` parts, counted from 1. Jobs of an array each take one and share
            ``kept``; a sweep without ``shard`` then puts the table together.
        by: Measure by which the best are found.
        progress: Called after each row that had to be scored.

    Returns:
        The table.

    Raises:
        ValueError: If the shard is not one of its parts.
        ChildProcessError: If a worker died.
    """
    rows = [_looked_up(source, kept, n) for source in _part(list(sources), shard)]
    todo: dict[str, Row] = {}
    for row in rows:
        if row.card is None and not row.error:
            todo.setdefault(row.sha256, row)
    fresh: dict[str, Row] = {}
    for row in _scored(list(todo.values()), score, n, workers or Workers()):
        if row.card is not None and kept is not None:
            kept.put(row.sha256, row.card, n=n, path=row.path, seconds=row.seconds)
        fresh[row.sha256] = row
        if progress is not None:
            progress(len(fresh), len(todo), row)
    return Sweep(tuple(_filled(row, fresh) for row in rows), by=by)


def _part(sources: list[Source], shard: tuple[int, int] | None) -> list[Source]:
    """Every n-th source: early and late ones fall to every part, so that the parts take equally long."""
    if shard is None:
        return sources
    part, parts = shard
    if not 1 <= part <= parts:
        raise ValueError(f"a shard from 1 to {parts} is needed, got {part} of {parts}: count from 1.")
    return sources[part - 1 :: parts]


def _looked_up(source: Source, kept: Kept | None, n: int) -> Row:
    """The row of a source, with its scorecard where it was scored before."""
    try:
        sha256 = content_of(source.path)
    except OSError as error:
        return Row(source.path, source.step, error=in_a_sentence(error))
    card = None if kept is None else kept.get(sha256, n=n)
    return Row(source.path, source.step, sha256, card, from_cache=card is not None)


def _filled(row: Row, fresh: dict[str, Row]) -> Row:
    """The row with what became of its content."""
    found = fresh.get(row.sha256)
    if row.card is not None or row.error or found is None:
        return row
    return replace(row, card=found.card, error=found.error, seconds=found.seconds, from_cache=found.path != row.path)


def _scored(rows: list[Row], score: Score, n: int, workers: Workers) -> Iterator[Row]:
    """Every row once it is scored, in the order in which they are done."""
    if workers.is_here or not rows:
        yield from (_work(score, row, n) for row in rows)
        return
    from joblib import Parallel, delayed
    from joblib.externals.loky.process_executor import BrokenProcessPool

    with _backend(workers):
        # One a batch: a score that is done is kept at once, and not when its neighbours are done as well.
        parallel = Parallel(n_jobs=workers.jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="2*n_jobs")
        try:
            yield from parallel(delayed(_work)(score, row, n, threads=1) for row in rows)
        except BrokenProcessPool as error:
            raise ChildProcessError(
                "a worker died while it scored, most likely for want of memory: all that was done is kept, "
                "run the same again with fewer jobs or smaller n."
            ) from error


@contextmanager
def _backend(workers: Workers) -> Iterator[None]:
    """Joblib's own processes, or those of a cluster."""
    from joblib import parallel_config

    if workers.scheduler is None:
        with parallel_config(backend="loky", inner_max_num_threads=1):
            yield
        return
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "a Dask cluster needs the package `distributed`: pip install 'collapse_metrics[dask]'."
        ) from error
    with Client(workers.scheduler, set_as_default=False) as client, parallel_config(backend="dask", client=client):
        yield


def _work(score: Score, row: Row, n: int, threads: int | None = None) -> Row:
    """Score one checkpoint, wherever this runs."""
    began = time.perf_counter()
    with ONE_AT_A_TIME, _threads(threads):
        try:
            card, error = score(row.path, n=n), ""
        except Exception as reason:  # networks of users fail in as many ways as there are users: a row, not the end
            card, error = None, in_a_sentence(reason)
    return replace(row, card=card, error=error, seconds=time.perf_counter() - began)


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """So many threads of torch, and afterwards as many as before: processes side by side would only wait for them."""
    if count is None:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def in_a_sentence(error: BaseException) -> str:
    """An error as one line, named where its text alone says too little."""
    text = " ".join(str(error).split())
    known = isinstance(error, ValueError | OSError | ModuleNotFoundError) and text
    return (text if known else f"{type(error).__name__}: {text}".removesuffix(": "))[:LONGEST]
