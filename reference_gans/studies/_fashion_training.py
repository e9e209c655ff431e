"""How is the packaged classifier of clothes trained? Clothes that vary, garbage of many kinds, a quarter of an hour."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from collapse_metrics.embed._networks import ConvNetwork
from collapse_metrics.learning._loop import Batch, learn
from collapse_metrics.learning._networks import LearningConv
from reference_gans.studies._digit_training import Garbage, redrawn_digits
from reference_gans.studies._digit_variants import Look, blocky, crumbs, dotted, faint, hard, noisy, soft
from reference_gans.studies._garbage import Digits, uniform
from reference_gans.studies._young_gans import gan_samples

CONVOLUTIONS = ((1, 16, 3, 1), (16, 32, 3, 2), (32, 32, 3, 1), (32, 64, 3, 2), (64, 64, 3, 1), (64, 128, 3, 2))
"""Channels in, channels out, kernel and stride: the first looks at every pixel, since cloth is told by its texture."""

FEATURES = 64
"""Width of the feature layer."""

NONE = 10
"""The class "not clothes"."""

BATCH_CLOTHES, BATCH_GARBAGE = 128, 56
"""Pictures of each sort in a batch."""

REDRAWN_SHARE = 0.1
"""Clothes of a batch in a generator's hand. Fewer than among the digits: redrawing takes texture away."""

LOOKS: dict[Look, float] = {
    noisy: 0.12, faint: 0.1, soft: 0.08, crumbs: 0.07, dotted: 0.06, blocky: 0.05, hard: 0.03,
}  # fmt: skip
"""How clothes may look and stay clothes, and the share that does. Thicker and thinner strokes are for digits alone."""

SHIFT = 2
"""Pixels that a picture is moved by at most; whole ones, because a part of one would blur the cloth."""


def moved(images: Tensor, rng: Generator) -> Tensor:
    """Half of the pictures mirrored, and half moved by up to two whole pixels."""
    n = len(images)
    images = torch.where(uniform(0, 1, n, rng) < 0.5, images.flip(3), images)
    wide = torch.nn.functional.pad(images, (SHIFT,) * 4)
    steps = torch.randint(0, 2 * SHIFT + 1, (n, 2, 1, 1), generator=rng)
    steps = torch.where(uniform(0, 1, n, rng) < 0.5, steps, SHIFT)
    rows, columns = torch.arange(28).view(1, 28, 1), torch.arange(28).view(1, 1, 28)
    taken: Tensor = wide[torch.arange(n).view(n, 1, 1), 0, rows + steps[:, 0], columns + steps[:, 1]]
    return taken[:, None]


def restyled(images: Tensor, rng: Generator) -> Tensor:
    """The same clothes after up to a few looks, and a square of 5 to 9 pixels cut out of a fifth of them."""
    varied, n = images.clone(), len(images)
    for look, rate in LOOKS.items():
        rows = (torch.rand(n, generator=rng) < rate).nonzero()[:, 0]
        if len(rows):
            varied[rows] = look(varied[rows], rng)
    rows, columns = torch.arange(28).view(1, 1, 28, 1), torch.arange(28).view(1, 1, 1, 28)
    top, left, side = uniform(0, 22, n, rng), uniform(0, 22, n, rng), uniform(5, 9, n, rng)
    hole = (rows >= top) & (rows < top + side) & (columns >= left) & (columns < left + side)
    hole = hole & (uniform(0, 1, n, rng) < 0.2)
    return varied.clamp(0, 1) * ~hole


def gan_garbage(images: Tensor, say: Callable[[str], None]) -> Tensor:
    """What young GANs draw before anything is a garment, and the speckle of collapsed fully connected ones."""
    parts: list[Tensor] = []
    for seed in range(3):
        parts += gan_samples(images, kind="conv", seed=seed, at=(1, 3, 6, 10, 15, 25), n=500).values()
        parts += gan_samples(images, kind="mlp", seed=seed, at=(1, 10, 30, 60, 100), n=500).values()
        parts += gan_samples(images, kind="mlp", seed=seed, at=(60, 120, 200, 300), n=500, g_steps=10).values()
        say(f"young GANs of seed {seed} trained")
    return torch.cat(parts)


def train_classifier(
    clothes: Digits, digits: Tensor, *, epochs: int, seed: int, say: Callable[[str], None]
) -> ConvNetwork:
    """Train from scratch; the global random numbers are left as they were."""
    garbage = Garbage(clothes, digits, gan_garbage(clothes.images[:20_000], say))
    drawn = redrawn_digits(clothes, say)
    swapped = int(REDRAWN_SHARE * BATCH_CLOTHES)

    def batch_of(rows: Tensor, rng: Generator) -> Batch:
        images, labels = clothes.images[rows].clone(), clothes.labels[rows].clone()
        pick = torch.randint(len(drawn.images), (swapped,), generator=rng)
        images[:swapped], labels[:swapped] = drawn.images[pick], drawn.labels[pick]
        plain = moved(images, rng)
        none = garbage.draw(BATCH_GARBAGE, rng)
        shown = torch.cat([restyled(plain, rng), none])
        return Batch(shown, torch.cat([labels, torch.full((len(none),), NONE)]), plain)

    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = LearningConv(convolutions=CONVOLUTIONS, height=28, width=28, features=FEATURES, classes=NONE)
    learnt: LearningConv = learn(
        network.to(memory_format=torch.channels_last),
        batch_of,
        n=len(clothes.images),
        batch=BATCH_CLOTHES,
        epochs=epochs,
        rng=Generator().manual_seed(seed),
        say=say,
    )
    return learnt.folded()
