"""Records: what is written is what is read, half a file is never met, and damage is named."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.history import HISTORY_FILE, History
from collapse_metrics.records import (
    SCHEMA,
    Finding,
    Measurement,
    Scorecard,
    Status,
    Verdict,
    replace_finding,
    write_whole,
)

CARD = Scorecard(
    verdict=Verdict.PARTIAL_COLLAPSE,
    findings=(
        Finding(
            "mode_dropping",
            Status.FOUND,
            "mode 4 (0.1% instead of 10%)",
            "Modes are missing.",
            ("PacGAN",),
            400,
        ),
        Finding("off_manifold", Status.CLEAR, "all fine", "Not like the data."),
        Finding("latent_ignored", Status.NOT_CHECKED, "needs the generator", "No noise."),
        Finding("total_collapse", Status.WATCH, "close", "One sample."),
    ),
    measurements=(
        Measurement("mode_coverage", 0.9, 0.8, 1.0, (0.9, 1.0), 5000, 1000, "mnist", 1200),
        Measurement("mode_share[4]", 0.001, 0.0, 0.01),
        Measurement("loss_period", 12.5),
    ),
    provenance={"seed": 0, "reference": "mnist", "step": 1200},
)

numbers = st.floats()
measurements = st.builds(
    Measurement,
    name=st.text(max_size=20),
    value=numbers,
    low=st.none() | st.floats(allow_nan=False),
    high=st.none() | st.floats(allow_nan=False),
    expected=st.none() | st.tuples(numbers, numbers),
    n_real=st.none() | st.integers(0, 10**6),
    n_fake=st.none() | st.integers(0, 10**6),
    embedder=st.none() | st.text(max_size=9),
    step=st.none() | st.integers(0, 10**6),
)
findings = st.builds(
    Finding,
    name=st.text(max_size=20),
    status=st.sampled_from(Status),
    evidence=st.text(max_size=40),
    meaning=st.text(max_size=40),
    remedies=st.lists(st.text(max_size=9), max_size=3).map(tuple),
    since=st.none() | st.integers(0, 10**6),
    severity=st.none() | st.floats(0, 1),
    shown_by=st.text(max_size=9),
)
cards = st.builds(
    Scorecard,
    verdict=st.sampled_from(Verdict),
    findings=st.lists(findings, max_size=3).map(tuple),
    measurements=st.lists(measurements, max_size=3).map(tuple),
    provenance=st.dictionaries(st.text(max_size=9), st.integers() | st.text(max_size=9) | st.none(), max_size=3),
)


class TestScorecard:
    @given(cards)
    def test_json_brings_back_what_went_in(self, card):
        back = Scorecard.from_dict(json.loads(card.to_json()))
        assert repr(back) == repr(card)  # by repr, because NaN is not equal to itself

    def test_a_file_brings_back_what_went_in(self, tmp_path):
        text = CARD.to_json(tmp_path / "deep" / "card.json")
        assert Scorecard.from_json(tmp_path / "deep" / "card.json") == CARD
        assert json.loads(text)["schema"] == SCHEMA
        assert [p.name for p in (tmp_path / "deep").iterdir()] == ["card.json"]

    def test_the_json_is_plain_and_strict(self):
        card = Scorecard(Verdict.BROKEN, (), (Measurement("coverage", math.nan, math.nan, math.inf),))

        def refuse(token):
            raise AssertionError(f"{token} is not JSON")

        data = json.loads(card.to_json(), parse_constant=refuse)
        assert data["measurements"][0]["value"] is None
        assert data["measurements"][0]["high"] == "inf"
        assert math.isnan(Scorecard.from_dict(data)["coverage"].value)
        assert data["verdict"] == "broken"

    @pytest.mark.parametrize("schema", [0, 2, "1", None])
    def test_another_schema_is_refused(self, schema):
        data = {**CARD.to_dict(), "schema": schema}
        with pytest.raises(ValueError, match=f"schema {SCHEMA} is needed, got {schema!r}"):
            Scorecard.from_dict(data)

    @pytest.mark.parametrize("key", ["verdict", "findings", "measurements", "provenance"])
    def test_a_part_that_is_missing_is_named(self, key):
        data = CARD.to_dict()
        del data[key]
        with pytest.raises(ValueError, match=rf"no whole scorecard \('{key}'\)"):
            Scorecard.from_dict(data)

    @pytest.mark.parametrize(
        ("path", "value"),
        [
            (("verdict",), "splendid"),
            (("findings", 0, "status"), "maybe"),
            (("findings", 0, "colour"), "red"),
            (("measurements", 0, "mean"), 3),
            (("measurements", 0, "expected"), 3),
            (("findings",), 7),
            (("provenance",), 7),
        ],
    )
    def test_a_part_that_is_wrong_is_refused(self, path, value):
        data = json.loads(CARD.to_json())
        target = data
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = value
        with pytest.raises(ValueError, match="no whole scorecard"):
            Scorecard.from_dict(data)

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "is not JSON"),
            (b'{"schema": 1, "verd', "is not JSON"),
            (b"\xff\xfe\x00", "is not JSON"),
            (b"[1, 2]", "holds a JSON list, a scorecard object is needed"),
            (b"{}", "got None"),
        ],
        ids=["empty", "cut off", "binary", "list", "object"],
    )
    def test_a_damaged_file_is_named(self, tmp_path, content, message):
        path = tmp_path / "card.json"
        path.write_bytes(content)
        with pytest.raises(ValueError, match=message):
            Scorecard.from_json(path)

    def test_a_missing_file_is_a_missing_file(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            Scorecard.from_json(tmp_path / "none.json")

    def test_names_lead_to_measurements_and_findings(self):
        assert CARD["mode_coverage"].value == 0.9
        assert "mode_coverage" in CARD
        assert "coverage" not in CARD
        assert CARD.finding("off_manifold").status is Status.CLEAR
        assert [f.name for f in CARD.found] == ["mode_dropping"]

    def test_a_wrong_name_is_answered_with_the_right_ones(self):
        with pytest.raises(KeyError, match=r"no measurement named 'coverage'.*has: mode_coverage, loss_period"):
            CARD["coverage"]
        with pytest.raises(KeyError, match=r"no finding named 'dropping'.*has: mode_dropping, off_manifold"):
            CARD.finding("dropping")

    def test_a_person_reads_the_verdict_first_and_the_worst_next(self):
        lines = str(CARD).splitlines()
        assert lines[0] == "verdict: partial_collapse"
        assert [line.split()[0] for line in lines[1:]] == ["found", "watch", "clear", "not_checked"]
        assert lines[1] == "  found       mode_dropping: mode 4 (0.1% instead of 10%)"

    def test_the_worst_finding_that_counts_is_the_severity(self):
        def card(*findings):
            made = [Finding(name, Status(status), "", "", severity=severity) for name, status, severity in findings]
            return Scorecard(Verdict.HEALTHY, tuple(made), ())

        assert card().severity == 0.0
        assert card(("low_rank", "found", 0.4), ("duplicates", "found", 0.7), ("x", "watch", 0.9)).severity == 0.7
        assert card(("loss_oscillation", "found", 1.0), ("discriminator_overpowers", "found", 1.0)).severity == 0.0
        assert math.isnan(card(("low_rank", "found", 0.4), ("duplicates", "found", None)).severity)

    def test_files_without_severities_are_read(self):
        data = json.loads(CARD.to_json())
        del data["severity"]
        for finding in data["findings"]:
            del finding["severity"], finding["shown_by"]
        back = Scorecard.from_dict(data)
        assert back == CARD
        assert math.isnan(back.severity)
        assert json.loads(back.to_json())["severity"] is None

    def test_inconclusive_says_how_many_samples_would_decide(self):
        def lines(needed, n):
            measured = (Measurement("samples_needed", needed, n_fake=n),)
            return str(Scorecard(Verdict.INCONCLUSIVE, (), measured)).splitlines()[1:]

        assert lines(151, 150) == ["  151 samples that pass for data would decide, got 150"]
        assert lines(150, 150) == []

    def test_a_note_stands_beside_the_verdict(self):
        card = Scorecard(Verdict.INCONCLUSIVE, (), (), {"note": "40 samples"})
        assert str(card) == "verdict: inconclusive (40 samples)"

    def test_a_frame_has_a_row_a_measurement(self):
        frame = CARD.to_frame()
        assert list(frame["name"]) == ["mode_coverage", "mode_share[4]", "loss_period"]
        assert frame.loc[0, ["expected_low", "expected_high"]].tolist() == [0.9, 1.0]
        assert frame.loc[1:, "expected_low"].isna().all()
        assert frame.loc[0, "n_fake"] == 1000

    def test_another_judgement_leaves_the_numbers_alone(self):
        card = CARD.with_findings([CARD.findings[1]], Verdict.HEALTHY)
        assert (card.verdict, card.findings) == (Verdict.HEALTHY, (CARD.findings[1],))
        assert card.measurements == CARD.measurements
        assert CARD.verdict is Verdict.PARTIAL_COLLAPSE

    def test_a_finding_can_be_dated(self):
        finding = replace_finding(CARD.findings[1], since=7)
        assert (finding.since, finding.name) == (7, "off_manifold")
        assert CARD.findings[1].since is None


class TestMeasurement:
    def test_what_is_typical_is_the_middle_of_what_is_expected(self):
        assert Measurement("x", 0.0, expected=(0.2, 0.6)).typical == pytest.approx(0.4)
        assert math.isnan(Measurement("x", 0.0).typical)

    @pytest.mark.parametrize(
        ("measurement", "text"),
        [
            (Measurement("coverage", 0.51234), "coverage 0.512"),
            (Measurement("coverage", 0.5, 0.4, 0.6), "coverage 0.5 [0.4, 0.6]"),
            (Measurement("coverage", 0.5, 0.4), "coverage 0.5"),
            (
                Measurement("coverage", 0.5, 0.0, 0.6, (0.9, 1.0)),
                "coverage 0.5 [0, 0.6], a perfect generator 0.9 to 1",
            ),
        ],
    )
    def test_it_says_itself_in_one_line(self, measurement, text):
        assert str(measurement) == text

    def test_it_cannot_be_changed(self):
        with pytest.raises(AttributeError):
            Measurement("x", 0.0).value = 1.0


def card_at(step, value=0.5, verdict=Verdict.HEALTHY):
    return Scorecard(verdict, (), (Measurement("coverage", value, step=step),), {"step": step})


def filled(folder=None):
    """A history of two checks, some losses, an error and a closing word."""
    history = History(folder)
    history.add("about", reference="mnist", every=100)
    history.add("check", card=card_at(100, 0.5).to_dict(), samples={"png": "a.png"})
    history.add("losses", values={"g_loss": [[1, 0.5], [2, None]], "d_loss": [[1, 1.5]]})
    history.add("error", step=150, error="it broke")
    history.add("losses", values={"g_loss": [[3, 0.7]]})
    history.add("check", card=card_at(200, 0.25, Verdict.COLLAPSE).to_dict(), samples=None)
    history.add("final", card=card_at(200, 0.2, Verdict.COLLAPSE).to_dict())
    return history


def contents(history):
    losses = repr(history.losses)
    return history.about, history.checks, history.samples, losses, history.errors, history.final


class TestHistory:
    def test_a_folder_brings_back_what_went_in(self, tmp_path):
        history = filled(tmp_path / "run")
        back = History.read(tmp_path / "run")
        assert contents(back) == contents(history)
        assert back.folder == tmp_path / "run"

    def test_it_keeps_everything_without_a_folder_too(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        history = filled()
        assert contents(history) == contents(filled(tmp_path / "run"))
        assert [p.name for p in tmp_path.iterdir()] == ["run"]

    def test_what_it_holds(self):
        history = filled()
        assert history.about == {"reference": "mnist", "every": 100}
        assert history.steps == [100, 200]
        assert [(step, m.value) for step, m in history.series("coverage")] == [(100, 0.5), (200, 0.25)]
        assert history.series("density") == []
        assert history.samples == [{"png": "a.png"}, {}]
        assert [step for step, _ in history.losses["g_loss"]] == [1, 2, 3]
        assert math.isnan(history.losses["g_loss"][1][1])
        assert history.losses["d_loss"] == [(1, 1.5)]
        assert history.errors == [{"step": 150, "error": "it broke"}]
        assert history.final["coverage"].value == 0.2

    def test_a_frame_has_a_row_a_check(self):
        frame = filled().to_frame()
        assert list(frame["step"]) == [100, 200]
        assert list(frame["verdict"]) == ["healthy", "collapse"]
        assert list(frame["coverage"]) == [0.5, 0.25]

    def test_every_record_is_on_disk_at_once(self, tmp_path):
        history = History(tmp_path)
        for step in (1, 2, 3):
            history.add("losses", values={"g_loss": [[step, 0.5]]})
            assert len(History.read(tmp_path).losses["g_loss"]) == step

    def test_a_last_line_that_was_cut_off_is_left_out(self, tmp_path):
        filled(tmp_path)
        path = tmp_path / HISTORY_FILE
        whole = path.read_text()
        for cut in (1, 2, 30):
            path.write_text(whole[:-cut])
            back = History.read(tmp_path)
            assert len(back.checks) == 2
            assert (back.final is None) == (cut > 1)

    def test_a_damaged_line_in_the_middle_is_named(self, tmp_path):
        filled(tmp_path)
        path = tmp_path / HISTORY_FILE
        lines = path.read_text().splitlines()
        for broken in ("[1, 2]", "7", "step,loss", "}", '{"nothing": 1}', '{"kind": "check", "card": {}}'):
            path.write_text("\n".join([lines[0], broken, *lines[2:]]))
            with pytest.raises(ValueError, match=r"history.jsonl line 2 is no record .*damaged"):
                History.read(tmp_path)

    @pytest.mark.parametrize("between", ["", "\n", "\0\0\n"])
    def test_half_a_line_before_those_of_a_run_that_went_on_is_left_out_and_told(self, tmp_path, between):
        filled(tmp_path)
        path = tmp_path / HISTORY_FILE
        lines = path.read_text().splitlines()
        for cut in range(1, len(lines[-2]), 7):
            half = lines[-2][:cut]
            path.write_text("\n".join([*lines[:-2], half + between + lines[-1], lines[2], ""]))
            back = History.read(tmp_path)
            assert back.steps == [100]
            assert back.final is not None
            assert len(back.losses["g_loss"]) == 5
            assert back.errors[1] == {
                "step": 100,
                "what": f"reading line {len(lines) - 1}",
                "error": "the line was cut off, and is left out",
            }
            assert History.go_on(tmp_path, step=100).errors == back.errors[:1]

    @pytest.mark.parametrize("folder", [".", "none"])
    def test_a_folder_without_a_record_is_named(self, tmp_path, folder):
        with pytest.raises(FileNotFoundError, match=r"a folder with history.jsonl is needed.*give a run's log_dir"):
            History.read(tmp_path / folder)

    def test_an_empty_record_is_an_empty_history(self, tmp_path):
        (tmp_path / HISTORY_FILE).touch()
        history = History.read(tmp_path)
        assert (history.steps, history.final, history.losses) == ([], None, {})

    def test_kinds_of_a_later_version_are_passed_over(self, tmp_path):
        filled(tmp_path)
        with (tmp_path / HISTORY_FILE).open("a") as file:
            file.write('{"kind": "weather", "rain": true}\n')
        assert len(History.read(tmp_path).checks) == 2

    def test_numbers_that_are_no_json_are_refused_before_they_reach_the_disk(self, tmp_path):
        history = History(tmp_path)
        with pytest.raises(ValueError, match="not JSON compliant"):
            history.add("about", speed=math.nan)
        assert not (tmp_path / HISTORY_FILE).exists()


class TestWriteWhole:
    def test_leaves_the_file_and_no_draft(self, tmp_path):
        write_whole(tmp_path / "new" / "card.json", "text")
        assert [p.name for p in (tmp_path / "new").iterdir()] == ["card.json"]
        assert (tmp_path / "new" / "card.json").read_text(encoding="utf-8") == "text"

    def test_replaces_what_was_there(self, tmp_path):
        write_whole(tmp_path / "card.json", "old and long")
        write_whole(tmp_path / "card.json", "new ü")
        assert (tmp_path / "card.json").read_text(encoding="utf-8") == "new ü"

    def test_a_write_that_fails_leaves_the_old_file_whole(self, tmp_path):
        write_whole(tmp_path / "card.json", "old")
        with pytest.raises(UnicodeEncodeError):
            write_whole(tmp_path / "card.json", "half a line and then \ud800")
        assert (tmp_path / "card.json").read_text() == "old"
