"""Items of many queries in one row, sorted by query and score, without a loop over queries.

Axes: M items, Q queries. These functions see all data at once and may wait for the device.
"""

from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

from firesteel._require import at_least
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError

from ._ranked import (
    EmptyTarget,
    check_empty_target,
    check_relevance_values,
    check_score_values,
    double_of,
    is_relevant,
)

__all__ = ["Queries", "Target", "mean_over_queries", "rank_queries"]

Target: TypeAlias = Literal["relevant", "irrelevant"]
"""Of which items a query has to have one for its value to mean something."""


class Queries(NamedTuple):
    """Items sorted by query, in each by descending score, and counts of each query.

    Attributes:
        relevance: Relevance of the items, in the dtype that came, shape ``(M,)``.
        is_relevant: Whether an item is relevant. Bool, shape ``(M,)``.
        rank: Place of an item in its query, from 1. Int64, shape ``(M,)``.
        query: The query of an item, from 0, ascending. Int64, shape ``(M,)``.
        num_relevant: Relevant items of a query. Int64, shape ``(Q,)``.
        num_items: All items of a query, at least 1. Int64, shape ``(Q,)``.
    """

    relevance: Tensor
    is_relevant: Tensor
    rank: Tensor
    query: Tensor
    num_relevant: Tensor
    num_items: Tensor

    @property
    def num_irrelevant(self) -> Tensor:
        """Other items of a query. Int64, shape ``(Q,)``."""
        return self.num_items - self.num_relevant

    def sum_up(self, values: Tensor) -> Tensor:
        """Sum values of items, shape ``(M,)``, over each query, shape ``(Q,)``."""
        zeros = torch.zeros(len(self.num_items), dtype=values.dtype, device=values.device)
        return zeros.index_add_(0, self.query, values)

    def is_within(self, top_k: int | None) -> Tensor:
        """Tell which items are among the first ``top_k`` of their query: bool, shape ``(M,)``."""
        return torch.ones_like(self.is_relevant) if top_k is None else self.rank <= top_k

    def count_hits(self, top_k: int | None) -> Tensor:
        """Count the relevant items among the first ``top_k`` of each query: shape ``(Q,)``."""
        if top_k is None:
            return self.num_relevant
        return self.sum_up((self.is_relevant & self.is_within(top_k)).long())

    def hits_up_to(self) -> Tensor:
        """Count for each item the relevant ones of its query up to its rank: shape ``(M,)``."""
        before = self.num_relevant.cumsum(0) - self.num_relevant
        return self.is_relevant.cumsum(0) - before[self.query]

    def best(self, values: Tensor) -> Tensor:
        """Sort values of items by query, in each in descending order: shape ``(M,)``."""
        return values[_order(self.query, values)]


def _order(query: Tensor, values: Tensor) -> Tensor:
    """Sort by query, then by descending value, then as they came."""
    order = values.sort(descending=True, stable=True).indices
    return order[query[order].sort(stable=True).indices]


def rank_queries(scores: Tensor, relevance: Tensor, indexes: Tensor) -> Queries:
    """Sort items by query and score; equal scores keep their order, NaN ranks with minus infinity.

    Args:
        scores: One score per item. Float, shape ``(M,)``.
        relevance: Relevance of each item, shape ``(M,)``.
        indexes: The query of each item, any integers in any order. Shape ``(M,)``.
    """
    inf = torch.inf
    order = _order(indexes, torch.nan_to_num(scores.detach(), nan=-inf, posinf=inf, neginf=-inf))
    relevance, indexes = relevance.detach()[order], indexes[order]
    is_new = torch.nn.functional.pad(indexes[1:] != indexes[:-1], (min(len(order), 1), 0))
    query = is_new.cumsum(0)
    num_queries = int(query[-1]) + 1 if len(order) else 0
    is_hit = is_relevant(relevance)
    zeros = torch.zeros((2, num_queries), dtype=torch.int64, device=order.device)
    num_items = zeros[0].index_add_(0, query, torch.ones_like(query))
    num_relevant = zeros[1].index_add_(0, query, is_hit.long())
    start = num_items.cumsum(0) - num_items
    rank = torch.arange(1, len(order) + 1, device=order.device) - start[query]
    return Queries(relevance, is_hit, rank, query, num_relevant, num_items)


def check_retrieval_inputs(where: str, scores: Tensor, relevance: Tensor, indexes: Tensor) -> None:
    """Refuse inputs of the wrong shape or dtype, without looking at a value.

    Raises:
        ArgumentError: The shapes do not fit together.
        ArgumentTypeError: A dtype does not fit.
    """
    if scores.ndim != 1 or not scores.shape == relevance.shape == indexes.shape:
        raise ArgumentError(
            f"{where}: scores, relevance and indexes must have one shape (M,), got "
            f"{list(scores.shape)}, {list(relevance.shape)} and {list(indexes.shape)}"
        )
    if not scores.is_floating_point():
        raise ArgumentTypeError(f"{where}: scores must be floating point, got {scores.dtype}")
    if relevance.is_complex():
        raise ArgumentTypeError(f"{where}: relevance must be real, got {relevance.dtype}")
    if indexes.is_floating_point() or indexes.is_complex() or indexes.dtype == torch.bool:
        raise ArgumentTypeError(f"{where}: indexes must be integer, got {indexes.dtype}")


def check_top_k(where: str, top_k: int | None) -> None:
    """Refuse a cut-off that is neither ``None`` nor at least 1.

    Raises:
        ArgumentError: It is below 1.
        ArgumentTypeError: It is no whole number.
    """
    if top_k is not None:
        at_least(where, "top_k", top_k, 1)


def prepare_queries(
    where: str,
    scores: Tensor,
    relevance: Tensor,
    *,
    indexes: Tensor,
    top_k: int | None,
    empty_target: EmptyTarget,
    is_graded: bool = False,
) -> Queries:
    """Check everything and sort once."""
    check_top_k(where, top_k)
    check_empty_target(where, empty_target)
    check_retrieval_inputs(where, scores, relevance, indexes)
    check_score_values(where, scores)
    check_relevance_values(where, relevance, is_graded=is_graded)
    return rank_queries(scores, relevance, indexes)


def mean_over_queries(
    where: str,
    value: Tensor,
    queries: Queries,
    *,
    empty_target: EmptyTarget,
    target: Target = "relevant",
) -> Tensor:
    """Give the mean over queries, of which those without a target count as is asked for.

    Args:
        where: Who asks, for errors.
        value: Value of each query, 0 where there is no target. Shape ``(Q,)``.
        queries: The queries.
        empty_target: What a query without a target counts as.
        target: Which items are targets.

    Raises:
        ArgumentError: A query has none, and that is a mistake.
        NotComputableError: No query counts.
    """
    num_targets = queries.num_relevant if target == "relevant" else queries.num_irrelevant
    num_queries, num_empty = len(value), int((num_targets == 0).sum())
    if num_empty and empty_target == "error":
        raise ArgumentError(
            f"{where}: every query must have {target} items, got {num_empty} without; "
            "or choose another empty_target"
        )
    if empty_target == "skip":
        num_queries -= num_empty
    if not num_queries:
        raise NotComputableError(f"{where}: needs at least one query that counts")
    total = value.sum(dtype=double_of(value))
    return (total + num_empty if empty_target == "one" else total) / num_queries
