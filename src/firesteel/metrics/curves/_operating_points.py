"""The best point of a curve under a condition."""

from collections.abc import Callable
from typing import ClassVar, NamedTuple, Self, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._curve_inputs import refuse_share
from firesteel.metrics._functional._operating_points import CurvePoint, best_point, rates_at
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._scores import Layout, ScoreStatistic

__all__ = [
    "OperatingPoint",
    "PrecisionAtFixedRecall",
    "RecallAtFixedPrecision",
    "SensitivityAtSpecificity",
    "SpecificityAtSensitivity",
]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class OperatingPoint(NamedTuple):
    """The best point of a curve under a condition, as numbers."""

    value: float
    """What was to be as high as possible."""
    threshold: float
    """The lowest score that is predicted; infinite if only no prediction meets the condition."""

    @classmethod
    def of(cls, point: CurvePoint) -> Self:
        """Read a point off its device."""
        return cls(float(point.value), float(point.threshold))


@final
class RecallAtFixedPrecision(StatisticMetric[PredTarget, ScoreStatistic, OperatingPoint, OutputT]):
    r"""Highest recall of which the precision is high enough, and its threshold.

    Of equal recalls the one of the highest precision is taken. No prediction, recall 0, is always
    allowed. NaN without positives. The result has the fields ``value`` and ``threshold``, both
    floats.

    Scores, the higher the more likely positive, of any real dtype and scale, and targets, 0 or 1,
    have one shape, whatever it is. All are kept, and ranked when the result is computed; other
    metrics of ranked scores that are attached to the engine with the same tensors use the same copy
    and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        min_precision: In ``[0, 1]``.
        validate: In which updates scores are checked to be numbers and targets to be 0 or 1, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, a target is neither 0 nor 1, or
            ``min_precision`` is out of range.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        firesteel's own reading of the curve, which takes ties for one step. Better is a higher
        value, from 0 to 1.

    Example:
        >>> import torch
        >>> metric = RecallAtFixedPrecision(min_precision=0.9)
        >>> metric.update((torch.tensor([0.25, 0.5, 0.375, 0.75]), torch.tensor([0, 0, 1, 1])))
        >>> metric.compute()
        OperatingPoint(value=0.5, threshold=0.75)
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "RecallAtFixedPrecision[PredTarget]",
        *,
        min_precision: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        min_precision: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        min_precision: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        refuse_share("RecallAtFixedPrecision", "min_precision", min_precision)
        self._min_precision = min_precision
        statistic = ScoreStatistic(
            "RecallAtFixedPrecision", Layout.BINARY, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> OperatingPoint:
        rates = rates_at(self.statistic.ranking(as_one=True))
        point = best_point(
            rates.sensitivity, rates.precision, self._min_precision, rates.thresholds
        )
        return OperatingPoint.of(point)


@final
class PrecisionAtFixedRecall(StatisticMetric[PredTarget, ScoreStatistic, OperatingPoint, OutputT]):
    r"""Highest precision of which the recall is high enough, and its threshold.

    Of equal precisions the one of the highest recall is taken. No prediction has precision 1 and
    recall 0. NaN without positives. The result has the fields ``value`` and ``threshold``, both
    floats.

    Scores, the higher the more likely positive, of any real dtype and scale, and targets, 0 or 1,
    have one shape, whatever it is. All are kept, and ranked when the result is computed; other
    metrics of ranked scores that are attached to the engine with the same tensors use the same copy
    and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        min_recall: In ``[0, 1]``.
        validate: In which updates scores are checked to be numbers and targets to be 0 or 1, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, a target is neither 0 nor 1, or
            ``min_recall`` is out of range.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        firesteel's own reading of the curve, which takes ties for one step. Better is a higher
        value, from 0 to 1.

    Example:
        >>> import torch
        >>> metric = PrecisionAtFixedRecall(min_recall=0.6)
        >>> metric.update((torch.tensor([0.25, 0.5, 0.375, 0.75]), torch.tensor([0, 1, 0, 1])))
        >>> metric.compute()
        OperatingPoint(value=1.0, threshold=0.5)
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "PrecisionAtFixedRecall[PredTarget]",
        *,
        min_recall: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        min_recall: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        min_recall: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        refuse_share("PrecisionAtFixedRecall", "min_recall", min_recall)
        self._min_recall = min_recall
        statistic = ScoreStatistic(
            "PrecisionAtFixedRecall", Layout.BINARY, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> OperatingPoint:
        rates = rates_at(self.statistic.ranking(as_one=True))
        point = best_point(rates.precision, rates.sensitivity, self._min_recall, rates.thresholds)
        return OperatingPoint.of(point)


@final
class SensitivityAtSpecificity(
    StatisticMetric[PredTarget, ScoreStatistic, OperatingPoint, OutputT]
):
    r"""Highest sensitivity of which the specificity is high enough, and its threshold.

    Sensitivity is the share of the positives at or above the threshold, specificity the share of
    the negatives below it. Of equal sensitivities the one of the highest specificity is taken. NaN
    without positives or negatives. The result has the fields ``value`` and ``threshold``, both
    floats.

    Scores, the higher the more likely positive, of any real dtype and scale, and targets, 0 or 1,
    have one shape, whatever it is. All are kept, and ranked when the result is computed; other
    metrics of ranked scores that are attached to the engine with the same tensors use the same copy
    and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        min_specificity: In ``[0, 1]``.
        validate: In which updates scores are checked to be numbers and targets to be 0 or 1, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, a target is neither 0 nor 1, or
            ``min_specificity`` is out of range.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        firesteel's own reading of the curve, which takes ties for one step. Better is a higher
        value, from 0 to 1.

    Example:
        >>> import torch
        >>> metric = SensitivityAtSpecificity(min_specificity=0.5)
        >>> metric.update((torch.tensor([0.25, 0.5, 0.375, 0.75]), torch.tensor([0, 0, 1, 1])))
        >>> metric.compute()
        OperatingPoint(value=1.0, threshold=0.375)
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "SensitivityAtSpecificity[PredTarget]",
        *,
        min_specificity: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        min_specificity: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        min_specificity: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        refuse_share("SensitivityAtSpecificity", "min_specificity", min_specificity)
        self._min_specificity = min_specificity
        statistic = ScoreStatistic(
            "SensitivityAtSpecificity", Layout.BINARY, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> OperatingPoint:
        rates = rates_at(self.statistic.ranking(as_one=True))
        point = best_point(
            rates.sensitivity, rates.specificity, self._min_specificity, rates.thresholds
        )
        return OperatingPoint.of(point)


@final
class SpecificityAtSensitivity(
    StatisticMetric[PredTarget, ScoreStatistic, OperatingPoint, OutputT]
):
    r"""Highest specificity of which the sensitivity is high enough, and its threshold.

    The counterpart of :class:`SensitivityAtSpecificity`. Of equal specificities the one of the
    highest sensitivity is taken. NaN without positives or negatives. The result has the fields
    ``value`` and ``threshold``, both floats.

    Scores, the higher the more likely positive, of any real dtype and scale, and targets, 0 or 1,
    have one shape, whatever it is. All are kept, and ranked when the result is computed; other
    metrics of ranked scores that are attached to the engine with the same tensors use the same copy
    and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        min_sensitivity: In ``[0, 1]``.
        validate: In which updates scores are checked to be numbers and targets to be 0 or 1, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, a target is neither 0 nor 1, or
            ``min_sensitivity`` is out of range.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        firesteel's own reading of the curve, which takes ties for one step. Better is a higher
        value, from 0 to 1.

    Example:
        >>> import torch
        >>> metric = SpecificityAtSensitivity(min_sensitivity=0.5)
        >>> metric.update((torch.tensor([0.25, 0.5, 0.375, 0.75]), torch.tensor([0, 0, 1, 1])))
        >>> metric.compute()
        OperatingPoint(value=1.0, threshold=0.75)
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "SpecificityAtSensitivity[PredTarget]",
        *,
        min_sensitivity: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        min_sensitivity: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        min_sensitivity: float,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        refuse_share("SpecificityAtSensitivity", "min_sensitivity", min_sensitivity)
        self._min_sensitivity = min_sensitivity
        statistic = ScoreStatistic(
            "SpecificityAtSensitivity", Layout.BINARY, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> OperatingPoint:
        rates = rates_at(self.statistic.ranking(as_one=True))
        point = best_point(
            rates.specificity, rates.sensitivity, self._min_sensitivity, rates.thresholds
        )
        return OperatingPoint.of(point)
