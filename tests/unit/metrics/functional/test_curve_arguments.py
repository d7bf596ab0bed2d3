"""What the functions of curves refuse, and in which words."""

from collections.abc import Callable
from importlib import import_module
from typing import Final, TypeAlias

import pytest
import torch
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.metrics.functional import (
    average_precision,
    binary_average_precision,
    binary_precision_recall_curve,
    binary_roc_auc,
    binary_roc_curve,
    multiclass_average_precision,
    multiclass_precision_recall_curve,
    multiclass_roc_auc,
    multiclass_roc_curve,
    multilabel_average_precision,
    multilabel_precision_recall_curve,
    multilabel_roc_auc,
    multilabel_roc_curve,
    precision_at_fixed_recall,
    recall_at_fixed_precision,
    roc_auc,
    sensitivity_at_specificity,
    specificity_at_sensitivity,
)

UNTYPED: Final = import_module("firesteel.metrics.functional")
"""The module as one sees it that no checker looks at."""
Measure: TypeAlias = Callable[[Tensor, Tensor], Tensor]

BINARY: Final[list[Measure]] = [
    binary_roc_auc,
    binary_average_precision,
    lambda scores, target: binary_roc_curve(scores, target).tpr,
    lambda scores, target: binary_precision_recall_curve(scores, target).recall,
    lambda scores, target: recall_at_fixed_precision(scores, target, min_precision=0.5).value,
    lambda scores, target: precision_at_fixed_recall(scores, target, min_recall=0.5).value,
    lambda scores, target: sensitivity_at_specificity(scores, target, min_specificity=0.5).value,
    lambda scores, target: specificity_at_sensitivity(scores, target, min_sensitivity=0.5).value,
]
MULTICLASS: Final[list[Measure]] = [
    multiclass_roc_auc,
    multiclass_average_precision,
    lambda scores, target: multiclass_roc_curve(scores, target)[0].tpr,
    lambda scores, target: multiclass_precision_recall_curve(scores, target)[0].recall,
]
MULTILABEL: Final[list[Measure]] = [
    multilabel_roc_auc,
    multilabel_average_precision,
    roc_auc,
    average_precision,
    lambda scores, target: multilabel_roc_curve(scores, target)[0].tpr,
    lambda scores, target: multilabel_precision_recall_curve(scores, target)[0].recall,
]


@pytest.mark.parametrize("measure", BINARY)
def test_binary_arguments_are_checked(measure: Measure) -> None:
    scores, target = torch.tensor([0.5, 0.25]), torch.tensor([1, 0])
    with pytest.raises(ArgumentError, match=r"one shape, got \[2, 1\] and \[2\]"):
        measure(scores[:, None], target)
    with pytest.raises(ArgumentError, match=r"target must be 0 or 1, got numbers from 0 to 2"):
        measure(scores, 2 * target)
    with pytest.raises(ArgumentError, match=r"target must be 0 or 1, got numbers from -1 to 0"):
        measure(scores, -target)
    with pytest.raises(ArgumentError, match=r"target must be 0 or 1, got numbers from 0 to 0.5"):
        measure(scores, 0.5 * target)
    with pytest.raises(ArgumentError, match="scores must be numbers, got NaN"):
        measure(torch.tensor([0.5, torch.nan]), target)
    with pytest.raises(NotComputableError, match="needs at least one sample"):
        measure(scores[:0], target[:0])
    with pytest.raises(ArgumentTypeError, match=r"must be real numbers, got torch.complex64"):
        measure(scores.to(torch.complex64), target)


@pytest.mark.parametrize("measure", MULTICLASS)
def test_multiclass_arguments_are_checked(measure: Measure) -> None:
    scores, target = torch.tensor([[0.5, 0.25], [0.3, 0.6]]), torch.tensor([1, 0])
    with pytest.raises(ArgumentError, match=r"\(batch, classes, ...\) and \(batch, ...\), got"):
        measure(scores, target[:, None])
    with pytest.raises(ArgumentError, match=r"got \[2\] and \[2\]"):
        measure(scores[0], target)
    with pytest.raises(ArgumentError, match=r"got \[2, 0\] and \[2\]"):
        measure(scores[:, :0], target)
    with pytest.raises(ArgumentError, match=r"target must be in \[0, 2\), got numbers from 1 to 2"):
        measure(scores, target + 1)
    with pytest.raises(ArgumentError, match=r"in \[0, 2\), got numbers from -1 to 0"):
        measure(scores, target - 1)
    with pytest.raises(ArgumentError, match="got NaN"):
        measure(scores * torch.nan, target)
    with pytest.raises(NotComputableError, match="needs at least one sample"):
        measure(scores[:0], target[:0])
    with pytest.raises(ArgumentTypeError, match=r"a whole number's, got torch.float32"):
        measure(scores, target.float())
    with pytest.raises(ArgumentTypeError, match="real numbers"):
        measure(scores.to(torch.complex64), target)


@pytest.mark.parametrize("measure", MULTILABEL)
def test_multilabel_arguments_are_checked(measure: Measure) -> None:
    scores, target = torch.tensor([[0.5, 0.25], [0.3, 0.6]]), torch.tensor([[1, 0], [0, 1]])
    with pytest.raises(ArgumentError, match=r"got \[2, 1\] and \[2, 2\]"):
        measure(scores[:, :1], target)
    with pytest.raises(ArgumentError, match=r"target must be 0 or 1, got numbers from 0 to 2"):
        measure(scores, 2 * target)
    with pytest.raises(ArgumentError, match="got NaN"):
        measure(scores * torch.nan, target)
    with pytest.raises(NotComputableError, match="needs at least one sample"):
        measure(scores[:0], target[:0])
    with pytest.raises(ArgumentTypeError, match="real numbers"):
        measure(scores, target.to(torch.complex64))


def test_labels_need_an_axis() -> None:
    with pytest.raises(ArgumentError, match=r"\(batch, labels, ...\), twice, got \[2\] and \[2\]"):
        multilabel_roc_auc(torch.zeros(2), torch.zeros(2))


@pytest.mark.parametrize("measure", [roc_auc, average_precision])
def test_the_shape_tells_one_curve_from_labels(measure: Measure) -> None:
    scores, target = torch.tensor([0.5, 0.25]), torch.tensor([1, 0])
    assert float(measure(scores, target)) == 1
    assert float(measure(scores[:, None], target[:, None])) == 1
    with pytest.raises(ArgumentError, match=r"for classes, call multiclass_(roc|average)"):
        measure(torch.zeros(2, 3), target)


def test_options_are_checked() -> None:
    scores, target = torch.tensor([[0.5, 0.25], [0.3, 0.6]]), torch.tensor([1, 0])
    with pytest.raises(ArgumentError, match="multiclass_roc_auc: average must be one of"):
        UNTYPED.multiclass_roc_auc(scores, target, average="micro")
    with pytest.raises(ArgumentError, match="multilabel_average_precision: average must be one"):
        UNTYPED.multilabel_average_precision(scores, scores > 0, average="samples")
    for max_fpr in (0.0, 1.5, float("nan")):
        with pytest.raises(ArgumentError, match=r"binary_roc_auc: max_fpr must be in \(0, 1\]"):
            binary_roc_auc(scores[0], target, max_fpr=max_fpr)
    with pytest.raises(ArgumentError, match=r"min_precision must be in \[0, 1\], got 1.5"):
        recall_at_fixed_precision(scores[0], target, min_precision=1.5)
    with pytest.raises(ArgumentError, match=r"min_recall must be in \[0, 1\], got -0.5"):
        precision_at_fixed_recall(scores[0], target, min_recall=-0.5)
    with pytest.raises(ArgumentError, match=r"min_specificity must be in \[0, 1\], got 2"):
        sensitivity_at_specificity(scores[0], target, min_specificity=2)
    with pytest.raises(ArgumentError, match=r"min_sensitivity must be in \[0, 1\], got 2"):
        specificity_at_sensitivity(scores[0], target, min_sensitivity=2)
