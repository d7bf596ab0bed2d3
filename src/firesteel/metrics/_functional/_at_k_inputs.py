"""Inputs of the metrics at a cut-off k, checked and ranked once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from torch import Tensor

from ._at_k_sums import RankingSums, ranking_result
from ._ranked import (
    EmptyTarget,
    ascending_k,
    best_relevance,
    check_empty_target,
    check_ranking_inputs,
    check_relevance_values,
    check_score_values,
    check_targets,
    check_threshold,
    count_relevant,
    keep_relevance,
    ranked_relevance,
)

__all__ = ["Given", "prepare_at_k"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Checked inputs, ranked."""

    where: str
    ks: tuple[int, ...]
    is_single: bool
    relevance: Tensor
    ranked: Tensor
    num_relevant: Tensor

    def best(self) -> Tensor:
        """Give the relevance in the best order."""
        return best_relevance(self.relevance, k_max=self.ks[-1])

    def result(self, sums: RankingSums) -> Tensor:
        """Give the means, without an axis for a single k."""
        value = ranking_result(self.where, sums)
        return value[0] if self.is_single else value


def prepare_at_k(
    where: str,
    scores: Tensor,
    relevance: Tensor,
    *,
    k: int | Sequence[int],
    empty_target: EmptyTarget,
    threshold: float | None,
    mask: Tensor | None,
    is_graded: bool = False,
) -> Given:
    """Check everything and rank once."""
    ks = ascending_k(where, k)
    check_empty_target(where, empty_target)
    check_threshold(where, threshold)
    check_ranking_inputs(where, scores, relevance, mask)
    check_score_values(where, scores, mask)
    check_relevance_values(where, relevance, is_graded=is_graded, threshold=threshold, mask=mask)
    relevance = keep_relevance(relevance, threshold=threshold, mask=mask)
    num_relevant = count_relevant(relevance)
    if empty_target == "error":
        check_targets(where, num_relevant)
    return Given(
        where=where,
        ks=ks,
        is_single=not isinstance(k, Sequence),
        relevance=relevance,
        ranked=ranked_relevance(scores, relevance, k_max=ks[-1], mask=mask),
        num_relevant=num_relevant,
    )
