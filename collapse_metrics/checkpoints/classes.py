"""Under which label are the samples all alike, or not of their class? Each label beside the real data of that class."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.diagnosis.intra_mode_collapse import COLLAPSED_BELOW
from collapse_metrics.measurements import look_at
from collapse_metrics.metrics.pairwise_diversity import spread_of
from collapse_metrics.records import Measurement, Scorecard, Status, Verdict
from collapse_metrics.reference import Reference
from collapse_metrics.stats.shares import clopper_pearson
from collapse_metrics.stats.u_statistics import log_interval

FEWEST = 20
"""Samples of a label below which nothing is said of it: the interval of the diversity is then wider than its margin."""

MOST_ROWS = 1000
"""Rows of a label whose distances are taken; the error of the mean is then far below the margin."""

OF_ITS_CLASS = 0.5
"""A label is called another class when credibly less than half of its samples are taken for it: as elsewhere, a loss
counts from one half."""


@dataclass(frozen=True)
class OfLabel:
    """What was seen under one label.

    ``diversity`` is the mean distance of two samples over that of two real ones of the class, ``agreement`` the share
    that the reference takes for this class, ``copies`` the share that repeats another sample exactly. Intervals of
    both stand beside them; ``says`` is what follows.
    """

    label: str
    n: int
    copies: float
    diversity: float | None = None
    diversity_ends: tuple[float, float] | None = None
    agreement: float | None = None
    agreement_ends: tuple[float, float] | None = None
    says: str = "not checked"


def per_label(
    samples: Any, labels: Any, reference: Reference, *, value_range: tuple[float, float] | None
) -> list[OfLabel]:
    """Every label by itself.

    Args:
        samples: Generated samples, one a row.
        labels: What each was drawn under; names or numbers of the reference's modes.
        reference: Real data with more than one mode.
        value_range: What black and white are, for pictures.

    Returns:
        One entry a label, in the order of the labels.
    """
    labels = np.asarray(labels)
    look = look_at(samples, reference, value_range=value_range)
    if look.finite < look.total:
        raise ValueError(f"{look.total - look.finite} samples hold NaN or infinity: no label can be judged by itself.")
    rows = {str(label): torch.from_numpy(np.flatnonzero(labels == label)) for label in np.unique(labels)}
    return [_of(label, chosen, look, reference) for label, chosen in rows.items()]


def _of(label: str, chosen: Tensor, look: Any, reference: Reference) -> OfLabel:
    raw = look.raw[chosen]
    copies = 1 - len(torch.unique(raw, dim=0)) / len(raw)
    seen = OfLabel(label, len(chosen), copies)
    if len(chosen) < FEWEST:
        return replace(seen, says=f"not checked: {FEWEST} samples are needed, got {len(chosen)}")
    if label not in reference.modes or len(reference.modes) < 2:
        return replace(seen, says="not checked: the reference has no mode of this name")
    mode = reference.modes.index(label)
    real = torch.cat([reference.anchor[reference.anchor_modes == mode], reference.fresh[reference.fresh_modes == mode]])
    if len(real) < FEWEST:
        return replace(seen, says="not checked: the reference has too few real samples of it")
    (usual, usual_error), (spread, error) = spread_of(real[:MOST_ROWS]), spread_of(look.features[chosen][:MOST_ROWS])
    diversity = spread / usual
    ends = log_interval(diversity, float(np.hypot(usual_error / usual, error / spread)) if spread > 0 else 0.0)
    hits = int(((look.called[chosen] == mode) & look.accepted[chosen]).sum())
    agreement = hits / len(chosen)
    between = clopper_pearson(hits, len(chosen))
    words = []
    if ends[1] < COLLAPSED_BELOW:
        words.append("collapsed: its samples are near copies of each other")
    if between[1] < OF_ITS_CLASS:
        words.append("another class: most of its samples are not taken for it")
    return replace(
        seen,
        diversity=diversity,
        diversity_ends=(float(ends[0]), float(ends[1])),
        agreement=agreement,
        agreement_ends=(float(between[0]), float(between[1])),
        says="; ".join(words) or "clear",
    )


def with_labels(card: Scorecard, seen: list[OfLabel]) -> Scorecard:
    """The scorecard, with what was seen under each label.

    A label whose samples are near copies of each other is a collapse within a mode: it makes the verdict partial,
    where nothing worse was found.
    """
    measured = list(card.measurements)
    for one in seen:
        if one.diversity is not None and one.diversity_ends and one.agreement is not None and one.agreement_ends:
            measured.append(
                Measurement(f"within_class_diversity[{one.label}]", one.diversity, *one.diversity_ends, n_fake=one.n)
            )
            measured.append(
                Measurement(f"label_agreement[{one.label}]", one.agreement, *one.agreement_ends, n_fake=one.n)
            )
    card = replace(card, measurements=tuple(measured))
    bad = [one for one in seen if one.says.startswith("collapsed")]
    if not bad:
        return card
    shown = ", ".join(f"{one.label} ({one.diversity:.2f})" for one in bad[:5])
    sentence = f"samples of the labels {shown} lie that many times as far apart as real ones of the class"
    worst = 1 - min(one.diversity or 0.0 for one in bad)
    findings = [
        replace(
            finding,
            status=Status.FOUND,
            evidence=f"{finding.evidence}; {sentence}",
            severity=max(worst, finding.severity or 0.0),
        )
        if finding.name == "intra_mode_collapse"
        else finding
        for finding in card.findings
    ]
    mild = card.verdict in (Verdict.HEALTHY, Verdict.INCONCLUSIVE)
    return card.with_findings(findings, Verdict.PARTIAL_COLLAPSE if mild else card.verdict)
