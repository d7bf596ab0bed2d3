"""Classification metrics as functions of predictions and targets: shares of what is right."""

from functools import partial

from torch import Tensor

from firesteel.metrics._validation import above_zero

from ._class_agreement import accuracy_result, balanced_accuracy_result, hamming_distance_result
from ._class_averages import SampleAverage, averaged, check_one_class, checked_counts
from ._class_kinds import ClassificationKind, ClassificationKindWithoutLabels, CountOptions
from ._class_shares import (
    fbeta_result,
    jaccard_result,
    negative_predictive_value_result,
    precision_result,
    recall_result,
    specificity_result,
)
from ._counting import right_in_tensors, right_result
from ._counting_checks import check_classes, check_right_counts
from ._counts import ClassAverage

__all__ = [
    "ClassificationKind",
    "SampleAverage",
    "accuracy",
    "balanced_accuracy",
    "exact_match",
    "f1",
    "fbeta",
    "hamming_distance",
    "jaccard_index",
    "negative_predictive_value",
    "precision",
    "recall",
    "specificity",
]


def accuracy(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Share of samples that are right; of labels, of samples of which all labels are.

    Better is higher, from 0 to 1. Arguments and errors are those of :func:`precision`.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        scikit-learn's ``accuracy_score``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
        >>> round(accuracy(scores, torch.tensor([1, 0, 0]), kind="multiclass").item(), 4)
        0.6667
    """
    return accuracy_of(
        "accuracy",
        prediction,
        target,
        CountOptions(kind, num_classes, ignore_index, top_k, threshold),
    )


def accuracy_of(where: str, prediction: Tensor, target: Tensor, options: CountOptions) -> Tensor:
    if options.kind == "multiclass" and options.num_classes is not None:
        counts = checked_counts(where, prediction, target, options)
        return accuracy_result(counts)
    right = right_in_tensors(where, prediction, target, options)
    check_classes(
        where,
        prediction,
        target,
        kind=options.kind,
        ignore_index=options.ignore_index,
        way_out="class indices are of kind 'multiclass'",
    )
    check_right_counts(where, right)
    return right_result(right)


def exact_match(
    prediction: Tensor,
    target: Tensor,
    *,
    ignore_index: int | None = None,
    threshold: float = 0.5,
) -> Tensor:
    """Share of samples of which all labels are right: the accuracy of kind ``multilabel``.

    Better is higher, from 0 to 1. Arguments and errors are those of :func:`precision`. An ignored
    label is taken as right; a sample of none but such labels is not counted.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        scikit-learn's ``accuracy_score`` of labels.

    Example:
        >>> import torch
        >>> exact_match(torch.tensor([[1, 1], [0, 1]]), torch.tensor([[1, 0], [0, 1]])).item()
        0.5
    """
    options = CountOptions("multilabel", None, ignore_index, 1, threshold)
    return accuracy_of("exact_match", prediction, target, options)


def precision(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: SampleAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Share of what was predicted that is true.

    Better is higher, from 0 to 1.

    Args:
        prediction: As for :func:`class_counts`: scores or class indices for ``multiclass``;
            floating point numbers that ``threshold`` is applied to, or 0 and 1, for ``binary`` and
            ``multilabel``. Shape ``(N, C, ...)`` or that of the targets.
        target: Class indices for ``multiclass``, else 0 and 1. Shape ``(N, ...)``, for labels
            ``(N, L, ...)``.
        kind: Whether a sample is of one class, of which of C, or which of L labels it has.
        num_classes: C, for ``multiclass``; may be left out where there are scores.
        average: ``None`` for a value per class or label (``binary``: that of class 1). ``"micro"``
            divides the sums over classes, ``"macro"`` is the mean over all classes, ``"weighted"``
            the mean weighted by how often each is true; these three take both classes of
            ``binary``. ``"samples"``, of labels, is the mean of what each sample has by itself.
        zero_division: The value of 0/0. NaN leaves such classes out of the means.
        ignore_index: Target of what is not to be counted; ``None`` for none.
        top_k: A true class among so many best scored counts as predicted; else the best scored.
        threshold: What floating point predictions have to be above.

    Returns:
        Float64, shape ``(C,)`` or ``()``, on the device of the targets.

    Raises:
        ArgumentError: Shapes or options do not fit together, or a class is out of range.
        ArgumentTypeError: A dtype is of another kind.
        NotComputableError: There is no sample, or all are ignored.

    Source:
        scikit-learn's ``precision_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> precision(prediction, target, kind="binary").item()
        0.6666666666666666
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    return averaged(
        "precision",
        prediction,
        target,
        options,
        precision_result,
        average=average,
        zero_division=zero_division,
        sample_row=0,
    )


def recall(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: SampleAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Share of what is true that was predicted.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        scikit-learn's ``recall_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> recall(prediction, target, kind="binary").item()
        1.0
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    return averaged(
        "recall",
        prediction,
        target,
        options,
        recall_result,
        average=average,
        zero_division=zero_division,
        sample_row=1,
    )


def fbeta(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    beta: float,
    average: SampleAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Weighted harmonic mean of precision and recall; ``beta`` above 0 weighs recall.

    :math:`F_\beta = (1+\beta^2)\, tp / (\beta^2\, actual + predicted)`, averaged afterwards.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        scikit-learn's ``fbeta_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> fbeta(prediction, target, kind="binary", beta=2).item()
        0.9090909090909091
    """
    above_zero("fbeta", "beta", beta)
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    return averaged(
        "fbeta",
        prediction,
        target,
        options,
        partial(fbeta_result, beta=beta),
        average=average,
        zero_division=zero_division,
        sample_row=2,
        beta=beta,
    )


def f1(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: SampleAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Harmonic mean of precision and recall: :math:`2\, tp / (actual + predicted)`.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        scikit-learn's ``f1_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> f1(prediction, target, kind="binary").item()
        0.8
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    return averaged(
        "f1",
        prediction,
        target,
        options,
        fbeta_result,
        average=average,
        zero_division=zero_division,
        sample_row=2,
    )


def jaccard_index(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: SampleAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Intersection over union: :math:`tp / (predicted + actual - tp)`.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        scikit-learn's ``jaccard_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> jaccard_index(prediction, target, kind="binary").item()
        0.6666666666666666
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    return averaged(
        "jaccard_index",
        prediction,
        target,
        options,
        jaccard_result,
        average=average,
        zero_division=zero_division,
        sample_row=3,
    )


def specificity(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: ClassAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Share of what is not true that was not predicted; there is no average ``"samples"``.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        torchmetrics' ``Specificity``; the recall of the negative class.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> specificity(prediction, target, kind="binary").item()
        0.5
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    return averaged(
        "specificity",
        prediction,
        target,
        options,
        specificity_result,
        average=average,
        zero_division=zero_division,
    )


def negative_predictive_value(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: ClassAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Share of what was not predicted that is not true; there is no average ``"samples"``.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        torchmetrics' ``NegativePredictiveValue``; the precision of the negative class.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> negative_predictive_value(prediction, target, kind="binary").item()
        1.0
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    return averaged(
        "negative_predictive_value",
        prediction,
        target,
        options,
        negative_predictive_value_result,
        average=average,
        zero_division=zero_division,
    )


def hamming_distance(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    """Share of labels that are wrong; of samples, where each has one class.

    Better is lower, from 0 to 1. Arguments and errors are those of :func:`precision`.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        scikit-learn's ``hamming_loss``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([[1, 1], [0, 1]]), torch.tensor([[1, 0], [0, 1]])
        >>> hamming_distance(prediction, target, kind="multilabel").item()
        0.25
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    if kind == "multiclass":
        return 1 - accuracy_of("hamming_distance", prediction, target, options)
    return hamming_distance_result(checked_counts("hamming_distance", prediction, target, options))


def balanced_accuracy(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKindWithoutLabels = "multiclass",
    num_classes: int | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    """Mean recall over the classes that are true at least once.

    Better is higher, from 0 to 1; guessing gives one over the number of classes. Arguments and
    errors are those of :func:`precision`, for ``binary`` and ``multiclass``.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        scikit-learn's ``balanced_accuracy_score``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1, 1]), torch.tensor([0, 0, 1, 1])
        >>> balanced_accuracy(prediction, target, kind="binary").item()
        0.75
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    check_one_class("balanced_accuracy", kind)
    return balanced_accuracy_result(
        checked_counts("balanced_accuracy", prediction, target, options)
    )
