"""Ready-made engines: supervised training and evaluation."""

from ._evaluation_step import SupervisedEvaluationStep, supervised_evaluation_step
from ._evaluator import create_supervised_evaluator
from ._hooks import LossFunction, ModelFunction, PrepareBatch
from ._options import (
    AmpDtype,
    ClipNorm,
    Clipping,
    ClipValue,
    Compile,
    CompileMode,
    EvaluationOptions,
    Schedule,
    ScheduleTime,
    TrainingOptions,
)
from ._steps import NUM_ACCUMULATED, NUM_OPTIMIZER_STEPS, SupervisedTrainingStep
from ._trainer import create_supervised_trainer
from ._training_step import supervised_training_step

__all__ = [
    "NUM_ACCUMULATED",
    "NUM_OPTIMIZER_STEPS",
    "AmpDtype",
    "ClipNorm",
    "ClipValue",
    "Clipping",
    "Compile",
    "CompileMode",
    "EvaluationOptions",
    "LossFunction",
    "ModelFunction",
    "PrepareBatch",
    "Schedule",
    "ScheduleTime",
    "SupervisedEvaluationStep",
    "SupervisedTrainingStep",
    "TrainingOptions",
    "create_supervised_evaluator",
    "create_supervised_trainer",
    "supervised_evaluation_step",
    "supervised_training_step",
]
