import json
import math
from pathlib import Path

import pandas as pd
import pytest

from collapse_metrics.checkpoints.curve import draw
from collapse_metrics.checkpoints.table import Row, Sweep, standard_error
from collapse_metrics.records import Finding, Measurement, Scorecard, Status, Verdict

H, P, C, B, Q = (
    Verdict.HEALTHY,
    Verdict.PARTIAL_COLLAPSE,
    Verdict.COLLAPSE,
    Verdict.BROKEN,
    Verdict.INCONCLUSIVE,
)


def card(verdict, value=0.9, *, half=0.02, accepted=0.95):
    found = [Finding("mode_dropping", Status.FOUND, "7 is gone", "", severity=0.1)] if verdict in (P, C) else []
    found += [Finding("off_manifold", Status.FOUND, "noise", "", severity=0.9)] if accepted < 0.5 else []
    measured = (
        Measurement("coverage", value, value - half, value + half, (0.95, 0.99), n_fake=300),
        Measurement("accepted_share", accepted),
        Measurement("mode_share[7]", 0.1, 0.05, 0.15),
        Measurement("frechet_distance", math.inf),
    )
    return Scorecard(verdict, tuple(found), measured, {"n_fake": 300})


def table(*cards, by="coverage", steps=None):
    steps = steps or range(100, 100 * len(cards) + 100, 100)
    rows = [Row(Path(f"G_{step}.pt"), step, str(step), one) for step, one in zip(steps, cards, strict=True)]
    return Sweep(tuple(rows), by=by)


def steps_of(rows):
    return [row.step for row in rows]


def test_dates_the_state_that_lasts_to_the_end():
    found = table(*map(card, [H, H, P, P, C, C]))
    assert found.last_healthy.step == 200
    assert found.since(1).step == 300
    assert found.since(2).step == 500


def test_a_sickness_that_passed_is_not_dated():
    found = table(*map(card, [H, C, C, C, H, H]))
    assert found.since(1) is None
    assert found.last_healthy.step == 600


def test_one_lucky_look_does_not_move_the_date_and_is_not_the_last_healthy_one():
    found = table(*map(card, [H, H, C, H, C, C]))
    assert found.since(1).step == 300
    assert found.last_healthy.step == 200


def test_noise_at_the_start_is_no_collapse():
    young = [card(B, accepted=share) for share in (0.0, 0.1, 0.2)]
    assert table(*young, card(H), card(H)).since(1) is None
    assert table(*young).since(1) is None
    assert table(*young, card(H), card(C), card(C)).since(1).step == 500


def test_what_is_not_known_dates_nothing():
    rows = table(card(H), card(Q), card(C), card(C)).rows
    failed = Row(Path("G_150.pt"), 150, error="damaged")
    nameless = Row(Path("best.pt"), None, "b", card(H))
    found = Sweep((rows[0], failed, *rows[1:], nameless))
    assert found.since(1).step == 300
    assert found.last_healthy.step == 100
    assert steps_of(found.failed) == [150]
    assert Sweep((failed,)).last_healthy is None


def test_the_best_are_all_that_cannot_be_told_from_each_other():
    found = table(card(H, 0.90), card(H, 0.50), card(H, 0.91), card(H, 0.905))
    assert steps_of(found.best) == [300, 400, 100]


def test_a_sick_checkpoint_is_not_the_best_beside_a_healthy_one():
    assert steps_of(table(card(P, 0.99), card(H, 0.8), card(C, 0.99)).best) == [200]
    assert steps_of(table(card(P, 0.99), card(P, 0.5), card(C, 0.99)).best) == [100]
    assert table(card(C, 0.99), card(B, 0.9)).best == ()


def test_the_way_of_the_measure_decides_which_end_is_best():
    def one(verdict, distance):
        return Scorecard(verdict, (), (Measurement("frechet_distance", distance, distance - 0.1, distance + 0.1),))

    assert steps_of(table(one(H, 9.0), one(H, 3.0), by="frechet_distance").best) == [200]


def test_a_measure_that_ranks_nothing_is_refused():
    for name in ("class_share_test", "no_such"):
        with pytest.raises(ValueError, match="can be ranked"):
            _ = table(card(H), card(H), by=name).best


def test_the_standard_error_is_read_from_the_longer_half():
    whole, cut = Measurement("coverage", 0.5, 0.4, 0.6), Measurement("coverage", 0.05, 0.0, 0.15)
    assert standard_error(whole) == pytest.approx(0.1 / 2.2622, rel=1e-4)  # t quantile with nine degrees of freedom
    assert standard_error(cut) == pytest.approx(standard_error(whole))
    assert math.isnan(standard_error(Measurement("coverage", 0.5)))


@pytest.mark.parametrize("ending", ["csv", "parquet", "json"])
def test_the_table_is_written_and_read_back(ending, tmp_path):
    found = table(card(H), card(P, 0.7), card(C, 0.1))
    failed = Row(Path("G_400.pt"), 400, "f", error="G_400.pt, damaged")
    path = Sweep((*found.rows, failed)).save(tmp_path / f"table.{ending}")
    if ending == "json":
        told = json.loads(path.read_text())
        assert told["last_healthy"] == {"step": 100, "path": "G_100.pt", "verdict": "healthy"}
        assert told["partial_collapse_from"]["step"] == 200
        assert told["collapse_from"]["step"] == 300
        assert told["rows"][0]["frechet_distance"] == "inf"
        frame = pd.DataFrame(told["rows"])
    else:
        frame = pd.read_csv(path) if ending == "csv" else pd.read_parquet(path)
    assert frame["step"].tolist() == [100, 200, 300, 400]
    assert frame["verdict"].tolist()[:3] == ["healthy", "partial_collapse", "collapse"]
    assert frame["coverage"].tolist()[:3] == [0.9, 0.7, 0.1]
    assert frame["coverage_low"].tolist()[:3] == pytest.approx([0.88, 0.68, 0.08])
    assert frame["mode_share[7]"].tolist()[0] == 0.1
    assert frame["found"].tolist()[1] == "mode_dropping"
    assert frame["may_be_best"].tolist() == [True, False, False, False]
    assert frame["error"].tolist()[3] == "G_400.pt, damaged"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_another_ending_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(ValueError, match=r"\.csv, \.parquet, \.json can be written, got t\.xlsx"):
        table(card(H)).save(tmp_path / "t.xlsx")
    with pytest.raises(ValueError, match=r"\.svg, \.png, \.pdf can be drawn"):
        draw(table(card(H)), tmp_path / "t.gif")


def test_what_a_person_reads_first():
    lines = str(table(card(H, 0.9), card(H, 0.905), card(P, 0.7), card(C, 0.1), card(C, 0.1))).splitlines()
    assert lines == [
        "5 checkpoints",
        "best in coverage: step 200 (G_200.pt), coverage 0.905 [0.885, 0.925], a perfect generator 0.95 to 0.99; "
        "1 more cannot be told from it",
        "last healthy: step 200 (G_200.pt)",
        "partial collapse or worse from step 300 (G_300.pt) on",
        "collapse from step 400 (G_400.pt) on",
    ]
    assert "no collapse that lasts to the end" in str(table(card(H), card(H)))
    assert "last healthy: none" in str(table(card(C), card(C)))


def test_the_curve_is_drawn_alike_twice(tmp_path):
    found = table(card(H, 0.9), card(H, 0.92), card(P, 0.7), card(C, 0.1), card(Q, 0.5), card(C, 0.1))
    first, second = (draw(found, tmp_path / name).read_bytes() for name in ("a.svg", "b.svg"))
    assert first == second
    assert b"wrong from step 300 on" in first
    assert draw(found, tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.png", "a.svg", "b.svg"]
    with pytest.raises(ValueError, match="there are none"):
        draw(Sweep((Row(Path("best.pt"), None, "b", card(H)),)), tmp_path / "c.svg")
