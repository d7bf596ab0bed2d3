"""Classification: metrics of predicted classes and labels."""

from ._accuracy import Accuracy
from ._balanced_accuracy import BalancedAccuracy
from ._classification_report import ClassificationReport
from ._cohen_kappa import CohenKappa
from ._confusion_matrix import ConfusionMatrix
from ._dice_coefficient import DiceCoefficient
from ._exact_match import ExactMatch
from ._f1 import F1
from ._fbeta import Fbeta
from ._hamming_distance import HammingDistance
from ._iou import IoU
from ._jaccard_index import JaccardIndex
from ._matthews_corr_coef import MatthewsCorrCoef
from ._mean_iou import MeanIoU, mIoU
from ._multilabel_confusion_matrix import MultiLabelConfusionMatrix
from ._negative_predictive_value import NegativePredictiveValue
from ._precision import Precision
from ._recall import Recall
from ._specificity import Specificity
from ._stat_scores import StatScores

__all__ = [
    "F1",
    "Accuracy",
    "BalancedAccuracy",
    "ClassificationReport",
    "CohenKappa",
    "ConfusionMatrix",
    "DiceCoefficient",
    "ExactMatch",
    "Fbeta",
    "HammingDistance",
    "IoU",
    "JaccardIndex",
    "MatthewsCorrCoef",
    "MeanIoU",
    "MultiLabelConfusionMatrix",
    "NegativePredictiveValue",
    "Precision",
    "Recall",
    "Specificity",
    "StatScores",
    "mIoU",
]
