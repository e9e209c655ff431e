"""What happened, told to a human? One self-contained HTML page of a run, from records only."""

from collapse_metrics.report.write import write_card, write_comparison, write_report

__all__ = ["write_card", "write_comparison", "write_report"]
