"""Which arm gave how much? A row an arm, a dot a seed and a bar to their mean, as SVG for the pages of studies."""

from collections.abc import Mapping, Sequence
from html import escape

WIDE, ROW, LEFT, GAP = 420, 18, 240, 36
"""Pixels of the widest bar, of a row, of the room for names, and of that for a title."""


def bars(panels: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """One panel below the other, every one from 0 to its own largest number, at least 1.

    Args:
        panels: Title -> arm -> one number a seed; arms without numbers are left out.
    """
    drawn = {title: {arm: v for arm, v in arms.items() if len(v)} for title, arms in panels.items()}
    parts: list[str] = []
    top = 0
    for title, arms in drawn.items():
        most = max([1.0, *(value for values in arms.values() for value in values)])
        parts.append(_words(LEFT, top + 22, f"{title}, 0 to {most:.3g}", 13, "start"))
        top += GAP
        for arm, values in arms.items():
            parts += _row(top, arm, [value / most for value in values])
            top += ROW
    size = f"0 0 {LEFT + WIDE + 30} {top + 10}"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" font-family="sans-serif">'
    return "\n".join([head, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>"]) + "\n"


def _row(top: int, arm: str, shares: list[float]) -> list[str]:
    mean = sum(shares) / len(shares)
    parts = [_words(LEFT - 8, top + 13, arm, 11, "end")]
    parts.append(
        f'<rect x="{LEFT}" y="{top + 3}" width="{max(0.0, mean) * WIDE:.1f}" height="{ROW - 6}" fill="#b9c7dc"/>'
    )
    parts += [
        f'<circle cx="{LEFT + share * WIDE:.1f}" cy="{top + ROW / 2}" r="3" fill="#20406a" fill-opacity=".7"/>'
        for share in shares
    ]
    return parts


def _words(x: float, y: float, text: str, size: int, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'
