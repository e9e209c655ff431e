"""How good is the packaged classifier of clothes, and what does it let through? Training, and every figure about it.

``python -m reference_gans.studies.fashion_classifier --data-root DIR`` trains it (about twenty minutes on one core),
writes weights and reference into ``collapse_metrics`` and the figures into ``docs/studies``;
``--evaluate-only`` measures the shipped weights.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Generator, Tensor

from collapse_metrics.embed._networks import ConvNetwork
from collapse_metrics.embed.fashion import GARMENTS, WEIGHTS, FashionClothes
from collapse_metrics.embed.trained import FORMAT, TrainedClassifier
from collapse_metrics.evaluate import score
from collapse_metrics.learning import examined
from collapse_metrics.reference import PACKAGED, Reference
from reference_gans.fixtures.families import of_pictures
from reference_gans.fixtures.pictures import real_clothes
from reference_gans.studies import DOCS
from reference_gans.studies._accepted import Row, accepted, row, table
from reference_gans.studies._fashion_training import (
    CONVOLUTIONS,
    FEATURES,
    LOOKS,
    NONE,
    moved,
    restyled,
    train_classifier,
)
from reference_gans.studies._garbage import TRAINED, Digits
from reference_gans.studies._held_out_garbage import HELD_OUT
from reference_gans.studies._young_gans import gan_samples
from reference_gans.studies.digit_classifier import load

UNSEEN, REFERENCE = slice(0, 6000), slice(6000, 12_000)
"""Rows of the training file that the classifier never saw: the first set its threshold, the second become the packaged
reference. It learns from the rows after them."""

EACH = 2000
"""Pictures of each kind of garbage in the examination."""

JUDGED = 2000
"""Samples of each fixture that is judged."""

WANTED = 0.925
"""Share of the 10,000 test pictures that has to be named rightly: what was asked of this classifier."""


def main() -> None:
    """Train unless told not to, then measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-root", type=Path, required=True, help="folder with MNIST/raw and FashionMNIST/raw")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--evaluate-only", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)  # results of a seed depend on the number of threads
    every = load(options.data_root, "FashionMNIST", "train")
    if not options.evaluate_only:
        began = time.perf_counter()
        network = train_classifier(
            Digits(every.images[REFERENCE.stop :], every.labels[REFERENCE.stop :]),
            load(options.data_root, "MNIST", "train").images,
            epochs=options.epochs,
            seed=options.seed,
            say=lambda s: print(f"{time.perf_counter() - began:6.0f} s  {s}", flush=True),
        )
        pack(network, every, epochs=options.epochs, seed=options.seed)
    write_reference(every)  # also without training: what a reference holds may have changed
    write(options.data_root, every)


def pack(network: ConvNetwork, every: Digits, *, epochs: int, seed: int) -> None:
    """The packaged file: half-precision weights, the threshold that unseen rows set, and the confusion on them."""
    about: dict[str, Any] = {
        "format": FORMAT,
        "kind": "pictures",
        "name": "fashion_mnist",
        "modes": list(GARMENTS),
        "shape": [1, 28, 28],
        "network": {"convolutions": [list(c) for c in CONVOLUTIONS], "features": FEATURES, "classes": NONE},
        "threshold": 1.0,
        "value_range": [0, 1],
        "training": {"n": len(every.images) - REFERENCE.stop, "epochs": epochs, "seed": seed},
    }
    weights = {name: w.half().contiguous() for name, w in network.state_dict().items()}
    unseen = examined(TrainedClassifier(about, weights), every.images[UNSEEN], every.labels[UNSEEN])
    unseen.save(WEIGHTS)


def write_reference(every: Digits) -> None:
    """The packaged reference: features, shares, confusion and radii of clothes the classifier never saw."""
    Reference.fit(
        real=every.images[REFERENCE],
        labels=every.labels[REFERENCE],
        embedder=FashionClothes(),
        value_range=(0, 1),
        name="fashion_mnist",
    ).save(PACKAGED / "fashion_mnist.safetensors")


def figures(data_root: Path, every: Digits, test: Digits) -> Iterator[Row]:
    """Every share, with its exact interval."""
    embed = FashionClothes()
    probs = embed(test.images).probs
    assert probs is not None  # this embedder has classes
    right = probs[:, :-1].argmax(dim=1) == test.labels
    yield row("test clothes", "named rightly", right, WANTED)
    yield row("test clothes", "kept", embed.accepts(probs), 0.98)
    for label, garment in enumerate(GARMENTS):
        yield row(f"test pictures: {garment}", "named rightly", right[test.labels == label], None)
        yield row(f"test pictures: {garment}", "kept", embed.accepts(probs)[test.labels == label], None)
    rng = Generator().manual_seed(1)
    for look in LOOKS:
        yield row(f"{look.__name__} test clothes", "kept", accepted(embed, look(test.images, rng)), None)
    yield row("moved, mirrored and varied", "kept", accepted(embed, restyled(moved(test.images, rng), rng)), None)
    learnt = every.images[REFERENCE.stop :][:20_000]
    for step, pictures in gan_samples(learnt, kind="conv", seed=100, at=(10, 400, 800), n=EACH, width=12).items():
        yield row(f"DCGAN of another seed at step {step}", "kept", accepted(embed, pictures), None)
    speckle = gan_samples(learnt, kind="mlp", seed=100, at=(200, 300), n=EACH, g_steps=10)
    for step, pictures in speckle.items():
        what = f"speckle of a collapsed MLP GAN of another seed, step {step}"
        yield row(what, "set aside", ~accepted(embed, pictures), 0.98)
    digits = load(data_root, "MNIST", "test").images
    yield row("digits (test part of MNIST)", "set aside", ~accepted(embed, digits), 0.98)
    for group, kinds in (("", TRAINED), ("held out: ", HELD_OUT)):
        for name, kind in kinds.items():
            pictures = kind(test, EACH, Generator().manual_seed(2))
            yield row(f"{group}{name.replace('_', ' ')}", "set aside", ~accepted(embed, pictures), 0.98)


def confusion(test: Digits) -> Tensor:
    """Of each garment among the test pictures that are kept, the share called each name."""
    embed = FashionClothes()
    probs = embed(test.images).probs
    assert probs is not None  # this embedder has classes
    kept, called = embed.accepts(probs), probs[:, :-1].argmax(dim=1)
    counts = torch.zeros(NONE, NONE)
    counts.index_put_((test.labels[kept], called[kept]), torch.ones(1), accumulate=True)
    return counts / counts.sum(dim=1, keepdim=True)


def verdicts(data_root: Path) -> Iterator[dict[str, str]]:
    """What is said of every fixture made of the test pictures, against the packaged reference."""
    reference = Reference.named("fashion-mnist")
    for fixture in of_pictures(real_clothes(data_root)):
        drawn = fixture.draw(min(JUDGED, fixture.most or JUDGED), Generator().manual_seed(3))
        card = score(fake=drawn, reference=reference, value_range=(0, 1), train=fixture.train)
        found = ", ".join(f.name for f in card.findings if f.status == "found")
        says = {"fixture": fixture.name, "right": fixture.verdict or "", "verdict": str(card.verdict), "found": found}
        print(says, flush=True)
        yield says


def write(data_root: Path, every: Digits) -> None:
    """The figures as JSON and as a page of Markdown."""
    DOCS.mkdir(parents=True, exist_ok=True)
    test = load(data_root, "FashionMNIST", "test")
    clothes = TrainedClassifier.load(WEIGHTS)
    about: dict[str, Any] = {
        "weights": clothes.fingerprint,
        "bytes": WEIGHTS.stat().st_size,
        "threshold": clothes.threshold,
        "rows": list(figures(data_root, every, test)),
        "confusion": confusion(test).tolist(),
        "verdicts": list(verdicts(data_root)),
    }
    (DOCS / "fashion_classifier.json").write_text(json.dumps(about, indent=1) + "\n")
    (DOCS / "fashion_classifier.md").write_text("\n".join(page(about)) + "\n")


def page(about: dict[str, Any]) -> list[str]:
    """The page, from what was measured alone."""
    judged = about["verdicts"]
    sure = [one for one in judged if one["right"]]
    right = sum(one["right"] == one["verdict"] for one in sure)
    short = [name.split("/")[0][:8] for name in GARMENTS]
    return [
        "# What the packaged classifier of clothes knows, and what it lets through",
        "",
        "Written by `python -m reference_gans.studies.fashion_classifier`; do not edit. Shares with exact 95 % intervals",
        f"(Clopper-Pearson). Weights `{about['weights']}`, {about['bytes']:,} bytes; a picture counts as a garment when its",
        f"probability of being none is below {about['threshold']:.3f}. Test clothes: Fashion-MNIST's 10,000. It learnt from",
        "rows 12,000 to 59,999 of the training file, with fixed seeds; rows 0 to 5,999 set the threshold, rows 6,000 to 11,999",
        "are the packaged reference. Kinds marked *held out* were never shown to it.",
        "",
        "## Which garment is taken for which",
        "",
        "Rows are true, columns called, in per cent of the test pictures that are kept.",
        "",
        "| | " + " | ".join(short) + " |",
        "| --- |" + " ---: |" * len(short),
        *(
            f"| {GARMENTS[true]} | " + " | ".join(f"{100 * share:.1f}" if share else "" for share in shares) + " |"
            for true, shares in enumerate(about["confusion"])
        ),
        "",
        "## Verdicts against the packaged reference",
        "",
        f"{JUDGED} samples of each fixture of `reference_gans.fixtures`, made of the test pictures. Of {len(sure)} with one right",
        f"verdict {right} get it; the severity of the others lies between two words.",
        "",
        "| fixture | right | verdict | found |",
        "| --- | --- | --- | --- |",
        *(f"| {one['fixture']} | {one['right']} | {one['verdict']} | {one['found']} |" for one in judged),
        "",
        "## Shares",
        "",
        *table(about["rows"]),
    ]


if __name__ == "__main__":
    main()
