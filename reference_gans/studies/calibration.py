"""Do intervals cover, does ``expected`` hold, and do tests keep their level? Perfect generators, drawn 500 times.

``reference-gans study calibration`` asks every registered metric with an interval, an expected range or a p-value,
and writes ``docs/studies/calibration.md``.
"""

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
from torch import Tensor

import collapse_metrics.metrics  # noqa: F401  (registers the metrics)
from collapse_metrics._registry import METRICS, MetricSpec
from collapse_metrics.catalogue import STANDARD, measure_more
from collapse_metrics.given import PER_STEP
from collapse_metrics.long_range import measure_long_range
from collapse_metrics.measurements import Look, look_at, measure_look
from collapse_metrics.records import Measurement
from collapse_metrics.reference import Reference
from reference_gans.studies._calibration_page import LEVEL, Row, page
from reference_gans.studies._known_law import (
    MODES,
    Mixture,
    some_of,
    split_digits,
    steady_losses,
    wandering_modes,
)

SIZES = (75, 150, 300)
"""Generated samples, or steps of a series. A reference of 1,200 rows lends at most half of its 600 held-out rows."""

REFERENCES = 20
"""Mixtures' references, each of new real rows: what holds beside one reference may fail beside another."""

DRAWS = 25
"""Perfect draws beside each reference: 500 in all."""

SERIES = REFERENCES * DRAWS
"""Draws where there is no reference, or the packaged one alone."""

ALPHAS = (0.05, 0.01)
"""Levels of the tests."""

TRUTHS = {"chao1": float(MODES)}
"""What a metric estimates, where that is known and is not its mean: its interval is asked to hold this."""

OF_LOOKS = ("raw_diversity", "raw_directions", "direction_ratio", "dimension_ratio", "near_duplicate_rate")
"""What a look measures beside the registered metrics, each relative to real data."""

OF_PICTURES = "long_range_correlation"
"""The same, of pictures."""

NEVER_NEGATIVE = ("js_divergence", "kl_divergence", "total_variation")
"""Scores that are 0 on average where nothing is wrong, of something that cannot be less: where the mean of some draws
is, the truth is 0."""


def main(data_root: Path | None = None, *, quick: bool = False, out: Path | None = None) -> None:
    """Draw, count, judge and write; what is stored already is not drawn again.

    Args:
        data_root: Not used; every study takes it.
        quick: Very few draws of one size, and nothing written unless ``out`` says where.
        out: Folder for the page; left out, the docs.
    """
    from reference_gans.studies import DOCS

    where = out or (None if quick else DOCS)
    stored = where / "calibration.json" if where else None
    kept: dict[str, list[Row]] = json.loads(stored.read_text()) if stored and stored.exists() else {}
    sizes, references, draws = ((60,), 2, 2) if quick else (SIZES, REFERENCES, DRAWS)
    for key, job in jobs(sizes, references, draws):
        if key in kept:
            continue
        began = time.perf_counter()
        kept[key] = job()
        print(
            f"{key:<45} {time.perf_counter() - began:6.0f} s {[r['hits'] / r['draws'] for r in kept[key]]}", flush=True
        )
        if stored:
            stored.parent.mkdir(parents=True, exist_ok=True)
            stored.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n")
    if where:
        rows = [row for of_job in kept.values() for row in of_job]
        (where / "calibration.md").write_text("\n".join(page(rows, references=REFERENCES, draws=DRAWS)) + "\n")


def jobs(sizes: tuple[int, ...], references: int, draws: int) -> Iterator[tuple[str, Callable[[], list[Row]]]]:
    """What is to be drawn: a world, a number of samples, and one metric (the standard ones together)."""
    series, looks = references * draws, {"modes_before", "modes_now"}
    for n in sizes:
        yield f"mixture/{n}/standard", partial(beside_mixtures, (), n, references, draws)
        yield f"digits/{n}/{OF_PICTURES}", partial(beside_digits, OF_PICTURES, n, references, draws)
    for name, spec in METRICS.items():
        for n in sizes:
            if spec.is_test:
                yield f"tests/{n}/{name}", partial(count_alarms, spec, n, series)
            if spec.needs <= looks and spec.interval is not None:
                yield f"two looks/{n}/{name}", partial(own_interval, spec, n, series)
            if "pictures" in spec.needs:
                yield f"digits/{n}/{name}", partial(beside_digits, name, n, references, draws)
            elif name not in STANDARD and not spec.needs & (looks | PER_STEP):
                yield f"mixture/{n}/{name}", partial(beside_mixtures, (name,), n, references, draws)


def beside_mixtures(names: tuple[str, ...], n: int, references: int, draws: int) -> list[Row]:
    """Metrics of rows beside references of a known mixture, as a look measures them; without names, the standard."""
    world = _mixture()
    said: list[list[dict[str, Measurement]]] = []
    for which in range(references):
        reference = _beside(which)
        train, _ = world.draw(n, np.random.default_rng([22, which]))
        said.append([])
        for draw in range(draws):
            rows, _ = world.draw(n, np.random.default_rng([23, n, which, draw]))
            look = look_at(rows, reference, value_range=None)
            if names:
                found = measure_more(names, look, reference, train=train)[0]
            else:
                found = measure_look(look, reference, step=None, seed=0)
            said[-1].append({m.name: m for m in found})
    seen = {name for group in said for found in group for name in found}
    judged = [name for name in (*METRICS, *OF_LOOKS) if name in seen]
    return [row for name in judged for row in summarise(name, "mixture", n, said)]


@lru_cache
def _mixture() -> Mixture:
    return Mixture()


@lru_cache
def _beside(which: int) -> Reference:
    """A reference remembers what perfect sets score, so it is fitted once."""
    return _mixture().reference(which)


def beside_digits(name: str, n: int, references: int, draws: int) -> list[Row]:
    """A metric of pictures, beside references of real digits and of pictures that they have not seen."""
    said: list[list[dict[str, Measurement]]] = []
    for which in range(references):
        reference, unseen = _digits_beside(which)
        said.append([])
        for draw in range(draws):
            pictures = some_of(unseen, n, np.random.default_rng([24, n, which, draw]))
            look = look_at(pictures, reference, value_range=(0, 1))
            said[-1].append({m.name: m for m in _of_pictures(name, look, reference)})
    return summarise(name, "digits", n, said)


def _of_pictures(name: str, look: Look, reference: Reference) -> Iterable[Measurement]:
    if name in METRICS:
        return measure_more([name], look, reference)[0]
    return measure_long_range(look.samples, look.called, look.accepted, reference.long_range, {}, seed=0)


@lru_cache
def _digits_beside(which: int) -> tuple[Reference, Tensor]:
    """Fitted once, for all metrics and sizes."""
    return split_digits(which)


def own_interval(spec: MetricSpec, n: int, draws: int) -> list[Row]:
    """A metric of two looks at the same latents: its own interval, called as it stands."""
    said = []
    for draw in range(draws):
        data = wandering_modes(n, np.random.default_rng([25, n, draw]))
        ends = spec.interval(**data) if spec.interval else (None, None)
        said.append({spec.name: Measurement(spec.name, spec.compute(**data), *ends)})
    return summarise(spec.name, "two looks", n, [said])


def count_alarms(spec: MetricSpec, n: int, draws: int) -> list[Row]:
    """A test, called as it stands on perfect draws: how often its p-value is at or below alpha."""
    ps = np.array([_p_value(spec, n, draw) for draw in range(draws)])
    if not np.isfinite(ps).all():
        return []
    about = {"name": spec.name, "world": "tests", "n": n, "draws": len(ps)}
    return [{**about, "asks": f"alarms at {a}", "aim": a, "hits": int((ps <= a).sum())} for a in ALPHAS]


def _p_value(spec: MetricSpec, n: int, draw: int) -> float:
    rng = np.random.default_rng([26, n, draw])
    every = {**_mixture().asked(n, rng), **steady_losses(n, rng), **wandering_modes(n, rng)}
    try:
        return spec.compute(**{name: every[name] for name in spec.required})
    except (KeyError, ValueError):  # a kind of data that no world here has, or too few samples
        return math.nan


def summarise(name: str, world: str, n: int, said: list[list[dict[str, Measurement]]]) -> list[Row]:
    """How often the interval holds the mean score beside the same reference, and the expected range the score."""
    groups = [[found[name] for found in group if name in found] for group in said]
    groups = [group for group in groups if len(group) > 1]
    asked = [
        ("interval", LEVEL, [_covered(g) for g in groups]),
        ("expected", LEVEL, [_held(g) for g in groups]),
    ]
    if name in METRICS and METRICS[name].is_test:
        asked = [(f"alarms at {a}", a, [np.array([m.value <= a for m in g]) for g in groups]) for a in ALPHAS]
    values = np.array([m.value for group in groups for m in group])
    return [
        {
            "name": name, "world": world, "n": n, "asks": asks, "aim": aim,
            "hits": int(sum(h.sum() for h in hits)), "draws": int(sum(len(h) for h in hits)),
            "effective": effective_draws(hits), "mean": float(values.mean()), "sd": float(values.std()) if np.isfinite(values).all() else math.inf,
        }
        for asks, aim, hits in asked
        if hits and all(len(h) for h in hits)
    ]  # fmt: skip


def _covered(group: list[Measurement]) -> np.ndarray:
    """Whether each interval holds the score that this generator has on average, or the known truth.

    The average of ``m`` draws is nearer to each of them than the truth is, by a factor of ``sqrt(1 - 1/m)``: it is
    moved away from the draw by that factor.
    """
    with_ends = [m for m in group if m.low is not None and m.high is not None]
    values = np.array([m.value for m in group])
    mean = float(values.mean() if np.isfinite(values).all() else np.median(values))  # endless scores have no mean
    stretch = math.sqrt(len(group) / (len(group) - 1))
    hits = []
    for m in with_ends:
        truth = mean if math.isinf(mean) or math.isinf(m.value) else m.value + stretch * (mean - m.value)
        truth = TRUTHS.get(m.name, max(truth, 0.0) if m.name in NEVER_NEGATIVE else truth)
        slack = 1e-9 * max(1.0, abs(truth)) if math.isfinite(truth) else 0.0
        hits.append(m.low - slack <= truth <= m.high + slack)  # type: ignore[operator]
    return np.array(hits)


def _held(group: list[Measurement]) -> np.ndarray:
    return np.array([m.expected[0] - 1e-9 <= m.value <= m.expected[1] + 1e-9 for m in group if m.expected is not None])


def effective_draws(hits: list[np.ndarray]) -> float:
    """Independent draws that say as much: draws beside one reference share its luck (Korn and Graubard 1998)."""
    total = sum(len(h) for h in hits)
    share = sum(h.sum() for h in hits) / total
    if len(hits) < 2 or share in (0.0, 1.0):
        return float(total)
    between = np.var([h.mean() for h in hits], ddof=1) / len(hits)
    return float(min(total, share * (1 - share) / between)) if between > 0 else float(total)


if __name__ == "__main__":
    import sys

    main(quick="--quick" in sys.argv[1:])
