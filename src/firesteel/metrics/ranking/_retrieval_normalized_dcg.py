"""Normalized gain of retrieval: relevance, the less the later it comes.

Axes: M items. h: relevant items among the first k of a query. R: relevant items of a query.
"""

from collections.abc import Callable
from typing import ClassVar, final, get_args, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._at_k_sums import Gain
from firesteel.metrics._functional._queries import Queries
from firesteel.metrics._functional._query_values import normalized_dcg
from firesteel.metrics._functional._ranked import EmptyTarget, check_choice
from firesteel.metrics._validation import Validation

from ._retrieval_metric import RetrievalInput, RetrievalMetric

__all__ = ["RetrievalNormalizedDCG"]

OutputT = TypeVar("OutputT", contravariant=True, default=RetrievalInput)


@final
class RetrievalNormalizedDCG(RetrievalMetric[OutputT]):
    r"""Discounted gain of the first ``top_k`` items of a query, relative to the best order.

    A query gives :math:`\sum_{i \le k} g(r_i) / \log_2(i + 1)`, divided by the same sum for the
    items in the order of their relevance; the result is the mean over queries. torchmetrics and
    scikit-learn average over the orders of equal scores.

    Takes scores, one per item, of any scale, higher is better: float, shape ``(M,)``; how relevant
    each item is, at least 0: bool, integer or float, shape ``(M,)``; and the index of the query of
    each item, in any order: integer, shape ``(M,)``. Items of a query may come in several batches.
    They rank by descending score, in the order they came where scores are equal. Everything is kept
    until the result is computed, once for all such metrics on one engine that are given the same
    tensors.

    Better is higher, from 0 to 1.

    Args:
        output_transform: Gives scores, relevance and query indexes from the engine's output.
        top_k: The cut-off k, at least 1; ``None`` for all items of the query.
        gain: What a relevance r is worth: ``"exp_rank"`` for :math:`2^r - 1`, ``"linear_rank"`` for
            r, as in torchmetrics.
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
        Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002; the
        exponential gain: Burges et al., "Learning to rank using gradient descent", ICML 2005.

    Example:
        >>> import torch
        >>> metric = RetrievalNormalizedDCG()
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> metric.update((scores, relevance, torch.tensor([0, 0, 0, 1, 1])))
        >>> round(metric.compute(), 4)
        0.6622
    """

    higher_is_better: ClassVar[bool | None] = True
    is_graded: ClassVar[bool] = True

    @overload
    def __init__(
        self: "RetrievalNormalizedDCG[RetrievalInput]",
        *,
        top_k: int | None = None,
        gain: Gain = "exp_rank",
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
        gain: Gain = "exp_rank",
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput] | None = None,
        *,
        top_k: int | None = None,
        gain: Gain = "exp_rank",
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        check_choice("RetrievalNormalizedDCG", "gain", gain, get_args(Gain))
        self._gain: Gain = gain
        super().__init__(
            output_transform,
            top_k=top_k,
            empty_target=empty_target,
            validate=validate,
            device=device,
        )

    @override
    def values(self, queries: Queries) -> Tensor:
        return normalized_dcg(queries, top_k=self.top_k, gain=self._gain)
