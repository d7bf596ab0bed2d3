"""Ranking: metrics of the order of labels, classes and retrieved items."""

from ._f1_at_k import F1AtK
from ._hit_rate_at_k import HitRateAtK
from ._label_f1_at_k import LabelF1AtK
from ._label_precision_at_k import LabelPrecisionAtK
from ._label_ranking import CoverageError, LabelRankingAveragePrecision, LabelRankingLoss
from ._label_recall_at_k import LabelRecallAtK
from ._map_at_k import MAPAtK
from ._mrr_at_k import MRRAtK
from ._ndcg_at_k import NDCGAtK
from ._precision_at_k import PrecisionAtK
from ._recall_at_k import RecallAtK
from ._recommendation import NDCG, HitRate
from ._retrieval_average_precision import RetrievalAveragePrecision
from ._retrieval_fall_out import RetrievalFallOut
from ._retrieval_hit_rate import RetrievalHitRate
from ._retrieval_normalized_dcg import RetrievalNormalizedDCG
from ._retrieval_precision import RetrievalPrecision
from ._retrieval_r_precision import RetrievalRPrecision
from ._retrieval_recall import RetrievalRecall
from ._retrieval_reciprocal_rank import RetrievalReciprocalRank
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
