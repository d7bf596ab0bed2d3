"""Handlers: what attaches to an engine to show, save, stop or schedule.

All but the progress bar are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ._progress_bar import ProgressBar

if TYPE_CHECKING:
    from ._batch_size_finder import (
        BatchSizeTry,
        FoundBatchSize,
        find_batch_size,
        is_out_of_memory,
    )
    from ._early_stopping import EarlyStopping
    from ._ema import EMAHandler
    from ._loss_spike import LOSS_SPIKE, LossSpike, LossSpikeDetector
    from ._lr_finder import LRFinder, LRFinderResults
    from ._swa import SWAHandler
    from ._terminate_on_nan import TerminateOnNan
    from ._time_limit import TimeLimit
    from .checkpoint import (
        BaseSaveHandler,
        CheckpointMetadata,
    )

__all__ = [
    "LOSS_SPIKE",
    "BaseSaveHandler",
    "BatchSizeTry",
    "CheckpointMetadata",
    "EMAHandler",
    "EarlyStopping",
    "FoundBatchSize",
    "LRFinder",
    "LRFinderResults",
    "LossSpike",
    "LossSpikeDetector",
    "ProgressBar",
    "SWAHandler",
    "TerminateOnNan",
    "TimeLimit",
    "find_batch_size",
    "is_out_of_memory",
]

_FAMILIES: Final = (
    "_batch_size_finder",
    "_early_stopping",
    "_ema",
    "_loss_spike",
    "_lr_finder",
    "_swa",
    "_terminate_on_nan",
    "_time_limit",
    "checkpoint",
)
"""The modules that are imported when one of their names is asked for."""


def __getattr__(name: str) -> object:
    """Import the family that a name is of."""
    if name in __all__:
        for family in _FAMILIES:
            module = import_module(f".{family}", __name__)
            if name in module.__all__:
                found: object = vars(module)[name]
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
