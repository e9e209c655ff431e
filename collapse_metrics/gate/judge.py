"""Has diversity become worse than is tolerated? The one function behind the command line, pytest and the action."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from collapse_metrics._registry import RULES
from collapse_metrics.embed.rows import as_tensor
from collapse_metrics.evaluate import find_reference, score
from collapse_metrics.gate.baseline import Baseline, configuration_of, refuse_unlike, tally_of
from collapse_metrics.gate.comparison import Comparison, Outcome, decide
from collapse_metrics.gate.drawn import Drawn
from collapse_metrics.gate.margins import Bounds, Margin, bounds_of
from collapse_metrics.probes.sampler import Latent
from collapse_metrics.records import Scorecard, Status
from collapse_metrics.reference import PACKAGED, Reference
from collapse_metrics.tally import Tally

ALPHA = 0.01
"""Chance of a false alarm, and of a false pass: a gate that runs a hundred times cries wolf once."""

LOOKS = (1 / 8, 1 / 4, 1 / 2, 1)
"""Parts of ``max_n`` at which a planned comparison looks; each look has an even share of alpha (union bound)."""


def compare(
    *,
    baseline: Baseline | str | Path,
    fake: Any = None,
    runs: Sequence[Any] | None = None,
    generator: nn.Module | Callable[[Tensor], Tensor] | None = None,
    latent: Latent | None = None,
    reference: str | Path | Reference | None = None,
    embedder: Any = None,
    value_range: tuple[float, float] | None = None,
    margin: Margin | None = None,
    limit: Margin | None = None,
    alpha: float = ALPHA,
    require: Iterable[str] = (),
    max_n: int | None = None,
    seed: int = 0,
) -> Comparison:
    """Judge samples against a baseline: worse than is tolerated, shown not to be, or not to be told.

    Args:
        baseline: What ``Baseline.from_scorecard`` made, or a file of it.
        fake: Generated samples, one a row, as many as the baseline's.
        runs: Instead of ``fake``: the samples of several trainings. Between several runs on a side, the scatter of the
            runs is what a difference is measured by.
        generator: Instead of ``fake``: latents in, samples out.
        latent: Size, shape or source of the generator's latents.
        reference: The real data that the baseline was made beside; left out, the packaged one of that name.
        embedder: For a reference file of your own embedder.
        value_range: What black and white are in pictures.
        margin: Fall that is tolerated, as a part of the value before: one number, or by measure. Of ``duplicate_rate``
            points of the rate.
        limit: Fall that a pass has to rule out, in the same form.
        alpha: Chance to fail although nothing fell by more than its margin, and chance to pass although something fell
            by its limit.
        require: Findings that have to be clear, whatever the baseline: found fails, unchecked is inconclusive.
        max_n: Plan four looks, at an eighth to all of so many samples, and end at the first that tells.
        seed: Of latents, subsets and simulated nulls.

    Returns:
        The comparison; ``outcome`` is ``"pass"``, ``"fail"`` or ``"inconclusive"``.

    Raises:
        ValueError: If the two sides are not alike in reference, embedder, value range, modes or number of samples; if
            samples are not finite; if a margin, a limit, ``alpha`` or a required finding makes no sense.

    Example:
        >>> import torch
        >>> from collapse_metrics import Baseline, Reference, score
        >>> rows = torch.randn(3000, 2, generator=torch.Generator().manual_seed(0))
        >>> real = Reference.fit(real=rows[:1000])
        >>> good = Baseline.from_scorecard(score(fake=rows[1000:2000], reference=real))
        >>> str(compare(fake=0.7 * rows[2000:], baseline=good, reference=real).outcome)
        'fail'
    """
    base = baseline if isinstance(baseline, Baseline) else Baseline.load(baseline)
    bounds, required = bounds_of(margin, limit), _checked(require, alpha)
    real = reference_of(base, reference, embedder)
    about: dict[str, Any] = {"reference": real, "value_range": value_range, "seed": seed}
    rules: dict[str, Any] = {"baseline": base, "bounds": bounds, "require": required}
    if sum(source is not None for source in (fake, runs, generator)) != 1:
        raise ValueError("pass one of `fake`, `runs` and `generator`, one alone.")
    if max_n is not None:
        drawn = Drawn(fake=fake, generator=generator, latent=latent, most=max_n, seed=seed)
        return _in_looks(drawn, alpha=alpha, **rules, **about)
    if generator is not None:
        cards = [score(generator=generator, latent=latent, n=base.n, **about)]
    else:
        sets = _sets(fake, runs)
        for rows in sets:
            _check_rows(rows, base)
        cards = [score(fake=rows, **about) for rows in sets]
    return compare_cards(cards, alpha=alpha, **rules)


def compare_cards(
    cards: Sequence[Scorecard],
    *,
    baseline: Baseline,
    bounds: dict[str, Bounds],
    alpha: float = ALPHA,
    require: Sequence[str] = (),
    any_n: bool = False,
) -> Comparison:
    """The same of scorecards, one a run."""
    now = [tally_of(card) for card in cards]
    for card, run in zip(cards, now, strict=True):
        refuse_unlike(baseline.configuration, configuration_of(card, run), what="what is judged", any_n=any_n)
    outcome, rows = decide(baseline.runs, now, modes=baseline.modes, bounds=bounds, alpha=alpha)
    outcome, findings = _required(outcome, cards, require)
    return Comparison(
        outcome, rows, alpha, min(run.n for run in now), _about(baseline, cards), findings, _notes(baseline, now)
    )


def reference_of(baseline: Baseline, reference: str | Path | Reference | None, embedder: Any = None) -> Reference:
    """The reference that was asked for, or the packaged one that the baseline names."""
    if reference is not None:
        return find_reference(reference, embedder)
    name = str(baseline.configuration["reference"])
    if not (PACKAGED / f"{name}.safetensors").is_file():
        raise ValueError(
            f"the baseline was made beside the reference {name!r}, which is no packaged one: pass reference=."
        )
    return Reference.named(name)


def _in_looks(
    draw: Drawn,
    *,
    baseline: Baseline,
    bounds: dict[str, Bounds],
    alpha: float,
    require: Sequence[str],
    **about: Any,
) -> Comparison:
    """Look at growing parts of the samples until one tells."""
    if len(baseline.runs) != 1:
        raise ValueError("max_n plans looks beside a baseline of one run, this one has several: leave it out.")
    plain, level = baseline.without_latents(), alpha / len(LOOKS)
    for part in LOOKS:
        n = max(2, round(part * draw.most))
        rows = draw(n)
        _check_rows(rows, baseline, any_n=True)
        card = score(fake=rows, **about)
        found = compare_cards([card], baseline=plain, bounds=bounds, alpha=level, require=require, any_n=True)
        if found.outcome is not Outcome.INCONCLUSIVE:
            break
    note = f"planned looks at up to {draw.most:,} samples, each at {level:g} of alpha {alpha:g}; ended at {n:,}"
    return replace(found, notes=(*found.notes, note))


def _sets(fake: Any, runs: Sequence[Any] | None) -> list[Tensor]:
    """The samples of each run."""
    if runs is not None and len(runs) == 0:
        raise ValueError("`runs` must hold the samples of at least one run, got none.")
    return [as_tensor(rows) for rows in (runs if runs is not None else [fake])]


def _check_rows(rows: Tensor, base: Baseline, *, any_n: bool = False) -> None:
    """Refuse what cannot be compared before it is embedded: that takes seconds."""
    if rows.ndim > 1 and len(rows) != base.n and not any_n:
        raise ValueError(
            f"as many samples as the baseline's are needed, {base.n}, got {len(rows)}: draw as many, or make the "
            "baseline again."
        )
    bad = int((~torch.isfinite(rows.flatten(1).float()).all(dim=1)).sum()) if rows.ndim > 1 else 0
    if bad:
        raise ValueError(
            f"samples must be finite to be compared, got NaN or infinity in {bad} of {len(rows)}: mend them."
        )


def _checked(require: Iterable[str], alpha: float) -> tuple[str, ...]:
    """Known findings, and a level that means something."""
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must lie between 0 and 0.5, got {alpha!r}: 0.01 is one false alarm in a hundred.")
    import collapse_metrics.diagnosis  # noqa: F401  (registers the rules)

    required = tuple(require)
    unknown = [name for name in required if name not in RULES]
    if unknown:
        raise ValueError(f"a required finding is one of {', '.join(sorted(RULES))}, got {', '.join(unknown)}.")
    return required


def _required(
    outcome: Outcome, cards: Sequence[Scorecard], require: Sequence[str]
) -> tuple[Outcome, tuple[tuple[str, str], ...]]:
    """The outcome once required findings are heard, and those that are not clear."""
    heard = [finding for card in cards for finding in card.findings if finding.name in require]
    named = {finding.name for finding in heard}
    silent = tuple((name, "was not checked: it needs more than samples") for name in require if name not in named)
    not_clear = silent + tuple((f.name, f.evidence) for f in heard if f.status in (Status.FOUND, Status.NOT_CHECKED))
    if any(f.status is Status.FOUND for f in heard):
        return Outcome.FAIL, not_clear
    if not_clear and outcome is Outcome.PASS:
        return Outcome.INCONCLUSIVE, not_clear
    return outcome, not_clear


def _about(baseline: Baseline, cards: Sequence[Scorecard]) -> dict[str, Any]:
    """Both sides, for the record."""
    names = ("collapse_metrics", "torch", "samples_sha256", "seed")
    return {
        "reference": baseline.configuration["reference"],
        "embedder": baseline.configuration["embedder"],
        "baseline_runs": len(baseline.runs),
        "runs": len(cards),
        "baseline_made_with": baseline.made_with or {},
        "verdicts": [str(card.verdict) for card in cards],
        **{name: cards[0].provenance.get(name) for name in names},
    }


def _notes(baseline: Baseline, now: Sequence[Tally]) -> tuple[str, ...]:
    """What a reader has to know beside the table."""
    if len(baseline.runs) == len(now) == 1:
        paired = baseline.runs[0].latents is not None and baseline.runs[0].latents == now[0].latents
        same = "the same latents on both sides: shares are compared pair by pair" if paired else ""
        one = "one training a side: this compares two sets of samples, not two ways to train"
        return tuple(note for note in (one, same) if note)
    return (f"{len(baseline.runs)} and {len(now)} runs: differences are measured by the scatter between runs",)
