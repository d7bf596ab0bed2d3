"""Classification metrics with inputs, for the tests of what every metric has to satisfy."""

from collections.abc import Callable
from typing import Any, Final

import torch
from torch import Tensor

from firesteel.metrics import Metric
from firesteel.metrics.classification import (
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
    MultiLabelConfusionMatrix,
    NegativePredictiveValue,
    Precision,
    Recall,
    Specificity,
    StatScores,
)

NUM_CLASSES: Final = 4


def scores(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    target = torch.randint(0, NUM_CLASSES, (num_rows,), generator=generator)
    return torch.rand(num_rows, NUM_CLASSES, generator=generator), target


def indices(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    both = torch.randint(0, NUM_CLASSES, (2, num_rows), generator=generator)
    return both[0], both[1]


def yes_or_no(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    target = torch.randint(0, 2, (num_rows,), generator=generator)
    return torch.rand(num_rows, generator=generator), target


def labels(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    target = torch.randint(0, 2, (num_rows, 3), generator=generator)
    return torch.rand(num_rows, 3, generator=generator), target


def pixels(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    target = torch.randint(0, NUM_CLASSES, (num_rows, 2, 3), generator=generator)
    return torch.rand(num_rows, NUM_CLASSES, 2, 3, generator=generator), target


EXAMPLES: Final[
    list[tuple[Callable[[], Metric[Any, Any, Any]], Callable[[torch.Generator, int], Any]]]
] = [
    (Accuracy, scores),
    (Accuracy, indices),
    (Accuracy, yes_or_no),
    (lambda: Accuracy(ignore_index=0, top_k=2), scores),
    (lambda: Accuracy(is_multilabel=True), labels),
    (BalancedAccuracy, scores),
    (BalancedAccuracy, yes_or_no),
    (lambda: ClassificationReport(num_classes=NUM_CLASSES), indices),
    (lambda: ClassificationReport(as_json=True, is_multilabel=True), labels),
    (CohenKappa, scores),
    (lambda: CohenKappa(weights="quadratic"), scores),
    (ConfusionMatrix, scores),
    (ConfusionMatrix, pixels),
    (ConfusionMatrix, yes_or_no),
    (lambda: ConfusionMatrix(num_classes=NUM_CLASSES, average="recall", ignore_index=1), indices),
    (DiceCoefficient, pixels),
    (ExactMatch, labels),
    (lambda: F1(average="macro"), scores),
    (lambda: F1(average="samples", is_multilabel=True), labels),
    (lambda: Fbeta(beta=2, average="weighted"), yes_or_no),
    (HammingDistance, scores),
    (lambda: HammingDistance(is_multilabel=True, ignore_index=-1), labels),
    (IoU, pixels),
    (lambda: JaccardIndex(average="micro", is_multilabel=True), labels),
    (MatthewsCorrCoef, scores),
    (lambda: MeanIoU(num_classes=NUM_CLASSES, drop_index=1), indices),
    (lambda: MultiLabelConfusionMatrix(num_classes=3), labels),
    (NegativePredictiveValue, scores),
    (Precision, yes_or_no),
    (lambda: Precision(num_classes=NUM_CLASSES), indices),
    (lambda: Recall(ignore_index=2, validate="never"), pixels),
    (lambda: Specificity(average="macro", validate="always"), scores),
    (lambda: Specificity(average="micro"), scores),
    (lambda: StatScores(top_k=2), scores),
    (lambda: StatScores(average="micro", device="cpu"), labels),
]
