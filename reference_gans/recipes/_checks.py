"""What did a run show that no packaged reference can judge? One check for each kind of promise."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch
from torch import Tensor

from reference_gans.data import Grid, TwoPeaks
from reference_gans.trainer import Run

SAMPLES = 2000
"""Samples behind a check."""

PAIRS = 200
"""Pictures whose pairwise distances are averaged: 19,900 pairs, known to a few per cent."""

ONE_PICTURE = 0.05
"""Pictures closer than this share of the distance of real ones look the same. The forum's case lies at .005 to
.010, a healthy run at .8 and more."""

MANY_PICTURES = 0.5
"""Pictures farther apart than this share of the distance of real ones are not one picture."""

LOST_PEAK = 0.01
"""A peak that gets less than this share of the samples, of half of them that are due, has been lost."""


FEWEST = 0.25
"""A mode is drawn where it gets this part of its due share or more, within 3 sd of its centre."""


@dataclass(frozen=True)
class Seen:
    """What a check saw."""

    held: bool
    numbers: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """A promise that is looked at when the run has ended."""

    name: str
    look: Callable[[Run], Seen]

    def __call__(self, run: Run) -> Seen:
        """Look; neither the networks nor the run's chance are changed."""
        return self.look(run)


@torch.no_grad()
def draw(run: Run, n: int = SAMPLES, latents: Tensor | None = None) -> Tensor:
    """Samples of the judged network in evaluation mode, on the CPU, always from the same noise."""
    network, device = run.judged, next(run.generator.parameters()).device
    z = run.draw(n, run.latent, torch.Generator().manual_seed(0)) if latents is None else latents
    trained = network.training
    network.eval()
    samples: Tensor = network(z.to(device)).cpu()
    network.train(trained)
    return samples


def shares_of_peaks(run: Run) -> dict[str, float]:
    """Shares of samples within 3 sd of the left and of the right peak, and nearer to the left one at all."""
    data = getattr(run.data, "source", run.data)
    assert isinstance(data, TwoPeaks), "two peaks are asked of the data of two peaks"
    x = draw(run)[:, 0]
    left, right = ((x - at).abs() <= 3 * data.sd for at in (-data.at, data.at))
    return {
        "left": left.double().mean().item(),
        "right": right.double().mean().item(),
        "below_zero": (x < 0).double().mean().item(),
    }


def has_both_peaks(shares: dict[str, float]) -> bool:
    """Whether neither side of zero is lost."""
    return lesser_share(shares) >= LOST_PEAK


def lesser_share(shares: dict[str, float]) -> float:
    """Share of the samples on that side of zero that holds fewer."""
    return min(shares["below_zero"], 1 - shares["below_zero"])


def _both(run: Run) -> Seen:
    shares = shares_of_peaks(run)
    return Seen(has_both_peaks(shares), shares)


def _one(run: Run) -> Seen:
    shares = shares_of_peaks(run)
    return Seen(not has_both_peaks(shares), shares)


def _every_mode(run: Run) -> Seen:
    data = getattr(run.data, "source", run.data)
    assert isinstance(data, Grid), "modes of the grid are asked of the grid"
    distance, nearest = torch.cdist(draw(run), data.centres).min(dim=1)
    good = distance <= 3 * data.sd
    counts = torch.bincount(nearest[good], minlength=len(data.centres))
    alive = counts >= FEWEST * SAMPLES / len(data.centres)
    width = (distance[good].square().mean() / 2).sqrt() / data.sd
    numbers = {"modes": float(alive.sum()), "near_a_centre": good.double().mean().item(), "width": width.item()}
    return Seen(bool(alive.all()), numbers)


def _pattern(run: Run) -> Seen:
    x = draw(run, 100)
    high, low = x[:, ::2].min().item(), x[:, 1::2].max().item()
    return Seen(high >= 0.8 and low <= 0.2, {"least_high": high, "greatest_low": low, "spread": x.std(0).max().item()})


def distance_from_balance(run: Run) -> float:
    """How far the two numbers of a game of one parameter each are from (0, 0)."""
    at, rise = (next(net.parameters()).item() for net in (run.generator, run.discriminator))
    return float((at**2 + rise**2) ** 0.5)


def _circles(run: Run) -> Seen:
    away = distance_from_balance(run)
    return Seen(away >= 0.4, {"distance_from_balance": away})  # it began at 0.5 to 1.5


def _settles(run: Run) -> Seen:
    away = distance_from_balance(run)
    return Seen(away <= 0.01, {"distance_from_balance": away})


def distances(run: Run) -> dict[str, float]:
    """Mean distance of generated pictures over that of real ones: for usual noise, and for noise of one input each."""
    real = run.data.real[:PAIRS].flatten(1)
    usual = draw(run, PAIRS).flatten(1)
    inputs = torch.eye(run.latent)[:PAIRS] * (run.latent**0.5 if run.latent > 1 else 1.0)
    # Of a single input, on or off is all that there is; with more, each is as long as usual noise.
    single = draw(run, latents=torch.cat([inputs, torch.zeros(1, run.latent)]) if run.latent == 1 else inputs)
    apart = torch.pdist(real).mean()
    return {
        "noise": (torch.pdist(usual).mean() / apart).item(),
        "one_hot": (torch.pdist(single.flatten(1)).mean() / apart).item(),
    }


def _one_picture(run: Run) -> Seen:
    apart = distances(run)
    return Seen(max(apart.values()) <= ONE_PICTURE, apart)


def _many_pictures(run: Run) -> Seen:
    apart = distances(run)
    return Seen(min(apart.values()) >= MANY_PICTURES, apart)


BOTH_PEAKS_DRAWN = Check("both peaks", _both)
ONE_PEAK_DRAWN = Check("one peak", _one)
EVERY_MODE_DRAWN = Check("every mode", _every_mode)
PATTERN_DRAWN = Check("pattern drawn", _pattern)
CIRCLES = Check("circles", _circles)
SETTLES = Check("settles", _settles)
SAME_PICTURE = Check("one picture for every noise", _one_picture)
DIFFERENT_PICTURES = Check("different pictures", _many_pictures)
