"""The study of cures: points of known modes, differences of known p-values, and every cure that there is."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reference_gans import cures as room
from reference_gans.data import Grid, Ring
from reference_gans.studies import cures
from reference_gans.studies._bars import bars
from reference_gans.studies._cure_arms import ARMS, CHANGES, PLAIN, PLANES, arm
from reference_gans.studies._differences import Difference, difference
from reference_gans.studies._runs import Runs

PLAIN_RUN = {"modes": 4, "high_quality": 0.5, "kl": 0.1, "width": 1.0, "cpu_seconds": 2.0}


def runs_of(modes_of, seeds=5):
    """Runs of the plain GAN and one cure, "R1"."""
    runs = Runs(cures.one_run, None, 1000)
    for plane in PLANES:
        for cure in (PLAIN, "R1"):
            for seed in range(seeds):
                runs.outcomes[f"{arm(plane, cure)}/{seed}"] = {**PLAIN_RUN, "modes": modes_of(plane, cure, seed)}
    return runs


def test_every_cure_of_the_room_is_compared():
    files = {path.stem for path in Path(room.__path__[0]).glob("[a-z]*.py")}
    used = {type(cure).__module__.rpartition(".")[2] for recipe in ARMS.values() for cure in recipe.cures}
    assert files - used == {"diff_augment"}


def test_the_arms_of_a_plane_differ_in_nothing_but_the_cure():
    for plane, plain in PLANES.items():
        for cure, change in CHANGES.items():
            recipe = ARMS[arm(plane, cure)]
            assert replace(recipe, name=plain.name, **{name: getattr(plain, name) for name in change}) == plain
    assert (PLANES["ring"].data, PLANES["grid"].data, PLANES["ring"].cures) == ("ring", "grid", ())


def test_real_points_show_every_mode_at_its_ceiling(rng):
    # 5,000 points: shares within 4 sd, each of which fails with probability below 1e-4.
    for mixture, modes in ((Ring(), 8), (Grid(), 25)):
        found = cures.seen(mixture.batch(5000, rng), mixture)
        assert found["modes"] == modes
        assert found["high_quality"] == pytest.approx(0.9889, abs=4 * 0.0015)
        assert abs(found["kl"]) < 0.004
        assert found["width"] == pytest.approx(1, abs=0.03)


def test_modes_count_from_a_quarter_of_their_due_share_on():
    mixture = Ring()
    due = 800 // 8
    counts = [due // 4, due // 4 - 1, 0, 0, 0, 0, 0, 800 - 2 * (due // 4) + 1]
    points = mixture.centres.repeat_interleave(torch.tensor(counts), dim=0)
    found = cures.seen(points, mixture)
    assert (found["modes"], found["high_quality"], found["width"]) == (2, 1.0, 0.0)
    far = cures.seen(points + 2.9 * mixture.sd * torch.tensor([1.0, 0.0]), mixture)
    assert (far["modes"], far["high_quality"]) == (2, 1.0)
    off = cures.seen(points + 3.1 * mixture.sd * torch.tensor([1.0, 0.0]), mixture)
    assert (off["modes"], off["high_quality"], off["kl"]) == (0, 0.0, None)
    assert cures.seen(points / 0, mixture) == {"modes": 0, "high_quality": None, "kl": None, "width": None}


def test_outcomes_follow_from_the_numbers():
    made = {"a": Difference(0.2, 0.05), "b": Difference(-0.2, 0.01), "c": Difference(0.4, 0.0501)}
    assert list(cures.outcome(made)) == [
        "**Confirmed** (more modes than the plain GAN): a.",
        "**Refuted** (fewer modes than the plain GAN): b.",
        "**Not decided** (a difference that chance may have made): c.",
    ]


def test_p_values_on_the_page_are_after_holm():
    runs = runs_of(lambda plane, cure, seed: 6 if cure == "R1" else 4)
    for plane in PLANES:
        for seed in range(5):
            runs.outcomes[f"{arm(plane, 'R2')}/{seed}"] = {**PLAIN_RUN, "modes": 4}
    found = cures.changes(runs)
    alone = difference([(cures.alive(runs, plane, "R1"), cures.alive(runs, plane, PLAIN)) for plane in PLANES])
    assert found["R1"] == Difference(pytest.approx((2 / 8 + 2 / 25) / 2), pytest.approx(2 * alone.p_value))
    assert found["R2"] == Difference(0, 1)
    page = list(cures.page(runs))
    assert "| R1 | 5 | 6 to 6 | 0.50 to 0.50 | 0.10 to 0.10 | 1.00 to 1.00 | 1.0 |" in page
    assert "**Confirmed** (more modes than the plain GAN): R1." in page


def test_bars_hold_a_dot_a_seed():
    drawn = bars({"a & b": {"one": [0.0, 0.5], "none": [], "two": [1.0]}, "c": {"three": [4.0, 2.0]}})
    assert drawn.count("<circle") == 5
    assert drawn.count("<rect") == 1 + 3
    assert "a &amp; b, 0 to 1<" in drawn
    assert "c, 0 to 4<" in drawn
    assert 'width="315.0"' in drawn  # three quarters of 420
    assert ">none<" not in drawn


def test_a_quick_try_runs_every_cure(tmp_path):
    cures.main(quick=True, out=tmp_path)
    runs = json.loads((tmp_path / "cures.json").read_text())
    assert set(runs) == {f"{name}/0" for name in ARMS}
    page = (tmp_path / "cures.md").read_text()
    assert "2 generator steps on the ring, 3 on the grid" in page
    assert page.count("| 1 |") >= 2 * len(CHANGES)
    assert "**Not decided**" in page
    assert "Confirmed" not in page
    assert (tmp_path / "cures.svg").read_text().count("<circle") == len(ARMS)


def test_a_run_can_be_had_again():
    name = arm("ring", "AdaGAN, 3 rounds")
    one, other = (cures.one_run(name, 3, 2) for _ in range(2))
    assert one == other
    assert np.isfinite(one["width"])
