"""Which training wrote this checkpoint? A guess by the keys and names that each is known to write."""

from typing import Any

KEYS: tuple[tuple[str, frozenset[str]], ...] = (
    ("Lightning", frozenset({"pytorch-lightning_version", "state_dict"})),
    ("lightweight-gan", frozenset({"GAN", "version"})),
    ("rosinality's StyleGAN2 or a fork", frozenset({"g", "d", "g_ema", "args"})),
    ("rosinality's StyleGAN2, FastGAN or a fork", frozenset({"g", "d", "g_ema"})),
    ("StudioGAN", frozenset({"state_dict", "optimizer"})),
    ("mimicry", frozenset({"model_state_dict", "optimizer_state_dict", "global_step"})),
    ("a loop by the PyTorch tutorial", frozenset({"model_state_dict", "optimizer_state_dict"})),
    ("reference_gans", frozenset({"plays", "numbers", "generator"})),
    ("ignite or a loop of two networks", frozenset({"netG", "netD"})),
    ("HiFi-GAN or a fork", frozenset({"generator"})),
    ("torch's AveragedModel", frozenset({"n_averaged"})),
    ("ema-pytorch", frozenset({"initted", "step"})),
    ("diffusers' running average", frozenset({"shadow_params", "decay"})),
    ("diffusers", frozenset({"_diffusers_version"})),
    ("collapse_metrics", frozenset({"format", "model", "latent"})),
)
"""Keys that a file of each maker has, the most telling first. Read from their sources."""

NAMES = (
    ("StyleGAN2-ADA, StyleGAN3 or a fork (needs its torch_utils and dnnlib)", ("torch_utils.", "dnnlib.")),
    ("SDV or CTGAN (draw samples with it, and score the table)", ("ctgan.", "sdv.", "rdt.")),
    ("Lightning", ("lightning", "pytorch_lightning")),
)
"""Modules whose names the pickles of each maker mention."""


def maker_of(value: Any, names: tuple[str, ...]) -> str:
    """The likeliest maker, or nothing."""
    for maker, roots in NAMES:
        if any(name.startswith(roots) for name in names):
            return maker
    if not isinstance(value, dict):
        return ""
    keys = {str(key) for key in value}
    return next((maker for maker, needed in KEYS if needed <= keys), "")
