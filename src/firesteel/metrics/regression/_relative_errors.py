"""Errors in proportion to the target."""

from collections.abc import Callable, Hashable
from typing import ClassVar, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._fields import as_tensor, field
from firesteel.metrics._functional._pairs import mean_result
from firesteel.metrics._functional._relative_errors import (
    WeightedSums,
    check_nonzero,
    geometric_mean_relative_absolute_error,
    mean_absolute_relative_error_sums,
    mean_normalized_bias_sums,
    weighted_mean_absolute_percentage_error_result,
    weighted_mean_absolute_percentage_error_sums,
)
from firesteel.metrics._mean import PredTarget, Scalar
from firesteel.metrics._validation import Validation

from ._all_pairs import AllPairs
from ._pair_statistic import Check, PairMetric, PairStatistic
from ._sums import SumMetric, SumStatistic

__all__ = [
    "GeometricMeanRelativeAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanAbsoluteRelativeError",
    "MeanNormalizedBias",
    "WeightedMeanAbsolutePercentageError",
]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class MeanAbsoluteRelativeError(SumMetric[float, OutputT]):
    r"""Mean of the absolute errors, each relative to its target: :math:`\frac1n \sum |e_i|/|y_i|`.

    Here :math:`e_i = y_i - p_i`. A fraction, not a percentage. A target of 0 makes it infinite, or
    NaN if it was predicted exactly.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        validate: In which updates targets are checked to be other than 0, for which the host waits
            for the device: in the ``"first"`` that has values after a reset, ``"always"``,
            ``"never"``.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``validate`` is another word; or a target is 0 where
            that is checked.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        Botchkarev, arXiv 1809.03006, 2018. ignite refuses targets of 0, as ``validate="always"``
        does.
        Better is lower, from 0, no unit.

    Example:
        >>> import torch
        >>> error = MeanAbsoluteRelativeError()
        >>> error.update((torch.tensor([3.0, 5.0]), torch.tensor([2.0, 4.0])))
        >>> error.compute()
        0.375
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "MeanAbsoluteRelativeError[PredTarget]",
        *,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None:
        statistic = SumStatistic(
            "MeanAbsoluteRelativeError",
            mean_absolute_relative_error_sums,
            key="mean_absolute_relative_error",
            check=_zeros_refused("MeanAbsoluteRelativeError"),
            validate=validate,
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return mean_result(self.statistic.sums(), where="MeanAbsoluteRelativeError")


@final
class MeanAbsolutePercentageError(SumMetric[float, OutputT]):
    r"""Mean absolute percentage error, as a fraction: :math:`\frac{1}{n} \sum_i |e_i| / |y_i|`.

    The name under which :class:`MeanAbsoluteRelativeError` is better known. 1 stands for 100 %. A
    target of 0 makes it infinite, or NaN if it was predicted exactly.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        validate: In which updates targets are checked to be other than 0, for which the host waits
            for the device: in the ``"first"`` that has values after a reset, ``"always"``,
            ``"never"``.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``validate`` is another word; or a target is 0 where
            that is checked.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scikit-learn's ``mean_absolute_percentage_error``, which divides by a tiny number instead of
        0.
        Better is lower, from 0, no unit.

    Example:
        >>> import torch
        >>> error = MeanAbsolutePercentageError()
        >>> error.update((torch.tensor([3.0, 5.0]), torch.tensor([2.0, 4.0])))
        >>> error.compute()
        0.375
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "MeanAbsolutePercentageError[PredTarget]",
        *,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None:
        statistic = SumStatistic(
            "MeanAbsolutePercentageError",
            mean_absolute_relative_error_sums,
            key="mean_absolute_relative_error",
            check=_zeros_refused("MeanAbsolutePercentageError"),
            validate=validate,
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return mean_result(self.statistic.sums(), where="MeanAbsolutePercentageError")


@final
class MeanNormalizedBias(SumMetric[float, OutputT]):
    r"""Mean of the signed errors, each relative to its target: :math:`\frac1n \sum_i e_i / y_i`.

    Here :math:`e_i = y_i - p_i`. Positive where predictions fall short of positive targets. A
    target of 0 makes it infinite, or NaN if it was predicted exactly.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        validate: In which updates targets are checked to be other than 0, for which the host waits
            for the device: in the ``"first"`` that has values after a reset, ``"always"``,
            ``"never"``.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ, or ``validate`` is another word; or a target is 0 where
            that is checked.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        Botchkarev, arXiv 1809.03006, 2018. ignite refuses targets of 0, as ``validate="always"``
        does.
        Best is 0, from minus to plus infinity, no unit.

    Example:
        >>> import torch
        >>> bias = MeanNormalizedBias()
        >>> bias.update((torch.tensor([1.0, 5.0]), torch.tensor([2.0, 4.0])))
        >>> bias.compute()
        0.125
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "MeanNormalizedBias[PredTarget]",
        *,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget],
        *,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], PredTarget] | None = None,
        *,
        validate: Validation = "never",
        device: torch.device | str | None = None,
    ) -> None:
        statistic = SumStatistic(
            "MeanNormalizedBias",
            mean_normalized_bias_sums,
            key="mean_normalized_bias",
            check=_zeros_refused("MeanNormalizedBias"),
            validate=validate,
            device=device,
        )
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return mean_result(self.statistic.sums(), where="MeanNormalizedBias")


@final
class ErrorAndScale(PairStatistic):
    """Sums of absolute errors and of absolute targets."""

    error: Scalar = field(0.0)
    scale: Scalar = field(0.0)
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
        sums = weighted_mean_absolute_percentage_error_sums(prediction, target)
        self.error = self.error + self.on_own_device(sums.error)
        self.scale = self.scale + self.on_own_device(sums.scale)
        self.num_values += sums.num_values

    def sums(self) -> WeightedSums:
        """Give the sums of all batches."""
        error, scale = as_tensor(self.error), as_tensor(self.scale)
        return WeightedSums(error, scale, self.num_values)


@final
class WeightedMeanAbsolutePercentageError(PairMetric[ErrorAndScale, float, OutputT]):
    r"""Sum of the absolute errors relative to that of the targets: :math:`\sum |e_i| / \sum |y_i|`.

    Here :math:`e_i = y_i - p_i`. A fraction: 1 stands for 100 %. Single targets of 0 do no harm; if
    all are, the value is infinite, or NaN if all were predicted exactly.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the sums are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        torchmetrics' ``WeightedMeanAbsolutePercentageError``, which divides by a tiny number
        instead of 0.
        Better is lower, from 0, no unit.

    Example:
        >>> import torch
        >>> error = WeightedMeanAbsolutePercentageError()
        >>> error.update((torch.tensor([3.0, 1.0]), torch.tensor([4.0, 0.0])))
        >>> error.compute()
        0.5
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "WeightedMeanAbsolutePercentageError[PredTarget]",
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
        statistic = ErrorAndScale("WeightedMeanAbsolutePercentageError", device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return weighted_mean_absolute_percentage_error_result(self.statistic.sums())


@final
class GeometricMeanRelativeAbsoluteError(PairMetric[AllPairs, float, OutputT]):
    r"""Geometric mean of errors beside those of the mean target: :math:`e^{\frac1n \sum \ln r_i}`.

    Here :math:`r_i = |y_i - p_i| / |y_i - \bar y|`, with :math:`\bar y` the mean of all targets, so
    all values are kept. Below 1 is better than predicting the mean. An exact hit makes it 0, a
    target at the mean infinite, both together NaN.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the values are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        Botchkarev, arXiv 1809.03006, 2018.
        Better is lower, from 0, no unit.

    Example:
        >>> import torch
        >>> error = GeometricMeanRelativeAbsoluteError()
        >>> error.update((torch.tensor([2.0, 3.0]), torch.tensor([1.0, 5.0])))
        >>> round(error.compute(), 4)
        0.7071
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "GeometricMeanRelativeAbsoluteError[PredTarget]",
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
        statistic = AllPairs("GeometricMeanRelativeAbsoluteError", device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return geometric_mean_relative_absolute_error(*self.statistic.pairs())


def _zeros_refused(name: str) -> Check:
    """Give what refuses targets of 0."""

    def check(_: Tensor, target: Tensor) -> None:
        check_nonzero(target, where=name)

    return check
