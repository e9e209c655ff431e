"""What does the generator make of which noise? Latents drawn once, outputs taken under guard."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from collapse_metrics.probes.guard import undisturbed

CHUNK = 256
"""Latents a forward pass. Fixed, so that results never depend on a batch size the user chose."""

DIFFERENCE = 0.01
"""Step of central differences: single precision leaves an error of 1e-5 of the slope, curvature one of 1e-4."""

FILLED = 16
"""Normal numbers that torch fills at a time."""

LATENT_ATTRIBUTES = ("latent_dim", "nz", "z_dim", "dim_z", "latent_size", "noise_size", "encoding_dims")
"""Names under which public generators keep the size of their noise."""

Latent = int | tuple[int, ...] | Callable[[int, torch.Generator], Tensor]
"""Size or shape of one standard normal latent, or a function that draws ``n`` of them."""

Select = int | str | Callable[[Any], Tensor]
"""Which part of a generator's output are the samples: its place, its key or attribute, or a function that picks it."""


class Sampler:
    """A generator, and the noise that it is looked at with.

    All latents of one seed are one draw on the CPU, so the first ``n`` of them are the same whatever the
    device, the chunk or the number of looks.

    Args:
        generator: Latents in, samples out.
        latent: Size, shape or source of the latents.
        seed: Of the latents, and of any noise that the generator draws by itself.
        label: Of a generator that is called with latents and labels: the one held fixed where none are given.
        select: Which part of the output are the samples, where the generator returns more than one tensor.
    """

    def __init__(
        self,
        generator: nn.Module | Callable[[Tensor], Tensor],
        *,
        latent: Latent,
        seed: int = 0,
        label: Tensor | None = None,
        select: Select | None = None,
    ) -> None:
        self.generator = unwrap(generator)
        self.select = select
        self.latent = latent
        self.seed = seed
        self.label = label
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

    def with_batch_statistics(self, z: Tensor) -> Tensor:
        """Outputs of one forward pass in which batch norms take the statistics of the whole of ``z``."""
        with undisturbed(self.module, seed=self.seed, batch_statistics=True):
            return self._forward(z.clone())

    def with_labels(self, z: Tensor, labels: Tensor) -> Tensor:
        """Outputs of a conditional generator, called as ``generator(z, labels)``."""
        with undisturbed(self.module, seed=self.seed):
            pairs = zip(z.split(CHUNK), labels.split(CHUNK), strict=True)
            return torch.cat([self._forward(chunk.clone(), of.clone()) for chunk, of in pairs])

    def jvp(self, z: Tensor, directions: Tensor) -> Tensor:
        """Change of the flat output along one direction for each latent, per unit of the latent.

        By forward-mode derivatives where the generator allows them; else by central differences, which any function
        of latents allows.
        """
        with undisturbed(self.module, seed=self.seed):
            pairs = zip(z.split(CHUNK), directions.split(CHUNK), strict=True)
            return torch.cat([self._tangents(chunk.clone(), along.clone()) for chunk, along in pairs])

    def _tangents(self, z: Tensor, along: Tensor) -> Tensor:
        state = torch.get_rng_state()
        try:
            change: Tensor | None = torch.func.jvp(self._raw, (z,), (along,))[1].detach().cpu()
        except Exception:  # a generator may refuse derivatives in as many ways as there are generators
            change = None
        # Nothing but zeros may be a dead generator, or one that detaches its output: derivatives do not tell the two.
        if change is None or not torch.isfinite(change).all() or not change.any():
            ends = []
            for way in (DIFFERENCE, -DIFFERENCE):
                torch.set_rng_state(state)  # the generator's own noise must not pass for an effect of the latent
                ends.append(self._forward(z + way * along).double())
            change = (ends[0] - ends[1]) / (2 * DIFFERENCE)
        rows: Tensor = change.flatten(1)
        return rows.float()

    @property
    def has_batch_norm(self) -> bool:
        """Whether batches have statistics of their own in this generator."""
        batch_norm = nn.modules.batchnorm._BatchNorm
        return self.module is not None and any(isinstance(part, batch_norm) for part in self.module.modules())

    @property
    def unused_batch_norms(self) -> int:
        """Batch norms whose running statistics never saw a batch, and are asked for in eval mode."""
        parts = self.module.modules() if self.module is not None else ()
        norms = [part for part in parts if isinstance(part, nn.modules.batchnorm._BatchNorm)]
        seen = [part.num_batches_tracked for part in norms if part.track_running_stats]
        return sum(int(count) == 0 for count in seen if count is not None)

    def _raw(self, z: Tensor, *labels: Tensor) -> Any:
        if self.label is not None and not labels:
            labels = (self.label.expand(len(z), *self.label.shape),)
        weights = next(self.module.parameters(), None) if self.module is not None else None
        if weights is not None:
            z = z.to(weights.device, weights.dtype if weights.is_floating_point() else None)
            labels = tuple(label.to(weights.device) for label in labels)
        return picked(self.generator(z, *labels), self.select)

    def _forward(self, z: Tensor, *labels: Tensor) -> Tensor:
        out: Tensor = self._raw(z, *labels)
        if len(out) != len(z):
            raise ValueError(f"the generator must return one sample a latent, got {len(out)} for {len(z)} latents.")
        return out.detach().cpu()


def picked(out: Any, select: Select | None) -> Tensor:
    """The tensor of samples within a generator's output.

    Raises:
        TypeError: If it is not plain which one is meant.
    """
    chosen = out
    if callable(select):
        chosen = select(out)
    elif select is not None:
        chosen = getattr(out, select) if isinstance(select, str) and hasattr(out, select) else out[select]
    elif not isinstance(out, Tensor):
        parts = list(out.values()) if isinstance(out, Mapping) else list(out) if isinstance(out, tuple | list) else []
        tensors = [part for part in parts if isinstance(part, Tensor)]
        chosen = tensors[0] if len(tensors) == 1 else out
    if isinstance(chosen, Tensor):
        return chosen
    keys = [repr(key) for key in out] if isinstance(out, Mapping) else []
    held = f" of {', '.join(keys)}" if keys else f" of {len(out)}" if isinstance(out, tuple | list) else ""
    raise TypeError(
        f"the generator must return one tensor of samples, got {type(out).__name__}{held}: say which part they are, "
        "for example select=0, or pass a function such as lambda z: G(z)[0]."
    )


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
