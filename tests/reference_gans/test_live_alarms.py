"""The study of live alarms: its streams have the truth they claim, its counting is right, its stored promises hold."""

import json
from pathlib import Path

import numpy as np
import pytest

from collapse_metrics.stats.shares import clopper_pearson
from collapse_metrics.stats.watches import FallenShares
from reference_gans.studies import live_alarms
from reference_gans.studies.live_alarms import ALPHAS, BATCH, HEALTHY, LOOKS, SICK, Law

STORED = Path(__file__).parents[2] / "docs" / "studies" / "live_alarms.json"


@pytest.fixture(scope="module")
def law():
    return Law.of_digits()


@pytest.mark.parametrize("name", HEALTHY)
def test_health_never_calls_a_mode_less_often_than_its_bound(name, law, numpy_rng):
    shares = HEALTHY[name](law, numpy_rng, 5)
    assert shares.shape == (5, LOOKS, 10)
    assert shares.sum(axis=2) == pytest.approx(np.ones((5, LOOKS)))
    assert (shares >= 0.5 * law.shares - 1e-12).all()
    assert (shares @ law.confusion >= law.bounds).all()


def test_the_hardest_health_lies_on_the_edge(law, numpy_rng):
    kept = live_alarms.hardest(law, numpy_rng, 50)[:, 0] / law.shares
    assert kept.min(axis=1) == pytest.approx(np.full(50, 0.5))
    assert len(set(kept.argmin(axis=1))) > 5


@pytest.mark.parametrize(
    ("name", "low", "lost"), [(name, *truth) for name, truth in zip(SICK, [(0.0, 1), (0.2, 1), (0.0, 9)], strict=True)]
)
def test_illness_is_what_its_name_says(name, low, lost, law, numpy_rng):
    kept, spoil = SICK[name]
    shares = spoil(law, np.full((30, 10), kept), numpy_rng)
    assert shares.sum(axis=1) == pytest.approx(np.ones(30))
    ratio = np.sort(shares / law.shares, axis=1)
    assert ratio[:, :lost] == pytest.approx(np.full((30, lost), low))
    assert (ratio[:, lost:] > 1).all()


def test_the_games_are_those_of_a_monitor(law, numpy_rng):
    counts = numpy_rng.multinomial(BATCH, law.shares, size=(2, 12))
    log_e, _ = live_alarms.play(counts, law.bounds, "run")
    for stream in range(2):
        watch = FallenShares(law.bounds, alpha=0.01)
        for look in range(12):
            watch.update(counts[stream, look], step=look)
            assert np.exp(log_e[stream, look]) == pytest.approx(watch.e_value)


def test_the_first_alarm_after_the_loss_counts_and_those_before_are_told():
    log_e = np.array([[5.0, 0, 0, 0, 5.0, 6.0], [0, 0, 0, 5.0, 0, 0], [0, 0, 5.0, 0, 0, 0], [0] * 6])
    early, delay = live_alarms._first(log_e, np.array([3, 3, 3, 3]), 0.01).T
    assert early.tolist() == [1, 0, 1, 0]
    assert delay[:2].tolist() == [2, 1]
    assert np.isnan(delay[2:]).all()


def test_dates_are_counted_from_the_loss():
    counts = np.array([[10, 90]] * 6 + [[0, 100]] * 3)
    modes = np.zeros(9, dtype=int)
    assert live_alarms._off(counts, np.array([0.05, 0.0]), modes, 6, 2.0) == 0
    assert live_alarms._off(counts, np.array([0.05, 0.0]), modes, 4, 4.0) == 2
    assert np.isnan(live_alarms._off(counts, np.array([0.05, 0.0]), modes, 6, np.nan))


def test_a_delay_is_a_quantile_of_all_streams_and_not_of_those_found():
    row = {"delays": [[64, 3], [128, 5], [320, 9]], "streams": 10}
    assert [live_alarms._delay(row, part) for part in (0.3, 0.31, 0.5, 0.9, 0.95)] == ["64", "128", "128", "320", "–"]


def test_a_quick_try_writes_page_numbers_and_figure(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(live_alarms, "LOOKS", 70)
    monkeypatch.setattr(live_alarms, "LATEST", 40)
    live_alarms.main(quick=True, out=tmp_path)
    found = json.loads((tmp_path / "live_alarms.json").read_text())
    assert len(found["healthy"]) == len(HEALTHY) * len(ALPHAS)
    assert len(found["sick"]) == len(SICK) * len(ALPHAS) * 2
    assert (tmp_path / "live_alarms.svg").read_text().startswith("<svg")
    page = (tmp_path / "live_alarms.md").read_text()
    assert page in capsys.readouterr().out
    first = found["sick"][0]
    assert f"| one class lost | run | 0.01 | 40 | 0 | {first['found']} | {live_alarms._delay(first, 0.5)} |" in page


def test_the_stored_rates_keep_their_promises():
    found = json.loads(STORED.read_text())
    for row in found["healthy"]:
        assert row["streams"] == live_alarms.HEALTHY_STREAMS
        assert clopper_pearson(row["alarms"], row["streams"])[0] <= row["alpha"]
    lost = [row for row in found["sick"] if row["arm"] == "one class lost" and row["promise"] == "run"]
    assert {row["alpha"] for row in lost} == set(ALPHAS)
    for row in lost:
        assert int(live_alarms._delay(row, 0.5)) <= 400
    for row in found["sick"]:
        assert row["found"] == row["streams"] == live_alarms.SICK_STREAMS
        assert row["near"] >= 0.95 * row["found"]


def test_the_stored_page_tells_the_stored_numbers():
    found = json.loads(STORED.read_text())
    assert STORED.with_suffix(".md").read_text() == "\n".join(live_alarms._page(found)) + "\n"
    assert STORED.with_suffix(".svg").read_text() == live_alarms._figure(found)
