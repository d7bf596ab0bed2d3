"""Typed training loops for PyTorch.

An :class:`Engine` runs your function over your data and fires events; handlers, metrics and bars
attach to it. The names that most scripts need are here, the others in the packages named after what
they hold: :mod:`firesteel.engine`, :mod:`firesteel.events`, :mod:`firesteel.metrics`,
:mod:`firesteel.handlers`, :mod:`firesteel.protocols` and :mod:`firesteel.errors`.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from ._version import __version__
from .engine import (
    Attachable,
    Completed,
    Engine,
    Failed,
    Interrupted,
    MetricKey,
    RunOutcome,
    State,
    StateKey,
    StopCause,
    Stopped,
)
from .events import EventEnum, Events, PayloadEvent, RemovableEventHandle
from .handlers import ProgressBar
from .metrics import Average, Loss, Metric, RunningAverage

if TYPE_CHECKING:
    from .metrics import Accuracy

__all__ = [
    "Accuracy",
    "Attachable",
    "Average",
    "Completed",
    "Engine",
    "EventEnum",
    "Events",
    "Failed",
    "Interrupted",
    "Loss",
    "Metric",
    "MetricKey",
    "PayloadEvent",
    "ProgressBar",
    "RemovableEventHandle",
    "RunOutcome",
    "RunningAverage",
    "State",
    "StateKey",
    "StopCause",
    "Stopped",
    "__version__",
]


def __getattr__(name: str) -> object:
    """Import what is imported when it is first used, as in :mod:`firesteel.metrics`."""
    if name == "Accuracy":
        return vars(import_module("firesteel.metrics.classification"))[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
