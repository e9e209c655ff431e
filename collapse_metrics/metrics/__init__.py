"""What is the number? One file, one metric: arrays in, one number out; no model, no files, no state."""

from collapse_metrics.metrics.accepted_share import accepted_share
from collapse_metrics.metrics.class_share_test import class_share_test
from collapse_metrics.metrics.coverage import coverage
from collapse_metrics.metrics.density import density
from collapse_metrics.metrics.distinct_neighbours import distinct_neighbours
from collapse_metrics.metrics.loss_oscillation import loss_oscillation
from collapse_metrics.metrics.mode_coverage import mode_coverage
from collapse_metrics.metrics.neighbour_ratio import neighbour_ratio
from collapse_metrics.metrics.pairwise_diversity import mean_pairwise_distance, pairwise_diversity

__all__ = [
    "accepted_share",
    "class_share_test",
    "coverage",
    "density",
    "distinct_neighbours",
    "loss_oscillation",
    "mean_pairwise_distance",
    "mode_coverage",
    "neighbour_ratio",
    "pairwise_diversity",
]
