"""Near copies of siblings are counted as what they are, and a healthy generator has hardly any."""

from functools import partial

import pytest
import torch

from collapse_metrics.evaluate import score
from collapse_metrics.metrics._table import NeighbourTable
from collapse_metrics.reference import Reference
from collapse_metrics.siblings import measure_siblings
from collapse_metrics.stats.shares import clopper_pearson
from reference_gans import zoo
from reference_gans.fixtures.clouds import grid, ring, table
from reference_gans.fixtures.kinds import healthy, partly, prototypes
from reference_gans.fixtures.pictures import real_digits

WORLDS = {"digits": real_digits, "ring": ring, "grid": grid, "table": table}


@pytest.fixture(scope="module")
def references():
    known = {"digits": Reference.named("mnist")}
    for name in ("ring", "grid", "table"):
        real = healthy(WORLDS[name](), 4000, torch.Generator().manual_seed(11))
        known[name] = Reference.fit(real=real, modes=WORLDS[name]().centres)
    return known


def judged(references, name, share):
    copies = partial(prototypes, each=1)
    fake = partly(WORLDS[name](), 2000, torch.Generator().manual_seed(3), severity=share, sick=copies)
    return score(fake=fake, reference=references[name], value_range=(0, 1) if name == "digits" else None)


@pytest.mark.parametrize("name", WORLDS)
def test_a_fifth_of_copies_is_measured_and_found_and_names_itself(references, name):
    card = judged(references, name, 0.2)
    seen = card["near_duplicate_rate"]
    # Of 1,000 rows 200 are due, with a standard deviation of 13; a few copies are nobody else's nearest.
    assert seen.value == pytest.approx(0.2, abs=0.06)
    assert seen.low < seen.value < seen.high
    assert "intra_mode_collapse" in {finding.name for finding in card.found}
    assert f"{seen.value:.0%} are near copies of a sibling" in str(card)


@pytest.mark.parametrize("name", WORLDS)
def test_real_data_have_one_in_a_hundred(references, name):
    fake = healthy(WORLDS[name](), 2000, torch.Generator().manual_seed(4))
    card = score(fake=fake, reference=references[name], value_range=(0, 1) if name == "digits" else None)
    seen = card["near_duplicate_rate"]
    assert seen.value <= 0.03  # 1,000 rows: ten are due, in pairs; thirty come in one of 100,000 draws
    assert 0 <= seen.expected[0] < 0.01
    assert seen.expected[0] <= seen.expected[1] < 0.06
    assert card.verdict == "healthy"


@pytest.mark.parametrize(("copies", "pairs_high"), [(0, 1 - 0.025 ** (1 / 50)), (2, clopper_pearson(1, 50)[1])])
def test_few_or_none_among_a_hundred_leave_room_for_more(copies, pairs_high):
    """Fifty pairs without a copy: 7 % of copies would be seen in all but one in forty of such sets."""
    lattice = torch.cartesian_prod(torch.arange(10.0), torch.arange(10.0))
    if copies:
        lattice[0] = lattice[1] + 0.001
    usual = [0.8 + 0.4 * torch.rand(100, generator=torch.Generator().manual_seed(seed)) for seed in range(20)]
    found = measure_siblings(NeighbourTable(real=lattice, fake=lattice), usual, 0.5, {"embedder": "raw"}, seed=0)
    rate = {m.name: m for m in found}["near_duplicate_rate"]
    assert rate.value == pytest.approx(copies / 100)
    assert rate.low == 0
    assert rate.high == pytest.approx(pairs_high)


def test_where_all_are_copies_the_rate_ends_at_one(references):
    card = judged(references, "ring", 1.0)
    seen = card["near_duplicate_rate"]
    assert 0.97 < seen.value <= seen.high <= 1


def test_the_tightest_healthy_generator_stays_below_the_line():
    trained, world = zoo.load("ring8_healthy"), ring()
    real = healthy(world, 4000, torch.Generator().manual_seed(12))
    card = score(generator=trained.generator, latent=2, n=2000, reference=Reference.fit(real=real, modes=world.centres))
    assert card["near_duplicate_rate"].low < 0.1
    assert card.verdict == trained.verdict == "healthy"


@pytest.mark.parametrize(("dim", "closer"), [(2, 0.7), (32, 0.7), (256, 0.7), (256, 0.9)])
def test_samples_that_lie_closer_together_are_no_copies_in_many_dimensions_either(dim, closer):
    rng = torch.Generator().manual_seed(5)
    reference = Reference.fit(real=torch.randn(3000, dim, generator=rng))
    card = score(fake=closer * torch.randn(1500, dim, generator=rng), reference=reference)
    assert card["near_duplicate_rate"].value < 0.1
    assert card.finding("intra_mode_collapse").status != "found"
