"""How good is a classifier that `train-classifier` makes of a few thousand pictures, and are its verdicts right?

``reference-gans study own-data`` trains one on coloured shapes with the defaults of the command line (some
minutes on one core), tries it on rubbish that it knows and on rubbish that it was never shown, and judges piles of known
truth.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torch.nn import functional

from collapse_metrics.embed import TrainedClassifier
from collapse_metrics.evaluate import score
from collapse_metrics.learning import garbage, train_classifier
from collapse_metrics.reference import Reference
from reference_gans.data.shapes import SHAPES, coloured_shapes
from reference_gans.studies import DOCS
from reference_gans.studies._accepted import Row, accepted, row, table

PICTURES = 3000
"""Labelled shapes: a third of them is held out, so that the reference rests on 1,000."""

EACH = 2000
"""Pictures of each kind in the examination."""

JUDGED, SEEDS = 1000, 5
"""Samples of a pile, and piles of each kind."""

Pile = Callable[[np.random.Generator], np.ndarray]
"""Random numbers in, so many pictures of a known truth out."""


def main(data_root: Path | None = None) -> None:
    """Train, measure, write; the shapes are drawn, so that no data folder is needed."""
    torch.set_num_threads(1)  # results of a seed depend on the number of threads
    pictures, kinds = coloured_shapes(PICTURES, rng=np.random.default_rng(0))
    labels = np.array(SHAPES)[kinds]
    classifier = train_classifier(real=pictures, labels=labels, name="shapes", say=lambda line: print(line, flush=True))
    reference = Reference.fit(real=pictures, labels=kinds, embedder=classifier, name="shapes")
    about = {
        "training": classifier.about["training"],
        "threshold": classifier.threshold,
        "rows": list(figures(classifier)),
        "verdicts": list(verdicts(reference)),
    }
    DOCS.mkdir(parents=True, exist_ok=True)
    (DOCS / "own_data.json").write_text(json.dumps(about, indent=1) + "\n")
    (DOCS / "own_data.md").write_text("\n".join(page(about)) + "\n")


def figures(classifier: TrainedClassifier) -> Iterator[Row]:
    """Shares of fresh shapes named rightly and kept, and of rubbish set aside."""
    pictures, kinds = coloured_shapes(EACH, rng=np.random.default_rng(1))
    images, truth = torch.from_numpy(pictures).float() / 255, torch.from_numpy(kinds)
    probs = classifier(images).probs
    assert probs is not None  # this embedder has classes
    right = probs[:, :-1].argmax(dim=1) == truth
    yield row("fresh shapes", "named rightly", right, 0.95)
    yield row("fresh shapes", "kept", classifier.accepts(probs), 0.97)
    for groups, drawn in (("", garbage.PICTURES), ("held out: ", HELD_OUT)):
        for name, kind in drawn.items():
            found = kind(images, truth, EACH, Generator().manual_seed(2))
            yield row(f"{groups}{name.replace('_', ' ')}", "set aside", ~accepted(classifier, found), 0.95)


def pixel_shuffle(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """All pixels of a picture in one random order."""
    flat = images[:n].flatten(2)
    order = torch.rand(n, 1, flat.shape[2], generator=rng).argsort(dim=2).expand_as(flat)
    return flat.gather(2, order).view_as(images[:n])


def overlaid(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Two shapes on top of each other."""
    return torch.maximum(images[:n], images[torch.randint(len(images), (n,), generator=rng)])


def chimera(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """The upper half of one picture over the lower half of another."""
    half = images.shape[2] // 2
    other = images[torch.randint(len(images), (n,), generator=rng)]
    return torch.cat([images[:n, :, :half], other[:, :, half:]], dim=2)


def tiled(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Four small shapes in one picture."""
    small = functional.avg_pool2d(images[torch.randint(len(images), (4 * n,), generator=rng)], 2)
    rows = torch.cat([small[: 2 * n], small[2 * n :]], dim=3)
    return torch.cat([rows[:n], rows[n:]], dim=2)


def stripes(images: Tensor, labels: Tensor, n: int, rng: Generator) -> Tensor:
    """Coloured stripes of any direction."""
    down, across = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    angle, period = torch.rand(2, n, 1, 1, 1, generator=rng)
    wave = torch.sin(2 * torch.pi * (down * (3 * angle).sin() + across * (3 * angle).cos()) / (3 + 9 * period))
    return (0.5 + 0.5 * wave) * torch.rand(n, 3, 1, 1, generator=rng)


HELD_OUT: dict[str, garbage.Kind] = {kind.__name__: kind for kind in (pixel_shuffle, overlaid, chimera, tiled, stripes)}
"""Kinds that the classifier was never shown."""


def _shares(*shares: float) -> Pile:
    return lambda rng: coloured_shapes(JUDGED, rng=rng, shares=shares)[0]


PILES: dict[str, tuple[str, Pile]] = {
    "healthy": ("healthy", _shares(1, 1, 1, 1, 1, 1)),
    "no stars": ("partial_collapse", _shares(1, 1, 1, 1, 0, 1)),
    "stars at a fifth of their share": ("partial_collapse", _shares(1, 1, 1, 1, 0.2, 1)),
    "circles alone": ("collapse", _shares(1, 0, 0, 0, 0, 0)),
    "each picture ten times": (
        "partial_collapse",
        lambda rng: np.repeat(coloured_shapes(JUDGED // 10, rng=rng)[0], 10, axis=0),
    ),
    "one picture": ("collapse", lambda rng: np.repeat(coloured_shapes(1, rng=rng)[0], JUDGED, axis=0)),
    "noise": ("broken", lambda rng: rng.integers(0, 256, (JUDGED, 3, 32, 32), dtype=np.uint8)),
}
"""What is judged, and the verdict that is right."""


def verdicts(reference: Reference) -> Iterator[dict[str, Any]]:
    """How often each pile gets the right verdict, and what is found in it."""
    for name, (right, pile) in PILES.items():
        cards = [score(fake=pile(np.random.default_rng([seed, 9])), reference=reference) for seed in range(SEEDS)]
        found = sorted({f.name for card in cards for f in card.findings if f.status == "found"})
        hits = sum(card.verdict == right for card in cards)
        print(name, right, hits, found, flush=True)
        yield {"pile": name, "right": right, "hits": hits, "of": SEEDS, "found": ", ".join(found)}


def page(about: dict[str, Any]) -> list[str]:
    """The page, from what was measured alone."""
    training = about["training"]
    return [
        "# One's own classifier: how good, and are its verdicts right?",
        "",
        "Written by `reference-gans study own-data`; do not edit. The data are the coloured shapes of",
        f"[the page about your own data](../own_data.md): {PICTURES:,}, of which {training['n']:,} were learnt from, "
        f"{training['epochs']} times each; the",
        f"rest set the threshold of *none of them* ({about['threshold']:.3f}) and made the reference.",
        "",
        "## Verdicts",
        "",
        f"{JUDGED:,} samples a pile, {SEEDS} piles of each kind.",
        "",
        "| pile | right | so judged | found |",
        "| --- | --- | --- | --- |",
        *(
            f"| {one['pile']} | {one['right']} | {one['hits']} of {one['of']} | {one['found']} |"
            for one in about["verdicts"]
        ),
        "",
        "## Shares",
        "",
        "With exact 95 % intervals (Clopper-Pearson). Kinds marked *held out* were never shown to the classifier.",
        "",
        *table(about["rows"]),
    ]


if __name__ == "__main__":
    main()
