"""StatScores: true and false positives and negatives."""

from collections.abc import Callable
from typing import ClassVar, Literal, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import one_of
from firesteel.metrics._functional._class_agreement import stat_scores_result
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import ClassStatistic, Detail

__all__ = ["StatScores"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class StatScores(StatisticMetric[PredTarget, ClassStatistic, Tensor, OutputT]):
    """True and false positives, true and false negatives, and how often a class is true.

    The result is int64 of shape ``(C, 5)``, of labels ``(L, 5)``; of floating point predictions
    without a class axis, and with ``average="micro"``, ``(5,)``. None is better than another.
    Predictions and targets as for :class:`Precision`.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        average: ``None`` for each class, ``"micro"`` for the sums over classes.
        is_multilabel: Whether the second axis holds labels, each 0 or 1.
        num_classes: Number of classes, needed where predictions are class indices; or of labels, to
            be held to.
        ignore_index: Target of what is not to be counted.
        top_k: A true class among so many best scored counts as predicted, ``>= 1``.
        threshold: What floating point predictions without a class axis have to be above.
        validate: In which updates classes are checked, for which the host waits for the device: in
            the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the counts are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes do not fit together, or a class is out of its range.
        ArgumentTypeError: A dtype is of another kind.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        torchmetrics' ``StatScores``.

    Example:
        >>> import torch
        >>> scores = StatScores()
        >>> scores.update((torch.tensor([1, 1, 0, 1]), torch.tensor([1, 0, 0, 1])))
        >>> scores.compute().tolist()
        [2, 1, 1, 0, 2]
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "StatScores[PredTarget]",
        *,
        average: Literal["micro"] | None = None,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        average: Literal["micro"] | None = None,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        average: Literal["micro"] | None = None,
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        one_of("StatScores", "average", average, (None, "micro"))
        self._average: Literal["micro"] | None = average
        statistic = ClassStatistic(
            "StatScores",
            Detail.CLASSES,
            is_multilabel=is_multilabel,
            num_classes=num_classes,
            ignore_index=ignore_index,
            top_k=top_k,
            threshold=threshold,
            validate=validate,
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> Tensor:
        counts = self.statistic.counts("StatScores")
        return stat_scores_result(counts, average=self._average)
