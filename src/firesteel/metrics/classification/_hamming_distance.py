"""HammingDistance: the share of labels that are wrong."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._class_agreement import hamming_distance_result
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import ClassStatistic, Detail

__all__ = ["HammingDistance"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class HammingDistance(StatisticMetric[PredTarget, ClassStatistic, float, OutputT]):
    """Share of labels that are wrong; of samples, where each has one class.

    Better is lower, from 0 to 1. Predictions and targets as for :class:`Accuracy`.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        is_multilabel: Whether the second axis holds labels, each 0 or 1.
        num_classes: Number of classes or labels; to be said where other metrics need it, to share
            their counts.
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
        scikit-learn's ``hamming_loss``.

    Example:
        >>> import torch
        >>> distance = HammingDistance(is_multilabel=True)
        >>> distance.update((torch.tensor([[1, 1], [0, 1]]), torch.tensor([[1, 0], [0, 1]])))
        >>> distance.compute()
        0.25
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "HammingDistance[PredTarget]",
        *,
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
        is_multilabel: bool = False,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        self._is_multilabel = is_multilabel
        statistic = ClassStatistic(
            "HammingDistance",
            Detail.CLASSES if is_multilabel else Detail.RIGHT,
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
    def compute(self) -> float:
        if self._is_multilabel:
            return float(hamming_distance_result(self.statistic.counts("HammingDistance")))
        num_right, num_seen = self.statistic.right("HammingDistance")
        return (num_seen - num_right) / num_seen
