"""Top-k accuracy: the share of samples whose true class is among the k best scored."""

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor

from firesteel.errors import ArgumentError, ArgumentTypeError

from ._at_k_sums import RankingSums, ranking_result
from ._numbers import has_numbers
from ._ranked import ascending_k, check_score_values, count_true, double_of

__all__ = ["top_k_accuracy"]

_NO_RANK: Final = 2**63 - 1


def check_class_inputs(where: str, scores: Tensor, target: Tensor) -> None:
    """Refuse scores and a target of the wrong shape or dtype, without looking at a value.

    Raises:
        ArgumentError: The shapes do not fit together.
        ArgumentTypeError: A dtype does not fit.
    """
    if scores.ndim != 2 or target.shape != scores.shape[:1]:  # noqa: PLR2004 - samples and classes
        raise ArgumentError(
            f"{where}: scores and target must have shapes (N, C) and (N,), "
            f"got {list(scores.shape)} and {list(target.shape)}"
        )
    if not scores.is_floating_point():
        raise ArgumentTypeError(f"{where}: scores must be floating point, got {scores.dtype}")
    if target.is_floating_point() or target.is_complex() or target.dtype == torch.bool:
        raise ArgumentTypeError(f"{where}: target must be integer, got {target.dtype}")


def class_ranks(scores: Tensor, target: Tensor) -> Tensor:
    """Count the classes that rank before the true one: higher scores, and lower ones of equals.

    NaN ranks with minus infinity.

    Args:
        scores: One score per class. Float, shape ``(N, C)``.
        target: Index of the true class. Integer, shape ``(N,)``.

    Returns:
        Int64, shape ``(N,)``: 0 where the true class ranks first; more than any cut-off where the
        target is no class.
    """
    inf = torch.inf
    scores = torch.nan_to_num(scores.detach(), nan=-inf, posinf=inf, neginf=-inf)
    num_classes = scores.shape[1]
    if not num_classes:  # nothing to gather from
        return torch.full_like(target, _NO_RANK, dtype=torch.int64)
    target = target.long().unsqueeze(1)
    known = target.clamp(0, num_classes - 1)
    of_target = scores.gather(1, known)
    is_lower = torch.arange(num_classes, device=scores.device) < known
    rank = count_true((scores > of_target) | ((scores == of_target) & is_lower), dim=1)
    return rank.masked_fill_((known != target).squeeze(1), _NO_RANK)


def check_classes(where: str, scores: Tensor, target: Tensor) -> None:
    """Refuse a target that is no class; the host waits for the device.

    Raises:
        ArgumentError: A target is out of range.
    """
    num_classes = scores.shape[-1]
    if has_numbers(target) and bool(((target < 0) | (target >= num_classes)).any()):
        outside = target[(target < 0) | (target >= num_classes)]
        raise ArgumentError(f"{where}: target must be in [0, {num_classes}), got {int(outside[0])}")


def top_k_accuracy_sums(ranks: Tensor, *, ks: Sequence[int]) -> RankingSums:
    """Count the samples that are right at each of ``ks``, and all: both merge by sum.

    Args:
        ranks: What :func:`class_ranks` gave, shape ``(N,)``.
        ks: The cut-offs.
    """
    num_right = torch.stack([(ranks < k).sum() for k in ks])
    num_samples = torch.full((), ranks.shape[0], dtype=torch.int64, device=ranks.device)
    return RankingSums(num_right.to(double_of(ranks)), num_samples)


def top_k_accuracy(scores: Tensor, target: Tensor, *, k: int | Sequence[int]) -> Tensor:
    r"""Share of samples whose true class is among the ``k`` best scored.

    :math:`\frac{1}{n} \sum_i 1[\operatorname{rank}_i(y_i) \le k]`. Where scores are equal the class
    with the lower index ranks first. With k of the number of classes or more all samples are right.
    Better is higher, from 0 to 1.

    Args:
        scores: One score per class, any scale, higher is better. Float, shape ``(N, C)``.
        target: Index of the true class, in ``[0, C)``. Integer, shape ``(N,)``.
        k: How many classes may be named, at least 1; or several such cut-offs.

    Returns:
        Float64, shape ``()`` for one k and ``(K,)`` for several, ascending and each once, on the
        device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or k is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: There is no sample.

    Source:
        Without ties it is scikit-learn's ``top_k_accuracy_score``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.1, 0.6, 0.3], [0.5, 0.3, 0.2]])
        >>> top_k_accuracy(scores, torch.tensor([2, 0]), k=[1, 2])
        tensor([0.5000, 1.0000], dtype=torch.float64)
    """
    ks = ascending_k("top_k_accuracy", k)
    check_class_inputs("top_k_accuracy", scores, target)
    check_score_values("top_k_accuracy", scores)
    check_classes("top_k_accuracy", scores, target)
    sums = top_k_accuracy_sums(class_ranks(scores, target), ks=ks)
    value = ranking_result("top_k_accuracy", sums)
    return value if isinstance(k, Sequence) else value[0]
