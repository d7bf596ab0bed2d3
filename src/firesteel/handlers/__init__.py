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
    from ._early_stopping import (
        EarlyStopping,
    )
    from ._ema import (
        EMAHandler,
    )
    from ._global_step import (
        global_step_from_engine,
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
    from ._swa import (
        SWAHandler,
    )
    from ._terminate_on_nan import (
        TerminateOnNan,
    )
    from ._time_limit import (
        TimeLimit,
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
    "BaseParamScheduler",
    "BaseSaveHandler",
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
    "DiskSaver",
    "EMAHandler",
    "EarlyStopping",
    "ExpStateScheduler",
    "ExponentialCurve",
    "FoundBatchSize",
    "FsspecSaver",
    "HashedCheckpoint",
    "InverseSquareRootCurve",
    "JoinedCurve",
    "LRFinder",
    "LRFinderResults",
    "LRScheduler",
    "LambdaStateScheduler",
    "LinearCycleCurve",
    "LinearCyclicalScheduler",
    "LossSpike",
    "LossSpikeDetector",
    "MemorySaver",
    "Migrations",
    "ModelCheckpoint",
    "MultiStepCurve",
    "MultiStepStateScheduler",
    "OptimizerScheduler",
    "ParamGroupScheduler",
    "ParamScheduler",
    "PiecewiseCurve",
    "PiecewiseLinear",
    "PiecewiseLinearStateScheduler",
    "PlateauMode",
    "PlotAxes",
    "ProgressBar",
    "RampCurve",
    "RampShape",
    "ReduceLROnPlateauScheduler",
    "SWAHandler",
    "SavedCheckpoint",
    "ShardedSaver",
    "StateParamScheduler",
    "StateTarget",
    "StatefulTree",
    "StepCurve",
    "StepStateScheduler",
    "Target",
    "TensorInfo",
    "TerminateOnNan",
    "ThresholdMode",
    "TimeLimit",
    "collect_states",
    "create_lr_scheduler_with_warmup",
    "find_batch_size",
    "find_latest",
    "global_step_from_engine",
    "hash_checkpoint",
    "is_out_of_memory",
    "load_checkpoint",
    "load_objects",
    "load_safetensors",
    "read_manifest",
    "save_checkpoint",
    "save_safetensors",
    "verify_checkpoint",
    "warmup_stable_decay",
    "with_warmup",
]

_FAMILIES: Final = (
    "_batch_size_finder",
    "_early_stopping",
    "_ema",
    "_global_step",
    "_loss_spike",
    "_lr_finder",
    "_swa",
    "_terminate_on_nan",
    "_time_limit",
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
