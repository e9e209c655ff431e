"""What does a look of the monitor cost, in steps of the training that it watches?

``python benchmarks/overhead.py`` times checks of 512 digits and steps of a small DCGAN in turn, on one thread, in
one process, and prints medians of nine and their ratio.
"""

import json
import statistics
import time
from pathlib import Path

import torch

import collapse_metrics as cm
from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import train

ROUNDS = 9
STEPS = 20


def main() -> None:
    """Measure and print; the numbers go to ``benchmarks/overhead.json``."""
    torch.set_num_threads(1)
    run = build(RECIPES["mnist_dcgan_healthy"], 0)
    monitor = cm.Monitor(run.judged, latent=run.latent, value_range=(0, 1), print_to=None, strict=True)
    train(run, 2)
    monitor.check()  # the first one also measures the reference
    looks, steps = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        monitor.check()
        looks.append(time.perf_counter() - began)
        began = time.perf_counter()
        train(run, STEPS)
        steps.append((time.perf_counter() - began) / STEPS)
    look, step = statistics.median(looks), statistics.median(steps)
    result = {"look_ms": 1e3 * look, "step_ms": 1e3 * step, "steps_a_look": look / step, "rounds": ROUNDS}
    (Path(__file__).parent / "overhead.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"a look of 512 digits {1e3 * look:.0f} ms, a step {1e3 * step:.1f} ms: {look / step:.1f} steps a look")


if __name__ == "__main__":
    main()
