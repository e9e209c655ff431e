"""What do test reports of CI systems read? JUnit XML: one test case a measure, and one a required finding."""

from xml.etree import ElementTree

from collapse_metrics.gate.comparison import Comparison, Outcome, Row
from collapse_metrics.gate.outputs.text import headline

SUITE = "collapse_metrics.gate"
"""Name of the suite, and class of its cases."""


def as_junit(comparison: Comparison) -> str:
    """The comparison as JUnit XML, in the form of the Jenkins xUnit plugin's schema (junit-10).

    A measure that failed is a ``failure``; one that is inconclusive is an ``error``, since it was not shown to be fine.
    """
    failed = sum(row.outcome is Outcome.FAIL for row in comparison.rows)
    unsure = sum(row.outcome is Outcome.INCONCLUSIVE for row in comparison.rows)
    found = len(comparison.findings)
    counts = {
        "tests": str(len(comparison.rows) + found),
        "failures": str(failed + found),
        "errors": str(unsure),
    }
    suites = ElementTree.Element("testsuites", {"name": SUITE, **counts})
    suite = ElementTree.SubElement(suites, "testsuite", {"name": SUITE, **counts, "skipped": "0"})
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in {"outcome": comparison.outcome, "alpha": comparison.alpha, "n": comparison.n}.items():
        ElementTree.SubElement(properties, "property", {"name": name, "value": str(value)})
    for row in comparison.rows:
        _case(suite, row)
    for name, evidence in comparison.findings:
        case = ElementTree.SubElement(suite, "testcase", {"classname": SUITE, "name": f"required finding {name}"})
        ElementTree.SubElement(case, "failure", {"type": "required", "message": clean(evidence)})
    ElementTree.SubElement(suite, "system-out").text = clean(headline(comparison))
    ElementTree.indent(suites)
    text = ElementTree.tostring(suites, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'


def clean(text: str) -> str:
    """Text without the signs that XML 1.0 does not know."""
    return "".join(sign for sign in text if sign in "\t\n" or (ord(sign) >= 32 and ord(sign) not in (0xFFFE, 0xFFFF)))


def _case(suite: ElementTree.Element, row: Row) -> None:
    case = ElementTree.SubElement(suite, "testcase", {"classname": SUITE, "name": row.measure})
    if row.outcome is Outcome.PASS:
        return
    kind = "failure" if row.outcome is Outcome.FAIL else "error"
    said = ElementTree.SubElement(case, kind, {"type": str(row.outcome), "message": clean(row.sentence())})
    said.text = f"before {row.before:.6g}, now {row.now:.6g}, p {row.p_value:.3g} after Holm"
