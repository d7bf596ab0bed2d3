r"""Medians of errors, which need all of the data at once.

:math:`e_i = y_i - p_i` is the error of value :math:`i`, target minus prediction. With an even
number of values the median is the mean of the two in the middle; NaN anywhere gives NaN.
"""

import torch
from torch import Tensor

from firesteel.errors import NotComputableError

from ._pairs import double, real_pair

__all__ = [
    "median_absolute_error",
    "median_absolute_percentage_error",
    "median_relative_absolute_error",
]


def median_absolute_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Median of the absolute errors over all elements: :math:`\mathrm{med}_i |y_i - p_i|`.

    Half of the values may be arbitrarily wrong without effect. Lower is better, from 0, in the unit
    of the target.

    Args:
        prediction: Of all batches. Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        scikit-learn's ``median_absolute_error`` of one column.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1.0, 2.0, 9.0]), torch.tensor([1.5, 4.0, 3.0])
        >>> median_absolute_error(prediction, target)
        tensor(2., dtype=torch.float64)
    """
    prediction, target = real_pair(prediction, target, where="median_absolute_error")
    return _median((prediction - target).abs_(), "median_absolute_error")


def median_absolute_percentage_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Median absolute error in percent of the target: :math:`100 \, \mathrm{med}_i |e_i| / |y_i|`.

    In percent, as ignite has it; the means with percentage in their names give fractions. A target
    of 0 counts as infinite error, and one that was predicted exactly makes the whole NaN. Lower is
    better, from 0.

    Args:
        prediction: Of all batches. Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        Botchkarev, arXiv 1809.03006, 2018.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1.0, 3.0, 9.0]), torch.tensor([1.0, 4.0, 3.0])
        >>> median_absolute_percentage_error(prediction, target)
        tensor(25., dtype=torch.float64)
    """
    where = "median_absolute_percentage_error"
    prediction, target = real_pair(prediction, target, where=where)
    return 100 * _median((prediction - target).div_(target).abs_(), where)


def median_relative_absolute_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Median of errors beside those of the mean target: :math:`\mathrm{med}_i |e_i|/|y_i-\bar y|`.

    :math:`\bar y` is the mean of all targets. Below 1 is better than predicting it. A target at the
    mean counts as infinite error, and one that was predicted exactly makes the whole NaN. Lower is
    better, from 0, no unit.

    Args:
        prediction: Of all batches. Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        Botchkarev, arXiv 1809.03006, 2018.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([2.0, 5.0, 10.0]), torch.tensor([0.0, 4.0, 8.0])
        >>> median_relative_absolute_error(prediction, target)
        tensor(0.5000, dtype=torch.float64)
    """
    where = "median_relative_absolute_error"
    prediction, target = real_pair(prediction, target, where=where)
    prediction, target = double(prediction), double(target)
    ratio = (target - prediction).div_(target - target.mean()).abs_()
    return _median(ratio, where)


def _median(sizes: Tensor, where: str) -> Tensor:
    """Give the median of values that are not negative, without sorting them."""
    if not sizes.numel():
        raise NotComputableError(f"{where}: needs at least one value")
    sizes = sizes.flatten()
    lower = sizes.median()  # of an even number the lower one; NaN if any is
    reached = (sizes <= lower).sum()
    above = sizes.where(sizes > lower, torch.inf).amin()
    upper = torch.where(reached > sizes.numel() // 2, lower, above)
    return (double(lower) + double(upper)) / 2
