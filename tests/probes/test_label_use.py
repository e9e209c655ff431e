"""Label use: one-hot labels work as numbers do; the rest is tested beside its sibling in test_latent_use."""

import torch

from collapse_metrics.probes import label_use


def test_takes_labels_of_any_form(rng):
    z = torch.randn(6, 3, generator=rng)
    plain = label_use(respond_to=lambda z, y: z + y[:, None], latents=z, labels=torch.arange(3))
    hot = label_use(respond_to=lambda z, y: z + y.argmax(dim=1, keepdim=True), latents=z, labels=torch.eye(3))
    assert abs(plain - hot) < 1e-6
