"""Latent use and label use: known mixtures of both, each alone, and neither."""

import pytest
import torch
from torch import nn

from collapse_metrics.probes import Sampler, label_use, latent_use


def mixture(noise, label, rng):
    classes = torch.randn(50, 200, generator=rng)
    weights = torch.randn(4, 200, generator=rng) / 2  # as much variance as the classes have

    def respond(z, labels):
        return noise * z @ weights + label * classes[labels]

    return respond


@pytest.mark.parametrize(("noise", "label"), [(1.0, 1.0), (2.0, 1.0), (0.0, 1.0), (1.0, 0.0)])
def test_each_has_its_share_of_the_distance(noise, label, rng):
    respond = mixture(noise, label, rng)
    z = torch.randn(16, 4, generator=rng)
    scene = {"respond_to": respond, "latents": z, "labels": torch.arange(50)}
    # Sixteen latents of four numbers: their own variance, not that of their law, is what both are measured by.
    z_part = noise**2 * z.var(dim=0).sum() / 4
    whole = z_part + label**2
    assert latent_use(**scene) == pytest.approx((z_part / whole).item() ** 0.5, abs=0.1)
    assert label_use(**scene) == pytest.approx((label**2 / whole).item() ** 0.5, abs=0.1)


def test_by_the_table_of_pairs(rng):
    respond = mixture(1.0, 0.5, rng)
    z, labels = torch.randn(3, 4, generator=rng), torch.tensor([7, 2])
    rows = {(i, y): respond(z[i : i + 1], torch.tensor([y]))[0].double() for i in range(3) for y in (7, 2)}

    def mean(pairs):
        return torch.stack([(rows[a] - rows[b]).square().sum() for a, b in pairs]).mean().item()

    every = [(a, b) for a in rows for b in rows]
    both = mean([(a, b) for a, b in every if a[0] != b[0] and a[1] != b[1]])
    scene = {"respond_to": respond, "latents": z, "labels": labels}
    same_label = mean([(a, b) for a, b in every if a[0] != b[0] and a[1] == b[1]])
    same_noise = mean([(a, b) for a, b in every if a[0] == b[0] and a[1] != b[1]])
    assert latent_use(**scene) == pytest.approx((same_label / both) ** 0.5, rel=1e-5)
    assert label_use(**scene) == pytest.approx((same_noise / both) ** 0.5, rel=1e-5)


def test_of_a_module_that_takes_labels():
    class Conditional(nn.Module):
        def __init__(self):
            super().__init__()
            self.of_label = nn.Embedding(4, 6)
            self.of_noise = nn.Linear(5, 6)

        def forward(self, z, labels):
            return self.of_label(labels) + 0 * self.of_noise(z)

    sampler = Sampler(Conditional(), latent=5)
    scene = {"respond_to": sampler.with_labels, "latents": sampler.latents(8), "labels": torch.arange(4)}
    # The root of what rounding leaves of equal outputs, some 1e-16.
    assert latent_use(**scene) == pytest.approx(0, abs=1e-6)
    assert label_use(**scene) == pytest.approx(1.0)


@pytest.mark.bad_input
@pytest.mark.parametrize("probe", [latent_use, label_use])
def test_needs_two_classes(probe, rng):
    with pytest.raises(ValueError, match="`labels` needs at least 2 different labels, got 1"):
        probe(respond_to=lambda z, y: z, latents=torch.zeros(4, 3), labels=torch.zeros(4, dtype=torch.long))
