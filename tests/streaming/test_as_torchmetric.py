"""The adapter: a genuine torchmetrics.Metric whose number is ours, in one process and in two, and which keeps it."""

import copy
import io
import math
import pickle
import warnings
from datetime import timedelta

import pytest
import torch
import torchmetrics
from matplotlib.figure import Figure
from torch import nn
from torch.multiprocessing.spawn import start_processes

from collapse_metrics import metrics
from collapse_metrics._registry import METRICS
from collapse_metrics.streaming import Reservoir, accumulate, as_torchmetric

REAL = torch.randn(40, 3, generator=torch.Generator().manual_seed(1))
FAKE = torch.randn(60, 3, generator=torch.Generator().manual_seed(2))
CALLED = torch.arange(60) % 3

BATCHES = {
    "coverage": ({"reference": REAL, "k": 3}, (FAKE,)),
    "clipped_density": ({"reference": REAL}, (FAKE,)),
    "distinct_neighbours": ({"reference": REAL}, (FAKE,)),
    "mode_coverage": ({"shares": [0.25] * 4}, (CALLED,)),
    "recall": ({"reference": REAL, "k": 3, "reservoir": Reservoir(100)}, (FAKE,)),
}
every_kind = pytest.mark.parametrize("name", BATCHES)


def made(name):
    given, data = BATCHES[name]
    batches = list(zip(*(rows.split([7, 20, 1, 0, 32]) for rows in data), strict=True))
    return as_torchmetric(name, **given), batches


def once(name):
    given, data = BATCHES[name]
    seen = accumulate(name, **given)
    seen.update(*data)
    return pytest.approx(seen.result(), abs=1e-12)


def fed(metric, batches):
    for batch in batches:
        metric.update(*batch)
    return metric


@every_kind
def test_is_a_metric_and_gives_the_number(name):
    metric, batches = made(name)
    assert isinstance(metric, torchmetrics.Metric)
    assert fed(metric, batches).compute().item() == once(name)
    assert metric.compute().dtype == torch.float64
    assert metric.compute().ndim == 0


@every_kind
def test_forward_gives_the_batch_and_keeps_the_whole(name):
    metric, batches = made(name)
    given, _ = BATCHES[name]
    for batch in batches:
        alone = accumulate(name, **given)
        alone.update(*batch)
        try:
            expected = alone.result()
        except ValueError:
            expected = math.nan  # recall asks for more samples than this batch has
        assert metric(*batch).item() == pytest.approx(expected, nan_ok=True)
    assert metric.compute().item() == once(name)
    metric.reset()
    metric(*batches[4])
    metric.compute()
    for batch in batches[:4]:
        metric(*batch)
    assert metric.compute().item() == once(name)
    assert metric.update_count == len(batches)


@every_kind
def test_reset_forgets_the_samples_and_keeps_the_reference(name):
    metric, batches = made(name)
    fed(metric, batches).compute()
    metric.reset()
    with pytest.warns(UserWarning, match="before the ``update`` method"), pytest.raises(ValueError, match="got none"):
        metric.compute()
    assert fed(metric, batches).compute().item() == once(name)


@every_kind
def test_states_are_merged(name):
    metric, batches = made(name)
    given, _ = BATCHES[name]
    if "reservoir" in given:
        given = given | {"reservoir": Reservoir(100, stream=1)}
    for form in (lambda other: other, lambda other: other.metric_state):
        metric.reset()
        other = fed(as_torchmetric(name, **given), batches[2:])
        fed(metric, batches[:2]).compute()
        metric.merge_state(form(other))
        assert metric.compute().item() == once(name)


@every_kind
def test_clones_and_pickles_go_on_alone(name):
    metric, batches = made(name)
    fed(metric, batches[:2])
    for twin in (metric.clone(), copy.deepcopy(metric), pickle.loads(pickle.dumps(metric))):
        assert type(twin) is type(metric)
        assert fed(twin, batches[2:]).compute().item() == once(name)
    assert fed(metric, batches[2:]).compute().item() == once(name)


@every_kind
def test_a_checkpoint_holds_the_samples_if_asked_and_never_the_reference(name):
    metric, batches = made(name)
    holder = nn.ModuleDict({"score": fed(metric, batches[:2])})
    assert not holder.state_dict()
    metric.persistent(True)
    file = io.BytesIO()
    torch.save(holder.state_dict(), file)
    assert not any("fixed" in key for key in holder.state_dict())
    file.seek(0)
    resumed, _ = made(name)
    nn.ModuleDict({"score": resumed}).load_state_dict(torch.load(file, weights_only=True))
    assert fed(resumed, batches[2:]).compute().item() == once(name)


@every_kind
def test_half_precision_of_the_network_is_not_its_own(name):
    metric, batches = made(name)
    fed(metric, batches[:2])
    holder = nn.ModuleDict({"score": metric})
    for convert in (holder.half, holder.bfloat16, lambda: holder.to(torch.float16), lambda: metric.set_dtype("half")):
        convert()
    assert fed(metric, batches[2:]).compute().item() == once(name)


@every_kind
def test_moves_with_the_network(name):
    # No accelerator is needed to see that every tensor is asked to move.
    metric, batches = made(name)
    fed(metric, batches)
    away = metric.to("meta")
    states = [part for state in away.metric_state.values() for part in (state if isinstance(state, list) else [state])]
    blank = away._streamed.accumulator
    held = [*states, *away.buffers(), *blank.fixed.values(), *blank.blank.values()]
    assert {tensor.device.type for tensor in held} == {"meta"}


@every_kind
def test_knows_its_direction_and_its_ends(name):
    metric, _ = made(name)
    spec = METRICS[name]
    assert metric.higher_is_better is spec.higher_is_better is True
    assert not metric.is_differentiable
    assert not metric.full_state_update
    assert metric.plot_lower_bound == 0.0
    assert metric.plot_upper_bound == (None if math.isinf(spec.span[1]) else spec.span[1])
    assert type(metric).__name__ == "".join(word.title() for word in name.split("_"))


def test_can_be_plotted():
    metric, batches = made("coverage")
    fed(metric, batches)
    axes = Figure().add_subplot()
    metric.plot(ax=axes)
    assert axes.get_ylabel() == "Coverage"
    metric.plot([metric.compute(), metric.compute()], ax=axes)
    assert axes.get_xlabel() == "Step"


class TestCollection:
    def collection(self, **kwargs):
        other = {"reference": REAL + 100, "k": 3}
        return torchmetrics.MetricCollection(
            {
                "coverage": as_torchmetric("coverage", reference=REAL, k=3),
                "density": as_torchmetric("density", reference=REAL, k=3),
                "far": as_torchmetric("coverage", **other),
                "farther": as_torchmetric("precision", reference=REAL - 100, k=3),
                "recall": as_torchmetric("recall", reference=REAL, k=3),
                "ratio": as_torchmetric("neighbour_ratio", reference=REAL),
            },
            **kwargs,
        )

    def expected(self):
        return {
            "coverage": metrics.coverage(real=REAL, fake=FAKE, k=3),
            "density": metrics.density(real=REAL, fake=FAKE, k=3),
            "far": 0.0,
            "farther": 0.0,
            "recall": metrics.recall(real=REAL, fake=FAKE, k=3),
            "ratio": metrics.neighbour_ratio(fresh=REAL, fake=self.sampled()),
        }

    def sampled(self):
        return accumulate_sample(len(REAL))

    @pytest.mark.parametrize("how", ["update", "forward", "both"])
    @pytest.mark.parametrize("groups", [True, False])
    def test_gives_every_number(self, how, groups):
        together = self.collection(compute_groups=groups)
        for place, batch in enumerate(FAKE.split(9)):
            if how == "update" or (how == "both" and place % 2 == 0):
                together.update(batch)
            else:
                together(batch)
        values = {name: value.item() for name, value in together.compute().items()}
        assert values == pytest.approx(self.expected())

    def test_counts_once_for_all_metrics_of_one_reference_and_never_for_two(self):
        together = self.collection()
        together.update(FAKE[:9])
        assert sorted(map(sorted, together.compute_groups.values())) == [
            ["coverage", "density"],
            ["far"],
            ["farther"],
            ["ratio"],
            ["recall"],
        ]

    def test_hands_out_what_each_metric_asks_for(self):
        together = torchmetrics.MetricCollection(
            [as_torchmetric("coverage", reference=REAL, k=3), as_torchmetric("mode_coverage", shares=[0.25] * 4)]
        )
        for rows, called in zip(FAKE.split(9), CALLED.split(9), strict=True):
            together.update(fake=rows, fake_modes=called)
        values = together.compute()
        assert values["Coverage"].item() == metrics.coverage(real=REAL, fake=FAKE, k=3)
        assert values["ModeCoverage"].item() == 0.75


def accumulate_sample(size):
    seen = Reservoir(size)
    seen.update(FAKE)
    return seen.sample["fake"]


def test_a_tracker_knows_which_is_best():
    tracker = torchmetrics.MetricTracker(as_torchmetric("coverage", reference=REAL))
    for rows in (FAKE[:5], FAKE, FAKE[:20]):
        tracker.increment()
        tracker.update(rows)
    best, step = tracker.best_metric(return_step=True)
    assert (best, step) == (metrics.coverage(real=REAL, fake=FAKE), 1)


def test_a_refused_batch_costs_nothing():
    metric, batches = made("coverage")
    fed(metric, batches)
    for take in (metric.update, metric):
        with pytest.raises(ValueError, match="NaN or infinity"):
            take(torch.full((4, 3), torch.nan))
    assert metric.compute().item() == once("coverage")


def test_a_full_reservoir_samples_alike_whether_updated_or_called():
    samples = []
    for take in ("update", "forward"):
        metric = as_torchmetric("recall", reference=REAL, k=3, reservoir=Reservoir(12))
        for batch in FAKE.split(7):
            getattr(metric, take)(batch)
        samples.append(metric.compute().item())
    assert samples[0] == samples[1] == metrics.recall(real=REAL, fake=accumulate_sample(12), k=3)


def test_options_of_torchmetrics_are_handed_on():
    metric = as_torchmetric("coverage", reference=REAL, compute_with_cache=False, sync_on_compute=False)
    assert (metric.compute_with_cache, metric.sync_on_compute) == (False, False)


@pytest.mark.bad_input
def test_strangers_are_not_merged():
    metric, batches = made("coverage")
    fed(metric, batches)
    with pytest.raises(ValueError, match="a Coverage is needed, got a ClippedDensity"):
        metric.merge_state(made("clipped_density")[0])
    with pytest.raises(ValueError, match="from one reference and one set of options"):
        metric.merge_state(as_torchmetric("coverage", reference=REAL, k=4))
    same = as_torchmetric("recall", reference=REAL)
    same.update(FAKE)
    with pytest.raises(ValueError, match="give each source its own `stream=`"):
        same.merge_state(same.clone())


def on_two_ranks(rank, init, found):
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # torchmetrics warns of a rank that has seen nothing
    torch.distributed.init_process_group(
        "gloo", init_method=init, rank=rank, world_size=2, timeout=timedelta(seconds=60)
    )
    for name in BATCHES:
        for shared in ([[0, 1, 2], [3, 4]], [[0, 1, 2, 3, 4], []]):
            metric, batches = made(name)
            for place in shared[rank]:
                metric.update(*batches[place])
            found.append((name, metric.compute().item()))
            metric.reset()
            for place in shared[1 - rank]:
                metric.update(*batches[place])
            metric.sync()  # by hand, as trainers do, without our own gathering function
            metric.unsync()
            assert metric.compute().item() == found[-1][1]
            metric.update(*batches[3])  # no rows
            assert metric.compute().item() == found[-1][1]
    full = as_torchmetric("recall", reference=REAL, k=3, reservoir=Reservoir(12))
    full.update(FAKE.tensor_split([25])[rank])
    found.append(("full", full.compute().item()))
    strange = as_torchmetric("coverage", reference=REAL + rank)
    strange.update(FAKE)
    try:
        strange.compute()
    except ValueError as error:
        found.append(("strange", str(error)))
    torch.distributed.destroy_process_group()
    torch.save(found, f"{init.removeprefix('file://')}.{rank}")


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_two_processes_agree_with_one(tmp_path):
    # Forked, because starting anew would import torch and torchmetrics twice: ten seconds instead of one.
    init = f"file://{tmp_path}/meet"
    start_processes(on_two_ranks, args=(init, []), nprocs=2, start_method="fork")
    found = [torch.load(f"{tmp_path}/meet.{rank}") for rank in range(2)]
    for name, value in found[0][: 2 * len(BATCHES)] + found[1][: 2 * len(BATCHES)]:
        assert value == once(name)
    parts = [Reservoir(12, stream=rank, fixed={"real": REAL}) for rank in range(2)]
    for part, rows in zip(parts, FAKE.tensor_split([25]), strict=True):
        part.update(rows)
    full = parts[0].merge(parts[1]).result("recall", k=3)
    assert ("full", full) in found[0]
    assert ("full", full) in found[1]
    assert any(name == "strange" and "one reference" in told for rank in found for name, told in rank)
