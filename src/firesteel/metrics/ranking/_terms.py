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
    f1_at_k_sums,
    hit_rate_at_k_sums,
    map_at_k_sums,
    mrr_at_k_sums,
    ndcg_at_k_sums,
    precision_at_k_sums,
    recall_at_k_sums,
)
from firesteel.metrics._functional._label_at_k import label_at_k_sums

from ._statistic import RankedBatch, Term

__all__ = [
    "AVERAGE_PRECISION",
    "CAPPED_RECALL",
    "CLIPPED_F1",
    "CLIPPED_PRECISION",
    "F1",
    "GRADED_HIT_RATE",
    "HIT_RATE",
    "LABELS",
    "NDCG_GAIN",
    "PRECISION",
    "RECALL",
    "RECIPROCAL_RANK",
]


def _precision(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return precision_at_k_sums(batch.ranked, batch.num_relevant, ks=ks, empty_target="zero").total


def _clipped_precision(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return precision_at_k_sums(
        batch.ranked,
        batch.num_relevant,
        ks=ks,
        empty_target="zero",
        num_labels=batch.num_ranked,
    ).total


def _recall(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return recall_at_k_sums(batch.ranked, batch.num_relevant, ks=ks, empty_target="zero").total


def _capped_recall(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return recall_at_k_sums(
        batch.ranked, batch.num_relevant, ks=ks, empty_target="zero", capped=True
    ).total


def _f1(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return f1_at_k_sums(batch.ranked, batch.num_relevant, ks=ks, empty_target="zero").total


def _clipped_f1(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return f1_at_k_sums(
        batch.ranked,
        batch.num_relevant,
        ks=ks,
        empty_target="zero",
        num_labels=batch.num_ranked,
    ).total


def _hit_rate(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return hit_rate_at_k_sums(batch.ranked, batch.num_relevant, ks=ks, empty_target="zero").total


def _reciprocal_rank(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return mrr_at_k_sums(batch.ranked, batch.num_relevant, ks=ks, empty_target="zero").total


def _average_precision(batch: RankedBatch, ks: Sequence[int], denominator: ApDenominator) -> Tensor:
    return map_at_k_sums(
        batch.ranked, batch.num_relevant, ks=ks, empty_target="zero", denominator=denominator
    ).total


def _ap_of_min(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return _average_precision(batch, ks, "min")


def _ap_of_relevant(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return _average_precision(batch, ks, "relevant")


def _ap_of_hits(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return _average_precision(batch, ks, "hits")


def _ndcg(batch: RankedBatch, ks: Sequence[int], gain: Gain) -> Tensor:
    return ndcg_at_k_sums(batch.ranked, batch.best, ks=ks, empty_target="zero", gain=gain).total


def _exponential_ndcg(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return _ndcg(batch, ks, "exp_rank")


def _linear_ndcg(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    return _ndcg(batch, ks, "linear_rank")


def _labels(batch: RankedBatch, ks: Sequence[int]) -> Tensor:
    """Count hits, namings and relevance of each label: int64, shape ``(K, 3, L)``."""
    sums = label_at_k_sums(batch.labels, batch.relevance, ks=ks)
    num_relevant = sums.num_relevant.expand_as(sums.num_hits)
    return torch.stack([sums.num_hits, sums.num_named, num_relevant], dim=1)


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
