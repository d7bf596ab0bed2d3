"""Each classification metric: what it gives, whatever way says where the values are."""

from typing import Literal, NamedTuple, assert_type

import torch
from torch import Tensor

from firesteel import Engine, MetricKey
from firesteel.metrics import (
    Accuracy,
    BalancedAccuracy,
    ClassificationReport,
    CohenKappa,
    ConfusionMatrix,
    DiceCoefficient,
    ExactMatch,
    F1,
    Fbeta,
    HammingDistance,
    IoU,
    JaccardIndex,
    MatthewsCorrCoef,
    MeanIoU,
    MultiLabelConfusionMatrix,
    NegativePredictiveValue,
    Precision,
    Recall,
    Specificity,
    StatScores,
    Metric,
    MetricsLambda,
    PredTarget,
    mIoU,
)
from firesteel.metrics.functional import ClassificationReport as Report


class Output(NamedTuple):
    p: Tensor
    y: Tensor


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    return Output(torch.eye(3), torch.tensor([0, 1, 2]))


def select(output: Output) -> tuple[Tensor, Tensor]:
    return output.p, output.y


e = Engine(evaluate)

# Accuracy
assert_type(Accuracy(), Accuracy[PredTarget])
assert_type(Accuracy(select), Accuracy[Output])
assert_type(e.attach(Accuracy(lambda o: (o.p, o.y)), "a1"), MetricKey[float])
assert_type(Accuracy().attach(e, "b1", output_transform=lambda o: (o.p, o.y)), MetricKey[float])
assert_type(Accuracy(select).attach(e, "c1"), MetricKey[float])
assert_type(Accuracy(is_multilabel=True, threshold=0.3), Accuracy[PredTarget])
assert_type(Accuracy(select, is_multilabel=True, threshold=0.3), Accuracy[Output])

# BalancedAccuracy
assert_type(BalancedAccuracy(), BalancedAccuracy[PredTarget])
assert_type(BalancedAccuracy(select), BalancedAccuracy[Output])
assert_type(e.attach(BalancedAccuracy(lambda o: (o.p, o.y)), "a3"), MetricKey[float])
assert_type(
    BalancedAccuracy().attach(e, "b3", output_transform=lambda o: (o.p, o.y)), MetricKey[float]
)
assert_type(BalancedAccuracy(select).attach(e, "c3"), MetricKey[float])
assert_type(BalancedAccuracy(num_classes=3, top_k=2), BalancedAccuracy[PredTarget])
assert_type(BalancedAccuracy(select, num_classes=3, top_k=2), BalancedAccuracy[Output])

# ClassificationReport
assert_type(ClassificationReport(), ClassificationReport[Report, PredTarget])
assert_type(ClassificationReport(select), ClassificationReport[Report, Output])
assert_type(e.attach(ClassificationReport(lambda o: (o.p, o.y)), "a5"), MetricKey[Report])
assert_type(
    ClassificationReport().attach(e, "b5", output_transform=lambda o: (o.p, o.y)), MetricKey[Report]
)
assert_type(ClassificationReport(select).attach(e, "c5"), MetricKey[Report])
assert_type(
    ClassificationReport(labels=("cat", "dog"), as_json=False),
    ClassificationReport[Report, PredTarget],
)
assert_type(
    ClassificationReport(select, labels=("cat", "dog"), as_json=False),
    ClassificationReport[Report, Output],
)
assert_type(ClassificationReport(as_json=True), ClassificationReport[str, PredTarget])
assert_type(ClassificationReport(select, as_json=True), ClassificationReport[str, Output])
assert_type(
    e.attach(ClassificationReport(lambda o: (o.p, o.y), as_json=True), "a7"), MetricKey[str]
)
assert_type(
    ClassificationReport(as_json=True).attach(e, "b7", output_transform=lambda o: (o.p, o.y)),
    MetricKey[str],
)
assert_type(ClassificationReport(select, as_json=True).attach(e, "c7"), MetricKey[str])

# CohenKappa
assert_type(CohenKappa(), CohenKappa[PredTarget])
assert_type(CohenKappa(select), CohenKappa[Output])
assert_type(e.attach(CohenKappa(lambda o: (o.p, o.y)), "a8"), MetricKey[float])
assert_type(CohenKappa().attach(e, "b8", output_transform=lambda o: (o.p, o.y)), MetricKey[float])
assert_type(CohenKappa(select).attach(e, "c8"), MetricKey[float])
assert_type(CohenKappa(weights="quadratic"), CohenKappa[PredTarget])
assert_type(CohenKappa(select, weights="quadratic"), CohenKappa[Output])

# ConfusionMatrix
assert_type(ConfusionMatrix(), ConfusionMatrix[PredTarget])
assert_type(ConfusionMatrix(select), ConfusionMatrix[Output])
assert_type(e.attach(ConfusionMatrix(lambda o: (o.p, o.y)), "a10"), MetricKey[Tensor])
assert_type(
    ConfusionMatrix().attach(e, "b10", output_transform=lambda o: (o.p, o.y)), MetricKey[Tensor]
)
assert_type(ConfusionMatrix(select).attach(e, "c10"), MetricKey[Tensor])
assert_type(ConfusionMatrix(average="recall", num_classes=3), ConfusionMatrix[PredTarget])
assert_type(ConfusionMatrix(select, average="recall", num_classes=3), ConfusionMatrix[Output])

# DiceCoefficient
assert_type(DiceCoefficient(), DiceCoefficient[PredTarget])
assert_type(DiceCoefficient(select), DiceCoefficient[Output])
assert_type(e.attach(DiceCoefficient(lambda o: (o.p, o.y)), "a12"), MetricKey[Tensor])
assert_type(
    DiceCoefficient().attach(e, "b12", output_transform=lambda o: (o.p, o.y)), MetricKey[Tensor]
)
assert_type(DiceCoefficient(select).attach(e, "c12"), MetricKey[Tensor])
assert_type(DiceCoefficient(drop_index=0), DiceCoefficient[PredTarget])
assert_type(DiceCoefficient(select, drop_index=0), DiceCoefficient[Output])

# ExactMatch
assert_type(ExactMatch(), ExactMatch[PredTarget])
assert_type(ExactMatch(select), ExactMatch[Output])
assert_type(e.attach(ExactMatch(lambda o: (o.p, o.y)), "a14"), MetricKey[float])
assert_type(ExactMatch().attach(e, "b14", output_transform=lambda o: (o.p, o.y)), MetricKey[float])
assert_type(ExactMatch(select).attach(e, "c14"), MetricKey[float])
assert_type(ExactMatch(threshold=0.2), ExactMatch[PredTarget])
assert_type(ExactMatch(select, threshold=0.2), ExactMatch[Output])

# F1
assert_type(F1(), F1[Tensor, PredTarget])
assert_type(F1(select), F1[Tensor, Output])
assert_type(e.attach(F1(lambda o: (o.p, o.y)), "a16"), MetricKey[Tensor])
assert_type(F1().attach(e, "b16", output_transform=lambda o: (o.p, o.y)), MetricKey[Tensor])
assert_type(F1(select).attach(e, "c16"), MetricKey[Tensor])
assert_type(F1(average="macro"), F1[float, PredTarget])
assert_type(F1(select, average="macro"), F1[float, Output])
assert_type(e.attach(F1(lambda o: (o.p, o.y), average="macro"), "a17"), MetricKey[float])
assert_type(
    F1(average="macro").attach(e, "b17", output_transform=lambda o: (o.p, o.y)), MetricKey[float]
)
assert_type(F1(select, average="macro").attach(e, "c17"), MetricKey[float])
assert_type(F1(average="samples", is_multilabel=True), F1[float, PredTarget])
assert_type(F1(select, average="samples", is_multilabel=True), F1[float, Output])

# Fbeta
assert_type(Fbeta(beta=2), Fbeta[Tensor, PredTarget])
assert_type(Fbeta(select, beta=2), Fbeta[Tensor, Output])
assert_type(e.attach(Fbeta(lambda o: (o.p, o.y), beta=2), "a19"), MetricKey[Tensor])
assert_type(
    Fbeta(beta=2).attach(e, "b19", output_transform=lambda o: (o.p, o.y)), MetricKey[Tensor]
)
assert_type(Fbeta(select, beta=2).attach(e, "c19"), MetricKey[Tensor])
assert_type(Fbeta(beta=2, average="macro"), Fbeta[float, PredTarget])
assert_type(Fbeta(select, beta=2, average="macro"), Fbeta[float, Output])
assert_type(e.attach(Fbeta(lambda o: (o.p, o.y), beta=2, average="macro"), "a20"), MetricKey[float])
assert_type(
    Fbeta(beta=2, average="macro").attach(e, "b20", output_transform=lambda o: (o.p, o.y)),
    MetricKey[float],
)
assert_type(Fbeta(select, beta=2, average="macro").attach(e, "c20"), MetricKey[float])
assert_type(Fbeta(beta=2, average="samples", is_multilabel=True), Fbeta[float, PredTarget])
assert_type(Fbeta(select, beta=2, average="samples", is_multilabel=True), Fbeta[float, Output])

# HammingDistance
assert_type(HammingDistance(), HammingDistance[PredTarget])
assert_type(HammingDistance(select), HammingDistance[Output])
assert_type(e.attach(HammingDistance(lambda o: (o.p, o.y)), "a22"), MetricKey[float])
assert_type(
    HammingDistance().attach(e, "b22", output_transform=lambda o: (o.p, o.y)), MetricKey[float]
)
assert_type(HammingDistance(select).attach(e, "c22"), MetricKey[float])
assert_type(HammingDistance(is_multilabel=True, ignore_index=-1), HammingDistance[PredTarget])
assert_type(HammingDistance(select, is_multilabel=True, ignore_index=-1), HammingDistance[Output])

# IoU
assert_type(IoU(), IoU[PredTarget])
assert_type(IoU(select), IoU[Output])
assert_type(e.attach(IoU(lambda o: (o.p, o.y)), "a24"), MetricKey[Tensor])
assert_type(IoU().attach(e, "b24", output_transform=lambda o: (o.p, o.y)), MetricKey[Tensor])
assert_type(IoU(select).attach(e, "c24"), MetricKey[Tensor])
assert_type(IoU(drop_index=0, zero_division=1), IoU[PredTarget])
assert_type(IoU(select, drop_index=0, zero_division=1), IoU[Output])

# JaccardIndex
assert_type(JaccardIndex(), JaccardIndex[Tensor, PredTarget])
assert_type(JaccardIndex(select), JaccardIndex[Tensor, Output])
assert_type(e.attach(JaccardIndex(lambda o: (o.p, o.y)), "a26"), MetricKey[Tensor])
assert_type(
    JaccardIndex().attach(e, "b26", output_transform=lambda o: (o.p, o.y)), MetricKey[Tensor]
)
assert_type(JaccardIndex(select).attach(e, "c26"), MetricKey[Tensor])
assert_type(JaccardIndex(average="macro"), JaccardIndex[float, PredTarget])
assert_type(JaccardIndex(select, average="macro"), JaccardIndex[float, Output])
assert_type(e.attach(JaccardIndex(lambda o: (o.p, o.y), average="macro"), "a27"), MetricKey[float])
assert_type(
    JaccardIndex(average="macro").attach(e, "b27", output_transform=lambda o: (o.p, o.y)),
    MetricKey[float],
)
assert_type(JaccardIndex(select, average="macro").attach(e, "c27"), MetricKey[float])
assert_type(JaccardIndex(average="samples", is_multilabel=True), JaccardIndex[float, PredTarget])
assert_type(
    JaccardIndex(select, average="samples", is_multilabel=True), JaccardIndex[float, Output]
)

# MatthewsCorrCoef
assert_type(MatthewsCorrCoef(), MatthewsCorrCoef[PredTarget])
assert_type(MatthewsCorrCoef(select), MatthewsCorrCoef[Output])
assert_type(e.attach(MatthewsCorrCoef(lambda o: (o.p, o.y)), "a29"), MetricKey[float])
assert_type(
    MatthewsCorrCoef().attach(e, "b29", output_transform=lambda o: (o.p, o.y)), MetricKey[float]
)
assert_type(MatthewsCorrCoef(select).attach(e, "c29"), MetricKey[float])
assert_type(MatthewsCorrCoef(num_classes=3), MatthewsCorrCoef[PredTarget])
assert_type(MatthewsCorrCoef(select, num_classes=3), MatthewsCorrCoef[Output])

# MeanIoU
assert_type(MeanIoU(), MeanIoU[PredTarget])
assert_type(MeanIoU(select), MeanIoU[Output])
assert_type(e.attach(MeanIoU(lambda o: (o.p, o.y)), "a31"), MetricKey[float])
assert_type(MeanIoU().attach(e, "b31", output_transform=lambda o: (o.p, o.y)), MetricKey[float])
assert_type(MeanIoU(select).attach(e, "c31"), MetricKey[float])
assert_type(MeanIoU(zero_division=float("nan")), MeanIoU[PredTarget])
assert_type(MeanIoU(select, zero_division=float("nan")), MeanIoU[Output])

# MultiLabelConfusionMatrix
assert_type(MultiLabelConfusionMatrix(), MultiLabelConfusionMatrix[PredTarget])
assert_type(MultiLabelConfusionMatrix(select), MultiLabelConfusionMatrix[Output])
assert_type(e.attach(MultiLabelConfusionMatrix(lambda o: (o.p, o.y)), "a33"), MetricKey[Tensor])
assert_type(
    MultiLabelConfusionMatrix().attach(e, "b33", output_transform=lambda o: (o.p, o.y)),
    MetricKey[Tensor],
)
assert_type(MultiLabelConfusionMatrix(select).attach(e, "c33"), MetricKey[Tensor])
assert_type(MultiLabelConfusionMatrix(average="samples"), MultiLabelConfusionMatrix[PredTarget])
assert_type(MultiLabelConfusionMatrix(select, average="samples"), MultiLabelConfusionMatrix[Output])

# NegativePredictiveValue
assert_type(NegativePredictiveValue(), NegativePredictiveValue[Tensor, PredTarget])
assert_type(NegativePredictiveValue(select), NegativePredictiveValue[Tensor, Output])
assert_type(e.attach(NegativePredictiveValue(lambda o: (o.p, o.y)), "a35"), MetricKey[Tensor])
assert_type(
    NegativePredictiveValue().attach(e, "b35", output_transform=lambda o: (o.p, o.y)),
    MetricKey[Tensor],
)
assert_type(NegativePredictiveValue(select).attach(e, "c35"), MetricKey[Tensor])
assert_type(NegativePredictiveValue(average="macro"), NegativePredictiveValue[float, PredTarget])
assert_type(
    NegativePredictiveValue(select, average="macro"), NegativePredictiveValue[float, Output]
)
assert_type(
    e.attach(NegativePredictiveValue(lambda o: (o.p, o.y), average="macro"), "a36"),
    MetricKey[float],
)
assert_type(
    NegativePredictiveValue(average="macro").attach(
        e, "b36", output_transform=lambda o: (o.p, o.y)
    ),
    MetricKey[float],
)
assert_type(NegativePredictiveValue(select, average="macro").attach(e, "c36"), MetricKey[float])
assert_type(NegativePredictiveValue(average="weighted"), NegativePredictiveValue[float, PredTarget])
assert_type(
    NegativePredictiveValue(select, average="weighted"), NegativePredictiveValue[float, Output]
)

# Precision
assert_type(Precision(), Precision[Tensor, PredTarget])
assert_type(Precision(select), Precision[Tensor, Output])
assert_type(e.attach(Precision(lambda o: (o.p, o.y)), "a38"), MetricKey[Tensor])
assert_type(Precision().attach(e, "b38", output_transform=lambda o: (o.p, o.y)), MetricKey[Tensor])
assert_type(Precision(select).attach(e, "c38"), MetricKey[Tensor])
assert_type(Precision(average="macro"), Precision[float, PredTarget])
assert_type(Precision(select, average="macro"), Precision[float, Output])
assert_type(e.attach(Precision(lambda o: (o.p, o.y), average="macro"), "a39"), MetricKey[float])
assert_type(
    Precision(average="macro").attach(e, "b39", output_transform=lambda o: (o.p, o.y)),
    MetricKey[float],
)
assert_type(Precision(select, average="macro").attach(e, "c39"), MetricKey[float])
assert_type(Precision(average="samples", is_multilabel=True), Precision[float, PredTarget])
assert_type(Precision(select, average="samples", is_multilabel=True), Precision[float, Output])

# Recall
assert_type(Recall(), Recall[Tensor, PredTarget])
assert_type(Recall(select), Recall[Tensor, Output])
assert_type(e.attach(Recall(lambda o: (o.p, o.y)), "a41"), MetricKey[Tensor])
assert_type(Recall().attach(e, "b41", output_transform=lambda o: (o.p, o.y)), MetricKey[Tensor])
assert_type(Recall(select).attach(e, "c41"), MetricKey[Tensor])
assert_type(Recall(average="macro"), Recall[float, PredTarget])
assert_type(Recall(select, average="macro"), Recall[float, Output])
assert_type(e.attach(Recall(lambda o: (o.p, o.y), average="macro"), "a42"), MetricKey[float])
assert_type(
    Recall(average="macro").attach(e, "b42", output_transform=lambda o: (o.p, o.y)),
    MetricKey[float],
)
assert_type(Recall(select, average="macro").attach(e, "c42"), MetricKey[float])
assert_type(Recall(average="samples", is_multilabel=True), Recall[float, PredTarget])
assert_type(Recall(select, average="samples", is_multilabel=True), Recall[float, Output])

# Specificity
assert_type(Specificity(), Specificity[Tensor, PredTarget])
assert_type(Specificity(select), Specificity[Tensor, Output])
assert_type(e.attach(Specificity(lambda o: (o.p, o.y)), "a44"), MetricKey[Tensor])
assert_type(
    Specificity().attach(e, "b44", output_transform=lambda o: (o.p, o.y)), MetricKey[Tensor]
)
assert_type(Specificity(select).attach(e, "c44"), MetricKey[Tensor])
assert_type(Specificity(average="macro"), Specificity[float, PredTarget])
assert_type(Specificity(select, average="macro"), Specificity[float, Output])
assert_type(e.attach(Specificity(lambda o: (o.p, o.y), average="macro"), "a45"), MetricKey[float])
assert_type(
    Specificity(average="macro").attach(e, "b45", output_transform=lambda o: (o.p, o.y)),
    MetricKey[float],
)
assert_type(Specificity(select, average="macro").attach(e, "c45"), MetricKey[float])
assert_type(Specificity(average="weighted"), Specificity[float, PredTarget])
assert_type(Specificity(select, average="weighted"), Specificity[float, Output])

# StatScores
assert_type(StatScores(), StatScores[PredTarget])
assert_type(StatScores(select), StatScores[Output])
assert_type(e.attach(StatScores(lambda o: (o.p, o.y)), "a47"), MetricKey[Tensor])
assert_type(StatScores().attach(e, "b47", output_transform=lambda o: (o.p, o.y)), MetricKey[Tensor])
assert_type(StatScores(select).attach(e, "c47"), MetricKey[Tensor])
assert_type(StatScores(average="micro"), StatScores[PredTarget])
assert_type(StatScores(select, average="micro"), StatScores[Output])

# the other name of MeanIoU
assert_type(mIoU(select), MeanIoU[Output])


def results(average: Literal["micro", "macro"] | None, is_each: bool) -> None:
    # not called: nothing was seen
    assert_type(Accuracy().compute(), float)
    assert_type(Accuracy(is_multilabel=True, threshold=0.3).compute(), float)
    assert_type(BalancedAccuracy().compute(), float)
    assert_type(BalancedAccuracy(num_classes=3, top_k=2).compute(), float)
    assert_type(ClassificationReport().compute(), Report)
    assert_type(ClassificationReport(as_json=True).compute(), str)
    assert_type(CohenKappa().compute(), float)
    assert_type(CohenKappa(weights="quadratic").compute(), float)
    assert_type(ConfusionMatrix().compute(), Tensor)
    assert_type(ConfusionMatrix(average="recall", num_classes=3).compute(), Tensor)
    assert_type(DiceCoefficient().compute(), Tensor)
    assert_type(DiceCoefficient(drop_index=0).compute(), Tensor)
    assert_type(ExactMatch().compute(), float)
    assert_type(ExactMatch(threshold=0.2).compute(), float)
    assert_type(F1().compute(), Tensor)
    assert_type(F1(average="samples", is_multilabel=True).compute(), float)
    assert_type(Fbeta(beta=2).compute(), Tensor)
    assert_type(Fbeta(beta=2, average="samples", is_multilabel=True).compute(), float)
    assert_type(HammingDistance().compute(), float)
    assert_type(HammingDistance(is_multilabel=True, ignore_index=-1).compute(), float)
    assert_type(IoU().compute(), Tensor)
    assert_type(IoU(drop_index=0, zero_division=1).compute(), Tensor)
    assert_type(JaccardIndex().compute(), Tensor)
    assert_type(JaccardIndex(average="samples", is_multilabel=True).compute(), float)
    assert_type(MatthewsCorrCoef().compute(), float)
    assert_type(MatthewsCorrCoef(num_classes=3).compute(), float)
    assert_type(MeanIoU().compute(), float)
    assert_type(MeanIoU(zero_division=float("nan")).compute(), float)
    assert_type(MultiLabelConfusionMatrix().compute(), Tensor)
    assert_type(MultiLabelConfusionMatrix(average="samples").compute(), Tensor)
    assert_type(NegativePredictiveValue().compute(), Tensor)
    assert_type(NegativePredictiveValue(average="weighted").compute(), float)
    assert_type(Precision().compute(), Tensor)
    assert_type(Precision(average="samples", is_multilabel=True).compute(), float)
    assert_type(Recall().compute(), Tensor)
    assert_type(Recall(average="samples", is_multilabel=True).compute(), float)
    assert_type(Specificity().compute(), Tensor)
    assert_type(Specificity(average="weighted").compute(), float)
    assert_type(StatScores().compute(), Tensor)
    assert_type(StatScores(average="micro").compute(), Tensor)

    # an average that is not known yet: one or the other
    assert_type(Precision(average=average).compute(), Tensor | float)
    assert_type(Fbeta(beta=2, average=average).compute(), Tensor | float)
    assert_type(Specificity(average=average).compute(), Tensor | float)
    assert_type(Recall(average=None if is_each else "macro").compute(), Tensor | float)
    assert_type(Recall(average="micro" if is_each else "macro").compute(), float)
    kept: Metric[PredTarget, Tensor | float, PredTarget] = F1(average=average)
    assert_type(kept.compute(), Tensor | float)
    assert_type(ClassificationReport(as_json=True).compute()[:10], str)
    scores = ClassificationReport().compute()["macro"]
    assert_type(scores["f_score"] + scores["support"], float)


# what two of a kind have seen can be brought together
Accuracy().merge(Accuracy())
BalancedAccuracy().merge(BalancedAccuracy())
ClassificationReport().merge(ClassificationReport())
CohenKappa().merge(CohenKappa())
ConfusionMatrix().merge(ConfusionMatrix())
DiceCoefficient().merge(DiceCoefficient())
ExactMatch().merge(ExactMatch())
F1().merge(F1())
Fbeta(beta=2).merge(Fbeta(beta=2))
HammingDistance().merge(HammingDistance())
IoU().merge(IoU())
JaccardIndex().merge(JaccardIndex())
MatthewsCorrCoef().merge(MatthewsCorrCoef())
MeanIoU().merge(MeanIoU())
MultiLabelConfusionMatrix().merge(MultiLabelConfusionMatrix())
NegativePredictiveValue().merge(NegativePredictiveValue())
Precision().merge(Precision())
Recall().merge(Recall())
Specificity().merge(Specificity())
StatScores().merge(StatScores())

# arithmetic goes by what comes out
macro, each = Precision(select, average="macro"), Recall(select)
assert_type(1 - Accuracy(select), MetricsLambda[float, Output])
assert_type(macro + BalancedAccuracy(select), MetricsLambda[float, Output])
assert_type(2 * macro * each / (macro + each), MetricsLambda[Tensor, Output])
assert_type(ConfusionMatrix(select)[0, 1:], MetricsLambda[Tensor, Output])
assert_type(IoU(select)[1:].map(lambda values: float(values.mean())), MetricsLambda[float, Output])
assert_type(
    ClassificationReport(select).map(lambda report: report["micro"]["recall"]),
    MetricsLambda[float, Output],
)
