"""Mode stability: does the same noise still lead to the same mode as at an earlier look?"""

import numpy as np
from jaxtyping import Int
from torch import Tensor

from collapse_metrics._registry import metric


@metric(best=1.0, collapsed=0.0, span=(-1.0, 1.0), paper="https://doi.org/10.1177/001316446002000104")
def mode_stability(
    *, modes_before: Int[Tensor, " latents"], modes_now: Int[Tensor, " latents"], modes: int | None = None
) -> float:
    """Agreement between the modes of the same latents at two looks, beyond what chance alone would give.

    Each latent of a fixed set is called once at the earlier look and once now. The share of latents whose mode is
    the same is corrected for chance, which is the agreement of two looks that share nothing but the data's even
    modes: (agreement - 1 / modes) / (1 - 1 / modes).

    Reading the number:
        - **Healthy**: late in a training near 1, early near 0: the map from noise to mode settles. Its course in a
          run says most.
        - **Mode hopping**: 0 or below while the samples of each look are good: the generator wanders from mode to
          mode. One mode at each look and another one at the next gives the lowest score.
        - **Blind to** a generator that stays collapsed on one mode, which agrees with itself perfectly. Read
          ``mode_coverage`` beside it.
        - **Compare only** looks equally many steps apart, with the same latents.

    Args:
        modes_before: Mode of each latent's sample at the earlier look.
        modes_now: Mode of the same latents' samples now, in the same order.
        modes: How many modes there are; left out, those that occur.

    Returns:
        The agreement, 1 at most; 0 for what chance gives, below it for less.

    Raises:
        ValueError: If the two looks differ in length or are empty, or if a mode is not a whole number.

    Cost:
        Time ``latents``.

    Example:
        >>> import torch
        >>> before = torch.tensor([0, 1, 2, 3])
        >>> mode_stability(modes_before=before, modes_now=before)
        1.0
        >>> round(mode_stability(modes_before=before, modes_now=torch.tensor([0, 1, 3, 2])), 3)
        0.333

    Reference:
        Bennett, Alpert and Goldstein's S (*Communications through limited response questioning*, 1954) has this
        correction; Cohen's kappa (the paper named above, 1960) corrects by the shares that were seen, and is 0/0
        for a collapsed generator and 0 for one that hops between two modes as a whole.
    """
    before, now = np.asarray(modes_before), np.asarray(modes_now)
    if before.shape != now.shape or before.ndim != 1 or len(before) == 0:
        raise ValueError(
            f"`modes_before` and `modes_now` must be one mode for each of the same latents, got shapes {before.shape} "
            f"and {now.shape}: keep the latents between the looks."
        )
    if not (np.issubdtype(before.dtype, np.integer) and np.issubdtype(now.dtype, np.integer)):
        raise ValueError(f"modes must be whole numbers, got {before.dtype} and {now.dtype}: give the index of each.")
    count = modes if modes is not None else len(np.union1d(before, now))
    agreement = float((before == now).mean())
    if count < 2:
        return agreement
    return (agreement - 1 / count) / (1 - 1 / count)
