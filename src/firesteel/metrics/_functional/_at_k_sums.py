"""What one batch contributes to the means over rows of the metrics at a cut-off k.

Axes: N rows, K cut-offs. Each function takes the relevance in the order of the scores, of shape
``(N, k_max)``, as ``ranked_relevance`` gives it, with every relevance that does not count set to 0;
and the number of relevant labels in each row, int64 of shape ``(N,)``. Nothing waits for a device.
"""

from collections.abc import Sequence
from functools import cached_property
from typing import Final, Literal, NamedTuple, TypeAlias, final

import torch
from torch import Tensor

from firesteel.errors import ArgumentError, NotComputableError

from ._ranked import EmptyTarget, double_of

__all__ = ["ApDenominator", "Gain", "Hits", "RankingSums"]

ApDenominator: TypeAlias = Literal["min", "relevant", "hits"]
"""What the average precision at k is divided by: min(k, relevant), all relevant, or the hits."""

Gain: TypeAlias = Literal["exp_rank", "linear_rank"]
"""What a relevance is worth: 2 to its power less 1, or the relevance itself."""


class RankingSums(NamedTuple):
    """Sum of a value over the rows that count, and their number. Both merge by sum.

    Attributes:
        total: Sum of the values. Float64, shape ``(K,)``, or ``()`` for metrics without cut-off.
        num_rows: How many rows were counted. Int64, shape ``()``.
    """

    total: Tensor
    num_rows: Tensor


def ranking_result(where: str, sums: RankingSums) -> Tensor:
    """Give the mean over the rows that were counted, in the shape of ``total``.

    Raises:
        NotComputableError: None was.
    """
    if not int(sums.num_rows):
        raise NotComputableError(f"{where}: needs at least one row that counts")
    return sums.total / sums.num_rows


def count_rows(total: Tensor, num_relevant: Tensor, *, empty_target: EmptyTarget) -> RankingSums:
    """Add the rows without a relevant label, which stand in ``total`` with 0.

    With ``"error"`` they are expected to be refused elsewhere, as that needs a wait, and skipped.
    """
    num_rows = torch.full((), num_relevant.shape[0], dtype=torch.int64, device=total.device)
    if empty_target == "zero":
        return RankingSums(total, num_rows)
    num_empty = (num_relevant == 0).sum()
    if empty_target == "one":
        return RankingSums(total + num_empty, num_rows)
    return RankingSums(total, num_rows - num_empty)


def _up_to(name: str, ranked: Tensor, ks: Sequence[int]) -> Tensor:
    """Give the ranks up to the last cut-off: shape ``(N, ks[-1])``."""
    if ranked.ndim != 2 or ranked.shape[1] < ks[-1]:  # noqa: PLR2004 - rows and ranks
        raise ArgumentError(
            f"sums at k: {name} must have shape (N, {ks[-1]} or more), got {list(ranked.shape)}"
        )
    return ranked.detach()[:, : ks[-1]]


@final
class Hits:
    """Where the relevant labels stand among the first of each row; each thing counted once.

    Args:
        ranked: Relevance in the order of the scores, shape ``(N, k_max)``.
        num_relevant: How many labels of each row are relevant: int64, shape ``(N,)``.
    """

    def __init__(self, ranked: Tensor, num_relevant: Tensor) -> None:
        self.is_hit: Final = ranked.detach() > 0
        self.num_relevant: Final = num_relevant
        self.dtype: Final = double_of(ranked)

    @cached_property
    def so_far(self) -> Tensor:
        """How many of a row's relevant labels are found up to each rank: float64."""
        return self.is_hit.cumsum(1, dtype=self.dtype)

    @cached_property
    def rank(self) -> Tensor:
        """The ranks, from 1: float64, shape ``(k_max,)``."""
        return torch.arange(
            1, self.is_hit.shape[1] + 1, dtype=self.dtype, device=self.is_hit.device
        )

    @cached_property
    def relevant(self) -> Tensor:
        """How many labels of each row are relevant, at least 1: float64, shape ``(N, 1)``."""
        return self.num_relevant.to(self.dtype).clamp_(min=1).unsqueeze(1)

    @cached_property
    def first(self) -> Tensor:
        """In how many rows the first hit is at each rank: float64, shape ``(k_max,)``."""
        return (self.is_hit & (self.so_far == 1)).sum(dim=0, dtype=self.dtype)

    def named(self, num_labels: int | Tensor | None) -> Tensor:
        """Give how many labels are named at each rank: shape ``(k_max,)`` or ``(N, k_max)``."""
        if num_labels is None:
            return self.rank
        if isinstance(num_labels, int):
            return self.rank.clamp(max=max(num_labels, 1))
        return torch.minimum(self.rank, num_labels.unsqueeze(1)).clamp_(min=1)


def precision_by_rank(hits: Hits, *, num_labels: int | Tensor | None = None) -> Tensor:
    """Sum the precision of the rows at each rank; ``num_labels`` is what k is clipped to."""
    named = hits.named(num_labels)
    if named.ndim == 1:
        return hits.so_far.sum(dim=0) / named
    return (hits.so_far / named).sum(dim=0)


def recall_by_rank(hits: Hits, *, capped: bool = False) -> Tensor:
    """Sum the recall of the rows at each rank; ``capped`` divides by k where that is less."""
    most = torch.minimum(hits.relevant, hits.rank) if capped else hits.relevant
    return (hits.so_far / most).sum(dim=0)


def f1_by_rank(hits: Hits, *, num_labels: int | Tensor | None = None) -> Tensor:
    """Sum the F1 of the rows at each rank; ``num_labels`` is what k is clipped to."""
    both = hits.named(num_labels) + hits.num_relevant.unsqueeze(1)
    return (2 * hits.so_far / both).sum(dim=0)


def hit_rate_by_rank(hits: Hits) -> Tensor:
    """Count the rows with a hit up to each rank."""
    return hits.first.cumsum(0)


def mrr_by_rank(hits: Hits) -> Tensor:
    """Sum the reciprocal rank of the first hit, if it is up to each rank."""
    return (hits.first / hits.rank).cumsum(0)


def map_by_rank(hits: Hits, *, denominator: ApDenominator = "min") -> Tensor:
    """Sum the average precision of the rows at each rank."""
    precision = (hits.so_far * hits.is_hit) / hits.rank
    if denominator == "relevant":
        return (precision / hits.relevant).sum(dim=0).cumsum(0)
    most = hits.so_far.clamp(min=1) if denominator == "hits" else hits.relevant
    return (precision.cumsum(1) / torch.minimum(most, hits.rank)).sum(dim=0)


def at_cut_offs(by_rank: Tensor, ks: Sequence[int]) -> Tensor:
    """Pick the cut-offs from what is given for each rank: shape ``(K,)``."""
    # slices, as an index list has to wait
    return by_rank[ks[0] - 1 : ks[0]] if len(ks) == 1 else torch.stack([by_rank[k - 1] for k in ks])


def _checked_hits(ranked: Tensor, num_relevant: Tensor, ks: Sequence[int]) -> Hits:
    ranked = _up_to("ranked", ranked, ks)
    if num_relevant.shape != ranked.shape[:1]:
        raise ArgumentError(
            f"sums at k: num_relevant must have shape {list(ranked.shape[:1])}, "
            f"got {list(num_relevant.shape)}"
        )
    return Hits(ranked, num_relevant)


def precision_at_k_sums(
    ranked: Tensor,
    num_relevant: Tensor,
    *,
    ks: Sequence[int],
    empty_target: EmptyTarget = "skip",
    num_labels: int | Tensor | None = None,
) -> RankingSums:
    """Sum the precision at each of ``ks``; ``num_labels`` is what k is clipped to, if it is."""
    by_rank = precision_by_rank(_checked_hits(ranked, num_relevant, ks), num_labels=num_labels)
    return count_rows(at_cut_offs(by_rank, ks), num_relevant, empty_target=empty_target)


def recall_at_k_sums(
    ranked: Tensor,
    num_relevant: Tensor,
    *,
    ks: Sequence[int],
    empty_target: EmptyTarget = "skip",
    capped: bool = False,
) -> RankingSums:
    """Sum the recall at each of ``ks``; ``capped`` divides by k where more labels are relevant."""
    by_rank = recall_by_rank(_checked_hits(ranked, num_relevant, ks), capped=capped)
    return count_rows(at_cut_offs(by_rank, ks), num_relevant, empty_target=empty_target)


def f1_at_k_sums(
    ranked: Tensor,
    num_relevant: Tensor,
    *,
    ks: Sequence[int],
    empty_target: EmptyTarget = "skip",
    num_labels: int | Tensor | None = None,
) -> RankingSums:
    """Sum the F1 at each of ``ks``; ``num_labels`` is what k is clipped to, if it is."""
    by_rank = f1_by_rank(_checked_hits(ranked, num_relevant, ks), num_labels=num_labels)
    return count_rows(at_cut_offs(by_rank, ks), num_relevant, empty_target=empty_target)


def hit_rate_at_k_sums(
    ranked: Tensor, num_relevant: Tensor, *, ks: Sequence[int], empty_target: EmptyTarget = "skip"
) -> RankingSums:
    """Count the rows with a hit at each of ``ks``."""
    by_rank = hit_rate_by_rank(_checked_hits(ranked, num_relevant, ks))
    return count_rows(at_cut_offs(by_rank, ks), num_relevant, empty_target=empty_target)


def mrr_at_k_sums(
    ranked: Tensor, num_relevant: Tensor, *, ks: Sequence[int], empty_target: EmptyTarget = "skip"
) -> RankingSums:
    """Sum the reciprocal rank of the first hit at each of ``ks``."""
    by_rank = mrr_by_rank(_checked_hits(ranked, num_relevant, ks))
    return count_rows(at_cut_offs(by_rank, ks), num_relevant, empty_target=empty_target)


def map_at_k_sums(
    ranked: Tensor,
    num_relevant: Tensor,
    *,
    ks: Sequence[int],
    empty_target: EmptyTarget = "skip",
    denominator: ApDenominator = "min",
) -> RankingSums:
    """Sum the average precision at each of ``ks``."""
    by_rank = map_by_rank(_checked_hits(ranked, num_relevant, ks), denominator=denominator)
    return count_rows(at_cut_offs(by_rank, ks), num_relevant, empty_target=empty_target)


def gain_of(relevance: Tensor, gain: Gain) -> Tensor:
    """Give what relevance is worth, in float64 where there is one."""
    relevance = relevance.detach().to(double_of(relevance))
    return torch.exp2(relevance) - 1 if gain == "exp_rank" else relevance


def ndcg_at_k_sums(
    ranked: Tensor,
    best: Tensor,
    *,
    ks: Sequence[int],
    empty_target: EmptyTarget = "skip",
    gain: Gain = "exp_rank",
) -> RankingSums:
    """Sum the NDCG at each of ``ks``.

    Args:
        ranked: Graded relevance in the order of the scores, shape ``(N, k_max)``.
        best: Graded relevance in the best order, likewise, as ``best_relevance`` gives it.
        ks: The cut-offs, ascending.
        empty_target: What rows without relevance count as.
        gain: What a relevance is worth.
    """
    ranked, best = _up_to("ranked", ranked, ks), _up_to("best", best, ks)
    if ranked.shape != best.shape:
        raise ArgumentError(
            f"sums at k: ranked and best must have one number of rows, "
            f"got {len(ranked)} and {len(best)}"
        )
    by_rank = ndcg_by_rank(ranked, best, gain=gain)
    return count_rows(at_cut_offs(by_rank, ks), best[:, 0] > 0, empty_target=empty_target)


def ndcg_by_rank(ranked: Tensor, best: Tensor, *, gain: Gain) -> Tensor:
    """Sum the NDCG of the rows at each rank, from relevance in two orders, ``(N, k_max)``."""
    rank = torch.arange(2, ranked.shape[1] + 2, dtype=double_of(ranked), device=ranked.device)
    discount = rank.log2_()
    got = (gain_of(ranked, gain) / discount).cumsum(1)
    possible = (gain_of(best, gain) / discount).cumsum(1)
    return torch.where(possible > 0, got / possible, 0).sum(dim=0)
