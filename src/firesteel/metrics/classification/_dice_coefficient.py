"""DiceCoefficient: F1 of each class, by the name it has in segmentation."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import whole_number
from firesteel.metrics._functional._class_shares import check_drop_index, dice_result
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import ClassStatistic, Detail

__all__ = ["DiceCoefficient"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class DiceCoefficient(StatisticMetric[PredTarget, ClassStatistic, Tensor, OutputT]):
    r"""Dice's coefficient of each class: :math:`2\, tp / (predicted + actual)`.

    Better is higher, from 0 to 1. The result is float64 of shape ``(C,)``, or ``(C - 1,)`` with
    ``drop_index``; of floating point predictions without a class axis, of shape ``(2,)``.
    Predictions and targets as for :class:`Precision`.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        drop_index: A class whose value is left out, in ``[0, C)``; its samples stay in the unions
            of the others. To leave samples out, give ``ignore_index``.
        zero_division: The value of a class that is neither predicted nor true.
        num_classes: Number of classes; needed where predictions are class indices.
        ignore_index: Target of what is not to be counted.
        top_k: A true class among so many best scored counts as predicted, ``>= 1``.
        threshold: What floating point predictions without a class axis have to be above.
        validate: In which updates classes are checked, for which the host waits for the device: in
            the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the counts are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes do not fit together, a class is out of its range, or there is none of
            ``drop_index``.
        ArgumentTypeError: A dtype is of another kind.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        Dice, "Measures of the amount of ecologic association between species", Ecology 26, 1945;
        scikit-learn's ``f1_score(average=None)``.

    Example:
        >>> import torch
        >>> dice = DiceCoefficient(num_classes=2)
        >>> dice.update((torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 0, 0])))
        >>> dice.compute().tolist()
        [0.8, 0.6666666666666666]
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "DiceCoefficient[PredTarget]",
        *,
        drop_index: int | None = None,
        zero_division: float = 0.0,
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
        drop_index: int | None = None,
        zero_division: float = 0.0,
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
        drop_index: int | None = None,
        zero_division: float = 0.0,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        if drop_index is not None:
            drop_index = whole_number("DiceCoefficient", "drop_index", drop_index)
        check_drop_index("DiceCoefficient", drop_index, num_classes)
        self._drop_index = drop_index
        self._zero_division = zero_division
        statistic = ClassStatistic(
            "DiceCoefficient",
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
    def compute(self) -> Tensor:
        counts = self.statistic.counts_of_all("DiceCoefficient")
        check_drop_index("DiceCoefficient", self._drop_index, counts.table.shape[1])
        return dice_result(
            counts,
            drop_index=self._drop_index,
            zero_division=self._zero_division,
        )
