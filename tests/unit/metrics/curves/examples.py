"""Examples of the metrics of this family for the laws that every metric has to satisfy."""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from firesteel.metrics import (
    ROC_AUC,
    AveragePrecision,
    BinaryAveragePrecision,
    BinaryRocAuc,
    BinnedAveragePrecision,
    BinnedPrecisionRecallCurve,
    BinnedRocAuc,
    BinnedRocCurve,
    BrierScore,
    CalibrationError,
    MeanAveragePrecision,
    Metric,
    MulticlassAveragePrecision,
    MulticlassPrecisionRecallCurve,
    MulticlassRocAuc,
    MulticlassRocCurve,
    MultilabelAveragePrecision,
    MultilabelPrecisionRecallCurve,
    MultilabelRocAuc,
    MultilabelRocCurve,
    PrecisionAtFixedRecall,
    PrecisionRecallCurve,
    RecallAtFixedPrecision,
    RocCurve,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)

NUM_CLASSES: Final = 3


def scores(generator: torch.Generator, *shape: int) -> Tensor:
    """Give few different probabilities, so that there are ties."""
    return torch.randint(0, 9, shape, generator=generator) / 8


def binary(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    return scores(generator, num_rows), torch.randint(0, 2, (num_rows,), generator=generator)


def classes(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    target = torch.randint(0, NUM_CLASSES, (num_rows,), generator=generator)
    return scores(generator, num_rows, NUM_CLASSES), target


def labels(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    target = torch.randint(0, 2, (num_rows, NUM_CLASSES), generator=generator)
    return scores(generator, num_rows, NUM_CLASSES), target


# Any: the metrics' types differ
EXAMPLES: Final[
    list[tuple[Callable[[], Metric[Any, Any, Any]], Callable[[torch.Generator, int], Any]]]
] = [
    (ROC_AUC, binary),
    (ROC_AUC, labels),
    (AveragePrecision, binary),
    (AveragePrecision, labels),
    (RocCurve, binary),
    (RocCurve, labels),
    (PrecisionRecallCurve, binary),
    (BinaryRocAuc, binary),
    (lambda: BinaryRocAuc(max_fpr=0.3), labels),
    (BinaryAveragePrecision, binary),
    (MulticlassRocAuc, classes),
    (lambda: MulticlassRocAuc(average=None, validate="never"), classes),
    (lambda: MulticlassRocAuc(average="weighted", validate="always"), classes),
    (lambda: MultilabelRocAuc(average="micro"), labels),
    (lambda: MultilabelRocAuc(average=None), labels),
    (lambda: MulticlassAveragePrecision(average=None), classes),
    (lambda: MultilabelAveragePrecision(average="weighted"), labels),
    (lambda: MulticlassRocCurve(drop_intermediate=False), classes),
    (MultilabelRocCurve, labels),
    (MulticlassPrecisionRecallCurve, classes),
    (MultilabelPrecisionRecallCurve, labels),
    (lambda: RecallAtFixedPrecision(min_precision=0.5), binary),
    (lambda: PrecisionAtFixedRecall(min_recall=0.5), binary),
    (lambda: SensitivityAtSpecificity(min_specificity=0.5), binary),
    (lambda: SpecificityAtSensitivity(min_sensitivity=0.5), binary),
    (MeanAveragePrecision, binary),
    (lambda: MeanAveragePrecision(class_mean=None), classes),
    (lambda: MeanAveragePrecision(class_mean="micro"), classes),
    (lambda: MeanAveragePrecision(rec_thresholds=[0.2, 0.7], is_multilabel=True), labels),
    (BinnedRocAuc, binary),
    (lambda: BinnedRocAuc(kind="multiclass", average=None, num_thresholds=5), classes),
    (lambda: BinnedAveragePrecision(kind="multilabel", average="micro"), labels),
    (BinnedRocCurve, binary),
    (lambda: BinnedPrecisionRecallCurve(kind="multilabel", num_thresholds=9), labels),
    (CalibrationError, binary),
    (lambda: CalibrationError(norm="l2", num_bins=4), classes),
    (lambda: CalibrationError(norm="max"), classes),
    (BrierScore, binary),
    (lambda: BrierScore(device="cpu"), classes),
]
