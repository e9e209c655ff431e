"""Loss quadrature: do the two losses share a cycle, one a quarter period behind the other?"""

import numpy as np
from jaxtyping import Float

from collapse_metrics._checks import check_series
from collapse_metrics._registry import metric
from collapse_metrics.stats.coherence import quadrature
from collapse_metrics.stats.red_noise import FEWEST_STEPS


@metric(best=1.0, collapsed=0.0, span=(0.0, 1.0), is_test=True, paper="https://arxiv.org/abs/1906.04848")
def loss_quadrature(
    *,
    g_losses: Float[np.ndarray, " steps"],
    d_losses: Float[np.ndarray, " steps"],
    steps_per_epoch: float | None = None,
    seed: int = 0,
) -> float:
    """P-value of the strongest cycle that both losses share a quarter period apart, against wandering alone.

    Where two players chase each other, each turns when the other is furthest out, so one runs a quarter period
    behind. A common cause, such as the order of the data or a learning rate, moves both at once. The null is a pair
    of series that wander, with whatever shared noise and delay these two usually have, and no cycle.

    Reading the number:
        - **No such cycle**: anywhere between 0 and 1; below 0.01 in one run of a hundred.
        - **Such a cycle**: 0.002, the smallest that 499 simulations can say. The game rotates.
        - **Not a sign of collapse**, and a large p-value does not say that nothing rotates: where both losses read
          the same scores, as in most GANs, they swing *against* each other, half a period apart, however the
          players move. ``loss_oscillation`` sees such cycles.
        - **Fooled by** two unrelated cycles of one length, which lie in a quarter by chance half of the time.
        - **Compare only** with a level fixed beforehand.

    Args:
        g_losses: The generator's loss, one number a step, evenly spaced.
        d_losses: The discriminator's loss at the same steps.
        steps_per_epoch: How many steps pass over the data once; the line at one epoch and its first ten harmonics
            are then not judged.
        seed: Of the simulated null pairs.

    Returns:
        The p-value, from 0.002 to 1.

    Raises:
        ValueError: If a series has NaN or infinity, or fewer than 64 steps, or if the two differ in length.

    Cost:
        Time ``1000 * steps * log(steps)``: about 0.4 s for 1,000 steps on one core.

    Example:
        >>> import numpy as np
        >>> steps, noise = np.arange(400), np.random.default_rng(0).standard_normal((2, 400))
        >>> g, d = np.sin(steps / 5) + 0.3 * noise[0], np.cos(steps / 5) + 0.3 * noise[1]
        >>> loss_quadrature(g_losses=g, d_losses=d)
        0.002

    Reference:
        Rotation: Berard et al., *A Closer Look at the Optimization Landscapes of GANs*, ICLR 2020. That the
        imaginary part of coherency leaves out what acts on both at once: Nolte et al., *Identifying true brain
        interaction from EEG data using the imaginary part of coherency*, Clinical Neurophysiology 2004. We ask for
        a hump in both spectra besides, and simulate the null from smooth spectra with random phases, since
        surrogates that keep the lines of both series would find them again in every pair.
    """
    g_losses, d_losses = np.asarray(g_losses, dtype=float), np.asarray(d_losses, dtype=float)
    check_series(g_losses=g_losses, d_losses=d_losses)
    if len(g_losses) != len(d_losses):
        raise ValueError(
            f"`g_losses` and `d_losses` must be of the same steps, got {len(g_losses)} and {len(d_losses)}: "
            "keep the steps that have both."
        )
    if len(g_losses) < FEWEST_STEPS:
        raise ValueError(
            f"`g_losses` needs at least {FEWEST_STEPS} steps, got {len(g_losses)}: train longer, or log every step."
        )
    return quadrature(g_losses, d_losses, rng=np.random.default_rng(seed), steps_per_epoch=steps_per_epoch).p_value
