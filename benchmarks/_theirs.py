"""What do we call of others? Their public functions, on the same arrays, with the settings that they come with."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks._data import Arrays
from benchmarks._ours import K, Values

BATCH = 1_000
"""Rows or pairs at a time, where a library is fed in batches."""

SUBSET = 1_000
"""Rows of a subset: what all three have as their default for the kernel distance."""


def prdc(data: Arrays) -> Values:
    """Precision, recall, density and coverage; it starts eight jobs of its own."""
    from prdc import compute_prdc

    scores = compute_prdc(real_features=data["real"], fake_features=data["fake"], nearest_k=K)
    return {name: float(score) for name, score in scores.items()}


def vendi_of_rows(data: Arrays) -> Values:
    """Eigenvalues of the (n, n) kernel."""
    from vendi_score import vendi

    return {"vendi_score": float(vendi.score_X(data["fake"]))}


def vendi_dual(data: Arrays) -> Values:
    """Eigenvalues of the (d, d) matrix; the user has to know that this is the same."""
    from vendi_score import vendi

    return {"vendi_score": float(vendi.score_dual(data["fake"]))}


def frechet_of_torch_fidelity(data: dict[str, Any]) -> Values:
    """Its two steps on features."""
    from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric

    real, fake = fid_features_to_statistics(data["real"]), fid_features_to_statistics(data["fake"])
    return {"frechet_distance": fid_statistics_to_metric(fake, real, verbose=False)["frechet_inception_distance"]}


def frechet_of_torchmetrics(data: dict[str, Any]) -> Values:
    """Its metric with a feature network that changes nothing."""
    from torchmetrics.image.fid import FrechetInceptionDistance

    metric = FrechetInceptionDistance(feature=_identity(data["real"].shape[1]))
    return {"frechet_distance": _fed(metric, data).compute().item()}


def frechet_of_clean_fid(data: Arrays) -> Values:
    """Its function for two sets of features."""
    from cleanfid.fid import fid_from_feats

    return {"frechet_distance": float(fid_from_feats(data["fake"], data["real"]))}


def frechet_of_piq(data: dict[str, Any]) -> Values:
    """Its metric on features; the root is iterated to 1e-5."""
    from piq import FID

    return {"frechet_distance": FID()(data["fake"], data["real"]).item()}


def kid_of_torch_fidelity(data: dict[str, Any]) -> Values:
    """100 subsets of 1,000."""
    from torch_fidelity.metric_kid import kid_features_to_metric

    size = min(SUBSET, len(data["real"]))
    scores = kid_features_to_metric(data["fake"], data["real"], kid_subset_size=size, verbose=False)
    return {"kid": scores["kernel_inception_distance_mean"]}


def kid_of_torchmetrics(data: dict[str, Any]) -> Values:
    """100 subsets of 1,000."""
    from torchmetrics.image.kid import KernelInceptionDistance

    n, dim = data["real"].shape
    metric = KernelInceptionDistance(feature=_identity(dim), subset_size=min(SUBSET, n))
    return {"kid": _fed(metric, data).compute()[0].item()}


def kid_of_clean_fid(data: Arrays) -> Values:
    """100 subsets of 1,000."""
    from cleanfid.fid import kernel_distance

    return {"kid": kernel_distance(data["fake"], data["real"])}


def kid_of_piq(data: dict[str, Any]) -> Values:
    """All pairs, like ours."""
    from piq import KID

    return {"kid": KID()(data["fake"], data["real"]).item()}


def ssim_of_piq(data: dict[str, Any]) -> Values:
    """All pairs in batches; the loop over pairs is the user's."""
    import piq

    return _mean_over_pairs(data["pictures"], lambda x, y: piq.ssim(x, y, reduction="sum"))


def ssim_of_torchmetrics(data: dict[str, Any]) -> Values:
    """All pairs in batches; it counts the padded border too, so the mean is another one."""
    from torchmetrics.functional.image import structural_similarity_index_measure as measure

    return _mean_over_pairs(data["pictures"], lambda x, y: measure(x, y, data_range=1.0, reduction="sum"))


def clipped_coverage_as_published(data: Arrays) -> Values:
    """The authors' algorithm, told again: scikit-learn's neighbours, then their quadratic table of expectations.

    Salvy, Talbot, Thirion: *Enhanced Generative Model Evaluation with Clipped Density and Coverage*, ICLR 2026.
    Their program is not on PyPI. The calls to scikit-learn, its eight jobs and the table in logarithms are theirs.
    """
    from sklearn.neighbors import NearestNeighbors

    real, fake = data["real"], data["fake"]
    to_real = NearestNeighbors(n_neighbors=K + 1, n_jobs=8).fit(real).kneighbors(real)[0]
    to_fake = NearestNeighbors(n_neighbors=K, n_jobs=8).fit(fake).kneighbors(real)[0]
    share = np.mean(to_fake < to_real[:, -1:])
    expected = expected_share(len(real), len(fake))
    return {"clipped_coverage": float(np.searchsorted(expected, share) / len(expected))}


def expected_share(n: int, m: int) -> NDArray[np.float64]:
    """Mean share of K neighbours inside the ball, when 0, 1, ... m of the generated samples are good.

    The mass of a ball is Beta(K, n - K), so the number of good samples in it is beta-binomial.
    """
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, n + m + 1)))])
    whole = log_factorial[K - 1] + log_factorial[n - K - 1] - log_factorial[n - 1]
    shares = np.zeros(m + 1)
    for good in range(K, m + 1):
        inside = np.arange(1, good + 1)
        ways = log_factorial[good] - log_factorial[inside] - log_factorial[good - inside]
        mass = log_factorial[K + inside - 1] + log_factorial[n + good - K - inside - 1] - log_factorial[n + good - 1]
        shares[good] = np.exp(np.logaddexp.reduce(np.log(np.minimum(inside, K)) + ways + mass - whole)) / K
    return shares


def _identity(dim: int) -> Any:
    """A feature network that hands features through, as torchmetrics wants it."""
    import torch

    network = torch.nn.Identity()
    network.num_features = dim
    return network


def _fed(metric: Any, data: dict[str, Any]) -> Any:
    """The metric after all updates."""
    for batch in data["real"].split(BATCH):
        metric.update(batch, real=True)
    for batch in data["fake"].split(BATCH):
        metric.update(batch, real=False)
    return metric


def _mean_over_pairs(pictures: Any, summed: Any) -> Values:
    total, pairs = 0.0, 0
    for first, second in _pairs(len(pictures)):
        total += float(summed(pictures[first][:, None], pictures[second][:, None]))
        pairs += len(first)
    return {"ssim": total / pairs, "pairs": float(pairs)}


def _pairs(n: int) -> Iterator[tuple[Any, Any]]:
    """All pairs of different pictures, each once, in batches."""
    import torch

    first, second = torch.triu_indices(n, n, offset=1)
    yield from zip(first.split(BATCH), second.split(BATCH), strict=True)
