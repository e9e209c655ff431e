"""Is the generator still as diverse as it was? The same gate as on the command line, from pytest."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from generator import draw


def test_the_ring_stays_whole(collapse_gate):
    """The baseline lies beside this file; --update-collapse-baselines writes it."""
    collapse_gate.assert_diverse(fake=draw(2000, seed=1))
