"""The study of loss cycles: the Dirac-GAN and its law, and promises of the stored figures."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.fixtures.dirac import START, dirac_losses, dirac_period
from reference_gans.studies import loss_alarms
from reference_gans.studies.loss_alarms import NEAR, PHIS, RATES, SERIES

STORED = Path(__file__).parents[2] / "docs" / "studies" / "loss_alarms.json"


def test_the_gradients_are_those_of_the_log_loss():
    theta, psi = (torch.tensor(x, dtype=torch.double, requires_grad=True) for x in START)
    expected = []
    for _ in range(20):
        (step,) = torch.autograd.grad(torch.nn.functional.logsigmoid(-theta * psi), psi)
        psi = (psi + 0.3 * step).detach().requires_grad_()
        (step,) = torch.autograd.grad(torch.nn.functional.logsigmoid(-theta * psi), theta)
        theta = (theta - 0.3 * step).detach().requires_grad_()
        expected.append(torch.nn.functional.logsigmoid(-theta * psi).item())
    assert dirac_losses(0.3, 20) == pytest.approx(np.array(expected))


@pytest.mark.parametrize("rate", [0.04, 0.4, 0.9])
def test_the_period_is_the_closed_form(rate):
    assert dirac_period(rate) == pytest.approx(math.pi / (2 * math.asin(rate / 4)))


def test_the_loss_comes_round_after_a_period():
    # pi / (2 asin(rate / 4)) is 12 steps where rate = 4 sin(pi / 24).
    rate = 4 * math.sin(math.pi / 24)
    losses = dirac_losses(rate, 1200)
    assert dirac_period(rate) == pytest.approx(12)
    assert losses[12:] == pytest.approx(losses[:-12], abs=1e-2 * np.ptp(losses))
    assert losses[6:] != pytest.approx(losses[:-6], abs=1e-1 * np.ptp(losses))


def test_its_period_is_read_off_its_losses():
    row = loss_alarms.judged_dirac(0.25)
    assert row["measured"] == pytest.approx(row["period"], rel=NEAR / 10)
    assert row["p_value"] == 1 / 500


def test_a_quick_try_writes_page_and_numbers(tmp_path, capsys):
    loss_alarms.main(quick=True, out=tmp_path)
    found = json.loads((tmp_path / "loss_alarms.json").read_text())
    assert [row["phi"] for row in found["noise"]] == list(PHIS)
    assert {row["series"] for row in found["noise"]} == {5}
    page = (tmp_path / "loss_alarms.md").read_text()
    assert page in capsys.readouterr().out
    assert f"| 0.9 | {found['dirac'][1]['period']:.3f} |" in page


def test_the_stored_rates_keep_their_promises():
    found = json.loads(STORED.read_text())
    for row in found["noise"]:
        assert row["series"] == SERIES
        assert clopper_pearson(row["alarms"], row["series"])[0] <= loss_alarms.LEVEL
    assert [row["rate"] for row in found["dirac"]] == list(RATES)
    for row in found["dirac"]:
        assert row["measured"] == pytest.approx(row["period"], rel=NEAR)
        assert row["p_value"] <= loss_alarms.LEVEL


def test_the_stored_page_tells_the_stored_numbers():
    assert STORED.with_suffix(".md").read_text() == "\n".join(loss_alarms._page(json.loads(STORED.read_text()))) + "\n"
