"""Mode stability: by hand, by chance, for hopping, and for bad input."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import mode_stability


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_is_agreement_beyond_chance(pairs):
    before, now = (torch.tensor(side) for side in zip(*pairs, strict=True))
    agreement = sum(a == b for a, b in pairs) / len(pairs)
    assert mode_stability(modes_before=before, modes_now=now, modes=5) == pytest.approx((agreement - 0.2) / 0.8)


def test_looks_that_share_nothing_score_nothing(rng):
    # Of 20,000 latents, 0.1 agree by chance, within 0.0021 (one standard error); five of them are 1e-6.
    before, now = torch.randint(10, (2, 20_000), generator=rng)
    assert mode_stability(modes_before=before, modes_now=now) == pytest.approx(0.0, abs=5 * 0.0021 / 0.9)


def test_hopping_as_a_whole_is_the_lowest_score():
    zeros, ones = torch.zeros(50, dtype=torch.long), torch.ones(50, dtype=torch.long)
    assert mode_stability(modes_before=zeros, modes_now=ones) == -1.0
    assert mode_stability(modes_before=zeros, modes_now=ones, modes=10) == pytest.approx(-1 / 9)


def test_a_generator_that_stays_collapsed_agrees_with_itself():
    zeros = torch.zeros(50, dtype=torch.long)
    assert mode_stability(modes_before=zeros, modes_now=zeros) == 1.0
    assert mode_stability(modes_before=zeros, modes_now=zeros, modes=10) == 1.0


def test_the_order_of_the_looks_is_all_one(rng):
    before, now = torch.randint(4, (2, 60), generator=rng)
    one = mode_stability(modes_before=before, modes_now=now)
    assert one == mode_stability(modes_before=now, modes_now=before)
    assert one != mode_stability(modes_before=before, modes_now=now.flip(0))


@pytest.mark.bad_input
class TestBadInput:
    def test_other_latents(self):
        with pytest.raises(ValueError, match="keep the latents between the looks"):
            mode_stability(modes_before=torch.zeros(3, dtype=torch.long), modes_now=torch.zeros(4, dtype=torch.long))
        with pytest.raises(ValueError, match="keep the latents between the looks"):
            mode_stability(modes_before=torch.zeros(0, dtype=torch.long), modes_now=torch.zeros(0, dtype=torch.long))

    def test_probabilities_instead_of_modes(self):
        with pytest.raises(ValueError, match="modes must be whole numbers"):
            mode_stability(modes_before=np.array([0.2, 0.8]), modes_now=np.array([0.2, 0.8]))
