r"""Errors of regression in the unit of the target.

:math:`e_i = y_i - p_i` is the error of value :math:`i`, target minus prediction. A ``..._sums``
function gives what one batch contributes and never waits for the device; the metric is its result.
"""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from firesteel.errors import ArgumentError, NotComputableError

from ._numbers import has_numbers
from ._pairs import (
    MeanSums,
    Multioutput,
    check_multioutput,
    double,
    mean_result,
    mean_sums,
    over_columns,
    real_pair,
    square_sums,
)

__all__ = [
    "geometric_mean_absolute_error",
    "log_cosh_error",
    "maximum_absolute_error",
    "mean_absolute_error",
    "mean_error",
    "mean_squared_error",
    "mean_squared_log_error",
    "root_mean_squared_error",
]


def mean_absolute_error(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    r"""Mean of the absolute errors: :math:`\frac{1}{n} \sum_i |y_i - p_i|`.

    The mean is over all elements, whatever their axes. Lower is better, from 0, in the unit of the
    target.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Any real dtype, the same shape.
        multioutput: ``"raw_values"`` gives one mean per column, over the other axes.

    Returns:
        Float64 (float32 on MPS), shape ``()``, or ``(columns,)`` for raw values, on the device of
        the inputs.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        scikit-learn's ``mean_absolute_error``. ignite divides by rows, not elements.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([2.0, 4.0, 5.0]), torch.tensor([1.0, 4.0, 7.0])
        >>> mean_absolute_error(prediction, target)
        tensor(1., dtype=torch.float64)
    """
    sums = mean_absolute_error_sums(prediction, target, multioutput=multioutput)
    return mean_result(sums, where="mean_absolute_error")


def mean_absolute_error_sums(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> MeanSums:
    """Give what a batch adds to :func:`mean_absolute_error`, of the same arguments."""
    check_multioutput(multioutput, where="mean_absolute_error")
    prediction, target = real_pair(prediction, target, where="mean_absolute_error")
    return mean_sums((prediction - target).abs_(), multioutput=multioutput)


def mean_squared_error(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    r"""Mean of the squared errors: :math:`\frac{1}{n} \sum_i (y_i - p_i)^2`.

    The mean is over all elements, whatever their axes. Lower is better, from 0, in the unit of the
    target squared.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Any real dtype, the same shape.
        multioutput: ``"raw_values"`` gives one mean per column, over the other axes.

    Returns:
        Float64 (float32 on MPS), shape ``()``, or ``(columns,)`` for raw values, on the device of
        the inputs.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        scikit-learn's ``mean_squared_error``. ignite divides by rows, not elements.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([2.0, 4.0, 5.0]), torch.tensor([0.0, 4.0, 6.0])
        >>> round(mean_squared_error(prediction, target).item(), 4)
        1.6667
    """
    sums = mean_squared_error_sums(prediction, target, multioutput=multioutput)
    return mean_result(sums, where="mean_squared_error")


def mean_squared_error_sums(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> MeanSums:
    """Give what a batch adds to :func:`mean_squared_error`, of the same arguments."""
    check_multioutput(multioutput, where="mean_squared_error")
    return _squares(prediction, target, "mean_squared_error", multioutput)


def root_mean_squared_error(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    r"""Root of the mean squared error: :math:`\sqrt{\frac{1}{n} \sum_i (y_i - p_i)^2}` per column.

    With several columns it is the mean of their roots, which is at most the root of the mean over
    all elements; for that, take ``mean_squared_error(...).sqrt()``. Axes after the second count as
    samples. Lower is better, from 0, in the unit of the target.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Any real dtype, the same shape.
        multioutput: ``"raw_values"`` gives one root per column.

    Returns:
        Float64 (float32 on MPS), shape ``()``, or ``(columns,)`` for raw values, on the device of
        the inputs.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        scikit-learn's ``root_mean_squared_error``.

    Example:
        >>> import torch
        >>> prediction, target = torch.zeros(2, 2), torch.tensor([[3.0, 1.0], [3.0, 1.0]])
        >>> root_mean_squared_error(prediction, target)
        tensor(2., dtype=torch.float64)
        >>> root_mean_squared_error(prediction, target, multioutput="raw_values")
        tensor([3., 1.], dtype=torch.float64)
    """
    check_multioutput(multioutput, where="root_mean_squared_error")
    sums = root_mean_squared_error_sums(prediction, target)
    return root_mean_squared_error_result(sums, multioutput=multioutput)


def root_mean_squared_error_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`root_mean_squared_error`: squares, per column."""
    return _squares(prediction, target, "root_mean_squared_error", "raw_values")


def root_mean_squared_error_result(
    sums: MeanSums, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    """Give the root per column of summed squares, or the mean of the roots.

    Raises:
        NotComputableError: There were no elements.
    """
    roots = mean_result(sums, where="root_mean_squared_error").sqrt()
    return over_columns(roots, multioutput)


def mean_squared_log_error(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> Tensor:
    r"""Mean squared error of logarithms: :math:`\frac{1}{n}\sum_i (\ln(1+y_i) - \ln(1+p_i))^2`.

    Being wrong by a factor counts the same for small and large values, and too low counts more than
    too high. Lower is better, from 0, no unit.

    Args:
        prediction: Above -1, any real dtype, shape ``(N,)`` or ``(N, columns, ...)``.
        target: Above -1, any real dtype, the same shape.
        multioutput: ``"raw_values"`` gives one mean per column, over the other axes.

    Returns:
        Float64 (float32 on MPS), shape ``()``, or ``(columns,)`` for raw values, on the device of
        the inputs.

    Raises:
        ArgumentError: The shapes differ, ``multioutput`` is another word, or a value is -1 or
            lower.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        scikit-learn's ``mean_squared_log_error``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([0.0, 3.0]), torch.tensor([0.0, 1.0])
        >>> round(mean_squared_log_error(prediction, target).item(), 4)
        0.2402
    """
    sums = mean_squared_log_error_sums(prediction, target, multioutput=multioutput)
    check_above_minus_one(prediction, target, where="mean_squared_log_error")
    return mean_result(sums, where="mean_squared_log_error")


def mean_squared_log_error_sums(
    prediction: Tensor, target: Tensor, *, multioutput: Multioutput = "uniform_average"
) -> MeanSums:
    """Give what a batch adds to :func:`mean_squared_log_error`; below -1 it adds NaN."""
    check_multioutput(multioutput, where="mean_squared_log_error")
    prediction, target = real_pair(prediction, target, where="mean_squared_log_error")
    return mean_sums((prediction.log1p() - target.log1p()).square_(), multioutput=multioutput)


def check_above_minus_one(prediction: Tensor, target: Tensor, *, where: str) -> None:
    """Refuse values of which ``log1p`` is no number; waits for the device.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.
        where: The function that asks, named in the error.

    Raises:
        ArgumentError: A value is -1 or lower.
    """
    # in floating point: -1 as uint8 is 255
    prediction, target = real_pair(prediction, target, where=where)
    for name, values in (("prediction", prediction), ("target", target)):
        if has_numbers(values) and bool((values <= -1).any()):
            raise ArgumentError(f"{where}: {name} must be above -1, got {values.min().item()}")


def mean_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Mean of the signed errors: :math:`\frac{1}{n} \sum_i (y_i - p_i)`.

    Positive where predictions are too low on average. Best is 0, from minus to plus infinity, in
    the unit of the target.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        Botchkarev, "Performance metrics (error measures) in machine learning regression,
        forecasting and prognostics", 2018, arXiv 1809.03006.

    Example:
        >>> import torch
        >>> mean_error(torch.tensor([2.0, 4.0]), torch.tensor([1.0, 8.0]))
        tensor(1.5000, dtype=torch.float64)
    """
    return mean_result(mean_error_sums(prediction, target), where="mean_error")


def mean_error_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`mean_error`."""
    prediction, target = real_pair(prediction, target, where="mean_error")
    return mean_sums(target - prediction)


def log_cosh_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Mean log-cosh of the errors: :math:`\frac{1}{n} \sum_i \ln \cosh(y_i - p_i)`.

    About :math:`e^2 / 2` for small errors and :math:`|e| - \ln 2` for large ones, and never
    overflows on the way. Lower is better, from 0.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        torchmetrics' ``log_cosh_error``. For small errors
        :math:`\cosh e = 1 + 2 \sinh^2 (e/2)` keeps the digits.

    Example:
        >>> import torch
        >>> round(log_cosh_error(torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.0])).item(), 4)
        0.2169
    """
    return mean_result(log_cosh_error_sums(prediction, target), where="log_cosh_error")


def log_cosh_error_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`log_cosh_error`."""
    prediction, target = real_pair(prediction, target, where="log_cosh_error")
    size = (prediction - target).abs_()
    large = size + ((-2 * size).exp_().log1p_() - math.log(2))
    small = (size / 2).sinh_().square_().mul_(2).log1p_()
    return mean_sums(torch.where(size < 1, small, large))


def geometric_mean_absolute_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Geometric mean of the absolute errors: :math:`\exp(\frac{1}{n} \sum_i \ln |y_i - p_i|)`.

    A few large errors weigh less than in a plain mean. One exact hit makes it 0. Lower is better,
    from 0, in the unit of the target.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        scipy's ``gmean`` of the absolute errors.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1.0, 0.0]), torch.tensor([3.0, 8.0])
        >>> round(geometric_mean_absolute_error(prediction, target).item(), 4)
        4.0
    """
    sums = geometric_mean_absolute_error_sums(prediction, target)
    return geometric_mean_absolute_error_result(sums)


def geometric_mean_absolute_error_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`geometric_mean_absolute_error`: logarithms."""
    prediction, target = real_pair(prediction, target, where="geometric_mean_absolute_error")
    return mean_sums((prediction - target).abs_().log_())


def geometric_mean_absolute_error_result(sums: MeanSums) -> Tensor:
    """Give the geometric mean from summed logarithms.

    Raises:
        NotComputableError: There were no elements.
    """
    return mean_result(sums, where="geometric_mean_absolute_error").exp()


class MaximumSums(NamedTuple):
    """The largest error so far, and out of how many."""

    largest: Tensor
    """Merges by max, NaN winning. Float64 (float32 on MPS), shape ``()``; 0 where there is none."""
    num_values: int
    """Merges by sum."""


def maximum_absolute_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Largest absolute error: :math:`\max_i |y_i - p_i|`.

    NaN anywhere gives NaN. Lower is better, from 0, in the unit of the target.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        scikit-learn's ``max_error``. ignite leaves NaN out.

    Example:
        >>> import torch
        >>> maximum_absolute_error(torch.tensor([1.0, 0.0]), torch.tensor([3.0, 8.0]))
        tensor(8., dtype=torch.float64)
    """
    return maximum_absolute_error_result(maximum_absolute_error_sums(prediction, target))


def maximum_absolute_error_sums(prediction: Tensor, target: Tensor) -> MaximumSums:
    """Give what a batch brings to :func:`maximum_absolute_error`."""
    prediction, target = real_pair(prediction, target, where="maximum_absolute_error")
    size = (prediction - target).abs_()
    largest = size.amax() if size.numel() else size.sum()
    return MaximumSums(double(largest), size.numel())


def maximum_absolute_error_result(sums: MaximumSums) -> Tensor:
    """Give the largest error, if there was any value.

    Raises:
        NotComputableError: There were no elements.
    """
    if not sums.num_values:
        raise NotComputableError("maximum_absolute_error: needs at least one value")
    return sums.largest


def _squares(prediction: Tensor, target: Tensor, where: str, multioutput: Multioutput) -> MeanSums:
    prediction, target = real_pair(prediction, target, where=where)
    # float32 would round each square
    return square_sums(prediction - target, multioutput=multioutput)
