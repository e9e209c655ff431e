"""Which of fifteen published sanity checks does each metric of fidelity and diversity pass?

``reference-gans study sanity_checks`` asks every registered metric of feature rows, and writes
``docs/studies/sanity_checks.md``. The checks are those of Räisä, van Breugel and van der Schaar, "Position: All
Current Generative Fidelity and Diversity Metrics are Flawed", ICML 2025, https://arxiv.org/abs/2505.22450,
made again from their description.
"""

import inspect
import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch

import collapse_metrics.metrics  # noqa: F401  (registers the metrics)
from collapse_metrics._registry import METRICS, MetricSpec
from reference_gans.studies import _lines
from reference_gans.studies._criteria import BOUNDS, DEMANDS, ROUNDED, Verdict, together
from reference_gans.studies._lines import Line
from reference_gans.studies._sanity_page import page

REPEATS = 10
"""Draws of every situation, as in the paper."""

REPEATS_OF_MANY = 3
"""Draws where the number of samples moves, up to 4,832: scores of so many scatter little."""

LINES: tuple[Callable[[], Iterator[Line]], ...] = (
    _lines.mean_difference,
    _lines.mean_difference_with_outlier,
    _lines.mean_difference_with_pareto,
    _lines.spread_difference,
    _lines.simultaneous_dropping,
    _lines.sequential_dropping,
    _lines.dropping_and_invention,
    _lines.two_modes_as_one,
    _lines.sphere_surface,
    _lines.ball_and_torus,
    _lines.cube_sizes,
    _lines.cube_fake_sizes,
    _lines.one_dimension_scaled,
    _lines.one_disjoint_dimension,
    _lines.rounded_values,
)
"""The fifteen checks."""

PAPER_K = {"precision": 3, "recall": 3}
"""Neighbours in the paper's experiments; its rule for density and coverage gives 5, which is our default."""

FIDELITY = frozenset({"precision", "density", "clipped_density"})
"""Metrics that ask whether samples are like the data and nothing else; a metric that is not here asks for diversity,
or, where less is better, for the distance of two laws, which mixes both."""

FLAT_WITHIN = 5.0
"""Standard errors that the worst place of a line must lie below fresh real data to count as a fall at all, for scores
without an end: their own range is their scale, and pure chance would otherwise be blown up to a shape."""

OTHER = 1000
"""Added to the number of a draw: a second set of fresh real data, for metrics that compare with such a set."""

Curves = dict[str, dict[str, list[float]]]
"""By metric: mean score ``mean`` and its standard error ``error`` at each place, and ``real``, that of fresh data."""


def asked() -> dict[str, MetricSpec]:
    """Every registered metric that feature rows of real and generated samples suffice for; no p-values."""
    return {
        name: spec
        for name, spec in METRICS.items()
        if "fake" in spec.needs and spec.needs <= {"real", "fake", "fresh"} and not spec.is_test
    }


def kind_of(spec: MetricSpec) -> str:
    """What a metric is for: ``fidelity``, ``diversity``, or ``both`` at once."""
    if spec.name in FIDELITY:
        return "fidelity"
    return "both" if "real" in spec.needs and not spec.higher_is_better else "diversity"


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Ask every metric at every place of every line, judge, and write; what is stored already is not asked again.

    Args:
        data_root: Not used; every study takes it.
        quick: One draw of one small line a check, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    began, specs = time.perf_counter(), asked()
    where = out or (None if quick else DOCS)
    stored = where / "sanity_checks.json" if where else None
    kept: dict[str, Any] = json.loads(stored.read_text()) if stored and stored.exists() else {}
    for line in [line for lines in LINES for line in islice(lines(), 1 if quick else None)]:
        row = kept.setdefault(line.name, {"check": line.check, "case": line.case, "xs": list(line.xs), "curves": {}})
        missing = {name: spec for name, spec in specs.items() if name not in row["curves"]}
        if not missing:
            continue
        repeats = 1 if quick else REPEATS_OF_MANY if line.xs == _lines.SIZES else REPEATS
        row["curves"].update(measure(small(line) if quick else line, missing, repeats))
        print(f"{time.perf_counter() - began:7.0f} s  {line.name}, {len(missing)} metrics", flush=True)
        if stored:
            stored.parent.mkdir(parents=True, exist_ok=True)
            stored.write_text(json.dumps(kept, sort_keys=True) + "\n")
    if where:
        (where / "sanity_checks.md").write_text("\n".join(report(list(kept.values()), specs)) + "\n")


def report(rows: list[dict[str, Any]], specs: dict[str, MetricSpec]) -> Iterator[str]:
    """The page that tells these rows."""
    kinds = {name: kind_of(spec) for name, spec in specs.items()}
    as_it_stands = {name: verdicts(rows, spec, beside_real=False) for name, spec in specs.items() if _ends(spec)}
    beside_real = {name: verdicts(rows, spec, beside_real=True) for name, spec in specs.items()}
    draws = (REPEATS, REPEATS_OF_MANY)
    return page(kinds, as_it_stands, beside_real, draws, sorted(set(METRICS) - set(specs)))


def small(line: Line, n: int = 30) -> Line:
    """The same line with so few rows that it takes no time; what it shows means nothing."""
    return replace(line, n_real=lambda x: n, n_fake=lambda x: n)


def measure(line: Line, specs: dict[str, MetricSpec], repeats: int) -> Curves:
    """Every metric at every place of a line, and for fresh real data in place of the generated rows."""
    found: dict[str, list[list[float]]] = {name: [] for name in specs}
    perfect: dict[str, list[list[float]]] = {name: [] for name in specs}
    for repeat in range(repeats):
        for name in specs:
            found[name].append([])
            perfect[name].append([])
        for x in line.xs:
            real, fake, fresh = (torch.from_numpy(rows) for rows in line.draw(x, repeat))
            other = torch.from_numpy(line.draw(x, repeat + OTHER)[2])
            same = not line.real_moves and line.n_fake(x) == line.n_fake(line.xs[0]) and x != line.xs[0]
            for name, spec in specs.items():
                found[name][-1].append(_ask(spec, {"real": real, "fake": fake, "fresh": fresh}))
                data = {"real": real, "fake": fresh, "fresh": other}
                perfect[name][-1].append(perfect[name][-1][0] if same else _ask(spec, data))
    return {name: _summary(np.array(found[name]), np.array(perfect[name])) for name in specs}


def _ask(spec: MetricSpec, data: dict[str, torch.Tensor]) -> float:
    options: dict[str, Any] = {}
    if spec.name in PAPER_K and "k" in inspect.signature(spec.compute).parameters:
        options["k"] = PAPER_K[spec.name]
    try:
        return spec.compute(**{name: data[name] for name in spec.needs}, **options)
    except ValueError:
        return math.nan  # refused: counts as a failure of this check


def _summary(found: np.ndarray, perfect: np.ndarray) -> dict[str, list[float]]:
    error = np.zeros(found.shape[1])
    if len(found) > 1:
        with np.errstate(invalid="ignore"):  # some scores are without end
            error = np.sqrt((found.var(axis=0, ddof=1) + perfect.var(axis=0, ddof=1)) / len(found))
    curve = {"mean": found.mean(axis=0), "error": error, "real": perfect.mean(axis=0)}
    return {key: [_short(v) for v in values] for key, values in curve.items()}


def _short(value: float) -> float:
    return float(f"{value:.5g}")


def _ends(spec: MetricSpec) -> bool:
    return math.isfinite(spec.best) and math.isfinite(spec.collapsed)


def scores(spec: MetricSpec, curve: dict[str, list[float]], *, beside_real: bool) -> np.ndarray:
    """A curve on the scale of the criteria, where 0 is the worst and 1 the best.

    As it stands, the ends are the registered ones. Beside real data, the best is what fresh real data score at
    the same place, and the worst is the registered end, or the worst place of the line where there is none.
    """
    mean, error, real = (np.array(curve[key]) for key in ("mean", "error", "real"))
    if not beside_real:
        return np.asarray((mean - spec.collapsed) / (spec.best - spec.collapsed))
    if math.isfinite(spec.collapsed):
        with np.errstate(divide="ignore", invalid="ignore"):  # no answer, where real data score like a collapse
            share = np.asarray((mean - spec.collapsed) / (real - spec.collapsed))
        return np.where(np.isinf(mean) & np.isinf(real), 1.0, share)  # endless beside endless is as good as real
    fall = (mean - real) * (-1 if spec.higher_is_better else 1)
    worst = int(np.argmax(fall))
    if not fall[worst] > FLAT_WITHIN * error[worst]:
        return np.where(np.isfinite(mean), 1.0, math.nan)
    return np.asarray(1 - fall / fall[worst])


def verdicts(rows: list[dict[str, Any]], spec: MetricSpec, *, beside_real: bool) -> dict[str, dict[str, Verdict]]:
    """By check and purpose: passed or not, over all lines and criteria of the check."""
    said: dict[str, dict[str, list[Verdict]]] = {}
    for row in rows:
        curve = scores(spec, row["curves"][spec.name], beside_real=beside_real)
        of_check = said.setdefault(row["check"], {})
        for demand in (*DEMANDS[row["check"]], *ROUNDED.get(row["case"], ())):
            answer = demand.judge(kind_of(spec), np.array(row["xs"]), curve)
            if answer is not None and demand.purpose == BOUNDS and not math.isfinite(spec.collapsed):
                answer = False  # a score without an end has no bounds to be near to
            of_check.setdefault(demand.purpose, []).append(answer)
    return {check: {p: together(answers) for p, answers in found.items()} for check, found in said.items()}


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
