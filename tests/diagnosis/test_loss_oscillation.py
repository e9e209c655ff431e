"""Rule: the generator's loss cycles, which is harmless by itself."""

import pytest

from collapse_metrics.diagnosis.loss_oscillation import LEVEL
from collapse_metrics.records import Measurement, Status


@pytest.mark.parametrize(("p", "status"), [(0.002, "found"), (0.01, "found"), (0.0101, "clear"), (1.0, "clear")])
def test_grades_by_its_level(applied, p, status):
    assert LEVEL == 0.01
    finding = applied("loss_oscillation", Measurement("loss_oscillation", p))
    assert finding.status is Status(status)
    assert finding.evidence == f"red noise alone has a peak as high with p = {p:.3g}"


def test_the_period_is_told_where_it_is_known(applied):
    finding = applied("loss_oscillation", Measurement("loss_oscillation", 0.002), Measurement("loss_period", 41.23))
    assert "the strongest cycle of the generator's loss lasts 41.2 steps; red noise" in finding.evidence


def test_its_meaning_says_that_it_is_harmless(applied):
    assert "harmless" in applied("loss_oscillation", Measurement("loss_oscillation", 0.002)).meaning
