"""Whatever a hostile file asks for: one sentence, exit code 2, nothing done, and no memory filled."""

import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import hostile
import pytest
import torch

from benchmarks.fuzz_checkpoints import answer, case, seeds
from collapse_metrics.checkpoints import inspect_source, open_source
from collapse_metrics.checkpoints.trust import load_trusted

ROOT = Path(__file__).parents[2]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


FORMS = {"plain": lambda data: data, "archive": hostile.in_archive, "old": hostile.old_torch}


@pytest.mark.parametrize("name", hostile.pickles())
def test_a_pickle_that_acts_is_refused_by_name_with_every_option(name, here):
    path = here / "trap.pt"
    options = (["--trust-pickle"], ["--model", "torch.nn:Identity"], ["--trust-pickle", "--python-path", "."])
    for form, words in zip(FORMS.values(), options, strict=True):  # without options: in the test of memory
        path.write_bytes(form(hostile.pickles()[name]))
        code, out, err = hostile.spring(path, *words)
        assert (code, out) == (2, "")
        assert err.count("\n") == 1
        assert "Traceback" not in err
    if name in hostile.WORDS:
        assert "REFUSED" in err
        assert "No option overrides this" in err
    assert [path.name for path in here.iterdir()] == ["trap.pt"]


@pytest.mark.parametrize("protocol", range(6))
def test_a_trap_of_any_protocol_is_refused(protocol, here):
    (here / "trap.pkl").write_bytes(pickle.dumps({"netG": hostile.Trap()}, protocol))
    torch.save(hostile.Trap(), here / "trap.pt", pickle_protocol=max(protocol, 2))
    for name in ("trap.pkl", "trap.pt"):
        code, _, err = hostile.spring(here / name, "--trust-pickle")
        assert code == 2
        assert "posix.system. No option overrides this." in err
    assert not (here / hostile.CANARY).exists()


def test_the_guard_holds_by_itself_even_if_the_first_look_had_missed_something(here):
    for name, data in hostile.pickles().items():
        (here / "trap.pkl").write_bytes(data)
        with pytest.raises(ValueError, match="cannot be loaded"):
            load_trusted(here / "trap.pkl", torch_file=False)
        assert not (here / hostile.CANARY).exists(), name


def test_inspecting_a_trap_names_it_and_suggests_nothing(here):
    (here / "trap.pkl").write_bytes(hostile.SHAPES["two calls deep"])
    found = inspect_source("trap.pkl")
    assert found.forbidden == ("posix.system",)
    assert found.unsafe == ("functools.partial",)
    assert found.command == ""
    assert "FORBIDDEN  posix.system" in str(found)


@pytest.mark.parametrize("name", hostile.files())
def test_a_damaged_or_exaggerated_file_is_refused_in_one_sentence(name, here):
    (here / "it.bin").write_bytes(hostile.files()[name])
    code, out, err = hostile.spring(here / "it.bin")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert [path.name for path in here.iterdir()] == ["it.bin"]


def test_all_traps_links_pipes_and_devices_too_take_no_memory_to_speak_of():
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    script = ROOT / "tests" / "checkpoints" / "hostile.py"
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=True, env=environment)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["traps"] > 150
    assert found["bad"] == {}
    assert not found["canary"]
    assert found["grown_mb"] < 200  # the traps ask for terabytes


def test_a_bundle_of_somebody_else_cannot_choose_what_is_run(here):
    (here / "evil.py").write_text("open('canary', 'w')\n")
    config = {"format": "collapse_metrics bundle 1", "model": "evil:anything", "latent": 2}
    header = hostile.one_tensor() | {"__metadata__": {"config": json.dumps(config)}}
    (here / "b.safetensors").write_bytes(hostile.safetensors(header))
    with pytest.raises(ValueError, match="add --model evil:anything"):
        open_source(here / "b.safetensors")
    assert not (here / hostile.CANARY).exists()


def test_what_is_refused_without_its_options_says_the_next_step(here):
    from argparse import Namespace

    class Own:
        pass

    torch.save({"net": torch.nn.Linear(2, 2), "args": Namespace(a=1)}, "module.pt")
    with pytest.raises(ValueError, match=r"pickled torch.nn.*--model torch.nn.modules.linear:Linear.*--trust-pickle"):
        open_source("module.pt")
    assert Own


def test_a_slice_of_the_fuzz_run_is_clean(tmp_path, here):
    (tmp_path / "sound").mkdir()
    known = seeds(tmp_path / "sound", slow=False)
    os.chdir(tmp_path / "sound")
    target = tmp_path / "case"
    wrong = {}
    for number in range(10**6, 10**6 + 250):
        name, data, model = case(number, known, seed=0)
        target.write_bytes(data)
        said = answer(target, model=model)
        if said not in ("opened", "refused"):
            wrong[number, name] = said
    assert wrong == {}
    assert not list(tmp_path.rglob("canary*"))
