"""ROC curves: the true positive rate over the false positive rate."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._roc import RocPoints, roc_curves
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._scores import Layout, ScoreStatistic

__all__ = [
    "MulticlassRocCurve",
    "MultilabelRocCurve",
    "RocCurve",
]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class RocCurve(StatisticMetric[PredTarget, ScoreStatistic, RocPoints, OutputT]):
    r"""True positive rate over the false positive rate, at every distinct score.

    At a threshold :math:`t`, :math:`\mathrm{TPR} = |\{s_i \ge t, y_i = 1\}| / P` and
    :math:`\mathrm{FPR} = |\{s_i \ge t, y_i = 0\}| / N`. Tied scores are one step. Without positives
    the TPR is NaN, without negatives the FPR. The result, a
    :class:`firesteel.metrics.functional.RocPoints`, has the fields ``fpr``, ``tpr`` and
    ``thresholds``, float64, of one length, from an infinite threshold down.

    Scores, the higher the more likely positive, of any real dtype and scale, and targets, 0 or 1,
    have one shape, whatever it is. All are kept, and ranked when the result is computed; other
    metrics of ranked scores that are attached to the engine with the same tensors use the same copy
    and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        drop_intermediate: Whether points on a straight line between others are left out.
        validate: In which updates scores are checked to be numbers and targets to be 0 or 1, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``roc_curve``. Neither higher nor lower is better.

    Example:
        >>> import torch
        >>> roc_curve = RocCurve()
        >>> roc_curve.update((torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1])))
        >>> curve = roc_curve.compute()
        >>> curve.fpr.tolist(), curve.tpr.tolist()
        ([0.0, 0.0, 0.5, 0.5, 1.0], [0.0, 0.5, 0.5, 1.0, 1.0])
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "RocCurve[PredTarget]",
        *,
        drop_intermediate: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        drop_intermediate: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        drop_intermediate: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        self._drop_intermediate = drop_intermediate
        statistic = ScoreStatistic("RocCurve", Layout.BINARY, validate=validate, device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> RocPoints:
        ranking = self.statistic.ranking(as_one=True)
        return roc_curves(ranking, drop_intermediate=self._drop_intermediate)[0]


@final
class MulticlassRocCurve(
    StatisticMetric[PredTarget, ScoreStatistic, tuple[RocPoints, ...], OutputT]
):
    r"""ROC curve of each class against the rest.

    The result is one curve per class, as :class:`RocCurve` gives it.

    Scores, one per class, of any real dtype and scale, have shape ``(batch, classes, ...)``;
    targets are indices of classes, whole numbers, of shape ``(batch, ...)``. All are kept, and
    ranked when the result is computed; other metrics of ranked scores that are attached to the
    engine with the same tensors use the same copy and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        drop_intermediate: Whether points on a straight line between others are left out.
        validate: In which updates scores are checked to be numbers and targets to be classes, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, or a target is no class.
        ArgumentTypeError: The targets are not whole numbers, or the scores complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``roc_curve`` of each class. Neither higher nor lower is better.

    Example:
        >>> import torch
        >>> roc_curve = MulticlassRocCurve()
        >>> scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.3, 0.3, 0.4]])
        >>> roc_curve.update((scores, torch.tensor([0, 1, 2])))
        >>> curves = roc_curve.compute()
        >>> len(curves), curves[0].tpr.tolist()
        (3, [0.0, 1.0, 1.0])
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "MulticlassRocCurve[PredTarget]",
        *,
        drop_intermediate: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        drop_intermediate: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        drop_intermediate: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        self._drop_intermediate = drop_intermediate
        statistic = ScoreStatistic(
            "MulticlassRocCurve", Layout.CLASSES, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> tuple[RocPoints, ...]:
        ranking = self.statistic.ranking(as_one=False)
        return roc_curves(ranking, drop_intermediate=self._drop_intermediate)


@final
class MultilabelRocCurve(
    StatisticMetric[PredTarget, ScoreStatistic, tuple[RocPoints, ...], OutputT]
):
    r"""ROC curve of each label.

    The result is one curve per label, as :class:`RocCurve` gives it.

    Scores, the higher the more likely, of any real dtype and scale, and targets, 0 or 1, have one
    shape: ``(batch, labels, ...)``. All are kept, and ranked when the result is computed; other
    metrics of ranked scores that are attached to the engine with the same tensors use the same copy
    and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        drop_intermediate: Whether points on a straight line between others are left out.
        validate: In which updates scores are checked to be numbers and targets to be 0 or 1, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, or a target is neither 0 nor 1.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``roc_curve`` of each label. Neither higher nor lower is better.

    Example:
        >>> import torch
        >>> roc_curve = MultilabelRocCurve()
        >>> scores = torch.tensor([[0.9, 0.2], [0.1, 0.6]])
        >>> roc_curve.update((scores, torch.tensor([[1, 1], [0, 0]])))
        >>> [curve.tpr.tolist() for curve in roc_curve.compute()]
        [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "MultilabelRocCurve[PredTarget]",
        *,
        drop_intermediate: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        drop_intermediate: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        drop_intermediate: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        self._drop_intermediate = drop_intermediate
        statistic = ScoreStatistic(
            "MultilabelRocCurve", Layout.LABELS, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> tuple[RocPoints, ...]:
        ranking = self.statistic.ranking(as_one=False)
        return roc_curves(ranking, drop_intermediate=self._drop_intermediate)
