"""MatthewsCorrCoef: the correlation of true and predicted classes."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._class_agreement import matthews_corr_coef_result
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import ClassStatistic, Detail

__all__ = ["MatthewsCorrCoef"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class MatthewsCorrCoef(StatisticMetric[PredTarget, ClassStatistic, float, OutputT]):
    r"""Correlation of true and predicted classes, for any number of classes.

    Better is higher, from -1 to 1; 0 where either is always the same class. With s samples, c of
    them right, and :math:`p_k`, :math:`t_k` the times that class k was predicted and true:
    :math:`(c s - \sum_k p_k t_k) / \sqrt{(s^2 - \sum_k p_k^2)(s^2 - \sum_k t_k^2)}`. Predictions
    and targets as for :class:`Precision`.

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
        Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient",
        2004; scikit-learn's ``matthews_corrcoef``.

    Example:
        >>> import torch
        >>> correlation = MatthewsCorrCoef(num_classes=3)
        >>> correlation.update((torch.tensor([0, 1, 2, 2]), torch.tensor([0, 1, 2, 2])))
        >>> correlation.compute()
        1.0
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "MatthewsCorrCoef[PredTarget]",
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
            "MatthewsCorrCoef",
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
        return float(matthews_corr_coef_result(self.statistic.counts("MatthewsCorrCoef")))
