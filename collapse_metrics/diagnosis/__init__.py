"""Is it collapse, and what now? One file, one rule: measurements in, findings out; no tensor."""

from collapse_metrics._registry import RULES
from collapse_metrics.diagnosis import (  # importing a rule registers it
    intra_mode_collapse,
    latent_ignored,
    loss_oscillation,
    mode_dropping,
    mode_hopping,
    non_finite,
    off_manifold,
    total_collapse,
)
from collapse_metrics.diagnosis.onset import onset
from collapse_metrics.diagnosis.verdict import judge

__all__ = [
    "RULES",
    "intra_mode_collapse",
    "judge",
    "latent_ignored",
    "loss_oscillation",
    "mode_dropping",
    "mode_hopping",
    "non_finite",
    "off_manifold",
    "onset",
    "total_collapse",
]
