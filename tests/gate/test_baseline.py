"""The file: read as written, the same every time, short; and every wrong use is one sentence and exit code 2."""

import json

import numpy as np
import pytest
import torch

from collapse_metrics import Baseline, Reference, Scorecard, cli, compare, score
from collapse_metrics.gate.baseline import LINE, digest
from tests.gate.conftest import CENTRES, blobs


@pytest.fixture(scope="module")
def base(good):
    return Baseline.from_scorecard(good)


def test_a_baseline_is_read_as_it_was_written(base, tmp_path):
    assert Baseline.load(base.save(tmp_path / "b.json")) == base


def test_the_file_is_the_same_every_time_short_and_plain(base, good, tmp_path):
    first = base.save(tmp_path / "a.json").read_text()
    assert Baseline.from_scorecard(good).save(tmp_path / "b.json").read_text() == first
    assert len(first) < 3000
    assert max(map(len, first.splitlines())) < LINE + 60
    data = json.loads(first)
    assert list(data) == ["schema", "made_with", "configuration", "runs", "sha256"]
    assert data["sha256"] == digest({key: value for key, value in data.items() if key != "sha256"})


def test_a_scorecard_that_went_through_a_file_makes_the_same_baseline(base, good, tmp_path):
    good.to_json(tmp_path / "card.json")
    assert Baseline.from_scorecard(Scorecard.from_json(tmp_path / "card.json")) == base


def test_only_alike_runs_make_a_baseline(good, reference):
    other = score(fake=blobs(500, 5), reference=reference)
    with pytest.raises(ValueError, match="another number of samples"):
        Baseline.from_scorecards([good, other])
    with pytest.raises(ValueError, match="at least one scorecard"):
        Baseline.from_scorecards([])
    two = Baseline.from_scorecards([good, score(fake=blobs(2000, 5), reference=reference)])
    assert len(two.runs) == 2


@pytest.fixture(scope="module")
def project(base, reference, tmp_path_factory):
    """Files of a small project."""
    folder = tmp_path_factory.mktemp("project")
    base.save(folder / "baseline.json")
    reference.save(folder / "real.safetensors")
    np.save(folder / "good.npy", blobs(2000, 2).numpy())
    return folder


def edit(path, change):
    """A baseline in which something was changed by hand, digest and all."""
    data = json.loads(path.read_text())
    change(data)
    data["sha256"] = digest({key: value for key, value in data.items() if key != "sha256"})
    (path.parent / "changed.json").write_text(json.dumps(data))


def other_embedder(folder):
    edit(folder / "baseline.json", lambda data: data["configuration"].update(embedder_fingerprint="0123"))
    (folder / "changed.json").rename(folder / "baseline.json")


def other_reference(folder):
    Reference.fit(real=blobs(1200, 101), modes=CENTRES, name="blobs").save(folder / "real.safetensors")


def other_modes(folder):
    Reference.fit(real=blobs(1200, 100), modes=CENTRES[:3], name="blobs").save(folder / "real.safetensors")


def other_n(folder):
    np.save(folder / "good.npy", blobs(1500, 2).numpy())


def edited(folder):
    text = (folder / "baseline.json").read_text()
    (folder / "baseline.json").write_text(text.replace('"accepted": 19', '"accepted": 18'))


def missing_statistic(folder):
    edit(folder / "baseline.json", lambda data: data["runs"][0].pop("likeness"))
    (folder / "changed.json").rename(folder / "baseline.json")


def older_schema(folder):
    edit(folder / "baseline.json", lambda data: data.update(schema=0))
    (folder / "changed.json").rename(folder / "baseline.json")


def nan_in_the_file(folder):
    text = (folder / "baseline.json").read_text()
    (folder / "baseline.json").write_text(text.replace('"pairs": [', '"pairs": [NaN, '))


def nan_in_the_samples(folder):
    rows = blobs(2000, 2).numpy()
    rows[7, 1] = np.nan
    np.save(folder / "good.npy", rows)


def a_scorecard_instead(folder):
    (folder / "baseline.json").write_text(json.dumps({"schema": 1, "verdict": "healthy"}))


def no_file(folder):
    (folder / "baseline.json").unlink()


def other_shape(folder):
    np.save(folder / "good.npy", torch.cat([blobs(2000, 2)] * 2, dim=1).numpy())


def nothing(folder):
    """The files are right."""


WRONG = {
    "another reference": (other_reference, [], "another reference of the same name cannot be compared"),
    "another embedder": (other_embedder, [], "another version of the embedder cannot be compared"),
    "other modes": (other_modes, [], "cannot be compared"),
    "another n": (other_n, [], "as many samples as the baseline's are needed, 2000, got 1500"),
    "an edited file": (edited, [], "was edited after it was written"),
    "a missing statistic": (missing_statistic, [], "lacks likeness"),
    "an older schema": (older_schema, [], "has schema 0, this version reads 1"),
    "NaN in the file": (nan_in_the_file, [], "is not a baseline in JSON"),
    "NaN in the samples": (nan_in_the_samples, [], "got NaN or infinity in 1 of 2000"),
    "a scorecard": (a_scorecard_instead, [], "is not a baseline"),
    "no file": (no_file, [], "there is no such file"),
    "another shape": (other_shape, [], "samples of 2 values each are needed"),
    "another value range": (nothing, ["--value-range", "0", "9"], "another value range cannot be compared"),
    "a margin of 2": (nothing, ["--margin", "2"], "must be a number from 0 to 1"),
    "a limit below the margin": (nothing, ["--margin", "0.3", "--limit", "0.2"], "must lie above its margin"),
    "an alpha of 1": (nothing, ["--alpha", "1"], "alpha must lie between 0 and 0.5"),
    "an unknown finding": (nothing, ["--require", "sadness"], "got sadness"),
    "accept alone": (nothing, ["--accept"], "--accept belongs to --update-baseline"),
    "more samples than there are": (nothing, ["--n", "9999"], "holds 2000"),
    "a plan for more than there are": (nothing, ["--max-n", "9999"], "2000 at most"),
}


def run(capsys, folder, *words):
    with pytest.raises(SystemExit) as stop:
        cli.main([str(word) for word in words])
    out, err = capsys.readouterr()
    return stop.value.code, out, err


@pytest.fixture
def copied(project, tmp_path, monkeypatch):
    """The project's files, to be spoilt."""
    for file in project.iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("case", WRONG)
def test_every_wrong_use_is_one_sentence_and_exit_code_2(case, copied, capsys):
    spoil, options, says = WRONG[case]
    spoil(copied)
    words = ["check", "good.npy", "--baseline", "baseline.json", "--reference", "real.safetensors", *options]
    code, out, err = run(capsys, copied, *words)
    assert code == 2
    assert out == ""
    assert says in err
    assert err.count("\n") == 1


def test_a_baseline_beside_an_unknown_reference_asks_for_it(base):
    with pytest.raises(ValueError, match="pass reference="):
        compare(fake=blobs(2000, 2), baseline=base)


def test_samples_with_nan_make_no_baseline(reference):
    rows = blobs(500, 2)
    rows[3] = torch.nan
    with pytest.raises(ValueError, match="samples must be finite"):
        Baseline.from_scorecard(score(fake=rows, reference=reference))


class TestDoors:
    """`baseline` and `check` as a project uses them."""

    def test_freeze_and_check(self, copied, capsys):
        np.save("now.npy", blobs(2000, 9).numpy())
        about = ["--reference", "real.safetensors"]
        code, out, err = run(capsys, copied, "baseline", "good.npy", "-o", "new.json", *about)
        assert (code, err) == (0, "")
        assert out == "new.json: 1 run of 2,000 samples beside reference blobs\n"
        code, out, _ = run(capsys, copied, "check", "now.npy", "--baseline", "new.json", *about)
        assert code == 0
        assert out.startswith("pass: ")

    def test_json_alone_on_standard_output(self, copied, capsys):
        words = ["check", "good.npy", "--baseline", "baseline.json", "--reference", "real.safetensors", "--json"]
        code, out, _ = run(capsys, copied, *words)
        assert (code, json.loads(out)["outcome"]) == (0, "pass")

    def test_several_runs(self, copied, capsys):
        for k in range(4):
            np.save(f"{k}.npy", blobs(500, k).numpy())
        about = ["--reference", "real.safetensors"]
        assert run(capsys, copied, "baseline", "0.npy", "1.npy", "2.npy", "-o", "runs.json", *about)[0] == 0
        code, out, _ = run(capsys, copied, "check", "3.npy", "--baseline", "runs.json", *about)
        assert code in (0, 3)
        assert "3 and 1 runs" in out

    def test_a_baseline_is_never_renewed_unseen(self, copied, capsys):
        np.save("good.npy", blobs(2000, 9).numpy())
        words = ["check", "good.npy", "--baseline", "baseline.json", "--reference", "real.safetensors"]
        before = (copied / "baseline.json").read_text()
        assert run(capsys, copied, *words, "--update-baseline")[0] == 1
        assert (copied / "baseline.json").read_text() != before
        assert run(capsys, copied, *words, "--update-baseline", "--accept")[0] == 0

    def test_what_the_project_decided_is_taken_unless_something_else_is_said(self, copied, capsys):
        (copied / "pyproject.toml").write_text(
            '[tool.collapse_metrics]\nbaseline = "baseline.json"\nreference = "real.safetensors"\nmargin = 0.4\n'
            "[tool.collapse_metrics.limits]\nwithin_mode_spread = 0.9\n"
        )
        np.save("now.npy", blobs(2000, 9, width=0.75).numpy())
        assert run(capsys, copied, "check", "now.npy")[0] == 0
        assert run(capsys, copied, "check", "now.npy", "--margin", "0.05")[0] == 1
        assert run(capsys, copied, "check", "now.npy", "--n", "1000")[0] == 2  # not the baseline's number

    def test_few_samples_exit_3(self, copied, capsys):
        about = ["--reference", "real.safetensors", "--n", "150"]
        assert run(capsys, copied, "baseline", "good.npy", "-o", "few.json", *about)[0] == 0
        code, out, _ = run(capsys, copied, "check", "good.npy", "--baseline", "few.json", "--seed", "5", *about)
        assert code == 3
        assert out.startswith("inconclusive: ")
