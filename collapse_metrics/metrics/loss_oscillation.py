"""Loss oscillation: does the generator's loss really cycle, or does it only wander?"""

import numpy as np
from jaxtyping import Float

from collapse_metrics._checks import check_series
from collapse_metrics._registry import metric
from collapse_metrics.stats.red_noise import FEWEST_STEPS, strongest_cycle


@metric(best=1.0, collapsed=0.0, span=(0.0, 1.0), is_test=True, paper="https://arxiv.org/abs/1906.04848")
def loss_oscillation(
    *, g_losses: Float[np.ndarray, " steps"], steps_per_epoch: float | None = None, seed: int = 0
) -> float:
    """P-value of the strongest cycle in the generator's loss, against noise that only wanders.

    The loss is detrended and its ends are faded out; a spectrum that never rises is fitted: a slow level of any
    kind on a floor of batch noise. The highest hump above it is compared with the humps of simulated series of
    that spectrum. Against *white* noise, as plain periodogram tests do it, nearly every GAN "oscillates", because
    neighbouring steps share weights; against an AR(1) still nearly every one whose loss drifts under batch noise.

    Reading the number:
        - **No cycle**: anywhere between 0 and 1; below 0.01 in one run of a hundred.
        - **A cycle**: 0.002, the smallest that 499 simulations can say. ``stats.strongest_cycle`` gives its
          period and strength.
        - **Not a sign of collapse**: good GANs rotate around their solution, and silent collapse has flat losses.
          It says that the game rotates; whether that hurts, only the samples tell.
        - **Blind to** cycles that repeat fewer than four times, to weak ones of fewer than eight, and to losses
          that swing from each step to the next. Shuffled data can cycle with the epoch: pass ``steps_per_epoch``.
        - **Compare only** with a level fixed beforehand.

    Args:
        g_losses: The generator's loss, one number a step, evenly spaced.
        steps_per_epoch: How many steps pass over the data once; the line at one epoch and its first ten harmonics
            are then not judged.
        seed: Of the simulated null series.

    Returns:
        The p-value, from 0.002 to 1.

    Raises:
        ValueError: If the series has NaN or infinity, or fewer than 64 steps, or if epochs are so short that no
            frequency is left.

    Cost:
        Time ``500 * steps * log(steps)``: about 0.2 s for 1,000 steps on one core.

    Example:
        >>> import numpy as np
        >>> steps = np.arange(400)
        >>> noise = np.random.default_rng(0).standard_normal(400)
        >>> loss_oscillation(g_losses=np.sin(steps / 5) + 0.3 * noise)
        0.002

    Reference:
        Berard, Gidel, Almahairi, Vincent, Lacoste-Julien, *A Closer Look at the Optimization Landscapes of
        GANs*, ICLR 2020, show rotation beside good samples. A null of red noise is the habit of climate research
        (Mann and Lees, *Robust estimation of background noise and signal detection*, Climatic Change 1996); theirs
        is an AR(1), ours any spectrum that falls.
    """
    g_losses = np.asarray(g_losses, dtype=float)
    check_series(g_losses=g_losses)
    if len(g_losses) < FEWEST_STEPS:
        raise ValueError(
            f"`g_losses` needs at least {FEWEST_STEPS} steps, got {len(g_losses)}: train longer, or log every step."
        )
    return strongest_cycle(g_losses, rng=np.random.default_rng(seed), steps_per_epoch=steps_per_epoch).p_value
