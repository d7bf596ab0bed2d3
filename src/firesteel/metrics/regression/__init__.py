"""Regression: metrics of predicted numbers."""

from ._absolute_errors import (
    GeometricMeanAbsoluteError,
    LogCoshError,
    MaximumAbsoluteError,
    MeanAbsoluteError,
    MeanError,
)
from ._distances import (
    CanberraMetric,
    CosineSimilarity,
    ManhattanDistance,
    MeanPairwiseDistance,
    MinkowskiDistance,
    WaveHedgesDistance,
)
from ._fractional_errors import (
    FractionalAbsoluteError,
    FractionalBias,
    SymmetricMeanAbsolutePercentageError,
)
from ._medians import (
    MedianAbsoluteError,
    MedianAbsolutePercentageError,
    MedianRelativeAbsoluteError,
)
from ._moments import (
    ConcordanceCorrelation,
    ExplainedVariance,
    PearsonCorrelation,
    R2Score,
    RelativeSquaredError,
)
from ._rank_correlation import KendallRankCorrelation, SpearmanRankCorrelation
from ._relative_errors import (
    GeometricMeanRelativeAbsoluteError,
    MeanAbsolutePercentageError,
    MeanAbsoluteRelativeError,
    MeanNormalizedBias,
    WeightedMeanAbsolutePercentageError,
)
from ._squared_errors import MeanSquaredError, MeanSquaredLogError, RootMeanSquaredError

__all__ = [
    "CanberraMetric",
    "ConcordanceCorrelation",
    "CosineSimilarity",
    "ExplainedVariance",
    "FractionalAbsoluteError",
    "FractionalBias",
    "GeometricMeanAbsoluteError",
    "GeometricMeanRelativeAbsoluteError",
    "KendallRankCorrelation",
    "LogCoshError",
    "ManhattanDistance",
    "MaximumAbsoluteError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanAbsoluteRelativeError",
    "MeanError",
    "MeanNormalizedBias",
    "MeanPairwiseDistance",
    "MeanSquaredError",
    "MeanSquaredLogError",
    "MedianAbsoluteError",
    "MedianAbsolutePercentageError",
    "MedianRelativeAbsoluteError",
    "MinkowskiDistance",
    "PearsonCorrelation",
    "R2Score",
    "RelativeSquaredError",
    "RootMeanSquaredError",
    "SpearmanRankCorrelation",
    "SymmetricMeanAbsolutePercentageError",
    "WaveHedgesDistance",
    "WeightedMeanAbsolutePercentageError",
]
