"""The two metrics of recommendation that ignite has, under their names: lists of numbers.

Axes: N rows, L labels.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._at_k_sums import Gain
from firesteel.metrics._functional._ranked import check_choice
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._at_k_metric import RankingOptions, RowMetric
from ._terms import GRADED_HIT_RATE, NDCG_GAIN

__all__ = ["NDCG", "HitRate"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class HitRate(RowMetric[list[float], OutputT]):
    r"""Share of rows that have a relevant label among the first k, for each of ``top_k``.

    A row gives :math:`1[h > 0]`, where h counts the relevant labels among its first k. A label is
    relevant where its relevance is above 0. :class:`HitRateAtK` is the same with more options, and
    gives a float or a tensor.

    Takes scores, one per label, of any scale, higher is better: float, shape ``(N, L)``; and how
    relevant each label is, at least 0: bool, integer or float, shape ``(N, L)``. Labels rank by
    descending score, lower index first where scores are equal. Attached to one engine, all metrics
    at k that are given the same tensors are computed from one ranking.

    The result is a list of one number for each cut-off, ascending and each once. Better is higher,
    from 0 to 1.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        top_k: The cut-offs, each at least 1.
        ignore_zero_hits: Whether rows without a relevant label count as nothing; else as 0.
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
        >>> metric = HitRate(top_k=[1, 2])
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 1], [0, 1, 1]])))
        >>> metric.compute()
        [0.5, 1.0]
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "HitRate[PredTarget]",
        *,
        top_k: int | Sequence[int] = 1,
        ignore_zero_hits: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        top_k: int | Sequence[int] = 1,
        ignore_zero_hits: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        top_k: int | Sequence[int] = 1,
        ignore_zero_hits: bool = True,
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(
            GRADED_HIT_RATE,
            output_transform,
            k=top_k,
            empty_target="skip" if ignore_zero_hits else "zero",
            options=RankingOptions(
                relevance_threshold=None, ignore_index=None, validate=validate, device=device
            ),
        )

    @override
    def compute(self) -> list[float]:
        return [float(value) for value in self.values().cpu()]


@final
class NDCG(RowMetric[list[float], OutputT]):
    r"""Discounted gain of the first k labels, relative to the best order, for each of ``top_k``.

    A row gives :math:`\sum_{i \le k} g(r_i) / \log_2(i + 1)`, divided by the same sum for the
    labels in the order of their relevance; the result is the mean over rows. :class:`NDCGAtK` is
    the same with more options and keeps relevance below 1.

    Takes scores, one per label, of any scale, higher is better: float, shape ``(N, L)``; and how
    relevant each label is: bool, integer or float, shape ``(N, L)``. Labels rank by descending
    score, lower index first where scores are equal; scikit-learn averages over their orders.
    Attached to one engine, all metrics at k that are given the same tensors and have the same
    threshold are computed from one ranking.

    The result is a list of one number for each cut-off, ascending and each once. Better is higher,
    from 0 to 1.

    Args:
        output_transform: Gives scores and relevance from the engine's output.
        top_k: The cut-offs, each at least 1.
        ignore_zero_hits: Whether rows without a relevant label count as nothing; else as 0.
        relevance_threshold: The least relevance that is not taken for 0, above 0.
        gain_function: What a relevance r is worth: ``"exp_rank"`` for :math:`2^r - 1`,
            ``"linear_rank"`` for r.
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
        >>> metric = NDCG(top_k=[1, 3])
        >>> scores = torch.tensor([[0.9, 0.8, 0.3], [0.1, 0.7, 0.5]])
        >>> metric.update((scores, torch.tensor([[0, 1, 3], [0, 3, 1]])))
        >>> [round(value, 4) for value in metric.compute()]
        [0.5, 0.7707]
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "NDCG[PredTarget]",
        *,
        top_k: int | Sequence[int],
        ignore_zero_hits: bool = True,
        relevance_threshold: float = 1.0,
        gain_function: Gain = "exp_rank",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        top_k: int | Sequence[int],
        ignore_zero_hits: bool = True,
        relevance_threshold: float = 1.0,
        gain_function: Gain = "exp_rank",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        top_k: int | Sequence[int],
        ignore_zero_hits: bool = True,
        relevance_threshold: float = 1.0,
        gain_function: Gain = "exp_rank",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        check_choice("NDCG", "gain_function", gain_function, NDCG_GAIN)
        super().__init__(
            NDCG_GAIN[gain_function],
            output_transform,
            k=top_k,
            empty_target="skip" if ignore_zero_hits else "zero",
            options=RankingOptions(
                relevance_threshold=relevance_threshold,
                ignore_index=None,
                validate=validate,
                device=device,
            ),
        )

    @override
    def compute(self) -> list[float]:
        return [float(value) for value in self.values().cpu()]
