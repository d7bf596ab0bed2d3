"""The step of another engine, to name files and to log by."""

from collections.abc import Callable

# Any: neither engine's batches and outputs matter.
from typing import Any

from firesteel._require import is_a
from firesteel.engine import Engine
from firesteel.errors import UnknownEventError
from firesteel.events import BareEvent, EventEnum, PayloadEvent

__all__ = ["global_step_from_engine"]


def global_step_from_engine(
    engine: Engine[Any, Any], *, event: BareEvent | None = None
) -> Callable[[Engine[Any, Any]], int]:
    """Give a function that says how far an engine is, whatever engine it is asked about.

    For what is attached to an evaluator and counts in the epochs of a trainer.

    Args:
        engine: The engine whose steps count.
        event: What is counted: ``ITERATION_COMPLETED`` for iterations, or another event of the
            engine. ``None`` for its epochs: the number of the one at hand.

    Returns:
        A function of an engine, which it does not look at, that gives the step: ``>= 0``.

    Raises:
        ArgumentTypeError: ``engine`` is no engine, or ``event`` no event without a filter.
        UnknownEventError: The engine does not know the event.

    Example:
        >>> from firesteel.engine import Engine
        >>> from firesteel.events import Events
        >>> from firesteel.handlers import global_step_from_engine
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> evaluator = Engine(lambda engine, batch: batch)
        >>> epoch = global_step_from_engine(trainer)
        >>> iteration = global_step_from_engine(trainer, event=Events.ITERATION_COMPLETED)
        >>> state = trainer.run([1, 2, 3], max_epochs=2)
        >>> epoch(evaluator), iteration(evaluator)
        (2, 6)
    """
    where = "global_step_from_engine"
    is_a(where, "engine", engine, Engine, "an Engine")
    if event is None:
        return lambda _: engine.state.epoch
    is_a(where, "event", event, EventEnum | PayloadEvent, "an event without a filter")
    if not engine.has_registered_events(event):
        raise UnknownEventError(
            f"{where}: the engine must know {event!r}; call engine.register_events({event!r}) first"
        )
    counted = event
    return lambda _: engine.state.count(counted)
