"""Since when is it so, or is it too early to say? A look among the looks on record."""

from collections.abc import Callable

from collapse_metrics.diagnosis import onset, too_early
from collapse_metrics.history import History
from collapse_metrics.records import Finding, Scorecard, Status, Verdict, replace_finding
from collapse_metrics.shelf import Gist, gist_of

SICK = (Verdict.PARTIAL_COLLAPSE, Verdict.COLLAPSE, Verdict.BROKEN)
"""Verdicts whose beginning is dated."""


def patient(card: Scorecard, history: History) -> Scorecard:
    """The same look, called inconclusive where it is too early in the run to call anything broken."""
    why = too_early([*history.gists, gist_of(card)])
    if why is None:
        return card
    card = card.with_findings(card.findings, Verdict.INCONCLUSIVE)
    card.provenance["note"] = why
    return card


def date(card: Scorecard, history: History) -> Scorecard:
    """Since when: the verdict, and each finding that was found, by the checks on record."""

    def since(found: Callable[[Gist], bool]) -> int:
        first = onset(history.steps, [found(check) for check in history.gists])
        return int(card.provenance["step"]) if first is None else first

    def dated(finding: Finding) -> Finding:
        if finding.status is not Status.FOUND or finding.name == "loss_oscillation":
            return finding
        return replace_finding(finding, since=since(lambda check: finding.name in check.found))

    card = card.with_findings(map(dated, card.findings), card.verdict)
    if card.verdict in SICK:
        card.provenance["since"] = since(_is_sick)
    return card


def _is_sick(check: Gist) -> bool:
    """Whether a look was sick; one that came too early was, only nobody could know yet that it would last."""
    return check.verdict in SICK or check.early
