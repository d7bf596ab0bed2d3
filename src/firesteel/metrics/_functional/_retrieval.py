"""Metrics of retrieval: means over queries whose items come in one row, with query indexes.

Axes: M items, Q queries. Items of a query rank by descending score, in the order they came where
scores are equal. h: relevant items among the first k of a query. R: relevant items of a query.
"""

from typing import get_args

from torch import Tensor

from ._at_k_sums import ApDenominator, Gain
from ._queries import mean_over_queries, prepare_queries
from ._query_values import (
    average_precision,
    fall_out,
    hit,
    normalized_dcg,
    precision,
    r_precision,
    recall,
    reciprocal_rank,
)
from ._ranked import EmptyTarget, check_choice

__all__ = [
    "retrieval_average_precision",
    "retrieval_fall_out",
    "retrieval_hit_rate",
    "retrieval_normalized_dcg",
    "retrieval_precision",
    "retrieval_r_precision",
    "retrieval_recall",
    "retrieval_reciprocal_rank",
]


def retrieval_average_precision(
    scores: Tensor,
    relevance: Tensor,
    *,
    indexes: Tensor,
    top_k: int | None = None,
    denominator: ApDenominator = "min",
    empty_target: EmptyTarget = "skip",
) -> Tensor:
    r"""Average precision among the first ``top_k`` items of a query, as a mean over queries.

    A query gives :math:`\frac{1}{D} \sum_{i \le k} r_i h_i / i`, where :math:`r_i` tells whether
    the item at rank i is relevant and :math:`h_i` counts the relevant ones up to there; 0 if D is
    0.
    Without a cut-off D is R whatever the option.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per item, any scale, higher is better. Float, shape ``(M,)``.
        relevance: Whether each item is relevant, 0 or 1. Bool, integer or float, shape ``(M,)``.
        indexes: The query of each item, in any order. Integer, shape ``(M,)``.
        top_k: The cut-off k, at least 1; ``None`` for all items of the query.
        denominator: What D is: ``"min"`` for :math:`\min(k, R)`, ``"relevant"`` for R as in
            trec_eval, ``"hits"`` for the relevant items found as in torchmetrics.
        empty_target: What a query without a relevant item counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No query counts.

    Source:
        Manning, Raghavan and Schuetze, "Introduction to information retrieval", 2008, chapter 8.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> retrieval_average_precision(scores, relevance, indexes=torch.tensor([0, 0, 0, 1, 1]))
        tensor(0.5417, dtype=torch.float64)
    """
    where = "retrieval_average_precision"
    check_choice(where, "denominator", denominator, get_args(ApDenominator))
    queries = prepare_queries(
        where,
        scores,
        relevance,
        indexes=indexes,
        top_k=top_k,
        empty_target=empty_target,
    )
    value = average_precision(queries, top_k=top_k, denominator=denominator)
    return mean_over_queries(where, value, queries, empty_target=empty_target)


def retrieval_reciprocal_rank(
    scores: Tensor,
    relevance: Tensor,
    *,
    indexes: Tensor,
    top_k: int | None = None,
    empty_target: EmptyTarget = "skip",
) -> Tensor:
    r"""Reciprocal rank of the first relevant item of a query, as a mean over queries.

    A query gives :math:`1 / \operatorname{rank}` if that rank is at most ``top_k``, else 0.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per item, any scale, higher is better. Float, shape ``(M,)``.
        relevance: Whether each item is relevant, 0 or 1. Bool, integer or float, shape ``(M,)``.
        indexes: The query of each item, in any order. Integer, shape ``(M,)``.
        top_k: The cut-off k, at least 1; ``None`` for all items of the query.
        empty_target: What a query without a relevant item counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No query counts.

    Source:
        Voorhees, "The TREC-8 question answering track report", 1999.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> retrieval_reciprocal_rank(scores, relevance, indexes=torch.tensor([0, 0, 0, 1, 1]))
        tensor(0.5000, dtype=torch.float64)
    """
    where = "retrieval_reciprocal_rank"
    queries = prepare_queries(
        where,
        scores,
        relevance,
        indexes=indexes,
        top_k=top_k,
        empty_target=empty_target,
    )
    value = reciprocal_rank(queries, top_k=top_k)
    return mean_over_queries(where, value, queries, empty_target=empty_target)


def retrieval_normalized_dcg(
    scores: Tensor,
    relevance: Tensor,
    *,
    indexes: Tensor,
    top_k: int | None = None,
    gain: Gain = "exp_rank",
    empty_target: EmptyTarget = "skip",
) -> Tensor:
    r"""Discounted gain of the first ``top_k`` items of a query, relative to the best order.

    A query gives :math:`\sum_{i \le k} g(r_i) / \log_2(i + 1)`, divided by the same sum for the
    items in the order of their relevance; the result is the mean over queries. Equal scores rank in
    the order they came; torchmetrics and scikit-learn average over their orders.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per item, any scale, higher is better. Float, shape ``(M,)``.
        relevance: How relevant each item is, at least 0. Bool, integer or float, shape ``(M,)``.
        indexes: The query of each item, in any order. Integer, shape ``(M,)``.
        top_k: The cut-off k, at least 1; ``None`` for all items of the query.
        gain: What a relevance r is worth: ``"exp_rank"`` for :math:`2^r - 1`, ``"linear_rank"``
            for r, as in torchmetrics.
        empty_target: What a query without a relevant item counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No query counts.

    Source:
        Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002; the
        exponential gain: Burges et al., "Learning to rank using gradient descent", ICML 2005.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> retrieval_normalized_dcg(scores, relevance, indexes=torch.tensor([0, 0, 0, 1, 1]))
        tensor(0.6622, dtype=torch.float64)
    """
    where = "retrieval_normalized_dcg"
    check_choice(where, "gain", gain, get_args(Gain))
    queries = prepare_queries(
        where,
        scores,
        relevance,
        indexes=indexes,
        top_k=top_k,
        empty_target=empty_target,
        is_graded=True,
    )
    value = normalized_dcg(queries, top_k=top_k, gain=gain)
    return mean_over_queries(where, value, queries, empty_target=empty_target)


def retrieval_precision(
    scores: Tensor,
    relevance: Tensor,
    *,
    indexes: Tensor,
    top_k: int | None = None,
    clip_k: bool = False,
    empty_target: EmptyTarget = "skip",
) -> Tensor:
    r"""Share of the first ``top_k`` items of a query that are relevant; a mean over queries.

    A query gives :math:`h / k`. k may exceed the number of its items; the precision then still
    divides by k, unless ``clip_k`` is set.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per item, any scale, higher is better. Float, shape ``(M,)``.
        relevance: Whether each item is relevant, 0 or 1. Bool, integer or float, shape ``(M,)``.
        indexes: The query of each item, in any order. Integer, shape ``(M,)``.
        top_k: The cut-off k, at least 1; ``None`` for all items of the query.
        clip_k: Whether ``top_k`` is at most the number of items of the query.
        empty_target: What a query without a relevant item counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No query counts.

    Source:
        Manning, Raghavan and Schuetze, "Introduction to information retrieval", 2008, chapter 8.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> retrieval_precision(scores, relevance, indexes=torch.tensor([0, 0, 0, 1, 1]))
        tensor(0.5833, dtype=torch.float64)
    """
    where = "retrieval_precision"
    queries = prepare_queries(
        where,
        scores,
        relevance,
        indexes=indexes,
        top_k=top_k,
        empty_target=empty_target,
    )
    value = precision(queries, top_k=top_k, clip_k=clip_k)
    return mean_over_queries(where, value, queries, empty_target=empty_target)


def retrieval_recall(
    scores: Tensor,
    relevance: Tensor,
    *,
    indexes: Tensor,
    top_k: int | None = None,
    empty_target: EmptyTarget = "skip",
) -> Tensor:
    r"""Share of the relevant items of a query among the first ``top_k``; a mean over queries.

    A query gives :math:`h / R`.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per item, any scale, higher is better. Float, shape ``(M,)``.
        relevance: Whether each item is relevant, 0 or 1. Bool, integer or float, shape ``(M,)``.
        indexes: The query of each item, in any order. Integer, shape ``(M,)``.
        top_k: The cut-off k, at least 1; ``None`` for all items of the query.
        empty_target: What a query without a relevant item counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No query counts.

    Source:
        Manning, Raghavan and Schuetze, "Introduction to information retrieval", 2008, chapter 8.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> retrieval_recall(scores, relevance, indexes=torch.tensor([0, 0, 0, 1, 1]))
        tensor(1., dtype=torch.float64)
    """
    where = "retrieval_recall"
    queries = prepare_queries(
        where,
        scores,
        relevance,
        indexes=indexes,
        top_k=top_k,
        empty_target=empty_target,
    )
    value = recall(queries, top_k=top_k)
    return mean_over_queries(where, value, queries, empty_target=empty_target)


def retrieval_r_precision(
    scores: Tensor,
    relevance: Tensor,
    *,
    indexes: Tensor,
    empty_target: EmptyTarget = "skip",
) -> Tensor:
    r"""Precision among as many items of a query as are relevant to it; a mean over queries.

    A query gives :math:`h_R / R`, where :math:`h_R` counts the relevant items among its first R;
    that is its recall there, too.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per item, any scale, higher is better. Float, shape ``(M,)``.
        relevance: Whether each item is relevant, 0 or 1. Bool, integer or float, shape ``(M,)``.
        indexes: The query of each item, in any order. Integer, shape ``(M,)``.
        empty_target: What a query without a relevant item counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No query counts.

    Source:
        Manning, Raghavan and Schuetze, "Introduction to information retrieval", 2008, chapter 8.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> retrieval_r_precision(scores, relevance, indexes=torch.tensor([0, 0, 0, 1, 1]))
        tensor(0.2500, dtype=torch.float64)
    """
    where = "retrieval_r_precision"
    queries = prepare_queries(
        where,
        scores,
        relevance,
        indexes=indexes,
        top_k=None,
        empty_target=empty_target,
    )
    value = r_precision(queries)
    return mean_over_queries(where, value, queries, empty_target=empty_target)


def retrieval_hit_rate(
    scores: Tensor,
    relevance: Tensor,
    *,
    indexes: Tensor,
    top_k: int | None = None,
    empty_target: EmptyTarget = "skip",
) -> Tensor:
    r"""Share of queries with a relevant item among the first ``top_k``: :math:`1[h > 0]`.

    Without a cut-off it tells only which queries have a relevant item.

    Better is higher, from 0 to 1.

    Args:
        scores: One score per item, any scale, higher is better. Float, shape ``(M,)``.
        relevance: Whether each item is relevant, 0 or 1. Bool, integer or float, shape ``(M,)``.
        indexes: The query of each item, in any order. Integer, shape ``(M,)``.
        top_k: The cut-off k, at least 1; ``None`` for all items of the query.
        empty_target: What a query without a relevant item counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No query counts.

    Source:
        Deshpande and Karypis, "Item-based top-N recommendation algorithms", TOIS 2004.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> retrieval_hit_rate(scores, relevance, indexes=torch.tensor([0, 0, 0, 1, 1]))
        tensor(1., dtype=torch.float64)
    """
    where = "retrieval_hit_rate"
    queries = prepare_queries(
        where,
        scores,
        relevance,
        indexes=indexes,
        top_k=top_k,
        empty_target=empty_target,
    )
    value = hit(queries, top_k=top_k)
    return mean_over_queries(where, value, queries, empty_target=empty_target)


def retrieval_fall_out(
    scores: Tensor,
    relevance: Tensor,
    *,
    indexes: Tensor,
    top_k: int | None = None,
    empty_target: EmptyTarget = "skip",
) -> Tensor:
    r"""Share of the irrelevant items of a query among the first ``top_k``; a mean over queries.

    A query gives :math:`(\min(k, n) - h) / (n - R)`, where n is the number of its items.

    Better is lower, from 0 to 1.

    Args:
        scores: One score per item, any scale, higher is better. Float, shape ``(M,)``.
        relevance: Whether each item is relevant, 0 or 1. Bool, integer or float, shape ``(M,)``.
        indexes: The query of each item, in any order. Integer, shape ``(M,)``.
        top_k: The cut-off k, at least 1; ``None`` for all items of the query.
        empty_target: What a query without an irrelevant item counts as: ``"skip"`` for nothing at
            all, ``"zero"``, ``"one"``, or ``"error"``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: No query counts.

    Source:
        Manning, Raghavan and Schuetze, "Introduction to information retrieval", 2008, chapter 8.

    Example:
        >>> import torch
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> retrieval_fall_out(scores, relevance, indexes=torch.tensor([0, 0, 0, 1, 1]))
        tensor(1., dtype=torch.float64)
    """
    where = "retrieval_fall_out"
    queries = prepare_queries(
        where,
        scores,
        relevance,
        indexes=indexes,
        top_k=top_k,
        empty_target=empty_target,
    )
    value = fall_out(queries, top_k=top_k)
    return mean_over_queries(where, value, queries, empty_target=empty_target, target="irrelevant")
