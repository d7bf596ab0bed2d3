"""Metrics of which labels are among the first k: means over rows.

Axes: N rows, L labels, K cut-offs. h: relevant labels among the first k of a row. R: relevant
labels of a row.
"""

# pyright infers a lambda's parameter from the engine only where `self` has the class's own variable
# pyright: reportInvalidTypeVarUse=false

from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar

from firesteel.metrics._functional._ranked import EmptyTarget
from firesteel.metrics._mean import PredTarget

from ._at_k_metric import RankingOptions, RowMetric
from ._statistic import Validation
from ._terms import CAPPED_RECALL, CLIPPED_F1, CLIPPED_PRECISION, F1, HIT_RATE, PRECISION, RECALL

__all__ = ["F1AtK", "HitRateAtK", "PrecisionAtK", "RecallAtK"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class PrecisionAtK(RowMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Share of the first k labels that are relevant, as a mean over rows: :math:`h / k`.

    A row with :math:`R < k` cannot reach 1. k may exceed the number of labels; the precision then
    still divides by k, unless ``clip_k`` is set.

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
        clip_k: Whether k is at most the number of labels that are ranked; if not, naming fewer than
            k labels counts as naming wrong ones.
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
        >>> metric = PrecisionAtK(k=[1, 2])
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        tensor([0.5000, 0.7500], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "PrecisionAtK[float, PredTarget]",
        *,
        k: int,
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "PrecisionAtK[Tensor, PredTarget]",
        *,
        k: Sequence[int],
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "PrecisionAtK[float, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: int,
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "PrecisionAtK[Tensor, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: Sequence[int],
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        k: int | Sequence[int],
        clip_k: bool = False,
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
            CLIPPED_PRECISION if clip_k else PRECISION,
            output_transform,
            k=k,
            empty_target=empty_target,
            options=options,
        )


@final
class RecallAtK(RowMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
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

    @overload
    def __init__(
        self: "RecallAtK[float, PredTarget]",
        *,
        k: int,
        capped: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "RecallAtK[Tensor, PredTarget]",
        *,
        k: Sequence[int],
        capped: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "RecallAtK[float, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: int,
        capped: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "RecallAtK[Tensor, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: Sequence[int],
        capped: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
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
class F1AtK(RowMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Harmonic mean of precision and recall at k, as a mean over rows.

    A row gives :math:`2 h / (k + R)`. That is not the F1 of the mean precision and mean recall.

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
        clip_k: Whether k is at most the number of labels that are ranked; if not, naming fewer than
            k labels counts as naming wrong ones.
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
        >>> metric = F1AtK(k=[1, 2])
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        tensor([0.3333, 0.7500], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "F1AtK[float, PredTarget]",
        *,
        k: int,
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "F1AtK[Tensor, PredTarget]",
        *,
        k: Sequence[int],
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "F1AtK[float, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: int,
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "F1AtK[Tensor, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: Sequence[int],
        clip_k: bool = False,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        k: int | Sequence[int],
        clip_k: bool = False,
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
            CLIPPED_F1 if clip_k else F1,
            output_transform,
            k=k,
            empty_target=empty_target,
            options=options,
        )


@final
class HitRateAtK(RowMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Share of rows that have a relevant label among the first k: :math:`1[h > 0]`.

    With one relevant label per row it is the recall at k.

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
        Deshpande and Karypis, "Item-based top-N recommendation algorithms", TOIS 2004.

    Example:
        >>> import torch
        >>> metric = HitRateAtK(k=[1, 2])
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        tensor([0.5000, 1.0000], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "HitRateAtK[float, PredTarget]",
        *,
        k: int,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "HitRateAtK[Tensor, PredTarget]",
        *,
        k: Sequence[int],
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "HitRateAtK[float, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: int,
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "HitRateAtK[Tensor, OutputT]",
        output_transform: Callable[[OutputT], PredTarget],
        *,
        k: Sequence[int],
        empty_target: EmptyTarget = "skip",
        relevance_threshold: float | None = None,
        ignore_index: int | None = None,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        k: int | Sequence[int],
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
            HIT_RATE,
            output_transform,
            k=k,
            empty_target=empty_target,
            options=options,
        )
