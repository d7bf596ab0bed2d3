"""BalancedAccuracy: mean recall over the classes that occur."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._class_agreement import balanced_accuracy_result
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import ClassStatistic, Detail

__all__ = ["BalancedAccuracy"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class BalancedAccuracy(StatisticMetric[PredTarget, ClassStatistic, float, OutputT]):
    r"""Mean recall over classes that occur: :math:`\frac{1}{C'} \sum_c tp_c / actual_c`.

    Better is higher, from 0 to 1; guessing gives one over the number of classes. Predictions and
    targets as for :class:`Precision`.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        num_classes: Number of classes; needed where predictions are class indices.
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
        scikit-learn's ``balanced_accuracy_score``.

    Example:
        >>> import torch
        >>> balanced = BalancedAccuracy()
        >>> balanced.update((torch.tensor([0, 1, 1, 1]), torch.tensor([0, 0, 1, 1])))
        >>> balanced.compute()
        0.75
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "BalancedAccuracy[PredTarget]",
        *,
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
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        statistic = ClassStatistic(
            "BalancedAccuracy",
            Detail.CLASSES,
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
        return float(balanced_accuracy_result(self.statistic.counts("BalancedAccuracy")))
