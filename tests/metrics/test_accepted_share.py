"""Accepted share: by hand, against the definition, and what it is blind to."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import accepted_share


@given(st.lists(st.booleans(), min_size=1, max_size=50))
def test_agrees_with_the_definition(accepted):
    assert accepted_share(accepted=torch.tensor(accepted)) == pytest.approx(sum(accepted) / len(accepted))


@pytest.mark.parametrize("answer", [True, False])
def test_one_sample_is_all_or_nothing(answer):
    assert accepted_share(accepted=torch.tensor([answer])) == float(answer)


def test_many_samples_are_counted_exactly():
    # A sum in single precision would stop at 2 ** 24.
    accepted = torch.ones(2**24 + 2, dtype=torch.bool)
    accepted[0] = False
    assert accepted_share(accepted=accepted) == 1 - 1 / (2**24 + 2)


def test_takes_its_data_by_name_only():
    with pytest.raises(TypeError):
        accepted_share(torch.ones(3, dtype=torch.bool))


@pytest.mark.bad_input
def test_nothing_to_judge_is_explained():
    with pytest.raises(ValueError, match="`accepted` needs at least 1 rows, got 0"):
        accepted_share(accepted=torch.ones(0, dtype=torch.bool))
