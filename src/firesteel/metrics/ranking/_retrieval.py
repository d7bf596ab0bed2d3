"""Metrics of retrieval: means over queries whose items come in one row, with query indexes.

Axes: M items. h: relevant items among the first k of a query. R: relevant items of a query.
"""

from collections.abc import Callable
from typing import ClassVar, final, get_args, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._at_k_sums import ApDenominator, Gain
from firesteel.metrics._functional._ranked import (
    EmptyTarget,
    check_choice,
)
from firesteel.metrics._functional._retrieval import (
    retrieval_average_precision,
    retrieval_fall_out,
    retrieval_hit_rate,
    retrieval_normalized_dcg,
    retrieval_precision,
    retrieval_r_precision,
    retrieval_recall,
    retrieval_reciprocal_rank,
)

from ._retrieval_metric import RetrievalInput, RetrievalMetric
from ._statistic import Validation

__all__ = [
    "RetrievalAveragePrecision",
    "RetrievalFallOut",
    "RetrievalHitRate",
    "RetrievalNormalizedDCG",
    "RetrievalPrecision",
    "RetrievalRPrecision",
    "RetrievalRecall",
    "RetrievalReciprocalRank",
]

OutputT = TypeVar("OutputT", contravariant=True, default=RetrievalInput)


@final
class RetrievalAveragePrecision(RetrievalMetric[OutputT]):
    r"""Average precision among the first ``top_k`` items of a query, as a mean over queries.

    A query gives :math:`\frac{1}{D} \sum_{i \le k} r_i h_i / i`, where :math:`r_i` tells whether
    the item at rank i is relevant and :math:`h_i` counts the relevant ones up to there; 0 if D is
    0. Without a cut-off D is R whatever the option.

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
        denominator: What D is: ``"min"`` for :math:`\min(k, R)`, ``"relevant"`` for R as in
            trec_eval, ``"hits"`` for the relevant items found as in torchmetrics.
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
        >>> metric = RetrievalAveragePrecision()
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> metric.update((scores, relevance, torch.tensor([0, 0, 0, 1, 1])))
        >>> round(metric.compute(), 4)
        0.5417
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "RetrievalAveragePrecision[RetrievalInput]",
        *,
        top_k: int | None = None,
        denominator: ApDenominator = "min",
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
        denominator: ApDenominator = "min",
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput] | None = None,
        *,
        top_k: int | None = None,
        denominator: ApDenominator = "min",
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        check_choice(
            "RetrievalAveragePrecision", "denominator", denominator, get_args(ApDenominator)
        )
        self._denominator: ApDenominator = denominator
        super().__init__(
            output_transform,
            top_k=top_k,
            empty_target=empty_target,
            validate=validate,
            device=device,
        )

    @override
    def value(self, scores: Tensor, relevance: Tensor, indexes: Tensor) -> Tensor:
        return retrieval_average_precision(
            scores,
            relevance,
            indexes=indexes,
            top_k=self.top_k,
            denominator=self._denominator,
            empty_target=self.empty_target,
        )


@final
class RetrievalReciprocalRank(RetrievalMetric[OutputT]):
    r"""Reciprocal rank of the first relevant item of a query, as a mean over queries.

    A query gives 1 / rank if that rank is at most ``top_k``, else 0.

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
        Voorhees, "The TREC-8 question answering track report", 1999.

    Example:
        >>> import torch
        >>> metric = RetrievalReciprocalRank()
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> metric.update((scores, relevance, torch.tensor([0, 0, 0, 1, 1])))
        >>> round(metric.compute(), 4)
        0.5
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "RetrievalReciprocalRank[RetrievalInput]",
        *,
        top_k: int | None = None,
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
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput] | None = None,
        *,
        top_k: int | None = None,
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            output_transform,
            top_k=top_k,
            empty_target=empty_target,
            validate=validate,
            device=device,
        )

    @override
    def value(self, scores: Tensor, relevance: Tensor, indexes: Tensor) -> Tensor:
        return retrieval_reciprocal_rank(
            scores,
            relevance,
            indexes=indexes,
            top_k=self.top_k,
            empty_target=self.empty_target,
        )


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
            is_graded=True,
            validate=validate,
            device=device,
        )

    @override
    def value(self, scores: Tensor, relevance: Tensor, indexes: Tensor) -> Tensor:
        return retrieval_normalized_dcg(
            scores,
            relevance,
            indexes=indexes,
            top_k=self.top_k,
            gain=self._gain,
            empty_target=self.empty_target,
        )


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
    def value(self, scores: Tensor, relevance: Tensor, indexes: Tensor) -> Tensor:
        return retrieval_precision(
            scores,
            relevance,
            indexes=indexes,
            top_k=self.top_k,
            clip_k=self._clip_k,
            empty_target=self.empty_target,
        )


@final
class RetrievalRecall(RetrievalMetric[OutputT]):
    r"""Share of the relevant items of a query among the first ``top_k``; a mean over queries.

    A query gives :math:`h / R`.

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
        >>> metric = RetrievalRecall()
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> metric.update((scores, relevance, torch.tensor([0, 0, 0, 1, 1])))
        >>> round(metric.compute(), 4)
        1.0
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "RetrievalRecall[RetrievalInput]",
        *,
        top_k: int | None = None,
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
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput] | None = None,
        *,
        top_k: int | None = None,
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            output_transform,
            top_k=top_k,
            empty_target=empty_target,
            validate=validate,
            device=device,
        )

    @override
    def value(self, scores: Tensor, relevance: Tensor, indexes: Tensor) -> Tensor:
        return retrieval_recall(
            scores,
            relevance,
            indexes=indexes,
            top_k=self.top_k,
            empty_target=self.empty_target,
        )


@final
class RetrievalRPrecision(RetrievalMetric[OutputT]):
    r"""Precision among as many items of a query as are relevant to it; a mean over queries.

    A query gives the share of relevant items among its first R; that is its recall there, too.

    Takes scores, one per item, of any scale, higher is better: float, shape ``(M,)``; whether each
    item is relevant, 0 or 1: bool, integer or float, shape ``(M,)``; and the index of the query of
    each item, in any order: integer, shape ``(M,)``. Items of a query may come in several batches.
    They rank by descending score, in the order they came where scores are equal. Everything is kept
    until the result is computed, once for all such metrics on one engine that are given the same
    tensors.

    Better is higher, from 0 to 1.

    Args:
        output_transform: Gives scores, relevance and query indexes from the engine's output.
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
        >>> metric = RetrievalRPrecision()
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> metric.update((scores, relevance, torch.tensor([0, 0, 0, 1, 1])))
        >>> round(metric.compute(), 4)
        0.25
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "RetrievalRPrecision[RetrievalInput]",
        *,
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput],
        *,
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput] | None = None,
        *,
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            output_transform,
            top_k=None,
            empty_target=empty_target,
            validate=validate,
            device=device,
        )

    @override
    def value(self, scores: Tensor, relevance: Tensor, indexes: Tensor) -> Tensor:
        return retrieval_r_precision(
            scores,
            relevance,
            indexes=indexes,
            empty_target=self.empty_target,
        )


@final
class RetrievalHitRate(RetrievalMetric[OutputT]):
    r"""Share of queries with a relevant item among the first ``top_k``: :math:`1[h > 0]`.

    Without a cut-off it tells only which queries have a relevant item.

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
        Deshpande and Karypis, "Item-based top-N recommendation algorithms", TOIS 2004.

    Example:
        >>> import torch
        >>> metric = RetrievalHitRate()
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> metric.update((scores, relevance, torch.tensor([0, 0, 0, 1, 1])))
        >>> round(metric.compute(), 4)
        1.0
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "RetrievalHitRate[RetrievalInput]",
        *,
        top_k: int | None = None,
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
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput] | None = None,
        *,
        top_k: int | None = None,
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            output_transform,
            top_k=top_k,
            empty_target=empty_target,
            validate=validate,
            device=device,
        )

    @override
    def value(self, scores: Tensor, relevance: Tensor, indexes: Tensor) -> Tensor:
        return retrieval_hit_rate(
            scores,
            relevance,
            indexes=indexes,
            top_k=self.top_k,
            empty_target=self.empty_target,
        )


@final
class RetrievalFallOut(RetrievalMetric[OutputT]):
    r"""Share of the irrelevant items of a query among the first ``top_k``; a mean over queries.

    A query gives :math:`(\min(k, n) - h) / (n - R)`, where n is the number of its items.

    Takes scores, one per item, of any scale, higher is better: float, shape ``(M,)``; whether each
    item is relevant, 0 or 1: bool, integer or float, shape ``(M,)``; and the index of the query of
    each item, in any order: integer, shape ``(M,)``. Items of a query may come in several batches.
    They rank by descending score, in the order they came where scores are equal. Everything is kept
    until the result is computed, once for all such metrics on one engine that are given the same
    tensors.

    Better is lower, from 0 to 1.

    Args:
        output_transform: Gives scores, relevance and query indexes from the engine's output.
        top_k: The cut-off k, at least 1; ``None`` for all items of the query.
        empty_target: What a query without an irrelevant item counts as: ``"skip"`` for nothing at
            all, ``"zero"``, ``"one"``, or ``"error"``.
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
        >>> metric = RetrievalFallOut()
        >>> scores = torch.tensor([0.9, 0.8, 0.3, 0.2, 0.7])
        >>> relevance = torch.tensor([0, 1, 1, 1, 0])
        >>> metric.update((scores, relevance, torch.tensor([0, 0, 0, 1, 1])))
        >>> round(metric.compute(), 4)
        1.0
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "RetrievalFallOut[RetrievalInput]",
        *,
        top_k: int | None = None,
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
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], RetrievalInput] | None = None,
        *,
        top_k: int | None = None,
        empty_target: EmptyTarget = "skip",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            output_transform,
            top_k=top_k,
            empty_target=empty_target,
            validate=validate,
            device=device,
        )

    @override
    def value(self, scores: Tensor, relevance: Tensor, indexes: Tensor) -> Tensor:
        return retrieval_fall_out(
            scores,
            relevance,
            indexes=indexes,
            top_k=self.top_k,
            empty_target=self.empty_target,
        )
