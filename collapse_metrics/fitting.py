"""What is measured of real data, once? Modes, their shares and confusion, and how alike real pictures are."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics._checks import check_feature_sets
from collapse_metrics._registry import METRICS
from collapse_metrics.embed import Embedded
from collapse_metrics.metrics._neighbours import nearest
from collapse_metrics.stats.shares import confusion_of

LEAST_RIGHT = 0.5
"""A class has to be called rightly more often than this. Below, most of what is called that class is another one, and
taking the confusion back blows up chance more than it corrects."""

LEAST_KEPT = 0.5
"""Of real samples, the classifier has to take more than this for data. `off_manifold` is said where most samples are
not taken for it: by a reference of which that is true itself, nothing can be judged."""

BATCHES = 40
"""Batches of real pictures, each scored by the metrics of pictures: their mean is then as good as that of 800
pictures, without 319,600 comparisons."""

BATCH_ROWS = 20
"""Pictures in a batch: 190 pairs."""


def left_out(samples: Tensor, raw: Tensor, labels: Any, unseen: Tensor) -> tuple[Tensor, Tensor, Any]:
    """Samples, flat rows and labels without those that the embedder learnt from."""
    if bool(unseen.all()):
        return samples, raw, labels
    if labels is not None:
        given = np.asarray(labels)
        labels = given[unseen.numpy()] if given.shape == (len(samples),) else labels
    return samples[unseen], raw[unseen], labels


def score_batches(pictures: Tensor) -> dict[str, list[float]]:
    """What batches of real pictures score in each metric that sees nothing but pictures.

    A reference keeps no picture, so this is asked when it is fitted. A metric that real pictures of this size cannot
    be given (they may be too small for it) is left out.
    """
    batches = pictures[: BATCHES * BATCH_ROWS].split(BATCH_ROWS)
    full = [batch for batch in batches if len(batch) == BATCH_ROWS]
    found = {}
    for name, spec in METRICS.items():
        if spec.needs != {"pictures"}:
            continue
        try:
            found[name] = [float(spec.compute(pictures=batch)) for batch in full]
        except ValueError:
            continue
    return found


def find_centres(modes: Tensor | np.ndarray | int | None, features: Tensor, seed: int) -> Tensor | None:
    """Known centres as they are; a number of bins is found by k-means on the features."""
    if modes is None:
        return None
    if isinstance(modes, int):
        from sklearn.cluster import KMeans

        fitted = KMeans(modes, n_init=4, random_state=seed).fit(features.numpy())
        return torch.from_numpy(fitted.cluster_centers_).float()
    centres = torch.as_tensor(modes).float().contiguous()
    check_feature_sets(real=features, modes=centres)
    return centres


def call_modes(embedded: Embedded, centres: Tensor | None) -> Tensor:
    """Index of the mode that each sample is taken for: the likeliest class, the nearest centre, or the only one."""
    if embedded.probs is not None:
        return embedded.probs[:, :-1].argmax(dim=1)
    if centres is None:
        return torch.zeros(len(embedded.features), dtype=torch.long)
    return nearest(embedded.features, to=centres)[1]


def shares_and_confusion(
    called: Tensor, labels: Any, count: int, accepted: Tensor | None, *, parts: int = 1
) -> tuple[np.ndarray, np.ndarray | None]:
    """Reference share of each mode, and the confusion matrix where true labels are known.

    Both among accepted samples, as generated samples are counted.
    """
    calls = called.numpy()
    kept = np.ones(len(calls), dtype=bool) if accepted is None else accepted.numpy()
    if labels is None:
        return np.bincount(calls[kept], minlength=count) / max(1, kept.sum()), None
    truth = np.asarray(labels).astype(np.int64)
    if truth.shape != calls.shape or truth.min() < 0 or truth.max() >= count:
        raise ValueError(
            f"`labels` must be one class from 0 to {count - 1} for each of the {len(calls)} samples, got shape "
            f"{truth.shape} with values {truth.min()} to {truth.max()}."
        )
    table = np.zeros((count, count))
    np.add.at(table, (truth[kept], calls[kept]), 1.0)
    return table.sum(axis=1) / table.sum(), confusion_of(table, parts=parts)


def share_kept(accepted: Tensor) -> float:
    """Share of real samples that the classifier takes for data; few enough of them are an error."""
    kept = float(accepted.double().mean())
    if kept <= LEAST_KEPT:
        raise ValueError(
            f"real samples that the classifier takes for its data are needed, got {1 - kept:.0%} that it does not: "
            "check `value_range=` and that the ink is light on dark as in what it learnt, or train one of these data "
            "with `collapse-metrics train-classifier`."
        )
    return kept


def check_confusion(confusion: np.ndarray | None, modes: tuple[str, ...]) -> None:
    """Require that every class is called rightly more often than not."""
    if confusion is None:
        return
    right = np.diag(confusion)
    hardly = [f"{modes[k]} ({right[k]:.0%})" for k in np.flatnonzero(right <= LEAST_RIGHT)]
    if hardly:
        raise ValueError(
            f"classes that are called rightly more often than not are needed, got {', '.join(hardly[:5])}: train the "
            "classifier longer or on more samples, or join these classes with those that they are taken for."
        )
