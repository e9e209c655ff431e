"""Are these samples collapsed, and is this checkpoint? The door `score`."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from collapse_metrics.cli._app import EXIT_INCONCLUSIVE, app
from collapse_metrics.cli._opening import arguments


@app.command
def score(
    source: Path,
    *,
    reference: str | None = None,
    value_range: Annotated[tuple[float, float] | None, Parameter(help="Black and white, e.g. -1 1.")] = None,
    measures: str = "standard",
    train: Path | None = None,
    seed: int = 0,
    n: int = 5000,
    model: str | None = None,
    model_arg: Annotated[list[str] | None, Parameter(negative=())] = None,
    latent: str | None = None,
    classes: int | None = None,
    key: str | None = None,
    prefix: str | None = None,
    per_class: Annotated[bool, Parameter(negative=())] = False,
    condition: str | None = None,
    trust_pickle: Annotated[bool, Parameter(negative=())] = False,
    python_path: Annotated[list[Path] | None, Parameter(negative=())] = None,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
    report: Path | None = None,
) -> int:
    """Judge samples (.npz, .npy, .pt, HDF5, a table, a folder of pictures) or a checkpoint of a generator.

    Args:
        source: What it is is told by its content; `collapse-metrics inspect` says what that is.
        reference: Name of a packaged reference, or a file written by `Reference.save`; left out, the one that a bundle
            names, else mnist.
        value_range: What black and white are in float pictures.
        measures: `standard` (what the verdict rests on), `full` (everything, half a minute or so), or names with commas
            between them (see `collapse-metrics metrics`).
        train: What the generator was trained on, for the measures of memorisation.
        seed: Of latents, subsets and simulated nulls.
        n: How many samples are drawn from a generator.
        model: What builds the network of a checkpoint: module:callable or path/file.py:callable.
        model_arg: An argument of it, name=value; may be repeated.
        latent: Size or shape of the noise, such as 100 or 100,1,1; left out, told from the network.
        classes: How many classes a generator knows that takes labels.
        key: Under which key the generator's weights lie; left out, the likeliest that fits the network.
        prefix: What the names of the weights begin with, before the network's own.
        per_class: Also judge the samples of each label by themselves.
        condition: Judge the samples of this label alone.
        trust_pickle: Run the pickle in the file. For files of your own.
        python_path: A folder of the code that the network needs; may be repeated.
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
        model=model,
        model_args=arguments(model_arg or []),
        latent=latent,
        classes=classes,
        key=key,
        prefix=prefix,
        per_class=per_class,
        condition=condition,
        trust_pickle=trust_pickle,
        python_path=tuple(python_path or ()),
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
