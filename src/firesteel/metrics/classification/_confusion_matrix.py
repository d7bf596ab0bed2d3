"""ConfusionMatrix: how often each class was taken for each."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import one_of
from firesteel.metrics._functional._class_agreement import (
    MATRIX_NORMALIZATIONS,
    MatrixNormalization,
    normalized_matrix,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import ClassStatistic, Detail

__all__ = ["ConfusionMatrix"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class ConfusionMatrix(StatisticMetric[PredTarget, ClassStatistic, Tensor, OutputT]):
    """How often each class was taken for each: row = true class, column = predicted class.

    The result is int64, or float64 with an ``average``, of shape ``(C, C)``. What is computed from
    a matrix is a :meth:`map` away, and needs no second count: see the example.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        num_classes: Number of classes; needed where predictions are class indices.
        average: ``None`` for counts; ``"samples"`` divides by the sum of all cells, ``"recall"``
            each row by its sum, ``"precision"`` each column by its sum.
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
        scikit-learn's ``confusion_matrix``, with ``labels=range(C)``.

    Example:
        >>> import torch
        >>> matrix = ConfusionMatrix(num_classes=2)
        >>> accuracy = matrix.map(lambda counts: float(counts.trace() / counts.sum()))
        >>> matrix.update((torch.tensor([0, 1, 1, 0]), torch.tensor([0, 1, 0, 0])))
        >>> matrix.compute().tolist(), accuracy.compute()
        ([[2, 1], [0, 1]], 0.75)
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "ConfusionMatrix[PredTarget]",
        *,
        num_classes: int | None = None,
        average: MatrixNormalization | None = None,
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
        average: MatrixNormalization | None = None,
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
        average: MatrixNormalization | None = None,
        ignore_index: int | None = None,
        top_k: int = 1,
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        one_of("ConfusionMatrix", "average", average, (None, *MATRIX_NORMALIZATIONS))
        self._average: MatrixNormalization | None = average
        statistic = ClassStatistic(
            "ConfusionMatrix",
            Detail.CONFUSION,
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
        matrix = self.statistic.matrix("ConfusionMatrix")
        # what is counted goes on being counted in the matrix that is held
        return (
            matrix.clone() if self._average is None else normalized_matrix(matrix, by=self._average)
        )
