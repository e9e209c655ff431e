"""Are these samples collapsed? The door `score`."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from collapse_metrics.cli._app import EXIT_INCONCLUSIVE, app


@app.command
def score(
    source: Path,
    *,
    reference: str = "mnist",
    value_range: Annotated[tuple[float, float] | None, Parameter(help="Black and white, e.g. -1 1.")] = None,
    measures: str = "standard",
    train: Path | None = None,
    seed: int = 0,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    report: Path | None = None,
) -> int:
    """Judge a pile of samples: .npz, .npy, .pt, .csv or a folder of pictures.

    Args:
        source: The samples, one a row.
        reference: Name of a packaged reference, or a file written by `Reference.save`.
        value_range: What black and white are in float pictures.
        measures: `standard` (what the verdict rests on), `full` (everything, half a minute or so), or names with commas
            between them (see `collapse-metrics metrics`).
        train: What the generator was trained on, for the measures of memorisation.
        seed: Of subsets and simulated nulls.
        as_json: Print the scorecard as JSON, and nothing else.
        report: Also write a page.
    """
    from collapse_metrics.checkpoints import load_samples
    from collapse_metrics.evaluate import score as judge
    from collapse_metrics.records import Verdict

    card = judge(
        fake=load_samples(source),
        reference=reference,
        value_range=value_range,
        measures=measures.split(","),
        train=None if train is None else load_samples(train),
        seed=seed,
    )
    print(card.to_json() if as_json else card)
    if not as_json and measures != "standard":
        print("", *card.measurements, sep="\n  ")
        for name, why in card.provenance["not_measured"].items():
            print(f"  {name} not measured: {why}")
    if report is not None:
        from collapse_metrics.report import write_card

        sys.stderr.write(f"report: {write_card(card, report)}\n")
    return EXIT_INCONCLUSIVE if card.verdict is Verdict.INCONCLUSIVE else 0
