"""Metric: what is reset, updated with outputs, and computed."""

from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType

# Any: a metric does not care for the batches of the engine that it is attached to.
from typing import Any, ClassVar, Final, Generic, TypeAlias, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeIs, TypeVar, override

from firesteel._require import is_a, is_callable, mismatch
from firesteel.engine import Attachable, Engine, MetricKey
from firesteel.errors import ArgumentTypeError, StateDictError

from ._board import Board, Computation, holders_of, parts_of
from ._fields import HasFields
from ._reduction import held_together
from ._usage import EpochWise, MetricUsage

__all__ = ["Metric", "MetricGroup", "MetricsLambda", "over_all_ranks"]

InputT = TypeVar("InputT", contravariant=True)
ResultT = TypeVar("ResultT", covariant=True)
OutputT = TypeVar("OutputT", contravariant=True, default=InputT)
# the methods' own: the class's variables on `self` are an error for pyright
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
OutT = TypeVar("OutT")
R = TypeVar("R")
MemberT = TypeVar("MemberT")
LambdaOutputT = TypeVar("LambdaOutputT", contravariant=True)
EngineOutputT = TypeVar("EngineOutputT")

TensorIndex: TypeAlias = int | slice | Tensor | tuple[int | slice | Tensor | None, ...] | None
"""What a tensor can be indexed with."""

_EPOCH_WISE: Final = EpochWise()


class Metric(
    Computation, Attachable[OutputT, MetricKey[ResultT], str], Generic[InputT, ResultT, OutputT]
):
    """Something that is computed from the outputs of an engine.

    ``Metric[InputT, ResultT]`` takes an ``InputT`` at each update and gives a ``ResultT``. Derive
    from it and fill in :meth:`reset`, :meth:`update` and :meth:`compute`; that is a metric for
    engines whose output is an ``InputT``. For other engines say where the input is in the output,
    by an ``output_transform``, here or when the metric is attached.

    A metric can be used without an engine, by its three methods.

    Args:
        output_transform: Gives the input from the engine's output; ``None`` where the output is the
            input.
        device: Where the metric keeps its sums; ``None`` for where the inputs are.

    Raises:
        ArgumentTypeError: ``output_transform`` is not callable.

    Example:
        >>> from firesteel.engine import Engine
        >>> class Largest(Metric[float, float]):
        ...     def reset(self) -> None:
        ...         self._largest = float("-inf")
        ...     def update(self, value: float) -> None:
        ...         self._largest = max(self._largest, value)
        ...     def compute(self) -> float:
        ...         return self._largest
        >>> evaluator = Engine(lambda engine, batch: float(batch))
        >>> largest = Largest().attach(evaluator, "largest")
        >>> evaluator.run([1, 3, 2]).metrics[largest]
        3.0
    """

    higher_is_better: ClassVar[bool | None] = None
    """Which way is better; ``None`` where neither is, or where nobody said."""

    @overload
    def __init__(self: "Metric[A, R, A]", *, device: torch.device | str | None = None) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], InputT],
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], InputT] | None,
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], InputT] | None = None,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        if output_transform is not None:
            is_callable(type(self).__name__, "output_transform", output_transform)
        super().__init__(output_transform, device=device)
        self.reset()

    @override
    @abstractmethod
    def update(self, value: InputT, /) -> None:
        """Take an input in.

        Args:
            value: What the metric is computed from, usually for a whole batch.
        """

    @override
    @abstractmethod
    def compute(self) -> ResultT:
        """Give the result for all inputs since the last :meth:`reset`, leaving the state as it is.

        Raises:
            NotComputableError: There was no input that a result could be computed from.
        """

    @overload
    def attach(
        self, engine: Engine[Any, OutputT], name: str, *, usage: MetricUsage = ...
    ) -> MetricKey[ResultT]: ...
    @overload
    def attach(
        self,
        engine: Engine[Any, EngineOutputT],
        name: str,
        *,
        output_transform: Callable[[EngineOutputT], InputT],
        usage: MetricUsage = ...,
    ) -> MetricKey[ResultT]: ...
    def attach(
        self,
        engine: Engine[Any, Any],
        name: str,
        *,
        output_transform: Callable[[Any], InputT] | None = None,
        usage: MetricUsage = _EPOCH_WISE,
    ) -> MetricKey[ResultT]:
        """Reset, update and compute this metric as an engine runs.

        The result is in ``engine.state.metrics``. Attached twice to one engine, the metric is
        updated once and its result is there under both names.

        Args:
            engine: The engine.
            name: The name of the result.
            output_transform: Gives the input from this engine's output, in place of the one that
                the metric was made with.
            usage: On which events; over each epoch, where nothing is said.

        Returns:
            The key that reads the result: ``engine.state.metrics[key]`` has the result's type.

        Raises:
            ArgumentError: Another metric has this name, or this metric is attached to the engine
                with another usage.
            ArgumentTypeError: ``output_transform`` is not callable.
        """
        transform = self.own_transform if output_transform is None else output_transform
        if transform is not None:
            is_callable(type(self).__name__, "output_transform", transform)
        key: MetricKey[ResultT] = MetricKey(name)
        Board.of(engine).attach(engine, self, key, transform, usage)
        return key

    @final
    @override
    def attach_to(self, engine: Engine[Any, OutputT], name: str) -> MetricKey[ResultT]:
        """Attach over each epoch; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
            name: The name of the result.
        """
        return self.attach(engine, name)

    def detach(self, engine: Engine[Any, Any]) -> None:
        """Take this metric off an engine, under all its names, and its results with it.

        Args:
            engine: The engine. Where the metric is not attached to it, nothing happens.
        """
        Board.of(engine).detach(engine, self)

    def is_attached(self, engine: Engine[Any, Any]) -> bool:
        """Tell whether this metric is attached to an engine.

        Args:
            engine: The engine.
        """
        return Board.of(engine).is_attached(self)

    # arithmetic: a metric that is computed from the results of others
    @overload
    def __add__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, float, OutT] | float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __add__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, Tensor, OutT] | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __add__(
        self: "Metric[Any, Tensor, OutT]",
        other: "Metric[Any, float | Tensor, OutT] | float | Tensor",
        /,
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __add__(
        self: "Metric[Any, Any, Any]", other: "Metric[Any, Any, Any] | float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left + right, self, other)

    @overload
    def __radd__(
        self: "Metric[Any, float, OutT]", other: "float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __radd__(
        self: "Metric[Any, float, OutT]", other: "Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __radd__(
        self: "Metric[Any, Tensor, OutT]", other: "float | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __radd__(
        self: "Metric[Any, Any, Any]", other: "float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left + right, other, self)

    @overload
    def __sub__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, float, OutT] | float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __sub__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, Tensor, OutT] | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __sub__(
        self: "Metric[Any, Tensor, OutT]",
        other: "Metric[Any, float | Tensor, OutT] | float | Tensor",
        /,
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __sub__(
        self: "Metric[Any, Any, Any]", other: "Metric[Any, Any, Any] | float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left - right, self, other)

    @overload
    def __rsub__(
        self: "Metric[Any, float, OutT]", other: "float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __rsub__(
        self: "Metric[Any, float, OutT]", other: "Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __rsub__(
        self: "Metric[Any, Tensor, OutT]", other: "float | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __rsub__(
        self: "Metric[Any, Any, Any]", other: "float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left - right, other, self)

    @overload
    def __mul__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, float, OutT] | float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __mul__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, Tensor, OutT] | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __mul__(
        self: "Metric[Any, Tensor, OutT]",
        other: "Metric[Any, float | Tensor, OutT] | float | Tensor",
        /,
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __mul__(
        self: "Metric[Any, Any, Any]", other: "Metric[Any, Any, Any] | float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left * right, self, other)

    @overload
    def __rmul__(
        self: "Metric[Any, float, OutT]", other: "float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __rmul__(
        self: "Metric[Any, float, OutT]", other: "Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __rmul__(
        self: "Metric[Any, Tensor, OutT]", other: "float | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __rmul__(
        self: "Metric[Any, Any, Any]", other: "float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left * right, other, self)

    @overload
    def __truediv__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, float, OutT] | float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __truediv__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, Tensor, OutT] | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __truediv__(
        self: "Metric[Any, Tensor, OutT]",
        other: "Metric[Any, float | Tensor, OutT] | float | Tensor",
        /,
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __truediv__(
        self: "Metric[Any, Any, Any]", other: "Metric[Any, Any, Any] | float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left / right, self, other)

    @overload
    def __rtruediv__(
        self: "Metric[Any, float, OutT]", other: "float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __rtruediv__(
        self: "Metric[Any, float, OutT]", other: "Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __rtruediv__(
        self: "Metric[Any, Tensor, OutT]", other: "float | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __rtruediv__(
        self: "Metric[Any, Any, Any]", other: "float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left / right, other, self)

    @overload
    def __pow__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, float, OutT] | float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __pow__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, Tensor, OutT] | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __pow__(
        self: "Metric[Any, Tensor, OutT]",
        other: "Metric[Any, float | Tensor, OutT] | float | Tensor",
        /,
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __pow__(
        self: "Metric[Any, Any, Any]", other: "Metric[Any, Any, Any] | float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left**right, self, other)

    @overload
    def __rpow__(
        self: "Metric[Any, float, OutT]", other: "float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __rpow__(
        self: "Metric[Any, float, OutT]", other: "Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __rpow__(
        self: "Metric[Any, Tensor, OutT]", other: "float | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __rpow__(
        self: "Metric[Any, Any, Any]", other: "float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left**right, other, self)

    @overload
    def __mod__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, float, OutT] | float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __mod__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, Tensor, OutT] | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __mod__(
        self: "Metric[Any, Tensor, OutT]",
        other: "Metric[Any, float | Tensor, OutT] | float | Tensor",
        /,
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __mod__(
        self: "Metric[Any, Any, Any]", other: "Metric[Any, Any, Any] | float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left % right, self, other)

    @overload
    def __floordiv__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, float, OutT] | float", /
    ) -> "MetricsLambda[float, OutT]": ...
    @overload
    def __floordiv__(
        self: "Metric[Any, float, OutT]", other: "Metric[Any, Tensor, OutT] | Tensor", /
    ) -> "MetricsLambda[Tensor, OutT]": ...
    @overload
    def __floordiv__(
        self: "Metric[Any, Tensor, OutT]",
        other: "Metric[Any, float | Tensor, OutT] | float | Tensor",
        /,
    ) -> "MetricsLambda[Tensor, OutT]": ...
    def __floordiv__(
        self: "Metric[Any, Any, Any]", other: "Metric[Any, Any, Any] | float | Tensor", /
    ) -> "MetricsLambda[Any, Any]":
        return _combined(lambda left, right: left // right, self, other)

    @overload
    def __neg__(self: "Metric[Any, float, OutT]") -> "MetricsLambda[float, OutT]": ...
    @overload
    def __neg__(self: "Metric[Any, Tensor, OutT]") -> "MetricsLambda[Tensor, OutT]": ...
    def __neg__(self: "Metric[Any, Any, Any]") -> "MetricsLambda[Any, Any]":
        return MetricsLambda(lambda result: -result, self)

    @overload
    def __abs__(self: "Metric[Any, float, OutT]") -> "MetricsLambda[float, OutT]": ...
    @overload
    def __abs__(self: "Metric[Any, Tensor, OutT]") -> "MetricsLambda[Tensor, OutT]": ...
    def __abs__(self: "Metric[Any, Any, Any]") -> "MetricsLambda[Any, Any]":
        return MetricsLambda(abs, self)

    def __getitem__(
        self: "Metric[Any, Tensor, OutT]", index: "TensorIndex"
    ) -> "MetricsLambda[Tensor, OutT]":
        return MetricsLambda(lambda result: result[index], self)

    # indexing would otherwise make every metric a sequence without an end
    __iter__: None = None

    def map(self: "Metric[Any, A, OutT]", function: Callable[[A], R]) -> "MetricsLambda[R, OutT]":
        """Give a metric whose result is made from this one's by a function.

        Args:
            function: Takes this metric's result.

        Example:
            >>> from firesteel.metrics import Average
            >>> rounded = Average().map(round)
            >>> rounded.update(2.7)
            >>> rounded.compute()
            3
        """
        return MetricsLambda(function, self)


def _combined(
    function: Callable[[Any, Any], Any],
    left: "Metric[Any, Any, Any] | float | Tensor",
    right: "Metric[Any, Any, Any] | float | Tensor",
) -> "MetricsLambda[Any, Any]":
    """Give a metric of one or two metrics; the other operand is a constant."""
    if isinstance(left, Metric) and isinstance(right, Metric):
        return MetricsLambda(function, left, right)
    constant = right if isinstance(left, Metric) else left
    kinds = int | float | Tensor
    is_a("Metric", "each operand", constant, kinds, "a metric, a number or a tensor")
    if isinstance(left, Metric):
        return MetricsLambda(lambda result: function(result, right), left)
    if isinstance(right, Metric):
        return MetricsLambda(lambda result: function(left, result), right)
    raise ArgumentTypeError(mismatch("Metric", "one operand", "a metric", (left, right)))


def _is_state(value: object) -> TypeIs[Mapping[str, object]]:
    return isinstance(value, Mapping)


class Composite(Metric[LambdaOutputT, ResultT, LambdaOutputT]):
    """A metric that is made of others, each with its own transform.

    Args:
        metrics: What it is made of; what occurs several times is updated once.
    """

    def __init__(self, metrics: Sequence[Metric[Any, Any, LambdaOutputT]]) -> None:
        for metric in metrics:
            is_a(type(self).__name__, "each operand", metric, Metric, "a metric")
        self._metrics = list({id(metric): metric for metric in metrics}.values())
        # what it is made of stays as it is, so that there is nothing to reset
        Computation.__init__(self, None)

    @final
    @override
    def parts(self) -> Sequence[tuple[Computation, Callable[[Any], Any] | None]]:
        return [(metric, metric.own_transform) for metric in self._metrics]

    @final
    @override
    def reset(self) -> None:
        """Have the metrics that it is made of forget their inputs."""
        for metric in self._metrics:
            metric.reset()

    @final
    @override
    def update(self, value: LambdaOutputT, /) -> None:
        """Update each metric that it is made of, once, with what its transform gives.

        Args:
            value: An engine's output.
        """
        for metric, transform in parts_of(self, None):
            if not metric.parts():
                metric.update(value if transform is None else transform(value))

    @final
    @override
    def state_dict(self) -> dict[str, object]:
        """Give the state of the metrics that it is made of, by their numbers."""
        return {str(number): metric.state_dict() for number, metric in enumerate(self._metrics)}

    @final
    @override
    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Load the state of each metric that it is made of.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: Entries are missing, unknown, or of another kind.
        """
        where = f"{type(self).__name__}.load_state_dict"
        names = [str(number) for number in range(len(self._metrics))]
        states = [state_dict.get(name) for name in names]
        if len(state_dict) != len(names) or not all(map(_is_state, states)):
            raise StateDictError(
                f"{where}: the entries must be mappings {names}, got {sorted(state_dict)}"
            )
        for metric, state in zip(self._metrics, states, strict=True):
            if _is_state(state):
                metric.load_state_dict(state)

    @final
    @override
    def take_in(self, other: HasFields) -> None:
        theirs = other.parts() if isinstance(other, Computation) else ()
        if len(theirs) != len(self._metrics):
            where = f"{type(self).__name__}.merge"
            raise ArgumentTypeError(mismatch(where, "other", "made in the same way", other))
        for mine, (part, _) in zip(self._metrics, theirs, strict=True):
            mine.take_in(part)


@final
class MetricsLambda(Composite[LambdaOutputT, ResultT], Generic[ResultT, LambdaOutputT]):
    """A metric that is computed by a function from the results of others.

    Arithmetic gives one: ``2 * precision * recall / (precision + recall)``. Attached, the metrics
    that it is made of are reset and updated with it, but their results are not told to the engine
    unless they are attached as well; each is updated once per batch and computed once per epoch,
    however often it occurs.

    Args:
        function: Takes the results of the metrics, in their order.
        metrics: One to three metrics, of engines with one type of output.

    Raises:
        ArgumentTypeError: ``function`` is not callable, or an operand is no metric.

    Example:
        >>> from firesteel.metrics import Average, MetricsLambda
        >>> first, second = Average(lambda pair: pair[0]), Average(lambda pair: pair[1])
        >>> larger = MetricsLambda(max, first, second)
        >>> larger.update((1.0, 3.0))
        >>> larger.compute()
        3.0
    """

    @overload
    def __init__(
        self, function: Callable[[A], ResultT], first: Metric[Any, A, LambdaOutputT], /
    ) -> None: ...
    @overload
    def __init__(
        self,
        function: Callable[[A, B], ResultT],
        first: Metric[Any, A, LambdaOutputT],
        second: Metric[Any, B, LambdaOutputT],
        /,
    ) -> None: ...
    @overload
    def __init__(
        self,
        function: Callable[[A, B, C], ResultT],
        first: Metric[Any, A, LambdaOutputT],
        second: Metric[Any, B, LambdaOutputT],
        third: Metric[Any, C, LambdaOutputT],
        /,
    ) -> None: ...
    def __init__(
        self, function: Callable[..., ResultT], /, *metrics: Metric[Any, Any, LambdaOutputT]
    ) -> None:
        is_callable("MetricsLambda", "function", function)
        self._function = function
        self._operands = metrics
        super().__init__(metrics)

    @override
    def compute(self) -> ResultT:
        return self._computed({})

    @override
    def result(self, known: dict[int, object]) -> object:
        if id(self) not in known:
            known[id(self)] = self._computed(known)
        return known[id(self)]

    def _computed(self, known: dict[int, object]) -> ResultT:
        return self._function(*[metric.result(known) for metric in self._operands])


@final
class MetricGroup(Composite[LambdaOutputT, dict[str, MemberT]], Generic[MemberT, LambdaOutputT]):
    """Several metrics as one: its result has theirs, by name.

    Args:
        metrics: The metrics, by the names that their results have.
        named: The same, where the names can be keywords; mypy needs this for metrics of several
            classes.

    Raises:
        ArgumentTypeError: One is no metric.

    Example:
        >>> from firesteel.engine import Engine
        >>> from firesteel.metrics import Average, MetricGroup
        >>> evaluator = Engine(lambda engine, loss: loss * 1.0)
        >>> group = MetricGroup(mean=Average(), twice=2 * Average())
        >>> key = group.attach(evaluator, "losses")
        >>> evaluator.run([1.0, 3.0]).metrics[key]
        {'mean': 2.0, 'twice': 4.0}
    """

    def __init__(
        self,
        metrics: Mapping[str, Metric[Any, MemberT, LambdaOutputT]] = MappingProxyType({}),
        /,
        **named: Metric[Any, MemberT, LambdaOutputT],
    ) -> None:
        self._by_name = {**metrics, **named}
        super().__init__(list(self._by_name.values()))

    @override
    def compute(self) -> dict[str, MemberT]:
        return {name: metric.compute() for name, metric in self._by_name.items()}

    @override
    def result(self, known: dict[int, object]) -> object:
        if id(self) not in known:
            known[id(self)] = {name: metric.result(known) for name, metric in self._by_name.items()}
        return known[id(self)]


@contextmanager
def over_all_ranks(*metrics: Metric[Any, Any, Any]) -> Generator[None]:
    """Have metrics hold what all ranks have seen, for the length of a ``with`` block.

    For metrics that are used by hand; attached ones are brought together by themselves. All ranks
    have to come here, with the same metrics in the same order; what is in the block is computed on
    each rank, from the same numbers. Afterwards each rank has its own again, whatever happened. One
    sum, one maximum and one gathering serve all metrics. With one process the metrics stay as they
    are.

    Args:
        metrics: The metrics.

    Raises:
        StateDictError: The state of a metric is not declared by :func:`field`.
        ArgumentError: The shapes of a field do not go together.

    Example:
        >>> from firesteel.metrics import Average, over_all_ranks
        >>> average = Average()
        >>> average.update(3.0)
        >>> with over_all_ranks(average):
        ...     print(average.compute())
        3.0
    """
    held = {id(holder): holder for metric in metrics for holder in holders_of(metric)}
    with held_together(*held.values()):
        yield
