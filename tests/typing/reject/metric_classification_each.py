"""Each classification metric: the mistakes that can be made with any."""

from typing import NamedTuple

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
    PredTarget,
    mIoU,
)


class Output(NamedTuple):
    p: Tensor
    y: Tensor
    loss: float


class Other(NamedTuple):
    scores: Tensor


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    raise NotImplementedError


def of_this(output: Output) -> PredTarget:
    return output.p, output.y


def of_other(output: Other) -> PredTarget:
    return output.scores, output.scores


def no_pair(output: Output) -> tuple[Tensor, float]:
    return output.p, output.loss


e = Engine(evaluate)

# Accuracy
Accuracy().attach(e, "x")  # E
e.attach(Accuracy(), "x")  # E
e.attach(Accuracy(of_other), "x")  # E
e.attach(Accuracy(lambda o: (o.q, o.y)), "x")  # E
e.attach(Accuracy(lambda o: (o.p, o.loss)), "x")  # E
Accuracy().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
Accuracy(no_pair)  # E
k0a: MetricKey[Tensor] = Accuracy(of_this).attach(e, "x")  # E
v0a: Tensor = Accuracy().compute()  # E
Accuracy(treshold=0.3)  # E
Accuracy(threshold="0.3")  # E
Accuracy(0.3)  # E: by keyword
Accuracy(of_this, 0.3)  # E: by keyword
Accuracy(validate="allways")  # E
Accuracy().update((0.5, 1))  # E
Accuracy().merge(BalancedAccuracy())  # E: of two classes

# BalancedAccuracy
BalancedAccuracy().attach(e, "x")  # E
e.attach(BalancedAccuracy(), "x")  # E
e.attach(BalancedAccuracy(of_other), "x")  # E
e.attach(BalancedAccuracy(lambda o: (o.q, o.y)), "x")  # E
e.attach(BalancedAccuracy(lambda o: (o.p, o.loss)), "x")  # E
BalancedAccuracy().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
BalancedAccuracy(no_pair)  # E
k1a: MetricKey[Tensor] = BalancedAccuracy(of_this).attach(e, "x")  # E
v1a: Tensor = BalancedAccuracy().compute()  # E
BalancedAccuracy(treshold=0.3)  # E
BalancedAccuracy(threshold="0.3")  # E
BalancedAccuracy(0.3)  # E: by keyword
BalancedAccuracy(of_this, 0.3)  # E: by keyword
BalancedAccuracy(validate="allways")  # E
BalancedAccuracy().update((0.5, 1))  # E
BalancedAccuracy().merge(ClassificationReport())  # E: of two classes

# ClassificationReport
ClassificationReport().attach(e, "x")  # E
e.attach(ClassificationReport(), "x")  # E
e.attach(ClassificationReport(of_other), "x")  # E
e.attach(ClassificationReport(lambda o: (o.q, o.y)), "x")  # E
e.attach(ClassificationReport(lambda o: (o.p, o.loss)), "x")  # E
ClassificationReport().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
ClassificationReport(no_pair)  # E
k2a: MetricKey[str] = ClassificationReport(of_this).attach(e, "x")  # E
v2a: str = ClassificationReport().compute()  # E
ClassificationReport(treshold=0.3)  # E
ClassificationReport(threshold="0.3")  # E
ClassificationReport(0.3)  # E: by keyword
ClassificationReport(of_this, 0.3)  # E: by keyword
ClassificationReport(validate="allways")  # E
ClassificationReport().update((0.5, 1))  # E
ClassificationReport(as_json=True).attach(e, "x")  # E
e.attach(ClassificationReport(as_json=True), "x")  # E
e.attach(ClassificationReport(of_other, as_json=True), "x")  # E
e.attach(ClassificationReport(lambda o: (o.q, o.y), as_json=True), "x")  # E
e.attach(ClassificationReport(lambda o: (o.p, o.loss), as_json=True), "x")  # E
ClassificationReport(as_json=True).attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
ClassificationReport(no_pair, as_json=True)  # E
k2b: MetricKey[Tensor] = ClassificationReport(of_this, as_json=True).attach(e, "x")  # E
v2b: Tensor = ClassificationReport(as_json=True).compute()  # E
ClassificationReport().merge(CohenKappa())  # E: of two classes

# CohenKappa
CohenKappa().attach(e, "x")  # E
e.attach(CohenKappa(), "x")  # E
e.attach(CohenKappa(of_other), "x")  # E
e.attach(CohenKappa(lambda o: (o.q, o.y)), "x")  # E
e.attach(CohenKappa(lambda o: (o.p, o.loss)), "x")  # E
CohenKappa().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
CohenKappa(no_pair)  # E
k3a: MetricKey[Tensor] = CohenKappa(of_this).attach(e, "x")  # E
v3a: Tensor = CohenKappa().compute()  # E
CohenKappa(treshold=0.3)  # E
CohenKappa(threshold="0.3")  # E
CohenKappa(0.3)  # E: by keyword
CohenKappa(of_this, 0.3)  # E: by keyword
CohenKappa(validate="allways")  # E
CohenKappa().update((0.5, 1))  # E
CohenKappa().merge(ConfusionMatrix())  # E: of two classes

# ConfusionMatrix
ConfusionMatrix().attach(e, "x")  # E
e.attach(ConfusionMatrix(), "x")  # E
e.attach(ConfusionMatrix(of_other), "x")  # E
e.attach(ConfusionMatrix(lambda o: (o.q, o.y)), "x")  # E
e.attach(ConfusionMatrix(lambda o: (o.p, o.loss)), "x")  # E
ConfusionMatrix().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
ConfusionMatrix(no_pair)  # E
k4a: MetricKey[float] = ConfusionMatrix(of_this).attach(e, "x")  # E
v4a: float = ConfusionMatrix().compute()  # E
ConfusionMatrix(treshold=0.3)  # E
ConfusionMatrix(threshold="0.3")  # E
ConfusionMatrix(0.3)  # E: by keyword
ConfusionMatrix(of_this, 0.3)  # E: by keyword
ConfusionMatrix(validate="allways")  # E
ConfusionMatrix().update((0.5, 1))  # E
ConfusionMatrix().merge(DiceCoefficient())  # E: of two classes

# DiceCoefficient
DiceCoefficient().attach(e, "x")  # E
e.attach(DiceCoefficient(), "x")  # E
e.attach(DiceCoefficient(of_other), "x")  # E
e.attach(DiceCoefficient(lambda o: (o.q, o.y)), "x")  # E
e.attach(DiceCoefficient(lambda o: (o.p, o.loss)), "x")  # E
DiceCoefficient().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
DiceCoefficient(no_pair)  # E
k5a: MetricKey[float] = DiceCoefficient(of_this).attach(e, "x")  # E
v5a: float = DiceCoefficient().compute()  # E
DiceCoefficient(treshold=0.3)  # E
DiceCoefficient(threshold="0.3")  # E
DiceCoefficient(0.3)  # E: by keyword
DiceCoefficient(of_this, 0.3)  # E: by keyword
DiceCoefficient(validate="allways")  # E
DiceCoefficient().update((0.5, 1))  # E
DiceCoefficient().merge(ExactMatch())  # E: of two classes

# ExactMatch
ExactMatch().attach(e, "x")  # E
e.attach(ExactMatch(), "x")  # E
e.attach(ExactMatch(of_other), "x")  # E
e.attach(ExactMatch(lambda o: (o.q, o.y)), "x")  # E
e.attach(ExactMatch(lambda o: (o.p, o.loss)), "x")  # E
ExactMatch().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
ExactMatch(no_pair)  # E
k6a: MetricKey[Tensor] = ExactMatch(of_this).attach(e, "x")  # E
v6a: Tensor = ExactMatch().compute()  # E
ExactMatch(treshold=0.3)  # E
ExactMatch(threshold="0.3")  # E
ExactMatch(0.3)  # E: by keyword
ExactMatch(of_this, 0.3)  # E: by keyword
ExactMatch(validate="allways")  # E
ExactMatch().update((0.5, 1))  # E
ExactMatch().merge(F1())  # E: of two classes

# F1
F1().attach(e, "x")  # E
e.attach(F1(), "x")  # E
e.attach(F1(of_other), "x")  # E
e.attach(F1(lambda o: (o.q, o.y)), "x")  # E
e.attach(F1(lambda o: (o.p, o.loss)), "x")  # E
F1().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
F1(no_pair)  # E
k7a: MetricKey[float] = F1(of_this).attach(e, "x")  # E
v7a: float = F1().compute()  # E
F1(treshold=0.3)  # E
F1(threshold="0.3")  # E
F1(0.3)  # E: by keyword
F1(of_this, 0.3)  # E: by keyword
F1(validate="allways")  # E
F1().update((0.5, 1))  # E
F1(average="macro").attach(e, "x")  # E
e.attach(F1(average="macro"), "x")  # E
e.attach(F1(of_other, average="macro"), "x")  # E
e.attach(F1(lambda o: (o.q, o.y), average="macro"), "x")  # E
e.attach(F1(lambda o: (o.p, o.loss), average="macro"), "x")  # E
F1(average="macro").attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
F1(no_pair, average="macro")  # E
k7b: MetricKey[Tensor] = F1(of_this, average="macro").attach(e, "x")  # E
v7b: Tensor = F1(average="macro").compute()  # E
F1().merge(Fbeta(beta=2))  # E: of two classes

# Fbeta
Fbeta(beta=2).attach(e, "x")  # E
e.attach(Fbeta(beta=2), "x")  # E
e.attach(Fbeta(of_other, beta=2), "x")  # E
e.attach(Fbeta(lambda o: (o.q, o.y), beta=2), "x")  # E
e.attach(Fbeta(lambda o: (o.p, o.loss), beta=2), "x")  # E
Fbeta(beta=2).attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
Fbeta(no_pair, beta=2)  # E
k8a: MetricKey[float] = Fbeta(of_this, beta=2).attach(e, "x")  # E
v8a: float = Fbeta(beta=2).compute()  # E
Fbeta(beta=2, treshold=0.3)  # E
Fbeta(beta=2, threshold="0.3")  # E
Fbeta(0.3, beta=2)  # E: by keyword
Fbeta(of_this, 0.3, beta=2)  # E: by keyword
Fbeta(beta=2, validate="allways")  # E
Fbeta(beta=2).update((0.5, 1))  # E
Fbeta(beta=2, average="macro").attach(e, "x")  # E
e.attach(Fbeta(beta=2, average="macro"), "x")  # E
e.attach(Fbeta(of_other, beta=2, average="macro"), "x")  # E
e.attach(Fbeta(lambda o: (o.q, o.y), beta=2, average="macro"), "x")  # E
e.attach(Fbeta(lambda o: (o.p, o.loss), beta=2, average="macro"), "x")  # E
Fbeta(beta=2, average="macro").attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
Fbeta(no_pair, beta=2, average="macro")  # E
k8b: MetricKey[Tensor] = Fbeta(of_this, beta=2, average="macro").attach(e, "x")  # E
v8b: Tensor = Fbeta(beta=2, average="macro").compute()  # E
Fbeta(beta=2).merge(HammingDistance())  # E: of two classes

# HammingDistance
HammingDistance().attach(e, "x")  # E
e.attach(HammingDistance(), "x")  # E
e.attach(HammingDistance(of_other), "x")  # E
e.attach(HammingDistance(lambda o: (o.q, o.y)), "x")  # E
e.attach(HammingDistance(lambda o: (o.p, o.loss)), "x")  # E
HammingDistance().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
HammingDistance(no_pair)  # E
k9a: MetricKey[Tensor] = HammingDistance(of_this).attach(e, "x")  # E
v9a: Tensor = HammingDistance().compute()  # E
HammingDistance(treshold=0.3)  # E
HammingDistance(threshold="0.3")  # E
HammingDistance(0.3)  # E: by keyword
HammingDistance(of_this, 0.3)  # E: by keyword
HammingDistance(validate="allways")  # E
HammingDistance().update((0.5, 1))  # E
HammingDistance().merge(IoU())  # E: of two classes

# IoU
IoU().attach(e, "x")  # E
e.attach(IoU(), "x")  # E
e.attach(IoU(of_other), "x")  # E
e.attach(IoU(lambda o: (o.q, o.y)), "x")  # E
e.attach(IoU(lambda o: (o.p, o.loss)), "x")  # E
IoU().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
IoU(no_pair)  # E
k10a: MetricKey[float] = IoU(of_this).attach(e, "x")  # E
v10a: float = IoU().compute()  # E
IoU(treshold=0.3)  # E
IoU(threshold="0.3")  # E
IoU(0.3)  # E: by keyword
IoU(of_this, 0.3)  # E: by keyword
IoU(validate="allways")  # E
IoU().update((0.5, 1))  # E
IoU().merge(JaccardIndex())  # E: of two classes

# JaccardIndex
JaccardIndex().attach(e, "x")  # E
e.attach(JaccardIndex(), "x")  # E
e.attach(JaccardIndex(of_other), "x")  # E
e.attach(JaccardIndex(lambda o: (o.q, o.y)), "x")  # E
e.attach(JaccardIndex(lambda o: (o.p, o.loss)), "x")  # E
JaccardIndex().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
JaccardIndex(no_pair)  # E
k11a: MetricKey[float] = JaccardIndex(of_this).attach(e, "x")  # E
v11a: float = JaccardIndex().compute()  # E
JaccardIndex(treshold=0.3)  # E
JaccardIndex(threshold="0.3")  # E
JaccardIndex(0.3)  # E: by keyword
JaccardIndex(of_this, 0.3)  # E: by keyword
JaccardIndex(validate="allways")  # E
JaccardIndex().update((0.5, 1))  # E
JaccardIndex(average="macro").attach(e, "x")  # E
e.attach(JaccardIndex(average="macro"), "x")  # E
e.attach(JaccardIndex(of_other, average="macro"), "x")  # E
e.attach(JaccardIndex(lambda o: (o.q, o.y), average="macro"), "x")  # E
e.attach(JaccardIndex(lambda o: (o.p, o.loss), average="macro"), "x")  # E
JaccardIndex(average="macro").attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
JaccardIndex(no_pair, average="macro")  # E
k11b: MetricKey[Tensor] = JaccardIndex(of_this, average="macro").attach(e, "x")  # E
v11b: Tensor = JaccardIndex(average="macro").compute()  # E
JaccardIndex().merge(MatthewsCorrCoef())  # E: of two classes

# MatthewsCorrCoef
MatthewsCorrCoef().attach(e, "x")  # E
e.attach(MatthewsCorrCoef(), "x")  # E
e.attach(MatthewsCorrCoef(of_other), "x")  # E
e.attach(MatthewsCorrCoef(lambda o: (o.q, o.y)), "x")  # E
e.attach(MatthewsCorrCoef(lambda o: (o.p, o.loss)), "x")  # E
MatthewsCorrCoef().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
MatthewsCorrCoef(no_pair)  # E
k12a: MetricKey[Tensor] = MatthewsCorrCoef(of_this).attach(e, "x")  # E
v12a: Tensor = MatthewsCorrCoef().compute()  # E
MatthewsCorrCoef(treshold=0.3)  # E
MatthewsCorrCoef(threshold="0.3")  # E
MatthewsCorrCoef(0.3)  # E: by keyword
MatthewsCorrCoef(of_this, 0.3)  # E: by keyword
MatthewsCorrCoef(validate="allways")  # E
MatthewsCorrCoef().update((0.5, 1))  # E
MatthewsCorrCoef().merge(MeanIoU())  # E: of two classes

# MeanIoU
MeanIoU().attach(e, "x")  # E
e.attach(MeanIoU(), "x")  # E
e.attach(MeanIoU(of_other), "x")  # E
e.attach(MeanIoU(lambda o: (o.q, o.y)), "x")  # E
e.attach(MeanIoU(lambda o: (o.p, o.loss)), "x")  # E
MeanIoU().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
MeanIoU(no_pair)  # E
k13a: MetricKey[Tensor] = MeanIoU(of_this).attach(e, "x")  # E
v13a: Tensor = MeanIoU().compute()  # E
MeanIoU(treshold=0.3)  # E
MeanIoU(threshold="0.3")  # E
MeanIoU(0.3)  # E: by keyword
MeanIoU(of_this, 0.3)  # E: by keyword
MeanIoU(validate="allways")  # E
MeanIoU().update((0.5, 1))  # E
MeanIoU().merge(MultiLabelConfusionMatrix())  # E: of two classes

# MultiLabelConfusionMatrix
MultiLabelConfusionMatrix().attach(e, "x")  # E
e.attach(MultiLabelConfusionMatrix(), "x")  # E
e.attach(MultiLabelConfusionMatrix(of_other), "x")  # E
e.attach(MultiLabelConfusionMatrix(lambda o: (o.q, o.y)), "x")  # E
e.attach(MultiLabelConfusionMatrix(lambda o: (o.p, o.loss)), "x")  # E
MultiLabelConfusionMatrix().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
MultiLabelConfusionMatrix(no_pair)  # E
k14a: MetricKey[float] = MultiLabelConfusionMatrix(of_this).attach(e, "x")  # E
v14a: float = MultiLabelConfusionMatrix().compute()  # E
MultiLabelConfusionMatrix(treshold=0.3)  # E
MultiLabelConfusionMatrix(threshold="0.3")  # E
MultiLabelConfusionMatrix(0.3)  # E: by keyword
MultiLabelConfusionMatrix(of_this, 0.3)  # E: by keyword
MultiLabelConfusionMatrix(validate="allways")  # E
MultiLabelConfusionMatrix().update((0.5, 1))  # E
MultiLabelConfusionMatrix().merge(NegativePredictiveValue())  # E: of two classes

# NegativePredictiveValue
NegativePredictiveValue().attach(e, "x")  # E
e.attach(NegativePredictiveValue(), "x")  # E
e.attach(NegativePredictiveValue(of_other), "x")  # E
e.attach(NegativePredictiveValue(lambda o: (o.q, o.y)), "x")  # E
e.attach(NegativePredictiveValue(lambda o: (o.p, o.loss)), "x")  # E
NegativePredictiveValue().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
NegativePredictiveValue(no_pair)  # E
k15a: MetricKey[float] = NegativePredictiveValue(of_this).attach(e, "x")  # E
v15a: float = NegativePredictiveValue().compute()  # E
NegativePredictiveValue(treshold=0.3)  # E
NegativePredictiveValue(threshold="0.3")  # E
NegativePredictiveValue(0.3)  # E: by keyword
NegativePredictiveValue(of_this, 0.3)  # E: by keyword
NegativePredictiveValue(validate="allways")  # E
NegativePredictiveValue().update((0.5, 1))  # E
NegativePredictiveValue(average="macro").attach(e, "x")  # E
e.attach(NegativePredictiveValue(average="macro"), "x")  # E
e.attach(NegativePredictiveValue(of_other, average="macro"), "x")  # E
e.attach(NegativePredictiveValue(lambda o: (o.q, o.y), average="macro"), "x")  # E
e.attach(NegativePredictiveValue(lambda o: (o.p, o.loss), average="macro"), "x")  # E
NegativePredictiveValue(average="macro").attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
NegativePredictiveValue(no_pair, average="macro")  # E
k15b: MetricKey[Tensor] = NegativePredictiveValue(of_this, average="macro").attach(e, "x")  # E
v15b: Tensor = NegativePredictiveValue(average="macro").compute()  # E
NegativePredictiveValue().merge(Precision())  # E: of two classes

# Precision
Precision().attach(e, "x")  # E
e.attach(Precision(), "x")  # E
e.attach(Precision(of_other), "x")  # E
e.attach(Precision(lambda o: (o.q, o.y)), "x")  # E
e.attach(Precision(lambda o: (o.p, o.loss)), "x")  # E
Precision().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
Precision(no_pair)  # E
k16a: MetricKey[float] = Precision(of_this).attach(e, "x")  # E
v16a: float = Precision().compute()  # E
Precision(treshold=0.3)  # E
Precision(threshold="0.3")  # E
Precision(0.3)  # E: by keyword
Precision(of_this, 0.3)  # E: by keyword
Precision(validate="allways")  # E
Precision().update((0.5, 1))  # E
Precision(average="macro").attach(e, "x")  # E
e.attach(Precision(average="macro"), "x")  # E
e.attach(Precision(of_other, average="macro"), "x")  # E
e.attach(Precision(lambda o: (o.q, o.y), average="macro"), "x")  # E
e.attach(Precision(lambda o: (o.p, o.loss), average="macro"), "x")  # E
Precision(average="macro").attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
Precision(no_pair, average="macro")  # E
k16b: MetricKey[Tensor] = Precision(of_this, average="macro").attach(e, "x")  # E
v16b: Tensor = Precision(average="macro").compute()  # E
Precision().merge(Recall())  # E: of two classes

# Recall
Recall().attach(e, "x")  # E
e.attach(Recall(), "x")  # E
e.attach(Recall(of_other), "x")  # E
e.attach(Recall(lambda o: (o.q, o.y)), "x")  # E
e.attach(Recall(lambda o: (o.p, o.loss)), "x")  # E
Recall().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
Recall(no_pair)  # E
k17a: MetricKey[float] = Recall(of_this).attach(e, "x")  # E
v17a: float = Recall().compute()  # E
Recall(treshold=0.3)  # E
Recall(threshold="0.3")  # E
Recall(0.3)  # E: by keyword
Recall(of_this, 0.3)  # E: by keyword
Recall(validate="allways")  # E
Recall().update((0.5, 1))  # E
Recall(average="macro").attach(e, "x")  # E
e.attach(Recall(average="macro"), "x")  # E
e.attach(Recall(of_other, average="macro"), "x")  # E
e.attach(Recall(lambda o: (o.q, o.y), average="macro"), "x")  # E
e.attach(Recall(lambda o: (o.p, o.loss), average="macro"), "x")  # E
Recall(average="macro").attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
Recall(no_pair, average="macro")  # E
k17b: MetricKey[Tensor] = Recall(of_this, average="macro").attach(e, "x")  # E
v17b: Tensor = Recall(average="macro").compute()  # E
Recall().merge(Specificity())  # E: of two classes

# Specificity
Specificity().attach(e, "x")  # E
e.attach(Specificity(), "x")  # E
e.attach(Specificity(of_other), "x")  # E
e.attach(Specificity(lambda o: (o.q, o.y)), "x")  # E
e.attach(Specificity(lambda o: (o.p, o.loss)), "x")  # E
Specificity().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
Specificity(no_pair)  # E
k18a: MetricKey[float] = Specificity(of_this).attach(e, "x")  # E
v18a: float = Specificity().compute()  # E
Specificity(treshold=0.3)  # E
Specificity(threshold="0.3")  # E
Specificity(0.3)  # E: by keyword
Specificity(of_this, 0.3)  # E: by keyword
Specificity(validate="allways")  # E
Specificity().update((0.5, 1))  # E
Specificity(average="macro").attach(e, "x")  # E
e.attach(Specificity(average="macro"), "x")  # E
e.attach(Specificity(of_other, average="macro"), "x")  # E
e.attach(Specificity(lambda o: (o.q, o.y), average="macro"), "x")  # E
e.attach(Specificity(lambda o: (o.p, o.loss), average="macro"), "x")  # E
Specificity(average="macro").attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
Specificity(no_pair, average="macro")  # E
k18b: MetricKey[Tensor] = Specificity(of_this, average="macro").attach(e, "x")  # E
v18b: Tensor = Specificity(average="macro").compute()  # E
Specificity().merge(StatScores())  # E: of two classes

# StatScores
StatScores().attach(e, "x")  # E
e.attach(StatScores(), "x")  # E
e.attach(StatScores(of_other), "x")  # E
e.attach(StatScores(lambda o: (o.q, o.y)), "x")  # E
e.attach(StatScores(lambda o: (o.p, o.loss)), "x")  # E
StatScores().attach(e, "x", output_transform=lambda o: (o.p, o.z))  # E
StatScores(no_pair)  # E
k19a: MetricKey[float] = StatScores(of_this).attach(e, "x")  # E
v19a: float = StatScores().compute()  # E
StatScores(treshold=0.3)  # E
StatScores(threshold="0.3")  # E
StatScores(0.3)  # E: by keyword
StatScores(of_this, 0.3)  # E: by keyword
StatScores(validate="allways")  # E
StatScores().update((0.5, 1))  # E
StatScores().merge(Accuracy())  # E: of two classes

# mIoU
e.attach(mIoU(of_other), "x")  # E
k20a: MetricKey[Tensor] = mIoU(of_this).attach(e, "x")  # E
mIoU(of_this, 0.3)  # E: by keyword
mIoU(validate="allways")  # E
mIoU().merge(BalancedAccuracy())  # E: of two classes
