"""How is a generator looked at without touching its training? Every state is saved, and put back bit for bit."""

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from torch import nn


@contextmanager
def undisturbed(module: nn.Module | None, *, seed: int = 0) -> Iterator[None]:
    """Run the body in eval mode, without gradients, on private random numbers; then restore everything.

    Put back, also after an exception: the training flag of *every* submodule (frozen batch norms differ from
    their parent), all buffers, and the random states of torch (CPU and every CUDA device in use), NumPy and
    Python. Inside, generators that draw noise of their own draw it from ``seed``, so looks are repeatable.

    Args:
        module: The generator; ``None`` guards the random states only.
        seed: Of the private random numbers.
    """
    parts = [] if module is None else list(module.modules())
    flags = [part.training for part in parts]
    buffers = [] if module is None else [(b, b.detach().clone()) for b in module.buffers()]
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002  (saved, not used)
    cuda = list(range(torch.cuda.device_count())) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=cuda), torch.no_grad():
        torch.manual_seed(seed)  # of the fork alone: it ends with this block
        try:
            for part in parts:  # not module.eval(): an overridden train() may do more than set the flag
                part.training = False
            yield
        finally:
            for part, flag in zip(parts, flags, strict=True):
                part.training = flag
            for buffer, before in buffers:
                if not torch.equal(buffer, before):
                    buffer.copy_(before)
            np.random.set_state(numpy_state)  # noqa: NPY002
            random.setstate(python_state)
