"""What can be measured, how often is it wrong, and is it installed well? The doors `metrics`, `calibrate`, `doctor`."""

import json
from typing import Annotated

from cyclopts import Parameter

from collapse_metrics.cli._app import EXIT_BAD_INPUT, app


@app.command
def metrics(name: str | None = None, *, as_json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """List every metric and probe, or explain one number of a scorecard.

    Args:
        name: Of the one to explain; left out, all are listed.
        as_json: Print JSON, and nothing else.
    """
    from dataclasses import asdict

    from collapse_metrics.catalogue import check_known
    from collapse_metrics.guide import GROUPS, entries, finite, in_words
    from collapse_metrics.report.questions import OWN

    if name in OWN and not as_json:
        print(_by_itself(name))
        return 0
    check_known([] if name is None else [name])
    chosen = [entry for entry in entries() if name in (None, entry.name)]
    if as_json:
        limits = [{"best": finite(entry.best), "collapsed": finite(entry.collapsed)} for entry in chosen]
        print(json.dumps([asdict(entry) | limit for entry, limit in zip(chosen, limits, strict=True)], indent=1))
    elif name is not None:
        print(f"{name}: {chosen[0].question}\n\n{chosen[0].docstring}")
    else:
        for group, question in GROUPS.items():
            print(f"\n{group}: {question}")
            for entry in chosen:
                if entry.group == group:
                    ends = f"best {in_words(entry.best)}, collapsed {in_words(entry.collapsed)}"
                    print(f"  {entry.name:<26} {entry.question}\n{'':<29}{ends}; needs {', '.join(entry.needs)}")
        print("\non the way: What else do scorecards hold? Not to be asked for; explained by name")
        for own, words in OWN.items():
            print(f"  {own:<26} {words.question}")
    return 0


def _by_itself(name: str) -> str:
    """What a number means that no function of its own measures."""
    from collapse_metrics.report.questions import OWN

    words = OWN[name]
    ends = {"Healthy": words.healthy, "Collapsed": words.collapsed}
    said = [f"  {end}: {text}." for end, text in ends.items() if text]
    return "\n".join([f"{name}: {words.question}", *([""] if said else []), *said, "", _WHENCE])


_WHENCE = (
    "It is measured on the way to a verdict, by `score` or a Monitor, wherever its data are there, and stands in the\n"
    "scorecard with its interval and with what a perfect generator would score."
)


@app.command
def calibrate(
    *,
    reference: str = "mnist",
    n: int = 500,
    trials: int = 100,
    alpha: float = 0.01,
    seed: int = 0,
    as_json: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Measure how often verdict and alarms are wrong, and what they find, on a reference and at a sample size.

    Args:
        reference: Name of a packaged reference, or a file written by `Reference.save`.
        n: Samples that will be judged in earnest.
        trials: Healthy sets that are judged; of each planted defect a fifth of them. A hundred take about a minute.
        alpha: Error rate of the alarms.
        seed: Decides which rows make a set.
        as_json: Print JSON, and nothing else.
    """
    from collapse_metrics.calibrate import calibrate as measure
    from collapse_metrics.evaluate import find_reference

    found = measure(reference=find_reference(reference), n=n, trials=trials, alpha=alpha, seed=seed)
    if as_json:
        print(json.dumps(found.to_dict(), indent=1))
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table("what", "share", "95 % interval", "of", "should be", "note")
    for rate in (*found.verdicts, *found.alarms):
        low, high = rate.interval
        interval = f"{low:.1%} to {high:.1%}"
        table.add_row(rate.what, f"{rate.share:.1%}", interval, str(rate.trials), rate.wanted, rate.note)
    console = Console()
    console.print(table)
    console.print(found.caution, highlight=False)
    return 0


@app.command
def doctor(*, as_json: Annotated[bool, Parameter(name="--json")] = False) -> int:
    """Say what is installed, what is missing, and whether the packaged classifier and reference load."""
    from collapse_metrics.doctor import examine

    facts = examine()
    if as_json:
        print(json.dumps({fact.name: {"ok": fact.ok, "says": fact.says} for fact in facts}, indent=1))
    else:
        for fact in facts:
            print(f"{'ok  ' if fact.ok else 'WARN'} {fact.name:<22} {fact.says}")
    return 0 if all(fact.ok or not fact.vital for fact in facts) else EXIT_BAD_INPUT
