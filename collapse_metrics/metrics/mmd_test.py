"""Two-sample test: could the generated samples come from the same source as the real ones?"""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import distance_blocks
from collapse_metrics.stats.permutation import contrasts, permutation_p_value, quadratic_forms

BANDWIDTHS = 7
"""Gaussian kernels, from half the distance of nearest neighbours to the distance of any two samples. A mixture of
tight modes spans two powers of ten between them; seven cover that in steps of about two."""


@metric(best=1.0, collapsed=0.0, paper="https://jmlr.org/papers/v13/gretton12a.html", span=(0.0, 1.0), is_test=True)
def mmd_test(
    *,
    real: Float[Tensor, "n_real dim"],
    fake: Float[Tensor, "n_fake dim"],
    permutations: int = 499,
    most: int = 1000,
    seed: int = 0,
) -> float:
    r"""P-value of the distance between two sets, against the same distance under shuffled labels.

    If both sets have one source, it makes no difference which sample is called real. The distance is that of the
    kernel means (MMD) for seven Gaussian kernels, from within-mode to between-mode scale, each in units of its own
    scatter under shuffled labels; the largest counts, under the true labels as under the shuffled ones. So the
    false-alarm rate is exact at every size, and no scale has to be chosen.

    Reading the number:
        - **Healthy**: anywhere between 0 and 1; below 0.01 in one look of a hundred.
        - **Collapsed**: 0.002, the smallest that 499 permutations can say.
        - **Blind to** copies of the training data. And it is *not* a measure of size: with enough samples every real
          GAN fails it, because no GAN is the data's distribution.
        - **Compare only** with a level fixed beforehand, never with another p-value.

    Args:
        real: Features of real samples.
        fake: Features of generated samples, from the same embedder.
        permutations: Shuffles of the labels; the p-value is a multiple of ``1 / (permutations + 1)``.
        most: Rows used of each set; of larger sets a random choice.
        seed: Of the choice and of the shuffles.

    Returns:
        The p-value, above 0 and at most 1.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, or have fewer than two rows, or if
            ``permutations`` or ``most`` is too small.

    Cost:
        Time ``n ** 2 * (dim + 7 * permutations)`` for ``n`` samples used, memory three ``n * n`` matrices; a
        second or two for 1,000 against 1,000.

    Example:
        >>> import torch
        >>> line = torch.arange(40.0)[:, None]
        >>> mmd_test(real=line, fake=line)
        1.0
        >>> mmd_test(real=line, fake=line / 4)
        0.002

    Reference:
        Gretton, Borgwardt, Rasch, Schölkopf, Smola, *A Kernel Two-Sample Test*, JMLR 2012; Hemerik and Goeman, *Exact
        testing with random permutations*, TEST 2018. That several kernels may be joined after being brought to one
        scale over the permutations: Biggs, Schrab, Gretton, *MMD-FUSE*, NeurIPS 2023; they take a soft maximum, we take
        the largest. One kernel of median width, as is usual, hardly sees a lost mode among many.
    """
    check_feature_sets(real=real, fake=fake)
    check_rows(2, real=real, fake=fake)
    if permutations < 1 or most < 2:
        raise ValueError(f"`permutations` must be at least 1 and `most` at least 2, got {permutations} and {most}.")
    rng = np.random.default_rng(seed)
    first, second = (
        rows[rng.choice(len(rows), most, replace=False)] if len(rows) > most else rows for rows in (real, fake)
    )
    rows = torch.cat([first, second])
    distance = torch.cat([block.cpu() for _, block in distance_blocks(rows, rows)])
    # Shuffled labels are dealt out in an order that the samples give themselves, not in that of the rows.
    order = distance.sum(dim=1).argsort()
    labels = contrasts(len(first), len(second), permutations=permutations, rng=rng)
    labels[:, 0] = labels[order.numpy(), 0]
    kernels = _kernels(distance[order][:, order])
    return permutation_p_value(np.stack([quadratic_forms(kernel, labels) for kernel in kernels]))


def _kernels(distance: Tensor) -> Iterator[np.ndarray]:
    """Gaussian kernel matrices of the widths between near and far; a constant one where all rows are copies."""
    apart = distance[distance > 0]
    if not len(apart):
        yield np.ones(distance.shape)
        return
    near = torch.where(distance > 0, distance, torch.inf).amin(dim=1).median().item()
    far = apart.median().item()
    for width in np.geomspace(near / 2, max(near, far), BANDWIDTHS):
        yield (distance / width).square_().mul_(-0.5).exp_().numpy()
