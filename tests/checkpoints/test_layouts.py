"""Every usual layout of generators and samples is scored by the command that the documentation shows for it."""

import json
import re
from pathlib import Path

import nets
import numpy as np
import pytest
import torch
from layouts import LAYOUTS, page_rows, settle

import collapse_metrics as cm
from collapse_metrics import cli
from collapse_metrics.checkpoints import open_source

DOCS = Path(__file__).parents[2] / "docs" / "checkpoints.md"
PROGRAMS = ("generator.pt2", "frozen.pt2", "scripted.pt", "generator.onnx")


@pytest.fixture(scope="module")
def references(tmp_path_factory):
    """Real data of 16 values, of three times 16, and of two: quick to judge, and nothing is expected of the verdict."""
    folder = tmp_path_factory.mktemp("references")
    rng = torch.Generator().manual_seed(0)
    for width in (16, 48, 2):
        cm.Reference.fit(real=torch.rand(300, width, generator=rng)).save(folder / f"{width}.safetensors")
    return folder


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settle(tmp_path)
    return tmp_path


def run(capsys, *words):
    with pytest.raises(SystemExit) as stop:
        cli.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return stop.value.code, out, err


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_command_of_the_docs_judges_just_the_generator_in_the_file(layout, here, references, capsys):
    truth = layout.build()
    words = layout.words.split()
    width = 2 if "ring8" in layout.words else 48 if "fakes" in words[0] else 16
    reference = references / f"{width}.safetensors"
    code, out, err = run(capsys, "score", *words, "--reference", reference, "--n", 150, "--json")
    assert code in (0, 3), err
    card = json.loads(out)
    source = card["provenance"]["source"]
    assert len(source["sha256"]) == 64
    if isinstance(truth, torch.nn.Module) and words[0] not in PROGRAMS:
        labels = torch.arange(3) if "ByLabel" in layout.words else None
        latent = tuple(source["latent"]) if isinstance(source["latent"], list) else source["latent"]
        wanted = cm.score(generator=truth, latent=latent, n=150, reference=reference, labels=labels)
    elif isinstance(truth, torch.nn.Module):
        assert source["latent"] == 4
        z = torch.randn(21, 4, generator=torch.Generator().manual_seed(0))
        assert torch.allclose(open_source(words[0]).generator(z), truth(z), atol=1e-6)
        return
    else:
        wanted = cm.score(fake=truth.astype(np.float64) if truth.ndim == 2 else truth, reference=reference)
    assert card["provenance"]["samples_sha256"] == wanted.provenance["samples_sha256"]


def test_the_table_of_the_docs_is_the_table_of_the_tests():
    assert "\n".join(page_rows()) in DOCS.read_text(encoding="utf-8")
    assert len(LAYOUTS) >= 20


def test_the_example_of_the_docs_runs(here, references, capsys):
    torch.save(nets.trained().state_dict(), "netG.pth")
    (here / "real.safetensors").write_bytes((references / "16.safetensors").read_bytes())
    (example,) = re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.DOTALL)
    exec(example, {})
    assert "netG.pth: torch.save" in capsys.readouterr().out
    assert open_source("bundle", model="nets:G").kind == "bundle"
