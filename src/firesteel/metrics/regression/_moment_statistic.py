"""Moments of predictions, targets and errors, merged without loss of digits."""

from collections.abc import Callable, Hashable, Mapping
from typing import ClassVar, Final, Generic, final

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.errors import ArgumentError
from firesteel.metrics._fields import HasFields, Value, field
from firesteel.metrics._functional._moments import error_moments, merge_moments, pair_moments
from firesteel.metrics._functional._pairs import Multioutput, check_multioutput
from firesteel.metrics._mean import PredTarget

from ._pair_statistic import PairMetric, PairStatistic

__all__ = ["MomentMetric", "MomentStatistic"]

ResultT = TypeVar("ResultT", covariant=True)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)

_MOST_WAITING: Final = 32
_MOST_NUMBERS: Final = 2**16
"""So many batches, and so many numbers, wait at most until they are merged."""


@final
class MomentStatistic(PairStatistic):
    """Moments of all batches, for each column.

    To merge takes longer than to add; so batches wait, and several are merged at once.

    Args:
        name: Whose statistic it is, for errors.
        is_crossed: Whether they are the moments of prediction and target, with their product; else
            those of error and target.
        device: Where the moments are kept; ``None`` for where the inputs are.
    """

    moments: Tensor = field(
        torch.zeros((), dtype=torch.float64), reduce=merge_moments, is_open=True
    )

    def __init__(
        self, name: str, *, is_crossed: bool, device: torch.device | str | None = None
    ) -> None:
        self._is_crossed = is_crossed
        self._waiting: list[Tensor] = []
        super().__init__(name, device=device)

    @property
    @override
    def key(self) -> Hashable:
        return self._is_crossed

    @property
    @override
    def is_empty(self) -> bool:
        return not self._waiting and not self.moments.ndim

    @override
    def read_fields(self) -> dict[str, Value]:
        return {"moments": self.merged()}

    @override
    def write_fields(self, values: Mapping[str, Value]) -> None:
        super().write_fields(values)
        self._waiting = []

    @override
    def take(self, prediction: Tensor, target: Tensor) -> None:
        if not self.is_empty:
            self._refuse_other_columns(prediction)
        moments_of = pair_moments if self._is_crossed else error_moments
        moments = moments_of(prediction, target, where=self.name)
        self._waiting.append(self.on_own_device(moments))
        num_waiting = len(self._waiting)
        if num_waiting >= _MOST_WAITING or num_waiting * moments.numel() >= _MOST_NUMBERS:
            self.merged()

    def merged(self) -> Tensor:
        """Give the moments of all batches, none waiting any longer."""
        if self._waiting:
            parts = [self.moments, *self._waiting] if self.moments.ndim else self._waiting
            device = parts[-1].device  # they differ where some were loaded
            self.moments = merge_moments(torch.stack([part.to(device) for part in parts]))
            self._waiting = []
        return self.moments

    def _refuse_other_columns(self, prediction: Tensor) -> None:
        num_columns = prediction.shape[1] if prediction.ndim > 1 else 1
        num_before = (self._waiting[0] if self._waiting else self.moments).shape[1]
        if num_columns != num_before:
            raise ArgumentError(
                f"{self.name}: the number of columns must be the same in all batches, "
                f"got {num_columns} after {num_before}"
            )


class MomentMetric(PairMetric[MomentStatistic, ResultT, OutputT], Generic[ResultT, OutputT]):
    """A metric that is made of moments, with one result per column where that is asked for.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        multioutput: Whether columns are averaged.
        device: Where the moments are kept; ``None`` for where the inputs are.
    """

    is_crossed: ClassVar[bool]
    """Whether they are the moments of prediction and target; else those of error and target."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        multioutput: Multioutput = "uniform_average",
        device: torch.device | str | None = None,
    ) -> None:
        name = type(self).__name__
        check_multioutput(multioutput, where=name)
        self.multioutput: Multioutput = multioutput
        statistic = MomentStatistic(name, is_crossed=self.is_crossed, device=device)
        super().__init__(statistic, output_transform, device=device)

    @final
    @override
    def take_in(self, other: HasFields) -> None:
        # what has seen nothing has no columns yet, and cannot be stacked with what has
        if type(other) is type(self):
            theirs = other.read_fields()["moments"]
            if self.statistic.is_empty:
                self.write_fields({"moments": theirs})
                return
            if isinstance(theirs, Tensor) and not theirs.ndim:
                return
        super().take_in(other)
