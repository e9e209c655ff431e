"""Laws that every registered metric and probe obeys. A new one is tested here without a new line."""

import inspect
import math
import random
from pathlib import Path

import numpy as np
import pytest
import torch

import collapse_metrics.metrics
import collapse_metrics.probes
from collapse_metrics import _registry
from collapse_metrics._registry import DATA, METRICS, PROBE_DATA, PROBES, no_interval
from collapse_metrics.metrics import _neighbours, _screen

every_metric = pytest.mark.parametrize("spec", METRICS.values(), ids=METRICS.keys())
every_probe = pytest.mark.parametrize("spec", PROBES.values(), ids=PROBES.keys())
everything = pytest.mark.parametrize(
    "spec", [*METRICS.values(), *PROBES.values()], ids=[*METRICS.keys(), *PROBES.keys()]
)

HERE = Path(__file__).parent
SECTIONS = ("Reading the number:", "Args:", "Returns:", "Raises:", "Cost:", "Example:", "Reference:")
IN_ORDER = {"g_losses", "d_losses"}
"""Data whose order is part of what they say."""


def world(kind, rng, dtype=torch.float32):
    """Every kind of data that a metric may ask for: ten modes, or near copies far from all of them.

    Measures of quality have to tell rubbish from health, loss tests a cycle and a change: ``collapsed`` is all of it.
    """
    seeds = np.random.default_rng(int(torch.randint(2**31, (1,), generator=rng)))
    centres = 4 * torch.randn(10, 8, generator=rng)
    healthy = kind == "healthy"
    modes = torch.arange(240) % 10

    def draw(modes, spread=1.0):
        rows = centres[torch.arange(240) % modes]
        return (rows + spread * torch.randn(240, 8, generator=rng)).to(dtype)

    def repeated():
        # A few near copies along one line, each many times: few samples, few directions, few distances.
        return (centres[:1] + 9 + 1e-3 * torch.randn(240, 1, generator=rng).round()).to(dtype)

    def paint(same):
        scribbles = torch.nn.functional.interpolate(torch.rand(240, 1, 7, 7, generator=rng), size=28, mode="bilinear")
        return (scribbles[:1] + 0.01 * (scribbles - 0.5) if same else scribbles).clamp(0, 1).to(dtype)

    steps = np.arange(300)
    cycle = 0.0 if healthy else 3.0
    made = {
        "real": draw(10),
        "fresh": draw(10),
        "fake": draw(10) if healthy else repeated(),
        "counts": np.full(10, 30) if healthy else np.array([300] + 9 * [0]),
        "real_counts": np.full(10, 500),
        "shares": np.full(10, 0.1),
        "confusion": 0.9 * np.eye(10) + 0.01,
        "accepted": torch.arange(240) % 20 != 0 if healthy else torch.arange(240) % 20 == 0,
        "real_modes": modes,
        "fake_modes": modes if healthy else torch.zeros(240, dtype=torch.long),
        "modes_before": modes,
        "modes_now": modes if healthy else (modes + 1) % 10,
        "centres": centres.to(dtype),
        "scales": torch.ones(10, dtype=dtype),
        "pictures": paint(same=not healthy),
        "g_losses": np.log(2) + cycle * (np.sin(steps / 4) + 2 * (steps >= 150)) + seeds.standard_normal(300),
        "d_losses": (2 * np.log(2) if healthy else 0) + cycle * np.cos(steps / 4) + seeds.standard_normal(300),
    }
    made["train"] = draw(10) if healthy else made["fake"] + 1e-4 * made["real"]
    return made


def scene(spec, kind, rng, dtype=torch.float32):
    """The data that a metric asks for; a ``KeyError`` says that ``world`` lacks a new kind of data."""
    made = world(kind, rng, dtype)
    return {name: made[name] for name in spec.needs}


def probe_scene(kind):
    """What a probe asks for: a generator that listens to its noise, or one that hardly does."""
    weights = torch.randn(8, 20, generator=torch.Generator().manual_seed(1))
    classes = 3 * torch.randn(10, 20, generator=torch.Generator().manual_seed(4))
    gain = 1.0 if kind == "healthy" else 0.0
    latents = torch.randn(200, 8, generator=torch.Generator().manual_seed(2))
    return {
        "respond": lambda z: gain * (z.flatten(1) @ weights) + 3,
        "respond_batch": lambda z: z.flatten(1) @ weights + 3,
        "respond_to": lambda z, labels: gain * (z.flatten(1) @ weights + classes[labels]) + 3,
        "jvp": lambda z, directions: gain * (directions.flatten(1) @ weights),
        "labels": torch.arange(10),
        "spread": torch.nn.functional.pdist(latents @ weights).mean().item(),
        "latents": latents,
        "resolution": 1e-9,
        "rng": torch.Generator().manual_seed(3),
    }


def asked_for(spec, kind):
    if spec.name in PROBES:
        made = probe_scene(kind)
        return {name: made[name] for name in spec.needs}
    return scene(spec, kind, torch.Generator().manual_seed(0))


def chance():
    """The states of every source of chance that a training may use, comparable."""
    name, keys, *rest = np.random.get_state()  # noqa: NPY002  (the training's own)
    return torch.get_rng_state().tolist(), (name, keys.tolist(), rest), random.getstate()


def copied(data):
    """A copy of the arrays, and of the state of the source of chance."""
    kept = {}
    for name, x in data.items():
        if isinstance(x, torch.Tensor):
            kept[name] = x.clone()
        elif isinstance(x, np.ndarray):
            kept[name] = x.copy()
    return kept


TOGETHER = (("real", "real_modes"), ("fake", "fake_modes"), ("modes_before", "modes_now"))
"""Rows that belong to each other and are shuffled as one."""

OF_MODES = {"counts", "real_counts", "shares", "centres", "scales"}
"""One entry a mode."""

OF_ROWS = {"real", "fake", "fresh", "train", "pictures", "centres", "scales"}
"""Data that come as floating-point tensors."""


def shuffled(data, rng):
    """Rows and modes in another order; everything that is one number a mode moves together."""
    order = torch.randperm(10, generator=rng)
    turns = {name: torch.randperm(240, generator=rng) for name in data}
    for first, second in TOGETHER:
        turns[second] = turns.get(first, turns.get(second))
    out = {}
    for name, x in data.items():
        if name in OF_MODES:
            out[name] = x[order.numpy()] if isinstance(x, np.ndarray) else x[order]
        elif name == "confusion":
            out[name] = x[np.ix_(order.numpy(), order.numpy())]
        else:
            out[name] = x[turns[name]]
    return out


def test_the_registry_is_not_empty():
    assert len(METRICS) >= 9
    assert len(PROBES) >= 2


@everything
def test_tells_collapse_from_health(spec):
    healthy, collapsed = (spec.compute(**asked_for(spec, kind)) for kind in ("healthy", "collapsed"))
    assert (healthy > collapsed) == spec.higher_is_better
    if spec.is_test:  # a p-value of health lies anywhere, below 0.01 in one case of a hundred
        assert healthy > 0.01 >= collapsed
        return
    if math.isfinite(spec.best):
        assert abs(healthy - spec.best) < abs(healthy - spec.collapsed), "health is nearer to `best`"
    if math.isfinite(spec.collapsed):
        assert abs(collapsed - spec.collapsed) < abs(collapsed - spec.best), "collapse is nearer to `collapsed`"


@everything
def test_lies_where_it_says_it_can_lie(spec):
    low, high = spec.span
    for kind in ("healthy", "collapsed"):
        assert low <= spec.compute(**asked_for(spec, kind)) <= high
    assert low <= spec.best <= high
    assert low <= spec.collapsed <= high


@everything
def test_hands_back_a_plain_finite_number(spec):
    for kind in ("healthy", "collapsed"):
        score = spec.compute(**asked_for(spec, kind))
        assert type(score) is float
        assert math.isfinite(score)


@pytest.mark.parametrize("spec", [s for s in METRICS.values() if not s.needs & IN_ORDER], ids=lambda s: s.name)
def test_does_not_depend_on_sample_order(spec, rng):
    for kind in ("healthy", "collapsed"):
        data = scene(spec, kind, rng)
        # A simulated null is drawn in the order of the modes: its p-value may differ by its standard error.
        slack = 0.03 if "seed" in inspect.signature(spec.compute).parameters else 1e-9
        assert spec.compute(**shuffled(data, rng)) == pytest.approx(spec.compute(**data), abs=slack, rel=1e-9)


@everything
def test_leaves_its_input_alone(spec):
    data = asked_for(spec, "healthy")
    before = copied(data)
    spec.compute(**data)
    for name, kept in before.items():
        same = torch.equal if isinstance(kept, torch.Tensor) else np.array_equal
        assert same(data[name], kept), name


@everything
def test_asking_again_gives_the_same_number(spec):
    for kind in ("healthy", "collapsed"):
        assert spec.compute(**asked_for(spec, kind)) == spec.compute(**asked_for(spec, kind))


@everything
def test_uses_no_chance_but_its_own(spec):
    data = asked_for(spec, "healthy")
    before = chance()
    spec.compute(**data)
    assert chance() == before


@everything
def test_is_not_moved_by_the_chance_of_the_training(spec):
    torch.manual_seed(1)
    first = spec.compute(**asked_for(spec, "healthy"))
    torch.manual_seed(2)
    np.random.seed(2)  # noqa: NPY002  (the training's own)
    assert spec.compute(**asked_for(spec, "healthy")) == first


@pytest.mark.parametrize("spec", [s for s in METRICS.values() if s.needs & OF_ROWS], ids=lambda s: s.name)
def test_single_and_double_precision_agree(spec):
    for kind in ("healthy", "collapsed"):
        single = scene(spec, kind, torch.Generator().manual_seed(0))
        double = {name: x.double() if name in OF_ROWS else x for name, x in single.items()}
        assert spec.compute(**single) == pytest.approx(spec.compute(**double), rel=1e-6)


@pytest.mark.parametrize("spec", [s for s in METRICS.values() if s.needs & OF_ROWS], ids=lambda s: s.name)
def test_works_where_gradients_and_versions_are_off(spec):
    plain = spec.compute(**asked_for(spec, "healthy"))
    with torch.inference_mode():
        assert spec.compute(**asked_for(spec, "healthy")) == plain
    _neighbours._remembered.clear()
    learnt = {name: x.requires_grad_() if name in OF_ROWS else x for name, x in asked_for(spec, "healthy").items()}
    assert spec.compute(**learnt) == plain


@pytest.mark.parametrize("spec", [s for s in METRICS.values() if s.needs & OF_ROWS], ids=lambda s: s.name)
def test_does_not_depend_on_how_the_work_is_cut(spec, monkeypatch):
    for kind in ("healthy", "collapsed"):
        whole = spec.compute(**asked_for(spec, kind))
        with monkeypatch.context() as cut:
            cut.setattr(_screen, "TILE", 50)
            cut.setattr(_neighbours, "CHUNK", 37)
            _neighbours._remembered.clear()
            assert spec.compute(**asked_for(spec, kind)) == pytest.approx(whole, rel=1e-9, abs=1e-12)


DEVICES = ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("spec", [s for s in METRICS.values() if s.needs & OF_ROWS], ids=lambda s: s.name)
def test_gives_the_same_number_on_every_device(spec, device):
    data = asked_for(spec, "healthy")
    there = {name: x.to(device) if isinstance(x, torch.Tensor) else x for name, x in data.items()}
    assert spec.compute(**there) == pytest.approx(spec.compute(**data), rel=1e-5)


FEATURES = {"real", "fake", "fresh", "train", "centres"}


@pytest.mark.parametrize("motion", ["shift", "turn", "scale"])
@pytest.mark.parametrize("spec", [s for s in METRICS.values() if s.needs & FEATURES], ids=lambda s: s.name)
def test_is_moved_only_by_what_it_says(spec, motion, rng):
    # All feature sets together are moved far away, turned, or blown up.
    turn, _ = torch.linalg.qr(torch.randn(8, 8, generator=rng, dtype=torch.double))
    move = {"shift": lambda x: x + 1e5, "turn": lambda x: x @ turn, "scale": lambda x: 100 * x}[motion]
    data = {name: x.double() if name in OF_ROWS else x for name, x in asked_for(spec, "healthy").items()}
    moved = {name: move(x) if name in FEATURES else x for name, x in data.items()}
    if motion == "scale" and "scales" in moved:
        moved["scales"] = 100 * moved["scales"]
    plain, other = spec.compute(**data), spec.compute(**moved)
    if motion in spec.unmoved_by:
        assert other == pytest.approx(plain, rel=1e-6)
    else:
        assert other != pytest.approx(plain, rel=1e-6), f"{spec.name} is unmoved by {motion}: say so"


@pytest.mark.parametrize(
    "spec", [s for s in METRICS.values() if s.interval not in (None, no_interval)], ids=lambda s: s.name
)
def test_an_interval_of_its_own_holds_the_value_and_ends_in_the_span(spec):
    for kind in ("healthy", "collapsed"):
        data = asked_for(spec, kind)
        value, (low, high) = spec.compute(**data), spec.interval(**data)
        assert spec.span[0] <= low <= value <= high <= spec.span[1]
        wider_low, wider_high = spec.interval(**data, level=0.999)
        assert wider_low <= low
        assert high <= wider_high


@everything
def test_takes_data_and_options_by_name_only(spec):
    kinds = {p.kind for p in inspect.signature(spec.compute).parameters.values()}
    assert kinds == {inspect.Parameter.KEYWORD_ONLY}


@everything
def test_options_can_be_left_out(spec):
    for name, parameter in inspect.signature(spec.compute).parameters.items():
        assert name in spec.needs or parameter.default is not inspect.Parameter.empty, name


@everything
def test_asks_for_data_by_the_words_of_the_vocabulary(spec):
    words = PROBE_DATA if spec.name in PROBES else DATA
    assert spec.needs
    assert spec.needs <= words


@everything
def test_has_its_own_file_and_its_own_tests(spec):
    room = "probes" if spec.name in PROBES else "metrics"
    assert spec.compute.__module__ == f"collapse_metrics.{room}.{spec.name}"
    assert (HERE / room / f"test_{spec.name}.py").exists()


@everything
def test_has_a_full_docstring(spec):
    text = spec.compute.__doc__
    places = [text.find(f"\n    {section}\n") for section in SECTIONS]
    missing = [section for section, place in zip(SECTIONS, places, strict=True) if place < 0]
    assert not missing
    assert places == sorted(places), "sections stand in one order everywhere"
    assert ">>> " in text
    assert spec.question
    assert spec.question.endswith(".")


@everything
def test_names_every_argument_in_its_docstring(spec):
    arguments = spec.compute.__doc__.partition("Args:")[2].partition("Returns:")[0]
    for name in inspect.signature(spec.compute).parameters:
        assert f"\n        {name}: " in arguments, name


@everything
def test_names_a_paper_and_two_ends(spec):
    assert spec.paper.startswith("https://")
    assert spec.best != spec.collapsed


@every_metric
def test_can_be_imported_from_the_room(spec):
    assert spec.name in collapse_metrics.metrics.__all__
    assert getattr(collapse_metrics.metrics, spec.name) is spec.compute


@every_probe
def test_a_probe_leaves_its_latents_to_the_next_one(spec):
    data = asked_for(spec, "healthy")
    before, seen = data["latents"].clone(), []

    def watched(plain):
        def respond(z, *more):
            seen.append(z)
            return plain(z, *more)

        return respond

    doors = {name: watched(door) for name, door in data.items() if callable(door)}
    assert doors
    spec.compute(**{**data, **doors})
    assert torch.equal(data["latents"], before)
    assert all(z.shape[1:] == before.shape[1:] and z.dtype == before.dtype for z in seen)


@every_probe
def test_a_probe_takes_latents_of_any_shape(spec):
    data = asked_for(spec, "healthy")
    flat = spec.compute(**data)
    if "rng" in data:
        data["rng"] = torch.Generator().manual_seed(3)
    deep = {**data, "latents": data["latents"].reshape(-1, 2, 2, 2)}
    assert spec.compute(**deep) == pytest.approx(flat)


@every_probe
def test_a_probe_does_not_judge_differences_that_cannot_be_seen(spec):
    scene = asked_for(spec, "healthy")
    unseen = spec.best if "respond_batch" in spec.needs else spec.collapsed  # a gap that cannot be seen is none
    assert spec.compute(**{**scene, "resolution": 1e9}) == unseen


@every_probe
@pytest.mark.bad_input
def test_a_probe_needs_two_latents(spec):
    data = asked_for(spec, "healthy")
    with pytest.raises(ValueError, match="`latents` needs at least 2 rows, got 1"):
        spec.compute(**{**data, "latents": data["latents"][:1]})


class TestRegistration:
    @pytest.fixture(autouse=True)
    def _registry_of_its_own(self, monkeypatch):
        monkeypatch.setattr(_registry, "METRICS", METRICS)
        before = dict(METRICS)
        yield
        METRICS.clear()
        METRICS.update(before)

    def test_hands_the_function_back_and_keeps_what_it_asks_for(self):
        def sharpness(*, fake, blur=1):
            """Sharpness of samples."""
            return 0.0

        register = _registry.metric(best=0.0, collapsed=2.0, paper="https://example.org")
        assert register(sharpness) is sharpness
        spec = METRICS["sharpness"]
        assert (spec.needs, spec.higher_is_better, spec.question) == (
            {"fake"},
            False,
            "Sharpness of samples.",
        )

    @pytest.mark.parametrize("taken", ["coverage", "latent_sensitivity"])
    def test_refuses_a_name_that_is_taken(self, taken):
        def impostor(*, fake):
            return 0.0

        impostor.__name__ = taken
        with pytest.raises(ValueError, match=f"a measure named '{taken}' is already registered"):
            _registry.metric(best=1.0, collapsed=0.0, paper="https://example.org")(impostor)
