"""From predictions and targets to counts.

Nothing here waits for a device; a class that does not exist is counted apart instead of being
refused.
"""

import math
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from firesteel.errors import ArgumentError

from ._class_kinds import ClassificationKind, ClassificationKindWithoutLabels, CountOptions
from ._class_shares import fbeta_result, jaccard_result, precision_result, recall_result
from ._counting_classes import (
    agreed_classes,
    best_scored,
    cells_of_pairs,
    cells_on_host,
    chosen_classes,
    chosen_on_host,
    class_table,
    class_table_on_host,
    flat,
    is_among_best,
    is_scored_by_class,
    right_on_host,
)
from ._counting_labels import answers, of_one_shape, thresholded, yes_as_classes, yes_table
from ._counts import ClassCounts, from_numpy, in_double, is_on_host

if TYPE_CHECKING:
    import numpy as np

else:
    with suppress(ImportError):
        import numpy as np

__all__ = [
    "ConfusionCounts",
    "RightCounts",
    "SampleSums",
    "class_counts",
    "confusion_counts",
    "count_classes",
    "count_confusion",
    "count_right",
    "right_counts",
    "right_in_tensors",
    "right_result",
    "sample_result",
    "sample_sums",
    "sum_samples",
]


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
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    return ClassCounts(count_classes(where, prediction, target, options))


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
    options = CountOptions(kind, num_classes, ignore_index, top_k, threshold)
    table = count_confusion(where, prediction, target, options, into)
    if into is not None and table is not into:
        raise ArgumentError(
            f"{where}: into must be torch.int64 of shape {list(table.shape)} on {table.device}, "
            f"got {into.dtype} of shape {list(into.shape)} on {into.device}"
        )
    return ConfusionCounts(table)


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
    options = CountOptions(kind, None, ignore_index, top_k, threshold)
    return right_in_tensors(where, prediction, target, options)


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
    options = CountOptions("multilabel", None, ignore_index, 1, threshold)
    return sum_samples(where, prediction, target, options, beta=beta, zero_division=zero_division)


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


def count_classes(
    where: str,
    prediction: Tensor,
    target: Tensor,
    options: CountOptions,
    into: Tensor | None = None,
) -> Tensor:
    """Do what :func:`class_counts` does.

    Where the host counts classes it adds to ``into``, if that has their number, and gives it.
    """
    if options.kind != "multiclass":
        return yes_table(where, prediction, target, options)
    _, num_classes, ignore_index, top_k, _ = options
    is_scored = is_scored_by_class(where, prediction, target)
    num_classes = agreed_classes(where, prediction, num_classes, is_scored=is_scored)
    if is_on_host(target):
        ours = chosen_on_host(where, prediction, target, top_k, is_scored=is_scored)
        if into is not None and (into.shape != (5, num_classes) or not into.is_cpu):
            into = None
        return class_table_on_host(ours, flat(target).numpy(), num_classes, ignore_index, into=into)
    chosen = chosen_classes(where, prediction, target, top_k, is_scored=is_scored)
    return class_table(chosen, flat(target), num_classes, ignore_index)


def count_confusion(
    where: str,
    prediction: Tensor,
    target: Tensor,
    options: CountOptions,
    into: Tensor | None = None,
) -> Tensor:
    """Do what :func:`confusion_counts` does; give ``into``, if the counts could be added to it."""
    kind, said, ignore_index, top_k, _ = options
    if kind == "multiclass":
        is_scored = is_scored_by_class(where, prediction, target)
        num_classes = agreed_classes(where, prediction, said, is_scored=is_scored)
    else:
        is_scored, num_classes = False, 2
        prediction, target = yes_as_classes(where, prediction, target, options)
    length = num_classes * num_classes + 2
    if into is not None and not _can_take(into, length, target):
        into = None
    if is_on_host(target):
        ours = chosen_on_host(where, prediction, target, top_k, is_scored=is_scored)
        places = cells_on_host(
            ours, flat(target).numpy(), num_classes, ignore_index, is_scored=is_scored
        )
        if into is None:
            return from_numpy(np.bincount(places, minlength=length))
        np.add.at(into.numpy(), places, 1)
        return into
    chosen = chosen_classes(where, prediction, target, top_k, is_scored=is_scored)
    cells = cells_of_pairs(chosen, flat(target), num_classes, ignore_index)
    table = cells.new_zeros(length) if into is None else into
    return table.index_add_(0, cells, torch.ones_like(cells))


def _can_take(into: Tensor, length: int, target: Tensor) -> bool:
    return into.shape == (length,) and into.dtype == torch.int64 and into.device == target.device


def count_right(
    where: str, prediction: Tensor, target: Tensor, options: CountOptions
) -> tuple[Tensor | int, Tensor | int]:
    """Do what :func:`right_counts` does; give numbers of Python where the host has counted."""
    kind, num_classes, ignore_index, top_k, threshold = options
    if kind == "multiclass":
        is_scored = is_scored_by_class(where, prediction, target)
        if is_scored and num_classes is not None:
            agreed_classes(where, prediction, num_classes, is_scored=True)
        if is_on_host(target) and (top_k == 1 or not is_scored):
            chosen = chosen_on_host(where, prediction, target, 1, is_scored=is_scored)
            return right_on_host(chosen, flat(target).numpy(), ignore_index)
        actual = flat(target)
        if is_scored and top_k != 1:
            is_right = is_among_best(where, prediction, target, top_k).flatten()
        else:
            is_right = (best_scored(prediction) if is_scored else flat(prediction)) == actual
    else:
        prediction, actual = of_one_shape(where, prediction, target, kind)
        is_right = thresholded(prediction, threshold) == actual
    if ignore_index is None:
        if kind == "multilabel":
            is_right = is_right.all(dim=1)
        return torch.count_nonzero(is_right), is_right.numel()
    is_ignored = actual == ignore_index
    if kind == "multilabel":
        is_right, is_ignored = (is_right | is_ignored).all(dim=1), is_ignored.all(dim=1)
    is_counted = ~is_ignored
    return torch.count_nonzero(is_right & is_counted), torch.count_nonzero(is_counted)


def right_in_tensors(
    where: str, prediction: Tensor, target: Tensor, options: CountOptions
) -> RightCounts:
    """Do what :func:`right_counts` does."""
    num_right, num_seen = count_right(where, prediction, target, options)
    if isinstance(num_right, int):
        num_right = torch.tensor(num_right)
    return RightCounts(num_right, num_seen)


def sum_samples(
    where: str,
    prediction: Tensor,
    target: Tensor,
    options: CountOptions,
    *,
    beta: float,
    zero_division: float,
) -> SampleSums:
    """Do what :func:`sample_sums` does."""
    prediction, target = of_one_shape(where, prediction, target, options.kind)
    answer = thresholded(prediction, options.threshold)
    rows = answers(answer, target, options.ignore_index)
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
