"""`train-classifier` and `reference fit` as a stranger meets them: output, exit codes, one sentence of help."""

import json

import numpy as np
import pytest
import torch

from collapse_metrics import cli
from collapse_metrics.reference import Reference


def run(capsys, *words):
    """Exit code, standard output, standard error."""
    with pytest.raises(SystemExit) as stop:
        cli.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return stop.value.code, out, err


@pytest.fixture
def table(tmp_path, numpy_rng):
    """Three well-kept clusters in a table, the class in a column of words."""
    kinds = np.arange(900) % 3
    rows = numpy_rng.normal(size=(900, 3)) * 0.3
    rows[np.arange(900), kinds] += 3
    lines = [f"{a:.6f},{b:.6f},{c:.6f},{('ant', 'bee', 'cat')[k]}" for (a, b, c), k in zip(rows, kinds, strict=True)]
    (tmp_path / "insects.csv").write_text("\n".join(["a,b,c,who", *lines]) + "\n")
    np.save(tmp_path / "healthy.npy", rows[:400])
    np.save(tmp_path / "no_cats.npy", rows[kinds != 2][:400])
    return tmp_path


def test_a_table_from_labels_to_verdicts(table, capsys):
    source, classifier, reference = table / "insects.csv", table / "c.safetensors", table / "insects.safetensors"
    code, out, err = run(capsys, "train-classifier", source, "--labels", "who", "-o", classifier, "--epochs", "6")
    assert code == 0
    assert out.startswith("c: 3 classes, 600 samples learnt from, 6 times each\n")
    assert "of 300 held-out samples named rightly" in out
    assert "step " in err
    code, out, err = run(
        capsys, "reference", "fit", source, "--labels", "who", "--embedder", classifier, "-o", reference
    )
    assert (code, err) == (0, "")
    assert "insects: 300 of 900 real samples, seen by embedder c" in out
    assert "3 modes, known from labels" in out
    assert out.count("called rightly in") == 3
    for name, verdict in (("healthy", "healthy"), ("no_cats", "partial_collapse")):
        code, out, _ = run(capsys, "score", table / f"{name}.npy", "--reference", reference)
        assert code == 0
        assert out.startswith(f"verdict: {verdict}"), out
    assert "mode cat" in out


def test_json_alone_on_standard_output(table, capsys):
    words = ("--labels", "who", "--json")
    code, out, _ = run(
        capsys, "train-classifier", table / "insects.csv", *words, "-o", table / "c.safetensors", "--epochs", "2"
    )
    facts = json.loads(out)
    assert (code, facts["modes"], facts["held_out"]["n"]) == (0, ["ant", "bee", "cat"], 300)
    code, out, _ = run(
        capsys, "reference", "fit", table / "insects.csv", *words, "-o", table / "r.safetensors",
        "--embedder", table / "c.safetensors",
    )  # fmt: skip
    facts = json.loads(out)
    assert (code, [mode["name"] for mode in facts["modes"]]) == (0, ["ant", "bee", "cat"])
    assert facts["samples_needed"] > 20


def test_the_samples_that_a_verdict_needs_are_told_truly(tmp_path, capsys, rng):
    """One fewer than it says is inconclusive, as many as it says are enough."""
    rows = torch.randn(4000, 2, generator=rng)
    rows[: len(rows) // 20] += 40  # the rarest mode has a twentieth
    rows = rows[torch.randperm(len(rows), generator=rng)]
    np.save(tmp_path / "real.npy", rows[:2000].numpy())
    code, out, _ = run(
        capsys, "reference", "fit", tmp_path / "real.npy", "--modes", "2", "-o", tmp_path / "r.safetensors", "--json"
    )
    needed = json.loads(out)["samples_needed"]
    assert code == 0
    assert needed > 100
    for n, expected in ((int(0.9 * needed), 3), (int(1.2 * needed), 0)):
        np.save(tmp_path / "fake.npy", rows[2000 : 2000 + n].numpy())
        code, out, _ = run(capsys, "score", tmp_path / "fake.npy", "--reference", tmp_path / "r.safetensors")
        assert code == expected, out


def test_without_labels_the_embedder_s_calls_are_the_modes(tmp_path, capsys, rng):
    np.save(tmp_path / "noise.npy", torch.rand(300, 28, 28, generator=rng).numpy())
    code, out, _ = run(
        capsys, "reference", "fit", tmp_path / "noise.npy", "--embedder", "raw", "-o", tmp_path / "r.safetensors"
    )
    assert code == 0
    assert "one mode: pass --embedder with classes, or --modes" in out
    labels = tmp_path / "labels.npy"
    np.save(labels, np.arange(300) % 2)
    words = ("reference", "fit", tmp_path / "noise.npy", "--labels", labels, "-o", tmp_path / "r.safetensors")
    assert "labels are not used" in run(capsys, *words)[2]
    assert Reference.load(tmp_path / "r.safetensors").name == "r"


@pytest.mark.bad_input
def test_everything_wrong_is_one_sentence_and_exit_code_2(table, capsys):
    source, out_file = table / "insects.csv", table / "c.safetensors"
    (table / "text.safetensors").write_text("no classifier")
    wrong = {
        ("train-classifier", source, "-o", out_file): "got text in who",
        ("train-classifier", table / "healthy.npy", "-o", out_file): "labels are needed",
        ("train-classifier", source, "--labels", "who", "-o", table / "c.pt"): "must end in .safetensors",
        ("train-classifier", source, "--labels", "who", "-o", table / "no" / "c.safetensors"): "a folder that exists",
        ("train-classifier", table / "none", "--labels", "who", "-o", out_file): "no such file",
        ("train-classifier", "torchvision:SVHN", "-o", out_file): "needs --data-root",
        ("reference", "fit", source, "--labels", "who", "--embedder", table / "text.safetensors", "-o", out_file):
            "not a classifier file",
        ("reference", "fit", source, "--labels", "who", "--embedder", "resnet", "-o", out_file): "or pass a callable",
        ("reference", "fit", table / "healthy.npy", "--rows", "150", "-o", out_file): "at least 200 real samples",
    }  # fmt: skip
    for words, piece in wrong.items():
        code, out, err = run(capsys, *words)
        assert (code, out) == (2, ""), words
        assert piece in err, (words, err)
        assert err.count("\n") == 1, err
    assert not out_file.exists()


def test_a_class_that_the_classifier_does_not_know_is_named(table, capsys):
    run(
        capsys,
        "train-classifier",
        table / "insects.csv",
        "--labels",
        "who",
        "-o",
        table / "c.safetensors",
        "--epochs",
        "1",
    )
    text = (table / "insects.csv").read_text()
    (table / "more.csv").write_text(text.replace("cat", "dog"))
    words = ("--labels", "who", "--embedder", table / "c.safetensors", "-o", table / "r.safetensors")
    code, _, err = run(capsys, "reference", "fit", table / "more.csv", *words)
    assert code == 2
    assert "got ['dog']" in err
