"""Recipes of the sources: each builds, moves and repeats itself; the bundled seven stay what they were; checks see."""

import sys
from dataclasses import replace

import pytest
import torch

from reference_gans.data import SOURCES, Digits, Enlarged, Stacks
from reference_gans.recipes import RECIPES, Check, Seen, _checks, build
from reference_gans.recipes.student_dcgan import STEPS_OF_70_EPOCHS
from reference_gans.studies import recipe_table
from reference_gans.trainer import train
from reference_gans.watched import SEEN, Outcome, reference_of, seen_by_the_monitor, watch

BUNDLED = {
    "mnist_dcgan_healthy": (15150.762617, 216.815512, 0.340505),
    "mnist_mlp_collapsed": (18419.707891, 127.533430, 0.109710),
    "mnist_slides": (15154.104933, 438.716358, 0.109710),
    "five_healthy": (15445.187268, 214.887328, 0.329144),
    "five_collapsed": (14829.959334, 147.792577, 0.128487),
    "ring8_healthy": (1751.710368, -8.382727, 0.096815),
    "ring8_collapsed": (1751.192519, -12.140749, 0.096815),
}
"""Of seed 3 after three steps, before recipes had noise, optimizers and checks: the sums of all weights' sizes and of
all weights, and the next number from the run's chance, which tells that as much was drawn as ever."""

FULL_SIZE = [name for name in RECIPES if name.startswith("student_dcgan") and "small" not in name]


@pytest.fixture
def few(monkeypatch):
    """A hundred made-up pictures instead of a data set, so that every recipe can be built at once."""
    rng = torch.Generator().manual_seed(0)
    digits = Digits(torch.rand(100, 1, 28, 28, generator=rng), torch.arange(100) % 10)
    stand_ins = {"digits": digits, "stacked_digits": Stacks(digits)}
    stand_ins |= {f"{kind}_{size}": Enlarged(digits, size) for kind in ("digits", "fashion") for size in (32, 64)}
    for name, data in stand_ins.items():
        monkeypatch.setitem(SOURCES, name, lambda _, data=data: replace(data))


def weights(run):
    return torch.cat([p.detach().flatten() for net in (run.generator, run.discriminator) for p in net.parameters()])


@pytest.mark.parametrize("name", BUNDLED)
def test_the_bundled_runs_are_what_they_were(name):
    run = train(build(RECIPES[name], 3), 3)
    sizes, total, chance = BUNDLED[name]
    assert weights(run).double().abs().sum().item() == pytest.approx(sizes, rel=1e-6)
    assert weights(run).double().sum().item() == pytest.approx(total, abs=1e-2)
    assert torch.rand(1, generator=run.rng).item() == pytest.approx(chance, abs=1e-6)


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow if name in FULL_SIZE else ()) for name in RECIPES]
)
def test_every_recipe_takes_two_steps_that_its_seed_decides(name):
    start = weights(build(RECIPES[name], 0))
    first, again = (train(build(RECIPES[name], 0), 2) for _ in range(2))
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(build(RECIPES[name], 1)), start)
    assert not torch.equal(weights(first), start)
    assert weights(first).isfinite().all()


@pytest.mark.usefixtures("few")
def test_the_full_size_dcgan_builds_as_the_report_says():
    recipe = RECIPES["student_dcgan"]
    run = build(recipe, 0)
    assert run.data.batch(2, run.rng).shape == (2, 1, 64, 64)
    assert (run.batch, run.latent, run.steps) == (64, 100, STEPS_OF_70_EPOCHS) == (64, 100, 65_590)
    assert run.g_optimizer.defaults["betas"] == run.d_optimizer.defaults["betas"] == (0.5, 0.999)
    assert (recipe.g_lr, recipe.d_lr) == (2e-4, 2e-4)


def test_optimizers_and_memories_are_the_recipe_s():
    assert isinstance(build(RECIPES["pattern_1010"], 0).g_optimizer, torch.optim.SGD)
    run = build(replace(RECIPES["ring8_healthy"], d_betas=(0.1, 0.9)), 0)
    assert (run.g_optimizer.defaults["betas"], run.d_optimizer.defaults["betas"]) == ((0.0, 0.99), (0.1, 0.9))


def test_a_run_on_a_device_has_networks_batches_and_noise_there():
    run = build(RECIPES["ring8_healthy"], 0, device="meta")
    assert {p.device.type for net in (run.generator, run.discriminator) for p in net.parameters()} == {"meta"}
    assert run.noise().device.type == run.data.batch(4, run.rng).device.type == "meta"
    assert reference_of(run).name == "ring of 8 Gaussians"


def test_the_one_parameter_game_goes_round_at_a_steady_distance():
    places = []
    note = [lambda r: places.append((r.generator.at.item(), r.discriminator.rise.item()))]
    train(build(RECIPES["one_parameter_circles"], 0), 500, observers=note)
    at, rise = torch.tensor(places).T
    away = torch.hypot(at, rise)
    assert away.min() > 0.9 * away.max()
    turned = torch.atan2(rise, at).diff()
    rounds = turned[turned.abs() > 3].abs().div(6).round().sum()
    assert 7 <= rounds <= 9  # a round takes 2 pi / 0.1 = 63 steps


def test_a_penalty_on_the_slope_ends_the_chase():
    seen = RECIPES["one_parameter_settles"].check(train(build(RECIPES["one_parameter_settles"], 0), 300))
    assert seen.held
    assert seen.numbers["distance_from_balance"] < 1e-3


class Says(torch.nn.Module):
    """A generator that says what it is told to, of its noise."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.weight = answer, torch.nn.Parameter(torch.zeros(()))

    def forward(self, z):
        return self.answer(z)


def judged(recipe, answer):
    run = build(RECIPES[recipe], 0)
    run.generator = run.judged = Says(answer)
    return RECIPES[recipe].check(run)


def test_peaks_are_counted_on_both_sides():
    both = judged("two_gaussians_keras", lambda z: 5 * z.sign())
    assert both.held
    assert both.numbers["left"] + both.numbers["right"] == pytest.approx(1)
    one = judged("two_gaussians_keras", lambda z: 5 + 0 * z)
    assert not one.held
    assert one.numbers == {"left": 0, "right": 1, "below_zero": 0}
    assert judged("two_gaussians_pytorch", lambda z: 5 + 0 * z).held


@pytest.mark.parametrize(("row", "held"), [((0.9, 0.1, 0.9, 0.1), True), ((0.9, 0.1, 0.7, 0.1), False)])
def test_a_pattern_is_drawn_where_every_number_lies_in_its_range(row, held):
    assert judged("pattern_1010", lambda z: torch.tensor(row).expand(len(z), 4)).held is held


@pytest.mark.usefixtures("few")
def test_one_picture_and_many_are_told_apart():
    def noisy(z):
        rng = torch.Generator().manual_seed(0)
        return torch.rand(len(z), 1, 28, 28, generator=rng)

    same = judged("mnist_first_attempt", lambda z: torch.ones(len(z), 1, 28, 28))
    assert same == Seen(True, {"noise": 0.0, "one_hot": 0.0})
    assert judged("mnist_improved", noisy).numbers["noise"] == pytest.approx(1, rel=0.02)
    assert not judged("mnist_first_attempt", noisy).held
    deaf_to_single_inputs = judged("mnist_improved", lambda z: noisy(z) if len(z) == 200 else torch.ones(len(z), 784))
    assert not deaf_to_single_inputs.held


def test_a_check_changes_neither_networks_nor_chance():
    run = train(build(RECIPES["ring8_healthy"], 0), 2)
    state, training = run.rng.get_state(), run.generator.training
    _checks.draw(run)
    assert torch.equal(run.rng.get_state(), state)
    assert run.generator.training is training


def test_a_recipe_without_a_monitor_is_watched_by_its_check(tmp_path):
    outcome = watch("one_parameter_settles", steps=300, out=tmp_path, print_to=None)
    assert (outcome.monitor, outcome.card) == (None, None)
    assert outcome.as_promised
    assert (tmp_path / SEEN).exists()


def test_a_promise_that_is_not_made_is_not_kept():
    recipe = replace(RECIPES["ring8_collapsed"], verdict=None)
    silent = Outcome(recipe, build(recipe, 0), monitor=None, card=None, seen=None)
    assert not silent.as_promised
    checked = replace(recipe, check=Check("anything", lambda run: Seen(True)))
    assert replace(silent, recipe=checked, seen=Seen(True)).as_promised
    assert not replace(silent, recipe=checked, seen=Seen(False)).as_promised
    assert not replace(silent, recipe=replace(checked, verdict="collapse"), seen=Seen(True)).as_promised


@pytest.mark.usefixtures("few")
def test_the_monitor_is_shown_pictures_as_the_classifier_knows_them(rng):
    small, clothes = (build(RECIPES[f"student_dcgan_small{kind}"], 0) for kind in ("", "_fashion"))
    clothes.data.shown = "clothes"
    pictures = seen_by_the_monitor(small)(torch.randn(3, 100, generator=rng))
    assert pictures.shape == (3, 1, 28, 28)
    assert pictures.min() >= 0
    assert seen_by_the_monitor(clothes)(torch.randn(3, 100, generator=rng)).shape == (3, 1024)
    assert (reference_of(small), reference_of(build(RECIPES["one_parameter_circles"], 0))) == ("mnist", None)


def test_the_table_leaves_out_what_is_long_or_promises_nothing(tmp_path):
    names = recipe_table.tabled(None)
    assert {*BUNDLED, "pattern_1010", "two_gaussians_keras"} <= set(names)
    assert not {"student_dcgan", "mnist_improved", "stacked_mnist", "student_dcgan_small_fashion"} & set(names)
    assert "student_dcgan_small_fashion" in recipe_table.tabled(tmp_path)


def test_long_recipes_get_fewer_seeds_and_wait(monkeypatch):
    monkeypatch.setattr(recipe_table, "SEEDS", 4)
    names = ["quick", "slow", "new"]
    runs = {"quick/0": {"seconds": 60.0}, "slow/0": {"seconds": 60.1}}
    assert recipe_table.missing(runs, names, "first") == [("new", 0)]
    runs |= {"new/0": {"seconds": 1.0}, "quick/2": {"seconds": 5.0}}
    assert recipe_table.missing(runs, names, "short") == [
        ("quick", 1),
        ("new", 1),
        ("new", 2),
        ("quick", 3),
        ("new", 3),
    ]
    assert recipe_table.missing(runs, names, "long") == [("slow", 1)]


def test_a_process_is_timed_by_its_own_seconds():
    code = (
        "import sys, time\nwhile time.process_time() < .3: pass\ntime.sleep(.7); sys.stderr.write('gone'); sys.exit(3)"
    )
    returned, error, seconds = recipe_table._timed([sys.executable, "-S", "-c", code], {})
    assert (returned, error) == (3, "gone")
    assert 0.3 <= seconds < 0.7  # a wait is no work


def test_the_table_shows_what_checks_saw():
    rows = {"pattern_1010/0": {"held": True, "seconds": 3.0, "check": {"spread": 0.25}}}
    rows |= {"pattern_1010/1": {"held": False, "seconds": 3.0, "check": {"spread": 0.5}}}
    page = "\n".join(recipe_table._page(rows))
    assert "| `pattern_1010` | pattern drawn | 1 of 2 |" in page
    assert "- `pattern_1010` (pattern drawn): spread 0.25 to 0.50" in page


def test_every_mode_of_the_grid_has_to_be_drawn():
    centres = SOURCES["grid"](None).centres
    all_alike = judged("grid25_covered", lambda z: centres.repeat(80, 1)[: len(z)])
    assert all_alike == Seen(True, {"modes": 25.0, "near_a_centre": 1.0, "width": 0.0})
    one_less = judged("grid25_covered", lambda z: centres[:24].repeat(84, 1)[: len(z)])
    assert (one_less.held, one_less.numbers["modes"]) == (False, 24)
    between = judged("grid25_covered", lambda z: (centres + 1).repeat(80, 1)[: len(z)])
    assert between.numbers["near_a_centre"] == 0
