"""Absolute errors: their mean, their largest, and means of other kinds."""

import functools
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._fields import as_tensor, field
from firesteel.metrics._functional._host_sums import absolute_error_on_host
from firesteel.metrics._functional._pairs import Multioutput, mean_result
from firesteel.metrics._functional._regression import (
    MaximumSums,
    geometric_mean_absolute_error_result,
    geometric_mean_absolute_error_sums,
    log_cosh_error_sums,
    maximum_absolute_error_result,
    maximum_absolute_error_sums,
    mean_absolute_error_sums,
    mean_error_sums,
)
from firesteel.metrics._mean import PredTarget, Scalar

from ._pair_statistic import PairMetric, PairStatistic
from ._sums import ColumnMetric, SumMetric, SumStatistic

__all__ = [
    "GeometricMeanAbsoluteError",
    "LogCoshError",
    "MaximumAbsoluteError",
    "MeanAbsoluteError",
    "MeanError",
]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class MeanAbsoluteError(ColumnMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Mean of the absolute errors: :math:`\frac{1}{n} \sum_i |y_i - p_i|`.

    The mean is over all elements, whatever their axes.

    Predictions and targets have one shape, ``(N,)`` or ``(N, columns, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        multioutput: ``"uniform_average"`` gives a float; ``"raw_values"`` gives a tensor, one mean
            per column, float64 (float32 on MPS), shape ``(columns,)``.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word; or the number of
            columns, where it is asked for, changes between batches.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scikit-learn's ``mean_absolute_error``. ignite divides by rows, not elements.
        Better is lower, from 0, in the unit of the target.

    Example:
        >>> import torch
        >>> error = MeanAbsoluteError()
        >>> error.update((torch.tensor([2.0, 4.0]), torch.tensor([1.0, 4.0])))
        >>> error.update((torch.tensor([5.0]), torch.tensor([7.0])))
        >>> error.compute()
        1.0
    """

    higher_is_better: ClassVar[bool | None] = False

    if TYPE_CHECKING:  # which result there is goes with `multioutput`

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "MeanAbsoluteError[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "MeanAbsoluteError[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "MeanAbsoluteError[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "MeanAbsoluteError[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            multioutput: Multioutput = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "MeanAbsoluteError[object, Never]":
            raise NotImplementedError

    @override
    def new_statistic(self, device: torch.device | str | None) -> SumStatistic:
        return SumStatistic(
            "MeanAbsoluteError",
            functools.partial(mean_absolute_error_sums, multioutput=self.multioutput),
            key="absolute errors",
            on_host=absolute_error_on_host,
            is_by_column=self.multioutput == "raw_values",
            device=device,
        )

    @override
    def as_tensor(self) -> Tensor:
        statistic = self.statistic
        sums = statistic.column_sums() if self.needs_columns else statistic.sums()
        return mean_result(sums, where="MeanAbsoluteError")


@final
class MeanError(SumMetric[float, OutputT]):
    r"""Mean of the signed errors: :math:`\frac{1}{n} \sum_i (y_i - p_i)`.

    Positive where predictions are too low on average.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        Botchkarev, arXiv 1809.03006, 2018.
        Best is 0, from minus to plus infinity, in the unit of the target.

    Example:
        >>> import torch
        >>> error = MeanError()
        >>> error.update((torch.tensor([2.0, 4.0]), torch.tensor([1.0, 8.0])))
        >>> error.compute()
        1.5
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "MeanError[PredTarget]",
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
        statistic = SumStatistic("MeanError", mean_error_sums, key="mean_error", device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return mean_result(self.statistic.sums(), where="MeanError")


@final
class LogCoshError(SumMetric[float, OutputT]):
    r"""Mean log-cosh of the errors: :math:`\frac{1}{n} \sum_i \ln \cosh(y_i - p_i)`.

    About :math:`e^2 / 2` for small errors :math:`e` and :math:`|e| - \ln 2` for large ones.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        torchmetrics' ``LogCoshError``.
        Better is lower, from 0.

    Example:
        >>> import torch
        >>> error = LogCoshError()
        >>> error.update((torch.tensor([1.0, 0.0]), torch.tensor([0.0, 0.0])))
        >>> round(error.compute(), 4)
        0.2169
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "LogCoshError[PredTarget]",
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
            "LogCoshError", log_cosh_error_sums, key="log_cosh_error", device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return mean_result(self.statistic.sums(), where="LogCoshError")


@final
class GeometricMeanAbsoluteError(SumMetric[float, OutputT]):
    r"""Geometric mean of the absolute errors: :math:`\exp(\frac{1}{n} \sum_i \ln |y_i - p_i|)`.

    A few large errors weigh less than in a plain mean. One exact hit makes it 0.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scipy's ``gmean`` of the absolute errors.
        Better is lower, from 0, in the unit of the target.

    Example:
        >>> import torch
        >>> error = GeometricMeanAbsoluteError()
        >>> error.update((torch.tensor([1.0, 0.0]), torch.tensor([3.0, 8.0])))
        >>> round(error.compute(), 4)
        4.0
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "GeometricMeanAbsoluteError[PredTarget]",
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
            "GeometricMeanAbsoluteError",
            geometric_mean_absolute_error_sums,
            key="geometric_mean_absolute_error",
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return geometric_mean_absolute_error_result(self.statistic.sums())


def _largest(parts: Tensor) -> Tensor:
    # not "max": what backends take to be the maximum of NaN and a number differs
    return parts.amax(dim=0)


@final
class LargestError(PairStatistic):
    """The largest absolute error, and out of how many."""

    largest: Scalar = field(0.0, reduce=_largest)
    num_values: int = field(0)

    @property
    @override
    def key(self) -> Hashable:
        return None

    @property
    @override
    def is_empty(self) -> bool:
        return not self.num_values

    @override
    def take(self, prediction: Tensor, target: Tensor) -> None:
        largest, num_values = maximum_absolute_error_sums(prediction, target)
        largest = self.on_own_device(largest)
        held = self.largest
        self.largest = largest if not isinstance(held, Tensor) else torch.maximum(held, largest)
        self.num_values += num_values

    def sums(self) -> MaximumSums:
        """Give the largest error of all batches."""
        return MaximumSums(as_tensor(self.largest), self.num_values)


@final
class MaximumAbsoluteError(PairMetric[LargestError, float, OutputT]):
    r"""Largest absolute error: :math:`\max_i |y_i - p_i|`.

    NaN anywhere gives NaN.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the largest error is kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scikit-learn's ``max_error``. ignite leaves NaN out.
        Better is lower, from 0, in the unit of the target.

    Example:
        >>> import torch
        >>> error = MaximumAbsoluteError()
        >>> error.update((torch.tensor([1.0]), torch.tensor([3.0])))
        >>> error.update((torch.tensor([0.0]), torch.tensor([8.0])))
        >>> error.compute()
        8.0
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "MaximumAbsoluteError[PredTarget]",
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
        statistic = LargestError("MaximumAbsoluteError", device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return maximum_absolute_error_result(self.statistic.sums())
