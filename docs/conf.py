"""How is the documentation built? `make docs` runs Sphinx with this.

Pages may hold a comment ``<!-- measures: GROUP -->``, ``<!-- table of measures -->`` or ``<!-- other functions -->``;
when a page is read, the registry's own words are put there. So a page of a metric can never be out of date, and a new
metric is on it without a line.
"""

import re
from typing import Any

import collapse_metrics.metrics
from collapse_metrics._registry import METRICS
from collapse_metrics.guide import GROUPS, Entry, entries, in_words

project = "collapse_metrics"
author = "The collapse_metrics developers"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
exclude_patterns = ["_build"]
autodoc_typehints = "description"
autodoc_mock_imports: list[str] = []
myst_heading_anchors = 3
suppress_warnings = ["myst.xref_missing", "myst.header"]


def table_of_measures() -> str:
    """One row a measure, group by group."""
    rows = ["| measure | asks | best | collapsed | needs |", "| --- | --- | --- | --- | --- |"]
    page = {group: f"measures/{group.replace(' ', '_')}.md" for group in GROUPS}
    for entry in entries():
        link = f"[`{entry.name}`]({page[entry.group]}#{entry.name})"
        star = " \\*" if entry.standard else ""
        ends = f"{in_words(entry.best)} | {in_words(entry.collapsed)}"
        rows.append(f"| {link}{star} | {entry.question} | {ends} | {', '.join(entry.needs)} |")
    return "\n".join(rows)


def section_of(entry: Entry) -> str:
    """The section of one measure: its question, what the registry knows, and its docstring."""
    room = "probes" if entry.group == "probes" else "metrics"
    facts = {
        "Best": in_words(entry.best),
        "Collapsed": in_words(entry.collapsed),
        "Needs": ", ".join(f"`{name}`" for name in entry.needs),
        "May use": ", ".join(f"`{name}`" for name in entry.may_use),
        "Unmoved by": ", ".join(entry.unmoved_by),
        "Interval": entry.interval,
        "Expected range": entry.expected,
        "Measured": "at every look" if entry.standard else "when asked for",
        "Paper": f"<{entry.paper}>",
    }
    lines = [f"({entry.name})=", f"## {entry.name}", "", f"*{entry.question}*", ""]
    lines += [f"- **{what}**: {value}" for what, value in facts.items() if value]
    lines += ["", "```{eval-rst}", f".. autofunction:: collapse_metrics.{room}.{entry.name}", "```", ""]
    return "\n".join(lines)


def measures_of(group: str) -> str:
    """The sections of all measures of a group."""
    return "\n".join(section_of(entry) for entry in entries() if entry.group == group)


def other_functions() -> str:
    """Public names of the room of metrics that are no single number: helpers, and many metrics in one pass."""
    names = [name for name in collapse_metrics.metrics.__all__ if name not in METRICS]
    blocks = []
    for name in names:
        kind = "class" if isinstance(getattr(collapse_metrics.metrics, name), type) else "function"
        blocks += ["```{eval-rst}", f".. auto{kind}:: collapse_metrics.metrics.{name}", "```", ""]
    return "\n".join(blocks)


def filled(text: str) -> str:
    """A page with the registry's words in the places of its comments."""
    text = re.sub(r"<!-- measures: ([\w ]+) -->", lambda match: measures_of(match[1]), text)
    text = text.replace("<!-- table of measures -->", table_of_measures())
    return text.replace("<!-- other functions -->", other_functions())


def setup(app: Any) -> None:
    """Fill the pages as they are read."""
    app.connect("source-read", lambda _app, _page, source: source.__setitem__(0, filled(source[0])))
