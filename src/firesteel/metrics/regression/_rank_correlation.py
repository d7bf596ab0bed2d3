"""Correlation of orders, which needs all values."""

from collections.abc import Callable
from typing import ClassVar, Literal, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import mismatch
from firesteel.errors import ArgumentError
from firesteel.metrics._functional._rank_correlation import (
    kendall_rank_correlation,
    spearman_rank_correlation,
)
from firesteel.metrics._mean import PredTarget

from ._all_pairs import AllPairs
from ._pair_statistic import PairMetric

__all__ = ["KendallRankCorrelation", "SpearmanRankCorrelation"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class KendallRankCorrelation(PairMetric[AllPairs, float, OutputT]):
    r"""Kendall's tau: how many more pairs are in the same order than in opposite order.

    With :math:`C` pairs in the same order, :math:`D` in opposite order, :math:`T_p` and :math:`T_y`
    tied in prediction and in target, and :math:`n_0 = n(n-1)/2` in all, :math:`\tau_b = (C - D) /
    \sqrt{(n_0 - T_p)(n_0 - T_y)}`. With :math:`m` the smaller number of distinct values,
    :math:`\tau_c = 2 (C - D) / (n^2 (m - 1) / m)`, for tables that are not square.

    NaN where prediction or target is constant, or holds NaN. All values are kept.

    Predictions and targets have one shape, ``(N,)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        variant: Which tau.
        device: Where the values are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ or are not ``(N,)``, or ``variant`` is another letter.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scipy's ``kendalltau``; Knight, "A computer method for calculating Kendall's tau with
        ungrouped data", 1966.
        Better is higher, from -1 to 1.

    Example:
        >>> import torch
        >>> tau = KendallRankCorrelation()
        >>> tau.update((torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0])))
        >>> tau.update((torch.tensor([3.0]), torch.tensor([2.0])))
        >>> round(tau.compute(), 4)
        0.3333
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "KendallRankCorrelation[PredTarget]",
        *,
        variant: Literal["b", "c"] = "b",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        variant: Literal["b", "c"] = "b",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        variant: Literal["b", "c"] = "b",
        device: torch.device | str | None = None,
    ) -> None:
        if variant not in {"b", "c"}:
            raise ArgumentError(
                mismatch("KendallRankCorrelation", "variant", "'b' or 'c'", variant)
            )
        self._variant: Literal["b", "c"] = variant
        statistic = AllPairs("KendallRankCorrelation", needs_vectors=True, device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return kendall_rank_correlation(*self.statistic.pairs(), variant=self._variant)


@final
class SpearmanRankCorrelation(PairMetric[AllPairs, float, OutputT]):
    r"""Spearman's rho: linear correlation of ranks, equal values sharing their mean rank.

    :math:`\frac{\mathrm{Cov}(r(p), r(y))}{\sigma(r(p)) \, \sigma(r(y))}`, where r gives the ranks.
    NaN where prediction or target is constant, or holds NaN. All values are kept.

    Predictions and targets have one shape, ``(N,)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the values are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ or are not ``(N,)``.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scipy's ``spearmanr``.
        Better is higher, from -1 to 1.

    Example:
        >>> import torch
        >>> rho = SpearmanRankCorrelation()
        >>> rho.update((torch.tensor([1.0, 20.0, 3.0]), torch.tensor([1.0, 2.0, 3.0])))
        >>> round(rho.compute(), 4)
        0.5
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "SpearmanRankCorrelation[PredTarget]",
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        statistic = AllPairs("SpearmanRankCorrelation", needs_vectors=True, device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return spearman_rank_correlation(*self.statistic.pairs())
