"""What stands on the summary page of a CI run? Markdown: a headline, a table, the reasons."""

from collapse_metrics.gate.comparison import Comparison, Outcome
from collapse_metrics.gate.outputs.text import HEADINGS, cells, headline

MOST_BYTES = 1_000_000
"""GitHub drops a step's summary above 1 MiB."""

SIGNS = {Outcome.PASS: "✅", Outcome.FAIL: "❌", Outcome.INCONCLUSIVE: "❔"}
"""Before the headline and in the last column."""


def as_markdown(comparison: Comparison) -> str:
    """The comparison as Markdown, below a mebibyte."""
    about = comparison.about
    lines = [
        f"### {SIGNS[comparison.outcome]} Diversity gate: {comparison.outcome}",
        "",
        plain(headline(comparison)),
        "",
        f"| {' | '.join(HEADINGS)} |",
        f"|{'|'.join(' --- ' if k in (0, len(HEADINGS) - 1) else ' ---: ' for k in range(len(HEADINGS)))}|",
    ]
    revision = (about.get("baseline_made_with") or {}).get("code")
    for row in comparison.rows:
        *rest, word = cells(row)
        lines.append(f"| {' | '.join(plain(cell) for cell in rest)} | {SIGNS[row.outcome]} {word} |")
    lines += ["", *(f"- {plain(note)}" for note in comparison.notes)]
    lines += [
        "",
        f"<sub>reference {plain(str(about.get('reference')))}, embedder {plain(str(about.get('embedder')))}, "
        f"{about.get('baseline_runs')} run(s) before and {about.get('runs')} now"
        f"{f', baseline of revision {revision}' if revision else ''}</sub>",
        "",
    ]
    return "\n".join(lines).encode()[:MOST_BYTES].decode(errors="ignore")


def plain(text: str) -> str:
    """Text in which nothing is markup: names of modes are the user's."""
    for sign in "\\|<>[]*_`":
        text = text.replace(sign, f"\\{sign}")
    return " ".join(text.split())
