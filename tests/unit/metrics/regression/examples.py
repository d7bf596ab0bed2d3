"""How metrics of regression are made, and batches for them."""

from collections.abc import Callable
from typing import Any, Final

import torch

from firesteel.metrics import Metric, PredTarget
from firesteel.metrics.regression import (
    CanberraMetric,
    ConcordanceCorrelation,
    CosineSimilarity,
    ExplainedVariance,
    FractionalAbsoluteError,
    FractionalBias,
    GeometricMeanAbsoluteError,
    GeometricMeanRelativeAbsoluteError,
    KendallRankCorrelation,
    LogCoshError,
    ManhattanDistance,
    MaximumAbsoluteError,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanAbsoluteRelativeError,
    MeanError,
    MeanNormalizedBias,
    MeanPairwiseDistance,
    MeanSquaredError,
    MeanSquaredLogError,
    MedianAbsoluteError,
    MedianAbsolutePercentageError,
    MedianRelativeAbsoluteError,
    MinkowskiDistance,
    PearsonCorrelation,
    R2Score,
    RelativeSquaredError,
    RootMeanSquaredError,
    SpearmanRankCorrelation,
    SymmetricMeanAbsolutePercentageError,
    WaveHedgesDistance,
    WeightedMeanAbsolutePercentageError,
)

Make = Callable[[], Metric[Any, Any, Any]]
MakeBatch = Callable[[torch.Generator, int], Any]


def table(generator: torch.Generator, num_rows: int) -> PredTarget:
    """Give positive numbers in three columns."""
    pair = torch.rand(2, num_rows, 3, generator=generator) + 0.5
    return pair[0], pair[1]


def vector(generator: torch.Generator, num_rows: int) -> PredTarget:
    """Give whole numbers, so that some are equal."""
    pair = torch.randint(1, 6, (2, num_rows), generator=generator)
    return pair[0], pair[1]


EXAMPLES: Final[list[tuple[Make, MakeBatch]]] = [
    (CanberraMetric, table),
    (ConcordanceCorrelation, table),
    (lambda: ConcordanceCorrelation(multioutput="raw_values"), table),
    (CosineSimilarity, table),
    (ExplainedVariance, table),
    (lambda: ExplainedVariance(multioutput="raw_values"), table),
    (FractionalAbsoluteError, table),
    (FractionalBias, table),
    (GeometricMeanAbsoluteError, table),
    (GeometricMeanRelativeAbsoluteError, table),
    (KendallRankCorrelation, vector),
    (lambda: KendallRankCorrelation(variant="c"), vector),
    (LogCoshError, table),
    (ManhattanDistance, table),
    (MaximumAbsoluteError, table),
    (MeanAbsoluteError, table),
    (lambda: MeanAbsoluteError(multioutput="raw_values"), table),
    (MeanAbsolutePercentageError, table),
    (MeanAbsoluteRelativeError, table),
    (MeanError, table),
    (MeanNormalizedBias, table),
    (MeanPairwiseDistance, table),
    (MeanSquaredError, table),
    (lambda: MeanSquaredError(multioutput="raw_values"), table),
    (MeanSquaredLogError, table),
    (lambda: MeanSquaredLogError(multioutput="raw_values"), table),
    (MedianAbsoluteError, table),
    (MedianAbsolutePercentageError, table),
    (MedianRelativeAbsoluteError, table),
    (lambda: MinkowskiDistance(p=3), table),
    (PearsonCorrelation, table),
    (PearsonCorrelation, vector),
    (lambda: PearsonCorrelation(multioutput="raw_values"), table),
    (R2Score, table),
    (lambda: R2Score(multioutput="raw_values"), table),
    (RelativeSquaredError, table),
    (lambda: RelativeSquaredError(multioutput="raw_values"), table),
    (RootMeanSquaredError, table),
    (lambda: RootMeanSquaredError(multioutput="raw_values"), table),
    (SpearmanRankCorrelation, vector),
    (SymmetricMeanAbsolutePercentageError, table),
    (WaveHedgesDistance, table),
    (WeightedMeanAbsolutePercentageError, table),
]
