"""Accumulations of one's own choice, geometric means, and means of tensors."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import ClassVar, Final, Literal, TypeAlias, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import is_a, is_callable, mismatch
from firesteel.errors import ArgumentError, NotComputableError

from ._fields import Field, field
from ._mean import Scalar, as_scalar, in_double
from ._metric import Metric

__all__ = ["GeometricAverage", "Quantity", "TensorAverage", "VariableAccumulation"]

Quantity: TypeAlias = float | Tensor
"""A number, or a tensor of any shape."""

RankReduction: TypeAlias = Literal["sum", "max", "min"]

QuantityOutputT = TypeVar("QuantityOutputT", contravariant=True, default=Quantity)
ScalarOutputT = TypeVar("ScalarOutputT", contravariant=True, default=Scalar)
TensorOutputT = TypeVar("TensorOutputT", contravariant=True, default=Tensor)

_STARTS: Final = MappingProxyType({"sum": 0.0, "max": -math.inf, "min": math.inf})
"""What leaves the accumulation of others as it is, so that a rank without data does no harm."""


@final
class VariableAccumulation(Metric[Quantity, tuple[Tensor, int], QuantityOutputT]):
    r"""What a function makes of all inputs, one after the other: :math:`a_t = f(a_{t-1}, x_t)`.

    The result is :math:`a` and the number of samples: a tensor with two axes or more is a batch of
    as many as its first axis is long; anything else is one. What :math:`f` gives has one shape in
    all updates. Neither the order of the inputs nor their split over ranks matters where :math:`f`
    adds up (and ``reduce`` is ``"sum"``), or takes the larger (``"max"``) or the smaller one
    (``"min"``); for other functions the accumulations of the ranks are brought together by
    ``reduce`` all the same.

    Args:
        op: :math:`f`. Gives a tensor from what was accumulated and the input, both in double
            precision (single on MPS), the former of shape ``()`` in the first update.
        output_transform: Gives the input from the engine's output.
        reduce: How what several ranks, or two metrics, have accumulated is brought together. It
            also decides what :math:`a_0` is: 0 for ``"sum"``, an infinity for ``"max"`` and
            ``"min"``.
        device: Where the accumulation is kept; ``None`` for where the values are.

    Raises:
        ArgumentError: ``reduce`` is unknown, or ``op`` gave tensors of several shapes.
        ArgumentTypeError: ``op`` is not callable, or gave no tensor; or an input is no number.
        NotComputableError: ``compute`` was called before any update.

    Source:
        ignite's metric of this name, which gives (0, 0) where nothing was seen.
        There is no better direction.

    Example:
        >>> import torch
        >>> squares = VariableAccumulation(lambda total, rows: total + (rows**2).sum(dim=0))
        >>> squares.update(torch.tensor([[1.0, 2.0], [3.0, 0.0]]))
        >>> squares.update(torch.tensor([[0.0, 1.0]]))
        >>> squares.compute()
        (tensor([10.,  5.], dtype=torch.float64), 3)
    """

    higher_is_better: ClassVar[bool | None] = None

    accumulator: Tensor
    num_examples: int

    @overload
    def __init__(
        self: "VariableAccumulation[Quantity]",
        op: Callable[[Tensor, Tensor], Tensor],
        *,
        reduce: RankReduction = "sum",
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        op: Callable[[Tensor, Tensor], Tensor],
        output_transform: Callable[[QuantityOutputT], Quantity],
        *,
        reduce: RankReduction = "sum",
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        op: Callable[[Tensor, Tensor], Tensor],
        output_transform: Callable[[QuantityOutputT], Quantity] | None = None,
        *,
        reduce: RankReduction = "sum",
        device: torch.device | str | None = None,
    ) -> None:
        is_callable("VariableAccumulation", "op", op)
        if reduce not in _STARTS:
            condition = f"one of {tuple(_STARTS)}"
            raise ArgumentError(mismatch("VariableAccumulation", "reduce", condition, reduce))
        self._op = op
        self._start = _STARTS[reduce]
        start = torch.tensor(self._start, dtype=torch.float64)
        self._fields: dict[str, Field] = {
            "accumulator": Field(start, reduce, is_open=True),
            "num_examples": Field(0, "sum", is_open=False),
        }
        super().__init__(output_transform, device=device)

    @override
    def declared_fields(self) -> Mapping[str, Field]:
        return self._fields

    @override
    def update(self, value: Quantity, /) -> None:
        """Take an input in.

        Args:
            value: A number, or a tensor of any shape and real dtype. One without elements is
                nothing.
        """
        where = "VariableAccumulation"
        is_a(where, "value", value, Tensor | float | int, "a number or a tensor")
        given = value if isinstance(value, Tensor) else torch.tensor(value, dtype=torch.float64)
        if not given.numel():
            return
        # copied in any case: what `op` gives may be the input itself, which is not ours to keep
        taken = _double_copy(given, self.device)
        if isinstance(value, Tensor):
            self.accumulator = self._brought_to(taken)
        result = self._op(self.accumulator, taken)
        is_a(f"{where}: what op gives", "it", result, Tensor, "a tensor")
        if self.num_examples and result.shape != self.accumulator.shape:
            raise ArgumentError(
                f"{where}: op must give one shape in all updates, got {list(result.shape)} after "
                f"{list(self.accumulator.shape)}"
            )
        self.accumulator = result.detach()
        self.num_examples += len(given) if given.ndim > 1 else 1

    @override
    def compute(self) -> tuple[Tensor, int]:
        if not self.num_examples:
            raise NotComputableError("VariableAccumulation: needs at least one update")
        return self.accumulator.clone(), self.num_examples

    def _brought_to(self, value: Tensor) -> Tensor:
        """Give the accumulation where the value is."""
        accumulator = self.accumulator
        if accumulator.device == value.device:
            return accumulator
        if self.num_examples:
            return accumulator.to(value.device)
        # made there: to copy it from here would be to wait
        return torch.full((), self._start, dtype=value.dtype, device=value.device)


@final
class GeometricAverage(Metric[Scalar, float, ScalarOutputT]):
    r"""Geometric mean of one number per update: :math:`\exp(\frac{1}{n} \sum_i \log x_i)`.

    Numbers have to be positive: with a 0 among them the result is 0, with a negative one NaN.

    Args:
        output_transform: Gives the number from the engine's output.
        device: Where the sum of logarithms is kept; ``None`` for where the values are.

    Raises:
        NotComputableError: ``compute`` was called before any update.

    Source:
        ignite's metric of this name, for numbers, in double precision throughout. There is no
        better direction.

    Example:
        >>> mean = GeometricAverage()
        >>> for factor in (1.0, 4.0):
        ...     mean.update(factor)
        >>> mean.compute()
        2.0
    """

    higher_is_better: ClassVar[bool | None] = None

    total: Scalar = field(0.0)
    num: int = field(0)

    @overload
    def __init__(
        self: "GeometricAverage[Scalar]", *, device: torch.device | str | None = None
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[ScalarOutputT], Scalar],
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[ScalarOutputT], Scalar] | None = None,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(output_transform, device=device)

    @override
    def update(self, value: Scalar, /) -> None:
        """Take a number in.

        Args:
            value: A number, or a tensor of shape ``()`` of any real dtype.

        Raises:
            ArgumentError: The tensor has axes.
            ArgumentTypeError: It is no number.
        """
        value = in_double(as_scalar("GeometricAverage", value), self.device)
        self.total = self.total + (value.log() if isinstance(value, Tensor) else _log(value))
        self.num += 1

    @override
    def compute(self) -> float:
        if not self.num:
            raise NotComputableError("GeometricAverage: needs at least one update")
        return math.exp(float(self.total) / self.num)


@final
class TensorAverage(Metric[Tensor, Tensor, TensorOutputT]):
    r"""Mean of tensors of one shape, entry by entry: :math:`\frac{1}{n} \sum_i x_i`.

    A tensor with one axis is one sample. One with more is a batch of samples, along its first axis:
    the result has one axis less.

    Args:
        output_transform: Gives the tensor from the engine's output.
        device: Where the sum is kept; ``None`` for where the values are.

    Raises:
        ArgumentError: A tensor has no axes, or a sample another shape than those before.
        NotComputableError: ``compute`` was called before any sample was seen.

    Source:
        ignite's ``Average``, where it is given vectors. There is no better direction.

    Example:
        >>> import torch
        >>> mean = TensorAverage()
        >>> mean.update(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        >>> mean.update(torch.tensor([5.0, 0.0]))
        >>> mean.compute()
        tensor([3., 2.], dtype=torch.float64)
    """

    higher_is_better: ClassVar[bool | None] = None

    total: Tensor = field(torch.zeros((), dtype=torch.float64), is_open=True)
    num: int = field(0)

    @overload
    def __init__(
        self: "TensorAverage[Tensor]", *, device: torch.device | str | None = None
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[TensorOutputT], Tensor],
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[TensorOutputT], Tensor] | None = None,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        super().__init__(output_transform, device=device)

    @override
    def update(self, value: Tensor, /) -> None:
        """Take a sample in, or a batch of them.

        Args:
            value: Shape ``(size,)``, or ``(batch, ...)``; any real dtype. One without elements is
                nothing.
        """
        is_a("TensorAverage", "value", value, Tensor, "a tensor")
        if not value.ndim:
            raise ArgumentError(
                "TensorAverage: value must have at least one axis, got a tensor of shape []; "
                "Average takes numbers"
            )
        if not value.numel():
            return
        shape = value.shape[1:] if value.ndim > 1 else value.shape
        if self.num and shape != self.total.shape:
            raise ArgumentError(
                f"TensorAverage: samples must have one shape, got {list(shape)} after "
                f"{list(self.total.shape)}"
            )
        value = value.detach()
        if value.ndim > 1:
            # summed in double without a copy of the batch in double
            added = value.sum(dim=0, dtype=torch.float32 if value.is_mps else torch.float64)
        else:
            added = value
        double = in_double(added, self.device)
        total = self.total
        if isinstance(double, Tensor) and total.ndim and total.device != double.device:
            total = total.to(double.device)  # loaded, or brought to the host
        self.total = total + double
        self.num += len(value) if value.ndim > 1 else 1

    @override
    def compute(self) -> Tensor:
        if not self.num:
            raise NotComputableError("TensorAverage: needs at least one sample")
        return self.total / self.num


def _double_copy(value: Tensor, device: torch.device | None) -> Tensor:
    """Copy a value to a device in double precision, without waiting for it."""
    home = value.device if device is None else device
    dtype = torch.float32 if home.type == "mps" else torch.float64  # MPS has no float64
    return value.detach().to(home, dtype, copy=True)


def _log(value: float) -> float:
    if value > 0:
        return math.log(value)
    return -math.inf if value == 0 else math.nan
