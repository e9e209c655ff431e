"""How does the monitor stand beside a ``Trainer`` of transformers, or of what is built on it? As a callback."""

import warnings
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments
from transformers.trainer_callback import ExportableState

from collapse_metrics.monitor.beside import Beside
from collapse_metrics.monitor.monitor import Monitor


class CollapseCallback(TrainerCallback, ExportableState):
    """Looks at samples of the model while it is trained: are its completions still different from each other?

    Values land in ``state.log_history``, and as ``eval_collapse/...`` in the metrics of each evaluation, where
    ``metric_for_best_model`` and ``EarlyStoppingCallback`` find them. The state lies in the ``trainer_state.json`` of
    each checkpoint, so a resumed run goes on, alarms included.

    Args:
        generate: Draws samples: ``generate(n, rng)`` returns ``n`` rows of numbers that tell samples apart.
        **options: Those of ``Monitor``.
    """

    def __init__(self, *, generate: Any = None, **options: Any) -> None:
        self.options = options if generate is None else {"generate": generate, **options}
        self._beside: Beside | None = None
        self._of: Any = None
        self._values: dict[str, float] = {}
        self._replaced = False

    @property
    def replaced(self) -> bool:
        """Whether a Trainer put this one in the place of the one that was given: it has lost its options."""
        return self._replaced

    @replaced.setter
    def replaced(self, is_so: bool) -> None:
        self._replaced = is_so
        if is_so:
            warnings.warn(
                "a CollapseCallback as it was given is needed, got one made anew by restore_callback_states_from_"
                "checkpoint, without its options: it rests. Leave that off; states of this callback resume without it.",
                stacklevel=2,
            )

    @property
    def monitor(self) -> Monitor:
        """The monitor, once training has begun: ``callback.monitor.diagnose()`` is the closing word."""
        if self._beside is None:
            raise RuntimeError("the monitor is made when training begins, and none has begun: call trainer.train.")
        return self._beside.monitor

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **_: Any
    ) -> None:
        """Begin, or go on where the checkpoint of a resumed run was taken."""
        if self.replaced:
            return
        if self._beside is None or model is not self._of:  # a search over hyperparameters makes a model for each trial
            self._of = model
            self._beside = Beside(model, **self.options)
        kept = _kept(state, type(self).__name__, self._folder) if state.global_step else None
        if kept is not None:
            self._beside.go_on(kept)
        self._beside.monitor.steps = state.global_step
        self._announce(state)

    def _announce(self, state: TrainerState) -> None:
        """Have a place in the states that are saved: a Trainer that finds none for a callback ends at its next save.

        A checkpoint of a run without this callback has none, and one of a run with a single one has not two.
        """
        name, mine = type(self).__name__, self.state()
        states: Any = state.stateful_callbacks
        known = states.setdefault(name, mine)
        if isinstance(known, dict) and _attributes(known).get("folder") != self._folder:
            states[name] = [known, mine]

    @property
    def _folder(self) -> str:
        return str(self.options.get("log_dir") or "")

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps, in JSON's types.

        ``on_train_begin`` reads it. A Trainer that is told to ``restore_callback_states_from_checkpoint`` puts a new
        callback in this one's place, without any option that JSON cannot hold, and says so by the attribute.
        """
        kept = None if self._beside is None else self._beside.monitor.state_dict()
        return {"args": {}, "attributes": {"replaced": True, "folder": self._folder, "kept": kept}}

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Count one step, and keep what is new where the Trainer keeps its log."""
        if self._beside is not None:
            self._values |= (news := self._beside.turn({}))
            if news:
                state.log_history.append({**news, "step": state.global_step})
            control.should_training_stop |= self._beside.stopped

    def on_evaluate(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, metrics: Any = None, **_: Any
    ) -> None:
        """Add the newest values to those of the evaluation."""
        if metrics is not None:
            metrics.update({f"eval_{name}": value for name, value in self._values.items()})

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Write what is pending."""
        if self._beside is not None:
            self._beside.rest()


def _kept(state: TrainerState, name: str, folder: str) -> Any:
    """The state of this callback's monitor in a checkpoint; ``None`` where there is none.

    Of several callbacks a Trainer appends what every save finds to one list: there the newest of the same folder.
    """
    states: Any = state.stateful_callbacks or {}
    found = states.get(name, {})
    if isinstance(found, list):
        mine = [part for part in found if _attributes(part).get("folder") == folder]
        found = mine[-1] if mine else {}
    return _attributes(found).get("kept")


def _attributes(part: dict[str, Any]) -> dict[str, Any]:
    """What a callback keeps; one of the same name that is not ours may keep nothing."""
    kept: dict[str, Any] = part.get("attributes", {})
    return kept
