"""Checks of arguments: every message says what was needed, what came, and what to do."""

import numpy as np
import torch
from torch import Tensor


def check_feature_sets(**sets: Tensor) -> None:
    """Require named, finite ``(rows, dim)`` arrays that live in one feature space."""
    for name, rows in sets.items():
        if rows.ndim != 2:
            raise ValueError(
                f"`{name}` must be a (rows, dim) feature array, got shape {tuple(rows.shape)}: "
                "pass images through an embedder first, or flatten them with embed.Raw()."
            )
        if not torch.isfinite(rows.sum()) and not torch.isfinite(rows).all():  # the sum is ten times quicker
            bad = (~torch.isfinite(rows)).any(dim=1).sum().item()
            raise ValueError(
                f"`{name}` has NaN or infinity in {bad} of {len(rows)} rows: "
                "the generator or the embedder has diverged, so no score is meaningful."
            )
    dims = {name: rows.shape[1] for name, rows in sets.items()}
    if len(set(dims.values())) > 1:
        raise ValueError(f"feature sets must share one dimension, got {dims}: use the same embedder for all of them.")


def check_k(k: int, **sets: Tensor) -> None:
    """Require ``k >= 1`` and more than ``k`` rows in each named set."""
    if k < 1:
        raise ValueError(f"`k` counts neighbours and must be at least 1, got {k}.")
    for name, rows in sets.items():
        if len(rows) <= k:
            raise ValueError(
                f"k={k} needs at least {k + 1} rows in `{name}`, got {len(rows)}: pass more samples or a smaller k."
            )


def check_rows(least: int, **sets: Tensor) -> None:
    """Require at least ``least`` rows in each named set."""
    for name, rows in sets.items():
        if len(rows) < least:
            raise ValueError(f"`{name}` needs at least {least} rows, got {len(rows)}: pass more samples.")


def check_counts(counts: np.ndarray, shares: np.ndarray, confusion: np.ndarray | None = None) -> None:
    """Require whole, non-negative counts beside shares that sum to one, and a stochastic confusion matrix."""
    if counts.ndim != 1 or counts.shape != shares.shape:
        raise ValueError(
            f"`counts` and `shares` must be two rows of one length, got shapes {counts.shape} and "
            f"{shares.shape}: give one count and one reference share for each mode."
        )
    if not np.isfinite(counts).all() or (counts < 0).any() or (counts != np.round(counts)).any():
        raise ValueError(f"`counts` must be whole numbers of samples, got {counts}: count, do not weigh.")
    if (shares < 0).any() or not np.isclose(shares.sum(), 1.0, atol=1e-6):
        raise ValueError(f"`shares` must be non-negative and sum to 1, got a sum of {shares.sum():.6g}: divide by it.")
    if confusion is None:
        return
    if confusion.shape != (len(shares), len(shares)):
        raise ValueError(
            f"`confusion` must have {len(shares)} rows and columns, got shape {confusion.shape}: "
            "row = true mode, column = the mode it is taken for."
        )
    if (confusion < 0).any() or not np.allclose(confusion.sum(axis=1), 1.0, atol=1e-6):
        raise ValueError("every row of `confusion` must be non-negative and sum to 1: divide rows by their sums.")


def check_tallies(least: int, **tallies: np.ndarray) -> None:
    """Require named rows of whole, non-negative numbers of samples per mode, ``least`` samples or more in each."""
    for name, counts in tallies.items():
        if counts.ndim != 1:
            raise ValueError(f"`{name}` must be one count for each mode, got shape {counts.shape}.")
        if not np.isfinite(counts).all() or (counts < 0).any() or (counts != np.round(counts)).any():
            raise ValueError(f"`{name}` must be whole numbers of samples, got {counts}: count, do not weigh.")
        if counts.sum() < least:
            raise ValueError(f"`{name}` needs at least {least} samples, got {int(counts.sum())}: draw more.")


def check_series(**series: np.ndarray) -> None:
    """Require named, finite, one-dimensional series."""
    for name, values in series.items():
        if values.ndim != 1:
            raise ValueError(f"`{name}` must be one number a step, got shape {values.shape}: average first.")
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).sum())
            raise ValueError(
                f"`{name}` has NaN or infinity at {bad} of {len(values)} steps: the training has diverged."
            )
