"""Accuracy: the share of predictions that are right."""

from collections.abc import Callable
from typing import final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.errors import ArgumentError, NotComputableError

from ._mean import PredTarget
from ._metric import Metric

__all__ = ["Accuracy"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class Accuracy(Metric[PredTarget, float, OutputT]):
    r"""Share of predictions that are right: :math:`\frac{1}{n} \sum_i 1[\hat y_i = y_i]`.

    With one axis more than the targets have, the second axis of the predictions holds one score per
    class, of any scale, and the highest wins; the first of equals, as ``torch.argmax`` has it. With
    the axes of the targets, or a second axis of size 1, the predictions are class indices, or 0 and
    1.

    Right predictions are counted where the tensors are; the host waits for the device when the
    result is computed, and in the first update after a reset where the predictions are floating
    point numbers that have to be whole.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        is_multilabel: Whether the second axis holds labels, each 0 or 1. A prediction is then right
            if all labels of the sample are.
        device: Where the count is kept; ``None`` for where the values are.

    Raises:
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        scikit-learn's ``accuracy_score`` (for labels: exact match). Better is higher, from 0 to 1.

    Example:
        >>> import torch
        >>> accuracy = Accuracy()
        >>> scores = torch.tensor([[0.1, 0.9], [0.8, 0.2], [0.3, 0.7]])
        >>> accuracy.update((scores, torch.tensor([1, 0, 0])))
        >>> round(accuracy.compute(), 4)
        0.6667
    """

    @overload
    def __init__(
        self: "Accuracy[PredTarget]",
        *,
        is_multilabel: bool = False,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        is_multilabel: bool = False,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        is_multilabel: bool = False,
        device: torch.device | str | None = None,
    ) -> None:
        self._is_multilabel = is_multilabel
        super().__init__(output_transform, device=device)

    @override
    def reset(self) -> None:
        self._num_right: Tensor | None = None
        self._num_seen = 0

    @override
    def update(self, value: PredTarget, /) -> None:
        """Take a batch in.

        Args:
            value: Predictions, shape ``(batch, classes, ...)`` or ``(batch, ...)``, any dtype; and
                targets, shape ``(batch, ...)``, whole numbers. For labels both have shape
                ``(batch, labels, ...)`` and hold 0 and 1.

        Raises:
            ArgumentError: The shapes do not fit together, or predictions without a class axis are
                not whole numbers.
        """
        prediction, target = (tensor.detach() for tensor in value)
        if prediction.ndim == target.ndim + 1 > 1 and prediction.shape[1] == 1:
            prediction = prediction.squeeze(1)
        if prediction.ndim == target.ndim + 1 and not self._is_multilabel:
            self._refuse_shapes(prediction, target, prediction.shape[:1] + prediction.shape[2:])
            prediction = prediction.argmax(dim=1)
        else:
            self._refuse_shapes(prediction, target, prediction.shape)
            if self._num_right is None and prediction.is_floating_point():
                self._refuse_scores(prediction)
        is_right = prediction == target
        if self._is_multilabel:
            is_right = is_right.movedim(1, -1).all(dim=-1)
        num_right = is_right.sum()
        if self._num_right is None:
            where = num_right.device if self.device is None else self.device
            self._num_right = torch.zeros((), dtype=torch.int64, device=where)
        self._num_right += num_right.to(self._num_right.device)
        self._num_seen += is_right.numel()

    @override
    def compute(self) -> float:
        if self._num_right is None or not self._num_seen:
            raise NotComputableError("Accuracy: needs at least one sample")
        return int(self._num_right) / self._num_seen

    def _refuse_shapes(self, prediction: Tensor, target: Tensor, expected: torch.Size) -> None:
        if expected == target.shape and target.ndim >= 1 + self._is_multilabel:
            return
        shapes = (
            "(batch, labels, ...), twice"
            if self._is_multilabel
            else "(batch, classes, ...) and (batch, ...), or equal"
        )
        raise ArgumentError(
            f"Accuracy: shapes of predictions and targets must be {shapes}, "
            f"got {list(prediction.shape)} and {list(target.shape)}"
        )

    def _refuse_scores(self, prediction: Tensor) -> None:
        if not bool((prediction == prediction.round()).all()):
            raise ArgumentError(
                "Accuracy: predictions of the shape of the targets must be class indices or 0 and "
                "1, got numbers between; apply a threshold first, or give one score per class"
            )
