"""Has diversity become worse than we tolerate? A gate for CI: baselines, comparisons, and their forms."""

from collapse_metrics.gate.baseline import Baseline
from collapse_metrics.gate.comparison import Comparison, Outcome, Row
from collapse_metrics.gate.judge import ALPHA, compare, compare_cards
from collapse_metrics.gate.margins import LIMITS, MARGIN, MEASURES, bounds_of

__all__ = [
    "ALPHA",
    "LIMITS",
    "MARGIN",
    "MEASURES",
    "Baseline",
    "Comparison",
    "Outcome",
    "Row",
    "bounds_of",
    "compare",
    "compare_cards",
]
