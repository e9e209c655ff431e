"""How does a run stand now? One screen of text for a terminal, from records only."""

import math
from collections.abc import Sequence
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from collapse_metrics.diagnosis import onset
from collapse_metrics.history import History
from collapse_metrics.records import HARMLESS, Finding, Measurement, Scorecard, Status, Verdict
from collapse_metrics.report.axes import SMALLEST
from collapse_metrics.report.curves import FIRST, P_VALUES, thinned
from collapse_metrics.report.questions import reading
from collapse_metrics.report.strip import RISE
from collapse_metrics.report.tail import Tail
from collapse_metrics.report.wording import (
    MEANINGS,
    SICK,
    STATUS_WORDS,
    against_real,
    by_urgency,
    course,
    label,
    number,
    spaced,
    span,
)

COLOURS = {
    Verdict.HEALTHY: "green",
    Verdict.PARTIAL_COLLAPSE: "yellow",
    Verdict.COLLAPSE: "red",
    Verdict.BROKEN: "magenta",
    Verdict.INCONCLUSIVE: "bright_black",
}
"""The terminal's own colours, so that they suit its background; height and words say the same without them."""

AGAINST = {"below": "yellow", "above": "yellow", "as real data": "green", "": ""}
"""Colour of a number, by how it lies to what a perfect generator would score."""

BLOCKS = "▁▂▃▄▅▆▇█"
PLAIN = "_.-:=+*#"
"""Heights of a curve one line high, and the same where a terminal knows ASCII only."""

ROOMY = 20
"""Lines from which on there is room for empty ones."""

LATE = 4
"""So many times its usual distance the next look is late: by then something has probably stopped."""

PATIENCE = 30
"""Seconds before any look is called late."""

RECENT = 10
"""Looks over which the speed is taken."""


def screen(tail: Tail, *, now: float, width: int, height: int, ascii_only: bool = False) -> RenderableType:
    """The whole view, in at most ``height`` lines of ``width`` characters.

    Args:
        tail: The run, as far as it was read.
        now: Seconds since 1970.
        width: Characters of a line.
        height: Lines.
        ascii_only: Draw curves without block characters.

    Returns:
        Something that rich prints.
    """
    lines = _lines(tail, now, width, height, PLAIN if ascii_only else BLOCKS)
    return Group(*map(_ascii, lines) if ascii_only else lines)


def _lines(tail: Tail, now: float, width: int, height: int, blocks: str) -> list[Text]:
    history = tail.history
    if history is None:
        return [_line(f"waiting for {tail.path}: nothing is on record yet (Ctrl-C ends)", style="dim")]
    card = history.final or (history.checks[-1] if history.checks else None)
    air = [Text()] if height >= ROOMY else []
    top, foot = [_title(tail, history, card), *_verdict(history, card)], _foot(tail, history, now)
    if card is None:
        return [*top, foot]
    how: dict[str, Any] = {"room": max(8, width - 48), "blocks": blocks}
    top += [*air, *_strip(history, width, blocks)[: 2 if air else 1]]
    left = height - len(top) - 1
    findings = _findings(history, card, most=max(2, left // 3))
    alarms = _alarms(history, most=2)
    spare = left - len(findings) - len(alarms) - 4 * len(air)
    losses = _losses(history, **how, most=min(4, spare - 6))
    measures = _measures(tail, history, card, **how, most=max(1, spare - len(losses) - 1))
    body = [line for part in (measures, losses, findings, alarms) if part for line in (*air, *part)]
    return [*[*top, *body][: max(2, height - 1)], foot]


def _title(tail: Tail, history: History, card: Scorecard | None) -> Text:
    name = str(history.about.get("name") or tail.path.parent.resolve().name)
    about = [name]
    reference = history.about.get("reference") or (card.provenance.get("reference") if card else None)
    about += [f"against {reference}"] if reference else []
    if history.gists:
        about += [f"step {history.gists[-1].step:,}", f"{len(history.gists):,} looks"]
    return _line("  ".join(about), style="bold")


def _verdict(history: History, card: Scorecard | None) -> list[Text]:
    """The verdict now, in a word and a sentence."""
    if card is None:
        return [_line("The run has begun; no look is on record yet.")]
    colour, since = COLOURS[card.verdict], ""
    if card.verdict in SICK:
        first = onset(history.steps, [gist.verdict in SICK or gist.early for gist in history.gists])
        dated = card.provenance.get("since", first)
        since = "" if dated is None else f" since step {dated:,}"
    head = Text.assemble((f" {spaced(card.verdict).upper()} ", f"bold reverse {colour}"), (since, "bold"))
    head.append("  " + str(card.provenance.get("note") or MEANINGS[card.verdict]))
    return [_cut(head)]


def _strip(history: History, width: int, blocks: str) -> list[Text]:
    """Verdicts over the looks, the worse the higher, and the same in a sentence."""
    gists = history.gists
    if not gists:
        return []
    line = Text("verdicts  ")
    for k in thinned(len(gists), max(8, width - 10)):
        verdict = gists[k].verdict
        line.append(blocks[round(RISE[verdict] * (len(blocks) - 1))], COLOURS[verdict])
    said = course([gist.step for gist in gists], [gist.verdict for gist in gists])
    if len(said) > width - 2:  # the end of the story is what counts
        said = "… " + said[len(said) - width + 4 :].partition(" ")[2]
    return [_cut(line), _line(f"  {said}", style="dim")]


def _measures(tail: Tail, history: History, card: Scorecard, *, room: int, blocks: str, most: int) -> list[Text]:
    """Main measures: now, what a perfect generator would score, and their course."""
    names = [name for name in FIRST if name in tail.curves and name in card][:most]
    lines = [_line(f"{'measure':<22}{'now':>8}  {'perfect':<16}course", style="dim")] if names else []
    for name in names:
        m, known = card[name], dict(tail.curves[name])
        shown = [known.get(history.gists[k].step, math.nan) for k in thinned(len(history.gists), room)]
        curve = sparkline(_scaled(name, shown), _scaled(name, _anchors(m)), blocks=blocks)
        line = Text.assemble(f"{label(name):<22.21}", (f"{number(m.value):>8}", AGAINST[against_real(m)]))
        lines.append(_cut(line.append(f"  {span(m.expected):<16.15}", "dim").append(curve)))
    return lines


def _scaled(name: str, values: Sequence[float]) -> list[float]:
    """The same, on the axis on which a measure is drawn."""
    return [math.log10(max(v, SMALLEST)) for v in values] if name in P_VALUES else list(values)


def _anchors(m: Measurement) -> list[float]:
    """What a curve is drawn beside: the ends of perfection, and what health and collapse look like."""
    return [*(m.expected or ()), *reading(m.name).anchors]


def sparkline(values: Sequence[float], also: Sequence[float] = (), *, blocks: str = BLOCKS) -> str:
    """A curve one line high, a character a value.

    Args:
        values: From left to right; a gap stands for what is not finite.
        also: Numbers that its axis has to hold too, so that a small change does not look like a large one.
        blocks: Characters by height, the lowest first.

    Returns:
        The line.

    Example:
        >>> sparkline([0.0, 0.5, float("nan"), 1.0])
        '▁▅ █'
        >>> sparkline([0.98, 0.99], [0.0, 1.0])
        '██'
    """
    held = [value for value in [*values, *also] if math.isfinite(value)]
    if not held:
        return " " * len(values)
    low, wide = min(held), (max(held) - min(held)) or 1.0
    top = len(blocks) - 1
    return "".join(blocks[round((v - low) / wide * top)] if math.isfinite(v) else " " for v in values)


def _losses(history: History, *, room: int, blocks: str, most: int) -> list[Text]:
    lines = []
    for name, rows in [(name, rows) for name, rows in history.losses.items() if len(rows)][: max(0, most)]:
        values = [rows[k][1] for k in thinned(len(rows), room + 16)]  # nothing is perfect here, so there is room
        lines.append(_cut(Text(f"{name:<22.21}{number(rows[-1][1]):>8}  {sparkline(values, blocks=blocks)}")))
    return lines


def _findings(history: History, card: Scorecard, *, most: int) -> list[Text]:
    """What was found and what is to be watched, dated; one remedy where there is room; how many are clear."""
    told = [f for f in by_urgency(card.findings) if f.status in (Status.FOUND, Status.WATCH)]
    lines = [_finding(history, finding) for finding in told[:most]]
    remedies = [f.remedies[0] for f in told if f.status is Status.FOUND and f.name not in HARMLESS and f.remedies]
    if remedies and len(lines) < most:
        lines.append(_line(f"  to try: {remedies[0]}", style="italic"))
    if len(lines) < most:
        counts = [(sum(f.status is s for f in card.findings), s) for s in (Status.CLEAR, Status.NOT_CHECKED)]
        lines.append(_line("  " + ", ".join(f"{count} {STATUS_WORDS[s]}" for count, s in counts if count), style="dim"))
    return lines


def _finding(history: History, finding: Finding) -> Text:
    found = finding.status is Status.FOUND
    line = Text.assemble("  ", (f"{STATUS_WORDS[finding.status]:<6}", "red" if found else "yellow"), " ")
    line.append(spaced(finding.name), "bold" if found else "")
    first = finding.since
    if found and first is None:
        first = onset(history.steps, [finding.name in gist.found for gist in history.gists])
    line.append("" if first is None else f" since step {first:,}", "bold")
    return _cut(line.append(f": {finding.evidence}"))


def _alarms(history: History, *, most: int) -> list[Text]:
    """The newest alarms; an alarm is wrong in at most the share of runs that the user set."""
    lines = []
    for alarm in history.alarms[-most:]:
        mode = "" if alarm.get("mode") is None else f" of mode {alarm['mode']}"
        what = f"{spaced(alarm['finding'])}{mode}, since about step {alarm['since']:,}"
        lines.append(_cut(Text.assemble((f"  ALARM at step {alarm['step']:,}", "bold red"), f"  {what}")))
    more = len(history.alarms) - len(lines)
    if more > 0:
        lines[0].append(f"  ({more} before)", "dim")
    return lines


def _foot(tail: Tail, history: History, now: float) -> Text:
    """How fast it goes, how long ago the last look was, and what is wrong with the record."""
    parts = [*_speed(history)]
    times = [gist.at for gist in history.gists[-RECENT:] if math.isfinite(gist.at)]
    ago = max(0.0, now - times[-1]) if times else None
    late = len(times) > 2 and ago is not None and ago > max(PATIENCE, LATE * (times[-1] - times[0]) / (len(times) - 1))
    if history.final is not None:
        parts.append("this is the closing diagnosis of the run")
    elif ago is not None:
        parts.append(f"last look {lasting(ago)} ago" + (": late, has it stopped?" if late else ""))
    if history.errors:
        parts.append(f"{len(history.errors)} errors noted")
    if not tail.there:
        parts.append("the record is gone, this is what was read")
    loud = history.final is None and (late or not tail.there)
    return _line("  ".join(parts), style="yellow" if loud else "dim")


def _speed(history: History) -> list[str]:
    rows = [(gist.step, gist.at) for gist in history.gists[-RECENT:] if math.isfinite(gist.at)]
    if len(rows) < 2 or rows[-1][1] <= rows[0][1] or rows[-1][0] <= rows[0][0]:
        return []
    seconds = rows[-1][1] - rows[0][1]
    return [
        f"{number((rows[-1][0] - rows[0][0]) / seconds)} steps/s",
        f"a look every {lasting(seconds / (len(rows) - 1))}",
    ]


def lasting(seconds: float) -> str:
    """A duration in few characters.

    Example:
        >>> lasting(0.4), lasting(75), lasting(7400), lasting(200_000)
        ('0.4 s', '1 min 15 s', '2 h 3 min', '2 d 7 h')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    for size, unit, small, less in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // small} {less}"
    return f"{whole} s"


def _line(text: str, *, style: str = "") -> Text:
    return _cut(Text(text, style=style))


def _cut(text: Text) -> Text:
    """One line, whatever the width."""
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _ascii(text: Text) -> Text:
    """The same in ASCII, character by character."""
    text.plain = text.plain.translate(str.maketrans("–−…", "--.")).encode("ascii", "replace").decode()
    text.overflow = "crop"
    return text
