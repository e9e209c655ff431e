"""Looks at pictures: digits that are counted right, and a collapse that is dated right."""

import pytest
import torch

from reference_gans.recipes import RECIPES, build
from reference_gans.studies import _picture_looks
from reference_gans.studies._picture_looks import collapsed, grown, kinds, look, onset
from reference_gans.trainer import train

GOOD = {"distance": 0.5, "accepted": 0.1, "digits": 6}


def test_a_digit_counts_from_a_quarter_of_its_due_share_on():
    called = torch.tensor([0] * 78 + [1] * 2 + [2] * 1)  # a fortieth of 81 is 2.03
    assert kinds(called) == 1
    assert kinds(called[:80]) == 2
    assert kinds(torch.arange(10)) == 10
    assert kinds(torch.empty(0, dtype=torch.long)) == 0


@pytest.mark.parametrize(
    ("change", "bad"),
    [
        ({}, False),
        ({"distance": 0.499}, True),
        ({"digits": 5}, True),
        ({"digits": 5, "accepted": 0.099}, False),
        ({"distance": 0.499, "accepted": 0.0}, True),
    ],
)
def test_pictures_that_are_alike_or_digits_of_few_kinds_are_a_collapse(change, bad):
    assert collapsed({**GOOD, **change}) is bad


def looks_of(marks):
    kinds_of_look = {".": GOOD, "x": {**GOOD, "digits": 1}, "?": {**GOOD, "accepted": 0.09}}
    return [kinds_of_look[mark] for mark in marks]


@pytest.mark.parametrize(
    ("marks", "began", "fell"),
    [
        ("xx..", 2, None),
        ("x.xx.", 1, 2),
        (".x.x", 0, 3),
        (".x..", 0, None),
        ("?x?.", 3, None),
        (".??xx", 0, 3),
        ("xxxx", None, None),
        ("", None, None),
    ],
)
def test_a_collapse_is_borne_out_and_comes_after_growth(marks, began, fell):
    assert (grown(looks_of(marks)), onset(looks_of(marks))) == (began, fell)


@pytest.mark.parametrize("name", ["student_dcgan_small_as_coded", "mnist_first_short"])
def test_a_look_changes_nothing_and_tells_noise_from_digits(name):
    class Digits(_picture_looks.MnistDigits):
        def __call__(self, images):
            assert images.shape == (_picture_looks.PICTURES, 1, 28, 28)
            return super().__call__(images)

    run, alone = (build(RECIPES[name], 0) for _ in range(2))
    seen = []
    train(run, 2, [lambda run: seen.append(look(run, Digits()))])
    train(alone, 2)
    for mine, theirs in zip(run.generator.state_dict().values(), alone.generator.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)
    assert seen[-1]["accepted"] < 0.05
    assert collapsed(seen[-1])
