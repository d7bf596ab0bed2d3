r"""Errors of regression in proportion to the target.

:math:`e_i = y_i - p_i` is the error of value :math:`i`, target minus prediction. Where a target is
0 the division decides: infinity, or NaN for an exact hit. :func:`check_nonzero` refuses them.
"""

from typing import NamedTuple

from torch import Tensor

from firesteel.errors import ArgumentError, NotComputableError

from ._pairs import MeanSums, double, hits_are_zero, mean_result, mean_sums, real_pair

__all__ = [
    "check_nonzero",
    "fractional_absolute_error",
    "fractional_bias",
    "geometric_mean_relative_absolute_error",
    "mean_absolute_percentage_error",
    "mean_absolute_relative_error",
    "mean_normalized_bias",
    "symmetric_mean_absolute_percentage_error",
    "weighted_mean_absolute_percentage_error",
]


def check_nonzero(target: Tensor, *, where: str = "check_nonzero") -> None:
    """Refuse targets that nothing can be divided by; waits for the device.

    The metrics here do not ask for it: their value is then infinite or NaN.

    Args:
        target: Any dtype, any shape.
        where: The function that asks, named in the error.

    Raises:
        ArgumentError: A target is 0.

    Example:
        >>> import torch
        >>> check_nonzero(torch.tensor([1.0, -2.0]))
    """
    num_zeros = int((target == 0).sum())
    if num_zeros:
        raise ArgumentError(
            f"{where}: target must be nonzero everywhere, "
            f"got {num_zeros} of {target.numel()} that are 0"
        )


def mean_absolute_relative_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Mean of the absolute errors, each relative to its target: :math:`\frac1n \sum |e_i|/|y_i|`.

    A fraction, not a percentage. A target of 0 makes it infinite, or NaN if it was predicted
    exactly. Lower is better, from 0, no unit.

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
        Botchkarev, arXiv 1809.03006, 2018. ignite refuses targets of 0.

    Example:
        >>> import torch
        >>> mean_absolute_relative_error(torch.tensor([3.0, 5.0]), torch.tensor([2.0, 4.0]))
        tensor(0.3750, dtype=torch.float64)
    """
    sums = mean_absolute_relative_error_sums(prediction, target)
    return mean_result(sums, where="mean_absolute_relative_error")


def mean_absolute_relative_error_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`mean_absolute_relative_error`."""
    return _relative(prediction, target, "mean_absolute_relative_error")


def mean_absolute_percentage_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Mean absolute percentage error, as a fraction: :math:`\frac{1}{n} \sum_i |e_i| / |y_i|`.

    The name under which :func:`mean_absolute_relative_error` is better known. 1 stands for 100 %.
    A target of 0 makes it infinite, or NaN if it was predicted exactly. Lower is better, from 0.

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
        scikit-learn's ``mean_absolute_percentage_error``, which divides by a tiny number instead of
        0.

    Example:
        >>> import torch
        >>> mean_absolute_percentage_error(torch.tensor([3.0, 5.0]), torch.tensor([2.0, 4.0]))
        tensor(0.3750, dtype=torch.float64)
    """
    sums = mean_absolute_percentage_error_sums(prediction, target)
    return mean_result(sums, where="mean_absolute_percentage_error")


def mean_absolute_percentage_error_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`mean_absolute_percentage_error`."""
    return _relative(prediction, target, "mean_absolute_percentage_error")


def fractional_absolute_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Mean of the fractional errors: :math:`\frac{1}{n} \sum_i 2 |e_i| / (|p_i| + |y_i|)`.

    Where prediction and target are both 0 there is no error, and 0 is counted. Lower is better,
    from 0 to 2, no unit.

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
        Botchkarev, arXiv 1809.03006, 2018. ignite gives NaN for 0 / 0.

    Example:
        >>> import torch
        >>> fractional_absolute_error(torch.tensor([3.0, 0.0]), torch.tensor([1.0, 0.0]))
        tensor(0.5000, dtype=torch.float64)
    """
    sums = fractional_absolute_error_sums(prediction, target)
    return mean_result(sums, where="fractional_absolute_error")


def fractional_absolute_error_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`fractional_absolute_error`."""
    return _fractional(prediction, target, "fractional_absolute_error")


def symmetric_mean_absolute_percentage_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Symmetric percentage error, as a fraction: :math:`\frac1n \sum_i 2|e_i| / (|p_i| + |y_i|)`.

    The name under which :func:`fractional_absolute_error` is better known. Where prediction and
    target are both 0 there is no error, and 0 is counted. Lower is better, from 0 to 2.

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
        torchmetrics' ``symmetric_mean_absolute_percentage_error``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([3.0, 0.0]), torch.tensor([1.0, 0.0])
        >>> symmetric_mean_absolute_percentage_error(prediction, target)
        tensor(0.5000, dtype=torch.float64)
    """
    sums = symmetric_mean_absolute_percentage_error_sums(prediction, target)
    return mean_result(sums, where="symmetric_mean_absolute_percentage_error")


def symmetric_mean_absolute_percentage_error_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`symmetric_mean_absolute_percentage_error`."""
    return _fractional(prediction, target, "symmetric_mean_absolute_percentage_error")


class WeightedSums(NamedTuple):
    """Sums of errors and of targets, from which their ratio is made."""

    error: Tensor
    """Sum of absolute errors; merges by sum. Float64 (float32 on MPS), shape ``()``."""
    scale: Tensor
    """Sum of absolute targets; merges by sum. Like ``error``."""
    num_values: int
    """Number of values; merges by sum."""


def weighted_mean_absolute_percentage_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Sum of the absolute errors relative to that of the targets: :math:`\sum |e_i| / \sum |y_i|`.

    A fraction: 1 stands for 100 %. Single targets of 0 do no harm; if all are, the value is
    infinite, or NaN if all were predicted exactly. Lower is better, from 0.

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
        torchmetrics' ``weighted_mean_absolute_percentage_error``, which divides by a tiny number
        instead of 0.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([3.0, 1.0]), torch.tensor([4.0, 0.0])
        >>> weighted_mean_absolute_percentage_error(prediction, target)
        tensor(0.5000, dtype=torch.float64)
    """
    sums = weighted_mean_absolute_percentage_error_sums(prediction, target)
    return weighted_mean_absolute_percentage_error_result(sums)


def weighted_mean_absolute_percentage_error_sums(
    prediction: Tensor, target: Tensor
) -> WeightedSums:
    """Give what a batch adds to :func:`weighted_mean_absolute_percentage_error`."""
    where = "weighted_mean_absolute_percentage_error"
    prediction, target = real_pair(prediction, target, where=where)
    error = double((prediction - target).abs_()).sum()
    return WeightedSums(error, double(target.abs()).sum(), target.numel())


def weighted_mean_absolute_percentage_error_result(sums: WeightedSums) -> Tensor:
    """Give the ratio of the sums.

    Raises:
        NotComputableError: There were no elements.
    """
    if not sums.num_values:
        raise NotComputableError(
            "weighted_mean_absolute_percentage_error: needs at least one value"
        )
    return sums.error / sums.scale


def mean_normalized_bias(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Mean of the signed errors, each relative to its target: :math:`\frac1n \sum_i e_i / y_i`.

    Positive where predictions fall short. A target of 0 makes it infinite, or NaN if it was
    predicted exactly. Best is 0, from minus to plus infinity, no unit.

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
        Botchkarev, arXiv 1809.03006, 2018. ignite refuses targets of 0.

    Example:
        >>> import torch
        >>> mean_normalized_bias(torch.tensor([1.0, 5.0]), torch.tensor([2.0, 4.0]))
        tensor(0.1250, dtype=torch.float64)
    """
    sums = mean_normalized_bias_sums(prediction, target)
    return mean_result(sums, where="mean_normalized_bias")


def mean_normalized_bias_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`mean_normalized_bias`."""
    prediction, target = real_pair(prediction, target, where="mean_normalized_bias")
    return mean_sums((target - prediction).div_(target))


def fractional_bias(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Mean of the signed fractional errors: :math:`\frac{1}{n} \sum_i 2 e_i / (p_i + y_i)`.

    Where prediction and target are both 0 there is no error, and 0 is counted. Positive where
    predictions are too low. Best is 0; from -2 to 2 for values that are not negative, which it is
    meant for. Where prediction and target cancel, the value is infinite.

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
        Botchkarev, arXiv 1809.03006, 2018.

    Example:
        >>> import torch
        >>> fractional_bias(torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.0]))
        tensor(0.5000, dtype=torch.float64)
    """
    return mean_result(fractional_bias_sums(prediction, target), where="fractional_bias")


def fractional_bias_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`fractional_bias`."""
    prediction, target = real_pair(prediction, target, where="fractional_bias")
    error = target - prediction
    return mean_sums(hits_are_zero(2 * error / (prediction + target), error))


def geometric_mean_relative_absolute_error(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Geometric mean of errors beside those of the mean target: :math:`e^{\frac1n \sum \ln r_i}`.

    Here :math:`r_i = |y_i - p_i| / |y_i - \bar y|`, with :math:`\bar y` the mean of all targets. So
    it needs all of the data at once. Below 1 is better than predicting the mean. An exact hit makes
    it 0, a target at the mean infinite, both together NaN. Lower is better, from 0, no unit.

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
        >>> prediction, target = torch.tensor([2.0, 3.0]), torch.tensor([1.0, 5.0])
        >>> round(geometric_mean_relative_absolute_error(prediction, target).item(), 4)
        0.7071
    """
    where = "geometric_mean_relative_absolute_error"
    prediction, target = real_pair(prediction, target, where=where)
    prediction, target = double(prediction), double(target)
    ratio = (target - prediction) / (target - target.mean())
    return mean_result(mean_sums(ratio.abs_().log_()), where=where).exp()


def _relative(prediction: Tensor, target: Tensor, where: str) -> MeanSums:
    prediction, target = real_pair(prediction, target, where=where)
    return mean_sums((prediction - target).div_(target).abs_())


def _fractional(prediction: Tensor, target: Tensor, where: str) -> MeanSums:
    prediction, target = real_pair(prediction, target, where=where)
    size = (prediction - target).abs_()
    scale = prediction.abs() + target.abs()
    return mean_sums(hits_are_zero(2 * size / scale, size))
