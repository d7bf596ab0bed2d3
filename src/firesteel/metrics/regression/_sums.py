"""Sums of what each value contributes, over all values or column by column."""

import copy
from abc import abstractmethod
from collections.abc import Callable, Hashable, Mapping
from typing import Generic, Self, TypeAlias, final

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.errors import ArgumentError
from firesteel.metrics._fields import Field, as_tensor, field
from firesteel.metrics._functional._pairs import MeanSums, Multioutput, check_multioutput
from firesteel.metrics._mean import PredTarget, Scalar
from firesteel.metrics._validation import Validation

from ._pair_statistic import Check, PairMetric, PairStatistic

__all__ = ["ColumnMetric", "Contribution", "HostSum", "SumMetric", "SumStatistic"]

Contribution: TypeAlias = Callable[[Tensor, Tensor], MeanSums]
"""Gives what a batch adds."""

HostSum: TypeAlias = Callable[[Tensor, Tensor], float | None]
"""Gives what a batch adds over all values, where it is faster to add it up on the host."""

ResultT = TypeVar("ResultT", covariant=True)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class SumStatistic(PairStatistic):
    """A sum and how many values are in it, or one sum per column and how many are in each.

    Args:
        name: Whose statistic it is, for errors.
        contribution: Gives what a batch adds; per column if columns are to be kept apart.
        key: What is added up, and by which options.
        is_by_column: Whether columns are kept apart.
        on_host: Gives the same sum over all values as a number, where that is faster, else
            ``None``; ``None`` where it never is.
        check: Refuses values; ``None`` where all are fine.
        validate: In which updates values are checked.
        device: Where the sums are kept; ``None`` for where the inputs are.
    """

    total: Scalar = field(0.0)
    total_by_column: Tensor = field(torch.zeros((), dtype=torch.float64), is_open=True)
    num_values: int = field(0)

    def __init__(
        self,
        name: str,
        contribution: Contribution,
        *,
        key: Hashable,
        is_by_column: bool = False,
        on_host: HostSum | None = None,
        check: Check | None = None,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None:
        self._contribution = contribution
        self._on_host = on_host
        self._key = key
        self.is_by_column = is_by_column
        super().__init__(name, check=check, validate=validate, device=device)

    @property
    @override
    def key(self) -> Hashable:
        return self._key, self._validate

    @property
    @override
    def detail(self) -> int:
        return self.is_by_column

    @property
    @override
    def is_empty(self) -> bool:
        return not self.num_values

    @override
    def declared_fields(self) -> Mapping[str, Field]:
        total = "total_by_column" if self.is_by_column else "total"
        return {name: self._declared[name] for name in (total, "num_values")}

    @override
    def take(self, prediction: Tensor, target: Tensor) -> None:
        if self._on_host is not None and not self.is_by_column:
            on_host = self._on_host(prediction, target)
            if on_host is not None:
                self.total = self.total + on_host
                self.num_values += prediction.numel()
                return
        added = self._contribution(prediction, target)
        if self.is_by_column:
            self._add_columns(self.on_own_device(added.total))
            self.num_values += added.num_values
        else:
            added = _over_columns(added)
            self.total = self.total + self.on_own_device(added.total)
            self.num_values += added.num_values

    def sums(self) -> MeanSums:
        """Give the sum of all values."""
        if not self.is_by_column:
            return MeanSums(as_tensor(self.total), self.num_values)
        return _over_columns(self.column_sums())

    def column_sums(self) -> MeanSums:
        """Give the sum of each column, where columns are kept apart."""
        return MeanSums(self.total_by_column, self.num_values)

    @override
    def narrowed(self, detail: int) -> Self:
        if detail == self.detail:
            return self.copied()
        other = copy.copy(self)
        other.is_by_column = False
        other.write_fields(self.sums()._asdict())
        return other

    def _add_columns(self, added: Tensor) -> None:
        held = self.total_by_column
        if not held.ndim:
            self.total_by_column = added
        elif held.shape == added.shape:
            self.total_by_column = held.to(added.device) + added
        else:
            raise ArgumentError(
                f"{self.name}: the number of columns must be the same in all batches, "
                f"got {added.numel()} after {held.numel()}"
            )


def _over_columns(sums: MeanSums) -> MeanSums:
    """Bring columns together, where they are kept apart."""
    if not sums.total.ndim:
        return sums
    return MeanSums(sums.total.sum(), sums.num_values * sums.total.numel())


class SumMetric(PairMetric[SumStatistic, ResultT, OutputT], Generic[ResultT, OutputT]):
    """A metric that is made of sums."""

    def __init__(
        self,
        statistic: SumStatistic,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        self.needs_columns: bool = statistic.is_by_column
        super().__init__(statistic, output_transform, device=device)


class ColumnMetric(SumMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """A metric that is made of sums, with one result per column where that is asked for.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        multioutput: Whether columns are averaged.
        device: Where the sums are kept; ``None`` for where the inputs are.
    """

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        multioutput: Multioutput = "uniform_average",
        device: torch.device | str | None = None,
    ) -> None:
        check_multioutput(multioutput, where=type(self).__name__)
        self.multioutput: Multioutput = multioutput
        super().__init__(self.new_statistic(device), output_transform, device=device)

    @abstractmethod
    def new_statistic(self, device: torch.device | str | None) -> SumStatistic:
        """Give the sums, of nothing yet; ``multioutput`` is known."""
