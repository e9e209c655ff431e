"""What does the generator do with its noise? Measures that need the generator itself."""

from collapse_metrics.probes.batch_norm_gap import batch_norm_gap
from collapse_metrics.probes.dead_directions import dead_directions
from collapse_metrics.probes.guard import undisturbed
from collapse_metrics.probes.interpolation_evenness import interpolation_evenness
from collapse_metrics.probes.jacobian_condition import jacobian_condition
from collapse_metrics.probes.jacobian_participation import jacobian_participation
from collapse_metrics.probes.label_use import label_use
from collapse_metrics.probes.latent_sensitivity import latent_sensitivity
from collapse_metrics.probes.latent_use import latent_use
from collapse_metrics.probes.mode_seeking_ratio import mode_seeking_ratio
from collapse_metrics.probes.one_hot_sensitivity import one_hot_sensitivity
from collapse_metrics.probes.sampler import Sampler

__all__ = [
    "Sampler",
    "batch_norm_gap",
    "dead_directions",
    "interpolation_evenness",
    "jacobian_condition",
    "jacobian_participation",
    "label_use",
    "latent_sensitivity",
    "latent_use",
    "mode_seeking_ratio",
    "one_hot_sensitivity",
    "undisturbed",
]
