"""Schedules: what a learning rate, or another value, is at each event."""

from ._batch_size import BatchSizeScheduler
from ._concat import ConcatScheduler, ParamGroupScheduler
from ._curve import (
    ConstantCurve,
    Curve,
    ExponentialCurve,
    InverseSquareRootCurve,
    MultiStepCurve,
    RampCurve,
    RampShape,
    StepCurve,
)
from ._cycles import CosineCycleCurve, CycleCurve, LinearCycleCurve
from ._param import (
    CosineAnnealingScheduler,
    CurveScheduler,
    LinearCyclicalScheduler,
    OptimizerScheduler,
    ParamScheduler,
    PiecewiseLinear,
)
from ._pieces import JoinedCurve, PiecewiseCurve, warmup_stable_decay, with_warmup
from ._plateau import PlateauMode, ReduceLROnPlateauScheduler, ThresholdMode
from ._plot import PlotAxes
from ._scheduler import BaseParamScheduler
from ._state import (
    ExpStateScheduler,
    LambdaStateScheduler,
    MultiStepStateScheduler,
    PiecewiseLinearStateScheduler,
    StateParamScheduler,
    StateTarget,
    StepStateScheduler,
)
from ._targets import Target
from ._torch import LRScheduler
from ._warmup import create_lr_scheduler_with_warmup

__all__ = [
    "BaseParamScheduler",
    "BatchSizeScheduler",
    "ConcatScheduler",
    "ConstantCurve",
    "CosineAnnealingScheduler",
    "CosineCycleCurve",
    "Curve",
    "CurveScheduler",
    "CycleCurve",
    "ExpStateScheduler",
    "ExponentialCurve",
    "InverseSquareRootCurve",
    "JoinedCurve",
    "LRScheduler",
    "LambdaStateScheduler",
    "LinearCycleCurve",
    "LinearCyclicalScheduler",
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
    "RampCurve",
    "RampShape",
    "ReduceLROnPlateauScheduler",
    "StateParamScheduler",
    "StateTarget",
    "StepCurve",
    "StepStateScheduler",
    "Target",
    "ThresholdMode",
    "create_lr_scheduler_with_warmup",
    "warmup_stable_decay",
    "with_warmup",
]
