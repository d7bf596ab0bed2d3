"""A metric at one cut-off k or several, computed from the ranking that all of them share."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, final

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.errors import ArgumentError
from firesteel.metrics._board import Statistic
from firesteel.metrics._fields import Field, Value
from firesteel.metrics._functional._at_k_sums import RankingSums, ranking_result
from firesteel.metrics._functional._ranked import (
    EmptyTarget,
    ascending_k,
    check_empty_target,
    check_threshold,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import Validation

from ._statistic import RankingStatistic, Term

__all__ = ["AtKMetric", "RankingOptions", "RowMetric"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RankingOptions:
    """What says which labels count, and where and when; see the metrics for each."""

    relevance_threshold: float | None
    ignore_index: int | None
    validate: Validation
    device: torch.device | str | None


class AtKMetric(
    StatisticMetric[PredTarget, RankingStatistic, ResultT, OutputT], Generic[ResultT, OutputT]
):
    """A metric whose result is made of the sums of one term at some cut-offs.

    What it saves and merges are its own sums, even where the statistic that it shares has more.

    Args:
        term: What is summed up.
        output_transform: Gives scores and relevance from the engine's output.
        k: The cut-offs.
        refuses_empty: Whether a row without a relevant label is a mistake.
        options: What else there is.
    """

    def __init__(
        self,
        term: Term,
        output_transform: Callable[[OutputT], PredTarget] | None,
        *,
        k: int | Sequence[int],
        refuses_empty: bool,
        options: RankingOptions,
    ) -> None:
        name = type(self).__name__
        check_threshold(name, options.relevance_threshold)
        self._term = term
        self._ks = ascending_k(name, k)
        self._refuses_empty = refuses_empty
        self._is_single = not isinstance(k, Sequence)
        statistic = RankingStatistic(
            name,
            term,
            self._ks,
            relevance_threshold=options.relevance_threshold,
            ignore_index=options.ignore_index,
            refuses_empty=refuses_empty,
            validate=options.validate,
            device=options.device,
        )
        super().__init__(statistic, output_transform, device=options.device)

    @abstractmethod
    def values(self) -> Tensor:
        """Give the value at each cut-off: the first axis is K.

        Raises:
            NotComputableError: Nothing was seen that counts.
        """

    @override
    def compute(self) -> ResultT:
        values = self.values()
        result = values[0] if self._is_single else values
        # the overloads of each __new__ say which of the two it is
        return result if result.ndim else float(result)  # type: ignore[return-value]

    @final
    def sums(self) -> Tensor:
        """Give the sums at the cut-offs of this metric; the first axis is K."""
        return self.statistic.sums(self._term, self._ks)

    @final
    @override
    def hold(self, statistic: Statistic) -> None:
        if isinstance(statistic, RankingStatistic) and statistic is not self.statistic:
            statistic.include(
                type(self).__name__,
                self._term,
                self._ks,
                sums=self.sums(),
                refuses_empty=self._refuses_empty,
            )
        super().hold(statistic)

    @final
    @override
    def declared_fields(self) -> Mapping[str, Field]:
        return {
            **self.statistic.fields_of_all(),
            "sums": self._term.declared(len(self._ks)),
        }

    @final
    @override
    def read_fields(self) -> dict[str, Value]:
        statistic = self.statistic
        return {
            "num_rows": statistic.num_rows,
            "num_empty": statistic.num_empty,
            "sums": self.sums(),
        }

    @final
    @override
    def write_fields(self, values: Mapping[str, Value]) -> None:
        own = self.statistic.copied()
        own.narrow(self._term, self._ks)
        own.write_fields(
            {self._term.name if name == "sums" else name: one for name, one in values.items()}
        )
        self._statistic = own


class RowMetric(AtKMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """A metric that is a mean of a value of each row.

    Args:
        term: What is summed up.
        output_transform: Gives scores and relevance from the engine's output.
        k: The cut-offs.
        empty_target: What a row without a relevant label counts as.
        options: What else there is.
    """

    def __init__(
        self,
        term: Term,
        output_transform: Callable[[OutputT], PredTarget] | None,
        *,
        k: int | Sequence[int],
        empty_target: EmptyTarget,
        options: RankingOptions,
    ) -> None:
        check_empty_target(type(self).__name__, empty_target)
        self._empty_target = empty_target
        super().__init__(
            term,
            output_transform,
            k=k,
            refuses_empty=empty_target == "error",
            options=options,
        )

    @final
    @override
    def values(self) -> Tensor:
        """Give the mean at each cut-off: float64, shape ``(K,)``.

        Raises:
            ArgumentError: A row has no relevant label, and that is a mistake.
            NotComputableError: No row counts.
        """
        where, total = type(self).__name__, self.sums()
        num_rows, num_empty = self.statistic.num_rows, int(self.statistic.num_empty)
        if num_empty and self._empty_target == "error":
            raise ArgumentError(
                f"{where}: every row must have a relevant label, got {num_empty} without; "
                "or choose another empty_target"
            )
        if self._empty_target == "one":
            total = total + num_empty
        elif self._empty_target == "skip":
            num_rows -= num_empty
        return ranking_result(where, RankingSums(total, torch.tensor(num_rows)))
