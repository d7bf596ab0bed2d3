"""ROC curves and the areas under them: exact, from all scores at once."""

from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

import torch
from torch import Tensor

from firesteel._require import mismatch
from firesteel.errors import ArgumentError

from ._counts import from_numpy, in_double, is_on_host
from ._curve_averages import ClassAverage, LabelAverage, mean_over_classes
from ._curve_inputs import refuse_option
from ._curve_ranking import (
    Ranking,
    Steps,
    one_by_one,
    places,
    rank_binary,
    rank_by_shape,
    rank_multiclass,
    rank_multilabel,
    scores_at,
    steps,
)

if TYPE_CHECKING:
    import numpy as np
else:
    with suppress(ImportError):
        import numpy as np

__all__ = [
    "RocPoints",
    "areas",
    "binary_roc_auc",
    "binary_roc_curve",
    "multiclass_roc_auc",
    "multiclass_roc_curve",
    "multilabel_roc_auc",
    "multilabel_roc_curve",
    "partial_area",
    "roc_auc",
    "roc_curves",
]

_FEW_TIES: Final = 32
"""Looking for the ends of ties pays off if no more than one score in so many begins one."""


class RocPoints(NamedTuple):
    """Points of a ROC curve, from no prediction to all; of one length, or ``(classes, points)``."""

    fpr: Tensor
    """Share of negatives at or above the threshold, not descending."""
    tpr: Tensor
    """Share of positives at or above the threshold, not descending."""
    thresholds: Tensor
    """Descending; the first is infinite, where nothing is predicted."""


def areas(ranking: Ranking) -> tuple[Tensor, Tensor]:
    """Give the area under each ROC curve, and the positives of each, int64, both ``(C,)``.

    A positive gains a whole point for a negative behind it and half a point for one beside it.
    """
    numbers, gains = ranking.numbers, None
    if is_on_host(numbers):
        gains = _gains_on_host(numbers)
    twice, positives = gains or _gains(steps(ranking))
    pairs = positives * (numbers.shape[1] - positives)
    return in_double(twice) / in_double(2 * pairs), positives


def _gains(found: Steps) -> tuple[Tensor, Tensor]:
    """Give twice the points of each curve, and its positives, from its steps."""
    beside = (found.ends + 1).diff(prepend=found.ends.new_zeros(1)) - found.rises
    behind = found.negatives[found.curve] - found.false_positives
    twice = found.rises * (2 * behind + beside)
    zeros = twice.new_zeros(len(found.positives))
    return zeros.index_add_(0, found.curve, twice), found.positives


def _gains_on_host(numbers: Tensor) -> tuple[Tensor, Tensor] | None:
    """Give the same, in half the time where few scores are tied; else None."""
    gains: list[tuple[int, int]] = []
    for row in numbers.numpy():
        # within a tie the negatives come first: at most one place where one meets a positive
        meeting = np.flatnonzero(row[1:] ^ row[:-1] == 1)
        if len(meeting) * _FEW_TIES > len(row):
            return None
        negative = row[meeting]
        num_negatives = meeting + 1 - row.searchsorted(negative)
        num_positives = row.searchsorted(negative + 1, side="right") - meeting - 1
        so_far = row & 1
        np.cumsum(so_far, out=so_far)  # in place: new memory takes longer than the sum
        positives = int(so_far[-1])
        ahead = 2 * int(so_far.sum()) - positives * (positives + 1)
        gains.append((ahead + int(num_negatives @ num_positives), positives))
    table = from_numpy(np.array(gains))
    return table[:, 0], table[:, 1]


def binary_roc_curve(
    scores: Tensor, target: Tensor, *, drop_intermediate: bool = True
) -> RocPoints:
    r"""Trace the true positive rate over the false positive rate.

    At a threshold :math:`t`, :math:`\mathrm{TPR} = |\{s_i \ge t, y_i = 1\}| / P` and
    :math:`\mathrm{FPR} = |\{s_i \ge t, y_i = 0\}| / N`. Tied scores are one step. Without positives
    the TPR is NaN, without negatives the FPR.

    Args:
        scores: The higher, the more likely positive; any real dtype, any scale, no NaN, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.
        drop_intermediate: Whether points on a straight line between others are left out.

    Returns:
        Three tensors of one length, float64, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes differ, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``roc_curve``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.1, 0.4, 0.35, 0.8])
        >>> curve = binary_roc_curve(scores, torch.tensor([0, 0, 1, 1]))
        >>> curve.fpr.tolist(), curve.tpr.tolist()
        ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])
    """
    ranking = rank_binary("binary_roc_curve", scores, target)
    return roc_curves(ranking, drop_intermediate=drop_intermediate)[0]


def multiclass_roc_curve(
    scores: Tensor, target: Tensor, *, drop_intermediate: bool = True
) -> tuple[RocPoints, ...]:
    """Trace the ROC curve of each class against the rest; see :func:`binary_roc_curve`.

    Args:
        scores: One score per class, any real dtype, any scale, no NaN, shape
            ``(batch, classes, ...)``.
        target: Index of the true class, whole number, shape ``(batch, ...)``.
        drop_intermediate: Whether points on a straight line between others are left out.

    Returns:
        One curve per class, float64, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes do not fit, a score is NaN, or a target is no class.
        ArgumentTypeError: The targets are not whole numbers, or the scores complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``roc_curve`` of each class.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
        >>> curves = multiclass_roc_curve(scores, torch.tensor([0, 1, 2]))
        >>> len(curves), curves[0].tpr.tolist()
        (3, [0.0, 1.0, 1.0])
    """
    ranking = rank_multiclass("multiclass_roc_curve", scores, target)
    return roc_curves(ranking, drop_intermediate=drop_intermediate)


def multilabel_roc_curve(
    scores: Tensor, target: Tensor, *, drop_intermediate: bool = True
) -> tuple[RocPoints, ...]:
    """Trace the ROC curve of each label; see :func:`binary_roc_curve`.

    Args:
        scores: One score per label, any real dtype, any scale, no NaN, shape
            ``(batch, labels, ...)``.
        target: 0 or 1, any real dtype, shape of ``scores``.
        drop_intermediate: Whether points on a straight line between others are left out.

    Returns:
        One curve per label, float64, on the device of ``scores``.

    Raises:
        ArgumentError: The shapes do not fit, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``roc_curve`` of each label.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.2], [0.1, 0.6]])
        >>> curves = multilabel_roc_curve(scores, torch.tensor([[1, 1], [0, 0]]))
        >>> [curve.tpr.tolist() for curve in curves]
        [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
    """
    ranking = rank_multilabel("multilabel_roc_curve", scores, target)
    return roc_curves(ranking, drop_intermediate=drop_intermediate)


def binary_roc_auc(scores: Tensor, target: Tensor, *, max_fpr: float | None = None) -> Tensor:
    r"""Measure the area under the ROC curve.

    It is the chance that a positive is scored above a negative, a tie counting as a half:
    :math:`\frac{1}{PN} \sum_{i: y_i=1} \sum_{j: y_j=0} 1[s_i > s_j] + \frac12 1[s_i = s_j]`. It is
    counted in whole numbers and divided once. NaN if there are no positives or no negatives.

    Args:
        scores: The higher, the more likely positive; any real dtype, any scale, no NaN, any shape.
        target: 0 or 1, any real dtype, shape of ``scores``.
        max_fpr: Take only the curve up to this false positive rate, in ``(0, 1]``, and scale its
            area (McClish) so that chance is 0.5 and the best 1; ``None`` for all of it.

    Returns:
        Float64, shape ``()``, on the device of ``scores``; from 0 to 1, higher is better.

    Raises:
        ArgumentError: The shapes differ, a score is NaN, a target is neither 0 nor 1, or
            ``max_fpr`` is out of range.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``roc_auc_score``; McClish, "Analyzing a portion of the ROC curve", 1989.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.1, 0.4, 0.35, 0.8])
        >>> binary_roc_auc(scores, torch.tensor([0, 0, 1, 1])).item()
        0.75
    """
    if max_fpr is not None and not 0 < max_fpr <= 1:
        raise ArgumentError(mismatch("binary_roc_auc", "max_fpr", "in (0, 1]", max_fpr))
    ranking = rank_binary("binary_roc_auc", scores, target)
    if max_fpr is None or max_fpr == 1:
        return areas(ranking)[0][0]
    return partial_area(steps(ranking), max_fpr)


def multiclass_roc_auc(
    scores: Tensor, target: Tensor, *, average: ClassAverage = "macro"
) -> Tensor:
    """Measure the area under the ROC curve of each class against the rest.

    A class that no sample has, or that every sample has, has no curve: its area is NaN, and the
    means leave it out. See :func:`binary_roc_auc`.

    Args:
        scores: One score per class, any real dtype, any scale, no NaN, shape
            ``(batch, classes, ...)``.
        target: Index of the true class, whole number, shape ``(batch, ...)``.
        average: ``None`` for one area per class, ``"macro"`` for their mean, ``"weighted"`` for
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
        scikit-learn's ``roc_auc_score`` with ``multi_class="ovr"``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]])
        >>> multiclass_roc_auc(scores, torch.tensor([0, 1, 2]), average=None).tolist()
        [1.0, 0.5, 0.25]
    """
    refuse_option("multiclass_roc_auc", "average", average, (None, "macro", "weighted"))
    ranking = rank_multiclass("multiclass_roc_auc", scores, target)
    return mean_over_classes(*areas(ranking), average)


def multilabel_roc_auc(
    scores: Tensor, target: Tensor, *, average: LabelAverage = "macro"
) -> Tensor:
    """Measure the area under the ROC curve of each label.

    A label that no sample has, or that every sample has, has no curve: its area is NaN, and the
    means leave it out. See :func:`binary_roc_auc`.

    Args:
        scores: One score per label, any real dtype, any scale, no NaN, shape
            ``(batch, labels, ...)``.
        target: 0 or 1, any real dtype, shape of ``scores``.
        average: ``None`` for one area per label, ``"macro"`` for their mean, ``"weighted"`` for
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
        scikit-learn's ``roc_auc_score``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.2], [0.1, 0.6], [0.5, 0.7]])
        >>> target = torch.tensor([[1, 0], [0, 1], [1, 0]])
        >>> multilabel_roc_auc(scores, target, average=None).tolist()
        [1.0, 0.5]
    """
    where = "multilabel_roc_auc"
    refuse_option(where, "average", average, (None, "micro", "macro", "weighted"))
    ranking = rank_multilabel(where, scores, target, as_one=average == "micro")
    values, positives = areas(ranking)
    return values[0] if average == "micro" else mean_over_classes(values, positives, average)


def roc_auc(scores: Tensor, target: Tensor) -> Tensor:
    """Measure the area under the ROC curve: of one, or the mean over labels.

    Args:
        scores: The higher, the more likely positive; any real dtype, any scale, no NaN, shape
            ``(batch,)`` or ``(batch, labels)``.
        target: 0 or 1, any real dtype, shape of ``scores``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``; from 0 to 1, higher is better. NaN if no
        label has both positives and negatives; a label that has not is left out.

    Raises:
        ArgumentError: The shapes do not fit, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: There are no scores.

    Source:
        scikit-learn's ``roc_auc_score``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.2], [0.1, 0.6], [0.5, 0.7]])
        >>> roc_auc(scores, torch.tensor([[1, 0], [0, 1], [1, 0]])).item()
        0.75
    """
    return mean_over_classes(*areas(rank_by_shape("roc_auc", scores, target)), "macro")


def partial_area(found: Steps, max_fpr: float) -> Tensor:
    """Take the area up to a false positive rate, scaled so that chance is 0.5."""
    fpr = in_double(found.false_positives) / in_double(found.negatives)
    tpr = in_double(found.true_positives) / in_double(found.positives)
    run, climb = fpr.diff(prepend=fpr.new_zeros(1)), tpr.diff(prepend=tpr.new_zeros(1))
    width = torch.minimum(run, (max_fpr - (fpr - run)).clamp(min=0))
    # where the step goes on beyond the limit, it is cut at the height of the line
    share = torch.where(run > 0, width / run, 0)
    area = (width * (tpr - climb + climb * share / 2)).sum()
    lowest = max_fpr**2 / 2
    return (1 + (area - lowest) / (max_fpr - lowest)) / 2


def roc_curves(ranking: Ranking, *, drop_intermediate: bool) -> tuple[RocPoints, ...]:
    """Give the rates of each curve, at every distinct score or where it bends."""
    return tuple(_points(one, drop_intermediate=drop_intermediate) for one in one_by_one(ranking))


def _points(ranking: Ranking, *, drop_intermediate: bool) -> RocPoints:
    found = steps(ranking)
    if drop_intermediate:
        found = found.only(places(_is_corner(found.true_positives, found.false_positives)))
    true, false = (
        torch.nn.functional.pad(in_double(counts), (1, 0))
        for counts in (found.true_positives, found.false_positives)
    )
    return RocPoints(
        fpr=false.div_(found.negatives),
        tpr=true.div_(found.positives),
        thresholds=torch.nn.functional.pad(scores_at(ranking, found), (1, 0), value=torch.inf),
    )


def _is_corner(true_positives: Tensor, false_positives: Tensor) -> Tensor:
    """Tell which points are not midway between their neighbours; the outermost ones are kept."""
    is_corner = torch.ones_like(true_positives, dtype=torch.bool)
    is_corner[1:-1] = (true_positives.diff(n=2) != 0) | (false_positives.diff(n=2) != 0)
    return is_corner
