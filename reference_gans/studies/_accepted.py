"""What share of these pictures does a classifier keep, or name rightly? Rows of a table, with exact intervals."""

from collections.abc import Iterable

from torch import Tensor

from collapse_metrics.embed import Embedder
from collapse_metrics.stats.shares import clopper_pearson

Row = dict[str, float | str]
"""One line of the table: what, asked, share, low, high, n; where a bar was set also ``wanted`` and ``holds``."""

HEAD = [
    "| what | asked | share | 95 % interval | n | wanted | holds |",
    "| --- | --- | --- | --- | --- | --- | --- |",
]


def accepted(embed: Embedder, pictures: Tensor) -> Tensor:
    """Which pictures count as data."""
    probs = embed(pictures.clamp(0, 1)).probs
    assert probs is not None  # these embedders have classes
    return embed.accepts(probs)


def row(what: str, how: str, hits: Tensor, bar: float | None) -> Row:
    """A share with its exact 95 % interval; it is printed too, as these studies take a while."""
    n, k = len(hits), int(hits.sum())
    low, high = clopper_pearson(k, n)
    found: Row = {"what": what, "how": how, "share": k / n, "low": low, "high": high, "n": n}
    if bar is not None:
        found["wanted"] = bar
        found["holds"] = "yes" if k / n >= bar else "NO"
    print(f"{what:<40} {how:<14} {k / n:8.4f} [{low:.4f}, {high:.4f}] n={n} {found.get('holds', '')}", flush=True)
    return found


def table(rows: Iterable[Row]) -> list[str]:
    """The rows in Markdown."""
    lines = [*HEAD]
    for one in rows:
        wanted = f">= {one['wanted']}" if "wanted" in one else ""
        lines.append(
            f"| {one['what']} | {one['how']} | {one['share']:.4f} | {one['low']:.4f} to {one['high']:.4f} | {one['n']} "
            f"| {wanted} | {one.get('holds', '')} |"
        )
    return lines
