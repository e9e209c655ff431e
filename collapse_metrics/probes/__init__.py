"""What does the generator do with its noise? Measures that need the generator itself."""

from collapse_metrics.probes.guard import undisturbed
from collapse_metrics.probes.latent_sensitivity import latent_sensitivity
from collapse_metrics.probes.one_hot_sensitivity import one_hot_sensitivity
from collapse_metrics.probes.sampler import Sampler

__all__ = ["Sampler", "latent_sensitivity", "one_hot_sensitivity", "undisturbed"]
