"""The verdict: one word, the worst that was found, and health only where an illness could have shown."""

import pytest

from collapse_metrics._registry import RULES
from collapse_metrics.diagnosis import judge
from collapse_metrics.diagnosis.verdict import COLLAPSE_FROM, ORDER
from collapse_metrics.records import Measurement, Status, Verdict

ILL = {
    "non_finite": {"finite_share": 0.5},
    "total_collapse": {"raw_diversity": 0.1},
    "off_manifold": {"accepted_share": 0.1},
    "latent_ignored": {"latent_sensitivity": 0.05, "one_hot_sensitivity": 0.05},
    "suspect_setup": {"repeat_period": 250},
    "duplicates": {"duplicate_rate": 1.3},
    "low_rank": {"direction_ratio": 0.2, "dimension_ratio": 0.2},
    "memorisation": {"memorisation": 0.9},
    "discriminator_overpowers": {"loss_balance": 0.01},
    "intra_mode_collapse": {"neighbour_ratio": 0.1, "distinct_neighbours": 0.1},
    "mode_hopping": {"mode_overlap": 0.1},
    "loss_oscillation": {"loss_oscillation": 0.002},
}
"""What each finding is found by."""


@pytest.fixture
def scene(of, modes):
    """Measurements of a healthy generator, with some illnesses, ``lost`` of ten modes, and some left out."""

    def make(*ill, lost=0, without=(), n=1000):
        values = dict.fromkeys(
            ["finite_share", "raw_diversity", "accepted_share", "latent_sensitivity", "one_hot_sensitivity",
             "neighbour_ratio", "distinct_neighbours", "loss_oscillation", "duplicate_rate", "direction_ratio",
             "dimension_ratio", "loss_balance", "mode_stability", "mode_overlap"], 1.0
        )  # fmt: skip
        values |= {"repeat_period": 0, "memorisation": 0.0}
        for name in ill:
            values |= ILL[name]
        shares = [0.0] * lost + [1 / (10 - lost)] * (10 - lost)
        found = [of(name, value, high=value) for name, value in values.items()]
        found += modes(shares, [s + 0.01 for s in shares], n=n)
        return [m for m in found if m.name not in without]

    return make


def test_nothing_found_is_healthy(scene):
    verdict, findings = judge(scene())
    assert verdict is Verdict.HEALTHY
    assert [f.name for f in findings] == list(ORDER)
    assert set(ORDER) == set(RULES)
    assert {f.status for f in findings} == {Status.CLEAR}


CASES = [
    (["non_finite"], 0, "broken"),
    (["total_collapse"], 0, "collapse"),
    (["off_manifold"], 0, "broken"),
    (["latent_ignored"], 0, "collapse"),
    (["intra_mode_collapse"], 0, "partial_collapse"),
    (["loss_oscillation"], 0, "healthy"),
    (["discriminator_overpowers"], 0, "healthy"),
    (["suspect_setup"], 0, "broken"),
    (["duplicates"], 0, "partial_collapse"),
    (["low_rank"], 0, "partial_collapse"),
    (["memorisation"], 0, "partial_collapse"),
    (["suspect_setup", "total_collapse"], 9, "broken"),
    (["suspect_setup", "duplicates"], 0, "broken"),
    (["total_collapse", "duplicates"], 0, "collapse"),
    ([], 1, "partial_collapse"),
    ([], 4, "partial_collapse"),
    ([], 5, "collapse"),
    ([], 9, "collapse"),
    # of several, the worst or the one that explains the others
    (["non_finite", "total_collapse"], 0, "broken"),
    (["total_collapse", "off_manifold"], 0, "collapse"),
    (["off_manifold", "latent_ignored"], 9, "broken"),
    (["off_manifold", "intra_mode_collapse"], 0, "broken"),
    (["latent_ignored", "intra_mode_collapse"], 1, "collapse"),
    (["intra_mode_collapse"], 9, "collapse"),
    (["intra_mode_collapse"], 1, "partial_collapse"),
    (["loss_oscillation", "intra_mode_collapse"], 0, "partial_collapse"),
    (list(ILL), 9, "broken"),
]


@pytest.mark.parametrize(("ill", "lost", "verdict"), CASES, ids=[f"{'+'.join(c[0])}-{c[1]}" for c in CASES])
def test_the_worst_word_wins(scene, ill, lost, verdict):
    word, findings = judge(scene(*ill, lost=lost))
    assert word is Verdict(verdict)
    expected = {*ill, *(["mode_dropping"] if lost else [])}
    assert {f.name for f in findings if f.status is Status.FOUND} == expected


def test_half_of_the_data_is_lost_by_reference_share_not_by_number_of_modes(of, modes):
    assert COLLAPSE_FROM == 0.5
    usual = [0.6, 0.1, 0.1, 0.1, 0.1]
    others = [of(name, 1.0) for name in ("raw_diversity", "accepted_share", "neighbour_ratio", "distinct_neighbours")]
    large_lost = modes([0.0, 0.25, 0.25, 0.25, 0.25], usual=usual)
    small_lost = modes([1.0, 0.0, 0.0, 0.0, 0.0], [1.0] + [0.01] * 4, usual=usual)
    assert judge([*others, *large_lost])[0] is Verdict.COLLAPSE
    assert judge([*others, *small_lost])[0] is Verdict.PARTIAL_COLLAPSE


@pytest.mark.parametrize(("n", "verdict"), [(149, "inconclusive"), (150, "healthy")])
def test_health_needs_enough_samples(scene, n, verdict):
    assert judge(scene(n=n))[0] is Verdict(verdict)


@pytest.mark.parametrize("name", ["raw_diversity", "accepted_share", "neighbour_ratio", "distinct_neighbours"])
def test_health_needs_every_check_of_the_samples(scene, name):
    assert judge(scene(without={name}))[0] is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    "names", [["latent_sensitivity", "one_hot_sensitivity"], ["loss_oscillation"], ["finite_share"]]
)
def test_health_needs_no_generator_and_no_losses(scene, names):
    verdict, findings = judge(scene(without=set(names)))
    assert verdict is Verdict.HEALTHY
    assert sum(f.status is Status.NOT_CHECKED for f in findings) == 1


def test_data_without_modes_can_be_healthy(scene):
    names = {m.name for m in scene() if m.name.startswith(("mode_", "samples_needed"))}
    assert judge(scene(without=names))[0] is Verdict.HEALTHY


@pytest.mark.parametrize(("ill", "verdict"), [("intra_mode_collapse", "partial_collapse"), ("off_manifold", "broken")])
def test_an_illness_that_shows_needs_no_more_samples(scene, ill, verdict):
    assert judge(scene(ill, n=20))[0] is Verdict(verdict)


def test_to_watch_is_not_to_find(scene, of):
    watched = [m for m in scene() if m.name != "accepted_share"] + [of("accepted_share", 0.7, high=0.75)]
    verdict, findings = judge(watched)
    assert verdict is Verdict.HEALTHY
    assert {f.name for f in findings if f.status is Status.WATCH} == {"off_manifold"}


def test_nothing_measured_is_not_health():
    verdict, findings = judge([])
    assert verdict is Verdict.INCONCLUSIVE
    assert {f.status for f in findings} == {Status.NOT_CHECKED}


def test_only_numbers_that_are_no_numbers_are_broken_and_nothing_else_is_said():
    verdict, findings = judge([Measurement("finite_share", 0.0, expected=(1, 1), n_fake=64)])
    assert verdict is Verdict.BROKEN
    assert [f.name for f in findings if f.status is not Status.NOT_CHECKED] == ["non_finite"]


def test_the_newest_of_a_name_counts(scene, of):
    assert judge([*scene("total_collapse"), of("raw_diversity", 1.0, high=1.0)])[0] is Verdict.HEALTHY
