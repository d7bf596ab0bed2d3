"""MultiLabelConfusionMatrix: a two by two matrix for each label."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import one_of
from firesteel.metrics._functional._class_agreement import (
    MATRIX_NORMALIZATIONS,
    MatrixNormalization,
    multilabel_matrix_result,
    normalized_matrix,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import ClassStatistic, Detail

__all__ = ["MultiLabelConfusionMatrix"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class MultiLabelConfusionMatrix(StatisticMetric[PredTarget, ClassStatistic, Tensor, OutputT]):
    """A two by two matrix for each label: ``[[tn, fp], [fn, tp]]``.

    The result is int64, or float64 with an ``average``, of shape ``(L, 2, 2)``. Predictions and
    targets have the shape ``(N, L, ...)``.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        num_classes: Number of labels, to be held to; ``None`` for as many as there are.
        average: ``None`` for counts; ``"samples"`` divides by the sum of a matrix, ``"recall"``
            each row by its sum, ``"precision"`` each column by its sum.
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
        scikit-learn's ``multilabel_confusion_matrix``.

    Example:
        >>> import torch
        >>> matrices = MultiLabelConfusionMatrix()
        >>> matrices.update((torch.tensor([[1], [0], [1]]), torch.tensor([[1], [0], [0]])))
        >>> matrices.compute().tolist()
        [[[1, 1], [0, 1]]]
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "MultiLabelConfusionMatrix[PredTarget]",
        *,
        num_classes: int | None = None,
        average: MatrixNormalization | None = None,
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
        num_classes: int | None = None,
        average: MatrixNormalization | None = None,
        ignore_index: int | None = None,
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
        threshold: float = 0.5,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        name = "MultiLabelConfusionMatrix"
        one_of(name, "average", average, (None, *MATRIX_NORMALIZATIONS))
        self._average: MatrixNormalization | None = average
        statistic = ClassStatistic(
            "MultiLabelConfusionMatrix",
            Detail.CLASSES,
            num_classes=num_classes,
            ignore_index=ignore_index,
            threshold=threshold,
            validate=validate,
            device=device,
            is_multilabel=True,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def compute(self) -> Tensor:
        matrix = multilabel_matrix_result(self.statistic.counts("MultiLabelConfusionMatrix"))
        return matrix if self._average is None else normalized_matrix(matrix, by=self._average)
