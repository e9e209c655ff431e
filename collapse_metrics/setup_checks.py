"""What would betray a mistake in the set-up? Repeats, whole numbers, and values that one plain change would mend."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from collapse_metrics.records import Measurement
from collapse_metrics.reference import Reference

TRIED = 100
"""Samples that are tried again with changed values: enough to tell next to none from most of them."""

LOST_BELOW = 0.5
"""Only where fewer samples than this, relative to real data, are taken for data is there anything to mend."""

FULL = 0.9
"""Pictures that use less of their range than this are tried with all of it."""

ENDS = (0.001, 0.999)
"""Quantiles that count as the ends of what pixels use: a single stray pixel is none."""

SAME_AT_LEAST = 16
"""Samples that have to come again, all of them in order, before a repeat is called exact; and different ones that have
to be whole before that is called a cast."""

NEAR = 0.2
"""How far the means of standardised columns may lie from 0 and their deviations from 1."""

Change = tuple[str, Tensor]
"""What was done to the samples, in words, and what they became."""


def measure_setup(
    samples: Tensor, raw: Tensor, accepted: Tensor, reference: Reference, about: dict[str, Any]
) -> Iterator[Measurement]:
    """Everything that the samples themselves tell of a mistake in the set-up.

    Args:
        samples: Finite samples as the embedder takes them, in the order in which they came.
        raw: The same as flat rows.
        accepted: Which are taken for data.
        reference: The real data.
        about: Embedder and step, for the record.

    Yields:
        ``repeat_period``, ``whole_share``, and where most samples are not taken for data, how many are after each
        plain change of their values.
    """
    yield Measurement("repeat_period", repeat_period(raw), expected=(0, 0), n_fake=len(raw), **about)
    real = None if reference.embedder.name != "raw" else whole_share(reference.anchor)
    yield Measurement(
        "whole_share", whole_share(raw), expected=None if real is None else (real, real), n_fake=len(raw), **about
    )
    if accepted.double().mean() >= LOST_BELOW * reference.kept:
        return
    change = _pictures if reference.embedder.takes_pictures else _columns
    for how, changed in change(samples, reference):
        again = reference.accept(reference.embedder(changed))
        share = again.double().mean().item()
        yield Measurement(f"rescaled_share[{how}]", share, n_fake=len(changed), **about)


def repeat_period(raw: Tensor) -> int:
    """After how many samples all of them come again, in the same order and to the last digit; 0 if they do not."""
    n = len(raw)
    again = torch.nonzero((raw[1 : n - SAME_AT_LEAST + 1] == raw[0]).all(dim=1)).flatten() + 1
    for period in again.tolist():
        if torch.equal(raw[period:], raw[: n - period]):
            return int(period)
    return 0


def whole_share(rows: Tensor) -> float:
    """Share of rows that hold whole numbers only; 0 where so few rows differ that they may be whole by chance."""
    share = (rows == rows.round()).all(dim=1).double().mean().item()
    if share == 1 and len(torch.unique(rows, dim=0)) < SAME_AT_LEAST:
        return 0.0
    return share


def _pictures(samples: Tensor, reference: Reference) -> Iterator[Change]:
    some = samples[:TRIED]
    yield "inverted", 1 - some
    low, high = (some.flatten().sort().values[int(end * (some.numel() - 1))] for end in ENDS)
    if 0 < high - low < FULL:
        stretched = ((some - low) / (high - low)).clamp(0, 1)
        yield "stretched to their full range", stretched
        yield "stretched to their full range and inverted", 1 - stretched


def _columns(samples: Tensor, reference: Reference) -> Iterator[Change]:
    """Rows brought back to the real columns, where theirs look standardised and the real ones do not."""
    rows = samples.flatten(1).float()
    if reference.embedder.name != "raw":
        return
    real = reference.anchor
    scales: tuple[tuple[str, Callable[[Tensor], tuple[Tensor, Tensor]]], ...] = (
        ("with the means and deviations of the real columns", _standard),
        ("with the ends of the real columns", _ends),
    )
    for how, scale in scales:
        (middle, unit), (real_middle, real_unit) = scale(rows), scale(real)
        if _is_one(middle, unit) and not _is_one(real_middle, real_unit):
            yield how, (rows[:TRIED] - middle) / unit * real_unit + real_middle


def _standard(rows: Tensor) -> tuple[Tensor, Tensor]:
    return rows.mean(dim=0), rows.std(dim=0).clamp(min=1e-12)


def _ends(rows: Tensor) -> tuple[Tensor, Tensor]:
    low, high = rows.amin(dim=0), rows.amax(dim=0)
    return low, (high - low).clamp(min=1e-12)


def _is_one(middle: Tensor, unit: Tensor) -> bool:
    """Whether columns begin or lie about 0 and are 1 long or wide."""
    return bool((middle.abs() < NEAR).all() and ((unit - 1).abs() < NEAR).all())
