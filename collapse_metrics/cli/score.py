"""Are these samples collapsed, and is this checkpoint? The door `score`."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from collapse_metrics.cli._app import EXIT_INCONCLUSIVE, app
from collapse_metrics.cli._opening import Opening


@app.command
def score(
    source: Path,
    *,
    reference: str | None = None,
    value_range: tuple[float, float] | None = None,
    measures: str = "standard",
    train: Path | None = None,
    seed: int = 0,
    n: int = 5000,
    per_class: bool = False,
    condition: str | None = None,
    how: Opening | None = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    report: Path | None = None,
) -> int:
    """Judge samples (.npz, .npy, .pt, HDF5, a table, a folder of pictures) or a checkpoint of a generator.

    Args:
        source: What it is is told by its content; `collapse-metrics inspect` says what that is.
        reference: Name of a packaged reference, or a file written by `Reference.save`; left out, the one that a bundle
            names, else mnist.
        value_range: Black and white in float pictures, e.g. -1 1.
        measures: `standard` (what the verdict rests on), `full` (everything, half a minute or so), or names with commas
            between them (see `collapse-metrics metrics`).
        train: What the generator was trained on, for the measures of memorisation.
        seed: Of latents, subsets and simulated nulls.
        n: How many samples are drawn from a generator.
        how: How a checkpoint is opened; samples need none of it.
        per_class: Also judge the samples of each label by themselves.
        condition: Judge the samples of this label alone.
        as_json: Print the scorecard as JSON, and nothing else.
        report: Also write a page.
    """
    from collapse_metrics.checkpoints import score_source
    from collapse_metrics.records import Verdict

    card = score_source(
        source,
        reference=reference,
        value_range=value_range,
        measures=measures.split(","),
        train=train,
        seed=seed,
        n=n,
        per_class=per_class,
        condition=condition,
        **(how or Opening()).opening(),
    )
    for note in card.provenance["source"]["notes"]:
        sys.stderr.write(f"{note}\n")
    print(card.to_json() if as_json else card)
    if not as_json and measures != "standard":
        print("", *card.measurements, sep="\n  ")
        for name, why in card.provenance["not_measured"].items():
            print(f"  {name} not measured: {why}")
    if report is not None:
        from collapse_metrics.report import write_card

        sys.stderr.write(f"report: {write_card(card, report)}\n")
    return EXIT_INCONCLUSIVE if card.verdict is Verdict.INCONCLUSIVE else 0
