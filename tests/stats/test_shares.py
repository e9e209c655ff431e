"""Counts of modes: exact intervals and tests against their definitions, and against the program of SciPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collapse_metrics.stats import shares as room
from collapse_metrics.stats.shares import (
    binomial_p_values,
    clopper_pearson,
    confusion_of,
    holm,
    samples_to_see,
    share_test,
    two_sample_p_values,
    undo_confusion,
)


class TestClopperPearson:
    @given(n=st.integers(1, 2000), part=st.floats(0, 1), level=st.sampled_from([0.5, 0.95, 0.999]))
    def test_agrees_with_scipy(self, n, part, level):
        count = round(part * n)
        theirs = stats.binomtest(count, n).proportion_ci(level, method="exact")
        assert clopper_pearson(count, n, level=level) == pytest.approx((theirs.low, theirs.high), abs=1e-9)

    def test_the_level_is_95_percent_unless_told(self):
        assert clopper_pearson(3, 20) == clopper_pearson(3, 20, level=0.95)

    def test_nothing_and_everything_have_one_open_end(self):
        # The rule of three: nothing in n says at most about 3.7 / n at 95 %, two-sided.
        assert clopper_pearson(0, 100) == (0.0, pytest.approx(1 - 0.025 ** (1 / 100)))
        assert clopper_pearson(100, 100) == (pytest.approx(0.025 ** (1 / 100)), 1.0)

    @pytest.mark.parametrize("share", [0.02, 0.3, 0.5])
    def test_covers_at_least_as_often_as_it_says(self, share):
        # Summed over every possible count: exact, no simulation.
        n = 40
        ends = [clopper_pearson(count, n) for count in range(n + 1)]
        weights = stats.binom.pmf(np.arange(n + 1), n, share)
        covered = sum(w for w, (low, high) in zip(weights, ends, strict=True) if low <= share <= high)
        assert 0.95 <= covered < 0.9999


class TestSamplesToSee:
    @given(share=st.floats(0.01, 0.99), alpha=st.floats(1e-4, 0.5))
    def test_agrees_with_brute_force(self, share, alpha):
        n = 1
        while (1 - share) ** n > alpha * (1 + 1e-12):
            n += 1
        assert samples_to_see(share, alpha=alpha) == n

    @pytest.mark.parametrize(
        ("share", "alpha", "n"), [(0.5, 0.25, 2), (0.5, 0.24, 3), (0.05, 0.0005, 149), (1.0, 0.01, 1)]
    )
    def test_known_answers(self, share, alpha, n):
        assert samples_to_see(share, alpha=alpha) == n


def random_confusion(rng, modes, least=0.6):
    """A classifier that is right in most cases of each mode."""
    errors = rng.dirichlet(np.ones(modes), size=modes)
    return least * np.eye(modes) + (1 - least) * errors


class TestUndoConfusion:
    @given(seed=st.integers(0, 10_000), modes=st.integers(2, 10))
    def test_recovers_the_shares_behind_noiseless_counts(self, seed, modes):
        rng = np.random.default_rng(seed)
        shares, confusion = rng.dirichlet(3 * np.ones(modes)), random_confusion(rng, modes, least=0.8)
        assert undo_confusion(1e6 * shares @ confusion, confusion) == pytest.approx(shares, abs=1e-4)

    @given(seed=st.integers(0, 10_000), modes=st.integers(2, 10), n=st.integers(1, 500))
    def test_stays_on_the_simplex(self, seed, modes, n):
        rng = np.random.default_rng(seed)
        counts = rng.multinomial(n, rng.dirichlet(0.3 * np.ones(modes)))
        shares = undo_confusion(counts, random_confusion(rng, modes))
        assert (shares >= 0).all()
        assert shares.sum() == pytest.approx(1.0)

    @given(seed=st.integers(0, 10_000), modes=st.integers(2, 6), n=st.integers(20, 500))
    def test_no_other_shares_explain_the_counts_better(self, seed, modes, n):
        rng = np.random.default_rng(seed)
        confusion = random_confusion(rng, modes)
        counts = rng.multinomial(n, rng.dirichlet(np.ones(modes)))

        def log_likelihood(shares):
            called = shares @ confusion
            return (counts * np.log(np.where(counts > 0, called, 1.0))).sum()

        best = undo_confusion(counts, confusion)
        others = [*np.eye(modes), *rng.dirichlet(np.ones(modes), size=30), counts / n]
        near = [0.99 * best + 0.01 * other for other in others]
        assert log_likelihood(best) >= max(map(log_likelihood, [*others, *near])) - 1e-3

    def test_a_mode_that_is_never_called_can_still_be_there(self):
        confusion = np.array([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]])
        assert undo_confusion(np.array([0, 7, 3]), confusion) == pytest.approx([0.7, 0.3, 0.0], abs=1e-6)

    def test_a_perfect_classifier_needs_no_correction(self):
        counts = np.array([3, 0, 17, 80])
        assert undo_confusion(counts, np.eye(4)) == pytest.approx(counts / 100, abs=1e-9)

    def test_rows_are_true_modes(self):
        confusion = np.array([[0.6, 0.4], [0.0, 1.0]])
        assert undo_confusion(np.array([600, 400]), confusion) == pytest.approx([1.0, 0.0], abs=5e-3)

    def test_sets_may_be_stacked_in_front(self, numpy_rng):
        confusion = random_confusion(numpy_rng, 4)
        tables = numpy_rng.multinomial(60, [0.4, 0.3, 0.2, 0.1], size=(3, 5))
        together = undo_confusion(tables, confusion)
        assert together.shape == (3, 5, 4)
        for i, j in np.ndindex(3, 5):
            assert together[i, j] == pytest.approx(undo_confusion(tables[i, j], confusion), abs=1e-4)

    def test_an_empty_set_among_others_spoils_nothing(self):
        shares = undo_confusion(np.array([[0, 0], [30, 10]]), 0.8 * np.eye(2) + 0.1)
        assert np.isfinite(shares).all()
        assert shares.sum(axis=1) == pytest.approx([1.0, 1.0])

    def test_inputs_are_left_alone(self):
        counts, confusion = np.array([3.0, 7.0]), np.array([[0.9, 0.1], [0.2, 0.8]])
        kept = counts.copy(), confusion.copy()
        undo_confusion(counts, confusion)
        assert np.array_equal(counts, kept[0])
        assert np.array_equal(confusion, kept[1])


@pytest.fixture(scope="module")
def confusion():
    """Of a thousand numbers, by a classifier that is right about 97 of 100 digits."""
    one = random_confusion(np.random.default_rng(0), 10, least=0.97)
    return np.kron(np.kron(one, one), one)


class TestUndoConfusionOfAThousandModes:
    @pytest.mark.parametrize("alive", [1, 100, 1000])
    def test_has_settled_where_no_mode_wants_to_grow(self, alive, confusion, numpy_rng):
        # The likelihood of a mixture is at its greatest where no mode's growth is above 1 (Lindsay 1983): what is left
        # to gain is at most n times the excess.
        shares = np.where(np.arange(1000) < alive, 1 / alive, 0.0)
        counts = numpy_rng.multinomial(10_000, shares @ confusion)
        found = undo_confusion(counts, confusion)
        growth = confusion @ np.divide(counts / 10_000, found @ confusion)
        assert growth.max() < 1 + 1.1e-3
        assert found.sum() == pytest.approx(1.0)
        # What it knows is limited by chance: the sum of a thousand deviations of a share of 0.001.
        assert np.abs(found - shares).sum() < 0.3

    def test_a_longer_search_moves_it_by_less_than_a_sample(self, confusion, numpy_rng, monkeypatch):
        shares = np.where(np.arange(1000) < 100, 0.01, 0.0)
        counts = numpy_rng.multinomial(10_000, shares @ confusion)
        found = undo_confusion(counts, confusion)
        monkeypatch.setattr(room, "SETTLED", 1e-9)
        assert np.abs(undo_confusion(counts, confusion) - found).max() < 0.2 / 10_000

    def test_sets_do_not_wait_for_each_other(self, confusion, numpy_rng):
        tables = np.stack(
            [numpy_rng.multinomial(500, np.full(1000, 1e-3) @ confusion), numpy_rng.multinomial(500, confusion[7])]
        )
        together = undo_confusion(tables, confusion)
        for table, shares in zip(tables, together, strict=True):
            assert shares == pytest.approx(undo_confusion(table, confusion), abs=1e-9)


class TestUndoConfusionBehindAPoorClassifier:
    def test_a_mode_that_begins_as_nothing_may_turn_out_to_be_all(self):
        # The inverse matrix gives the first mode a negative share; yet it alone explains the calls best.
        confusion = np.array([[0.2, 0.2, 0.6], [0.1, 0.7, 0.2], [0.1, 0.7, 0.2]])
        assert undo_confusion(np.array([0, 20, 80]), confusion) == pytest.approx([1.0, 0.0, 0.0], abs=1e-3)
        confusion = np.array([[0.4, 0.1, 0.5], [0.6, 0.4, 0.0], [0.0, 0.0, 1.0]])
        assert undo_confusion(np.array([96, 2, 2]), confusion) == pytest.approx([0.06, 0.94, 0.0], abs=5e-3)


class TestUndoConfusionWithoutAnInverse:
    def test_modes_that_are_called_alike_share_what_was_called(self):
        confusion = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
        shares = undo_confusion(np.array([30, 30, 40]), confusion)
        assert shares[0] + shares[1] == pytest.approx(0.6)
        assert shares[2] == pytest.approx(0.4)

    def test_a_mode_that_is_ruled_out_gets_nothing_and_calls_without_a_cause_are_left_over(self):
        confusion = np.array([[0.9, 0.1, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
        assert undo_confusion(np.array([90, 10, 0]), confusion) == pytest.approx([1.0, 0.0, 0.0])
        assert undo_confusion(np.array([60, 10, 30]), confusion).sum() == pytest.approx(0.7)


class TestConfusionOf:
    def test_rows_are_shares(self):
        table = np.array([[8, 2], [0, 5]])
        assert confusion_of(table) == pytest.approx(np.array([[0.8, 0.2], [0.0, 1.0]]))

    def test_a_mode_without_samples_is_not_confused(self):
        assert confusion_of(np.array([[0, 0], [1, 3]])) == pytest.approx(np.array([[1.0, 0.0], [0.25, 0.75]]))

    def test_parts_err_each_by_itself(self):
        # Two letters of two: 00 taken for 01 once in four. Letter 0 was seen right 7 times of 8, letter 1 never.
        table = np.zeros((4, 4))
        table[0, 0], table[0, 1] = 3, 1
        one = np.array([[7 / 8, 1 / 8], [0.0, 1.0]])
        assert confusion_of(table, parts=2) == pytest.approx(np.kron(one, one))

    def test_three_digits_recover_the_confusion_of_one(self, numpy_rng):
        one = random_confusion(numpy_rng, 10, least=0.8)
        truth = numpy_rng.integers(0, 10, size=(30_000, 3))
        called = (numpy_rng.random((30_000, 3, 1)) > one.cumsum(axis=1)[truth]).sum(axis=2).clip(max=9)
        table = np.zeros((1000, 1000))
        np.add.at(table, (truth @ [100, 10, 1], called @ [100, 10, 1]), 1)
        found = confusion_of(table, parts=3)
        # 9,000 digits a row: a share is known to 0.004, a product of three to 0.012; five of these.
        assert np.abs(found - np.kron(np.kron(one, one), one)).max() < 0.06
        assert np.abs(found.sum(axis=1) - 1).max() < 1e-9


class TestShareTest:
    def test_the_false_alarm_rate_is_the_level(self, numpy_rng):
        # 400 healthy tables at 5 %: outside of 5..40 alarms with a probability below 1e-4 (binomial tails).
        shares = np.array([0.4, 0.3, 0.15, 0.1, 0.05])
        tables = numpy_rng.multinomial(60, shares, size=400)
        alarms = sum(share_test(table, shares, draws=199, rng=numpy_rng) <= 0.05 for table in tables)
        assert 5 <= alarms <= 40

    def test_the_false_alarm_rate_holds_for_very_few_draws(self, numpy_rng):
        # Of 19 draws and the table itself, one is the most extreme: exactly 5 % at most. Bounds as above.
        shares = np.full(6, 1 / 6)
        tables = numpy_rng.multinomial(50, shares, size=400)
        alarms = sum(share_test(table, shares, draws=19, rng=numpy_rng) <= 0.05 for table in tables)
        assert alarms <= 40

    @given(seed=st.integers(0, 10_000), modes=st.integers(2, 8), n=st.integers(0, 300))
    def test_a_p_value_is_above_zero_and_at_most_one(self, seed, modes, n):
        rng = np.random.default_rng(seed)
        counts = rng.multinomial(n, rng.dirichlet(np.ones(modes)))
        p = share_test(counts, rng.dirichlet(np.ones(modes)), draws=99, rng=rng)
        assert 1 / 100 <= p <= 1

    def test_no_samples_say_nothing(self, numpy_rng):
        assert share_test(np.zeros(3, dtype=int), np.full(3, 1 / 3), rng=numpy_rng) == 1.0

    def test_what_cannot_be_is_as_extreme_as_can_be(self, numpy_rng):
        shares = np.array([0.5, 0.5, 0.0])
        assert share_test(np.array([5, 5, 1]), shares, draws=99, rng=numpy_rng) == 1 / 100
        assert share_test(np.array([5, 5, 0]), shares, draws=99, rng=numpy_rng) == 1.0

    def test_ties_count_against_the_alarm(self, numpy_rng):
        # One sample of two equal modes: both tables are equally extreme, whichever came.
        assert share_test(np.array([1, 0]), np.array([0.5, 0.5]), draws=99, rng=numpy_rng) == 1.0

    def test_agrees_with_the_chi_square_limit_for_many_samples(self, numpy_rng):
        shares, counts = np.array([0.2, 0.3, 0.5]), np.array([2100, 2970, 4930])
        limit = stats.power_divergence(counts, 10_000 * shares, lambda_="log-likelihood").pvalue
        assert share_test(counts, shares, rng=numpy_rng) == pytest.approx(limit, abs=0.02)


class TestHolm:
    @given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
    def test_agrees_with_the_definition(self, p_values):
        m = len(p_values)
        by_size = sorted(range(m), key=lambda i: p_values[i])
        expected, highest = [0.0] * m, 0.0
        for place, i in enumerate(by_size):
            highest = max(highest, min(1.0, (m - place) * p_values[i]))
            expected[i] = highest
        assert holm(np.array(p_values)) == pytest.approx(expected)

    def test_known_answer(self):
        # The example of Holm's procedure in R's p.adjust: 0.01, 0.02, 0.03, 0.04 at four tests.
        assert holm(np.array([0.03, 0.01, 0.04, 0.02])) == pytest.approx([0.06, 0.04, 0.06, 0.06])

    def test_one_test_needs_no_correction_and_none_is_allowed(self):
        assert holm(np.array([0.3])) == [0.3]
        assert len(holm(np.array([]))) == 0

    def test_errs_anywhere_at_most_at_the_level(self, numpy_rng):
        # 2,000 families of eight true nulls at 5 %: more than 145 with an error has a probability below 1e-4.
        families = numpy_rng.random((2000, 8))
        wrong = sum((holm(p_values) <= 0.05).any() for p_values in families)
        assert 55 <= wrong <= 145

    def test_inputs_are_left_alone(self):
        p_values = np.array([0.03, 0.01])
        holm(p_values)
        assert p_values.tolist() == [0.03, 0.01]


class TestBinomialPValues:
    @given(count=st.integers(0, 60), more=st.integers(0, 60), share=st.floats(0.01, 0.99))
    def test_is_below_alpha_exactly_where_clopper_and_pearson_leave_the_share_out(self, count, more, share):
        n = count + more
        p_value = binomial_p_values(np.array([count, more]), np.array([share, 1 - share]))[0]
        for alpha in (0.3, 0.05, 0.001):
            if n and abs(p_value - alpha) > 1e-9:
                low, high = clopper_pearson(count, n, level=1 - alpha)
                assert (p_value < alpha) == (not low <= share <= high)

    @given(n=st.integers(1, 200), part=st.floats(0, 1))
    def test_agrees_with_scipy_where_both_tails_are_alike(self, n, part):
        count = round(part * n)
        theirs = stats.binomtest(count, n, 0.5).pvalue
        assert binomial_p_values(np.array([count, n - count]), np.array([0.5, 0.5]))[0] == pytest.approx(theirs)

    def test_what_cannot_be_is_impossible_and_nothing_is_no_evidence(self):
        assert binomial_p_values(np.array([5, 1]), np.array([1.0, 0.0])).tolist() == [0.0, 0.0]
        assert binomial_p_values(np.array([6, 0]), np.array([1.0, 0.0])).tolist() == [1.0, 1.0]
        assert binomial_p_values(np.array([0, 0]), np.array([0.5, 0.5])).tolist() == [1.0, 1.0]


class TestTwoSamplePValues:
    @given(a=st.integers(0, 30), b=st.integers(1, 30), c=st.integers(0, 30), d=st.integers(1, 30))
    def test_each_tail_agrees_with_fishers_of_scipy(self, a, b, c, d):
        tails = [stats.fisher_exact([[a, b], [c, d]], alternative=way).pvalue for way in ("less", "greater")]
        p_values = two_sample_p_values(np.array([a, b]), np.array([c, d]))
        assert p_values[0] == pytest.approx(min(1.0, 2 * min(tails)))

    def test_equal_shares_are_not_suspect(self):
        assert two_sample_p_values(np.array([10, 20, 0]), np.array([100, 200, 0])).tolist() == [1.0, 1.0, 1.0]
