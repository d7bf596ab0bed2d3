"""Typed names of what a state keeps: a user's own values, and the results of metrics."""

from typing import Generic, final

from typing_extensions import TypeVar, override

from firesteel._require import is_a

__all__ = ["MetricKey", "ReadableKey", "StateKey"]

ValueT = TypeVar("ValueT")
ValueT_co = TypeVar("ValueT_co", covariant=True)
ResultT_co = TypeVar("ResultT_co", covariant=True)


class ReadableKey(Generic[ValueT_co]):
    """A key that something can be read with: what :class:`StateKey` is where it is only read.

    Covariant: a key of a ``list[float]`` reads a ``Sequence[float]`` as well.

    Args:
        name: The name of the value in messages and in a ``state_dict``.
    """

    __slots__ = ("__weakref__", "_name")

    def __init__(self, name: str) -> None:
        is_a(type(self).__name__, "name", name, str, "a string")
        self._name = name

    @property
    def name(self) -> str:
        """The name of the value in messages and in a ``state_dict``."""
        return self._name

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._name!r})"


@final
class StateKey(ReadableKey[ValueT], Generic[ValueT]):
    """A typed slot for a value of your own in an engine's state.

    What is stored under a key is part of the engine's ``state_dict``, under the key's name. A key
    equals itself and nothing else; one engine refuses two keys of one name.

    Args:
        name: The name of the value in messages and in a ``state_dict``.

    Raises:
        ArgumentTypeError: ``name`` is not a string.

    Example:
        >>> from firesteel.engine import Engine
        >>> EMA_LOSS = StateKey[float]("ema_loss")
        >>> def step(engine: Engine[float, float], loss: float) -> float:
        ...     engine.state[EMA_LOSS] = 0.9 * engine.state.get(EMA_LOSS, loss) + 0.1 * loss
        ...     return loss
        >>> trainer = Engine(step)
        >>> state = trainer.run([1.0, 2.0])
        >>> round(state[EMA_LOSS], 2)
        1.1
    """

    __slots__ = ()


@final
class MetricKey(Generic[ResultT_co]):
    """The typed name of a metric's result: what attaching a metric gives back.

    ``state.metrics[key]`` has the type of the metric's result. A key reads the results of the
    engine and metric that it was made for, and of no other.

    Args:
        name: The name of the result in ``state.metrics``, in logs and on progress bars.

    Raises:
        ArgumentTypeError: ``name`` is not a string.

    Example:
        >>> from firesteel.engine import Engine
        >>> from firesteel.metrics import Average
        >>> evaluator = Engine(lambda engine, loss: loss * 1.0)
        >>> key = Average().attach(evaluator, "loss")
        >>> evaluator.run([1.0, 3.0]).metrics[key]
        2.0
    """

    __slots__ = ("__weakref__", "_name")

    def __init__(self, name: str) -> None:
        is_a("MetricKey", "name", name, str, "a string")
        self._name = name

    @property
    def name(self) -> str:
        """The name of the result in ``state.metrics``, in logs and on progress bars."""
        return self._name

    @override
    def __repr__(self) -> str:
        return f"MetricKey({self._name!r})"
