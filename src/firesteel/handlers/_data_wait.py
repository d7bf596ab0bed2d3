"""DataWait: the share of the time that goes by in waiting for data."""

import time
from collections.abc import Callable

# Any: what an engine puts out is nothing to the wait for its data.
from typing import Any, final

from typing_extensions import override

from firesteel._require import is_callable
from firesteel.engine import Engine, MetricKey
from firesteel.errors import NotComputableError
from firesteel.events import Events, RemovableEventHandle

from ._measurement import Measurement
from ._order import FIRST, LAST, placed

__all__ = ["DataWait"]


@final
class DataWait(Measurement[object, float]):
    """The share of an epoch's time that goes by in waiting for batches, from 0 to 1.

    Where it is near 0 the data is no bottleneck; where it is near 1 the device waits for the data:
    more workers, or a faster transform, would help, and a faster device would not. It is that of
    the epoch so far. All that is no waiting for data counts as work, from when a batch has come to
    the end of its iteration: handlers, and the time in which the host waits for the device.

    Attach it last: handlers of ``GET_BATCH_STARTED`` behind it would count as waiting. To listen to
    that event takes an iteration a few microseconds.

    Args:
        clock: Gives the time in seconds.

    Raises:
        ArgumentTypeError: ``clock`` cannot be called.

    Example:
        >>> from firesteel.engine import Engine
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> wait = trainer.attach(DataWait(), "data wait")
        >>> 0 <= trainer.run([1, 2, 3]).metrics[wait] <= 1
        True
    """

    __slots__ = ("_asked_s", "_came_s", "_clock", "_waited_s", "_worked_s")

    def __init__(self, *, clock: Callable[[], float] = time.perf_counter) -> None:
        super().__init__()
        is_callable("DataWait", "clock", clock)
        self._clock = clock
        self._asked_s: float | None = None
        self._came_s: float | None = None
        self._waited_s = 0.0
        self._worked_s = 0.0

    @override
    def _add_to(self, engine: Engine[Any, object], key: MetricKey[float]) -> RemovableEventHandle:
        def result() -> float:
            total_s = self._waited_s + self._worked_s
            if not total_s > 0:
                raise NotComputableError(f"{key.name}: exists once a batch was waited for")
            return self._waited_s / total_s

        def done(engine: Engine[Any, object]) -> None:
            if self._came_s is not None:
                self._worked_s += self._clock() - self._came_s
                self._came_s = None
                engine.state.metrics.record_later(key, result)

        def begin(engine: Engine[Any, object]) -> None:
            self._waited_s = self._worked_s = 0.0
            self._asked_s = self._came_s = None
            engine.state.metrics.drop(key)

        return (
            engine.add_event_handler(Events.EPOCH_STARTED, begin)
            + engine.add_event_handler(placed(Events.GET_BATCH_STARTED, LAST), self._ask)
            + engine.add_event_handler(placed(Events.GET_BATCH_COMPLETED, FIRST), self._take)
            + engine.add_event_handler(Events.ITERATION_COMPLETED, done)
            + engine.add_event_handler(Events.INTERRUPT, self._pause)
        )

    def _ask(self) -> None:
        self._asked_s = self._clock()

    def _take(self) -> None:
        if self._asked_s is not None:
            self._came_s = self._clock()
            self._waited_s += self._came_s - self._asked_s
            self._asked_s = None

    def _pause(self) -> None:
        self._asked_s = self._came_s = None
