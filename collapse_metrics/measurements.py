"""What does every measure say of these samples? Numbers, their intervals, and what real data would score."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from scipy import stats
from torch import Tensor

from collapse_metrics._registry import METRICS
from collapse_metrics.embed import Embedded
from collapse_metrics.embed.rows import as_tensor, prepare
from collapse_metrics.metrics import class_share_test, mode_coverage
from collapse_metrics.metrics._table import NeighbourTable
from collapse_metrics.metrics.mode_coverage import ALIVE_FROM, living_modes
from collapse_metrics.metrics.pairwise_diversity import spread_of
from collapse_metrics.records import Measurement
from collapse_metrics.reference import SPREAD_ROWS, Reference
from collapse_metrics.stats.jackknife import jackknife_interval
from collapse_metrics.stats.shares import clopper_pearson, samples_to_see, undo_confusion
from collapse_metrics.stats.u_statistics import normal_interval

ALPHA = 0.01
"""Error level of everything a verdict rests on, split over the modes (Bonferroni)."""

NEIGHBOUR_ROWS = 1000
"""Generated samples in neighbour measures. Neighbour distances depend on the number of samples, so the number is
capped where held-out real data can still match it; at 1,000 they see 400 distinct pictures behind 1,000 samples
at forty standard deviations."""

FEWEST_ROWS = 50
"""Fewest accepted samples for a neighbour measure."""

SIMULATIONS = 400
"""Simulated count tables behind the interval and the expected range of mode coverage."""


def measure(
    fake: Any, reference: Reference, *, value_range: tuple[float, float] | None, step: int | None, seed: int
) -> tuple[list[Measurement], int]:
    """Every measurement of finished samples, and how many of the samples were finite."""
    rows = as_tensor(fake)
    if rows.ndim < 2 or len(rows) == 0:
        raise ValueError(f"samples must be one a row and at least one, got shape {tuple(rows.shape)}.")
    finite = torch.isfinite(rows.flatten(1).float()).all(dim=1)
    about: dict[str, Any] = {"embedder": reference.embedder.name, "step": step}
    found = [Measurement("finite_share", float(finite.double().mean()), expected=(1, 1), n_fake=len(rows), **about)]
    count = int(finite.sum())
    if count < 2:
        return found, count
    samples, raw = prepare(rows[finite], reference.embedder, value_range)
    if raw.shape[1] != reference.raw_dim:
        raise ValueError(
            f"samples of {reference.raw_dim} values each are needed for reference {reference.name!r}, got "
            f"{raw.shape[1]}: crop or resize them to the reference's shape."
        )
    embedded = reference.embedder(samples)
    accepted = reference.accept(embedded)
    found += list(_spread(raw, reference, about, seed))
    found += list(_acceptance(accepted, reference, about))
    called = reference.call(embedded)
    found += list(_modes(called[accepted], reference, about, seed))
    found += list(_neighbours(embedded, accepted, called, reference, about, seed))
    return found, count


def _spread(raw: Tensor, reference: Reference, about: dict[str, Any], seed: int) -> Iterator[Measurement]:
    """Mean distance of two raw samples, over that of two real ones."""
    rows = raw[_choose(len(raw), NEIGHBOUR_ROWS, seed)]
    spread, error = spread_of(rows)
    value = spread / reference.raw_spread
    low, high = normal_interval(value, error / reference.raw_spread)
    # Real data of this size would scatter by their own standard error, known for SPREAD_ROWS rows.
    scatter = reference.raw_spread_error / reference.raw_spread * (SPREAD_ROWS / len(rows)) ** 0.5
    yield Measurement(
        "raw_diversity", value, max(low, 0.0), high, normal_interval(1.0, scatter), n_fake=len(rows), **about
    )


def _acceptance(accepted: Tensor, reference: Reference, about: dict[str, Any]) -> Iterator[Measurement]:
    n, hits = len(accepted), int(accepted.sum())
    usual = _usual_share(reference.kept, n, level=0.95)
    yield Measurement("accepted_share", hits / n, *clopper_pearson(hits, n), usual, n_fake=n, **about)


def _usual_share(share: float, n: int, *, level: float) -> tuple[float, float]:
    """Where the share among ``n`` samples of a perfect generator falls."""
    low, high = (float(stats.binom.ppf(q, n, share)) / n for q in ((1 - level) / 2, (1 + level) / 2))
    return low, high


def _modes(called: Tensor, reference: Reference, about: dict[str, Any], seed: int) -> Iterator[Measurement]:
    """Shares of the modes among accepted samples, corrected for the classifier's confusion."""
    modes, n = len(reference.modes), len(called)
    if modes < 2:
        return
    level = 1 - ALPHA / modes
    needed = samples_to_see(ALIVE_FROM * float(reference.shares[reference.shares > 0].min()), alpha=ALPHA / modes / 2)
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
    guesses = rng.dirichlet(counts + 0.5, SIMULATIONS)  # posterior under Jeffreys' prior
    low, high = np.quantile(_covered(guesses, reference, confusion), [0.025, 0.975])
    perfect = rng.multinomial(n, reference.shares @ confusion, SIMULATIONS)
    expected = np.quantile(_covered(perfect, reference, confusion), [0.025, 0.975])
    value = mode_coverage(**args)
    yield Measurement("mode_coverage", value, min(low, value), max(high, value), (expected[0], expected[1]), **about)
    yield Measurement("class_share_test", class_share_test(**args, seed=seed), expected=(ALPHA, 1.0), **about)
    for k, name in enumerate(reference.modes):
        share = float(shares[k])
        exact = (np.array(clopper_pearson(int(counts[k]), n, level=level)) - spill[k]) / confusion[k, k]
        least, most = exact.clip(0, 1).tolist()
        usual = _usual_share(float(reference.shares[k]), n, level=level)
        yield Measurement(f"mode_share[{name}]", share, min(least, share), max(most, share), usual, **about)


def _covered(counts: np.ndarray, reference: Reference, confusion: np.ndarray) -> np.ndarray:
    covered: np.ndarray = living_modes(counts, reference.shares, confusion).mean(axis=-1)
    return covered


def _neighbours(
    embedded: Embedded, accepted: Tensor, called: Tensor, reference: Reference, about: dict[str, Any], seed: int
) -> Iterator[Measurement]:
    """Measures in feature space.

    What is asked *within* modes is asked of accepted samples, beside real ones of the same make-up, so that a
    dropped mode is not also called a collapse of the others.
    """
    features, real = embedded.features, reference.real_table
    chosen = _choose(len(features), min(NEIGHBOUR_ROWS, len(reference.fresh) // 2), seed)
    about = {**about, "n_real": len(reference.anchor)}
    if len(chosen) >= FEWEST_ROWS:
        table = NeighbourTable(real=reference.anchor, fake=features[chosen])
        everything = torch.arange(len(chosen))
        for name in ("coverage", "density"):
            perfect = _perfect(name, len(chosen), reference, seed)
            yield _measured(name, table.measure(name), everything, perfect, about, seed)
        spread, error = spread_of(features[chosen])
        unit, unit_error = reference.feature_spread
        usual = normal_interval(1.0, unit_error / unit * (len(reference.anchor) / len(chosen)) ** 0.5)
        ends = normal_interval(spread / unit, error / unit)
        yield Measurement(
            "pairwise_diversity", spread / unit, max(ends[0], 0), ends[1], usual, n_fake=len(chosen), **about
        )
        yield from _others(features[chosen], reference, about, seed)
    inside = torch.nonzero(accepted).flatten()
    make_up = np.bincount(called[inside].numpy(), minlength=len(reference.modes))
    held = np.bincount(reference.fresh_modes.numpy(), minlength=len(reference.modes))
    make_up = np.minimum(make_up, held // 2)
    make_up = np.floor(make_up * min(1.0, NEIGHBOUR_ROWS / max(1, make_up.sum()))).astype(int)
    if make_up.sum() < FEWEST_ROWS:
        return
    rows = _of_make_up(inside, called, make_up, seed)
    matched = NeighbourTable(real=reference.anchor, fake=features[rows])
    everything, draws = torch.arange(len(rows)), reference.draws(make_up, seed=seed)
    perfect = [real.distinct_neighbours(draw) for draw in draws]
    yield _measured("distinct_neighbours", matched.distinct_neighbours, everything, perfect, about, seed)
    distances = [real.sibling_distance(draw) for draw in draws]
    unit = float(np.mean(distances))
    if unit > 0:

        def ratio(kept: Tensor) -> float:
            return matched.sibling_distance(kept) / unit

        yield _measured("neighbour_ratio", ratio, everything, [distance / unit for distance in distances], about, seed)


def _perfect(name: str, n: int, reference: Reference, seed: int) -> list[float]:
    """What sets of ``n`` held-out real rows score; asked at every look, so it is remembered."""
    key = (name, n, seed)
    if key not in reference.remembered:
        draws = reference.draws(_spread_evenly(n, reference), seed=seed)
        reference.remembered[key] = [reference.real_table.measure(name)(rows) for rows in draws]
    return reference.remembered[key]


def _others(features: Tensor, reference: Reference, about: dict[str, Any], seed: int) -> Iterator[Measurement]:
    """Metrics of ``real`` and ``fake`` that the table does not know: evaluated as they stand."""
    known = {"coverage", "density", "distinct_neighbours", "neighbour_ratio", "pairwise_diversity"}
    for name, spec in METRICS.items():
        if name in known or not spec.needs <= {"real", "fake"}:
            continue
        data = {"real": reference.anchor} if "real" in spec.needs else {}

        def compute(rows: Tensor, spec: Any = spec, data: dict[str, Tensor] = data) -> float:
            value: float = spec.compute(**data, fake=features[rows])
            return value

        everything = torch.arange(len(features))
        draws = reference.draws(_spread_evenly(len(features), reference), seed=seed)[:5]
        perfect = [float(spec.compute(**data, fake=reference.fresh[rows])) for rows in draws]
        yield _measured(name, compute, everything, perfect, about, seed)


def _measured(
    name: str, compute: Callable[[Tensor], float], rows: Tensor, perfect: list[float], about: dict[str, Any], seed: int
) -> Measurement:
    """One number, its jackknife interval, and the range in which real data of the same size fall."""
    value = compute(rows)
    low, high = jackknife_interval(compute, len(rows), value, seed=seed)
    middle, reach = float(np.mean(perfect)), float(stats.t.ppf(0.975, len(perfect) - 1) * np.std(perfect, ddof=1))
    return Measurement(name, value, max(low, 0.0), high, (middle - reach, middle + reach), n_fake=len(rows), **about)


def _choose(n: int, most: int, seed: int) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))[:most]


def _spread_evenly(n: int, reference: Reference) -> np.ndarray:
    """How many real rows of each mode make a set of ``n`` with the reference's own shares."""
    held = np.bincount(reference.fresh_modes.numpy(), minlength=len(reference.modes))
    cut = (
        np.floor(np.linspace(0, n, len(held) + 1)[1:]) if held.sum() == 0 else np.round(held.cumsum() / held.sum() * n)
    )
    return np.diff(cut, prepend=0).astype(int)


def _of_make_up(inside: Tensor, called: Tensor, make_up: np.ndarray, seed: int) -> Tensor:
    """Random rows with the asked number of each mode."""
    shuffled = inside[_choose(len(inside), len(inside), seed)]
    rows = torch.cat([shuffled[called[shuffled] == mode][:count] for mode, count in enumerate(make_up)])
    return rows[_choose(len(rows), len(rows), seed)]
