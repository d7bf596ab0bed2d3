"""What the functions of classification refuse, by the name of who was asked."""

import math
from collections.abc import Callable
from typing import Any, Final

import pytest
import torch
from torch import Tensor

from firesteel.errors import ArgumentError
from firesteel.metrics import functional
from firesteel.metrics._functional._class_agreement import (
    hamming_distance_result,
    stat_scores_result,
)
from firesteel.metrics._functional._counts import matrix_counts

PAIR: Final = torch.tensor([0, 2, 1]), torch.tensor([0, 1, 2])
LABELS: Final = torch.eye(3).long(), torch.eye(3).long()
CLASSES: Final = {"kind": "multiclass", "num_classes": 3}

OVER_SAMPLES: Final[list[Callable[..., Tensor]]] = [
    functional.precision,
    functional.recall,
    functional.f1,
    functional.jaccard_index,
]
OVER_CLASSES: Final[list[Callable[..., Tensor]]] = [
    functional.specificity,
    functional.negative_predictive_value,
]


def name_of(function: Any) -> str:
    return str(function.__name__)


@pytest.mark.parametrize("function", [*OVER_SAMPLES, *OVER_CLASSES], ids=name_of)
def test_an_unknown_average(function: Callable[..., Tensor]) -> None:
    message = f"^{name_of(function)}: average must be one of None, 'micro', 'macro', 'weighted'"
    with pytest.raises(ArgumentError, match=message):
        function(*PAIR, average="mean", **CLASSES)


@pytest.mark.parametrize("function", OVER_CLASSES, ids=name_of)
def test_a_mean_over_samples_where_there_is_none(function: Callable[..., Tensor]) -> None:
    with pytest.raises(ArgumentError, match=f"^{name_of(function)}: .*'weighted', got 'samples'$"):
        function(*LABELS, kind="multilabel", average="samples")


@pytest.mark.parametrize("function", OVER_SAMPLES, ids=name_of)
def test_a_mean_over_samples_that_leaves_some_out(function: Callable[..., Tensor]) -> None:
    with pytest.raises(ArgumentError, match=f"^{name_of(function)}: zero_division must be a numbe"):
        function(*LABELS, kind="multilabel", average="samples", zero_division=math.nan)


@pytest.mark.parametrize(
    "function",
    [
        functional.balanced_accuracy,
        functional.cohen_kappa,
        functional.matthews_corr_coef,
        functional.iou,
        functional.mean_iou,
        functional.dice_coefficient,
    ],
    ids=name_of,
)
def test_labels_where_a_sample_has_one_class(function: Callable[..., Tensor]) -> None:
    message = f"^{name_of(function)}: kind must be one of 'binary', 'multiclass', got 'multilabel'"
    with pytest.raises(ArgumentError, match=message):
        function(*LABELS, kind="multilabel")


@pytest.mark.parametrize(
    "function", [functional.iou, functional.mean_iou, functional.dice_coefficient], ids=name_of
)
def test_a_class_to_leave_out_that_does_not_exist(function: Callable[..., Tensor]) -> None:
    with pytest.raises(ArgumentError, match=rf"^{name_of(function)}: drop_index .* got 3"):
        function(*PAIR, num_classes=3, drop_index=3)


WRONG: Final[list[tuple[Callable[..., Any], dict[str, Any], str]]] = [
    (functional.fbeta, {"beta": 0, **CLASSES}, "fbeta: beta must be above 0 and finite, got 0"),
    (
        functional.fbeta,
        {"beta": math.nan, **CLASSES},
        "fbeta: beta must be above 0 and finite, got nan",
    ),
    (
        functional.confusion_matrix,
        {"normalize": "true"},
        "confusion_matrix: normalize must be one of None",
    ),
    (
        functional.multilabel_confusion_matrix,
        {"normalize": "true"},
        "multilabel_confusion_matrix: normalize must be one of None, 'samples', 'recall', 'preci",
    ),
    (
        functional.cohen_kappa,
        {"weights": "cubic"},
        "cohen_kappa: weights must be one of None, 'linear', 'q",
    ),
    (
        functional.stat_scores,
        {"average": "macro", **CLASSES},
        "stat_scores: average must be one of None, ",
    ),
    (
        functional.classification_report,
        {"labels": ("a", "b"), **CLASSES},
        "classification_report: labels must be 3 different names",
    ),
    (
        functional.classification_report,
        {"beta": -1, **CLASSES},
        "classification_report: beta must be above 0 and finite",
    ),
    (
        functional.accuracy,
        {"kind": "binary"},
        "accuracy: .* must be 0 or 1, got 2 outside; class indices are of kind 'multiclass'",
    ),
]


@pytest.mark.parametrize(("function", "options", "message"), WRONG)
def test_options_that_are_none(
    function: Callable[..., Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=f"^{message}"):
        function(*PAIR, **options)


@pytest.mark.parametrize("function", [stat_scores_result, hamming_distance_result], ids=name_of)
def test_an_unknown_average_of_counts(function: Callable[..., Tensor]) -> None:
    counts = matrix_counts(torch.eye(2))
    with pytest.raises(ArgumentError, match=f"^{name_of(function)}: average must be one of None, "):
        function(counts, average="macro")
