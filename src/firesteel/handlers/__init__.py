"""Handlers: what attaches to an engine to show, save, stop or schedule.

All but the progress bar are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ._progress_bar import ProgressBar

if TYPE_CHECKING:
    from ._bars import Bar, Display
    from ._bars_lines import LinesDisplay, display_for
    from ._bars_rich import RichDisplay
    from ._bars_tqdm import TqdmDisplay
    from ._data_wait import DataWait
    from ._durations import DurationSummary
    from ._gradient_norm import GradientNorm, GradientNorms
    from ._memory import DeviceMemory, MemoryPeak, ProcessMemory
    from ._model_summary import LayerSummary, ModelSummary, summarize
    from ._prediction_files import (
        JsonLines,
        JsonValue,
        NumpyFiles,
        PredictionFiles,
        TensorFiles,
    )
    from ._predictions import PredictionWriter, read_predictions
    from ._profilers_basic import BasicTimeProfiler, BasicTimes
    from ._profilers_handlers import HandlersTimeProfiler, HandlersTimes, HandlerTimes
    from ._stores import EpochOutputs, EpochOutputStore
    from ._throughput import ModelFlopsUtilization, Throughput, count_flops
    from ._timer import Timer
    from ._torch_profiler import TorchProfiler
    from .checkpoint import (
        BaseSaveHandler,
        CheckpointMetadata,
    )

__all__ = [
    "Bar",
    "BaseSaveHandler",
    "BasicTimeProfiler",
    "BasicTimes",
    "CheckpointMetadata",
    "DataWait",
    "DeviceMemory",
    "Display",
    "DurationSummary",
    "EpochOutputStore",
    "EpochOutputs",
    "GradientNorm",
    "GradientNorms",
    "HandlerTimes",
    "HandlersTimeProfiler",
    "HandlersTimes",
    "JsonLines",
    "JsonValue",
    "LayerSummary",
    "LinesDisplay",
    "MemoryPeak",
    "ModelFlopsUtilization",
    "ModelSummary",
    "NumpyFiles",
    "PredictionFiles",
    "PredictionWriter",
    "ProcessMemory",
    "ProgressBar",
    "RichDisplay",
    "TensorFiles",
    "Throughput",
    "Timer",
    "TorchProfiler",
    "TqdmDisplay",
    "count_flops",
    "display_for",
    "read_predictions",
    "summarize",
]

_FAMILIES: Final = (
    "_bars",
    "_bars_lines",
    "_bars_rich",
    "_bars_tqdm",
    "_data_wait",
    "_durations",
    "_gradient_norm",
    "_memory",
    "_prediction_files",
    "_predictions",
    "_profilers_basic",
    "_profilers_handlers",
    "_stores",
    "_timer",
    "checkpoint",
    "_torch_profiler",
    "_throughput",
    "_model_summary",
)
"""The modules that are imported, in turn, when a name is asked for; what takes long stands last."""


def __getattr__(name: str) -> object:
    """Import the family that a name is of."""
    if name in __all__:
        for family in _FAMILIES:
            module = import_module(f".{family}", __name__)
            if name in module.__all__:
                found: object = vars(module)[name]
                return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
