"""Accumulations, frequency, results of all data, smoothed metrics, best values, torchmetrics."""

from typing import NamedTuple, assert_type

import torch
from torch import Tensor
from torchmetrics import MeanMetric, MetricCollection
from torchmetrics.classification import BinaryROC, MulticlassAccuracy, MulticlassF1Score

from firesteel import Accuracy, Average, Engine, Loss, MetricKey, RunningAverage
from firesteel.metrics import EpochWise
from firesteel.metrics._accumulation import GeometricAverage, TensorAverage, VariableAccumulation
from firesteel.metrics._epoch_metric import EpochMetric
from firesteel.metrics._frequency import Frequency
from firesteel.metrics._torchmetrics import TorchMetric
from firesteel.metrics._tracker import BestValue


class Output(NamedTuple):
    scores: Tensor
    target: Tensor
    loss: Tensor


def evaluate(engine: Engine[Tensor, Output], batch: Tensor) -> Output:
    return Output(batch, torch.tensor([0, 1]), batch.mean())


def give_pair(
    engine: Engine[Tensor, tuple[Tensor, Tensor]], batch: Tensor
) -> tuple[Tensor, Tensor]:
    return batch, torch.tensor([0, 1])


def give_int(engine: Engine[Tensor, int], batch: Tensor) -> int:
    return len(batch)


def select(output: Output) -> tuple[Tensor, Tensor]:
    return output.scores, output.target


def select_loss(output: Output) -> Tensor:
    return output.loss


def add(total: Tensor, value: Tensor) -> Tensor:
    return total + value


def error(prediction: Tensor, target: Tensor) -> float:
    return float((prediction.argmax(dim=1) - target).abs().sum())


def both(prediction: Tensor, target: Tensor) -> tuple[float, list[Tensor]]:
    return 0.0, [prediction]


evaluator = Engine(evaluate)
pairs = Engine(give_pair)
counts = Engine(give_int)

# accumulations
sums = VariableAccumulation(add, select_loss).attach(evaluator, "sums")
assert_type(sums, MetricKey[tuple[Tensor, int]])
assert_type(VariableAccumulation(add, select_loss, reduce="max"), VariableAccumulation[Output])
largest = evaluator.attach(
    VariableAccumulation(torch.maximum, lambda out: out.loss, reduce="max"), "largest"
)
late = VariableAccumulation(add).attach(evaluator, "late", output_transform=lambda out: out.loss)
geometric = evaluator.attach(GeometricAverage(lambda out: out.loss), "geometric")
assert_type(geometric, MetricKey[float])
tensors = evaluator.attach(TensorAverage(lambda out: out.scores), "tensors")
assert_type(tensors, MetricKey[Tensor])

# units per second
samples = evaluator.attach(Frequency(lambda out: len(out.target)), "samples")
assert_type(samples, MetricKey[float])
plain = Frequency().attach(counts, "samples", usage=EpochWise())
named = Frequency().attach(evaluator, "named", output_transform=lambda out: out.target.numel())

# all data: the result has the type that the function gives
epoch_error = EpochMetric(error, select).attach(evaluator, "error")
assert_type(epoch_error, MetricKey[float])
assert_type(EpochMetric(error), EpochMetric[float, tuple[Tensor, Tensor]])
by_lambda = evaluator.attach(EpochMetric(both, lambda out: (out.scores, out.target)), "both")
assert_type(by_lambda, MetricKey[tuple[float, list[Tensor]]])
without = EpochMetric(both, check_compute_fn=True).attach(pairs, "both")
assert_type(without, MetricKey[tuple[float, list[Tensor]]])
written = EpochMetric(lambda prediction, target: prediction.mean() - target.double().mean())
assert_type(written, EpochMetric[Tensor, tuple[Tensor, Tensor]])

# another metric's results, smoothed
smooth = RunningAverage(Accuracy(select), alpha=0.5).attach(evaluator, "smooth")
assert_type(smooth, MetricKey[float])
assert_type(RunningAverage(src=Accuracy(select)), RunningAverage[Output])
inferred = evaluator.attach(RunningAverage(src=Accuracy(select), alpha=0.9), "inferred")
positional = evaluator.attach(RunningAverage(Accuracy(select)), "positional")
assert_type(positional, MetricKey[float])
of_pairs = RunningAverage(Accuracy()).attach(pairs, "of_pairs")
combined = evaluator.attach(RunningAverage(src=1 - Accuracy(select)), "combined")
of_number = evaluator.attach(RunningAverage(lambda out: out.loss, alpha=0.9), "of_number")

# the best so far
accuracy = Accuracy(select).attach(evaluator, "accuracy")
best = BestValue(accuracy, mode="max", epoch_of=pairs)
best_key = best.attach(evaluator, "best accuracy")
assert_type(best_key, MetricKey[float])
smallest = evaluator.attach(BestValue(epoch_error, mode="min"), "smallest error")
assert_type(smallest, MetricKey[float])
loss = Average(select_loss)
directed = BestValue(loss.attach(evaluator, "loss"), metric=Loss(torch.nn.functional.nll_loss))

# torchmetrics: the result has the type that its `compute` says
f1 = TorchMetric(MulticlassF1Score(num_classes=2), select).attach(evaluator, "f1")
assert_type(f1, MetricKey[Tensor])
roc = evaluator.attach(TorchMetric(BinaryROC(), lambda out: (out.scores[:, 1], out.target)), "roc")
assert_type(roc, MetricKey[tuple[Tensor, Tensor, Tensor]])
of_pair = TorchMetric(MulticlassAccuracy(num_classes=2)).attach(pairs, "of_pair")
assert_type(of_pair, MetricKey[Tensor])
number = TorchMetric(MulticlassAccuracy(num_classes=2), select, convert=float).attach(
    evaluator, "number"
)
assert_type(number, MetricKey[float])
one = evaluator.attach(TorchMetric(MeanMetric(), lambda out: (out.loss,), convert=float), "one")
assert_type(one, MetricKey[float])
collection = MetricCollection([MulticlassAccuracy(2), MulticlassF1Score(2)])
several = TorchMetric(collection, select)
group = several.attach(evaluator, "group")
smooth_f1 = evaluator.attach(
    RunningAverage(src=TorchMetric(MulticlassF1Score(2), select)), "smooth f1"
)

state = evaluator.run([torch.eye(2), torch.eye(2)])
assert_type(state.metrics[tensors], Tensor)
assert state.metrics[accuracy] == state.metrics[best_key] == state.metrics[smooth] == 1.0
assert state.metrics[number] == 1.0
assert state.metrics[group]["MulticlassF1Score"] == 1.0
assert best.value == 1.0
assert pairs.run([torch.eye(2)]).metrics[of_pair] == 1.0
