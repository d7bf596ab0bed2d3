r"""Curves at evenly spaced thresholds, from counts per bin: constant memory, whatever the samples.

A score of bin :math:`j` reaches the thresholds :math:`0, \dots, j / (T - 1)`. Counts of positives
and of negatives per bin are all that a curve needs; they add up over batches and ranks.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import torch
from torch import Tensor

from firesteel._require import at_least, mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError

from ._counts import from_numpy, in_double, is_on_host
from ._curve_averages import ClassAverage, mean_over_classes
from ._curve_inputs import (
    check_binary_target,
    check_class_target,
    refuse_class_shapes,
    refuse_label_shapes,
    refuse_nothing,
    refuse_option,
    refuse_shapes,
)
from ._numbers import has_numbers
from ._precision_recall import PrecisionRecallPoints
from ._roc import RocPoints

if TYPE_CHECKING:
    import numpy as np
else:
    with suppress(ImportError):
        import numpy as np

__all__ = [
    "BinnedCounts",
    "binary_bin_table",
    "binary_binned_counts",
    "binned_average_precision",
    "binned_precision_recall_curve",
    "binned_roc_auc",
    "binned_roc_curve",
    "bins_of",
    "check_probabilities",
    "histogram",
    "multiclass_bin_table",
    "multiclass_binned_counts",
    "multilabel_bin_table",
    "multilabel_binned_counts",
    "refuse_whole_scores",
]

_SLACK: Final = 2.0**-21  # of a threshold: more than its rounding in float32, by any formula


class BinnedCounts(NamedTuple):
    """Positives and negatives by the highest threshold that they reach.

    Both fields merge by sum.
    """

    positives: Tensor
    """Int64, shape ``(num_thresholds,)`` or ``(classes, num_thresholds)``."""
    negatives: Tensor
    """Int64, shape of ``positives``."""

    @classmethod
    def of(cls, table: Tensor) -> Self:
        """Read a table of negatives, then positives, ``(2, ...)``."""
        return cls(positives=table[1], negatives=table[0])


def check_probabilities(where: str, scores: Tensor) -> None:
    """Refuse what is not in [0, 1], NaN too; waits for the device.

    Raises:
        ArgumentTypeError: The dtype is not a floating point one.
        ArgumentError: A score lies outside.
    """
    refuse_whole_scores(where, scores)
    if not scores.numel() or not has_numbers(scores):
        return
    lowest, highest = (float(end) for end in scores.detach().aminmax())
    if not (lowest >= 0 and highest <= 1):
        raise ArgumentError(
            f"{where}: scores must be in [0, 1], got numbers from {lowest:g} to {highest:g}; "
            "apply a sigmoid or softmax first"
        )


def refuse_whole_scores(where: str, scores: Tensor) -> None:
    """Refuse scores that cannot be probabilities.

    Raises:
        ArgumentTypeError: The dtype is not a floating point one.
    """
    if not scores.is_floating_point():
        condition = "a floating point one"
        raise ArgumentTypeError(mismatch(where, "dtype of scores", condition, scores.dtype))


def binned_thresholds(num_thresholds: int, *, like: Tensor) -> Tensor:
    """Give the thresholds, ascending from 0 to 1, each rounded once."""
    number = torch.arange(num_thresholds, device=like.device)
    return in_double(number) / (num_thresholds - 1)


def bins_of(scores: Tensor, *, num_bins: int, scale: int) -> Tensor:
    """Give the bin of each score in [0, 1], the whole part of ``scale`` times it; int32.

    What is out of range, NaN too, lands in some bin: no index is out of bounds.
    """
    if scores.requires_grad:
        scores = scores.detach()
    if scores.dtype.itemsize < torch.float32.itemsize:
        scores = scores.float()
    return (scores * (scale * (1 + _SLACK))).int().clamp_(0, num_bins - 1)


def binary_bin_table(scores: Tensor, target: Tensor, num_thresholds: int) -> Tensor:
    """Count negatives, then positives, per bin, without a look at shapes and values: ``(2, T)``.

    A target other than 0 counts as 1.
    """
    place = bins_of(scores, num_bins=num_thresholds, scale=num_thresholds - 1)
    place = torch.add(place, target != 0, alpha=num_thresholds)
    return histogram(place, 2 * num_thresholds).view(2, num_thresholds)


def multilabel_bin_table(scores: Tensor, target: Tensor, num_thresholds: int) -> Tensor:
    """Count negatives, then positives, of each label, as the binary form does: ``(2, L, T)``."""
    place, size = _places_of_columns(scores, num_thresholds)
    place = torch.add(place, target != 0, alpha=size)
    return histogram(place, 2 * size).view(2, -1, num_thresholds)


def multiclass_bin_table(scores: Tensor, target: Tensor, num_thresholds: int) -> Tensor:
    """Count negatives, then positives, of each class, without a look: ``(2, C, T)``.

    A target that is no class counts as a negative of all.
    """
    place, size = _places_of_columns(scores, num_thresholds)
    target = target.long().unsqueeze(1)
    known = target.clamp(0, scores.shape[1] - 1)
    place.scatter_add_(1, known, (known == target).int().mul_(size))
    return histogram(place, 2 * size).view(2, -1, num_thresholds)


def _places_of_columns(scores: Tensor, num_thresholds: int) -> tuple[Tensor, int]:
    """Give each score's place among the bins of all columns, int32, and how many there are."""
    place = bins_of(scores, num_bins=num_thresholds, scale=num_thresholds - 1)
    size = scores.shape[1] * num_thresholds
    begin = torch.arange(0, size, num_thresholds, dtype=torch.int32, device=place.device)
    return place.add_(begin.view(-1, *[1] * (scores.ndim - 2))), size


def histogram(place: Tensor, size: int) -> Tensor:
    """Count each place, int64, shape ``(size,)``; all are in ``[0, size)``."""
    if is_on_host(place):
        return from_numpy(np.bincount(_flat(place).numpy(), minlength=size))
    flat = _flat(place).long()
    return flat.new_zeros(size).scatter_add_(0, flat, torch.ones_like(flat))


def _flat(place: Tensor) -> Tensor:
    return place if place.ndim == 1 else place.reshape(-1)


def binary_binned_counts(
    scores: Tensor, target: Tensor, *, num_thresholds: int = 200
) -> BinnedCounts:
    r"""Count positives and negatives by the highest threshold that their score reaches.

    The thresholds are :math:`j / (T - 1)` for :math:`j = 0, \dots, T - 1`. A score that falls short
    of one by less than 5e-7 of it, the rounding of float32, has reached it; so scores that lie on
    the thresholds are counted there, and every result is then exact. An empty batch counts nothing.

    Args:
        scores: Probability of the positive class, in ``[0, 1]``, floating point, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.
        num_thresholds: :math:`T`, at least 2.

    Returns:
        Int64, shape ``(num_thresholds,)``, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes differ, a score is not in ``[0, 1]``, a target is neither 0 nor 1,
            or there are fewer than 2 thresholds.
        ArgumentTypeError: The scores are not floating point numbers.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.1, 0.4, 0.6, 1.0])
        >>> counts = binary_binned_counts(scores, torch.tensor([0, 0, 1, 1]), num_thresholds=3)
        >>> counts.positives.tolist(), counts.negatives.tolist()
        ([0, 1, 1], [2, 0, 0])
    """
    where = "binary_binned_counts"
    num_thresholds = at_least(where, "num_thresholds", num_thresholds, 2)
    refuse_shapes(where, scores, target)
    check_probabilities(where, scores)
    check_binary_target(where, target)
    return BinnedCounts.of(binary_bin_table(scores, target, num_thresholds))


def multiclass_binned_counts(
    scores: Tensor, target: Tensor, *, num_thresholds: int = 200
) -> BinnedCounts:
    """Count positives and negatives of each class against the rest; see the binary form.

    Args:
        scores: Probability of each class, in ``[0, 1]``, floating point, shape
            ``(batch, classes, ...)``.
        target: Index of the true class, whole number, shape ``(batch, ...)``.
        num_thresholds: How many thresholds, from 0 to 1, at least 2.

    Returns:
        Int64, shape ``(classes, num_thresholds)``, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes do not fit, a score is not in ``[0, 1]``, a target is no class, or
            there are fewer than 2 thresholds.
        ArgumentTypeError: The scores are not floating point numbers, or the targets not whole ones.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.8, 0.2], [0.4, 0.6]])
        >>> counts = multiclass_binned_counts(scores, torch.tensor([0, 1]), num_thresholds=3)
        >>> counts.positives.tolist(), counts.negatives.tolist()
        ([[0, 1, 0], [0, 1, 0]], [[1, 0, 0], [1, 0, 0]])
    """
    where = "multiclass_binned_counts"
    num_thresholds = at_least(where, "num_thresholds", num_thresholds, 2)
    refuse_class_shapes(where, scores, target)
    check_probabilities(where, scores)
    check_class_target(where, target, num_classes=scores.shape[1])
    return BinnedCounts.of(multiclass_bin_table(scores, target, num_thresholds))


def multilabel_binned_counts(
    scores: Tensor, target: Tensor, *, num_thresholds: int = 200
) -> BinnedCounts:
    """Count positives and negatives of each label; see :func:`binary_binned_counts`.

    Args:
        scores: Probability of each label, in ``[0, 1]``, floating point, shape
            ``(batch, labels, ...)``.
        target: 0 or 1, any real dtype, shape of ``scores``.
        num_thresholds: How many thresholds, from 0 to 1, at least 2.

    Returns:
        Int64, shape ``(labels, num_thresholds)``, on the device of ``scores``. Their sum over
        labels is the micro form.

    Raises:
        ArgumentError: The shapes do not fit, a score is not in ``[0, 1]``, a target is neither 0
            nor 1, or there are fewer than 2 thresholds.
        ArgumentTypeError: The scores are not floating point numbers.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.8, 0.2], [0.4, 0.6]])
        >>> target = torch.tensor([[1, 1], [0, 1]])
        >>> multilabel_binned_counts(scores, target, num_thresholds=3).positives.tolist()
        [[0, 1, 0], [1, 1, 0]]
    """
    where = "multilabel_binned_counts"
    num_thresholds = at_least(where, "num_thresholds", num_thresholds, 2)
    refuse_label_shapes(where, scores, target)
    check_probabilities(where, scores)
    check_binary_target(where, target)
    return BinnedCounts.of(multilabel_bin_table(scores, target, num_thresholds))


def binned_roc_curve(counts: BinnedCounts) -> RocPoints:
    """Read the ROC curve off counts per bin, at every threshold.

    Args:
        counts: Positives and negatives per bin, shape ``(num_thresholds,)`` or
            ``(classes, num_thresholds)``.

    Returns:
        Rates of shape ``(..., num_thresholds + 1)``, float64; thresholds of shape
        ``(num_thresholds + 1,)``, descending from infinity and 1 to 0. The true positive rate of a
        class without positives is NaN, and so is the other without negatives.

    Raises:
        NotComputableError: Nothing was counted.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.1, 0.4, 0.6, 1.0])
        >>> counts = binary_binned_counts(scores, torch.tensor([0, 1, 0, 1]), num_thresholds=3)
        >>> curve = binned_roc_curve(counts)
        >>> curve.fpr.tolist(), curve.tpr.tolist(), curve.thresholds.tolist()
        ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0], [inf, 1.0, 0.5, 0.0])
    """
    true, false = _reached("binned_roc_curve", counts)
    thresholds = binned_thresholds(true.shape[-1] - 1, like=true).flip(0)
    return RocPoints(
        fpr=in_double(false) / false[..., -1:],
        tpr=in_double(true) / true[..., -1:],
        thresholds=torch.nn.functional.pad(thresholds, (1, 0), value=torch.inf),
    )


def binned_precision_recall_curve(counts: BinnedCounts) -> PrecisionRecallPoints:
    """Read precision and recall off counts per bin, at every threshold.

    Args:
        counts: Positives and negatives per bin, shape ``(num_thresholds,)`` or
            ``(classes, num_thresholds)``.

    Returns:
        Precision and recall of shape ``(..., num_thresholds + 1)``, float64, the last of them 1 and
        0; thresholds of shape ``(num_thresholds,)``, ascending from 0 to 1. Where nothing is
        predicted, precision is 1; without positives, recall is 1 at every threshold.

    Raises:
        NotComputableError: Nothing was counted.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.1, 0.4, 0.6, 1.0])
        >>> counts = binary_binned_counts(scores, torch.tensor([0, 1, 0, 1]), num_thresholds=3)
        >>> curve = binned_precision_recall_curve(counts)
        >>> curve.precision.tolist(), curve.recall.tolist()
        ([0.5, 0.5, 1.0, 1.0], [1.0, 0.5, 0.5, 0.0])
    """
    true, false = (
        reached.flip(-1) for reached in _reached("binned_precision_recall_curve", counts)
    )
    recall = in_double(true) / true[..., :1]
    recall = recall.nan_to_num(nan=1.0)
    recall[..., -1] = 0
    return PrecisionRecallPoints(
        precision=_precision(true, false),
        recall=recall,
        thresholds=binned_thresholds(true.shape[-1] - 1, like=true),
    )


def binned_roc_auc(counts: BinnedCounts, *, average: ClassAverage = "macro") -> Tensor:
    r"""Read the area under the ROC curve off counts per bin: scores of one bin are tied.

    With :math:`p_j` and :math:`n_j` in bin :math:`j`, it is
    :math:`\sum_j p_j (\sum_{i<j} n_i + n_j / 2) / (\sum_j p_j \sum_j n_j)`.

    Args:
        counts: Positives and negatives per bin, shape ``(num_thresholds,)`` or
            ``(classes, num_thresholds)``.
        average: ``None`` for one area per class, ``"macro"`` for their mean, ``"weighted"`` for
            their mean by positives; without classes it says nothing.

    Returns:
        Float64, shape ``()``, or ``(classes,)`` if ``average`` is ``None``; from 0 to 1, higher is
        better. NaN for a class without positives or negatives, which the means leave out.

    Raises:
        ArgumentError: ``average`` is unknown.
        NotComputableError: Nothing was counted.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.1, 0.4, 0.6, 1.0])
        >>> counts = binary_binned_counts(scores, torch.tensor([0, 1, 0, 1]), num_thresholds=3)
        >>> binned_roc_auc(counts).item()
        0.625
    """
    where = "binned_roc_auc"
    refuse_option(where, "average", average, (None, "macro", "weighted"))
    true, false = _reached(where, counts)
    # products of counts in float64: in whole numbers billions of samples would not fit
    twice = (in_double(false.diff()) * in_double(true[..., 1:] + true[..., :-1])).sum(-1)
    positives, negatives = true[..., -1], false[..., -1]
    value = twice / (2 * in_double(positives) * in_double(negatives))
    return mean_over_classes(value, positives, average if value.ndim else None)


def binned_average_precision(counts: BinnedCounts, *, average: ClassAverage = "macro") -> Tensor:
    r"""Read the average precision off counts per bin: :math:`\sum_k (R_k - R_{k-1}) P_k`.

    Args:
        counts: Positives and negatives per bin, shape ``(num_thresholds,)`` or
            ``(classes, num_thresholds)``.
        average: ``None`` for one value per class, ``"macro"`` for their mean, ``"weighted"`` for
            their mean by positives; without classes it says nothing.

    Returns:
        Float64, shape ``()``, or ``(classes,)`` if ``average`` is ``None``; from 0 to 1, higher is
        better. 0 for a class without positives, which counts in the macro mean.

    Raises:
        ArgumentError: ``average`` is unknown.
        NotComputableError: Nothing was counted.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.1, 0.4, 0.6, 1.0])
        >>> counts = binary_binned_counts(scores, torch.tensor([0, 1, 0, 1]), num_thresholds=3)
        >>> binned_average_precision(counts).item()
        0.75
    """
    where = "binned_average_precision"
    refuse_option(where, "average", average, (None, "macro", "weighted"))
    true, false = _reached(where, counts)
    positives = true[..., -1]
    value = (_precision(true, false)[..., 1:] * true.diff()).sum(-1) / positives.clamp(min=1)
    return mean_over_classes(value, positives, average if value.ndim else None)


def _reached(where: str, counts: BinnedCounts) -> tuple[Tensor, Tensor]:
    """Count what reaches each threshold, from infinity and 1 down to 0."""
    true, false = (torch.nn.functional.pad(part.flip(-1).cumsum(-1), (1, 0)) for part in counts)
    refuse_nothing(where, int((true[..., -1] + false[..., -1]).sum()))
    return true, false


def _precision(true: Tensor, false: Tensor) -> Tensor:
    predicted = true + false
    return torch.where(predicted > 0, in_double(true) / predicted.clamp(min=1), 1.0)
