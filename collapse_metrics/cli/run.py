"""What did a recorded run show? The door `report`."""

from pathlib import Path

from collapse_metrics.cli._app import app


@app.command
def report(run: Path, *, out: Path | None = None) -> int:
    """Write the page of a recorded run.

    Args:
        run: Folder with a history.jsonl, the `log_dir` of a monitor.
        out: The page; left out, report.html in the folder of the run.
    """
    from collapse_metrics.history import History
    from collapse_metrics.report import write_report

    print(write_report(History.read(run), out or run / "report.html"))
    return 0
