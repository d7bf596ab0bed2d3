"""What the metrics of retrieval keep, once for all of them: every item with its query."""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Mapping
from typing import ClassVar, TypeAlias, final

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import one_of
from firesteel.errors import NotComputableError
from firesteel.metrics._board import Statistic
from firesteel.metrics._fields import Value, field
from firesteel.metrics._functional._queries import (
    Queries,
    Target,
    check_retrieval_inputs,
    check_top_k,
    mean_over_queries,
    rank_queries,
)
from firesteel.metrics._functional._ranked import (
    EmptyTarget,
    check_empty_target,
    check_relevance_values,
    check_score_values,
)
from firesteel.metrics._statistic_metric import StatisticMetric
from firesteel.metrics._validation import VALIDATIONS, Validation

__all__ = ["RetrievalInput", "RetrievalMetric", "RetrievalStatistic"]

RetrievalInput: TypeAlias = tuple[Tensor, Tensor, Tensor]
"""Scores, relevance and query indexes of items, each of shape ``(M,)``."""

OutputT = TypeVar("OutputT", contravariant=True, default=RetrievalInput)


@final
class RetrievalStatistic(Statistic):
    """All items that were seen.

    Args:
        name: Whose statistic it is, for errors.
        is_graded: Whether it matters how relevant an item is, instead of whether.
        validate: In which updates values are checked.
        device: Where the items are kept; ``None`` for where the inputs are.
    """

    scores: list[Tensor] = field(reduce="cat")
    relevance: list[Tensor] = field(reduce="cat")
    indexes: list[Tensor] = field(reduce="cat")

    def __init__(
        self,
        name: str,
        *,
        is_graded: bool,
        validate: Validation,
        device: torch.device | str | None,
    ) -> None:
        super().__init__(device=device)
        one_of(name, "validate", validate, VALIDATIONS)
        self._name = name
        self._is_graded = is_graded
        self._validate = validate
        self._is_checked = False
        self._queries: Queries | None = None
        self._is_fit_for: frozenset[bool] = frozenset()
        self.reset()

    @property
    @override
    def key(self) -> Hashable:
        return self._validate

    @override
    def write_fields(self, values: Mapping[str, Value]) -> None:
        super().write_fields(values)
        self._queries = None

    @override
    def reset(self) -> None:
        super().reset()
        self._is_checked = False

    def include(self, name: str, *, is_graded: bool) -> None:
        """Keep items for another metric as well.

        Args:
            name: The metric.
            is_graded: Whether it matters to it how relevant an item is, instead of whether.
        """
        if self._is_graded and not is_graded:
            self._is_graded, self._name = False, name

    @override
    def update(self, value: RetrievalInput, /) -> None:
        """Keep a batch: copies, so that a loader may use its memory again.

        Args:
            value: Scores, relevance and query indexes, each of shape ``(M,)``.

        Raises:
            ArgumentError: Shapes or values do not fit.
            ArgumentTypeError: A dtype does not fit.
        """
        scores, relevance, indexes = value
        check_retrieval_inputs(self._name, scores, relevance, indexes)
        if self._validate == "always" or not (self._is_checked or self._validate == "never"):
            check_score_values(self._name, scores)
            check_relevance_values(self._name, relevance, is_graded=self._is_graded)
            self._is_checked = len(scores) > 0
        if not len(scores):
            return
        self._queries = None
        self.scores.append(self._kept(scores))
        self.relevance.append(self._kept(relevance))
        self.indexes.append(self._kept(indexes))

    def queries(self, where: str, *, is_graded: bool) -> Queries:
        """Give all items in their order, checked and sorted once for all metrics that ask.

        Args:
            where: The metric that asks, for errors.
            is_graded: Whether it matters to it how relevant an item is, instead of whether.

        Raises:
            ArgumentError: A value does not fit.
            NotComputableError: There is no item.
        """
        if self._queries is None:
            if not self.scores:
                raise NotComputableError(f"{where}: needs at least one query that counts")
            scores = torch.cat(self.scores)
            check_score_values(where, scores)
            self._queries = rank_queries(scores, torch.cat(self.relevance), torch.cat(self.indexes))
            self._is_fit_for = frozenset()
        if is_graded not in self._is_fit_for:
            check_relevance_values(where, self._queries.relevance, is_graded=is_graded)
            self._is_fit_for |= {is_graded}
        return self._queries

    def _kept(self, tensor: Tensor) -> Tensor:
        return tensor.detach().to(self.device or tensor.device, copy=True)


class RetrievalMetric(StatisticMetric[RetrievalInput, RetrievalStatistic, float, OutputT]):
    """A metric that is a mean of a value of each query.

    Args:
        output_transform: Gives scores, relevance and query indexes from the engine's output.
        top_k: The cut-off; ``None`` for all items.
        empty_target: What a query without a relevant item counts as.
        validate: In which updates values are checked.
        device: Where everything is kept; ``None`` for where the values are.
    """

    is_graded: ClassVar[bool] = False
    """Whether it matters how relevant an item is, instead of whether."""

    target: ClassVar[Target] = "relevant"
    """Of which items a query has to have one."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput] | None,
        *,
        top_k: int | None,
        empty_target: EmptyTarget,
        validate: Validation,
        device: torch.device | str | None,
    ) -> None:
        name = type(self).__name__
        check_top_k(name, top_k)
        check_empty_target(name, empty_target)
        self.top_k = top_k
        self._empty_target: EmptyTarget = empty_target
        statistic = RetrievalStatistic(
            name, is_graded=self.is_graded, validate=validate, device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @abstractmethod
    def values(self, queries: Queries) -> Tensor:
        """Give the value of each query, 0 where it has no target: float64, shape ``(Q,)``."""

    @final
    @override
    def compute(self) -> float:
        where = type(self).__name__
        queries = self.statistic.queries(where, is_graded=self.is_graded)
        mean = mean_over_queries(
            where,
            self.values(queries),
            queries,
            empty_target=self._empty_target,
            target=self.target,
        )
        return float(mean)

    @final
    @override
    def hold(self, statistic: Statistic) -> None:
        if isinstance(statistic, RetrievalStatistic):
            statistic.include(type(self).__name__, is_graded=self.is_graded)
        super().hold(statistic)
