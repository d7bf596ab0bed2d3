"""One point of a curve: the best under a condition."""

from typing import NamedTuple

import torch
from torch import Tensor

from ._counts import in_double
from ._curve_inputs import refuse_share
from ._curve_ranking import Ranking, rank_binary, scores_at, steps

__all__ = [
    "CurvePoint",
    "best_point",
    "precision_at_fixed_recall",
    "rates_at",
    "recall_at_fixed_precision",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
]


class CurvePoint(NamedTuple):
    """The best point of a curve under a condition."""

    value: Tensor
    """What was to be as high as possible."""
    threshold: Tensor
    """The lowest score that is predicted; infinite if only no prediction meets the condition."""


def recall_at_fixed_precision(
    scores: Tensor, target: Tensor, *, min_precision: float
) -> CurvePoint:
    """Give the highest recall of which the precision is high enough, and its threshold.

    Of equal recalls the one of the highest precision is taken. No prediction, recall 0, is always
    allowed.

    Args:
        scores: The higher, the more likely positive; any real dtype, any scale, no NaN, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.
        min_precision: In ``[0, 1]``.

    Returns:
        Recall, from 0 to 1, higher is better, NaN without positives; and the threshold. Float64,
        shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes differ, a score is NaN, a target is neither 0 nor 1, or
            ``min_precision`` is out of range.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.25, 0.5, 0.375, 0.75])
        >>> target = torch.tensor([0, 0, 1, 1])
        >>> point = recall_at_fixed_precision(scores, target, min_precision=0.9)
        >>> point.value.item(), point.threshold.item()
        (0.5, 0.75)
    """
    where = "recall_at_fixed_precision"
    refuse_share(where, "min_precision", min_precision)
    rates = rates_at(rank_binary(where, scores, target))
    return best_point(rates.sensitivity, rates.precision, min_precision, rates.thresholds)


def precision_at_fixed_recall(scores: Tensor, target: Tensor, *, min_recall: float) -> CurvePoint:
    """Give the highest precision of which the recall is high enough, and its threshold.

    Of equal precisions the one of the highest recall is taken. No prediction has precision 1 and
    recall 0.

    Args:
        scores: The higher, the more likely positive; any real dtype, any scale, no NaN, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.
        min_recall: In ``[0, 1]``.

    Returns:
        Precision, from 0 to 1, higher is better, NaN without positives; and the threshold. Float64,
        shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes differ, a score is NaN, a target is neither 0 nor 1, or
            ``min_recall`` is out of range.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.25, 0.5, 0.375, 0.75])
        >>> target = torch.tensor([0, 1, 0, 1])
        >>> point = precision_at_fixed_recall(scores, target, min_recall=0.6)
        >>> point.value.item(), point.threshold.item()
        (1.0, 0.5)
    """
    where = "precision_at_fixed_recall"
    refuse_share(where, "min_recall", min_recall)
    rates = rates_at(rank_binary(where, scores, target))
    return best_point(rates.precision, rates.sensitivity, min_recall, rates.thresholds)


def sensitivity_at_specificity(
    scores: Tensor, target: Tensor, *, min_specificity: float
) -> CurvePoint:
    """Give the highest sensitivity of which the specificity is high enough, and its threshold.

    Sensitivity is the share of the positives at or above the threshold, specificity the share of
    the negatives below it. Of equal sensitivities the one of the highest specificity is taken.

    Args:
        scores: The higher, the more likely positive; any real dtype, any scale, no NaN, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.
        min_specificity: In ``[0, 1]``.

    Returns:
        Sensitivity, from 0 to 1, higher is better, NaN without positives or negatives; and the
        threshold. Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes differ, a score is NaN, a target is neither 0 nor 1, or
            ``min_specificity`` is out of range.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.25, 0.5, 0.375, 0.75])
        >>> target = torch.tensor([0, 0, 1, 1])
        >>> point = sensitivity_at_specificity(scores, target, min_specificity=0.5)
        >>> point.value.item(), point.threshold.item()
        (1.0, 0.375)
    """
    where = "sensitivity_at_specificity"
    refuse_share(where, "min_specificity", min_specificity)
    rates = rates_at(rank_binary(where, scores, target))
    return best_point(rates.sensitivity, rates.specificity, min_specificity, rates.thresholds)


def specificity_at_sensitivity(
    scores: Tensor, target: Tensor, *, min_sensitivity: float
) -> CurvePoint:
    """Give the highest specificity of which the sensitivity is high enough, and its threshold.

    The counterpart of :func:`sensitivity_at_specificity`. Of equal specificities the one of the
    highest sensitivity is taken.

    Args:
        scores: The higher, the more likely positive; any real dtype, any scale, no NaN, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.
        min_sensitivity: In ``[0, 1]``.

    Returns:
        Specificity, from 0 to 1, higher is better, NaN without positives or negatives; and the
        threshold. Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes differ, a score is NaN, a target is neither 0 nor 1, or
            ``min_sensitivity`` is out of range.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.25, 0.5, 0.375, 0.75])
        >>> target = torch.tensor([0, 0, 1, 1])
        >>> point = specificity_at_sensitivity(scores, target, min_sensitivity=0.5)
        >>> point.value.item(), point.threshold.item()
        (1.0, 0.75)
    """
    where = "specificity_at_sensitivity"
    refuse_share(where, "min_sensitivity", min_sensitivity)
    rates = rates_at(rank_binary(where, scores, target))
    return best_point(rates.specificity, rates.sensitivity, min_sensitivity, rates.thresholds)


class _Rates(NamedTuple):
    """Rates at each threshold of one curve, from no prediction to all."""

    precision: Tensor
    sensitivity: Tensor
    specificity: Tensor
    thresholds: Tensor


def rates_at(ranking: Ranking) -> _Rates:
    found = steps(ranking)
    true, false = (
        torch.nn.functional.pad(counts, (1, 0))
        for counts in (found.true_positives, found.false_positives)
    )
    thresholds = scores_at(ranking, found)
    return _Rates(
        precision=torch.where(
            found.positives > 0,
            torch.where(true + false > 0, in_double(true) / (true + false).clamp(min=1), 1.0),
            torch.nan,
        ),
        sensitivity=in_double(true) / found.positives,
        # whole numbers, divided once: the 0.7 of 7 in 10 is the 0.7 that a caller writes
        specificity=in_double(found.negatives - false) / found.negatives,
        thresholds=torch.nn.functional.pad(thresholds, (1, 0), value=torch.inf),
    )


def best_point(value: Tensor, other: Tensor, least: float, thresholds: Tensor) -> CurvePoint:
    """Choose the highest value where the other is high enough; of equals the highest other."""
    is_allowed = other >= least
    for key in (value, other, thresholds):
        allowed = torch.where(is_allowed, key, -torch.inf)
        is_allowed = is_allowed & (allowed == allowed.max())
    is_known = ~(value.isnan() | other.isnan()).any()
    return CurvePoint(
        value=torch.where(is_allowed, value, -torch.inf).max().where(is_known, torch.nan),
        threshold=torch.where(is_allowed, thresholds, -torch.inf).max().where(is_known, torch.nan),
    )
