"""Metrics that have a value for each class, or an average of these."""

import math
from abc import abstractmethod
from collections.abc import Callable

# Any: the overloads of each class pair what comes out with the average that was asked for
from typing import Any, ClassVar, Generic

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import one_of
from firesteel.errors import ArgumentError
from firesteel.metrics._functional._class_averages import AVERAGES, SampleAverage
from firesteel.metrics._functional._counts import ClassAverage, ClassCounts
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation, above_zero

from ._sample_statistic import SampleStatistic
from ._statistic import ClassStatistic, Detail

__all__ = ["AveragedMetric", "ClassAveraged", "SampleAveraged"]

ResultT = TypeVar("ResultT", covariant=True)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class AveragedMetric(
    StatisticMetric[PredTarget, ClassStatistic | SampleStatistic, ResultT, OutputT],
    Generic[ResultT, OutputT],
):
    """A metric with a value for each class: a tensor of these, or a number that averages them.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        average: How the values of classes become one; ``None`` for not at all.
        zero_division: The value of 0/0.
        is_multilabel: As for :class:`ClassStatistic`.
        num_classes: As for :class:`ClassStatistic`.
        ignore_index: As for :class:`ClassStatistic`.
        top_k: As for :class:`ClassStatistic`.
        threshold: As for :class:`ClassStatistic`.
        validate: As for :class:`ClassStatistic`.
        device: As for :class:`ClassStatistic`.
        beta: How many times as much recall counts as precision does in F.

    Raises:
        ArgumentError: Options do not fit together.
    """

    sample_row: ClassVar[int | None] = None
    """Which of the four means over samples it is; ``None`` where there is none."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None,
        *,
        average: SampleAverage,
        zero_division: float,
        is_multilabel: bool,
        num_classes: int | None,
        ignore_index: int | None,
        top_k: int,
        threshold: float,
        validate: Validation,
        device: torch.device | str | None,
        beta: float = 1.0,
    ) -> None:
        name = type(self).__name__
        has_samples = self.sample_row is not None
        one_of(name, "average", average, AVERAGES + ("samples",) * has_samples)
        above_zero(name, "beta", beta)
        self._beta = beta
        self._name = name
        self._is_averaged = average is not None
        self._class_average: ClassAverage = None if average == "samples" else average
        self._zero_division = zero_division
        statistic: ClassStatistic | SampleStatistic = ClassStatistic(
            name,
            Detail.CLASSES,
            is_multilabel=is_multilabel,
            num_classes=num_classes,
            ignore_index=ignore_index,
            top_k=top_k,
            threshold=threshold,
            validate=validate,
            device=device,
        )
        if average == "samples":
            if not is_multilabel:
                raise ArgumentError(f"{name}: average='samples' needs is_multilabel=True")
            if math.isnan(zero_division):
                raise ArgumentError(
                    f"{name}: zero_division must be a number where average='samples', got nan"
                )
            statistic = SampleStatistic(
                name,
                num_labels=num_classes,
                ignore_index=ignore_index,
                threshold=threshold,
                beta=beta,
                zero_division=zero_division,
                validate=validate,
                device=device,
            )
        super().__init__(statistic, output_transform, device=device)

    @abstractmethod
    def of_counts(
        self, counts: ClassCounts, *, average: ClassAverage, zero_division: float
    ) -> Tensor:
        """Give the value of each class, or their average, from counts.

        Args:
            counts: Of classes, of labels, or of a yes against a no.
            average: How the values of classes become one.
            zero_division: The value of 0/0.
        """

    @override
    def compute(self) -> ResultT:
        value = self._value()
        paired: Any = float(value) if self._is_averaged else value
        result: ResultT = paired
        return result

    def _value(self) -> Tensor:
        statistic = self.statistic
        if isinstance(statistic, SampleStatistic):
            return statistic.means(self._name)[self.sample_row or 0]
        return self.of_counts(
            statistic.counts(self._name),
            average=self._class_average,
            zero_division=self._zero_division,
        )


class ClassAveraged(AveragedMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """An averaged metric that is no mean over samples: see :class:`Specificity`."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: ClassAverage = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            output_transform,
            average=average,
            zero_division=zero_division,
            is_multilabel=is_multilabel,
            num_classes=num_classes,
            ignore_index=ignore_index,
            top_k=top_k,
            threshold=threshold,
            validate=validate,
            device=device,
        )


class SampleAveraged(AveragedMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """An averaged metric that may be a mean of what each sample has: see :class:`Precision`."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: SampleAverage = None,
        zero_division: float = 0.0,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            output_transform,
            average=average,
            zero_division=zero_division,
            is_multilabel=is_multilabel,
            num_classes=num_classes,
            ignore_index=ignore_index,
            top_k=top_k,
            threshold=threshold,
            validate=validate,
            device=device,
        )
