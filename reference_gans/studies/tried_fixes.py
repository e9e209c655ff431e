"""Did the fixes that a practitioner tried help? Each alone, five seeds, and whether the discriminator could see at all.

``reference-gans study tried_fixes`` trains what is not yet in ``docs/studies/tried_fixes.json`` and rewrites page and
figure after every run.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.data import Digits
from reference_gans.recipes import Recipe, build
from reference_gans.recipes._checks import MANY_PICTURES, ONE_PICTURE, PAIRS, distances, draw
from reference_gans.recipes.practitioner import SHORT, TRIED
from reference_gans.studies._bars import bars
from reference_gans.studies._page import cpu_seconds, span, write
from reference_gans.studies._runs import Outcome, Runs
from reference_gans.trainer import Run, train

Table = dict[str, list[Outcome]]
"""What another study saw at the end of each fix's runs."""

BARE = "none: the first attempt"

ARMS: dict[str, Recipe] = {BARE: SHORT} | {
    recipe.name.removeprefix("mnist_first_").replace("_", " "): recipe for recipe in TRIED if not recipe.long
}
"""What was tried, each alone; four epochs of training, the eleventh, take far longer and are left out."""

STEPS, SEEDS = SHORT.steps, 5
"""Steps of each run, a tenth of the source's, and seeds (0 to 4, none left out)."""

ALONE = 1000
"""Steps in which a discriminator first learns alone to tell digits from noise, or from a generator that never moves."""

HELD_OUT = 500
"""Digits that it has then not seen, and as many pictures of the other kind."""

GREY = (0.25, 0.75)
"""A pixel of a stroke between these is grey; below it there is no stroke."""

LEVEL = 0.9
"""Of Clopper-Pearson where only one end is read: each end errs in 5 of 100."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train what is missing, then write page and figure.

    Args:
        data_root: Not used; the digits are the packaged ones.
        quick: One seed and three steps, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    runs = Runs(one_run, where / "tried_fixes.json" if where else None, 3 if quick else STEPS)
    for key in runs.complete(list(ARMS), 1 if quick else SEEDS):
        print(f"{key}: distance over real {runs.outcomes[key]['noise']:.3f}", flush=True)
        if where:
            write(where, "tried_fixes", page(runs, tabled()), figure(runs))


def tabled() -> dict[str, list[Outcome]]:
    """What the table of all recipes saw of each fix: more seeds, of the end alone."""
    from reference_gans.studies import DOCS

    stored = DOCS / "recipes.json"
    table = json.loads(stored.read_text()) if stored.exists() else {}
    return {
        arm: [run["check"] for key, run in table.items() if key.rpartition("/")[0] == recipe.name and "check" in run]
        for arm, recipe in ARMS.items()
    }


def one_run(arm: str, seed: int, steps: int) -> Outcome:
    """Whether the discriminator could see, and what came out in the end."""
    learning = min(ALONE, steps)
    alone = {f"alone_{kind}": alone_error(ARMS[arm], seed, kind, learning) for kind in ("noise", "start")}
    run = build(ARMS[arm], seed)
    born = {f"{name}_born": value for name, value in distances(run).items()}
    train(run, steps)
    return {name: round(value, 4) for name, value in {**alone, **born, **distances(run), **d_errors(run)}.items()} | {
        "grey": grey_share(draw(run, PAIRS)),
        "grey_real": grey_share(run.data.real[:PAIRS]),
    }


def alone_error(recipe: Recipe, seed: int, kind: str, steps: int) -> float:
    """Share of held-out pictures that the recipe's discriminator gets wrong after learning with nobody against it.

    Args:
        recipe: Its networks, game, batch, optimizer and rate.
        seed: Of everything.
        kind: ``"noise"`` for pictures of even random pixels, ``"start"`` for the generator as it is born.
        steps: How long it learns.
    """
    run = build(recipe, seed)
    assert isinstance(run.data, Digits)
    seen, held_out = Digits(run.data.real[:-HELD_OUT], run.data.labels[:-HELD_OUT]), run.data.real[-HELD_OUT:]

    @torch.no_grad()
    def others(n: int) -> Tensor:
        if kind == "noise":
            return torch.rand(n, 1, 28, 28, generator=run.rng)
        made: Tensor = run.generator(run.draw(n, run.latent, run.rng))
        return made

    for _ in range(steps):
        loss = run.game.d_loss(run.discriminator(seen.batch(run.batch, run.rng)), run.discriminator(others(run.batch)))
        run.d_optimizer.zero_grad()
        loss.backward()
        run.d_optimizer.step()
    return sum(_wrong(run, held_out, others(HELD_OUT))) / 2


def d_errors(run: Run) -> dict[str, float]:
    """Shares of real digits called fake and of fakes called real, at the end."""
    rng = torch.Generator().manual_seed(run.step)
    chosen = torch.randint(len(run.data.real), (HELD_OUT,), generator=rng)
    real, fake = _wrong(run, run.data.real[chosen], draw(run, HELD_OUT))
    return {"real_wrong": real, "fake_wrong": fake}


@torch.no_grad()
def _wrong(run: Run, real: Tensor, fake: Tensor) -> tuple[float, float]:
    d = run.discriminator.eval()
    wrong = (d(real) <= 0).double().mean().item(), (d(fake) > 0).double().mean().item()
    d.train()
    return wrong


def grey_share(pictures: Tensor) -> float | None:
    """Of the pixels with ink, how many are grey; ``None`` without any ink. Sharp strokes are mostly white."""
    low, high = GREY
    ink = pictures >= low
    return round((ink & (pictures <= high)).sum().item() / int(ink.sum()), 4) if ink.any() else None


def is_one_picture(run: Outcome) -> bool:
    """Whether usual noise and noise of a single input both give one picture."""
    return bool(max(run["noise"], run["one_hot"]) <= ONE_PICTURE)


def are_many(run: Outcome) -> bool:
    """Whether both kinds of noise give pictures half as far apart as real ones, or farther."""
    return bool(min(run["noise"], run["one_hot"]) >= MANY_PICTURES)


def verdict(rows: list[Outcome]) -> str:
    """Whether the claim, that the fix did not help, holds: a rule that was fixed before there were any numbers."""
    n = len(rows)
    if clopper_pearson(sum(is_one_picture(run) for run in rows), n, level=LEVEL)[0] > 0.5:
        return "confirmed"
    return "refuted" if clopper_pearson(sum(are_many(run) for run in rows), n, level=LEVEL)[0] > 0.5 else "not decided"


def outcome(runs: Runs, table: Table) -> Iterator[str]:
    """The claim for every fix, and for the first attempt itself, by the runs of whichever has more."""
    rows = {arm: max(runs.of_arm(arm), table.get(arm, []), key=len) for arm in ARMS}
    verdicts = {arm: verdict(ended) for arm, ended in rows.items() if ended}
    bare = verdicts.pop(BARE, "not decided")
    yield f"That the first attempt draws one picture for every noise: **{bare}**. That a fix does not help:"
    for word in ("confirmed", "refuted", "not decided"):
        those = [arm for arm, said in verdicts.items() if said == word]
        if those:
            yield f"**{word}** for {len(those)} of {len(verdicts)} ({', '.join(those)})."


def page(runs: Runs, table: Table) -> Iterator[str]:
    """What the question says, what was run, what came out."""
    yield "# The fixes that a practitioner tried"
    yield ""
    yield "Written by `reference-gans study tried_fixes`; do not edit. *The source*: a forum question by a practitioner whose first GAN draws the same digit"
    yield "for every noise: sigmoids, squared errors, one number as noise, one digit a step. It lists what was tried without success."
    yield ""
    yield f"*What ran*: recipes `mnist_first_*`, {runs.steps:,} steps, a tenth of the source's, seeds from 0 on, none left out. *One picture*: for usual noise and for noise of"
    yield f"a single input alike, pictures lie at most {ONE_PICTURE:.2f} times as far apart as real ones; *different* from {MANY_PICTURES:.1f} on. The claim is *confirmed* where more than half of all"
    yield "runs end in one picture, *refuted* where more than half end in different ones, each by the one-sided 95 % end of Clopper-Pearson."
    yield f"*Alone*: before, the fix's discriminator learns for {ALONE:,} steps to tell digits from pictures of even noise, then from those of a generator that never"
    yield f"moves, and is asked about {HELD_OUT} unseen ones of each. *Grey*: of the pixels with ink (from {GREY[0]} on), the share up to {GREY[1]}."
    yield "The [table of all recipes](recipes.md) trained each fix over more seeds and looked at its end alone; the claim is decided by whichever has more runs."
    yield ""
    yield "| fix | seeds | distance over real, before training: noise | noise of one input | at the end: noise | noise of one input | one picture | share, interval | different | in the table: seeds | one picture | different | D alone: wrong about digits and noise | about digits and the generator's start | D at the end: wrong about digits | about fakes | grey, of ink |"
    yield "| --- " * 17 + "|"
    for arm in ARMS:
        if runs.of_arm(arm) or table.get(arm):
            yield f"| {arm} | " + " | ".join(_cells(runs.of_arm(arm), table.get(arm, []))) + " |"
    real = [run["grey_real"] for run in runs.outcomes.values()]
    yield ""
    yield from outcome(runs, table)
    yield ""
    yield f"Of the ink of real digits {span(real)} is grey. Ranges are over seeds. The same fixes in other settings, or for four epochs, may do what these did not."
    yield cpu_seconds(runs)
    yield ""
    yield "![Distances of pictures](tried_fixes.svg)"


def _cells(rows: list[Outcome], table: list[Outcome]) -> Iterator[str]:
    same, many = sum(map(is_one_picture, rows)), sum(map(are_many, rows))
    low, high = clopper_pearson(same, len(rows)) if rows else (0.0, 1.0)
    yield f"{len(rows)}"
    for name in ("noise_born", "one_hot_born", "noise", "one_hot"):
        yield span([run[name] for run in rows], ".3f")
    yield f"{same} of {len(rows)}"
    yield f"{low:.2f} to {high:.2f}"
    yield f"{many} of {len(rows)}"
    yield f"{len(table)}"
    yield f"{sum(map(is_one_picture, table))}"
    yield f"{sum(map(are_many, table))}"
    for name in ("alone_noise", "alone_start", "real_wrong", "fake_wrong", "grey"):
        yield span([run[name] for run in rows if run[name] is not None])


def figure(runs: Runs) -> str:
    """Distances over real of every fix: a bar a fix, a dot a seed."""
    said = {"noise": "distance of pictures over real, usual noise", "one_hot": "the same, noise of one input"}
    return bars({words: {arm: [run[name] for run in runs.of_arm(arm)] for arm in ARMS} for name, words in said.items()})


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
