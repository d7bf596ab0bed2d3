"""Timer: a stopwatch that events start, pause and step."""

import time
from collections.abc import Callable
from typing import Self, final

from typing_extensions import TypeVar

from firesteel._require import is_callable
from firesteel.engine import Engine
from firesteel.events import EventLike, Events, RemovableEventHandle

__all__ = ["Timer"]

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")


@final
class Timer:
    """A stopwatch: reads the time between its starts and pauses, in all or per step.

    It runs from the moment it is made. Its methods can be called by hand or be handlers; attached,
    events call them. A stretch that is open when the value is read counts up to that moment.

    Args:
        average: Whether :meth:`value` is the time per :meth:`step`.
        clock: Gives the time in seconds.

    Raises:
        ArgumentTypeError: ``clock`` cannot be called.

    Attributes:
        average: Whether :meth:`value` is the time per step.

    Example:
        >>> from firesteel.engine import Engine
        >>> from firesteel.events import Events
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> timer = Timer(average=True)
        >>> handle = timer.attach(
        ...     trainer,
        ...     start=Events.EPOCH_STARTED,
        ...     resume=Events.ITERATION_STARTED,
        ...     pause=Events.ITERATION_COMPLETED,
        ...     step=Events.ITERATION_COMPLETED,
        ... )
        >>> state = trainer.run([1, 2, 3])
        >>> timer.num_steps, timer.value() < 1
        (3, True)
    """

    __slots__ = ("_clock", "_num_steps", "_since_s", "_total_s", "average")

    def __init__(
        self, *, average: bool = False, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        is_callable("Timer", "clock", clock)
        self.average: bool = average
        self._clock = clock
        self._total_s = 0.0
        self._num_steps = 0
        self._since_s: float | None = clock()

    @property
    def is_running(self) -> bool:
        """Whether time counts at the moment."""
        return self._since_s is not None

    @property
    def num_steps(self) -> int:
        """How often :meth:`step` was called since the last reset."""
        return self._num_steps

    @property
    def total_s(self) -> float:
        """The time that counts so far, in seconds, the open stretch included."""
        if self._since_s is None:
            return self._total_s
        return self._total_s + self._clock() - self._since_s

    def value(self) -> float:
        """Give the time in seconds: per step where the timer averages, else in all.

        Before the first step an average is the time in all.
        """
        return self.total_s / max(self._num_steps, 1) if self.average else self.total_s

    def reset(self) -> Self:
        """Begin anew, running.

        Returns:
            The timer itself.
        """
        self._total_s, self._num_steps, self._since_s = 0.0, 0, self._clock()
        return self

    def pause(self) -> None:
        """Have time not count from now on. Where it does not, nothing happens."""
        self._total_s, self._since_s = self.total_s, None

    def resume(self) -> None:
        """Have time count again from now on. Where it does, nothing happens."""
        if self._since_s is None:
            self._since_s = self._clock()

    def step(self) -> None:
        """Count a step, for an average."""
        self._num_steps += 1

    def attach(
        self,
        engine: Engine[BatchT, OutputT],
        *,
        start: EventLike[Engine[BatchT, OutputT]] = Events.STARTED,
        pause: EventLike[Engine[BatchT, OutputT]] = Events.COMPLETED,
        resume: EventLike[Engine[BatchT, OutputT]] | None = None,
        step: EventLike[Engine[BatchT, OutputT]] | None = None,
    ) -> RemovableEventHandle:
        """Have events of an engine reset, pause, resume and step.

        Time counts from ``start`` up to the first ``pause`` too. Where one event does several of
        these, it is in the order reset, pause, resume, step.

        Args:
            engine: The engine. The same timer may be attached to several.
            start: Resets.
            pause: Pauses. A run that fails or is suspended does not reach ``COMPLETED``; join it
                with ``INTERRUPT`` where that time should not count.
            resume: Resumes; ``None`` for none.
            step: Counts a step; ``None`` for none.

        Returns:
            The way to take the timer off again.

        Raises:
            UnknownEventError: An event is not registered on the engine.
        """
        handle = engine.add_event_handler(start, self.reset)
        handle += engine.add_event_handler(pause, self.pause)
        if resume is not None:
            handle += engine.add_event_handler(resume, self.resume)
        if step is not None:
            handle += engine.add_event_handler(step, self.step)
        return handle
