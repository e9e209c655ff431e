"""What does a framework's loop tell the monitor after each turn, and what does its own log get back?"""

import warnings
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from collapse_metrics.monitor.crew import know_each_other
from collapse_metrics.monitor.monitor import Monitor
from collapse_metrics.monitor.sinks.parcel import PREFIX, values_of
from collapse_metrics.records import Scorecard, Verdict

LOSSES = {
    "d_loss": ("d_loss", "errD", "loss_d", "loss_D", "disc_loss", "critic_loss"),
    "g_loss": ("g_loss", "errG", "loss_g", "loss_G", "gen_loss"),
}
"""Names under which public loops report their two losses: the examples of Keras, Lightning (first) and Ignite (second),
and collections of GANs on GitHub. Losses of other names are noted with ``monitor.log``."""


class Beside:
    """A monitor beside the loop of a framework. The adapters hold one; the monitor itself knows no framework.

    Callbacks of a framework that keep the best checkpoint or stop early read its log on every process, and wait for
    each other: a value that only one of them has would hang or end the training. So the processes look together where
    they can, and what one alone has seen stays out of that log.

    Args:
        generator: What ``Monitor`` takes.
        **options: Those of ``Monitor``, handed on; of several processes ``ranks="all"`` is the usual one here, unless
            ``overhead`` lets each find its own steps.
    """

    def __init__(self, generator: Any, **options: Any) -> None:
        self.monitor = _together_if_they_can(generator, options)
        self._counts: Any = None
        self._noted = 0
        self._told: Scorecard | None = None

    def count(self, optimizer: Any) -> None:
        """Let every step of this optimizer be a generator step; ``None`` lets every turn of the loop be one."""
        self.rest()
        if optimizer is not None:
            self._counts = optimizer.register_step_post_hook(lambda *_: self.monitor.step())

    def go_on(self, state: Mapping[str, Any]) -> None:
        """Take up the state in a checkpoint; one that does not fit costs the alarms so far, and not the run."""
        fresh = self.monitor.state_dict()
        try:
            self.monitor.load_state_dict(state)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.monitor.load_state_dict({**fresh, "steps": state.get("steps", 0)})  # half of it may be in already
            warnings.warn(f"the state in the checkpoint does not fit, alarms begin anew: {error}", stacklevel=3)

    def rest(self) -> None:
        """Stop counting and write what is pending; counting may begin again, and the monitor can still be asked."""
        if self._counts is not None:
            self._counts.remove()
            self._counts = None
        self.monitor.flush()

    def turn(self, logged: Mapping[str, Any]) -> dict[str, float]:
        """Call after each turn of the loop.

        Args:
            logged: What the loop reported in this turn. Losses of usual names are noted, once a generator step.

        Returns:
            The numbers of a look that is new since the last turn; empty where there was none, or not on every process.
        """
        if self._counts is None:
            self.monitor.step()
        if self.monitor.steps != self._noted:
            self._noted = self.monitor.steps
            self.monitor.log(**losses_in(logged))
        newest = self.monitor.newest
        if newest is None or newest is self._told:
            return {}
        self._told = newest
        return scalars(newest) if self.monitor.everywhere else {}

    @property
    def stopped(self) -> bool:
        """Whether an action on collapse asked for the end of the training."""
        return self.monitor.stopped


def _together_if_they_can(generator: Any, options: dict[str, Any]) -> Monitor:
    if "ranks" not in options and options.get("overhead") is None and know_each_other():
        try:
            return Monitor(generator, ranks="all", **options)
        except RuntimeError as error:  # no gloo, or no way between the machines that it finds
            warnings.warn(f"the processes cannot look together, the first looks alone: {error}", stacklevel=4)
    return Monitor(generator, **options)


def scalars(card: Scorecard) -> dict[str, float]:
    """The numbers of a look under the names that loggers see, for a framework's own log.

    ``collapse/severity`` is left out where the verdict is inconclusive: 0 would be the best there is, and the first
    looks of a training would be kept as its best checkpoints.
    """
    values = values_of(card, step=0)
    apart = {PREFIX + "step"} | ({PREFIX + "severity"} if card.verdict is Verdict.INCONCLUSIVE else set())
    return {name: value for name, value in values.items() if name not in apart}


def losses_in(logged: Mapping[str, Any]) -> dict[str, Any]:
    """The two losses among what a loop reports, whatever it calls them."""
    found = {ours: next((name for name in names if name in logged), None) for ours, names in LOSSES.items()}
    return {ours: logged[name] for ours, name in found.items() if name is not None}


def optimizer_of(generator: nn.Module, optimizers: Iterable[Any]) -> torch.optim.Optimizer | None:
    """The one optimizer that moves weights of the generator; ``None`` where it is none, or not one alone."""
    weights = {id(weight) for weight in generator.parameters()}
    moving = [o for o in optimizers if any(id(w) in weights for group in o.param_groups for w in group["params"])]
    return moving[0] if len(moving) == 1 else None
