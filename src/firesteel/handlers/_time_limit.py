"""TimeLimit: end a run in time."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

# Any: what an engine runs is nothing to what limits its time.
from typing import Any, Final, final

from typing_extensions import override

from firesteel._require import is_callable, real_number
from firesteel.distributed import get_world_size
from firesteel.engine import Attachable, Engine
from firesteel.errors import ArgumentError
from firesteel.events import EventLike, Events, RemovableEventHandle

__all__ = ["TimeLimit"]

_WHERE: Final = "TimeLimit"
_LOGGER: Final = logging.getLogger("firesteel.handlers")


@final
class TimeLimit(Attachable[object, RemovableEventHandle]):
    """Ends a run, between two iterations, once it has taken too long.

    The time counts from the beginning of the run, or from the first look where the run was under
    way already; a run that goes on in a new process begins there. Time for which it was suspended
    is left out. The last iteration is not cut short: ``margin`` should hold for one iteration, and
    for what is done when the run ends, as saving.

    Args:
        limit: How long a run may take, in seconds or as a ``timedelta``, ``> 0``.
        margin: How long before the limit the run is ended, in seconds or as a ``timedelta``, ``>=
            0`` and below ``limit``.
        agree: On several ranks, has them end in the same iteration: it is called at each look with
            whether this rank's time is up, and gives whether any rank's is. All ranks look at the
            same moments.
        clock: Gives the time, in seconds.

    Raises:
        ArgumentError: A duration is out of range.
        ArgumentTypeError: A duration is neither a number nor a ``timedelta``.

    Example:
        >>> from firesteel.engine import Engine
        >>> seconds = iter(range(100))
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> handle = trainer.attach(TimeLimit(5, margin=1, clock=lambda: next(seconds)))
        >>> trainer.run(range(50)).iteration
        4
    """

    def __init__(
        self,
        limit: float | timedelta,
        *,
        margin: float | timedelta = 0.0,
        agree: Callable[[bool], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        limit_s = real_number(_WHERE, "limit", _seconds(limit), above=0)
        margin_s = real_number(_WHERE, "margin", _seconds(margin), at_least=0, below=limit_s)
        if agree is not None:
            is_callable(_WHERE, "agree", agree)
        is_callable(_WHERE, "clock", clock)
        self._limit_s = limit_s
        self._most_s = limit_s - margin_s
        self._agree = agree
        self._clock = clock

    def attach(
        self,
        engine: Engine[Any, object],
        *,
        event: EventLike[Engine[Any, object]] = Events.ITERATION_COMPLETED,
    ) -> RemovableEventHandle:
        """Limit the runs of an engine, each by itself.

        Args:
            engine: The engine.
            event: When to look at the clock. With ``agree``, an event that is not fired in each
                iteration, like ``ITERATION_COMPLETED(every=50)``, saves time.

        Returns:
            The way to take it off again.

        Raises:
            ArgumentError: There are several ranks, and no ``agree``: one would end and the others
                would wait for it.
        """
        if get_world_size() > 1 and self._agree is None:
            raise ArgumentError(
                f"{_WHERE}: agree must be given on several ranks, got None; pass a function that "
                "tells whether it is called with True on any rank"
            )
        watch = _Watch(self._limit_s, self._most_s, self._agree, self._clock)
        return (
            engine.add_event_handler(Events.STARTED, watch.begin)
            + engine.add_event_handler(event, watch.look)
            + engine.add_event_handler(Events.INTERRUPT, watch.pause)
        )

    @override
    def attach_to(self, engine: Engine[Any, object]) -> RemovableEventHandle:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
        """
        return self.attach(engine)


@final
class _Watch:
    """Measures the runs of one engine."""

    def __init__(
        self,
        limit_s: float,
        most_s: float,
        agree: Callable[[bool], bool] | None,
        clock: Callable[[], float],
    ) -> None:
        self._limit_s = limit_s
        self._most_s = most_s
        self._agree = agree
        self._clock = clock
        self._since_s: float | None = None
        self._before_s = 0.0  # of the run, before it was suspended

    def begin(self) -> None:
        self._since_s, self._before_s = self._clock(), 0.0

    def pause(self) -> None:
        if self._since_s is not None:
            self._before_s += self._clock() - self._since_s
            self._since_s = None

    def look(self, engine: Engine[Any, object]) -> None:
        now_s = self._clock()
        if self._since_s is None:
            self._since_s = now_s
        elapsed_s = self._before_s + now_s - self._since_s
        is_over = elapsed_s >= self._most_s
        if self._agree is not None:
            is_over = self._agree(is_over)
        if is_over:
            reason = f"{_WHERE}: {elapsed_s:.1f} s of {self._limit_s:.1f} s are over"
            _LOGGER.info("%s; the run ends.", reason)
            engine.terminate(reason=reason)


def _seconds(duration: float | timedelta) -> float:
    return duration.total_seconds() if isinstance(duration, timedelta) else duration
