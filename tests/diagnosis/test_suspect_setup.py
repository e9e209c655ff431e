"""Rule: the set-up is at fault."""

import pytest

from collapse_metrics.diagnosis.suspect_setup import GAP_ABOVE, HEALED_FROM
from collapse_metrics.records import Measurement, Status


@pytest.fixture
def judged(applied, of):
    """The finding beside samples that are all data, unless said otherwise."""

    def judge(*measurements, period=0):
        there = {"accepted_share": of("accepted_share", 1.0), "repeat_period": Measurement("repeat_period", period)}
        there |= {m.name: m for m in measurements}
        return applied("suspect_setup", *there.values())

    return judge


def test_nothing_suspicious_is_clear(judged):
    assert judged().status is Status.CLEAR
    assert judged().severity == 0


@pytest.mark.parametrize(
    ("before", "after", "status"),
    [
        ((0.1, 0.2), 0.80, "found"),
        ((0.1, 0.2), 0.79, "clear"),
        ((0.4, 0.5), 0.9, "clear"),
        ((0.4, 0.499), 0.9, "found"),
    ],
)
def test_values_are_at_fault_when_one_change_makes_data_of_the_samples(judged, of, before, after, status):
    assert HEALED_FROM == 0.8
    finding = judged(of("accepted_share", before[0], high=before[1]), Measurement("rescaled_share[inverted]", after))
    assert finding.status is Status(status)
    if status == "found":
        assert finding.evidence == f"inverted, {after:.0%} are taken for data instead of {before[0]:.0%}"


@pytest.mark.parametrize(
    ("share", "real", "accepted", "status"),
    [
        (1.0, (0.0, 0.0), 1.0, "found"),
        (0.99, (0.0, 0.0), 1.0, "clear"),
        (1.0, (1.0, 1.0), 1.0, "clear"),
        (1.0, None, 1.0, "watch"),
        (1.0, None, 0.1, "found"),
    ],
)
def test_whole_numbers_are_suspicious_where_real_ones_are_not_whole(judged, of, share, real, accepted, status):
    accepted = of("accepted_share", accepted, high=accepted)
    assert judged(accepted, Measurement("whole_share", share, expected=real)).status is Status(status)


@pytest.mark.parametrize(
    ("low", "diversity", "unused", "status"),
    [
        (0.501, 0.5, 0, "found"),
        (0.5, 0.5, 0, "clear"),
        (0.9, 0.49, 0, "clear"),  # with batch statistics it is collapsed too: not the batch norm's fault
        (0.9, 0.49, 3, "watch"),
        (0.1, 1.0, 3, "watch"),
        (0.9, 1.0, 3, "found"),
    ],
)
def test_batch_norms_are_at_fault_when_batch_statistics_draw_diverse_samples(judged, low, diversity, unused, status):
    assert GAP_ABOVE == 0.5
    finding = judged(
        Measurement("batch_norm_gap", 1.0, low, 1.2),
        Measurement("batch_diversity", diversity),
        Measurement("batch_norms_unused", unused),
    )
    assert finding.status is Status(status)
    assert ("never updated" in finding.evidence) == bool(unused)
    assert ("stale" in finding.evidence) == (status == "found" and not unused)


@pytest.mark.parametrize(("period", "status"), [(0, "clear"), (1, "watch"), (2, "found"), (500, "found")])
def test_exact_repeats_are_a_seed_that_is_used_again(judged, period, status):
    finding = judged(period=period)
    assert finding.status is Status(status)
    assert ("every 500" in finding.evidence) == (period == 500)


@pytest.mark.parametrize(
    ("near", "hot", "spread", "siblings", "status"),
    [
        (0.0, 0.0, 1.0, 1.0, "found"),
        (0.01, 0.0, 1.0, 1.0, "clear"),
        (0.0, 0.01, 1.0, 1.0, "clear"),
        (0.0, 0.0, 0.49, 1.0, "clear"),  # these have collapsed
        (0.0, 0.0, 1.0, 0.49, "clear"),  # and these repeat one sample a label
        (0.0, 0.0, 0.5, 0.5, "found"),
    ],
)
def test_diverse_samples_that_no_latent_moves_have_other_noise(judged, of, near, hot, spread, siblings, status):
    names = ("latent_sensitivity", "one_hot_sensitivity", "raw_diversity", "neighbour_ratio")
    given = [of(name, value, high=value) for name, value in zip(names, (near, hot, spread, siblings), strict=True)]
    assert judged(*given).status is Status(status)
    for left_out in range(4):
        assert judged(*given[:left_out], *given[left_out + 1 :]).status is Status.CLEAR


def test_what_is_only_to_watch_is_not_told_beside_what_is_found(judged):
    finding = judged(Measurement("whole_share", 1.0), period=7)
    assert finding.evidence == "samples repeat exactly every 7: the same seed on all ranks or batches"
