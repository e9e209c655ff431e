"""Where do the samples come from? A generator of noise, or any function that draws them; always the same noise."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from collapse_metrics.embed.rows import as_tensor
from collapse_metrics.monitor.crew import Crew
from collapse_metrics.probes.guard import undisturbed
from collapse_metrics.probes.sampler import CHUNK, Latent, Sampler, Select, latent_of, unwrap

Generate = Callable[[int, torch.Generator], Any]
"""Draws so many samples with the random numbers that it is given: a tensor, an array or a table."""


class Source:
    """What a monitor draws its samples from, and the door to the generator for its probes.

    Args:
        generator: Latents in, samples out; with ``generate`` only what has to be guarded while that runs.
        generate: Instead of a generator of latents: draws ``n`` samples.
        latent: Size, shape or source of the latents; learnt by ``listen`` where it is not known yet.
        labels: Of a generator that is called with latents and labels: one label of every class it knows.
        select: Which part of the generator's output are the samples.
    """

    def __init__(
        self,
        generator: Any,
        *,
        generate: Generate | None = None,
        latent: Latent | None = None,
        labels: Any = None,
        select: Select | None = None,
    ) -> None:
        if generator is None and generate is None:
            raise ValueError("a `generator` or a function `generate(n, rng)` is needed, got neither: pass one.")
        if "FullyShardedDataParallel" in {kind.__name__ for kind in type(generator).__mro__}:
            raise ValueError(
                "a generator that one process can call is needed, got one that is sharded over processes: pass "
                "generate= that gathers its samples, or a whole copy of it."
            )
        self.generator, self.generate, self.select = generator, generate, select
        self.latent = latent if latent is not None or generator is None else latent_of(generator)
        self.labels = None if labels is None else as_tensor(labels)

    @property
    def module(self) -> nn.Module | None:
        """The generator where it is a module: what its users call, wrappers and all."""
        return self.generator if isinstance(self.generator, nn.Module) else None

    @property
    def waits_for_latent(self) -> bool:
        """Whether the shape of the latents is still to be learnt."""
        return self.generate is None and self.latent is None

    def listen(self) -> Any:
        """Learn the shape of the latents from the generator's own forward pass, by a hook that then takes itself off.

        Returns:
            The hook; ``None`` where there is nothing to learn.
        """
        if not self.waits_for_latent or self.module is None:
            return None

        def learn(_module: nn.Module, args: tuple[Any, ...]) -> None:
            if args and isinstance(args[0], Tensor) and args[0].is_floating_point():
                self.latent = tuple(args[0].shape[1:]) if self.latent is None else self.latent
                hook.remove()  # a generator that is saved or copied later must not take the monitor with it

        hook = self.module.register_forward_pre_hook(learn)
        return hook

    def sampler(self, seed: int) -> Sampler | None:
        """The generator and its latents of one seed; ``None`` where samples are drawn by a function."""
        if self.generate is not None:
            return None
        if self.latent is None:
            raise ValueError(
                "the shape of the latent is not known: the generator's forward pass was not seen and it has none of "
                "the usual attributes; pass latent=, for example latent=100."
            )
        label = None if self.labels is None else self.labels[0]
        return Sampler(self.generator, latent=self.latent, seed=seed, label=label, select=self.select)

    def draw(self, n: int, *, seed: int, crew: Crew | None = None) -> Tensor:
        """The first ``n`` samples of a seed, on the CPU; where a crew is given, each process makes its part."""
        sampler = self.sampler(seed)
        if sampler is not None:
            latents = sampler.latents(n).split(CHUNK)
            labels = self._labels(n).split(CHUNK) if self.labels is not None else None

            def part(i: int) -> Tensor:
                return sampler(latents[i]) if labels is None else sampler.with_labels(latents[i], labels[i])

            # Whole chunks, so that the numbers do not depend on how many processes there are.
            made = (crew or Crew()).gather(part, len(latents))
        else:
            made = (crew or Crew()).gather(lambda _: self._generated(n, seed), 1)
        return torch.cat(made) if made else torch.empty(0)

    def _labels(self, n: int) -> Tensor:
        assert self.labels is not None
        labels: Tensor = self.labels[torch.arange(n) % len(self.labels)]
        return labels

    def _generated(self, n: int, seed: int) -> Tensor:
        assert self.generate is not None
        module = unwrap(self.generator) if self.module is not None else None
        with undisturbed(module, seed=seed):
            samples = as_tensor(self.generate(n, torch.Generator().manual_seed(seed)))
        if len(samples) != n:
            raise ValueError(f"`generate` must return as many samples as it was asked for, got {len(samples)} of {n}.")
        return samples


def sources_of(generator: Any, **how: Any) -> dict[str, Source]:
    """Sources by name; a generator that came alone is called so."""
    named = generator if isinstance(generator, Mapping) else {"generator": generator}
    if not named:
        raise ValueError('generators by name are needed, got none: for example {"raw": G, "ema": G_ema}.')
    return {name: Source(one, **how) for name, one in named.items()}
