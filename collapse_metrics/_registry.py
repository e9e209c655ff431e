"""The lists of metrics, probes and rules. Each asks for its data by the names of its arguments."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from collapse_metrics.records import Finding, Measurement, Status

Score = TypeVar("Score", bound=Callable[..., float])

DATA = frozenset({"real", "fake", "fresh", "counts", "shares", "confusion", "accepted", "g_losses", "d_losses"})
"""Every kind of data a metric may ask for; a name that is not here is an option.

``real``, ``fake``: feature rows of real and of generated samples. ``fresh``: real rows that are not in
``real``, as many as ``fake`` and with its make-up of modes: what a perfect generator would have drawn.
``counts``: generated samples per mode. ``shares``: the reference's share of each mode. ``confusion``: row =
true mode, column = mode it is taken for. ``accepted``: which samples are like the data at all.
``g_losses``, ``d_losses``: one number a training step.
"""

PROBE_DATA = frozenset({"respond", "latents", "resolution", "rng"})
"""Every kind of data a probe may ask for.

``respond``: latents to flat output rows, the generator's own noise held fixed. ``latents``: a batch of them.
``resolution``: output differences smaller than this are nothing. ``rng``: the only source of randomness.
"""


@dataclass(frozen=True)
class MetricSpec:
    """What the rest of the package has to know about one metric or probe."""

    name: str
    compute: Callable[..., float]
    needs: frozenset[str]
    best: float
    collapsed: float
    paper: str

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
    def configure(*, best: float, collapsed: float, paper: str) -> Callable[[Score], Score]:
        def register(compute: Score) -> Score:
            name = compute.__name__
            known = METRICS.get(name) or PROBES.get(name)
            if known is not None and known.compute.__module__ != compute.__module__:  # a reload may replace
                raise ValueError(f"a measure named {name!r} is already registered: choose another name.")
            needs = data.intersection(inspect.signature(compute).parameters)
            registry[name] = MetricSpec(name, compute, needs, best, collapsed, paper)
            return compute

        return register

    return configure


metric = _registrar(METRICS, DATA)
"""Register a metric under its own name and hand the function back unchanged."""

probe = _registrar(PROBES, PROBE_DATA)
"""Register a probe, a measure that needs the generator itself, and hand the function back unchanged."""


Evidence = Mapping[str, Measurement]
"""What a rule sees: the newest measurement of every name."""

Check = Callable[[Evidence], tuple[Status, str]]
"""A rule's body: measurements in, status and one sentence of evidence out."""


@dataclass(frozen=True)
class RuleSpec:
    """One rule: the finding it makes, what it reads, what may help, and its body."""

    name: str
    needs: tuple[str, ...]
    remedies: tuple[str, ...]
    check: Check

    @property
    def meaning(self) -> str:
        """The first line of the docstring: what the finding means."""
        return (self.check.__doc__ or "").strip().partition("\n")[0]

    def __call__(self, evidence: Evidence) -> Finding:
        """Apply the rule; a rule that lacks its data answers ``not_checked``, never ``clear``."""
        missing = [name for name in self.needs if name not in evidence]
        if missing:
            why = f"needs {', '.join(missing)}, which was not measured"
            return Finding(self.name, Status.NOT_CHECKED, why, self.meaning)
        status, sentence = self.check(evidence)
        remedies = self.remedies if status in (Status.FOUND, Status.WATCH) else ()
        return Finding(self.name, status, sentence, self.meaning, remedies)


RULES: dict[str, RuleSpec] = {}


def rule(*, needs: tuple[str, ...], remedies: tuple[str, ...]) -> Callable[[Check], Check]:
    """Register a check under its own name. Its docstring's first line is what the finding *means*."""

    def register(check: Check) -> Check:
        name: Any = getattr(check, "__name__", "")
        RULES[name] = RuleSpec(name, needs, remedies, check)
        return check

    return register
