"""How fast are we, and how small, beside the programs on PyPI? Same features, same threads, one run.

``python -m benchmarks.peers`` measures every case and writes ``docs/benchmarks.json`` and ``docs/benchmarks.md``; it
takes about half an hour and wants a machine that does nothing else. Each call runs in a process of its own. The
programs of a case take turns, so that a slow minute of the machine hits all of them, and medians are compared.

``--resume`` goes on where a run was cut off; ``--quick`` tries everything on next to no data and writes nothing.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from benchmarks import _page
from benchmarks._cases import CASES, Case, Row
from benchmarks._data import write

ROOT = Path(__file__).parents[1]

BUSY = 0.5
"""Processes that ran on average in the last minute. A quiet machine has none; a run cut off just now leaves some."""

LIBRARIES = ("torch", "numpy", "scipy", "scikit-learn")
"""Their versions describe the machine."""


def main(arguments: list[str] | None = None) -> None:
    """Measure what is asked for, and write the page after every case."""
    options = _options().parse_args(arguments)
    out = options.out or (None if options.quick else ROOT / "docs")
    results = _page.stored(out)
    if os.getloadavg()[0] > BUSY:
        print(f"this machine is busy (load {os.getloadavg()[0]:.1f}): do not believe the figures", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        for name in options.only or CASES:
            case = CASES[name]
            kept = results["cases"].get(name) if options.resume else None
            results["cases"][name] = record = _resumed(kept, _circumstances(case, options))
            place = write(case.quick if options.quick else case.data, Path(folder))
            for _ in _rounds(case, record, place, options):
                _page.store(results, out)
    if out is None:
        print(_page.render(results))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=CASES, metavar="CASE", help=f"one of: {', '.join(CASES)}")
    parser.add_argument("--quick", action="store_true", help="tiny data; prints the page, and writes only with --out")
    parser.add_argument("--resume", action="store_true", help="keep runs of the same machine, versions and settings")
    parser.add_argument("--threads", type=int, default=2, help="cores and threads for everybody (2)")
    parser.add_argument("--repeats", type=int, default=5, help="fresh processes a program (5)")
    parser.add_argument("--timeout", type=float, default=900, help="seconds a process may take (900)")
    parser.add_argument("--out", type=Path, help="folder of benchmarks.json and benchmarks.md (docs)")
    return parser


def _circumstances(case: Case, options: argparse.Namespace) -> dict[str, Any]:
    """Everything besides the programs that the figures depend on; no name of a host and no path."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if options.threads > cores:
        raise SystemExit(f"--threads {options.threads} needs as many cores, got {cores}: pass --threads {cores}.")
    return {
        "data": str(case.quick if options.quick else case.data),
        "threads": options.threads,
        "machine": {
            "cores": cores,
            "system": f"{platform.system()} {platform.machine()}",
            "Python": platform.python_version(),
            **{library: version(library) for library in LIBRARIES},
        },
    }


def _resumed(kept: dict[str, Any] | None, circumstances: dict[str, Any]) -> dict[str, Any]:
    """What was measured before under the same circumstances, if anything; what failed is tried again."""
    rows: dict[str, Any] = {}
    if kept and {name: kept.get(name) for name in circumstances} == circumstances:
        rows = {name: entry for name, entry in kept["rows"].items() if "error" not in entry}
    return {**circumstances, "rows": rows}


def _rounds(case: Case, record: dict[str, Any], place: Path, options: argparse.Namespace) -> Any:
    """Measure the rows in turn, until each has its runs; a yield after each."""
    for turn in range(options.repeats):
        for row in case.rows:
            entry = record["rows"].get(row.name)
            if entry is None or entry["program"] != _program(row):
                entry = record["rows"][row.name] = {"program": _program(row), "runs": []}
            if "error" in entry or len(entry["runs"]) > turn or turn >= row.most:
                continue
            result = _in_fresh_process(case.name, row.name, place, options)
            print(f"{case.name}, {row.name}: {_said(result)}", file=sys.stderr)
            if "error" in result:
                entry["error"] = _page.without_paths(result["error"])
            else:
                entry["values"] = result.pop("values")
                entry["runs"].append(result)
            yield row


def _program(row: Row) -> str:
    """Name and version, as PyPI has them."""
    if row.package is None:
        return f"collapse_metrics {version('collapse_metrics')}" if row.name.startswith("ours") else "torch"
    try:
        return f"{row.package} {version(row.package)}"
    except PackageNotFoundError:
        return row.package


def _in_fresh_process(case: str, row: str, place: Path, options: argparse.Namespace) -> dict[str, Any]:
    job, out = place.parent / "job.json", place.parent / "result.json"
    job.write_text(json.dumps({"case": case, "row": row, "data": str(place), "threads": options.threads}))
    out.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks._child", str(job)]
    threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(options.threads))
    try:
        ended = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **threads}, capture_output=True, timeout=options.timeout, check=False
        )
    except subprocess.TimeoutExpired:
        return {"error": f"not ready after {options.timeout:.0f} s"}
    if ended.returncode < 0:
        return {"error": f"killed by signal {-ended.returncode}"}
    if ended.returncode or not out.exists():
        return {"error": ended.stderr.decode(errors="replace").strip().rpartition("\n")[2]}
    result: dict[str, Any] = json.loads(out.read_text())
    return result


def _said(result: dict[str, Any]) -> str:
    if "error" in result:
        return str(result["error"])
    return f"{_page.seconds(result['seconds'])}, {_page.megabytes(result['peak'])}"


if __name__ == "__main__":
    main()
