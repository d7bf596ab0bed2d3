"""How well scores rank the relevant labels of a row before the others, without a cut-off.

Axes: N rows, L labels. Relevance is 0 or 1. Equal scores share the worst of their ranks.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ._at_k_sums import RankingSums, ranking_result
from ._ranked import (
    check_ranking_inputs,
    check_relevance_values,
    check_score_values,
    count_true,
    double_of,
    is_relevant,
)

__all__ = ["coverage_error", "label_ranking_average_precision", "label_ranking_loss"]


class TiedRanks(NamedTuple):
    """The labels of each row, in an order of its own. All have shape ``(N, L)``.

    Attributes:
        is_relevant: Whether a label is relevant. Bool.
        rank: How many labels have its score or a higher one. Int64.
        relevant_rank: How many of these are relevant. Int64.
    """

    is_relevant: Tensor
    rank: Tensor
    relevant_rank: Tensor


def rank_with_ties(scores: Tensor, relevance: Tensor) -> TiedRanks:
    """Rank the labels of each row.

    Args:
        scores: Shape ``(N, L)``; NaN ranks with minus infinity.
        relevance: Shape ``(N, L)``, relevant where above 0.
    """
    inf = torch.inf
    scores = torch.nan_to_num(scores.detach(), nan=-inf, posinf=inf, neginf=-inf)
    scores, labels = scores.sort(dim=1)
    relevance = is_relevant(relevance).gather(1, labels)
    num_labels = scores.shape[1]
    place = torch.arange(num_labels, device=scores.device).expand(scores.shape)
    if num_labels:
        is_equal = torch.nn.functional.pad(scores[:, 1:] == scores[:, :-1], (1, 0))
        place = place.masked_fill(is_equal, 0).cummax(dim=1).values
    num_so_far = relevance.cumsum(1)
    num_lower = (num_so_far - relevance.long()).gather(1, place)
    num_relevant = num_so_far[:, -1:] - num_lower
    return TiedRanks(relevance, num_labels - place, num_relevant)


def _row_count(scores: Tensor) -> Tensor:
    return torch.full((), scores.shape[0], dtype=torch.int64, device=scores.device)


def average_precision_total(ranks: TiedRanks) -> Tensor:
    """Sum the average precision of the rows: float64, shape ``()``."""
    precision = ranks.relevant_rank.to(double_of(ranks.rank)) / ranks.rank
    total = torch.where(ranks.is_relevant, precision, 0).sum(dim=1)
    num_relevant = count_true(ranks.is_relevant, dim=1)
    return torch.where(num_relevant > 0, total / num_relevant, 1).sum()


def ranking_loss_total(ranks: TiedRanks) -> Tensor:
    """Sum the ranking loss of the rows: float64, shape ``()``."""
    num_wrong = torch.where(ranks.is_relevant, ranks.rank - ranks.relevant_rank, 0).sum(dim=1)
    num_relevant = count_true(ranks.is_relevant, dim=1)
    num_pairs = num_relevant * (ranks.rank.shape[1] - num_relevant)
    return (num_wrong.to(double_of(num_wrong)) / num_pairs.clamp_(min=1)).sum()


def coverage_total(scores: Tensor, relevance: Tensor) -> Tensor:
    """Sum the coverage of the rows: float64, shape ``()``; nothing has to be sorted for it."""
    inf = torch.inf
    scores = torch.nan_to_num(scores.detach(), nan=-inf, posinf=inf, neginf=-inf)
    if not scores.shape[1]:
        return scores.sum(dtype=double_of(scores))
    relevance = is_relevant(relevance)
    worst = torch.where(relevance, scores, inf).amin(dim=1, keepdim=True)
    covered = count_true(scores >= worst, dim=1) * relevance.any(dim=1)
    return covered.sum().to(double_of(scores))


def label_ranking_average_precision_sums(scores: Tensor, relevance: Tensor) -> RankingSums:
    """Sum the average precision of the rows, and count them."""
    check_ranking_inputs("label_ranking_average_precision", scores, relevance)
    total = average_precision_total(rank_with_ties(scores, relevance))
    return RankingSums(total, _row_count(scores))


def label_ranking_loss_sums(scores: Tensor, relevance: Tensor) -> RankingSums:
    """Sum the ranking loss of the rows, and count them."""
    check_ranking_inputs("label_ranking_loss", scores, relevance)
    total = ranking_loss_total(rank_with_ties(scores, relevance))
    return RankingSums(total, _row_count(scores))


def coverage_error_sums(scores: Tensor, relevance: Tensor) -> RankingSums:
    """Sum the coverage of the rows, and count them."""
    check_ranking_inputs("coverage_error", scores, relevance)
    return RankingSums(coverage_total(scores, relevance), _row_count(scores))


def _check(where: str, scores: Tensor, relevance: Tensor) -> None:
    check_ranking_inputs(where, scores, relevance)
    check_score_values(where, scores)
    check_relevance_values(where, relevance)


def label_ranking_average_precision(scores: Tensor, relevance: Tensor) -> Tensor:
    r"""For each relevant label, the share of relevant ones among those ranked up to it.

    :math:`\frac{1}{N} \sum_n \frac{1}{R_n} \sum_{l: y_{nl} = 1} \frac{|\{m: y_{nm} = 1, s_{nm} \ge
    s_{nl}\}|}{|\{m: s_{nm} \ge s_{nl}\}|}`; a row without a relevant label counts as 1. Better is
    higher, above 0 up to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1. Bool, integer or float, shape ``(N, L)``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: There is no row.

    Source:
        scikit-learn's ``label_ranking_average_precision_score``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]])
        >>> label_ranking_average_precision(scores, torch.tensor([[1, 0, 0], [0, 0, 1]]))
        tensor(0.4167, dtype=torch.float64)
    """
    _check("label_ranking_average_precision", scores, relevance)
    sums = label_ranking_average_precision_sums(scores, relevance)
    return ranking_result("label_ranking_average_precision", sums)


def label_ranking_loss(scores: Tensor, relevance: Tensor) -> Tensor:
    r"""Share of the pairs of a relevant and another label that are not in order; a mean over rows.

    :math:`\frac{1}{N} \sum_n \frac{|\{(l, m): y_{nl} = 1, y_{nm} = 0, s_{nl} \le s_{nm}\}|}{R_n
    (L - R_n)}`; a row without a pair counts as 0. Better is lower, from 0 to 1.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1. Bool, integer or float, shape ``(N, L)``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: There is no row.

    Source:
        scikit-learn's ``label_ranking_loss``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]])
        >>> label_ranking_loss(scores, torch.tensor([[1, 0, 0], [0, 0, 1]]))
        tensor(0.7500, dtype=torch.float64)
    """
    _check("label_ranking_loss", scores, relevance)
    return ranking_result("label_ranking_loss", label_ranking_loss_sums(scores, relevance))


def coverage_error(scores: Tensor, relevance: Tensor) -> Tensor:
    r"""How far down the ranking one has to go to meet every relevant label; a mean over rows.

    :math:`\frac{1}{N} \sum_n |\{m: s_{nm} \ge \min_{l: y_{nl} = 1} s_{nl}\}|`; a row without a
    relevant label counts as 0. Better is lower; the best is the mean number of relevant labels, the
    worst L.

    Args:
        scores: One score per label, any scale, higher is better. Float, shape ``(N, L)``.
        relevance: Whether each label is relevant, 0 or 1. Bool, integer or float, shape ``(N, L)``.

    Returns:
        Float64, shape ``()``, on the device of ``scores``.

    Raises:
        ArgumentError: Shapes or values do not fit.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: There is no row.

    Source:
        scikit-learn's ``coverage_error``.

    Example:
        >>> import torch
        >>> scores = torch.tensor([[0.75, 0.5, 1.0], [1.0, 0.2, 0.1]])
        >>> coverage_error(scores, torch.tensor([[1, 0, 0], [0, 0, 1]]))
        tensor(2.5000, dtype=torch.float64)
    """
    _check("coverage_error", scores, relevance)
    return ranking_result("coverage_error", coverage_error_sums(scores, relevance))
