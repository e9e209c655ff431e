"""How are the sanity checks told? Verdicts in, Markdown out."""

from collections.abc import Iterator

from reference_gans.studies._criteria import BOUNDS, DEMANDS, OPTIONS, PURPOSE, SIZE, UNITS, Verdict
from reference_gans.studies._lines import SIZES, N

Verdicts = dict[str, dict[str, dict[str, Verdict]]]
"""By metric, check and purpose."""

_NO_METRIC = {
    ("cubes, varying size", SIZE): False,
    ("rounded values", PURPOSE): False,
    ("one disjoint dimension", PURPOSE): False,
}

PUBLISHED: dict[str, dict[tuple[str, str], bool]] = {
    "precision": {
        ("mean difference", PURPOSE): True,
        ("mean difference with an outlier", PURPOSE): False,
        ("mean difference with a heavy tail", PURPOSE): True,
        ("spread difference", PURPOSE): True,
        ("cubes, varying size", PURPOSE): False,
        ("cubes, varying generated size", PURPOSE): False,
        ("sphere's surface", PURPOSE): False,
        ("two modes taken for one", PURPOSE): True,
        ("mode dropping and invention", PURPOSE): True,
        ("sequential mode dropping", PURPOSE): True,
        ("simultaneous mode dropping", PURPOSE): True,
        ("ball and torus", PURPOSE): True,
        ("one dimension scaled", UNITS): False,
        **_NO_METRIC,
    },
    "density": {
        ("mean difference", PURPOSE): True,
        ("mean difference with an outlier", PURPOSE): True,
        ("spread difference", PURPOSE): True,
        ("cubes, varying size", PURPOSE): False,
        ("sphere's surface", PURPOSE): False,
        ("mode dropping and invention", PURPOSE): True,
        ("one dimension scaled", UNITS): True,
        **_NO_METRIC,
    },
    "recall": _NO_METRIC,
    "coverage": _NO_METRIC,
}
"""What the paper's tables say, as far as public readings of them quote it: two that list Table 3 for precision and
density, and its text's three sentences of what no metric passes. The tables themselves were not at hand."""


WHY = (
    "- *Cubes, sphere's surface, one disjoint dimension*: in many dimensions all distances are nearly alike, and a share of",
    "  overlap, a radius or one dimension of a thousand hardly moves them. No score of distances can read a fifth of overlap",
    "  off 64 dimensions; the paper found the same of all that it asked.",
    "- *Rounded values*: a rounding that is fine beside the distance of two neighbours cannot be seen by neighbours, and is",
    "  no collapse.",
    "- *Spread, mode dropping and invention*: a metric of diversity may say of a generator that is too wide that all data are",
    "  reached (`high`), or that few samples are near them (`low`). One that asks for both at once does neither.",
    "- *Bounds*: `distinct_neighbours` counts different nearest reals, of which even a perfect generator of as many samples",
    "  reaches two thirds; `recall` and `precision` of a perfect generator fall with the dimension. Beside what real data",
    "  score, which is how this package shows them, that is taken out; what stays are failures of the metric itself.",
    "- Metrics that see only the generated rows, or only their spread, cannot know that the mean has moved: `pairwise_diversity`,",
    "  `neighbour_ratio` and their like fail *mean difference* by design, and are to be read beside one that compares with real rows.",
)
"""What is behind the failures; the same for the metrics that the paper had and for ours."""


def page(
    kinds: dict[str, str], as_it_stands: Verdicts, beside_real: Verdicts, draws: tuple[int, int], left_out: list[str]
) -> Iterator[str]:
    """The whole page."""
    yield "# Fifteen sanity checks of fidelity and diversity, and which metrics pass them"
    yield ""
    yield "Written by `reference-gans study sanity_checks`; do not edit. The checks are those of Räisä, van Breugel and van"
    yield "der Schaar ([ICML 2025](https://arxiv.org/abs/2505.22450)), made again from their description: pairs of known laws,"
    yield "one number that moves, and criteria with fixed margins (0.05 for *close*, 0.2 for *clearly apart*, 0.1 for *the"
    yield "extreme is where it should be*). Rows are scaled by the mean and spread of the real ones, as theirs are."
    yield ""
    yield f"**Scaled for two cores:** {draws[0]} draws a situation and {N:,} rows of either kind, as theirs; grids of 51 steps thinned to"
    yield f"nine that keep ends and middle; and where numbers of samples move, {draws[1]} draws, and they end at {SIZES[-1]:,.0f} where theirs end"
    yield "at 10,000."
    yield ""
    yield "A check asks up to two things. *purpose*: does the score move as it should? *bounds*: is it near 0 or 1 where it"
    yield "should be? Three checks ask instead whether it needs many samples (*sample size*), depends on the number of generated"
    yield "samples (*options*), or on the unit of a feature (*units*). `low` and `high` are passes: of a generator wider than"
    yield "the data, a metric may say that all of it is reached or that few samples are near it, if it keeps to one of them."
    yield "An empty cell is not that metric's job: the right answer is stated for fidelity or for diversity alone."
    yield ""
    yield "## In short"
    yield ""
    yield from _summary(kinds, as_it_stands, beside_real)
    yield ""
    yield "*As it stands* reads the bare score between its registered ends. *Beside real data* reads it as this package shows"
    yield "it: against what fresh real data score with as many samples (`expected`), so that a perfect generator is at 1. Scores"
    yield "without two finite ends can only be read so; where the bad end is infinite, the worst place of the line is 0 and"
    yield "all *bounds* fail by definition."
    for title, found in (("As it stands", as_it_stands), ("Beside real data", beside_real)):
        for kind in ("fidelity", "diversity", "both"):
            names = [name for name in found if kinds[name] == kind]
            if names:
                yield ""
                yield f"## {title}: {_title(kind)}"
                yield ""
                yield from _table(names, found)
    yield ""
    yield "## Against the paper"
    yield ""
    yield from _against(as_it_stands)
    yield ""
    yield "## Why so many fail"
    yield ""
    yield from WHY
    yield ""
    yield f"Not asked, for they need more than feature rows, or are p-values: {', '.join(f'`{n}`' for n in left_out)}."


def _title(kind: str) -> str:
    return {"both": "distances, which mix fidelity and diversity"}.get(kind, f"metrics of {kind}")


def _summary(kinds: dict[str, str], as_it_stands: Verdicts, beside_real: Verdicts) -> Iterator[str]:
    yield "| metric | asks for | as it stands: purpose | bounds | all of a check | beside real data: purpose | bounds | all of a check |"
    yield "| --- " * 8 + "|"
    for name, kind in sorted(kinds.items(), key=lambda item: (item[1], item[0])):
        cells = []
        for found in (as_it_stands.get(name), beside_real[name]):
            cells += (
                ["no scale", "", ""]
                if found is None
                else [_count(found, PURPOSE), _count(found, BOUNDS), _whole(found)]
            )
        yield f"| `{name}` | {kind} | " + " | ".join(cells) + " |"


def _count(found: dict[str, dict[str, Verdict]], purpose: str) -> str:
    said = [answers[purpose] for answers in found.values() if answers.get(purpose) is not None]
    return f"{sum(v is not False for v in said)} of {len(said)}"


def _whole(found: dict[str, dict[str, Verdict]]) -> str:
    judged = [[v for v in answers.values() if v is not None] for answers in found.values()]
    judged = [answers for answers in judged if answers]
    return f"{sum(all(v is not False for v in answers) for answers in judged)} of {len(judged)}"


def _table(names: list[str], found: Verdicts) -> Iterator[str]:
    yield "| check | asks | " + " | ".join(f"`{name}`" for name in names) + " |"
    yield "| --- " * (2 + len(names)) + "|"
    for purpose in (PURPOSE, BOUNDS, SIZE, OPTIONS, UNITS):
        for check in DEMANDS:
            if any(purpose in found[name][check] for name in names):
                cells = [_word(found[name][check].get(purpose)) for name in names]
                yield f"| {check} | {purpose} | " + " | ".join(cells) + " |"


def _word(verdict: Verdict) -> str:
    if verdict is None:
        return ""
    return verdict if isinstance(verdict, str) else "yes" if verdict else "**no**"


def _against(found: Verdicts) -> Iterator[str]:
    yield "Published verdicts as public readings of the paper's tables quote them (the tables themselves were not at hand), for"
    yield "the metrics that it had, with its options: `k=3` for precision and recall, 5 for density and coverage."
    yield ""
    yield "| metric | check | asks | published | ours |"
    yield "| --- | --- | --- | --- | --- |"
    same = several = 0
    for name, published in PUBLISHED.items():
        if name not in found:
            continue
        for (check, purpose), passed in published.items():
            ours = found[name][check].get(purpose)
            several += 1
            same += (ours is not False) == passed
            if (ours is not False) != passed:
                yield f"| `{name}` | {check} | {purpose} | {_word(passed)} | {_word(ours)} |"
    yield ""
    yield f"{same} of {several} agree; the table lists the others."
