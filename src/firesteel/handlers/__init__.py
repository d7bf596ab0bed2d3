"""Handlers: what attaches to an engine to show, save, stop or schedule.

All but the progress bar are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ._progress_bar import ProgressBar

if TYPE_CHECKING:
    from ._bars import (
        Bar,
        Display,
    )
    from ._bars_lines import (
        LinesDisplay,
        display_for,
    )
    from ._bars_rich import (
        RichDisplay,
    )
    from ._bars_tqdm import (
        TqdmDisplay,
    )
    from ._batch_size_finder import (
        BatchSizeTry,
        FoundBatchSize,
        find_batch_size,
        is_out_of_memory,
    )
    from ._data_wait import (
        DataWait,
    )
    from ._durations import (
        DurationSummary,
    )
    from ._early_stopping import (
        EarlyStopping,
    )
    from ._ema import (
        EMAHandler,
    )
    from ._global_step import (
        global_step_from_engine,
    )
    from ._gradient_norm import (
        GradientNorm,
        GradientNorms,
    )
    from ._loss_spike import (
        LOSS_SPIKE,
        LossSpike,
        LossSpikeDetector,
    )
    from ._lr_finder import (
        LRFinder,
        LRFinderResults,
    )
    from ._memory import (
        DeviceMemory,
        MemoryPeak,
        ProcessMemory,
    )
    from ._model_summary import (
        LayerSummary,
        ModelSummary,
        summarize,
    )
    from ._prediction_files import (
        JsonLines,
        JsonValue,
        NumpyFiles,
        PredictionFiles,
        TensorFiles,
    )
    from ._predictions import (
        PredictionWriter,
        read_predictions,
    )
    from ._profilers_basic import (
        BasicTimeProfiler,
        BasicTimes,
    )
    from ._profilers_handlers import (
        HandlersTimeProfiler,
        HandlersTimes,
        HandlerTimes,
    )
    from ._stores import (
        EpochOutputs,
        EpochOutputStore,
    )
    from ._swa import (
        SWAHandler,
    )
    from ._terminate_on_nan import (
        TerminateOnNan,
    )
    from ._throughput import (
        ModelFlopsUtilization,
        Throughput,
        count_flops,
    )
    from ._time_limit import (
        TimeLimit,
    )
    from ._timer import (
        Timer,
    )
    from ._torch_profiler import (
        TorchProfiler,
    )
    from .checkpoint import (
        AsyncSaver,
        BaseSaveHandler,
        Checkpoint,
        CheckpointManifest,
        CheckpointMetadata,
        CollectiveSaver,
        DiskSaver,
        FsspecSaver,
        HashedCheckpoint,
        MemorySaver,
        Migrations,
        ModelCheckpoint,
        SavedCheckpoint,
        ShardedSaver,
        StatefulTree,
        TensorInfo,
        collect_states,
        find_latest,
        hash_checkpoint,
        load_checkpoint,
        load_objects,
        load_safetensors,
        read_manifest,
        save_checkpoint,
        save_safetensors,
        verify_checkpoint,
    )
    from .schedule import (
        BaseParamScheduler,
        BatchSizeScheduler,
        ConcatScheduler,
        ConstantCurve,
        CosineAnnealingScheduler,
        CosineCycleCurve,
        Curve,
        CurveScheduler,
        CycleCurve,
        ExponentialCurve,
        ExpStateScheduler,
        InverseSquareRootCurve,
        JoinedCurve,
        LambdaStateScheduler,
        LinearCycleCurve,
        LinearCyclicalScheduler,
        LRScheduler,
        MultiStepCurve,
        MultiStepStateScheduler,
        OptimizerScheduler,
        ParamGroupScheduler,
        ParamScheduler,
        PiecewiseCurve,
        PiecewiseLinear,
        PiecewiseLinearStateScheduler,
        PlateauMode,
        PlotAxes,
        RampCurve,
        RampShape,
        ReduceLROnPlateauScheduler,
        StateParamScheduler,
        StateTarget,
        StepCurve,
        StepStateScheduler,
        Target,
        ThresholdMode,
        create_lr_scheduler_with_warmup,
        warmup_stable_decay,
        with_warmup,
    )

__all__ = [
    "LOSS_SPIKE",
    "AsyncSaver",
    "Bar",
    "BaseParamScheduler",
    "BaseSaveHandler",
    "BasicTimeProfiler",
    "BasicTimes",
    "BatchSizeScheduler",
    "BatchSizeTry",
    "Checkpoint",
    "CheckpointManifest",
    "CheckpointMetadata",
    "CollectiveSaver",
    "ConcatScheduler",
    "ConstantCurve",
    "CosineAnnealingScheduler",
    "CosineCycleCurve",
    "Curve",
    "CurveScheduler",
    "CycleCurve",
    "DataWait",
    "DeviceMemory",
    "DiskSaver",
    "Display",
    "DurationSummary",
    "EMAHandler",
    "EarlyStopping",
    "EpochOutputStore",
    "EpochOutputs",
    "ExpStateScheduler",
    "ExponentialCurve",
    "FoundBatchSize",
    "FsspecSaver",
    "GradientNorm",
    "GradientNorms",
    "HandlerTimes",
    "HandlersTimeProfiler",
    "HandlersTimes",
    "HashedCheckpoint",
    "InverseSquareRootCurve",
    "JoinedCurve",
    "JsonLines",
    "JsonValue",
    "LRFinder",
    "LRFinderResults",
    "LRScheduler",
    "LambdaStateScheduler",
    "LayerSummary",
    "LinearCycleCurve",
    "LinearCyclicalScheduler",
    "LinesDisplay",
    "LossSpike",
    "LossSpikeDetector",
    "MemoryPeak",
    "MemorySaver",
    "Migrations",
    "ModelCheckpoint",
    "ModelFlopsUtilization",
    "ModelSummary",
    "MultiStepCurve",
    "MultiStepStateScheduler",
    "NumpyFiles",
    "OptimizerScheduler",
    "ParamGroupScheduler",
    "ParamScheduler",
    "PiecewiseCurve",
    "PiecewiseLinear",
    "PiecewiseLinearStateScheduler",
    "PlateauMode",
    "PlotAxes",
    "PredictionFiles",
    "PredictionWriter",
    "ProcessMemory",
    "ProgressBar",
    "RampCurve",
    "RampShape",
    "ReduceLROnPlateauScheduler",
    "RichDisplay",
    "SWAHandler",
    "SavedCheckpoint",
    "ShardedSaver",
    "StateParamScheduler",
    "StateTarget",
    "StatefulTree",
    "StepCurve",
    "StepStateScheduler",
    "Target",
    "TensorFiles",
    "TensorInfo",
    "TerminateOnNan",
    "ThresholdMode",
    "Throughput",
    "TimeLimit",
    "Timer",
    "TorchProfiler",
    "TqdmDisplay",
    "collect_states",
    "count_flops",
    "create_lr_scheduler_with_warmup",
    "display_for",
    "find_batch_size",
    "find_latest",
    "global_step_from_engine",
    "hash_checkpoint",
    "is_out_of_memory",
    "load_checkpoint",
    "load_objects",
    "load_safetensors",
    "read_manifest",
    "read_predictions",
    "save_checkpoint",
    "save_safetensors",
    "summarize",
    "verify_checkpoint",
    "warmup_stable_decay",
    "with_warmup",
]

_FAMILIES: Final = (
    "_bars",
    "_bars_lines",
    "_bars_rich",
    "_bars_tqdm",
    "_batch_size_finder",
    "_data_wait",
    "_durations",
    "_early_stopping",
    "_ema",
    "_global_step",
    "_gradient_norm",
    "_loss_spike",
    "_lr_finder",
    "_memory",
    "_model_summary",
    "_prediction_files",
    "_predictions",
    "_profilers_basic",
    "_profilers_handlers",
    "_stores",
    "_swa",
    "_terminate_on_nan",
    "_throughput",
    "_time_limit",
    "_timer",
    "_torch_profiler",
    "checkpoint",
    "schedule",
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
