"""Curves over thresholds, areas under them, and calibration."""

from ._average_precision import (
    AveragePrecision,
    BinaryAveragePrecision,
    MulticlassAveragePrecision,
    MultilabelAveragePrecision,
)
from ._binned import (
    BinnedAveragePrecision,
    BinnedPrecisionRecallCurve,
    BinnedRocAuc,
    BinnedRocCurve,
)
from ._calibration import BrierScore, CalibrationError
from ._mean_average_precision import MeanAveragePrecision
from ._operating_points import (
    OperatingPoint,
    PrecisionAtFixedRecall,
    RecallAtFixedPrecision,
    SensitivityAtSpecificity,
    SpecificityAtSensitivity,
)
from ._precision_recall_curve import (
    MulticlassPrecisionRecallCurve,
    MultilabelPrecisionRecallCurve,
    PrecisionRecallCurve,
)
from ._roc_auc import ROC_AUC, BinaryRocAuc, MulticlassRocAuc, MultilabelRocAuc
from ._roc_curve import MulticlassRocCurve, MultilabelRocCurve, RocCurve

__all__ = [
    "ROC_AUC",
    "AveragePrecision",
    "BinaryAveragePrecision",
    "BinaryRocAuc",
    "BinnedAveragePrecision",
    "BinnedPrecisionRecallCurve",
    "BinnedRocAuc",
    "BinnedRocCurve",
    "BrierScore",
    "CalibrationError",
    "MeanAveragePrecision",
    "MulticlassAveragePrecision",
    "MulticlassPrecisionRecallCurve",
    "MulticlassRocAuc",
    "MulticlassRocCurve",
    "MultilabelAveragePrecision",
    "MultilabelPrecisionRecallCurve",
    "MultilabelRocAuc",
    "MultilabelRocCurve",
    "OperatingPoint",
    "PrecisionAtFixedRecall",
    "PrecisionRecallCurve",
    "RecallAtFixedPrecision",
    "RocCurve",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
]
