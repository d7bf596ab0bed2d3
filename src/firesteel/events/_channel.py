"""One event's handlers, kept so that a firing only touches those that are due."""

from bisect import insort
from collections.abc import Callable, Sequence
from heapq import heapify, heapreplace
from typing import Generic, Protocol, final

from typing_extensions import TypeVar

from ._filters import NEVER, CountFilter

__all__ = ["Channel", "Entry", "Guard", "Wrapper", "nothing"]

CallT = TypeVar("CallT", bound=Callable[..., object])


class Guard(Protocol):
    """Stands before each call of a handler."""

    def __call__(self, handler: Callable[..., object], call: CallT, /) -> CallT:
        """Give what is to be called in place of a call."""
        ...


@final
class Entry(Generic[CallT]):
    """One handler on one event.

    Attributes:
        handler: What the user handed over, to be found again by.
        call: What is called when the event fires.
        filter: At which counts it is due; ``None`` for every count.
        source: The event, bare or filtered, that it was added with.
        gate: Puts a filter that is asked at each firing before a call; ``None`` for no such filter.
        priority: Those of a higher one are called first.
        order: Its place among the handlers of the event: the highest priority first, then the one
            that was added first.
        planned: What is called in fact: the call, wrapped, behind its gate, and guarded.
    """

    __slots__ = (
        "__weakref__",
        "call",
        "filter",
        "gate",
        "handler",
        "order",
        "planned",
        "priority",
        "source",
    )

    def __init__(
        self,
        handler: Callable[..., object],
        call: CallT,
        filter_: CountFilter | None,
        source: object,
        *,
        priority: int = 0,
        gate: Callable[[CallT], CallT] | None = None,
    ) -> None:
        self.handler: Callable[..., object] = handler
        self.call: CallT = call
        self.filter: CountFilter | None = filter_
        self.source: object = source
        self.gate: Callable[[CallT], CallT] | None = gate
        self.priority: int = priority
        self.order: tuple[int, int] = (-priority, 0)
        self.planned: CallT = call


class Wrapper(Protocol):
    """Gives what is to be called in place of a handler's call, as a profiler does."""

    def __call__(self, entry: Entry[CallT], call: CallT, /) -> CallT:
        """Wrap a call.

        Asked whenever the handlers of an event are planned anew, so for one entry several times.

        Args:
            entry: The handler. That two are the same one is told by ``is``, not by a name.
            call: What is called: the entry's, or what a wrapper before this one gave. A filter
                stands before the wrapped call: it is not called when the handler is not due.
        """
        ...


@final
class Group(Generic[CallT]):
    """The handlers of one event that have equal filters.

    Attributes:
        filter: At which counts they are due.
        entries: The handlers.
        calls: What to call when they are due and no other filtered handler is.
    """

    __slots__ = ("calls", "entries", "filter")

    def __init__(self, filter_: CountFilter, entries: list[Entry[CallT]]) -> None:
        self.filter = filter_
        self.entries = entries
        self.calls: tuple[CallT, ...] = ()


def nothing() -> None:
    """Stand for somebody to tell of a change where there is nobody."""


@final
class Channel(Generic[CallT]):
    """The handlers of one event, by their priority and then in the order in which they were added.

    Handlers without a filter stand in ``always``. Those with a filter wait in a heap, by the next
    count at which they are due, and ``due`` is the earliest of these; a firing below it costs one
    comparison, however many there are. A firing works on the handlers that were there when it
    began: one that is added meanwhile waits for the next, one that is removed meanwhile still runs.

    Args:
        on_change: Called after a handler was added or removed.

    Attributes:
        always: What to call at every count below ``due``.
        due: The next count at which a filtered handler is due.
        count: The count of the latest firing that was looked at.
        is_heard: Whether there are handlers.
    """

    __slots__ = (
        "__weakref__",
        "_entries",
        "_guard",
        "_heap",
        "_is_rehearsed",
        "_num_added",
        "_on_change",
        "_plain",
        "_wrappers",
        "always",
        "count",
        "due",
        "is_heard",
    )

    def __init__(self, on_change: Callable[[], object] = nothing) -> None:
        self._on_change = on_change
        self._entries: list[Entry[CallT]] = []
        self._num_added: int = 0
        self._plain: list[Entry[CallT]] = []
        self._heap: list[tuple[int, int, Group[CallT]]] = []
        self._is_rehearsed: bool = False
        self._guard: Guard | None = None
        self._wrappers: Sequence[Wrapper] = ()
        self.always: tuple[CallT, ...] = ()
        self.due: int = NEVER
        self.count: int = 0
        self.is_heard: bool = False

    @property
    def entries(self) -> Sequence[Entry[CallT]]:
        """All handlers, in the order in which they are called."""
        return self._entries

    def add(self, entry: Entry[CallT]) -> None:
        """Add a handler behind the others of its priority."""
        entry.order = (-entry.priority, self._num_added)
        self._num_added += 1
        entry.planned = self._planned(entry)
        insort(self._entries, entry, key=_order)
        self._plan()
        self._on_change()

    def remove(self, entry: Entry[CallT]) -> None:
        """Take a handler out, if it is there."""
        self._entries = [other for other in self._entries if other is not entry]
        self._plan()
        self._on_change()

    def rehearse(self, *, is_on: bool, guard: Guard | None = None) -> None:
        """Have handlers be called at every count, whatever their filters; or no longer.

        Args:
            is_on: Whether they are.
            guard: Is called with each handler, and with what calls it, in its place.
        """
        self._is_rehearsed, self._guard = is_on, guard
        self._plan_all()

    def wrap(self, wrappers: Sequence[Wrapper]) -> None:
        """Have what these give be called in place of the handlers; the last one is outermost."""
        self._wrappers = wrappers
        self._plan_all()

    def restart(self, count: int = 0) -> None:
        """Count from here, ``count`` being the latest firing."""
        self.count = count
        if self._heap:
            self._plan()

    def take(self, count: int) -> Sequence[CallT]:
        """Give what is to be called at this firing, and move on to it."""
        self.count = count
        return self.always if count < self.due else self._pick(count)

    def at(self, count: int) -> Sequence[CallT]:
        """Give what is to be called at ``count``, without moving on."""
        return [
            entry.planned
            for entry in self._entries
            if self._is_plain(entry) or (entry.filter is not None and entry.filter.fires(count))
        ]

    def _is_plain(self, entry: Entry[CallT]) -> bool:
        return self._is_rehearsed or entry.filter is None

    def _planned(self, entry: Entry[CallT]) -> CallT:
        call = entry.call
        for wrapper in self._wrappers:
            call = wrapper(entry, call)
        if entry.gate is not None:
            call = entry.gate(call)
        return call if self._guard is None else self._guard(entry.handler, call)

    def _plan_all(self) -> None:
        """Work out what is called for whom, and who is due when."""
        for entry in self._entries:
            entry.planned = self._planned(entry)
        self._plan()
        self._on_change()

    def _plan(self) -> None:
        """Work out who is due when."""
        self.is_heard = bool(self._entries)
        self._plain = [entry for entry in self._entries if self._is_plain(entry)]
        self.always = tuple(entry.planned for entry in self._plain)
        groups: dict[CountFilter, Group[CallT]] = {}
        for entry in self._entries:
            if entry.filter is not None and not self._is_rehearsed:
                groups.setdefault(entry.filter, Group(entry.filter, [])).entries.append(entry)
        for group in groups.values():
            group.calls = self._in_order(group.entries)
        self._heap = [
            (group.filter.next_after(self.count), number, group)
            for number, group in enumerate(groups.values())
        ]
        heapify(self._heap)
        self.due = self._heap[0][0] if self._heap else NEVER

    def _pick(self, count: int) -> Sequence[CallT]:
        """Give what is to be called at a count at which somebody with a filter is due."""
        heap = self._heap
        groups: list[Group[CallT]] = []
        while self.due <= count:
            due, number, group = heap[0]
            heapreplace(heap, (group.filter.next_after(count), number, group))
            self.due = heap[0][0]
            # one that was due before was passed over: the counts were set forward
            if due == count or group.filter.fires(count):
                groups.append(group)
        if len(groups) == 1:
            return groups[0].calls
        return self._in_order([entry for group in groups for entry in group.entries])

    def _in_order(self, filtered: Sequence[Entry[CallT]]) -> tuple[CallT, ...]:
        """Give the calls of these and of the handlers without a filter, in their order."""
        return tuple(entry.planned for entry in sorted([*self._plain, *filtered], key=_order))


def _order(entry: Entry[CallT]) -> tuple[int, int]:
    return entry.order
