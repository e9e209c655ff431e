"""What does a look of the monitor cost, alarms included, in steps of the training that it watches?

``python -m benchmarks.overhead`` times looks at 512 digits and steps of the bundled DCGAN in turn, in one process on
one thread. Medians of nine and their ratio go to ``docs/benchmarks.json`` and the page beside it.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch

import collapse_metrics as cm
from benchmarks import _page
from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import train

ROUNDS = 9
STEPS = 20
"""Steps between two looks: enough that their clock is read rarely, few enough that both meet the same machine."""

SAMPLES = 512


def main(out: Path = Path(__file__).parents[1] / "docs") -> None:
    """Measure, print, and put the figures on the page."""
    torch.set_num_threads(1)
    run = build(RECIPES["mnist_dcgan_healthy"], 0)
    monitor = cm.Monitor(
        run.judged, latent=run.latent, value_range=(0, 1), n=SAMPLES, print_to=None, strict=True, alarms_from=0
    )
    train(run, 2)
    monitor.check()  # the first one also measures the reference, and lets the alarms begin
    looks, steps = [], []
    for _ in range(ROUNDS):
        monitor.steps = run.step  # at a new step the alarms draw fresh samples
        looks.append(_seconds(monitor.check))
        steps.append(_seconds(lambda: train(run, STEPS)) / STEPS)
    look, step = statistics.median(looks), statistics.median(steps)
    found = {"look_ms": 1e3 * look, "step_ms": 1e3 * step, "steps_a_look": look / step}
    found |= {"rounds": ROUNDS, "samples": SAMPLES, "batch": run.batch}
    results = _page.stored(out)
    results["overhead"] = found
    _page.store(results, out)
    print(f"a look at {SAMPLES} digits {1e3 * look:.0f} ms, a step {1e3 * step:.1f} ms: {look / step:.1f} steps a look")


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
