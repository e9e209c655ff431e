"""What can be asked from a shell? The doors of the command line; everything heavy is imported behind them."""

import os
import sys

# Each hangs its doors on the app.
from collapse_metrics.cli import about, demo, gate, inspect, reference, run, score, sweep, watch  # noqa: F401
from collapse_metrics.cli._app import EXIT_BAD_INPUT, app


def main(words: list[str] | None = None) -> None:
    """Run the command line; what the user can mend is one sentence and exit code 2."""
    try:
        result = app(sys.argv[1:] if words is None else words)
    except (ValueError, TypeError, OSError, ModuleNotFoundError) as error:
        if os.environ.get("COLLAPSE_METRICS_DEBUG"):
            raise
        sys.stderr.write(f"collapse-metrics: {' '.join(str(error).split())}\n")
        sys.exit(EXIT_BAD_INPUT)
    sys.exit(result if isinstance(result, int) else 0)
