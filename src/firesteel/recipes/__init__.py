"""Training scripts of ten lines: supervised engines, and ways to try them before they run."""

from ._dry_run import DryRun, dry_run
from ._evaluation_step import SupervisedEvaluationStep, supervised_evaluation_step
from ._evaluator import create_supervised_evaluator
from ._hooks import LossFunction, ModelFunction, PrepareBatch, TensorPair
from ._logger import setup_logger
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
from ._rehearse import first_batches, rehearse
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
    "DryRun",
    "EvaluationOptions",
    "LossFunction",
    "ModelFunction",
    "PrepareBatch",
    "Schedule",
    "ScheduleTime",
    "SupervisedEvaluationStep",
    "SupervisedTrainingStep",
    "TensorPair",
    "TrainingOptions",
    "create_supervised_evaluator",
    "create_supervised_trainer",
    "dry_run",
    "first_batches",
    "rehearse",
    "setup_logger",
    "supervised_evaluation_step",
    "supervised_training_step",
]
