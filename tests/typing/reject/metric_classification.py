"""Classification metrics: unknown options and averages, results of another kind, lambdas."""

from typing import NamedTuple

from torch import Tensor

from firesteel import Engine, MetricKey
from firesteel.metrics import (
    F1,
    ClassificationReport,
    CohenKappa,
    ConfusionMatrix,
    ExactMatch,
    Fbeta,
    IoU,
    MeanIoU,
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
