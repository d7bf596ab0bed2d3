"""Mean average precision at k: how soon the relevant labels come.

Axes: N rows, L labels, K cut-offs. h: relevant labels among the first k of a row. R: relevant
labels of a row.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar

from firesteel.metrics._functional._at_k_sums import ApDenominator
from firesteel.metrics._functional._ranked import EmptyTarget, check_choice
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._at_k_metric import RankingOptions, RowMetric
from ._terms import AVERAGE_PRECISION

__all__ = ["MAPAtK"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class AveragePrecisionMetric(RowMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """What the constructor of :class:`MAPAtK` takes."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        k: int | Sequence[int],
        denominator: ApDenominator = "min",
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
        check_choice(type(self).__name__, "denominator", denominator, AVERAGE_PRECISION)
        super().__init__(
            AVERAGE_PRECISION[denominator],
            output_transform,
            k=k,
            empty_target=empty_target,
            options=options,
        )


@final
class MAPAtK(AveragePrecisionMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Average precision among the first k labels, as a mean over rows.

    A row gives :math:`\frac{1}{D} \sum_{i \le k} r_i h_i / i`, where :math:`r_i` tells whether the
    label at rank i is relevant and :math:`h_i` counts the relevant ones up to there; 0 if D is 0.

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
        denominator: What D is: ``"min"`` for :math:`\min(k, R)`, ``"relevant"`` for R as in
            trec_eval, ``"hits"`` for the relevant labels found as in torchmetrics.
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
        >>> metric = MAPAtK(k=[1, 2])
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        tensor([0.5000, 0.6250], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = True

    if TYPE_CHECKING:  # which result there is goes with `k`

        @overload
        def __new__(
            cls,
            *,
            k: int,
            denominator: ApDenominator = "min",
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "MAPAtK[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            k: Sequence[int],
            denominator: ApDenominator = "min",
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "MAPAtK[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: int,
            denominator: ApDenominator = "min",
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "MAPAtK[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: Sequence[int],
            denominator: ApDenominator = "min",
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "MAPAtK[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            k: int | Sequence[int],
            denominator: ApDenominator = "min",
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "MAPAtK[object, Never]":
            raise NotImplementedError
