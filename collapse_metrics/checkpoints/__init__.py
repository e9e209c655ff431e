"""After training: what is in this file, and how good is it? Samples and checkpoints, opened safely."""

from collapse_metrics.checkpoints.bundles import save_bundle
from collapse_metrics.checkpoints.inspecting import Description, inspect_source
from collapse_metrics.checkpoints.opening import Opened, open_source
from collapse_metrics.checkpoints.samples import load_samples
from collapse_metrics.checkpoints.scoring import score_source

__all__ = ["Description", "Opened", "inspect_source", "load_samples", "open_source", "save_bundle", "score_source"]
