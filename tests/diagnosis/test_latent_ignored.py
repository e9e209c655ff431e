"""Rule: the generator does not listen to its noise."""

import pytest

from collapse_metrics.diagnosis.latent_ignored import IGNORED_BELOW
from collapse_metrics.records import Status


@pytest.mark.parametrize(
    ("near", "hot", "status"),
    [
        ((0.0, 0.099), (0.0, 0.099), "found"),
        ((0.0, 0.1), (0.0, 0.0), "clear"),
        ((0.0, 0.0), (0.0, 0.1), "clear"),
        ((1.0, 1.2), (1.0, 1.2), "clear"),
        ((0.0, 0.0), (1.0, 1.2), "clear"),
        ((0.05, None), (0.02, None), "found"),
        ((0.05, None), (0.11, None), "clear"),
    ],
)
def test_both_probes_have_to_agree(applied, of, near, hot, status):
    assert IGNORED_BELOW == 0.1
    finding = applied(
        "latent_ignored",
        of("latent_sensitivity", near[0], high=near[1]),
        of("one_hot_sensitivity", hot[0], high=hot[1]),
    )
    assert finding.status is Status(status)
    assert f"a small move of the noise has {near[0]:.2f}, one-hot noise {hot[0]:.2f} of" in finding.evidence
    assert bool(finding.remedies) == (status == "found")
