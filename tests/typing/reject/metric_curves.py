"""Curves and areas: options that are none, results of another type, values that are not there."""

from typing import NamedTuple

from torch import Tensor

from firesteel import Engine
from firesteel.metrics import (
    ROC_AUC,
    BinaryRocAuc,
    BinnedRocAuc,
    BinnedRocCurve,
    CalibrationError,
    MeanAveragePrecision,
    MulticlassRocAuc,
    MultilabelRocAuc,
    RecallAtFixedPrecision,
    RocCurve,
)


class Output(NamedTuple):
    logits: Tensor
    target: Tensor
    loss: float


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    raise NotImplementedError


def give_float(engine: Engine[int, float], batch: int) -> float:
    return 0.5


def select(output: Output) -> tuple[Tensor, Tensor]:
    return output.logits, output.target


engine, floats = Engine(evaluate), Engine(give_float)

# options
MulticlassRocAuc(average="micro")  # E: only for labels
MulticlassRocAuc(average="mean")  # E
MulticlassRocAuc(select, average="mean")  # E
MulticlassRocAuc(select, None)  # E: by keyword
MulticlassRocAuc(select, averag=None)  # E
MultilabelRocAuc(average=3)  # E
MeanAveragePrecision(class_mean="mean")  # E
MeanAveragePrecision(rec_thresholds=0.5)  # E
BinnedRocAuc(kind="labels")  # E
BinnedRocAuc(num_thresholds=0.5)  # E
BinnedRocCurve(average=None)  # E
BinaryRocAuc(max_fpr="0.5")  # E
BinaryRocAuc(average="macro")  # E
CalibrationError(norm="l3")  # E
RecallAtFixedPrecision()  # E: a precision is needed
RecallAtFixedPrecision(0.9)  # E: by keyword
ROC_AUC(validate="last")  # E
ROC_AUC(device=0.5)  # E

# results
one: float = MulticlassRocAuc(average=None).compute()  # E
other: Tensor = MulticlassRocAuc().compute()  # E
third: Tensor = MeanAveragePrecision(select).compute()  # E
fourth: float = BinnedRocAuc(select, average=None).compute()  # E
fifth: float = RocCurve().compute()  # E
RocCurve().compute().recall  # E
RecallAtFixedPrecision(min_precision=0.5).compute().recall  # E

# values in the output
MulticlassRocAuc().attach(floats, "x")  # E
floats.attach(MulticlassRocAuc(), "x")  # E
engine.attach(MulticlassRocAuc(average=None), "x")  # E
MulticlassRocAuc(select).attach(floats, "x")  # E
floats.attach(MulticlassRocAuc(select, average=None), "x")  # E
engine.attach(MulticlassRocAuc(lambda out: (out.logit, out.target)), "x")  # E
engine.attach(MulticlassRocAuc(lambda out: (out.logit, out.target), average=None), "x")  # E
engine.attach(BinnedRocAuc(lambda out: (out.logits, out.loss)), "x")  # E
engine.attach(MeanAveragePrecision(lambda out: out.logits, class_mean=None), "x")  # E
engine.attach(ROC_AUC(lambda out: (out.logits, out.y)), "x")  # E
ROC_AUC().update(0.5)  # E
ROC_AUC().update((0.5, 1))  # E
