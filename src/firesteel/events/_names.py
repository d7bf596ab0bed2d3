"""What an event is called: enum members, constants with a payload, and both with a filter."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, nonmember

# Any: the default of a type variable, see below
from typing import TYPE_CHECKING, Any, Generic, SupportsIndex, TypeAlias, final, overload

from typing_extensions import TypeVar, override

from firesteel._require import is_a, is_callable, whole_number
from firesteel.errors import ArgumentError

from ._filters import CountFilter, counts, period

__all__ = [
    "EventEnum",
    "EventLike",
    "Events",
    "EventsList",
    "FilteredEvent",
    "FilteredPayloadEvent",
    "PayloadEvent",
    "PayloadEventLike",
]

PayloadT = TypeVar("PayloadT")
# Any: a lambda that is written where nothing tells the engine; what it reads is then unchecked
EngineT = TypeVar("EngineT", default=Any)
JoinedT = TypeVar("JoinedT", default=object)  # of events without a filter: any engine's
EngineT_contra = TypeVar("EngineT_contra", contravariant=True, default=object)

Filter: TypeAlias = CountFilter | Callable[[EngineT, int], bool]


def _text(filter_: Filter[EngineT] | None, priority: int) -> str:
    texts: list[str] = []
    if filter_ is not None:
        is_counted = isinstance(filter_, CountFilter)
        texts.append(str(filter_) if is_counted else f"event_filter={filter_!r}")
    if priority:
        texts.append(f"priority={priority}")
    return ", ".join(texts)


def _make_filter(
    where: str,
    event_filter: Callable[[EngineT, int], bool] | None,
    *,
    every: SupportsIndex | None,
    once: SupportsIndex | Collection[SupportsIndex] | None,
    before: SupportsIndex | None,
    after: SupportsIndex | None,
    has_priority: bool,
) -> Filter[EngineT] | None:
    """Check that the arguments of an event's call ask for one filter, and make it.

    ``None`` where they ask for a priority alone.
    """
    is_periodic = any(bound is not None for bound in (every, before, after))
    num_kinds = sum((event_filter is not None, once is not None, is_periodic))
    if num_kinds == 0 and has_priority:
        return None
    if num_kinds != 1:
        raise ArgumentError(
            f"{where}: takes one of event_filter, once, or any of every, before and after, "
            "or priority alone; "
            + ("got nothing" if num_kinds == 0 else "got filters that exclude each other")
        )
    if event_filter is not None:
        is_callable(where, "event_filter", event_filter)
        return event_filter
    if once is not None:
        return counts(where, once)
    return period(where, every, before, after)


class EventEnum(Enum):
    """Base of the enums whose members are events.

    Subclass it for events of your own, register the members with
    :meth:`firesteel.engine.Engine.register_events`, and fire them with
    :meth:`firesteel.engine.Engine.fire_event`. The engine counts every event by itself.

    An event equals itself and nothing else: members of two enums are two events, whatever they are
    called. Calling a member gives that event with a filter, ``|`` joins events.

    Raises:
        ArgumentError: Two members of one enum have the same value, which would make them one event.

    Example:
        >>> class BackpropEvents(EventEnum):
        ...     BACKWARD_COMPLETED = "backward_completed"
        ...     OPTIM_STEP_COMPLETED = "optim_step_completed"
        >>> BackpropEvents.OPTIM_STEP_COMPLETED(every=100)
        BackpropEvents.OPTIM_STEP_COMPLETED(every=100)
    """

    if not TYPE_CHECKING:  # to checkers it is what Enum's is
        # identity, in C: Enum's own hash is a Python function that hashes the name
        __hash__ = object.__hash__

    @override
    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        aliases = sorted(set(cls.__members__) - {member.name for member in cls})
        if aliases:
            raise ArgumentError(
                f"{cls.__name__}: each event must have a value of its own, got the value of "
                f"another event for {', '.join(aliases)}"
            )

    @overload
    def __call__(
        self, event_filter: Callable[[EngineT, int], bool], *, priority: SupportsIndex = 0
    ) -> "FilteredEvent[EngineT]": ...
    @overload
    def __call__(
        self,
        *,
        every: SupportsIndex,
        before: SupportsIndex | None = None,
        after: SupportsIndex | None = None,
        priority: SupportsIndex = 0,
    ) -> "FilteredEvent": ...
    @overload
    def __call__(
        self,
        *,
        before: SupportsIndex,
        after: SupportsIndex | None = None,
        priority: SupportsIndex = 0,
    ) -> "FilteredEvent": ...
    @overload
    def __call__(self, *, after: SupportsIndex, priority: SupportsIndex = 0) -> "FilteredEvent": ...
    @overload
    def __call__(
        self, *, once: SupportsIndex | Collection[SupportsIndex], priority: SupportsIndex = 0
    ) -> "FilteredEvent": ...
    @overload
    def __call__(self, *, priority: SupportsIndex) -> "FilteredEvent": ...
    def __call__(
        self,
        event_filter: Callable[[EngineT, int], bool] | None = None,
        *,
        every: SupportsIndex | None = None,
        once: SupportsIndex | Collection[SupportsIndex] | None = None,
        before: SupportsIndex | None = None,
        after: SupportsIndex | None = None,
        priority: SupportsIndex | None = None,
    ) -> "FilteredEvent[EngineT]":
        """Give this event with a filter, a priority, or both.

        With a filter, handlers run only at some of the event's counts. The counts are those of
        :meth:`firesteel.engine.State.count`: 1 at the first firing. One kind of filter at a time:
        ``event_filter``, or ``once``, or any of the next three. Handlers with a higher priority run
        before others; those of one priority run in the order in which they were added.

        Args:
            event_filter: Asked at each firing, with the engine and the count.
            every: Due at every multiple, ``>= 1``. The multiples are counted from zero, whatever
                ``after`` and ``before`` say.
            once: The count, or the counts, at which to be due, ``>= 1``.
            before: Due at counts below this, ``>= 0``.
            after: Due at counts above this, ``>= 0``.
            priority: Where a handler stands among those of the event. Handlers that say nothing
                have 0; a checkpoint that has to see what they compute has less.

        Returns:
            The event with the filter and the priority; the member itself is not changed.

        Raises:
            ArgumentError: Nothing is asked for, filters that exclude each other, or a number out of
                range.
            ArgumentTypeError: A number that is not whole, or a filter that cannot be called.

        Example:
            >>> Events.EPOCH_COMPLETED(every=3, after=4)
            Events.EPOCH_COMPLETED(every=3, after=4)
            >>> Events.EPOCH_COMPLETED(priority=-100)
            Events.EPOCH_COMPLETED(priority=-100)
        """
        return filtered(
            self,
            event_filter,
            every=every,
            once=once,
            before=before,
            after=after,
            priority=priority,
        )

    def __or__(
        self, other: "EventEnum | FilteredEvent[JoinedT] | EventsList[JoinedT]"
    ) -> "EventsList[JoinedT]":
        """Join events: a handler of each."""
        return EventsList(self, *_members(other))

    @override
    def __repr__(self) -> str:
        return str(self)


@final
class PayloadEvent(Generic[PayloadT]):
    """An event that hands its handlers a value.

    A constant beside the enums. What is fired and what handlers take has to agree, and a type
    checker says so where it does not. Handlers take ``(engine, payload)``, or the payload alone.

    An event equals itself and nothing else.

    Args:
        name: How the event is called in messages and in an engine's ``state_dict``.

    Raises:
        ArgumentTypeError: ``name`` is not a string.

    Example:
        >>> from firesteel.engine import Engine
        >>> GRADIENT_NORM = PayloadEvent[float]("gradient_norm")
        >>> def step(engine: Engine[float, float], batch: float) -> float:
        ...     engine.fire_event(GRADIENT_NORM, batch / 2)
        ...     return batch
        >>> trainer = Engine(step)
        >>> trainer.register_events(GRADIENT_NORM)
        >>> @trainer.on(GRADIENT_NORM)
        ... def show(engine: Engine[float, float], norm: float) -> None:
        ...     print(engine.state.iteration, norm)
        >>> state = trainer.run([3.0, 4.0])
        1 1.5
        2 2.0
    """

    __slots__ = ("__weakref__", "_name")

    def __init__(self, name: str) -> None:
        is_a("PayloadEvent", "name", name, str, "a string")
        self._name = name

    @property
    def name(self) -> str:
        """How the event is called in messages and in an engine's ``state_dict``."""
        return self._name

    @overload
    def __call__(
        self, event_filter: Callable[[EngineT, int], bool], *, priority: SupportsIndex = 0
    ) -> "FilteredPayloadEvent[PayloadT, EngineT]": ...
    @overload
    def __call__(
        self,
        *,
        every: SupportsIndex,
        before: SupportsIndex | None = None,
        after: SupportsIndex | None = None,
        priority: SupportsIndex = 0,
    ) -> "FilteredPayloadEvent[PayloadT]": ...
    @overload
    def __call__(
        self,
        *,
        before: SupportsIndex,
        after: SupportsIndex | None = None,
        priority: SupportsIndex = 0,
    ) -> "FilteredPayloadEvent[PayloadT]": ...
    @overload
    def __call__(
        self, *, after: SupportsIndex, priority: SupportsIndex = 0
    ) -> "FilteredPayloadEvent[PayloadT]": ...
    @overload
    def __call__(
        self, *, once: SupportsIndex | Collection[SupportsIndex], priority: SupportsIndex = 0
    ) -> "FilteredPayloadEvent[PayloadT]": ...
    @overload
    def __call__(self, *, priority: SupportsIndex) -> "FilteredPayloadEvent[PayloadT]": ...
    def __call__(
        self,
        event_filter: Callable[[EngineT, int], bool] | None = None,
        *,
        every: SupportsIndex | None = None,
        once: SupportsIndex | Collection[SupportsIndex] | None = None,
        before: SupportsIndex | None = None,
        after: SupportsIndex | None = None,
        priority: SupportsIndex | None = None,
    ) -> "FilteredPayloadEvent[PayloadT, EngineT]":
        """Give this event with a filter, a priority, or both, as :meth:`EventEnum.__call__` does.

        Args:
            event_filter: As there, like the others.
            every: Due at every multiple.
            once: The count, or the counts, at which to be due.
            before: Due at counts below this.
            after: Due at counts above this.
            priority: Where a handler stands among those of the event.
        """
        filter_ = _make_filter(
            repr(self),
            event_filter,
            every=every,
            once=once,
            before=before,
            after=after,
            has_priority=priority is not None,
        )
        return FilteredPayloadEvent(self, filter_, _whole(repr(self), priority))

    @override
    def __repr__(self) -> str:
        return f"PayloadEvent({self._name!r})"


@final
@dataclass(frozen=True, slots=True, repr=False)
class FilteredEvent(Generic[EngineT_contra]):
    """An event with a filter, a priority, or both, as calling the event gives it.

    Attributes:
        event: The event itself.
        filter: At which counts a handler is due; ``None`` for every count.
        priority: Where a handler stands among those of the event; the highest is called first.
    """

    event: EventEnum
    filter: Filter[EngineT_contra] | None
    priority: int = 0

    def __or__(
        self: "FilteredEvent[JoinedT]",
        other: "EventEnum | FilteredEvent[JoinedT] | EventsList[JoinedT]",
    ) -> "EventsList[JoinedT]":
        """Join events: a handler of each."""
        return EventsList(self, *_members(other))

    @override
    def __repr__(self) -> str:
        return f"{self.event}({_text(self.filter, self.priority)})"


@final
@dataclass(frozen=True, slots=True, repr=False)
class FilteredPayloadEvent(Generic[PayloadT, EngineT_contra]):
    """An event with a payload and a filter, a priority, or both, as calling the event gives it.

    Attributes:
        event: The event itself.
        filter: At which counts a handler is due; ``None`` for every count.
        priority: Where a handler stands among those of the event; the highest is called first.
    """

    event: PayloadEvent[PayloadT]
    filter: Filter[EngineT_contra] | None
    priority: int = 0

    @override
    def __repr__(self) -> str:
        return f"{self.event}({_text(self.filter, self.priority)})"


@final
class EventsList(Generic[EngineT_contra]):
    """Several events, bare or filtered, to attach one handler to: what ``|`` gives.

    A value that does not change: ``|`` makes a new one. An event that stands in it twice runs the
    handler twice.

    Args:
        events: The events, in the order in which the handler is added to them.

    Raises:
        ArgumentTypeError: Something is no event, or an event that carries a payload.

    Example:
        >>> Events.EPOCH_COMPLETED(every=5) | Events.COMPLETED
        Events.EPOCH_COMPLETED(every=5) | Events.COMPLETED
    """

    __slots__ = ("_events",)

    def __init__(self, *events: EventEnum | FilteredEvent[EngineT_contra]) -> None:
        for event in events:
            is_a(
                "EventsList",
                "each of them",
                event,
                EventEnum | FilteredEvent,
                "an event without a payload, bare or filtered",
            )
        self._events = events

    def __or__(
        self: "EventsList[JoinedT]",
        other: "EventEnum | FilteredEvent[JoinedT] | EventsList[JoinedT]",
    ) -> "EventsList[JoinedT]":
        """Join events: a handler of each."""
        return EventsList(*self, *_members(other))

    def __iter__(self) -> Iterator[EventEnum | FilteredEvent[EngineT_contra]]:
        return iter(self._events)

    def __len__(self) -> int:
        return len(self._events)

    def __getitem__(self, index: SupportsIndex) -> EventEnum | FilteredEvent[EngineT_contra]:
        return self._events[index]

    @override
    def __repr__(self) -> str:
        return " | ".join(map(repr, self._events))


def filtered(
    event: EventEnum,
    event_filter: Callable[[EngineT, int], bool] | None = None,
    *,
    every: SupportsIndex | None = None,
    once: SupportsIndex | Collection[SupportsIndex] | None = None,
    before: SupportsIndex | None = None,
    after: SupportsIndex | None = None,
    priority: SupportsIndex | None = None,
) -> FilteredEvent[EngineT]:
    """Give an event with a filter, where it is not known before which filter it will be.

    The arguments are those of :meth:`EventEnum.__call__`, which lets a type checker see that one
    kind of filter is given.
    """
    filter_ = _make_filter(
        str(event),
        event_filter,
        every=every,
        once=once,
        before=before,
        after=after,
        has_priority=priority is not None,
    )
    return FilteredEvent(event, filter_, _whole(str(event), priority))


def _whole(where: str, priority: SupportsIndex | None) -> int:
    return 0 if priority is None else whole_number(where, "priority", priority)


EventLike: TypeAlias = EventEnum | FilteredEvent[EngineT_contra] | EventsList[EngineT_contra]
"""An event without a payload, bare, filtered, or several."""

PayloadEventLike: TypeAlias = (
    PayloadEvent[PayloadT] | FilteredPayloadEvent[PayloadT, EngineT_contra]
)
"""An event with a payload, bare or filtered."""


def _members(
    events: EventLike[EngineT],
) -> Sequence[EventEnum | FilteredEvent[EngineT]]:
    return tuple(events) if isinstance(events, EventsList) else (events,)


class Events(EventEnum):
    """The events that an engine fires by itself while it runs.

    ``EXCEPTION_RAISED`` stands beside the members: it carries the exception, so its handlers take
    ``(engine, exception)``. In the order of a run::

        STARTED
          EPOCH_STARTED
            GET_BATCH_STARTED            not where the engine runs without data
            DATALOADER_STOP_ITERATION    only where the data ended before the epoch did
            GET_BATCH_COMPLETED
            ITERATION_STARTED
            ITERATION_COMPLETED
          EPOCH_COMPLETED
        COMPLETED

    ``TERMINATE``, ``TERMINATE_SINGLE_EPOCH`` and ``INTERRUPT`` follow the event during which the
    engine was asked to stop.
    """

    EPOCH_STARTED = "epoch_started"
    """An epoch begins; ``state.epoch`` has been counted up."""
    EPOCH_COMPLETED = "epoch_completed"
    """An epoch ended; not fired for an epoch that ``terminate`` cut short."""
    STARTED = "started"
    """A run begins."""
    COMPLETED = "completed"
    """A run ended, and not by an exception."""
    ITERATION_STARTED = "iteration_started"
    """The process function is about to be called; ``state.batch`` is there."""
    ITERATION_COMPLETED = "iteration_completed"
    """The process function has returned; ``state.output`` is there."""
    GET_BATCH_STARTED = "get_batch_started"
    """The data is about to be asked for a batch."""
    GET_BATCH_COMPLETED = "get_batch_completed"
    """The data gave a batch; ``state.iteration`` still has the number of the one before."""
    DATALOADER_STOP_ITERATION = "dataloader_stop_iteration"
    """The data ended before the epoch did, and is about to be started again."""
    TERMINATE = "terminate"
    """The run ends before its epoch does."""
    TERMINATE_SINGLE_EPOCH = "terminate_single_epoch"
    """The epoch ends before all its iterations were done."""
    INTERRUPT = "interrupt"
    """The run is suspended; the next ``run`` goes on right here."""

    EXCEPTION_RAISED = nonmember(PayloadEvent[BaseException]("exception_raised"))
    """An exception is about to leave ``run``; handlers take ``(engine, exception)``."""
