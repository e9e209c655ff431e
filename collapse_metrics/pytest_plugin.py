"""Is the generator still as diverse as it was? The fixture `collapse_gate` and `assert_diverse`, for pytest.

Importing this file imports no torch: every run of pytest on the machine loads it.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from collapse_metrics.gate import Comparison

FOLDER = "baselines"
"""Beside the tests: where their baselines lie."""

Unsure = Literal["fail", "skip", "pass"]
"""What to do where the samples cannot tell."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """One option: write baselines anew."""
    group = parser.getgroup("collapse_metrics")
    group.addoption(
        "--update-collapse-baselines",
        action="store_true",
        default=False,
        help="write the baselines of `collapse_gate` anew, and fail, so that they are looked at",
    )


def assert_diverse(*, baseline: Any, inconclusive: Unsure = "fail", **given: Any) -> "Comparison":
    """Fail unless samples are as diverse as a baseline, give or take the margins.

    Args:
        baseline: A ``Baseline``, or its file.
        inconclusive: What to do where so few samples cannot tell: ``"fail"``, ``"skip"`` or ``"pass"``.
        **given: What ``collapse_metrics.compare`` takes: ``fake=``, ``runs=`` or ``generator=``, and its margins.

    Returns:
        The comparison.

    Raises:
        AssertionError: With the table of the comparison.
    """
    __tracebackhide__ = True
    from collapse_metrics.gate import Outcome, compare

    if inconclusive not in ("fail", "skip", "pass"):
        raise ValueError(f"`inconclusive` must be 'fail', 'skip' or 'pass', got {inconclusive!r}.")
    found = compare(baseline=baseline, **given)
    if found.outcome is Outcome.FAIL or (found.outcome is Outcome.INCONCLUSIVE and inconclusive == "fail"):
        raise AssertionError(str(found))
    if found.outcome is Outcome.INCONCLUSIVE and inconclusive == "skip":
        pytest.skip(str(found).splitlines()[0])
    return found


class CollapseGate:
    """The gate of one test: its baseline lies beside the test, under the test's name.

    Args:
        folder: Where the baselines of this test's file lie.
        name: Of the test.
        settings: What the project has decided in ``[tool.collapse_metrics]``.
        update: Write the baseline anew, and fail.
    """

    def __init__(self, *, folder: Path, name: str, settings: Any, update: bool) -> None:
        self.folder, self.name, self.settings, self.update = folder, name, settings, update

    def file(self, name: str | None = None) -> Path:
        """The baseline of this test, or of another name."""
        return self.folder / f"{re.sub(r'[^A-Za-z0-9_.-]+', '_', name or self.name).strip('_')}.json"

    def assert_diverse(self, *, name: str | None = None, inconclusive: Unsure = "fail", **given: Any) -> "Comparison":
        """Fail unless samples are as diverse as this test's baseline, give or take the project's margins.

        Args:
            name: Of the baseline; left out, the test's.
            inconclusive: What to do where so few samples cannot tell.
            **given: What ``collapse_metrics.compare`` takes; said here, it goes before the project's decisions.

        Returns:
            The comparison.
        """
        __tracebackhide__ = True
        file, decided = self.file(name), {**self._decided(), **given}
        if self.update:
            self._write(file, decided)
            pytest.fail(f"{file} was written: read it, commit it if it is meant, and run again", pytrace=False)
        if not file.is_file():
            pytest.fail(f"no baseline at {file}: write one with --update-collapse-baselines", pytrace=False)
        try:
            return assert_diverse(baseline=file, inconclusive=inconclusive, **decided)
        except AssertionError as failed:
            pytest.fail(str(failed), pytrace=False)

    def _decided(self) -> dict[str, Any]:
        """What the project has decided, in the words of ``compare``."""
        names = ("reference", "value_range", "alpha", "max_n", "seed", "margin", "limit", "require")
        found = {name: getattr(self.settings, name) for name in names}
        return {name: value for name, value in found.items() if value not in (None, {}, ())}

    def _write(self, file: Path, decided: dict[str, Any]) -> None:
        from collapse_metrics.evaluate import score
        from collapse_metrics.gate import Baseline

        words = ("reference", "embedder", "value_range", "seed", "generator", "latent", "n")
        about = {word: decided[word] for word in words if word in decided}
        if "generator" in about and file.is_file():
            about.setdefault("n", Baseline.load(file).n)
        sets = decided["runs"] if "runs" in decided else [decided.get("fake")]
        Baseline.from_scorecards([score(fake=rows, **about) for rows in sets]).save(file)


@pytest.fixture
def collapse_gate(request: pytest.FixtureRequest) -> CollapseGate:
    """The gate of this test: ``collapse_gate.assert_diverse(fake=samples)``."""
    from collapse_metrics.gate.settings import Settings

    return CollapseGate(
        folder=request.path.parent / FOLDER / request.path.stem,
        name=request.node.name,
        settings=Settings.find(request.path.parent),
        update=bool(request.config.getoption("--update-collapse-baselines")),
    )
