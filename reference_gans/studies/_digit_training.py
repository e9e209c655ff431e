"""How is the packaged digit classifier trained? Digits that vary, garbage of many kinds, one pass of half an hour."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from collapse_metrics.embed._networks import ConvNetwork
from collapse_metrics.embed.mnist import CONVOLUTIONS, FEATURES
from collapse_metrics.learning._loop import Batch, learn
from collapse_metrics.learning._networks import LearningConv
from reference_gans.studies._digit_variants import vary
from reference_gans.studies._garbage import TRAINED, Digits
from reference_gans.studies._young_gans import gan_samples, redrawn

NONE = 10
"""The class "not a digit"."""

BATCH_DIGITS, BATCH_GARBAGE = 128, 80
"""Pictures of each sort in a batch."""

REDRAWN_SHARE = 0.15
"""Digits of a batch that an autoencoder with a GAN's decoder has redrawn: a generator's hand, a known label."""

REDRAWN_WELL = 0.02
"""Mean squared error up to which a redrawn digit still is that digit."""


@dataclass
class Garbage:
    """Everything that is shown as "not a digit"."""

    digits: Digits
    clothes: Tensor
    gans: Tensor

    def draw(self, n: int, rng: Generator) -> Tensor:
        """``n`` pictures: a sixth clothes, a quarter output of GANs, the rest four drawn kinds."""
        clothes = self.clothes[torch.randint(len(self.clothes), (n // 6,), generator=rng)]
        gans = self.gans[torch.randint(len(self.gans), (n // 4,), generator=rng)]
        kinds = list(TRAINED.values())
        rest = n - len(clothes) - len(gans)
        parts = [clothes, gans]
        for index in torch.randperm(len(kinds), generator=rng)[:4].tolist():
            parts.append(kinds[index](self.digits, rest // 4, rng))
        return torch.cat(parts)


def gan_garbage(images: Tensor, say: Callable[[str], None]) -> Tensor:
    """What young GANs draw before anything is a digit, and the speckle of collapsed fully connected ones."""
    parts: list[Tensor] = []
    for seed in range(4):
        parts += gan_samples(images, kind="conv", seed=seed, at=(1, 5, 10, 20, 30, 45, 60), n=500).values()
        parts += gan_samples(images, kind="mlp", seed=seed, at=(1, 10, 30, 60, 100, 150), n=500).values()
        speckle = gan_samples(images, kind="mlp", seed=seed, at=(60, 120, 200, 300), n=500, g_steps=10)
        parts += speckle.values()
        say(f"young GANs of seed {seed} trained")
    return torch.cat(parts)


def redrawn_digits(digits: Digits, say: Callable[[str], None]) -> Digits:
    """Digits in a generator's hand, where the redrawing came out well."""
    kept, labels = [], []
    for kind in ("conv", "mlp"):
        network = redrawn(digits.images[:20_000], kind=kind, seed=0)
        with torch.no_grad():
            drawn = torch.cat([network(chunk) for chunk in digits.images.split(1000)])
        well = (drawn - digits.images).square().flatten(1).mean(dim=1) < REDRAWN_WELL
        kept.append(drawn[well])
        labels.append(digits.labels[well])
        say(f"{int(well.sum())} of {len(well)} digits redrawn well by the {kind} decoder")
    return Digits(torch.cat(kept), torch.cat(labels))


def train_classifier(
    digits: Digits, clothes: Tensor, *, epochs: int, seed: int, say: Callable[[str], None]
) -> ConvNetwork:
    """Train from scratch; the global random numbers are left as they were."""
    garbage = Garbage(digits, clothes, gan_garbage(digits.images[:20_000], say))
    drawn = redrawn_digits(digits, say)
    swapped = int(REDRAWN_SHARE * BATCH_DIGITS)

    def batch_of(rows: Tensor, rng: Generator) -> Batch:
        images, labels = digits.images[rows].clone(), digits.labels[rows].clone()
        pick = torch.randint(len(drawn.images), (swapped,), generator=rng)
        images[:swapped], labels[:swapped] = drawn.images[pick], drawn.labels[pick]
        bent, varied = vary(images, rng)
        none = garbage.draw(BATCH_GARBAGE, rng)
        return Batch(torch.cat([varied, none]), torch.cat([labels, torch.full((len(none),), NONE)]), bent)

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = LearningConv(convolutions=CONVOLUTIONS, height=28, width=28, features=FEATURES, classes=NONE)
    learnt: LearningConv = learn(
        network.to(memory_format=torch.channels_last),
        batch_of,
        n=len(digits.images),
        batch=BATCH_DIGITS,
        epochs=epochs,
        rng=Generator().manual_seed(seed),
        say=say,
    )
    return learnt.folded()
