"""Rates measured on real rows of known truth: what is drawn from what, what is planted, and what is reported."""

import json

import pytest
import torch

import collapse_metrics as cm
from collapse_metrics import calibrate as module
from collapse_metrics import cli
from collapse_metrics.calibrate import COPIES, DEFECTS, LOOKS, STREAMS, calibrate
from collapse_metrics.records import Verdict
from collapse_metrics.stats.shares import clopper_pearson

CENTRES = 8 * torch.eye(4)


@pytest.fixture(scope="module")
def reference():
    rng = torch.Generator().manual_seed(1)
    real = CENTRES[torch.randint(4, (2400,), generator=rng)] + torch.randn(2400, 4, generator=rng)
    return cm.Reference.fit(real=real, modes=CENTRES, name="four")


@pytest.fixture(scope="module")
def found(reference):
    return calibrate(reference=reference, n=200, trials=20)


def by_name(rates):
    return {rate.what: rate for rate in rates}


def test_what_is_real_is_not_accused_and_what_is_planted_is_found(found):
    rates = by_name(found.verdicts)
    assert rates["healthy, accused"].hits == 0
    assert rates["healthy, accused"].trials == 20
    assert rates["healthy, called inconclusive"].hits == 0
    for defect in DEFECTS:
        assert (rates[f"{defect}, found"].hits, rates[f"{defect}, found"].trials) == (4, 4)
    assert "mode_dropping 4" in rates["one mode dropped, found"].note
    assert "intra_mode_collapse 4" in rates[f"each sample {COPIES} times, found"].note
    assert "total_collapse 4" in rates["one sample only, found"].note
    assert {rate.wanted for rate in found.verdicts[:2]} == {"low"}
    assert {rate.wanted for rate in found.verdicts[2:]} == {"high"}


def test_alarms_are_rare_in_health_and_sure_after_a_loss(found):
    quiet, raised = found.alarms
    assert (quiet.what, quiet.trials) == (f"alarm in {LOOKS} healthy looks", STREAMS)
    # The shares are far from their bounds: even ten alarms of a thousand would be a surprise.
    assert quiet.hits < 10
    assert raised.hits == STREAMS
    assert raised.note == "median delay 1 looks of 256 samples"


def test_the_game_of_shares_has_its_part_of_alpha(reference, looks, monkeypatch):
    games = {**module.bounds_of(reference), **{f"game {i}": 0.5 for i in range(10**5)}}
    alone = calibrate(reference=reference, n=100, trials=5, alpha=1e-8).alarms[1]
    assert alone.note == "median delay 1 looks of 256 samples"
    monkeypatch.setattr(module, "bounds_of", lambda _: games)
    late = calibrate(reference=reference, n=100, trials=5, alpha=1e-8).alarms[1]
    assert late.note == "median delay 2 looks of 256 samples"


def test_intervals_are_exact(found):
    rate = found.verdicts[0]
    assert rate.interval == clopper_pearson(0, 20)
    assert rate.share == 0.0
    assert rate.to_dict()["interval"] == list(rate.interval)


@pytest.fixture
def looks(monkeypatch):
    """Every look that is judged, with its yardstick; and nothing is measured."""
    seen = []
    monkeypatch.setattr(module, "STREAMS", 20)
    monkeypatch.setattr(module, "measure_look", lambda look, yardstick, **_: seen.append((look, yardstick)) or [])
    return seen


def rows_of(features):
    return {tuple(row) for row in features.tolist()}


def test_no_set_holds_a_row_of_its_yardstick_and_both_halves_take_turns(reference, looks):
    calibrate(reference=reference, n=150, trials=10)
    pools = set()
    for look, yardstick in looks[:10]:
        assert not rows_of(look.features) & rows_of(yardstick.fresh)
        assert rows_of(look.features) <= rows_of(reference.fresh)
        assert len(rows_of(look.features)) == look.total == 150
        assert len(yardstick.fresh) == 600
        pools.add(yardstick.fresh.sum().item())
    assert len(pools) == 2
    assert len({look.features.sum().item() for look, _ in looks[:10]}) == 10


def test_what_is_planted_is_what_is_said(reference, looks):
    calibrate(reference=reference, n=150, trials=10)
    dropped, copies, shrunken, one = (looks[10 + 2 * i][0] for i in range(4))
    assert len(torch.unique(dropped.called)) == 3
    assert 10 <= len(rows_of(copies.features)) <= 150 / COPIES
    assert len(rows_of(one.features)) == 1
    away = (shrunken.features - CENTRES[shrunken.called]).square().mean().sqrt()
    assert away == pytest.approx(0.25, rel=0.2)
    assert all(look.total == 150 for look in (dropped, copies, shrunken, one))


def test_too_little_is_inconclusive_and_counted(reference, looks):
    rates = by_name(calibrate(reference=reference, n=60, trials=5).verdicts)
    assert rates["healthy, called inconclusive"].hits == 5


def test_the_accused_are_counted_and_named(reference, looks, monkeypatch):
    finding = cm.Finding("off_manifold", cm.Status.FOUND, "", "")
    other = cm.Finding("mode_dropping", cm.Status.CLEAR, "", "")
    answers = [(Verdict.BROKEN, (finding, other)), (Verdict.HEALTHY, (other,)), (Verdict.INCONCLUSIVE, ())]
    monkeypatch.setattr(module, "judge", lambda _: answers[(len(looks) - 1) % 3])
    rates = by_name(calibrate(reference=reference, n=100, trials=6).verdicts)
    assert (rates["healthy, accused"].hits, rates["healthy, accused"].note) == (2, "off_manifold 2")
    assert rates["healthy, called inconclusive"].hits == 2


def test_a_seed_decides_everything(reference, looks):
    for seed in (0, 0, 1):
        calibrate(reference=reference, n=100, trials=5, seed=seed)
    third = len(looks) // 3
    first, again, other = (torch.cat([look.features for look, _ in looks[i * third :][:third]]) for i in range(3))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_data_of_one_mode_lose_none_and_have_no_game_of_shares():
    plain = cm.Reference.fit(real=torch.randn(1000, 3, generator=torch.Generator().manual_seed(0)))
    found = calibrate(reference=plain, n=100, trials=5)
    assert found.alarms == ()
    assert [rate.what for rate in found.verdicts if "dropped" in rate.what] == []


@pytest.mark.parametrize(("n", "accepted"), [(49, False), (50, True), (300, True), (301, False)])
def test_sets_must_fit_twice_into_their_pool(reference, looks, n, accepted):
    if accepted:
        assert calibrate(reference=reference, n=n, trials=5).rows == 600
    else:
        with pytest.raises(ValueError, match=f"`n` must be 50 to 300, got {n}: 'four' holds 1200 rows"):
            calibrate(reference=reference, n=n)


def test_too_few_trials_are_refused(reference):
    with pytest.raises(ValueError, match="at least 5, got 4"):
        calibrate(reference=reference, n=100, trials=4)


def test_what_the_intervals_do_not_cover_is_said(found):
    assert "two pools of 600 held-out real rows each" in found.caution
    assert "3 sets of a pool can be wholly different" in found.caution
    assert found.to_dict()["caution"] == found.caution


def test_on_the_command_line(reference, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(module, "STREAMS", 20)
    reference.save(tmp_path / "four.safetensors")
    words = ["calibrate", "--reference", str(tmp_path / "four.safetensors"), "--n", "100", "--trials", "5"]
    with pytest.raises(SystemExit) as stop:
        cli.main([*words, "--json"])
    told = json.loads(capsys.readouterr().out)
    assert stop.value.code == 0
    assert [rate["what"] for rate in told["verdicts"]][:2] == ["healthy, accused", "healthy, called inconclusive"]
    assert told["n"] == 100
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    out = capsys.readouterr().out
    assert stop.value.code == 0
    assert "95 % interval" in out
    assert "held-out real rows" in out


def test_a_wrong_size_is_one_sentence_on_the_command_line(reference, tmp_path, capsys):
    reference.save(tmp_path / "four.safetensors")
    with pytest.raises(SystemExit) as stop:
        cli.main(["calibrate", "--reference", str(tmp_path / "four.safetensors"), "--n", "10000"])
    assert stop.value.code == 2
    assert "`n` must be 50 to 300, got 10000" in capsys.readouterr().err
