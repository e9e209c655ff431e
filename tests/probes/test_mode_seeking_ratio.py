"""Mode-seeking ratio: the paper's quotient, in the unit of real data."""

import pytest
import torch

from collapse_metrics.probes import mode_seeking_ratio


def papers_ratio(generator, z):
    """Mean distance of samples over mean distance of latents, over all pairs."""
    return (torch.nn.functional.pdist(generator(z)).mean() / torch.nn.functional.pdist(z).mean()).item()


def test_is_the_papers_ratio_over_that_of_a_generator_of_real_spread(rng):
    z, weights = torch.randn(60, 5, generator=rng), torch.randn(5, 9, generator=rng)
    apart = torch.nn.functional.pdist(z).mean().item()
    found = mode_seeking_ratio(respond=lambda z: (z @ weights).tanh(), latents=z, spread=3.0)
    assert found == pytest.approx(papers_ratio(lambda z: (z @ weights).tanh(), z) / (3.0 / apart), rel=1e-5)


def test_falls_with_the_spread_of_the_samples(rng):
    z = torch.randn(60, 5, generator=rng)
    scores = [mode_seeking_ratio(respond=lambda z, g=gain: g * z, latents=z, spread=3.0) for gain in (1, 0.5, 0.1, 0)]
    assert scores == pytest.approx([scores[0], scores[0] / 2, scores[0] / 10, 0.0])


@pytest.mark.bad_input
def test_needs_a_spread_and_latents_that_differ(rng):
    z = torch.randn(6, 5, generator=rng)
    with pytest.raises(ValueError, match="must be above 0, got 0"):
        mode_seeking_ratio(respond=lambda z: z, latents=z, spread=0.0)
    with pytest.raises(ValueError, match="`latents` must differ"):
        mode_seeking_ratio(respond=lambda z: z, latents=z[:1].expand(4, 5), spread=1.0)
