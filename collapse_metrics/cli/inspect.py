"""What is in this file? The door `inspect`."""

import json
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from collapse_metrics.cli._app import app


@app.command
def inspect(file: Path, *, as_json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Say what is in a checkpoint or a file of samples, and how to score it; nothing in it is run.

    Args:
        file: A file or a folder.
        as_json: Print JSON, and nothing else.
    """
    from collapse_metrics.checkpoints import inspect_source

    found = inspect_source(file)
    print(json.dumps(found.to_dict(), indent=1) if as_json else found)
    return 0
