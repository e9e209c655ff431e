"""How often does each recipe show what it promises? Ten seeds, two of long ones, one process and one core each.

``reference-gans study recipe_table`` runs what is not yet in ``docs/studies/recipes.json`` and rewrites
``docs/studies/recipes.md`` after every run, so it can be stopped and taken up again.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from statistics import median
from typing import Any

from collapse_metrics.history import HISTORY_FILE, History
from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.data import NEEDS_ROOT
from reference_gans.recipes import RECIPES
from reference_gans.watched import SEEN

SEEDS = 10
"""Seeds of each recipe that takes up to a minute, 0 to 9; none was chosen."""

SEEDS_OF_LONG, A_MINUTE = 2, 60
"""Seeds of every other one, 0 and 1, and the seconds that part the two, by the median of what has run."""

PHASES = ("first", "short", "long")
"""The first seed of each says how long it takes; then the quick ones get their ten."""

SHOWN = (
    "mode_coverage",
    "raw_diversity",
    "accepted_share",
    "distinct_neighbours",
    "neighbour_ratio",
    "latent_sensitivity",
)


def main(data_root: Path | None = None, *, workers: int = 2) -> None:
    """Run what is missing, then write the table."""
    from reference_gans.studies import DOCS

    stored = DOCS / "recipes.json"
    runs: dict[str, Any] = json.loads(stored.read_text()) if stored.exists() else {}
    names = tabled(data_root)
    for phase in PHASES:
        with ThreadPoolExecutor(workers) as pool:
            jobs = {
                pool.submit(_run, *todo, data_root): "/".join(map(str, todo)) for todo in missing(runs, names, phase)
            }
            for job in as_completed(jobs):
                runs[jobs[job]] = job.result()
                print(f"{jobs[job]}: {runs[jobs[job]]}", flush=True)
                DOCS.mkdir(parents=True, exist_ok=True)
                stored.write_text(json.dumps(dict(sorted(runs.items())), indent=1) + "\n")
                (DOCS / "recipes.md").write_text("\n".join(_page(runs)) + "\n")


def missing(runs: dict[str, Any], names: list[str], phase: str) -> list[tuple[str, int]]:
    """Recipes and seeds of a phase that have not been run."""
    if phase == "first":
        seeds, chosen = range(1), names
    else:
        long = [name for name in names if _typical_seconds(runs, name) > A_MINUTE]
        chosen = long if phase == "long" else [name for name in names if name not in long]
        seeds = range(1, SEEDS_OF_LONG if phase == "long" else SEEDS)
    return [(name, seed) for seed in seeds for name in chosen if f"{name}/{seed}" not in runs]


def _typical_seconds(runs: dict[str, Any], name: str) -> float:
    """Median over the seeds that have been run; the first one has by then."""
    return float(median(run["seconds"] for key, run in runs.items() if key.rpartition("/")[0] == name))


def tabled(data_root: Path | None) -> list[str]:
    """Recipes that promise something, end within minutes on one core, and whose data are there."""
    return [
        name
        for name, recipe in RECIPES.items()
        if not recipe.long and recipe.promised != "nothing yet" and (data_root or recipe.data not in NEEDS_ROOT)
    ]


def _run(name: str, seed: int, data_root: Path | None) -> dict[str, Any]:
    """One run in a process of its own, as a user would start it."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-m", "reference_gans", "run", name, "--seed", str(seed), "--out", out]
        command += ["--data-root", str(data_root)] if data_root else []
        returned, error, seconds = _timed(command, environment)
        if returned not in (0, 1):
            return {"held": False, "error": error[-400:], "seconds": seconds}
        seen = Path(out) / SEEN
        held: dict[str, Any] = {"held": returned == 0, "seconds": seconds}
        held |= {"check": json.loads(seen.read_text())} if seen.exists() else {}
        if not (Path(out) / HISTORY_FILE).exists():  # all real samples are the same: there was no monitor
            return held
        final = History.read(out).final
    assert final is not None  # a run that ended has its diagnosis
    return held | {
        "verdict": str(final.verdict),
        "found": [f.name for f in final.found],
        "since": final.provenance.get("since"),
        "numbers": {key: round(final[key].value, 3) for key in SHOWN if key in final},
    }


def _timed(command: list[str], environment: dict[str, str]) -> tuple[int, str, float]:
    """Exit status, what it said of errors, and the CPU seconds that this one process took."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=said, env=environment)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)  # it has been waited for
        said.seek(0)
        return process.returncode, said.read().decode(), round(used.ru_utime + used.ru_stime, 1)


def _page(runs: dict[str, Any]) -> Iterator[str]:
    yield "# What each recipe shows, over seeds"
    yield ""
    yield "Written by `reference-gans study recipe_table`; do not edit. Every run is `reference-gans run NAME --seed N`,"
    yield "judged on 2,000 samples at its end; *held* counts runs with the promised verdict, with what a check of the recipe's own"
    yield "has to see and, for `mnist_slides`, with the onset within two checks of the push; the interval is Clopper-Pearson 95 %."
    yield f"Seeds from 0 on, none left out: {SEEDS}, or {SEEDS_OF_LONG} of what takes more than a minute, as far as they have been run; a row says of how"
    yield "many it speaks. Seconds are those of one core for the whole process, import,"
    yield "monitor and diagnosis included: median (longest); of the first seven recipes wall time, two processes at a time, of the others CPU time."
    yield ""
    yield "| recipe | promised | held | interval | seconds | " + " | ".join(SHOWN) + " |"
    yield "| --- " * (5 + len(SHOWN)) + "|"
    for name, recipe in RECIPES.items():
        rows = [run for key, run in runs.items() if key.rpartition("/")[0] == name]
        if not rows:
            continue
        held = sum(row["held"] for row in rows)
        low, high = clopper_pearson(held, len(rows))
        seconds = sorted(row["seconds"] for row in rows)
        cells = [_range([row["numbers"][key] for row in rows if key in row.get("numbers", {})]) for key in SHOWN]
        yield (
            f"| `{name}` | {recipe.promised} | {held} of {len(rows)} | {low:.2f} to {high:.2f} "
            f"| {seconds[len(seconds) // 2]:.0f} ({seconds[-1]:.0f}) | " + " | ".join(cells) + " |"
        )
    yield ""
    yield "Numbers are the range over seeds. `mnist_slides` is pushed at a known step; its onsets by seed:"
    yield ""
    push = RECIPES["mnist_slides"].push_step
    onsets = [f"{run.get('since')}" for key, run in sorted(runs.items()) if key.startswith("mnist_slides/")]
    yield f"pushed at step {push}, dated {', '.join(onsets)}."
    yield from _checks(runs)


def _checks(runs: dict[str, Any]) -> Iterator[str]:
    """What the recipes' own checks saw, as ranges over seeds."""
    rows: dict[str, dict[str, list[float]]] = {}
    for key, run in runs.items():
        for number, value in run.get("check", {}).items():
            rows.setdefault(key.rpartition("/")[0], {}).setdefault(number, []).append(value)
    if rows:
        yield ""
        yield "What checks of their own saw:"
        yield ""
    for name in [name for name in RECIPES if name in rows]:
        seen = ", ".join(f"{number} {_range(values)}" for number, values in rows[name].items())
        yield f"- `{name}` ({RECIPES[name].promised}): {seen}"


def _range(values: list[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}" if values else ""
