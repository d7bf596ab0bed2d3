"""Precision of retrieval: the share of what is retrieved that is relevant.

Axes: M items. h: relevant items among the first k of a query. R: relevant items of a query.
"""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._queries import Queries
from firesteel.metrics._functional._query_values import precision
from firesteel.metrics._functional._ranked import EmptyTarget
from firesteel.metrics._validation import Validation

from ._retrieval_metric import RetrievalInput, RetrievalMetric

__all__ = ["RetrievalPrecision"]

OutputT = TypeVar("OutputT", contravariant=True, default=RetrievalInput)


@final
class RetrievalPrecision(RetrievalMetric[OutputT]):
    r"""Share of the first ``top_k`` items of a query that are relevant; a mean over queries.

    A query gives :math:`h / k`. k may exceed the number of its items; the precision then still
    divides by k, unless ``clip_k`` is set.

    Takes scores, one per item, of any scale, higher is better: float, shape ``(M,)``; whether each
    item is relevant, 0 or 1: bool, integer or float, shape ``(M,)``; and the index of the query of
    each item, in any order: integer, shape ``(M,)``. Items of a query may come in several batches.
    They rank by descending score, in the order they came where scores are equal. Everything is kept
    until the result is computed, once for all such metrics on one engine that are given the same
    tensors.

    Better is higher, from 0 to 1.

    Args:
        output_transform: Gives scores, relevance and query indexes from the engine's output.
        top_k: The cut-off k, at least 1; ``None`` for all items of the query.
        clip_k: Whether ``top_k`` is at most the number of items of the query.
        empty_target: What a query without a relevant item counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``, or ``"error"``.
        validate: In which updates scores and relevance are looked at, for which the host waits for
            the device: in the ``"first"`` after a reset, ``"always"``, ``"never"``. They are looked
            at when the result is computed in any case.
        device: Where everything is kept; ``None`` for where the values are.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: ``compute`` was called before any query that counts was seen.

    Source:
        Manning, Raghavan and Schuetze, "Introduction to information retrieval", 2008, chapter 8.

    Example:
        >>> import torch
        >>> metric = RetrievalPrecision()
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> metric.update((scores, relevance, torch.tensor([0, 0, 0, 1, 1])))
        >>> round(metric.compute(), 4)
        0.5833
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "RetrievalPrecision[RetrievalInput]",
        *,
        top_k: int | None = None,
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput],
        *,
        top_k: int | None = None,
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput] | None = None,
        *,
        top_k: int | None = None,
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        self._clip_k = clip_k
        super().__init__(
            output_transform,
            top_k=top_k,
            empty_target=empty_target,
            validate=validate,
            device=device,
        )

    @override
    def values(self, queries: Queries) -> Tensor:
        return precision(queries, top_k=self.top_k, clip_k=self._clip_k)
