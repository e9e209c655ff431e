"""What if the labels are not 1 and 0? Soft, noisy and flipped labels, as games."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from reference_gans.objectives import Game

ErrorOfLabels = Callable[[Tensor, Tensor], Tensor]
"""Logits, labels of the same shape -> a scalar loss."""


def log_error(logits: Tensor, labels: Tensor) -> Tensor:
    """Binary cross-entropy."""
    return binary_cross_entropy_with_logits(logits, labels)


def squared_error(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean squared distance of the sigmoid from the label."""
    return (logits.sigmoid() - labels).square().mean()


def labelled(real: float | Tensor, fake: float | Tensor, error: ErrorOfLabels = log_error) -> Game:
    """The discriminator is told these labels, the same for all or one each; the generator still aims at 1."""

    def d_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return error(real_logits, _like(real_logits, real)) + error(fake_logits, _like(fake_logits, fake))

    return Game("labelled", d_loss, _to_be_real(error))


def flips(share: float, batch: int) -> int:
    """How many labels of a batch a share comes to when it is rounded down, as the student's code rounds it.

    Of 64 labels 1 % is ``int(0.64)``, none at all: that row of its table is the row without flips.
    """
    return int(share * batch)


def flipped(share: float, error: ErrorOfLabels = log_error) -> Game:
    """A share of the real samples is labelled fake, and of the fakes real: the first of the batch, in any order."""

    def d_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        swapped = (torch.arange(len(real_logits)) < flips(share, len(real_logits))).to(real_logits)
        swapped = swapped.view(-1, *[1] * (real_logits.ndim - 1)).expand_as(real_logits)
        return error(real_logits, 1 - swapped) + error(fake_logits, swapped)

    return Game("flipped labels", d_loss, _to_be_real(error))


def _to_be_real(error: ErrorOfLabels) -> Callable[[Tensor, Tensor], Tensor]:
    def g_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
        return error(fake_logits, torch.ones_like(fake_logits))

    return g_loss


def _like(logits: Tensor, label: float | Tensor) -> Tensor:
    return label.to(logits).expand_as(logits) if isinstance(label, Tensor) else torch.full_like(logits, label)
