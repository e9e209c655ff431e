"""Laws that every rule obeys. A new rule is tested here without a new line."""

from pathlib import Path

import pytest

import collapse_metrics.diagnosis  # noqa: F401  (fills the registry)
from collapse_metrics._registry import METRICS, RULES, Answer, RuleSpec, rule
from collapse_metrics.records import Measurement, Status

NAMES = {
    "total_collapse", "mode_dropping", "mode_imbalance", "intra_mode_collapse", "duplicates", "low_rank",
    "latent_ignored", "mode_hopping", "loss_oscillation", "discriminator_overpowers", "off_manifold",
    "memorisation", "non_finite", "suspect_setup",
}  # fmt: skip
"""Names of findings are fixed: other people's code asks for them."""

every_rule = pytest.mark.parametrize("spec", RULES.values(), ids=RULES.keys())


@every_rule
def test_its_name_is_one_of_the_fixed_ones_and_its_test_is_there(spec):
    assert spec.name in NAMES
    assert (Path(__file__).parent / f"test_{spec.name}.py").exists()


@every_rule
def test_without_its_data_it_is_not_checked_and_says_what_is_missing(spec):
    finding = spec({})
    assert finding.status is Status.NOT_CHECKED
    assert finding.evidence == f"needs {', '.join(spec.needs)}, which was not measured"
    assert finding.remedies == ()


@every_rule
def test_with_some_of_its_data_it_names_the_rest(spec):
    for left_out in spec.needs:
        there = {name: Measurement(name, 1.0, expected=(1, 1), n_fake=9) for name in spec.needs if name != left_out}
        finding = spec(there)
        assert finding.status is Status.NOT_CHECKED
        assert finding.evidence == f"needs {left_out}, which was not measured"


@every_rule
def test_it_means_something_and_something_can_be_done(spec):
    assert spec.meaning.endswith(".")
    assert spec.remedies
    assert spec.needs


@pytest.mark.parametrize("status", Status)
def test_remedies_come_only_with_something_to_cure(status):
    spec = RuleSpec("x", (), ("rest",), lambda evidence: (status, "because"))
    finding = spec({})
    assert finding.remedies == (("rest",) if status in (Status.FOUND, Status.WATCH) else ())
    assert (finding.name, finding.status, finding.evidence) == ("x", status, "because")


@pytest.mark.parametrize(
    ("status", "severity", "kept"),
    [
        ("found", None, 1.0), ("watch", None, 0.0), ("clear", None, 0.0), ("not_checked", 0.5, None),
        ("found", 0.3, 0.3), ("watch", 0.3, 0.3), ("found", 1.2, 1.0), ("clear", -0.1, 0.0),
        ("found", float("nan"), None),
    ],
)  # fmt: skip
def test_severities_run_from_0_to_1_and_what_is_found_is_complete_unless_said(status, severity, kept):
    answer = (Status(status), "because") if severity is None else Answer(Status(status), "because", severity)
    finding = RuleSpec("x", (), ("rest",), lambda evidence: answer, "some_run")({})
    assert finding.severity == kept
    assert finding.shown_by == ("some_run" if status in ("found", "watch") else "")


@pytest.mark.parametrize(("there", "status"), [(["a"], "clear"), (["b"], "clear"), (["c"], "not_checked")])
def test_one_of_two_measurements_may_be_enough(there, status):
    spec = RuleSpec("x", ("a or b",), (), lambda evidence: (Status.CLEAR, ""))
    assert spec({name: Measurement(name, 1.0) for name in there}).status is Status(status)


@every_rule
def test_every_remedy_says_what_it_costs(spec):
    assert all("cost" in remedy for remedy in spec.remedies)


def test_a_rule_is_registered_under_its_name_and_handed_back():
    def too_loud(evidence):
        """It is too loud.

        More about it.
        """
        return Status.CLEAR, "silence"

    try:
        assert rule(needs=("loudness",), remedies=("listen",))(too_loud) is too_loud
        assert RULES["too_loud"].meaning == "It is too loud."
        assert "loudness" not in METRICS
    finally:
        del RULES["too_loud"]
