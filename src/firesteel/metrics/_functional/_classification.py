"""Classification: from predictions and targets to counts, and the metrics that need only these.

``binary`` asks for each sample whether it is of one class, ``multiclass`` of which one of C
classes, ``multilabel`` which of L labels it has. The caller says which; nothing is guessed from
values. The functions that count (``class_counts``, ``confusion_counts``, ...) wait for no device;
a class that does not exist is counted apart instead of being refused there. The metrics refuse it.
"""

import math
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

from firesteel._require import at_least, mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError

from ._counts import (
    ClassAverage,
    ClassCounts,
    ClassificationReport,
    KappaWeights,
    MatrixNormalization,
    accuracy_result,
    as_list,
    balanced_accuracy_result,
    both_classes,
    check_counts,
    classification_report_result,
    cohen_kappa_result,
    dice_result,
    fbeta_result,
    from_numpy,
    hamming_distance_result,
    has_numpy,
    in_double,
    iou_result,
    jaccard_result,
    matthews_corr_coef_result,
    mean_iou_result,
    multilabel_matrix_result,
    negative_predictive_value_result,
    normalized_matrix,
    precision_result,
    recall_result,
    specificity_result,
    stat_scores_result,
    weighted_kappa_result,
)

if TYPE_CHECKING:
    import numpy as np

    from ._counts import Indices, Mask
else:
    with suppress(ImportError):
        import numpy as np

__all__ = [
    "ClassificationKind",
    "ClassificationKindWithoutLabels",
    "SampleAverage",
    "accuracy",
    "balanced_accuracy",
    "classification_report",
    "cohen_kappa",
    "confusion_matrix",
    "dice_coefficient",
    "exact_match",
    "f1",
    "fbeta",
    "flatten_sequences",
    "hamming_distance",
    "infer_kind",
    "iou",
    "jaccard_index",
    "matthews_corr_coef",
    "mean_iou",
    "multilabel_confusion_matrix",
    "negative_predictive_value",
    "precision",
    "recall",
    "specificity",
    "stat_scores",
]

ClassificationKind: TypeAlias = Literal["binary", "multiclass", "multilabel"]
"""Whether a sample is of one class, of which of several, or which labels it has."""

ClassificationKindWithoutLabels: TypeAlias = Literal["binary", "multiclass"]
"""The kinds in which a sample has one class."""

SampleAverage: TypeAlias = ClassAverage | Literal["samples"]
"""An average over classes; or, of labels, a mean of what each sample has by itself."""


_HALF_DTYPES: Final = (torch.float16, torch.bfloat16)


class RightCounts(NamedTuple):
    """How many samples were right.

    Attributes:
        num_right: Int64, shape ``()``. Merges by sum.
        num_seen: Samples that were not ignored; a number of Python where the shape gives it, else
            int64 of shape ``()``. Merges by sum.
    """

    num_right: Tensor
    num_seen: Tensor | int


class ConfusionCounts(NamedTuple):
    """How often each class was taken for each; merges by sum.

    Attributes:
        table: Int64, shape ``(C * C + 2,)``: the matrix row by row, then the samples that had a
            class out of range, then those that were ignored. Merges over batches and ranks by sum.

    Example:
        >>> import torch
        >>> ConfusionCounts(torch.tensor([3, 1, 0, 2, 0, 0])).matrix.tolist()
        [[3, 1], [0, 2]]
    """

    table: Tensor

    @property
    def num_classes(self) -> int:
        """Number of classes C."""
        return math.isqrt(self.table.shape[0] - 2)

    @property
    def matrix(self) -> Tensor:
        """Row = true class, column = predicted class; a view, shape ``(C, C)``."""
        num_classes = self.num_classes
        return self.table[:-2].view(num_classes, num_classes)

    @property
    def num_out_of_range(self) -> Tensor:
        """Samples left out, as a class of theirs does not exist, shape ``()``."""
        return self.table[-2]


class SampleSums(NamedTuple):
    """Sums over samples of what each scores by its own labels; merges by sum.

    Attributes:
        sums: Precision, recall, F and Jaccard index, float64, shape ``(4,)``. Merges by sum.
        counts: Samples with a label that was counted, and labels out of range, int64, shape
            ``(2,)``. Merges by sum.
    """

    sums: Tensor
    counts: Tensor


def infer_kind(
    prediction: Tensor, target: Tensor, *, is_multilabel: bool = False
) -> ClassificationKind:
    """Tell the kind of a classification from shapes, as ignite does.

    Args:
        prediction: Shape ``(N, C, ...)`` with targets of shape ``(N, ...)``: multiclass, for C = 1
            binary. Of the targets' shape: binary, or multilabel if so said.
        target: Shape ``(N, ...)``.
        is_multilabel: Whether the second axis of both holds labels.

    Returns:
        The kind.

    Raises:
        ArgumentError: The shapes are of no kind.

    Source:
        pytorch-ignite's ``Accuracy``.

    Example:
        >>> import torch
        >>> infer_kind(torch.rand(4, 3), torch.tensor([0, 2, 1, 1]))
        'multiclass'
    """
    of_scores, of_target = prediction.shape, target.shape
    if is_multilabel:
        if of_scores == of_target and target.ndim > 1 and target.shape[1] > 1:
            return "multilabel"
    elif of_scores == of_target and target.ndim:
        return "binary"
    elif target.ndim and of_scores[:1] + of_scores[2:] == of_target:
        return "binary" if prediction.shape[1] == 1 else "multiclass"
    shapes = (
        "(N, L, ...), twice, with L > 1" if is_multilabel else "(N, C, ...) and (N, ...), or equal"
    )
    raise ArgumentError(_wrong_shapes("infer_kind", shapes, prediction, target))


def flatten_sequences(prediction: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """Make one sample of each position of each sequence.

    Positions to be left out are left out where they are counted, by ``ignore_index``.

    Args:
        prediction: Scores, any dtype, shape ``(N, S, C)``: sequences, positions, classes.
        target: Classes, any dtype, shape ``(N, S)``.

    Returns:
        Scores of shape ``(N * S, C)`` and targets of shape ``(N * S,)``; views where they can be.

    Raises:
        ArgumentError: The shapes are others.

    Example:
        >>> import torch
        >>> scores, target = flatten_sequences(torch.rand(2, 5, 3), torch.ones(2, 5))
        >>> list(scores.shape), list(target.shape)
        ([10, 3], [10])
    """
    if prediction.ndim != target.ndim + 1 or target.ndim != len("NS"):
        raise ArgumentError(
            _wrong_shapes("flatten_sequences", "(N, S, C) and (N, S)", prediction, target)
        )
    if prediction.shape[:-1] != target.shape:
        raise ArgumentError(
            _wrong_shapes("flatten_sequences", "(N, S, C) and (N, S)", prediction, target)
        )
    return prediction.flatten(0, 1), target.flatten()


# ------------------------------------------------------------------------------ what a batch counts


def class_counts(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
    where: str = "class_counts",
) -> ClassCounts:
    """Count, for each class, how often it was predicted, true, and both. Waits for no device.

    Args:
        prediction: ``multiclass``: a score per class, any scale, shape ``(N, C, ...)``, or class
            indices, whole numbers in ``[0, C)``, shape ``(N, ...)``. ``binary``, shape
            ``(N, ...)``, and ``multilabel``, shape ``(N, L, ...)``: floating point numbers, of
            which those above ``threshold`` are a yes; or 0 and 1 as bool or whole numbers.
        target: ``multiclass``: class indices, whole numbers in ``[0, C)``, shape ``(N, ...)``.
            Else 0 and 1 of any dtype, in the shape of the predictions.
        kind: Which of these it is.
        num_classes: C, for ``multiclass``; may be left out where there are scores.
        ignore_index: Target of what is not to be counted; ``None`` for none.
        top_k: A true class among so many best scored counts as the predicted one; else the best
            scored is. From 2 on ties go to the true class, and NaN never wins. In ``[1, C]``.
        threshold: What floating point predictions have to be above.
        where: Whose counts they are, for errors.

    Returns:
        Table of shape ``(5, C)``, ``(5, L)``, or ``(5,)`` for ``binary``, on the device of the
        targets. Merges by sum.

    Raises:
        ArgumentError: Shapes or options do not fit together.
        ArgumentTypeError: A dtype is of another kind.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
        >>> counts = class_counts(scores, torch.tensor([1, 0, 0]), kind="multiclass")
        >>> counts.true_positives.tolist(), counts.predicted.tolist(), counts.actual.tolist()
        ([1, 1], [1, 2], [2, 1])
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    return _class_counts(where, prediction, target, options)


def confusion_counts(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKindWithoutLabels = "multiclass",
    num_classes: int | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
    into: Tensor | None = None,
    where: str = "confusion_counts",
) -> ConfusionCounts:
    """Count how often each class was taken for each. Waits for no device.

    Args:
        prediction: As for :func:`class_counts`.
        target: As for :func:`class_counts`.
        kind: ``"multiclass"``, or ``"binary"`` with classes 0 and 1.
        num_classes: As for :func:`class_counts`.
        ignore_index: As for :func:`class_counts`.
        top_k: As for :func:`class_counts`.
        threshold: As for :func:`class_counts`.
        into: A table of counts that these are added to, in place; much cheaper for many classes
            than a table of their own. Int64, shape ``(C * C + 2,)``, on the device of the targets.
        where: Whose counts they are, for errors.

    Returns:
        Table of shape ``(C * C + 2,)``; it is ``into``, if given. Merges by sum.

    Raises:
        ArgumentError: Shapes or options do not fit together.
        ArgumentTypeError: A dtype is of another kind.

    Example:
        >>> import torch
        >>> counts = confusion_counts(
        ...     torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0]), num_classes=2
        ... )
        >>> counts.matrix.tolist()
        [[1, 1], [0, 1]]
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    return _confusion_counts(where, prediction, target, options, into)


def right_counts(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
    where: str = "right_counts",
) -> RightCounts:
    """Count the samples that are right; of labels those of which all are. Waits for no device.

    A target out of range is a sample that is not right.

    Args:
        prediction: As for :func:`class_counts`.
        target: As for :func:`class_counts`.
        kind: As for :func:`class_counts`.
        ignore_index: Target of what is not to be counted. A label so ignored is taken as right; a
            sample of none but such labels is not counted.
        top_k: As for :func:`class_counts`.
        threshold: As for :func:`class_counts`.
        where: Whose counts they are, for errors.

    Returns:
        Counts on the device of the targets. Merge by sum.

    Raises:
        ArgumentError: Shapes or options do not fit together.
        ArgumentTypeError: A dtype is of another kind.

    Example:
        >>> import torch
        >>> right_counts(torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0]), kind="multiclass")
        RightCounts(num_right=tensor(2), num_seen=3)
    """
    options = _Options(kind, None, ignore_index, top_k, threshold)
    return _right_counts(where, prediction, target, options)


def right_result(counts: RightCounts) -> Tensor:
    """Share of samples that are right; NaN where nothing was counted.

    Args:
        counts: What :func:`right_counts` gave.

    Returns:
        Float64, shape ``()``, on the device of the counts.

    Example:
        >>> import torch
        >>> right_result(RightCounts(torch.tensor(1), 4)).item()
        0.25
    """
    return in_double(counts.num_right) / counts.num_seen


def check_right_counts(where: str, counts: RightCounts) -> None:
    """Refuse to compute from nothing. Waits for the device if samples may have been ignored.

    Args:
        where: Whose counts they are, for the error.
        counts: What :func:`right_counts` gave.

    Raises:
        NotComputableError: No sample was counted.

    Example:
        >>> import torch
        >>> check_right_counts("accuracy", RightCounts(torch.tensor(1), 4))
    """
    if not int(counts.num_seen):
        raise NotComputableError(f"{where}: needs at least one sample")


def sample_sums(
    prediction: Tensor,
    target: Tensor,
    *,
    ignore_index: int | None = None,
    threshold: float = 0.5,
    beta: float = 1.0,
    zero_division: float = 0.0,
    where: str = "sample_sums",
) -> SampleSums:
    """Sum up what each sample scores by its own labels. Waits for no device.

    Args:
        prediction: As for :func:`class_counts`, ``multilabel``.
        target: As for :func:`class_counts`, ``multilabel``.
        ignore_index: Target of labels that are not to be counted; ``None`` for none.
        threshold: What floating point predictions have to be above.
        beta: How many times as much recall counts as precision does in F, above 0.
        zero_division: The value of 0/0 in a sample.
        where: Whose sums they are, for errors.

    Returns:
        Sums on the device of the targets. Merge by sum.

    Raises:
        ArgumentError: Shapes or options do not fit together.
        ArgumentTypeError: A dtype is of another kind.

    Source:
        scikit-learn's ``average="samples"``.

    Example:
        >>> import torch
        >>> sample_sums(torch.tensor([[1, 1]]), torch.tensor([[1, 0]])).sums.tolist()
        [0.5, 1.0, 0.6666666666666666, 0.5]
    """
    options = _Options("multilabel", None, ignore_index, 1, threshold)
    return _sample_sums(where, prediction, target, options, beta=beta, zero_division=zero_division)


def sample_result(sums: SampleSums) -> Tensor:
    """Means over samples of precision, recall, F and Jaccard index; NaN where there is no sample.

    Args:
        sums: What :func:`sample_sums` gave.

    Returns:
        Float64, shape ``(4,)``, on the device of the sums.

    Example:
        >>> import torch
        >>> sums = sample_sums(torch.tensor([[1, 1], [0, 1]]), torch.tensor([[1, 0], [0, 1]]))
        >>> sample_result(sums)[:2].tolist()
        [0.75, 1.0]
    """
    return sums.sums / sums.counts[0]


class _Options(NamedTuple):
    """What the caller said."""

    kind: ClassificationKind
    num_classes: int | None
    ignore_index: int | None
    top_k: int
    threshold: float


def _class_counts(where: str, prediction: Tensor, target: Tensor, options: _Options) -> ClassCounts:
    if options.kind != "multiclass":
        return ClassCounts(_yes_table(where, prediction, target, options))
    return _multiclass_counts(where, prediction, target, options)


def _multiclass_counts(
    where: str, prediction: Tensor, target: Tensor, options: _Options
) -> ClassCounts:
    _, num_classes, ignore_index, top_k, _ = options
    is_scored = _is_scored(where, prediction, target)
    num_classes = _num_classes(where, prediction, num_classes, is_scored=is_scored)
    if has_numpy and target.is_cpu:
        ours = _chosen_on_host(where, prediction, target, top_k, is_scored=is_scored)
        theirs = _flat(target).numpy()
        return ClassCounts(
            _class_table_on_host(ours, theirs, num_classes, ignore_index, is_scored=is_scored)
        )
    chosen = _chosen(where, prediction, target, top_k, is_scored=is_scored)
    return ClassCounts(_class_table(chosen, _flat(target), num_classes, ignore_index))


def _confusion_counts(
    where: str, prediction: Tensor, target: Tensor, options: _Options, into: Tensor | None = None
) -> ConfusionCounts:
    kind, said, ignore_index, top_k, _ = options
    if kind == "multiclass":
        is_scored = _is_scored(where, prediction, target)
        num_classes = _num_classes(where, prediction, said, is_scored=is_scored)
    else:
        is_scored, num_classes = False, 2
        prediction, target = _yes_as_classes(where, prediction, target, options)
    length = num_classes * num_classes + 2
    if into is not None:
        _check_table(where, into, length)
    if has_numpy and target.is_cpu:
        ours = _chosen_on_host(where, prediction, target, top_k, is_scored=is_scored)
        places = _cells_on_host(
            ours, _flat(target).numpy(), num_classes, ignore_index, is_scored=is_scored
        )
        if into is None:
            return ConfusionCounts(from_numpy(np.bincount(places, minlength=length)))
        np.add.at(into.numpy(), places, 1)
        return ConfusionCounts(into)
    chosen = _chosen(where, prediction, target, top_k, is_scored=is_scored)
    cells = _cells(chosen, _flat(target), num_classes, ignore_index)
    table = cells.new_zeros(length) if into is None else into
    return ConfusionCounts(table.index_add_(0, cells, torch.ones_like(cells)))


def _check_table(where: str, into: Tensor, length: int) -> None:
    if into.shape != (length,) or into.dtype != torch.int64:
        raise ArgumentError(
            f"{where}: into must be torch.int64 of shape [{length}], got {into.dtype} of shape "
            f"{list(into.shape)}"
        )


def _right_counts(where: str, prediction: Tensor, target: Tensor, options: _Options) -> RightCounts:
    kind, _, ignore_index, top_k, threshold = options
    if kind == "multiclass":
        is_scored = _is_scored(where, prediction, target)
        actual = _flat(target)
        if is_scored and top_k != 1:
            is_right = _is_among_best(where, prediction, target, top_k).flatten()
        else:
            is_right = (_argmax(prediction) if is_scored else _flat(prediction)) == actual
    else:
        prediction, actual = _of_one_shape(where, prediction, target, kind)
        is_right = _thresholded(prediction, threshold) == actual
    if ignore_index is None:
        if kind == "multilabel":
            is_right = is_right.all(dim=1)
        return RightCounts(torch.count_nonzero(is_right), is_right.numel())
    is_ignored = actual == ignore_index
    if kind == "multilabel":
        is_right, is_ignored = (is_right | is_ignored).all(dim=1), is_ignored.all(dim=1)
    is_counted = ~is_ignored
    return RightCounts(torch.count_nonzero(is_right & is_counted), torch.count_nonzero(is_counted))


# ---------------------------------------------------------------- several classes, one of them true


def _is_scored(where: str, prediction: Tensor, target: Tensor) -> bool:
    """Tell whether predictions are scores; refuse shapes and dtypes that do not fit."""
    of_prediction, of_target = prediction.shape, target.shape
    num_axes = len(of_target)
    is_scored = len(of_prediction) == num_axes + 1 > 1
    if is_scored:
        is_fitting = of_prediction[0] == of_target[0] and (
            num_axes == 1 or of_prediction[2:] == of_target[1:]
        )
    else:
        is_fitting = num_axes > 0 and of_prediction == of_target
    if not is_fitting:
        shapes = "(N, C, ...) and (N, ...), or equal"
        raise ArgumentError(_wrong_shapes(where, shapes, prediction, target))
    if target.dtype != torch.int64 or not (is_scored and prediction.is_floating_point()):
        _check_dtypes(where, prediction, target, is_scored=is_scored)
    return is_scored


def _check_dtypes(where: str, prediction: Tensor, target: Tensor, *, is_scored: bool) -> None:
    if target.is_floating_point() or target.is_complex():
        raise ArgumentTypeError(f"{where}: targets must be whole numbers, got {target.dtype}")
    if is_scored:
        condition = "real numbers, one score per class"
        is_fine = prediction.dtype != torch.bool and not prediction.is_complex()
    else:
        condition = "whole numbers, or one score per class"
        is_fine = not (prediction.is_floating_point() or prediction.is_complex())
    if not is_fine:
        raise ArgumentTypeError(f"{where}: predictions must be {condition}, got {prediction.dtype}")


def _num_classes(where: str, prediction: Tensor, said: int | None, *, is_scored: bool) -> int:
    """Give the number of classes that scores and caller agree on."""
    if is_scored:
        scored = prediction.shape[1]
        if said is None or said == scored:
            return scored
        condition = f"the number of scores, {scored}"
        raise ArgumentError(mismatch(where, "num_classes", condition, said))
    if said is None:
        raise ArgumentError(f"{where}: needs num_classes, as predictions are class indices")
    return at_least(where, "num_classes", said, 1)


def _flat(classes: Tensor) -> Tensor:
    """Give classes as int64 with one axis."""
    if classes.dtype != torch.int64:
        classes = classes.long()
    return classes if classes.ndim == 1 else classes.flatten()


def _chosen(
    where: str, prediction: Tensor, target: Tensor, top_k: int, *, is_scored: bool
) -> Tensor:
    """Give predicted classes, int64, with one axis."""
    if not is_scored:
        return _flat(prediction)
    if top_k == 1:
        return _argmax(prediction)
    is_hit = _is_among_best(where, prediction, target, top_k).flatten()
    return torch.where(is_hit, _flat(target), _argmax(prediction))


def _chosen_on_host(
    where: str, prediction: Tensor, target: Tensor, top_k: int, *, is_scored: bool
) -> "Indices":
    """Give predicted classes with one axis, where numpy can."""
    if is_scored and top_k == 1 and prediction.numel():
        return _argmax_on_host(prediction)
    return _chosen(where, prediction, target, top_k, is_scored=is_scored).numpy()


def _argmax(scores: Tensor) -> Tensor:
    """Give the first of the highest scores along axis 1, flat; NaN is the highest of all."""
    if has_numpy and scores.is_cpu and scores.numel():
        return from_numpy(_argmax_on_host(scores))
    return scores.argmax(dim=1).flatten()


def _argmax_on_host(scores: Tensor) -> "Indices":
    """Give what :func:`_argmax` does, by the same rules as torch in a tenth of the time."""
    if scores.requires_grad:
        scores = scores.detach()
    if scores.dtype in _HALF_DTYPES:
        scores = scores.float()
    chosen: Indices = scores.numpy().argmax(axis=1)
    return chosen if chosen.ndim == 1 else chosen.reshape(-1)


def _is_among_best(where: str, scores: Tensor, target: Tensor, top_k: int) -> Tensor:
    """Tell whether fewer than ``top_k`` other classes fail to score at or below the true one."""
    num_classes = scores.shape[1]
    if not 1 <= top_k <= num_classes:
        raise ArgumentError(mismatch(where, "top_k", f"in [1, {num_classes}]", top_k))
    scores = scores.detach()
    known = target.long().clamp(0, num_classes - 1)
    of_true = scores.gather(1, known.unsqueeze(1))
    # not `>`: a NaN has to count against the sample, and `nan > x` is False
    if scores.is_cpu and scores.ndim == len("NC"):
        # five times as fast as a sum of booleans, and exact up to 2**24 classes
        is_not_above = torch.empty(scores.shape)
        torch.le(scores, of_true, out=is_not_above)
        num_not_above = is_not_above.mv(torch.ones(num_classes))
    else:
        num_not_above = (scores <= of_true).sum(dim=1)
    return (num_not_above > num_classes - top_k) & (known == target)


def _class_table_on_host(
    chosen: "Indices",
    actual: "Indices",
    num_classes: int,
    ignore_index: int | None,
    *,
    is_scored: bool,
) -> Tensor:
    """Count with numpy, where nothing waits and what is to be left out can be."""
    if ignore_index is not None:
        is_counted = actual != ignore_index
        chosen, actual = chosen[is_counted], actual[is_counted]
    num_seen = actual.size
    if not (_are_classes(actual, num_classes) and (is_scored or _are_classes(chosen, num_classes))):
        is_known = _where_classes(chosen, num_classes) & _where_classes(actual, num_classes)
        chosen, actual = chosen[is_known], actual[is_known]
    num_counted = actual.size
    table = np.empty((5, num_classes), dtype=np.int64)
    table[0] = np.bincount(chosen[chosen == actual], minlength=num_classes)
    table[1] = np.bincount(chosen, minlength=num_classes)
    table[2] = np.bincount(actual, minlength=num_classes)
    table[3] = num_counted
    table[4] = num_seen - num_counted
    return from_numpy(table)


def _are_classes(values: "Indices", num_classes: int) -> bool:
    """Tell whether all are in ``[0, num_classes)``."""
    # as unsigned numbers, negative ones are too large
    return not values.size or int(np.maximum.reduce(values.view(np.uint64))) < num_classes


def _where_classes(values: "Indices", num_classes: int) -> "Mask":
    return values.view(np.uint64) < num_classes


def _cells_on_host(
    chosen: "Indices",
    actual: "Indices",
    num_classes: int,
    ignore_index: int | None,
    *,
    is_scored: bool,
) -> "Indices":
    """Give what :func:`_cells` does, with numpy."""
    cells = actual * num_classes
    cells += chosen
    if not (_are_classes(actual, num_classes) and (is_scored or _are_classes(chosen, num_classes))):
        is_known = _where_classes(chosen, num_classes) & _where_classes(actual, num_classes)
        cells[~is_known] = num_classes * num_classes
    if ignore_index is not None:
        cells[actual == ignore_index] = num_classes * num_classes + 1
    return cells


def _class_table(
    chosen: Tensor, actual: Tensor, num_classes: int, ignore_index: int | None
) -> Tensor:
    """Count where the tensors are, with two columns more: out of range, ignored."""
    is_known = _is_class(chosen, num_classes) & _is_class(actual, num_classes)
    bucket = torch.where(is_known, chosen, num_classes)
    target = torch.where(is_known, actual, num_classes)
    if ignore_index is not None:
        is_ignored = actual == ignore_index
        bucket = torch.where(is_ignored, num_classes + 1, bucket)
        target = torch.where(is_ignored, num_classes + 1, target)
    ones = torch.ones_like(bucket)
    table = bucket.new_zeros((5, num_classes + 2))
    table[0].index_add_(0, bucket, (bucket == target).long())
    table[1].index_add_(0, bucket, ones)
    table[2].index_add_(0, target, ones)
    table[3] = bucket.shape[0] - table[1, num_classes:].sum()
    table[4] = table[1, num_classes]
    return table[:, :num_classes].contiguous()


def _is_class(classes: Tensor, num_classes: int) -> Tensor:
    return (classes >= 0) & (classes < num_classes)


def _cells(chosen: Tensor, actual: Tensor, num_classes: int, ignore_index: int | None) -> Tensor:
    """Give for each pair its place in the table of :class:`ConfusionCounts`."""
    is_known = _is_class(chosen, num_classes) & _is_class(actual, num_classes)
    outside = num_classes * num_classes
    cells = torch.where(is_known, torch.add(chosen, actual, alpha=num_classes), outside)
    if ignore_index is None:
        return cells
    return torch.where(actual == ignore_index, outside + 1, cells)


# ----------------------------------------------------------------------- yes or no, once or L times


def _of_one_shape(
    where: str, prediction: Tensor, target: Tensor, kind: ClassificationKind
) -> tuple[Tensor, Tensor]:
    """Refuse what is not of one shape; an axis of one class goes."""
    if prediction.is_complex() or target.is_complex():
        dtypes = f"{prediction.dtype} and {target.dtype}"
        raise ArgumentTypeError(f"{where}: predictions and targets must be real, got {dtypes}")
    prediction, target = prediction.detach(), target.detach()
    if kind == "binary":
        shapes, least = "(N, ...), twice", 1
        if prediction.ndim == target.ndim + 1 > 1 and prediction.shape[1] == 1:
            prediction = prediction.squeeze(1)
    elif kind == "multilabel":
        shapes, least = "(N, L, ...), twice", 2
    else:
        raise ArgumentError(mismatch(where, "kind", "'binary', 'multiclass' or 'multilabel'", kind))
    if prediction.shape != target.shape or target.ndim < least:
        raise ArgumentError(_wrong_shapes(where, shapes, prediction, target))
    return prediction, target


def _thresholded(prediction: Tensor, threshold: float) -> Tensor:
    return prediction > threshold if prediction.is_floating_point() else prediction


def _answers(answer: Tensor, target: Tensor, ignore_index: int | None) -> Tensor:
    """Give five booleans for each answer: the rows of :class:`ClassCounts`.

    These are hit, predicted, true, counted, out of range; all False where ignored.
    """
    predicted, actual = answer == 1, target == 1
    counted = actual | (target == 0)
    if answer.dtype != torch.bool:
        counted = counted & (predicted | (answer == 0))
    out_of_range = ~counted
    if ignore_index is not None:
        is_kept = target != ignore_index
        counted, out_of_range = counted & is_kept, out_of_range & is_kept
    predicted, actual = predicted & counted, actual & counted
    return torch.stack((predicted & actual, predicted, actual, counted, out_of_range))


def _yes_table(where: str, prediction: Tensor, target: Tensor, options: _Options) -> Tensor:
    prediction, target = _of_one_shape(where, prediction, target, options.kind)
    is_binary, ignore_index = options.kind == "binary", options.ignore_index
    answer = _thresholded(prediction, options.threshold)
    if has_numpy and answer.is_cpu and answer.dtype == torch.bool and ignore_index is None:
        table = _yes_table_on_host(answer, target, is_binary=is_binary)
        if table is not None:
            return table
    rows = _answers(answer, target, ignore_index)
    return rows.flatten(1).sum(dim=1) if is_binary else rows.sum(dim=(1, *range(3, rows.ndim)))


def _yes_table_on_host(answer: Tensor, target: Tensor, *, is_binary: bool) -> Tensor | None:
    """Count with numpy; or give up, if targets are not all 0 and 1."""
    ours = answer.numpy()
    theirs = (target.float() if target.dtype == torch.bfloat16 else target).numpy()
    actual: Mask = theirs == 1
    num_actual = np.count_nonzero(actual)
    if num_actual + np.count_nonzero(theirs == 0) != theirs.size:
        return None
    if is_binary:
        num_hits, num_predicted = np.count_nonzero(ours & actual), np.count_nonzero(ours)
        return from_numpy(
            np.array((num_hits, num_predicted, num_actual, theirs.size, 0), dtype=np.int64)
        )
    rows = np.empty((3, *theirs.shape), dtype=np.bool_)
    rows[0], rows[1], rows[2] = ours & actual, ours, actual
    num_labels = theirs.shape[1]
    table = np.empty((5, num_labels), dtype=np.int64)
    table[:3] = from_numpy(rows).sum(dim=(1, *range(3, rows.ndim))).numpy()
    table[3] = theirs.size // max(num_labels, 1)
    table[4] = 0
    return from_numpy(table)


def _yes_as_classes(
    where: str, prediction: Tensor, target: Tensor, options: _Options
) -> tuple[Tensor, Tensor]:
    """Give predicted and true classes 0 and 1, int64, with one axis."""
    if options.kind != "binary":
        condition = "'binary' or 'multiclass'"
        raise ArgumentError(mismatch(where, "kind", condition, options.kind))
    prediction, target = _of_one_shape(where, prediction, target, options.kind)
    chosen = _thresholded(prediction, options.threshold).long()
    if target.is_floating_point():
        # what is no whole number must not become one
        ignored, unknown = options.ignore_index, -2 if options.ignore_index == -1 else -1
        is_known = (target == 0) | (target == 1)
        if ignored is not None:
            is_known = is_known | (target == ignored)
        target = torch.where(is_known, target, unknown)
    return chosen.flatten(), target.long().flatten()


def _sample_sums(
    where: str,
    prediction: Tensor,
    target: Tensor,
    options: _Options,
    *,
    beta: float,
    zero_division: float,
) -> SampleSums:
    prediction, target = _of_one_shape(where, prediction, target, options.kind)
    answer = _thresholded(prediction, options.threshold)
    rows = _answers(answer, target, options.ignore_index)
    by_sample = ClassCounts(rows.sum(dim=2).flatten(1))
    scores = torch.stack(
        (
            precision_result(by_sample, zero_division=zero_division),
            recall_result(by_sample, zero_division=zero_division),
            fbeta_result(by_sample, beta=beta, zero_division=zero_division),
            jaccard_result(by_sample, zero_division=zero_division),
        )
    )
    is_counted = by_sample.total > 0
    num_counted = torch.stack((is_counted.sum(), by_sample.num_out_of_range.sum()))
    return SampleSums(torch.where(is_counted, scores, 0.0).sum(dim=1), num_counted)


def check_sample_sums(where: str, sums: SampleSums) -> None:
    """Refuse sums that nothing can be computed from. Waits for the device.

    Args:
        where: Whose sums they are, for the error.
        sums: What :func:`sample_sums` gave.

    Raises:
        ArgumentError: Some predictions or targets were not 0 or 1.
        NotComputableError: No sample was counted.

    Example:
        >>> import torch
        >>> check_sample_sums("f1", sample_sums(torch.eye(2), torch.eye(2)))
    """
    num_samples, outside = map(int, as_list(sums.counts))
    if outside:
        raise ArgumentError(
            f"{where}: predictions and targets must be 0 or 1, got {outside} labels outside"
        )
    if not num_samples:
        raise NotComputableError(f"{where}: needs at least one sample")


def check_classes(
    where: str,
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    ignore_index: int | None = None,
) -> None:
    """Refuse classes that do not exist. Waits for the device.

    Args:
        where: Whose predictions they are, for the error.
        prediction: As for :func:`class_counts`.
        target: As for :func:`class_counts`.
        kind: As for :func:`class_counts`.
        ignore_index: Target that is allowed besides; ``None`` for none.

    Raises:
        ArgumentError: Some targets, or predictions that are whole numbers, are outside the range
            (which for class indices has no upper end).

    Example:
        >>> import torch
        >>> check_classes("accuracy", torch.tensor([3]), torch.tensor([3]), kind="multiclass")
    """
    has_scores = prediction.ndim > target.ndim
    highest = 1
    if kind == "multiclass":
        highest = prediction.shape[1] - 1 if has_scores else torch.iinfo(torch.int64).max
    is_fine = _is_whole_up_to(target, highest)
    if ignore_index is not None:
        is_fine = is_fine | (target == ignore_index)
    if not (has_scores or prediction.is_floating_point()):
        is_fine = is_fine & _is_whole_up_to(prediction, highest)
    num_outside = is_fine.numel() - int(is_fine.sum())
    if num_outside:
        what = "0 or 1" if kind != "multiclass" else "classes, from 0 on"
        if kind == "multiclass" and has_scores:
            what = f"in [0, {highest + 1})"
        raise ArgumentError(
            f"{where}: predictions and targets must be {what}, got {num_outside} outside"
        )


def _is_whole_up_to(values: Tensor, highest: int) -> Tensor:
    if values.dtype == torch.bool:
        return torch.ones_like(values)
    if values.is_floating_point():
        return (values >= 0) & (values <= highest) & (values == values.round())
    # a number that the dtype cannot hold would become another one
    return (values >= 0) & (values <= min(highest, torch.iinfo(values.dtype).max))


def _wrong_shapes(where: str, shapes: str, prediction: Tensor, target: Tensor) -> str:
    came = f"{list(prediction.shape)} and {list(target.shape)}"
    return f"{where}: shapes of predictions and targets must be {shapes}, got {came}"


# -------------------------------------------------------------------------------------- the metrics


def _checked_counts(
    where: str, prediction: Tensor, target: Tensor, options: _Options
) -> ClassCounts:
    counts = _class_counts(where, prediction, target, options)
    check_counts(where, counts, is_of_labels=options.kind == "multilabel")
    return counts


def _checked_matrix(where: str, prediction: Tensor, target: Tensor, options: _Options) -> Tensor:
    counts = _confusion_counts(where, prediction, target, options)
    outside, ignored = map(int, as_list(counts.table[-2:]))
    if outside:
        raise ArgumentError(
            f"{where}: predictions and targets must be in [0, {counts.num_classes}), got "
            f"{outside} samples outside"
        )
    if ignored == target.numel():
        raise NotComputableError(f"{where}: needs at least one sample")
    return counts.matrix


def _mean_by_sample(
    where: str,
    prediction: Tensor,
    target: Tensor,
    options: _Options,
    *,
    zero_division: float,
    beta: float = 1.0,
) -> Tensor:
    if options.kind != "multilabel":
        raise ArgumentError(
            f"{where}: average 'samples' is for kind 'multilabel', got {options.kind!r}"
        )
    sums = _sample_sums(where, prediction, target, options, beta=beta, zero_division=zero_division)
    check_sample_sums(where, sums)
    return sample_result(sums)


def accuracy(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Share of samples that are right; of labels, of samples of which all labels are.

    Better is higher, from 0 to 1. Arguments and errors are those of :func:`precision`.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        scikit-learn's ``accuracy_score``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
        >>> round(accuracy(scores, torch.tensor([1, 0, 0]), kind="multiclass").item(), 4)
        0.6667
    """
    return _accuracy(
        "accuracy",
        prediction,
        target,
        _Options(kind, num_classes, ignore_index, top_k, threshold),
    )


def _accuracy(where: str, prediction: Tensor, target: Tensor, options: _Options) -> Tensor:
    if options.kind == "multiclass" and options.num_classes is not None:
        counts = _checked_counts(where, prediction, target, options)
        return accuracy_result(counts)
    right = _right_counts(where, prediction, target, options)
    check_classes(where, prediction, target, kind=options.kind, ignore_index=options.ignore_index)
    check_right_counts(where, right)
    return right_result(right)


def precision(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: SampleAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Share of what was predicted that is true.

    Better is higher, from 0 to 1.

    Args:
        prediction: As for :func:`class_counts`: scores or class indices for ``multiclass``;
            floating point numbers that ``threshold`` is applied to, or 0 and 1, for ``binary`` and
            ``multilabel``. Shape ``(N, C, ...)`` or that of the targets.
        target: Class indices for ``multiclass``, else 0 and 1. Shape ``(N, ...)``, for labels
            ``(N, L, ...)``.
        kind: Whether a sample is of one class, of which of C, or which of L labels it has.
        num_classes: C, for ``multiclass``; may be left out where there are scores.
        average: ``None`` for a value per class or label (``binary``: that of class 1). ``"micro"``
            divides the sums over classes, ``"macro"`` is the mean over all classes, ``"weighted"``
            the mean weighted by how often each is true; these three take both classes of
            ``binary``. ``"samples"``, of labels, is the mean of what each sample has by itself.
        zero_division: The value of 0/0. NaN leaves such classes out of the means.
        ignore_index: Target of what is not to be counted; ``None`` for none.
        top_k: A true class among so many best scored counts as predicted; else the best scored.
        threshold: What floating point predictions have to be above.

    Returns:
        Float64, shape ``(C,)`` or ``()``, on the device of the targets.

    Raises:
        ArgumentError: Shapes or options do not fit together, or a class is out of range.
        ArgumentTypeError: A dtype is of another kind.
        NotComputableError: There is no sample, or all are ignored.

    Source:
        scikit-learn's ``precision_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> precision(prediction, target, kind="binary").item()
        0.6666666666666666
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    if average == "samples":
        return _mean_by_sample(
            "precision", prediction, target, options, zero_division=zero_division
        )[0]
    counts = _checked_counts("precision", prediction, target, options)
    return precision_result(counts, average=average, zero_division=zero_division)


def recall(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: SampleAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Share of what is true that was predicted.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        scikit-learn's ``recall_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> recall(prediction, target, kind="binary").item()
        1.0
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    if average == "samples":
        return _mean_by_sample("recall", prediction, target, options, zero_division=zero_division)[
            1
        ]
    counts = _checked_counts("recall", prediction, target, options)
    return recall_result(counts, average=average, zero_division=zero_division)


def fbeta(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    beta: float,
    average: SampleAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Weighted harmonic mean of precision and recall; ``beta`` above 0 weighs recall.

    :math:`F_\beta = (1+\beta^2)\, tp / (\beta^2\, actual + predicted)`, averaged afterwards.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        scikit-learn's ``fbeta_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> fbeta(prediction, target, kind="binary", beta=2).item()
        0.9090909090909091
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    if average == "samples":
        return _mean_by_sample(
            "fbeta", prediction, target, options, zero_division=zero_division, beta=beta
        )[2]
    counts = _checked_counts("fbeta", prediction, target, options)
    return fbeta_result(counts, beta=beta, average=average, zero_division=zero_division)


def f1(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: SampleAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Harmonic mean of precision and recall: :math:`2\, tp / (actual + predicted)`.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        scikit-learn's ``f1_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> f1(prediction, target, kind="binary").item()
        0.8
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    if average == "samples":
        return _mean_by_sample("f1", prediction, target, options, zero_division=zero_division)[2]
    counts = _checked_counts("f1", prediction, target, options)
    return fbeta_result(counts, average=average, zero_division=zero_division)


def jaccard_index(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: SampleAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Intersection over union: :math:`tp / (predicted + actual - tp)`.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        scikit-learn's ``jaccard_score``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> jaccard_index(prediction, target, kind="binary").item()
        0.6666666666666666
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    if average == "samples":
        return _mean_by_sample(
            "jaccard_index", prediction, target, options, zero_division=zero_division
        )[3]
    counts = _checked_counts("jaccard_index", prediction, target, options)
    return jaccard_result(counts, average=average, zero_division=zero_division)


def specificity(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: ClassAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Share of what is not true that was not predicted; there is no average ``"samples"``.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        torchmetrics' ``Specificity``; the recall of the negative class.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> specificity(prediction, target, kind="binary").item()
        0.5
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    counts = _checked_counts("specificity", prediction, target, options)
    return specificity_result(counts, average=average, zero_division=zero_division)


def negative_predictive_value(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    average: ClassAverage = None,
    zero_division: float = 0.0,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    r"""Share of what was not predicted that is not true; there is no average ``"samples"``.

    Better is higher, from 0 to 1. Arguments, result and errors are those of :func:`precision`.

    Source:
        torchmetrics' ``NegativePredictiveValue``; the precision of the negative class.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])
        >>> negative_predictive_value(prediction, target, kind="binary").item()
        1.0
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    counts = _checked_counts("negative_predictive_value", prediction, target, options)
    return negative_predictive_value_result(counts, average=average, zero_division=zero_division)


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
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    counts = _checked_counts("stat_scores", prediction, target, options)
    return stat_scores_result(counts, average=average)


def hamming_distance(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKind,
    num_classes: int | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    """Share of labels that are wrong; of samples, where each has one class.

    Better is lower, from 0 to 1. Arguments and errors are those of :func:`precision`.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        scikit-learn's ``hamming_loss``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([[1, 1], [0, 1]]), torch.tensor([[1, 0], [0, 1]])
        >>> hamming_distance(prediction, target, kind="multilabel").item()
        0.25
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    if kind == "multiclass":
        return 1 - _accuracy("hamming_distance", prediction, target, options)
    return hamming_distance_result(_checked_counts("hamming_distance", prediction, target, options))


def balanced_accuracy(
    prediction: Tensor,
    target: Tensor,
    *,
    kind: ClassificationKindWithoutLabels = "multiclass",
    num_classes: int | None = None,
    ignore_index: int | None = None,
    top_k: int = 1,
    threshold: float = 0.5,
) -> Tensor:
    """Mean recall over the classes that are true at least once.

    Better is higher, from 0 to 1; guessing gives one over the number of classes. Arguments and
    errors are those of :func:`precision`, for ``binary`` and ``multiclass``.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        scikit-learn's ``balanced_accuracy_score``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1, 1]), torch.tensor([0, 0, 1, 1])
        >>> balanced_accuracy(prediction, target, kind="binary").item()
        0.75
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    return balanced_accuracy_result(
        _checked_counts("balanced_accuracy", prediction, target, options)
    )


def exact_match(
    prediction: Tensor,
    target: Tensor,
    *,
    ignore_index: int | None = None,
    threshold: float = 0.5,
) -> Tensor:
    """Share of samples of which all labels are right: the accuracy of kind ``multilabel``.

    Better is higher, from 0 to 1. Arguments and errors are those of :func:`precision`. An ignored
    label is taken as right; a sample of none but such labels is not counted.

    Returns:
        Float64, shape ``()``, on the device of the targets.

    Source:
        scikit-learn's ``accuracy_score`` of labels.

    Example:
        >>> import torch
        >>> exact_match(torch.tensor([[1, 1], [0, 1]]), torch.tensor([[1, 0], [0, 1]])).item()
        0.5
    """
    options = _Options("multilabel", None, ignore_index, 1, threshold)
    return _accuracy("exact_match", prediction, target, options)


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
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    matrix = _checked_matrix("confusion_matrix", prediction, target, options)
    return matrix if normalize is None else normalized_matrix(matrix, by=normalize)


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
    options = _Options("multilabel", None, ignore_index, 1, threshold)
    counts = _checked_counts("multilabel_confusion_matrix", prediction, target, options)
    matrix = multilabel_matrix_result(counts)
    return matrix if normalize is None else normalized_matrix(matrix, by=normalize)


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
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    if weights is None:
        return cohen_kappa_result(_checked_counts("cohen_kappa", prediction, target, options))
    matrix = _checked_matrix("cohen_kappa", prediction, target, options)
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
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    return matthews_corr_coef_result(
        _checked_counts("matthews_corr_coef", prediction, target, options)
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
        Float64, shape ``(C,)``, or ``(C - 1,)`` with ``drop_index``, on the device of
        the targets.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0])
        >>> iou(prediction, target, num_classes=2).tolist()
        [0.5, 0.5]
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    counts = _classes_of_counts("iou", prediction, target, options)
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
        Float64, shape ``()``, on the device of the
        targets.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0])
        >>> mean_iou(prediction, target, num_classes=2).tolist()
        0.5
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    counts = _classes_of_counts("mean_iou", prediction, target, options)
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
        Float64, shape ``(C,)``, or ``(C - 1,)`` with ``drop_index``, on the device of
        the targets.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0, 1, 1]), torch.tensor([0, 1, 0])
        >>> dice_coefficient(prediction, target, num_classes=2).tolist()
        [0.6666666666666666, 0.6666666666666666]
    """
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    counts = _classes_of_counts("dice_coefficient", prediction, target, options)
    return dice_result(counts, drop_index=drop_index, zero_division=zero_division)


def _classes_of_counts(
    where: str, prediction: Tensor, target: Tensor, options: _Options
) -> ClassCounts:
    """Give counts of classes, for ``binary`` of both."""
    counts = _checked_counts(where, prediction, target, options)
    return both_classes(counts) if options.kind == "binary" else counts


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
    options = _Options(kind, num_classes, ignore_index, top_k, threshold)
    counts = _checked_counts("classification_report", prediction, target, options)
    return classification_report_result(
        counts, beta=beta, labels=labels, zero_division=zero_division
    )
