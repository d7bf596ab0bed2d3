"""Checks of classes and of counts, for which the host has to wait for the device."""

import torch
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError

from ._class_kinds import ClassificationKind
from ._counting import RightCounts, SampleSums
from ._counts import as_list

__all__ = [
    "check_classes",
    "check_right_counts",
    "check_sample_sums",
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
    """Refuse classes that do not exist. Waits for the device.

    Args:
        where: Whose predictions they are, for the error.
        prediction: As for :func:`class_counts`.
        target: As for :func:`class_counts`.
        kind: As for :func:`class_counts`.
        ignore_index: Target that is allowed besides; ``None`` for none.
        way_out: What the error for ``binary`` ends in.

    Raises:
        ArgumentError: Some targets, or predictions that are whole numbers, are outside the range
            (which for class indices has no upper end).
        ArgumentTypeError: Numbers are complex.

    Example:
        >>> import torch
        >>> check_classes("accuracy", torch.tensor([3]), torch.tensor([3]), kind="multiclass")
    """
    if prediction.is_complex() or target.is_complex():
        dtypes = f"{prediction.dtype} and {target.dtype}"
        raise ArgumentTypeError(f"{where}: predictions and targets must be real, got {dtypes}")
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
        hint = f"; {way_out}" if kind == "binary" else ""
        raise ArgumentError(
            f"{where}: predictions and targets must be {what}, got {num_outside} outside{hint}"
        )


def _is_whole_up_to(values: Tensor, highest: int) -> Tensor:
    if values.dtype == torch.bool:
        return torch.ones_like(values)
    if values.is_floating_point():
        return (values >= 0) & (values <= highest) & (values == values.round())
    # a number that the dtype cannot hold would become another one
    return (values >= 0) & (values <= min(highest, torch.iinfo(values.dtype).max))
