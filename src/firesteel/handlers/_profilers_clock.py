"""Where the time of a run goes: to the data, to the process function, or to handlers."""

import weakref
from collections.abc import Callable, Sequence

# Any: whose batches and outputs an engine has is nothing to its clock; and what is called in a
# handler's place has the handler's type, which no closure can be given.
from typing import Any, TypeGuard, final

from typing_extensions import TypeVar

from firesteel.engine import Engine
from firesteel.errors import ArgumentError
from firesteel.events import (
    BareEvent,
    Entry,
    EventEnum,
    Events,
    FilteredEvent,
    FilteredPayloadEvent,
    PayloadEvent,
    RemovableEventHandle,
    bare,
)

__all__ = ["EngineClock", "event_of", "name_of"]

CallT = TypeVar("CallT", bound=Callable[..., object])


@final
class EngineClock:
    """Splits the time of an engine, and tells each part as it comes.

    A part is the time between two events less that of the handlers that ran in between, so that
    it does not matter which handlers stand before or behind the clock's own. A handler that fires
    an event of the same engine has that event's handlers in its time; they are subtracted once.

    Args:
        where: Whose clock it is, for errors.
        clock: Gives the time in seconds.
        on_handler: Told each call of a handler, and how long it took.
        on_iteration: Told after each iteration, with how long its batch took to come (``None``
            where no data was asked) and how long the process function took.
    """

    __slots__ = (
        "_clock",
        "_dataflow_s",
        "_depth",
        "_engine",
        "_fetch",
        "_handle",
        "_handlers_s",
        "_on_handler",
        "_on_iteration",
        "_own",
        "_process",
        "_where",
    )

    def __init__(
        self,
        where: str,
        clock: Callable[[], float],
        *,
        on_handler: Callable[[Entry[Any], float], object],
        on_iteration: Callable[[Engine[Any, Any], float | None, float], object],
    ) -> None:
        self._where = where
        self._clock = clock
        self._on_handler = on_handler
        self._on_iteration = on_iteration
        self._handlers_s = 0.0
        self._depth = 0
        self._fetch: tuple[float, float] | None = None
        self._process: tuple[float, float] | None = None
        self._dataflow_s: float | None = None
        self._engine: weakref.ref[Engine[Any, Any]] | None = None
        self._handle: RemovableEventHandle | None = None
        self._own: Sequence[Callable[..., object]] = (
            self._before_fetch,
            self._after_fetch,
            self._before_process,
            self._after_process,
        )

    def attach(self, engine: Engine[Any, Any]) -> None:
        """Time this engine from now on.

        Raises:
            ArgumentError: The clock is attached to an engine that is still there.
        """
        if self._engine is not None and self._engine() is not None:
            raise ArgumentError(
                f"{self._where}: must not be attached already; make one per engine, or detach it"
            )
        self._engine = weakref.ref(engine)
        self._depth = 0
        self._fetch = self._process = self._dataflow_s = None
        self._handle = (
            engine.add_event_handler(Events.GET_BATCH_STARTED, self._before_fetch)
            + engine.add_event_handler(Events.GET_BATCH_COMPLETED, self._after_fetch)
            + engine.add_event_handler(Events.ITERATION_STARTED, self._before_process)
            + engine.add_event_handler(Events.ITERATION_COMPLETED, self._after_process)
        )
        engine.wrap_handlers(self._wrap)

    def detach(self) -> None:
        """Have the engine be as it was. Where the clock is not attached, nothing happens."""
        engine = None if self._engine is None else self._engine()
        if engine is not None:
            engine.unwrap_handlers(self._wrap)
        if self._handle is not None:
            self._handle.remove()
        self._engine = self._handle = None

    def _wrap(self, entry: Entry[CallT], call: CallT, /) -> CallT:
        if any(entry.handler == own for own in self._own):
            return call

        def timed(*args: object) -> object:
            self._depth += 1
            start_s = self._clock()
            try:
                return call(*args)
            finally:
                elapsed_s = self._clock() - start_s
                self._depth -= 1
                if not self._depth:
                    self._handlers_s += elapsed_s
                self._on_handler(entry, elapsed_s)

        found: Any = timed
        wrapped: CallT = found
        return wrapped

    def _now(self) -> tuple[float, float]:
        return self._clock(), self._handlers_s

    def _since(self, mark: tuple[float, float]) -> float:
        return (self._clock() - mark[0]) - (self._handlers_s - mark[1])

    def _before_fetch(self) -> None:
        self._fetch, self._dataflow_s = self._now(), None

    def _after_fetch(self) -> None:
        if self._fetch is not None:
            self._dataflow_s = self._since(self._fetch)
        self._fetch = None

    def _before_process(self) -> None:
        self._process = self._now()

    def _after_process(self, engine: Engine[Any, Any]) -> None:
        if self._process is not None:  # else it was attached in the middle of an iteration
            self._on_iteration(engine, self._dataflow_s, self._since(self._process))
        self._process = self._dataflow_s = None


def name_of(handler: Callable[..., object]) -> str:
    """Give what a handler is called: its qualified name, else that of its class."""
    name: object = getattr(handler, "__qualname__", None)  # partials and objects have none
    return name if isinstance(name, str) else type(handler).__qualname__


def event_of(entry: Entry[Any]) -> BareEvent:
    """Give the event of a handler, without a filter."""
    if _is_single_event(entry.source):
        return bare(entry.source)
    raise TypeError(f"an entry must be of an event, got {entry.source!r}")


def _is_single_event(
    source: object,
) -> TypeGuard[EventEnum | FilteredEvent[Any] | PayloadEvent[Any] | FilteredPayloadEvent[Any, Any]]:
    return isinstance(source, EventEnum | FilteredEvent | PayloadEvent | FilteredPayloadEvent)
