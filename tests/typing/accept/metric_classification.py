"""Classification metrics: what they give follows from the average, and lambdas are typed."""

from typing import NamedTuple, assert_type

import torch
from torch import Tensor

from firesteel import Engine, MetricKey
from firesteel.metrics import (
    F1,
    Accuracy,
    BalancedAccuracy,
    ClassificationReport,
    CohenKappa,
    ConfusionMatrix,
    DiceCoefficient,
    ExactMatch,
    Fbeta,
    HammingDistance,
    IoU,
    JaccardIndex,
    MatthewsCorrCoef,
    MeanIoU,
    Metric,
    MultiLabelConfusionMatrix,
    NegativePredictiveValue,
    Precision,
    PredTarget,
    Recall,
    Specificity,
    StatScores,
)


class Output(NamedTuple):
    logits: Tensor
    truth: Tensor
    loss: float


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    return Output(torch.eye(3), torch.tensor([0, 1, 2]), 0.5)


def give_pair(engine: Engine[int, PredTarget], batch: int) -> PredTarget:
    return torch.eye(3), torch.tensor([0, 1, 2])


def select(output: Output) -> PredTarget:
    return output.logits, output.truth


engine = Engine(evaluate)
pairs = Engine(give_pair)

# the average decides what comes out
assert_type(Precision(), Precision[Tensor, PredTarget])
assert_type(Precision(average=None), Precision[Tensor, PredTarget])
assert_type(Precision(average="macro"), Precision[float, PredTarget])
assert_type(Precision(select), Precision[Tensor, Output])
assert_type(Precision(select, average="micro"), Precision[float, Output])


def results() -> None:
    # not called: nothing was seen
    assert_type(Precision(average="samples", is_multilabel=True).compute(), float)
    assert_type(Recall(num_classes=3).compute(), Tensor)
    assert_type(Recall(average="weighted").compute(), float)
    assert_type(F1(zero_division=1).compute(), Tensor)
    assert_type(F1(average="samples", is_multilabel=True).compute(), float)
    assert_type(Fbeta(beta=2).compute(), Tensor)
    assert_type(Fbeta(beta=2, average="micro").compute(), float)
    assert_type(JaccardIndex().compute(), Tensor)
    assert_type(JaccardIndex(average="macro").compute(), float)
    assert_type(Specificity().compute(), Tensor)
    assert_type(Specificity(average="macro").compute(), float)
    assert_type(NegativePredictiveValue().compute(), Tensor)
    assert_type(NegativePredictiveValue(average="macro").compute(), float)

    # and the report is a typed dictionary, or text
    assert_type(ClassificationReport().compute()["classes"]["cat"]["precision"], float)
    assert_type(ClassificationReport(as_json=True).compute(), str)


# a lambda is typed by the engine that attaches
p1 = engine.attach(Precision(lambda out: (out.logits, out.truth)), "p1")
assert_type(p1, MetricKey[Tensor])
p2 = engine.attach(Precision(lambda out: (out.logits, out.truth), average="macro"), "p2")
assert_type(p2, MetricKey[float])
r1 = engine.attach(Recall(lambda out: (out.logits, out.truth), average="macro"), "r1")
assert_type(r1, MetricKey[float])
f1 = engine.attach(F1(lambda out: (out.logits, out.truth), average="macro"), "f1")
assert_type(f1, MetricKey[float])
f2 = engine.attach(Fbeta(lambda out: (out.logits, out.truth), beta=2, average="macro"), "f2")
assert_type(f2, MetricKey[float])
f3 = engine.attach(Fbeta(lambda out: (out.logits, out.truth), beta=2), "f3")
assert_type(f3, MetricKey[Tensor])
j1 = engine.attach(JaccardIndex(lambda out: (out.logits, out.truth), average="macro"), "j1")
assert_type(j1, MetricKey[float])
s1 = engine.attach(Specificity(lambda out: (out.logits, out.truth), average="macro"), "s1")
assert_type(s1, MetricKey[float])
n1 = engine.attach(NegativePredictiveValue(lambda out: (out.logits, out.truth)), "n1")
assert_type(n1, MetricKey[Tensor])
json = engine.attach(
    ClassificationReport(lambda out: (out.logits, out.truth), as_json=True), "json"
)
assert_type(json, MetricKey[str])
matrix = engine.attach(ConfusionMatrix(lambda out: (out.logits, out.truth), num_classes=3), "m")
assert_type(matrix, MetricKey[Tensor])
kappa = engine.attach(CohenKappa(lambda out: (out.logits, out.truth), weights="linear"), "k")
assert_type(kappa, MetricKey[float])

# or where the metric is attached, or by a function with a name
later = Precision(average="macro").attach(
    engine, "later", output_transform=lambda out: (out.logits, out.truth)
)
assert_type(later, MetricKey[float])
named = Precision(select, average="macro").attach(engine, "named")
assert_type(named, MetricKey[float])
assert_type(Precision(average="macro").attach(pairs, "plain"), MetricKey[float])

# one number, or one tensor
numbers: list[Metric[PredTarget, float, PredTarget]] = [
    Accuracy(num_classes=3),
    BalancedAccuracy(),
    CohenKappa(),
    ExactMatch(),
    HammingDistance(is_multilabel=True),
    MatthewsCorrCoef(),
    MeanIoU(drop_index=0),
    Precision(average="macro"),
]
tensors: list[Metric[PredTarget, Tensor, PredTarget]] = [
    ConfusionMatrix(average="recall"),
    DiceCoefficient(),
    IoU(drop_index=0),
    MultiLabelConfusionMatrix(),
    StatScores(average="micro"),
    Recall(),
]

# arithmetic goes by what comes out
accuracy = ConfusionMatrix(select).map(lambda counts: float(counts.trace() / counts.sum()))
assert_type(accuracy.attach(engine, "accuracy"), MetricKey[float])
macro, each = Precision(select, average="macro"), Recall(select)
assert_type((2 * macro).attach(engine, "twice"), MetricKey[float])
assert_type((macro * each).attach(engine, "product"), MetricKey[Tensor])
assert_type(each[0].attach(engine, "first"), MetricKey[Tensor])
engine.run([0, 1])
