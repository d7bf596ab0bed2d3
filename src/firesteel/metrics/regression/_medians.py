"""Medians of errors, which need all values."""

from collections.abc import Callable
from typing import ClassVar, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel.metrics._functional._medians import (
    median_absolute_error,
    median_absolute_percentage_error,
    median_relative_absolute_error,
)
from firesteel.metrics._mean import PredTarget

from ._all_pairs import AllPairs
from ._pair_statistic import PairMetric

__all__ = ["MedianAbsoluteError", "MedianAbsolutePercentageError", "MedianRelativeAbsoluteError"]

OutputT = TypeVar("OutputT", contravariant=True, default=PredTarget)


@final
class MedianAbsoluteError(PairMetric[AllPairs, float, OutputT]):
    r"""Median of the absolute errors: :math:`\mathrm{med}_i |y_i - p_i|`.

    Over all elements, whatever their axes. Half of them may be arbitrarily wrong without effect.

    With an even number of values the median is the mean of the two in the middle; NaN anywhere
    gives NaN. All values are kept.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the values are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        scikit-learn's ``median_absolute_error`` of one column. ignite takes the lower of the two in
        the middle.
        Better is lower, from 0, in the unit of the target.

    Example:
        >>> import torch
        >>> error = MedianAbsoluteError()
        >>> error.update((torch.tensor([1.0, 2.0]), torch.tensor([1.5, 4.0])))
        >>> error.update((torch.tensor([9.0]), torch.tensor([3.0])))
        >>> error.compute()
        2.0
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "MedianAbsoluteError[PredTarget]",
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
        statistic = AllPairs("MedianAbsoluteError", device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return median_absolute_error(*self.statistic.pairs())


@final
class MedianAbsolutePercentageError(PairMetric[AllPairs, float, OutputT]):
    r"""Median absolute error in percent of the target: :math:`100 \, \mathrm{med}_i |e_i| / |y_i|`.

    Here :math:`e_i = y_i - p_i`. In percent, as ignite has it; the means with percentage in their
    names give fractions. A target of 0 counts as infinite error, and one that was predicted exactly
    makes the whole NaN.

    With an even number of values the median is the mean of the two in the middle; NaN anywhere
    gives NaN. All values are kept.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the values are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        Botchkarev, arXiv 1809.03006, 2018. ignite takes the lower of the two in the middle.
        Better is lower, from 0, in percent.

    Example:
        >>> import torch
        >>> error = MedianAbsolutePercentageError()
        >>> error.update((torch.tensor([1.0, 3.0, 9.0]), torch.tensor([1.0, 4.0, 3.0])))
        >>> error.compute()
        25.0
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "MedianAbsolutePercentageError[PredTarget]",
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
        statistic = AllPairs("MedianAbsolutePercentageError", device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return median_absolute_percentage_error(*self.statistic.pairs())


@final
class MedianRelativeAbsoluteError(PairMetric[AllPairs, float, OutputT]):
    r"""Median of errors beside those of the mean target: :math:`\mathrm{med}_i |e_i|/|y_i-\bar y|`.

    Here :math:`e_i = y_i - p_i`, and :math:`\bar y` is the mean of all targets. Below 1 is better
    than predicting it. A target at the mean counts as infinite error, and one that was predicted
    exactly makes the whole NaN.

    With an even number of values the median is the mean of the two in the middle; NaN anywhere
    gives NaN. All values are kept.

    Predictions and targets have one shape, ``(N,)`` or ``(N, ...)``, and any real dtypes.

    Args:
        output_transform: Gives predictions and targets from the engine's output.
        device: Where the values are kept; ``None`` for where the inputs are.

    Raises:
        ArgumentError: The shapes differ.
        ArgumentTypeError: An input is complex.
        NotComputableError: ``compute`` was called before any value was seen.

    Source:
        Botchkarev, arXiv 1809.03006, 2018. ignite takes the lower of the two in the middle.
        Better is lower, from 0, no unit.

    Example:
        >>> import torch
        >>> error = MedianRelativeAbsoluteError()
        >>> error.update((torch.tensor([2.0, 5.0, 10.0]), torch.tensor([0.0, 4.0, 8.0])))
        >>> error.compute()
        0.5
    """

    higher_is_better: ClassVar[bool | None] = False

    @overload
    def __init__(
        self: "MedianRelativeAbsoluteError[PredTarget]",
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
        statistic = AllPairs("MedianRelativeAbsoluteError", device=device)
        super().__init__(statistic, output_transform, device=device)

    @override
    def as_tensor(self) -> Tensor:
        return median_relative_absolute_error(*self.statistic.pairs())
