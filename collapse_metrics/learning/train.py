"""Can named modes be counted on my own data? A small classifier, tried on samples that it never learnt from."""

import hashlib
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor

from collapse_metrics.embed.pictures import to_unit_range
from collapse_metrics.embed.rows import as_tensor
from collapse_metrics.embed.trained import FORMAT, TrainedClassifier, hashes
from collapse_metrics.learning import garbage, looks
from collapse_metrics.learning._loop import Batch, learn
from collapse_metrics.learning._networks import LearningConv, LearningRows

FEWEST_OF_A_CLASS = 20
"""Samples of a class at least: a third is held out, and seven samples say little enough about a class."""

HELD_OUT = 1 / 3
"""Share of each class that the classifier never learns from: it sets the threshold, and a reference is fitted on it.
A third leaves 200 rows, the fewest of a reference, from 600 samples on."""

KEPT = 0.99
"""Share of held-out samples that the threshold accepts, as ``REAL_KEPT`` of a reference without classes."""

STRICTEST = 0.05
"""The threshold goes no lower: there the classifier of digits was measured (docs/studies/digit_classifier.md)."""

SHOWN = 60_000
"""Samples shown in all, where ``epochs`` is left out: a minute or two on a core for pictures of 32 x 32."""

BATCH, RUBBISH = 32, 16
"""Samples of the data in a step, and of what is none. Small data sets need steps more than they need large batches."""

FEATURES = 64
"""Width of the feature layer."""

WIDTHS = (16, 32, 32, 64, 64, 128)
"""Channels of the convolutions; every other one halves the sides."""

HIDDEN = (128, 128)
"""Widths of the hidden layers for rows."""


def train_classifier(
    *,
    real: Any,
    labels: Any,
    names: Sequence[str] | None = None,
    value_range: tuple[float, float] | None = None,
    mirror: bool = False,
    epochs: int | None = None,
    held_out: float = HELD_OUT,
    name: str = "yours",
    seed: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> TrainedClassifier:
    """Train a small classifier on labelled samples, as the embedder of a reference.

    It learns the classes, a class "none of them" from rubbish made of the data, and to redraw a sample from its
    features, so that samples of one class that look different lie apart. The held-out part of every class is never
    learnt from: it sets the threshold of "none of them" and gives the table of confusions.

    Args:
        real: Pictures ``(n, h, w)`` or ``(n, channels, h, w)`` of 8 x 8 or more, or rows ``(n, dim)``.
        labels: The class of each sample: numbers or words.
        names: Names of the classes where labels are numbers from 0 on; left out, the labels themselves.
        value_range: What black and white are in pictures.
        mirror: Whether a mirrored picture is of the same class.
        epochs: Times that every sample is met; left out, as often as makes 60,000 samples, 8 times at least.
        held_out: Share of each class that is never learnt from.
        name: Of the embedder, shown in reports.
        seed: Of the split, the first weights and all that is drawn: the same seed gives the same file on one machine.
        say: Takes lines about the progress.

    Returns:
        The classifier; ``save`` writes it to a file, ``Reference.fit(real=..., labels=..., embedder=it)`` uses it.

    Raises:
        ValueError: If there are fewer than two classes, or too few samples of one, or labels do not fit the samples.
    """
    samples = as_tensor(real)
    pictures = samples.ndim > 2
    if pictures:
        samples, value_range = to_unit_range(samples, value_range)
    truth, modes = classes_of(labels, len(samples), names)
    samples = _checked(samples.float(), truth, modes, held_out, epochs)
    rng = Generator().manual_seed(seed)
    learnt = split(truth, held_out, rng)
    network, sizes = _network(samples[learnt], len(modes), seed)
    n = int(learnt.sum())
    epochs = epochs or max(8, math.ceil(SHOWN / n))
    batch_of = _batches(samples[learnt], truth[learnt], mirror=mirror, classes=len(modes))
    network = learn(network, batch_of, n=n, batch=min(BATCH, n), epochs=epochs, rng=rng, say=say).folded()
    kind = torch.float16 if pictures else torch.float32  # columns of a table may be 1000 +- 0.1
    weights = {key: value.to(kind).contiguous() for key, value in network.state_dict().items()}
    about: dict[str, Any] = {
        "format": FORMAT,
        "kind": "pictures" if pictures else "rows",
        "name": name,
        "modes": list(modes),
        "shape": list(samples.shape[1:]),
        "network": sizes,
        "threshold": 1.0,
        "value_range": None if value_range is None else list(value_range),
        "training": {"n": n, "epochs": epochs, "seed": seed, "mirror": mirror, "data": data_fingerprint(samples)},
    }
    seen = hashes(samples[learnt]).unique()
    apart = ~learnt & ~torch.isin(hashes(samples), seen)  # a copy of a learnt sample is no held-out one
    return examined(TrainedClassifier(about, weights, seen=seen), samples[apart], truth[apart])


def examined(classifier: TrainedClassifier, samples: Tensor, truth: Tensor) -> TrainedClassifier:
    """The same classifier with the threshold that held-out samples set, and with what it scored on them."""
    probs = classifier(samples).probs
    assert probs is not None  # this embedder has classes
    threshold = min(1.0, max(STRICTEST, float(probs[:, -1].quantile(KEPT)) + 1e-6))
    accepted, called = probs[:, -1] < threshold, probs[:, :-1].argmax(dim=1)
    table = torch.zeros(len(classifier.modes), len(classifier.modes), dtype=torch.long)
    table.index_put_((truth[accepted], called[accepted]), torch.ones(1, dtype=torch.long), accumulate=True)
    held_out = {
        "n": len(samples),
        "named_rightly": float((called == truth).double().mean()),
        "kept": float(accepted.double().mean()),
        "confusion": table.tolist(),
    }
    about, weights = classifier.described()
    return TrainedClassifier(about | {"threshold": threshold, "held_out": held_out}, weights, seen=classifier.seen)


def classes_of(labels: Any, n: int, names: Sequence[str] | None = None) -> tuple[Tensor, tuple[str, ...]]:
    """Labels as numbers from 0 on, and the names of the classes in the order of these numbers."""
    given = labels.cpu().numpy() if isinstance(labels, Tensor) else np.asarray(labels)
    if given.shape != (n,):
        raise ValueError(f"`labels` must be one class for each of the {n} samples, got shape {given.shape}.")
    if given.dtype.kind == "f" and not (given == np.round(given)).all():
        raise ValueError("`labels` must be whole numbers or words, got fractions: name the column of the classes.")
    given = given.astype(np.int64) if given.dtype.kind in "fbui" else given.astype(str)
    if names is None:
        found, numbers = np.unique(given, return_inverse=True)
        return torch.from_numpy(numbers.reshape(-1).astype(np.int64)), tuple(str(value) for value in found)
    if given.dtype.kind == "U":
        unknown = sorted(set(given.tolist()) - set(names))
        if unknown:
            raise ValueError(f"`labels` must be among {list(names)}, got {unknown[:5]}: leave these samples out.")
        return torch.tensor([list(names).index(value) for value in given.tolist()]), tuple(names)
    if given.min() < 0 or given.max() >= len(names):
        raise ValueError(
            f"`labels` must be 0 to {len(names) - 1}, one for each of {len(names)} names, "
            f"got {given.min()} to {given.max()}."
        )
    return torch.from_numpy(given), tuple(names)


def split(truth: Tensor, held_out: float, rng: Generator) -> Tensor:
    """Which samples are learnt from: all but a share of each class."""
    learnt = torch.ones(len(truth), dtype=torch.bool)
    for mode in truth.unique():
        rows = torch.nonzero(truth == mode).flatten()
        learnt[rows[torch.randperm(len(rows), generator=rng)[: math.ceil(held_out * len(rows))]]] = False
    return learnt


def data_fingerprint(samples: Tensor) -> str:
    """A short hash of all samples, in their order."""
    return hashlib.sha256(samples.contiguous().numpy().tobytes()).hexdigest()[:16]


def _checked(samples: Tensor, truth: Tensor, modes: Sequence[str], held_out: float, epochs: int | None) -> Tensor:
    if not torch.isfinite(samples).all():
        raise ValueError("`real` must be finite, got NaN or infinity: leave these samples out.")
    if samples.ndim == 4 and min(samples.shape[2:]) < 8:
        raise ValueError(
            f"pictures of at least 8 x 8 are needed, got {tuple(samples.shape[2:])}: flatten them to rows."
        )
    counts = torch.bincount(truth, minlength=len(modes))
    few = [f"{mode} ({count})" for mode, count in zip(modes, counts.tolist(), strict=True) if count < FEWEST_OF_A_CLASS]
    if len(modes) < 2 or few:
        got = f"too few of {', '.join(few[:5])}" if few else f"{len(modes)} class"
        raise ValueError(
            f"two classes of {FEWEST_OF_A_CLASS} samples or more are needed, got {got}: add samples or join classes."
        )
    if not 0.1 <= held_out <= 0.9:
        raise ValueError(f"`held_out` must be a share from 0.1 to 0.9, got {held_out}.")
    if epochs is not None and epochs < 1:
        raise ValueError(f"`epochs` must be 1 or more, got {epochs}.")
    return samples


def _network(samples: Tensor, classes: int, seed: int) -> tuple[Any, dict[str, Any]]:
    """A learning network for samples of this shape, and its sizes for the description."""
    sizes: dict[str, Any] = {"features": FEATURES, "classes": classes}
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # of the fork alone; torch.manual_seed would seed GPUs too
        if samples.ndim == 4:
            channels, height, width = samples.shape[1:]
            ins = (channels, *WIDTHS[:-1])
            convolutions = [[i, o, 3, 1 + index % 2] for index, (i, o) in enumerate(zip(ins, WIDTHS, strict=True))]
            network: Any = LearningConv(
                convolutions=[(i, o, k, s) for i, o, k, s in convolutions],
                height=height,
                width=width,
                features=FEATURES,
                classes=classes,
            ).to(memory_format=torch.channels_last)
            return network, sizes | {"convolutions": convolutions}
        spread = samples.std(dim=0)
        spread = torch.where(spread > 0, spread, torch.ones(()))
        network = LearningRows(
            centre=samples.mean(dim=0), scale=spread, hidden=HIDDEN, features=FEATURES, classes=classes
        )
    return network, sizes | {"hidden": list(HIDDEN)}


def _batches(samples: Tensor, truth: Tensor, *, mirror: bool, classes: int) -> Callable[[Tensor, Generator], Batch]:
    """What one step learns from: varied pictures, or rows as they are, and as much rubbish as half of them."""
    pictures = samples.ndim == 4
    kinds = garbage.PICTURES if pictures else garbage.ROWS
    centre, spread = samples.mean(dim=0), samples.std(dim=0).clamp_min(1e-12)

    def batch_of(rows: Tensor, rng: Generator) -> Batch:
        plain = looks.moved(samples[rows], rng, mirror=mirror) if pictures else samples[rows]
        shown = looks.restyled(plain, rng) if pictures else plain
        none = garbage.draw(kinds, samples, truth, RUBBISH, rng)
        labels = torch.cat([truth[rows], torch.full((len(none),), classes)])
        return Batch(torch.cat([shown, none]), labels, plain if pictures else (plain - centre) / spread)

    return batch_of
