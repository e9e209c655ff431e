"""Is a cycle called one only where there is one, and is its period right? Wandering noise, and the Dirac-GAN.

``reference-gans study loss_alarms`` writes ``docs/studies/loss_alarms.md`` and its numbers.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy import signal

from collapse_metrics.diagnosis.loss_oscillation import LEVEL
from collapse_metrics.evaluate import measure_losses
from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.fixtures.dirac import dirac_losses, dirac_period

PHIS = (0.5, 0.8, 0.95)
"""How much of each step of the noise is left in the next."""

SERIES, STEPS = 1000, 1000
"""Series of each row, and their steps; as in a run, the later half is judged."""

RATES = (0.04, 0.06, 0.1, 0.15, 0.25, 0.4, 0.6, 0.9)
"""Learning rates of the Dirac-GAN."""

DIRAC_STEPS = 4000
"""Steps of each Dirac-GAN; the later half is judged."""

NEAR = 0.02
"""By how much a period may be off."""

BURN_IN = 200
"""Steps of the noise before it is looked at, in which it forgets its beginning."""

SEED = 0
"""Of all noise."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Judge all series, and write page and numbers.

    Args:
        data_root: Not used; every study takes it.
        quick: A few series, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    found = outcomes(5 if quick else SERIES, RATES[-2:] if quick else RATES)
    page = "\n".join(_page(found)) + "\n"
    print(page)
    if where:
        where.mkdir(parents=True, exist_ok=True)
        (where / "loss_alarms.json").write_text(json.dumps(found) + "\n")
        (where / "loss_alarms.md").write_text(page)


def outcomes(series: int, rates: tuple[float, ...]) -> dict[str, Any]:
    """Everything that the page tells, in JSON's types."""
    return {
        "noise": [{"phi": phi, "series": series, "alarms": false_alarms(phi, series)} for phi in PHIS],
        "dirac": [judged_dirac(rate) for rate in rates],
    }


def false_alarms(phi: float, series: int) -> int:
    """How many series of noise without any cycle are said to cycle."""
    rng = np.random.default_rng([SEED, round(1000 * phi)])
    noise = rng.standard_normal((series, BURN_IN + STEPS))
    rows = signal.lfilter([1.0], [1.0, -phi], noise, axis=1)[:, BURN_IN:]
    return sum(_judged(row, seed)["loss_oscillation"] <= LEVEL for seed, row in enumerate(rows))


def judged_dirac(rate: float) -> dict[str, float]:
    """The period of a Dirac-GAN's loss by its law and as measured, and the p-value of the cycle."""
    seen = _judged(dirac_losses(rate, DIRAC_STEPS), SEED)
    return {
        "rate": rate,
        "period": dirac_period(rate),
        "measured": seen["loss_period"],
        "p_value": seen["loss_oscillation"],
    }


def _judged(losses: np.ndarray, seed: int) -> dict[str, float]:
    return {m.name: m.value for m in measure_losses({"g_loss": losses}, step=None, seed=seed)}


def _page(found: dict[str, Any]) -> Iterator[str]:
    yield "# Cycles of losses"
    yield ""
    yield "Written by `reference-gans study loss_alarms`; do not edit. The finding `loss_oscillation` at its level, on series that only"
    yield f"wander: {STEPS:,} steps of x' = phi x + noise, of which the later half is judged, as in a run. Seed {SEED}; Clopper-Pearson 95 %."
    yield ""
    yield "| phi | series | called a cycle | share | interval | level |"
    yield "| --- " * 6 + "|"
    for row in found["noise"]:
        low, high = clopper_pearson(row["alarms"], row["series"])
        share = row["alarms"] / row["series"]
        yield f"| {row['phi']} | {row['series']:,} | {row['alarms']} | {share:.1%} | {low:.1%} to {high:.1%} | {LEVEL:.0%} |"
    yield ""
    yield f"The Dirac-GAN (one number each, all data at 0) by gradient steps in turn, {DIRAC_STEPS:,} of them: its loss has a known period,"
    yield "pi / w with cos w = 1 - rate² / 8, by the eigenvalues of its linear map. It has no mode to lose: a perfect cycle is no collapse."
    yield ""
    yield "| rate | period by law | measured | off by | p-value of the cycle |"
    yield "| --- " * 5 + "|"
    for row in found["dirac"]:
        off = row["measured"] / row["period"] - 1
        yield f"| {row['rate']} | {row['period']:.3f} | {row['measured']:.3f} | {off:+.2%} | {row['p_value']:.3g} |"
    worst = max(abs(row["measured"] / row["period"] - 1) for row in found["dirac"])
    yield ""
    yield f"Off by {worst:.2%} at most; {NEAR:.0%} is promised."


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
