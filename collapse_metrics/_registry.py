"""The lists of metrics, probes and rules. Each asks for its data by the names of its arguments."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from collapse_metrics.records import Finding, Measurement, Status

Score = TypeVar("Score", bound=Callable[..., float])

DATA = frozenset(
    {
        "real", "fake", "fresh", "train", "pictures", "accepted",
        "counts", "real_counts", "shares", "confusion", "real_modes", "fake_modes", "modes_before", "modes_now",
        "centres", "scales", "g_losses", "d_losses",
    }
)  # fmt: skip
"""Every kind of data a metric may ask for; a name that is not here is an option.

``real``, ``fake``: feature rows of real and of generated samples. ``fresh``: real rows that are not in
``real``, as many as ``fake`` and with its make-up of modes: what a perfect generator would have drawn.
``train``: feature rows that the generator was trained on. ``pictures``: generated pictures
``(n, channels, height, width)`` from 0 to 1. ``accepted``: which samples are like the data at all.
``counts``, ``real_counts``: generated and real samples per mode. ``shares``: the reference's share of each
mode. ``confusion``: row = true mode, column = mode it is taken for. ``real_modes``, ``fake_modes``: mode of
each row of ``real`` and ``fake``. ``modes_before``, ``modes_now``: mode of the same latents at an earlier look
and now. ``centres``, ``scales``: centre and standard deviation of each mode of a known mixture.
``g_losses``, ``d_losses``: one number a training step.
"""

PROBE_DATA = frozenset(
    {"respond", "respond_batch", "respond_to", "jvp", "latents", "labels", "spread", "resolution", "rng"}
)
"""Every kind of data a probe may ask for.

``respond``: latents to flat output rows, the generator's own noise held fixed. ``respond_batch``: the same with
the batch's own statistics in batch norms. ``respond_to``: latents and labels to rows. ``jvp``: latents and
directions to the change of the rows along each. ``latents``: a batch of them. ``labels``: of a conditional
generator. ``spread``: mean distance of two real samples. ``resolution``: output differences smaller than this are
nothing. ``rng``: the only source of randomness.
"""


MOTIONS = frozenset({"shift", "turn", "scale"})
"""What may be done to all feature sets together without moving most scores: add a row, rotate, multiply."""

Interval = Callable[..., tuple[float, float]]
"""A metric's own interval: the metric's data and ``level=`` in, low and high end out."""


def no_interval(**_: Any) -> tuple[float, float]:
    """None: it counts what these very samples show, and with a tenth of them left out it would count something else."""
    return math.nan, math.nan


@dataclass(frozen=True)
class MetricSpec:
    """What the rest of the package has to know about one metric or probe."""

    name: str
    compute: Callable[..., float]
    needs: frozenset[str]
    best: float
    collapsed: float
    paper: str
    unmoved_by: frozenset[str] = MOTIONS
    span: tuple[float, float] = (0.0, math.inf)
    is_test: bool = False
    interval: Interval | None = None

    @property
    def required(self) -> frozenset[str]:
        """The data without which it cannot be asked; the rest of ``needs`` may be left out."""
        parameters = inspect.signature(self.compute).parameters
        return frozenset(name for name in self.needs if parameters[name].default is inspect.Parameter.empty)

    @property
    def higher_is_better(self) -> bool:
        """Whether a larger number is the healthier one."""
        return self.best > self.collapsed

    @property
    def question(self) -> str:
        """The first line of the docstring: what is counted or compared."""
        return (self.compute.__doc__ or "").strip().partition("\n")[0]


METRICS: dict[str, MetricSpec] = {}
PROBES: dict[str, MetricSpec] = {}


def _registrar(registry: dict[str, MetricSpec], data: frozenset[str]) -> Callable[..., Callable[[Score], Score]]:
    def configure(
        *,
        best: float,
        collapsed: float,
        paper: str,
        unmoved_by: Iterable[str] = MOTIONS,
        span: tuple[float, float] = (0.0, math.inf),
        is_test: bool = False,
        interval: Interval | None = None,
    ) -> Callable[[Score], Score]:
        """How to read the number: its two ends, what does not move it, where it can lie, and how sure it is.

        Args:
            best: What a perfect generator scores with very many samples; ``math.inf`` where there is no end.
            collapsed: What a generator scores that draws one sample only.
            paper: Where the number comes from.
            unmoved_by: What may be done to all feature sets together without changing the score.
            span: Smallest and largest value that the number can take; intervals end there.
            is_test: Whether the number is a p-value; it then has a level instead of an interval.
            interval: The metric's own interval, where theory gives one; left out, a delete-block jackknife;
                ``no_interval`` where neither is honest.
        """

        def register(compute: Score) -> Score:
            name = compute.__name__
            known = METRICS.get(name) or PROBES.get(name)
            if known is not None and known.compute.__module__ != compute.__module__:  # a reload may replace
                raise ValueError(f"a measure named {name!r} is already registered: choose another name.")
            needs = data.intersection(inspect.signature(compute).parameters)
            registry[name] = MetricSpec(
                name, compute, needs, best, collapsed, paper, frozenset(unmoved_by), span, is_test, interval
            )
            return compute

        return register

    return configure


metric = _registrar(METRICS, DATA)
"""Register a metric under its own name and hand the function back unchanged."""

probe = _registrar(PROBES, PROBE_DATA)
"""Register a probe, a measure that needs the generator itself, and hand the function back unchanged."""


Evidence = Mapping[str, Measurement]
"""What a rule sees: the newest measurement of every name."""


class Answer(NamedTuple):
    """What a rule says: how it stands, on what evidence, and how bad it is, from 0 (nothing) to 1 (complete)."""

    status: Status
    sentence: str
    severity: float | None = None


Check = Callable[[Evidence], tuple[Status, str] | Answer]
"""A rule's body: measurements in, an answer out. Without a severity, what is found counts as complete."""

OR = " or "
"""Between measurements of which a rule needs only one."""


@dataclass(frozen=True)
class RuleSpec:
    """One rule: the finding it makes, what it reads, what may help, its body, and which run or fixture shows it."""

    name: str
    needs: tuple[str, ...]
    remedies: tuple[str, ...]
    check: Check
    shown_by: str = ""

    @property
    def meaning(self) -> str:
        """The first line of the docstring: what the finding means."""
        return (self.check.__doc__ or "").strip().partition("\n")[0]

    def __call__(self, evidence: Evidence) -> Finding:
        """Apply the rule; a rule that lacks its data answers ``not_checked``, never ``clear``."""
        missing = [need for need in self.needs if not any(name in evidence for name in need.split(OR))]
        if missing:
            why = f"needs {', '.join(missing)}, which was not measured"
            return Finding(self.name, Status.NOT_CHECKED, why, self.meaning)
        answer = Answer(*self.check(evidence))
        remedies = self.remedies if answer.status in (Status.FOUND, Status.WATCH) else ()
        severity, shown_by = _severity(answer), self.shown_by if remedies else ""
        return Finding(
            self.name, answer.status, answer.sentence, self.meaning, remedies, severity=severity, shown_by=shown_by
        )


def _severity(answer: Answer) -> float | None:
    if answer.status is Status.NOT_CHECKED:
        return None
    if answer.severity is None:
        return float(answer.status is Status.FOUND)
    return None if math.isnan(answer.severity) else min(1.0, max(0.0, float(answer.severity)))


RULES: dict[str, RuleSpec] = {}


def rule(*, needs: tuple[str, ...], remedies: tuple[str, ...], shown_by: str = "") -> Callable[[Check], Check]:
    """Register a check under its own name. Its docstring's first line is what the finding *means*.

    Args:
        needs: Measurements that it reads; ``"a or b"`` where one of two is enough.
        remedies: What may help, each with its cost, the likeliest first.
        shown_by: The recipe or fixture of ``reference_gans`` that shows the failure.
    """

    def register(check: Check) -> Check:
        name: Any = getattr(check, "__name__", "")
        RULES[name] = RuleSpec(name, needs, remedies, check, shown_by)
        return check

    return register
