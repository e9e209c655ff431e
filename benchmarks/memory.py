"""Does a monitored run grow over 10,000 looks? The resident memory of one process, in the course of its looks.

``python -m benchmarks.memory`` steps a tiny generator in the plane with a monitor that looks at every step, alarms,
losses, a record on disk and a logger included. Resident memory is read after each twentieth of the looks; the first
tenth fills what is kept on purpose and is left out of the slope. Figures go to ``docs/benchmarks.json``, under
``memory``. Ten minutes or so on one core; ``--looks 500`` tries it out.
"""

import argparse
import gc
import json
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

import collapse_metrics as cm
from benchmarks import _page

LOOKS = 10_000
SAMPLES = 64
READINGS = 20


def main(looks: int = LOOKS, out: Path | None = Path(__file__).parents[1] / "docs") -> dict[str, float]:
    """Measure, print, and store the figures."""
    torch.set_num_threads(1)
    real = torch.randn(300, 2, generator=torch.Generator().manual_seed(0))
    reference = cm.Reference.fit(real=real, name="plane")
    generator = torch.nn.Linear(2, 2)
    torch.nn.init.eye_(generator.weight)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        about = {"latent": 2, "every": 1, "n": SAMPLES, "probes": False, "alarms_from": 0, "log_dir": folder}
        loggers = [lambda values, step: None]
        monitor = cm.Monitor(generator, reference=reference, sinks=loggers, print_to=None, strict=True, **about)
        readings = [(0, resident())]
        for look in range(1, looks + 1):
            monitor.step(d_loss=1.0, g_loss=2.0)
            if look % max(1, looks // READINGS) == 0:
                gc.collect()
                readings.append((look, resident()))
                print(f"look {look:>6}: {readings[-1][1] / 1e6:.1f} MB", flush=True)
        size = (Path(folder) / "history.jsonl").stat().st_size
        assert len(monitor.history.checks) == looks
        assert monitor.history.checks[0].provenance["step"] == 1
    later = np.array([reading for reading in readings if reading[0] >= looks / 10])
    slope = float(np.polyfit(later[:, 0], later[:, 1], 1)[0])
    grown = later[-1, 1] - later[0, 1]
    found = {"looks": looks, "bytes_a_look": slope, "grown_mb": grown / 1e6, "start_mb": readings[0][1] / 1e6}
    found |= {"end_mb": readings[-1][1] / 1e6, "record_mb": size / 1e6, "seconds": time.perf_counter() - began}
    print(json.dumps(found, indent=1))
    if out is not None and looks == LOOKS:
        results = _page.stored(out)
        results["memory"] = found
        _page.store(results, out)
    return found


def resident() -> int:
    """Bytes of this process in memory now, as Linux counts them."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return 1024 * int(line.split()[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--looks", type=int, default=LOOKS)
    main(parser.parse_args().looks)
