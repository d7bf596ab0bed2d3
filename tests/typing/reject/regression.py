"""Metrics of regression: options that do not exist, results that are not what they are taken for."""

from typing import NamedTuple

import torch
from torch import Tensor

from firesteel import Engine, Metric, MetricKey
from firesteel.metrics import PredTarget
from firesteel.metrics.regression import (
    CosineSimilarity,
    KendallRankCorrelation,
    ManhattanDistance,
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
    raise NotImplementedError


def select(output: Output) -> PredTarget:
    return output.prediction, output.target


def select_one(output: Output) -> Tensor:
    return output.prediction


evaluator = Engine(evaluate)

# the output is not the input
MeanSquaredError().attach(evaluator, "x")  # E
evaluator.attach(MeanSquaredError(), "x")  # E
evaluator.attach(MeanSquaredError(multioutput="raw_values"), "x")  # E
evaluator.attach(ManhattanDistance(), "x")  # E
evaluator.attach(MedianAbsoluteError(), "x")  # E
evaluator.attach(MinkowskiDistance(p=2), "x")  # E
evaluator.attach(R2Score(), "x")  # E

# a transform that finds something else
evaluator.attach(R2Score(select_one), "x")  # E
evaluator.attach(R2Score(select_one, multioutput="raw_values"), "x")  # E
evaluator.attach(R2Score(lambda out: (out.prediction, out.targets)), "x")  # E
evaluator.attach(R2Score(lambda out: (out.pred, out.target), multioutput="raw_values"), "x")  # E
evaluator.attach(ManhattanDistance(lambda out: out.loss), "x")  # E
evaluator.attach(MinkowskiDistance(lambda out: (out.pred, out.target), p=2), "x")  # E
R2Score(multioutput="raw_values").attach(evaluator, "x", output_transform=lambda out: out.loss)  # E

# a number is no tensor
tensor: Tensor = MeanSquaredError().compute()  # E
number: float = MeanSquaredError(multioutput="raw_values").compute()  # E
raw_key: MetricKey[Tensor] = R2Score(select).attach(evaluator, "x")  # E
key: MetricKey[float] = R2Score(select, multioutput="raw_values").attach(evaluator, "x")  # E
wrong: Metric[PredTarget, float, Output] = R2Score(select, multioutput="raw_values")  # E
MeanSquaredError()[0]  # E
R2Score(multioutput="raw_values") + "1"  # E

# options
MeanSquaredError(multioutput="mean")  # E
MeanSquaredError(multioutput=True)  # E
MeanSquaredError(select, "raw_values")  # E
RootMeanSquaredError(squared=False)  # E
PearsonCorrelation(select, multioutput="variance_weighted")  # E
MinkowskiDistance()  # E
MinkowskiDistance(select)  # E
MinkowskiDistance(2)  # E
MinkowskiDistance(p="2")  # E
CosineSimilarity(dim=1)  # E
KendallRankCorrelation("b")  # E
KendallRankCorrelation(variant="a")  # E
MeanSquaredLogError(validate=True)  # E
MeanAbsoluteRelativeError(validate="once")  # E
ManhattanDistance(device=0.5)  # E
ManhattanDistance(validate="first")  # E
ManhattanDistance().update(torch.ones(3))  # E
ManhattanDistance().update(torch.ones(3), torch.ones(3))  # E

evaluator.attach(R2Score(lambda out: (out.prediction, out.target)), "x")
