r"""Correlation of orders, which needs all of the data at once.

Pairs are counted in :math:`O(n \log n)` steps and :math:`O(n)` memory, on the device of the inputs.
"""

from typing import Literal

import torch
from torch import Tensor

from firesteel._require import mismatch
from firesteel.errors import ArgumentError, NotComputableError

from ._moments import pair_moments, pearson_correlation_result
from ._pairs import check_pair, double

__all__ = ["kendall_rank_correlation", "spearman_rank_correlation"]


def kendall_rank_correlation(
    prediction: Tensor, target: Tensor, *, variant: Literal["b", "c"] = "b"
) -> Tensor:
    r"""Kendall's tau: how many more pairs are in the same order than in opposite order.

    With :math:`C` pairs in the same order, :math:`D` in opposite order, :math:`T_p` and :math:`T_y`
    tied in prediction and in target, and :math:`n_0 = n(n-1)/2` in all,
    :math:`\tau_b = (C - D) / \sqrt{(n_0 - T_p)(n_0 - T_y)}`. With :math:`m` the smaller number of
    distinct values, :math:`\tau_c = 2 (C - D) / (n^2 (m - 1) / m)`, for tables that are not square.

    NaN where prediction or target is constant, or holds NaN. Higher is better, from -1 to 1.

    Args:
        prediction: Of all batches. Any real dtype, shape ``(N,)``.
        target: Any real dtype, the same shape.
        variant: Which tau.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ or are not ``(N,)``, or ``variant`` is another letter.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no samples.

    Source:
        scipy's ``kendalltau``; Knight, "A computer method for calculating Kendall's tau with
        ungrouped data", 1966.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1.0, 2.0, 3.0]), torch.tensor([1.0, 3.0, 2.0])
        >>> round(kendall_rank_correlation(prediction, target).item(), 4)
        0.3333
    """
    _check_variant(variant)
    prediction, target = _check_vectors(prediction, target, "kendall_rank_correlation")
    num_samples = prediction.numel()
    # by prediction, and by target where that is tied: no pair that is tied is out of order then
    order = target.argsort(stable=True)
    order = order[prediction[order].argsort(stable=True)]
    prediction, target = prediction[order], target[order]
    to_sorted = target.argsort(stable=True)
    opposite = _num_inversions(_inverse(to_sorted))
    is_new = _differs(prediction)
    is_new_target = _differs(target[to_sorted])
    tied, tied_target = _num_ties(is_new), _num_ties(is_new_target)
    tied_both = _num_ties(is_new | _differs(target))
    num_pairs = num_samples * (num_samples - 1) // 2
    surplus = double(num_pairs - tied - tied_target + tied_both - 2 * opposite)
    if variant == "b":
        tau = surplus / double(num_pairs - tied).sqrt() / double(num_pairs - tied_target).sqrt()
    else:
        distinct = double(torch.minimum(is_new.sum(), is_new_target.sum()))
        tau = 2 * surplus / (num_samples**2 * (distinct - 1) / distinct)
    return tau.clamp(-1, 1).masked_fill(_has_nan(prediction, target), torch.nan)


def spearman_rank_correlation(prediction: Tensor, target: Tensor) -> Tensor:
    r"""Spearman's rho: :func:`pearson_correlation` of ranks, equal values sharing their mean rank.

    NaN where prediction or target is constant, or holds NaN. Higher is better, from -1 to 1.

    Args:
        prediction: Of all batches. Any real dtype, shape ``(N,)``.
        target: Any real dtype, the same shape.

    Returns:
        Float64 (float32 on MPS), shape ``()``, on the device of the inputs.

    Raises:
        ArgumentError: The shapes differ or are not ``(N,)``.
        ArgumentTypeError: An input is complex.
        NotComputableError: There are no samples.

    Source:
        scipy's ``spearmanr``.

    Example:
        >>> import torch
        >>> prediction, target = torch.tensor([1.0, 20.0, 3.0]), torch.tensor([1.0, 2.0, 3.0])
        >>> round(spearman_rank_correlation(prediction, target).item(), 4)
        0.5
    """
    where = "spearman_rank_correlation"
    prediction, target = _check_vectors(prediction, target, where)
    moments = pair_moments(_mean_ranks(prediction), _mean_ranks(target), where=where)
    rho = pearson_correlation_result(moments)
    return rho.masked_fill(_has_nan(prediction, target), torch.nan)


def _check_variant(variant: str) -> None:
    if variant not in {"b", "c"}:
        raise ArgumentError(mismatch("kendall_rank_correlation", "variant", "'b' or 'c'", variant))


def _check_vectors(prediction: Tensor, target: Tensor, where: str) -> tuple[Tensor, Tensor]:
    check_pair(prediction, target, where=where)
    if prediction.ndim != 1:
        raise ArgumentError(
            f"{where}: prediction and target must be of shape (N,), got {list(prediction.shape)}"
        )
    if not prediction.numel():
        raise NotComputableError(f"{where}: needs at least one sample")
    return prediction.detach(), target.detach()


def _differs(values: Tensor) -> Tensor:
    """Tell of each value whether it is not equal to the one before; of the first it is so."""
    is_new = torch.ones_like(values, dtype=torch.bool)
    is_new[1:] = values[1:] != values[:-1]
    return is_new


def _num_ties(is_new: Tensor) -> Tensor:
    """Count the pairs within runs, given where each run begins."""
    index = torch.arange(is_new.numel(), device=is_new.device)
    start = index.where(is_new, 0).cummax(dim=0).values
    return (index - start).sum()


def _num_inversions(ranks: Tensor) -> Tensor:
    """Count the pairs of a permutation of ``0 .. n-1`` in which the larger number comes first.

    Numbers are sorted bit by bit from the highest, each time stably within the groups that share
    all higher bits. Two numbers part at one bit, their highest different one; they are an
    inversion if the one with bit 1 comes first. Since all numbers below are there, a group begins
    at the place that its higher bits name, and where each number goes is known without searching.
    """
    num_inversions = ranks.new_zeros(())
    ones_before = ranks.new_zeros(ranks.numel() + 1)
    index = torch.arange(ranks.numel(), device=ranks.device)
    for bit in reversed(range((ranks.numel() - 1).bit_length())):
        is_one = (ranks >> bit) & 1
        start = (ranks >> (bit + 1)) << (bit + 1)
        torch.cumsum(is_one, dim=0, out=ones_before[1:])
        ones = ones_before[:-1] - ones_before.index_select(0, start)
        num_inversions += (ones * (1 - is_one)).sum()
        # a 1 goes behind all zeros of its group, which are 2**bit if there is a 1
        place = torch.where(is_one.bool(), start + (1 << bit) + ones, index - ones)
        ranks = torch.empty_like(ranks).scatter_(0, place, ranks)
    return num_inversions


def _inverse(permutation: Tensor) -> Tensor:
    """Give the place of each number in a permutation of ``0 .. n-1``."""
    index = torch.arange(permutation.numel(), device=permutation.device)
    return torch.empty_like(permutation).scatter_(0, permutation, index)


def _mean_ranks(values: Tensor) -> Tensor:
    """Give each value its place in the order of all, from 0; equal ones share the mean place."""
    in_order, order = values.sort()
    run = _differs(in_order).cumsum(dim=0) - 1
    index = torch.arange(values.numel(), device=values.device)
    first = torch.full_like(index, values.numel()).scatter_reduce_(0, run, index, "amin")
    last = torch.zeros_like(index).scatter_reduce_(0, run, index, "amax")
    mean = double(first + last)[run] / 2
    return torch.empty_like(mean).scatter_(0, order, mean)


def _has_nan(prediction: Tensor, target: Tensor) -> Tensor:
    return prediction.isnan().any() | target.isnan().any()
