"""Along how many directions do samples of one mode differ? Their modes' own means taken off first."""

import torch
from torch import Tensor


def directions_within(rows: Tensor, modes: Tensor) -> float:
    """Participation ratio of the scatter about the means of the modes; 0 where samples of a mode are all the same.

    The plug-in number, which reads low for few rows: to be compared with that of as many rows of the same make-up.
    """
    rows = rows.double()
    count = int(modes.max()) + 1
    sums = torch.zeros(count, rows.shape[1], dtype=rows.dtype).index_add_(0, modes, rows)
    sizes = torch.bincount(modes, minlength=count).clamp(min=1)
    around = rows - (sums / sizes[:, None])[modes]
    gram = around.T @ around if rows.shape[1] <= len(rows) else around @ around.T
    trace, square = gram.trace(), gram.square().sum()
    # Rounding leaves some scatter about the mean of equal rows.
    nothing = 1e-20 * rows.square().sum().square()
    return 0.0 if square <= nothing else (trace.square() / square).item()
