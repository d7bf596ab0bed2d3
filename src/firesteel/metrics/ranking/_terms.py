"""What the metrics at a cut-off k sum up, each once for all metrics that need it.

Rows without a relevant label are summed up as 0, and counted beside: what they are to count as is
asked when the result is computed, so that metrics which differ in that share the sums. The
functions are of the module, not made, so that copies of a metric still share.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

import torch
from torch import Tensor

from firesteel.metrics._functional._at_k_sums import (
    ApDenominator,
    Gain,
    at_cut_offs,
    f1_by_rank,
    hit_rate_by_rank,
    map_by_rank,
    mrr_by_rank,
    ndcg_by_rank,
    precision_by_rank,
    recall_by_rank,
)
from firesteel.metrics._functional._label_at_k import label_at_k_sums
from firesteel.metrics._functional._label_ranking import (
    average_precision_total,
    coverage_total,
    ranking_loss_total,
)

from ._statistic import RankedBatch, Term

__all__ = [
    "AVERAGE_PRECISION",
    "CAPPED_RECALL",
    "CLIPPED_F1",
    "CLIPPED_PRECISION",
    "COVERAGE",
    "F1",
    "GRADED_HIT_RATE",
    "HIT_RATE",
    "LABELS",
    "LABEL_RANKING_LOSS",
    "LABEL_RANKING_PRECISION",
    "NDCG_GAIN",
    "PRECISION",
    "RECALL",
    "RECIPROCAL_RANK",
]


def _precision(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(precision_by_rank(batch.hits), ks)


def _clipped_precision(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(precision_by_rank(batch.hits, num_labels=batch.num_ranked), ks)


def _recall(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(recall_by_rank(batch.hits), ks)


def _capped_recall(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(recall_by_rank(batch.hits, capped=True), ks)


def _f1(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(f1_by_rank(batch.hits), ks)


def _clipped_f1(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(f1_by_rank(batch.hits, num_labels=batch.num_ranked), ks)


def _hit_rate(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(hit_rate_by_rank(batch.hits), ks)


def _reciprocal_rank(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(mrr_by_rank(batch.hits), ks)


def _ap_of_min(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(map_by_rank(batch.hits, denominator="min"), ks)


def _ap_of_relevant(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(map_by_rank(batch.hits, denominator="relevant"), ks)


def _ap_of_hits(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(map_by_rank(batch.hits, denominator="hits"), ks)


def _exponential_ndcg(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(ndcg_by_rank(batch.ranked, batch.best, gain="exp_rank"), ks)


def _linear_ndcg(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return at_cut_offs(ndcg_by_rank(batch.ranked, batch.best, gain="linear_rank"), ks)


def _labels(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    """Count hits, namings and relevance of each label: int64, shape ``(K, 3, L)``."""
    sums = label_at_k_sums(batch.labels, batch.relevance, ks=ks)
    num_relevant = sums.num_relevant.expand_as(sums.num_hits)
    return torch.stack([sums.num_hits, sums.num_named, num_relevant], dim=1)


def _label_ranking_precision(batch: RankedBatch, _: Sequence[int]) -> Tensor:
    return average_precision_total(batch.ties).unsqueeze(0)


def _label_ranking_loss(batch: RankedBatch, _: Sequence[int]) -> Tensor:
    return ranking_loss_total(batch.ties).unsqueeze(0)


def _coverage(batch: RankedBatch, _: Sequence[int]) -> Tensor:
    return coverage_total(batch.scores, batch.relevance).unsqueeze(0)


PRECISION: Final = Term("precision", _precision)
CLIPPED_PRECISION: Final = Term("precision_clipped", _clipped_precision)
RECALL: Final = Term("recall", _recall)
CAPPED_RECALL: Final = Term("recall_capped", _capped_recall)
F1: Final = Term("f1", _f1)
CLIPPED_F1: Final = Term("f1_clipped", _clipped_f1)
HIT_RATE: Final = Term("hit_rate", _hit_rate)
GRADED_HIT_RATE: Final = Term("hit_rate_graded", _hit_rate, is_graded=True)
RECIPROCAL_RANK: Final = Term("reciprocal_rank", _reciprocal_rank)
AVERAGE_PRECISION: Final[Mapping[ApDenominator, Term]] = MappingProxyType(
    {
        "min": Term("average_precision_min", _ap_of_min),
        "relevant": Term("average_precision_relevant", _ap_of_relevant),
        "hits": Term("average_precision_hits", _ap_of_hits),
    }
)
NDCG_GAIN: Final[Mapping[Gain, Term]] = MappingProxyType(
    {
        "exp_rank": Term("ndcg_exp_rank", _exponential_ndcg, is_graded=True),
        "linear_rank": Term("ndcg_linear_rank", _linear_ndcg, is_graded=True),
    }
)
LABELS: Final = Term("labels", _labels, is_per_label=True)
LABEL_RANKING_PRECISION: Final = Term("label_ranking_precision", _label_ranking_precision)
LABEL_RANKING_LOSS: Final = Term("label_ranking_loss", _label_ranking_loss)
COVERAGE: Final = Term("coverage", _coverage)
