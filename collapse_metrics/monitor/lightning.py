"""How does the monitor stand beside a Lightning ``Trainer``? As a callback, for automatic and manual optimisation."""

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

import lightning.pytorch as pl
import torch
from torch import nn

from collapse_metrics.monitor.beside import Beside, optimizer_of
from collapse_metrics.monitor.monitor import Monitor


class CollapseCallback(pl.Callback):
    """Looks at the generator of a module while it is fitted, and logs what it sees as ``collapse/...``.

    The values are there for ``ModelCheckpoint`` and ``EarlyStopping``. Steps of the generator's optimizer are counted:
    ``trainer.global_step`` counts those of all optimizers. The state lies in the checkpoint, so a resumed run goes on.

    Args:
        generator: Name of the attribute that holds it, dots allowed, or the module itself.
        optimizer: Its optimizer, or the number among ``trainer.optimizers``. Left out, the one that moves its
            weights; where there is no such one, batches are counted.
        ema: The averaged generator, named in the same way. It is judged, and the raw one stands beside it.
        **options: Those of ``Monitor``.
    """

    def __init__(
        self,
        generator: str | nn.Module = "generator",
        *,
        optimizer: torch.optim.Optimizer | int | None = None,
        ema: str | nn.Module | None = None,
        **options: Any,
    ) -> None:
        self.generator, self.optimizer, self.ema, self.options = generator, optimizer, ema, options
        self._beside: Beside | None = None
        self._of: nn.Module | None = None
        self._saved: Mapping[str, Any] | None = None

    @property
    def monitor(self) -> Monitor:
        """The monitor, once fitting has begun: ``callback.monitor.diagnose()`` is the closing word."""
        if self._beside is None:
            raise RuntimeError("the monitor is made when fitting begins, and none has begun: call trainer.fit first.")
        return self._beside.monitor

    @property
    def state_key(self) -> str:
        """Several generators of one module each keep a state of their own."""
        name = self.generator if isinstance(self.generator, str) else type(self.generator).__name__
        return self._generate_state_key(generator=name)

    def on_fit_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Find the generator and its optimizer; go on where a checkpoint was taken. Another module is another run."""
        generator = _part(pl_module, self.generator)
        if self._beside is None or generator is not self._of:
            self._of = generator
            pair = generator if self.ema is None else {"ema": _part(pl_module, self.ema), "raw": generator}
            self._beside = Beside(pair, **self.options)
        if self._saved is not None:
            self._beside.go_on(self._saved)
            self._saved = None
        given = trainer.optimizers[self.optimizer] if isinstance(self.optimizer, int) else self.optimizer
        self._beside.count(given if given is not None else optimizer_of(generator, trainer.optimizers))

    def on_train_batch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any) -> None:
        """Note the losses that the module logged, and log what is new."""
        if self._beside is not None:
            pl_module.log_dict(self._beside.turn(trainer.callback_metrics))
            trainer.should_stop |= self._beside.stopped

    def on_fit_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Write what is pending."""
        if self._beside is not None:
            self._beside.rest()

    def state_dict(self) -> dict[str, Any]:
        """For the checkpoint."""
        return dict(self._saved or {}) if self._beside is None else self._beside.monitor.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """From the checkpoint, before fitting begins."""
        self._saved = state_dict or None


def _part(pl_module: pl.LightningModule, which: str | nn.Module) -> nn.Module:
    part: nn.Module = attrgetter(which)(pl_module) if isinstance(which, str) else which
    return part
