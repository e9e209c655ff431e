"""How did it run? Panels of lines as SVG, for the pages of studies."""

from collections.abc import Mapping, Sequence
from html import escape

Line = tuple[str, Sequence[float]]
"""Colour, and one value a step."""

WIDE, HIGH, LEFT, GAP = 640, 150, 60, 50
"""Pixels of a panel, of the room left of it, and of the room between two."""


def lines(panels: Mapping[str, Sequence[Line]], *, across: str) -> str:
    """One panel below the other, each with its title and the ends of its own axis.

    Args:
        panels: Title -> its lines, spread evenly over the width.
        across: What the width stands for.
    """
    drawn = {title: rows for title, rows in panels.items() if rows}
    whole = (LEFT + WIDE + 20, len(drawn) * (HIGH + GAP) + 10)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {whole[0]} {whole[1]}" font-family="sans-serif">']
    parts.append(f'<rect width="{whole[0]}" height="{whole[1]}" fill="white"/>')
    for place, (title, rows) in enumerate(drawn.items()):
        parts += _panel(title, rows, across, top=place * (HIGH + GAP) + 30)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(title: str, rows: Sequence[Line], across: str, *, top: int) -> list[str]:
    values = [value for _, row in rows for value in row]
    low, high = min(0.0, *values), max(values)
    scale = HIGH / ((high - low) or 1.0)
    foot = top + HIGH
    parts = [_words(LEFT, top - 10, title, 13, "start"), _words(LEFT - 8, top + 8, f"{high:.3g}", 11, "end")]
    parts += [_words(LEFT - 8, foot + 4, f"{low:.3g}", 11, "end"), _words(LEFT + WIDE, foot + 14, across, 11, "end")]
    ground = foot + low * scale
    parts.append(f'<line x1="{LEFT}" x2="{LEFT + WIDE}" y1="{ground:.1f}" y2="{ground:.1f}" stroke="#888"/>')
    for colour, row in rows:
        points = " ".join(
            f"{LEFT + WIDE * (i + 1) / len(row):.1f},{foot - (value - low) * scale:.1f}" for i, value in enumerate(row)
        )
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-opacity=".8"/>')
    return parts


def _words(x: float, y: float, text: str, size: int, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'
