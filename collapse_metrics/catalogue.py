"""What do all the other measures say? Any registered metric by its name: data, interval, what real data would score."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from scipy import stats

import collapse_metrics.metrics  # importing the room registers its metrics
import collapse_metrics.probes  # noqa: F401
from collapse_metrics._registry import METRICS, PROBES, MetricSpec
from collapse_metrics.fitting import BATCH_ROWS
from collapse_metrics.given import PER_MODE, PER_STEP, SCATTERED, Given
from collapse_metrics.measurements import ALPHA, Look, look_at, measure_look
from collapse_metrics.records import Measurement
from collapse_metrics.reference import Reference
from collapse_metrics.stats.jackknife import jackknife_interval
from collapse_metrics.stats.next_score import range_of_next

STANDARD = frozenset(
    {
        "accepted_share", "class_share_test", "coverage", "density", "distinct_neighbours", "mode_coverage",
        "neighbour_ratio", "pairwise_diversity", "loss_oscillation", "duplicate_rate",
    }
)  # fmt: skip
"""Metrics that are measured at every look: what the rules of the verdict read, and what a person reads beside it."""

PRESETS = frozenset({"standard", "full"})
"""What can be asked for in one word: what the verdict rests on, or everything whose data are there."""

TABLES = 199
"""Simulated looks of a perfect generator, where only counts are asked for: the fifth smallest and the fifth largest
score then hold one more score with probability 0.95 exactly, whatever its law."""


class NotMeasuredError(ValueError):
    """A metric cannot be measured here; the text says what is lacking."""


def asked_for(measures: str | Iterable[str]) -> tuple[str, ...]:
    """Names of the metrics and probes behind presets and names.

    Args:
        measures: ``"standard"``, ``"full"``, one name, or several.

    Returns:
        Names in the order of the registry; none for ``"standard"``, which is measured anyhow.

    Raises:
        ValueError: If a name is not registered; the text says which ones are near to it, and lists all.
    """
    asked = {measures} if isinstance(measures, str) else set(measures)
    check_known(sorted(asked - PRESETS))
    return tuple(name for name in (*METRICS, *PROBES) if name in asked or "full" in asked)


def check_known(names: Iterable[str]) -> None:
    """Require names of registered metrics or probes; the text of the error says which are near, and lists all."""
    known = [*METRICS, *PROBES]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=3)
            hint = f" Did you mean {' or '.join(near)}?" if near else ""
            raise ValueError(
                f"{name!r} is no measure.{hint} There are 'standard', 'full', and these: {', '.join(known)}."
            )


def measure_more(
    names: Iterable[str],
    look: Look,
    reference: Reference,
    *,
    train: torch.Tensor | None = None,
    losses: Mapping[str, Any] | None = None,
    step: int | None = None,
    seed: int = 0,
) -> tuple[list[Measurement], dict[str, str]]:
    """Measure the named metrics of one look.

    Args:
        names: Registered metrics.
        look: Samples that were looked at.
        reference: The real data.
        train: Feature rows of the set that the generator was trained on.
        losses: Series of the training, ``{"g_loss": ..., "d_loss": ...}``.
        step: Training step, for the record.
        seed: Of subsets and simulated sets.

    Returns:
        The measurements, and for each metric that could not be measured the reason.
    """
    given = Given(look, reference, train=train, losses=losses or {}, seed=seed)
    found, lacking = [], {}
    for name in names:
        try:
            found.append(_measured(METRICS[name], given, step))
        except NotMeasuredError as error:
            lacking[name] = str(error)
    return found, lacking


def why_not(name: str, look: Look, reference: Reference, *, losses: Mapping[str, Any] | None, seed: int) -> str:
    """What a standard metric lacked, that was not measured."""
    given = Given(look, reference, train=None, losses=losses or {}, seed=seed)
    return given.lacking(METRICS[name].needs) or "needs more samples, or steps"


def measure_one(
    name: str,
    *,
    fake: Any,
    reference: Reference,
    value_range: tuple[float, float] | None = None,
    train: torch.Tensor | None = None,
    losses: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Measurement:
    """One metric of finished samples, with its interval and expected range, as ``score`` would measure it.

    Args:
        name: A registered metric.
        fake: Generated samples, as for ``score``.
        reference: The real data.
        value_range: What black and white are, for pictures.
        train: Feature rows of the set that the generator was trained on.
        losses: Series of the training.
        seed: Of subsets and simulated sets.

    Returns:
        The measurement.

    Raises:
        NotMeasuredError: If the data for it are not there; the text says what is lacking.

    Example:
        >>> plane = torch.randn(1000, 2, generator=torch.Generator().manual_seed(0))
        >>> reference = Reference.fit(real=plane[:700])
        >>> print(measure_one("pairwise_diversity", fake=plane[700:], reference=reference))
        pairwise_diversity 0.944 [0.86, 1.03], a perfect generator 0.897 to 1.1
    """
    look = look_at(fake, reference, value_range=value_range)
    if name not in STANDARD or name == "loss_oscillation":
        found, lacking = measure_more([name], look, reference, train=train, losses=losses, seed=seed)
        if lacking:
            raise NotMeasuredError(f"{name} was not measured: {lacking[name]}")
        return found[0]
    for measurement in measure_look(look, reference, step=None, seed=seed):
        if measurement.name == name:
            return measurement
    why = why_not(name, look, reference, losses=losses, seed=seed)
    raise NotMeasuredError(f"{name} was not measured: {why}")


def _measured(spec: MetricSpec, given: Given, step: int | None) -> Measurement:
    """One number, its interval, and the range in which one perfect generator's would fall."""
    lacking = given.lacking(spec.required)
    if lacking:
        raise NotMeasuredError(lacking)
    needs = spec.needs & given.there
    rows = given.rows_for(needs)
    try:
        value = float(spec.compute(**given.of_look(needs, rows)))
    except ValueError as error:
        raise NotMeasuredError(str(error)) from error
    if np.isnan(value):
        raise NotMeasuredError("the answer is not a number")
    ends = _interval(spec, given, needs, rows, value)
    low, high = (None, None) if ends is None else ends
    expected = _expected(spec, given, needs, rows)
    return Measurement(spec.name, value, low, high, expected, step=step, **given.about(needs, rows))


def _interval(
    spec: MetricSpec, given: Given, needs: frozenset[str], rows: torch.Tensor, value: float
) -> tuple[float, float] | None:
    """The metric's own interval, or a delete-block jackknife over the samples; none for tests and for series."""
    if spec.is_test or (spec.interval is None and needs <= PER_STEP):
        return None

    def without(kept: torch.Tensor) -> float:
        return float(spec.compute(**given.of_look(needs, rows[kept])))

    try:
        if spec.interval is not None:
            low, high = spec.interval(**given.of_look(needs, rows))
        else:
            low, high = jackknife_interval(without, len(rows), value, seed=given.seed)
    except ValueError:  # nine tenths of the samples may be too few for it
        return None
    if np.isnan(low) or np.isnan(high):
        return None
    return min(value, max(low, spec.span[0])), max(value, min(high, spec.span[1]))


def _expected(spec: MetricSpec, given: Given, needs: frozenset[str], rows: torch.Tensor) -> tuple[float, float] | None:
    """The range in which the score of one perfect generator falls, where real data can stand in for it."""
    if spec.is_test:
        return ALPHA, 1.0
    if needs & PER_STEP or not needs & (SCATTERED | PER_MODE):
        return None
    if "pictures" in needs:
        return _expected_of_pictures(spec, given.reference, len(rows))
    remembered, key = given.reference.remembered, (spec.name, given.size(needs, rows), given.seed)
    scores = remembered.get(key)
    if scores is None:
        try:
            scores = [float(spec.compute(**world)) for world in given.of_perfect(needs, rows, TABLES)]
        except ValueError:  # real data may lack what the metric needs, for example different samples
            return None
        if not needs & {"fresh", "train"}:  # those depend on more than the number of rows
            remembered[key] = scores
    low, high = range_of_next(scores, used=given.used(needs, rows), span=spec.span)
    return None if np.isnan(low) else (low, high)


def _expected_of_pictures(spec: MetricSpec, reference: Reference, n: int) -> tuple[float, float] | None:
    """From batches of real pictures that were scored when the reference was fitted; it keeps no picture."""
    scores = np.array(reference.picture_scores.get(spec.name, []))
    if len(scores) < 2:
        return None
    # The mean over n pictures scatters by the batches' own scatter, over n / BATCH_ROWS batches.
    error = scores.std(ddof=1) * np.sqrt(BATCH_ROWS / n + 1 / len(scores))
    reach = stats.t.ppf(0.975, len(scores) - 1) * error
    low, high = np.clip([scores.mean() - reach, scores.mean() + reach], *spec.span).tolist()
    return low, high
