"""Squared errors: their mean, its root, and those of logarithms."""

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._host_sums import squared_error_on_host
from firesteel.metrics._functional._pairs import Multioutput, check_multioutput, mean_result
from firesteel.metrics._functional._regression import (
    check_above_minus_one,
    mean_squared_error_sums,
    mean_squared_log_error_sums,
    root_mean_squared_error_result,
    root_mean_squared_error_sums,
)
from firesteel.metrics._mean import PredTarget
from firesteel.metrics._validation import Validation

from ._sums import ColumnMetric, SumMetric, SumStatistic

__all__ = ["MeanSquaredError", "MeanSquaredLogError", "RootMeanSquaredError"]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class MeanSquaredError(ColumnMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Mean of the squared errors: :math:`\frac{1}{n} \sum_i (y_i - p_i)^2`.

    The mean is over all elements, whatever their axes. Attached beside a
    :class:`RootMeanSquaredError`, it shares its sums.

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
        scikit-learn's ``mean_squared_error``. ignite divides by rows, not elements.
        Better is lower, from 0, in the unit of the target squared.

    Example:
        >>> import torch
        >>> error = MeanSquaredError(multioutput="raw_values")
        >>> error.update((torch.zeros(2, 2), torch.tensor([[3.0, 1.0], [3.0, 2.0]])))
        >>> error.compute()
        tensor([9.0000, 2.5000], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = False

    if TYPE_CHECKING:  # which result there is goes with `multioutput`

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "MeanSquaredError[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "MeanSquaredError[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "MeanSquaredError[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "MeanSquaredError[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            multioutput: Multioutput = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "MeanSquaredError[object, Never]":
            raise NotImplementedError

    @override
    def new_statistic(self, device: torch.device | str | None) -> SumStatistic:
        return SumStatistic(
            "MeanSquaredError",
            functools.partial(mean_squared_error_sums, multioutput=self.multioutput),
            key="squared errors",
            on_host=squared_error_on_host,
            is_by_column=self.multioutput == "raw_values",
            device=device,
        )

    @override
    def as_tensor(self) -> Tensor:
        statistic = self.statistic
        sums = statistic.column_sums() if self.needs_columns else statistic.sums()
        return mean_result(sums, where="MeanSquaredError")


@final
class RootMeanSquaredError(ColumnMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Root of the mean squared error: :math:`\sqrt{\frac{1}{n} \sum_i (y_i - p_i)^2}` per column.

    With several columns it is the mean of their roots, which is at most the root of the mean over
    all elements; for that, take ``MeanSquaredError() ** 0.5``. Axes after the second count as
    samples.

    Predictions and targets have one shape, ``(N,)`` or ``(N, columns, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        multioutput: ``"uniform_average"`` gives a float; ``"raw_values"`` gives a tensor, one root
            per column, float64 (float32 on MPS), shape ``(columns,)``.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word; or the number of
            columns changes between batches.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scikit-learn's ``root_mean_squared_error``. ignite takes the root over all, divided by rows.
        Better is lower, from 0, in the unit of the target.

    Example:
        >>> import torch
        >>> error = RootMeanSquaredError()
        >>> error.update((torch.zeros(2, 2), torch.tensor([[3.0, 1.0], [3.0, 1.0]])))
        >>> error.compute()
        2.0
    """

    higher_is_better: ClassVar[bool | None] = False

    if TYPE_CHECKING:  # which result there is goes with `multioutput`

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "RootMeanSquaredError[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "RootMeanSquaredError[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "RootMeanSquaredError[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "RootMeanSquaredError[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            multioutput: Multioutput = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "RootMeanSquaredError[object, Never]":
            raise NotImplementedError

    @override
    def new_statistic(self, device: torch.device | str | None) -> SumStatistic:
        return SumStatistic(
            "RootMeanSquaredError",
            root_mean_squared_error_sums,
            key="squared errors",
            on_host=squared_error_on_host,
            is_by_column=True,
            device=device,
        )

    @override
    def as_tensor(self) -> Tensor:
        sums = self.statistic.column_sums()
        return root_mean_squared_error_result(sums, multioutput=self.multioutput)


class LogErrorMetric(SumMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    """What is computed from squared errors of logarithms; :class:`MeanSquaredLogError` says how."""

    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        multioutput: Multioutput = "uniform_average",
        validate: Validation = "first",
        device: torch.device | str | None = None,
    ) -> None:
        name = type(self).__name__
        check_multioutput(multioutput, where=name)
        statistic = SumStatistic(
            name,
            functools.partial(mean_squared_log_error_sums, multioutput=multioutput),
            key="squared log errors",
            is_by_column=multioutput == "raw_values",
            check=functools.partial(check_above_minus_one, where=name),
            validate=validate,
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)


@final
class MeanSquaredLogError(LogErrorMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Mean squared error of logarithms: :math:`\frac{1}{n}\sum_i (\ln(1+y_i) - \ln(1+p_i))^2`.

    Being wrong by a factor counts the same for small and large values, and too low counts more than
    too high. A value of -1 makes it infinite or NaN, one below NaN, where that is not checked.

    Predictions and targets have one shape, ``(N,)`` or ``(N, columns, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        multioutput: ``"uniform_average"`` gives a float; ``"raw_values"`` gives a tensor, one mean
            per column, float64 (float32 on MPS), shape ``(columns,)``.
        validate: In which updates predictions and targets are checked to be above -1, for which the
            host waits for the device: in the ``"first"`` that has values after a reset,
            ``"always"``, ``"never"``.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` or ``validate`` is another word; the
            number of columns, where it is asked for, changes between batches; or a value is -1 or
            lower where that is checked.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scikit-learn's ``mean_squared_log_error``.
        Better is lower, from 0, no unit.

    Example:
        >>> import torch
        >>> error = MeanSquaredLogError()
        >>> error.update((torch.tensor([0.0, 3.0]), torch.tensor([0.0, 1.0])))
        >>> round(error.compute(), 4)
        0.2402
    """

    higher_is_better: ClassVar[bool | None] = False

    if TYPE_CHECKING:  # which result there is goes with `multioutput`

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "MeanSquaredLogError[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["raw_values"],
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "MeanSquaredLogError[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "MeanSquaredLogError[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["raw_values"],
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "MeanSquaredLogError[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            multioutput: Multioutput = "uniform_average",
            validate: Validation = "first",
            device: torch.device | str | None = None,
        ) -> "MeanSquaredLogError[object, Never]":
            raise NotImplementedError

    @override
    def as_tensor(self) -> Tensor:
        statistic = self.statistic
        sums = statistic.column_sums() if self.needs_columns else statistic.sums()
        return mean_result(sums, where="MeanSquaredLogError")
