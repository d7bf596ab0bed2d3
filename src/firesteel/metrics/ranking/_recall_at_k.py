"""Recall at k: the share of what is relevant that is named.

Axes: N rows, L labels, K cut-offs. h: relevant labels among the first k of a row. R: relevant
labels of a row.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar

from firesteel.metrics._functional._ranked import EmptyTarget
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._at_k_metric import RankingOptions, RowMetric
from ._terms import CAPPED_RECALL, RECALL

__all__ = ["RecallAtK"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class CappableMetric(RowMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """What the constructor of :class:`RecallAtK` takes."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        k: int | Sequence[int],
        capped: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        options = RankingOptions(
            relevance_threshold=relevance_threshold,
            ignore_index=ignore_index,
            validate=validate,
            device=device,
        )
        super().__init__(
            CAPPED_RECALL if capped else RECALL,
            output_transform,
            k=k,
            empty_target=empty_target,
            options=options,
        )


@final
class RecallAtK(CappableMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Share of the relevant labels that are among the first k, as a mean over rows.

    A row gives :math:`h / R`, or with ``capped`` :math:`h / \min(k, R)`.

    Takes scores, one per label, of any scale, higher is better: float, shape ``(N, L)``; and
    whether each label is relevant, 0 or 1, or with ``relevance_threshold`` any number: bool,
    integer or float, shape ``(N, L)``. Labels rank by descending score, lower index first where
    scores are equal. Attached to one engine, all metrics at k that are given the same tensors are
    computed from one ranking.

    The result is a float for one k, and for several a tensor: float64, shape ``(K,)``, ascending
    and each once. Better is higher, from 0 to 1.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        k: How many labels are named, at least 1; or several such cut-offs.
        capped: Whether to divide by k where more than k labels are relevant, so that 1 can be had.
        empty_target: What a row without a relevant label counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``; or ``"error"``, found in the updates that ``validate`` names,
            else when the result is computed.
        relevance_threshold: The least relevance that is relevant, above 0; ``None`` where relevance
            is 0 or 1.
        ignore_index: Relevance of labels that are left out, of the ranking and of what is relevant.
        validate: In which updates scores and relevance are looked at, for which the host waits for
            the device: in the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the sums are kept; ``None`` for where the values are.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: ``compute`` was called before any row that counts was seen.

    Source:
        Manning, Raghavan and Schuetze, "Introduction to information retrieval", 2008, chapter 8.

    Example:
        >>> import torch
        >>> metric = RecallAtK(k=[1, 2])
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        tensor([0.2500, 0.7500], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = True

    if TYPE_CHECKING:  # which result there is goes with `k`

        @overload
        def __new__(
            cls,
            *,
            k: int,
            capped: bool = False,
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "RecallAtK[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            k: Sequence[int],
            capped: bool = False,
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "RecallAtK[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: int,
            capped: bool = False,
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "RecallAtK[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: Sequence[int],
            capped: bool = False,
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "RecallAtK[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            k: int | Sequence[int],
            capped: bool = False,
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "RecallAtK[object, Never]":
            raise NotImplementedError
