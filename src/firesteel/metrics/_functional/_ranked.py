"""The one ranking behind the metrics of dense scores and relevance, and what they all check.

Axes: N rows, L labels. A label is relevant where its relevance is above 0. A row of a rank that no
label takes, because there are fewer labels or some are left out, counts as not relevant.
"""

from collections.abc import Iterable, Sequence
from typing import Final, Literal, TypeAlias, get_args

import torch
from torch import Tensor

from firesteel._require import at_least, mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError

from ._numbers import has_numbers

__all__ = ["EmptyTarget", "ranked_relevance", "topk_labels"]

EmptyTarget: TypeAlias = Literal["skip", "zero", "one", "error"]
"""What a row without a relevant label counts as: nothing, 0, 1, or a mistake."""

_SORT_ALL: Final = 2
"""From a ``1 / _SORT_ALL`` of the labels on, sorting all of them is faster than selecting some."""

_MOST_TO_SELECT: Final = 2**24
"""The most labels whose indices float32 holds."""


def topk_labels(scores: Tensor, *, k_max: int, mask: Tensor | None = None) -> Tensor:
    """Give the labels with the best scores, best first, lower index first where scores are equal.

    The order is that of a stable descending sort, at a fraction of its price where few of many
    labels are asked for. NaN ranks with minus infinity.

    Args:
        scores: One score per label, any scale. Float, shape ``(N, L)``.
        k_max: How many labels to give, at least 1; more than ``L`` gives all.
        mask: True where a label is left out of the ranking. Bool, shape ``(N, L)``.

    Returns:
        Int64, shape ``(N, min(k_max, L))``, on the device of ``scores``; -1 in the last ranks of a
        row in which too few labels are not left out.

    Raises:
        ArgumentError: A shape does not fit, or ``k_max`` is below 1.
        ArgumentTypeError: A dtype does not fit.

    Example:
        >>> import torch
        >>> topk_labels(torch.tensor([[0.1, 0.7, 0.7, 0.9]]), k_max=3)
        tensor([[3, 1, 2]])
    """
    check_scores_and_mask("topk_labels", scores, mask)
    at_least("topk_labels", "k_max", k_max, 1)
    inf = torch.inf
    scores = torch.nan_to_num(scores.detach(), nan=-inf, posinf=inf, neginf=-inf)
    if mask is not None:
        scores = scores.masked_fill_(mask, -inf)
    num_labels = scores.shape[1]
    k_max = min(k_max, num_labels)
    if _SORT_ALL * k_max >= num_labels or num_labels > _MOST_TO_SELECT:
        return _sort(scores, mask)[:, :k_max]
    is_half = scores.dtype in {torch.float16, torch.bfloat16}
    return _select(scores.float() if is_half else scores, mask, k_max)


def _sort(scores: Tensor, mask: Tensor | None) -> Tensor:
    """Sort all labels of each row."""
    labels = scores.sort(dim=1, descending=True, stable=True).indices
    if mask is None:
        return labels
    # what is left out comes after the labels whose score truly is minus infinity
    is_out, order = mask.gather(1, labels).byte().sort(dim=1, stable=True)
    return labels.gather(1, order).masked_fill_(is_out > 0, -1)


def _select(scores: Tensor, mask: Tensor | None, k: int) -> Tensor:
    """Select the ``k`` best labels of each row.

    ``topk`` gets the values right, and the labels too save for ties: which of the labels that share
    the worst value it names, and in which order it names equals, is left open. So the labels of the
    worst value are selected a second time, by index, and the ``k`` are put in order. ``scores`` is
    overwritten, and must be of a dtype that holds every index.
    """
    num_labels = scores.shape[1]
    values, labels = scores.topk(k, dim=1)
    worst = values[:, -1:]
    is_other = scores != worst
    if mask is not None:
        is_other |= mask
    # the indices of the tied labels, negative, in the place of the scores: memory is the bottleneck
    index = torch.arange(num_labels, dtype=scores.dtype, device=scores.device)
    tied = scores.copy_(-index).masked_fill_(is_other, -torch.inf).topk(k, dim=1).values
    tied = tied.neg_().clamp_(max=num_labels).long()
    is_better = values > worst
    place = torch.arange(k, device=scores.device) - is_better.sum(dim=1, keepdim=True)
    labels = torch.where(is_better, labels, tied.gather(1, place.clamp_(min=0)))
    labels, order = labels.sort(dim=1)
    order = values.gather(1, order).sort(dim=1, descending=True, stable=True).indices
    labels = labels.gather(1, order)
    return labels if mask is None else labels.masked_fill_(labels == num_labels, -1)


def take_relevance(relevance: Tensor, labels: Tensor, *, k_max: int) -> Tensor:
    """Give the relevance at each rank, of shape ``(N, k_max)``, 0 at a rank no label takes.

    Args:
        relevance: Relevance of each label, shape ``(N, L)``.
        labels: What :func:`topk_labels` gave.
        k_max: Number of ranks.
    """
    ranked = relevance.detach().gather(1, labels.clamp(min=0)).masked_fill_(labels < 0, 0)
    missing = k_max - labels.shape[1]
    return torch.nn.functional.pad(ranked, (0, missing)) if missing > 0 else ranked


def ranked_relevance(
    scores: Tensor, relevance: Tensor, *, k_max: int, mask: Tensor | None = None
) -> Tensor:
    """Give the relevance of the labels in the order of their scores, best first.

    All metrics ``..._at_k`` of one pair of scores and relevance can be computed from one such
    tensor. Equal scores rank by lower index first, NaN ranks with minus infinity.

    Args:
        scores: One score per label, any scale. Float, shape ``(N, L)``.
        relevance: Relevance of each label. Bool, integer or float, shape ``(N, L)``.
        k_max: Number of ranks, at least 1.
        mask: True where a label is left out of the ranking. Bool, shape ``(N, L)``.

    Returns:
        The dtype of ``relevance``, shape ``(N, k_max)``, on the device of ``scores``; 0 at the
        ranks that no label takes.

    Raises:
        ArgumentError: The shapes do not fit together, or ``k_max`` is below 1.
        ArgumentTypeError: A dtype does not fit.

    Example:
        >>> import torch
        >>> scores, relevance = torch.tensor([[0.1, 0.7, 0.7]]), torch.tensor([[1, 0, 2]])
        >>> ranked_relevance(scores, relevance, k_max=4)
        tensor([[0, 2, 1, 0]])
    """
    check_ranking_inputs("ranked_relevance", scores, relevance, mask)
    labels = topk_labels(scores, k_max=k_max, mask=mask)
    return take_relevance(relevance, labels, k_max=k_max)


def best_relevance(relevance: Tensor, *, k_max: int) -> Tensor:
    """Give the relevance in the best order, of shape ``(N, k_max)``, 0 beyond the last label."""
    relevance = relevance.detach()
    if relevance.dtype == torch.bool:
        rank = torch.arange(k_max, device=relevance.device)
        return rank < count_true(relevance, dim=1).unsqueeze(1)
    missing = k_max - relevance.shape[1]
    best = relevance.topk(min(k_max, relevance.shape[1]), dim=1).values
    return torch.nn.functional.pad(best, (0, missing)) if missing > 0 else best


def keep_relevance(relevance: Tensor, *, threshold: float | None, mask: Tensor | None) -> Tensor:
    """Set the relevance to 0 where it is below ``threshold`` and where a label is left out."""
    relevance = relevance.detach()
    if threshold is not None:
        relevance = relevance.masked_fill(~(relevance >= threshold), 0)
    return relevance if mask is None else relevance.masked_fill(mask, 0)


def is_relevant(relevance: Tensor) -> Tensor:
    """Tell which labels are relevant: bool, in the shape of ``relevance``."""
    relevance = relevance.detach()
    return relevance if relevance.dtype == torch.bool else relevance > 0


def count_true(which: Tensor, *, dim: int) -> Tensor:
    """Count along an axis, in int64; summing in int64 outright takes ten times as long on a CPU."""
    return which.sum(dim=dim, dtype=torch.int32).long()


def count_relevant(relevance: Tensor) -> Tensor:
    """Count the relevant labels of each row: int64, shape ``(N,)``."""
    return count_true(is_relevant(relevance), dim=1)


def count_ranked(scores: Tensor, mask: Tensor | None) -> int | Tensor:
    """Count the labels that are ranked: ``L``, or with a mask int64 of shape ``(N,)``."""
    return scores.shape[1] if mask is None else count_true(~mask, dim=1)


def double_of(tensor: Tensor) -> torch.dtype:
    """Give the dtype to sum in where ``tensor`` is: MPS has no float64."""
    return torch.float32 if tensor.is_mps else torch.float64


def ascending_k(where: str, k: int | Sequence[int]) -> tuple[int, ...]:
    """Give the cut-offs in ascending order, each once.

    Raises:
        ArgumentError: There is none, or one is below 1.
        ArgumentTypeError: One is no whole number.
    """
    if isinstance(k, Sequence):
        ks = sorted({at_least(where, "k", one, 1) for one in k})
        if not ks:
            raise ArgumentError(mismatch(where, "k", "at least one number", k))
        return tuple(ks)
    return (at_least(where, "k", k, 1),)


def check_choice(where: str, what: str, value: str, choices: Iterable[str]) -> None:
    """Refuse an option that is not among those there are.

    Raises:
        ArgumentError: ``value`` is not one of ``choices``.
    """
    choices = tuple(choices)
    if value not in choices:
        raise ArgumentError(mismatch(where, what, f"one of {', '.join(map(repr, choices))}", value))


def check_empty_target(where: str, empty_target: EmptyTarget) -> None:
    """Refuse what is no way to treat rows without a relevant label.

    Raises:
        ArgumentError: It is none.
    """
    check_choice(where, "empty_target", empty_target, get_args(EmptyTarget))


def check_threshold(where: str, relevance_threshold: float | None) -> None:
    """Refuse a threshold at which a relevance of 0 would be relevant.

    Raises:
        ArgumentError: The threshold is not above 0.
    """
    if relevance_threshold is not None and not relevance_threshold > 0:
        raise ArgumentError(mismatch(where, "relevance_threshold", "above 0", relevance_threshold))


def check_scores_and_mask(where: str, scores: Tensor, mask: Tensor | None) -> None:
    """Refuse scores and a mask of the wrong shape or dtype, without looking at a value.

    Raises:
        ArgumentError: A shape does not fit.
        ArgumentTypeError: A dtype does not fit.
    """
    if scores.ndim != 2:  # noqa: PLR2004 - rows and labels
        raise ArgumentError(f"{where}: scores must have shape (N, L), got {list(scores.shape)}")
    if not scores.is_floating_point():
        raise ArgumentTypeError(f"{where}: scores must be floating point, got {scores.dtype}")
    if mask is None:
        return
    if mask.shape != scores.shape:
        raise ArgumentError(
            f"{where}: scores and mask must have one shape, "
            f"got {list(scores.shape)} and {list(mask.shape)}"
        )
    if mask.dtype != torch.bool:
        raise ArgumentTypeError(f"{where}: mask must be bool, got {mask.dtype}")


def check_ranking_inputs(
    where: str, scores: Tensor, relevance: Tensor, mask: Tensor | None = None
) -> None:
    """Refuse inputs of the wrong shape or dtype, without looking at a value.

    Raises:
        ArgumentError: The shapes do not fit together.
        ArgumentTypeError: A dtype does not fit.
    """
    check_scores_and_mask(where, scores, mask)
    if relevance.shape != scores.shape:
        raise ArgumentError(
            f"{where}: scores and relevance must have one shape, "
            f"got {list(scores.shape)} and {list(relevance.shape)}"
        )
    if relevance.is_complex():
        raise ArgumentTypeError(f"{where}: relevance must be real, got {relevance.dtype}")


def check_score_values(where: str, scores: Tensor, mask: Tensor | None = None) -> None:
    """Refuse NaN among the scores that are ranked; the host waits for the device.

    Raises:
        ArgumentError: There is one.
    """
    is_nan = scores.isnan()
    if has_numbers(scores) and bool((is_nan if mask is None else is_nan & ~mask).any()):
        raise ArgumentError(f"{where}: scores must not be NaN, got NaN")


def check_relevance_values(
    where: str,
    relevance: Tensor,
    *,
    is_graded: bool = False,
    threshold: float | None = None,
    mask: Tensor | None = None,
) -> None:
    """Refuse relevance that says nothing to the metric; the host waits for the device.

    With a threshold any number passes, graded relevance must be finite and at least 0, other
    relevance 0 or 1.

    Raises:
        ArgumentError: A value does not fit.
    """
    if relevance.dtype == torch.bool:
        return
    if threshold is not None:
        is_fine, condition = ~relevance.isnan(), "a number, got NaN"
    elif is_graded:
        is_fine = (relevance >= 0) & relevance.isfinite()
        condition = "finite and at least 0, got other values"
    else:
        is_fine = (relevance == 0) | (relevance == 1)
        condition = "0 or 1, got other values; give a relevance_threshold, or compare first"
    if mask is not None:
        is_fine |= mask
    if has_numbers(relevance) and not bool(is_fine.all()):
        raise ArgumentError(f"{where}: relevance must be {condition}")


def check_targets(where: str, num_relevant: Tensor) -> None:
    """Refuse rows without a relevant label; the host waits for the device.

    Raises:
        ArgumentError: There is such a row.
    """
    num_empty = int((num_relevant == 0).sum()) if has_numbers(num_relevant) else 0
    if num_empty:
        raise ArgumentError(
            f"{where}: every row must have a relevant label, got {num_empty} without; "
            "or choose another empty_target"
        )
