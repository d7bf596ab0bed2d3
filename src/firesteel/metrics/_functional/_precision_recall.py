"""Precision over recall, and its average: exact, from all scores at once."""

from typing import NamedTuple

import torch
from torch import Tensor

from ._counts import in_double
from ._curve_averages import ClassAverage, LabelAverage, mean_over_classes
from ._curve_inputs import refuse_option
from ._curve_ranking import (
    Ranking,
    one_by_one,
    rank_binary,
    rank_by_shape,
    rank_multiclass,
    rank_multilabel,
    scores_at,
    steps,
)

__all__ = [
    "PrecisionRecallPoints",
    "average_precision",
    "binary_average_precision",
    "binary_precision_recall_curve",
    "multiclass_average_precision",
    "multiclass_precision_recall_curve",
    "multilabel_average_precision",
    "multilabel_precision_recall_curve",
    "precision_recall_curves",
    "precisions",
]


class PrecisionRecallPoints(NamedTuple):
    """Points of a precision-recall curve, from all predicted to none."""

    precision: Tensor
    """Share of positives among what is at or above the threshold; a last 1 for no prediction."""
    recall: Tensor
    """Share of the positives at or above the threshold, not ascending; a last 0."""
    thresholds: Tensor
    """Ascending, one fewer than there are points."""


def precisions(ranking: Ranking) -> tuple[Tensor, Tensor]:
    """Give the average precision of each curve, and its positives, int64, both ``(C,)``."""
    found = steps(ranking, only_rises=True)
    shares = in_double(found.true_positives).div_(found.predicted).mul_(found.rises)
    if len(found.positives) == 1:
        total = shares.sum(0, keepdim=True)
    else:
        total = shares.new_zeros(len(found.positives)).index_add_(0, found.curve, shares)
    return total / found.positives.clamp(min=1), found.positives


def binary_precision_recall_curve(scores: Tensor, target: Tensor) -> PrecisionRecallPoints:
    r"""Trace precision over recall, at every distinct score.

    At a threshold :math:`t`, precision is :math:`|\{s_i \ge t, y_i = 1\}| / |\{s_i \ge t\}|` and
    recall :math:`|\{s_i \ge t, y_i = 1\}| / P`. A last point, 1 and 0, stands for no prediction.
    Without positives the recall is 1 at every threshold.

    Args:
        scores: The higher, the more likely positive; any real dtype, any scale, no NaN, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.

    Returns:
        Three tensors, float64, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes differ, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``precision_recall_curve``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.25, 0.5, 0.375, 0.75])
        >>> curve = binary_precision_recall_curve(scores, torch.tensor([0, 0, 1, 1]))
        >>> curve.recall.tolist(), curve.thresholds.tolist()
        ([1.0, 1.0, 0.5, 0.5, 0.0], [0.25, 0.375, 0.5, 0.75])
    """
    return precision_recall_curves(rank_binary("binary_precision_recall_curve", scores, target))[0]


def multiclass_precision_recall_curve(
    scores: Tensor, target: Tensor
) -> tuple[PrecisionRecallPoints, ...]:
    """Trace precision over recall for each class against the rest.

    See :func:`binary_precision_recall_curve`.

    Args:
        scores: One score per class, any real dtype, any scale, no NaN, shape
            ``(batch, classes, ...)``.
        target: Index of the true class, whole number, shape ``(batch, ...)``.

    Returns:
        One curve per class, float64, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes do not fit, a score is NaN, or a target is no class.
        ArgumentTypeError: The targets are not whole numbers, or the scores complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``precision_recall_curve`` of each class.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.8, 0.2], [0.4, 0.6]])
        >>> curves = multiclass_precision_recall_curve(scores, torch.tensor([0, 1]))
        >>> [curve.precision.tolist() for curve in curves]
        [[0.5, 1.0, 1.0], [0.5, 1.0, 1.0]]
    """
    return precision_recall_curves(
        rank_multiclass("multiclass_precision_recall_curve", scores, target)
    )


def multilabel_precision_recall_curve(
    scores: Tensor, target: Tensor
) -> tuple[PrecisionRecallPoints, ...]:
    """Trace precision over recall for each label.

    See :func:`binary_precision_recall_curve`.

    Args:
        scores: One score per label, any real dtype, any scale, no NaN, shape
            ``(batch, labels, ...)``.
        target: 0 or 1, any real dtype, shape of ``scores``.

    Returns:
        One curve per label, float64, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes do not fit, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``precision_recall_curve`` of each label.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.2], [0.1, 0.6]])
        >>> curves = multilabel_precision_recall_curve(scores, torch.tensor([[1, 1], [0, 0]]))
        >>> [curve.precision.tolist() for curve in curves]
        [[0.5, 1.0, 1.0], [0.5, 0.0, 1.0]]
    """
    return precision_recall_curves(
        rank_multilabel("multilabel_precision_recall_curve", scores, target)
    )


def binary_average_precision(scores: Tensor, target: Tensor) -> Tensor:
    r"""Average the precision over the recall: :math:`\sum_k (R_k - R_{k-1}) P_k`.

    :math:`k` runs over the distinct scores, from the highest down; nothing is interpolated. 0 if
    there are no positives.

    Args:
        scores: The higher, the more likely positive; any real dtype, any scale, no NaN, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``; from 0 to 1, higher is better.

    Raises:
        ArgumentError: The shapes differ, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``average_precision_score``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.1, 0.4, 0.35, 0.8])
        >>> round(binary_average_precision(scores, torch.tensor([0, 0, 1, 1])).item(), 4)
        0.8333
    """
    return precisions(rank_binary("binary_average_precision", scores, target))[0][0]


def multiclass_average_precision(
    scores: Tensor, target: Tensor, *, average: ClassAverage = "macro"
) -> Tensor:
    """Average the precision over the recall, for each class against the rest.

    A class that no sample has gets 0, and counts in the macro mean. See
    :func:`binary_average_precision`.

    Args:
        scores: One score per class, any real dtype, any scale, no NaN, shape
            ``(batch, classes, ...)``.
        target: Index of the true class, whole number, shape ``(batch, ...)``.
        average: ``None`` for one value per class, ``"macro"`` for their mean, ``"weighted"`` for
            their mean by the number of samples of each class.

    Returns:
        Float64, shape ``(classes,)`` or ``()``, on the device of ``scores``; from 0 to 1, higher is
        better.

    Raises:
        ArgumentError: The shapes do not fit, a score is NaN, a target is no class, or ``average``
            is unknown.
        ArgumentTypeError: The targets are not whole numbers, or the scores complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``average_precision_score``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]])
        >>> multiclass_average_precision(scores, torch.tensor([0, 1, 1]), average=None).tolist()
        [1.0, 1.0, 0.0]
    """
    where = "multiclass_average_precision"
    refuse_option(where, "average", average, (None, "macro", "weighted"))
    return mean_over_classes(*precisions(rank_multiclass(where, scores, target)), average)


def multilabel_average_precision(
    scores: Tensor, target: Tensor, *, average: LabelAverage = "macro"
) -> Tensor:
    """Average the precision over the recall, for each label.

    A label that no sample has gets 0, and counts in the macro mean. See
    :func:`binary_average_precision`.

    Args:
        scores: One score per label, any real dtype, any scale, no NaN, shape
            ``(batch, labels, ...)``.
        target: 0 or 1, any real dtype, shape of ``scores``.
        average: ``None`` for one value per label, ``"macro"`` for their mean, ``"weighted"`` for
            their mean by the number of samples with the label, ``"micro"`` for one curve of all.

    Returns:
        Float64, shape ``(labels,)`` or ``()``, on the device of ``scores``; from 0 to 1, higher is
        better.

    Raises:
        ArgumentError: The shapes do not fit, a score is NaN, a target is neither 0 nor 1, or
            ``average`` is unknown.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``average_precision_score``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.2], [0.1, 0.6], [0.5, 0.7]])
        >>> target = torch.tensor([[1, 0], [0, 1], [1, 0]])
        >>> multilabel_average_precision(scores, target, average=None).tolist()
        [1.0, 0.5]
    """
    where = "multilabel_average_precision"
    refuse_option(where, "average", average, (None, "micro", "macro", "weighted"))
    ranking = rank_multilabel(where, scores, target, as_one=average == "micro")
    values, positives = precisions(ranking)
    return values[0] if average == "micro" else mean_over_classes(values, positives, average)


def average_precision(scores: Tensor, target: Tensor) -> Tensor:
    """Average the precision over the recall: of one curve, or the mean over labels.

    Args:
        scores: The higher, the more likely positive; any real dtype, any scale, no NaN, shape
            ``(batch,)`` or ``(batch, labels)``.
        target: 0 or 1, any real dtype, shape of ``scores``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``; from 0 to 1, higher is better. A label
        without positives counts as 0.

    Raises:
        ArgumentError: The shapes do not fit, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``average_precision_score``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.2], [0.1, 0.6], [0.5, 0.7]])
        >>> average_precision(scores, torch.tensor([[1, 0], [0, 1], [1, 0]])).item()
        0.75
    """
    ranking = rank_by_shape("average_precision", scores, target)
    return mean_over_classes(*precisions(ranking), "macro")


def precision_recall_curves(ranking: Ranking) -> tuple[PrecisionRecallPoints, ...]:
    """Give precision and recall of each curve, at every distinct score."""
    return tuple(_points(one) for one in one_by_one(ranking))


def _points(ranking: Ranking) -> PrecisionRecallPoints:
    found = steps(ranking, is_reversed=True)
    true_positives = in_double(found.true_positives)
    precision = true_positives.new_ones(len(true_positives) + 1)
    recall = torch.zeros_like(precision)
    torch.div(true_positives, found.predicted, out=precision[:-1])
    torch.div(true_positives, found.positives, out=recall[:-1]).nan_to_num_(nan=1)
    return PrecisionRecallPoints(precision, recall, scores_at(ranking, found))
