"""Metrics for the law tests, each with what makes a batch of so many rows."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torchmetrics import MeanSquaredError
from torchmetrics.retrieval import RetrievalMRR

from firesteel.metrics import Metric
from firesteel.metrics._accumulation import GeometricAverage, TensorAverage, VariableAccumulation
from firesteel.metrics._epoch_metric import EpochMetric
from firesteel.metrics._frequency import Frequency
from firesteel.metrics._torchmetrics import TorchMetric


def scalar(generator: torch.Generator, num_rows: int) -> Tensor:
    return torch.rand((), generator=generator) + 0.5


def rows(generator: torch.Generator, num_rows: int) -> Tensor:
    return torch.rand(num_rows, 3, generator=generator)


def units(generator: torch.Generator, num_rows: int) -> int:
    return num_rows


def pair(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    both = torch.rand(2, num_rows, generator=generator, dtype=torch.float64)
    return both[0], both[1]


def queries(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor, Tensor]:
    scores = torch.rand(num_rows, generator=generator)
    relevance, query = torch.randint(2, (2, num_rows), generator=generator)
    return scores, relevance, query


def sum_of_rows(total: Tensor, value: Tensor) -> Tensor:
    return total + value.sum(dim=0)


def largest_of_rows(largest: Tensor, value: Tensor) -> Tensor:
    return torch.maximum(largest, value.amax(dim=0))


def largest_error(prediction: Tensor, target: Tensor) -> float:
    return float((prediction - target).abs().max())


def in_double() -> TorchMetric[Tensor]:
    metric = MeanSquaredError()
    metric.set_dtype(torch.float64)
    return TorchMetric(metric)


EXAMPLES: list[
    tuple[Callable[[], Metric[Any, Any, Any]], Callable[[torch.Generator, int], Any]]
] = [
    (lambda: VariableAccumulation(sum_of_rows), rows),
    (lambda: VariableAccumulation(largest_of_rows, reduce="max"), rows),
    (GeometricAverage, scalar),
    (TensorAverage, rows),
    (lambda: Frequency(clock=lambda: 0.0), units),
    (lambda: EpochMetric(largest_error), pair),
    (in_double, pair),
    (lambda: TorchMetric(RetrievalMRR()), queries),
]
"""The order of batches matters to none."""
