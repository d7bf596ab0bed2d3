"""Mean average precision of classifiers (not of object detectors)."""

from collections.abc import Callable, Sequence

# Any: the result's type goes with an option, and is fixed by the overloads of the constructors.
from typing import Any, ClassVar, Final, Generic, Literal, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._curve_averages import mean_over_classes
from firesteel.metrics._functional._curve_inputs import refuse_option
from firesteel.metrics._functional._mean_average_precision import (
    ClassMean,
    areas_at_recalls,
    recall_thresholds,
)
from firesteel.metrics._functional._precision_recall import precisions
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._averaged import reader
from ._scores import Layout, ScoreStatistic

__all__ = ["MeanAveragePrecision"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)

_CPU: Final = torch.device("cpu")


class _MeanAveragePrecision(
    StatisticMetric[PredTarget, ScoreStatistic, ResultT, OutputT], Generic[ResultT, OutputT]
):
    """What :class:`MeanAveragePrecision` does, but for the type of its result."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        rec_thresholds: Sequence[float] | Tensor | None = None,
        class_mean: ClassMean = "macro",
        is_multilabel: bool = False,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        name = type(self).__name__
        refuse_option(name, "class_mean", class_mean, (None, "micro", "macro", "weighted"))
        self._theta = None if rec_thresholds is None else recall_thresholds(rec_thresholds, _CPU)
        self._class_mean = class_mean
        self._read: Callable[[Tensor], ResultT] = reader(class_mean)
        layout = Layout.LABELS if is_multilabel else Layout.BINARY_OR_CLASSES
        statistic = ScoreStatistic(name, layout, validate=validate, device=device)
        super().__init__(statistic, output_transform, device=device)

    @final
    @override
    def compute(self) -> ResultT:
        ranking = self.statistic.ranking(as_one=self._class_mean == "micro")
        if self._theta is None:
            values, positives = precisions(ranking)
        else:
            values, positives = areas_at_recalls(ranking, self._theta.to(ranking.numbers.device))
        if self._class_mean == "micro" or not self.statistic.has_columns:
            return self._read(values[0])
        return self._read(mean_over_classes(values, positives, self._class_mean))


@final
class MeanAveragePrecision(_MeanAveragePrecision[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Precision averaged over the recall, then over the classes.

    Without ``rec_thresholds``, :math:`\sum_k (R_k - R_{k-1}) P_k` over the distinct scores, from
    the highest down. With thresholds :math:`\theta_1 \le \dots \le \theta_m`,
    :math:`\sum_i (\theta_i - \theta_{i-1}) P(\theta_i)`, where :math:`\theta_0 = 0` and
    :math:`P(\theta)` is the precision at the highest score of which the recall is at least
    :math:`\theta`. A class without positives gets 0 and counts in the macro mean.

    Scores are floating point numbers, the higher the more likely, of any scale: of the shape of the
    targets, 0 or 1, for one class; ``(batch, classes, ...)`` for targets ``(batch, ...)`` that are
    indices of classes, whole numbers; or, with ``is_multilabel``, ``(batch, labels, ...)`` for
    both. All are kept, and ranked when the result is computed; other metrics of ranked scores that
    are attached to the engine with the same tensors use the same copy and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        rec_thresholds: In ``[0, 1]``, one axis, any order; ``None`` for every recall that occurs.
        class_mean: ``"macro"`` for the mean of the classes, ``"weighted"`` for their mean by
            positives, ``"micro"`` for one curve of all: a float. ``None`` for a tensor of one value
            per class, float64, shape ``(classes,)``, or ``()`` where there is one class.
        is_multilabel: Whether the second axis of both holds labels.
        validate: In which updates scores are checked to be numbers and targets to be classes or
            0 and 1, for which the host waits for the device: in the ``"first"`` after a reset,
            ``"always"``, ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, a target is no class or neither 0
            nor 1, or an option is out of range.
        ArgumentTypeError: The scores are not floating point numbers, the targets of classes not
            whole ones, or ``rec_thresholds`` is no sequence.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``average_precision_score``, where no ``rec_thresholds`` are given. Better is
        higher, from 0 to 1.

    Example:
        >>> import torch
        >>> precision = MeanAveragePrecision()
        >>> scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]])
        >>> precision.update((scores, torch.tensor([0, 1, 2])))
        >>> round(precision.compute(), 4)
        0.6111
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __new__(
        cls,
        *,
        class_mean: None,
        rec_thresholds: Sequence[float] | Tensor | None = None,
        is_multilabel: bool = False,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MeanAveragePrecision[Tensor, PredTarget]": ...
    @overload
    def __new__(
        cls,
        *,
        class_mean: Literal["micro", "macro", "weighted"] = "macro",
        rec_thresholds: Sequence[float] | Tensor | None = None,
        is_multilabel: bool = False,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MeanAveragePrecision[float, PredTarget]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        class_mean: None,
        rec_thresholds: Sequence[float] | Tensor | None = None,
        is_multilabel: bool = False,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MeanAveragePrecision[Tensor, OutputT]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        class_mean: Literal["micro", "macro", "weighted"] = "macro",
        rec_thresholds: Sequence[float] | Tensor | None = None,
        is_multilabel: bool = False,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MeanAveragePrecision[float, OutputT]": ...
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        rec_thresholds: Sequence[float] | Tensor | None = None,
        class_mean: ClassMean = "macro",
        is_multilabel: bool = False,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MeanAveragePrecision[Any, Any]":
        """Give a metric of which the result's type goes with ``class_mean``."""
        # __init__ takes them
        del output_transform, rec_thresholds, class_mean, is_multilabel, validate, device
        return super().__new__(cls)
