"""What one batch contributes to the means over rows of the metrics at a cut-off k.

Axes: N rows, K cut-offs. Each function takes the relevance in the order of the scores, of shape
``(N, k_max)``, as ``ranked_relevance`` gives it, with every relevance that does not count set to 0;
and the number of relevant labels in each row, int64 of shape ``(N,)``. Nothing waits for a device.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import torch
from torch import Tensor

from firesteel.errors import ArgumentError, NotComputableError

from ._ranked import EmptyTarget, double_of

__all__ = ["ApDenominator", "Gain", "RankingSums"]

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


def _hits(ranked: Tensor, num_relevant: Tensor, ks: Sequence[int]) -> Tensor:
    """Tell which ranks up to the last cut-off are relevant: bool, shape ``(N, ks[-1])``."""
    hits = _up_to("ranked", ranked, ks) > 0
    if num_relevant.shape != hits.shape[:1]:
        raise ArgumentError(
            f"sums at k: num_relevant must have shape {list(hits.shape[:1])}, "
            f"got {list(num_relevant.shape)}"
        )
    return hits


def _positions(hits: Tensor) -> Tensor:
    """Give the ranks, from 1: int64, shape ``(k_max,)``."""
    return torch.arange(1, hits.shape[1] + 1, device=hits.device)


def _at(by_rank: Tensor, ks: Sequence[int]) -> Tensor:
    """Pick the cut-offs from what is given for each rank; slices, as an index list has to wait."""
    return torch.stack([by_rank[k - 1] for k in ks])


def _named(hits: Tensor, num_labels: int | Tensor | None) -> Tensor:
    """Give how many labels are named at each cut-off: shape ``(k_max,)`` or ``(N, k_max)``."""
    positions = _positions(hits)
    if num_labels is None:
        return positions
    if isinstance(num_labels, int):
        return positions.clamp_(max=max(num_labels, 1))
    return torch.minimum(positions, num_labels.unsqueeze(1)).clamp_(min=1)


def precision_at_k_sums(
    ranked: Tensor,
    num_relevant: Tensor,
    *,
    ks: Sequence[int],
    empty_target: EmptyTarget = "skip",
    num_labels: int | Tensor | None = None,
) -> RankingSums:
    """Sum the precision at each of ``ks``; ``num_labels`` is what k is clipped to, if it is."""
    hits = _hits(ranked, num_relevant, ks)
    named = _named(hits, num_labels)
    dtype = double_of(hits)
    if named.ndim == 1:
        by_rank = hits.sum(dim=0).cumsum(0).to(dtype) / named
    else:
        by_rank = (hits.cumsum(1).to(dtype) / named).sum(dim=0)
    return count_rows(_at(by_rank, ks), num_relevant, empty_target=empty_target)


def recall_at_k_sums(
    ranked: Tensor,
    num_relevant: Tensor,
    *,
    ks: Sequence[int],
    empty_target: EmptyTarget = "skip",
    capped: bool = False,
) -> RankingSums:
    """Sum the recall at each of ``ks``; ``capped`` divides by k where more labels are relevant."""
    hits = _hits(ranked, num_relevant, ks)
    dtype = double_of(hits)
    relevant = num_relevant.clamp(min=1).unsqueeze(1)
    if capped:
        most = torch.minimum(relevant, _positions(hits))
        by_rank = (hits.cumsum(1).to(dtype) / most).sum(dim=0)
    else:
        by_rank = (hits.to(dtype) / relevant).sum(dim=0).cumsum(0)
    return count_rows(_at(by_rank, ks), num_relevant, empty_target=empty_target)


def f1_at_k_sums(
    ranked: Tensor,
    num_relevant: Tensor,
    *,
    ks: Sequence[int],
    empty_target: EmptyTarget = "skip",
    num_labels: int | Tensor | None = None,
) -> RankingSums:
    """Sum the F1 at each of ``ks``; ``num_labels`` is what k is clipped to, if it is."""
    hits = _hits(ranked, num_relevant, ks)
    both = _named(hits, num_labels) + num_relevant.unsqueeze(1)
    by_rank = (2 * hits.cumsum(1).to(double_of(hits)) / both).sum(dim=0)
    return count_rows(_at(by_rank, ks), num_relevant, empty_target=empty_target)


def _first_hits(hits: Tensor) -> Tensor:
    """Count the rows whose first hit is at each rank: int64, shape ``(k_max,)``."""
    return (hits & (hits.cumsum(1) == 1)).sum(dim=0)


def hit_rate_at_k_sums(
    ranked: Tensor, num_relevant: Tensor, *, ks: Sequence[int], empty_target: EmptyTarget = "skip"
) -> RankingSums:
    """Count the rows with a hit at each of ``ks``."""
    hits = _hits(ranked, num_relevant, ks)
    by_rank = _first_hits(hits).cumsum(0).to(double_of(hits))
    return count_rows(_at(by_rank, ks), num_relevant, empty_target=empty_target)


def mrr_at_k_sums(
    ranked: Tensor, num_relevant: Tensor, *, ks: Sequence[int], empty_target: EmptyTarget = "skip"
) -> RankingSums:
    """Sum the reciprocal rank of the first hit at each of ``ks``."""
    hits = _hits(ranked, num_relevant, ks)
    by_rank = (_first_hits(hits).to(double_of(hits)) / _positions(hits)).cumsum(0)
    return count_rows(_at(by_rank, ks), num_relevant, empty_target=empty_target)


def map_at_k_sums(
    ranked: Tensor,
    num_relevant: Tensor,
    *,
    ks: Sequence[int],
    empty_target: EmptyTarget = "skip",
    denominator: ApDenominator = "min",
) -> RankingSums:
    """Sum the average precision at each of ``ks``."""
    hits = _hits(ranked, num_relevant, ks)
    num_hits, positions = hits.cumsum(1), _positions(hits)
    precision = (num_hits * hits).to(double_of(hits)) / positions
    if denominator == "relevant":
        relevant = num_relevant.clamp(min=1).unsqueeze(1)
        by_rank = (precision / relevant).sum(dim=0).cumsum(0)
    else:
        most = num_hits if denominator == "hits" else num_relevant.unsqueeze(1)
        by_rank = (precision.cumsum(1) / torch.minimum(most, positions).clamp_(min=1)).sum(dim=0)
    return count_rows(_at(by_rank, ks), num_relevant, empty_target=empty_target)


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
    discount = 1 / torch.log2(_positions(best).to(double_of(best)) + 1)
    got = (gain_of(ranked, gain) * discount).cumsum(1)
    possible = (gain_of(best, gain) * discount).cumsum(1)
    by_rank = torch.where(possible > 0, got / possible, 0).sum(dim=0)
    return count_rows(_at(by_rank, ks), best[:, 0] > 0, empty_target=empty_target)
