"""Where does a look go, besides the history? To the loggers that people have, known by what they can do."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from collapse_metrics.monitor.sinks import bundled, plain
from collapse_metrics.monitor.sinks.grid import Grids
from collapse_metrics.monitor.sinks.kinds import Sink, can, native
from collapse_metrics.monitor.sinks.parcel import news_of, values_of
from collapse_metrics.records import Scorecard, Verdict

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

    from collapse_metrics.monitor.alarms import Alarm

__all__ = ["Sinks"]


class Sinks:
    """All loggers of one run: each gets every look, whatever happens to the others.

    Args:
        sinks: TensorBoard's ``SummaryWriter``; a run of W&B, Aim or trackio, or their modules; the module ``mlflow``;
            a logger of Lightning; an ``Accelerator``; or any function of ``(values, step)``.

    Raises:
        TypeError: If one of them is nothing of this.
    """

    def __init__(self, sinks: Sequence[Any] = ()) -> None:
        self._sinks: list[tuple[str, Sink]] = [(_name(sink), adapt(sink)) for sink in sinks]
        self._verdict: Verdict | None = None
        self._grids = Grids()

    def __len__(self) -> int:
        return len(self._sinks)

    def look(
        self,
        card: Scorecard,
        *,
        step: int,
        samples: "Mapping[str, Any] | None" = None,
        folder: "Path | None" = None,
        pictures: "np.ndarray | None" = None,
        alarms: "Sequence[Alarm]" = (),
    ) -> None:
        """Send one look: its numbers, its grid of pictures, its alarms, and the verdict where it changed.

        Args:
            card: The scorecard of the look.
            step: Training step.
            samples: What the history notes about the samples; points in the plane are drawn as a picture.
            folder: Of the run, where the grids of pictures are that ``samples`` names.
            pictures: Such a grid itself, ``uint8``, height x width or height x width x 3; it goes before the others.
            alarms: Raised at this look.

        Raises:
            RuntimeError: If a logger failed, after all the others were served.
        """
        values = values_of(card, step=step)
        news = news_of(card, self._verdict, alarms, step=step)
        self._verdict = card.verdict
        grid = self._grids.of(samples or {}, folder) if pictures is None else pictures

        def send(sink: Sink) -> None:
            sink.scalars(values, step)
            if grid is not None:
                sink.pictures(grid, step)
            for item in news:
                sink.news(item, step)

        self._each(send)

    def close(self) -> None:
        """Let every logger write what it holds back; they stay open, for they are the user's."""
        self._each(lambda sink: sink.flush())

    def _each(self, act: Any) -> None:
        failed: list[tuple[str, Exception]] = []
        for name, sink in self._sinks:
            try:
                act(sink)
            except Exception as error:  # one logger's trouble is not the others'
                failed.append((name, error))
        if failed:
            told = "; ".join(f"{name} failed with {type(error).__name__}: {error}" for name, error in failed)
            raise RuntimeError(f"{told}. The others were served.") from failed[0][1]


def _name(sink: Any) -> str:
    return str(getattr(sink, "__name__", type(sink).__name__))


def adapt(thing: Any) -> Sink:
    """The adapter for a logger.

    Raises:
        TypeError: If it is none that is known.
    """
    found = native(thing)
    if found is not None:
        return found
    if can(thing, "log") and hasattr(thing, "trackers"):
        return bundled.Accelerate(thing)
    if can(thing, "log_metrics", "log_hyperparams"):
        return bundled.Lightning(thing)
    if callable(thing) and not isinstance(thing, type):
        return plain.Plain(thing)
    raise TypeError(
        "a logger is needed - a SummaryWriter (add_scalar), a W&B run (log, define_metric), mlflow (log_metrics, "
        "log_text), an Aim run (track), trackio (log, alert), a Lightning logger (log_metrics, log_hyperparams), an "
        f"Accelerator (log, trackers) or a function of (values, step) - got {_told(thing)}, which can nothing of this: "
        "pass the open writer or run itself."
    )


def _told(thing: Any) -> str:
    return f"the class {thing.__name__}" if isinstance(thing, type) else f"{type(thing).__name__} {thing!r:.60}"
