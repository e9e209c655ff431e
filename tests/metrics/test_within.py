"""Directions within modes: known numbers, and the modes' own places left out."""

import pytest
import torch

from collapse_metrics.metrics._within import directions_within


def test_the_places_of_the_modes_do_not_count():
    line = torch.tensor([[1.0, 0, 0], [-1, 0, 0]])
    rows = torch.cat([line, line + torch.tensor([0.0, 9.0, 0.0]), line + torch.tensor([0.0, 0.0, 7.0])])
    assert directions_within(rows, torch.tensor([0, 0, 1, 1, 2, 2])) == pytest.approx(1.0)
    assert directions_within(rows, torch.zeros(6, dtype=torch.long)) > 1.5


def test_equal_directions_are_counted():
    cross = torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
    assert directions_within(cross, torch.zeros(4, dtype=torch.long)) == pytest.approx(2.0)
    assert directions_within(torch.cat([cross, cross + 5]), torch.tensor([0] * 4 + [3] * 4)) == pytest.approx(2.0)


def test_either_side_of_the_table_gives_the_same(rng):
    rows = torch.randn(30, 40, generator=rng)
    padded = torch.cat([rows, torch.zeros(30, 5)], dim=1)
    few = torch.zeros(30, dtype=torch.long)
    assert directions_within(rows.T[:, :30], torch.zeros(40, dtype=torch.long)) > 0
    assert directions_within(padded, few) == pytest.approx(directions_within(rows, few))
    tall = torch.randn(60, 8, generator=rng)
    wide = torch.cat([tall, torch.zeros(60, 80)], dim=1)
    modes = torch.arange(60) % 3
    assert directions_within(wide, modes) == pytest.approx(directions_within(tall, modes))


@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_copies_have_no_direction(rng, offset):
    rows = (torch.randn(3, 7, generator=rng) + offset).repeat_interleave(20, dim=0)
    assert directions_within(rows, torch.arange(3).repeat_interleave(20)) == 0.0
