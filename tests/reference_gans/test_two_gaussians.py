"""The study of two peaks: a quick try repeats itself, and the page counts right."""

import json

import pytest

from reference_gans.studies import two_gaussians
from reference_gans.studies._runs import Runs


def row(below_zero, steps=5000):
    shares = {"left": below_zero, "right": 1 - below_zero, "below_zero": below_zero}
    return {**shares, "steps": steps, "d_loss": 1.0, "g_loss": 1.1, "bars": [1] * two_gaussians.BINS}


def test_a_quick_try_writes_page_and_figure_and_repeats_itself(tmp_path):
    two_gaussians.main(quick=True, out=tmp_path)
    runs = json.loads((tmp_path / "two_gaussians.json").read_text())
    assert set(runs) == {f"{arm}/{seed}" for arm in ("PyTorch", "Keras") for seed in (0, 1)}
    again = two_gaussians.one_run("Keras", 1, 20)
    assert {name: runs["Keras/1"][name] for name in again} == again
    assert sum(runs["Keras/1"]["bars"]) == 2000
    assert (tmp_path / "two_gaussians.svg").read_text().startswith("<svg")


def test_the_page_counts_collapsed_and_lopsided_runs():
    runs = Runs(two_gaussians.one_run, None, 5000)
    runs.outcomes = {f"PyTorch/{seed}": row(share) for seed, share in enumerate([0.0, 1.0, 0.06, 0.5])}
    page = "\n".join(two_gaussians._page(runs))
    assert "| PyTorch | 4 | 2 | 0.50 | 0.07 to 0.93 | 1 |" in page
    assert "| Keras |" not in page


OF_MANY = (
    "PyTorch most runs lose a peak: **confirmed**",
    "most runs keep both: **refuted**",
    "The start matters",
)
OF_HALF = ("PyTorch **not decided** for most runs.", "That the start matters is not shown (Fisher's exact test, p = 1)")


@pytest.mark.parametrize(("lost", "words"), [((15, 3), OF_MANY), ((10, 11), OF_HALF)])
def test_the_answer_follows_the_counts(lost, words):
    runs = Runs(two_gaussians.one_run, None, 5000)
    for arm, count in zip(two_gaussians.ARMS, lost, strict=True):
        runs.outcomes |= {f"{arm}/{seed}": row(0.0 if seed < count else 0.5) for seed in range(20)}
    for sentence in words:
        assert sentence in two_gaussians.answer(runs)


@pytest.mark.parametrize("option", ["--quick", "--out"])
def test_options_of_other_studies_are_refused(option, capsys):
    from reference_gans.__main__ import main

    with pytest.raises(SystemExit):
        main(["study", "verdicts", option, *(["x"] if option == "--out" else [])])
    assert f"{option} is for calibration" in capsys.readouterr().err
