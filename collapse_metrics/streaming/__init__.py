"""What is the number of a stream? Accumulators that take batches, can be merged and saved, and give a metric's number.

``accumulate`` finds the accumulator for a registered metric by its name; ``as_torchmetric`` makes a
``torchmetrics.Metric`` of it.
"""

from collapse_metrics.streaming.as_torchmetric import as_torchmetric
from collapse_metrics.streaming.counts import Counts
from collapse_metrics.streaming.front_door import Streamed, accumulate
from collapse_metrics.streaming.mean import Mean
from collapse_metrics.streaming.moments import Moments
from collapse_metrics.streaming.nearest import NearestToReference
from collapse_metrics.streaming.plans import Plan, plan
from collapse_metrics.streaming.reservoir import Reservoir

__all__ = [
    "Counts",
    "Mean",
    "Moments",
    "NearestToReference",
    "Plan",
    "Reservoir",
    "Streamed",
    "accumulate",
    "as_torchmetric",
    "plan",
]
