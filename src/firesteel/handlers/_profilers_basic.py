"""BasicTimeProfiler: how long data, process function and the handlers of each event take."""

import time
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

# Any: whose batches and outputs an engine has is nothing to a profiler.
from typing import Any, Final, final

from typing_extensions import override

from firesteel._require import is_callable
from firesteel.engine import Engine
from firesteel.events import BareEvent, Entry

from ._durations import Durations, DurationSummary, as_csv, as_text, write_whole
from ._profilers_clock import EngineClock, event_of

__all__ = ["BasicTimeProfiler", "BasicTimes"]

_HEAD: Final = ("", "count", "total/s", "min/s", "at", "max/s", "at", "mean/s", "std/s")


@final
@dataclass(frozen=True, slots=True)
class BasicTimes:
    """What a :class:`BasicTimeProfiler` has measured. As text it is a table.

    Attributes:
        processing: The process function; one duration for each iteration.
        dataflow: The wait for a batch; one for each batch.
        handlers: The handlers of each event that had any called; one for each call.
        handlers_total_s: The sum over all events, in seconds.
    """

    processing: DurationSummary
    dataflow: DurationSummary
    handlers: Mapping[BareEvent, DurationSummary]
    handlers_total_s: float

    @override
    def __str__(self) -> str:
        rows = [("processing", self.processing), ("dataflow", self.dataflow)]
        rows += [(f"handlers of {event!r}", one) for event, one in self.handlers.items()]
        return as_text(_HEAD, [(name, *cells(summary)) for name, summary in rows])


@final
class BasicTimeProfiler:
    """Measures where the time of an engine's runs goes.

    What waiting for data, the process function and the handlers of each event take is summed up
    from when the profiler is attached, or reset, over all runs: those that fail, are suspended or
    gone on with too. It may be read at any time. For figures of one run alone, make
    :meth:`reset` a handler of ``STARTED``.

    While it is attached a handler's call costs two readings of the clock more; per iteration it
    keeps four numbers. Work that a device does later is not seen: the times are those of the host.

    Args:
        clock: Gives the time in seconds.

    Raises:
        ArgumentTypeError: ``clock`` cannot be called.

    Example:
        >>> from firesteel.engine import Engine
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> profiler = BasicTimeProfiler()
        >>> profiler.attach(trainer)
        >>> state = trainer.run([1, 2, 3], max_epochs=2)
        >>> times = profiler.get_results()
        >>> times.processing.count, times.dataflow.count
        (6, 6)
        >>> profiler.detach()
    """

    __slots__ = (
        "_by_event",
        "_dataflow",
        "_dataflows_s",
        "_epochs",
        "_iterations",
        "_meter",
        "_of_entry",
        "_processing",
        "_processings_s",
    )

    def __init__(self, *, clock: Callable[[], float] = time.perf_counter) -> None:
        is_callable("BasicTimeProfiler", "clock", clock)
        self._meter = EngineClock(
            "BasicTimeProfiler",
            clock,
            on_handler=self._note_handler,
            on_iteration=self._note_iteration,
        )
        self.reset()

    def reset(self) -> None:
        """Forget what was measured."""
        self._by_event: dict[BareEvent, Durations] = {}
        self._of_entry: dict[Entry[Any], Durations] = {}
        self._dataflow, self._processing = Durations(), Durations()
        self._epochs, self._iterations = array("q"), array("q")
        self._dataflows_s, self._processings_s = array("d"), array("d")

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

    def get_results(self) -> BasicTimes:
        """Give what was measured so far."""
        handlers = {event: one.summary() for event, one in self._by_event.items()}
        return BasicTimes(
            self._processing.summary(),
            self._dataflow.summary(),
            handlers,
            sum(one.total_s for one in handlers.values()),
        )

    def write_results(self, path: str | Path) -> None:
        """Write a csv file with a row for each iteration.

        Its columns are ``epoch``, ``iteration``, ``dataflow_s`` and ``processing_s``, in seconds,
        the dataflow being ``nan`` where no data was asked.

        Args:
            path: Where to. Missing folders are made; a file that is there is replaced when the new
                one is whole.
        """
        rows = zip(
            self._epochs, self._iterations, self._dataflows_s, self._processings_s, strict=True
        )
        write_whole(Path(path), as_csv(("epoch", "iteration", "dataflow_s", "processing_s"), rows))

    def _note_handler(self, entry: Entry[Any], elapsed_s: float) -> None:
        durations = self._of_entry.get(entry)  # which event that is, is looked up once
        if durations is None:
            durations = self._by_event.setdefault(event_of(entry), Durations())
            self._of_entry[entry] = durations
        durations.add(elapsed_s)

    def _note_iteration(
        self, engine: Engine[Any, Any], dataflow_s: float | None, processing_s: float
    ) -> None:
        if dataflow_s is not None:
            self._dataflow.add(dataflow_s)
        self._processing.add(processing_s)
        self._epochs.append(engine.state.epoch)
        self._iterations.append(engine.state.iteration)
        self._dataflows_s.append(float("nan") if dataflow_s is None else dataflow_s)
        self._processings_s.append(processing_s)


def cells(summary: DurationSummary) -> tuple[object, ...]:
    """Give what a table shows of durations."""
    return (
        summary.count,
        summary.total_s,
        summary.min_s,
        summary.min_index if summary.count else "-",
        summary.max_s,
        summary.max_index if summary.count else "-",
        summary.mean_s,
        summary.std_s,
    )
