"""Distances between prediction and target: over all values, or row by row."""

import functools
import math
from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import mismatch
from firesteel.errors import ArgumentError
from firesteel.metrics._functional._distances import (
    canberra_metric_sums,
    cosine_similarity_sums,
    manhattan_distance_sums,
    mean_pairwise_distance_sums,
    minkowski_distance_result,
    minkowski_distance_sums,
    wave_hedges_distance_sums,
)
from firesteel.metrics._functional._host_sums import absolute_error_on_host
from firesteel.metrics._functional._pairs import mean_result, sum_result
from firesteel.metrics._mean import PredTarget

from ._sums import SumMetric, SumStatistic

__all__ = [
    "CanberraMetric",
    "CosineSimilarity",
    "ManhattanDistance",
    "MeanPairwiseDistance",
    "MinkowskiDistance",
    "WaveHedgesDistance",
]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class ManhattanDistance(SumMetric[float, OutputT]):
    r"""Sum of the absolute errors: :math:`\sum_i |y_i - p_i|`.

    It grows with the number of values. Attached beside a :class:`MeanAbsoluteError`, it shares its
    sums.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scipy's ``cityblock``. ignite gives 0 for nothing.
        Better is lower, from 0, in the unit of the target.

    Example:
        >>> import torch
        >>> distance = ManhattanDistance()
        >>> distance.update((torch.tensor([1.0, 2.0]), torch.tensor([3.0, 1.0])))
        >>> distance.compute()
        3.0
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "ManhattanDistance[PredTarget]",
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
        statistic = SumStatistic(
            "ManhattanDistance",
            manhattan_distance_sums,
            key="absolute errors",
            on_host=absolute_error_on_host,
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return sum_result(self.statistic.sums(), where="ManhattanDistance")


@final
class CanberraMetric(SumMetric[float, OutputT]):
    r"""Sum of the errors beside both sizes: :math:`\sum_i |y_i - p_i| / (|p_i| + |y_i|)`.

    It grows with the number of values. Where prediction and target are both 0 there is no error,
    and 0 is counted.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scipy's ``canberra``. ignite gives 0 for nothing.
        Better is lower, from 0 to the number of values, no unit.

    Example:
        >>> import torch
        >>> distance = CanberraMetric()
        >>> distance.update((torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.0])))
        >>> distance.compute()
        0.5
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "CanberraMetric[PredTarget]",
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
        statistic = SumStatistic(
            "CanberraMetric", canberra_metric_sums, key="canberra_metric", device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return sum_result(self.statistic.sums(), where="CanberraMetric")


@final
class WaveHedgesDistance(SumMetric[float, OutputT]):
    r"""Sum of the errors beside the larger value: :math:`\sum_i |y_i - p_i| / \max(p_i, y_i)`.

    It grows with the number of values. Exact hits count 0. Meant for values that are not negative:
    where both are, the term is negative too, and where the larger one is 0, it is infinite.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        Botchkarev, arXiv 1809.03006, 2018. ignite gives 0 for nothing.
        Better is lower, from 0 to the number of values, no unit.

    Example:
        >>> import torch
        >>> distance = WaveHedgesDistance()
        >>> distance.update((torch.tensor([1.0, 0.0]), torch.tensor([4.0, 0.0])))
        >>> distance.compute()
        0.75
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "WaveHedgesDistance[PredTarget]",
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
        statistic = SumStatistic(
            "WaveHedgesDistance",
            wave_hedges_distance_sums,
            key="wave_hedges_distance",
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return sum_result(self.statistic.sums(), where="WaveHedgesDistance")


@final
class MinkowskiDistance(SumMetric[float, OutputT]):
    r"""Length of the error vector in a norm of choice: :math:`(\sum_i |y_i - p_i|^p)^{1/p}`.

    It grows with the number of values.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        p: The exponent, ``1 <= p < inf``. 1 is :class:`ManhattanDistance`, 2 is Euclidean.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``p`` is out of range.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scipy's ``minkowski``.
        Better is lower, from 0, in the unit of the target.

    Example:
        >>> import torch
        >>> distance = MinkowskiDistance(p=2)
        >>> distance.update((torch.tensor([0.0]), torch.tensor([3.0])))
        >>> distance.update((torch.tensor([0.0]), torch.tensor([4.0])))
        >>> distance.compute()
        5.0
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "MinkowskiDistance[PredTarget]",
        *,
        p: float,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        p: float,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        p: float,
        device: torch.device | str | None = None,
    ) -> None:
        if not 1 <= p < math.inf:
            raise ArgumentError(mismatch("MinkowskiDistance", "p", "at least 1 and finite", p))
        self._p = p
        statistic = SumStatistic(
            "MinkowskiDistance",
            functools.partial(minkowski_distance_sums, p=p),
            key=("minkowski_distance", p),
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return minkowski_distance_result(self.statistic.sums(), p=self._p)


@final
class MeanPairwiseDistance(SumMetric[float, OutputT]):
    r"""Mean distance of rows: :math:`\frac1n \sum_i \lVert p_i - y_i + \epsilon \rVert_p`.

    Predictions and targets have one shape, ``(N, features)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        p: The order of the norm, at least 1; ``inf`` takes the largest difference.
        eps: Added to each difference, in the unit of the target. 0 gives the distance as it is.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ or are not ``(N, features)``, or ``p`` is out of range.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        ``torch.nn.functional.pairwise_distance``, from which ``eps`` comes.
        Better is lower, from 0, in the unit of the target.

    Example:
        >>> import torch
        >>> distance = MeanPairwiseDistance(eps=0.0)
        >>> distance.update((torch.zeros(2, 2), torch.tensor([[3.0, 4.0], [0.0, 1.0]])))
        >>> distance.compute()
        3.0
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "MeanPairwiseDistance[PredTarget]",
        *,
        p: float = 2.0,
        eps: float = 1e-6,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        p: float = 2.0,
        eps: float = 1e-6,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        p: float = 2.0,
        eps: float = 1e-6,
        device: torch.device | str | None = None,
    ) -> None:
        if not p >= 1:
            raise ArgumentError(mismatch("MeanPairwiseDistance", "p", "at least 1", p))
        distances = functools.partial(
            mean_pairwise_distance_sums, p=p, eps=eps, where="MeanPairwiseDistance"
        )
        statistic = SumStatistic(
            "MeanPairwiseDistance", distances, key=("mean_pairwise_distance", p, eps), device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return mean_result(self.statistic.sums(), where="MeanPairwiseDistance")


@final
class CosineSimilarity(SumMetric[float, OutputT]):
    r"""Mean cosine of rows: :math:`\frac1n \sum_i p_i \cdot y_i / (|p_i| \, |y_i|)`.

    A row of zeros counts 0.

    Predictions and targets have one shape, ``(N, features, ...)``, and any real dtypes. Axes after
    the second belong to the row.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        eps: What a norm is taken to be at least, ``eps > 0``.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ or have one axis only, or ``eps`` is not positive.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        ``torch.nn.functional.cosine_similarity``.
        Better is higher, from -1 to 1.

    Example:
        >>> import torch
        >>> similarity = CosineSimilarity()
        >>> similarity.update((torch.tensor([[1.0, 0.0]]), torch.tensor([[3.0, 4.0]])))
        >>> round(similarity.compute(), 4)
        0.6
    """

    higher_is_better: ClassVar[bool | None] = True

    @overload
    def __init__(
        self: "CosineSimilarity[PredTarget]",
        *,
        eps: float = 1e-8,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        eps: float = 1e-8,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        eps: float = 1e-8,
        device: torch.device | str | None = None,
    ) -> None:
        if not eps > 0:
            raise ArgumentError(mismatch("CosineSimilarity", "eps", "above 0", eps))
        cosines = functools.partial(cosine_similarity_sums, eps=eps, where="CosineSimilarity")
        statistic = SumStatistic(
            "CosineSimilarity", cosines, key=("cosine_similarity", eps), device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return mean_result(self.statistic.sums(), where="CosineSimilarity")
