r"""Shares of counts: what precision, recall and their kin are once all was counted."""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import torch
from torch import Tensor

from firesteel._require import mismatch, one_of
from firesteel.errors import ArgumentError
from firesteel.metrics._validation import above_zero

from ._counts import (
    ClassAverage,
    ClassCounts,
    NumbersT,
    from_numpy,
    in_double,
    is_on_host,
    of_classes,
)

if TYPE_CHECKING:
    import numpy as np

    from ._counts import Numbers
else:
    with suppress(ImportError):
        import numpy as np

__all__ = [
    "check_drop_index",
    "dice_result",
    "fbeta_result",
    "iou_result",
    "jaccard_result",
    "mean_iou_result",
    "negative_predictive_value_result",
    "precision_result",
    "ratio",
    "recall_result",
    "specificity_result",
]


def precision_result(
    counts: ClassCounts, *, average: ClassAverage = None, zero_division: float = 0.0
) -> Tensor:
    r"""Share of what was predicted that is true: :math:`tp / predicted`.

    Better is higher, from 0 to 1.

    Args:
        counts: Of classes, of labels, or of one class against the rest.
        average: ``None`` for a value per class (for one class against the rest: its value).
            ``"micro"`` divides the sums over classes, ``"macro"`` is the mean over all classes,
            ``"weighted"`` the mean weighted by how often each is true (the plain one where none
            is). These three take both classes where one stands against the rest.
        zero_division: The value of 0/0. NaN leaves such classes out of the means.

    Returns:
        Float64, shape ``(C,)`` or ``()``, on the device of the counts.

    Raises:
        ArgumentError: ``average`` is not one of those named.

    Source:
        scikit-learn's ``precision_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> counts = matrix_counts(torch.tensor([[2, 1], [0, 3]]))
        >>> precision_result(counts).tolist()
        [1.0, 0.75]
    """
    return _share("precision_result", counts, _PRECISION, average, zero_division)


def recall_result(
    counts: ClassCounts, *, average: ClassAverage = None, zero_division: float = 0.0
) -> Tensor:
    r"""Share of what is true that was predicted: :math:`tp / actual`.

    Better is higher, from 0 to 1. Arguments, result and errors are those of
    :func:`precision_result`.

    Source:
        scikit-learn's ``recall_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> counts = matrix_counts(torch.tensor([[2, 2], [0, 3]]))
        >>> recall_result(counts, average="macro").item()
        0.75
    """
    return _share("recall_result", counts, _RECALL, average, zero_division)


def fbeta_result(
    counts: ClassCounts,
    *,
    beta: float = 1.0,
    average: ClassAverage = None,
    zero_division: float = 0.0,
) -> Tensor:
    r"""Weighted harmonic mean of precision and recall.

    :math:`F_\beta = (1+\beta^2)\, tp / (\beta^2\, actual + predicted)`, per class, and averaged
    afterwards. Better is higher, from 0 to 1. Other arguments, result and errors are those of
    :func:`precision_result`.

    Args:
        counts: Of classes, of labels, or of one class against the rest.
        beta: How many times as much recall counts as precision does, above 0.
        average: As for :func:`precision_result`.
        zero_division: The value where a class is neither predicted nor true.

    Raises:
        ArgumentError: ``beta`` is not above 0 and finite, or ``average`` is not one of those named.

    Source:
        scikit-learn's ``fbeta_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> counts = matrix_counts(torch.tensor([[1, 1], [0, 3]]))
        >>> [round(value, 4) for value in fbeta_result(counts).tolist()]
        [0.6667, 0.8571]
    """
    above_zero("fbeta_result", "beta", beta)
    square = beta * beta
    share = _Share(((0, 1 + square),), (_PREDICTED, (2, square)))
    return _share("fbeta_result", counts, share, average, zero_division)


def specificity_result(
    counts: ClassCounts, *, average: ClassAverage = None, zero_division: float = 0.0
) -> Tensor:
    r"""Share of what is not true that was not predicted: :math:`tn / (total - actual)`.

    Better is higher, from 0 to 1. Arguments, result and errors are those of
    :func:`precision_result`.

    Source:
        torchmetrics' ``Specificity``; the recall of the negative class.

    Example:
        >>> import torch
        >>> specificity_result(ClassCounts(torch.tensor([1, 2, 1, 4, 0]))).item()
        0.6666666666666666
    """
    return _share("specificity_result", counts, _SPECIFICITY, average, zero_division)


def negative_predictive_value_result(
    counts: ClassCounts, *, average: ClassAverage = None, zero_division: float = 0.0
) -> Tensor:
    r"""Share of what was not predicted that is not true: :math:`tn / (total - predicted)`.

    Better is higher, from 0 to 1. Arguments, result and errors are those of
    :func:`precision_result`.

    Source:
        torchmetrics' ``NegativePredictiveValue``; the precision of the negative class.

    Example:
        >>> import torch
        >>> negative_predictive_value_result(ClassCounts(torch.tensor([1, 2, 1, 4, 0]))).item()
        1.0
    """
    return _share(
        "negative_predictive_value_result",
        counts,
        _NEGATIVE_PREDICTIVE_VALUE,
        average,
        zero_division,
    )


def jaccard_result(
    counts: ClassCounts, *, average: ClassAverage = None, zero_division: float = 0.0
) -> Tensor:
    r"""Intersection over union: :math:`tp / (predicted + actual - tp)`.

    Better is higher, from 0 to 1. Arguments, result and errors are those of
    :func:`precision_result`; 0/0 is a class that is neither predicted nor true.

    Source:
        scikit-learn's ``jaccard_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> jaccard_result(matrix_counts(torch.tensor([[1, 1], [0, 3]]))).tolist()
        [0.5, 0.75]
    """
    return _share("jaccard_result", counts, _JACCARD, average, zero_division)


def iou_result(
    counts: ClassCounts, *, drop_index: int | None = None, zero_division: float = 0.0
) -> Tensor:
    """Intersection over union of each class, less one class's entry.

    Leaving an entry out changes no other: the samples of that class stay in the unions. To leave
    samples out, ignore them where they are counted. Better is higher, from 0 to 1.

    Args:
        counts: Of classes, table of shape ``(5, C)``.
        drop_index: The class whose entry is left out, in ``[0, C)``; ``None`` for none.
        zero_division: The value of a class that is neither predicted nor true.

    Returns:
        Float64, shape ``(C,)`` or ``(C - 1,)``, on the device of the counts.

    Raises:
        ArgumentError: There is no such class.

    Example:
        >>> import torch
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> counts = matrix_counts(torch.tensor([[1, 1], [0, 3]]))
        >>> iou_result(counts, drop_index=0).tolist()
        [0.75]
    """
    value = jaccard_result(counts, zero_division=zero_division)
    return _without("iou_result", value, drop_index)


def mean_iou_result(
    counts: ClassCounts, *, drop_index: int | None = None, zero_division: float = 0.0
) -> Tensor:
    """Mean over classes of intersection over union.

    Better is higher, from 0 to 1. Arguments and errors are those of :func:`iou_result`. A class
    that does not occur counts as ``zero_division``, 0 by default; NaN leaves it out of the mean.

    Returns:
        Float64, shape ``()``, on the device of the counts.

    Example:
        >>> import torch
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> mean_iou_result(matrix_counts(torch.tensor([[1, 1], [0, 3]]))).item()
        0.625
    """
    if drop_index is None:
        return jaccard_result(counts, average="macro", zero_division=zero_division)
    value = iou_result(counts, drop_index=drop_index, zero_division=zero_division)
    return value.nanmean() if math.isnan(zero_division) else value.sum() / value.shape[0]


def dice_result(
    counts: ClassCounts, *, drop_index: int | None = None, zero_division: float = 0.0
) -> Tensor:
    r"""Dice's coefficient of each class, :math:`2\, tp / (predicted + actual)`; F1 by another name.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`iou_result`.

    Example:
        >>> import torch
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> dice_result(matrix_counts(torch.tensor([[2, 2], [0, 2]])), drop_index=1).tolist()
        [0.6666666666666666]
    """
    value = _share("dice_result", counts, _DICE, None, zero_division)
    return _without("dice_result", value, drop_index)


_Terms: TypeAlias = tuple[tuple[int, float], ...]
"""Which rows are added up, and how many times each."""


class _Share(NamedTuple):
    """A quotient of sums of rows of a table."""

    top: _Terms
    bottom: _Terms


_HITS: Final = (0, 1)
_PREDICTED: Final = (1, 1)
_ACTUAL: Final = (2, 1)
_TRUE_NEGATIVES: Final = ((3, 1), (1, -1), (2, -1), _HITS)

_PRECISION: Final = _Share((_HITS,), (_PREDICTED,))
_RECALL: Final = _Share((_HITS,), (_ACTUAL,))
_JACCARD: Final = _Share((_HITS,), (_PREDICTED, _ACTUAL, (0, -1)))
_DICE: Final = _Share(((0, 2),), (_PREDICTED, _ACTUAL))
_SPECIFICITY: Final = _Share(_TRUE_NEGATIVES, ((3, 1), (2, -1)))
_NEGATIVE_PREDICTIVE_VALUE: Final = _Share(_TRUE_NEGATIVES, ((3, 1), (1, -1)))


def _share(
    where: str, counts: ClassCounts, share: _Share, average: ClassAverage, zero_division: float
) -> Tensor:
    """Give a quotient for each class, or their average."""
    if average is not None:
        one_of(where, "average", average, ("micro", "macro", "weighted"))
        counts = of_classes(counts)
    table = counts.table
    if zero_division == 0 and is_on_host(table):
        return from_numpy(_share_on_host(table.numpy(), share, average))
    table = in_double(table)
    if average == "micro":
        table = table.sum(dim=1)
    rows = table.unbind()
    bottom = _combined(rows, share.bottom)
    value = ratio(_combined(rows, share.top), bottom, zero_division)
    if average is None or average == "micro":
        return value
    return _averaged(value, rows[2], average, is_skipping=math.isnan(zero_division))


def _share_on_host(table: "Numbers", share: _Share, average: ClassAverage) -> "Numbers":
    """Do with numpy what :func:`_share` does where 0/0 is 0, in half the time."""
    rows: list[Numbers] = list(np.add.reduce(table, axis=1) if average == "micro" else table)
    # with 0 above, whatever stands below gives 0
    bottom = np.maximum(_combined(rows, share.bottom), 1.0)
    value: Numbers = np.asarray(_combined(rows, share.top) / bottom)
    if average is None or average == "micro":
        return value
    if average == "weighted":
        weight = rows[2]
        total = np.add.reduce(weight)
        if total:
            return np.asarray(np.dot(value, weight) / total)
    return np.asarray(np.add.reduce(value) / value.shape[0])


def _combined(rows: Sequence[NumbersT], terms: _Terms) -> NumbersT:
    """Add up rows of a table, each so many times."""
    (row, factor), *others = terms
    combined = rows[row] if factor == 1 else rows[row] * factor
    for row, factor in others:
        if factor == 1:
            combined = combined + rows[row]
        elif factor == -1:
            combined = combined - rows[row]
        else:
            combined = combined + rows[row] * factor
    return combined


def ratio(top: Tensor, bottom: Tensor, zero_division: float) -> Tensor:
    """Divide in double precision; where ``bottom`` is below 1, ``top`` has to be 0."""
    # with 0 above, whatever stands below gives 0
    value = in_double(top) / bottom.clamp_min(1)
    return value if zero_division == 0 else torch.where(bottom > 0, value, zero_division)


def _averaged(value: Tensor, weight: Tensor, average: ClassAverage, *, is_skipping: bool) -> Tensor:
    # a sum is twice as fast as mean()
    plain = value.nanmean() if is_skipping else value.sum() / value.shape[0]
    if average == "macro":
        return plain
    if is_skipping:
        weight = weight * ~value.isnan()
        value = value.nan_to_num()
    total = weight.sum()
    # where nothing is true there are no weights
    return torch.where(total > 0, torch.dot(value, weight) / total.clamp_min(1), plain)


def _without(where: str, value: Tensor, index: int | None) -> Tensor:
    """Leave an entry out."""
    if index is None:
        return value
    check_drop_index(where, index, value.shape[0])
    return torch.cat((value[:index], value[index + 1 :]))


def check_drop_index(where: str, index: int | None, num_classes: int | None) -> None:
    """Refuse the index of a class that does not exist, as far as it is known how many do."""
    if index is None or 0 <= index < (num_classes or math.inf):
        return
    condition = "at least 0" if num_classes is None else f"in [0, {num_classes})"
    raise ArgumentError(mismatch(where, "drop_index", condition, index))
