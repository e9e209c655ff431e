"""What does every measure say of these samples? Numbers, their intervals, and what real data would score."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.embed.rows import as_tensor, prepare
from collapse_metrics.long_range import measure_long_range
from collapse_metrics.metrics import class_share_test, mode_coverage
from collapse_metrics.metrics._table import NeighbourTable
from collapse_metrics.metrics.mode_coverage import ALIVE_FROM, living_modes
from collapse_metrics.metrics.pairwise_diversity import spread_of
from collapse_metrics.ranks import measure_ranks, measure_raw_directions
from collapse_metrics.records import Measurement
from collapse_metrics.reference import SPREAD_ROWS, Reference
from collapse_metrics.setup_checks import measure_setup
from collapse_metrics.siblings import measure_siblings
from collapse_metrics.stats.jackknife import jackknife_interval
from collapse_metrics.stats.mode_loss import smallest_share_left, usual_share
from collapse_metrics.stats.next_score import range_of_next
from collapse_metrics.stats.shares import clopper_pearson, samples_to_see, shares_left_open, undo_confusion
from collapse_metrics.stats.u_statistics import normal_interval

ALPHA = 0.01
"""Error level of everything a verdict rests on, split over the modes (Bonferroni)."""

POWER = 0.95
"""How surely a loss has to be shown before a verdict says that it could have been: the usual convention."""

NEIGHBOUR_ROWS = 1000
"""Generated samples in neighbour measures. Neighbour distances depend on the number of samples, so the number is
capped where held-out real data can still match it; at 1,000 they see 400 distinct pictures behind 1,000 samples
at forty standard deviations."""

FEWEST_ROWS = 50
"""Fewest accepted samples for a neighbour measure."""

SIMULATIONS = 400
"""Simulated count tables behind the interval and the expected range of mode coverage."""


@dataclass(frozen=True)
class Look:
    """Finite generated samples, and what the reference sees in them.

    ``total`` samples came in. ``samples`` are the finite ones as the embedder takes them, ``raw`` the same as flat
    rows, ``features`` their embedding; ``accepted`` says which are like the data at all, ``called`` which mode each
    is taken for. Of fewer than two finite samples nothing can be said, and nothing is embedded.
    """

    total: int
    finite: int
    samples: Tensor
    raw: Tensor
    features: Tensor
    accepted: Tensor
    called: Tensor

    @property
    def says_something(self) -> bool:
        """Whether there are two finite samples at least."""
        return self.finite >= 2


def look_at(fake: Any, reference: Reference, *, value_range: tuple[float, float] | None) -> Look:
    """Embed finished samples, once for all measures."""
    rows = as_tensor(fake)
    if rows.ndim < 2 or len(rows) == 0:
        raise ValueError(f"samples must be one a row and at least one, got shape {tuple(rows.shape)}.")
    finite = torch.isfinite(rows.flatten(1).float()).all(dim=1)
    total, count = len(rows), int(finite.sum())
    if count < 2:
        nothing = torch.empty(0, 1)
        return Look(total, count, nothing, nothing, nothing, nothing[:, 0].bool(), nothing[:, 0].long())
    samples, raw = prepare(rows[finite], reference.embedder, value_range)
    if raw.shape[1] != reference.raw_dim:
        raise ValueError(
            f"samples of {reference.raw_dim} values each are needed for reference {reference.name!r}, got "
            f"{raw.shape[1]}: crop or resize them to the reference's shape."
        )
    embedded = reference.embedder(samples)
    return Look(total, count, samples, raw, embedded.features, reference.accept(embedded), reference.call(embedded))


def measure(
    fake: Any, reference: Reference, *, value_range: tuple[float, float] | None, step: int | None, seed: int
) -> tuple[list[Measurement], int]:
    """Every measurement that the verdict rests on, and how many of the samples were finite."""
    look = look_at(fake, reference, value_range=value_range)
    return measure_look(look, reference, step=step, seed=seed), look.finite


def measure_look(look: Look, reference: Reference, *, step: int | None, seed: int) -> list[Measurement]:
    """Every measurement that the verdict rests on, of samples that were looked at before."""
    about: dict[str, Any] = {"embedder": reference.embedder.name, "step": step}
    share = look.finite / look.total
    found = [Measurement("finite_share", share, expected=(1, 1), n_fake=look.total, **about)]
    if look.says_something:
        found += measure_setup(look.samples, look.raw, look.accepted, reference, about)
        found += _spread(look.raw, reference, about, seed)
        found += _acceptance(look.accepted, reference, about)
        known = reference.long_range
        found += measure_long_range(look.samples, look.called, look.accepted, known, about, seed=seed)
        found += _modes(look.called[look.accepted], reference, about, seed)
        found += _neighbours(look, reference, about, seed)
    return found


def _spread(raw: Tensor, reference: Reference, about: dict[str, Any], seed: int) -> Iterator[Measurement]:
    """Mean distance of two raw samples, over that of two real ones, and along how many directions they differ."""
    rows = raw[shuffled(len(raw), seed)[:NEIGHBOUR_ROWS]]
    spread, error = spread_of(rows)
    value = spread / reference.raw_spread
    low, high = normal_interval(value, error / reference.raw_spread)
    measured = min(SPREAD_ROWS, reference.n_real)
    # Real data of this size would scatter by their own standard error, and the yardstick is off by its own.
    scatter = reference.raw_spread_error / reference.raw_spread * (measured / len(rows) + 1) ** 0.5
    yield Measurement(
        "raw_diversity", value, max(low, 0.0), high, normal_interval(1.0, scatter), n_fake=len(rows), **about
    )
    if len(rows) >= FEWEST_ROWS:
        yield from measure_raw_directions(rows, reference, about)


def _acceptance(accepted: Tensor, reference: Reference, about: dict[str, Any]) -> Iterator[Measurement]:
    n, hits = len(accepted), int(accepted.sum())
    usual = usual_share(reference.kept, n, n_real=reference.n_kept)
    yield Measurement("accepted_share", hits / n, *clopper_pearson(hits, n), usual, n_fake=n, **about)


def _accepted_needed(reference: Reference) -> float:
    """Accepted samples from which a mode that is missing would show, the rarest one too."""
    rarest = float(reference.shares[reference.shares > 0].min())
    return float(samples_to_see(ALIVE_FROM * rarest, alpha=ALPHA / len(reference.modes) / 2))


def samples_needed(reference: Reference) -> int:
    """Generated samples, as many of them accepted as of real ones, from which a verdict can be ``healthy``."""
    accepted = _accepted_needed(reference) if len(reference.modes) > 1 else 0.0
    return int(np.ceil(max(accepted, FEWEST_ROWS) / reference.kept))


def _modes(called: Tensor, reference: Reference, about: dict[str, Any], seed: int) -> Iterator[Measurement]:
    """Shares of the modes among accepted samples, corrected for the classifier's confusion."""
    modes, n = len(reference.modes), len(called)
    if modes < 2:
        return
    level = 1 - ALPHA / modes
    needed = _accepted_needed(reference)
    about = {**about, "n_fake": n}
    yield Measurement("samples_needed", needed, **about)
    if n == 0:
        return
    counts = np.bincount(called.numpy(), minlength=modes)
    confusion = np.eye(modes) if reference.confusion is None else reference.confusion
    shares = undo_confusion(counts, confusion)
    spill = shares @ confusion - shares * np.diag(confusion)  # samples of other modes that are called this one
    rng = np.random.default_rng(seed)
    args = {"counts": counts, "shares": reference.shares, "confusion": confusion}
    guesses = shares_left_open(counts, SIMULATIONS, rng)
    low, high = np.quantile(_covered(guesses, reference, confusion), [0.025, 0.975])
    perfect = rng.multinomial(n, reference.shares @ confusion, SIMULATIONS)
    expected = np.quantile(_covered(perfect, reference, confusion), [0.025, 0.975])
    value = mode_coverage(**args)
    yield Measurement("mode_coverage", value, min(low, value), max(high, value), (expected[0], expected[1]), **about)
    p_value = class_share_test(**args, real_counts=reference.mode_counts, seed=seed)
    yield Measurement("class_share_test", p_value, expected=(ALPHA, 1.0), **about)
    yield from _detectable(n, reference, confusion, level, about)
    for k, name in enumerate(reference.modes):
        share = float(shares[k])
        exact = (np.array(clopper_pearson(int(counts[k]), n, level=level)) - spill[k]) / confusion[k, k]
        least, most = exact.clip(0, 1).tolist()
        usual = usual_share(float(reference.shares[k]), n, n_real=reference.n_real, level=level)
        yield Measurement(f"mode_share[{name}]", share, min(least, share), max(most, share), usual, **about)


def _detectable(
    n: int, reference: Reference, confusion: np.ndarray, level: float, about: dict[str, Any]
) -> Iterator[Measurement]:
    """How much of the mode that is hardest to judge may be left, so that its loss would have been shown."""
    left = smallest_share_left(reference.shares, n, confusion=confusion, below=ALIVE_FROM, level=level, power=POWER)[
        reference.shares > 0
    ]
    if not np.isnan(left).any():  # else not even a mode that is gone would be seen, and `samples_needed` says so
        yield Measurement("detectable_share", float(left.min()), **about)


def _covered(counts: np.ndarray, reference: Reference, confusion: np.ndarray) -> np.ndarray:
    covered: np.ndarray = living_modes(counts, reference.shares, confusion).mean(axis=-1)
    return covered


def _neighbours(look: Look, reference: Reference, about: dict[str, Any], seed: int) -> Iterator[Measurement]:
    """Measures in feature space.

    What is asked *within* modes is asked of accepted samples, beside real ones of the same make-up, so that a
    dropped mode is not also called a collapse of the others.
    """
    features, real = look.features, reference.real_table
    chosen = choose_rows(look, reference, seed)
    rows, make_up = rows_within_modes(look, reference, seed)
    about = {**about, "n_real": len(reference.anchor)}
    if len(chosen) >= FEWEST_ROWS:
        table = NeighbourTable(real=reference.anchor, fake=features[chosen])
        used = len(chosen) / len(reference.fresh)
        for name in ("coverage", "density", "duplicate_rate"):
            perfect = _perfect(name, len(chosen), reference, seed)
            yield _measured(name, table.measure(name), len(chosen), (perfect, used), about, seed)
        spread, error = spread_of(features[chosen])
        unit, unit_error = reference.feature_spread
        usual = normal_interval(1.0, unit_error / unit * (len(reference.anchor) / len(chosen) + 1) ** 0.5)
        ends = normal_interval(spread / unit, error / unit)
        yield Measurement(
            "pairwise_diversity", spread / unit, max(ends[0], 0), ends[1], usual, n_fake=len(chosen), **about
        )
    if len(rows) < FEWEST_ROWS:
        return
    if len(chosen) == look.finite:  # nothing was left out: the distances are there
        matched = table.only(torch.argsort(chosen)[rows])
    else:
        matched = NeighbourTable(real=reference.anchor, fake=features[rows])
    draws, used = reference.draws(make_up, seed=seed), reference.used(make_up)
    perfect = [real.distinct_neighbours(draw) for draw in draws]
    yield _measured("distinct_neighbours", matched.distinct_neighbours, len(rows), (perfect, used), about, seed)
    yield from measure_ranks(matched, look.called[rows], reference, (draws, used), about, seed=seed)
    yield from measure_siblings(matched, [real.nearest_sibling(draw) for draw in draws], used, about, seed=seed)


def _perfect(name: str, n: int, reference: Reference, seed: int) -> list[float]:
    """What sets of ``n`` held-out real rows score; asked at every look, so it is remembered."""
    key = (name, n, seed)
    if key not in reference.remembered:
        reference.remembered[key] = [reference.real_table.measure(name)(rows) for rows in reference.draws(n, seed=seed)]
    return reference.remembered[key]


def _measured(
    name: str,
    compute: Callable[[Tensor], float],
    n: int,
    perfect: tuple[list[float], float],
    about: dict[str, Any],
    seed: int,
) -> Measurement:
    """One number, its jackknife interval, and the range in which one perfect generator's would fall.

    ``perfect``: scores of sets of held-out rows, and the share of the held-out rows in each.
    """
    value = compute(torch.arange(n))
    low, high = jackknife_interval(compute, n, value, seed=seed)
    scores, used = perfect
    return Measurement(name, value, max(low, 0.0), high, range_of_next(scores, used=used), n_fake=n, **about)


def choose_rows(look: Look, reference: Reference, seed: int) -> Tensor:
    """Random samples, at most so many that twice as many held-out real rows are there."""
    return shuffled(look.finite, seed)[: min(NEIGHBOUR_ROWS, len(reference.fresh) // 2)]


def rows_within_modes(look: Look, reference: Reference, seed: int, *, part: int = 2) -> tuple[Tensor, np.ndarray]:
    """Random accepted samples, and how many of each mode: at most half (``part``) of the held-out real rows of it."""
    modes = len(reference.modes)
    inside = torch.nonzero(look.accepted).flatten()
    make_up = np.bincount(look.called[inside].numpy(), minlength=modes)
    make_up = np.minimum(make_up, np.bincount(reference.fresh_modes.numpy(), minlength=modes) // part)
    make_up = np.floor(make_up * min(1.0, NEIGHBOUR_ROWS / max(1, make_up.sum()))).astype(int)
    mixed = inside[shuffled(len(inside), seed)]
    rows = torch.cat([mixed[look.called[mixed] == mode][:count] for mode, count in enumerate(make_up)])
    return rows[shuffled(len(rows), seed)], make_up


def shuffled(n: int, seed: int) -> Tensor:
    """The numbers below ``n`` in an order that the seed decides."""
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))
