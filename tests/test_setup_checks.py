"""Set-up checks: exact repeats, whole numbers, and values that one plain change makes data of."""

import pytest
import torch

from collapse_metrics.reference import Reference
from collapse_metrics.setup_checks import FULL, SAME_AT_LEAST, measure_setup, repeat_period, whole_share
from reference_gans.data import digits


@pytest.fixture(scope="module")
def table():
    rng = torch.Generator().manual_seed(0)
    real = torch.tensor([100.0, -3.0]) + torch.tensor([20.0, 0.1]) * torch.randn(600, 2, generator=rng)
    return Reference.fit(real=real), real


def measured(samples, reference, accepted=None):
    raw = samples.flatten(1).float()
    embedded = reference.embedder(samples)
    accepted = reference.accept(embedded) if accepted is None else accepted
    return {m.name: m for m in measure_setup(samples, raw, accepted, reference, {"embedder": "x", "step": 7})}


@pytest.mark.parametrize(("period", "times"), [(16, 2), (20, 2), (7, 9), (1, 40)])
def test_a_whole_repeat_is_found_with_its_period(rng, period, times):
    rows = torch.randn(period, 3, generator=rng).repeat(times, 1)
    assert repeat_period(rows) == period
    assert repeat_period(torch.cat([rows, rows[:1]])) == period  # a last part that is cut short


def test_a_repeat_needs_every_sample_and_enough_of_them(rng):
    rows = torch.randn(40, 3, generator=rng).repeat(2, 1)
    assert repeat_period(rows) == 40
    rows[79, 2] += 1e-6
    assert repeat_period(rows) == 0
    short = torch.randn(SAME_AT_LEAST - 1, 3, generator=rng).repeat(2, 1)
    assert repeat_period(short) == 0
    assert repeat_period(torch.randn(2, 3, generator=rng)) == 0
    assert repeat_period(torch.zeros(2, 3)) == 0


def test_the_first_sample_alone_coming_back_is_no_repeat(rng):
    rows = torch.randn(60, 3, generator=rng)
    rows[10] = rows[0]
    assert repeat_period(rows) == 0


def test_copies_in_a_random_order_are_no_repeat(rng):
    rows = torch.randn(30, 3, generator=rng).repeat(4, 1)
    assert repeat_period(rows[torch.randperm(120, generator=rng)]) == 0


def test_whole_rows_are_counted():
    assert whole_share(torch.tensor([[1.0, -2.0], [0.0, 0.5], [3.0, 4.0], [0.1, 0.1]])) == 0.5


def test_whole_numbers_are_compared_with_real_rows_where_these_are_known(table):
    reference, real = table
    found = measured(real[:100].round(), reference)["whole_share"]
    assert (found.value, found.expected, found.step) == (1.0, (0.0, 0.0), 7)
    pictures = digits().real[:50]
    assert measured(pictures, Reference.named("mnist"))["whole_share"].expected is None


@pytest.mark.parametrize(
    ("spoil", "how"),
    [
        (lambda x: (x - x.mean(dim=0)) / x.std(dim=0), "with the means and deviations of the real columns"),
        (lambda x: (x - x.amin(dim=0)) / (x.amax(dim=0) - x.amin(dim=0)), "with the ends of the real columns"),
    ],
)
def test_scaled_columns_are_brought_back(table, spoil, how):
    reference, real = table
    found = measured(spoil(real), reference)
    healed = found[f"rescaled_share[{how}]"]
    assert healed.value > 0.9
    assert healed.n_fake == 100
    assert sum(name.startswith("rescaled") for name in found) == 1


def test_other_columns_and_rows_that_are_data_are_left_alone(table):
    reference, real = table
    assert not any("rescaled" in name for name in measured(real, reference))
    assert not any("rescaled" in name for name in measured(3 * torch.randn(200, 2), reference))


@pytest.mark.parametrize(
    ("spoil", "how", "tried"),
    [
        (lambda x: 1 - x, "inverted", 1),
        (lambda x: x / 255, "stretched to their full range", 3),
        (lambda x: (x + 1) / 2, "stretched to their full range", 3),
        (lambda x: (1 - x) / 4, "stretched to their full range and inverted", 3),
    ],
)
def test_pictures_are_tried_in_their_full_range_and_inverted(spoil, how, tried):
    assert FULL == 0.9
    found = measured(spoil(digits().real[:120]), Reference.named("mnist"))
    shares = {name: m.value for name, m in found.items() if name.startswith("rescaled")}
    assert len(shares) == tried
    assert max(shares, key=shares.get) == f"rescaled_share[{how}]"
    assert shares[f"rescaled_share[{how}]"] > 0.9


def test_equal_pictures_have_no_range_to_be_stretched():
    found = measured(torch.full((60, 1, 28, 28), 0.5), Reference.named("mnist"))
    assert [name for name in found if name.startswith("rescaled")] == ["rescaled_share[inverted]"]


def test_few_different_samples_may_be_whole_by_chance():
    few = torch.arange(15.0).repeat(20)[:, None]
    assert whole_share(few) == 0
    assert whole_share(torch.arange(16.0).repeat(20)[:, None]) == 1
