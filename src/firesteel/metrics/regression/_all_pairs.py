"""All pairs of prediction and target, for metrics that need every one of them."""

from collections.abc import Hashable
from typing import final

import torch
from torch import Tensor
from typing_extensions import override

from firesteel.errors import ArgumentError
from firesteel.metrics._fields import as_tensor, field

from ._pair_statistic import PairStatistic

__all__ = ["AllPairs"]


@final
class AllPairs(PairStatistic):
    """Copies of all predictions and targets, without their axes, in the dtypes they came in.

    Args:
        name: Whose statistic it is, for errors.
        needs_vectors: Whether batches must be of shape ``(N,)``.
        device: Where the values are kept; ``None`` for where the inputs are.
    """

    predictions: list[Tensor] = field(reduce="cat")
    targets: list[Tensor] = field(reduce="cat")

    def __init__(
        self,
        name: str,
        *,
        needs_vectors: bool = False,
        device: torch.device | str | None = None,
    ) -> None:
        self._needs_vectors = needs_vectors
        super().__init__(name, device=device)

    @property
    @override
    def key(self) -> Hashable:
        return None

    @property
    @override
    def detail(self) -> int:
        # all keep the same, but what one refuses must be refused by the one that serves it
        return self._needs_vectors

    @property
    @override
    def is_empty(self) -> bool:
        return not self.predictions

    @override
    def take(self, prediction: Tensor, target: Tensor) -> None:
        if self._needs_vectors and prediction.ndim != 1:
            raise ArgumentError(
                f"{self.name}: prediction and target must be of shape (N,), "
                f"got {list(prediction.shape)}"
            )
        self.predictions = self._with_copy(self.predictions, prediction)
        self.targets = self._with_copy(self.targets, target)

    def pairs(self) -> tuple[Tensor, Tensor]:
        """Give all predictions and all targets, each as one tensor of one axis."""
        return as_tensor(self.predictions), as_tensor(self.targets)

    def _with_copy(self, held: list[Tensor], values: Tensor) -> list[Tensor]:
        device = self.device or values.device
        if held and held[-1].device != device:  # loaded, or brought to the host
            held = [tensor.to(device) for tensor in held]
        held.append(values.detach().to(device, copy=True).flatten())
        return held
