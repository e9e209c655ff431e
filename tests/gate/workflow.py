"""How are the steps of a workflow run here? By bash, as they stand; `collapse-metrics` is answered by this process.

A process of its own would import torch for every step. Steps that fetch something (`uses`, pip) are skipped.
"""

import contextlib
import io
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import yaml

from collapse_metrics import cli

SHIM = """#!/bin/bash
printf '%s\\0' "$PWD" "$@" > "$DOOR/asked.part"
mv "$DOOR/asked.part" "$DOOR/asked"
while [ ! -e "$DOOR/code" ]; do sleep 0.02; done
cat "$DOOR/out"; cat "$DOOR/err" >&2
code=$(cat "$DOOR/code"); rm "$DOOR/code"
exit "$code"
"""


class Machine:
    """A place where steps run: a working tree, an environment, and the command."""

    def __init__(self, tree, room):
        self.tree, self.door = tree, room / "door"
        (room / "bin").mkdir()
        self.door.mkdir()
        for name, text in {
            "collapse-metrics": SHIM,
            "python": f'#!/bin/bash\ncase "$*" in *"pip install"*) exit 0;; esac\nexec {sys.executable} "$@"\n',
        }.items():
            (room / "bin" / name).write_text(text)
            (room / "bin" / name).chmod(0o755)
        self.summary, self.output = room / "summary.md", room / "output.txt"
        self.environment = {
            **os.environ,
            "PATH": f"{room / 'bin'}:{os.environ['PATH']}",
            "DOOR": str(self.door),
            "GITHUB_ACTIONS": "true",
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_OUTPUT": str(self.output),
            "PYTHONPATH": str(Path.cwd()),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "-p collapse_metrics.pytest_plugin",
        }

    def run(self, script, **environment):
        """Exit code and output of one step."""
        process = subprocess.Popen(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=self.tree,
            env={**self.environment, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        while process.poll() is None:
            if (self.door / "asked").exists():
                self._answer(environment)
            time.sleep(0.01)
        return process.returncode, process.communicate()[0]

    def _answer(self, environment):
        place, *words = (self.door / "asked").read_text().split("\0")[:-1]
        (self.door / "asked").unlink()
        before, kept = Path.cwd(), dict(os.environ)
        out, err = io.StringIO(), io.StringIO()
        os.chdir(place)
        os.environ.update({**self.environment, **environment})
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                cli.main(words)
        except SystemExit as stop:
            code = stop.code
        finally:
            os.chdir(before)
            os.environ.clear()
            os.environ.update(kept)
        (self.door / "out").write_text(out.getvalue())
        (self.door / "err").write_text(err.getvalue())
        (self.door / "code.part").write_text(str(code))
        (self.door / "code.part").rename(self.door / "code")


def read(path):
    """A workflow as data; `on` is a word there, not a truth."""
    return yaml.load(path.read_text(), Loader=yaml.BaseLoader)


def steps_of(workflow):
    """Name and script of each step that runs something."""
    (job,) = workflow["jobs"].values()
    return {step.get("name", step["run"]): step["run"] for step in job["steps"] if "run" in step}


def filled(text, inputs):
    """A value of an action, with the inputs put in."""
    return re.sub(r"\$\{\{ inputs\.([\w-]+) \}\}", lambda found: inputs[found[1]], text)
