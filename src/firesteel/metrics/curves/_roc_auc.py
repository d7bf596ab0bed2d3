"""ROC AUC: the chance that a positive is scored above a negative."""

from collections.abc import Callable

# Any: the result's type goes with an option, and is fixed by the overloads of the constructors.
from typing import Any, ClassVar, Generic, Literal, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import mismatch
from firesteel.errors import ArgumentError
from firesteel.metrics._functional._curve_averages import LabelAverage, mean_over_classes
from firesteel.metrics._functional._curve_ranking import Ranking, steps
from firesteel.metrics._functional._roc import areas, partial_area
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._averaged import AveragedRanking
from ._scores import Layout, ScoreStatistic

__all__ = [
    "ROC_AUC",
    "BinaryRocAuc",
    "MulticlassRocAuc",
    "MultilabelRocAuc",
]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class ROC_AUC(  # noqa: N801  # ignite's name
    StatisticMetric[PredTarget, ScoreStatistic, float, OutputT]
):
    r"""Area under the ROC curve: of one, or the mean over labels.

    :math:`\frac{1}{PN} \sum_{i: y_i=1} \sum_{j: y_j=0} 1[s_i > s_j] + \frac12 1[s_i = s_j]`,
    counted in whole numbers. A label that no sample has, or that every sample has, is left out; NaN
    if that leaves none.

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
        scikit-learn's ``roc_auc_score``. Better is higher, from 0 to 1.

    Example:
        >>> import torch
        >>> roc_auc = ROC_AUC()
        >>> roc_auc.update((torch.tensor([0.1, 0.4]), torch.tensor([0, 0])))
        >>> roc_auc.update((torch.tensor([0.35, 0.8]), torch.tensor([1, 1])))
        >>> roc_auc.compute()
        0.75
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "ROC_AUC[PredTarget]",
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
        statistic = ScoreStatistic("ROC_AUC", Layout.BY_SHAPE, validate=validate, device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> float:
        return float(mean_over_classes(*areas(self.statistic.ranking(as_one=False)), "macro"))


@final
class BinaryRocAuc(StatisticMetric[PredTarget, ScoreStatistic, float, OutputT]):
    r"""Area under the ROC curve, or under its beginning.

    The chance that a positive is scored above a negative; see :class:`ROC_AUC`. NaN if there are no
    positives or no negatives.

    Scores, the higher the more likely positive, of any real dtype and scale, and targets, 0 or 1,
    have one shape, whatever it is. All are kept, and ranked when the result is computed; other
    metrics of ranked scores that are attached to the engine with the same tensors use the same copy
    and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        max_fpr: Take only the curve up to this false positive rate, in ``(0, 1]``, and scale its
            area (McClish) so that chance is 0.5 and the best 1; ``None`` for all of it.
        validate: In which updates scores are checked to be numbers and targets to be 0 or 1, for
            which the host waits for the device: in the ``"first"`` after a reset, ``"always"``,
            ``"never"``. Once more all are looked at when the result is computed.
        device: Where scores and targets are kept; ``None`` for where they come from.

    Raises:
        ArgumentError: Shapes do not fit together, a score is NaN, a target is neither 0 nor 1, or
            ``max_fpr`` is out of range.
        ArgumentTypeError: A dtype is complex.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``roc_auc_score``; McClish, "Analyzing a portion of the ROC curve", 1989.
        Better is higher, from 0 to 1.

    Example:
        >>> import torch
        >>> roc_auc = BinaryRocAuc(max_fpr=0.5)
        >>> roc_auc.update((torch.tensor([0.1, 0.4, 0.35, 0.8]), torch.tensor([0, 0, 1, 1])))
        >>> round(roc_auc.compute(), 4)
        0.6667
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "BinaryRocAuc[PredTarget]",
        *,
        max_fpr: float | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        max_fpr: float | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        max_fpr: float | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        if max_fpr is not None and not 0 < max_fpr <= 1:
            raise ArgumentError(mismatch("BinaryRocAuc", "max_fpr", "in (0, 1]", max_fpr))
        self._max_fpr = max_fpr
        statistic = ScoreStatistic("BinaryRocAuc", Layout.BINARY, validate=validate, device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> float:
        ranking = self.statistic.ranking(as_one=True)
        if self._max_fpr is None or self._max_fpr == 1:
            return float(areas(ranking)[0])
        return float(partial_area(steps(ranking), self._max_fpr))


@final
class MulticlassRocAuc(AveragedRanking[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Area under the ROC curve of each class against the rest, or their mean.

    See :class:`ROC_AUC`. A class that no sample has, or that every sample has, has no curve: its
    area is NaN, and the means leave it out. With ``average=None`` the result is a tensor, else a
    float.

    Scores, one per class, of any real dtype and scale, have shape ``(batch, classes, ...)``;
    targets are indices of classes, whole numbers, of shape ``(batch, ...)``. All are kept, and
    ranked when the result is computed; other metrics of ranked scores that are attached to the
    engine with the same tensors use the same copy and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        average: ``None`` for a tensor of one area per class, float64, shape ``(classes,)``;
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
        scikit-learn's ``roc_auc_score`` with ``multi_class="ovr"``. Better is higher, from 0 to 1.

    Example:
        >>> import torch
        >>> roc_auc = MulticlassRocAuc(average=None)
        >>> scores = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.3, 0.6, 0.1]])
        >>> roc_auc.update((scores, torch.tensor([0, 1, 2])))
        >>> roc_auc.compute().tolist()
        [1.0, 0.5, 0.25]
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
    ) -> "MulticlassRocAuc[Tensor, PredTarget]": ...
    @overload
    def __new__(
        cls,
        *,
        average: Literal["macro", "weighted"] = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MulticlassRocAuc[float, PredTarget]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MulticlassRocAuc[Tensor, OutputT]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: Literal["macro", "weighted"] = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MulticlassRocAuc[float, OutputT]": ...
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: LabelAverage = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MulticlassRocAuc[Any, Any]":
        """Give a metric of which the result's type goes with ``average``."""
        del output_transform, average, validate, device  # __init__ takes them
        return super().__new__(cls)

    @override
    def values(self, ranking: Ranking) -> tuple[Tensor, Tensor]:
        return areas(ranking)


@final
class MultilabelRocAuc(AveragedRanking[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Area under the ROC curve of each label, or their mean.

    See :class:`ROC_AUC`. A label that no sample has, or that every sample has, has no curve: its
    area is NaN, and the means leave it out. With ``average=None`` the result is a tensor, else a
    float.

    Scores, the higher the more likely, of any real dtype and scale, and targets, 0 or 1, have one
    shape: ``(batch, labels, ...)``. All are kept, and ranked when the result is computed; other
    metrics of ranked scores that are attached to the engine with the same tensors use the same copy
    and the same ranking.

    Args:
        output_transform: Gives scores and targets from the engine's output.
        average: ``None`` for a tensor of one area per label, float64, shape ``(labels,)``;
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
        scikit-learn's ``roc_auc_score``. Better is higher, from 0 to 1.

    Example:
        >>> import torch
        >>> roc_auc = MultilabelRocAuc(average=None)
        >>> scores = torch.tensor([[0.9, 0.2], [0.1, 0.6], [0.5, 0.7]])
        >>> roc_auc.update((scores, torch.tensor([[1, 0], [0, 1], [1, 0]])))
        >>> roc_auc.compute().tolist()
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
    ) -> "MultilabelRocAuc[Tensor, PredTarget]": ...
    @overload
    def __new__(
        cls,
        *,
        average: Literal["micro", "macro", "weighted"] = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MultilabelRocAuc[float, PredTarget]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MultilabelRocAuc[Tensor, OutputT]": ...
    @overload
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: Literal["micro", "macro", "weighted"] = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MultilabelRocAuc[float, OutputT]": ...
    def __new__(
        cls,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: LabelAverage = "macro",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> "MultilabelRocAuc[Any, Any]":
        """Give a metric of which the result's type goes with ``average``."""
        del output_transform, average, validate, device  # __init__ takes them
        return super().__new__(cls)

    @override
    def values(self, ranking: Ranking) -> tuple[Tensor, Tensor]:
        return areas(ranking)
