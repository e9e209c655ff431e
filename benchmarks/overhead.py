"""What does a look of the monitor cost, alarms included, in steps of the training that it watches?

``python -m benchmarks.overhead`` times looks at 512 digits and steps of the bundled DCGAN in turn, in one process on
one thread. Medians of nine and their ratio go to ``docs/benchmarks.json`` and the page beside it. Then three loops of
different speed run for a minute each with a share of the time, and what they spent is timed from outside.
"""

import statistics
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch

import collapse_metrics as cm
from benchmarks import _page
from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import train
from reference_gans.watched import reference_of

ROUNDS = 9
STEPS = 20
"""Steps between two looks: enough that their clock is read rarely, few enough that both meet the same machine."""

SAMPLES = 512

LOOPS = ("ring8_healthy", "mnist_mlp_collapsed", "mnist_dcgan_healthy")
"""Recipes whose steps take about one, ten and fifty milliseconds."""

SHARE = 0.02
"""Share of the time that a monitor is given."""

MINUTE = 60.0

IDLE_STEPS = 100_000


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
    found["idle_us"] = idle()
    results = _page.stored(out)
    results["overhead"] = found
    results["share"] = {name: within_a_share(name) for name in LOOPS}
    _page.store(results, out)
    for name, loop in results["share"].items():
        print(f"{name}: {100 * loop['share']:.2f} % of {loop['seconds']:.0f} s, {loop['looks']} looks")
    print(f"a step without a look {found['idle_us']:.2f} us")
    print(f"a look at {SAMPLES} digits {1e3 * look:.0f} ms, a step {1e3 * step:.1f} ms: {look / step:.1f} steps a look")


def within_a_share(name: str, seconds: float = MINUTE) -> dict[str, float]:
    """One recipe, trained for a while beside a monitor that may take a share of the time, timed from outside."""
    run = build(RECIPES[name], 0)
    reference = reference_of(run)
    assert reference is not None
    pictures = (0.0, 1.0) if reference == "mnist" else None
    about: dict[str, Any] = {"reference": reference, "value_range": pictures, "latent": run.latent}
    monitor = cm.Monitor(run.judged, overhead=SHARE, print_to=None, strict=True, **about)
    watching, began = 0.0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        train(run, 1)
        watching += _seconds(monitor.step)
    passed = time.perf_counter() - began
    found = {"share": watching / passed, "seconds": passed, "steps": run.step, "looks": monitor.pace.looks.looks}
    return found | {"glances": monitor.pace.glances.looks, "said": monitor.pace.share}


def idle(steps: int = IDLE_STEPS) -> float:
    """Microseconds that a step costs at which nothing is looked at: the dearer of the two ways of pacing."""
    weight = torch.nn.Parameter(torch.zeros(1))
    found = []
    for pace in ({"every": 10**9}, {"overhead": 1e-9}):
        monitor = cm.Monitor(torch.nn.Linear(1, 1), print_to=None, **pace)  # type: ignore[arg-type]
        monitor.step()
        optimizer = torch.optim.SGD([weight], lr=0.0)
        hooks = optimizer._optimizer_step_post_hooks
        optimizer.register_step_post_hook(lambda *_, watch=monitor: watch._tick())
        (hook,) = hooks.values()
        took = [_seconds(partial(_again, hook, optimizer, steps // 10)) for _ in range(10)]
        found.append(1e6 * statistics.median(took) / (steps // 10))
    return max(found)


def _again(hook: Any, optimizer: Any, times: int) -> None:
    for _ in range(times):
        hook(optimizer, (), {})


def _seconds(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
