"""CohenKappa: agreement of predictions and targets beyond chance."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel._require import one_of
from firesteel.metrics._functional._class_agreement import (
    KAPPA_WEIGHTS,
    KappaWeights,
    cohen_kappa_result,
    weighted_kappa_result,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import ClassStatistic, Detail

__all__ = ["CohenKappa"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class CohenKappa(StatisticMetric[PredTarget, ClassStatistic, float, OutputT]):
    r"""Agreement of predictions and targets beyond chance.

    :math:`\kappa = (p_o - p_e) / (1 - p_e)`, where :math:`p_o` is the accuracy and :math:`p_e` what
    two who draw independently would reach. Better is higher, at most 1; 0 is chance; NaN where both
    only ever name the same one class. Predictions and targets as for :class:`Precision`.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        weights: How a disagreement grows with the distance of the two classes, counted over the
            classes that occur: ``"linear"``, ``"quadratic"``, or ``None`` for not at all.
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
        Cohen, "A coefficient of agreement for nominal scales", 1960; scikit-learn's
        ``cohen_kappa_score``.

    Example:
        >>> import torch
        >>> kappa = CohenKappa()
        >>> kappa.update((torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 0, 0])))
        >>> kappa.compute()
        0.5
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "CohenKappa[PredTarget]",
        *,
        weights: KappaWeights | None = None,
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
        weights: KappaWeights | None = None,
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
        weights: KappaWeights | None = None,
        num_classes: int | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        one_of("CohenKappa", "weights", weights, (None, *KAPPA_WEIGHTS))
        self._weights: KappaWeights | None = weights
        statistic = ClassStatistic(
            "CohenKappa",
            Detail.CLASSES if weights is None else Detail.CONFUSION,
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
        if self._weights is None:
            return float(cohen_kappa_result(self.statistic.counts("CohenKappa")))
        matrix = self.statistic.matrix("CohenKappa")
        return float(weighted_kappa_result(matrix, weights=self._weights))
