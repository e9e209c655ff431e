"""How is a generator looked at without touching its training? Every state is saved, and put back bit for bit."""

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import numpy as np
import torch
from torch import Tensor, nn


@contextmanager
def undisturbed(
    module: nn.Module | None, *, seed: int = 0, batch_statistics: bool = False, exact: bool = False
) -> Iterator[None]:
    """Run the body in eval mode, without gradients, on private random numbers; then restore everything.

    Put back, also after an exception: the training flag of *every* submodule (frozen batch norms differ from
    their parent), all buffers, and the random states of torch (CPU and every CUDA device in use), NumPy and
    Python. Inside, generators that draw noise of their own draw it from ``seed``, so looks are repeatable.

    Args:
        module: The generator; ``None`` guards the random states only.
        seed: Of the private random numbers.
        batch_statistics: Let batch norms take the statistics of the batch, as they do in training; all else is in
            eval mode, and their running statistics are put back too.
        exact: Leave automatic mixed precision off, for measuring; else it is as the training has it.
    """
    parts = [] if module is None else list(module.modules())
    flags = [part.training for part in parts]
    buffers = [_copied(part) for part in parts]
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002  (saved, not used)
    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=cuda), torch.no_grad(), _mixed_precision_apart(exact):
        # Of the fork alone: it ends with this block. Not torch.manual_seed: where CUDA is not yet in use, that
        # would wait for the training's first step on it, and seed it then.
        torch.default_generator.manual_seed(seed)
        if cuda:
            torch.cuda.manual_seed_all(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002  (for generators that use it)
        random.seed(seed)
        try:
            for part in parts:  # not module.eval(): an overridden train() may do more than set the flag
                part.training = batch_statistics and isinstance(part, nn.modules.batchnorm._BatchNorm)
            yield
        finally:
            for part, flag in zip(parts, flags, strict=True):
                part.training = flag
            for part, before in zip(parts, buffers, strict=True):
                _put_back(part, before)
            np.random.set_state(numpy_state)  # noqa: NPY002
            random.setstate(python_state)


@contextmanager
def _mixed_precision_apart(exact: bool) -> Iterator[None]:
    """Automatic mixed precision off, or on without its memory.

    Inside a training's autocast, weights are cast once and kept. Casts of a look have no gradients, and versions of
    torch that keep those too would hand them to the next forward pass of the training, which would learn nothing.
    """
    with ExitStack() as stack:
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                dtype = torch.get_autocast_dtype(kind)
                stack.enter_context(torch.autocast(kind, dtype=dtype, enabled=not exact, cache_enabled=False))
        yield


Buffers = dict[str, tuple[Tensor, Tensor] | None]
"""By name: the buffer itself and a copy of its values."""


def _copied(part: nn.Module) -> Buffers:
    """The part's own buffers; a forward pass may change one in place or put another tensor in its place."""
    return {name: None if b is None else (b, b.detach().clone()) for name, b in part._buffers.items()}


def _put_back(part: nn.Module, before: Buffers) -> None:
    for name in part._buffers.keys() - before.keys():  # made by the forward pass
        del part._buffers[name]
    for name, held in before.items():
        part._buffers[name] = None if held is None else held[0]
        if held is not None and not torch.equal(*held):
            held[0].copy_(held[1])
