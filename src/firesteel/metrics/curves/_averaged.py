"""Values of several curves, each one or their mean, as an option says."""

from abc import abstractmethod
from collections.abc import Callable

# Any: the result's type goes with an option, and is fixed by the overloads of the constructors.
from typing import Any, ClassVar, Final, Generic, final

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._curve_averages import LabelAverage, mean_over_classes
from firesteel.metrics._functional._curve_inputs import refuse_option
from firesteel.metrics._functional._curve_ranking import Ranking
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._scores import Layout, ScoreStatistic

__all__ = ["AveragedRanking", "reader"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)

_OF_CLASSES: Final = (None, "macro", "weighted")
_OF_LABELS: Final = (None, "micro", "macro", "weighted")


class AveragedRanking(
    StatisticMetric[PredTarget, ScoreStatistic, ResultT, OutputT], Generic[ResultT, OutputT]
):
    """What is read off the ranking of each class or label, and averaged.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        average: Which mean, or ``None`` for a tensor of one value per class.
        validate: In which updates values are checked.
        device: Where scores and targets are kept; ``None`` for where they come from.
    """

    layout: ClassVar[Layout]

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: LabelAverage = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        name = type(self).__name__
        has_micro = self.layout is Layout.LABELS
        refuse_option(name, "average", average, _OF_LABELS if has_micro else _OF_CLASSES)
        self._average = average
        self._read: Callable[[Tensor], ResultT] = reader(average)
        statistic = ScoreStatistic(name, self.layout, validate=validate, device=device)
        super().__init__(statistic, output_transform, device=device)

    @abstractmethod
    def values(self, ranking: Ranking) -> tuple[Tensor, Tensor]:
        """Give the value of each curve, and its positives."""

    @final
    @override
    def compute(self) -> ResultT:
        is_one = self._average == "micro"
        values, positives = self.values(self.statistic.ranking(as_one=is_one))
        average = "macro" if is_one else self._average  # of one
        return self._read(mean_over_classes(values, positives, average))


def reader(average: str | None) -> Callable[[Tensor], Any]:
    """Give what makes a result of a tensor: itself for one value per class, else a number."""
    return _as_it_is if average is None else float


def _as_it_is(values: Tensor) -> Tensor:
    return values
