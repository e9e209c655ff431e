"""The front door: every registered metric streams as its plan says; a new one is tested here without a new line."""

import inspect
import math
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from collapse_metrics import metrics
from collapse_metrics._registry import METRICS, PROBES
from collapse_metrics.metrics import Balls
from collapse_metrics.streaming import Counts, Reservoir, accumulate, plan
from collapse_metrics.streaming.plans import EXACT, IN_ORDER, MOST_PICTURES, ONLY_WITH, SAMPLED, STREAMED
from tests.test_metric_laws import scene

STREAMING = [spec for spec in METRICS.values() if not spec.needs & IN_ORDER and spec.needs & set(STREAMED)]
each = pytest.mark.parametrize("spec", STREAMING, ids=lambda spec: spec.name)
BATCHES = 5


def stream_of(spec, kind):
    """A scene of the law tests as fixed data, and what comes as batches of unequal size."""
    data = scene(spec, kind, torch.Generator().manual_seed(0))
    coming = {name: data.pop(name) for name in STREAMED if name in spec.needs}
    if "counts" in coming:
        coming["counts"] = torch.arange(len(coming["counts"])).repeat_interleave(torch.as_tensor(coming["counts"]))
    cuts = np.linspace(0, 1, BATCHES)[:-1] ** 2
    length = len(next(iter(coming.values())))
    places = (cuts * length).astype(int).tolist()
    return data, list(zip(*(torch.as_tensor(rows).tensor_split(places) for rows in coming.values()), strict=True))


def fresh_stream(spec, fixed, stream=0):
    modes = 10 if "counts" in spec.needs else None
    return accumulate(spec.name, modes=modes, reservoir=Reservoir(1000, stream=stream), **fixed)


@pytest.mark.parametrize("kind", ["healthy", "collapsed"])
@each
def test_a_stream_scores_what_all_samples_score_at_once(spec, kind):
    fixed, batches = stream_of(spec, kind)
    parts = [fresh_stream(spec, fixed, stream) for stream in range(2)]
    for place, batch in enumerate(batches):
        parts[place % 2].update(*batch)
    seen = parts[0].merge(parts[1])
    once = spec.compute(**scene(spec, kind, torch.Generator().manual_seed(0)))
    assert seen.exact  # or there was room for every sample
    assert seen.result() == pytest.approx(once, rel=1e-9, abs=1e-9)


@each
def test_an_exact_plan_keeps_no_samples(spec):
    fixed, batches = stream_of(spec, "healthy")
    seen = fresh_stream(spec, fixed)
    assert plan(spec.name).exact != isinstance(seen.accumulator, Reservoir)
    if plan(spec.name).exact:
        for batch in batches:
            seen.update(*batch)
        once = {name: state.shape for name, state in seen.state_dict().items()}
        for batch in batches:
            seen.update(*batch)
        assert once == {name: state.shape for name, state in seen.state_dict().items()}


@each
def test_every_plan_says_why(spec):
    assert len(plan(spec.name).why) > 10


@pytest.mark.parametrize("name", [s.name for s in METRICS.values() if s not in STREAMING])
def test_what_does_not_stream_says_so(name):
    with pytest.raises(ValueError, match=f"{name} does not stream: "):
        plan(name)


def test_the_tables_name_registered_metrics_only():
    assert set(EXACT) | set(SAMPLED) <= set(METRICS)
    assert not set(EXACT) & set(SAMPLED)


IN_THE_DOCS = dict(
    re.findall(r"^\| `(\w+)` \| (\w+)", (Path(__file__).parents[2] / "docs" / "streaming.md").read_text(), re.M)
)


@pytest.mark.parametrize("name", ONLY_WITH)
def test_an_option_may_decide(name, rng):
    fake = torch.randn(40, 3, generator=rng)
    for option, value in ONLY_WITH[name].items():
        assert inspect.signature(METRICS[name].compute).parameters[option].default == value
    assert plan(name).exact
    options = {"kernel": "gaussian", "bandwidth": 2.0}
    assert not plan(name, **options).exact
    seen = accumulate(name, **options)
    seen.update(fake)
    assert seen.result() == METRICS[name].compute(fake=fake, **options)


def test_few_pictures_are_kept():
    assert accumulate("pairwise_ssim").accumulator.size == MOST_PICTURES


class TestTheTableInTheDocs:
    @pytest.mark.parametrize("name", sorted(set(EXACT) | set(SAMPLED)))
    def test_has_every_metric_with_an_entry_of_its_own(self, name):
        assert name in IN_THE_DOCS

    @pytest.mark.parametrize("name", sorted(IN_THE_DOCS))
    def test_says_what_happens(self, name):
        try:
            happens = "exact" if plan(name).exact else "sample"
        except ValueError:
            happens = "no"
        assert IN_THE_DOCS[name] == happens


class TestANewcomer:
    """A metric that nobody has thought of here streams by the data that it asks for."""

    @pytest.fixture(autouse=True)
    def _registry_of_its_own(self):
        before = dict(METRICS)
        yield
        METRICS.clear()
        METRICS.update(before)

    def register(self, compute):
        from collapse_metrics._registry import metric

        return metric(best=1.0, collapsed=0.0, paper="https://example.org")(compute)

    def test_of_counts_is_exact(self):
        @self.register
        def most_drawn(*, counts):
            return float(counts.max())

        seen = accumulate("most_drawn", modes=3)
        seen.update([0, 1])
        seen.update([1, 1])
        assert (seen.result(), seen.exact) == (3.0, True)

    def test_of_samples_is_sampled(self):
        @self.register
        def widest(*, fake, modes_now, factor=1.0):
            return factor * float(fake.max()) + float(modes_now.sum())

        seen = accumulate("widest", reservoir=Reservoir(3), factor=2.0)
        seen.update(torch.ones(2, 4), torch.ones(2))
        assert (seen.result(), seen.exact) == (4.0, True)
        seen.update(fake=torch.ones(2, 4), modes_now=torch.ones(2))
        assert (seen.result(), seen.exact, seen.n) == (5.0, False, 4)

    def test_of_series_is_refused(self):
        @self.register
        def last_loss(*, g_losses):
            return float(g_losses[-1])

        with pytest.raises(ValueError, match="whose order is part of what they say"):
            accumulate("last_loss")

    def test_of_real_data_alone_is_refused(self):
        @self.register
        def spread(*, real):
            return 0.0

        with pytest.raises(ValueError, match="it looks at real, not at samples"):
            accumulate("spread", reference=torch.ones(3, 2))


class TestReference:
    real = torch.randn(60, 3, generator=torch.Generator().manual_seed(1))
    fake = torch.randn(50, 3, generator=torch.Generator().manual_seed(2))

    def score(self, name, reference, **options):
        seen = accumulate(name, reference=reference, **options)
        seen.update(self.fake)
        return seen.result()

    def test_is_rows_or_balls_or_has_an_anchor(self):
        once = metrics.coverage(real=self.real, fake=self.fake, k=3)
        held = SimpleNamespace(anchor=self.real, shares=np.ones(1), confusion=None)
        for reference in (self.real, self.real.numpy(), held):
            assert self.score("coverage", reference, k=3) == once
        assert self.score("coverage", Balls.fit(real=self.real, k=3)) == once

    def test_may_be_balls_where_rows_are_sampled(self):
        balls = Balls.fit(real=self.real, k=3)
        assert self.score("recall", balls, k=3) == metrics.recall(real=self.real, fake=self.fake, k=3)

    def test_stands_in_for_fresh_rows(self):
        once = metrics.neighbour_ratio(fresh=self.real[:50], fake=self.fake)
        assert self.score("neighbour_ratio", self.real) == once

    def test_gives_shares_and_confusion(self):
        shares, confusion = np.array([0.7, 0.3]), np.array([[0.9, 0.1], [0.2, 0.8]])
        held = SimpleNamespace(anchor=self.real, shares=shares, confusion=confusion)
        seen = accumulate("mode_coverage", reference=held)
        seen.update([0, 0, 0, 1])
        once = metrics.mode_coverage(counts=np.array([3, 1]), shares=shares, confusion=confusion)
        assert seen.result() == once

    def test_gives_way_to_what_is_given_by_name(self):
        held = SimpleNamespace(anchor=self.real, shares=np.array([0.5, 0.5]), confusion=None)
        seen = accumulate("mode_coverage", reference=held, shares=[1.0, 0.0])
        seen.update([0])
        assert seen.result() == 1.0

    def test_shares_of_a_list_keep_their_digits(self):
        shares = [0.1] * 10
        seen = accumulate("class_share_test", shares=shares)
        seen.update(np.arange(10))
        assert seen.result() == metrics.class_share_test(counts=np.ones(10, dtype=int), shares=np.array(shares))


def test_the_default_k_is_the_metrics_own(rng):
    real, fake = torch.randn(60, 3, generator=rng), torch.randn(50, 3, generator=rng)
    for name in ("coverage", "precision", "clipped_density"):
        seen = accumulate(name, reference=real)
        seen.update(fake)
        assert seen.result() == pytest.approx(METRICS[name].compute(real=real, fake=fake), abs=1e-12)


def test_goes_on_from_a_saved_state(rng):
    real, fake = torch.randn(60, 3, generator=rng), torch.randn(50, 3, generator=rng)
    seen = accumulate("density", reference=real)
    seen.update(fake[:20])
    resumed = accumulate("density", reference=real)
    resumed.load_state_dict(seen.state_dict())
    resumed.update(fake[20:])
    assert resumed.result() == metrics.density(real=real, fake=fake)
    assert (resumed.n, resumed.empty().n) == (50, 0)


def test_the_number_of_modes_reaches_a_metric_that_asks_for_it():
    seen = accumulate("mode_stability", modes=10)
    seen.update(torch.tensor([0, 1, 2, 3]), torch.tensor([0, 1, 2, 0]))
    assert seen.result() == pytest.approx((0.75 - 0.1) / 0.9)


def test_a_reservoir_is_read_as_what_it_is(rng):
    seen = accumulate("recall", reference=torch.randn(60, 3, generator=rng), reservoir=Reservoir(20, seed=3))
    seen.update(torch.randn(20, 3, generator=rng))
    assert seen.exact
    seen.update(torch.randn(1, 3, generator=rng))
    assert not seen.exact
    assert 0 <= seen.result() <= 1


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("coverag", {}, r"one of the metrics .*coverage.* is needed, got 'coverag'"),
        ("coverage", {"j": 3}, "`j` is neither data nor an option of coverage: it takes real, fake, k"),
        ("coverage", {}, "coverage needs `real`: pass real=, or a reference that has it"),
        ("coverage", {"fake": torch.ones(3, 2)}, "`fake` comes in batches: pass it to `update`"),
        ("coverage", {"shares": [1.0]}, "coverage does not ask for `shares`: it asks for fake, real"),
        ("mode_coverage", {"shares": None, "modes": 3}, "mode_coverage needs `shares`"),
        ("latent_sensitivity", {}, "is a probe, which needs the generator itself"),
    ],
)
@pytest.mark.bad_input
def test_bad_requests_are_explained(name, given, message):
    import collapse_metrics.probes  # noqa: F401

    assert "latent_sensitivity" in PROBES
    given = {key: value for key, value in given.items() if value is not None}
    with pytest.raises(ValueError, match=message):
        accumulate(name, **given)


@pytest.mark.bad_input
def test_streams_of_two_metrics_are_not_merged(rng):
    real = torch.randn(60, 3, generator=rng)
    with pytest.raises(ValueError, match=r"got coverage \{\} and density \{\}"):
        accumulate("coverage", reference=real).merge(accumulate("density", reference=real))
    one, other = (accumulate("class_share_test", shares=[0.5, 0.5], seed=seed) for seed in (0, 1))
    with pytest.raises(ValueError, match="two streams of one metric with one set of options"):
        one.merge(other)
    assert isinstance(one.accumulator, Counts)
    assert not math.isnan(one.n)
