"""Checks of classes and of counts, for which the host has to wait for the device."""

import math
from contextlib import suppress
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError

from ._class_kinds import ClassificationKind
from ._counting import ConfusionCounts, RightCounts, SampleSums
from ._counts import as_list, is_on_host
from ._numbers import has_numbers

if TYPE_CHECKING:
    import numpy as np

    from ._counts import Indices
else:
    with suppress(ImportError):
        import numpy as np

__all__ = [
    "check_classes",
    "check_right_counts",
    "check_sample_sums",
    "seen_and_outside",
]


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
        >>> from firesteel.metrics._functional._counting import sample_sums
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
    way_out: str = "class indices need num_classes",
) -> None:
    """Refuse classes that do not exist, and scores that are no numbers. Waits for the device.

    Args:
        where: Whose predictions they are, for the error.
        prediction: As for :func:`class_counts`.
        target: As for :func:`class_counts`.
        kind: As for :func:`class_counts`.
        ignore_index: Target that is allowed besides, whatever was predicted there; ``None`` for
            none.
        way_out: What the error for ``binary`` ends in.

    Raises:
        ArgumentError: Some targets, or predictions that are whole numbers, are outside the range
            (which for class indices has no upper end), or a floating point prediction is NaN.
        ArgumentTypeError: Numbers are complex.

    Example:
        >>> import torch
        >>> check_classes("accuracy", torch.tensor([3]), torch.tensor([3]), kind="multiclass")
    """
    if prediction.is_complex() or target.is_complex():
        dtypes = f"{prediction.dtype} and {target.dtype}"
        raise ArgumentTypeError(f"{where}: predictions and targets must be real, got {dtypes}")
    if not (has_numbers(prediction) and has_numbers(target)):
        return
    has_scores = prediction.ndim > target.ndim
    highest = 1
    if kind == "multiclass":
        highest = prediction.shape[1] - 1 if has_scores else torch.iinfo(torch.int64).max
    if has_scores and _are_fine_on_host(prediction, target, highest):
        return
    is_fine = _is_whole_up_to(target, highest)
    if ignore_index is not None:
        is_fine = is_fine | (target == ignore_index)
    if not (has_scores or prediction.is_floating_point()):
        is_fine = is_fine & _is_whole_up_to(prediction, highest)
    is_number = _where_numbers(prediction, target, ignore_index, has_scores=has_scores)
    if int(torch.count_nonzero(is_fine & is_number)) == target.numel():
        return
    num_outside = target.numel() - int(torch.count_nonzero(is_fine))
    if not num_outside:
        num_nan = target.numel() - int(torch.count_nonzero(is_number))
        raise ArgumentError(
            f"{where}: predictions must be numbers, got NaN for {num_nan} of {target.numel()} "
            f"targets, predictions of shape {list(prediction.shape)}"
        )
    what = "0 or 1" if kind != "multiclass" else "classes, from 0 on"
    if kind == "multiclass" and has_scores:
        what = f"in [0, {highest + 1})"
    hint = f"; {way_out}" if kind == "binary" else ""
    raise ArgumentError(
        f"{where}: predictions and targets must be {what}, got {num_outside} outside{hint}"
    )


def _where_numbers(
    prediction: Tensor, target: Tensor, ignore_index: int | None, *, has_scores: bool
) -> Tensor:
    """Tell for which targets no NaN was predicted, or that are ignored."""
    is_number = ~prediction.isnan()
    if has_scores:
        is_number = is_number.all(dim=1)
    return is_number if ignore_index is None else is_number | (target == ignore_index)


def seen_and_outside(confusion: ConfusionCounts) -> tuple[int, int]:
    """Count the samples in a matrix, and those that had a class out of range. Waits for the device.

    Args:
        confusion: What :func:`confusion_counts` gave.

    Example:
        >>> import torch
        >>> seen_and_outside(ConfusionCounts(torch.tensor([2, 1, 0, 3, 5, 0])))
        (6, 5)
    """
    cells = confusion.table
    if is_on_host(cells):
        on_host: Indices = cells.numpy()
        return int(on_host[:-2].sum()), int(on_host[-2])
    return int(confusion.matrix.sum()), int(confusion.num_out_of_range)


def _are_fine_on_host(scores: Tensor, target: Tensor, highest: int) -> bool:
    """Tell in a tenth of the time that nothing is wrong; if not, the slow way finds what is."""
    if not is_on_host(target) or target.dtype != torch.int64 or not target.numel():
        return False
    if scores.dtype not in (torch.float32, torch.float64) or not is_on_host(scores):
        return False
    classes: Indices = target.numpy()
    # as unsigned numbers, negative ones are too large; a NaN makes the whole sum one
    is_known = int(np.maximum.reduce(classes.view(np.uint64), axis=None)) <= highest
    return is_known and not math.isnan(float(np.add.reduce(scores.detach().numpy(), axis=None)))


def _is_whole_up_to(values: Tensor, highest: int) -> Tensor:
    if values.dtype == torch.bool:
        return torch.ones_like(values)
    if values.is_floating_point():
        return (values >= 0) & (values <= highest) & (values == values.round())
    # a number that the dtype cannot hold would become another one
    return (values >= 0) & (values <= min(highest, torch.iinfo(values.dtype).max))
