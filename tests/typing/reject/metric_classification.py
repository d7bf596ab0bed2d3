"""Classification metrics: unknown options and averages, results of another kind, lambdas."""

from typing import Literal, NamedTuple

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
    MetricsLambda,
    MultiLabelConfusionMatrix,
    NegativePredictiveValue,
    Precision,
    PredTarget,
    Recall,
    Specificity,
    StatScores,
    mIoU,
)


class Output(NamedTuple):
    logits: Tensor
    truth: Tensor
    loss: float


class Other(NamedTuple):
    scores: Tensor


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    raise NotImplementedError


def of_output(output: Output) -> PredTarget:
    return output.logits, output.truth


def of_other(output: Other) -> PredTarget:
    return output.scores, output.scores


engine = Engine(evaluate)

# averages
Precision(average="mean")  # E
Precision(average=True)  # E
Precision(average=False)  # E
Precision("macro")  # E: by keyword
Recall(of_output, average="binary")  # E
Specificity(average="samples", is_multilabel=True)  # E
StatScores(average="macro")  # E
ConfusionMatrix(average="rows")  # E
CohenKappa(weights="cubic")  # E
F1(validate="sometimes")  # E

# options
Fbeta()  # E: beta is missing
Fbeta(2.0)  # E: by keyword
Fbeta(of_output, 2.0)  # E
ConfusionMatrix(3)  # E: by keyword
ConfusionMatrix(num_classes="3")  # E
ExactMatch(top_k=2)  # E
IoU(ignore=0)  # E
ClassificationReport(output_dict=True)  # E
ClassificationReport(labels=3)  # E

Accuracy(average="macro")  # E
Accuracy(zero_division=1)  # E
BalancedAccuracy(adjusted=True)  # E
BalancedAccuracy(is_multilabel=True)  # E: not of labels
CohenKappa(is_multilabel=True)  # E
CohenKappa(average="macro")  # E
ConfusionMatrix(is_multilabel=True)  # E
ConfusionMatrix(normalize="true")  # E
DiceCoefficient(zero_division="warn")  # E
DiceCoefficient(average="macro")  # E
ExactMatch(is_multilabel=True)  # E: always
F1(beta=2)  # E: that is Fbeta
Fbeta(beta=None)  # E
HammingDistance(average="macro")  # E
IoU(average="macro")  # E: that is JaccardIndex
JaccardIndex(num_classes=3.0)  # E
JaccardIndex(drop_index=0)  # E: that is IoU
MatthewsCorrCoef(weights="linear")  # E
MeanIoU(ignore_index="0")  # E
MultiLabelConfusionMatrix(normalized=True)  # E
MultiLabelConfusionMatrix(top_k=2)  # E
NegativePredictiveValue(average="samples", is_multilabel=True)  # E
Precision(labels=["cat", "dog"])  # E
Recall(device=0.5)  # E
StatScores(zero_division=0)  # E
ClassificationReport(as_json="yes")  # E
ClassificationReport(average="macro")  # E
mIoU(drop_index="background")  # E


# an average that is not known yet
def of_average(
    average: Literal["micro"] | None, choice: Literal["micro", "none"], word: str
) -> None:
    Precision(average=word)  # E: any
    one_or_other: float = Precision(average=average).compute()  # E: or a tensor
    by_choice: Tensor = Fbeta(beta=1, average=average).compute()  # E: or a number
    Recall(average=choice)  # E: one of the words is none
    key_of_one: MetricKey[float] = F1(of_output, average=average).attach(engine, "x")  # E


# arithmetic
Precision(of_output) + Precision(of_other)  # E: of two outputs
2 * ClassificationReport(of_output)  # E: a report is no number
ClassificationReport(of_output, as_json=True) + Accuracy(of_output)  # E
Accuracy(of_output)[0]  # E: a number has no parts
Accuracy(of_output) - "1"  # E
Recall(of_output, average="macro")[0]  # E
MeanIoU(of_output).map(len)  # E
Accuracy(of_output).mean()  # E: what a result has, a metric has not
twice: MetricKey[float] = (2 * Precision(of_output)).attach(engine, "x")  # E: of each class
mixed: MetricsLambda[float, Output] = Accuracy(of_output) * Recall(of_output)  # E
Precision(of_output, average="macro").merge(Recall(of_output, average="macro"))  # E: of two classes

# what comes out
number: float = Precision().compute()  # E
tensor: Tensor = Precision(average="macro").compute()  # E
key: MetricKey[float] = Recall(of_output).attach(engine, "x")  # E
other: MetricKey[Tensor] = Recall(of_output, average="micro").attach(engine, "x")  # E
matrix: float = ConfusionMatrix().compute()  # E
mean: Tensor = MeanIoU().compute()  # E
text: str = ClassificationReport().compute()  # E
ClassificationReport().compute()["classes"]["cat"]["accuracy"]  # E
ClassificationReport(as_json=True).compute()["classes"]  # E
ClassificationReport().compute()["accuracy"]  # E: Accuracy has it
ClassificationReport().compute().classes  # E: a dictionary
ClassificationReport().compute()["macro"]["f1-score"]  # E
whole: int = Accuracy().compute()  # E
Accuracy().compute().item()  # E: is a number already
MeanIoU().compute().tolist()  # E
StatScores().compute()["tp"]  # E
fewer: tuple[float, float] = Precision().compute(), Recall(average="macro").compute()  # E

# where the values are
Precision(average="macro").attach(engine, "x")  # E
engine.attach(Recall(), "x")  # E
Precision(of_other, average="macro").attach(engine, "x")  # E
engine.attach(Precision(of_other), "x")  # E
engine.attach(Precision(lambda out: (out.logit, out.truth)), "x")  # E
engine.attach(Precision(lambda out: (out.logit, out.truth), average="macro"), "x")  # E
engine.attach(Fbeta(lambda out: (out.logits, out.loss), beta=1.0), "x")  # E
engine.attach(ClassificationReport(lambda out: (out.logit, out.truth), as_json=True), "x")  # E
engine.attach(IoU(lambda out: (out.logit, out.truth)), "x")  # E
F1().attach(engine, "x", output_transform=lambda out: (out.logit, out.truth))  # E
Precision().update((1.0, 2.0))  # E
