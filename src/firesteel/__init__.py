"""Typed training loops for PyTorch.

An :class:`Engine` runs your function over your data and fires events; handlers, metrics and bars
attach to it. The names that most scripts need are here, the others in the packages named after what
they hold: :mod:`firesteel.engine`, :mod:`firesteel.events`, :mod:`firesteel.data`,
:mod:`firesteel.metrics`, :mod:`firesteel.handlers`, :mod:`firesteel.recipes`,
:mod:`firesteel.distributed`, :mod:`firesteel.testing`, :mod:`firesteel.protocols` and
:mod:`firesteel.errors`.
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from ._version import __version__
from .data import DataLoader
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
    from .recipes import create_supervised_evaluator, create_supervised_trainer

__all__ = [
    "Accuracy",
    "Attachable",
    "Average",
    "Completed",
    "DataLoader",
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
    "create_supervised_evaluator",
    "create_supervised_trainer",
]

_HOMES: Final = MappingProxyType(
    {
        "Accuracy": "firesteel.metrics.classification",
        "create_supervised_evaluator": "firesteel.recipes",
        "create_supervised_trainer": "firesteel.recipes",
    }
)
"""Where the names are from that are imported when they are first used."""


def __getattr__(name: str) -> object:
    """Import what is imported when it is first used, as in :mod:`firesteel.metrics`."""
    if name in _HOMES:
        return vars(import_module(_HOMES[name]))[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
