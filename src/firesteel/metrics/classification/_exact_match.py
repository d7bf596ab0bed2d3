"""ExactMatch: the share of samples of which all labels are right."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import ClassStatistic, Detail

__all__ = ["ExactMatch"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class ExactMatch(StatisticMetric[PredTarget, ClassStatistic, float, OutputT]):
    """Share of samples of which all labels are right: ``Accuracy(is_multilabel=True)``.

    Better is higher, from 0 to 1. An ignored label is taken as right; a sample of none but such
    labels is not counted. Predictions and targets have the shape ``(N, L, ...)``.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        ignore_index: Target of labels that are not to be counted.
        threshold: What floating point predictions have to be above.
        validate: In which updates labels are checked, for which the host waits for the device: in
            the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the counts are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes do not fit together, or labels are not 0 or 1.
        ArgumentTypeError: A dtype is of another kind.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``accuracy_score`` of labels.

    Example:
        >>> import torch
        >>> exact = ExactMatch()
        >>> exact.update((torch.tensor([[1, 1], [0, 1]]), torch.tensor([[1, 0], [0, 1]])))
        >>> exact.compute()
        0.5
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "ExactMatch[PredTarget]",
        *,
        ignore_index: int | None = None,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        ignore_index: int | None = None,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        ignore_index: int | None = None,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        statistic = ClassStatistic(
            "ExactMatch",
            Detail.RIGHT,
            ignore_index=ignore_index,
            threshold=threshold,
            validate=validate,
            device=device,
            is_multilabel=True,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> float:
        num_right, num_seen = self.statistic.right("ExactMatch")
        return num_right / num_seen
