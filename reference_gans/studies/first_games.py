"""Do a practitioner's small games do what the question says? Two numbers that chase each other, a pattern, better digits.

``reference-gans study first_games`` trains what is not yet in ``docs/studies/first_games.json`` and rewrites page and
figure after every run.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.recipes import RECIPES, build
from reference_gans.recipes._checks import MANY_PICTURES, distance_from_balance, distances, draw
from reference_gans.studies._curves import lines
from reference_gans.studies._page import cpu_seconds, span, write
from reference_gans.studies._runs import Outcome, Runs
from reference_gans.trainer import Run, train

SEEDS = 5
"""Of each game, 0 to 4, none left out."""

LOOKS = 100
"""Looks at each run, for the figure."""

LEVEL = 0.9
"""Of Clopper-Pearson where only one end is read: each end errs in 5 of 100."""


@dataclass(frozen=True)
class Game:
    """What the question says of a game, the recipe that plays it, and the number that is followed."""

    claim: str
    recipe: str
    followed: str
    number: Callable[[Run], float]


def gap(run: Run) -> float:
    """How far the worst of the four numbers is from the range that it should lie in; 0 once all are there."""
    rows = draw(run, 10)
    high, low = rows[:, ::2].min().item(), rows[:, 1::2].max().item()
    return max(0.0, 0.8 - high, low - 0.2)


def least_distance(run: Run) -> float:
    """Distance of pictures over real ones, for that kind of noise for which it is less."""
    return min(distances(run).values())


GAMES = {
    "two numbers": Game(
        "a game of one parameter each goes round its balance and never arrives",
        "one_parameter_circles",
        "distance from the balance, two bare numbers",
        distance_from_balance,
    ),
    "two numbers and a penalty": Game(
        "not in the question: with a penalty on D's slope (R1) they arrive",
        "one_parameter_settles",
        "distance from the balance, with R1",
        distance_from_balance,
    ),
    "the pattern": Game(
        "a GAN of a few units learns the pattern 1010",
        "pattern_1010",
        "the worst number's way to its range",
        gap,
    ),
    "better digits": Game(
        "leaky units, layer norm, log loss, Adam and a hundred normal inputs give different pictures",
        "mnist_improved_batched",
        "distance of pictures over real, the lesser of usual and one-input noise",
        least_distance,
    ),
}
"""The games by what the page calls them; the digits in batches of 32 instead of one by one, to end within a minute."""

COLOUR = "#36c"


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write page and figure.

    Args:
        data_root: Not used; the digits are the packaged ones.
        quick: One seed of ten steps, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    runs = Runs(one_run, where / "first_games.json" if where else None, 10 if quick else 0)
    for key in runs.complete(list(GAMES), 1 if quick else SEEDS):
        print(f"{key}: {'as said' if runs.outcomes[key]['held'] else 'not as said'}", flush=True)
        if where:
            write(where, "first_games", page(runs), figure(runs))


def one_run(arm: str, seed: int, steps: int) -> Outcome:
    """The number that is followed, and whether the recipe's own check holds; ``steps`` of 0 is the recipe's length."""
    game = GAMES[arm]
    run = build(RECIPES[game.recipe], seed)
    check = RECIPES[game.recipe].check
    assert check is not None, "each of these recipes brings a check of its own"
    steps = steps or run.steps
    every, curve = max(1, steps // LOOKS), [game.number(run)]

    def note(run: Run) -> None:
        if run.step % every == 0:
            curve.append(game.number(run))

    train(run, steps, [note])
    seen = check(run)
    return {"held": seen.held, "numbers": seen.numbers, "curve": [round(value, 4) for value in curve], "of": steps}


def verdict(held: int, n: int) -> str:
    """Confirmed or refuted where more than half of all runs do what is said, or do not; fixed before any numbers."""
    if clopper_pearson(held, n, level=LEVEL)[0] > 0.5:
        return "confirmed"
    return "refuted" if clopper_pearson(held, n, level=LEVEL)[1] < 0.5 else "not decided"


def page(runs: Runs) -> Iterator[str]:
    """What the question says, what was run, what came out."""
    yield "# A practitioner's first games"
    yield ""
    yield "Written by `reference-gans study first_games`; do not edit. *The source*: a forum question, whose author works upwards from a game of"
    yield "one parameter and a pattern of four numbers to digits, where the [first attempt](tried_fixes.md) draws one picture and a later one does not."
    yield ""
    yield "*What ran*: the recipes below, whole, seeds from 0 on, none left out. *As said* is what the recipe's own check sees at the end: the two"
    yield "numbers still 0.4 or more from their balance, or within 0.01 of it; all high numbers of the pattern from 0.8 on and all low ones up to 0.2;"
    yield f"pictures at least {MANY_PICTURES:.1f} times as far apart as real ones, for usual noise and for noise of one input. A claim is *confirmed* where more than"
    yield "half of all runs do what is said, *refuted* where less than half do, each by the one-sided 95 % end of Clopper-Pearson."
    yield ""
    yield "| claim | recipe | steps | seeds | as said | share, interval | claim is | at the end |"
    yield "| --- " * 8 + "|"
    for arm, game in GAMES.items():
        rows = runs.of_arm(arm)
        if rows:
            yield f"| {game.claim} | `{game.recipe}` | {rows[0]['of']:,} | " + " | ".join(_cells(rows)) + " |"
    yield ""
    yield "The pattern's input is constant, so that all its rows are the same by construction: no collapse that could be cured. Ranges are over seeds."
    yield cpu_seconds(runs)
    yield ""
    yield "![What is followed, over the run](first_games.svg)"


def _cells(rows: list[Outcome]) -> Iterator[str]:
    held = sum(row["held"] for row in rows)
    low, high = clopper_pearson(held, len(rows))
    yield f"{len(rows)}"
    yield f"{held} of {len(rows)}"
    yield f"{low:.2f} to {high:.2f}"
    yield f"**{verdict(held, len(rows))}**"
    yield ", ".join(
        f"{name.replace('_', ' ')} {span([row['numbers'][name] for row in rows], '.2g')}" for name in rows[0]["numbers"]
    )


def figure(runs: Runs) -> str:
    """A panel a game, a line a seed."""
    panels = {game.followed: [(COLOUR, run["curve"]) for run in runs.of_arm(arm)] for arm, game in GAMES.items()}
    return lines(panels, across="from the first step to the last")


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
