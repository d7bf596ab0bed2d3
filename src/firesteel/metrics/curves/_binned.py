"""Curves and areas at evenly spaced thresholds: constant memory, whatever the samples."""

from abc import abstractmethod
from collections.abc import Callable

# Any: the result's type goes with an option, and is fixed by the overloads of the constructors.
from typing import Any, ClassVar, Generic, Literal, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._binned import (
    BinnedCounts,
    binned_average_precision,
    binned_precision_recall_curve,
    binned_roc_auc,
    binned_roc_curve,
)
from firesteel.metrics._functional._classification import ClassificationKind
from firesteel.metrics._functional._curve_averages import ClassAverage, LabelAverage
from firesteel.metrics._functional._curve_inputs import refuse_option
from firesteel.metrics._functional._precision_recall import PrecisionRecallPoints
from firesteel.metrics._functional._roc import RocPoints
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._averaged import reader
from ._binned_statistic import BinnedStatistic

__all__ = [
    "BinnedAveragePrecision",
    "BinnedPrecisionRecallCurve",
    "BinnedRocAuc",
    "BinnedRocCurve",
]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class _BinnedAverage(
    StatisticMetric[PredTarget, BinnedStatistic, ResultT, OutputT], Generic[ResultT, OutputT]
):
    """What is read off the counts of each class or label, and averaged."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: LabelAverage = "macro",
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        name = type(self).__name__
        refuse_option(name, "average", average, (None, "micro", "macro", "weighted"))
        self._average: LabelAverage = average
        self._read: Callable[[Tensor], ResultT] = reader(average)
        statistic = BinnedStatistic(
            name, kind=kind, num_thresholds=num_thresholds, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @abstractmethod
    def averaged(self, counts: BinnedCounts, average: ClassAverage) -> Tensor:
        """Give the value of each class, or their mean."""

    @final
    @override
    def compute(self) -> ResultT:
        counts = self.statistic.counts()
        if self._average != "micro":
            return self._read(self.averaged(counts, self._average))
        if counts.positives.ndim > 1:
            counts = BinnedCounts(counts.positives.sum(0), counts.negatives.sum(0))
        return self._read(self.averaged(counts, "macro"))


@final
class BinnedRocAuc(_BinnedAverage[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Area under the ROC curve, from counts at evenly spaced thresholds.

    Scores are put into bins :math:`[j / (T - 1), (j + 1) / (T - 1))`, of which the scores are tied.
    With :math:`p_j` positives and :math:`n_j` negatives in bin :math:`j`, the area is :math:`\sum_j
    p_j (\sum_{i<j} n_i + n_j / 2) / (\sum_j p_j \sum_j n_j)`, and that of :class:`ROC_AUC` where
    all scores lie on the thresholds. NaN for a class without positives or negatives, which the
    means leave out.

    Probabilities in ``[0, 1]``, floating point, and targets have the shapes of the kind: one shape,
    0 or 1, for ``"binary"``; ``(batch, classes, ...)`` and indices of classes, whole numbers,
    ``(batch, ...)``; ``(batch, labels, ...)`` and 0 or 1. Only counts are kept, ``(classes, T)``
    twice; other binned metrics that are attached to the engine with the same tensors and options
    use the same counts.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        average: For classes and labels: ``None`` for a tensor of one value per class, float64,
            shape ``(classes,)``; ``"macro"`` for their mean, ``"weighted"`` for their mean by
            positives, ``"micro"`` for one curve of all. Without classes it says nothing, but that
            ``None`` gives a tensor of shape ``()``.
        kind: Whether there is one probability for each target, ``"binary"``, one per class,
            ``"multiclass"``, or one per label, ``"multilabel"``.
        num_thresholds: :math:`T`, at least 2.
        validate: In which updates probabilities are checked to be in ``[0, 1]`` and targets to be
            classes or 0 and 1, for which the host waits for the device: in the ``"first"`` after a
            reset, ``"always"``, ``"never"``. What is out of range unnoticed counts in some bin.
        device: Where the counts are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes do not fit together, a value is out of range, or an option is.
        ArgumentTypeError: Probabilities are no floating point numbers, or classes no whole ones.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        The area of scikit-learn's ``roc_auc_score`` for rounded scores. Better is higher, from 0 to
        1.

    Example:
        >>> import torch
        >>> metric = BinnedRocAuc(num_thresholds=3)
        >>> metric.update((torch.tensor([0.1, 0.4, 0.6, 1.0]), torch.tensor([0, 1, 0, 1])))
        >>> metric.compute()
        0.625
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __new__(
        cls,
        *,
        average: None,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "BinnedRocAuc[Tensor, PredTarget]": ...
    @overload
    def __new__(
        cls,
        *,
        average: Literal["micro", "macro", "weighted"] = "macro",
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "BinnedRocAuc[float, PredTarget]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: None,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "BinnedRocAuc[Tensor, OutputT]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: Literal["micro", "macro", "weighted"] = "macro",
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "BinnedRocAuc[float, OutputT]": ...
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: LabelAverage = "macro",
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "BinnedRocAuc[Any, Any]":
        """Give a metric of which the result's type goes with ``average``."""
        del output_transform, average, kind, num_thresholds, validate, device  # __init__ takes them
        return super().__new__(cls)

    @override
    def averaged(self, counts: BinnedCounts, average: ClassAverage) -> Tensor:
        return binned_roc_auc(counts, average=average)


@final
class BinnedAveragePrecision(_BinnedAverage[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Precision averaged over the recall, from counts at evenly spaced thresholds.

    :math:`\sum_k (R_k - R_{k-1}) P_k` over the thresholds :math:`j / (T - 1)`, from the highest
    down; that of :class:`AveragePrecision` where all scores lie on the thresholds. 0 for a class
    without positives, which counts in the macro mean.

    Probabilities in ``[0, 1]``, floating point, and targets have the shapes of the kind: one shape,
    0 or 1, for ``"binary"``; ``(batch, classes, ...)`` and indices of classes, whole numbers,
    ``(batch, ...)``; ``(batch, labels, ...)`` and 0 or 1. Only counts are kept, ``(classes, T)``
    twice; other binned metrics that are attached to the engine with the same tensors and options
    use the same counts.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        average: For classes and labels: ``None`` for a tensor of one value per class, float64,
            shape ``(classes,)``; ``"macro"`` for their mean, ``"weighted"`` for their mean by
            positives, ``"micro"`` for one curve of all. Without classes it says nothing, but that
            ``None`` gives a tensor of shape ``()``.
        kind: Whether there is one probability for each target, ``"binary"``, one per class,
            ``"multiclass"``, or one per label, ``"multilabel"``.
        num_thresholds: :math:`T`, at least 2.
        validate: In which updates probabilities are checked to be in ``[0, 1]`` and targets to be
            classes or 0 and 1, for which the host waits for the device: in the ``"first"`` after a
            reset, ``"always"``, ``"never"``. What is out of range unnoticed counts in some bin.
        device: Where the counts are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes do not fit together, a value is out of range, or an option is.
        ArgumentTypeError: Probabilities are no floating point numbers, or classes no whole ones.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        The value of scikit-learn's ``average_precision_score`` for rounded scores. Better is
        higher, from 0 to 1.

    Example:
        >>> import torch
        >>> metric = BinnedAveragePrecision(num_thresholds=3)
        >>> metric.update((torch.tensor([0.1, 0.4, 0.6, 1.0]), torch.tensor([0, 1, 0, 1])))
        >>> metric.compute()
        0.75
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __new__(
        cls,
        *,
        average: None,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "BinnedAveragePrecision[Tensor, PredTarget]": ...
    @overload
    def __new__(
        cls,
        *,
        average: Literal["micro", "macro", "weighted"] = "macro",
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "BinnedAveragePrecision[float, PredTarget]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: None,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "BinnedAveragePrecision[Tensor, OutputT]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: Literal["micro", "macro", "weighted"] = "macro",
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "BinnedAveragePrecision[float, OutputT]": ...
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: LabelAverage = "macro",
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "BinnedAveragePrecision[Any, Any]":
        """Give a metric of which the result's type goes with ``average``."""
        del output_transform, average, kind, num_thresholds, validate, device  # __init__ takes them
        return super().__new__(cls)

    @override
    def averaged(self, counts: BinnedCounts, average: ClassAverage) -> Tensor:
        return binned_average_precision(counts, average=average)


@final
class BinnedRocCurve(StatisticMetric[PredTarget, BinnedStatistic, RocPoints, OutputT]):
    r"""ROC curve at evenly spaced thresholds.

    The result, a :class:`firesteel.metrics.functional.RocPoints`, has the fields ``fpr`` and
    ``tpr``, float64, shape ``(..., T + 1)`` with an axis of classes or labels before, and
    ``thresholds``, shape ``(T + 1,)``, descending from infinity and 1 to 0. The true positive rate
    of a class without positives is NaN, and so is the other without negatives.

    Probabilities in ``[0, 1]``, floating point, and targets have the shapes of the kind: one shape,
    0 or 1, for ``"binary"``; ``(batch, classes, ...)`` and indices of classes, whole numbers,
    ``(batch, ...)``; ``(batch, labels, ...)`` and 0 or 1. Only counts are kept, ``(classes, T)``
    twice; other binned metrics that are attached to the engine with the same tensors and options
    use the same counts.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        kind: Whether there is one probability for each target, ``"binary"``, one per class,
            ``"multiclass"``, or one per label, ``"multilabel"``.
        num_thresholds: :math:`T`, at least 2.
        validate: In which updates probabilities are checked to be in ``[0, 1]`` and targets to be
            classes or 0 and 1, for which the host waits for the device: in the ``"first"`` after a
            reset, ``"always"``, ``"never"``. What is out of range unnoticed counts in some bin.
        device: Where the counts are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes do not fit together, a value is out of range, or an option is.
        ArgumentTypeError: Probabilities are no floating point numbers, or classes no whole ones.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        The points of scikit-learn's ``roc_curve`` at these thresholds. Neither higher nor lower is
        better.

    Example:
        >>> import torch
        >>> metric = BinnedRocCurve(num_thresholds=3)
        >>> metric.update((torch.tensor([0.1, 0.4, 0.6, 1.0]), torch.tensor([0, 1, 0, 1])))
        >>> curve = metric.compute()
        >>> curve.fpr.tolist(), curve.tpr.tolist(), curve.thresholds.tolist()
        ([0.0, 0.0, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0], [inf, 1.0, 0.5, 0.0])
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "BinnedRocCurve[PredTarget]",
        *,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        statistic = BinnedStatistic(
            "BinnedRocCurve",
            kind=kind,
            num_thresholds=num_thresholds,
            validate=validate,
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> RocPoints:
        return binned_roc_curve(self.statistic.counts())


@final
class BinnedPrecisionRecallCurve(
    StatisticMetric[PredTarget, BinnedStatistic, PrecisionRecallPoints, OutputT]
):
    r"""Precision over recall, at evenly spaced thresholds.

    The result, a :class:`firesteel.metrics.functional.PrecisionRecallPoints`, has the fields
    ``precision`` and ``recall``, float64, shape ``(..., T + 1)`` with an axis of classes or labels
    before, and ``thresholds``, shape ``(T,)``, ascending from 0 to 1. Where nothing is predicted,
    precision is 1; without positives, recall is 1 at every threshold.

    Probabilities in ``[0, 1]``, floating point, and targets have the shapes of the kind: one shape,
    0 or 1, for ``"binary"``; ``(batch, classes, ...)`` and indices of classes, whole numbers,
    ``(batch, ...)``; ``(batch, labels, ...)`` and 0 or 1. Only counts are kept, ``(classes, T)``
    twice; other binned metrics that are attached to the engine with the same tensors and options
    use the same counts.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        kind: Whether there is one probability for each target, ``"binary"``, one per class,
            ``"multiclass"``, or one per label, ``"multilabel"``.
        num_thresholds: :math:`T`, at least 2.
        validate: In which updates probabilities are checked to be in ``[0, 1]`` and targets to be
            classes or 0 and 1, for which the host waits for the device: in the ``"first"`` after a
            reset, ``"always"``, ``"never"``. What is out of range unnoticed counts in some bin.
        device: Where the counts are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes do not fit together, a value is out of range, or an option is.
        ArgumentTypeError: Probabilities are no floating point numbers, or classes no whole ones.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        The points of scikit-learn's ``precision_recall_curve`` at these thresholds. Neither higher
        nor lower is better.

    Example:
        >>> import torch
        >>> metric = BinnedPrecisionRecallCurve(num_thresholds=3)
        >>> metric.update((torch.tensor([0.1, 0.4, 0.6, 1.0]), torch.tensor([0, 1, 0, 1])))
        >>> curve = metric.compute()
        >>> curve.precision.tolist(), curve.recall.tolist()
        ([0.5, 0.5, 1.0, 1.0], [1.0, 0.5, 0.5, 0.0])
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "BinnedPrecisionRecallCurve[PredTarget]",
        *,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        kind: ClassificationKind = "binary",
        num_thresholds: int = 200,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        statistic = BinnedStatistic(
            "BinnedPrecisionRecallCurve",
            kind=kind,
            num_thresholds=num_thresholds,
            validate=validate,
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> PrecisionRecallPoints:
        return binned_precision_recall_curve(self.statistic.counts())
