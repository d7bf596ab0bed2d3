"""Predictions beside targets: what may come in, and the sums of which a mean is made.

Metrics of regression differ in one formula per value. What they share stands here: the checks that
need no values, the precision in which differences are taken, sums over all values or per column,
and the division at the end.

Columns are the second axis. Further axes count as samples, and ``(N,)`` is one column.
"""

from collections.abc import Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

from firesteel._require import is_a, mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError

__all__ = [
    "MeanSums",
    "Multioutput",
    "check_multioutput",
    "check_pair",
    "double",
    "hits_are_zero",
    "mean_result",
    "mean_sums",
    "over_columns",
    "real_pair",
    "square_sums",
    "sum_result",
]

Multioutput: TypeAlias = Literal["uniform_average", "raw_values"]
"""One value per column, or the mean of them."""

_MOST_AT_ONCE: Final = 2**18
"""So many values are brought to double precision at once: those fit in a processor's cache."""

_MOST_ON_DEVICE: Final = 2**24
"""The same elsewhere, where to start an operation takes longer than to run it."""


class MeanSums(NamedTuple):
    """A sum and how many values are in it; both merge by sum, over batches and over ranks."""

    total: Tensor
    """Float64 (float32 on MPS), shape ``()``, or ``(columns,)`` where columns are kept apart."""
    num_values: int
    """How many values are in ``total``, or in each column of it."""


def check_pair(prediction: Tensor, target: Tensor, *, where: str) -> None:
    """Refuse what is not two tensors of real numbers of one shape, without looking at a value.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.
        where: The function that asks, named in errors.

    Raises:
        ArgumentTypeError: One is no tensor, or complex.
        ArgumentError: The shapes differ, or there is no axis.
    """
    is_a(where, "prediction", prediction, Tensor, "a tensor")
    is_a(where, "target", target, Tensor, "a tensor")
    shape = prediction.shape
    if shape != target.shape:
        raise ArgumentError(_other_shapes(prediction, target, where))
    if not shape:
        raise ArgumentError(
            f"{where}: prediction and target must have at least one axis, got numbers; "
            "unsqueeze(0) makes them one sample"
        )
    if prediction.is_complex() or target.is_complex():
        raise ArgumentTypeError(
            f"{where}: prediction and target must be real, "
            f"got {prediction.dtype} and {target.dtype}"
        )


def real_pair(prediction: Tensor, target: Tensor, *, where: str) -> tuple[Tensor, Tensor]:
    """Check a pair and give it in a precision in which differences neither wrap nor lose a digit.

    That is float32 where both are of that or have at most 16 bits, else float64; float32 on MPS.
    Gradients are not kept.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.
        where: The function that asks, named in errors.

    Returns:
        Both, of one dtype, on their devices.

    Raises:
        ArgumentTypeError: One is no tensor, or complex.
        ArgumentError: The shapes differ, or there is no axis.
    """
    check_pair(prediction, target, where=where)
    if prediction.dtype is target.dtype is torch.float32:
        return prediction.detach(), target.detach()
    fits = _fits_single(prediction) and _fits_single(target)
    dtype = torch.float32 if fits or prediction.is_mps else torch.float64
    return prediction.detach().to(dtype), target.detach().to(dtype)


def double(values: Tensor) -> Tensor:
    """Give values as float64, or as float32 on MPS, which has no float64."""
    return values.float() if values.is_mps else values.double()


def hits_are_zero(quotient: Tensor, difference: Tensor) -> Tensor:
    """Give quotients, with 0 where nothing differs: 0 / 0 is an exact hit, and no error at all."""
    return quotient.masked_fill(difference == 0, 0.0)


def mean_sums(values: Tensor, *, multioutput: Multioutput = "uniform_average") -> MeanSums:
    """Add up values, all of them or per column.

    Args:
        values: Float32 or float64, shape ``(N,)`` or ``(N, columns, ...)``.
        multioutput: ``"raw_values"`` keeps columns apart.

    Returns:
        The sum, shape ``()`` or ``(columns,)``, and the number of values in it.
    """
    if multioutput == "uniform_average":
        return MeanSums(_sum(values), values.numel())
    if values.ndim == 1:
        return MeanSums(_sum(values).unsqueeze(0), values.numel())
    other_axes = [axis for axis in range(values.ndim) if axis != 1]
    parts = [double(part).sum(dim=other_axes) for part in _in_parts(values)]
    total = parts[0] if len(parts) == 1 else torch.stack(parts).sum(dim=0)
    return MeanSums(total, values.numel() // max(values.shape[1], 1))


def square_sums(difference: Tensor, *, multioutput: Multioutput = "uniform_average") -> MeanSums:
    """Add up squares as :func:`mean_sums` adds up values; they are squared in double precision.

    Args:
        difference: Float32 or float64, shape ``(N,)`` or ``(N, columns, ...)``.
        multioutput: ``"raw_values"`` keeps columns apart.

    Returns:
        The sum, shape ``()`` or ``(columns,)``, and the number of squares in it.
    """
    if difference.ndim > 1 and multioutput == "raw_values":
        return mean_sums(double(difference).square_(), multioutput=multioutput)
    flat = difference.reshape(-1)
    parts = [(part := double(one)).dot(part) for one in _in_parts(flat)]
    total = parts[0] if len(parts) == 1 else torch.stack(parts).sum()
    if multioutput == "raw_values":
        total = total.unsqueeze(0)
    return MeanSums(total, flat.numel())


def mean_result(sums: MeanSums, *, where: str) -> Tensor:
    """Give the mean from its sums.

    Args:
        sums: Of all batches, from all ranks.
        where: The metric, named in the error.

    Returns:
        Float64 (float32 on MPS), the shape of the sum.

    Raises:
        NotComputableError: There were no values.
    """
    return sum_result(sums, where=where) / sums.num_values


def sum_result(sums: MeanSums, *, where: str) -> Tensor:
    """Give the sum as it is, if anything was seen.

    Args:
        sums: Of all batches, from all ranks.
        where: The metric, named in the error.

    Returns:
        Float64 (float32 on MPS), the shape of the sum.

    Raises:
        NotComputableError: There were no values.
    """
    if not sums.num_values:
        raise NotComputableError(f"{where}: needs at least one value")
    return sums.total


def check_multioutput(multioutput: str, *, where: str) -> None:
    """Refuse a word that names no way to treat columns.

    Args:
        multioutput: ``"uniform_average"`` or ``"raw_values"``.
        where: The function that asks, named in the error.

    Raises:
        ArgumentError: It is another word.
    """
    if multioutput not in {"uniform_average", "raw_values"}:
        condition = "'uniform_average' or 'raw_values'"
        raise ArgumentError(mismatch(where, "multioutput", condition, multioutput))


def over_columns(values: Tensor, multioutput: Multioutput) -> Tensor:
    """Give the mean of one value per column, or the values as they are.

    Args:
        values: Float, shape ``(columns,)``.
        multioutput: ``"uniform_average"`` or ``"raw_values"``.

    Returns:
        Shape ``()`` or ``(columns,)``.
    """
    return values.mean() if multioutput == "uniform_average" else values


def _sum(values: Tensor) -> Tensor:
    """Give the sum of all values in double precision."""
    if values.numel() <= _MOST_AT_ONCE:
        return double(values).sum()
    parts = [double(part).sum() for part in _in_parts(values.reshape(-1))]
    return parts[0] if len(parts) == 1 else torch.stack(parts).sum()


def _in_parts(values: Tensor) -> Sequence[Tensor]:
    """Cut values along their first axis, so that a copy in double precision stays small."""
    num_values, num_rows = values.numel(), values.shape[0]
    if num_values <= _MOST_AT_ONCE or values.dtype == torch.float64:
        return (values,)
    most = _MOST_AT_ONCE if values.is_cpu else _MOST_ON_DEVICE
    return torch.split(values, max(1, most * num_rows // num_values))


def _fits_single(values: Tensor) -> bool:
    """Tell whether float32 holds every number of this dtype."""
    return values.dtype == torch.float32 or values.dtype.itemsize <= torch.int16.itemsize


def _other_shapes(prediction: Tensor, target: Tensor, where: str) -> str:
    shapes = f"got {list(prediction.shape)} and {list(target.shape)}"
    message = f"{where}: prediction and target must have one shape, {shapes}"
    for name, one, other in (
        ("prediction", prediction, target),
        ("target", target, prediction),
    ):
        if one.ndim > 1 and one.shape[1] == 1 and one.shape[:1] + one.shape[2:] == other.shape:
            return f"{message}; {name}.squeeze(1) drops the axis too many"
    return message
