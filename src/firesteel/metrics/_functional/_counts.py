r"""Results from counts: what precision, recall, kappa and their kin are once all was counted.

Everything here is a pure function of tensors, computed where they are and without waiting for a
device. Counts are whole numbers in the table of :class:`ClassCounts`; a caller that computes many
results brings the table to float64 once, ``ClassCounts(counts.table.double())``.
"""

import json
import math
from collections.abc import Sequence
from contextlib import suppress
from typing import (
    TYPE_CHECKING,
    Final,
    Literal,
    NamedTuple,
    Protocol,
    TypeAlias,
    TypedDict,
    TypeVar,
)

import torch
from torch import Tensor

from firesteel._require import mismatch
from firesteel.errors import ArgumentError, NotComputableError

if TYPE_CHECKING:
    import numpy as np

    Indices: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    Mask: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.bool_]]
    Numbers: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]

    def from_numpy(array: Indices | Mask | Numbers, /) -> Tensor:
        """Give torch's function the types that torch leaves out."""
        ...
else:
    from torch import from_numpy

    with suppress(ImportError):
        import numpy as np

__all__ = [
    "ClassAverage",
    "ClassCounts",
    "ClassScores",
    "ClassificationReport",
    "KappaWeights",
    "MatrixNormalization",
    "accuracy_result",
    "balanced_accuracy_result",
    "both_classes",
    "check_counts",
    "classification_report_result",
    "cohen_kappa_result",
    "dice_result",
    "fbeta_result",
    "hamming_distance_result",
    "iou_result",
    "jaccard_result",
    "matrix_counts",
    "matthews_corr_coef_result",
    "mean_iou_result",
    "multilabel_matrix_result",
    "negative_predictive_value_result",
    "normalized_matrix",
    "precision_result",
    "recall_result",
    "report_as_json",
    "specificity_result",
    "stat_scores_result",
    "weighted_kappa_result",
]

ClassAverage: TypeAlias = Literal["micro", "macro", "weighted"] | None
"""How the values of classes become one: pooled counts, plain mean, mean by true members; or not."""

MatrixNormalization: TypeAlias = Literal["samples", "recall", "precision"]
"""What the cells of a matrix are divided by: all, their row, their column."""

KappaWeights: TypeAlias = Literal["linear", "quadratic"]
"""How a disagreement grows with the distance of the two classes."""


NumbersT = TypeVar("NumbersT", Tensor, "Numbers")


def _can_share() -> bool:
    """Tell whether numpy is there and this build of torch shares memory with it."""
    try:
        torch.empty(0).numpy()
    except RuntimeError:
        return False
    return True


has_numpy: Final = _can_share()
"""Whether numpy counts what is in the host's memory; torch does without it."""


_SMALL: Final = 2**15
"""Cells of a matrix up to which numpy adds faster, for want of the cost of a call."""


class _Listed(Protocol):
    """What torch leaves without a type."""

    def tolist(self) -> list[float]: ...


def as_list(values: _Listed) -> list[float]:
    """Give the numbers of a tensor with one axis. Waits for the device."""
    return values.tolist()


class ClassCounts(NamedTuple):
    """What classification metrics have to know of a batch, in one table; merges by sum.

    The rows are: true positives, times predicted, times true, samples counted, samples that had a
    class outside the range. For classes or labels the shape is ``(5, C)``, for one class against
    the rest ``(5,)``. Classes share the samples, so the last two rows hold one number ``C`` times;
    labels may have been ignored one by one.

    Attributes:
        table: Int64 (or float64, once all was counted), shape ``(5, C)`` or ``(5,)``. Merges over
            batches and ranks by sum.

    Example:
        >>> import torch
        >>> counts = ClassCounts(torch.tensor([[1, 0], [2, 1], [1, 2], [3, 3], [0, 0]]))
        >>> counts.actual.tolist()
        [1, 2]
    """

    table: Tensor

    @property
    def true_positives(self) -> Tensor:
        """Times that a class was predicted and true, shape ``(C,)`` or ``()``."""
        return self.table[0]

    @property
    def predicted(self) -> Tensor:
        """Times that a class was predicted, shape ``(C,)`` or ``()``."""
        return self.table[1]

    @property
    def actual(self) -> Tensor:
        """Times that a class was true, shape ``(C,)`` or ``()``."""
        return self.table[2]

    @property
    def total(self) -> Tensor:
        """Samples that were counted for a class, shape ``(C,)`` or ``()``."""
        return self.table[3]

    @property
    def num_out_of_range(self) -> Tensor:
        """Samples left out, as a class of theirs does not exist, shape ``(C,)`` or ``()``."""
        return self.table[4]

    @property
    def true_negatives(self) -> Tensor:
        """Times that a class was neither predicted nor true, shape ``(C,)`` or ``()``."""
        table = self.table
        return table[3] - table[1] - table[2] + table[0]


def both_classes(counts: ClassCounts) -> ClassCounts:
    """Give the counts of class 0 and class 1 from those of class 1 alone.

    Args:
        counts: Table of shape ``(5,)``.

    Returns:
        Table of shape ``(5, 2)``.

    Example:
        >>> import torch
        >>> both_classes(ClassCounts(torch.tensor([1, 2, 1, 4, 0]))).table[:3].tolist()
        [[2, 1], [2, 2], [3, 1]]
    """
    table = counts.table
    total = table[3]
    negative = torch.stack(
        (counts.true_negatives, total - table[1], total - table[2], total, table[4])
    )
    return ClassCounts(torch.stack((negative, table), dim=1))


def check_counts(where: str, counts: ClassCounts, *, is_of_labels: bool = False) -> None:
    """Refuse counts that nothing can be computed from. Waits for the device.

    Args:
        where: Whose counts they are, for the error.
        counts: Of classes, of labels, or of one class against the rest.
        is_of_labels: Whether they are of labels, each 0 or 1.

    Raises:
        ArgumentError: Some predictions or targets were outside the range of classes.
        NotComputableError: No sample was counted.

    Example:
        >>> import torch
        >>> check_counts("recall", ClassCounts(torch.tensor([1, 1, 1, 1, 0])))
    """
    table = counts.table
    is_of_classes = table.ndim > 1 and not is_of_labels
    counted, outside = as_list(table[3:].reshape(2, -1).amax(dim=1))
    if outside:
        condition = f"in [0, {table.shape[1]})" if is_of_classes else "0 or 1"
        raise ArgumentError(
            f"{where}: predictions and targets must be {condition}, got {int(outside)} samples "
            "outside"
        )
    if not counted:
        raise NotComputableError(f"{where}: needs at least one sample")


def matrix_counts(matrix: Tensor) -> ClassCounts:
    """Give the counts of each class from a confusion matrix.

    Args:
        matrix: Row = true class, column = predicted class. Int64 or float64, shape ``(C, C)``.

    Returns:
        Table of shape ``(5, C)``, of the matrix's dtype.

    Raises:
        ArgumentError: The matrix is not square.

    Example:
        >>> import torch
        >>> matrix_counts(torch.tensor([[2, 1], [0, 3]])).predicted.tolist()
        [2, 4]
    """
    _check_square("matrix_counts", matrix)
    is_small = matrix.numel() <= _SMALL and matrix.dtype in (torch.int64, torch.float64)
    if has_numpy and matrix.is_cpu and is_small:
        return ClassCounts(from_numpy(_matrix_table_on_host(matrix.numpy())))
    actual = matrix.sum(dim=1)
    total = actual.sum().expand_as(actual)
    rows = (matrix.diagonal(), matrix.sum(dim=0), actual, total, torch.zeros_like(actual))
    return ClassCounts(torch.stack(rows))


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
        >>> counts = matrix_counts(torch.tensor([[1, 1], [0, 3]]))
        >>> [round(value, 4) for value in fbeta_result(counts).tolist()]
        [0.6667, 0.8571]
    """
    if not 0 < beta < math.inf:
        raise ArgumentError(mismatch("fbeta_result", "beta", "above 0 and finite", beta))
    square = beta * beta
    share = _Share((1 + square, 0, 0, 0), (0, 1, square, 0))
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
        >>> dice_result(matrix_counts(torch.tensor([[2, 2], [0, 2]])), drop_index=1).tolist()
        [0.6666666666666666]
    """
    value = _share("dice_result", counts, _DICE, None, zero_division)
    return _without("dice_result", value, drop_index)


def accuracy_result(counts: ClassCounts) -> Tensor:
    r"""Share of samples that are right: :math:`\sum_c tp_c / total`; NaN where nothing was counted.

    Better is higher, from 0 to 1. Of labels see :func:`hamming_distance_result`.

    Args:
        counts: Of classes, or of one class against the rest (whose true negatives are right too).

    Returns:
        Float64, shape ``()``, on the device of the counts.

    Example:
        >>> import torch
        >>> accuracy_result(matrix_counts(torch.tensor([[2, 1], [0, 3]]))).item()
        0.8333333333333334
    """
    table = in_double(counts.table)
    if table.ndim == 1:
        return (table[0] + ClassCounts(table).true_negatives) / table[3]
    return table[0].sum() / table[3, 0]


def balanced_accuracy_result(counts: ClassCounts) -> Tensor:
    """Mean recall over the classes that are true at least once; NaN where there is none.

    Better is higher, from 0 to 1; guessing gives one over the number of classes.

    Args:
        counts: Of classes, or of one class against the rest.

    Returns:
        Float64, shape ``()``, on the device of the counts.

    Source:
        scikit-learn's ``balanced_accuracy_score``.

    Example:
        >>> import torch
        >>> matrix = torch.tensor([[1, 1, 0], [0, 3, 0], [0, 0, 0]])
        >>> balanced_accuracy_result(matrix_counts(matrix)).item()
        0.75
    """
    table = in_double(_of_classes(counts).table)
    if has_numpy and table.is_cpu:
        hits, _, members, _, _ = table.numpy()
        num_present = np.count_nonzero(members)
        sum_of_recalls = np.add.reduce(hits / np.maximum(members, 1.0))
        return from_numpy(np.asarray(sum_of_recalls / num_present if num_present else math.nan))
    actual = table[2]
    return (table[0] / actual.clamp_min(1)).sum() / torch.count_nonzero(actual)


def hamming_distance_result(
    counts: ClassCounts, *, average: Literal["micro"] | None = "micro"
) -> Tensor:
    r"""Share of labels that are wrong: :math:`(fp + fn) / total`; NaN where nothing was counted.

    Better is lower, from 0 to 1. Classes exclude one another, so that one mistake is two wrong
    labels: of classes take one less the accuracy.

    Args:
        counts: Of labels, or of one class against the rest.
        average: ``"micro"`` for the share over all labels, ``None`` for that of each.

    Returns:
        Float64, shape ``()`` or ``(L,)``, on the device of the counts.

    Source:
        scikit-learn's ``hamming_loss``.

    Example:
        >>> import torch
        >>> hamming_distance_result(ClassCounts(torch.tensor([1, 2, 1, 4, 0]))).item()
        0.25
    """
    table = counts.table
    if average is not None and table.ndim > 1:
        table = table.sum(dim=1)
    return in_double(table[1] + table[2] - 2 * table[0]) / table[3]


def stat_scores_result(counts: ClassCounts, *, average: Literal["micro"] | None = None) -> Tensor:
    """True and false positives, true and false negatives, and how often a class is true.

    Args:
        counts: Of classes, of labels, or of one class against the rest.
        average: ``None`` for each class, ``"micro"`` for the sums over classes.

    Returns:
        The dtype of the counts, shape ``(C, 5)`` or ``(5,)``, on their device.

    Source:
        torchmetrics' ``StatScores``.

    Example:
        >>> import torch
        >>> stat_scores_result(ClassCounts(torch.tensor([1, 2, 1, 4, 0]))).tolist()
        [1, 1, 2, 0, 1]
    """
    table = counts.table
    if average is not None and table.ndim > 1:
        table = table.sum(dim=1)
    hits = table[0]
    negatives = ClassCounts(table).true_negatives
    return torch.stack((hits, table[1] - hits, negatives, table[2] - hits, table[2]), dim=-1)


def multilabel_matrix_result(counts: ClassCounts) -> Tensor:
    """A two by two matrix for each label: ``[[tn, fp], [fn, tp]]``.

    Args:
        counts: Of classes or labels, table of shape ``(5, L)``.

    Returns:
        The dtype of the counts, shape ``(L, 2, 2)``, on their device.

    Source:
        scikit-learn's ``multilabel_confusion_matrix``.

    Example:
        >>> import torch
        >>> counts = ClassCounts(torch.tensor([[1], [2], [1], [4], [0]]))
        >>> multilabel_matrix_result(counts).tolist()
        [[[2, 1], [0, 1]]]
    """
    hits = counts.table[0]
    cells = (counts.true_negatives, counts.table[1] - hits, counts.table[2] - hits, hits)
    return torch.stack(cells, dim=-1).reshape(-1, 2, 2)


def normalized_matrix(matrix: Tensor, *, by: MatrixNormalization) -> Tensor:
    """A confusion matrix as shares; the matrix itself is left as it is.

    Args:
        matrix: Row = true class, column = predicted class, shape ``(..., C, C)``.
        by: ``"samples"`` divides by the sum of all cells, ``"recall"`` each row by its sum,
            ``"precision"`` each column by its sum. 0/0 is 0.

    Returns:
        Float64, the shape of the matrix, on its device.

    Raises:
        ArgumentError: The matrix is not square, or ``by`` is not one of those named.

    Source:
        scikit-learn's ``confusion_matrix(normalize=...)``.

    Example:
        >>> import torch
        >>> normalized_matrix(torch.tensor([[3, 1], [0, 0]]), by="recall").tolist()
        [[0.75, 0.25], [0.0, 0.0]]
    """
    if not matrix.ndim or matrix.shape[-2:-1] != matrix.shape[-1:]:
        raise ArgumentError(_not_square("normalized_matrix", matrix))
    _one_of("normalized_matrix", "by", by, ("samples", "recall", "precision"))
    dims = {"samples": (-2, -1), "recall": (-1,), "precision": (-2,)}[by]
    bottom = matrix.sum(dim=dims, keepdim=True)
    return _ratio(matrix, bottom, 0.0)


def cohen_kappa_result(counts: ClassCounts) -> Tensor:
    r"""Agreement beyond chance: :math:`\kappa = (p_o - p_e) / (1 - p_e)`.

    :math:`p_o` is the accuracy and :math:`p_e = \sum_c predicted_c\, actual_c / total^2` what two
    who draw independently would reach. Better is higher, at most 1; 0 is chance. NaN where both
    only ever name the same one class, for then nothing can be beyond chance.

    Args:
        counts: Of classes, or of one class against the rest.

    Returns:
        Float64, shape ``()``, on the device of the counts.

    Source:
        Cohen, "A coefficient of agreement for nominal scales", 1960; scikit-learn's
        ``cohen_kappa_score``.

    Example:
        >>> import torch
        >>> cohen_kappa_result(matrix_counts(torch.tensor([[2, 0], [1, 1]]))).item()
        0.5
    """
    table = in_double(_of_classes(counts).table)
    if has_numpy and table.is_cpu:
        right, seen, both, _, _ = _agreement_on_host(table.numpy())
        beyond = seen * seen - both
        return from_numpy(np.asarray((right * seen - both) / beyond if beyond else math.nan))
    total = table[3, 0]
    shared = torch.dot(table[1], table[2])
    return (table[0].sum() * total - shared) / (total * total - shared)


def weighted_kappa_result(matrix: Tensor, *, weights: KappaWeights) -> Tensor:
    r"""Agreement beyond chance where some disagreements are worse than others.

    :math:`\kappa = 1 - \sum_{ij} w_{ij} O_{ij} / \sum_{ij} w_{ij} E_{ij}`, where O counts pairs, E
    is what chance would give, and :math:`w_{ij}` is :math:`|i-j|` or its square. Distances are
    counted over the classes that occur, in their order, as if the others did not exist. Better is
    higher, at most 1. NaN where only one class occurs.

    Args:
        matrix: Row = one's classes, column = the other's. Int64 or float64, shape ``(C, C)``.
        weights: ``"linear"`` or ``"quadratic"``.

    Returns:
        Float64, shape ``()``, on the device of the matrix.

    Raises:
        ArgumentError: The matrix is not square, or ``weights`` is not one of those named.

    Source:
        Cohen, "Weighted kappa", 1968; scikit-learn's ``cohen_kappa_score``.

    Example:
        >>> import torch
        >>> matrix = torch.tensor([[2, 1, 0], [0, 0, 0], [0, 1, 1]])
        >>> round(weighted_kappa_result(matrix, weights="linear").item(), 4)
        0.5833
    """
    _check_square("weighted_kappa_result", matrix)
    _one_of("weighted_kappa_result", "weights", weights, ("linear", "quadratic"))
    matrix = in_double(matrix)
    rows, columns = matrix.sum(dim=1), matrix.sum(dim=0)
    place = (rows + columns > 0).cumsum(dim=0).to(matrix.dtype)
    distance = (place.unsqueeze(1) - place).abs()
    if weights == "quadratic":
        distance = distance * distance
    observed = torch.dot(distance.flatten(), matrix.flatten())
    by_chance = torch.dot(rows, distance.mv(columns))
    return 1 - observed * rows.sum() / by_chance


def matthews_corr_coef_result(counts: ClassCounts) -> Tensor:
    r"""Correlation of true and predicted classes, Matthews' coefficient for any number of classes.

    With s samples, c of them right, and :math:`p_k`, :math:`t_k` the times that class k was
    predicted and true:
    :math:`(c s - \sum_k p_k t_k) / \sqrt{(s^2 - \sum_k p_k^2)(s^2 - \sum_k t_k^2)}`; 0 where the
    divisor is 0. Better is higher, from -1 to 1 (the least for more than two classes is above -1).

    Args:
        counts: Of classes, or of one class against the rest.

    Returns:
        Float64, shape ``()``, on the device of the counts.

    Source:
        Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient",
        2004; scikit-learn's ``matthews_corrcoef``.

    Example:
        >>> import torch
        >>> matthews_corr_coef_result(matrix_counts(torch.tensor([[2, 0], [0, 2]]))).item()
        1.0
    """
    table = in_double(_of_classes(counts).table)
    if has_numpy and table.is_cpu:
        right, seen, both, of_predicted, of_actual = _agreement_on_host(table.numpy())
        product = (seen * seen - of_predicted) * (seen * seen - of_actual)
        top = right * seen - both
        return from_numpy(np.asarray(top / math.sqrt(product) if product else 0.0))
    predicted, actual, total = table[1], table[2], table[3, 0]
    square = total * total
    spread = (square - torch.dot(predicted, predicted)) * (square - torch.dot(actual, actual))
    return _ratio(table[0].sum() * total - torch.dot(predicted, actual), spread.sqrt(), 0.0)


class ClassScores(TypedDict):
    """What a report says of one class, or of an average over classes."""

    precision: float
    recall: float
    f_score: float
    support: int


class ClassificationReport(TypedDict):
    """Precision, recall, F score and number of true members of each class, and three averages."""

    classes: dict[str, ClassScores]
    micro: ClassScores
    macro: ClassScores
    weighted: ClassScores


def classification_report_result(
    counts: ClassCounts,
    *,
    beta: float = 1.0,
    labels: Sequence[str] | None = None,
    zero_division: float = 0.0,
) -> ClassificationReport:
    """Precision, recall, F score and support of each class, and their averages.

    Waits for the device.

    Args:
        counts: Of classes, of labels, or of one class against the rest (two classes then).
        beta: As for :func:`fbeta_result`.
        labels: A name for each class, all different; ``None`` for ``"0"``, ``"1"``, ...
        zero_division: The value of 0/0. NaN leaves such classes out of the averages.

    Returns:
        Numbers of Python, in the order of the classes.

    Raises:
        ArgumentError: There are not as many different labels as classes, or ``beta`` is not above
            0 and finite.

    Source:
        scikit-learn's ``classification_report(output_dict=True)``.

    Example:
        >>> import torch
        >>> counts = matrix_counts(torch.tensor([[3, 1], [0, 4]]))
        >>> report = classification_report_result(counts, labels=("cat", "dog"))
        >>> report["classes"]["dog"]["precision"], report["macro"]["support"]
        (0.8, 8)
    """
    counts = _of_classes(counts)
    names = _names(counts.table.shape[1], labels)
    columns: list[Tensor] = []
    averages: tuple[ClassAverage, ...] = (None, "micro", "macro", "weighted")
    for average in averages:
        scores = (
            precision_result(counts, average=average, zero_division=zero_division),
            recall_result(counts, average=average, zero_division=zero_division),
            fbeta_result(counts, beta=beta, average=average, zero_division=zero_division),
        )
        columns.append(torch.stack(scores).reshape(3, -1))
    precision, recall, f_score = map(as_list, torch.cat(columns, dim=1))
    support = as_list(counts.table[2])
    support += [sum(support)] * 3
    rows = [
        ClassScores(precision=p, recall=r, f_score=f, support=int(s))
        for p, r, f, s in zip(precision, recall, f_score, support, strict=True)
    ]
    return ClassificationReport(
        classes=dict(zip(names, rows[:-3], strict=True)),
        micro=rows[-3],
        macro=rows[-2],
        weighted=rows[-1],
    )


def report_as_json(report: ClassificationReport, *, indent: int | None = None) -> str:
    """Write a report as JSON; what is not a number becomes ``null``.

    Args:
        report: What :func:`classification_report_result` gave.
        indent: Spaces per level; ``None`` for one line.

    Returns:
        Text that any reader of JSON takes.

    Example:
        >>> import torch
        >>> report = classification_report_result(matrix_counts(torch.tensor([[1]])))
        >>> report_as_json(report)[:68]
        '{"classes": {"0": {"precision": 1.0, "recall": 1.0, "f_score": 1.0, '
    """
    plain = {
        "classes": {name: _without_nan(scores) for name, scores in report["classes"].items()},
        "micro": _without_nan(report["micro"]),
        "macro": _without_nan(report["macro"]),
        "weighted": _without_nan(report["weighted"]),
    }
    return json.dumps(plain, indent=indent, allow_nan=False)


def _without_nan(scores: ClassScores) -> dict[str, float | None]:
    values = {
        "precision": scores["precision"],
        "recall": scores["recall"],
        "f_score": scores["f_score"],
    }
    plain = {name: None if math.isnan(value) else value for name, value in values.items()}
    return {**plain, "support": scores["support"]}


def _names(num_classes: int, labels: Sequence[str] | None) -> Sequence[str]:
    if labels is None:
        return [str(index) for index in range(num_classes)]
    if len(set(labels)) == len(labels) == num_classes:
        return labels
    condition = f"{num_classes} different names"
    raise ArgumentError(mismatch("classification_report_result", "labels", condition, list(labels)))


def in_double(values: Tensor) -> Tensor:
    """Give float64, or float32 where the device has no more."""
    return values.float() if values.is_mps else values.double()  # MPS has no float64


def _one_of(where: str, what: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        condition = f"one of {', '.join(map(repr, allowed))}"
        raise ArgumentError(mismatch(where, what, condition, value))


def _of_classes(counts: ClassCounts) -> ClassCounts:
    return both_classes(counts) if counts.table.ndim == 1 else counts


class _Share(NamedTuple):
    """A quotient of sums of the first four rows of a table, by what each row counts in them."""

    top: tuple[float, float, float, float]
    bottom: tuple[float, float, float, float]


_PRECISION: Final = _Share((1, 0, 0, 0), (0, 1, 0, 0))
_RECALL: Final = _Share((1, 0, 0, 0), (0, 0, 1, 0))
_JACCARD: Final = _Share((1, 0, 0, 0), (-1, 1, 1, 0))
_DICE: Final = _Share((2, 0, 0, 0), (0, 1, 1, 0))
_SPECIFICITY: Final = _Share((1, -1, -1, 1), (0, 0, -1, 1))
_NEGATIVE_PREDICTIVE_VALUE: Final = _Share((1, -1, -1, 1), (0, -1, 0, 1))


def _share(
    where: str, counts: ClassCounts, share: _Share, average: ClassAverage, zero_division: float
) -> Tensor:
    """Give a quotient for each class, or their average."""
    if average is not None:
        _one_of(where, "average", average, ("micro", "macro", "weighted"))
        counts = _of_classes(counts)
    table = counts.table
    if has_numpy and zero_division == 0 and table.is_cpu:
        return from_numpy(_share_on_host(table.numpy(), share, average))
    table = in_double(table)
    if average == "micro":
        table = table.sum(dim=1)
    rows = table.unbind()
    bottom = _combined(rows, share.bottom)
    value = _ratio(_combined(rows, share.top), bottom, zero_division)
    if average is None or average == "micro":
        return value
    return _averaged(value, rows[2], average, is_skipping=math.isnan(zero_division))


def _share_on_host(table: "Numbers", share: _Share, average: ClassAverage) -> "Numbers":
    """Do with numpy what :func:`_share` does where 0/0 is 0, in half the time."""
    rows: list[Numbers] = (
        [np.add.reduce(table[row]) for row in range(4)] if average == "micro" else list(table)
    )
    # with 0 above, whatever stands below gives 0
    bottom = np.maximum(_combined(rows, share.bottom), 1.0)
    value: Numbers = np.asarray(_combined(rows, share.top) / bottom)
    if average is None or average == "micro":
        return value
    weight = rows[2]
    total = np.add.reduce(weight)
    if average == "weighted" and total:
        return np.asarray(np.dot(value, weight) / total)
    return np.asarray(np.add.reduce(value) / value.shape[0])


def _matrix_table_on_host(matrix: "Numbers") -> "Numbers":
    table = np.empty((5, matrix.shape[0]), dtype=matrix.dtype)
    table[0] = matrix.diagonal()
    np.add.reduce(matrix, axis=0, out=table[1])
    np.add.reduce(matrix, axis=1, out=table[2])
    table[3] = np.add.reduce(table[2])
    table[4] = 0
    return table


def _agreement_on_host(table: "Numbers") -> tuple[float, float, float, float, float]:
    """Give how many are right, and seen; p.t, p.p and t.t of predicted and true counts."""
    predicted, actual = table[1], table[2]
    return (
        float(np.add.reduce(table[0])),
        float(table[3, 0]),
        float(np.dot(predicted, actual)),
        float(np.dot(predicted, predicted)),
        float(np.dot(actual, actual)),
    )


def _combined(rows: Sequence[NumbersT], factors: Sequence[float]) -> NumbersT:
    """Add up rows, each so many times; at least one is in it."""
    terms = [
        row if factor == 1 else row * factor
        for row, factor in zip(rows, factors, strict=False)
        if factor
    ]
    combined = terms[0]
    for term in terms[1:]:
        combined = combined + term
    return combined


def _ratio(top: Tensor, bottom: Tensor, zero_division: float) -> Tensor:
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
    num_classes = value.shape[0]
    if not 0 <= index < num_classes:
        raise ArgumentError(mismatch(where, "drop_index", f"in [0, {num_classes})", index))
    return torch.cat((value[:index], value[index + 1 :]))


def _check_square(where: str, matrix: Tensor) -> None:
    if not matrix.ndim or matrix.shape != matrix.shape[-1:] * 2:
        raise ArgumentError(_not_square(where, matrix))


def _not_square(where: str, matrix: Tensor) -> str:
    return f"{where}: matrix must be square, got shape {list(matrix.shape)}"
