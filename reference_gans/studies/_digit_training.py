"""How is the packaged digit classifier trained? Digits that vary, garbage of many kinds, one pass of half an hour."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the field's own name for it)
from torch import Generator, Tensor, nn

from collapse_metrics.embed.mnist import CONVOLUTIONS, FEATURES, DigitNetwork
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

REDRAW_WEIGHT = 2.0
"""Weight of redrawing the digit from its features. Without it, features hold the class and little else, and two
different fives lie in one place."""

MEMORY = 0.998
"""Of the running average of the weights: about the last 500 steps."""


class TrainedNetwork(nn.Module):
    """``DigitNetwork`` as it learns: with batch norms, and a linear map that redraws the digit."""

    def __init__(self) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(i, o, kernel, stride, padding=kernel // 2, bias=False) for i, o, kernel, stride in CONVOLUTIONS
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(o) for _, o, _, _ in CONVOLUTIONS)
        self.bottleneck = nn.Linear(CONVOLUTIONS[-1][1] * 4 * 4, FEATURES, bias=False)
        self.norm = nn.BatchNorm1d(FEATURES, affine=False)
        self.head = nn.Linear(FEATURES, NONE + 1)
        self.redraw = nn.Linear(FEATURES, 784)

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Features and logits."""
        x = images
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = norm(convolution(x)).relu()
        features = self.norm(self.bottleneck(x.flatten(1)))
        return features, self.head(features.relu())

    @torch.no_grad()
    def folded(self) -> DigitNetwork:
        """The same function without batch norms, as it is shipped."""
        plain = DigitNetwork()
        layers: Any = zip(plain.convolutions, self.convolutions, self.norms, strict=True)
        for target, convolution, norm in layers:
            gain, shift = _scale_and_shift(norm)
            target.weight.copy_(convolution.weight * gain.view(-1, 1, 1, 1))
            target.bias.copy_(shift)
        gain, shift = _scale_and_shift(self.norm)
        plain.bottleneck.weight.copy_(self.bottleneck.weight * gain[:, None])
        plain.bottleneck.bias.copy_(shift)
        plain.head.load_state_dict(self.head.state_dict())
        return plain.eval()


def _scale_and_shift(norm: Any) -> tuple[Tensor, Tensor]:
    """What a batch norm in eval mode multiplies by and adds."""
    gain = (norm.running_var + norm.eps).rsqrt()
    if norm.affine:
        gain = gain * norm.weight
        return gain, norm.bias - norm.running_mean * gain
    return gain, -norm.running_mean * gain


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
) -> DigitNetwork:
    """Train from scratch; the global random numbers are left as they were."""
    rng = Generator().manual_seed(seed)
    garbage = Garbage(digits, clothes, gan_garbage(digits.images[:20_000], say))
    drawn = redrawn_digits(digits, say)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        network = TrainedNetwork()
    network = network.to(memory_format=torch.channels_last)
    average = deepcopy(network).requires_grad_(False).eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.02)
    steps = epochs * (len(digits.images) // BATCH_DIGITS)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.2)
    order = torch.empty(0, dtype=torch.long)
    for step in range(1, steps + 1):
        if len(order) < BATCH_DIGITS:
            order = torch.randperm(len(digits.images), generator=rng)
        rows, order = order[:BATCH_DIGITS], order[BATCH_DIGITS:]
        loss = _loss(network, digits, drawn, rows, garbage, rng)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        _follow(average, network, min(MEMORY, (1 + step) / (10 + step)))
        if step % 100 == 0:
            say(f"step {step} of {steps}, loss {loss.item():.3f}")
    return average.folded()


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, memory: float) -> None:
    for mean, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(new, 1 - memory)
        else:
            mean.copy_(new)


def _loss(
    network: TrainedNetwork, digits: Digits, drawn: Digits, rows: Tensor, garbage: Garbage, rng: Generator
) -> Tensor:
    """Cross entropy over eleven classes, and how well the digits are redrawn from their features."""
    images, labels = digits.images[rows].clone(), digits.labels[rows].clone()
    swapped = int(REDRAWN_SHARE * len(rows))
    pick = torch.randint(len(drawn.images), (swapped,), generator=rng)
    images[:swapped], labels[:swapped] = drawn.images[pick], drawn.labels[pick]
    bent, varied = vary(images, rng)
    none = garbage.draw(BATCH_GARBAGE, rng)
    features, logits = network(torch.cat([varied, none]).contiguous(memory_format=torch.channels_last))
    target = torch.cat([labels, torch.full((len(none),), NONE)])
    redrawing = (network.redraw(features[: len(varied)]) - bent.flatten(1)).square().mean()
    loss: Tensor = F.cross_entropy(logits, target) + REDRAW_WEIGHT * redrawing
    return loss
