"""What is made of means and spreads: correlation, explained variance, and their relatives."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Generic, Literal, Never, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._moments import (
    concordance_correlation_result,
    explained_variance_result,
    pearson_correlation_result,
    r2_score_result,
    relative_squared_error_result,
)
from firesteel.metrics._functional._pairs import Multioutput
from firesteel.metrics._mean import PredTarget

from ._moment_statistic import MomentMetric

__all__ = [
    "ConcordanceCorrelation",
    "ExplainedVariance",
    "PearsonCorrelation",
    "R2Score",
    "RelativeSquaredError",
]

ResultT = TypeVar("ResultT", covariant=True, default=float)
OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class PearsonCorrelation(MomentMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Linear correlation: :math:`\mathrm{Cov}(p, y) / \sqrt{\mathrm{Var}(p) \, \mathrm{Var}(y)}`.

    NaN where prediction or target is constant, one sample included: nothing then varies together.
    Axes after the second count as samples.

    Predictions and targets have one shape, ``(N,)`` or ``(N, columns, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        multioutput: ``"uniform_average"`` gives a float; ``"raw_values"`` gives a tensor, one
            correlation per column, float64 (float32 on MPS), shape ``(columns,)``.
        device: Where the moments are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word; or the number of
            columns changes between batches.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scipy's ``pearsonr``. ignite gives 0 for constants, and loses digits where the mean is large
        beside the spread.
        Better is higher, from -1 to 1.

    Example:
        >>> import torch
        >>> correlation = PearsonCorrelation()
        >>> correlation.update((torch.tensor([1.0, 2.0]), torch.tensor([1.0, 3.0])))
        >>> correlation.update((torch.tensor([3.0]), torch.tensor([2.0])))
        >>> round(correlation.compute(), 4)
        0.5
    """

    higher_is_better: ClassVar[bool | None] = True
    is_crossed: ClassVar[bool] = True

    if TYPE_CHECKING:  # which result there is goes with `multioutput`

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "PearsonCorrelation[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "PearsonCorrelation[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "PearsonCorrelation[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "PearsonCorrelation[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            multioutput: Multioutput = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "PearsonCorrelation[object, Never]":
            raise NotImplementedError

    @override
    def as_tensor(self) -> Tensor:
        return pearson_correlation_result(self.statistic.merged(), multioutput=self.multioutput)


@final
class ConcordanceCorrelation(MomentMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Lin's concordance: :math:`2 s_{py} / (s_p^2 + s_y^2 + (\bar p - \bar y)^2)`.

    How close the pairs lie to the diagonal, with :math:`s` divided by :math:`n`. A shift or a scale
    costs, other than in :class:`PearsonCorrelation`, with which it shares its moments. 0 where one
    is constant, NaN where both are the same constant. Axes after the second count as samples.

    Predictions and targets have one shape, ``(N,)`` or ``(N, columns, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        multioutput: ``"uniform_average"`` gives a float; ``"raw_values"`` gives a tensor, one value
            per column, float64 (float32 on MPS), shape ``(columns,)``.
        device: Where the moments are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word; or the number of
            columns changes between batches.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        Lin, "A concordance correlation coefficient to evaluate reproducibility", Biometrics 45,
        1989. torchmetrics divides by :math:`n - 1`.
        Better is higher, from -1 to 1.

    Example:
        >>> import torch
        >>> concordance = ConcordanceCorrelation()
        >>> concordance.update((torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 3.0, 4.0])))
        >>> round(concordance.compute(), 4)
        0.5714
    """

    higher_is_better: ClassVar[bool | None] = True
    is_crossed: ClassVar[bool] = True

    if TYPE_CHECKING:  # which result there is goes with `multioutput`

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "ConcordanceCorrelation[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "ConcordanceCorrelation[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "ConcordanceCorrelation[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "ConcordanceCorrelation[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            multioutput: Multioutput = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "ConcordanceCorrelation[object, Never]":
            raise NotImplementedError

    @override
    def as_tensor(self) -> Tensor:
        return concordance_correlation_result(self.statistic.merged(), multioutput=self.multioutput)


@final
class R2Score(MomentMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Share of the target's spread that is predicted: :math:`1 - \sum e^2 / \sum (y - \bar y)^2`.

    Here :math:`e = y - p`. Of a constant target it is 1 if all is predicted exactly, else 0; of one
    sample it is NaN. Axes after the second count as samples.

    Predictions and targets have one shape, ``(N,)`` or ``(N, columns, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        multioutput: ``"uniform_average"`` gives a float; ``"raw_values"`` gives a tensor, one score
            per column, float64 (float32 on MPS), shape ``(columns,)``.
        device: Where the moments are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word; or the number of
            columns changes between batches.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scikit-learn's ``r2_score``, constants included. ignite takes all columns as one.
        Better is higher, up to 1; predicting the mean gives 0, and there is no lower bound.

    Example:
        >>> import torch
        >>> score = R2Score()
        >>> score.update((torch.tensor([1.0, 2.0]), torch.tensor([1.0, 2.0])))
        >>> score.update((torch.tensor([4.0]), torch.tensor([3.0])))
        >>> round(score.compute(), 4)
        0.5
    """

    higher_is_better: ClassVar[bool | None] = True
    is_crossed: ClassVar[bool] = False

    if TYPE_CHECKING:  # which result there is goes with `multioutput`

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "R2Score[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "R2Score[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "R2Score[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "R2Score[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            multioutput: Multioutput = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "R2Score[object, Never]":
            raise NotImplementedError

    @override
    def as_tensor(self) -> Tensor:
        return r2_score_result(self.statistic.merged(), multioutput=self.multioutput)


@final
class ExplainedVariance(MomentMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Share of the variance that is predicted: :math:`1 - \mathrm{Var}(e) / \mathrm{Var}(y)`.

    Here :math:`e = y - p`. Other than in :class:`R2Score`, with which it shares its moments, an
    error that is the same everywhere costs nothing. Of a constant target it is 1 if the error is
    constant too, else 0. Axes after the second count as samples.

    Predictions and targets have one shape, ``(N,)`` or ``(N, columns, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        multioutput: ``"uniform_average"`` gives a float; ``"raw_values"`` gives a tensor, one score
            per column, float64 (float32 on MPS), shape ``(columns,)``.
        device: Where the moments are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word; or the number of
            columns changes between batches.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scikit-learn's ``explained_variance_score``, constants included.
        Better is higher, up to 1, without a lower bound.

    Example:
        >>> import torch
        >>> score = ExplainedVariance()
        >>> score.update((torch.tensor([11.0, 12.0, 13.0]), torch.tensor([1.0, 2.0, 3.0])))
        >>> score.compute()
        1.0
    """

    higher_is_better: ClassVar[bool | None] = True
    is_crossed: ClassVar[bool] = False

    if TYPE_CHECKING:  # which result there is goes with `multioutput`

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "ExplainedVariance[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "ExplainedVariance[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "ExplainedVariance[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "ExplainedVariance[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            multioutput: Multioutput = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "ExplainedVariance[object, Never]":
            raise NotImplementedError

    @override
    def as_tensor(self) -> Tensor:
        return explained_variance_result(self.statistic.merged(), multioutput=self.multioutput)


@final
class RelativeSquaredError(MomentMetric[ResultT, OutputT], Generic[ResultT, OutputT]):
    r"""Squared errors beside those of the mean target: :math:`\sum e^2 / \sum (y - \bar y)^2`.

    Here :math:`e = y - p`. This is 1 minus :class:`R2Score`, with which it shares its moments, save
    that for constant targets the division decides: infinity, or NaN if all is predicted exactly.
    Axes after the second count as samples.

    Predictions and targets have one shape, ``(N,)`` or ``(N, columns, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        multioutput: ``"uniform_average"`` gives a float; ``"raw_values"`` gives a tensor, one value
            per column, float64 (float32 on MPS), shape ``(columns,)``.
        device: Where the moments are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``multioutput`` is another word; or the number of
            columns changes between batches.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        torchmetrics' ``RelativeSquaredError``, which divides by a tiny number instead of 0.
        Better is lower, from 0; predicting the mean gives 1.

    Example:
        >>> import torch
        >>> error = RelativeSquaredError()
        >>> error.update((torch.tensor([1.0, 2.0, 4.0]), torch.tensor([1.0, 2.0, 3.0])))
        >>> round(error.compute(), 4)
        0.5
    """

    higher_is_better: ClassVar[bool | None] = False
    is_crossed: ClassVar[bool] = False

    if TYPE_CHECKING:  # which result there is goes with `multioutput`

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "RelativeSquaredError[float, PredTarget]": ...

        @overload
        def __new__(
            cls,
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "RelativeSquaredError[Tensor, PredTarget]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["uniform_average"] = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "RelativeSquaredError[float, OutputT]": ...

        @overload
        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget],
            *,
            multioutput: Literal["raw_values"],
            device: torch.device | str | None = None,
        ) -> "RelativeSquaredError[Tensor, OutputT]": ...

        def __new__(
            cls,
            output_transform: Callable[[OutputT], PredTarget] | None = None,
            *,
            multioutput: Multioutput = "uniform_average",
            device: torch.device | str | None = None,
        ) -> "RelativeSquaredError[object, Never]":
            raise NotImplementedError

    @override
    def as_tensor(self) -> Tensor:
        return relative_squared_error_result(self.statistic.merged(), multioutput=self.multioutput)
