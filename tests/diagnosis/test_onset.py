"""Since when: the stretch that reaches to the end, forgiving one lucky look."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.diagnosis import onset
from collapse_metrics.diagnosis.onset import GAPS


@pytest.mark.parametrize(
    ("states", "step"),
    [
        ("", None),
        ("0", None),
        ("1", 0),
        ("10", None),
        ("0011", 20),
        ("1111", 0),
        ("0101", 10),  # one lucky look in between
        ("1001", 30),  # two are a recovery
        ("01011011", 10),
        ("1100111", 40),
        ("1010", None),
    ],
)
def test_known_stretches(states, step):
    assert onset(range(0, 10 * len(states), 10), [s == "1" for s in states]) == step


@given(st.lists(st.booleans(), max_size=20))
def test_agrees_with_the_definition(states):
    # The earliest true state after which no more than GAPS in a row are false, up to the end.
    def lasts(start):
        too_long = [False] * (GAPS + 1)
        rest = states[start:]
        return rest[0] and rest[-1] and not any(rest[i : i + GAPS + 1] == too_long for i in range(len(rest)))

    starts = [i for i in range(len(states)) if lasts(i)]
    assert onset(range(len(states)), states) == (starts[0] if starts else None)
