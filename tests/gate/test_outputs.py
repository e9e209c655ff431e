"""What other tools read: valid by their schemas, within their limits, and safe with any name of a mode."""

import json
import math
from pathlib import Path
from xml.etree import ElementTree

import pytest
import xmlschema

from collapse_metrics.gate import Comparison, Outcome, Row
from collapse_metrics.gate.outputs.annotations import MOST, as_annotations
from collapse_metrics.gate.outputs.data import as_benchmark, as_code_quality, as_metrics
from collapse_metrics.gate.outputs.junit import as_junit
from collapse_metrics.gate.outputs.markdown import as_markdown
from collapse_metrics.gate.outputs.text import as_table, as_text
from collapse_metrics.gate.outputs.write import add_step_summary, write_forms

SCHEMA = Path(__file__).with_name("junit.xsd")
NASTY = 'a|b <script>"&\n%`*'


def row(measure, outcome, *, mode="", loss=0.3):
    numbers = {"before": 2.0, "now": 2.0 * (1 - loss), "loss": loss, "at_most": loss + 0.1}
    return Row(measure, mode, **numbers, margin=0.05, limit=0.5, detectable=0.2, p_value=0.5, outcome=outcome)


def comparison(*rows, findings=(), outcome=None):
    outcome = outcome or max((r.outcome for r in rows), key=list(Outcome).index)
    about = {"reference": "blobs", "embedder": "raw", "baseline_runs": 1, "runs": 1, "baseline_made_with": {}}
    return Comparison(outcome, rows, 0.01, 2000, about, findings, ("one note",))


PASSED = comparison(row("rke", Outcome.PASS), row("duplicate_rate", Outcome.PASS, loss=-0.2))
FAILED = comparison(
    row("mode_share", Outcome.FAIL, mode=NASTY),
    row("rke", Outcome.INCONCLUSIVE),
    row("duplicate_rate", Outcome.PASS),
    findings=(("mode_dropping", f"mode {NASTY} is gone\x07"),),
    outcome=Outcome.FAIL,
)
SILENT = comparison(
    Row("rke", "", *[math.nan] * 3, 1.0, 0.05, 0.25, math.nan, 1.0, Outcome.INCONCLUSIVE),
    row("mode_share", Outcome.PASS),
)
EVERY = pytest.mark.parametrize("found", [PASSED, FAILED, SILENT], ids=["passed", "failed", "silent"])


@EVERY
def test_junit_is_valid_and_counts_right(found):
    text = as_junit(found)
    xmlschema.XMLSchema(SCHEMA).validate(text)
    suite = ElementTree.fromstring(text.encode()).find("testsuite")
    assert int(suite.get("tests")) == len(suite.findall("testcase"))
    assert int(suite.get("failures")) == len(suite.findall("testcase/failure"))
    assert int(suite.get("errors")) == len(suite.findall("testcase/error"))
    assert (int(suite.get("failures")) + int(suite.get("errors")) > 0) == (found.outcome is not Outcome.PASS)


def test_annotations_are_commands_of_one_line_at_most_ten_of_a_kind():
    many = comparison(*[row("mode_share", Outcome.FAIL, mode=f"{NASTY}{k}") for k in range(25)])
    lines = as_annotations(many, file="a,b:c.json").splitlines()
    assert len(lines) == MOST
    assert all(line.startswith("::error title=collapse_metrics gate,file=a%2Cb%3Ac.json::") for line in lines)
    assert lines[-1].endswith("and 16 more, see the table")
    assert "%0A" in lines[0]
    assert "%25" in lines[0]
    kinds = [line.split(" ")[0] for line in as_annotations(FAILED).splitlines()]
    assert kinds == ["::error", "::error", "::warning"]
    assert as_annotations(PASSED).startswith("::notice")


@EVERY
def test_the_summary_has_a_row_a_measure_and_no_markup_of_the_user(found):
    text = as_markdown(found)
    rows = [line for line in text.splitlines() if line.startswith("| ") and "---" not in line]
    assert len(rows) == 1 + len(found.rows)
    columns = {len(line.replace("\\|", "").split("|")) for line in rows}
    assert columns == {11}
    assert "<script>" not in text.replace("\\<", "")


def test_the_summary_stays_below_a_mebibyte():
    many = comparison(*[row("mode_share", Outcome.FAIL, mode="é" * 1000) for _ in range(900)])
    assert len(as_markdown(many).encode()) < 2**20


@EVERY
def test_gitlab_gets_what_its_code_quality_report_needs(found):
    issues = json.loads(as_code_quality(found, file="baseline.json"))
    for issue in issues:
        assert {"description", "check_name", "fingerprint", "severity", "location"} <= set(issue)
        assert issue["severity"] in ("info", "minor", "major", "critical", "blocker")
        assert issue["location"]["lines"]["begin"] == 1
    assert len({issue["fingerprint"] for issue in issues}) == len(issues)
    assert bool(issues) == (found.outcome is not Outcome.PASS)


@EVERY
def test_the_benchmark_action_gets_one_named_number_a_measure(found):
    points = json.loads(as_benchmark(found))
    assert all(isinstance(point["value"], float) and point["name"] and point["unit"] for point in points)
    assert len(points) == sum(math.isfinite(r.now) for r in found.rows)
    assert not any(NASTY in point["name"] for point in points)  # a curve keeps its name, whichever mode is the worst


@EVERY
def test_dvc_gets_a_tree_of_numbers(found):
    tree = json.loads(as_metrics(found))
    assert all(isinstance(number, int | float) for branch in tree.values() for number in branch.values())
    assert tree["gate"]["passed"] == (found.outcome is Outcome.PASS)


@EVERY
def test_json_has_no_nan(found):
    text = json.dumps(found.to_dict(), allow_nan=False)
    assert json.loads(text)["outcome"] == found.outcome


@EVERY
def test_the_terminal_shows_every_measure(found):
    from rich.console import Console

    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115, PTH123
    console.print(as_table(found))
    for text in (as_text(found), console.export_text()):
        assert all(r.measure in text for r in found.rows)
    console.file.close()


def test_files_are_written_where_they_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "page.md"))
    add_step_summary(PASSED)
    add_step_summary(FAILED)
    assert (tmp_path / "page.md").read_text().count("###") == 2
    forms = {name: tmp_path / name for name in ("summary", "junit", "code_quality", "benchmark", "metrics")}
    write_forms(FAILED, {**forms, "junit": None}, baseline=Path("b.json"))
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted({*forms, "page.md"} - {"junit"})


def test_sentences():
    assert row("rke", Outcome.PASS, loss=-0.3).sentence() == "rke did not fall"
    assert "rose by" in row("duplicate_rate", Outcome.FAIL).sentence()
    assert PASSED.reasons == ()
    assert len(FAILED.reasons) == 2
    with pytest.raises(KeyError, match="there are rke"):
        PASSED["fid"]
