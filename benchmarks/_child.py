"""One call in a fresh process: how long, how much memory, and what came out?

``python -m benchmarks._child JOB`` reads case, row, data and threads from the JSON file JOB, and writes what it found
to ``result.json`` beside it. A fresh process has no warm cache, no memory left over from the call before, and no other
library's threads.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks import _memory
from benchmarks._cases import CASES, Row
from benchmarks._data import Arrays, read, tiny


def main(file: str) -> None:
    """Measure, or write down why it could not be measured."""
    job = json.loads(Path(file).read_text())
    if hasattr(os, "sched_setaffinity"):  # a library that starts more jobs than that gets no more cores
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: job["threads"]])
    result = measure(CASES[job["case"]].row(job["row"]), read(Path(job["data"])))
    Path(file).with_name("result.json").write_text(json.dumps(result))


def measure(row: Row, arrays: Arrays) -> dict[str, Any]:
    """Cost and numbers of one row; with ``error`` where it fails, whatever the reason: that is a result, too."""
    try:
        row.call(row.prepare(tiny(arrays)))  # imports, and whatever else happens only once
        data = row.prepare(arrays)
        values, cost = _memory.cost_of(lambda: row.call(data))
    except Exception as error:
        text = str(error).strip().partition("\n")[0]
        return {"error": f"{type(error).__name__}: {text}".rstrip(": ")}
    return {"seconds": cost.seconds, "peak": cost.peak, "whole": cost.whole, "values": values}


if __name__ == "__main__":
    main(sys.argv[1])
