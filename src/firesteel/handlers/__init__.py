"""Handlers: what attaches to an engine to show, save, stop or schedule.

All but the progress bar are imported when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Final

from ._progress_bar import ProgressBar

if TYPE_CHECKING:
    from ._global_step import (
        global_step_from_engine,
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
    "AsyncSaver",
    "BaseParamScheduler",
    "BaseSaveHandler",
    "BatchSizeScheduler",
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
    "ExpStateScheduler",
    "ExponentialCurve",
    "FsspecSaver",
    "HashedCheckpoint",
    "InverseSquareRootCurve",
    "JoinedCurve",
    "LRScheduler",
    "LambdaStateScheduler",
    "LinearCycleCurve",
    "LinearCyclicalScheduler",
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
    "SavedCheckpoint",
    "ShardedSaver",
    "StateParamScheduler",
    "StateTarget",
    "StatefulTree",
    "StepCurve",
    "StepStateScheduler",
    "Target",
    "TensorInfo",
    "ThresholdMode",
    "collect_states",
    "create_lr_scheduler_with_warmup",
    "find_latest",
    "global_step_from_engine",
    "hash_checkpoint",
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
    "_global_step",
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
