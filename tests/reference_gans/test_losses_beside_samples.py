"""The study of losses beside samples: what counts as swinging and as flat, and that it runs."""

import pytest

from reference_gans.studies import losses_beside_samples as study
from reference_gans.studies._runs import Runs


def outcome(verdict, swing, cycle="clear"):
    about = {"verdict": verdict, "swing": 2 * swing, "level": -2.0, "cycle": cycle, "told": None}
    return {**about, "steps": 0, "cpu_seconds": 1.0}


@pytest.fixture
def runs():
    made = Runs(study.one_run, None, 0)
    made.outcomes = {
        "five_healthy/0": outcome("healthy", 0.9),
        "five_healthy/1": outcome("inconclusive", 0.1, "found"),
        "five_healthy/2": outcome("collapse", 0.1),
        "mnist_slides/0": outcome("collapse", 0.2),
        "mnist_slides/1": outcome("healthy", 0.1),
        "mnist_slides/2": outcome("healthy", 0.1, "found"),
        "mnist_slides/3": outcome("healthy", 0.8),
    }
    return made


def test_swinging_and_flat_runs_are_counted_by_what_they_are(runs):
    text = "\n".join(study.page(runs))
    assert "a swing above the median of all runs, 0.10" in text
    assert "Healthy recipes with swinging losses: 1 of 2 (1% to 99%) called healthy" in text
    assert "Collapses with flat losses: 0 of 1 (0% to 98%) found" in text
    assert "| `mnist_slides` | 4 | collapse 1, healthy 3 | 0.10 to 0.80 | 1 of 4 | nothing |" in text


def test_the_swing_is_relative_to_the_level_of_the_loss(runs):
    assert study.swing(runs.outcomes["five_healthy/0"]) == pytest.approx(0.9)


def test_nothing_is_claimed_of_no_runs():
    assert "*Swinging*" not in "\n".join(study.page(Runs(study.one_run, None, 0)))


@pytest.mark.slow
def test_one_run_says_what_losses_and_samples_said():
    said = study.one_run("ring8_collapsed", 0, 30)
    assert said["verdict"] in {"healthy", "partial_collapse", "collapse", "broken", "inconclusive"}
    assert said["swing"] > 0
