"""What two processes do; started by test_crew.py with torchrun, and writes what it saw as JSON."""

import json
import sys
import warnings
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel

import collapse_metrics as cm
from collapse_metrics.monitor import crew

STEPS = 4


def plane():
    real = torch.randn(1200, 2, generator=torch.Generator().manual_seed(1))
    return cm.Reference.fit(real=real, name="plane")


def generator():
    torch.manual_seed(7)
    return nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 2))


def trained(reference, **options):
    """A generator under data parallelism that learns to draw the plane, watched or not."""
    net = DistributedDataParallel(generator())
    optimizer = torch.optim.Adam(net.parameters())
    monitor = None
    if options:
        monitor = cm.Monitor(net, optimizer=optimizer, reference=reference, every=2, print_to=None, **options)
    torch.manual_seed(100 + dist.get_rank())
    for _ in range(STEPS):
        loss = net(torch.randn(16, 2)).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    state = {name: value.tolist() for name, value in net.state_dict().items()}
    return {"state": state, "random": torch.get_rng_state().tolist()}, monitor


def card(reference, n, **options):
    monitor = cm.Monitor(generator(), latent=2, reference=reference, n=n, print_to=None, strict=True, **options)
    monitor.steps = 1
    return monitor.check()


def out_of_step(reference, seen):
    """The second process looks once less, then the first goes on alone."""
    dist.barrier()  # making a group takes patience too
    crew.PATIENCE = 5.0
    monitor = cm.Monitor(generator(), latent=2, reference=reference, n=100, every=1, print_to=None, ranks="all")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3 if dist.get_rank() == 0 else 0):
            monitor.step()
    seen["late"] = [str(w.message) for w in caught]
    seen["looks alone"] = monitor.history.steps
    dist.barrier()
    crew.PATIENCE = 20.0
    monitor = cm.Monitor(generator(), latent=2, reference=reference, n=100, every=1, print_to=None, ranks="all")
    monitor.steps = dist.get_rank()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        monitor.step()
    seen["elsewhere"] = [str(w.message) for w in caught]
    dist.barrier()


def closed_by_the_first(reference, seen):
    """Only the first process asks for the closing word; later, when nobody knows anybody any more, both do."""
    dist.barrier()
    crew.PATIENCE = 2.0
    monitor = cm.Monitor(generator(), latent=2, reference=reference, n=100, print_to=None, ranks="all")
    later = cm.Monitor(generator(), latent=2, reference=reference, n=100, print_to=None, ranks="all")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        seen["closed alone"] = str(monitor.diagnose(300).verdict) if dist.get_rank() == 0 else None
    seen["said of it"] = [str(w.message) for w in caught]
    dist.barrier()
    dist.destroy_process_group()
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        seen["closed later"] = str(later.diagnose(300).verdict)


def one_fails(reference, seen):
    """An error in the part of the second process reaches the first, and nobody waits for ever."""

    def generate(n, rng):
        raise OSError("no samples today")

    monitor = cm.Monitor(generate=generate, reference=reference, n=100, every=1, print_to=None, ranks="all")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        monitor.step()
    seen["failed"] = [str(w.message) for w in caught]


def main(folder):
    dist.init_process_group("gloo")
    reference, seen = plane(), {}
    plain, _ = trained(reference)
    for ranks in ("first", "all"):
        watched, monitor = trained(reference, ranks=ranks, n=512, log_dir=folder / ranks)
        seen[f"same with {ranks}"] = watched == plain
        seen[f"looks with {ranks}"] = monitor.history.steps
        seen[f"verdict with {ranks}"] = str(monitor.diagnose(300).verdict)
    seen["cards"] = {n: card(reference, n, ranks="all").to_dict() for n in (100, 700)}
    stopping = cm.Monitor(nn.Linear(2, 2), latent=2, reference=reference, every=1, print_to=None, ranks="all",
                          on_collapse=lambda monitor, _: setattr(monitor, "stopped", True))  # fmt: skip
    nn.init.zeros_(stopping._looking.source.generator.weight)
    for _ in range(2):
        stopping.step()
    seen["stopped"] = stopping.stopped
    one_fails(reference, seen)
    out_of_step(reference, seen)
    rank = dist.get_rank()
    closed_by_the_first(reference, seen)
    (folder / f"rank{rank}.json").write_text(json.dumps(seen))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
