"""Counting of yes and no: once for a sample, or for each of its labels."""

from contextlib import suppress
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from firesteel._require import mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError

from ._class_kinds import ClassificationKind, CountOptions, wrong_shapes
from ._counts import from_numpy, is_on_host

if TYPE_CHECKING:
    import numpy as np

    from ._counts import Mask
else:
    with suppress(ImportError):
        import numpy as np

__all__ = [
    "answers",
    "of_one_shape",
    "thresholded",
    "yes_as_classes",
    "yes_table",
]


def of_one_shape(
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
        raise ArgumentError(wrong_shapes(where, shapes, prediction, target))
    return prediction, target


def thresholded(prediction: Tensor, threshold: float) -> Tensor:
    return prediction > threshold if prediction.is_floating_point() else prediction


def answers(answer: Tensor, target: Tensor, ignore_index: int | None) -> Tensor:
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


def yes_table(where: str, prediction: Tensor, target: Tensor, options: CountOptions) -> Tensor:
    prediction, target = of_one_shape(where, prediction, target, options.kind)
    is_binary, ignore_index = options.kind == "binary", options.ignore_index
    answer = thresholded(prediction, options.threshold)
    if is_on_host(answer) and answer.dtype == torch.bool and ignore_index is None:
        table = _yes_table_on_host(answer, target, is_binary=is_binary)
        if table is not None:
            return table
    rows = answers(answer, target, ignore_index)
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


def yes_as_classes(
    where: str, prediction: Tensor, target: Tensor, options: CountOptions
) -> tuple[Tensor, Tensor]:
    """Give predicted and true classes 0 and 1, int64, with one axis."""
    if options.kind != "binary":
        condition = "'binary' or 'multiclass'"
        raise ArgumentError(mismatch(where, "kind", condition, options.kind))
    prediction, target = of_one_shape(where, prediction, target, options.kind)
    chosen = thresholded(prediction, options.threshold).long()
    if target.is_floating_point():
        # what is no whole number must not become one
        ignored, unknown = options.ignore_index, -2 if options.ignore_index == -1 else -1
        is_known = (target == 0) | (target == 1)
        if ignored is not None:
            is_known = is_known | (target == ignored)
        target = torch.where(is_known, target, unknown)
    return chosen.flatten(), target.long().flatten()
