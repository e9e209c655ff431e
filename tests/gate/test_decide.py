"""What the gate says of planted defects, of good samples, of several runs, and of the same latents."""

import numpy as np
import pytest
import torch

from collapse_metrics import Baseline, compare, score
from collapse_metrics.gate import LIMITS, MARGIN, MEASURES, Outcome, bounds_of
from collapse_metrics.gate.comparison import decide
from collapse_metrics.gate.pairs import PairedFall
from tests.gate.conftest import CENTRES, blobs

USUAL = bounds_of(None, None)


def decided(before, now, **more):
    options = {"modes": before[0].modes, "bounds": USUAL, "alpha": 0.01, **more}
    outcome, rows = decide(before, now, **options)
    return outcome, {row.measure: row for row in rows}


@pytest.fixture(scope="module")
def base(tallied):
    return tallied(blobs(2000, 1))


def test_good_samples_pass_and_every_measure_is_asked(base, tallied):
    outcome, rows = decided([base], [tallied(blobs(2000, 2))])
    assert outcome is Outcome.PASS
    assert list(rows) == list(MEASURES)
    assert all(row.at_most < row.limit for row in rows.values())
    assert all(row.margin < row.detectable < 1 for row in rows.values())


def with_copies(n, seed):
    points = blobs(n, seed)
    points[: n // 10] = points[n // 2 : n // 2 + n // 10]
    return points


DEFECTS = {
    "mode_share": lambda: blobs(2000, 3, shares=(1, 1, 1, 0.5)),
    "within_mode_spread": lambda: blobs(2000, 3, width=0.85),
    "duplicate_rate": lambda: with_copies(2000, 3),
    "accepted_share": lambda: torch.cat([blobs(1600, 3), torch.full((400, 2), 300.0) + torch.arange(400)[:, None]]),
    "distinct_neighbours": lambda: blobs(100, 3).repeat(20, 1) + 0.05 * blobs(2000, 4, shares=(1, 0, 0, 0)),
    "pairwise_distance": lambda: 5 + 0.8 * (blobs(2000, 3) - 5),
    "rke": lambda: blobs(2000, 3, shares=(1, 0.05, 0.05, 1)),
}


@pytest.mark.parametrize("measure", DEFECTS)
def test_each_defect_is_found_by_the_measure_made_for_it(measure, base, tallied):
    outcome, rows = decided([base], [tallied(DEFECTS[measure]())])
    assert outcome is Outcome.FAIL
    assert rows[measure].outcome is Outcome.FAIL
    assert rows[measure].p_value <= 0.01
    assert "credibly by more" in rows[measure].sentence()


def test_one_mode_that_shrank_is_named(base, tallied):
    points = blobs(2000, 3)
    near = (points - CENTRES[2]).norm(dim=1) < 5
    points[near] = CENTRES[2] + 0.4 * (points[near] - CENTRES[2])
    _, rows = decided([base], [tallied(points)])
    assert rows["mode_spread"].outcome is Outcome.FAIL
    assert rows["mode_spread"].name == "mode_spread[2]"


def test_few_samples_are_inconclusive_and_say_how_many_would_tell(tallied):
    outcome, rows = decided([tallied(blobs(150, 1))], [tallied(blobs(150, 2))])
    assert outcome is Outcome.INCONCLUSIVE
    unsure = [row for row in rows.values() if row.outcome is Outcome.INCONCLUSIVE]
    assert all(row.needed is None or row.needed > 150 for row in unsure)
    assert any("samples would tell" in row.sentence() for row in unsure)


def test_rubbish_fails_and_what_nothing_can_be_said_of_is_no_pass(base, tallied):
    outcome, rows = decided([base], [tallied(torch.full((2000, 2), 1e4))])
    assert outcome is Outcome.FAIL
    assert rows["accepted_share"].outcome is Outcome.FAIL
    assert rows["pairwise_distance"].outcome is Outcome.INCONCLUSIVE


def test_holm_makes_every_p_value_at_least_the_raw_one(base, tallied):
    from collapse_metrics.gate.falls import compared

    now = tallied(blobs(2000, 3, width=0.92))
    _, rows = decided([base], [now])
    raw = {m: compared(m, [base], [now], base.modes) for m in MEASURES}
    for measure, tests in raw.items():
        least = min(test.fall.worse(USUAL[measure].margin) for test in tests)
        assert rows[measure].p_value >= min(1.0, len(tests) * least)
    lowest = min(raw, key=lambda m: len(raw[m]) * min(t.fall.worse(USUAL[m].margin) for t in raw[m]))
    tests = raw[lowest]
    smallest = len(tests) * min(test.fall.worse(USUAL[lowest].margin) for test in tests)
    assert rows[lowest].p_value == pytest.approx(min(1.0, len(MEASURES) * smallest))


def test_a_wide_margin_forgives(base, tallied):
    outcome, _ = decided([base], [tallied(blobs(2000, 3, width=0.85))], bounds=bounds_of(0.3, 0.6))
    assert outcome is Outcome.PASS


def test_bounds():
    assert USUAL["mode_share"].margin == MARGIN
    assert USUAL["mode_share"].limit == LIMITS["mode_share"]
    assert bounds_of({"rke": 0.4}, None)["rke"].limit == 0.8  # the limit follows
    for margin, limit, says in [
        ({"fid": 0.1}, None, "got fid"),
        (1.5, None, "from 0 to 1"),
        (0.3, 0.2, "must lie above"),
        (float("nan"), None, "from 0 to 1"),
        (True, None, "from 0 to 1"),
    ]:
        with pytest.raises(ValueError, match=says):
            bounds_of(margin, limit)


class TestRuns:
    """Several trainings a side."""

    @staticmethod
    def runs(tallied, widths, seed):
        return [tallied(blobs(1000, seed + k, width=width)) for k, width in enumerate(widths)]

    def test_scatter_between_runs_forgives_what_one_pair_would_not(self, tallied):
        wide = self.runs(tallied, [0.8, 0.9, 1.0, 1.1, 1.2], 10)
        other = self.runs(tallied, [0.8, 0.85, 0.95, 1.0, 1.1], 20)
        assert decided(wide[2:3], other[:1])[1]["within_mode_spread"].outcome is Outcome.FAIL
        assert decided(wide, other)[1]["within_mode_spread"].outcome is Outcome.INCONCLUSIVE

    def test_runs_that_agree_show_a_fall(self, tallied):
        _, rows = decided(self.runs(tallied, [1] * 5, 10), self.runs(tallied, [0.8] * 5, 20))
        assert rows["within_mode_spread"].outcome is Outcome.FAIL
        assert rows["within_mode_spread"].loss == pytest.approx(0.2, abs=0.03)

    def test_runs_that_agree_pass_in_what_their_scatter_shows(self, tallied):
        _, rows = decided(self.runs(tallied, [1] * 5, 10), self.runs(tallied, [1] * 5, 20))
        assert not [row for row in rows.values() if row.outcome is Outcome.FAIL]
        assert rows["within_mode_spread"].outcome is Outcome.PASS
        assert "mode_spread" not in rows

    def test_one_new_run_beside_several(self, tallied):
        _, rows = decided(self.runs(tallied, [1] * 5, 10), self.runs(tallied, [0.5], 20))
        assert rows["within_mode_spread"].outcome is Outcome.FAIL


class TestLatents:
    """The same latents on both sides."""

    @staticmethod
    def cards(reference, tilt):
        """A generator whose modes lie at quarters of the first latent, and one whose borders have moved a little."""

        def make(border):
            def generator(z):
                modes = torch.bucketize(z[:, 0].contiguous(), torch.tensor([-0.674, border, 0.674]))
                return CENTRES[modes] + z[:, 1:]

            return generator

        options = {"latent": 3, "n": 2000, "reference": reference}
        return [score(generator=make(border), **options) for border in (0.0, tilt)]

    def test_a_share_is_compared_latent_by_latent(self, reference):
        before, now = self.cards(reference, -0.05)
        base = Baseline.from_scorecard(before)
        paired = decided(base.runs, Baseline.from_scorecard(now).runs)[1]["mode_share"]
        alone = decided(base.without_latents().runs, Baseline.from_scorecard(now).runs)[1]["mode_share"]
        assert paired.loss == pytest.approx(0.08, abs=0.03)
        assert paired.at_most < alone.at_most - 0.05

    def test_the_paired_test_keeps_its_level(self, numpy_rng):
        p = [0.02, 0.013, 0.13]  # only before, only now, both: a fall by 7 / 150
        counts = numpy_rng.multinomial(4000, [*p, 1 - sum(p)], size=2000)
        rejected = np.mean([PairedFall(*map(int, c[:3]), 4000).worse(7 / 150) <= 0.01 for c in counts])
        assert rejected < 0.022  # at 0.01, more than 43 of 2,000 come up with a probability of 1e-5


class TestCompare:
    """The one function for everybody."""

    def test_python(self, good, reference):
        base = Baseline.from_scorecard(good)
        assert compare(fake=blobs(2000, 2), baseline=base, reference=reference).outcome == "pass"
        found = compare(fake=blobs(2000, 2, width=0.7), baseline=base, reference=reference, margin=0.05, alpha=0.01)
        assert found.outcome == "fail"
        assert found.exit_code == 1
        assert "within_mode_spread fell by" in str(found)

    def test_a_clear_case_needs_few_samples(self, good, reference):
        about = {"baseline": Baseline.from_scorecard(good), "reference": reference, "max_n": 2000}
        found = compare(fake=blobs(2000, 2, width=0.5), **about)
        assert found.outcome == "fail"
        assert found.n == 250
        assert any("planned looks" in note for note in found.notes)

    def test_a_generator_draws_no_more_than_are_looked_at(self, good, reference):
        drawn = []

        def generator(z):
            drawn.append(len(z))
            return 0.1 * z

        about = {"baseline": Baseline.from_scorecard(good), "reference": reference, "max_n": 2000}
        assert compare(generator=generator, latent=2, **about).outcome == "fail"
        assert sum(drawn) == 250

    def test_required_findings(self, good, reference):
        about = {"baseline": Baseline.from_scorecard(good), "reference": reference, "margin": 0.9, "limit": 1.0}
        one_mode = blobs(2000, 2, shares=(1, 1, 1, 0.2))
        assert compare(fake=one_mode, **about).outcome == "pass"
        found = compare(fake=one_mode, require=["mode_dropping"], **about)
        assert found.outcome == "fail"
        assert found.findings[0][0] == "mode_dropping"
        unchecked = compare(fake=blobs(2000, 2), require=["loss_oscillation"], **about)
        assert unchecked.outcome == "inconclusive"  # no losses were given: not checked is not clear
