"""The page on sweeps, taken at its word: its Python runs, and its output is what the study stored."""

import json
import re
from pathlib import Path

import pytest

import collapse_metrics as cm
from reference_gans.data import Ring
from reference_gans.fixtures.sliding import real_ring, write_checkpoints
from reference_gans.studies.checkpoints import filled

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "sweep.md").read_text(encoding="utf-8")


def test_the_page_shows_what_the_study_stored():
    stored = json.loads((DOCS / "studies" / "sweep.json").read_text())
    assert filled(PAGE, stored) == PAGE
    assert (DOCS / "images" / "sweep.svg").stat().st_size > 10_000


def test_the_stored_sweep_of_a_real_training_keeps_its_promises():
    stored = json.loads((DOCS / "studies" / "sweep.json").read_text())
    assert stored["killed"]["times"] == 2
    assert stored["killed"]["scores"] == stored["killed"]["different"] == 60
    by_sweep = stored["json"]["collapse_from"]["step"]
    by_bisect = int(re.search(r"bad from step (\d+)", stored["bisect"]["printed"])[1])
    scores = int(re.search(r"^(\d+) scores", stored["bisect"]["printed"], flags=re.MULTILINE)[1])
    assert abs(by_sweep - by_bisect) <= 10  # checkpoints are ten steps apart
    assert scores <= 9
    assert " coverage: " in stored["compare"]["printed"]


def test_its_python_runs(tmp_path, monkeypatch, capsys):
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    monkeypatch.chdir(tmp_path)
    write_checkpoints(tmp_path / "run", checkpoints=4, collapses_at=300)
    cm.Reference.fit(real=real_ring(400), modes=Ring().centres, name="ring").save("ring.safetensors")
    exec(compile(code, "docs/sweep.md", "exec"), {})
    said = capsys.readouterr().out.splitlines()
    assert said[0].split()[0] == "300"
    assert said[1].split()[:2] == ["200", "300"]
    assert said[2] == "worse"
    assert Path("table.csv").exists()


@pytest.mark.slow
def test_the_study_runs(tmp_path):
    from reference_gans.studies.checkpoints import main

    main(quick=True, out=tmp_path)
    assert "killed (`SIGKILL`) 2 times" in (tmp_path / "sweep.md").read_text()
