"""How are samples had bit by bit, so that a clear case needs few of them?"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from collapse_metrics.embed.rows import as_tensor
from collapse_metrics.probes.sampler import Latent, Sampler, latent_of


class Drawn:
    """The first samples of a source, in an order that the seed decides; a generator makes no more than are asked for.

    Args:
        fake: Finished samples, one a row; files are often sorted by class, so their order is not kept.
        generator: Instead of ``fake``: latents in, samples out.
        latent: Size, shape or source of the latents.
        most: So many samples at most.
        seed: Of latents, or of the order.
    """

    def __init__(
        self,
        *,
        fake: Any,
        generator: nn.Module | Callable[[Tensor], Tensor] | None,
        latent: Latent | None,
        most: int,
        seed: int,
    ) -> None:
        self.most, self._made, self._sampler = most, torch.empty(0), None
        if generator is None:
            if fake is None:
                raise ValueError("max_n plans looks at one run, got several: leave it out.")
            rows = as_tensor(fake)
            if not 8 <= most <= len(rows):
                raise ValueError(f"max_n={most} must be 8 at least and {len(rows)} at most, so many samples there are.")
            self._made = rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))]
            return
        latent = latent if latent is not None else latent_of(generator)
        if latent is None:
            raise ValueError("`latent` is needed: the size of the generator's noise, for example latent=100.")
        if most < 8:
            raise ValueError(f"max_n={most} must be 8 at least: four looks need samples.")
        self._sampler = Sampler(generator, latent=latent, seed=seed)

    def __call__(self, n: int) -> Tensor:
        """The first ``n`` samples."""
        if self._sampler is not None and len(self._made) < n:
            new = as_tensor(self._sampler(self._sampler.latents(self.most)[len(self._made) : n]))
            self._made = torch.cat([self._made, new]) if len(self._made) else new
        return self._made[:n]
