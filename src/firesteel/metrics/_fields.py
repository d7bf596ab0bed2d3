"""Declared state: what is added up over batches, and how parts of it are brought together."""

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Final, Literal, Self, TypeAlias, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeIs, TypeVar, override

from firesteel._require import mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError, StateDictError

__all__ = ["Field", "HasFields", "Merge", "Reduction", "Value", "field"]

Value: TypeAlias = int | float | Tensor | list[Tensor]
"""What a field holds; a list only where it is concatenated."""

Merge: TypeAlias = Callable[[Tensor], Tensor]
"""Brings parts together that are stacked along a first axis."""

Reduction: TypeAlias = Literal["sum", "max", "min", "mean", "cat"] | Merge

ValueT = TypeVar("ValueT", int, float, Tensor)

_NAMED: Final = ("sum", "max", "min", "mean", "cat")


@final
class Field:
    """How one piece of a metric's state begins, and how parts of it are brought together.

    Attributes:
        default: What it holds after a reset.
        reduce: How parts are brought together.
        is_open: Whether its shape, or its class of elements, is only known once there is data.
    """

    __slots__ = ("default", "is_open", "reduce")

    def __init__(self, default: Value, reduce: Reduction, *, is_open: bool) -> None:
        self.default: Value = default
        self.reduce: Reduction = reduce
        self.is_open: bool = is_open

    def is_unseen(self, value: Value) -> bool:
        """Tell whether a value has not the shape yet that comes with the data."""
        if isinstance(value, list):
            return not value
        is_bare = isinstance(value, Tensor) and not value.ndim
        return (
            self.is_open and is_bare and isinstance(self.default, Tensor) and not self.default.ndim
        )

    def fresh(self, device: torch.device | None) -> Value:
        """Give what the field begins with, to be written into."""
        if isinstance(self.default, list):
            return []
        if isinstance(self.default, Tensor):
            return self.default.clone() if device is None else self.default.to(device, copy=True)
        return self.default


@overload
def field(
    default: ValueT,
    *,
    reduce: Literal["sum", "max", "min", "mean"] | Merge = "sum",
    is_open: bool = False,
) -> ValueT: ...
@overload
def field(*, reduce: Literal["cat"]) -> list[Tensor]: ...
def field(
    default: float | Tensor | None = None,
    *,
    reduce: Reduction = "sum",
    is_open: bool = False,
) -> Value:
    """Declare a piece of a metric's state, once: in the body of the class.

    From the declaration follow ``reset``, ``state_dict``, ``merge`` and the way in which ranks are
    brought together. On an instance the name is a plain attribute with the type of the default.

    A tensor's default lies on the CPU until there is data. Add to it by ``self.x = self.x + y``: a
    tensor without axes goes with the device of ``y``, and takes its shape.

    Args:
        default: What it holds after a reset: a number, or a tensor. For ``"sum"`` it must be 0, for
            ``"mean"`` NaN (NaN stands for nothing seen).
        reduce: How parts, of two metrics or of several ranks, are brought together: by ``"sum"``,
            ``"max"``, ``"min"``; by ``"mean"``, of those that are not NaN; by ``"cat"``, along the
            first axis (then there is no default, and the field is a list of tensors); or by a
            function that is handed the parts stacked along a new first axis.
        is_open: Whether the shape is only known once there is data, as with one entry per class
            where nobody said how many classes there are. Ranks then tell one another their shapes
            first, which takes one more collective for all metrics together.

    Raises:
        ArgumentError: ``reduce`` is unknown, or the default does not fit it.

    Example:
        >>> import torch
        >>> from firesteel.metrics import Metric, field
        >>> class MeanLength(Metric[torch.Tensor, float]):
        ...     total = field(torch.zeros((), dtype=torch.float64))
        ...     num = field(0)
        ...     def update(self, value: torch.Tensor) -> None:
        ...         self.total = self.total + value.norm(dim=1).sum(dtype=torch.float64)
        ...         self.num += len(value)
        ...     def compute(self) -> float:
        ...         return float(self.total) / self.num
        >>> metric = MeanLength()
        >>> metric.update(torch.tensor([[3.0, 4.0], [0.0, 1.0]]))
        >>> metric.compute()
        3.0
    """
    if not callable(reduce) and reduce not in _NAMED:
        raise ArgumentError(mismatch("field", "reduce", f"one of {_NAMED} or a function", reduce))
    if reduce == "cat":
        if default is not None:
            raise ArgumentError(
                mismatch("field", "default", "left out where reduce='cat'", default)
            )
        declared = Field([], reduce, is_open=True)
    else:
        if default is None:
            raise ArgumentError("field: default must be given unless reduce='cat', got none")
        _refuse_default(default, reduce)
        declared = Field(default, reduce, is_open=is_open)
    # the class has the declaration, its instances have values
    return declared  # type: ignore[return-value]


def _refuse_default(default: float | Tensor, reduce: Reduction) -> None:
    if reduce == "sum" and bool(torch.as_tensor(default != 0).any()):
        raise ArgumentError(mismatch("field", "default", "0 where reduce='sum'", default))
    if reduce == "mean" and not bool(torch.as_tensor(default != default).all()):  # noqa: PLR0124  # NaN
        raise ArgumentError(mismatch("field", "default", "NaN where reduce='mean'", default))


class HasFields:
    """Something whose state is declared by :func:`field`."""

    _declared: ClassVar[Mapping[str, Field]] = {}

    is_loaded: bool = False
    """Whether the state was loaded, and no reset has been due since then."""

    @override
    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        own = {name: value for name, value in vars(cls).items() if isinstance(value, Field)}
        cls._declared = {**cls._declared, **own}

    def declared_fields(self) -> Mapping[str, Field]:
        """Give the fields by name; to be overridden where they are only known at run time."""
        return self._declared

    def read_fields(self) -> dict[str, Value]:
        """Give the fields' values, not copied."""
        mine = vars(self)
        return {name: mine[name] for name in self.declared_fields()}

    def write_fields(self, values: Mapping[str, Value]) -> None:
        """Take over the fields' values, as they are."""
        vars(self).update(values)

    def reset_fields(self, device: torch.device | None) -> None:
        """Have all fields begin anew, on a device; ``None`` for where the inputs will be."""
        self.write_fields(
            {name: declared.fresh(device) for name, declared in self.declared_fields().items()}
        )

    def require_fields(self, where: str) -> None:
        """Refuse to go on where no state is declared.

        Args:
            where: The operation, for the error.

        Raises:
            StateDictError: No state is declared by :func:`field`.
        """
        if not self.declared_fields():
            raise StateDictError(
                f"{where}: the state of {type(self).__name__} must be declared by field(...), "
                "so that it can be copied and brought together"
            )

    def merge(self, other: Self) -> None:
        """Take in what another one has seen, as if this one had seen it itself.

        Args:
            other: One of the same kind and with the same options; it stays as it is.

        Raises:
            StateDictError: The state is not declared by :func:`field`.
            ArgumentTypeError: It is of another kind.
            ArgumentError: The shapes of a field do not go together.
        """
        self.take_in(other)

    def take_in(self, other: "HasFields") -> None:
        """Do what :meth:`merge` says, with whatever comes.

        Args:
            other: What it may be.
        """
        where = type(self).__name__
        if type(other) is not type(self):
            raise ArgumentTypeError(mismatch(f"{where}.merge", "other", f"a {where}", other))
        self.require_fields(f"{where}.merge")
        mine, theirs = self.read_fields(), other.read_fields()
        if mine.keys() != theirs.keys():
            raise ArgumentTypeError(
                f"{where}.merge: other must be made with the same options, its state has "
                f"{sorted(theirs)} instead of {sorted(mine)}"
            )
        merged: dict[str, Value] = {}
        for name, declared in self.declared_fields().items():
            try:
                merged[name] = merged_values(declared, [mine[name], theirs[name]])
            except RuntimeError as error:
                raise ArgumentError(
                    f"{where}.merge: the parts of {name!r} must go together, got "
                    f"{_shape(mine[name])} and {_shape(theirs[name])}"
                ) from error
        self.write_fields(merged)

    def state_dict(self) -> dict[str, object]:
        """Give what was seen since the last reset: copies, by the names of the fields.

        Raises:
            StateDictError: The state is not declared by :func:`field`.
        """
        self.require_fields(f"{type(self).__name__}.state_dict")
        return {name: _copied(value) for name, value in self.read_fields().items()}

    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Stand where another one stood; this one stays as it was where something is wrong.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: Entries are missing, unknown, or of another kind.
        """
        where = f"{type(self).__name__}.load_state_dict"
        fields = self.declared_fields()
        if set(state_dict) != set(fields):
            raise StateDictError(
                f"{where}: the entries must be {sorted(fields)}, got {sorted(state_dict)}"
            )
        self.write_fields(
            {name: _loaded(where, name, fields[name], state_dict[name]) for name in fields}
        )
        self.is_loaded = True


def merged_values(declared: Field, parts: Sequence[Value]) -> Value:
    """Bring parts of one field together; tensors come to the device of the first with axes."""
    reduce = declared.reduce
    if reduce == "cat":
        return [tensor for part in parts if isinstance(part, list) for tensor in part]
    if all(isinstance(part, int | float) for part in parts):
        numbers = [part for part in parts if isinstance(part, int | float)]
        return _merged_numbers(declared, numbers)
    tensors = _together([as_tensor(part) for part in parts])
    if callable(reduce):
        seen = [tensor for tensor in tensors if not declared.is_unseen(tensor)]
        return reduce(torch.stack(seen)) if seen else tensors[0]
    if reduce == "mean":
        shape = max((tensor.shape for tensor in tensors), key=len)
        return torch.stack([tensor.expand(shape) for tensor in tensors]).nanmean(dim=0)
    join = torch.add if reduce == "sum" else torch.maximum if reduce == "max" else torch.minimum
    return functools.reduce(join, tensors)


def _merged_numbers(declared: Field, numbers: Sequence[int | float]) -> Value:
    reduce = declared.reduce
    if callable(reduce):
        merged = reduce(torch.tensor(numbers, dtype=torch.float64))
        return float(merged)
    if reduce == "sum":
        return sum(numbers)
    if reduce == "mean":
        seen = [number for number in numbers if not math.isnan(number)]
        return sum(seen) / len(seen) if seen else math.nan
    return max(numbers) if reduce == "max" else min(numbers)


def _together(tensors: Sequence[Tensor]) -> list[Tensor]:
    """Bring tensors to the device of the first with axes, else of the first not on a CPU."""
    with_axes = [tensor for tensor in tensors if tensor.ndim]
    elsewhere = [tensor for tensor in tensors if tensor.device.type != "cpu"]
    device = (with_axes or elsewhere or list(tensors))[0].device
    return [tensor.to(device) for tensor in tensors]


def as_tensor(value: Value) -> Tensor:
    """Give a field's value as one tensor; numbers in double precision."""
    if isinstance(value, list):
        if not value:
            return torch.zeros(0)
        if len(value) == 1:
            return value[0]
        device = value[-1].device  # what was loaded may lie elsewhere than what came after it
        return torch.cat([tensor.to(device) for tensor in value])
    if isinstance(value, Tensor):
        return value.detach()
    return torch.tensor(value, dtype=torch.float64 if isinstance(value, float) else torch.int64)


def _copied(value: Value) -> Value:
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, list):
        return [tensor.detach().clone() for tensor in value]
    return value


def _loaded(where: str, name: str, declared: Field, value: object) -> Value:
    """Check and copy one entry."""
    default = declared.default
    if isinstance(default, list) and _is_list(value):
        tensors = [tensor for tensor in value if isinstance(tensor, Tensor)]
        if len(tensors) == len(value):
            return _copied(tensors)
    elif isinstance(default, Tensor) and isinstance(value, Tensor):
        fits = declared.is_open or value.shape == default.shape
        if fits and (declared.is_open or value.dtype == default.dtype):
            return _copied(value)
    elif isinstance(default, float) and isinstance(value, float | int):
        return float(value)
    elif isinstance(default, float) and isinstance(value, Tensor) and not value.ndim:
        return _copied(value)
    elif isinstance(default, int) and isinstance(value, int):
        return value
    raise StateDictError(f"{where}: {name!r} must be like {_shape(default)}, got {_shape(value)}")


def _is_list(value: object) -> TypeIs[list[object]]:
    return isinstance(value, list)


def _shape(value: object) -> str:
    if isinstance(value, Tensor):
        return f"a tensor of shape {list(value.shape)} and {value.dtype}"
    return "a list of tensors" if isinstance(value, list) else repr(value)
