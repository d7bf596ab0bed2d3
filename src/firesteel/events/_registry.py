"""Which events an engine knows, who listens to them, and the handles to leave by."""

import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence

# Any: each event with a payload has a payload type of its own, so that a table of all of them can
# name none; `fire_event` and `on` tie event and payload together before they get here.
from typing import Any, Generic, Self, TypeAlias, final

from typing_extensions import TypeVar

from firesteel._require import is_a
from firesteel.errors import ArgumentTypeError, UnknownEventError

from ._channel import Channel, Entry, Guard, Wrapper, nothing
from ._names import (
    EventEnum,
    EventLike,
    EventsList,
    FilteredEvent,
    FilteredPayloadEvent,
    PayloadEvent,
    PayloadEventLike,
)

__all__ = ["AnyEvent", "BareEvent", "Registry", "RemovableEventHandle"]

EngineT = TypeVar("EngineT")

BareEvent: TypeAlias = EventEnum | PayloadEvent[Any]
AnyEvent: TypeAlias = EventLike[Any] | PayloadEventLike[Any, Any]
Call: TypeAlias = Callable[..., object]
Filed: TypeAlias = tuple[Channel[Any], Entry[Any]]


def single_events(
    event: AnyEvent,
) -> Sequence[EventEnum | FilteredEvent[Any] | PayloadEvent[Any] | FilteredPayloadEvent[Any, Any]]:
    """Take a list of events apart; anything else stands for itself."""
    return tuple(event) if isinstance(event, EventsList) else (event,)


def bare(
    event: EventEnum | FilteredEvent[Any] | PayloadEvent[Any] | FilteredPayloadEvent[Any, Any],
) -> BareEvent:
    """Give the event without its filter."""
    return event.event if isinstance(event, FilteredEvent | FilteredPayloadEvent) else event


@final
class RemovableEventHandle:
    """The way to take a handler out again, exactly as one call had added it.

    Other registrations of the same handler stay. The handle keeps neither the handler nor the
    engine alive. As a context manager it removes the handler on the way out.

    Example:
        >>> from firesteel.engine import Engine
        >>> from firesteel.events import Events
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> with trainer.add_event_handler(Events.COMPLETED, lambda: print("done")):
        ...     state = trainer.run([1, 2])
        done
        >>> state = trainer.run([1, 2])
    """

    __slots__ = ("_filed",)

    def __init__(self, filed: Iterable[Filed]) -> None:
        self._filed = [(weakref.ref(channel), weakref.ref(entry)) for channel, entry in filed]

    def __add__(self, other: "RemovableEventHandle") -> "RemovableEventHandle":
        """Join two handles, for an object that consists of several handlers."""
        joined = RemovableEventHandle([])
        joined._filed = [*self._filed, *other._filed]
        return joined

    def remove(self) -> None:
        """Take the handler out. Where it is out already, nothing happens."""
        for channel_ref, entry_ref in self._filed:
            channel, entry = channel_ref(), entry_ref()
            if channel is not None and entry is not None:
                channel.remove(entry)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.remove()


@final
class Registry(Generic[EngineT]):
    """The events of one engine, each with its channel.

    Args:
        on_change: Called after a handler was added or removed.
    """

    __slots__ = (
        "_all",
        "_guard",
        "_is_rehearsed",
        "_on_change",
        "_plain",
        "_with_payload",
        "_wrappers",
    )

    def __init__(self, on_change: Callable[[], object] = nothing) -> None:
        self._on_change = on_change
        self._plain: dict[EventEnum, Channel[Callable[[EngineT], object]]] = {}
        self._with_payload: dict[PayloadEvent[Any], Channel[Callable[[EngineT, Any], object]]] = {}
        self._all: list[Channel[Any]] = []
        self._is_rehearsed: bool = False
        self._guard: Guard | None = None
        self._wrappers: tuple[Wrapper, ...] = ()

    def register(self, where: str, events: Iterable[BareEvent]) -> None:
        """Make these events known; those that are known already stay as they are."""
        events = tuple(events)
        for event in events:
            is_a(
                where,
                "each event",
                event,
                EventEnum | PayloadEvent,
                "a member of an EventEnum, as in register_events(*MyEvents), or a PayloadEvent",
            )
        for event in events:
            if isinstance(event, EventEnum):
                self._plain.setdefault(event, Channel(self._on_change))
            else:
                self._with_payload.setdefault(event, Channel(self._on_change))
        self._all = [*self._plain.values(), *self._with_payload.values()]
        if self._is_rehearsed:
            self.rehearse(is_on=True, guard=self._guard)
        if self._wrappers:
            self.wrap(self._wrappers)

    def __contains__(self, event: BareEvent) -> bool:
        is_a("Engine", "event", event, EventEnum | PayloadEvent, "one without a filter")
        return event in self._plain or event in self._with_payload

    def __iter__(self) -> Iterator[BareEvent]:
        yield from self._plain
        yield from self._with_payload

    def plain(self, where: str, event: EventEnum) -> Channel[Callable[[EngineT], object]]:
        """Give the channel of an event without a payload."""
        try:
            return self._plain[event]
        except (KeyError, TypeError):
            raise self._unknown(where, event) from None

    def with_payload(
        self, where: str, event: PayloadEvent[Any]
    ) -> Channel[Callable[[EngineT, Any], object]]:
        """Give the channel of an event with a payload."""
        try:
            return self._with_payload[event]
        except (KeyError, TypeError):
            raise self._unknown(where, event) from None

    def channel(self, where: str, event: BareEvent) -> Channel[Any]:
        """Give the channel of any event."""
        if isinstance(event, PayloadEvent):
            return self.with_payload(where, event)
        return self.plain(where, event)

    def rehearse(self, *, is_on: bool, guard: Guard | None = None) -> None:
        """Have each handler be called at each firing, whatever its filter; or no longer."""
        self._is_rehearsed, self._guard = is_on, guard
        for channel in self._all:
            channel.rehearse(is_on=is_on, guard=guard)

    @property
    def wrappers(self) -> tuple[Wrapper, ...]:
        """What wraps the handlers, the last one outermost."""
        return self._wrappers

    def wrap(self, wrappers: tuple[Wrapper, ...]) -> None:
        """Have these wrap the handlers of all events, and no others."""
        self._wrappers = wrappers
        for channel in self._all:
            channel.wrap(wrappers)

    def restart(self) -> None:
        """Begin to count all events anew."""
        for channel in self._all:
            if channel.count:
                channel.count = 0
                if channel.is_heard:
                    channel.restart()

    def find(self, where: str, handler: Call, event: AnyEvent | None) -> list[Filed]:
        """Give all registrations of a handler; of a filtered event only those with its filter."""
        events = list(self) if event is None else single_events(event)
        return [
            (channel, entry)
            for one in events
            for channel in [self.channel(where, bare(one))]
            for entry in channel.entries
            if entry.handler == handler and (one == bare(one) or one == entry.source)
        ]

    def _unknown(self, where: str, event: object) -> Exception:
        if isinstance(event, FilteredEvent | FilteredPayloadEvent | EventsList):
            return ArgumentTypeError(f"{where}: event must be one without a filter, got {event!r}")
        if not isinstance(event, EventEnum | PayloadEvent):
            return ArgumentTypeError(
                f"{where}: event must be a member of an EventEnum, a PayloadEvent, or one of these "
                f"with a filter, got {event!r}"
            )
        return UnknownEventError(
            f"{where}: {event!r} is not registered on this engine; "
            f"call engine.register_events({event!r}) first"
        )
