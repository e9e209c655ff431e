"""Alarms of a run as sentences, and on its page."""

from collapse_metrics.report import write_report
from collapse_metrics.report.wording import MOST_ALARMS, alarms
from tests.report.conftest import make_history


def alarm(step, finding="mode_dropping", mode="<b>7</b>"):
    return {"step": step, "finding": finding, "mode": mode, "e_value": 500.0, "needed": 300.0, "since": step - 400}


def test_an_alarm_is_a_sentence_with_its_date():
    assert alarms([alarm(1200), alarm(5000, "off_manifold", None)]) == [
        "Alarm at step 1,200: mode dropping of mode <b>7</b>, since about step 800.",
        "Alarm at step 5,000: off manifold, since about step 4,600.",
    ]
    assert alarms([]) == []


def test_of_many_the_first_are_told_and_the_rest_counted():
    assert len(alarms([alarm(1000 + i) for i in range(MOST_ALARMS)])) == MOST_ALARMS
    assert alarms([alarm(1000 + i) for i in range(MOST_ALARMS + 2)])[MOST_ALARMS:] == ["2 more alarms followed."]


def test_they_stand_in_the_story_of_a_page_as_text(tmp_path):
    history = make_history()
    history.add("alarm", **alarm(1200))
    page = write_report(history, tmp_path / "run.html").read_text()
    assert "mode dropping of mode &lt;b&gt;7&lt;/b&gt;, since about step 800." in page
