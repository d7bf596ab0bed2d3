"""Metrics that are computed from a statistic, which several of them share."""

from collections.abc import Callable, Mapping
from typing import Generic

import torch
from typing_extensions import TypeVar, override

from ._board import Statistic
from ._fields import Field, Value
from ._metric import Metric

__all__ = ["StatisticMetric"]

InputT = TypeVar("InputT")
StatisticT = TypeVar("StatisticT", bound=Statistic)
ResultT = TypeVar("ResultT", covariant=True)
OutputT = TypeVar("OutputT", contravariant=True, default=InputT)


class StatisticMetric(
    Metric[InputT, ResultT, OutputT], Generic[InputT, StatisticT, ResultT, OutputT]
):
    """A metric whose state is a :class:`Statistic`.

    Metrics that are attached to one engine in the same usage, whose statistics have equal keys, and
    whose transforms give the very same tensors, are computed from one statistic, updated once per
    batch. A metric that is updated by hand meanwhile, or given other tensors, goes on with a copy.

    Args:
        statistic: What the result is computed from.
        output_transform: Gives the input from the engine's output; ``None`` where the output is the
            input.
        device: Where the state is kept; ``None`` for where the inputs are.
    """

    def __init__(
        self,
        statistic: StatisticT,
        output_transform: Callable[[OutputT], InputT] | None = None,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        self._statistic = statistic
        self._detail = statistic.detail
        super().__init__(output_transform, device=device)

    @property
    def statistic(self) -> StatisticT:
        """What the result is computed from; to be read only."""
        return self._statistic

    @override
    def reset(self) -> None:
        self._make_own()
        self._statistic.reset()

    @override
    def update(self, value: InputT, /) -> None:
        self._make_own()
        self._statistic.update(value)

    @override
    def statistic_held(self) -> Statistic | None:
        return self._statistic

    @override
    def hold(self, statistic: Statistic) -> None:
        if isinstance(statistic, type(self._statistic)):
            self._statistic = statistic

    @override
    def declared_fields(self) -> Mapping[str, Field]:
        return self._own_part().declared_fields()

    @override
    def read_fields(self) -> dict[str, Value]:
        return self._own_part().read_fields()

    @override
    def write_fields(self, values: Mapping[str, Value]) -> None:
        self._statistic = self._own_part()
        self._make_own()
        self._statistic.write_fields(values)

    def _own_part(self) -> StatisticT:
        """Give the statistic with no more than this metric needs, whoever shares it."""
        statistic = self._statistic
        return statistic if statistic.detail == self._detail else statistic.narrowed(self._detail)

    def _make_own(self) -> None:
        """Part from other metrics, before this one is changed by hand."""
        if self.boards:
            self._statistic = self._statistic.copied()
