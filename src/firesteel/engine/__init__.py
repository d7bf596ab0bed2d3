"""The engine, its state, the keys of what the state keeps, and how a run ended."""

from ._decorator import HandlerDecorator
from ._engine import Attachable, Engine
from ._first_batch import check_first_batch
from ._keys import MetricKey, ReadableKey, StateKey
from ._outcome import Completed, Failed, Interrupted, RunOutcome, StopCause, Stopped
from ._state import Metrics, State, Times

__all__ = [
    "Attachable",
    "Completed",
    "Engine",
    "Failed",
    "HandlerDecorator",
    "Interrupted",
    "MetricKey",
    "Metrics",
    "ReadableKey",
    "RunOutcome",
    "State",
    "StateKey",
    "StopCause",
    "Stopped",
    "Times",
    "check_first_batch",
]
