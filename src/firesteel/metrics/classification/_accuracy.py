"""Accuracy: the share of predictions that are right."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import ClassStatistic, Detail

__all__ = ["Accuracy"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class Accuracy(StatisticMetric[PredTarget, ClassStatistic, float, OutputT]):
    r"""Share of predictions that are right: :math:`\frac{1}{n} \sum_i 1[\hat y_i = y_i]`.

    Better is higher, from 0 to 1.

    With one axis more than the targets have, the second axis of the predictions holds one score per
    class, of any scale, and the highest wins; the first of equals, as ``torch.argmax`` has it. With
    the axes of the targets, or a second axis of size 1, the predictions are class indices; or, if
    they or the targets are floating point numbers, a yes where they are above ``threshold``.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        is_multilabel: Whether the second axis holds labels, each 0 or 1. A prediction is then right
            if all labels of the sample are.
        num_classes: Number of classes; to be said where other metrics need it, to share their
            counts.
        ignore_index: Target of samples (or labels) that are not to be counted.
        top_k: A prediction is right if the true class is among so many best scored, ``>= 1``.
        threshold: What floating point predictions without a class axis have to be above.
        validate: In which updates classes are checked, for which the host waits for the device: in
            the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the counts are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: Shapes do not fit together, or a class is out of its range.
        ArgumentTypeError: A dtype is of another kind.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``accuracy_score`` (for labels: exact match) and ``top_k_accuracy_score``.

    Example:
        >>> import torch
        >>> accuracy = Accuracy()
        >>> scores = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
        >>> accuracy.update((scores, torch.tensor([1, 0, 0])))
        >>> round(accuracy.compute(), 4)
        0.6667
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "Accuracy[PredTarget]",
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
        statistic = ClassStatistic(
            "Accuracy",
            Detail.RIGHT,
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
        num_right, num_seen = self.statistic.right("Accuracy")
        return num_right / num_seen
