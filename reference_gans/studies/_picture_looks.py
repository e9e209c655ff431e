"""Which pictures come out at this step? How far apart they lie, how many are digits, of how many kinds."""

from collections.abc import Sequence

import torch
from torch import Tensor

from collapse_metrics.embed import MnistDigits
from reference_gans.data import Enlarged
from reference_gans.recipes._checks import FEWEST, MANY_PICTURES, distances, draw
from reference_gans.trainer import Run
from reference_gans.watched import AsPackaged

PICTURES = 500
"""Pictures shown to the classifier: a tenth of a second, and a share is known to .02."""

FEW_DIGITS = 5
"""A generator that draws so many of the ten digits or fewer has lost half of them."""

DIGITS_AT_ALL = 0.1
"""Where fewer of the pictures are digits, it is not asked which: 50 of 500, of which a digit that is due 5 is missed
(fewer than 2) in 3 looks of 100, and five of them never."""

Look = dict[str, float]
"""``distance`` of two pictures over that of real ones, the share ``accepted`` as digits, and how many ``digits``."""


def look(run: Run, digits: MnistDigits) -> Look:
    """Look at a run that is under way; it goes on as if nobody had."""
    pictures = draw(run, PICTURES)
    if isinstance(run.data, Enlarged):
        pictures = AsPackaged()(pictures)
    probs = probabilities(digits, pictures)
    accepted = digits.accepts(probs)
    return {
        "distance": round(distances(run)["noise"], 4),
        "accepted": round(accepted.double().mean().item(), 4),
        "digits": kinds(probs[accepted, :10].argmax(dim=1)),
    }


def probabilities(digits: MnistDigits, pictures: Tensor) -> Tensor:
    """Of each of the ten digits, and of none."""
    probs = digits(pictures).probs
    assert probs is not None, "the classifier of digits has classes"
    return probs


def kinds(called: Tensor) -> int:
    """How many of the ten digits have a quarter of their due share, a tenth, of the pictures that are digits."""
    if len(called) == 0:
        return 0
    counts = torch.bincount(called, minlength=10)
    return int((counts >= FEWEST * len(called) / 10).sum())


def collapsed(seen: Look) -> bool:
    """Whether the pictures are alike, or are digits of half of the kinds at most.

    Pictures that are different and no digits are another failure: `accepted` shows it.
    """
    alike = seen["distance"] < MANY_PICTURES
    return alike or (seen["accepted"] >= DIGITS_AT_ALL and seen["digits"] <= FEW_DIGITS)


def grown(looks: Sequence[Look]) -> int | None:
    """Place of the first look at different pictures that are digits; before it a GAN is young, not collapsed."""
    good = (i for i, seen in enumerate(looks) if not collapsed(seen) and seen["accepted"] >= DIGITS_AT_ALL)
    return next(good, None)


def onset(looks: Sequence[Look]) -> int | None:
    """Place of the first collapsed look, once grown, that the next look bears out, or that is the last one."""
    first = grown(looks)
    if first is None:
        return None
    bad = [collapsed(seen) for seen in looks]
    lasting = (i for i in range(first, len(bad)) if bad[i] and all(bad[i : i + 2]))
    return next(lasting, None)
