"""Metrics: what is computed from the outputs of an engine."""

from ._accuracy import Accuracy
from ._mean import Average, Loss, PredTarget, RunningAverage, Scalar
from ._metric import Metric
from ._usage import (
    BatchFiltered,
    BatchWise,
    EpochWise,
    MetricUsage,
    RunningBatchWise,
    RunningEpochWise,
    SingleEpochRunningBatchWise,
)

__all__ = [
    "Accuracy",
    "Average",
    "BatchFiltered",
    "BatchWise",
    "EpochWise",
    "Loss",
    "Metric",
    "MetricUsage",
    "PredTarget",
    "RunningAverage",
    "RunningBatchWise",
    "RunningEpochWise",
    "Scalar",
    "SingleEpochRunningBatchWise",
]
