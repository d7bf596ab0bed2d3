"""Average precision: the precision, averaged over the recall."""

from collections.abc import Callable

# Any: the result's type goes with an option, and is fixed by the overloads of the constructors.
from typing import Any, ClassVar, Generic, Literal, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._curve_averages import LabelAverage, mean_over_classes
from firesteel.metrics._functional._curve_ranking import Ranking
from firesteel.metrics._functional._precision_recall import precisions
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._averaged import AveragedRanking
from ._scores import Layout, ScoreStatistic

__all__ = [
    "AveragePrecision",
    "BinaryAveragePrecision",
    "MulticlassAveragePrecision",
    "MultilabelAveragePrecision",
]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class AveragePrecision(StatisticMetric[PredTarget, ScoreStatistic, float, OutputT]):
    r"""Precision averaged over the recall: of one curve, or the mean over labels.

    :math:`\sum_k (R_k - R_{k-1}) P_k`, where :math:`k` runs over the distinct scores, from the
    highest down; nothing is interpolated. A label without positives counts as 0.

    Scores, the higher the more likely positive, of any real dtype and scale, and targets, 0 or 1,
    have one shape: ``(batch,)``, or ``(batch, labels)``. All are kept, and ranked when the result
    is computed; other metrics of ranked scores that are attached to the engine with the same
    tensors use the same copy and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        validate: In which updates scores are checked to be numbers and targets to be 0 or 1, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``average_precision_score``. Better is higher, from 0 to 1.

    Example:
        >>> import torch
        >>> precision = AveragePrecision()
        >>> precision.update((torch.tensor([0.1, 0.4]), torch.tensor([0, 0])))
        >>> precision.update((torch.tensor([0.35, 0.8]), torch.tensor([1, 1])))
        >>> round(precision.compute(), 4)
        0.8333
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "AveragePrecision[PredTarget]",
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        statistic = ScoreStatistic(
            "AveragePrecision", Layout.BY_SHAPE, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> float:
        return float(mean_over_classes(*precisions(self.statistic.ranking(as_one=False)), "macro"))


@final
class BinaryAveragePrecision(StatisticMetric[PredTarget, ScoreStatistic, float, OutputT]):
    r"""Precision averaged over the recall, of one curve, whatever the shape.

    :math:`\sum_k (R_k - R_{k-1}) P_k`, where :math:`k` runs over the distinct scores, from the
    highest down; nothing is interpolated. 0 without positives.

    Scores, the higher the more likely positive, of any real dtype and scale, and targets, 0 or 1,
    have one shape, whatever it is. All are kept, and ranked when the result is computed; other
    metrics of ranked scores that are attached to the engine with the same tensors use the same copy
    and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        validate: In which updates scores are checked to be numbers and targets to be 0 or 1, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``average_precision_score``. Better is higher, from 0 to 1.

    Example:
        >>> import torch
        >>> precision = BinaryAveragePrecision()
        >>> scores = torch.tensor([[0.1, 0.4], [0.35, 0.8]])
        >>> precision.update((scores, torch.tensor([[0, 0], [1, 1]])))
        >>> round(precision.compute(), 4)
        0.8333
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "BinaryAveragePrecision[PredTarget]",
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        statistic = ScoreStatistic(
            "BinaryAveragePrecision", Layout.BINARY, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> float:
        return float(precisions(self.statistic.ranking(as_one=True))[0])


@final
class MulticlassAveragePrecision(AveragedRanking[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Precision averaged over the recall, of each class against the rest, or the mean.

    See :class:`AveragePrecision`. A class that no sample has gets 0, and counts in the macro mean.
    With ``average=None`` the result is a tensor, else a float.

    Scores, one per class, of any real dtype and scale, have shape ``(batch, classes, ...)``;
    targets are indices of classes, whole numbers, of shape ``(batch, ...)``. All are kept, and
    ranked when the result is computed; other metrics of ranked scores that are attached to the
    engine with the same tensors use the same copy and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        average: ``None`` for a tensor of one value per class, float64, shape ``(classes,)``;
            ``"macro"`` for their mean, ``"weighted"`` for their mean by the number of samples of
            each class.
        validate: In which updates scores are checked to be numbers and targets to be classes, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, a target is no class, or
            ``average`` is unknown.
        ArgumentTypeError: The targets are not whole numbers, or the scores complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``average_precision_score``. Better is higher, from 0 to 1.

    Example:
        >>> import torch
        >>> precision = MulticlassAveragePrecision(average=None)
        >>> scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]])
        >>> precision.update((scores, torch.tensor([0, 1, 1])))
        >>> precision.compute().tolist()
        [1.0, 1.0, 0.0]
    """

    higher_is_better: ClassVar[bool | None] = True

    layout: ClassVar[Layout] = Layout.CLASSES

    @overload
    def __new__(
        cls,
        *,
        average: None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MulticlassAveragePrecision[Tensor, PredTarget]": ...
    @overload
    def __new__(
        cls,
        *,
        average: Literal["macro", "weighted"] = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MulticlassAveragePrecision[float, PredTarget]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MulticlassAveragePrecision[Tensor, OutputT]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: Literal["macro", "weighted"] = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MulticlassAveragePrecision[float, OutputT]": ...
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: LabelAverage = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MulticlassAveragePrecision[Any, Any]":
        """Give a metric of which the result's type goes with ``average``."""
        del output_transform, average, validate, device  # __init__ takes them
        return super().__new__(cls)

    @override
    def values(self, ranking: Ranking) -> tuple[Tensor, Tensor]:
        return precisions(ranking)


@final
class MultilabelAveragePrecision(AveragedRanking[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Precision averaged over the recall, of each label, or the mean.

    See :class:`AveragePrecision`. A label that no sample has gets 0, and counts in the macro mean.
    With ``average=None`` the result is a tensor, else a float.

    Scores, the higher the more likely, of any real dtype and scale, and targets, 0 or 1, have one
    shape: ``(batch, labels, ...)``. All are kept, and ranked when the result is computed; other
    metrics of ranked scores that are attached to the engine with the same tensors use the same copy
    and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        average: ``None`` for a tensor of one value per label, float64, shape ``(labels,)``;
            ``"macro"`` for their mean, ``"weighted"`` for their mean by the number of samples of
            each label, ``"micro"`` for one curve of all.
        validate: In which updates scores are checked to be numbers and targets to be 0 or 1, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, a target is neither 0 nor 1, or
            ``average`` is unknown.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``average_precision_score``. Better is higher, from 0 to 1.

    Example:
        >>> import torch
        >>> precision = MultilabelAveragePrecision(average=None)
        >>> scores = torch.tensor([[0.9, 0.2], [0.1, 0.6], [0.5, 0.7]])
        >>> precision.update((scores, torch.tensor([[1, 0], [0, 1], [1, 0]])))
        >>> precision.compute().tolist()
        [1.0, 0.5]
    """

    higher_is_better: ClassVar[bool | None] = True

    layout: ClassVar[Layout] = Layout.LABELS

    @overload
    def __new__(
        cls,
        *,
        average: None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MultilabelAveragePrecision[Tensor, PredTarget]": ...
    @overload
    def __new__(
        cls,
        *,
        average: Literal["micro", "macro", "weighted"] = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MultilabelAveragePrecision[float, PredTarget]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MultilabelAveragePrecision[Tensor, OutputT]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: Literal["micro", "macro", "weighted"] = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MultilabelAveragePrecision[float, OutputT]": ...
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: LabelAverage = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MultilabelAveragePrecision[Any, Any]":
        """Give a metric of which the result's type goes with ``average``."""
        del output_transform, average, validate, device  # __init__ takes them
        return super().__new__(cls)

    @override
    def values(self, ranking: Ranking) -> tuple[Tensor, Tensor]:
        return precisions(ranking)
