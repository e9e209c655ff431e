"""Which runs are still missing? Arms by seeds, one process a core, every run stored as it ends."""

import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

Outcome = dict[str, Any]
"""What one run showed, in JSON's types."""

OneRun = Callable[..., Outcome]
"""``one_run(arm, seed, steps)``; at the top of its module, so that another process can find it."""


class Runs:
    """Outcomes by arm and seed, kept in one JSON file that is whole after every run.

    Args:
        one_run: Trains one seed of one arm and says what it showed.
        file: Where outcomes are kept; ``None`` keeps them in memory only.
        steps: Steps of each run; stored runs of other lengths are not of this study and are dropped.
    """

    def __init__(self, one_run: OneRun, file: Path | None, steps: int) -> None:
        self.one_run, self.file, self.steps = one_run, file, steps
        stored = json.loads(file.read_text()) if file is not None and file.exists() else {}
        self.outcomes: dict[str, Outcome] = {key: run for key, run in stored.items() if run["steps"] == steps}

    def of_arm(self, arm: str) -> list[Outcome]:
        """Outcomes of one arm, by seed."""
        mine = [(int(key.rpartition("/")[2]), run) for key, run in self.outcomes.items() if key.startswith(f"{arm}/")]
        return [run for _, run in sorted(mine, key=lambda item: item[0])]

    def complete(self, arms: list[str], seeds: int, *, workers: int = 1) -> Iterator[str]:
        """Make what is missing, seed by seed so that a run cut off has all arms; the key of each as it ends."""
        missing = [(arm, seed) for seed in range(seeds) for arm in arms if f"{arm}/{seed}" not in self.outcomes]
        for arm, seed, outcome in self._made(missing, workers):
            self.outcomes[f"{arm}/{seed}"] = outcome
            if self.file is not None:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                self.file.write_text(json.dumps(dict(sorted(self.outcomes.items()))) + "\n")
            yield f"{arm}/{seed}"

    def _made(self, missing: list[tuple[str, int]], workers: int) -> Iterator[tuple[str, int, Outcome]]:
        if workers == 1 or not missing:
            yield from ((arm, seed, timed(self.one_run, arm, seed, self.steps)) for arm, seed in missing)
            return
        spawn = multiprocessing.get_context("spawn")  # a forked torch may hang in its thread pool
        with ProcessPoolExecutor(workers, mp_context=spawn) as pool:
            jobs = {pool.submit(timed, self.one_run, arm, seed, self.steps): (arm, seed) for arm, seed in missing}
            for job in as_completed(jobs):
                yield *jobs[job], job.result()


def timed(one_run: OneRun, arm: str, seed: int, steps: int) -> Outcome:
    """One run on one core, with its length and its CPU seconds beside what it showed."""
    import torch

    torch.set_num_threads(1)
    began = time.process_time()
    outcome = one_run(arm, seed, steps)
    return {**outcome, "steps": steps, "cpu_seconds": round(time.process_time() - began, 1)}
