"""Engine.wrap_handlers: what stands in place of a handler's call, and that it is gone again."""

from collections.abc import Callable

# Any: what is called in a handler's place has the handler's type, which no closure can be given
from typing import Any

import pytest
from typing_extensions import TypeVar

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import Entry, EventEnum, Events, PayloadEvent

CallT = TypeVar("CallT", bound=Callable[..., object])


class Ring(EventEnum):
    BELL = "bell"


def give(_engine: Engine[int, int], batch: int) -> int:
    return batch


class Log:
    """Writes down which calls were made through it."""

    def __init__(self, name: str = "log") -> None:
        self.name = name
        self.lines: list[str] = []
        self.sources: list[object] = []

    def wrap(self, entry: Entry[CallT], call: CallT, /) -> CallT:
        def logged(*args: object) -> object:
            self.lines.append(self.name)
            self.sources.append(entry.source)
            return call(*args)

        found: Any = logged
        wrapped: CallT = found
        return wrapped


def test_handlers_are_called_through_the_wrapper_and_it_knows_their_events() -> None:
    engine, log, seen = Engine(give), Log(), list[int]()
    every = Events.ITERATION_COMPLETED(every=2)
    engine.add_event_handler(every, lambda engine: seen.append(engine.state.iteration))
    engine.add_event_handler(Events.COMPLETED, lambda: seen.append(0))
    engine.wrap_handlers(log.wrap)
    engine.run(range(5))
    assert seen == [2, 4, 0]
    assert log.sources == [every, every, Events.COMPLETED]


@pytest.mark.parametrize(
    "event",
    [
        Events.ITERATION_COMPLETED(every=3),
        Events.ITERATION_COMPLETED(once=3),
        Events.ITERATION_COMPLETED(after=2, before=4),
        Events.ITERATION_COMPLETED(lambda _, count: count == 3),
    ],
)
def test_a_call_that_is_not_due_does_not_reach_the_wrapper(event: Any) -> None:
    engine, log = Engine(give), Log()
    engine.add_event_handler(event, lambda: None)
    engine.wrap_handlers(log.wrap)
    engine.run(range(5))
    assert len(log.lines) == 1


def test_handlers_and_events_that_come_later_are_wrapped_too() -> None:
    engine, log = Engine(give), Log()
    payload = PayloadEvent[int]("payload")
    engine.wrap_handlers(log.wrap)
    engine.register_events(Ring.BELL, payload)
    got: list[int] = []
    engine.add_event_handler(Ring.BELL, lambda: None)
    engine.add_event_handler(payload, got.append)
    engine.fire_event(Ring.BELL)
    engine.fire_event(payload, 7)
    assert (log.sources, got) == ([Ring.BELL, payload], [7])


def test_a_second_wrapper_is_outermost() -> None:
    engine = Engine(give)
    lines: list[str] = []
    for name in ("inner", "outer"):
        log = Log(name)
        log.lines = lines
        engine.wrap_handlers(log.wrap)
    engine.add_event_handler(Events.COMPLETED, lambda: None)
    engine.run([1])
    assert lines == ["outer", "inner"]


def test_unwrapped_they_are_called_as_before_and_the_other_wrapper_stays() -> None:
    engine, gone, stays = Engine(give), Log(), Log()
    engine.add_event_handler(Events.COMPLETED, lambda: None)
    engine.wrap_handlers(gone.wrap)
    engine.wrap_handlers(stays.wrap)
    engine.unwrap_handlers(gone.wrap)
    engine.unwrap_handlers(gone.wrap)
    engine.run([1])
    assert (gone.lines, stays.lines) == ([], ["log"])


def test_a_wrapper_put_on_and_off_during_a_run_holds_from_the_next_firing_on() -> None:
    engine, log = Engine(give), Log()

    def switch(engine: Engine[int, int]) -> None:
        if engine.state.iteration == 2:
            engine.wrap_handlers(log.wrap)
        elif engine.state.iteration == 4:
            engine.unwrap_handlers(log.wrap)

    engine.add_event_handler(Events.ITERATION_COMPLETED, switch)
    engine.run(range(6))
    assert len(log.lines) == 2


def test_a_rehearsal_calls_through_the_wrapper() -> None:
    engine, log = Engine(give), Log()
    engine.add_event_handler(Events.ITERATION_COMPLETED(every=100), lambda: None)
    engine.wrap_handlers(log.wrap)
    with engine.rehearsal():
        engine.run(range(5))
    assert log.lines == ["log"]


def test_the_same_wrapper_twice_is_refused() -> None:
    engine, log = Engine(give), Log()
    engine.wrap_handlers(log.wrap)
    with pytest.raises(ArgumentError, match="must not wrap the handlers already"):
        engine.wrap_handlers(log.wrap)


def test_what_cannot_be_called_is_refused() -> None:
    nothing: Any = None
    with pytest.raises(ArgumentTypeError, match=r"Engine.wrap_handlers: wrapper must be callable"):
        Engine(give).wrap_handlers(nothing)
