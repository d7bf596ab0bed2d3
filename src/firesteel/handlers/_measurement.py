"""What measures an engine has in common: a result under a key, for as long as it is attached."""

import weakref
from abc import abstractmethod
from collections.abc import Callable

# Any: whose batches an engine has is nothing to a measurement.
from typing import Any, Generic, final

from typing_extensions import TypeVar, override

from firesteel.engine import Attachable, Engine, MetricKey
from firesteel.errors import ArgumentError
from firesteel.events import RemovableEventHandle

__all__ = ["Measurement"]

OutputT = TypeVar("OutputT", contravariant=True)
ResultT = TypeVar("ResultT")


class Measurement(Attachable[OutputT, MetricKey[ResultT], str], Generic[OutputT, ResultT]):
    """Measures an engine; its result stands among those of the engine's metrics.

    So bars and loggers show it, and ``state.metrics[key]`` has its type. It is worked out when it
    is read, and is no part of a ``state_dict``.
    """

    __slots__ = ("_engine", "_handle", "_key")

    def __init__(self) -> None:
        self._engine: Callable[[], Engine[Any, OutputT] | None] | None = None
        self._handle: RemovableEventHandle | None = None
        self._key: MetricKey[ResultT] | None = None

    @abstractmethod
    def _add_to(
        self, engine: Engine[Any, OutputT], key: MetricKey[ResultT]
    ) -> RemovableEventHandle:
        """Add the handlers that measure, and put the result under the key."""

    @final
    def attach(self, engine: Engine[Any, OutputT], name: str) -> MetricKey[ResultT]:
        """Measure an engine.

        Args:
            engine: The engine. A measurement belongs to one at a time.
            name: The name of the result in ``state.metrics``, in logs and on progress bars.

        Returns:
            The key of the result.

        Raises:
            ArgumentError: It is attached to an engine that is still there, or something else is
                attached to the engine under this name.
        """
        if self._engine is not None and self._engine() is not None:
            raise ArgumentError(
                f"{type(self).__name__}: must not be attached already; make one per engine, or "
                "detach it"
            )
        key = MetricKey[ResultT](name)
        engine.state.metrics.claim(key)
        self._engine = weakref.ref(engine)
        self._key = key
        self._handle = self._add_to(engine, key)
        return key

    @final
    @override
    def attach_to(self, engine: Engine[Any, OutputT], name: str) -> MetricKey[ResultT]:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
            name: The name of the result.
        """
        return self.attach(engine, name)

    @final
    def detach(self) -> None:
        """Measure no more, and take the result out. Where it is not attached, nothing happens."""
        engine = None if self._engine is None else self._engine()
        if self._handle is not None:
            self._handle.remove()
        if engine is not None and self._key is not None:
            engine.state.metrics.discard(self._key)
        self._engine = self._handle = self._key = None
