"""Who is measured against whom, on what, and what was promised?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from benchmarks import _floors, _ours, _theirs
from benchmarks._data import Arrays, Features, Pictures
from benchmarks._ours import Values

Prepare = Callable[[Arrays], Any]
Call = Callable[[Any], Values]

QUICK = Features(256, 16)
"""Features of ``--quick``: does everything run?"""


def as_they_are(arrays: Arrays) -> Arrays:
    """NumPy arrays, for those who want them."""
    return arrays


@dataclass(frozen=True)
class Row:
    """One program: what is made ready before the clock starts, and what is called while it runs."""

    name: str
    call: Call
    calls: str
    """The call in words, for the page."""
    prepare: Prepare = _ours.tensors
    package: str | None = None
    """The distribution on PyPI that it comes from; ``None`` is ours, or nobody's."""
    most: int = 99
    """Repetitions are cut to this, where one takes a minute and nothing hangs on its last digit."""


@dataclass(frozen=True)
class Comparison:
    """Ours against one of theirs, and what was promised."""

    ours: str
    theirs: str | None
    floor: str | None = None
    faster: float | None = None
    """Their median time divided by ours has to be at least this."""
    smaller: float | None = None
    """The same for memory."""
    fits: float | None = None
    """GB that the whole process, libraries and all, may take."""


@dataclass(frozen=True)
class Case:
    """One table: the data, the programs, the comparisons."""

    name: str
    title: str
    data: Features | Pictures
    quick: Features | Pictures
    rows: tuple[Row, ...]
    comparisons: tuple[Comparison, ...]

    def row(self, name: str) -> Row:
        """The row of this name."""
        return next(row for row in self.rows if row.name == name)


def floor(call: Call, name: str = "floor") -> Row:
    """A row that only does what nobody can leave out; its docstring says what."""
    return Row(name, call, (call.__doc__ or "").partition("\n")[0])


def _neighbours(n: int, dim: int) -> Case:
    return Case(
        f"neighbours-{n // 1000}k-{dim}",
        "All six neighbour metrics",
        Features(n, dim),
        QUICK,
        (
            Row("ours", _ours.neighbours, "`neighbour_metrics(real=, fake=, k=5)`, six metrics"),
            Row(
                "ours, fitted",
                _ours.neighbours,
                "`neighbour_metrics(real=balls, fake=, k=5)`; `balls = Balls.fit(real=, k=5)` made before",
                _ours.fitted,
            ),
            Row(
                "prdc",
                _theirs.prdc,
                "`compute_prdc(real, fake, nearest_k=5)`, four metrics, eight jobs of its own",
                as_they_are,
                "prdc",
            ),
            floor(_floors.three_products),
            floor(_floors.two_products_of_fitted, "floor, fitted"),
        ),
        (
            Comparison("ours", "prdc", "floor", faster=4, smaller=10),
            Comparison("ours, fitted", "prdc", "floor, fitted", faster=8, smaller=10),
        ),
    )


_LARGE = Case(
    "neighbours-50k-64",
    "All six neighbour metrics, memory",
    Features(50_000, 64),
    QUICK,
    (Row("ours", _ours.neighbours, "`neighbour_metrics(real=, fake=, k=5)`, six metrics", most=1),),
    (Comparison("ours", None, fits=1.5),),
)

_VENDI = Case(
    "vendi",
    "Vendi score",
    Features(10_000, 64),
    QUICK,
    (
        Row("ours", _ours.vendi, "`vendi_score(fake=)`"),
        Row("vendi-score, score_X", _theirs.vendi_of_rows, "`score_X(fake)`", as_they_are, "vendi-score", most=1),
        Row("vendi-score, score_dual", _theirs.vendi_dual, "`score_dual(fake)`", as_they_are, "vendi-score"),
        floor(_floors.one_covariance),
    ),
    (
        Comparison("ours", "vendi-score, score_X", "floor", faster=1000),
        Comparison("ours", "vendi-score, score_dual", "floor"),
    ),
)

_FRECHET = Case(
    "frechet",
    "Fréchet distance",
    Features(10_000, 2_048),
    QUICK,
    (
        Row("ours", _ours.frechet, "`frechet_distance(real=, fake=)`"),
        Row(
            "torch-fidelity",
            _theirs.frechet_of_torch_fidelity,
            "`fid_features_to_statistics` twice, `fid_statistics_to_metric`",
            package="torch-fidelity",
        ),
        Row(
            "torchmetrics",
            _theirs.frechet_of_torchmetrics,
            "`FrechetInceptionDistance(feature=identity)`, updates of 1,000 rows",
            package="torchmetrics",
        ),
        Row("clean-fid", _theirs.frechet_of_clean_fid, "`fid_from_feats(fake, real)`", as_they_are, "clean-fid"),
        Row("piq", _theirs.frechet_of_piq, "`FID()(fake, real)`", package="piq"),
        floor(_floors.two_covariances),
    ),
    tuple(
        Comparison("ours", peer, "floor", faster=1) for peer in ("torch-fidelity", "torchmetrics", "clean-fid", "piq")
    ),
)

_CLIPPED = Case(
    "clipped",
    "Clipped coverage",
    Features(10_000, 2_048),
    QUICK,
    (
        Row("ours", _ours.clipped_coverage, "`clipped_coverage(real=, fake=, k=5)`"),
        Row(
            "its authors' algorithm, re-enacted",
            _theirs.clipped_coverage_as_published,
            "`NearestNeighbors(n_jobs=8)` twice and the authors' table, in our words; their program is not on PyPI",
            as_they_are,
            "scikit-learn",
        ),
        floor(_floors.two_products_of_real),
    ),
    (Comparison("ours", "its authors' algorithm, re-enacted", "floor", faster=5),),
)

_KID = Case(
    "kid",
    "KID",
    Features(10_000, 2_048),
    QUICK,
    (
        Row("ours", _ours.kid, "`kid(real=, fake=)`, all pairs"),
        Row(
            "torch-fidelity",
            _theirs.kid_of_torch_fidelity,
            "`kid_features_to_metric`, 100 subsets of 1,000",
            package="torch-fidelity",
        ),
        Row(
            "torchmetrics",
            _theirs.kid_of_torchmetrics,
            "`KernelInceptionDistance(feature=identity)`, 100 subsets of 1,000",
            package="torchmetrics",
        ),
        Row(
            "clean-fid",
            _theirs.kid_of_clean_fid,
            "`kernel_distance(fake, real)`, 100 subsets of 1,000",
            as_they_are,
            "clean-fid",
        ),
        Row("piq", _theirs.kid_of_piq, "`KID()(fake, real)`, all pairs", package="piq"),
        floor(_floors.three_products),
    ),
    tuple(Comparison("ours", peer, "floor") for peer in ("torch-fidelity", "torchmetrics", "clean-fid", "piq")),
)

_SSIM = Case(
    "ssim",
    "Mean SSIM over all pairs",
    Pictures(500),
    Pictures(12, scribbled=True),
    (
        Row("ours", _ours.ssim, "`pairwise_ssim(pictures=)`"),
        Row("piq", _theirs.ssim_of_piq, "`ssim(x, y)` in batches of 1,000 pairs", package="piq"),
        Row(
            "torchmetrics",
            _theirs.ssim_of_torchmetrics,
            "`structural_similarity_index_measure(x, y)` in batches of 1,000 pairs",
            package="torchmetrics",
        ),
        floor(_floors.products_of_windows),
    ),
    (Comparison("ours", "piq", "floor", faster=3), Comparison("ours", "torchmetrics", "floor")),
)

CASES = {
    case.name: case
    for case in (
        _neighbours(10_000, 64),
        _neighbours(10_000, 512),
        _neighbours(10_000, 2_048),
        _neighbours(20_000, 64),
        _LARGE,
        _VENDI,
        _FRECHET,
        _CLIPPED,
        _KID,
        _SSIM,
    )
}
