"""HandlersTimeProfiler: how long each single handler takes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

# Any: whose batches and outputs an engine has is nothing to a profiler.
from typing import Any, Final, final

from typing_extensions import override

from firesteel._require import is_callable
from firesteel.engine import Engine
from firesteel.events import BareEvent, Entry

from ._durations import Durations, DurationSummary, as_csv, as_text, write_whole
from ._profilers_basic import cells
from ._profilers_clock import EngineClock, event_of, name_of

__all__ = ["HandlerTimes", "HandlersTimeProfiler", "HandlersTimes"]

_HEAD: Final = (
    "handler",
    "event",
    "count",
    "total/s",
    "min/s",
    "at",
    "max/s",
    "at",
    "mean/s",
    "std/s",
)
_FIELDS: Final = (
    "handler",
    "event",
    "count",
    "total_s",
    "min_s",
    "min_index",
    "max_s",
    "max_index",
    "mean_s",
    "std_s",
)


@final
@dataclass(frozen=True, slots=True)
class HandlerTimes:
    """What one handler took.

    Attributes:
        handler: The handler.
        name: What it is called: its qualified name, or that of its class.
        event: The event, without a filter.
        source: The event as the handler was added to it, with its filter.
        calls: Its calls, one duration each; those that a filter kept away are not among them.
    """

    handler: Callable[..., object]
    name: str
    event: BareEvent
    source: str
    calls: DurationSummary


@final
@dataclass(frozen=True, slots=True)
class HandlersTimes:
    """What a :class:`HandlersTimeProfiler` has measured. As text it is a table.

    Attributes:
        handlers: One for each time that a handler was added, whatever its name, in the order in
            which they were first called.
        processing: The process function; one duration for each iteration.
        dataflow: The wait for a batch; one for each batch.
        handlers_total_s: The sum over all handlers, in seconds.
    """

    handlers: Sequence[HandlerTimes]
    processing: DurationSummary
    dataflow: DurationSummary
    handlers_total_s: float

    @override
    def __str__(self) -> str:
        return as_text(_HEAD, self._rows())

    def _rows(self) -> list[tuple[object, ...]]:
        rows: list[tuple[object, ...]] = [
            (one.name, one.source, *cells(one.calls)) for one in self.handlers
        ]
        return [
            *rows,
            ("processing", "", *cells(self.processing)),
            ("dataflow", "", *cells(self.dataflow)),
        ]

    def to_csv(self) -> str:
        """Give the table as comma-separated values, numbers in full."""
        return as_csv(_FIELDS, self._rows())


@final
class HandlersTimeProfiler:
    """Measures each handler of an engine by itself.

    Two handlers of one name are two, and so is one that was added twice. What was measured is
    summed up from when the profiler is attached, or reset, over all runs, whatever their ends.
    Handlers that are added later are measured too.

    While it is attached a handler's call costs two readings of the clock more. The times are those
    of the host. It keeps the handlers it has measured alive until it is reset.

    Args:
        clock: Gives the time in seconds.

    Raises:
        ArgumentTypeError: ``clock`` cannot be called.

    Example:
        >>> from firesteel.engine import Engine
        >>> from firesteel.events import Events
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> def log_something() -> None:
        ...     pass
        >>> handle = trainer.add_event_handler(Events.ITERATION_COMPLETED(every=2), log_something)
        >>> profiler = HandlersTimeProfiler()
        >>> profiler.attach(trainer)
        >>> state = trainer.run([1, 2, 3, 4, 5])
        >>> [one] = profiler.get_results().handlers
        >>> one.name, one.calls.count
        ('log_something', 2)
        >>> profiler.detach()
    """

    __slots__ = ("_dataflow", "_entries", "_meter", "_processing")

    def __init__(self, *, clock: Callable[[], float] = time.perf_counter) -> None:
        is_callable("HandlersTimeProfiler", "clock", clock)
        self._meter = EngineClock(
            "HandlersTimeProfiler",
            clock,
            on_handler=self._note_handler,
            on_iteration=self._note_iteration,
        )
        self.reset()

    def reset(self) -> None:
        """Forget what was measured."""
        self._entries: dict[Entry[Any], Durations] = {}
        self._dataflow, self._processing = Durations(), Durations()

    def attach(self, engine: Engine[Any, Any]) -> None:
        """Measure an engine from now on.

        Args:
            engine: The engine. A profiler belongs to one at a time.

        Raises:
            ArgumentError: The profiler is attached to an engine that is still there.
        """
        self._meter.attach(engine)

    def detach(self) -> None:
        """Have the engine be as it was; what was measured stays."""
        self._meter.detach()

    def get_results(self) -> HandlersTimes:
        """Give what was measured so far."""
        handlers = [
            HandlerTimes(
                entry.handler,
                name_of(entry.handler),
                event_of(entry),
                repr(entry.source),
                durations.summary(),
            )
            for entry, durations in self._entries.items()
        ]
        return HandlersTimes(
            handlers,
            self._processing.summary(),
            self._dataflow.summary(),
            sum(one.calls.total_s for one in handlers),
        )

    def write_results(self, path: str | Path) -> None:
        """Write the table as a csv file, with one row for each handler; times are in seconds.

        Args:
            path: Where to. Missing folders are made; a file that is there is replaced when the new
                one is whole.
        """
        write_whole(Path(path), self.get_results().to_csv())

    def _note_handler(self, entry: Entry[Any], elapsed_s: float) -> None:
        durations = self._entries.get(entry)
        if durations is None:
            durations = self._entries[entry] = Durations()
        durations.add(elapsed_s)

    def _note_iteration(
        self, _engine: Engine[Any, Any], dataflow_s: float | None, processing_s: float
    ) -> None:
        if dataflow_s is not None:
            self._dataflow.add(dataflow_s)
        self._processing.add(processing_s)
