"""What does the page say? From ``benchmarks.json`` alone: a table of comparisons, and every program's figures."""

import json
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks._cases import CASES, Case, Comparison

NOTHING = "–"

PAGES = 1e5
"""Bytes that the kernel's count may be off: it is taken in pages, and adds up a thread's only now and then."""

EVERY = 200
"""Steps between two looks, where the user says nothing."""

HEAD = """# Speed and memory

Written by `make bench`; do not edit.

Everybody gets the same float32 features, read from disk, the same threads and cores, and a fresh process for each call.
In it the library is imported and warmed up on a corner of the data; then the call is timed. Programs of a case take
turns, and medians are compared. *Memory* is what the call added at its peak to what was resident just before it, by the
kernel's own mark. The *floor* is what nobody can leave out: the bare matrix products in float32 and one look at each
entry. *Faster* and *smaller* are their figure divided by ours; what was promised stands beside it.
"""


def stored(folder: Path | None) -> dict[str, Any]:
    """What was measured before."""
    file = folder / "benchmarks.json" if folder else None
    results: dict[str, Any] = json.loads(file.read_text()) if file and file.exists() else {}
    return {"cases": {}, **results}


def store(results: dict[str, Any], folder: Path | None) -> None:
    """The figures and the page that they make."""
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    results["cases"] = {name: results["cases"][name] for name in CASES if name in results["cases"]}
    (folder / "benchmarks.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "benchmarks.md").write_text(render(results))


def render(results: dict[str, Any]) -> str:
    """The whole page."""
    parts = [HEAD, *_machines(results["cases"]), "", *_table(results["cases"]), ""]
    if "overhead" in results:
        parts += ["## What the monitor costs", "", _overhead(results["overhead"]), ""]
    if "share" in results:
        parts += [*_shares(results["share"]), ""]
    if "memory" in results:
        parts += ["## What a long run keeps in memory", "", _long_run(results["memory"]), ""]
    parts += ["## Every program", ""]
    for name, record in results["cases"].items():
        parts += [*_details(CASES[name], record), ""]
    return "\n".join(parts).rstrip() + "\n"


def _long_run(found: dict[str, float]) -> str:
    """How the memory of a monitored run grew."""
    return (
        f"A process with a monitor that made {found['looks']:,} looks, with alarms, losses, a logger and a record on "
        f"disk, took {found['end_mb']:,.0f} MB at the end; over the last nine tenths of its looks it grew by "
        f"{found['grown_mb']:.1f} MB, {found['bytes_a_look']:,.0f} bytes a look. The record had "
        f"{found['record_mb']:,.0f} MB (`python -m benchmarks.memory`)."
    )


def seconds(value: float | None) -> str:
    """Three digits, in the unit that fits."""
    if value is None:
        return NOTHING
    return f"{1e3 * value:.3g} ms" if value < 1 else f"{value:.3g} s"


def megabytes(value: float | None) -> str:
    """Whole MB, or one decimal where there are few."""
    if value is None:
        return NOTHING
    return f"{value / 1e6:,.1f} MB" if value < 1e7 else f"{value / 1e6:,.0f} MB"


def without_paths(text: str) -> str:
    """An error's text without the folders of the machine that it occurred on."""
    return re.sub(r"(?<![\w.:/])/[^\s'\"():]+/", "", text)


def _machines(cases: dict[str, Any]) -> Iterator[str]:
    """Cores and versions, once where all cases share them."""
    texts: dict[str, list[str]] = {}
    for name, record in cases.items():
        machine = dict(record["machine"])
        start = (
            f"{_count(record['threads'], 'thread')}, {_count(machine.pop('cores'), 'core')}, {machine.pop('system')}"
        )
        text = ", ".join([start, *(f"{library} {number}" for library, number in machine.items())])
        texts.setdefault(text, []).append(name)
    for text, names in texts.items():
        yield text + "." if len(texts) == 1 else f"{', '.join(names)}: {text}."


def _count(n: int, what: str) -> str:
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def _table(cases: dict[str, Any]) -> Iterator[str]:
    yield (
        "| case | ours | beside | promised | held | time | theirs | faster | memory | theirs | smaller | floor |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )
    for name, record in cases.items():
        for comparison in CASES[name].comparisons:
            yield "| " + " | ".join(_compared(CASES[name], record, comparison)) + " |"


def _compared(case: Case, record: dict[str, Any], comparison: Comparison) -> list[str]:
    rows = record["rows"]
    ours, theirs, floor = (rows.get(name, {}) for name in (comparison.ours, comparison.theirs, comparison.floor))
    faster = _ratio(median(theirs, "seconds"), median(ours, "seconds"))
    smaller = _ratio(median(theirs, "peak"), median(ours, "peak"), PAGES)
    return [
        f"{case.title}, {record['data']}",
        comparison.ours,
        comparison.theirs or NOTHING,
        _promised(comparison),
        _held(comparison, ours, theirs, faster, smaller) + _out_of_reach(comparison, theirs, floor, faster),
        seconds(median(ours, "seconds")),
        seconds(median(theirs, "seconds")),
        _times(faster),
        megabytes(median(ours, "peak")),
        megabytes(median(theirs, "peak")),
        _times(smaller),
        seconds(median(floor, "seconds")),
    ]


def median(entry: dict[str, Any], what: str) -> float | None:
    """Of all runs of a row; ``None`` where it has none, or the system told nothing."""
    found = [run[what] for run in entry.get("runs", []) if run[what] is not None]
    return statistics.median(found) if found else None


def _ratio(theirs: float | None, ours: float | None, least: float = 1e-9) -> float | None:
    return theirs / max(ours, least) if theirs is not None and ours is not None else None


def _times(ratio: float | None) -> str:
    return NOTHING if ratio is None else f"{ratio:,.0f} ×" if ratio >= 100 else f"{ratio:.3g} ×"


def _promised(comparison: Comparison) -> str:
    texts = []
    if comparison.faster is not None:
        texts.append("not slower" if comparison.faster == 1 else f"{comparison.faster:,.0f} × faster")
    if comparison.smaller is not None:
        texts.append(f"{comparison.smaller:.0f} × smaller")
    if comparison.fits is not None:
        texts.append(f"the whole process in {comparison.fits} GB")
    return ", ".join(texts) or "nothing"


def _held(comparison: Comparison, ours: Any, theirs: Any, faster: float | None, smaller: float | None) -> str:
    """One word, or why there is none. A failed peer is no success of ours."""
    for who, entry in (("ours", ours), ("theirs", theirs)):
        if "error" in entry:
            return f"not compared: {who} failed"
    # Everything as "at least": what the process may take over what it took is such a ratio, too.
    room = _ratio(comparison.fits and 1e9 * comparison.fits, median(ours, "whole"))
    asked = ((comparison.faster, faster), (comparison.smaller, smaller), (comparison.fits and 1, room))
    held = [None if got is None else got >= needed for needed, got in asked if needed is not None]
    if not held:
        return NOTHING
    if None in held:
        return "not measured"
    return "yes" if all(held) else "**no**"


def _out_of_reach(comparison: Comparison, theirs: Any, floor: Any, faster: float | None) -> str:
    """Words for a promise of time that was broken and that nobody could have kept on this machine."""
    most = _ratio(median(theirs, "seconds"), median(floor, "seconds"))
    if None in (comparison.faster, faster, most) or faster >= comparison.faster or most >= comparison.faster:
        return ""
    return f": the floor itself is only {most:.3g} × faster"


def _details(case: Case, record: dict[str, Any]) -> Iterator[str]:
    yield f"### {case.title}, {record['data']}\n"
    yield "| program | what is called | runs | time, median (range) | memory | whole process | result |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for row in case.rows:
        entry = record["rows"].get(row.name)
        if entry is None:
            continue
        program = row.name if entry["program"] in row.name or not row.package else f"{row.name} ({entry['program']})"
        if "error" in entry:
            yield f"| {program} | {row.calls} | {len(entry['runs'])} | failed: {_cell(entry['error'])} | | | |"
            continue
        times = [run["seconds"] for run in entry["runs"]]
        spread = f" ({seconds(min(times))} to {seconds(max(times))})" if len(times) > 1 else ""
        figures = [f"{seconds(median(entry, 'seconds'))}{spread}", megabytes(median(entry, "peak"))]
        figures += [megabytes(median(entry, "whole")), _numbers(entry["values"], median(entry, "seconds"))]
        yield f"| {program} | {row.calls} | {len(times)} | {' | '.join(figures)} |"


def _numbers(values: dict[str, float], time: float | None) -> str:
    """What came out: whoever is quick must also be right."""
    texts = [f"{name} {value:.6g}" for name, value in values.items() if name != "pairs"]
    if "pairs" in values and time:
        texts.append(f"{values['pairs']:,.0f} pairs, {values['pairs'] / time:,.0f} a second")
    return ", ".join(texts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _shares(loops: dict[str, Any]) -> Iterator[str]:
    """What a monitor took that may take two hundredths of the time."""
    yield "With `overhead=0.02`, timed from outside the monitor:"
    yield ""
    yield "| recipe | a step | steps | looks | glances | share of the time | said by the monitor |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, loop in loops.items():
        step = (1 - loop["share"]) * loop["seconds"] / loop["steps"]
        counts = f"{loop['steps']:,} | {loop['looks']} | {loop['glances']}"
        yield f"| `{name}` | {seconds(step)} | {counts} | {loop['share']:.2%} | {loop['said']:.2%} |"


def _overhead(found: dict[str, Any]) -> str:
    share = found["steps_a_look"] / (found["steps_a_look"] + EVERY)
    return (
        f"A look at {found['samples']} digits takes {found['look_ms']:.0f} ms, a training step of the bundled DCGAN "
        f"(batches of {found['batch']}) {found['step_ms']:.1f} ms, both on one thread: a look costs "
        f"{found['steps_a_look']:.1f} steps. With a look every {EVERY} steps that is {share:.1%} of the time "
        f"(medians of {found['rounds']}, taken in turn)."
        + (f" A step without a look costs {found['idle_us']:.2g} microseconds more." if "idle_us" in found else "")
    )
