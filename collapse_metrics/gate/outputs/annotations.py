"""What does GitHub show beside the files of a pull request? Workflow commands, at most ten of a kind."""

from collapse_metrics.gate.comparison import Comparison, Outcome

MOST = 10
"""GitHub shows ten annotations of a kind and step, and drops the rest without a word."""

TITLE = "collapse_metrics gate"
"""Bold above every annotation."""


def as_annotations(comparison: Comparison, *, file: str | None = None) -> str:
    """One command a line: errors for what failed, warnings for what cannot be told, a notice for a pass.

    Args:
        comparison: The decision.
        file: Path of the baseline in the repository, where the annotations are to stand.
    """
    errors = [f"{name}: {evidence}" for name, evidence in comparison.findings]
    errors += [row.sentence() for row in comparison.rows if row.outcome is Outcome.FAIL]
    warnings = [row.sentence() for row in comparison.rows if row.outcome is Outcome.INCONCLUSIVE]
    lines = [_command("error", text, file) for text in _few(errors)]
    lines += [_command("warning", text, file) for text in _few(warnings)]
    if comparison.outcome is Outcome.PASS:
        lines.append(_command("notice", "pass: nothing has become worse by its limit", file))
    return "".join(f"{line}\n" for line in lines)


def _few(texts: list[str]) -> list[str]:
    """At most ten, the last of which counts the rest."""
    if len(texts) <= MOST:
        return texts
    return [*texts[: MOST - 1], f"and {len(texts) - MOST + 1} more, see the table"]


def _command(kind: str, text: str, file: str | None) -> str:
    where = f",file={_property(file)}" if file else ""
    return f"::{kind} title={_property(TITLE)}{where}::{_data(text)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
