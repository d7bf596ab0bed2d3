r"""Agreement of predicted and true classes, and matrices, once all was counted."""

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import torch
from torch import Tensor

from firesteel._require import one_of
from firesteel.errors import ArgumentError

from ._class_shares import ratio
from ._counts import (
    ClassCounts,
    check_square,
    from_numpy,
    in_double,
    is_on_host,
    not_square,
    of_classes,
)

if TYPE_CHECKING:
    import numpy as np

    from ._counts import Numbers
else:
    with suppress(ImportError):
        import numpy as np

__all__ = [
    "KAPPA_WEIGHTS",
    "MATRIX_NORMALIZATIONS",
    "KappaWeights",
    "MatrixNormalization",
    "accuracy_result",
    "balanced_accuracy_result",
    "cohen_kappa_result",
    "hamming_distance_result",
    "matthews_corr_coef_result",
    "multilabel_matrix_result",
    "normalized_matrix",
    "stat_scores_result",
    "weighted_kappa_result",
]

MatrixNormalization: TypeAlias = Literal["samples", "recall", "precision"]
"""What the cells of a matrix are divided by: all, their row, their column."""

MATRIX_NORMALIZATIONS: Final[tuple[MatrixNormalization, ...]] = ("samples", "recall", "precision")

KappaWeights: TypeAlias = Literal["linear", "quadratic"]
"""How a disagreement grows with the distance of the two classes."""

KAPPA_WEIGHTS: Final[tuple[KappaWeights, ...]] = ("linear", "quadratic")


def accuracy_result(counts: ClassCounts) -> Tensor:
    r"""Share of samples that are right: :math:`\sum_c tp_c / total`; NaN where nothing was counted.

    Better is higher, from 0 to 1. Of labels see :func:`hamming_distance_result`.

    Args:
        counts: Of classes, or of one class against the rest (whose true negatives are right too).

    Returns:
        Float64, shape ``()``, on the device of the counts.

    Example:
        >>> import torch
        >>> from firesteel.metrics._functional._counts import matrix_counts
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
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> matrix = torch.tensor([[1, 1, 0], [0, 3, 0], [0, 0, 0]])
        >>> balanced_accuracy_result(matrix_counts(matrix)).item()
        0.75
    """
    table = in_double(of_classes(counts).table)
    if is_on_host(table):
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

    Raises:
        ArgumentError: ``average`` is not one of those named.

    Source:
        scikit-learn's ``hamming_loss``.

    Example:
        >>> import torch
        >>> hamming_distance_result(ClassCounts(torch.tensor([1, 2, 1, 4, 0]))).item()
        0.25
    """
    one_of("hamming_distance_result", "average", average, (None, "micro"))
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

    Raises:
        ArgumentError: ``average`` is not one of those named.

    Source:
        torchmetrics' ``StatScores``.

    Example:
        >>> import torch
        >>> stat_scores_result(ClassCounts(torch.tensor([1, 2, 1, 4, 0]))).tolist()
        [1, 1, 2, 0, 1]
    """
    one_of("stat_scores_result", "average", average, (None, "micro"))
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
        raise ArgumentError(not_square("normalized_matrix", matrix))
    one_of("normalized_matrix", "by", by, MATRIX_NORMALIZATIONS)
    dims = {"samples": (-2, -1), "recall": (-1,), "precision": (-2,)}[by]
    bottom = matrix.sum(dim=dims, keepdim=True)
    return ratio(matrix, bottom, 0.0)


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
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> cohen_kappa_result(matrix_counts(torch.tensor([[2, 0], [1, 1]]))).item()
        0.5
    """
    table = in_double(of_classes(counts).table)
    if is_on_host(table):
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
    check_square("weighted_kappa_result", matrix)
    one_of("weighted_kappa_result", "weights", weights, KAPPA_WEIGHTS)
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
        >>> from firesteel.metrics._functional._counts import matrix_counts
        >>> matthews_corr_coef_result(matrix_counts(torch.tensor([[2, 0], [0, 2]]))).item()
        1.0
    """
    table = in_double(of_classes(counts).table)
    if is_on_host(table):
        right, seen, both, of_predicted, of_actual = _agreement_on_host(table.numpy())
        product = (seen * seen - of_predicted) * (seen * seen - of_actual)
        top = right * seen - both
        return from_numpy(np.asarray(top / math.sqrt(product) if product else 0.0))
    predicted, actual, total = table[1], table[2], table[3, 0]
    square = total * total
    spread = (square - torch.dot(predicted, predicted)) * (square - torch.dot(actual, actual))
    return ratio(table[0].sum() * total - torch.dot(predicted, actual), spread.sqrt(), 0.0)


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
