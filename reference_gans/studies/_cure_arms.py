"""Which cures are compared, and how is each set? All start from one plain GAN, on the ring and on the grid."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from reference_gans.cures._base import Cure
from reference_gans.cures.dragan import Dragan
from reference_gans.cures.feature_matching import FeatureMatching
from reference_gans.cures.gradient_penalty import GradientPenalty
from reference_gans.cures.historical_averaging import HistoricalAveraging
from reference_gans.cures.instance_noise import InstanceNoise
from reference_gans.cures.label_flipping import LabelFlipping
from reference_gans.cures.label_smoothing import LabelSmoothing
from reference_gans.cures.minibatch_discrimination import MinibatchDiscrimination
from reference_gans.cures.minibatch_stddev import MinibatchStddev
from reference_gans.cures.mode_seeking import ModeSeeking
from reference_gans.cures.pac_gan import PacGan
from reference_gans.cures.r1 import R1
from reference_gans.cures.r2 import R2
from reference_gans.cures.spectral_norm import SpectralNorm
from reference_gans.cures.unrolled import Unrolled
from reference_gans.cures.weight_clipping import WeightClipping
from reference_gans.objectives import NON_SATURATING, RELATIVISTIC, WASSERSTEIN
from reference_gans.recipes import Recipe
from reference_gans.recipes.planes import GRID_COVERED, RING_HEALTHY

PLAIN = "plain"
"""What every cure is compared with."""

ADAGAN, ROUNDS = "AdaGAN, 3 rounds", 3
"""A loop around the loop: so many generators, each with its part of the steps."""

STEPS = {"ring": 2000, "grid": 3000}
"""Generator steps: half of what the recipes take that cover all modes."""

PLANES: dict[str, Recipe] = {
    plane: replace(
        recipe, name=f"{plane}_plain", game=NON_SATURATING, cures=(), steps=STEPS[plane], verdict=None, check=None
    )
    for plane, recipe in (("ring", RING_HEALTHY), ("grid", GRID_COVERED))
}
"""The plain GAN of each plane: networks, batches, rates and their decay of the recipe that covers it; no penalties."""


def _cures(*cures: Cure) -> dict[str, Any]:
    return {"cures": cures}


CHANGES: Mapping[str, Mapping[str, Any]] = {
    PLAIN: {},
    "rates that do not fall": {"decay_from": 1.0},
    "TTUR, G at a quarter": {"g_lr": 2.5e-4},
    "weight average (EMA .998)": {"memory": 0.998, "judged": "ema"},
    "relativistic game": {"game": RELATIVISTIC},
    "R1": _cures(R1(0.1)),
    "R2": _cures(R2(0.1)),
    "relativistic, R1 and R2": {"game": RELATIVISTIC, **_cures(R1(0.1), R2(0.1))},
    "WGAN-GP, 5 D steps": {"game": WASSERSTEIN, "d_steps": 5, **_cures(GradientPenalty(0.1))},
    "WGAN clipping at .1, 5 D steps": {"game": WASSERSTEIN, "d_steps": 5, **_cures(WeightClipping(0.1))},
    "DRAGAN": _cures(Dragan(0.1)),
    "spectral norm": _cures(SpectralNorm()),
    "label smoothing .1": _cures(LabelSmoothing()),
    "label flipping 5 %": _cures(LabelFlipping()),
    "instance noise .1, fading": _cures(InstanceNoise()),
    "PacGAN 4": _cures(PacGan(4)),
    "minibatch stddev": _cures(MinibatchStddev()),
    "minibatch discrimination": _cures(MinibatchDiscrimination(kernels=5, dims=2)),
    "feature matching": _cures(FeatureMatching()),
    "historical averaging": _cures(HistoricalAveraging()),
    "mode seeking": _cures(ModeSeeking()),
    "unrolled 5": _cures(Unrolled()),
    ADAGAN: {},
}
"""What each cure changes of the plain GAN. Settings are the cures' defaults, as published, but that slope penalties and
clipping have the weight of planes (.1; the published ones are of pictures), and minibatch discrimination is smaller, for
time. Two were changed after a look: DRAGAN's weight was 10, and the rate of the unrolled steps, of which there is no
published one, was 0.1. Nothing else was tuned."""


def arm(plane: str, cure: str) -> str:
    """Name of one cure on one plane."""
    return f"{plane}, {cure}"


ARMS: dict[str, Recipe] = {
    arm(plane, cure): replace(plain, name=f"{plain.name} {cure}", **change)
    for cure, change in CHANGES.items()
    for plane, plain in PLANES.items()
}
"""Every cure on both planes."""
