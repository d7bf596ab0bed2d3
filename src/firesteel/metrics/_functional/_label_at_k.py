"""Precision, recall and F1 of each label, where every row names its k best labels.

Axes: N rows, L labels, K cut-offs. Rows without a relevant label count here: they name labels too.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple, TypeAlias, final, get_args

import torch
from torch import Tensor

from firesteel._require import mismatch
from firesteel.errors import ArgumentError, NotComputableError

from ._ranked import (
    ascending_k,
    check_choice,
    check_ranking_inputs,
    check_relevance_values,
    check_score_values,
    check_threshold,
    count_true,
    double_of,
    is_relevant,
    keep_relevance,
    topk_labels,
)

__all__ = ["LabelAverage", "label_f1_at_k", "label_precision_at_k", "label_recall_at_k"]

LabelAverage: TypeAlias = Literal["macro", "weighted", "micro"]
"""How labels are combined: their mean, weighted by relevance, or one count over all labels."""


class LabelAtKSums(NamedTuple):
    """Counts for each label. All merge by sum.

    Attributes:
        num_hits: Rows in which the label is named and relevant. Int64, shape ``(K, L)``.
        num_named: Rows in which the label is named. Int64, shape ``(K, L)``.
        num_relevant: Rows in which the label is relevant. Int64, shape ``(L,)``.
        num_rows: All rows. Int64, shape ``()``.
    """

    num_hits: Tensor
    num_named: Tensor
    num_relevant: Tensor
    num_rows: Tensor


def label_at_k_sums(labels: Tensor, relevance: Tensor, *, ks: Sequence[int]) -> LabelAtKSums:
    """Count for each label in how many rows it is named, relevant, and both.

    Args:
        labels: The best labels of each row, at least ``ks[-1]`` or all of them, -1 for none, as
            ``topk_labels`` gives them. Int64, shape ``(N, k_max)``.
        relevance: Relevance of each label, 0 where it does not count. Shape ``(N, L)``.
        ks: The cut-offs, ascending.

    Raises:
        ArgumentError: The shapes do not fit together.
    """
    num_rows, num_labels = relevance.shape
    if labels.ndim != 2 or len(labels) != num_rows:  # noqa: PLR2004 - rows and ranks
        raise ArgumentError(
            "label sums at k: labels and relevance must have shapes (N, k_max) and (N, L), "
            f"got {list(labels.shape)} and {list(relevance.shape)}"
        )
    if labels.shape[1] < min(ks[-1], num_labels):
        raise ArgumentError(
            f"label sums at k: labels must have {min(ks[-1], num_labels)} columns, "
            f"got {labels.shape[1]}"
        )
    relevance = is_relevant(relevance)
    is_named = (labels >= 0).long()
    labels = labels.clamp(min=0)
    is_hit = relevance.gather(1, labels) & (is_named > 0)
    counts = torch.zeros((2, len(ks), num_labels), dtype=torch.int64, device=labels.device)
    for i, (start, end) in enumerate(pairwise((0, *ks))):  # only what each cut-off adds
        named = labels[:, start:end].flatten()
        counts[0, i].scatter_add_(0, named, is_hit[:, start:end].long().flatten())
        counts[1, i].scatter_add_(0, named, is_named[:, start:end].flatten())
    num_hits, num_named = counts.cumsum_(1)
    all_rows = torch.full((), num_rows, dtype=torch.int64, device=labels.device)
    return LabelAtKSums(num_hits, num_named, count_true(relevance, dim=0), all_rows)


def _ratio(numerator: Tensor, denominator: Tensor, zero_division: float) -> Tensor:
    """Divide, with ``zero_division`` for 0 / 0."""
    ratio = numerator.to(double_of(numerator)) / denominator
    return ratio.masked_fill_(denominator == 0, zero_division)


def _combine(
    where: str,
    sums: LabelAtKSums,
    numerator: Tensor,
    denominator: Tensor,
    *,
    average: LabelAverage | None,
    zero_division: float,
) -> Tensor:
    """Give the ratio for each label, shape ``(K, L)``, or combined over labels, shape ``(K,)``."""
    if not int(sums.num_rows):
        raise NotComputableError(f"{where}: needs at least one row")
    if average == "micro":
        return _ratio(numerator.sum(dim=1), denominator.sum(dim=1), zero_division)
    ratio = _ratio(numerator, denominator, zero_division)
    if average == "macro":
        return ratio.mean(dim=1)
    if average == "weighted":
        weight = sums.num_relevant + (sums.num_relevant.sum() == 0)  # all alike if none is relevant
        return (ratio * weight).sum(dim=1) / weight.sum()
    return ratio


def label_precision_at_k_result(
    sums: LabelAtKSums, *, average: LabelAverage | None = None, zero_division: float = 0.0
) -> Tensor:
    """Give the precision from counts, shape ``(K, L)``, or ``(K,)`` if combined over labels."""
    return _combine(
        "label_precision_at_k",
        sums,
        sums.num_hits,
        sums.num_named,
        average=average,
        zero_division=zero_division,
    )


def label_recall_at_k_result(
    sums: LabelAtKSums, *, average: LabelAverage | None = None, zero_division: float = 0.0
) -> Tensor:
    """Give the recall from counts, shape ``(K, L)``, or ``(K,)`` if combined over labels."""
    return _combine(
        "label_recall_at_k",
        sums,
        sums.num_hits,
        sums.num_relevant.expand_as(sums.num_hits),
        average=average,
        zero_division=zero_division,
    )


def label_f1_at_k_result(
    sums: LabelAtKSums, *, average: LabelAverage | None = None, zero_division: float = 0.0
) -> Tensor:
    """Give the F1 from counts, shape ``(K, L)``, or ``(K,)`` if combined over labels."""
    return _combine(
        "label_f1_at_k",
        sums,
        2 * sums.num_hits,
        sums.num_named + sums.num_relevant,
        average=average,
        zero_division=zero_division,
    )


def check_label_options(
    where: str, *, average: LabelAverage | None, zero_division: float, threshold: float | None
) -> None:
    """Refuse options that are out of range.

    Raises:
        ArgumentError: One is.
    """
    if average is not None:
        check_choice(where, "average", average, get_args(LabelAverage))
    if not 0 <= zero_division <= 1:
        raise ArgumentError(mismatch(where, "zero_division", "in [0, 1]", zero_division))
    check_threshold(where, threshold)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """The options that the three functions share."""

    k: int | Sequence[int]
    average: LabelAverage | None
    zero_division: float
    threshold: float | None
    mask: Tensor | None


def _count(where: str, scores: Tensor, relevance: Tensor, options: _Options) -> LabelAtKSums:
    """Check everything, rank and count."""
    ks = ascending_k(where, options.k)
    threshold, mask = options.threshold, options.mask
    check_label_options(
        where, average=options.average, zero_division=options.zero_division, threshold=threshold
    )
    check_ranking_inputs(where, scores, relevance, mask)
    check_score_values(where, scores, mask)
    check_relevance_values(where, relevance, threshold=threshold, mask=mask)
    relevance = keep_relevance(relevance, threshold=threshold, mask=mask)
    labels = topk_labels(scores, k_max=ks[-1], mask=mask)
    return label_at_k_sums(labels, relevance, ks=ks)


def label_precision_at_k(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    average: LabelAverage | None = None,
    zero_division: float = 0.0,
    relevance_threshold: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    r"""For each label, the share of the rows that name it among ``k`` in which it is relevant.

    :math:`TP_l / PP_l`, where :math:`PP_l` counts the rows that name label l and :math:`TP_l` those
    of them in which it is relevant.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1; with ``relevance_threshold`` any number.
            Bool, integer or float, shape ``(N, L)``.
        k: How many labels each row names, at least 1; or several such cut-offs.
        average: ``None`` for one number per label; ``"macro"`` for their mean; ``"weighted"`` for
            their mean weighted by how often they are relevant, all alike if none ever is;
            ``"micro"`` for one ratio of the counts of all labels together.
        zero_division: What 0 / 0 is, from 0 to 1.
        relevance_threshold: The least relevance that is relevant, above 0; ``None`` where
            ``relevance`` is 0 or 1.
        mask: True where a label is left out, of the ranking and of what is relevant. Bool, shape
            ``(N, L)``.

    Returns:
        Float64, shape ``(L,)``, or ``()`` if labels are combined; with several k ``(K, L)`` or
        ``(K,)``, ascending and each once. On the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: There is no row.

    Source:
        Gong et al., "Deep convolutional ranking for multilabel image annotation",
        arXiv 1312.4894.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> relevance = torch.tensor([[0, 1, 1], [0, 1, 1]])
        >>> label_precision_at_k(scores, relevance, k=2)
        tensor([0., 1., 1.], dtype=torch.float64)
    """
    options = _Options(
        k=k,
        average=average,
        zero_division=zero_division,
        threshold=relevance_threshold,
        mask=mask,
    )
    sums = _count("label_precision_at_k", scores, relevance, options)
    value = label_precision_at_k_result(sums, average=average, zero_division=zero_division)
    return value if isinstance(k, Sequence) else value[0]


def label_recall_at_k(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    average: LabelAverage | None = None,
    zero_division: float = 0.0,
    relevance_threshold: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    r"""For each label, the share of the rows in which it is relevant that name it among ``k``.

    :math:`TP_l / P_l`, where :math:`P_l` counts the rows in which label l is relevant and
    :math:`TP_l` those of them that name it.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1; with ``relevance_threshold`` any number.
            Bool, integer or float, shape ``(N, L)``.
        k: How many labels each row names, at least 1; or several such cut-offs.
        average: ``None`` for one number per label; ``"macro"`` for their mean; ``"weighted"`` for
            their mean weighted by how often they are relevant, all alike if none ever is;
            ``"micro"`` for one ratio of the counts of all labels together.
        zero_division: What 0 / 0 is, from 0 to 1.
        relevance_threshold: The least relevance that is relevant, above 0; ``None`` where
            ``relevance`` is 0 or 1.
        mask: True where a label is left out, of the ranking and of what is relevant. Bool, shape
            ``(N, L)``.

    Returns:
        Float64, shape ``(L,)``, or ``()`` if labels are combined; with several k ``(K, L)`` or
        ``(K,)``, ascending and each once. On the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: There is no row.

    Source:
        Gong et al., "Deep convolutional ranking for multilabel image annotation",
        arXiv 1312.4894.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> relevance = torch.tensor([[0, 1, 1], [0, 1, 1]])
        >>> label_recall_at_k(scores, relevance, k=2)
        tensor([0.0000, 1.0000, 0.5000], dtype=torch.float64)
    """
    options = _Options(
        k=k,
        average=average,
        zero_division=zero_division,
        threshold=relevance_threshold,
        mask=mask,
    )
    sums = _count("label_recall_at_k", scores, relevance, options)
    value = label_recall_at_k_result(sums, average=average, zero_division=zero_division)
    return value if isinstance(k, Sequence) else value[0]


def label_f1_at_k(
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    average: LabelAverage | None = None,
    zero_division: float = 0.0,
    relevance_threshold: float | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    r"""For each label, the harmonic mean of its precision and its recall at ``k``.

    :math:`2 TP_l / (PP_l + P_l)`, with the counts of :func:`label_precision_at_k` and
    :func:`label_recall_at_k`. The macro F1 is the mean of these, not the harmonic mean of macro
    precision and macro recall that the literature of image annotation calls C-F1.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1; with ``relevance_threshold`` any number.
            Bool, integer or float, shape ``(N, L)``.
        k: How many labels each row names, at least 1; or several such cut-offs.
        average: ``None`` for one number per label; ``"macro"`` for their mean; ``"weighted"`` for
            their mean weighted by how often they are relevant, all alike if none ever is;
            ``"micro"`` for one ratio of the counts of all labels together.
        zero_division: What 0 / 0 is, from 0 to 1.
        relevance_threshold: The least relevance that is relevant, above 0; ``None`` where
            ``relevance`` is 0 or 1.
        mask: True where a label is left out, of the ranking and of what is relevant. Bool, shape
            ``(N, L)``.

    Returns:
        Float64, shape ``(L,)``, or ``()`` if labels are combined; with several k ``(K, L)`` or
        ``(K,)``, ascending and each once. On the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: There is no row.

    Source:
        Gong et al., "Deep convolutional ranking for multilabel image annotation",
        arXiv 1312.4894.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> relevance = torch.tensor([[0, 1, 1], [0, 1, 1]])
        >>> label_f1_at_k(scores, relevance, k=2)
        tensor([0.0000, 1.0000, 0.6667], dtype=torch.float64)
    """
    options = _Options(
        k=k,
        average=average,
        zero_division=zero_division,
        threshold=relevance_threshold,
        mask=mask,
    )
    sums = _count("label_f1_at_k", scores, relevance, options)
    value = label_f1_at_k_result(sums, average=average, zero_division=zero_division)
    return value if isinstance(k, Sequence) else value[0]
