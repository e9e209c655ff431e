"""Kinds of collapse and garbage that nobody looked at while the rules were written: geometric_shares, two_at_a_quarter,
a_mode_is_a_blur, four_of_each_shaken, a_curve, eight_in_a_row, a_third_blank, quarters_of_four, woven, turned,
around_the_circle, a_neighbour_took_over, shrunk_to_a_quarter, and what is no illness: moved_a_pixel,
shares_a_little_off, fainter, slanted.

They stand in ``reference_gans.studies._held_out_kinds``, which also says when one of them has to leave; the study
``held_out_kinds`` judges each of them over seeds.
"""

import pytest
import torch

from collapse_metrics.evaluate import score
from collapse_metrics.reference import Reference
from reference_gans.fixtures.kinds import healthy
from reference_gans.studies._held_out_kinds import CASES, WORLDS, N


@pytest.fixture(scope="module")
def references():
    known = {"digits": Reference.named("mnist")}
    for name in ("ring", "grid", "table"):
        real = healthy(WORLDS[name](), 3000, torch.Generator().manual_seed(77))
        known[name] = Reference.fit(real=real, modes=WORLDS[name]().centres)
    return known


MISSED = {
    "table, geometric shares": "its rarest mode still has 0.57 of its share, which 1,500 samples do not prove",
}
"""What the rules did not find at the first look, and why."""


def marked(case):
    reason = MISSED.get(case.name)
    return pytest.param(case, marks=[] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)])


@pytest.mark.parametrize("case", [marked(case) for case in CASES], ids=lambda case: case.name)
def test_a_kind_that_was_not_tuned_to(references, case):
    fake = case.kind(WORLDS[case.family](), N, torch.Generator().manual_seed(5))
    value_range = (0, 1) if case.family == "digits" else None
    card = score(fake=fake, reference=references[case.family], value_range=value_range)
    found = {finding.name for finding in card.found}
    assert (card.verdict in case.verdicts, bool(found & case.names) == case.is_ill) == (True, True), str(card)
    assert case.is_ill or not found
