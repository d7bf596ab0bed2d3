"""Accumulations, frequency, results of all data, smoothed metrics, best values, torchmetrics."""

from typing import NamedTuple

import torch
from torch import Tensor
from torchmetrics.classification import MulticlassAccuracy

from firesteel import Accuracy, Engine, MetricKey, RunningAverage
from firesteel.metrics._accumulation import GeometricAverage, TensorAverage, VariableAccumulation
from firesteel.metrics._epoch_metric import EpochMetric
from firesteel.metrics._frequency import Frequency
from firesteel.metrics._torchmetrics import TorchMetric
from firesteel.metrics._tracker import BestValue


class Output(NamedTuple):
    scores: Tensor
    target: Tensor
    loss: float


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    raise NotImplementedError


def give_float(engine: Engine[int, float], batch: int) -> float:
    return 0.5


def select(output: Output) -> tuple[Tensor, Tensor]:
    return output.scores, output.target


def add(total: Tensor, value: Tensor) -> Tensor:
    return total + value


def one_argument(total: Tensor) -> Tensor:
    return total


def gives_number(total: Tensor, value: Tensor) -> float:
    return 0.0


def half(value: Tensor) -> str:
    return str(value)


engine = Engine(evaluate)
floats = Engine(give_float)

VariableAccumulation()  # E
VariableAccumulation(one_argument)  # E
VariableAccumulation(gives_number)  # E
VariableAccumulation(add, reduce="mean")  # E
VariableAccumulation(add).attach(engine, "x")  # E
VariableAccumulation(add, select).attach(engine, "x")  # E
engine.attach(VariableAccumulation(add, lambda out: out.los), "x")  # E
floats.attach(VariableAccumulation(add, lambda out: out.loss), "x")  # E
number: float = VariableAccumulation(add).compute()  # E
engine.attach(GeometricAverage(lambda out: out.los), "x")  # E
engine.attach(GeometricAverage(lambda out: str(out.loss)), "x")  # E
TensorAverage().attach(floats, "x")  # E
engine.attach(TensorAverage(lambda out: out.loss), "x")  # E
mean: float = TensorAverage().compute()  # E

Frequency().attach(floats, "x")  # E
engine.attach(Frequency(lambda out: out.loss), "x")  # E
engine.attach(Frequency(lambda out: len(out.targets)), "x")  # E
Frequency(clock=3.0)  # E
Frequency().update(0.5)  # E

EpochMetric()  # E
EpochMetric(one_argument)  # E
EpochMetric(add).attach(engine, "x")  # E
EpochMetric(add, lambda out: out.scores).attach(engine, "x")  # E
engine.attach(EpochMetric(add, lambda out: (out.scores, out.loss)), "x")  # E
engine.attach(EpochMetric(add, lambda out: (out.score, out.target)), "x")  # E
key: MetricKey[float] = EpochMetric(add, select).attach(engine, "x")  # E
EpochMetric(add, check_compute_fn=1.5)  # E

RunningAverage(src=select)  # E
RunningAverage(Accuracy()).attach(engine, "x")  # E
RunningAverage(Accuracy(select)).attach(floats, "x")  # E
RunningAverage(select, src=Accuracy(select))  # E
RunningAverage(VariableAccumulation(add))  # E
engine.attach(RunningAverage(src=Accuracy(lambda out: (out.score, out.target))), "x")  # E
engine.attach(RunningAverage(Accuracy(lambda out: out.scores)), "x")  # E
# mypy looks at what an overloaded function is given without a context: name the function there
engine.attach(RunningAverage(src=Accuracy(lambda out: (out.scores, out.target))), "x")  # M
engine.attach(RunningAverage(Accuracy(lambda out: (out.scores, out.target))), "x")  # M

accuracy = Accuracy(select).attach(engine, "accuracy")
total = EpochMetric(add, select).attach(engine, "total")
BestValue(accuracy)  # E
BestValue("accuracy", mode="max")  # E
BestValue(accuracy, mode="largest")  # E
BestValue(total, mode="max")  # E
BestValue(accuracy, mode="max", metric=RunningAverage())  # E
BestValue(accuracy, metric=accuracy)  # E
BestValue(accuracy, mode="max").attach(engine)  # E
BestValue(accuracy, mode="max", epoch_of=3)  # E
text: str = BestValue(accuracy, mode="max").value  # E

TorchMetric()  # E
TorchMetric("accuracy")  # E
TorchMetric(torch.nn.Linear(1, 1))  # E
TorchMetric(MulticlassAccuracy).attach(engine, "x")  # E: not made
TorchMetric(MulticlassAccuracy(2)).attach(floats, "x")  # E
engine.attach(TorchMetric(MulticlassAccuracy(2), lambda out: out.scores), "x")  # E
engine.attach(TorchMetric(MulticlassAccuracy(2), lambda out: (out.score, out.target)), "x")  # E
TorchMetric(MulticlassAccuracy(2), select).attach(floats, "x")  # E
TorchMetric(MulticlassAccuracy(2), convert=3)  # E
result: float = TorchMetric(MulticlassAccuracy(2)).compute()  # E
word: float = TorchMetric(MulticlassAccuracy(2), convert=half).compute()  # E
