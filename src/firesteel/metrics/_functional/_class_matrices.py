"""Classification metrics as functions of predictions: matrices, and a value for each class."""

from collections.abc import Sequence
from typing import Literal

from torch import Tensor

from firesteel._require import one_of
from firesteel.errors import ArgumentError, NotComputableError

from ._class_agreement import (
    KAPPA_WEIGHTS,
    MATRIX_NORMALIZATIONS,
    KappaWeights,
    MatrixNormalization,
    cohen_kappa_result,
    matthews_corr_coef_result,
    multilabel_matrix_result,
    normalized_matrix,
    stat_scores_result,
    weighted_kappa_result,
)
from ._class_averages import check_one_class, checked_counts
from ._class_kinds import ClassificationKind, ClassificationKindWithoutLabels, CountOptions
from ._class_report import ClassificationReport, report_of
from ._class_shares import check_drop_index, dice_result, iou_result, mean_iou_result
from ._counting import ConfusionCounts, count_confusion
from ._counts import ClassCounts, as_list, of_classes

__all__ = [
    "classification_report",
    "cohen_kappa",
    "confusion_matrix",
    "dice_coefficient",
    "iou",
    "matthews_corr_coef",
    "mean_iou",
    "multilabel_confusion_matrix",
    "stat_scores",
]


def confusion_matrix(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKindWithoutLabels = "multiclass",
    num_classes: int | None = None,
    normalize: MatrixNormalization | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    """How often each class was taken for each: row = true class, column = predicted class.

    The errors are those of :func:`precision`.

    Args:
        prediction: As for :func:`precision`.
        target: As for :func:`precision`.
        kind: As for :func:`precision`.
        num_classes: As for :func:`precision`.
        normalize: ``None`` for counts, else :func:`normalized_matrix`'s ``by``.
        ignore_index: As for :func:`precision`.
        top_k: As for :func:`precision`.
        threshold: As for :func:`precision`.

    Returns:
        Int64, or float64 if normalized, shape ``(C, C)``, on the device of the targets.

    Source:
        scikit-learn's ``confusion_matrix``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0])
        >>> confusion_matrix(prediction, target, num_classes=2).tolist()
        [[1, 1], [0, 1]]
    """
    one_of("confusion_matrix", "normalize", normalize, (None, *MATRIX_NORMALIZATIONS))
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    matrix = checked_matrix("confusion_matrix", prediction, target, options)
    return matrix if normalize is None else normalized_matrix(matrix, by=normalize)


def checked_matrix(where: str, prediction: Tensor, target: Tensor, options: CountOptions) -> Tensor:
    counts = ConfusionCounts(count_confusion(where, prediction, target, options))
    outside, ignored = map(int, as_list(counts.table[-2:]))
    if outside:
        raise ArgumentError(
            f"{where}: predictions and targets must be in [0, {counts.num_classes}), got "
            f"{outside} samples outside"
        )
    if ignored == target.numel():
        raise NotComputableError(f"{where}: needs at least one sample")
    return counts.matrix


def multilabel_confusion_matrix(
    prediction: Tensor,
    target: Tensor,
    *,
    normalize: MatrixNormalization | None = None,
    ignore_index: int | None = None,
    threshold: float = 0.5,
) -> Tensor:
    """A two by two matrix for each label: ``[[tn, fp], [fn, tp]]``.

    The errors are those of :func:`precision`.

    Args:
        prediction: As for :func:`precision`.
        target: As for :func:`precision`.
        normalize: ``None`` for counts, else :func:`normalized_matrix`'s ``by``, for each label.
        ignore_index: As for :func:`precision`.
        threshold: As for :func:`precision`.

    Returns:
        Int64, or float64 if normalized, shape ``(L, 2, 2)``, on the device of the targets.

    Source:
        scikit-learn's ``multilabel_confusion_matrix``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([[1], [0], [1]]), torch.tensor([[1], [0], [0]])
        >>> multilabel_confusion_matrix(prediction, target).tolist()
        [[[1, 1], [0, 1]]]
    """
    one_of("multilabel_confusion_matrix", "normalize", normalize, (None, *MATRIX_NORMALIZATIONS))
    options = CountOptions("multilabel", None, ignore_index, 1, threshold)
    counts = checked_counts("multilabel_confusion_matrix", prediction, target, options)
    matrix = multilabel_matrix_result(counts)
    return matrix if normalize is None else normalized_matrix(matrix, by=normalize)


def stat_scores(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: Literal["micro"] | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    """True and false positives, true and false negatives, and how often a class is true.

    Other arguments and errors are those of :func:`precision`.

    Returns:
        Int64, shape ``(C, 5)``; ``(5,)`` for ``binary`` and for ``average="micro"``; on the device
        of the targets.

    Source:
        torchmetrics' ``StatScores``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> stat_scores(prediction, target, kind="binary").tolist()
        [2, 1, 1, 0, 2]
    """
    one_of("stat_scores", "average", average, (None, "micro"))
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    counts = checked_counts("stat_scores", prediction, target, options)
    return stat_scores_result(counts, average=average)


def cohen_kappa(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKindWithoutLabels = "multiclass",
    num_classes: int | None = None,
    weights: KappaWeights | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    """Agreement of predictions and targets beyond chance.

    Better is higher, at most 1; 0 is chance. NaN where both only ever name the same one class.
    The errors are those of :func:`precision`.

    Args:
        prediction: As for :func:`precision`.
        target: As for :func:`precision`.
        kind: As for :func:`precision`.
        num_classes: As for :func:`precision`.
        weights: How a disagreement grows with the distance of the two classes, counted over the
            classes that occur: ``"linear"``, ``"quadratic"``, or ``None`` for not at all.
        ignore_index: As for :func:`precision`.
        top_k: As for :func:`precision`.
        threshold: As for :func:`precision`.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        scikit-learn's ``cohen_kappa_score``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 0, 0])
        >>> cohen_kappa(prediction, target, num_classes=2).item()
        0.5
    """
    one_of("cohen_kappa", "weights", weights, (None, *KAPPA_WEIGHTS))
    check_one_class("cohen_kappa", kind)
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    if weights is None:
        return cohen_kappa_result(checked_counts("cohen_kappa", prediction, target, options))
    matrix = checked_matrix("cohen_kappa", prediction, target, options)
    return weighted_kappa_result(matrix, weights=weights)


def matthews_corr_coef(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKindWithoutLabels = "multiclass",
    num_classes: int | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    """Correlation of true and predicted classes; 0 where either is always the same.

    Better is higher, from -1 to 1. Arguments and errors are those of :func:`precision`.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        scikit-learn's ``matthews_corrcoef``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 1, 0])
        >>> matthews_corr_coef(prediction, target, num_classes=2).item()
        1.0
    """
    check_one_class("matthews_corr_coef", kind)
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    return matthews_corr_coef_result(
        checked_counts("matthews_corr_coef", prediction, target, options)
    )


def iou(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKindWithoutLabels = "multiclass",
    num_classes: int | None = None,
    drop_index: int | None = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Intersection over union of each class: :math:`tp / (predicted + actual - tp)`.

    Better is higher, from 0 to 1. The errors are those of :func:`precision`.

    Args:
        prediction: As for :func:`precision`.
        target: As for :func:`precision`.
        kind: As for :func:`precision`.
        num_classes: As for :func:`precision`.
        drop_index: A class whose value is left out, in ``[0, C)``; its samples stay in the other
            classes' unions. To leave samples out, give ``ignore_index``.
        zero_division: The value of a class that is neither predicted nor true.
        ignore_index: As for :func:`precision`.
        top_k: As for :func:`precision`.
        threshold: As for :func:`precision`.

    Returns:
        Float64, shape ``(C,)``, or ``(C - 1,)`` with ``drop_index``, on the device of the targets.

    Source:
        Jaccard, "The distribution of the flora in the alpine zone", New Phytologist 11, 1912;
        scikit-learn's ``jaccard_score(average=None)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0])
        >>> iou(prediction, target, num_classes=2).tolist()
        [0.5, 0.5]
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    counts = _of_classes("iou", prediction, target, options, drop_index)
    return iou_result(counts, drop_index=drop_index, zero_division=zero_division)


def mean_iou(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKindWithoutLabels = "multiclass",
    num_classes: int | None = None,
    drop_index: int | None = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Mean over classes of intersection over union.

    Better is higher, from 0 to 1. The errors are those of :func:`precision`.

    Args:
        prediction: As for :func:`precision`.
        target: As for :func:`precision`.
        kind: As for :func:`precision`.
        num_classes: As for :func:`precision`.
        drop_index: A class whose value is left out, in ``[0, C)``; its samples stay in the other
            classes' unions. To leave samples out, give ``ignore_index``.
        zero_division: The value of a class that is neither predicted nor true; NaN leaves it out.
        ignore_index: As for :func:`precision`.
        top_k: As for :func:`precision`.
        threshold: As for :func:`precision`.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        Long, Shelhamer and Darrell, "Fully convolutional networks for semantic segmentation", CVPR
        2015; scikit-learn's ``jaccard_score(average="macro")``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0])
        >>> mean_iou(prediction, target, num_classes=2).tolist()
        0.5
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    counts = _of_classes("mean_iou", prediction, target, options, drop_index)
    return mean_iou_result(counts, drop_index=drop_index, zero_division=zero_division)


def dice_coefficient(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKindWithoutLabels = "multiclass",
    num_classes: int | None = None,
    drop_index: int | None = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Dice's coefficient of each class: :math:`2\, tp / (predicted + actual)`.

    Better is higher, from 0 to 1. The errors are those of :func:`precision`.

    Args:
        prediction: As for :func:`precision`.
        target: As for :func:`precision`.
        kind: As for :func:`precision`.
        num_classes: As for :func:`precision`.
        drop_index: A class whose value is left out, in ``[0, C)``; its samples stay in the other
            classes' unions. To leave samples out, give ``ignore_index``.
        zero_division: The value of a class that is neither predicted nor true.
        ignore_index: As for :func:`precision`.
        top_k: As for :func:`precision`.
        threshold: As for :func:`precision`.

    Returns:
        Float64, shape ``(C,)``, or ``(C - 1,)`` with ``drop_index``, on the device of the targets.

    Source:
        Dice, "Measures of the amount of ecologic association between species", Ecology 26, 1945;
        scikit-learn's ``f1_score(average=None)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0])
        >>> dice_coefficient(prediction, target, num_classes=2).tolist()
        [0.6666666666666666, 0.6666666666666666]
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    counts = _of_classes("dice_coefficient", prediction, target, options, drop_index)
    return dice_result(counts, drop_index=drop_index, zero_division=zero_division)


def _of_classes(
    where: str, prediction: Tensor, target: Tensor, options: CountOptions, drop_index: int | None
) -> ClassCounts:
    """Give counts of classes, for ``binary`` of both."""
    check_one_class(where, options.kind)
    counts = of_classes(checked_counts(where, prediction, target, options))
    check_drop_index(where, drop_index, counts.table.shape[1])
    return counts


def classification_report(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    beta: float = 1.0,
    labels: Sequence[str] | None = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> ClassificationReport:
    """Precision, recall, F score and support of each class, and their averages.

    The errors are those of :func:`precision`.

    Args:
        prediction: As for :func:`precision`.
        target: As for :func:`precision`.
        kind: As for :func:`precision`.
        num_classes: As for :func:`precision`.
        beta: As for :func:`fbeta`.
        labels: A name for each class, all different; ``None`` for ``"0"``, ``"1"``, ...
        zero_division: The value of 0/0. NaN leaves such classes out of the averages.
        ignore_index: As for :func:`precision`.
        top_k: As for :func:`precision`.
        threshold: As for :func:`precision`.

    Returns:
        Numbers of Python, in the order of the classes; of ``binary`` both. ``report_as_json``
        writes them down.

    Source:
        scikit-learn's ``classification_report``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 0, 0])
        >>> report = classification_report(
        ...     prediction, target, kind="binary", labels=("cat", "dog")
        ... )
        >>> report["classes"]["dog"]["precision"], report["classes"]["dog"]["support"]
        (0.5, 1)
    """
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    counts = checked_counts("classification_report", prediction, target, options)
    return report_of(
        "classification_report", counts, beta=beta, labels=labels, zero_division=zero_division
    )
