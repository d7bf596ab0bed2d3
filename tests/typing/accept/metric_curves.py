"""Curves and areas: what an option makes of the result's type, and where the values are."""

from typing import NamedTuple, assert_type

import torch
from torch import Tensor

from firesteel import Engine, MetricKey
from firesteel.metrics import (
    ROC_AUC,
    BinaryRocAuc,
    BinnedAveragePrecision,
    BinnedRocAuc,
    BrierScore,
    CalibrationError,
    MeanAveragePrecision,
    MetricsLambda,
    MulticlassAveragePrecision,
    MulticlassRocAuc,
    MulticlassRocCurve,
    MultilabelAveragePrecision,
    MultilabelRocAuc,
    OperatingPoint,
    PredTarget,
    RecallAtFixedPrecision,
    RocCurve,
)
from firesteel.metrics.functional import RocPoints


class Output(NamedTuple):
    logits: Tensor
    target: Tensor
    loss: float


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    return Output(torch.eye(3).softmax(1), torch.tensor([0, 1, 2]), 0.0)


def evaluate_binary(engine: Engine[int, Output], batch: int) -> Output:
    return Output(torch.tensor([0.2, 0.8]), torch.tensor([0, 1]), 0.0)


def select(output: Output) -> tuple[Tensor, Tensor]:
    return output.logits, output.target


evaluator, binary = Engine(evaluate), Engine(evaluate_binary)

# a lambda, in a metric that the engine attaches: its parameter is the engine's output
macro = evaluator.attach(
    MulticlassRocAuc(lambda out: (out.logits, out.target), average="macro"), "macro"
)
plain = evaluator.attach(MulticlassRocAuc(lambda out: (out.logits, out.target)), "plain")
each = evaluator.attach(
    MulticlassRocAuc(lambda out: (out.logits, out.target), average=None), "each"
)
assert_type(macro, MetricKey[float])
assert_type(plain, MetricKey[float])
assert_type(each, MetricKey[Tensor])
assert_type(
    evaluator.attach(MulticlassAveragePrecision(lambda out: (out.logits, out.target)), "ap"),
    MetricKey[float],
)
assert_type(
    evaluator.attach(
        MeanAveragePrecision(lambda out: (out.logits, out.target), class_mean=None), "map"
    ),
    MetricKey[Tensor],
)
assert_type(
    evaluator.attach(
        BinnedRocAuc(lambda out: (out.logits, out.target), kind="multiclass", average=None), "bin"
    ),
    MetricKey[Tensor],
)
assert_type(
    evaluator.attach(
        BinnedAveragePrecision(lambda out: (out.logits, out.target), kind="multiclass"), "binap"
    ),
    MetricKey[float],
)
assert_type(
    evaluator.attach(CalibrationError(lambda out: (out.logits, out.target)), "ece"),
    MetricKey[float],
)
assert_type(
    evaluator.attach(MulticlassRocCurve(lambda out: (out.logits, out.target)), "curves"),
    MetricKey[tuple[RocPoints, ...]],
)

# a named function
assert_type(MulticlassRocAuc(select), MulticlassRocAuc[float, Output])
assert_type(MulticlassRocAuc(select, average=None), MulticlassRocAuc[Tensor, Output])
assert_type(MultilabelRocAuc(select, average="micro"), MultilabelRocAuc[float, Output])
assert_type(MeanAveragePrecision(select, class_mean="micro"), MeanAveragePrecision[float, Output])
assert_type(ROC_AUC(select), ROC_AUC[Output])

# a lambda on attaching
assert_type(
    RocCurve().attach(binary, "roc", output_transform=lambda out: (out.logits, out.target)),
    MetricKey[RocPoints],
)
assert_type(
    MulticlassRocAuc(average=None).attach(
        evaluator, "late", output_transform=lambda out: (out.logits, out.target)
    ),
    MetricKey[Tensor],
)
point = RecallAtFixedPrecision(min_precision=0.9).attach(
    binary, "point", output_transform=lambda out: (out.logits, out.target)
)
assert_type(point, MetricKey[OperatingPoint])
key = binary.attach(BrierScore(lambda out: (out.logits, out.target)), "brier")

# without a transform
assert_type(MulticlassRocAuc(), MulticlassRocAuc[float, PredTarget])
assert_type(MultilabelAveragePrecision(average=None), MultilabelAveragePrecision[Tensor])

# arithmetic keeps the types
assert_type(1 - BinaryRocAuc(max_fpr=0.5), MetricsLambda[float, PredTarget])
assert_type(MulticlassRocAuc(average=None) * 2, MetricsLambda[Tensor, PredTarget])

metrics = evaluator.run([1, 2]).metrics
assert metrics[macro] == metrics[plain] == 1.0
assert_type(metrics[each], Tensor)
found = binary.run([1]).metrics
assert_type(found[point].threshold, float)
assert found[point].value == 1.0
assert_type(found[key], float)
