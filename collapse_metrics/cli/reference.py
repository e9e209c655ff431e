"""What do my own real data look like? The doors `train-classifier` and `reference fit`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from collapse_metrics.cli._app import app

if TYPE_CHECKING:
    from collapse_metrics.embed import TrainedClassifier
    from collapse_metrics.reference import Reference

WORST = 5
"""Confusions that are printed: the commonest."""

Range = Annotated[tuple[float, float] | None, Parameter(help="Black and white, e.g. -1 1.")]
AsJson = Annotated[bool, Parameter(name="--json")]
Out = Annotated[Path, Parameter(name=["--out", "-o"])]

reference = App(name="reference", help="Real data frozen into a file that `score` and a `Monitor` take.")
app.command(reference)


@app.command
def train_classifier(
    source: str,
    *,
    out: Out,
    labels: str | None = None,
    data_root: Path | None = None,
    rows: int | None = None,
    epochs: int | None = None,
    mirror: bool = False,
    held_out: float = 1 / 3,
    value_range: Range = None,
    name: str | None = None,
    seed: int = 0,
    as_json: AsJson = False,
) -> int:
    """Train a small classifier on labelled data, so that modes have names; `reference fit --embedder` takes its file.

    Args:
        source: A folder with a subfolder of pictures for each class, an .npz with samples and labels, a table, or a
            data set of torchvision as torchvision:NAME.
        out: The file to write, .safetensors.
        labels: The table's column, the archive's array, or a .npy or .csv file with one class a row.
        data_root: Folder of torchvision's data sets.
        rows: Only so many samples, evenly over the source.
        epochs: Times that every sample is met; left out, as often as makes 60,000, 8 times at least.
        mirror: A mirrored picture is of the same class.
        held_out: Share of each class that is not learnt from: it sets the threshold of "none of them".
        value_range: What black and white are in float pictures.
        name: Of the classifier, shown in reports; left out, that of the file.
        seed: Of the split and of all that is drawn.
        as_json: Print JSON, and nothing else.
    """
    from collapse_metrics.checkpoints.labelled import load_labelled
    from collapse_metrics.learning import train_classifier as train

    _check_out(out)
    data = load_labelled(source, labels=labels, data_root=data_root, rows=rows)
    if data.labels is None:
        raise ValueError(f"labels are needed, {source} has none: pass --labels, or one subfolder for each class.")
    classifier = train(
        real=data.samples,
        labels=data.labels,
        names=data.names,
        value_range=value_range,
        mirror=mirror,
        epochs=epochs,
        held_out=held_out,
        name=name or out.stem,
        seed=seed,
        say=lambda line: print(line, file=sys.stderr),
    )
    classifier.save(out)
    facts = {**classifier.about, "fingerprint": classifier.fingerprint, "file": str(out), "bytes": out.stat().st_size}
    print(json.dumps(facts, indent=1) if as_json else _in_words(classifier, out))
    return 0


@reference.command
def fit(
    source: str,
    *,
    out: Out,
    embedder: str | None = None,
    labels: str | None = None,
    modes: int | None = None,
    data_root: Path | None = None,
    rows: int | None = None,
    value_range: Range = None,
    name: str | None = None,
    seed: int = 0,
    as_json: AsJson = False,
) -> int:
    """Fit a reference on real data and say what was fitted.

    Args:
        source: A folder of pictures, with or without a subfolder for each class; an array, archive or table; or a data
            set of torchvision as torchvision:NAME.
        out: The file to write, .safetensors. It carries the classifier of `train-classifier`.
        embedder: A file of `train-classifier`, or a name: mnist, fashion_mnist, stacked_mnist, resnet18, ...; left out,
            samples are their own features.
        labels: The table's column, the archive's array, or a .npy or .csv file with one class a row.
        modes: Without classes: so many bins of the features count as modes.
        data_root: Folder of torchvision's data sets.
        rows: Only so many samples, evenly over the source.
        value_range: What black and white are in float pictures.
        name: Shown in reports; left out, that of the file.
        seed: Of the split and of the bins.
        as_json: Print JSON, and nothing else.
    """
    from collapse_metrics.checkpoints.labelled import load_labelled
    from collapse_metrics.embed import resolve
    from collapse_metrics.learning import classes_of
    from collapse_metrics.reference import Reference

    _check_out(out)
    data, chosen = load_labelled(source, labels=labels, data_root=data_root, rows=rows), resolve(embedder)
    truth = None
    if data.labels is not None and chosen.modes:
        words = data.labels if data.names is None else [data.names[int(label)] for label in data.labels]
        truth, _ = classes_of(words, len(data.samples), chosen.modes)
    fitted = Reference.fit(
        real=data.samples,
        embedder=chosen,
        labels=truth,
        modes=modes,
        value_range=value_range,
        name=name or out.stem,
        seed=seed,
    )
    fitted.save(out)
    facts = _facts(fitted, len(data.samples), labelled=truth is not None) | {"file": str(out)}
    if data.labels is not None and truth is None:
        sys.stderr.write(f"labels are not used: embedder {chosen.name} has no classes, train-classifier makes one\n")
    print(json.dumps(facts, indent=1) if as_json else _told(facts))
    return 0


def _check_out(out: Path) -> None:
    """Before an hour of training, not after it."""
    if out.suffix != ".safetensors":
        raise ValueError(f"--out must end in .safetensors, got {out.name}: that is how it is known later.")
    if not out.parent.is_dir():
        raise FileNotFoundError(f"--out needs a folder that exists, there is no {out.parent}.")


def _in_words(classifier: "TrainedClassifier", out: Path) -> str:
    from collapse_metrics.stats.shares import clopper_pearson

    held, training = classifier.about["held_out"], classifier.about["training"]
    n = held["n"]
    learnt = f"{training['n']} samples learnt from, {training['epochs']} times each"
    lines = [f"{classifier.name}: {len(classifier.modes)} classes, {learnt}"]
    for what, key in (("named rightly", "named_rightly"), ("kept as like the data", "kept")):
        low, high = clopper_pearson(round(held[key] * n), n)
        lines.append(f"  {held[key]:.1%} of {n} held-out samples {what} [{low:.1%}, {high:.1%}]")
    lines += [f"  {line}" for line in _confusions(classifier.modes, held["confusion"])]
    lines.append(f"written: {out} ({out.stat().st_size:,} bytes, fingerprint {classifier.fingerprint})")
    lines.append(f"next: collapse-metrics reference fit SOURCE --embedder {out} -o REFERENCE.safetensors")
    return "\n".join(lines)


def _confusions(modes: tuple[str, ...], table: list[list[int]]) -> list[str]:
    """The commonest mistakes: which class is taken for which, and how often."""
    found = []
    for true, row in enumerate(table):
        total = sum(row)
        found += [(count / total, true, called) for called, count in enumerate(row) if called != true and count]
    worst = sorted(found, reverse=True)[:WORST]
    return [f"{modes[true]} is taken for {modes[called]} in {share:.1%}" for share, true, called in worst]


def _facts(fitted: "Reference", came: int, *, labelled: bool) -> dict[str, Any]:
    from collapse_metrics.measurements import samples_needed

    confusion = None if fitted.confusion is None else fitted.confusion.diagonal()
    return {
        "name": fitted.name,
        "samples": came,
        "rows_kept": fitted.n_real,
        "embedder": fitted.embedder.name,
        "embedder_fingerprint": fitted.embedder.fingerprint,
        "fingerprint": fitted.fingerprint,
        "kept": fitted.kept,
        "labelled": labelled,
        "samples_needed": samples_needed(fitted),
        "modes": [
            {
                "name": mode,
                "share": float(share),
                "called_rightly": None if confusion is None else float(confusion[index]),
            }
            for index, (mode, share) in enumerate(zip(fitted.modes, fitted.shares, strict=True))
        ],
    }


def _told(facts: dict[str, Any]) -> str:
    """The reference in words."""
    lines = [
        f"{facts['name']}: {facts['rows_kept']} of {facts['samples']} real samples, "
        f"seen by embedder {facts['embedder']} ({facts['embedder_fingerprint']})",
        f"  {facts['kept']:.1%} of them count as like the data",
    ]
    modes = facts["modes"]
    if len(modes) > 1:
        known = "known from labels" if facts["labelled"] else "as the embedder calls them"
        shares = sorted(mode["share"] for mode in modes)
        lines.append(f"  {len(modes)} modes, {known}: shares from {shares[0]:.1%} to {shares[-1]:.1%}")
        for mode in modes[:20]:
            right = "" if mode["called_rightly"] is None else f", called rightly in {mode['called_rightly']:.1%}"
            lines.append(f"    {mode['name']:<20} {mode['share']:6.1%}{right}")
        lines += [f"    ... and {len(modes) - 20} more"] if len(modes) > 20 else []
        missing = [mode["name"] for mode in modes if mode["share"] == 0]
        lines += [f"  not among the samples, so never asked for: {', '.join(missing[:10])}"] if missing else []
    else:
        lines.append("  one mode: pass --embedder with classes, or --modes for bins, and lost modes are counted")
    lines.append(f"  a verdict needs {facts['samples_needed']} generated samples or more")
    lines.append(f"written: {facts['file']}")
    lines.append(f"next: collapse-metrics score SAMPLES --reference {facts['file']}")
    return "\n".join(lines)
