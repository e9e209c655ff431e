"""Does a monitor grow with the looks that it has made? What stays of a look in memory, counted byte by byte."""

import gc
import tracemalloc

import torch

import collapse_metrics as cm
from collapse_metrics.monitor.sinks import Sinks

WARM, LOOKS = 6, 20

MOST = 4000
"""Bytes a look may leave behind: its gist, 20 losses of 16 bytes, and what the alarms remember of their newest looks
(which ends too, at a few hundred). Some 1,900 were counted; a scorecard with its points takes more than
20,000 (tests/test_history.py)."""


def test_a_look_leaves_its_gist_behind_and_no_more(tmp_path):
    real = torch.randn(300, 2, generator=torch.Generator().manual_seed(1))
    generator = torch.nn.Linear(2, 2)
    monitor = cm.Monitor(
        generator,
        latent=2,
        every=10,
        n=64,
        probes=False,
        reference=cm.Reference.fit(real=real, name="plane"),
        log_dir=tmp_path,
        print_to=None,
        alarms_from=0,
        sinks=[lambda values, step: None],
        strict=True,
    )
    monitor.history._looks.newest = 2  # a long run has filled its shelf

    def run(looks):
        for _ in range(10 * looks):
            monitor.step(g_loss=0.5, d_loss=1.5)
        gc.collect()

    run(WARM)
    tracemalloc.start()
    try:
        run(2)
        before = tracemalloc.get_traced_memory()[0]
        run(LOOKS)
        grown = (tracemalloc.get_traced_memory()[0] - before) / LOOKS
    finally:
        tracemalloc.stop()
    assert grown < MOST
    assert len(monitor.history.checks) == WARM + 2 + LOOKS
    assert monitor.history.checks[0].provenance["step"] == 10  # and all of them can still be asked
    assert isinstance(monitor._after.sinks, Sinks)
