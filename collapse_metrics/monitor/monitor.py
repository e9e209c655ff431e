"""Is it collapsing now? Two added lines beside any training loop, whose run stays the same bit for bit."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from collapse_metrics.evaluate import find_reference
from collapse_metrics.history import History
from collapse_metrics.monitor.aftermath import Action, Aftermath
from collapse_metrics.monitor.alarms import Alarm, Alarms
from collapse_metrics.monitor.complaints import Complaints
from collapse_metrics.monitor.crew import crew_of
from collapse_metrics.monitor.dates import date, patient
from collapse_metrics.monitor.looking import Looking
from collapse_metrics.monitor.losses import Noted
from collapse_metrics.monitor.pace import Pace
from collapse_metrics.monitor.source import Generate, sources_of
from collapse_metrics.monitor.words import print_line
from collapse_metrics.probes.guard import undisturbed
from collapse_metrics.probes.sampler import Latent, Select
from collapse_metrics.records import Scorecard, Verdict

FINAL_SAMPLES = 2000
"""Samples of the closing diagnosis: four times a usual check, so that smaller losses can be shown."""


class Monitor:
    """Watches a generator while it trains, and says whether, how and since when it has collapsed.

    Nothing of the training changes: parameters, buffers, training flags, optimizer states and all random states
    are bit for bit what they would have been. An error inside the monitor becomes one warning and a record in
    the history, never an exception in the loop.

    Args:
        generator: Latents in, samples out; wrappers of compilation and data parallelism are seen through. Several by
            name, ``{"raw": G, "ema": G_ema}``, are asked with the same noise: the first is judged, the others beside.
        optimizer: The generator's optimizer. With it, each of its steps counts by itself and the loop stays as
            it is. Without it, call ``step`` once after each generator step.
        generate: Instead of latents: ``generate(n, rng)`` draws ``n`` samples, as a tensor, array or table, with the
            ``torch.Generator`` that it is given. Pass the generator too where there is one, so that it is guarded.
        latent: Size, shape or source of the latents; left out, learnt from the first forward pass or from attributes.
        labels: Of a generator that is called with latents and labels: one label of every class it knows. The samples
            are drawn evenly over them.
        select: Which part of the generator's output are the samples: a place, a key, or a function that picks it.
        every: Look at every so many generator steps.
        overhead: Instead of ``every``: the share of the wall time that looking may cost, for example 0.02. Alarms are
            then also played between the looks.
        reference: Name of a packaged reference, its file, a fitted ``Reference``, or real samples to fit one on.
        value_range: What black and white are in the generator's pictures.
        log_dir: Folder for the history (JSON lines) and sample grids; left out, they live in memory only.
        n: Samples a look.
        seed: Of the latents; the same ones at every look, and fresh ones beside them for the alarms.
        embedder: For a reference file of your own embedder.
        probes: Whether to run the probes of the latent at each look.
        alpha: Probability that a run which stays healthy ever raises an alarm, however often it is looked at;
            ``None`` draws no fresh samples for alarms.
        alarms_from: Step from which alarms are possible; left out, the first look that found nothing even to watch.
        on_collapse: What to do, once, when an alarm is raised or two looks in a row say ``collapse``: a function of
            monitor and scorecard, for example ``stop_training``.
        sinks: Loggers: TensorBoard, W&B, MLflow and the like, or functions of ``(values, step)``.
        ranks: Of several processes, ``"first"`` looks by itself; ``"all"`` share the work, and each has to make the
            monitor and step it equally often.
        print_to: Where the line of text a look goes: a function of one string; ``None`` is silence.
        strict: Raise errors of the monitor instead of warning. For tests.

    Attributes:
        history: Scorecards, losses and alarms so far.
        alarms: What was lost, newest last.
        newest: The newest look, on every process that looks.
        stopped: Whether an action asked for the end of the training.

    Example:
        >>> import torch
        >>> G = torch.nn.Linear(4, 2)
        >>> opt_G = torch.optim.SGD(G.parameters(), lr=0.1)
        >>> real = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
        >>> monitor = Monitor(G, optimizer=opt_G, latent=4, every=2, reference=real, print_to=None)
        >>> for _ in range(4):
        ...     _ = opt_G.step()
        >>> monitor.history.steps
        [2, 4]
    """

    def __init__(
        self,
        generator: nn.Module | Mapping[str, nn.Module] | None = None,
        *,
        optimizer: torch.optim.Optimizer | None = None,
        generate: Generate | None = None,
        latent: Latent | None = None,
        labels: Any = None,
        select: Select | None = None,
        every: int = 200,
        overhead: float | None = None,
        reference: Any = "mnist",
        value_range: tuple[float, float] | None = None,
        log_dir: str | Path | None = None,
        n: int = 512,
        seed: int = 0,
        embedder: Any = None,
        probes: bool = True,
        alpha: float | None = 0.01,
        alarms_from: int | None = None,
        on_collapse: Action | None = None,
        sinks: Sequence[Any] = (),
        ranks: str = "first",
        print_to: Callable[[str], None] | None = lambda line: print_line(line),
        strict: bool = False,
    ) -> None:
        sources = sources_of(generator, latent=latent, labels=labels, select=select, generate=generate)
        self._crew = crew_of(ranks, paced_by_time=overhead is not None, acts=on_collapse is not None)
        self.pace = Pace(every=every, overhead=overhead)
        with undisturbed(None):  # k-means or a user's embedder may draw random numbers
            self.reference = find_reference(reference, embedder)
        how: dict[str, Any] = {"seed": seed, "value_range": value_range, "probes": probes, "crew": self._crew}
        self._looking = Looking(sources, self.reference, **how)
        self.n = n
        self.history = History(log_dir if self._crew.leads else None)
        self._complaints = Complaints(lambda kind, **what: self.history.add(kind, **what), strict=strict)
        self.alarms: list[Alarm] = []
        self.newest: Scorecard | None = None
        self.stopped = False
        self._after = Aftermath(print_to=print_to, sinks=sinks, on_collapse=on_collapse, guarded=self._guarded)
        self._games = None if alpha is None else Alarms(self.reference, alpha=alpha, seed=seed, since=alarms_from)
        self.steps = 0
        self._by_hook = optimizer is not None
        self._noted = Noted()
        self._hooks: list[Any] = []
        if optimizer is not None:
            self._hooks.append(optimizer.register_step_post_hook(lambda *_: self._tick()))
        self._hooks += [hook for source in sources.values() if (hook := source.listen()) is not None]
        about: dict[str, Any] = {"reference": self.reference.name, "modes": list(self.reference.modes)}
        about |= {"every": every, "overhead": overhead, "n": n, "alpha": alpha}
        self._guarded("starting the history", lambda: self.history.add("about", **about))
        if overhead is not None and self._crew.leads and not self._looking.source.waits_for_latent:
            self._guarded("a dry run", lambda: self.pace.expect(lambda: self._looking(n, step=0, losses={})))

    def log(self, **losses: Any) -> None:
        """Note losses of the current step, for example ``log(d_loss=..., g_loss=...)``; tensors are read."""
        for name, value in losses.items():
            self._guarded(f"reading {name}", partial(self._noted.add, name, value, step=self.steps))

    def step(self, **losses: Any) -> None:
        """The other door: call once after each generator step; with an optimizer it only notes the losses."""
        if not self._by_hook:
            self.steps += 1
        self.log(**losses)
        if not self._by_hook:
            self._look_if_due()

    @property
    def everywhere(self) -> bool:
        """Whether every process of this training knows of each look."""
        return self._crew.together or self._crew.size == 1

    def check(self) -> Scorecard | None:
        """Look now, whatever the pace; ``None`` where the look failed (a warning says why) or another process looks."""
        looks = self._crew.leads or self._crew.together
        card: Scorecard | None = self._guarded(f"the check at step {self.steps}", self._check) if looks else None
        return card

    def diagnose(self, n: int = FINAL_SAMPLES) -> Scorecard:
        """The closing word on ``n`` samples: the losses too, and since when.

        Returns:
            The scorecard; each finding that was found carries ``since``, its first step without a break until
            now, and ``provenance["since"]`` dates the verdict. On a process that does not look: inconclusive.
        """
        if not (self._crew.leads or self._crew.together):
            return Scorecard(Verdict.INCONCLUSIVE, (), (), {"step": self.steps, "note": "the first process looks"})
        self.flush()
        say = partial(self._complaints.complain, "the closing look of all processes", step=self.steps)
        card = self._crew.share_or_alone(lambda: date(self._look(n, closing=True)[0], self.history), say)
        spent = {"looks": self.pace.looks.looks, "seconds": self.pace.spent, "share_of_time": self.pace.share}
        if self.history.errors:
            card.provenance["errors"] = [error["error"] for error in self.history.errors[-3:]]
        self._guarded("writing the cost", lambda: self.history.add("about", spent=spent))
        self._guarded("writing the diagnosis", lambda: self.history.add("final", card=card.to_dict()))
        self.history.final = card
        return card

    def report(self, path: str | Path) -> Path:
        """Write the page of this run: one self-contained HTML file."""
        from importlib import import_module

        if self.history.final is None:
            self.diagnose()
        write = import_module("collapse_metrics.report").write_report  # a room beside this one: fetched when asked
        written: Path = write(self.history, path)
        return written

    def flush(self) -> None:
        """Write the losses that were noted so far."""
        if values := self._noted.taken():
            self._guarded("writing losses", lambda: self.history.add("losses", values=values))

    def close(self) -> None:
        """Take the hooks off and write what is pending; the monitor can still be asked."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self.flush()
        self._after.close()

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs to go on: steps, alarms and the modes of the newest look, in JSON's types.

        The losses noted so far are written first, so that the record on disk is as old as the state.
        """
        self.flush()
        games = None if self._games is None else self._games.state_dict()
        return {"steps": self.steps, "alarms": games, "hopping": self._looking.hopping.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state_dict`` was taken: load it where the weights of the interrupted run are loaded.

        Raises:
            ValueError: If this is no such state, or one of a run with another reference.
        """
        if not {"steps", "alarms", "hopping"} <= state.keys():
            raise ValueError(f"a state of Monitor.state_dict is needed, got one with {sorted(state)}: pass that part.")
        if self._games is not None and state["alarms"] is not None:
            self._games.load_state_dict(state["alarms"])
        self._looking.hopping.load_state_dict(state["hopping"])
        self.steps = int(state["steps"])

    def _tick(self) -> None:
        self.steps += 1
        self._look_if_due()

    def _look_if_due(self) -> None:
        if self.pace.due(self.steps):
            self.check()
        elif self.pace.glance_due() and self._games is not None and self._games.due(self.steps):
            self._guarded(f"the alarms at step {self.steps}", self._glance)

    def _check(self) -> Scorecard:
        began = time.perf_counter()
        self.flush()
        self._crew.meet(self.steps)
        card, alarms, samples = self._crew.share(self._judged)
        took = time.perf_counter() - began
        self.pace.pay(took)
        if self._crew.leads:
            self._after.tell(card, alarms, samples, step=self.steps, folder=self.history.folder, seconds=took)
        self.newest = card
        self._after.act(self, card, alarms)
        return card

    def _judged(self) -> tuple[Scorecard, list[Alarm], dict[str, Any]]:
        card, samples = self._look(self.n, closing=False)
        if not self._crew.leads:
            return card, [], samples
        card = patient(card, self.history)
        content = {"card": card.to_dict(), "samples": samples}
        self._guarded("writing the history", lambda: self.history.add("check", **content))
        return card, self._guarded("the alarms", lambda: self._play(card)) or [], samples

    def _look(self, n: int, *, closing: bool) -> tuple[Scorecard, dict[str, Any]]:
        series = {name: [value for _, value in rows] for name, rows in self.history.losses.items()} if closing else None
        if self._crew.leads:
            return self._looking(n, step=self.steps, losses=series, folder=self.history.folder)
        self._looking.help(n)
        return Scorecard(Verdict.INCONCLUSIVE, (), (), {"step": self.steps}), {}

    def _glance(self) -> None:
        """Alarms alone, between two looks."""
        began = time.perf_counter()
        alarms = self._fresh_look()
        self.pace.pay(time.perf_counter() - began, glance=True)
        self._after.say(*map(str, alarms))
        if alarms and self.history.checks:
            self._after.act(self, self.history.checks[-1], alarms)

    def _play(self, card: Scorecard) -> list[Alarm]:
        """The games of the alarms, on fresh samples; then what this look means for the next."""
        raised = list[Alarm]()
        if self._games is not None:
            if self._games.due(self.steps):
                raised = self._fresh_look()
            self._games.heard(card, self.steps)
        return raised

    def _fresh_look(self) -> list[Alarm]:
        assert self._games is not None
        raised = self._games.look(self._looking.source.draw, self.steps, self._looking.value_range)
        self.alarms += raised
        for alarm in raised:
            self.history.add("alarm", **asdict(alarm))
        return raised

    def _guarded(self, what: str, act: Callable[[], Any]) -> Any:
        return self._complaints.guarded(what, act, step=self.steps)
