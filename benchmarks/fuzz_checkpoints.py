"""Does any damaged file bring the loader down? Thousands of mutated checkpoints and sample files, opened one by one.

``python -m benchmarks.fuzz_checkpoints`` mutates every layout of ``tests/checkpoints/layouts.py`` and every trap of
``tests/checkpoints/hostile.py``, inspects and opens each, and writes ``docs/studies/fuzzed_files.md`` and ``.json``.
Clean is what opens, or ends in a ``ValueError`` of one line. The work is done in a process of its own, so that even
a crash of a library in C would be counted, and not end the run.
"""

import argparse
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
TESTS = ROOT / "tests" / "checkpoints"
OUT = ROOT / "docs" / "studies"

CLEAN = (ValueError, FileNotFoundError)
"""How a file is refused."""

EXTREMES = (b"\x00" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\xff" * 8, b"\x01", b"\x80")
"""Bytes that lengths and offsets are overwritten with."""

LONGEST = 4000
"""Characters of one line that a refusal may have."""


SOUND = 0.7
"""Share of the mutated files that began as sound ones; the others were traps before."""


SLOW = ("fakes", "last.ckpt", "compiled", ".pt2", "rows.parquet", "hub/")
"""Layouts whose libraries take seconds to import or to write a file."""


def seeds(folder: Path, *, slow: bool = True) -> tuple[list[tuple[str, bytes]], list[tuple[str, bytes]]]:
    """Sound files of every layout, and traps: where mutation begins."""
    sys.path.insert(0, str(TESTS))
    import hostile
    import layouts

    before = Path.cwd()
    os.chdir(folder)
    try:
        layouts.settle(folder)
        for layout in layouts.LAYOUTS:
            if slow or not any(word in layout.words for word in SLOW):
                layout.build()
    finally:
        os.chdir(before)
    found = [(path.name, path) for path in sorted(folder.rglob("*")) if path.is_file() and path.suffix != ".py"]
    sound = [(name, path.read_bytes()) for name, path in found if path.suffix != ".png"]
    sound += [(name, path.read_bytes()) for name, path in found if path.suffix == ".png"][:4]
    traps = list(hostile.pickles().items()) + list(hostile.files().items())
    return sound, [(name, data) for name, data in traps if len(data) < 200_000]


def mutated(data: bytes, other: bytes, rng: np.random.Generator) -> bytes:
    """The same bytes with one to four changes; in an archive, half of the time within a member, sealed again."""
    if data[:2] == b"PK" and rng.random() < 0.6:
        inner = _within(data, other, rng)
        if inner is not None:
            return inner
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        changed = _change(changed, other, rng)
    return bytes(changed)


def _change(data: bytearray, other: bytes, rng: np.random.Generator) -> bytearray:
    size = max(1, len(data))
    at, length = int(rng.integers(size)), int(rng.integers(1, 1 + min(64, size)))
    kind = int(rng.integers(7))
    if kind == 0 and data:
        data[at % len(data)] ^= 1 << int(rng.integers(8))
    elif kind == 1:
        return data[:at]
    elif kind == 2:
        del data[at : at + length]
    elif kind == 3:
        data[at:at] = data[at : at + length] * int(rng.integers(1, 4))
    elif kind == 4:
        extreme = EXTREMES[int(rng.integers(len(EXTREMES)))]
        data[at : at + len(extreme)] = extreme
    elif kind == 5:
        start = int(rng.integers(max(1, len(other))))
        data[at : at + length] = other[start : start + length]
    else:
        data[at : at + length] = rng.bytes(length)
    return data


def _within(data: bytes, other: bytes, rng: np.random.Generator) -> bytes | None:
    """An archive with one member changed, and its sum of bytes right again, so that what reads the member is reached."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(info.filename, archive.read(info)) for info in archive.infolist()]
    except (zipfile.BadZipFile, NotImplementedError, OSError):
        return None
    likely = [i for i, (name, _) in enumerate(members) if name.endswith((".pkl", ".json", ".npy", ".py"))]
    chosen = int(rng.choice(likely)) if likely and rng.random() < 0.8 else int(rng.integers(max(1, len(members))))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for index, (name, held) in enumerate(members):
            changed = bytearray(held)
            if index == chosen:
                for _ in range(int(rng.integers(1, 4))):
                    changed = _change(changed, other, rng)
            archive.writestr(name, bytes(changed))
    return out.getvalue()


def answer(path: Path, *, model: str | None) -> str:
    """What opening a file came to: ``opened``, ``refused``, or what went wrong."""
    from collapse_metrics.checkpoints import inspect_source, open_source

    said = "opened"
    for look in (lambda: str(inspect_source(path)), lambda: open_source(path, model=model)):
        try:
            look()
        except CLEAN as error:
            said = "refused" if len(" ".join(str(error).split())) <= LONGEST else "a long sentence"
        except Exception as error:  # just what is looked for
            return f"{type(error).__name__}: {str(error)[:200]}"
    return said


def case(number: int, known: tuple[list[tuple[str, bytes]], ...], seed: int) -> tuple[str, bytes, str | None]:
    """The mutated file of a number, and the network it is opened with; always the same."""
    rng = np.random.default_rng([seed, number])
    begun = known[int(rng.random() > SOUND)]
    name, data = begun[int(rng.integers(len(begun)))]
    other = known[int(rng.integers(2))]
    model = "nets.py:G" if rng.random() < 0.7 else None
    return name, mutated(data, other[int(rng.integers(len(other)))][1], rng), model


def work(folder: Path, first: int, last: int, seed: int) -> None:
    """Open the files of the numbers from ``first`` on, and write one line of each before and after."""
    known = seeds(folder / "sound")
    os.chdir(folder / "sound")
    target = folder / "case"
    with (folder / "lines.jsonl").open("a", buffering=1) as lines:
        for number in range(first, last):
            name, data, model = case(number, known, seed)
            target.write_bytes(data)
            lines.write(json.dumps({"begins": number, "name": name}) + "\n")
            began = time.perf_counter()
            said = answer(target, model=model)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            told = {"ends": number, "said": said, "seconds": time.perf_counter() - began, "peak_mb": peak}
            lines.write(json.dumps(told) + "\n")


def run(cases: int, seed: int) -> dict:
    """Open so many mutated files, going on behind each that took the process down."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        first, crashes = 0, []
        while first < cases:
            (folder / "sound").mkdir(exist_ok=True)
            words = ["--work", place, "--first", str(first), "--cases", str(cases), "--seed", str(seed)]
            done = subprocess.run([sys.executable, "-m", "benchmarks.fuzz_checkpoints", *words], cwd=ROOT, check=False)
            lines = [json.loads(line) for line in (folder / "lines.jsonl").read_text().splitlines()]
            first = 1 + max(line["begins"] for line in lines if "begins" in line)
            if done.returncode != 0:
                crashes.append(next(line for line in reversed(lines) if "begins" in line) | {"code": done.returncode})
        canary = [str(path) for path in folder.rglob("canary*")]
    return summed_up([line for line in lines if "ends" in line], crashes, canary, cases, seed)


def summed_up(ends: list[dict], crashes: list[dict], canary: list[str], cases: int, seed: int) -> dict:
    """The figures of the page."""
    import torch

    said = Counter(line["said"] for line in ends)
    unclean = {word: count for word, count in said.items() if word not in ("opened", "refused")}
    where = {word: [line["ends"] for line in ends if line["said"] == word][:3] for word in unclean}
    seconds = sorted(line["seconds"] for line in ends)
    return {
        "files": cases,
        "seed": seed,
        "opened": said["opened"],
        "refused": said["refused"],
        "unclean": unclean,
        "where": where,
        "crashes": crashes,
        "acted": canary,
        "median_ms": round(1000 * seconds[len(seconds) // 2], 1),
        "slowest_s": round(seconds[-1], 2),
        "peak_mb_first": ends[0]["peak_mb"],
        "peak_mb_last": ends[-1]["peak_mb"],
        "torch": torch.__version__,
    }


def page(found: dict) -> str:
    """The figures in words."""
    wrong = "".join(f"| {word} | {count:,} |\n" for word, count in found["unclean"].items())
    return f"""# Mutated files

Written by `python -m benchmarks.fuzz_checkpoints`; do not edit. Every layout of the table in [Checkpoints](../checkpoints.md) and
every trap of `tests/checkpoints/hostile.py`, changed in one to four places (a bit, a length, a piece cut out, doubled, or taken from
another file; in archives also within a member whose check sum was then made right), inspected and opened, seven in ten with a network
named. Seed {found["seed"]}, torch {found["torch"]}.

| what came of it | files |
| --- | --- |
| opened: the change did no harm | {found["opened"]:,} |
| refused in one sentence | {found["refused"]:,} |
{wrong}| the process went down | {len(found["crashes"])} |
| something in a file acted | {len(found["acted"])} |
| **all** | **{found["files"]:,}** |

The median file took {found["median_ms"]} ms, the slowest {found["slowest_s"]} s. The process held at most
{found["peak_mb_last"]:,} MB, {found["peak_mb_last"] - found["peak_mb_first"]:,} MB more than after the first file.
"""


def main() -> None:
    """Run, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--work", type=Path, help="used by the command itself")
    parser.add_argument("--out", type=Path, default=OUT)
    words = parser.parse_args()
    if words.work:
        work(words.work, words.first, words.cases, words.seed)
        return
    found = run(words.cases, words.seed)
    words.out.mkdir(parents=True, exist_ok=True)
    (words.out / "fuzzed_files.json").write_text(json.dumps(found, indent=1) + "\n")
    (words.out / "fuzzed_files.md").write_text(page(found))
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
