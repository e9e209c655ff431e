"""Which words does the command line know, and what do its exit codes mean? The app that every door hangs on."""

from cyclopts import App, Parameter

from collapse_metrics import __version__

app = App(
    name="collapse-metrics",
    help="Has my generator collapsed?",
    version=__version__,
    help_format="plaintext",  # Markdown costs 0.3 s of imports
    default_parameter=Parameter(negative=()),  # nothing is on unless it is asked for, so there is no --no-...
)

EXIT_GATE_FAILED = 1
EXIT_BAD_INPUT = 2
EXIT_INCONCLUSIVE = 3
