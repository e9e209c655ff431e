"""Loss balance: how near is the discriminator to chance?"""

import numpy as np
from jaxtyping import Float

from collapse_metrics._checks import check_series
from collapse_metrics._registry import metric
from collapse_metrics.stats.loss_kinds import loss_kind as kind_of


@metric(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/1406.2661")
def loss_balance(*, d_losses: Float[np.ndarray, " steps"], loss_kind: str = "non_saturating") -> float:
    """Mean loss of the discriminator in the later half of a run, over its loss when it cannot tell real from fake.

    Reading the number:
        - **Balanced**: 0.5 to 1. At 1 the discriminator guesses: the samples are very good, or it learns nothing.
        - **Discriminator wins**: near 0. It tells every sample; the generator's gradient may fade.
        - **Above 1**: worse than guessing; the generator overtakes it, or the loss is not of this kind.
        - **Not a sign of collapse** by itself: collapsed generators have been seen at every level.
        - **Compare only** losses of one kind, summed over real and generated samples.

    Args:
        d_losses: The discriminator's loss, one number a step: the sum of its real and its generated part.
        loss_kind: ``"non_saturating"``, ``"saturating"``, ``"least_squares"`` or ``"hinge"``.

    Returns:
        The ratio, 0 or more.

    Raises:
        ValueError: If the series is empty or has NaN or infinity, the kind is unknown, or it is ``"wasserstein"``,
            whose level means nothing; or if the losses are negative in the mean, which none of these kinds is.

    Cost:
        Time ``steps``.

    Example:
        >>> import numpy as np
        >>> round(loss_balance(d_losses=np.full(100, 1.386)), 3)
        1.0
        >>> loss_balance(d_losses=np.full(100, 1.0), loss_kind="hinge")
        0.5

    Reference:
        Goodfellow et al., *Generative Adversarial Nets*, 2014: at the optimum the discriminator answers one half.
    """
    d_losses = np.asarray(d_losses, dtype=float)
    check_series(d_losses=d_losses)
    if len(d_losses) == 0:
        raise ValueError("`d_losses` needs at least 1 step, got 0: log the losses.")
    kind = kind_of(loss_kind)
    if kind.at_chance is None:
        raise ValueError(f"a {kind.name} loss has no level at chance: {kind.reading}")
    mean = float(d_losses[len(d_losses) // 2 :].mean())
    # Cross entropies, squares and hinges are never negative; a penalty beside them may take them a little below zero.
    if mean < -kind.at_chance:
        raise ValueError(
            f"a {kind.name} loss is never negative, got a mean of {mean:.3g}: pass the right `loss_kind`, or the sum "
            "of the real and the generated part."
        )
    return max(0.0, mean / kind.at_chance)
