"""Counting where one of several classes is true: on the host by numpy, else where it is."""

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import torch
from torch import Tensor

from firesteel._require import at_least, mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError

from ._class_kinds import wrong_shapes
from ._counts import from_numpy, is_on_host

if TYPE_CHECKING:
    import numpy as np

    from ._counts import Indices, Mask
else:
    with suppress(ImportError):
        import numpy as np

__all__ = [
    "agreed_classes",
    "best_scored",
    "cells_of_pairs",
    "cells_on_host",
    "chosen_classes",
    "chosen_on_host",
    "class_table",
    "class_table_on_host",
    "flat",
    "is_among_best",
    "is_scored_by_class",
    "right_on_host",
]

_HALF_DTYPES: Final = (torch.float16, torch.bfloat16)


def is_scored_by_class(where: str, prediction: Tensor, target: Tensor) -> bool:
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
        raise ArgumentError(wrong_shapes(where, shapes, prediction, target))
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


def agreed_classes(where: str, prediction: Tensor, said: int | None, *, is_scored: bool) -> int:
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


def flat(classes: Tensor) -> Tensor:
    """Give classes as int64 with one axis."""
    if classes.dtype != torch.int64:
        classes = classes.long()
    return classes if classes.ndim == 1 else classes.flatten()


def chosen_classes(
    where: str, prediction: Tensor, target: Tensor, top_k: int, *, is_scored: bool
) -> Tensor:
    """Give predicted classes, int64, with one axis."""
    if not is_scored:
        return flat(prediction)
    if top_k == 1:
        return best_scored(prediction)
    is_hit = is_among_best(where, prediction, target, top_k).flatten()
    return torch.where(is_hit, flat(target), best_scored(prediction))


def chosen_on_host(
    where: str, prediction: Tensor, target: Tensor, top_k: int, *, is_scored: bool
) -> "Indices":
    """Give predicted classes with one axis, where numpy can."""
    if is_scored and top_k == 1 and prediction.numel():
        return _argmax_on_host(prediction)
    return chosen_classes(where, prediction, target, top_k, is_scored=is_scored).numpy()


def best_scored(scores: Tensor) -> Tensor:
    """Give the first of the highest scores along axis 1, flat; NaN is the highest of all."""
    if is_on_host(scores) and scores.numel():
        return from_numpy(_argmax_on_host(scores))
    return scores.argmax(dim=1).flatten()


def _argmax_on_host(scores: Tensor) -> "Indices":
    """Give what :func:`best_scored` does, by the same rules as torch in a tenth of the time."""
    if scores.requires_grad:
        scores = scores.detach()
    if scores.dtype in _HALF_DTYPES:
        scores = scores.float()
    chosen: Indices = scores.numpy().argmax(axis=1)
    return chosen if chosen.ndim == 1 else chosen.reshape(-1)


def is_among_best(where: str, scores: Tensor, target: Tensor, top_k: int) -> Tensor:
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


def class_table_on_host(
    chosen: "Indices",
    actual: "Indices",
    num_classes: int,
    ignore_index: int | None,
    *,
    into: Tensor | None,
) -> Tensor:
    """Count with numpy, where nothing waits and what is to be left out can be."""
    if ignore_index is not None:
        is_counted = actual != ignore_index
        chosen, actual = chosen[is_counted], actual[is_counted]
    num_seen = actual.size
    counts = _counted_on_host(chosen, actual, num_classes)
    if counts is None:
        is_known = _where_classes(chosen, num_classes) & _where_classes(actual, num_classes)
        chosen, actual = chosen[is_known], actual[is_known]
        counts = (
            np.bincount(chosen, minlength=num_classes),
            np.bincount(actual, minlength=num_classes),
        )
    table: Indices = np.zeros((5, num_classes), np.int64) if into is None else into.numpy()
    right, of_chosen, of_actual, total, outside = table
    right += np.bincount(chosen[chosen == actual], minlength=num_classes)
    of_chosen += counts[0]
    of_actual += counts[1]
    total += actual.size
    if num_seen != actual.size:
        outside += num_seen - actual.size
    return from_numpy(table) if into is None else into


def _counted_on_host(
    chosen: "Indices", actual: "Indices", num_classes: int
) -> "tuple[Indices, Indices] | None":
    """Count each class; or give up where one is out of range, which costs no look beforehand."""
    try:
        of_chosen = np.bincount(chosen, minlength=num_classes)
        of_actual = np.bincount(actual, minlength=num_classes)
    except (ValueError, MemoryError):  # below 0, or far beyond
        return None
    return (of_chosen, of_actual) if of_chosen.size == of_actual.size == num_classes else None


def right_on_host(
    chosen: "Indices", actual: "Indices", ignore_index: int | None
) -> tuple[int, int]:
    """Count those that are right, and those that are counted, with numpy."""
    is_right: Mask = chosen == actual
    if ignore_index is None:
        return int(np.count_nonzero(is_right)), is_right.size
    is_counted: Mask = actual != ignore_index
    return int(np.count_nonzero(is_right & is_counted)), int(np.count_nonzero(is_counted))


def _are_classes(values: "Indices", num_classes: int) -> bool:
    """Tell whether all are in ``[0, num_classes)``."""
    # as unsigned numbers, negative ones are too large
    return not values.size or int(np.maximum.reduce(values.view(np.uint64))) < num_classes


def _where_classes(values: "Indices", num_classes: int) -> "Mask":
    return values.view(np.uint64) < num_classes


def cells_on_host(
    chosen: "Indices",
    actual: "Indices",
    num_classes: int,
    ignore_index: int | None,
    *,
    is_scored: bool,
) -> "Indices":
    """Give what :func:`cells_of_pairs` does, with numpy."""
    cells = actual * num_classes
    cells += chosen
    if not (_are_classes(actual, num_classes) and (is_scored or _are_classes(chosen, num_classes))):
        is_known = _where_classes(chosen, num_classes) & _where_classes(actual, num_classes)
        cells[~is_known] = num_classes * num_classes
    if ignore_index is not None:
        cells[actual == ignore_index] = num_classes * num_classes + 1
    return cells


def class_table(
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


def cells_of_pairs(
    chosen: Tensor, actual: Tensor, num_classes: int, ignore_index: int | None
) -> Tensor:
    """Give for each pair its place in the table of :class:`ConfusionCounts`."""
    is_known = _is_class(chosen, num_classes) & _is_class(actual, num_classes)
    outside = num_classes * num_classes
    cells = torch.where(is_known, torch.add(chosen, actual, alpha=num_classes), outside)
    if ignore_index is None:
        return cells
    return torch.where(actual == ignore_index, outside + 1, cells)
