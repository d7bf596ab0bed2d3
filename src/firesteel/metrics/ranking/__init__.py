"""Ranking: metrics of the order of labels, classes and retrieved items."""

from ._at_k import F1AtK, HitRateAtK, PrecisionAtK, RecallAtK
from ._label_at_k import LabelF1AtK, LabelPrecisionAtK, LabelRecallAtK
from ._label_ranking import CoverageError, LabelRankingAveragePrecision, LabelRankingLoss
from ._order_at_k import MAPAtK, MRRAtK, NDCGAtK
from ._recommendation import NDCG, HitRate
from ._retrieval import (
    RetrievalAveragePrecision,
    RetrievalFallOut,
    RetrievalHitRate,
    RetrievalNormalizedDCG,
    RetrievalPrecision,
    RetrievalRecall,
    RetrievalReciprocalRank,
    RetrievalRPrecision,
)
from ._top_k_categorical_accuracy import TopKCategoricalAccuracy

__all__ = [
    "NDCG",
    "CoverageError",
    "F1AtK",
    "HitRate",
    "HitRateAtK",
    "LabelF1AtK",
    "LabelPrecisionAtK",
    "LabelRankingAveragePrecision",
    "LabelRankingLoss",
    "LabelRecallAtK",
    "MAPAtK",
    "MRRAtK",
    "NDCGAtK",
    "PrecisionAtK",
    "RecallAtK",
    "RetrievalAveragePrecision",
    "RetrievalFallOut",
    "RetrievalHitRate",
    "RetrievalNormalizedDCG",
    "RetrievalPrecision",
    "RetrievalRPrecision",
    "RetrievalRecall",
    "RetrievalReciprocalRank",
    "TopKCategoricalAccuracy",
]
