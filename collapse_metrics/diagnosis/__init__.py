"""Is it collapse, and what now? One file, one rule: measurements in, findings out; no tensor."""

from collapse_metrics._registry import RULES
from collapse_metrics.diagnosis import (  # importing a rule registers it
    discriminator_overpowers,
    duplicates,
    intra_mode_collapse,
    latent_ignored,
    loss_oscillation,
    low_rank,
    memorisation,
    mode_dropping,
    mode_hopping,
    mode_imbalance,
    non_finite,
    off_manifold,
    suspect_setup,
    total_collapse,
)
from collapse_metrics.diagnosis.onset import onset
from collapse_metrics.diagnosis.too_early import too_early
from collapse_metrics.diagnosis.verdict import judge

__all__ = [
    "RULES",
    "discriminator_overpowers",
    "duplicates",
    "intra_mode_collapse",
    "judge",
    "latent_ignored",
    "loss_oscillation",
    "low_rank",
    "memorisation",
    "mode_dropping",
    "mode_hopping",
    "mode_imbalance",
    "non_finite",
    "off_manifold",
    "onset",
    "suspect_setup",
    "too_early",
    "total_collapse",
]
