"""Mean average precision of classifiers (not of object detectors)."""

from collections.abc import Sequence
from typing import Literal, TypeAlias

import torch
from torch import Tensor

from firesteel._require import is_a, mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError

from ._counts import in_double
from ._curve_averages import mean_over_classes
from ._curve_inputs import (
    binary_rows,
    check_binary_target,
    check_class_target,
    check_scores,
    multiclass_rows,
    multilabel_rows,
    refuse_nothing,
    refuse_option,
)
from ._curve_ranking import Ranking, rank, steps
from ._precision_recall import precisions

__all__ = ["mean_average_precision"]

ClassMean: TypeAlias = Literal["micro", "macro", "weighted"] | None
"""One value of all classes taken as one, the mean, the mean by positives, or one per class."""

_WHERE = "mean_average_precision"


def mean_average_precision(
    scores: Tensor,
    target: Tensor,
    *,
    rec_thresholds: Sequence[float] | Tensor | None = None,
    class_mean: ClassMean = "macro",
    is_multilabel: bool = False,
) -> Tensor:
    r"""Average the precision over the recall, then over the classes.

    Without ``rec_thresholds``, :math:`\sum_k (R_k - R_{k-1}) P_k` over the distinct scores, from
    the highest down. With thresholds :math:`\theta_1 \le \dots \le \theta_m`,
    :math:`\sum_i (\theta_i - \theta_{i-1}) P(\theta_i)`, where :math:`\theta_0 = 0` and
    :math:`P(\theta)` is the precision at the highest score of which the recall is at least
    :math:`\theta`. Nothing is interpolated. A class without positives gets 0 and counts in the
    macro mean.

    Args:
        scores: The higher, the more likely; floating point, any scale, no NaN, shape
            ``(batch, ...)`` of the targets for one class, ``(batch, classes, ...)`` for classes or
            labels.
        target: 0 or 1, any real dtype, shape of ``scores``; or the index of the true class, whole
            number, shape ``(batch, ...)``.
        rec_thresholds: In ``[0, 1]``, one axis, any order; ``None`` for every recall that occurs.
        class_mean: ``"macro"`` for the mean of the classes, ``"weighted"`` for their mean by
            positives, ``"micro"`` for one curve of all, ``None`` for one value per class. Says
            nothing where there is one class.
        is_multilabel: Whether the second axis of both holds labels.

    Returns:
        Float64, shape ``()``, or ``(classes,)`` if ``class_mean`` is ``None`` and there are
        classes; on the device of ``scores``; from 0 to 1, higher is better.

    Raises:
        ArgumentError: The shapes do not fit, a score is NaN, a target is no class or neither 0 nor
            1, or an option is out of range.
        ArgumentTypeError: The scores are not floating point numbers, the targets of classes not
            whole ones, or ``rec_thresholds`` is no sequence.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``average_precision_score``, where no ``rec_thresholds`` are given.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]])
        >>> target = torch.tensor([0, 1, 2])
        >>> values = mean_average_precision(scores, target, class_mean=None)
        >>> [round(value, 4) for value in values.tolist()]
        [1.0, 0.5, 0.3333]
    """
    refuse_option(_WHERE, "class_mean", class_mean, (None, "micro", "macro", "weighted"))
    if not scores.is_floating_point():
        condition = "a floating point one"
        raise ArgumentTypeError(mismatch(_WHERE, "dtype of scores", condition, scores.dtype))
    theta = None if rec_thresholds is None else recall_thresholds(rec_thresholds, scores.device)
    is_one = not is_multilabel and scores.ndim == target.ndim
    scores, target = _rows(scores, target, is_multilabel=is_multilabel)
    refuse_nothing(_WHERE, scores.numel())
    check_scores(_WHERE, scores)
    if target.ndim == 1:
        check_class_target(_WHERE, target, num_classes=len(scores))
    else:
        check_binary_target(_WHERE, target)
    if class_mean == "micro" and not is_one:
        if target.ndim == 1:
            target = torch.zeros_like(scores, dtype=torch.bool).scatter_(
                0, target[None], value=True
            )
        scores, target, is_one = scores.reshape(1, -1), target.reshape(1, -1), True
    ranking = rank(scores, target)
    values, positives = precisions(ranking) if theta is None else areas_at_recalls(ranking, theta)
    return values[0] if is_one else mean_over_classes(values, positives, class_mean)


def _rows(scores: Tensor, target: Tensor, *, is_multilabel: bool) -> tuple[Tensor, Tensor]:
    if is_multilabel:
        return multilabel_rows(_WHERE, scores, target)
    if scores.ndim == target.ndim + 1:
        return multiclass_rows(_WHERE, scores, target)
    return binary_rows(_WHERE, scores, target)


def recall_thresholds(values: Sequence[float] | Tensor, device: torch.device) -> Tensor:
    """Give the thresholds in ascending order, on a device."""
    if not isinstance(values, Tensor):
        is_a(_WHERE, "rec_thresholds", values, Sequence, "a tensor or a sequence")
        values = torch.tensor(values, dtype=torch.float64)
    theta = in_double(values.detach().to(device))
    if theta.ndim != 1 or not len(theta):
        condition = "have one axis, not of size 0"
        raise ArgumentError(
            f"{_WHERE}: rec_thresholds must {condition}, got shape {list(theta.shape)}"
        )
    lowest, highest = (float(end) for end in theta.aminmax())
    if not (lowest >= 0 and highest <= 1):
        raise ArgumentError(
            f"{_WHERE}: rec_thresholds must be in [0, 1], "
            f"got numbers from {lowest:g} to {highest:g}"
        )
    return theta.sort().values


def areas_at_recalls(ranking: Ranking, theta: Tensor) -> tuple[Tensor, Tensor]:
    """Give the sum over recall thresholds for each curve, and its positives, both ``(C,)``."""
    found = steps(ranking)
    positives = found.positives
    # the fewest positives, of each curve and threshold, of which the recall is high enough:
    # the product rounds, and it is the quotient that recall is
    share = in_double(positives)[:, None]
    needed = (theta * share).ceil()
    needed = torch.where((needed - 1) / share >= theta, needed - 1, needed)
    needed = torch.where(needed / share < theta, needed + 1, needed)
    # true positives, counted on from curve to curve, ascend: one search finds the step of each
    before = (positives.cumsum(0) - positives)[:, None]
    so_far = found.true_positives + before[:, 0][found.curve]
    step = torch.searchsorted(so_far, before + needed.nan_to_num().long())
    true = found.true_positives[step]
    precision = in_double(true) / found.predicted[step]
    width = theta.diff(prepend=theta.new_zeros(1))
    # a recall of 0 may find a step of the curve before, at no width
    return torch.where(positives > 0, (precision * width).sum(1), 0.0), positives
