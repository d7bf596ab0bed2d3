"""Timer, profilers and stores beside those of ignite: the same events, the same counts."""

import warnings
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from firesteel.engine import Engine
from firesteel.events import Events
from firesteel.handlers import BasicTimeProfiler, EpochOutputStore, HandlersTimeProfiler, Timer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ignite's imports warn of torch.jit
    import ignite.engine
    import ignite.handlers
    import ignite.handlers.timing

pytestmark = pytest.mark.parity


def give(_engine: object, batch: int) -> int:
    return batch


# the clock of both gives one more at each reading: for the values to be the same, they have to be
# read as often and at the same events
ATTACHED: list[tuple[dict[str, str], dict[str, bool]]] = [
    ({}, {}),
    ({"start": "EPOCH_STARTED"}, {}),
    (
        {
            "start": "EPOCH_STARTED",
            "resume": "ITERATION_STARTED",
            "pause": "ITERATION_COMPLETED",
            "step": "ITERATION_COMPLETED",
        },
        {},
    ),
    ({"pause": "ITERATION_COMPLETED", "resume": "ITERATION_STARTED"}, {"average": True}),
    ({"step": "EPOCH_COMPLETED"}, {"average": True}),
]


@pytest.mark.parametrize(("events", "options"), ATTACHED)
def test_a_timer_reads_what_ignites_reads(
    events: dict[str, str], options: dict[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    average = options.get("average", False)
    clock = map(float, count())
    ours = Timer(average=average, clock=lambda: next(clock))
    engine = Engine(give)
    chosen: dict[str, Any] = {one: Events[name] for one, name in events.items()}
    ours.attach(engine, **chosen)
    engine.run([1, 2, 3], max_epochs=2)

    their_clock = map(float, count())
    monkeypatch.setattr(ignite.handlers.timing, "perf_counter", lambda: next(their_clock))
    theirs = ignite.handlers.Timer(average=average)
    their_engine = ignite.engine.Engine(give)
    theirs.attach(their_engine, **{one: ignite.engine.Events[name] for one, name in events.items()})
    their_engine.run([1, 2, 3], max_epochs=2)
    assert ours.num_steps == theirs.step_count
    assert ours.is_running == theirs.running
    assert ours.value() == theirs.value()


def test_a_store_keeps_what_ignites_keeps() -> None:
    engine = Engine(give)
    ours = engine.attach(EpochOutputStore(lambda output: output))
    engine.run([1, 2, 3], max_epochs=2)
    their_engine = ignite.engine.Engine(give)
    theirs = ignite.handlers.EpochOutputStore()
    theirs.attach(their_engine)
    their_engine.run([1, 2, 3], max_epochs=2)
    assert ours.data == theirs.data


def log_often() -> None:
    pass


def run_both(ours: Any, theirs: Any) -> None:
    engine = Engine(give)
    their_engine: Any = ignite.engine.Engine(give)
    runs: list[tuple[Any, Any, Callable[..., object]]] = [
        (engine, ours, engine.run),
        (their_engine, theirs, their_engine.run),
    ]
    for one, profiler, run in runs:
        events = Events if one is engine else ignite.engine.Events
        one.add_event_handler(events.ITERATION_COMPLETED, log_often)
        one.add_event_handler(events.EPOCH_STARTED, log_often)
        profiler.attach(one)
        run([1, 2, 3], max_epochs=2)


def test_a_basic_profiler_sees_as_many_iterations_as_ignites() -> None:
    ours, theirs = BasicTimeProfiler(), ignite.handlers.BasicTimeProfiler()
    run_both(ours, theirs)
    results, their_results = ours.get_results(), theirs.get_results()
    assert results.processing.count == len(theirs.processing_times) == 6
    assert results.dataflow.count == len(theirs.dataflow_times) == 6
    # theirs has a row for each event that it knows, called or not
    names = {event.name for event in results.handlers if isinstance(event, Events)}
    assert names == {"ITERATION_COMPLETED", "EPOCH_STARTED"}
    assert names < set(their_results["event_handlers_stats"])


def test_a_profiler_of_handlers_has_the_rows_of_ignites() -> None:
    ours, theirs = HandlersTimeProfiler(), ignite.handlers.HandlersTimeProfiler()
    run_both(ours, theirs)
    rows = {(one.name, str(one.event).partition(".")[2]) for one in ours.get_results().handlers}
    *their_handlers, total, processing, dataflow = theirs.get_results()
    assert rows == {(row[0], row[1]) for row in their_handlers}
    assert [row[0] for row in (total, processing, dataflow)] == ["Total", "Processing", "Dataflow"]
