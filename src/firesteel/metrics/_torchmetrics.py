"""TorchMetric: metrics of the package torchmetrics, attached and brought together as ours are."""

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping

# Any: torchmetrics' metrics take and keep what they like; `convert` takes what they give.
from typing import Any, ClassVar, Final, Generic, Protocol, TypeAlias, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeIs, TypeVar, override

from firesteel._optional import load
from firesteel._require import is_a, is_callable, mismatch
from firesteel.errors import ArgumentTypeError, NotComputableError

from ._fields import Field, HasFields, Merge, Reduction, Value
from ._metric import Metric

__all__ = ["TorchInput", "TorchMetric", "TorchMetricLike"]

TorchInput: TypeAlias = tuple[object, ...]
"""The positional arguments of a torchmetrics metric's ``update``."""

ResultT = TypeVar("ResultT", covariant=True, default=Tensor)
OutputT = TypeVar("OutputT", contravariant=True, default=TorchInput)
ComputedT = TypeVar("ComputedT", covariant=True)
# the methods' own: the class's variables on `self` are an error for pyright
A = TypeVar("A")
R = TypeVar("R")

_COUNT: Final = "num_updates"

_MAX_AXES: Final = 6


class TorchMetricLike(Protocol[ComputedT]):
    """What is asked of a metric of torchmetrics, or a collection of them."""

    @property
    def update(self) -> Callable[..., object]:
        """Take arguments in."""
        ...

    def compute(self) -> ComputedT:
        """Give the result."""
        ...


class TorchModule(TorchMetricLike[object], Protocol):
    """What a metric of torchmetrics is besides: a module."""

    def named_modules(self) -> Iterator[tuple[str, object]]: ...
    def to(self, device: torch.device, /) -> object: ...
    def reset(self) -> None: ...


class Owner(Protocol):
    """A metric of torchmetrics, as far as it is looked into here."""

    compute_on_cpu: bool
    compute_with_cache: bool
    distributed_available_fn: Callable[[], bool]

    @property
    def device(self) -> torch.device: ...


class HeldState(ABC):
    """One state of a metric of torchmetrics, as one field of ours or two.

    Args:
        owner: Whose state it is.
        name: The attribute that it is kept in.
        key: The name of the field.
    """

    def __init__(self, owner: Owner, name: str, key: str) -> None:
        self._owner = owner
        self._name = name
        self._key = key

    @abstractmethod
    def fields(self) -> dict[str, Field]:
        """Declare what it is kept in."""

    @abstractmethod
    def read(self) -> dict[str, Value]:
        """Give the values of the fields."""

    @abstractmethod
    def write(self, values: Mapping[str, Value]) -> None:
        """Have the state be what the values of the fields say."""

    @property
    def _value(self) -> object:
        return vars(self._owner)[self._name]

    def _tensor(self) -> Tensor:
        value = self._value
        is_a("TorchMetric", f"the state {self._name!r}", value, Tensor, "a tensor")
        return value if isinstance(value, Tensor) else torch.empty(0)

    def _list(self) -> list[Tensor]:
        value = self._value
        entries = value if _is_list(value) else [value]
        tensors = [entry for entry in entries if isinstance(entry, Tensor)]
        if len(tensors) != len(entries):
            raise ArgumentTypeError(
                f"TorchMetric: the state {self._name!r} of {type(self._owner).__name__} must hold "
                "tensors to be saved or brought together, got other things too"
            )
        return tensors

    def _keep(self, value: Tensor | list[Tensor]) -> None:
        home = self._owner.device
        if isinstance(value, Tensor):
            vars(self._owner)[self._name] = value.to(home)
        else:
            home = torch.device("cpu") if self._owner.compute_on_cpu else home
            vars(self._owner)[self._name] = [tensor.to(home) for tensor in value]


@final
class Folded(HeldState):
    """A tensor, of which parts are added up, or the extremes taken."""

    def __init__(self, owner: Owner, name: str, key: str, reduce: Reduction) -> None:
        super().__init__(owner, name, key)
        self._field = Field(self._tensor().detach().cpu().clone(), reduce, is_open=True)

    @override
    def fields(self) -> dict[str, Field]:
        return {self._key: self._field}

    @override
    def read(self) -> dict[str, Value]:
        return {self._key: self._tensor()}

    @override
    def write(self, values: Mapping[str, Value]) -> None:
        self._keep(_as_tensor(values[self._key]))


@final
class Stacked(HeldState):
    """A tensor, of which parts are stacked and given to a function, or left so where it is None.

    A further axis tells ranks that have seen data from those that have not said their shape yet.
    """

    def __init__(self, owner: Owner, name: str, key: str, merge: Merge | None) -> None:
        super().__init__(owner, name, key)
        self._merge = merge
        self._field = Field(self._tensor().detach().cpu()[None], self._merged, is_open=True)

    @override
    def fields(self) -> dict[str, Field]:
        return {self._key: self._field}

    @override
    def read(self) -> dict[str, Value]:
        return {self._key: self._tensor()[None]}

    @override
    def write(self, values: Mapping[str, Value]) -> None:
        self._keep(_as_tensor(values[self._key])[0])

    def _merged(self, parts: Tensor) -> Tensor:
        parts = parts[:, 0]
        return (parts if self._merge is None else self._merge(parts))[None]


@final
class Listed(HeldState):
    """A list of tensors that are one after the other: where one ends and another begins is free."""

    @override
    def fields(self) -> dict[str, Field]:
        return {self._key: Field([], "cat", is_open=True)}

    @override
    def read(self) -> dict[str, Value]:
        # torchmetrics puts tensors without axes in a row as well
        return {self._key: [tensor if tensor.ndim else tensor[None] for tensor in self._list()]}

    @override
    def write(self, values: Mapping[str, Value]) -> None:
        self._keep(_as_list(values[self._key]))


@final
class Separate(HeldState):
    """A list of tensors that stay apart, as those of images do: sent as one, with their shapes."""

    @override
    def fields(self) -> dict[str, Field]:
        empty = {self._key, f"{self._key}.shapes"}
        return {key: Field([], "cat", is_open=True) for key in sorted(empty)}

    @override
    def read(self) -> dict[str, Value]:
        tensors = self._list()
        shapes = [[tensor.ndim, *tensor.shape] for tensor in tensors]
        if any(len(shape) > 1 + _MAX_AXES for shape in shapes):
            raise ArgumentTypeError(
                f"TorchMetric: the state {self._name!r} of {type(self._owner).__name__} must hold "
                f"tensors of at most {_MAX_AXES} axes, got one of more"
            )
        filled = [shape + [0] * (1 + _MAX_AXES - len(shape)) for shape in shapes]
        return {
            self._key: [tensor.detach().reshape(-1) for tensor in tensors],
            f"{self._key}.shapes": [torch.tensor(filled)] if filled else [],
        }

    @override
    def write(self, values: Mapping[str, Value]) -> None:
        flat, told = _as_list(values[self._key]), _as_list(values[f"{self._key}.shapes"])
        if not told:
            self._keep([])
            return
        rows = [[int(number) for number in row] for tensor in told for row in tensor.cpu()]
        shapes = [torch.Size(row[1 : 1 + row[0]]) for row in rows]
        parts = torch.split(torch.cat(flat), [shape.numel() for shape in shapes])
        self._keep([part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)])


@final
class TorchMetric(Metric[TorchInput, ResultT, OutputT], Generic[ResultT, OutputT]):
    """A metric of torchmetrics, or a ``MetricCollection``, as one of ours.

    The transform gives the positional arguments of its ``update``, as a tuple: most metrics take
    ``(preds, target)``, an aggregator ``(value,)``. The result has the type that its ``compute``
    says. That is a tensor for most metrics and a ``dict`` for a collection; ``convert=float`` makes
    a number of it. Constructors that give no certain class, as ``torchmetrics.Accuracy(task=...)``,
    say nothing of their result: give them ``convert``, or take ``MulticlassAccuracy``.

    What is attached is a private copy, reset: the metric that was given is never changed. States
    are brought together over ranks by what torchmetrics declares (``dist_reduce_fx``), but with
    those of all other metrics, in the same few collectives; torchmetrics itself sends nothing, and
    its ``process_group``, ``dist_sync_fn`` and ``sync_on_compute`` are not used. A state whose
    ``dist_reduce_fx`` is ``"mean"`` is the plain mean over ranks, those without data included, as
    torchmetrics has it. A batch that is empty in all of its tensors and lists is nothing.

    The copy is moved to where the first batch is. Batches are detached; where tensors are kept in
    lists they are copied, as a loader may use their memory again. Whether an update waits for the
    device is up to the metric: with ``validate_args=False`` those of classification do not.

    What a metric keeps without declaring it is neither saved nor brought together: the extremes of
    ``MinMaxMetric``, the count of ``Running``. States of lists that hold other things than tensors
    (masks of ``MeanAveragePrecision``) are refused when a result is computed.

    Args:
        metric: The metric, or collection.
        output_transform: Gives the arguments of its ``update`` from the engine's output.
        convert: Makes the result of what ``compute`` gives; ``None`` for just that.
        device: Where the state is kept, and batches are moved to; ``None`` for where they are.

    Raises:
        ArgumentTypeError: It is no metric of torchmetrics, or has a state that is a list with a
            reduction of its own; or an input is no tuple.
        MissingExtraError: The package torchmetrics is not installed.
        NotComputableError: ``compute`` was called before any update.

    Example:
        >>> import torch
        >>> from torchmetrics.classification import MulticlassF1Score
        >>> score = TorchMetric(MulticlassF1Score(num_classes=3), convert=float)
        >>> score.update((torch.tensor([0, 1, 2, 2]), torch.tensor([0, 1, 2, 1])))
        >>> round(score.compute(), 4)
        0.7778
    """

    higher_is_better: ClassVar[bool | None] = None

    @overload
    def __init__(
        self: "TorchMetric[R, TorchInput]",
        metric: TorchMetricLike[R],
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        metric: TorchMetricLike[ResultT],
        output_transform: Callable[[OutputT], TorchInput],
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "TorchMetric[R, TorchInput]",
        metric: TorchMetricLike[A],
        *,
        convert: Callable[[A], R],
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        metric: TorchMetricLike[A],
        output_transform: Callable[[OutputT], TorchInput],
        *,
        convert: Callable[[A], ResultT],
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        metric: TorchMetricLike[Any],
        output_transform: Callable[[OutputT], TorchInput] | None = None,
        *,
        convert: Callable[[Any], Any] | None = None,
        device: torch.device | str | None = None,
    ) -> None:
        package = load("TorchMetric", "torchmetrics", extra="torchmetrics")
        kinds = (package.Metric, package.MetricCollection)
        if not _is_module(metric, kinds):
            raise ArgumentTypeError(
                mismatch("TorchMetric", "metric", "a metric of torchmetrics", metric)
            )
        if convert is not None:
            is_callable("TorchMetric", "convert", convert)
        self._convert: Callable[[Any], ResultT] | None = convert
        self._name = type(metric).__name__
        self._held = Held(metric, kinds[0])
        self._num_updates = 0
        super().__init__(output_transform, device=device)

    @override
    def reset(self) -> None:
        self._held.reset()
        self._num_updates = 0

    @override
    def update(self, value: TorchInput, /) -> None:
        """Take a batch in.

        Args:
            value: The positional arguments of the metric's ``update``.
        """
        is_a("TorchMetric", "value", value, tuple, f"the arguments of {self._name} as a tuple")
        if _is_nothing(value):
            return
        self._held.update(value, self.device)
        self._num_updates += 1

    @override
    def compute(self) -> ResultT:
        if not self._num_updates:
            raise NotComputableError(f"TorchMetric: {self._name} needs at least one update")
        result: Any = self._held.compute()
        return result if self._convert is None else self._convert(result)

    @override
    def declared_fields(self) -> Mapping[str, Field]:
        return self._held.fields

    @override
    def read_fields(self) -> dict[str, Value]:
        return {_COUNT: self._num_updates, **self._held.read()}

    @override
    def write_fields(self, values: Mapping[str, Value]) -> None:
        num_updates = values[_COUNT]
        self._num_updates = num_updates if isinstance(num_updates, int) else 0
        self._held.write(values, self._num_updates)

    @override
    def take_in(self, other: HasFields) -> None:
        where = "TorchMetric.merge"
        if _is_adapter(other):
            if other.declared_fields().keys() != self.declared_fields().keys():
                raise ArgumentTypeError(mismatch(where, "other", f"of {self._name}", other))
            if self._held.is_unmergeable:
                raise ArgumentTypeError(
                    f"{where}: the states of {self._name} must say how they are merged, got "
                    "one whose dist_reduce_fx is None"
                )
        super().take_in(other)


@final
class Held:
    """A private copy of a metric of torchmetrics, or of a collection, with all states in it.

    Not callable, as metrics of torchmetrics are: what is callable stays one object in copies.

    Args:
        metric: The metric or collection; it stays as it is.
        kind: The class of metrics.

    Attributes:
        fields: What the states are kept in, by name.
        is_unmergeable: Whether a state does not say how parts of it are brought together.
    """

    def __init__(self, metric: TorchModule, kind: type[Any]) -> None:
        self._metric = copy.deepcopy(metric)
        self._placed: torch.device | None = None
        self._owners: list[Owner] = []
        self._states: list[HeldState] = []
        self.is_unmergeable = False
        reductions = load("TorchMetric", "torchmetrics.utilities.data", extra="torchmetrics")
        named: Mapping[object, Reduction] = {
            reductions.dim_zero_sum: "sum",
            reductions.dim_zero_max: "max",
            reductions.dim_zero_min: "min",
            reductions.dim_zero_cat: "cat",
        }
        for path, module in self._metric.named_modules():
            if _is_owner(module, kind):
                module.compute_with_cache = False  # states are written from here
                module.distributed_available_fn = _never  # nothing is sent in there
                self._owners.append(module)
                self._add_states(module, f"{path}." if path else "", named)
        self.fields: dict[str, Field] = {_COUNT: Field(0, "sum", is_open=False)}
        for state in self._states:
            self.fields.update(state.fields())

    def reset(self) -> None:
        """Forget all batches."""
        self._metric.reset()

    def update(self, arguments: tuple[object, ...], device: torch.device | None) -> None:
        """Take a batch in.

        Args:
            arguments: The arguments of the metric's ``update``.
            device: Where to move them; ``None`` for nowhere.
        """
        is_listed = any(isinstance(state, Listed | Separate) for state in self._states)
        prepared = [_prepared(argument, device, is_copied=is_listed) for argument in arguments]
        home = device or next(_devices(prepared), None)
        if home is not None and home != self._placed:
            self._metric.to(home)
            self._placed = home
        self._metric.update(*prepared)

    def compute(self) -> object:
        """Give the result."""
        return self._metric.compute()

    def read(self) -> dict[str, Value]:
        """Give the values of all fields but the number of updates."""
        return {key: value for state in self._states for key, value in state.read().items()}

    def write(self, values: Mapping[str, Value], num_updates: int) -> None:
        """Have the states be what the values of the fields say.

        Args:
            values: The values.
            num_updates: How many updates they come from; torchmetrics warns where there is none.
        """
        for state in self._states:
            state.write(values)
        for owner in self._owners:
            vars(owner)["_update_count"] = num_updates

    def _add_states(self, owner: Owner, path: str, named: Mapping[object, Reduction]) -> None:
        mine = vars(owner)
        for name, default in mine["_defaults"].items():
            if name not in mine:
                continue  # a wrapper that shows what it wraps
            key, reduction = f"state.{path}{name}", mine["_reductions"][name]
            reduce = named.get(reduction)
            if isinstance(default, Tensor):
                if reduce in {"sum", "max", "min"} and reduce is not None:
                    self._states.append(Folded(owner, name, key, reduce))
                else:
                    self._states.append(Stacked(owner, name, key, reduction))
                    self.is_unmergeable |= reduction is None
            elif reduce == "cat":
                self._states.append(Listed(owner, name, key))
            elif reduction is None:
                self._states.append(Separate(owner, name, key))
            else:
                raise ArgumentTypeError(
                    f"TorchMetric: the state {name!r} of {type(owner).__name__} must be reduced by "
                    f"'cat' or None, as it is a list, got {reduction!r}"
                )


def _never() -> bool:
    return False


def _is_module(metric: object, kinds: tuple[type[Any], ...]) -> TypeIs[TorchModule]:
    return isinstance(metric, kinds)


def _is_owner(module: object, kind: type[Any]) -> TypeIs[Owner]:
    return isinstance(module, kind)


def _is_adapter(metric: HasFields) -> TypeIs[TorchMetric[object, Any]]:
    return isinstance(metric, TorchMetric)


def _is_list(value: object) -> TypeIs[list[object]]:
    return isinstance(value, list)


def _is_row(value: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)


def _is_mapping(value: object) -> TypeIs[dict[object, object]]:
    return isinstance(value, dict)


def _as_tensor(value: Value) -> Tensor:
    return value if isinstance(value, Tensor) else torch.as_tensor(value)


def _as_list(value: Value) -> list[Tensor]:
    return value if isinstance(value, list) else [_as_tensor(value)]


def _is_nothing(arguments: tuple[object, ...]) -> bool:
    """Tell whether there are tensors with axes, or lists, and all of them are empty."""
    lengths = [
        len(argument)
        for argument in arguments
        if _is_list(argument) or (isinstance(argument, Tensor) and argument.ndim)
    ]
    return bool(lengths) and not any(lengths)


def _prepared(value: object, device: torch.device | None, *, is_copied: bool) -> object:
    """Detach tensors, in lists and dicts too, move them, and copy what is to be kept."""
    if isinstance(value, Tensor):
        value = value.detach()
        home = value.device if device is None else device
        return value.to(home, copy=is_copied)
    if _is_mapping(value):
        return {key: _prepared(entry, device, is_copied=is_copied) for key, entry in value.items()}
    if _is_row(value):
        prepared = [_prepared(entry, device, is_copied=is_copied) for entry in value]
        return prepared if isinstance(value, list) else tuple(prepared)
    return value


def _devices(values: Iterable[object]) -> Iterator[torch.device]:
    """Give where tensors are, those in lists and dicts too."""
    for value in values:
        if isinstance(value, Tensor):
            yield value.device
        elif _is_mapping(value):
            yield from _devices(value.values())
        elif _is_row(value):
            yield from _devices(value)
