r"""Distances between prediction and target: over all values, or row by row.

:math:`e_i = y_i - p_i` is the error of value :math:`i`, target minus prediction. The first four are
sums, not means: they grow with the number of values.
"""

from typing import Final

from torch import Tensor
from torch.nn.functional import pairwise_distance

from firesteel._require import mismatch
from firesteel.errors import ArgumentError

from ._pairs import (
    MeanSums,
    double,
    hits_are_zero,
    mean_result,
    mean_sums,
    real_pair,
    sum_result,
)

__all__ = [
    "canberra_metric",
    "cosine_similarity",
    "manhattan_distance",
    "mean_pairwise_distance",
    "minkowski_distance",
    "wave_hedges_distance",
]

_AXES_OF_A_MATRIX: Final = 2


def manhattan_distance(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Sum of the absolute errors: :math:`\sum_i |y_i - p_i|`.

    Lower is better, from 0, in the unit of the target.

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
        scipy's ``cityblock``. ignite gives 0 for nothing.

    Example:
        >>> import torch
        >>> manhattan_distance(torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0]))
        tensor(3., dtype=torch.float64)
    """
    return sum_result(manhattan_distance_sums(prediction, target), where="manhattan_distance")


def manhattan_distance_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`manhattan_distance`."""
    prediction, target = real_pair(prediction, target, where="manhattan_distance")
    return mean_sums((prediction - target).abs_())


def canberra_metric(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Sum of the errors beside both sizes: :math:`\sum_i |e_i| / (|p_i| + |y_i|)`.

    Where prediction and target are both 0 there is no error, and 0 is counted. Lower is better,
    from 0 to the number of values, no unit.

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
        scipy's ``canberra``. ignite gives 0 for nothing.

    Example:
        >>> import torch
        >>> canberra_metric(torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.0]))
        tensor(0.5000, dtype=torch.float64)
    """
    return sum_result(canberra_metric_sums(prediction, target), where="canberra_metric")


def canberra_metric_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`canberra_metric`."""
    prediction, target = real_pair(prediction, target, where="canberra_metric")
    size = (prediction - target).abs_()
    return mean_sums(hits_are_zero(size / (prediction.abs() + target.abs()), size))


def wave_hedges_distance(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Sum of the errors beside the larger value: :math:`\sum_i |e_i| / \max(p_i, y_i)`.

    Exact hits count 0. Meant for values that are not negative: where both are, the term is
    negative too, and where the larger one is 0, it is infinite. Lower is better, from 0 to the
    number of values, no unit.

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
        Botchkarev, arXiv 1809.03006, 2018. ignite gives 0 for nothing.

    Example:
        >>> import torch
        >>> wave_hedges_distance(torch.tensor([1.0, 0.0]), torch.tensor([4.0, 0.0]))
        tensor(0.7500, dtype=torch.float64)
    """
    return sum_result(wave_hedges_distance_sums(prediction, target), where="wave_hedges_distance")


def wave_hedges_distance_sums(prediction: Tensor, target: Tensor) -> MeanSums:
    """Give what a batch adds to :func:`wave_hedges_distance`."""
    prediction, target = real_pair(prediction, target, where="wave_hedges_distance")
    size = (prediction - target).abs_()
    return mean_sums(hits_are_zero(size / prediction.maximum(target), size))


def minkowski_distance(prediction: Tensor, target: Tensor, *, p: float) -> Tensor:
    r"""Length of the error vector in a norm of choice: :math:`(\sum_i |y_i - p_i|^p)^{1/p}`.

    Lower is better, from 0, in the unit of the target.

    Args:
        prediction: Any real dtype, shape ``(N,)`` or ``(N, ...)``.
        target: Any real dtype, the same shape.
        p: The exponent, ``1 <= p < inf``. 1 is :func:`manhattan_distance`, 2 is Euclidean.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ, or ``p`` is out of range.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no elements.

    Source:
        scipy's ``minkowski``.

    Example:
        >>> import torch
        >>> minkowski_distance(torch.tensor([0.0, 0.0]), torch.tensor([3.0, 4.0]), p=2)
        tensor(5., dtype=torch.float64)
    """
    return minkowski_distance_result(minkowski_distance_sums(prediction, target, p=p), p=p)


def minkowski_distance_sums(prediction: Tensor, target: Tensor, *, p: float) -> MeanSums:
    """Give what a batch adds to :func:`minkowski_distance`: sizes to the power ``p``."""
    _check_order("minkowski_distance", p)
    prediction, target = real_pair(prediction, target, where="minkowski_distance")
    return mean_sums(double((prediction - target).abs_()).pow_(p))


def minkowski_distance_result(sums: MeanSums, *, p: float) -> Tensor:
    """Give the root of order ``p`` of the sum.

    Raises:
        NotComputableError: There were no elements.
    """
    return sum_result(sums, where="minkowski_distance") ** (1 / p)


def mean_pairwise_distance(
    prediction: Tensor, target: Tensor, *, p: float = 2.0, eps: float = 1e-6
) -> Tensor:
    r"""Mean distance of rows: :math:`\frac1n \sum_i \lVert p_i - y_i + \epsilon \rVert_p`.

    Lower is better, from 0, in the unit of the target.

    Args:
        prediction: Any real dtype, shape ``(N, features)``.
        target: Any real dtype, the same shape.
        p: The order of the norm, at least 1; ``inf`` takes the largest difference.
        eps: Added to each difference, in the unit of the target. 0 gives the distance as it is.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ or are not ``(N, features)``, or ``p`` is out of range.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no rows.

    Source:
        ``torch.nn.functional.pairwise_distance``, from which ``eps`` comes.

    Example:
        >>> import torch
        >>> prediction, target = torch.zeros(2, 2), torch.tensor([[3.0, 4.0], [0.0, 1.0]])
        >>> mean_pairwise_distance(prediction, target, eps=0.0)
        tensor(3., dtype=torch.float64)
    """
    sums = mean_pairwise_distance_sums(prediction, target, p=p, eps=eps)
    return mean_result(sums, where="mean_pairwise_distance")


def mean_pairwise_distance_sums(
    prediction: Tensor,
    target: Tensor,
    *,
    p: float = 2.0,
    eps: float = 1e-6,
    where: str = "mean_pairwise_distance",
) -> MeanSums:
    """Give what a batch adds to :func:`mean_pairwise_distance`: distances of rows."""
    _check_order(where, p, is_infinity_allowed=True)
    prediction, target = real_pair(prediction, target, where=where)
    if prediction.ndim != _AXES_OF_A_MATRIX or not prediction.shape[1]:
        raise ArgumentError(
            f"{where}: prediction and target must be of shape (N, features), "
            f"got {list(prediction.shape)}"
        )
    return mean_sums(pairwise_distance(prediction, target, p=p, eps=eps))


def cosine_similarity(prediction: Tensor, target: Tensor, *, eps: float = 1e-8) -> Tensor:
    r"""Mean cosine of rows: :math:`\frac1n \sum_i p_i \cdot y_i / (|p_i| \, |y_i|)`.

    Axes after the second belong to the row. A row of zeros counts 0. Higher is better, from -1 to
    1.

    Args:
        prediction: Any real dtype, shape ``(N, features, ...)``.
        target: Any real dtype, the same shape.
        eps: What a norm is taken to be at least, ``eps > 0``.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ or have one axis only, or ``eps`` is not positive.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no rows.

    Source:
        ``torch.nn.functional.cosine_similarity``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 4.0]])
        >>> round(cosine_similarity(prediction, target).item(), 4)
        0.6
    """
    sums = cosine_similarity_sums(prediction, target, eps=eps)
    return mean_result(sums, where="cosine_similarity")


def cosine_similarity_sums(
    prediction: Tensor, target: Tensor, *, eps: float = 1e-8, where: str = "cosine_similarity"
) -> MeanSums:
    """Give what a batch adds to :func:`cosine_similarity`: cosines of rows."""
    if not eps > 0:
        raise ArgumentError(mismatch(where, "eps", "above 0", eps))
    prediction, target = real_pair(prediction, target, where=where)
    if prediction.ndim == 1:
        raise ArgumentError(
            f"{where}: prediction and target must be of shape (N, features, ...), "
            f"got {list(prediction.shape)}; unsqueeze(0) makes them one row"
        )
    prediction, target = prediction.flatten(1), target.flatten(1)
    cosine = (prediction * target).sum(dim=1)
    for rows in (prediction, target):
        cosine /= rows.square().sum(dim=1).sqrt_().clamp_(min=eps)
    return mean_sums(cosine)


def _check_order(where: str, p: float, *, is_infinity_allowed: bool = False) -> None:
    if p >= 1 and (is_infinity_allowed or p != float("inf")):
        return
    condition = "at least 1" if is_infinity_allowed else "at least 1 and finite"
    raise ArgumentError(mismatch(where, "p", condition, p))
