"""What the discriminator sees: noise that fades, and pictures that are changed."""

import pytest
import torch

from reference_gans.cures.diff_augment import TRANSFORMS, DiffAugment, cutout, translation
from reference_gans.cures.instance_noise import InstanceNoise


def test_noise_fades_in_a_straight_line_to_exactly_none():
    noise = InstanceNoise(sd=0.4, until=0.5)
    assert [noise.sd_at(step, 100) for step in (1, 26, 51, 100)] == pytest.approx([0.4, 0.2, 0.0, 0.0])
    assert noise.sd_at(51, 100) == 0
    assert InstanceNoise(sd=0.4, until=0.0).sd_at(1, 100) == 0


def test_noise_has_its_standard_deviation_and_then_leaves_samples_alone(moment):
    x = torch.zeros(100_000, 2)
    # 200,000 draws: one standard error is .16 % of the deviation, so .65 % are passed with probability below 1e-4.
    moment.step = 26
    assert InstanceNoise(sd=0.4).seen(x, moment).std().item() == pytest.approx(0.2, rel=0.0065)
    moment.step = 51
    assert InstanceNoise(sd=0.4).seen(x, moment) is x


def test_noise_is_new_for_every_batch(moment):
    x = torch.zeros(4, 2)
    assert not torch.equal(InstanceNoise().seen(x, moment), InstanceNoise().seen(x, moment))


def test_augmentation_without_strength_changes_nothing(moment, rng):
    x = torch.rand(5, 3, 8, 8, generator=rng)
    assert torch.equal(DiffAugment(strength=0.0).seen(x, moment), x)
    assert torch.equal(DiffAugment(transforms=()).seen(x, moment), x)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_each_change_has_the_slope_that_differences_show(name, rng):
    x = torch.rand(2, 3, 8, 8, generator=rng, dtype=torch.float64, requires_grad=True)

    def change(x):
        return TRANSFORMS[name](x, 1.0, torch.Generator().manual_seed(1))

    assert not torch.equal(change(x), x)
    assert torch.autograd.gradcheck(change, x)


def test_translation_moves_every_picture_by_whole_pixels_and_fills_with_nothing(rng):
    x = torch.rand(200, 1, 16, 16, generator=rng) + 1
    moved, seen = translation(x, 1.0, rng), set()
    for before, after in zip(x[:, 0], moved[:, 0], strict=True):
        matches = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if torch.equal(after, shifted_by_hand(before, down, right))
        ]
        assert len(matches) == 1
        seen.update(matches)
    # Five moves each way: one of them is missed by 200 draws with probability below 10 * .8**200.
    assert {down for down, _ in seen} == {right for _, right in seen} == {-2, -1, 0, 1, 2}


def shifted_by_hand(picture, down, right):
    """Rolled round, and what came round blanked."""
    out = picture.roll((down, right), dims=(0, 1)).clone()
    out[: max(down, 0)] = 0
    out[len(out) + min(down, 0) :] = 0
    out[:, : max(right, 0)] = 0
    out[:, out.shape[1] + min(right, 0) :] = 0
    return out


def test_cutout_blanks_one_square_of_half_the_side_or_what_of_it_is_inside(rng):
    x = torch.ones(300, 2, 16, 16)
    cut = cutout(x, 1.0, rng) == 0
    assert torch.equal(cut[:, 0], cut[:, 1])
    rows, columns = cut[:, 0].any(dim=2), cut[:, 0].any(dim=1)
    assert torch.equal(cut[:, 0], rows[:, :, None] & columns[:, None, :])
    assert rows.sum(dim=1).max() == columns.sum(dim=1).max() == 8
    assert rows.sum(dim=1).min() >= 4  # the centre is always inside
    for side in (*rows, *columns):
        inside = side.nonzero().flatten()
        assert inside[-1] - inside[0] + 1 == len(inside)  # without gaps


def test_colour_stays_within_its_ranges(rng):
    grey = torch.full((1000, 3, 4, 4), 0.5)
    brighter = TRANSFORMS["colour"](grey, 1.0, rng)  # of a grey picture only the brightness can change
    assert brighter.amin() >= 0.0
    assert brighter.amax() <= 1.0
    assert torch.allclose(brighter, brighter[:, :1, :1, :1].expand_as(brighter), atol=1e-6)


def test_contrast_and_saturation_stretch_around_the_mean(rng):
    stripes = torch.tensor([0.2, 0.8]).repeat(1000, 3, 4, 2)  # no colour, so only contrast can stretch it
    stretch = TRANSFORMS["colour"](stripes, 1.0, rng).std(dim=(1, 2, 3)) / stripes.std(dim=(1, 2, 3))
    assert 0.5 <= stretch.min() < 0.52
    assert 1.48 < stretch.max() <= 1.5 + 1e-5
    red = torch.tensor([0.9, 0.3, 0.3])[:, None, None].expand(1000, 3, 4, 4)  # saturation up to 2, then contrast
    stretch = TRANSFORMS["colour"](red, 1.0, rng).std(dim=(1, 2, 3)) / red.std(dim=(1, 2, 3))
    assert 0 <= stretch.min() < 0.05
    assert 2.5 < stretch.max() <= 3 + 1e-5


def test_augmentation_explains_itself(moment):
    with pytest.raises(ValueError, match=r"changes pictures .* got shape \(4, 2\)"):
        DiffAugment().seen(torch.zeros(4, 2), moment)
    with pytest.raises(ValueError, match="must be among colour, translation, cutout, got turn"):
        DiffAugment(transforms=("turn",))
