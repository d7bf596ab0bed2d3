"""The step of another engine."""

from typing import Any

import pytest

from firesteel import Engine, Events
from firesteel.errors import ArgumentTypeError, UnknownEventError
from firesteel.events import PayloadEvent
from firesteel.handlers import global_step_from_engine

OTHER = PayloadEvent[int]("other")


def give(engine: Engine[int, int], batch: int) -> int:
    return batch


def test_epochs_are_counted_where_nothing_is_said() -> None:
    trainer, evaluator = Engine(give), Engine(give)
    step = global_step_from_engine(trainer)
    steps: list[int] = []
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda: steps.append(step(evaluator)))
    trainer.run([1, 2], max_epochs=2)
    assert steps == [1, 1, 2, 2]


def test_another_event_can_be_counted() -> None:
    trainer = Engine(give)
    trainer.register_events(OTHER)
    iteration = global_step_from_engine(trainer, event=Events.ITERATION_COMPLETED)
    other = global_step_from_engine(trainer, event=OTHER)
    trainer.run([1, 2, 3])
    trainer.fire_event(OTHER, 7)
    assert (iteration(trainer), other(trainer)) == (3, 1)


def test_before_the_first_run_it_is_zero() -> None:
    trainer = Engine(give)
    assert global_step_from_engine(trainer)(trainer) == 0
    assert global_step_from_engine(trainer, event=Events.COMPLETED)(trainer) == 0


def test_an_event_that_the_engine_does_not_know_is_refused() -> None:
    with pytest.raises(UnknownEventError, match=r"call engine\.register_events"):
        global_step_from_engine(Engine(give), event=OTHER)


def test_an_event_with_a_filter_is_refused() -> None:
    filtered: Any = Events.EPOCH_COMPLETED(every=2)
    with pytest.raises(ArgumentTypeError, match="an event without a filter"):
        global_step_from_engine(Engine(give), event=filtered)


def test_what_is_no_engine_is_refused() -> None:
    nothing: Any = None
    with pytest.raises(ArgumentTypeError, match="engine must be an Engine"):
        global_step_from_engine(nothing)
