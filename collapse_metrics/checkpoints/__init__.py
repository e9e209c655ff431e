"""After training: what is in this file? Sample dumps of every usual kind, loaded without running anything in them."""

from collapse_metrics.checkpoints.samples import load_samples

__all__ = ["load_samples"]
