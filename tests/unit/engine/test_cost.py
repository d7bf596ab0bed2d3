"""What an iteration may cost, counted and not timed: calls, and memory that stays."""

import gc
import sys
from collections.abc import Callable, Iterator
from itertools import islice, repeat
from types import FrameType

import pytest

from firesteel.engine import Engine
from firesteel.events import Events


def step(_engine: Engine[int, int], batch: int) -> int:
    return batch


def num_calls(run: Callable[[], object]) -> int:
    """Count the functions, Python's and C's, that are called in ``run``."""
    calls = 0

    def count(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal calls
        calls += event in {"call", "c_call"}

    gc.disable()  # others may have callbacks for collections
    sys.setprofile(count)
    try:
        run()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


def calls_per_iteration(engine: Engine[int, int]) -> float:
    short, long = [1] * 1_000, [1] * 3_000
    engine.run(short)
    return (num_calls(lambda: engine.run(long)) - num_calls(lambda: engine.run(short))) / 2_000


def test_an_iteration_with_nothing_attached_calls_the_process_function_and_nothing_else() -> None:
    assert calls_per_iteration(Engine(step)) == 1


@pytest.mark.parametrize("num_handlers", [1, 20, 200])
def test_handlers_that_are_not_due_cost_no_call(num_handlers: int) -> None:
    engine = Engine(step)
    for number in range(num_handlers):
        engine.add_event_handler(Events.ITERATION_COMPLETED(every=100_000 + number), lambda: None)
    assert calls_per_iteration(engine) == 1


def test_handlers_that_are_not_due_cost_no_call_beside_one_that_always_is() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED, lambda _engine: None)
    for number in range(50):
        engine.add_event_handler(Events.ITERATION_COMPLETED(every=100_000 + number), lambda: None)
    assert calls_per_iteration(engine) == 2


def test_a_handler_costs_its_own_call_and_nothing_else() -> None:
    engine = Engine(step)
    for _ in range(5):
        engine.add_event_handler(Events.ITERATION_COMPLETED, lambda _engine: None)
    assert calls_per_iteration(engine) == 1 + 5


def test_an_iteration_costs_the_same_however_long_the_run_is() -> None:
    engine = Engine(step)
    engine.run([1])
    first = num_calls(lambda: engine.run(repeat(1, 2_000)))
    second = num_calls(lambda: engine.run(repeat(1, 4_000)))
    third = num_calls(lambda: engine.run(repeat(1, 6_000)))
    assert second - first == third - second == 2_000


def test_memory_is_flat_over_a_million_iterations() -> None:
    blocks: list[int] = []

    def batches() -> Iterator[int]:
        for number in range(1_000_000):
            if number % 250_000 == 1_000:
                gc.collect()
                blocks.append(sys.getallocatedblocks())
            yield number

    engine = Engine(step)
    total = 0

    def add(engine: Engine[int, int]) -> None:
        nonlocal total
        total += engine.state.output

    engine.add_event_handler(Events.ITERATION_COMPLETED, add)
    engine.add_event_handler(Events.ITERATION_COMPLETED(every=1_000), lambda _engine: None)
    engine.run(batches())
    assert total == sum(range(1_000_000))
    # a block is at most 512 bytes; the integers at hand and the list of figures may come and go
    assert max(blocks) - min(blocks) < 50


def test_a_run_takes_no_more_batches_than_it_needs() -> None:
    taken = 0

    def batches() -> Iterator[int]:
        nonlocal taken
        for number in islice(repeat(1), 100):
            taken += 1
            yield number

    Engine(step).run(batches(), max_iters=7)
    assert taken == 7
