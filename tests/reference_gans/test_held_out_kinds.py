"""Kinds of collapse and garbage that nobody looked at while the rules were written.

Written after the rules and their margins were frozen. What fails here is a finding about the rules: it is marked with
its reason, and the rules are not bent until it passes. A kind that was used to mend a rule belongs to the fixtures
afterwards, and another one has to take its place here.
"""

import math

import pytest
import torch

from collapse_metrics.evaluate import score
from collapse_metrics.reference import Reference
from reference_gans.fixtures.clouds import grid, ring, table
from reference_gans.fixtures.kinds import healthy
from reference_gans.fixtures.pictures import real_digits

N = 1500

SICK = {"partial_collapse", "collapse", "broken"}


def geometric_shares(world, n, rng):
    """Each mode has 0.7 of the share of the one before."""
    shares = 0.7 ** torch.arange(len(world.shares))
    return world.of(torch.multinomial(shares, n, replacement=True, generator=rng), rng)


def one_class_is_one_picture(world, n, rng):
    """Half of the data is as it should be; the other half are copies, nearly, of one sample of each of its modes."""
    rows, modes = healthy(world, n, rng), torch.randint(len(world.shares) // 2, (n,), generator=rng)
    known = world.of(torch.arange(len(world.shares) // 2), rng)
    return torch.cat([rows[: n // 2], world.shaken(known[modes[n // 2 :]], rng)])


def a_curve(world, n, rng):
    """A line from sample to sample, closed, on which all samples lie: a latent of one dimension."""
    corners = healthy(world, 60, rng)
    at = 60 * torch.rand(n, generator=rng)
    left, part = at.long(), (at - at.long()).view(-1, *[1] * (corners.ndim - 1))
    return (1 - part) * corners[left] + part * corners[(left + 1) % 60]


def eight_in_a_row(world, n, rng):
    """Every sample eight times, one after the other."""
    return healthy(world, -(-n // 8), rng).repeat_interleave(8, dim=0)[:n]


def a_third_blank(world, n, rng):
    """One sample in three is all zeros."""
    rows = healthy(world, n, rng).clone()
    rows[::3] = 0
    return rows


def halves_of_two(world, n, rng):
    """The first half of the values from one sample, the second from another."""
    one, two = healthy(world, n, rng).flatten(1), healthy(world, n, rng)
    mixed = two.flatten(1).clone()
    mixed[:, : mixed.shape[1] // 2] = one[:, : mixed.shape[1] // 2]
    return mixed.view(two.shape)


def turned(world, n, rng):
    """Values in reverse order: pictures stand on their head, columns are swapped."""
    rows = healthy(world, n, rng)
    return rows.flatten(1).flip(1).view(rows.shape)


def around_the_circle(world, n, rng):
    """Even on the circle on which the modes of the ring lie."""
    angle = 2 * math.pi * torch.rand(n, generator=rng)
    return 2 * torch.stack([angle.cos(), angle.sin()], dim=1)


def a_neighbour_took_over(world, n, rng):
    """What belongs to mode 3 comes out as mode 4."""
    modes = torch.multinomial(world.shares, n, replacement=True, generator=rng)
    return world.of(torch.where(modes == 3, 4, modes), rng)


def shrunk_to_a_quarter(world, n, rng):
    """Samples a quarter as far from their mode's centre as they should be."""
    modes = torch.multinomial(world.shares, n, replacement=True, generator=rng)
    rows = world.of(modes, rng)
    return world.centres[modes] + (rows - world.centres[modes]) / 4


def moved_a_pixel(world, n, rng):
    """Every picture a pixel to the right, which is no illness."""
    return healthy(world, n, rng).roll(1, dims=-1)


def shares_a_little_off(world, n, rng):
    """Shares off by up to a tenth of themselves, which is not material."""
    shares = world.shares * (1 + 0.1 * torch.linspace(-1, 1, len(world.shares)))
    return world.of(torch.multinomial(shares, n, replacement=True, generator=rng), rng)


def fainter(world, n, rng):
    """Ink at nine tenths, which is no illness."""
    return 0.9 * healthy(world, n, rng)


WORLDS = {"digits": real_digits, "ring": ring, "grid": grid, "table": table}

CASES = [
    ("digits", geometric_shares, SICK, {"mode_dropping", "mode_imbalance"}),
    ("table", geometric_shares, SICK, {"mode_dropping", "mode_imbalance"}),
    ("digits", one_class_is_one_picture, SICK, {"intra_mode_collapse", "mode_imbalance"}),
    ("grid", one_class_is_one_picture, SICK, {"intra_mode_collapse", "mode_imbalance"}),
    ("table", a_curve, SICK, {"low_rank", "off_manifold", "intra_mode_collapse"}),
    ("digits", a_curve, SICK, {"low_rank", "off_manifold", "intra_mode_collapse"}),
    ("digits", eight_in_a_row, SICK, {"duplicates", "suspect_setup"}),
    ("ring", eight_in_a_row, SICK, {"duplicates", "suspect_setup"}),
    ("digits", a_third_blank, SICK, {"duplicates", "off_manifold"}),
    ("table", a_third_blank, SICK, {"duplicates", "off_manifold"}),
    ("digits", halves_of_two, {"broken"}, {"off_manifold"}),
    ("table", halves_of_two, {"broken"}, {"off_manifold"}),
    ("digits", turned, SICK, {"off_manifold", "mode_dropping", "mode_imbalance"}),
    ("table", turned, {"broken"}, {"off_manifold"}),
    ("ring", around_the_circle, {"broken"}, {"off_manifold"}),
    ("grid", a_neighbour_took_over, {"partial_collapse"}, {"mode_dropping"}),
    ("table", a_neighbour_took_over, {"partial_collapse"}, {"mode_dropping"}),
    ("ring", shrunk_to_a_quarter, {"partial_collapse"}, {"intra_mode_collapse"}),
    ("table", shrunk_to_a_quarter, {"partial_collapse"}, {"intra_mode_collapse"}),
    ("digits", moved_a_pixel, {"healthy"}, set()),
    ("digits", fainter, {"healthy"}, set()),
    ("table", shares_a_little_off, {"healthy"}, set()),
    ("grid", shares_a_little_off, {"healthy"}, set()),
]
"""Family, kind, right verdicts, and right names, of which one has to be found; none for what is no illness."""


@pytest.fixture(scope="module")
def references():
    known = {"digits": Reference.named("mnist")}
    for name in ("ring", "grid", "table"):
        real = healthy(WORLDS[name](), 3000, torch.Generator().manual_seed(77))
        known[name] = Reference.fit(real=real, modes=WORLDS[name]().centres)
    return known


MISSED = {
    ("table", geometric_shares): "its rarest mode still has 0.57 of its share, which 1,500 samples do not prove",
    ("digits", halves_of_two): "the classifier takes most digits glued from two for digits",
}
"""What the rules did not find at the first look, and why; 21 of the 23 they did."""


def case(family, kind, verdicts, names):
    reason = MISSED.get((family, kind))
    marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
    return pytest.param(family, kind, verdicts, names, marks=marks, id=f"{family}-{kind.__name__}")


@pytest.mark.parametrize(("family", "kind", "verdicts", "names"), [case(*each) for each in CASES])
def test_a_kind_that_was_not_tuned_to(references, family, kind, verdicts, names):
    fake = kind(WORLDS[family](), N, torch.Generator().manual_seed(5))
    card = score(fake=fake, reference=references[family], value_range=(0, 1) if family == "digits" else None)
    found = {finding.name for finding in card.found}
    assert (card.verdict in verdicts, bool(found & names) if names else not found) == (True, True), str(card)
