"""When an attached metric is reset, updated and computed."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

# Any: a filter of a usage does not care whose engine asks it.
from typing import Any, SupportsIndex, final

from firesteel.engine import Engine
from firesteel.errors import ArgumentError
from firesteel.events import EventEnum, Events, FilteredEvent, filtered

__all__ = [
    "BatchFiltered",
    "BatchWise",
    "EpochWise",
    "MetricUsage",
    "RunningBatchWise",
    "RunningEpochWise",
    "SingleEpochRunningBatchWise",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricUsage:
    """On which events a metric is reset, updated and computed.

    Where two of these are one event, the metric is reset first, then updated, then computed.

    Attributes:
        started: The event that resets the metric.
        iteration_completed: The event that updates it with the output.
        completed: The event that computes its result.
        is_lazy: Whether the result is computed only when somebody reads it, which spares the host a
            wait for the device in each iteration. It can be read until the metric is reset.
    """

    started: EventEnum | FilteredEvent[Engine[Any, Any]]
    iteration_completed: EventEnum | FilteredEvent[Engine[Any, Any]]
    completed: EventEnum | FilteredEvent[Engine[Any, Any]]
    is_lazy: bool = False

    def __post_init__(self) -> None:
        if self.is_lazy and self.completed != self.iteration_completed:
            raise ArgumentError(
                "MetricUsage: is_lazy must be False where completed is another event than "
                f"iteration_completed, got {self.completed!r} and {self.iteration_completed!r}"
            )

    def goes_on(self, engine: Engine[Any, Any]) -> bool:
        """Tell, when the metric is to be reset, whether the engine is in the middle of its span.

        So it is where a run goes on within an epoch, or a usage over all epochs within a run.

        Args:
            engine: The engine.
        """
        if self.started == Events.EPOCH_STARTED:
            return engine.state.epoch_iteration > 0
        return self.started == Events.STARTED and engine.state.iteration > 0


@final
class EpochWise(MetricUsage):
    """Over all batches of an epoch: the usual way."""

    def __init__(self) -> None:
        super().__init__(
            started=Events.EPOCH_STARTED,
            iteration_completed=Events.ITERATION_COMPLETED,
            completed=Events.EPOCH_COMPLETED,
        )


@final
class RunningEpochWise(MetricUsage):
    """Over the outputs that epochs end with, all epochs of the run together."""

    def __init__(self) -> None:
        super().__init__(
            started=Events.STARTED,
            iteration_completed=Events.EPOCH_COMPLETED,
            completed=Events.EPOCH_COMPLETED,
        )


@final
class BatchWise(MetricUsage):
    """For each batch on its own."""

    def __init__(self) -> None:
        super().__init__(
            started=Events.ITERATION_STARTED,
            iteration_completed=Events.ITERATION_COMPLETED,
            completed=Events.ITERATION_COMPLETED,
            is_lazy=True,
        )


@final
class RunningBatchWise(MetricUsage):
    """Over all batches of the run so far, after each batch."""

    def __init__(self) -> None:
        super().__init__(
            started=Events.STARTED,
            iteration_completed=Events.ITERATION_COMPLETED,
            completed=Events.ITERATION_COMPLETED,
            is_lazy=True,
        )


@final
class SingleEpochRunningBatchWise(MetricUsage):
    """Over all batches of the epoch so far, after each batch."""

    def __init__(self) -> None:
        super().__init__(
            started=Events.EPOCH_STARTED,
            iteration_completed=Events.ITERATION_COMPLETED,
            completed=Events.ITERATION_COMPLETED,
            is_lazy=True,
        )


@final
class BatchFiltered(MetricUsage):
    """Over some of the batches of an epoch; one kind of filter, as in ``Events.X(...)``.

    Args:
        event_filter: Asked after each iteration, with the engine and the iteration.
        every: Take every so manieth iteration, ``>= 1``.
        once: Take this iteration, or these, ``>= 1``.
        before: Take iterations below this, ``>= 0``.
        after: Take iterations above this, ``>= 0``.

    Raises:
        ArgumentError: No filter, or filters that exclude each other.

    Example:
        >>> BatchFiltered(every=10).iteration_completed
        Events.ITERATION_COMPLETED(every=10)
    """

    def __init__(
        self,
        event_filter: Callable[[Engine[Any, Any], int], bool] | None = None,
        *,
        every: SupportsIndex | None = None,
        once: SupportsIndex | Collection[SupportsIndex] | None = None,
        before: SupportsIndex | None = None,
        after: SupportsIndex | None = None,
    ) -> None:
        super().__init__(
            started=Events.EPOCH_STARTED,
            iteration_completed=filtered(
                Events.ITERATION_COMPLETED,
                event_filter,
                every=every,
                once=once,
                before=before,
                after=after,
            ),
            completed=Events.EPOCH_COMPLETED,
        )
