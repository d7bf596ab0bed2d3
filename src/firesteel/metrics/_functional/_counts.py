"""Counts of predicted and true classes, from which results are computed.

Everything here is a pure function of tensors, computed where they are. Counts are whole numbers in
the table of :class:`ClassCounts`; a caller that computes many results brings the table to float64
once, ``ClassCounts(counts.table.double())``.
"""

import math
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, Protocol, TypeAlias, TypeVar

import torch
from torch import Tensor

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
    "NumbersT",
    "as_list",
    "both_classes",
    "check_counts",
    "check_square",
    "counts_of_cells",
    "from_numpy",
    "has_numpy",
    "in_double",
    "is_on_host",
    "matrix_counts",
    "matrix_of_yes",
    "not_square",
    "of_classes",
]

ClassAverage: TypeAlias = Literal["micro", "macro", "weighted"] | None
"""How the values of classes become one: pooled counts, plain mean, mean by true members; or not."""


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

_PLAIN: Final = (Tensor, torch.nn.Parameter)

_SMALL: Final = 2**15
"""Cells of a matrix up to which numpy adds faster, for want of the cost of a call."""


def is_on_host(tensor: Tensor) -> bool:
    """Tell whether numpy can count what is in a tensor."""
    # numpy reads nothing of a class of one's own, as of a tensor that is only pretended
    return has_numpy and tensor.is_cpu and type(tensor) in _PLAIN


class _Listed(Protocol):
    """What torch leaves without a type."""

    def tolist(self) -> list[float]: ...


def as_list(values: _Listed) -> list[float]:
    """Give the numbers of a tensor with one axis. Waits for the device."""
    return values.tolist()


def in_double(values: Tensor) -> Tensor:
    """Give float64, or float32 where the device has no more."""
    return values.float() if values.is_mps else values.double()  # MPS has no float64


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


def matrix_of_yes(counts: ClassCounts) -> Tensor:
    """Give the confusion matrix of class 0 and class 1 from the counts of class 1 alone.

    Args:
        counts: Table of shape ``(5,)``.

    Returns:
        The dtype of the counts, shape ``(2, 2)``: ``[[tn, fp], [fn, tp]]``.

    Example:
        >>> import torch
        >>> matrix_of_yes(ClassCounts(torch.tensor([1, 2, 1, 4, 0]))).tolist()
        [[2, 1], [0, 1]]
    """
    hits = counts.true_positives
    cells = (counts.true_negatives, counts.predicted - hits, counts.actual - hits, hits)
    return torch.stack(cells).view(2, 2)


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
    if not is_of_classes:
        counted, outside = as_list(table[3:].reshape(2, -1).amax(dim=1))
    else:  # which share the samples
        counted, outside = as_list(table.numpy()[3:, 0] if is_on_host(table) else table[3:, 0])
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
    check_square("matrix_counts", matrix)
    is_small = matrix.numel() <= _SMALL and matrix.dtype in (torch.int64, torch.float64)
    if is_on_host(matrix) and is_small:
        return ClassCounts(from_numpy(_matrix_table_on_host(matrix.numpy())))
    actual = matrix.sum(dim=1)
    total = actual.sum().expand_as(actual)
    rows = (matrix.diagonal(), matrix.sum(dim=0), actual, total, torch.zeros_like(actual))
    return ClassCounts(torch.stack(rows))


def counts_of_cells(cells: Tensor) -> ClassCounts:
    """Give the counts of each class from a matrix, cell by cell, and from what is out of range.

    Args:
        cells: Int64, shape ``(C * C + 2,)``: the matrix row by row, samples that had a class out of
            range, samples that were ignored.

    Returns:
        Table of shape ``(5, C)``.

    Example:
        >>> import torch
        >>> counts_of_cells(torch.tensor([2, 1, 0, 3, 0, 0])).predicted.tolist()
        [2, 4]
    """
    num_classes = math.isqrt(cells.shape[0] - 2)
    if is_on_host(cells) and cells.shape[0] <= _SMALL:
        on_host: Numbers = cells.numpy()
        table = _matrix_table_on_host(on_host[:-2].reshape(num_classes, num_classes))
        table[4] = on_host[-2]
        return ClassCounts(from_numpy(table))
    counts = matrix_counts(cells[:-2].view(num_classes, num_classes))
    counts.table[4] = cells[-2]
    return counts


def _matrix_table_on_host(matrix: "Numbers") -> "Numbers":
    table = np.empty((5, matrix.shape[0]), dtype=matrix.dtype)
    table[0] = matrix.diagonal()
    np.add.reduce(matrix, axis=0, out=table[1])
    np.add.reduce(matrix, axis=1, out=table[2])
    table[3] = np.add.reduce(table[2])
    table[4] = 0
    return table


def of_classes(counts: ClassCounts) -> ClassCounts:
    return both_classes(counts) if counts.table.ndim == 1 else counts


def check_square(where: str, matrix: Tensor) -> None:
    if not matrix.ndim or matrix.shape != matrix.shape[-1:] * 2:
        raise ArgumentError(not_square(where, matrix))


def not_square(where: str, matrix: Tensor) -> str:
    return f"{where}: matrix must be square, got shape {list(matrix.shape)}"
