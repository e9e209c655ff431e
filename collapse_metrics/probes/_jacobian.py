"""Which directions of the latent move the sample, and how far? Singular values of the generator's Jacobian."""

from collections.abc import Callable

import torch
from torch import Tensor

MOST_LATENTS = 8
"""Places where the Jacobian is looked at: it differs little from place to place beside what collapse does to it."""

MOST_DIRECTIONS = 128
"""Directions looked at in each place. Wider latents are cut by as many random orthonormal directions."""

DEAD = 0.01
"""A direction is dead when it moves the sample less than a hundredth as far as the strongest one: on a picture, the
strongest one has to cross the whole grey scale before the dead one moves a pixel by two levels."""


def singular_values(
    latents: Tensor, *, jvp: Callable[[Tensor, Tensor], Tensor], rng: torch.Generator, resolution: float
) -> Tensor | None:
    """Singular values of the Jacobian in the first latents, one row a place, largest first; none where nothing moves.

    A direction that moves the sample by less than ``resolution`` over the latent's own length counts as zero.
    """
    if len(latents) < 2:
        raise ValueError(f"`latents` needs at least 2 rows, got {len(latents)}: draw more.")
    places = latents[:MOST_LATENTS]
    basis = _directions(places[0].numel(), rng).reshape(-1, *places.shape[1:]).to(places.dtype)
    products = []
    for place in places:  # one after another: of large pictures the tangents of one place are a few hundred megabytes
        tangents = jvp(place.expand_as(basis), basis).flatten(1).double()
        products.append(tangents @ tangents.T)  # pictures have many more values than latents have directions
    squares = torch.linalg.eigvalsh(torch.stack(products)).clamp(min=0).flip(1)
    values = squares.sqrt()
    length = places.flatten(1).double().norm(dim=1, keepdim=True)
    # Rounding leaves the products an error of this size; it must not pass for a direction that still moves a little.
    least = torch.maximum(resolution / length, 1e-7 * values[:, :1])
    kept: Tensor = torch.where(values > least, values, 0.0)
    return kept if bool((kept[:, 0] > 0).all()) else None


def _directions(size: int, rng: torch.Generator) -> Tensor:
    if size <= MOST_DIRECTIONS:
        return torch.eye(size)
    turned: Tensor = torch.linalg.qr(torch.randn(size, MOST_DIRECTIONS, generator=rng, dtype=torch.double))[0]
    return turned.T.float()
