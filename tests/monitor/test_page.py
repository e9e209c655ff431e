"""The examples of docs/monitor.md run as they stand there."""

import re
from pathlib import Path

import torch
from torch import nn

import collapse_metrics as cm

PAGE = Path(__file__).parents[2] / "docs" / "monitor.md"


def test_every_example_of_the_page_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 4
    real = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
    generator, average = nn.Linear(16, 2), nn.Linear(16, 2)
    known = {
        "G": generator,
        "G_ema": average,
        "opt_G": torch.optim.SGD(generator.parameters(), lr=0.0),
        "reference": cm.Reference.fit(real=real),
    }
    for block in blocks:
        exec(compile(block, PAGE.name, "exec"), known)
    assert known["card"]["generator_gap[raw]"].value > 0
