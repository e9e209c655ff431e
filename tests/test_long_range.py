"""Do distant parts of pictures belong together? Is `off_manifold` said of pictures glued from two, and of no others?"""

import json
import math

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from collapse_metrics.evaluate import score
from collapse_metrics.long_range import FEWEST, LongRange, measure_long_range
from collapse_metrics.reference import Reference
from reference_gans import zoo
from reference_gans.fixtures.kinds import halves_of_two, healthy, one_sample
from reference_gans.fixtures.pictures import real_digits
from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import train
from reference_gans.watched import seen_by_the_monitor


def pictures(n, seed, *, together=True, size=14):
    """Random pictures of which all rows but for noise are one row: ends that know all of each other, or nothing."""
    rng = torch.Generator().manual_seed(seed)
    ends = [torch.randn(n, 1, 1, 1, generator=rng) for _ in range(2)]
    rows = torch.cat(
        [ends[0].expand(n, 1, size // 2, size), ends[0 if together else 1].expand(n, 1, size // 2, size)], 2
    )
    return 0.5 + 0.05 * rows + 0.05 * torch.randn(n, 1, size, size, generator=rng)


def none(n):
    return torch.zeros(n, dtype=torch.long)


def all_of(fake, called, real, accepted=None):
    accepted = torch.ones(len(fake), dtype=torch.bool) if accepted is None else accepted
    return list(measure_long_range(fake, called, accepted, real, {"embedder": "x", "step": 3}, seed=0))


def measured(fake, called, real, accepted=None):
    return all_of(fake, called, real, accepted)[0]


def naive(fake, real):
    """The definition for pictures of one mode whose sides are multiples of seven, in NumPy and one pair at a time."""

    def cells(some):
        n, _, height, width = some.shape
        blocks = some.double().numpy().reshape(n, 7, height // 7, 7, width // 7)
        return blocks.mean(axis=(2, 4))

    agreed = []
    for turned in (False, True):
        sides = [cells(some).transpose(0, 2, 1) if turned else cells(some) for some in (fake, real)]
        covs, scales = [], []
        for side in sides:
            one, two = side[:, :3].reshape(len(side), -1), side[:, 4:].reshape(len(side), -1)
            covs.append(np.cov(one, two, rowvar=False, ddof=0)[:21, 21:])
            scales.append(math.sqrt(one.var(axis=0).sum() * two.var(axis=0).sum()))
        agreed.append((covs[0] * covs[1]).sum() / (covs[1] ** 2).sum() * scales[1] / scales[0])
    return min(agreed)


def test_the_number_is_its_definition_over_what_real_pictures_score():
    known, fake = pictures(400, 1, size=14), pictures(90, 2, size=14)
    fake[..., :5] *= 0.8  # so that left and right are the lesser pair
    real = LongRange.fit(known, none(400), 1)
    seen = measured(fake, none(90), real)
    assert seen.value == pytest.approx(naive(fake, known) / real.usual, rel=1e-5)
    assert (seen.name, seen.n_fake, seen.step) == ("long_range_correlation", 90, 3)
    assert seen.low < seen.value < seen.high


def test_ends_of_two_pictures_score_nothing_and_ends_of_one_score_one():
    real = LongRange.fit(pictures(2000, 1), none(2000), 1)
    apart, whole = (measured(pictures(1000, 2, together=how), none(1000), real) for how in (False, True))
    # Five standard deviations of the covariance of independent numbers: once in two million draws.
    assert abs(apart.value) < 5 / math.sqrt(1000) * 1.2
    assert apart.low < 0 < apart.high
    assert whole.value == pytest.approx(1, abs=0.15)
    assert real.usual == pytest.approx(1, abs=0.05)


def test_half_of_them_apart_score_a_half_and_the_interval_says_so():
    real = LongRange.fit(pictures(2000, 1), none(2000), 1)
    mixed = [torch.cat([pictures(150, seed), pictures(150, seed + 50, together=False)]) for seed in range(200, 220)]
    seen = [measured(fake, none(300), real) for fake in mixed]
    assert sum(m.value for m in seen) / 20 == pytest.approx(0.5, abs=0.1)
    assert sum(m.low <= 0.5 <= m.high for m in seen) >= 14  # of 20 at 95 %: fewer once in 300,000


def test_left_and_right_count_as_top_and_bottom_do():
    real = LongRange.fit(pictures(2000, 1), none(2000), 1)
    aside = pictures(1000, 2, together=False).transpose(2, 3).contiguous()
    assert abs(measured(aside, none(1000), real).value) < 0.2


@pytest.mark.parametrize("change", [lambda x: 0.5 * x, lambda x: x + 0.3, lambda x: 0.2 + 0.6 * x])
def test_fainter_and_lighter_pictures_score_the_same(change):
    real, fake = LongRange.fit(pictures(600, 1), none(600), 1), pictures(200, 2)
    plain, changed = (measured(some, none(200), real).value for some in (fake, change(fake)))
    assert changed == pytest.approx(plain, rel=1e-4)


@pytest.mark.parametrize("change", [lambda x: 1e15 * x, lambda x: 1e-15 * x, lambda x: x + 1000])
def test_values_far_from_those_of_pictures_score_the_same(change):
    known, fake = pictures(600, 1), pictures(200, 2)
    plain = measured(fake, none(200), LongRange.fit(known, none(600), 1))
    odd = measured(change(fake), none(200), LongRange.fit(change(known), none(600), 1))
    assert (odd.value, odd.high) == pytest.approx((plain.value, plain.high), rel=1e-2)


def test_pictures_that_are_all_the_same_score_nothing():
    real = LongRange.fit(pictures(600, 1), none(600), 1)
    assert measured(pictures(1, 2).expand(100, 1, 14, 14), none(100), real).value == pytest.approx(0, abs=1e-6)
    assert measured(torch.zeros(100, 1, 14, 14), none(100), real).value == 0


def test_who_draws_one_mode_is_compared_with_that_mode():
    """One mode is bright above and dark below, the other the reverse: of both, ends are opposites, of each alike."""
    rng = torch.Generator().manual_seed(3)
    called = torch.randint(2, (2000,), generator=rng)
    step = torch.where(torch.arange(14) < 7, 0.2, -0.2).view(1, 1, 14, 1)
    real = pictures(2000, 4) + step * (2 * called - 1).view(-1, 1, 1, 1)
    known = LongRange.fit(real, called, 2)
    alone = pictures(800, 5) + step
    assert measured(alone, torch.ones(800, dtype=torch.long), known).value == pytest.approx(1, abs=0.15)
    assert naive(alone, real) < -0.5  # beside the whole data they would be the opposite of it


def test_what_is_not_accepted_is_left_out():
    real, rows = LongRange.fit(pictures(600, 1), none(600), 1), torch.arange(300)
    fake = torch.cat([pictures(200, 2), torch.rand(100, 1, 14, 14, generator=torch.Generator().manual_seed(0))])
    assert measured(fake, none(300), real, rows < 200) == measured(fake[:200], none(200), real)
    assert not all_of(fake, none(300), real, rows < FEWEST - 1)


def test_many_pictures_and_colours_are_made_small_a_few_at_a_time():
    fake = pictures(600, 2)
    in_colour = torch.cat([fake - 0.1, fake, fake + 0.1], dim=1)
    real = LongRange.fit(pictures(600, 1), none(600), 1)
    assert measured(in_colour, none(600), real).value == pytest.approx(
        naive(fake, pictures(600, 1)) / real.usual, rel=1e-4
    )


def test_modes_without_real_pictures_are_left_out():
    real = LongRange.fit(pictures(600, 1), none(600), 3)
    fake, called = pictures(300, 2), none(300)
    some = measured(fake[:200], called[:200], real).value
    assert measured(fake, torch.where(torch.arange(300) < 200, 0, 2), real).value == pytest.approx(some)
    assert measured(fake, called + 1, real).value == 0


def test_a_perfect_generator_lands_in_the_expected_range():
    real = LongRange.fit(pictures(2000, 1), none(2000), 1)
    scores = [measured(pictures(300, seed), none(300), real) for seed in range(100, 120)]
    inside = sum(m.expected[0] <= m.value <= m.expected[1] for m in scores)
    assert inside >= 14  # of 20 at 95 %: fewer once in 300,000


@pytest.mark.parametrize(
    ("known", "modes"),
    [
        (torch.randn(300, 40, generator=torch.Generator().manual_seed(0)), 1),  # rows
        (pictures(300, 1, size=6), 1),  # fewer pixels than cells
        (pictures(300, 1), 101),  # too many modes
        (pictures(300, 1, together=False), 1),  # ends that have nothing to do with each other
    ],
)
def test_where_there_is_nothing_to_compare_nothing_is_kept(known, modes):
    assert LongRange.fit(known, none(300), modes) is None


@pytest.mark.parametrize(("n", "there"), [(FEWEST - 1, 0), (FEWEST, 1)])
def test_a_few_samples_say_nothing(n, there):
    real = LongRange.fit(pictures(400, 1), none(400), 1)
    assert len(all_of(pictures(n, 2), none(n), real)) == there
    assert not all_of(pictures(90, 2).flatten(1), none(90), real)
    assert not all_of(pictures(90, 2), none(90), None)


def test_it_lies_in_the_reference_s_file_and_an_earlier_one_still_judges(tmp_path):
    reference, old, new = Reference.named("mnist"), tmp_path / "old.safetensors", tmp_path / "new.safetensors"
    reference.save(new)
    again = Reference.load(new).long_range
    assert torch.equal(again.moments, reference.long_range.moments)
    assert (again.usual, again.error) == (reference.long_range.usual, reference.long_range.error)
    with safe_open(new, framework="pt") as file:
        about = file.metadata()
    save_file({k: v for k, v in load_file(new).items() if not k.startswith("long_range")}, old, metadata=about)
    glued = halves_of_two(real_digits(), 1000, torch.Generator().manual_seed(2))
    before, now = (score(fake=glued, reference=one, value_range=(0, 1)) for one in (Reference.load(old), reference))
    assert "long_range_correlation" not in {m.name for m in before.measurements}
    assert (before.finding("off_manifold").status, now.finding("off_manifold").status) == ("clear", "found")
    assert now.verdict == "broken"
    assert json.loads(now.to_json())["verdict"] == "broken"


@pytest.mark.parametrize(
    "change",
    [lambda m, u: (m[:, :1], u), lambda m, u: (m * torch.nan, u), lambda m, u: (m, u[:1]), lambda m, u: (m, 0 * u)],
)
def test_damaged_moments_are_refused(tmp_path, change):
    path = tmp_path / "damaged.safetensors"
    Reference.named("mnist").save(path)
    with safe_open(path, framework="pt") as file:
        about = file.metadata()
    held = load_file(path)
    held["long_range"], held["long_range_usual"] = (
        part.contiguous() for part in change(held["long_range"], held["long_range_usual"])
    )
    save_file(held, path, metadata=about)
    with pytest.raises(ValueError, match=r"is damaged, its long_range\w* cannot be right"):
        Reference.load(path)


@pytest.mark.parametrize("moved", [1, 2, 3])
def test_digits_that_are_moved_are_not_accused(moved):
    """Nor would density do: of two and three pixels it is that of digits glued from halves."""
    digits = healthy(real_digits(), 1000, torch.Generator().manual_seed(0)).roll(moved, dims=-1)
    card = score(fake=digits, reference=Reference.named("mnist"), value_range=(0, 1))
    assert (card.finding("off_manifold").status, card.verdict) == ("clear", "healthy")
    assert (card["density"].value / card["density"].typical < 0.3) == (moved > 1)


@pytest.mark.parametrize("name", ["mnist_dcgan_healthy", "five_healthy"])
def test_what_healthy_generators_draw_belongs_together(name):
    trained = zoo.load(name)
    card = score(
        generator=trained.generator, latent=trained.recipe.latent, n=1000, reference="mnist", value_range=(0, 1)
    )
    assert card["long_range_correlation"].low > 0.8
    assert card.finding("off_manifold").status == "clear"


@pytest.mark.slow
def test_what_a_half_trained_generator_draws_belongs_together():
    """Fewer of them pass than of glued halves, and they lie as thinly: by those two no rule could tell them apart."""
    recipe = RECIPES["mnist_slides"]
    run = train(build(recipe, 0), 300)
    young = {"generator": seen_by_the_monitor(run), "latent": recipe.latent, "n": 1000, "seed": 0}
    glued = {"fake": halves_of_two(real_digits(), 1000, torch.Generator().manual_seed(2))}
    known = {"reference": Reference.named("mnist"), "value_range": (0, 1)}
    drawn, put_together = score(**young, **known), score(**glued, **known)
    assert drawn["accepted_share"].value < put_together["accepted_share"].value
    assert drawn["density"].value < put_together["density"].value
    assert drawn["long_range_correlation"].low > 0.7
    assert drawn.finding("off_manifold").status == "watch"


def test_one_sample_over_and_over_has_collapsed_whatever_its_ends_do():
    copies = one_sample(real_digits(), 600, torch.Generator().manual_seed(1))
    card = score(fake=copies, reference=Reference.named("mnist"), value_range=(0, 1))
    assert card["long_range_correlation"].high < 0.2
    assert card.finding("off_manifold").status == "clear"
    assert card.verdict == "collapse"
