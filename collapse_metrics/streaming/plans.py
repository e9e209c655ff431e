"""How does a metric stream? Exactly, through a uniform sample, or not at all; and the accumulator that it needs."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

import collapse_metrics.metrics  # noqa: F401  (importing the room registers its metrics)
from collapse_metrics._checks import check_rows
from collapse_metrics._registry import METRICS, PROBES, MetricSpec
from collapse_metrics.metrics._balls import Balls
from collapse_metrics.streaming._base import ARRAYS, Accumulator
from collapse_metrics.streaming._from_moments import READ as READ_FROM_MOMENTS
from collapse_metrics.streaming._from_moments import UNIT
from collapse_metrics.streaming.counts import Counts
from collapse_metrics.streaming.mean import Mean
from collapse_metrics.streaming.moments import Moments
from collapse_metrics.streaming.nearest import READ as READ_FROM_NEAREST
from collapse_metrics.streaming.nearest import NearestToReference
from collapse_metrics.streaming.reservoir import SIZE, Reservoir

STREAMED = ("fake", "pictures", "accepted", "fake_modes", "modes_before", "modes_now", "counts")
"""Data that come with every batch of generated samples, in the order in which ``update`` takes them; all other data
are known before."""

MOST_PICTURES = 200
"""Pictures kept where they are compared pair by pair: 19,900 pairs settle a mean to some thousandths."""

IN_ORDER = frozenset({"g_losses", "d_losses"})
"""Data whose order is part of what they say: two streams of them cannot be merged."""

Data = Mapping[str, Any]
Options = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What the caller says of the accumulator: how many modes to count, and which reservoir to sample with."""

    modes: int | None
    reservoir: Reservoir | None


Build = Callable[[MetricSpec, Data, Options, Asked], Accumulator]
"""Makes an accumulator of fixed data and options; takes out of the options what is fixed with the reference."""


@dataclass(frozen=True)
class Plan:
    """How one metric streams: exactly or not, why, and what makes its accumulator."""

    exact: bool
    why: str
    build: Build


def plan(name: str, **options: Any) -> Plan:
    """How a metric with these options streams; of a metric that is not named here, by the data that it asks for.

    Raises:
        ValueError: If there is no such metric, or if it does not stream, with the reason.

    Example:
        >>> plan("coverage").exact, plan("recall").exact
        (True, False)
    """
    spec = _spec(name, options)
    if spec.needs & IN_ORDER:
        raise ValueError(f"{name} does not stream: its data are series, whose order is part of what they say.")
    coming = spec.needs & set(STREAMED)
    if not coming:
        raise ValueError(f"{name} does not stream: it looks at {', '.join(sorted(spec.needs))}, not at samples.")
    if name in EXACT and all(options.get(key, value) == value for key, value in ONLY_WITH.get(name, {}).items()):
        return EXACT[name]
    if coming == {"counts"}:
        return Plan(True, "counts are all that it asks for", _counted)
    return Plan(False, SAMPLED.get(name, "it asks for the samples themselves"), _sampled)


def _spec(name: str, options: Options) -> MetricSpec:
    if name in PROBES:
        raise ValueError(f"{name} does not stream: it is a probe, which needs the generator itself.")
    if name not in METRICS:
        raise ValueError(f"one of the metrics {', '.join(sorted(METRICS))} is needed, got {name!r}.")
    known = inspect.signature(METRICS[name].compute).parameters
    for option in options:
        if option not in known:
            raise ValueError(f"`{option}` is neither data nor an option of {name}: it takes {', '.join(known)}.")
    return METRICS[name]


def _nearest(spec: MetricSpec, data: Data, options: Options, asked: Asked) -> Accumulator:
    k = options.pop("k", None)
    if (
        k is None
        and not isinstance(data["real"], Balls)
        and "k" in (known := inspect.signature(spec.compute).parameters)
    ):
        k = known["k"].default
    near = READ_FROM_NEAREST[spec.name][0] == "hits"
    return NearestToReference(data["real"], k=k, balls=not near, neighbours=near)


def _moments(spec: MetricSpec, data: Data, options: Options, asked: Asked) -> Accumulator:
    if "real" not in data:
        return Moments(unit=spec.name in UNIT)
    real = data["real"].rows.rows if isinstance(data["real"], Balls) else torch.as_tensor(data["real"])
    check_rows(2, real=real)
    return Moments(real=Moments.of(real).table)


def _counted(spec: MetricSpec, data: Data, options: Options, asked: Asked) -> Accumulator:
    told = [len(data[name]) for name in ("shares", "real_counts") if name in data]
    modes = asked.modes or (told[0] if told else 0)
    if not modes:
        raise ValueError(f"{spec.name} needs to know how many modes there are: pass modes=, shares= or a reference.")
    return Counts(modes, fixed=_tensors(data))


def _averaged(spec: MetricSpec, data: Data, options: Options, asked: Asked) -> Accumulator:
    chosen = dict(options)
    options.clear()
    return Mean(spec.name, columns=_columns(spec), fixed=_tensors(data), **chosen)


def _sampled(spec: MetricSpec, data: Data, options: Options, asked: Asked) -> Accumulator:
    reservoir = asked.reservoir or Reservoir(MOST_PICTURES if "pictures" in spec.needs else SIZE)
    return reservoir.of(_columns(spec), _tensors(data))


def _columns(spec: MetricSpec) -> tuple[str, ...]:
    return tuple(name for name in STREAMED if name in spec.needs)


def _tensors(data: Data) -> dict[str, Tensor]:
    """Everything that is known before as tensors; arrays keep their double precision."""
    found = {}
    for name, value in data.items():
        if isinstance(value, Balls):
            value = value.rows.rows
        found[name] = torch.from_numpy(np.array(value)) if name in ARRAYS else torch.as_tensor(value)
    return found


MEANS = ("accepted_share", "high_quality_share")
"""Metrics that are a mean over samples, each judged by itself."""

EXACT: Mapping[str, Plan] = {
    **{
        name: Plan(True, "the reference does not move: counts per real row say it all", _nearest)
        for name in READ_FROM_NEAREST
    },
    **{name: Plan(True, "sums of products of features say it all", _moments) for name in READ_FROM_MOMENTS},
    **{name: Plan(True, "every sample is judged by itself", _averaged) for name in MEANS},
}
"""Metrics that ask for samples and stream exactly all the same."""

ONLY_WITH: Mapping[str, Mapping[str, Any]] = {"rke": {"kernel": "cosine"}, "vendi_score": {"kernel": "cosine"}}
"""Options without which they do not: a gaussian has no features of finite number."""

SAMPLED: Mapping[str, str] = {
    "recall": "its balls are those of the generated samples, and each shrinks with every further sample",
    "neighbour_ratio": "it asks for the nearest sibling of every sample, which a further sample may become",
    "pairwise_diversity": "it asks for the distance of every pair of samples",
}
"""Why a metric does not stream exactly, where there is more to say than that it asks for the samples."""
