"""Metrics of regression: a number, or one per column where that is asked for."""

import math
from typing import NamedTuple, assert_type

import torch
from torch import Tensor

from firesteel import Engine, Metric, MetricKey
from firesteel.metrics import PredTarget
from firesteel.metrics.regression import (
    CosineSimilarity,
    KendallRankCorrelation,
    MeanAbsoluteRelativeError,
    MeanSquaredError,
    MeanSquaredLogError,
    MedianAbsoluteError,
    MinkowskiDistance,
    PearsonCorrelation,
    R2Score,
    RootMeanSquaredError,
)


class Output(NamedTuple):
    loss: Tensor
    prediction: Tensor
    target: Tensor


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    numbers = torch.tensor([[1.0, 2.0], [3.0, 5.0], [2.0, 2.0]])
    return Output(torch.tensor(0.0), numbers + batch, numbers)


def give_pair(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
    return torch.arange(4.0) * batch, torch.arange(4.0)


def select(output: Output) -> PredTarget:
    return output.prediction, output.target


evaluator, pairs = Engine(evaluate), Engine(give_pair)

# without an option, a number
assert_type(MeanSquaredError(), MeanSquaredError[float, PredTarget])
assert_type(MedianAbsoluteError(), MedianAbsoluteError[PredTarget])
assert_type(MeanSquaredError(select), MeanSquaredError[float, Output])
assert_type(MedianAbsoluteError(select), MedianAbsoluteError[Output])
assert_type(MeanSquaredError(multioutput="uniform_average"), MeanSquaredError[float, PredTarget])
plain = MeanSquaredError().attach(pairs, "plain")
assert_type(plain, MetricKey[float])
assert_type(pairs.attach(R2Score(), "r2"), MetricKey[float])
median = pairs.attach(MedianAbsoluteError(), "median")
assert_type(median, MetricKey[float])
tau = pairs.attach(KendallRankCorrelation(variant="c"), "tau")
assert_type(tau, MetricKey[float])

# with it, a tensor
assert_type(MeanSquaredError(multioutput="raw_values"), MeanSquaredError[Tensor, PredTarget])
assert_type(MeanSquaredError(select, multioutput="raw_values"), MeanSquaredError[Tensor, Output])
raw = MeanSquaredError(multioutput="raw_values").attach(pairs, "raw")
assert_type(raw, MetricKey[Tensor])
metric: Metric[PredTarget, Tensor, Output] = PearsonCorrelation(select, multioutput="raw_values")

# 1. a named function
first = R2Score(select, device="cpu").attach(evaluator, "first")
assert_type(first, MetricKey[float])
first_raw = R2Score(select, multioutput="raw_values").attach(evaluator, "first_raw")
assert_type(first_raw, MetricKey[Tensor])
assert_type(evaluator.attach(R2Score(select, multioutput="raw_values"), "named"), MetricKey[Tensor])

# 2. a lambda, given on attaching
second = PearsonCorrelation().attach(
    evaluator, "second", output_transform=lambda out: (out.prediction, out.target)
)
assert_type(second, MetricKey[float])
second_raw = PearsonCorrelation(multioutput="raw_values").attach(
    evaluator, "second_raw", output_transform=lambda out: (out.prediction, out.target)
)
assert_type(second_raw, MetricKey[Tensor])

# 3. a lambda, in a metric that the engine attaches
third = evaluator.attach(RootMeanSquaredError(lambda out: (out.prediction, out.target)), "third")
assert_type(third, MetricKey[float])
third_raw = evaluator.attach(
    RootMeanSquaredError(lambda out: (out.prediction, out.target), multioutput="raw_values"),
    "third_raw",
)
assert_type(third_raw, MetricKey[Tensor])
cosine = evaluator.attach(
    CosineSimilarity(lambda out: (out.prediction, out.target), eps=1e-6), "cosine"
)
assert_type(cosine, MetricKey[float])
distance = evaluator.attach(
    MinkowskiDistance(lambda out: (out.prediction, out.target), p=3), "distance"
)
assert_type(distance, MetricKey[float])
checked = evaluator.attach(
    MeanSquaredLogError(
        lambda out: (out.prediction, out.target), multioutput="raw_values", validate="always"
    ),
    "checked",
)
assert_type(checked, MetricKey[Tensor])
relative = evaluator.attach(
    MeanAbsoluteRelativeError(lambda out: (out.prediction, out.target), validate="first"),
    "relative",
)
assert_type(relative, MetricKey[float])

metrics = evaluator.run([1, 2]).metrics
assert math.isclose(metrics[third], metrics[third_raw].mean().item())
assert_type(metrics[first], float)
assert_type(metrics[first_raw], Tensor)
assert pairs.run([1]).metrics[plain] == 0.0

# alone, and in formulas
alone = R2Score(multioutput="raw_values")
alone.update((torch.rand(4, 2), torch.rand(4, 2)))
assert_type(alone.compute(), Tensor)
column = alone[0]
assert_type(column.compute(), Tensor)
root = MeanSquaredError() ** 0.5
root.update((torch.zeros(2), torch.full((2,), 3.0)))
assert_type(root.compute(), float)
assert root.compute() == 3.0
