"""What the metrics of retrieval keep, once for all of them: every item with its query."""

from abc import abstractmethod
from collections.abc import Callable, Hashable, Mapping
from typing import TypeAlias, final

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.errors import NotComputableError
from firesteel.metrics._board import Statistic
from firesteel.metrics._fields import Value, field
from firesteel.metrics._functional._queries import check_retrieval_inputs, check_top_k
from firesteel.metrics._functional._ranked import (
    EmptyTarget,
    check_empty_target,
    check_relevance_values,
    check_score_values,
)
from firesteel.metrics._statistic_metric import StatisticMetric

from ._statistic import Validation, check_validation

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
        check_validation(name, validate)
        self._name = name
        self._is_graded = is_graded
        self._validate = validate
        self._is_checked = False
        self._whole: RetrievalInput | None = None
        self.reset()

    @property
    @override
    def key(self) -> Hashable:
        return self._validate

    @override
    def write_fields(self, values: Mapping[str, Value]) -> None:
        super().write_fields(values)
        self._whole = None

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
        self._whole = None
        self.scores.append(self._kept(scores))
        self.relevance.append(self._kept(relevance))
        self.indexes.append(self._kept(indexes))

    def whole(self) -> RetrievalInput:
        """Give all items, put together once for all metrics that ask.

        Raises:
            NotComputableError: There is none.
        """
        if self._whole is None:
            if not self.scores:
                raise NotComputableError(f"{self._name}: needs at least one query that counts")
            self._whole = torch.cat(self.scores), torch.cat(self.relevance), torch.cat(self.indexes)
        return self._whole

    def _kept(self, tensor: Tensor) -> Tensor:
        return tensor.detach().to(self.device or tensor.device, copy=True)


class RetrievalMetric(StatisticMetric[RetrievalInput, RetrievalStatistic, float, OutputT]):
    """A metric that is a mean of a value of each query.

    Args:
        output_transform: Gives scores, relevance and query indexes from the engine's output.
        top_k: The cut-off; ``None`` for all items.
        empty_target: What a query without a relevant item counts as.
        is_graded: Whether it matters how relevant an item is, instead of whether.
        validate: In which updates values are checked.
        device: Where everything is kept; ``None`` for where the values are.
    """

    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput] | None,
        *,
        top_k: int | None,
        empty_target: EmptyTarget,
        is_graded: bool = False,
        validate: Validation,
        device: torch.device | str | None,
    ) -> None:
        name = type(self).__name__
        check_top_k(name, top_k)
        check_empty_target(name, empty_target)
        self.top_k = top_k
        self._is_graded = is_graded
        self.empty_target: EmptyTarget = empty_target
        statistic = RetrievalStatistic(name, is_graded=is_graded, validate=validate, device=device)
        super().__init__(statistic, output_transform, device=device)

    @abstractmethod
    def value(self, scores: Tensor, relevance: Tensor, indexes: Tensor) -> Tensor:
        """Give the mean over queries, of shape ``()``.

        Args:
            scores: One score per item, shape ``(M,)``.
            relevance: Relevance of each item, shape ``(M,)``.
            indexes: The query of each item, shape ``(M,)``.
        """

    @final
    @override
    def compute(self) -> float:
        scores, relevance, indexes = self.statistic.whole()
        return float(self.value(scores, relevance, indexes))

    @final
    @override
    def hold(self, statistic: Statistic) -> None:
        if isinstance(statistic, RetrievalStatistic):
            statistic.include(type(self).__name__, is_graded=self._is_graded)
        super().hold(statistic)
