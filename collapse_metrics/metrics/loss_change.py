"""Loss change: did the generator's loss change its level at some step?"""

import numpy as np
from jaxtyping import Float

from collapse_metrics._checks import check_series
from collapse_metrics._registry import metric
from collapse_metrics.stats.change_point import level_change
from collapse_metrics.stats.red_noise import FEWEST_STEPS


@metric(best=1.0, collapsed=0.0, span=(0.0, 1.0), is_test=True, paper="https://doi.org/10.1198/jasa.2010.tm10103")
def loss_change(*, g_losses: Float[np.ndarray, " steps"], seed: int = 0) -> float:
    """P-value of the likeliest change of level in the generator's loss, against wandering alone.

    The cumulative sum of deviations from the mean is largest where the level changes. It is set against the same
    sums within the two parts, which grow as well when the loss only drifts, and compared with simulated series
    that wander as this one does. Collapse can take a dozen steps: too fast for a cycle, but it leaves a step.

    Reading the number:
        - **No change**: anywhere between 0 and 1; below 0.01 in one run of a hundred. A steady drift is no change.
        - **A change**: 0.002, the smallest that 499 simulations can say. ``stats.change_point.level_change`` gives
          the step and the size.
        - **Not a sign of collapse** by itself: a new learning rate changes the level too. It says where to look.
        - **Blind to** changes in the first and the last twentieth of the series, and to a second change that takes
          the first one back.
        - **Lenient** towards noise whose memory is longer than a tenth of the series: it passes for a change up to
          ten times as often as the level says.
        - **Compare only** with a level fixed beforehand.

    Args:
        g_losses: The generator's loss, one number a step, evenly spaced.
        seed: Of the simulated null series.

    Returns:
        The p-value, from 0.002 to 1.

    Raises:
        ValueError: If the series has NaN or infinity, or fewer than 64 steps.

    Cost:
        Time ``500 * steps * log(steps)``: about 0.1 s for 1,000 steps on one core.

    Example:
        >>> import numpy as np
        >>> noise = np.random.default_rng(0).standard_normal(300)
        >>> loss_change(g_losses=2.0 * (np.arange(300) >= 180) + noise)
        0.002

    Reference:
        Shao, Zhang, *Testing for Change Points in Time Series*, JASA 2010. They read the p-value from the limit of
        many steps; at some hundred steps of red noise it is then several times too small, so we simulate it.
    """
    g_losses = np.asarray(g_losses, dtype=float)
    check_series(g_losses=g_losses)
    if len(g_losses) < FEWEST_STEPS:
        raise ValueError(
            f"`g_losses` needs at least {FEWEST_STEPS} steps, got {len(g_losses)}: train longer, or log every step."
        )
    return level_change(g_losses, rng=np.random.default_rng(seed)).p_value
