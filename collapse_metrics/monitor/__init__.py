"""During training: is it collapsing now? A monitor that never changes the run that it watches."""

from collapse_metrics.monitor.actions import RollBack, SaveCheckpoint, stop_training
from collapse_metrics.monitor.monitor import Monitor

__all__ = ["Monitor", "RollBack", "SaveCheckpoint", "stop_training"]
