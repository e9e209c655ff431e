"""How does a small classifier learn? One cycle of the learning rate, and a running average of the weights."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn
from torch.nn import functional

REDRAW_WEIGHT = 2.0
"""Weight of redrawing the sample from its features. Without it, features hold the class and little else, and two
different fives lie in one place."""

MEMORY = 0.998
"""Of the running average of the weights: about the last 500 steps."""

SAY_EVERY = 100
"""Steps between two lines about the loss."""


@dataclass(frozen=True)
class Batch:
    """What one step learns from: samples of the data first, then what is not like the data.

    ``shown`` is ``(n + m, ...)``, ``labels`` ``(n + m,)`` with the last class for the ``m`` rows that are no data, and
    ``redrawn`` ``(n, ...)`` is what the features of the first ``n`` rows have to draw.
    """

    shown: Tensor
    labels: Tensor
    redrawn: Tensor


def learn(
    network: Any,
    batch_of: Callable[[Tensor, Generator], Batch],
    *,
    n: int,
    batch: int,
    epochs: int,
    rng: Generator,
    say: Callable[[str], None],
) -> Any:
    """Train a learning network and return the running average of it.

    Args:
        network: ``LearningConv`` or ``LearningRows``, as drawn.
        batch_of: Rows of the data and random numbers in, what one step learns from out.
        n: Rows of the data.
        batch: Rows of the data in one step.
        epochs: Times that every row is met.
        rng: Decides the order, and is handed on.
        say: Takes lines about the progress.
    """
    network.train()
    average = deepcopy(network).requires_grad_(False).eval()
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=0.02)
    steps = epochs * max(1, n // batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=steps, pct_start=0.2)
    for step, rows in enumerate(_orders(n, batch, steps, rng), 1):
        loss = _loss(network, batch_of(rows, rng))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        _follow(average, network, min(MEMORY, (1 + step) / (10 + step)))
        if step % SAY_EVERY == 0 or step == steps:
            say(f"step {step} of {steps}, loss {loss.item():.3f}")
    return average


def _orders(n: int, batch: int, steps: int, rng: Generator) -> Iterator[Tensor]:
    """Rows of each step, newly shuffled every epoch; what is left of one and too short for a batch is dropped."""
    order = torch.empty(0, dtype=torch.long)
    for _ in range(steps):
        if len(order) < batch:
            order = torch.randperm(n, generator=rng)
        rows, order = order[:batch], order[batch:]
        yield rows


@torch.no_grad()
def _follow(average: nn.Module, network: nn.Module, memory: float) -> None:
    for mean, new in zip(average.state_dict().values(), network.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(new, 1 - memory)
        else:
            mean.copy_(new)


def _loss(network: Any, batch: Batch) -> Tensor:
    """Cross entropy over the classes and "none", and how well the samples are redrawn from their features."""
    shown = batch.shown
    if shown.ndim == 4:
        shown = shown.contiguous(memory_format=torch.channels_last)
    features, logits = network(shown)
    drawn = network.redraw(features[: len(batch.redrawn)])
    redrawing = (drawn - batch.redrawn.flatten(1)).square().mean()
    loss: Tensor = functional.cross_entropy(logits, batch.labels) + REDRAW_WEIGHT * redrawing
    return loss
