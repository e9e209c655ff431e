"""The command line as a stranger meets it: output, exit codes, one sentence for everything that is wrong."""

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image

from collapse_metrics import cli
from reference_gans.data import digits


@pytest.fixture(scope="module")
def pictures():
    return (digits().real[:600, 0] * 255).round().byte().numpy()


def run(capsys, *args):
    """Call the command line in this process: exit code, standard output, standard error."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(arg) for arg in args])
    out, err = capsys.readouterr()
    return stop.value.code, out, err


@pytest.mark.parametrize("form", ["npy", "npz", "pt", "folder"])
def test_scores_every_form_of_samples_alike(form, pictures, tmp_path, capsys):
    path = tmp_path / f"samples.{form}"
    if form == "npy":
        np.save(path, pictures)
    elif form == "npz":
        np.savez(path, pictures)
    elif form == "pt":
        torch.save(torch.from_numpy(pictures), path)
    else:
        path.mkdir()
        for index, picture in enumerate(pictures):
            Image.fromarray(picture).save(path / f"{index:04d}.png")
    code, out, err = run(capsys, "score", path)
    assert (code, err) == (0, "")
    assert out.startswith("verdict: healthy")


def test_json_alone_on_standard_output(pictures, tmp_path, capsys):
    np.save(tmp_path / "s.npy", pictures)
    code, out, _ = run(capsys, "score", tmp_path / "s.npy", "--json", "--report", tmp_path / "page.html")
    assert code == 0
    assert json.loads(out)["verdict"] == "healthy"
    assert "healthy" in (tmp_path / "page.html").read_text()


def test_a_table_is_scored_against_a_saved_reference(tmp_path, capsys, rng):
    import collapse_metrics as cm

    rows = torch.randn(800, 3, generator=rng)
    cm.Reference.fit(real=rows).save(tmp_path / "ref.safetensors")
    np.savetxt(tmp_path / "fake.csv", 0.01 * rows[:500].numpy(), delimiter=",", header="a,b,c", comments="")
    code, out, _ = run(capsys, "score", tmp_path / "fake.csv", "--reference", tmp_path / "ref.safetensors")
    assert code == 0
    assert out.startswith("verdict: collapse")


@pytest.fixture
def plane(tmp_path, rng):
    """Samples and a reference in two dimensions, where everything is quick."""
    import collapse_metrics as cm

    rows = torch.randn(800, 2, generator=rng)
    cm.Reference.fit(real=rows[:600], modes=2).save(tmp_path / "plane.safetensors")
    np.save(tmp_path / "fake.npy", rows[600:].numpy())
    np.save(tmp_path / "train.npy", rows[:600].numpy())
    return ["score", tmp_path / "fake.npy", "--reference", tmp_path / "plane.safetensors"]


def test_named_measures_are_printed_below_the_findings(plane, capsys):
    code, out, _ = run(capsys, *plane, "--measures", "recall,coverage")
    assert code == 0
    assert out.startswith("verdict: healthy")
    assert "\n  recall 0.9" in out
    assert out.count("\n  coverage 0.") == 1
    assert "recall not measured" not in out
    assert not out.endswith("\n\n")
    assert "recall" not in run(capsys, *plane)[1]


def test_what_cannot_be_measured_is_printed_with_its_reason(plane, capsys):
    _, out, _ = run(capsys, *plane, "--measures", "recall,one_hot_sensitivity,loss_oscillation")
    assert "one_hot_sensitivity not measured: needs the generator" in out
    assert "loss_oscillation not measured: needs the losses of the generator" in out


def test_measures_and_lacks_are_part_of_the_json(plane, capsys):
    _, out, _ = run(capsys, *plane, "--measures", "recall,loss_oscillation", "--json")
    card = json.loads(out)
    assert card["measurements"][-1]["name"] == "recall"
    assert list(card["provenance"]["not_measured"]) == ["loss_oscillation"]


def test_the_training_set_can_be_given(plane, tmp_path, capsys, monkeypatch):
    from collapse_metrics._registry import METRICS, metric

    def of_train(*, train, fake):
        return float(len(train))

    monkeypatch.setitem(METRICS, "of_train", None)  # taken out again after the test
    del METRICS["of_train"]
    metric(best=1.0, collapsed=0.0, paper="https://example.org")(of_train)
    _, out, _ = run(capsys, *plane, "--measures", "of_train", "--train", tmp_path / "train.npy")
    assert "of_train 600" in out
    _, out, _ = run(capsys, *plane, "--measures", "of_train")
    assert "of_train not measured: needs the set that the generator was trained on" in out


def test_an_unknown_measure_is_answered_with_near_ones(plane, capsys):
    for words in ([*plane, "--measures", "recal"], ["metrics", "recal"]):
        code, out, err = run(capsys, *words)
        assert (code, out) == (2, "")
        assert "Did you mean recall?" in err
        assert err.count("\n") == 1


def test_every_measure_is_listed_with_its_question_and_ends(capsys):
    from collapse_metrics._registry import METRICS, PROBES

    code, out, err = run(capsys, "metrics")
    assert (code, err) == (0, "")
    for name in [*METRICS, *PROBES]:
        assert out.count(f"\n  {name} ") == 1, name
    assert "recall                     What share of the real data lies where generated samples lie?" in out
    for group in ("modes:", "diversity:", "against real:", "probes:", "losses:"):
        assert f"\n{group} " in out
    rows = json.loads(run(capsys, "metrics", "--json")[1])
    assert {row["name"] for row in rows} == {*METRICS, *PROBES}
    assert all(row["question"] and row["needs"] and row["paper"] for row in rows)


def test_one_measure_is_explained(capsys):
    code, out, _ = run(capsys, "metrics", "recall")
    assert code == 0
    assert out.startswith("recall: What share")
    for section in ("Reading the number:", "**Collapsed**", "Cost:", "Reference:"):
        assert section in out


def test_a_scorecard_s_other_numbers_are_explained_by_name_too(capsys):
    code, out, _ = run(capsys, "metrics", "near_duplicate_rate")
    assert code == 0
    assert out.startswith("near_duplicate_rate: What share are near copies: a sibling nearer than")
    assert "Collapsed: 1: every sample" in out
    assert "raw_directions " in run(capsys, "metrics")[1]
    assert run(capsys, "metrics", "near_duplicate_rates")[0] == 2


def test_too_few_samples_exit_with_3(pictures, tmp_path, capsys):
    np.save(tmp_path / "few.npy", pictures[:60])
    code, out, _ = run(capsys, "score", tmp_path / "few.npy")
    assert code == 3
    assert "inconclusive" in out


def bad_files(folder):
    """Each wrong source, and a piece of the sentence that explains it."""
    (folder / "empty").mkdir()
    (folder / "broken").mkdir()
    (folder / "broken" / "a.png").write_bytes(b"\x89PNG no picture")
    (folder / "mixed").mkdir()
    Image.new("L", (28, 28)).save(folder / "mixed" / "a.png")
    Image.new("L", (30, 28)).save(folder / "mixed" / "b.png")
    (folder / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00v")
    (folder / "cut.npz").write_bytes(b"PK\x03\x04 and no more")
    (folder / "cut.pt").write_bytes(b"PK\x03\x04 and no more")
    (folder / "words.csv").write_text("a,b\nx,y\n")
    (folder / "void.csv").write_text("")
    (folder / "odd.xyz").write_text("?")
    np.save(folder / "flat.npy", np.zeros(7))
    np.save(folder / "wide.npy", np.zeros((60, 32, 32), np.uint8))
    np.save(folder / "range.npy", np.full((60, 28, 28), 7.5))
    np.save(folder / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    np.savez(folder / "two.npz", a=np.zeros((3, 2)), b=np.zeros((3, 2)))
    torch.save({"weights": torch.zeros(2)}, folder / "dict.pt")
    with zipfile.ZipFile(folder / "void.npz", "w"):
        pass
    return {
        "nowhere.npy": "no such file",
        "empty": "found none",
        "broken": "no readable picture",
        "mixed": "one size",
        "cut.npy": "cannot be read",
        "cut.npz": "cannot be read",
        "cut.pt": "cannot be read",
        "words.csv": "got text in a, b",
        "void.csv": "cannot be read",
        "odd.xyz": "are needed, got odd.xyz",
        "flat.npy": "one a row",
        "wide.npy": "crop or resize",
        "range.npy": "pass value_range",
        "objects.npy": "cannot be read",
        "two.npz": "one array or `arr_0`",
        "dict.pt": "one tensor of samples",
        "void.npz": "nothing",
    }


def test_everything_wrong_is_one_sentence_and_exit_code_2(tmp_path, capsys):
    for name, piece in bad_files(tmp_path).items():
        code, out, err = run(capsys, "score", tmp_path / name, "--report", tmp_path / "page.html")
        assert (code, out) == (2, ""), name
        assert piece in err, (name, err)
        assert err.count("\n") == 1, (name, err)
        assert "Traceback" not in err
    assert not (tmp_path / "page.html").exists()


def test_a_pickle_is_not_run(tmp_path, capsys):
    class Trap:
        def __reduce__(self):
            return (os.system, (f"touch {tmp_path / 'canary'}",))

    torch.save(Trap(), tmp_path / "trap.pt")
    code, _, err = run(capsys, "score", tmp_path / "trap.pt")
    assert code == 2
    assert err.count("\n") == 1
    assert not (tmp_path / "canary").exists()


def test_a_report_of_a_folder_without_a_run_is_explained(tmp_path, capsys):
    code, _, err = run(capsys, "report", tmp_path)
    assert code == 2
    assert "history.jsonl" in err


def test_the_doctor_finds_classifier_and_reference(capsys):
    code, out, _ = run(capsys, "doctor", "--json")
    assert code == 0
    assert json.loads(out)["classifier and reference"]["ok"]


def test_help_imports_no_torch():
    script = (
        "import sys\n"
        "from collapse_metrics import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules, 'torch was imported'\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    for command in ("demo", "score", "metrics", "report", "doctor"):
        assert command in done.stdout


def test_the_demo_trains_judges_and_writes_its_page(tmp_path, capsys, monkeypatch):
    """The whole chain on the quicker of its two runs; `make demo` does both."""
    monkeypatch.setattr(cli.demo, "DEMO_RECIPES", ("mnist_mlp_collapsed",))
    code, out, err = run(capsys, "demo", "--out", tmp_path / "demo")
    assert (code, err) == (0, "")
    assert "verdict: collapse" in out
    assert "since step" in out
    page = (tmp_path / "demo" / "report.html").read_text()
    assert "mnist_mlp_collapsed" in page


def test_a_demo_whose_training_fails_says_where_to_look(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(cli.demo, "DEMO_RECIPES", ("no_such_recipe",))
    code, _, err = run(capsys, "demo", "--out", tmp_path / "demo")
    assert code == 2
    assert "log.txt" in err
