r"""Curves over all thresholds, and what is read off them: exact, from all scores at once.

Every function here ranks the scores once. The rank of a score and its label share one whole number,
label lowest, so that one sort of whole numbers does what a sort of scores and a look-up of labels
would do, in a fifth of the time. Tied scores are one step of a curve.

Axes: ``C`` curves (classes or labels), ``N`` scores of each, ``K`` steps of all curves together.
"""

from itertools import pairwise
from typing import Final, Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

from firesteel._require import mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError

__all__ = [
    "CurvePoint",
    "PrecisionRecallCurve",
    "RocCurve",
    "average_precision",
    "binary_average_precision",
    "binary_precision_recall_curve",
    "binary_roc_auc",
    "binary_roc_curve",
    "multiclass_average_precision",
    "multiclass_precision_recall_curve",
    "multiclass_roc_auc",
    "multiclass_roc_curve",
    "multilabel_average_precision",
    "multilabel_precision_recall_curve",
    "multilabel_roc_auc",
    "multilabel_roc_curve",
    "precision_at_fixed_recall",
    "recall_at_fixed_precision",
    "roc_auc",
    "sensitivity_at_specificity",
    "specificity_at_sensitivity",
]

ClassAverage: TypeAlias = Literal["macro", "weighted"] | None
"""One value per class, or their mean, or their mean by numbers of positives."""

LabelAverage: TypeAlias = Literal["micro", "macro", "weighted"] | None
"""As ``ClassAverage``, or one value over all labels taken as one."""

_WORD_BYTES: Final = 4
_INT32_MAX: Final = 2**31 - 1
_CURVE_SHIFT: Final = 34  # a rank of 33 bits and a label


class RocCurve(NamedTuple):
    """Points of a ROC curve, from no prediction to all; of one length, or ``(classes, points)``."""

    fpr: Tensor
    """Share of negatives at or above the threshold, not descending."""
    tpr: Tensor
    """Share of positives at or above the threshold, not descending."""
    thresholds: Tensor
    """Descending; the first is infinite, where nothing is predicted."""


class PrecisionRecallCurve(NamedTuple):
    """Points of a precision-recall curve, from all predicted to none."""

    precision: Tensor
    """Share of positives among what is at or above the threshold; a last 1 for no prediction."""
    recall: Tensor
    """Share of the positives at or above the threshold, not ascending; a last 0."""
    thresholds: Tensor
    """Ascending, one fewer than there are points."""


class CurvePoint(NamedTuple):
    """The best point of a curve under a condition."""

    value: Tensor
    """What was to be as high as possible."""
    threshold: Tensor
    """The lowest score that is predicted; infinite if only no prediction meets the condition."""


# What comes in


def check_scores(where: str, scores: Tensor) -> None:
    """Refuse NaN, which has no rank; waits for the device.

    Raises:
        ArgumentError: A score is NaN.
    """
    if scores.is_floating_point() and scores.numel() and bool(scores.detach().amin().isnan()):
        raise ArgumentError(f"{where}: scores must be numbers, got NaN")


def check_binary_target(where: str, target: Tensor) -> None:
    """Refuse targets other than 0 and 1; waits for the device.

    Raises:
        ArgumentError: A target is neither 0 nor 1.
    """
    if target.dtype == torch.bool or not target.numel():
        return
    lowest, highest = (float(end) for end in target.detach().aminmax())
    is_right = lowest >= 0 and highest <= 1
    if is_right and target.is_floating_point():
        is_right = bool((target == target.round()).all())
    if not is_right:
        raise ArgumentError(
            f"{where}: target must be 0 or 1, got numbers from {lowest:g} to {highest:g}"
        )


def check_class_target(where: str, target: Tensor, *, num_classes: int) -> None:
    """Refuse targets that are no index of a class; waits for the device.

    Raises:
        ArgumentError: A target is below 0, or not below ``num_classes``.
    """
    if not target.numel():
        return
    lowest, highest = (int(end) for end in target.detach().aminmax())
    if lowest < 0 or highest >= num_classes:
        raise ArgumentError(
            f"{where}: target must be in [0, {num_classes}), got numbers from {lowest} to {highest}"
        )


def refuse_shapes(where: str, scores: Tensor, target: Tensor) -> None:
    """Refuse scores and targets that are not of one shape.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: A dtype is complex.
    """
    refuse_complex(where, scores, target)
    if scores.shape != target.shape:
        raise ArgumentError(
            f"{where}: scores and target must have one shape, "
            f"got {list(scores.shape)} and {list(target.shape)}"
        )


def binary_rows(where: str, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Give scores and targets of one shape as one row each, ``(1, N)``.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: A dtype is complex.
    """
    refuse_shapes(where, scores, target)
    return scores.detach().reshape(1, -1), target.detach().reshape(1, -1)


def multiclass_rows(where: str, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Give scores ``(N, C, ...)`` as ``(C, N)`` and class indices ``(N, ...)`` as ``(N,)``.

    Raises:
        ArgumentError: The shapes do not fit together.
        ArgumentTypeError: The scores are complex or the targets not whole numbers.
    """
    refuse_complex(where, scores, target)
    fits = scores.ndim == target.ndim + 1 > 1 and scores.shape[1]
    if not fits or target.shape != scores.shape[:1] + scores.shape[2:]:
        raise ArgumentError(
            f"{where}: shapes of scores and target must be (batch, classes, ...) and (batch, ...), "
            f"got {list(scores.shape)} and {list(target.shape)}"
        )
    if target.is_floating_point() or target.dtype == torch.bool:
        raise ArgumentTypeError(
            mismatch(where, "dtype of target", "a whole number's", target.dtype)
        )
    return scores.detach().movedim(1, 0).flatten(1), target.detach().reshape(-1).long()


def multilabel_rows(where: str, scores: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Give scores and targets ``(N, L, ...)`` as ``(L, N)``.

    Raises:
        ArgumentError: The shapes differ, or there is no axis of labels.
        ArgumentTypeError: A dtype is complex.
    """
    refuse_complex(where, scores, target)
    if scores.shape != target.shape or not scores.shape[1:]:
        raise ArgumentError(
            f"{where}: shapes of scores and target must be (batch, labels, ...), twice, "
            f"got {list(scores.shape)} and {list(target.shape)}"
        )
    scores, target = (tensor.detach().movedim(1, 0) for tensor in (scores, target))
    return scores.flatten(1), target.flatten(1)


def refuse_complex(where: str, scores: Tensor, target: Tensor) -> None:
    """Refuse what has no order.

    Raises:
        ArgumentTypeError: A dtype is complex.
    """
    if scores.is_complex() or target.is_complex():
        came = f"{scores.dtype} and {target.dtype}"
        raise ArgumentTypeError(f"{where}: scores and target must be real numbers, got {came}")


def refuse_option(
    where: str, what: str, value: str | None, options: tuple[str | None, ...]
) -> None:
    """Refuse a word that is none of the options.

    Raises:
        ArgumentError: ``value`` is not among ``options``.
    """
    if value not in options:
        raise ArgumentError(mismatch(where, what, f"one of {options}", value))


def refuse_share(where: str, what: str, value: float) -> None:
    """Refuse what is not in [0, 1].

    Raises:
        ArgumentError: ``value`` lies outside.
    """
    if not 0 <= value <= 1:
        raise ArgumentError(mismatch(where, what, "in [0, 1]", value))


def refuse_nothing(where: str, num_samples: int) -> None:
    """Refuse to compute from no sample.

    Raises:
        NotComputableError: ``num_samples`` is 0.
    """
    if not num_samples:
        raise NotComputableError(f"{where}: needs at least one sample")


def as_real(counts: Tensor) -> Tensor:
    """Give whole numbers as float64, or as float32 on MPS, which has no float64."""
    return counts.float() if counts.is_mps else counts.double()


# The ranking


class Ranking(NamedTuple):
    """Scores and labels of ``C`` curves, best first."""

    numbers: Tensor
    """Twice the rank, and one more for a positive: ascending, shape ``(C, N)``, int32 or int64."""
    offset: Tensor
    """What was taken off the ranks, shape ``()``."""
    table: Tensor | None
    """Ranks, for scores whose rank leaves no room for a label and is numbered instead."""
    dtype: torch.dtype
    """Of the scores."""


def rank(scores: Tensor, target: Tensor) -> Ranking:
    """Order the scores of each curve, the best first, together with their labels.

    Args:
        scores: Real numbers without NaN, shape ``(curves, N)``.
        target: 0 and 1, shape ``(curves, N)``; or indices of curves, int64, shape ``(N,)``.
    """
    dtype = scores.dtype
    ranks, table = _ranks(scores.contiguous()), None
    if dtype.itemsize > _WORD_BYTES:
        table, ranks = _numbered(ranks)
    lowest, highest = ranks.aminmax()
    # few digits sort faster on the CPU; elsewhere the host would have to wait to know
    is_short = ranks.device.type == "cpu" and 2 * (int(highest) - int(lowest)) < _INT32_MAX
    if not is_short:
        ranks = ranks.long()
    ranks = ranks.sub_(lowest)
    if is_short:
        ranks = ranks.int()
    ranks = ranks.bitwise_left_shift_(1)
    if target.ndim == 1:
        ranks.scatter_add_(0, target[None], torch.ones_like(ranks[:1]))
    else:
        ranks = ranks.bitwise_or_(target.to(ranks.dtype))
    return Ranking(_sort_rows(ranks), lowest, table, dtype)


def _ranks(scores: Tensor) -> Tensor:
    """Give whole numbers that fall where the scores rise, equal where the scores are."""
    if not scores.is_floating_point():
        return ~scores.long()
    wide = scores.dtype.itemsize > _WORD_BYTES
    bits = scores.view(torch.int64) if wide else scores.float().view(torch.int32)
    # floats are sign and magnitude: the ranks of negative ones run backwards, and -0.0 is 0.0
    is_negative = bits >> (63 if wide else 31)
    magnitude = torch.iinfo(bits.dtype).max
    return (is_negative & magnitude).bitwise_xor_(bits).sub_(is_negative).bitwise_not_()


def _numbered(ranks: Tensor) -> tuple[Tensor, Tensor]:
    """Give the distinct ranks, ascending, and for each rank its place among them."""
    ordered, index = ranks.view(-1).sort()
    place = torch.zeros_like(index)
    torch.cumsum(ordered[1:] != ordered[:-1], 0, out=place[1:])
    table = torch.zeros_like(ordered).scatter_(0, place, ordered)
    return table, torch.empty_like(place).scatter_(0, index, place).view_as(ranks)


def _scores(ranking: Ranking, ordered: Tensor) -> Tensor:
    """Give the scores back, from some of the ordered numbers, in float64."""
    ranks = (ordered >> 1).long() + ranking.offset
    if ranking.table is not None:
        ranks = ranking.table[ranks]
    if not ranking.dtype.is_floating_point:
        return as_real(~ranks)
    wide = ranking.dtype.itemsize > _WORD_BYTES
    if not wide:
        ranks = ranks.int()
    bits = torch.where(ranks < 0, ~ranks, ranks - torch.iinfo(ranks.dtype).max)
    return as_real(bits.view(torch.float64 if wide else torch.float32))


def _sort_rows(numbers: Tensor) -> Tensor:
    """Sort each row of whole numbers, in place where that is possible."""
    if numbers.device.type == "cpu":
        try:
            numbers.numpy().sort()  # a half of the time of torch's, which also gives the indices
        except RuntimeError:  # torch was built, or is installed, without numpy
            pass
        else:
            return numbers
    if len(numbers) == 1:
        return numbers.view(-1).sort().values.view_as(numbers)  # radix sort, for one axis only
    return numbers.sort(dim=1).values


# From the ranking to counts


class Steps(NamedTuple):
    """The steps of all curves, one after another: what is predicted at each distinct score."""

    true_positives: Tensor
    """Int64, shape ``(K,)``."""
    false_positives: Tensor
    """Int64, shape ``(K,)``."""
    ordered: Tensor
    """The number of the ranking at each step, shape ``(K,)``."""
    curve: Tensor
    """Which curve the step belongs to, int64, shape ``(K,)``, ascending."""
    positives: Tensor
    """Of each curve, int64, shape ``(C,)``."""
    negatives: Tensor
    """Of each curve, int64, shape ``(C,)``."""


def steps(ranking: Ranking) -> Steps:
    """Count what is at or above each distinct score."""
    numbers = ranking.numbers
    num_curves, num_samples = numbers.shape
    is_last = torch.ones_like(numbers, dtype=torch.bool)
    torch.gt(numbers[:, 1:] ^ numbers[:, :-1], 1, out=is_last[:, :-1])
    ends = is_last.view(-1).nonzero().view(-1)
    ordered = numbers.reshape(-1)
    so_far = (ordered & 1).cumsum(0, dtype=torch.int64)
    positives = so_far[num_samples - 1 :: num_samples].diff(prepend=so_far.new_zeros(1))
    curve = ends // num_samples if num_curves > 1 else torch.zeros_like(ends)
    true_positives = so_far.index_select(0, ends)  # a quarter of the time of so_far[ends]
    if num_curves > 1:
        true_positives -= (positives.cumsum(0) - positives)[curve]
    return Steps(
        true_positives=true_positives,
        false_positives=ends + 1 - curve * num_samples - true_positives,
        ordered=ordered.index_select(0, ends),
        curve=curve,
        positives=positives,
        negatives=num_samples - positives,
    )


def _parts(found: Steps) -> list[slice]:
    """Give the steps of each curve."""
    starts = torch.arange(len(found.positives) + 1, device=found.curve.device)
    bounds = torch.searchsorted(found.curve, starts).cpu()
    return [slice(start, stop) for start, stop in pairwise(int(bound) for bound in bounds)]


def rise(found: Steps) -> Tensor:
    """Give by how many the true positives rise at each step, int64, shape ``(K,)``."""
    curve = found.curve
    rises = found.true_positives.diff(prepend=curve.new_zeros(1))
    starts = torch.searchsorted(curve, torch.arange(len(found.positives), device=curve.device))
    rises[starts] = found.true_positives[starts]
    return rises


def per_curve(values: Tensor, found: Steps) -> Tensor:
    """Add up the values of each curve's steps."""
    num_curves = len(found.positives)
    if num_curves == 1:
        return values.sum(0, keepdim=True)
    return values.new_zeros(num_curves).index_add_(0, found.curve, values)


def areas(ranking: Ranking) -> tuple[Tensor, Tensor]:
    """Give the area under each ROC curve, and the positives of each, int64, both ``(C,)``.

    A positive gains a whole point for a negative behind it and half a point for one beside it. The
    former is the sum of ranks; the latter needs only the ties that hold both.
    """
    numbers = ranking.numbers
    num_curves, num_samples = numbers.shape
    so_far = (numbers & 1).cumsum(1, dtype=torch.int64)
    positives = so_far[:, -1]
    twice = so_far.sum(1) * 2 - positives * (positives + 1)
    # within a tie the negatives come first: at most one place where a negative meets a positive
    row, column = ((numbers[:, 1:] ^ numbers[:, :-1]) == 1).nonzero(as_tuple=True)
    if len(row):
        ordered = numbers
        if num_curves > 1:
            number = torch.arange(num_curves, device=ordered.device)[:, None]
            ordered = ordered.long() + (number << _CURVE_SHIFT)
        ordered, place = ordered.reshape(-1), row * num_samples + column
        negative = ordered[place]
        num_negatives = place + 1 - torch.searchsorted(ordered, negative)
        num_positives = torch.searchsorted(ordered, negative + 1, right=True) - place - 1
        twice.index_add_(0, row, num_negatives * num_positives)
    pairs = positives * (num_samples - positives)
    return as_real(twice) / as_real(2 * pairs), positives


def precisions(ranking: Ranking) -> tuple[Tensor, Tensor]:
    """Give the average precision of each curve, and its positives, int64, both ``(C,)``."""
    found = steps(ranking)
    predicted = found.true_positives + found.false_positives
    precision = as_real(found.true_positives) / predicted
    total = per_curve(precision * rise(found), found)
    return total / found.positives.clamp(min=1), found.positives


def mean_over_classes(values: Tensor, positives: Tensor, average: str | None) -> Tensor:
    """Average what is not NaN, or give all."""
    if average is None:
        return values
    if average == "macro":
        return values.nanmean()
    is_known = ~values.isnan()
    weights = positives * is_known
    total = weights.sum()
    mean = (values.nan_to_num() * weights).sum() / total.clamp(min=1)
    return torch.where(is_known.any(), mean, torch.nan)


# ROC


def binary_roc_curve(scores: Tensor, target: Tensor, *, drop_intermediate: bool = True) -> RocCurve:
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
    ranking = _rank_binary("binary_roc_curve", scores, target)
    return roc_curves(ranking, drop_intermediate=drop_intermediate)[0]


def multiclass_roc_curve(
    scores: Tensor, target: Tensor, *, drop_intermediate: bool = True
) -> tuple[RocCurve, ...]:
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
    ranking = _rank_multiclass("multiclass_roc_curve", scores, target)
    return roc_curves(ranking, drop_intermediate=drop_intermediate)


def multilabel_roc_curve(
    scores: Tensor, target: Tensor, *, drop_intermediate: bool = True
) -> tuple[RocCurve, ...]:
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
    ranking = _rank_multilabel("multilabel_roc_curve", scores, target)
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
    ranking = _rank_binary("binary_roc_auc", scores, target)
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
    ranking = _rank_multiclass("multiclass_roc_auc", scores, target)
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
    ranking = _rank_multilabel(where, scores, target, as_one=average == "micro")
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
    return mean_over_classes(*areas(_rank_by_shape("roc_auc", scores, target)), "macro")


def partial_area(found: Steps, max_fpr: float) -> Tensor:
    """Take the area up to a false positive rate, scaled so that chance is 0.5."""
    fpr = as_real(found.false_positives) / as_real(found.negatives)
    tpr = as_real(found.true_positives) / as_real(found.positives)
    run, climb = fpr.diff(prepend=fpr.new_zeros(1)), tpr.diff(prepend=tpr.new_zeros(1))
    width = torch.minimum(run, (max_fpr - (fpr - run)).clamp(min=0))
    # where the step goes on beyond the limit, it is cut at the height of the line
    share = torch.where(run > 0, width / run, 0)
    area = (width * (tpr - climb + climb * share / 2)).sum()
    lowest = max_fpr**2 / 2
    return (1 + (area - lowest) / (max_fpr - lowest)) / 2


def roc_curves(ranking: Ranking, *, drop_intermediate: bool) -> tuple[RocCurve, ...]:
    found = steps(ranking)
    thresholds = _scores(ranking, found.ordered)
    curves: list[RocCurve] = []
    for index, part in enumerate(_parts(found)):
        true, false = found.true_positives[part], found.false_positives[part]
        kept = [true, false, thresholds[part]]
        if drop_intermediate:
            is_kept = _is_corner(true, false)
            kept = [piece[is_kept] for piece in kept]
        true_0, false_0 = (torch.nn.functional.pad(counts, (1, 0)) for counts in kept[:2])
        curves.append(
            RocCurve(
                fpr=as_real(false_0) / found.negatives[index],
                tpr=as_real(true_0) / found.positives[index],
                thresholds=torch.nn.functional.pad(kept[2], (1, 0), value=torch.inf),
            )
        )
    return tuple(curves)


def _is_corner(true_positives: Tensor, false_positives: Tensor) -> Tensor:
    """Tell which points are not midway between their neighbours; the outermost ones are kept."""
    is_corner = torch.ones_like(true_positives, dtype=torch.bool)
    is_corner[1:-1] = (true_positives.diff(n=2) != 0) | (false_positives.diff(n=2) != 0)
    return is_corner


# Precision and recall


def binary_precision_recall_curve(scores: Tensor, target: Tensor) -> PrecisionRecallCurve:
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
    return precision_recall_curves(_rank_binary("binary_precision_recall_curve", scores, target))[0]


def multiclass_precision_recall_curve(
    scores: Tensor, target: Tensor
) -> tuple[PrecisionRecallCurve, ...]:
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
        _rank_multiclass("multiclass_precision_recall_curve", scores, target)
    )


def multilabel_precision_recall_curve(
    scores: Tensor, target: Tensor
) -> tuple[PrecisionRecallCurve, ...]:
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
        _rank_multilabel("multilabel_precision_recall_curve", scores, target)
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
    return precisions(_rank_binary("binary_average_precision", scores, target))[0][0]


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
    return mean_over_classes(*precisions(_rank_multiclass(where, scores, target)), average)


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
    ranking = _rank_multilabel(where, scores, target, as_one=average == "micro")
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
    ranking = _rank_by_shape("average_precision", scores, target)
    return mean_over_classes(*precisions(ranking), "macro")


def precision_recall_curves(ranking: Ranking) -> tuple[PrecisionRecallCurve, ...]:
    found = steps(ranking)
    positives = found.positives[found.curve]
    true_positives = as_real(found.true_positives)
    precision = true_positives / (found.true_positives + found.false_positives)
    recall = torch.where(positives > 0, true_positives / positives.clamp(min=1), 1.0)
    thresholds = _scores(ranking, found.ordered)
    return tuple(
        PrecisionRecallCurve(
            precision=torch.nn.functional.pad(precision[part].flip(0), (0, 1), value=1),
            recall=torch.nn.functional.pad(recall[part].flip(0), (0, 1)),
            thresholds=thresholds[part].flip(0),
        )
        for part in _parts(found)
    )


# One point of a curve


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
    rates = rates_at(_rank_binary(where, scores, target))
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
    rates = rates_at(_rank_binary(where, scores, target))
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
    rates = rates_at(_rank_binary(where, scores, target))
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
    rates = rates_at(_rank_binary(where, scores, target))
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
    thresholds = _scores(ranking, found.ordered)
    return _Rates(
        precision=torch.where(
            found.positives > 0,
            torch.where(true + false > 0, as_real(true) / (true + false).clamp(min=1), 1.0),
            torch.nan,
        ),
        sensitivity=as_real(true) / found.positives,
        # whole numbers, divided once: the 0.7 of 7 in 10 is the 0.7 that a caller writes
        specificity=as_real(found.negatives - false) / found.negatives,
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


# From arguments to rankings


def _rank_binary(where: str, scores: Tensor, target: Tensor) -> Ranking:
    scores, target = binary_rows(where, scores, target)
    refuse_nothing(where, scores.numel())
    check_scores(where, scores)
    check_binary_target(where, target)
    return rank(scores, target)


def _rank_multiclass(where: str, scores: Tensor, target: Tensor) -> Ranking:
    scores, classes = multiclass_rows(where, scores, target)
    refuse_nothing(where, scores.numel())
    check_scores(where, scores)
    check_class_target(where, classes, num_classes=len(scores))
    return rank(scores, classes)


def _rank_multilabel(
    where: str, scores: Tensor, target: Tensor, *, as_one: bool = False
) -> Ranking:
    scores, target = multilabel_rows(where, scores, target)
    refuse_nothing(where, scores.numel())
    check_scores(where, scores)
    check_binary_target(where, target)
    if as_one:
        return rank(scores.reshape(1, -1), target.reshape(1, -1))
    return rank(scores, target)


def _rank_by_shape(where: str, scores: Tensor, target: Tensor) -> Ranking:
    if scores.ndim == target.ndim + 1:
        raise ArgumentError(
            f"{where}: scores and target must have one shape, got {list(scores.shape)} and "
            f"{list(target.shape)}; for classes, call multiclass_{where}"
        )
    is_binary = scores.ndim <= 1
    return (_rank_binary if is_binary else _rank_multilabel)(where, scores, target)
