"""Normalized gain at k: relevance, the less the later it comes.

Axes: N rows, L labels, K cut-offs.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar

from firesteel.metrics._functional._at_k_sums import Gain
from firesteel.metrics._functional._ranked import EmptyTarget, check_choice
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._at_k_metric import RankingOptions, RowMetric
from ._terms import NDCG_GAIN

__all__ = ["NDCGAtK"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


class GainMetric(RowMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """What the constructor of :class:`NDCGAtK` takes."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        k: int | Sequence[int],
        gain: Gain = "exp_rank",
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
        check_choice(type(self).__name__, "gain", gain, NDCG_GAIN)
        super().__init__(
            NDCG_GAIN[gain],
            output_transform,
            k=k,
            empty_target=empty_target,
            options=options,
        )


@final
class NDCGAtK(GainMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Discounted gain of the first k labels, relative to the best order; a mean over rows.

    A row gives :math:`\sum_{i \le k} g(r_i) / \log_2(i + 1)`, divided by the same sum for the
    labels in the order of their relevance. Equal scores rank by index; scikit-learn averages over
    their orders.

    Takes scores, one per label, of any scale, higher is better: float, shape ``(N, L)``; and how
    relevant each label is, at least 0, or with ``relevance_threshold`` any number: bool, integer or
    float, shape ``(N, L)``. Labels rank by descending score, lower index first where scores are
    equal. Attached to one engine, all metrics at k that are given the same tensors are computed
    from one ranking.

    The result is a float for one k, and for several a tensor: float64, shape ``(K,)``, ascending
    and each once. Better is higher, from 0 to 1.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        k: How many labels are named, at least 1; or several such cut-offs.
        gain: What a relevance r is worth: ``"exp_rank"`` for :math:`2^r - 1`, ``"linear_rank"`` for
            r.
        empty_target: What a row without a relevant label counts as: ``"skip"`` for nothing at all,
            ``"zero"``, ``"one"``; or ``"error"``, found in the updates that ``validate`` names,
            else when the result is computed.
        relevance_threshold: The least relevance that is not taken for 0, above 0; ``None`` keeps
            all.
        ignore_index: Relevance of labels that are left out, of the ranking and of what is relevant.
        validate: In which updates scores and relevance are looked at, for which the host waits for
            the device: in the ``"first"`` after a reset, ``"always"``, ``"never"``.
        device: Where the sums are kept; ``None`` for where the values are.

    Raises:
        ArgumentError: Shapes or values do not fit, or an option is out of range.
        ArgumentTypeError: A dtype does not fit.
        NotComputableError: ``compute`` was called before any row that counts was seen.

    Source:
        Jarvelin and Kekalainen, "Cumulated gain-based evaluation of IR techniques", TOIS 2002; the
        exponential gain: Burges et al., "Learning to rank using gradient descent", ICML 2005.

    Example:
        >>> import torch
        >>> metric = NDCGAtK(k=[1, 2])
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        tensor([0.5000, 0.6934], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = True

    if TYPE_CHECKING:  # which result there is goes with `k`

        @overload
        def __new__(
            cls,
            *,
            k: int,
            gain: Gain = "exp_rank",
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "NDCGAtK[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            k: Sequence[int],
            gain: Gain = "exp_rank",
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "NDCGAtK[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: int,
            gain: Gain = "exp_rank",
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "NDCGAtK[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            k: Sequence[int],
            gain: Gain = "exp_rank",
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "NDCGAtK[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            k: int | Sequence[int],
            gain: Gain = "exp_rank",
            empty_target: EmptyTarget = "skip",
            relevance_threshold: float | None = None,
            ignore_index: int | None = None,
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "NDCGAtK[object, Never]":
            raise NotImplementedError
