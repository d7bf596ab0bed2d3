"""The hot part of the loop, written out for a number of handlers."""

import traceback
from collections.abc import Callable, Iterable
from types import SimpleNamespace

import pytest

from firesteel.engine import Engine
from firesteel.engine._iterations import Iterations
from firesteel.events import Events


def iterated(
    batches: Iterable[int],
    handlers: list[Callable[[object], object]],
    *,
    log: list[object],
    stop: int = 100,
    is_unusual: bool = False,
) -> tuple[bool, SimpleNamespace, SimpleNamespace]:
    """Iterate with a stop, and give whether the batches ended, and what was written."""
    state, live = SimpleNamespace(), SimpleNamespace(stop=stop, is_unusual=is_unusual)

    def step(engine: object, batch: int) -> int:
        log.append((state.iteration, batch, live.output))
        return batch

    def fire_due(engine: object) -> None:
        log.append("due")

    def has_to_stop(engine: object) -> bool:
        log.append("stop?")
        return True

    is_over = Iterations().with_handlers(len(handlers))(
        "engine", batches, state, live, step, fire_due, has_to_stop, "missing", 0, *handlers
    )
    return is_over, state, live


@pytest.mark.parametrize("num_handlers", [0, 1, 2, 17, 200])
def test_all_handlers_are_called_with_the_engine_in_their_order(num_handlers: int) -> None:
    log: list[object] = []
    calls: list[tuple[int, object]] = []

    def handler(number: int) -> Callable[[object], object]:
        return lambda engine: calls.append((number, engine))

    iterated([10, 11], [handler(number) for number in range(num_handlers)], log=log)
    assert calls == [(number, "engine") for number in range(num_handlers)] * 2
    assert log == [(1, 10, "missing"), (2, 11, "missing")]


def test_where_it_is_unusual_others_are_called_instead() -> None:
    log: list[object] = []
    iterated([10], [log.append], log=log, is_unusual=True)
    assert log == [(1, 10, "missing"), "due"]


def test_at_its_stop_it_asks_and_leaves_with_the_batch_and_the_output() -> None:
    log: list[object] = []
    is_over, state, live = iterated([10, 11, 12], [], log=log, stop=2)
    assert not is_over
    assert (state.iteration, live.batch, live.output) == (2, 11, 11)
    assert log == [(1, 10, "missing"), (2, 11, "missing"), "stop?"]


def test_where_the_batches_end_it_holds_none_of_them() -> None:
    is_over, state, live = iterated([10, 11], [], log=[])
    assert is_over
    assert (state.iteration, live.batch, live.output) == (2, "missing", 11)


def test_each_engine_has_one_function_of_its_own_for_a_number_of_handlers() -> None:
    first, second = Iterations(), Iterations()
    assert first.with_handlers(2) is first.with_handlers(2)
    assert first.with_handlers(2) is not first.with_handlers(3)
    assert first.with_handlers(2) is not second.with_handlers(2)


def test_a_traceback_shows_the_line_that_was_written() -> None:
    def step(engine: Engine[int, int], batch: int) -> int:
        raise KeyError

    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED, lambda engine: None)
    with pytest.raises(KeyError) as caught:
        engine.run([1])
    text = "".join(traceback.format_exception(caught.value))
    assert "live.output = process_function(engine, live.batch)" in text
