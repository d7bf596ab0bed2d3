"""The value of each query, from items that were ranked once, for each metric of retrieval.

Axes: M items, Q queries. h: relevant items among the first k of a query. R: relevant items of a
query. Each function gives float64 (float32 on MPS), of shape ``(Q,)``; a query without a target has
0. ``top_k`` is at least 1, or ``None`` for all items of the query.
"""

import torch
from torch import Tensor

from ._at_k_sums import ApDenominator, Gain, gain_of
from ._queries import Queries
from ._ranked import double_of

__all__ = [
    "average_precision",
    "fall_out",
    "hit",
    "normalized_dcg",
    "precision",
    "r_precision",
    "recall",
    "reciprocal_rank",
]


def average_precision(
    queries: Queries, *, top_k: int | None, denominator: ApDenominator = "min"
) -> Tensor:
    """Give the mean of the precision at the ranks of relevant items, up to ``top_k``."""
    is_hit = queries.is_relevant & queries.is_within(top_k)
    precision_there = queries.hits_up_to().to(double_of(queries.rank)) / queries.rank
    most = queries.count_hits(top_k) if denominator == "hits" else queries.num_relevant
    if denominator == "min" and top_k is not None:
        most = most.clamp(max=top_k)
    return queries.sum_up(torch.where(is_hit, precision_there, 0)) / most.clamp(min=1)


def reciprocal_rank(queries: Queries, *, top_k: int | None) -> Tensor:
    """Give 1 / rank of the first relevant item, if it is among the first ``top_k``."""
    is_first = queries.is_relevant & (queries.hits_up_to() == 1) & queries.is_within(top_k)
    return queries.sum_up(is_first.to(double_of(queries.rank)) / queries.rank)


def normalized_dcg(queries: Queries, *, top_k: int | None, gain: Gain = "exp_rank") -> Tensor:
    """Give the discounted gain of the first ``top_k`` items, relative to the best order."""
    weight = queries.is_within(top_k) / torch.log2(queries.rank.to(double_of(queries.rank)) + 1)
    gained = gain_of(queries.relevance, gain)
    got = queries.sum_up(gained * weight)
    possible = queries.sum_up(queries.best(gained) * weight)
    return torch.where(possible > 0, got / possible, 0)


def precision(queries: Queries, *, top_k: int | None, clip_k: bool = False) -> Tensor:
    """Give h / k; ``clip_k`` for k to be at most the number of items of the query."""
    named = queries.num_items
    if top_k is not None:
        named = named.clamp(max=top_k) if clip_k else torch.full_like(named, top_k)
    return queries.count_hits(top_k).to(double_of(named)) / named


def recall(queries: Queries, *, top_k: int | None) -> Tensor:
    """Give h / R."""
    num_hits = queries.count_hits(top_k)
    return num_hits.to(double_of(num_hits)) / queries.num_relevant.clamp(min=1)


def r_precision(queries: Queries) -> Tensor:
    """Give the share of relevant items among the first R."""
    is_hit = queries.is_relevant & (queries.rank <= queries.num_relevant[queries.query])
    num_hits = queries.sum_up(is_hit.to(double_of(queries.rank)))
    return num_hits / queries.num_relevant.clamp(min=1)


def hit(queries: Queries, *, top_k: int | None) -> Tensor:
    """Give 1 where h is above 0."""
    is_hit = queries.count_hits(top_k) > 0
    return is_hit.to(double_of(is_hit))


def fall_out(queries: Queries, *, top_k: int | None) -> Tensor:
    """Give the share of the irrelevant items that are among the first ``top_k``."""
    named = queries.num_items if top_k is None else queries.num_items.clamp(max=top_k)
    num_wrong = named - queries.count_hits(top_k)
    return num_wrong.to(double_of(num_wrong)) / queries.num_irrelevant.clamp(min=1)
