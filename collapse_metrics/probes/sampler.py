"""What does the generator make of which noise? Latents drawn once, outputs taken under guard."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from collapse_metrics.probes.guard import undisturbed

CHUNK = 256
"""Latents a forward pass. Fixed, so that results never depend on a batch size the user chose."""

FILLED = 16
"""Normal numbers that torch fills at a time."""

LATENT_ATTRIBUTES = ("latent_dim", "nz", "z_dim", "dim_z", "latent_size", "noise_size", "encoding_dims")
"""Names under which public generators keep the size of their noise."""

Latent = int | tuple[int, ...] | Callable[[int, torch.Generator], Tensor]
"""Size or shape of one standard normal latent, or a function that draws ``n`` of them."""


class Sampler:
    """A generator, and the noise that it is looked at with.

    All latents of one seed are one draw on the CPU, so the first ``n`` of them are the same whatever the
    device, the chunk or the number of looks.

    Args:
        generator: Latents in, samples out.
        latent: Size, shape or source of the latents.
        seed: Of the latents, and of any noise that the generator draws by itself.
    """

    def __init__(self, generator: nn.Module | Callable[[Tensor], Tensor], *, latent: Latent, seed: int = 0) -> None:
        self.generator = unwrap(generator)
        self.latent = latent
        self.seed = seed
        self._drawn = torch.empty(0)

    @property
    def module(self) -> nn.Module | None:
        """The generator where it is a module; plain functions have no state to guard."""
        return self.generator if isinstance(self.generator, nn.Module) else None

    def latents(self, n: int) -> Tensor:
        """The first ``n`` latents of the seed."""
        if len(self._drawn) < n:
            # One whole draw again, never an extension: the stream depends on how it is cut.
            self._drawn = draw_latents(self.latent, max(n, 1), torch.Generator().manual_seed(self.seed))
        return self._drawn[:n]

    def __call__(self, z: Tensor) -> Tensor:
        """Outputs for ``z``, on the CPU, without leaving a trace in the generator or in any random state."""
        with undisturbed(self.module, seed=self.seed):
            return torch.cat([self._forward(chunk.clone()) for chunk in z.split(CHUNK)])

    def respond(self, z: Tensor) -> Tensor:
        """Outputs as flat float rows."""
        return self(z).flatten(1).float()

    def _forward(self, z: Tensor) -> Tensor:
        weights = next(self.module.parameters(), None) if self.module is not None else None
        if weights is not None:
            z = z.to(weights.device, weights.dtype if weights.is_floating_point() else None)
        out: Any = self.generator(z)
        if not isinstance(out, Tensor):
            raise TypeError(
                f"the generator must return one tensor of samples, got {type(out).__name__}: "
                "pass a function that picks it out, for example lambda z: G(z)[0]."
            )
        if len(out) != len(z):
            raise ValueError(f"the generator must return one sample a latent, got {len(out)} for {len(z)} latents.")
        return out.detach().cpu()


def draw_latents(latent: Latent, n: int, rng: torch.Generator) -> Tensor:
    """``n`` latents in one draw on the CPU.

    Of a size or shape, a larger draw begins with the smaller one: torch fills normal numbers in sixteens, and only a
    last group that is not full depends on how many were asked for.
    """
    if callable(latent):
        return latent(n, rng)
    shape = (latent,) if isinstance(latent, int) else tuple(latent)
    return torch.randn(-(-n // FILLED) * FILLED, *shape, generator=rng)[:n]


def unwrap(generator: Any) -> Any:
    """The generator inside wrappers of compilation and data parallelism.

    Calling a wrapped one on a single process is not harmless: DistributedDataParallel broadcasts buffers on
    every forward pass and waits for the other ranks.
    """
    parallel = (nn.DataParallel, nn.parallel.DistributedDataParallel)
    while True:
        if isinstance(generator, parallel):
            generator = generator.module
        elif isinstance(generator, nn.Module) and "_orig_mod" in generator._modules:
            generator = generator._modules["_orig_mod"]
        else:
            return generator


def latent_of(generator: Any) -> Latent | None:
    """The size of the noise, where the generator keeps it under one of the usual names."""
    generator = unwrap(generator)
    for name in LATENT_ATTRIBUTES:
        size = getattr(generator, name, None)
        if isinstance(size, int) and not isinstance(size, bool) and size > 0:
            return size
    return None
