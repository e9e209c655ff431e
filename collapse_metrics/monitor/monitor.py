"""Is it collapsing now? Two added lines beside any training loop, whose run stays the same bit for bit."""

import logging
import math
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from collapse_metrics.diagnosis import judge
from collapse_metrics.diagnosis.losses_and_samples import told
from collapse_metrics.embed.rows import prepare, settle_range
from collapse_metrics.evaluate import find_reference, measure_losses
from collapse_metrics.history import History
from collapse_metrics.measurements import look_at, measure_look
from collapse_metrics.monitor.alarms import Alarm, Alarms
from collapse_metrics.monitor.dates import date, patient
from collapse_metrics.monitor.hopping import Hopping
from collapse_metrics.monitor.pace import Pace
from collapse_metrics.monitor.pictures import keep_samples
from collapse_metrics.monitor.words import line_of, print_line
from collapse_metrics.probes.guard import undisturbed
from collapse_metrics.probes.sampler import Latent, Sampler, latent_of
from collapse_metrics.probing import measure_probes
from collapse_metrics.records import Scorecard
from collapse_metrics.reference import Reference

logger = logging.getLogger(__name__)

FINAL_SAMPLES = 2000
"""Samples of the closing diagnosis: four times a usual check, so that smaller losses can be shown."""


class Monitor:
    """Watches a generator while it trains, and says whether, how and since when it has collapsed.

    Nothing of the training changes: parameters, buffers, training flags, optimizer states and all random states
    are bit for bit what they would have been. An error inside the monitor becomes one warning and a record in
    the history, never an exception in the loop.

    Args:
        generator: Latents in, samples out; wrappers of compilation and data parallelism are seen through.
        optimizer: The generator's optimizer. With it, each of its steps counts by itself and the loop stays as
            it is. Without it, call ``step`` once after each generator step.
        latent: Size, shape or source of the latents. Left out, it is learnt from the generator's first forward
            pass or from its attributes.
        every: Look at every so many generator steps.
        overhead: Instead of ``every``: the share of the wall time that looking may cost, for example 0.02.
        reference: Name of a packaged reference, its file, or a fitted ``Reference``.
        value_range: What black and white are in the generator's pictures.
        log_dir: Folder for the history (JSON lines) and sample grids; left out, they live in memory only.
        n: Samples a look.
        seed: Of the latents; the same ones at every look, and fresh ones beside them for the alarms.
        embedder: For a reference file of your own embedder.
        probes: Whether to run the probes of the latent at each look.
        alpha: Probability that a run which stays healthy ever raises an alarm, however often it is looked at;
            ``None`` draws no fresh samples for alarms.
        alarms_from: Step from which alarms are possible; left out, the first look that found nothing even to watch.
        print_to: Where the line of text a look goes: a function of one string; ``None`` is silence.
        strict: Raise errors of the monitor instead of warning. For tests.

    Example:
        >>> import torch
        >>> G = torch.nn.Linear(4, 2)
        >>> opt_G = torch.optim.SGD(G.parameters(), lr=0.1)
        >>> real = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
        >>> monitor = Monitor(G, optimizer=opt_G, latent=4, every=2, reference=Reference.fit(real=real), print_to=None)
        >>> for _ in range(4):
        ...     _ = opt_G.step()
        >>> monitor.history.steps
        [2, 4]
    """

    def __init__(
        self,
        generator: nn.Module,
        *,
        optimizer: torch.optim.Optimizer | None = None,
        latent: Latent | None = None,
        every: int = 200,
        overhead: float | None = None,
        reference: str | Path | Reference = "mnist",
        value_range: tuple[float, float] | None = None,
        log_dir: str | Path | None = None,
        n: int = 512,
        seed: int = 0,
        embedder: Any = None,
        probes: bool = True,
        alpha: float | None = 0.01,
        alarms_from: int | None = None,
        print_to: Callable[[str], None] | None = lambda line: print_line(line),
        strict: bool = False,
    ) -> None:
        self.generator = generator
        self.pace = Pace(every=every, overhead=overhead)
        with undisturbed(None):  # k-means or a user's embedder may draw random numbers
            self.reference = find_reference(reference, embedder)
        self.value_range, self.n, self.seed, self.strict = value_range, n, seed, strict
        self.probes, self.print_to = probes, print_to
        self.history = History(log_dir)
        self.alarms: list[Alarm] = []
        self._games = None if alpha is None else Alarms(self.reference, alpha=alpha, seed=seed, since=alarms_from)
        self._hopping = Hopping(self.reference, seed=seed)
        self.steps = 0
        self._by_hook = optimizer is not None
        self._pending: dict[str, list[tuple[int, float | None]]] = {}
        self._warned: set[str] = set()
        self._latent = latent if latent is not None else latent_of(generator)
        self._hooks: list[Any] = []
        if optimizer is not None:
            self._hooks.append(optimizer.register_step_post_hook(lambda *_: self._tick()))
        if self._latent is None:
            self._hooks.append(generator.register_forward_pre_hook(self._learn_latent))
        about: dict[str, Any] = {"reference": self.reference.name, "modes": list(self.reference.modes)}
        about |= {"every": every, "n": n, "alpha": alpha}
        self._guarded("starting the history", lambda: self.history.add("about", **about))

    def log(self, **losses: Any) -> None:
        """Note losses of the current step, for example ``log(d_loss=..., g_loss=...)``; tensors are read."""
        for name, value in losses.items():
            try:
                number = float(value.detach()) if isinstance(value, Tensor) else float(value)
            except (TypeError, ValueError, RuntimeError) as error:
                self._complain(f"reading {name}", error)
                continue
            # JSON has no NaN; a missing number stands for it.
            self._pending.setdefault(name, []).append((self.steps, number if math.isfinite(number) else None))

    def step(self, **losses: Any) -> None:
        """The other door: call once after each generator step; with an optimizer it only notes the losses."""
        if not self._by_hook:
            self.steps += 1
        self.log(**losses)
        if not self._by_hook and self.pace.due(self.steps):
            self.check()

    def check(self) -> Scorecard | None:
        """Look now, whatever the pace; ``None`` where the look failed (a warning says why)."""
        card: Scorecard | None = self._guarded(f"the check at step {self.steps}", self._check)
        return card

    def diagnose(self, n: int = FINAL_SAMPLES) -> Scorecard:
        """The closing word: a larger sample, the losses, and since when.

        Args:
            n: Samples for it.

        Returns:
            The scorecard; each finding that was found carries ``since``, its first step without a break until
            now, and ``provenance["since"]`` dates the verdict.
        """
        self._flush()
        card, _ = self._measure(n, closing=True)
        card = date(card, self.history)
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

    def close(self) -> None:
        """Take the hooks off and write what is pending; the monitor can still be asked."""
        for hook in self._hooks:
            hook.remove()
        self._hooks.clear()
        self._flush()

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs to go on: steps, alarms and the modes of the newest look, in JSON's types.

        The losses noted so far are written first, so that the record on disk is as old as the state.
        """
        self._flush()
        games = None if self._games is None else self._games.state_dict()
        return {"steps": self.steps, "alarms": games, "hopping": self._hopping.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state_dict`` was taken: load it where the weights of the interrupted run are loaded.

        Raises:
            ValueError: If this is no such state, or one of a run with another reference.
        """
        if not {"steps", "alarms", "hopping"} <= state.keys():
            raise ValueError(f"a state of Monitor.state_dict is needed, got one with {sorted(state)}: pass that part.")
        if self._games is not None and state["alarms"] is not None:
            self._games.load_state_dict(state["alarms"])
        self._hopping.load_state_dict(state["hopping"])
        self.steps = int(state["steps"])

    def _tick(self) -> None:
        self.steps += 1
        if self.pace.due(self.steps):
            self.check()

    def _learn_latent(self, _module: nn.Module, args: tuple[Any, ...]) -> None:
        if self._latent is None and args and isinstance(args[0], Tensor) and args[0].is_floating_point():
            self._latent = tuple(args[0].shape[1:])

    def _check(self) -> Scorecard:
        began = time.perf_counter()
        self._flush()
        card, samples = self._measure(self.n, closing=False)
        card = patient(card, self.history)
        self._guarded("writing the history", lambda: self.history.add("check", card=card.to_dict(), samples=samples))
        alarms = self._guarded("the alarms", lambda: self._play(card)) or []
        took = time.perf_counter() - began
        self.pace.pay(took)
        if self.print_to is not None:
            for line in [line_of(card, self.steps, took), *map(str, alarms)]:
                self.print_to(line)
        return card

    def _play(self, card: Scorecard) -> list[Alarm]:
        """The games of the alarms, on fresh samples; then what this look means for the next."""
        games, raised = self._games, list[Alarm]()
        if games is None or self._latent is None:
            return raised
        if games.due(self.steps):
            raised = games.look(self.generator, self._latent, self.steps, self.value_range)
        games.heard(card, self.steps)
        self.alarms += raised
        for alarm in raised:
            self.history.add("alarm", **asdict(alarm))
        return raised

    def _measure(self, n: int, *, closing: bool) -> tuple[Scorecard, dict[str, Any]]:
        if self._latent is None:
            raise ValueError(
                "the shape of the latent is not known: the generator's forward pass was not seen and it has none of "
                "the usual attributes; pass latent=, for example latent=100."
            )
        sampler = Sampler(self.generator, latent=self._latent, seed=self.seed)
        fake = sampler(sampler.latents(n))
        value_range = settle_range(fake, self.reference.embedder, self.value_range)
        about: dict[str, Any] = {"value_range": value_range, "step": self.steps, "seed": self.seed}
        with undisturbed(None):  # the embedder may be the user's own
            look = look_at(fake, self.reference, value_range=value_range)
            measurements, whole = measure_look(look, self.reference, step=self.steps, seed=self.seed), look.finite == n
            if self.probes and whole:
                measurements += measure_probes(sampler, self.reference, **about)
            if not closing:
                self._hopping.note(look)
            measurements += self._hopping.measurements(self.steps)
            if closing:
                losses = {name: [value for _, value in rows] for name, rows in self.history.losses.items()}
                measurements += measure_losses(losses, step=self.steps, seed=self.seed)
            pictures = None
            if self.reference.embedder.takes_pictures and whole:
                pictures = prepare(fake, self.reference.embedder, value_range)[0]
            samples = keep_samples(fake, pictures, self.history.folder, self.steps) if whole else {}
        verdict, findings = judge(measurements)
        where = {"step": self.steps, "n_fake": n, "reference": self.reference.name, "seed": self.seed}
        where |= {"losses_and_samples": told(findings)} if closing else {}
        return Scorecard(verdict, findings, tuple(measurements), where), samples

    def _flush(self) -> None:
        if self._pending:
            values, self._pending = self._pending, {}
            self._guarded("writing losses", lambda: self.history.add("losses", values=values))

    def _guarded(self, what: str, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except Exception as error:  # whatever it is, the training must go on
            if self.strict:
                raise
            self._complain(what, error)
            return None

    def _complain(self, what: str, error: Exception) -> None:
        text = f"{type(error).__name__}: {error}"
        self.history.errors.append({"step": self.steps, "what": what, "error": text})
        logger.debug("%s failed", what, exc_info=error)
        if text not in self._warned:
            self._warned.add(text)
            warnings.warn(f"collapse_metrics: {what} failed and was left out ({text}). Training goes on.", stacklevel=3)
