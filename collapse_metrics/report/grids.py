"""What did the generator draw over time? Sample grids and point clouds, small enough for one page."""

import base64
import io
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from collapse_metrics.history import History
from collapse_metrics.report.axes import Axis, Paper, axis_over
from collapse_metrics.report.curves import since, thinned
from collapse_metrics.report.wording import spaced

MOST_FRAMES = 60
"""Grids in one film: more are thinned evenly, keeping the first, the last and the onset."""

BIG_PICTURE = 160_000
"""Bytes of one grid above which it is stored again as JPEG: noise in colour hardly compresses as PNG."""

MOST_PIXELS = 720
"""Side of a grid that is stored again."""

MOST_POINTS = 400
"""Points drawn of one check."""

PNG = b"\x89PNG\r\n\x1a\n"
"""How every PNG file begins: nothing else is embedded under that name."""


@dataclass(frozen=True)
class Frame:
    """One moment: the step, its verdict, and a picture or a path of points."""

    step: int
    verdict: str
    alt: str
    picture: str = ""
    dots: str = ""


@dataclass(frozen=True)
class Film:
    """The frames in order of time, what was left out and why, and the fixed axes of point clouds."""

    frames: list[Frame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    x_axis: Axis | None = None
    y_axis: Axis | None = None


def film(history: History, budget: int) -> Film:
    """The samples of a run as frames of at most ``budget`` bytes together."""
    kept = [k for k, note in enumerate(history.samples) if note.get("png") or note.get("points")]
    if not kept:
        return Film()
    points = [k for k in kept if history.samples[k].get("points")]
    return _clouds(history, points) if points else _pictures(history, kept, budget)


def choose(history: History, places: list[int], most: int) -> list[int]:
    """At most ``most`` of the places, evenly, with the first, the last and the onset among them."""
    if len(places) <= most:
        return places
    start = since(history)
    steps = history.steps
    onset = [k for k in places if start is not None and steps[k] >= start][:1]
    even = [places[k] for k in thinned(len(places), max(2, most - len(onset)))]
    return sorted({*even, *onset})


def _pictures(history: History, places: list[int], budget: int) -> Film:
    notes, found = [], {}
    for k in places:
        path = _inside(history.folder, str(history.samples[k]["png"]))
        if path is not None:
            found[k] = path
    if len(found) < len(places):
        lost = [str(history.samples[k]["png"]) for k in places if k not in found]
        notes.append(
            f"{len(lost)} of {len(places)} recorded grids cannot be read in the folder of the run, "
            f"for example {lost[0]}."
        )
    if not found:
        return Film([], notes)
    share = sum(min(path.stat().st_size, BIG_PICTURE) for path in found.values()) / len(found)
    most = max(3, min(MOST_FRAMES, int(budget / (share * 4 / 3))))
    chosen = choose(history, list(found), most)
    if len(chosen) < len(found):
        notes.append(f"{len(chosen)} of {len(found)} grids are shown, evenly chosen, to keep the page small.")
    frames = []
    for k in chosen:
        data, shrunk = _small(found[k].read_bytes(), min(BIG_PICTURE, budget // len(chosen) * 3 // 4))
        if shrunk and SHRUNK not in notes:
            notes.append(SHRUNK)
        step, verdict = history.steps[k], spaced(history.checks[k].verdict)
        alt = f"Grid of generated samples at step {step:,}, verdict {verdict}"
        frames.append(Frame(step, verdict, alt, picture=data))
    return Film(frames, notes)


SHRUNK = "Large grids are stored smaller here than in the folder of the run."
"""Said where a picture was not embedded as it is."""


def _inside(folder: Path | None, name: str) -> Path | None:
    """The PNG file of that name in the run's folder; a record may not name files elsewhere."""
    if folder is None:
        return None
    path = (folder / name).resolve()
    try:
        if not path.is_relative_to(folder.resolve()) or not path.is_file():
            return None
        with path.open("rb") as file:
            return path if file.read(len(PNG)) == PNG else None
    except OSError:
        return None


def _small(data: bytes, most: int) -> tuple[str, bool]:
    """A picture as a data URI, and whether it had to be stored again to fit."""
    if len(data) > most:
        from PIL import Image

        picture = Image.open(io.BytesIO(data)).convert("RGB")
        for side, quality in (
            (MOST_PIXELS, 85),
            (MOST_PIXELS, 60),
            (MOST_PIXELS // 2, 60),
            (MOST_PIXELS // 4, 50),
        ):
            picture.thumbnail((side, side))
            draft = io.BytesIO()
            picture.save(draft, "JPEG", quality=quality)
            if draft.tell() <= most:
                break
        return "data:image/jpeg;base64," + base64.b64encode(draft.getvalue()).decode(), True
    return "data:image/png;base64," + base64.b64encode(data).decode(), False


def _clouds(history: History, places: list[int]) -> Film:
    chosen = choose(history, places, MOST_FRAMES)
    notes = [] if len(chosen) == len(places) else [f"{len(chosen)} of {len(places)} checks are shown, evenly chosen."]
    clouds = {k: _finite_points(history.samples[k]["points"]) for k in chosen}
    shown = [point for cloud in clouds.values() for point in cloud]
    x_axis, y_axis = _square(axis_over(_middle([x for x, _ in shown])), axis_over(_middle([y for _, y in shown])))
    paper = Paper(x_axis, y_axis, 1000.0)
    frames = []
    for k, cloud in clouds.items():
        inside = [(x, y) for x, y in cloud if x_axis.low <= x <= x_axis.high and y_axis.low <= y <= y_axis.high]
        dots = "".join(f"M{paper.across(x):.0f} {paper.down(y):.0f}h0" for x, y in inside)
        step, verdict = history.steps[k], spaced(history.checks[k].verdict)
        outside = f", {len(cloud) - len(inside)} outside the frame" if len(inside) < len(cloud) else ""
        alt = f"{len(cloud)} generated points at step {step:,}{outside}, verdict {verdict}"
        frames.append(Frame(step, verdict, alt, dots=dots))
    return Film(frames, notes, x_axis, y_axis)


def _finite_points(rows: Any) -> list[tuple[float, float]]:
    pairs = [(row[0], row[1]) for row in rows[:MOST_POINTS] if len(row) >= 2 and None not in row[:2]]
    return [(float(x), float(y)) for x, y in pairs if math.isfinite(x) and math.isfinite(y)]


def _middle(values: list[float]) -> list[float]:
    """All but the outermost half percent at each end: a stray point must not shrink the picture."""
    ordered = sorted(values)
    cut = len(ordered) // 200
    return ordered[cut : len(ordered) - cut]


def _square(x: Axis, y: Axis) -> tuple[Axis, Axis]:
    """Both axes with one scale, so that a ring is round."""
    half = max(x.high - x.low, y.high - y.low) / 2
    return _around(x, half), _around(y, half)


def _around(axis: Axis, half: float) -> Axis:
    middle = (axis.low + axis.high) / 2
    return Axis(middle - half, middle + half)
