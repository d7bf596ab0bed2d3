"""Ranking metrics and the batches that they take, for the laws that every metric satisfies."""

from collections.abc import Callable

# Any: the laws take metrics of every type
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor

from firesteel.metrics import (
    NDCG,
    CoverageError,
    F1AtK,
    HitRate,
    HitRateAtK,
    LabelF1AtK,
    LabelPrecisionAtK,
    LabelRankingAveragePrecision,
    LabelRankingLoss,
    LabelRecallAtK,
    MAPAtK,
    Metric,
    MRRAtK,
    NDCGAtK,
    PrecisionAtK,
    RecallAtK,
    RetrievalAveragePrecision,
    RetrievalFallOut,
    RetrievalHitRate,
    RetrievalNormalizedDCG,
    RetrievalPrecision,
    RetrievalRecall,
    RetrievalReciprocalRank,
    RetrievalRPrecision,
    TopKCategoricalAccuracy,
)

Make: TypeAlias = Callable[[], Metric[Any, Any, Any]]
MakeBatch: TypeAlias = Callable[[torch.Generator, int], Any]

NUM_LABELS: Final = 7


def scores_of(generator: torch.Generator, num_rows: int) -> Tensor:
    """Give scores with ties: float32, shape ``(N, L)``."""
    return torch.randint(0, 9, (num_rows, NUM_LABELS), generator=generator) / 8


def ranked(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    """Give scores and relevance of 0 or 1; about every fourth row has none."""
    scores = scores_of(generator, num_rows)
    relevance = torch.rand(num_rows, NUM_LABELS, generator=generator) < 0.3
    relevance &= torch.rand(num_rows, 1, generator=generator) < 0.8
    relevance[:1, 0] = True  # else no row of a small batch might count
    return scores, relevance.long()


def graded(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    """Give scores and relevance from 0 to 3."""
    scores, relevance = ranked(generator, num_rows)
    grade = torch.randint(1, 4, relevance.shape, generator=generator)
    return scores, relevance * grade


def masked(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    """Give scores and relevance of 0 or 1, or -1 for what is left out."""
    scores, relevance = ranked(generator, num_rows)
    is_out = torch.rand(relevance.shape, generator=generator) < 0.2
    is_out[:, 0] = False
    return scores, relevance.masked_fill(is_out, -1)


def classes(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor]:
    """Give scores and true classes."""
    scores = scores_of(generator, num_rows)
    return scores, torch.randint(0, NUM_LABELS, (num_rows,), generator=generator)


def retrieved(generator: torch.Generator, num_rows: int) -> tuple[Tensor, Tensor, Tensor]:
    """Give scores without ties, relevance and query indexes."""
    scores = torch.rand(num_rows, generator=generator, dtype=torch.float64)
    relevance = torch.rand(num_rows, generator=generator) < 0.4
    relevance[:1] = True
    relevance[1:2] = False
    indexes = torch.randint(-1, 3, (num_rows,), generator=generator)
    indexes[:2] = 0  # a query with both, so that each metric has a result
    return scores, relevance.long(), indexes


EXAMPLES: list[tuple[Make, MakeBatch]] = [
    (lambda: PrecisionAtK(k=3), ranked),
    (lambda: PrecisionAtK(k=[2, 9], clip_k=True, ignore_index=-1), masked),
    (lambda: RecallAtK(k=[1, 4], empty_target="zero"), ranked),
    (lambda: RecallAtK(k=2, capped=True, relevance_threshold=2), graded),
    (lambda: F1AtK(k=[1, 3], empty_target="one"), ranked),
    (lambda: HitRateAtK(k=2), ranked),
    (lambda: MRRAtK(k=[3, 1, 3]), ranked),
    (lambda: MAPAtK(k=4), ranked),
    (lambda: MAPAtK(k=[2, 5], denominator="hits", ignore_index=-1), masked),
    (lambda: NDCGAtK(k=[1, 5]), graded),
    (lambda: NDCGAtK(k=9, gain="linear_rank"), graded),
    (lambda: LabelPrecisionAtK(k=2), ranked),
    (lambda: LabelRecallAtK(k=[1, 3]), ranked),
    (lambda: LabelF1AtK(k=3, average="weighted", ignore_index=-1), masked),
    (lambda: LabelF1AtK(k=[2, 4], average="macro"), ranked),
    (lambda: HitRate(top_k=[1, 3]), graded),
    (lambda: NDCG(top_k=[2, 4], relevance_threshold=2, ignore_zero_hits=False), graded),
    (lambda: TopKCategoricalAccuracy(k=2), classes),
    (lambda: TopKCategoricalAccuracy(k=[1, 3]), classes),
    (LabelRankingAveragePrecision, ranked),
    (LabelRankingLoss, ranked),
    (CoverageError, ranked),
    (RetrievalAveragePrecision, retrieved),
    (lambda: RetrievalAveragePrecision(top_k=2, denominator="hits"), retrieved),
    (lambda: RetrievalReciprocalRank(top_k=2), retrieved),
    (lambda: RetrievalPrecision(top_k=3, clip_k=True), retrieved),
    (lambda: RetrievalRecall(top_k=1, empty_target="zero"), retrieved),
    (lambda: RetrievalHitRate(top_k=2), retrieved),
    (RetrievalNormalizedDCG, retrieved),
    (RetrievalRPrecision, retrieved),
    (lambda: RetrievalFallOut(top_k=2), retrieved),
]
"""Constructors, and makers of batches from a generator and a number of rows."""
