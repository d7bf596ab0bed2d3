"""Errors in proportion to prediction and target together."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._pairs import mean_result
from firesteel.metrics._functional._relative_errors import (
    fractional_absolute_error_sums,
    fractional_bias_sums,
)
from firesteel.metrics._mean import PredTarget

from ._sums import SumMetric, SumStatistic

__all__ = ["FractionalAbsoluteError", "FractionalBias", "SymmetricMeanAbsolutePercentageError"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class FractionalAbsoluteError(SumMetric[float, OutputT]):
    r"""Mean of the fractional errors: :math:`\frac{1}{n} \sum_i 2 |e_i| / (|p_i| + |y_i|)`.

    Here :math:`e_i = y_i - p_i`. Where prediction and target are both 0 there is no error, and 0 is
    counted.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        Botchkarev, arXiv 1809.03006, 2018. ignite gives NaN for 0 / 0.
        Better is lower, from 0 to 2, no unit.

    Example:
        >>> import torch
        >>> error = FractionalAbsoluteError()
        >>> error.update((torch.tensor([3.0, 0.0]), torch.tensor([1.0, 0.0])))
        >>> error.compute()
        0.5
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "FractionalAbsoluteError[PredTarget]",
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
            "FractionalAbsoluteError",
            fractional_absolute_error_sums,
            key="fractional_absolute_error",
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return mean_result(self.statistic.sums(), where="FractionalAbsoluteError")


@final
class SymmetricMeanAbsolutePercentageError(SumMetric[float, OutputT]):
    r"""Symmetric percentage error, as a fraction: :math:`\frac1n \sum_i 2|e_i| / (|p_i| + |y_i|)`.

    The name under which :class:`FractionalAbsoluteError` is better known. 1 stands for 100 %. Where
    prediction and target are both 0 there is no error, and 0 is counted.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        torchmetrics' ``SymmetricMeanAbsolutePercentageError``.
        Better is lower, from 0 to 2, no unit.

    Example:
        >>> import torch
        >>> error = SymmetricMeanAbsolutePercentageError()
        >>> error.update((torch.tensor([3.0, 0.0]), torch.tensor([1.0, 0.0])))
        >>> error.compute()
        0.5
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "SymmetricMeanAbsolutePercentageError[PredTarget]",
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
            "SymmetricMeanAbsolutePercentageError",
            fractional_absolute_error_sums,
            key="fractional_absolute_error",
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return mean_result(self.statistic.sums(), where="SymmetricMeanAbsolutePercentageError")


@final
class FractionalBias(SumMetric[float, OutputT]):
    r"""Mean of the signed fractional errors: :math:`\frac{1}{n} \sum_i 2 e_i / (p_i + y_i)`.

    Here :math:`e_i = y_i - p_i`. Where prediction and target are both 0 there is no error, and 0 is
    counted. Positive where predictions are too low. Where prediction and target cancel, the value
    is infinite.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        Botchkarev, arXiv 1809.03006, 2018. ignite gives NaN for 0 / 0.
        Best is 0; from -2 to 2 for values that are not negative, which it is meant for.

    Example:
        >>> import torch
        >>> bias = FractionalBias()
        >>> bias.update((torch.tensor([1.0, 0.0]), torch.tensor([3.0, 0.0])))
        >>> bias.compute()
        0.5
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "FractionalBias[PredTarget]",
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
            "FractionalBias", fractional_bias_sums, key="fractional_bias", device=device
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return mean_result(self.statistic.sums(), where="FractionalBias")
