"""The span of a generator: what its latents decide, less what it draws by itself."""

import pytest
import torch

from collapse_metrics.metrics import mean_pairwise_distance
from collapse_metrics.probes._span import OWN_NOISE, span_of

LATENTS = torch.randn(300, 6, generator=torch.Generator().manual_seed(0))


def noise(z, size=1.0):
    return size * torch.randn(z.shape, generator=torch.Generator().manual_seed(1))


def test_without_own_noise_it_is_the_mean_distance():
    span = span_of(LATENTS, respond=torch.tanh, resolution=0.0)
    assert span == pytest.approx(mean_pairwise_distance(rows=torch.tanh(LATENTS)))


@pytest.mark.parametrize("size", [0.5, 1.0, 2.0])
def test_own_noise_is_taken_off(size):
    span = span_of(LATENTS, respond=lambda z: z + noise(z, size), resolution=0.0)
    assert span == pytest.approx(mean_pairwise_distance(rows=LATENTS), rel=0.1)


@pytest.mark.parametrize(("part", "heard"), [(OWN_NOISE + 0.03, False), (OWN_NOISE - 0.03, True)])
def test_answers_that_drown_in_own_noise_are_none(part, heard):
    def respond(z):
        return (1 - part) ** 0.5 * z + part**0.5 * noise(z)

    assert (span_of(LATENTS, respond=respond, resolution=0.0) > 0) == heard


def test_own_noise_is_measured_at_a_latent_as_usual_as_the_others():
    even = LATENTS / LATENTS.norm(dim=1, keepdim=True)
    assert span_of(even, respond=lambda z: z.norm(dim=1, keepdim=True) * noise(z), resolution=0.0) == 0.0


def test_differences_up_to_the_resolution_are_none():
    span = mean_pairwise_distance(rows=LATENTS)
    assert span_of(LATENTS, respond=lambda z: z, resolution=span) == 0.0
    assert span_of(LATENTS, respond=lambda z: z, resolution=0.999 * span) == pytest.approx(span)


def test_a_generator_that_gives_one_sample_spans_nothing():
    assert span_of(LATENTS, respond=torch.zeros_like, resolution=0.0) == 0.0
