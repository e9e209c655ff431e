"""Who looks where several processes train one model? The first alone, or all of them together."""

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

import torch
from torch import Tensor

PATIENCE = 60.0
"""Seconds that the processes wait for each other at a look: more than any usual step, far less than the ten minutes
after which a training itself is given up by its watchdog."""

Job = Callable[[int], Tensor]

Told = TypeVar("Told")


class Crew:
    """The processes of one training, as far as they look together.

    Args:
        together: Whether every process makes a part of the samples; each of them then has to look at the same steps.
            Else the first process looks by itself, and the others only count.
        patience: Seconds to wait for each other.
    """

    def __init__(self, *, together: bool = False, patience: float = PATIENCE) -> None:
        self.rank, self.size = place()
        self.patience = patience
        self._group: Any = None
        if together and self.size > 1:
            distributed = torch.distributed
            if not distributed.is_initialized():
                raise ValueError(
                    'ranks="all" needs processes that know each other: call torch.distributed.init_process_group '
                    "before the monitor is made."
                )
            # A group of its own: it waits for as long as it is told, and works whatever the training's own is.
            self._group = distributed.new_group(backend="gloo", timeout=timedelta(seconds=patience))

    @property
    def together(self) -> bool:
        """Whether the processes share the work."""
        return self._group is not None

    @property
    def leads(self) -> bool:
        """Whether this process measures, writes and tells."""
        return self.rank == 0

    def meet(self, step: int) -> None:
        """Wait for the others, and make sure that all are at the same step.

        Raises:
            RuntimeError: If one does not come in time, or is somewhere else. The first goes on alone after that.
        """
        if not self.together:
            return
        steps: list[Any] = [None] * self.size
        self._bounded(lambda: torch.distributed.all_gather_object(steps, step, group=self._group))
        if len(set(steps)) > 1:
            self._group = None
            raise RuntimeError(
                f"every process must look at the same steps, got {dict(enumerate(steps))}: step the monitor equally "
                "often on all of them. From now on the first one looks alone."
            )

    def gather(self, job: Job, jobs: int) -> list[Tensor]:
        """The results of all jobs, in order: each process does every so-manieth. Only the first gets them.

        Raises:
            RuntimeError: If a job failed anywhere, or a process does not answer in time.
        """
        if not self.together:
            return [job(i) for i in range(jobs)]
        try:
            mine: Any = {i: job(i) for i in range(self.rank, jobs, self.size)}
        except Exception as error:  # the others wait for this process, whatever went wrong in it
            mine = f"rank {self.rank}: {type(error).__name__}: {error}"
        parts: list[Any] | None = [None] * self.size if self.leads else None
        self._bounded(lambda: torch.distributed.gather_object(mine, parts, dst=0, group=self._group))
        failed = [part for part in [mine, *(parts or [])] if isinstance(part, str)]
        if failed:
            raise RuntimeError(failed[0])
        if parts is None:
            return []
        found = {i: result for part in parts for i, result in part.items()}
        return [found[i] for i in range(jobs)]

    def share(self, act: Callable[[], Told]) -> Told:
        """Run ``act`` everywhere, and hand out what the first process got; where that failed, its error."""
        if not self.together:
            return act()
        failed: Exception | None = None
        said: list[Any] = [None, ""]
        try:
            said[0] = act()
        except Exception as error:  # the others wait for this process, whatever went wrong in it
            failed, said[1] = error, f"{type(error).__name__}: {error}"
        if self.together:  # else they have given each other up
            self._bounded(lambda: torch.distributed.broadcast_object_list(said, src=0, group=self._group))
        if failed is not None:
            raise failed
        if said[1]:
            raise RuntimeError(said[1])
        found: Told = said[0]
        return found

    def share_or_alone(self, act: Callable[[], Told], say: Callable[[Exception], None]) -> Told:
        """As ``share``; where the others do not come for it, that is said, and the first process acts alone.

        At the end of a training many ask one process only (``if trainer.is_global_zero``).
        """
        together = self.together
        try:
            return self.share(act)
        except RuntimeError as error:
            if not together or self.together:
                raise
            say(error)
            return act()

    def _bounded(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except Exception as error:  # gloo names its time-outs and lost connections in many ways
            self._group = None
            raise RuntimeError(
                f"every process must look at the same steps, but not all {self.size} answered within {self.patience:g} "
                f"s ({str(error).splitlines()[0][:120]}): step the monitor equally often on all of them. From now on "
                "the first one looks alone."
            ) from error


def know_each_other() -> bool:
    """Whether there are several processes, and torch has made them a group."""
    distributed = torch.distributed
    return distributed.is_available() and distributed.is_initialized() and distributed.get_world_size() > 1


def place() -> tuple[int, int]:
    """Number of this process, and how many there are: as torch.distributed knows, else as its launcher said."""
    distributed = torch.distributed
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    rank, size = os.environ.get("RANK", "0"), os.environ.get("WORLD_SIZE", "1")
    return (int(rank), int(size)) if rank.isdigit() and size.isdigit() else (0, 1)


def crew_of(ranks: str, *, paced_by_time: bool, acts: bool) -> Crew:
    """The processes that look; what would make them wait for each other for ever is refused here."""
    if ranks not in ("first", "all"):
        raise ValueError(f'`ranks` is "first" or "all", got {ranks!r}.')
    crew = Crew(together=ranks == "all", patience=PATIENCE)
    if crew.together and paced_by_time:
        raise ValueError('ranks="all" needs every=, got overhead=: each process would find another step due.')
    if crew.size > 1 and not crew.together and acts:
        raise ValueError('`on_collapse` must act on every process: pass ranks="all".')
    return crew
