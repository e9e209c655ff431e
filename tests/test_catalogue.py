"""Any metric by name: what it is given, how sure it is, what a perfect generator would score, what is lacking."""

import math

import numpy as np
import pytest
import torch

import collapse_metrics as cm
from collapse_metrics import catalogue
from collapse_metrics._registry import METRICS, PROBES, metric
from collapse_metrics.catalogue import (
    STANDARD,
    NotMeasuredError,
    asked_for,
    measure_more,
    measure_one,
)
from collapse_metrics.given import FRESH_PART, LACKING, MOST_PICTURES, Given
from collapse_metrics.measurements import ALPHA, NEIGHBOUR_ROWS, look_at
from collapse_metrics.probing import STANDARD_PROBES
from collapse_metrics.reference import DRAWS

CENTRES = 5 * torch.eye(3)
SHARES = torch.tensor([0.5, 0.3, 0.2])


def mixture(n, rng, shares=SHARES):
    modes = torch.multinomial(shares, n, replacement=True, generator=rng)
    return CENTRES[modes] + torch.randn(n, 3, generator=rng)


@pytest.fixture(scope="module")
def reference():
    return cm.Reference.fit(real=mixture(1200, torch.Generator().manual_seed(1)), modes=CENTRES)


@pytest.fixture
def fake(rng):
    return mixture(240, rng)


@pytest.fixture
def register(monkeypatch, reference):
    """Register metrics for one test only; what the reference remembers of them is forgotten."""
    monkeypatch.setattr(catalogue, "METRICS", METRICS)
    before = dict(METRICS)

    def add(compute, **said):
        return metric(**{"best": 1.0, "collapsed": 0.0, "paper": "https://example.org", **said})(compute)

    yield add
    METRICS.clear()
    METRICS.update(before)
    reference.remembered.clear()


def given(fake, reference, **more):
    look = look_at(fake, reference, value_range=None)
    return Given(look, reference, **{"train": None, "losses": {}, "seed": 0, **more})


class TestNames:
    def test_the_standard_is_measured_anyhow(self):
        assert asked_for("standard") == asked_for(["standard"]) == ()

    def test_full_is_everything(self):
        assert asked_for("full") == (*METRICS, *PROBES)
        assert METRICS.keys() >= STANDARD
        assert PROBES.keys() >= set(STANDARD_PROBES)

    def test_names_are_themselves_once(self):
        assert asked_for(["recall", "coverage", "recall"]) == ("coverage", "recall")
        assert asked_for("recall") == ("recall",)

    @pytest.mark.parametrize("asked", ["recal", ["coverage", "recal"], ["full", "recal"]])
    def test_an_unknown_name_is_answered_with_near_ones_and_all(self, asked):
        with pytest.raises(ValueError, match=r"'recal' is no measure\. Did you mean recall.*these: .*coverage") as told:
            asked_for(asked)
        assert all(name in str(told.value) for name in [*METRICS, *PROBES])

    def test_a_name_like_no_other_gets_no_hint(self):
        with pytest.raises(ValueError, match=r"'xyzzy' is no measure\. There are"):
            asked_for("xyzzy")


class TestData:
    """What a metric is handed, by the names of its arguments."""

    def test_every_word_of_the_vocabulary_is_given_or_its_lack_explained(self, fake, reference):
        world = given(fake, reference, train=fake, losses={"g_loss": np.ones(90), "d_loss": np.ones(80)})
        there = frozenset({w for w in catalogue_words() if not world.lacking({w})})
        assert catalogue_words() - there == {"pictures", "modes_before", "modes_now"}
        data = world.of_look(there - {"fresh", "fake_modes"}, world.rows_for(frozenset({"fake"})))
        assert data["fake"].shape == (240, 3)
        assert data["real"] is reference.anchor
        assert data["train"] is fake
        assert data["shares"] is reference.shares
        assert data["real_counts"].sum() == 1200
        assert data["confusion"].tolist() == np.eye(3).tolist()
        assert len(data["g_losses"]) == len(data["d_losses"]) == 80
        for word in catalogue_words() - there:
            assert world.lacking({word}) == LACKING[word]

    def test_counts_are_of_accepted_samples(self, fake, reference):
        far = fake.clone()
        far[:40] += 100
        world = given(far, reference)
        data = world.of_look(frozenset({"counts", "accepted"}), torch.arange(240))
        assert data["counts"].sum() == data["accepted"].sum() <= 200
        assert world.size(frozenset({"counts", "shares"}), torch.arange(240)) == data["counts"].sum()

    def test_what_is_asked_within_modes_is_asked_of_accepted_samples(self, fake, reference):
        far = fake.clone()
        far[:40] += 100
        world = given(far, reference)
        rows = world.rows_for(frozenset({"fake", "fake_modes"}))
        assert rows.min() >= 40
        assert len(world.rows_for(frozenset({"fake"}))) == 240

    def test_neighbours_are_asked_of_no_more_samples_than_real_ones_can_stand_in_for(self, reference, rng):
        world = given(mixture(700, rng), reference)
        assert len(world.rows_for(frozenset({"real", "fake"}))) == 300 < NEIGHBOUR_ROWS
        assert len(world.rows_for(frozenset({"counts"}))) == 700

    def test_fresh_rows_have_the_make_up_of_the_samples_also_of_some_of_them(self, fake, reference):
        world = given(fake, reference)
        needs = frozenset({"fresh", "fake", "fake_modes"})
        rows = world.rows_for(needs)
        for kept in (rows, rows[:50]):
            data = world.of_look(needs, kept)
            called = reference.call(reference.embedder(data["fresh"]))
            assert torch.equal(called.bincount(minlength=3), data["fake_modes"].bincount(minlength=3))

    def test_a_perfect_generator_is_never_given_the_fresh_rows_themselves(self, fake, reference):
        world = given(fake, reference)
        needs = frozenset({"fresh", "fake"})
        rows = world.rows_for(needs)
        fresh = {tuple(row) for row in world.of_look(needs, rows)["fresh"].tolist()}
        perfect = list(world.of_perfect(needs, rows, 5))
        assert len(perfect) == DRAWS
        for data in perfect:
            assert len(data["fake"]) == len(rows)
            assert not fresh & {tuple(row) for row in data["fake"].tolist()}
            assert {tuple(row) for row in data["fresh"].tolist()} == fresh
        make_up = np.array([len(rows)])
        assert 0 < world.used(needs, rows) <= 1 / (FRESH_PART - 1)
        assert make_up.sum() >= 150

    def test_beside_fresh_rows_the_training_set_has_the_make_up_of_the_samples_too(self, reference, rng):
        train = mixture(900, rng)
        fake = mixture(200, rng, shares=torch.tensor([0.0, 0.5, 0.5]))
        world = given(fake, reference, train=train)
        needs = frozenset({"fresh", "fake", "fake_modes", "train"})
        data = world.of_look(needs, world.rows_for(needs))
        of_train = reference.call(reference.embedder(data["train"])).bincount(minlength=3).double()
        of_fake = data["fake_modes"].bincount(minlength=3).double()
        assert of_train / of_train.sum() == pytest.approx(of_fake / of_fake.sum(), abs=0.02)
        assert 200 < len(data["train"]) < 500  # all of the rarer mode that is left
        assert world.of_look(frozenset({"fake", "train"}), torch.arange(100))["train"] is train

    def test_a_perfect_generator_s_modes_vary_by_chance(self, fake, reference):
        world = given(fake, reference)
        needs = frozenset({"fake", "fake_modes"})
        counts = {
            tuple(d["fake_modes"].bincount(minlength=3).tolist()) for d in world.of_perfect(needs, torch.arange(100), 5)
        }
        assert len(counts) > DRAWS // 2

    def test_simulated_counts_know_that_the_reference_is_a_sample_too(self, fake, reference):
        world = given(fake, reference)
        needs = frozenset({"counts", "shares"})
        tables = np.array([d["counts"] for d in world.of_perfect(needs, torch.arange(240), 4000)])
        n, share = tables[0].sum(), reference.shares
        assert tables.mean(axis=0) / n == pytest.approx(share, abs=0.005)
        chance = share * (1 - share) * (1 / n + 1 / 1200)
        assert (tables / n).var(axis=0) == pytest.approx(chance, rel=0.15)  # 0.022 is its standard error

    def test_scales_are_measured_on_the_reference(self, reference):
        assert reference.scales == pytest.approx(torch.ones(3), abs=0.06)

    def test_with_one_mode_there_are_no_counts(self, rng):
        plain = cm.Reference.fit(real=torch.randn(400, 2, generator=rng))
        world = given(torch.randn(100, 2, generator=rng), plain)
        assert world.lacking({"counts", "shares"}) == "needs a reference of two modes or more"
        assert world.lacking({"centres"}) == "needs a reference with centres: fit it with modes="

    def test_pictures_come_as_the_embedder_takes_them_and_not_too_many(self, rng):
        world = given(torch.rand(300, 28, 28, generator=rng), cm.Reference.named("mnist"))
        needs = frozenset({"pictures"})
        assert not world.lacking(needs)
        assert world.of_look(needs, world.rows_for(needs))["pictures"].shape == (MOST_PICTURES, 1, 28, 28)


def catalogue_words():
    from collapse_metrics._registry import DATA

    return DATA


class TestNumbers:
    def test_interval_and_expected_of_a_mean_are_those_of_theory(self, register, reference, rng):
        def mean_of_first(*, fake):
            return fake[:, 0].double().mean().item()

        register(mean_of_first, span=(-math.inf, math.inf))
        fake = mixture(300, rng)
        found = measure_one("mean_of_first", fake=fake, reference=reference)
        error = fake[:, 0].std().item() / 300**0.5
        # t with nine degrees of freedom on a standard error that is itself known to a quarter.
        assert found.high - found.value == pytest.approx(2.26 * error, rel=0.6)
        assert found.high - found.value == pytest.approx(found.value - found.low)
        middle, reach = found.typical, (found.expected[1] - found.expected[0]) / 2
        assert middle == pytest.approx(reference.fresh[:, 0].mean().item(), abs=error)
        # Of one new set, beside a pool of 600 rows: sqrt(1 / 300 + 1 / 600) of the data's deviation.
        assert reach == pytest.approx(2.09 * error * 1.5**0.5, rel=0.5)

    def test_ends_stop_at_the_span(self, register, reference, fake):
        def nearly_one(*, fake):
            return (fake[:, 0] < 7.2).double().mean().item()

        register(nearly_one, span=(0.0, 1.0))
        found = measure_one("nearly_one", fake=fake, reference=reference)
        assert 0.97 < found.value < found.high == 1.0
        assert 0.95 < found.expected[0] < found.expected[1] == 1.0

    def test_a_metric_s_own_interval_comes_first(self, register, reference, fake):
        def middle(*, fake, seed=0):
            return 2.0

        register(middle, interval=lambda *, fake, level=0.95: (2.0 - len(fake), 2.5))
        found = measure_one("middle", fake=fake, reference=reference)
        assert (found.low, found.high) == (0.0, 2.5)
        assert found.n_fake == 240

    def test_a_p_value_has_a_level_and_no_interval(self, register, reference, fake):
        def chance(*, fake):
            return 0.3

        register(chance, is_test=True)
        found = measure_one("chance", fake=fake, reference=reference)
        assert (found.low, found.high, found.expected) == (None, None, (ALPHA, 1.0))

    def test_where_fewer_samples_are_too_few_there_is_no_interval(self, register, reference, fake):
        def greedy(*, fake):
            if len(fake) < 240:
                raise ValueError("more")
            return float(len(fake))

        register(greedy)
        found = measure_one("greedy", fake=fake, reference=reference)
        assert (found.value, found.low, found.high) == (240.0, None, None)

    def test_losses_have_neither_interval_nor_a_perfect_generator(self, register, reference, fake):
        def last_loss(*, g_losses):
            return float(g_losses[-1])

        register(last_loss)
        found = measure_one("last_loss", fake=fake, reference=reference, losses={"g_loss": [3.0, 4.0]})
        assert (found.value, found.low, found.expected, found.n_fake) == (4.0, None, None, 2)

    def test_perfect_scores_are_asked_once_for_each_size_and_seed(self, register, reference, rng):
        asked = []

        def counted(*, real, fake):
            asked.append(len(fake))
            return 1.0

        register(counted)
        cost = []
        for n, seed in ((200, 0), (200, 0), (210, 0), (200, 1)):
            before = len(asked)
            measure_one("counted", fake=mixture(n, rng), reference=reference, seed=seed)
            cost.append(len(asked) - before)
        assert cost == [1 + 10 + DRAWS, 1 + 10, 1 + 10 + DRAWS, 1 + 10 + DRAWS]

    def test_perfect_scores_beside_a_training_set_are_not_kept(self, register, reference, fake):
        def beside(*, train, fake):
            return train.double().mean().item()

        register(beside, span=(-math.inf, math.inf))
        first, second = (
            measure_one("beside", fake=fake, reference=reference, train=fake + shift) for shift in (0.0, 50.0)
        )
        assert second.expected[0] == pytest.approx(first.expected[0] + 50, abs=1e-3)

    @pytest.mark.parametrize("broken", [ValueError("too few of them"), math.nan])
    def test_what_cannot_be_measured_says_why(self, broken, register, reference, fake):
        def moody(*, fake):
            if isinstance(broken, Exception):
                raise broken
            return broken

        register(moody)
        look = look_at(fake, reference, value_range=None)
        found, lacking = measure_more(["moody", "coverage"], look, reference)
        assert [m.name for m in found] == ["coverage"]
        assert lacking == {"moody": str(broken) if isinstance(broken, Exception) else "the answer is not a number"}
        with pytest.raises(NotMeasuredError, match="moody was not measured: "):
            measure_one("moody", fake=fake, reference=reference)

    def test_data_that_may_be_left_out_are_not_lacking(self, register, reference, fake):
        def either(*, fake, pictures=None):
            return 1.0 if pictures is None else 0.0

        register(either)
        assert measure_one("either", fake=fake, reference=reference).value == 1.0

    def test_too_few_samples_are_said(self, reference, rng):
        with pytest.raises(NotMeasuredError, match="needs at least 50 finite samples"):
            measure_one("recall", fake=mixture(49, rng), reference=reference)
        with pytest.raises(NotMeasuredError, match="coverage was not measured"):
            measure_one("coverage", fake=mixture(49, rng), reference=reference)

    def test_the_standard_ones_come_as_the_verdict_sees_them(self, reference, fake):
        card = cm.score(fake=fake, reference=reference)
        for name in ("coverage", "neighbour_ratio", "mode_coverage"):
            assert measure_one(name, fake=fake, reference=reference) == card[name]


class TestScore:
    def test_standard_measures_what_the_verdict_rests_on_and_no_more(self, reference, fake):
        card = cm.score(fake=fake, reference=reference)
        assert [m.name for m in card.measurements if "[" not in m.name] == [
            "finite_share", "repeat_period", "whole_share", "raw_diversity", "raw_directions", "accepted_share",
            "samples_needed", "mode_coverage", "class_share_test", "detectable_share", "coverage", "density",
            "duplicate_rate", "pairwise_diversity", "distinct_neighbours", "direction_ratio", "dimension_ratio",
            "neighbour_ratio", "near_duplicate_rate",
        ]  # fmt: skip
        assert "not_measured" not in card.provenance

    def test_names_are_measured_beside_the_standard(self, reference, fake):
        plain = cm.score(fake=fake, reference=reference)
        more = cm.score(fake=fake, reference=reference, measures=["recall"])
        assert more.measurements[:-1] == plain.measurements
        assert more.measurements[-1].name == "recall"
        assert (more.verdict, more.findings) == (plain.verdict, plain.findings)

    def test_an_unknown_name_is_refused_before_any_work(self):
        with pytest.raises(ValueError, match="Did you mean recall"):
            cm.score(fake=None, measures="recal")

    def test_full_measures_everything_or_says_why_not(self, reference, fake, rng):
        losses = {"g_loss": torch.randn(300, generator=rng).numpy(), "d_loss": torch.randn(300, generator=rng).numpy()}
        card = cm.score(fake=fake[:150], reference=reference, measures="full", losses=losses, train=mixture(300, rng))
        seen, lacking = {m.name for m in card.measurements}, card.provenance["not_measured"]
        assert {*METRICS, *PROBES} == (seen | lacking.keys()) & {*METRICS, *PROBES}
        assert not seen & lacking.keys()
        for name, why in lacking.items():
            spec = METRICS.get(name)
            assert why, name
            assert name in PROBES or spec.needs & {"pictures", "modes_before"}, (name, why)
        for m in card.measurements:
            spec = METRICS.get(m.name)
            if spec is None:
                continue
            if m.low is not None:
                assert m.low <= m.value <= m.high, m
            if not spec.is_test and not spec.needs & {"g_losses", "d_losses"}:
                assert m.expected is not None, m
                assert spec.span[0] <= m.expected[0] <= m.expected[1] <= spec.span[1], m

    def test_the_training_set_is_embedded_like_the_samples(self, register, reference, fake):
        def of_train(*, train):
            return float(train.sum())

        register(of_train)
        card = cm.score(fake=fake, reference=reference, train=fake.numpy(), measures=["of_train"])
        assert card["of_train"].value == pytest.approx(fake.sum().item(), rel=1e-4)

    def test_probes_are_run_by_name_and_missed_without_a_generator(self, reference, fake, rng):
        names = ["dead_directions"]
        generator = torch.nn.Linear(4, 3)
        card = cm.score(generator=generator, latent=4, n=200, reference=reference, measures=names)
        assert names[0] in card
        assert card.provenance.get("not_measured", {}) == {}
        if names[0] not in STANDARD_PROBES:
            lacking = cm.score(fake=fake, reference=reference, measures=names).provenance["not_measured"]
            assert "pass generator=" in lacking[names[0]]
