"""Precision-recall curves."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._precision_recall import (
    PrecisionRecallPoints,
    precision_recall_curves,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._scores import Layout, ScoreStatistic

__all__ = [
    "MulticlassPrecisionRecallCurve",
    "MultilabelPrecisionRecallCurve",
    "PrecisionRecallCurve",
]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class PrecisionRecallCurve(
    StatisticMetric[PredTarget, ScoreStatistic, PrecisionRecallPoints, OutputT]
):
    r"""Precision over recall, at every distinct score.

    At a threshold :math:`t`, precision is :math:`|\{s_i \ge t, y_i = 1\}| / |\{s_i \ge t\}|` and
    recall :math:`|\{s_i \ge t, y_i = 1\}| / P`. Without positives the recall is 1 at every
    threshold. The result, a :class:`firesteel.metrics.functional.PrecisionRecallPoints`, has the
    fields ``precision``, ``recall`` and ``thresholds``, float64: thresholds ascend, and the other
    two have one entry more, 1 and 0, for no prediction.

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
        scikit-learn's ``precision_recall_curve``. Neither higher nor lower is better.

    Example:
        >>> import torch
        >>> pr_curve = PrecisionRecallCurve()
        >>> pr_curve.update((torch.tensor([0.25, 0.5, 0.375, 0.75]), torch.tensor([0, 0, 1, 1])))
        >>> curve = pr_curve.compute()
        >>> curve.recall.tolist(), curve.thresholds.tolist()
        ([1.0, 1.0, 0.5, 0.5, 0.0], [0.25, 0.375, 0.5, 0.75])
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "PrecisionRecallCurve[PredTarget]",
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
            "PrecisionRecallCurve", Layout.BINARY, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> PrecisionRecallPoints:
        return precision_recall_curves(self.statistic.ranking(as_one=True))[0]


@final
class MulticlassPrecisionRecallCurve(
    StatisticMetric[PredTarget, ScoreStatistic, tuple[PrecisionRecallPoints, ...], OutputT]
):
    r"""Precision over recall of each class against the rest.

    The result is one curve per class, as :class:`PrecisionRecallCurve` gives it.

    Scores, one per class, of any real dtype and scale, have shape ``(batch, classes, ...)``;
    targets are indices of classes, whole numbers, of shape ``(batch, ...)``. All are kept, and
    ranked when the result is computed; other metrics of ranked scores that are attached to the
    engine with the same tensors use the same copy and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        validate: In which updates scores are checked to be numbers and targets to be classes, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, or a target is no class.
        ArgumentTypeError: The targets are not whole numbers, or the scores complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``precision_recall_curve`` of each class. Neither higher nor lower is better.

    Example:
        >>> import torch
        >>> pr_curve = MulticlassPrecisionRecallCurve()
        >>> pr_curve.update((torch.tensor([[0.8, 0.2], [0.4, 0.6]]), torch.tensor([0, 1])))
        >>> [curve.precision.tolist() for curve in pr_curve.compute()]
        [[0.5, 1.0, 1.0], [0.5, 1.0, 1.0]]
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "MulticlassPrecisionRecallCurve[PredTarget]",
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
            "MulticlassPrecisionRecallCurve", Layout.CLASSES, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> tuple[PrecisionRecallPoints, ...]:
        return precision_recall_curves(self.statistic.ranking(as_one=False))


@final
class MultilabelPrecisionRecallCurve(
    StatisticMetric[PredTarget, ScoreStatistic, tuple[PrecisionRecallPoints, ...], OutputT]
):
    r"""Precision over recall of each label.

    The result is one curve per label, as :class:`PrecisionRecallCurve` gives it.

    Scores, the higher the more likely, of any real dtype and scale, and targets, 0 or 1, have one
    shape: ``(batch, labels, ...)``. All are kept, and ranked when the result is computed; other
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
        scikit-learn's ``precision_recall_curve`` of each label. Neither higher nor lower is better.

    Example:
        >>> import torch
        >>> pr_curve = MultilabelPrecisionRecallCurve()
        >>> scores = torch.tensor([[0.9, 0.2], [0.1, 0.6]])
        >>> pr_curve.update((scores, torch.tensor([[1, 1], [0, 0]])))
        >>> [curve.precision.tolist() for curve in pr_curve.compute()]
        [[0.5, 1.0, 1.0], [0.5, 0.0, 1.0]]
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "MultilabelPrecisionRecallCurve[PredTarget]",
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
            "MultilabelPrecisionRecallCurve", Layout.LABELS, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> tuple[PrecisionRecallPoints, ...]:
        return precision_recall_curves(self.statistic.ranking(as_one=False))
