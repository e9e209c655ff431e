"""How does the monitor stand beside a ``Trainer`` of transformers, or of what is built on it? As a callback."""

from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from collapse_metrics.monitor.beside import Beside
from collapse_metrics.monitor.monitor import Monitor


class CollapseCallback(TrainerCallback):
    """Looks at samples of the model while it is trained: are its completions still different from each other?

    Values land in ``state.log_history``, and as ``eval_collapse/...`` in the metrics of each evaluation, where
    ``metric_for_best_model`` and ``EarlyStoppingCallback`` find them.

    Args:
        generate: Draws samples: ``generate(n, rng)`` returns ``n`` rows of numbers that tell samples apart.
        **options: Those of ``Monitor``.
    """

    def __init__(self, *, generate: Any = None, **options: Any) -> None:
        self.options = options if generate is None else {"generate": generate, **options}
        self._beside: Beside | None = None
        self._values: dict[str, float] = {}

    @property
    def monitor(self) -> Monitor:
        """The monitor, once training has begun: ``callback.monitor.diagnose()`` is the closing word."""
        if self._beside is None:
            raise RuntimeError("the monitor is made when training begins, and none has begun: call trainer.train.")
        return self._beside.monitor

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, model: Any = None, **_: Any
    ) -> None:
        """Begin, or go on with the steps of a resumed run."""
        if self._beside is None:
            self._beside = Beside(model, **self.options)
        self._beside.monitor.steps = state.global_step

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
