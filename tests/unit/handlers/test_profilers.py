"""The time profilers: each part of a run is measured, once, and the engine is left as it was."""

import csv
import gc
import io
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.handlers.hand_clock import HandClock

from firesteel.engine import Engine
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import EventEnum, Events
from firesteel.handlers import BasicTimeProfiler, HandlersTimeProfiler

# not public: the sums behind the tables
from firesteel.handlers._durations import Durations, as_text

Profiler = type[BasicTimeProfiler] | type[HandlersTimeProfiler]
BOTH = pytest.mark.parametrize("profiler", [BasicTimeProfiler, HandlersTimeProfiler])


class Own(EventEnum):
    BACKWARD = "backward"


class Scene:
    """An engine whose data takes 1 s, process function 10 s, and handlers what they are told."""

    def __init__(self, *, own_event: bool = False) -> None:
        self.clock = HandClock()

        def step(engine: Engine[int, int], batch: int) -> int:
            self.clock.wait(10)
            if own_event:
                engine.fire_event(Own.BACKWARD)
            return batch

        self.engine = Engine(step)
        self.engine.register_events(*Own)

    def data(self, num_batches: int) -> Iterator[int]:
        for batch in range(num_batches):
            self.clock.wait(1)
            yield batch

    def add(self, event: Any, elapsed_s: float) -> Callable[[], None]:
        def waiting() -> None:
            self.clock.wait(elapsed_s)

        self.engine.add_event_handler(event, waiting)
        return waiting


def test_data_process_function_and_handlers_are_told_apart() -> None:
    scene = Scene()
    for event in Events:
        scene.add(event, 100)
    profiler = BasicTimeProfiler(clock=scene.clock)
    profiler.attach(scene.engine)
    for event in Events:
        scene.add(event, 200)
    scene.engine.run(scene.data(3))
    times = profiler.get_results()
    assert (times.dataflow.count, times.dataflow.total_s) == (3, 3.0)
    assert (times.processing.count, times.processing.total_s) == (3, 30.0)
    iterations = times.handlers[Events.ITERATION_COMPLETED]
    assert (iterations.count, iterations.total_s) == (6, 900.0)
    assert (iterations.min_s, iterations.max_s, iterations.mean_s) == (100.0, 200.0, 150.0)
    assert times.handlers[Events.STARTED].count == 2
    assert Events.TERMINATE not in times.handlers


def test_the_total_is_that_of_all_handlers() -> None:
    scene = Scene()
    scene.add(Events.STARTED, 5)
    scene.add(Events.ITERATION_STARTED, 7)
    profiler = BasicTimeProfiler(clock=scene.clock)
    profiler.attach(scene.engine)
    scene.engine.run(scene.data(2))
    assert profiler.get_results().handlers_total_s == 5 + 2 * 7


def test_handlers_of_an_event_that_the_process_function_fires_are_no_processing() -> None:
    scene = Scene(own_event=True)
    scene.add(Own.BACKWARD, 50)
    profiler = BasicTimeProfiler(clock=scene.clock)
    profiler.attach(scene.engine)
    scene.engine.run(scene.data(2))
    times = profiler.get_results()
    assert times.processing.total_s == 20.0
    assert times.handlers[Own.BACKWARD].total_s == 100.0


def test_a_handler_that_fires_an_event_is_subtracted_once() -> None:
    scene = Scene()
    scene.add(Own.BACKWARD, 50)
    profiler = BasicTimeProfiler(clock=scene.clock)
    profiler.attach(scene.engine)
    scene.engine.add_event_handler(Events.GET_BATCH_STARTED, scene.engine.fire_event, Own.BACKWARD)
    scene.engine.run(scene.data(2))
    times = profiler.get_results()
    assert times.dataflow.total_s == 2.0
    # asked for a third batch, the data ended
    assert times.handlers[Events.GET_BATCH_STARTED].total_s == 150.0


@BOTH
def test_several_runs_are_summed_up_once_each(profiler: Profiler) -> None:
    scene = Scene()
    scene.add(Events.ITERATION_COMPLETED, 3)
    measured = profiler(clock=scene.clock)
    measured.attach(scene.engine)
    for num_runs in (1, 2, 3):
        scene.engine.run(scene.data(2))
        times = measured.get_results()
        assert times.processing.count == 2 * num_runs
        assert times.handlers_total_s == 6.0 * num_runs


@BOTH
def test_after_a_reset_only_what_follows_counts(profiler: Profiler) -> None:
    scene = Scene()
    scene.add(Events.ITERATION_COMPLETED, 3)
    measured = profiler(clock=scene.clock)
    measured.attach(scene.engine)
    scene.engine.run(scene.data(4))
    measured.reset()
    scene.engine.run(scene.data(1))
    times = measured.get_results()
    assert (times.processing.count, times.handlers_total_s) == (1, 3.0)


@BOTH
def test_with_a_limit_in_iterations_and_epochs_longer_than_the_data(profiler: Profiler) -> None:
    scene = Scene()
    measured = profiler(clock=scene.clock)
    measured.attach(scene.engine)
    scene.engine.run([1, 2], max_iters=7, epoch_length=5)
    assert measured.get_results().processing.count == 7


@BOTH
def test_without_data_there_is_no_dataflow(profiler: Profiler) -> None:
    clock = HandClock()

    def step(_engine: Engine[None, None], _batch: None) -> None:
        clock.wait(2)

    trainer = Engine(step)
    measured = profiler(clock=clock)
    measured.attach(trainer)
    trainer.run(epoch_length=3)
    times = measured.get_results()
    assert (times.dataflow.count, times.processing.total_s) == (0, 6.0)
    assert math.isnan(times.dataflow.mean_s)


@BOTH
def test_a_failed_run_leaves_nothing_behind_and_the_next_one_is_measured(
    profiler: Profiler,
) -> None:
    scene = Scene()
    measured = profiler(clock=scene.clock)
    measured.attach(scene.engine)

    def fail() -> None:
        scene.clock.wait(4)
        raise ArithmeticError

    handle = scene.engine.add_event_handler(Events.ITERATION_COMPLETED, fail)
    with pytest.raises(ArithmeticError):
        scene.engine.run(scene.data(2))
    handle.remove()
    scene.add(Events.ITERATION_COMPLETED, 3)
    measured.reset()
    scene.engine.reset()
    scene.engine.run(scene.data(2))
    times = measured.get_results()
    assert (times.handlers_total_s, times.processing.total_s, times.dataflow.total_s) == (6, 20, 2)


def test_a_handler_that_fails_is_measured() -> None:
    scene = Scene()
    measured = HandlersTimeProfiler(clock=scene.clock)
    measured.attach(scene.engine)

    def fail() -> None:
        scene.clock.wait(4)
        raise ArithmeticError

    scene.engine.add_event_handler(Events.ITERATION_COMPLETED, fail)
    with pytest.raises(ArithmeticError):
        scene.engine.run(scene.data(2))
    [one] = measured.get_results().handlers
    assert (one.handler, one.calls.total_s) == (fail, 4.0)


@BOTH
def test_detached_the_engine_is_as_it_was(profiler: Profiler) -> None:
    scene = Scene()
    scene.add(Events.ITERATION_COMPLETED, 3)
    measured = profiler(clock=scene.clock)
    measured.attach(scene.engine)
    scene.engine.run(scene.data(1))
    measured.detach()
    measured.detach()
    scene.engine.run(scene.data(5))
    times = measured.get_results()
    assert (times.processing.count, times.handlers_total_s) == (1, 3.0)
    measured.attach(scene.engine)
    scene.engine.run(scene.data(1))
    assert measured.get_results().processing.count == 2


@BOTH
def test_a_profiler_belongs_to_one_engine_at_a_time(profiler: Profiler) -> None:
    scene = Scene()
    measured = profiler()
    measured.attach(scene.engine)
    with pytest.raises(ArgumentError, match="Profiler: must not be attached already"):
        measured.attach(Scene().engine)
    del scene
    gc.collect()
    measured.attach(Scene().engine)


@BOTH
def test_a_clock_has_to_be_callable(profiler: Profiler) -> None:
    clock: Any = 3.0
    with pytest.raises(ArgumentTypeError, match="Profiler: clock must be callable"):
        profiler(clock=clock)


def test_handlers_with_equal_names_and_one_added_twice_are_told_apart() -> None:
    scene = Scene()
    measured = HandlersTimeProfiler(clock=scene.clock)
    measured.attach(scene.engine)
    first = scene.add(Events.ITERATION_COMPLETED, 1)
    second = scene.add(Events.ITERATION_COMPLETED, 2)
    scene.engine.add_event_handler(Events.ITERATION_COMPLETED, first)
    scene.engine.run(scene.data(2))
    handlers = measured.get_results().handlers
    assert [one.handler for one in handlers] == [first, second, first]
    assert len({one.name for one in handlers}) == 1
    assert [one.calls.total_s for one in handlers] == [2.0, 4.0, 2.0]


@pytest.mark.parametrize(
    "event",
    [
        Events.ITERATION_COMPLETED(every=3),
        Events.ITERATION_COMPLETED(lambda _, count: count % 3 == 0),
    ],
)
def test_of_a_filtered_handler_only_the_calls_count(event: Any) -> None:
    scene = Scene()
    scene.add(event, 1)
    measured = HandlersTimeProfiler(clock=scene.clock)
    measured.attach(scene.engine)
    scene.engine.run(scene.data(9))
    [one] = measured.get_results().handlers
    assert (one.calls.count, one.event) == (3, Events.ITERATION_COMPLETED)
    assert one.source == repr(event)


def test_an_object_that_is_called_has_the_name_of_its_class() -> None:
    class Counter:
        def __call__(self) -> None:
            pass

    scene = Scene()
    scene.engine.add_event_handler(Events.COMPLETED, Counter())
    measured = HandlersTimeProfiler(clock=scene.clock)
    measured.attach(scene.engine)
    scene.engine.run(scene.data(1))
    assert measured.get_results().handlers[0].name.endswith("Counter")


def test_results_do_not_change_afterwards_and_print_twice() -> None:
    scene = Scene()
    scene.add(Events.COMPLETED, 1)
    measured = HandlersTimeProfiler(clock=scene.clock)
    measured.attach(scene.engine)
    scene.engine.run(scene.data(1))
    times = measured.get_results()
    text = str(times)
    scene.engine.run(scene.data(1))
    assert str(times) == text
    head, _, first, processing, dataflow = text.splitlines()
    assert head.split()[:3] == ["handler", "event", "count"]
    assert first.split()[1:4] == ["Events.COMPLETED", "1", "1"]
    assert processing.split()[:3] == ["processing", "1", "10"]
    assert dataflow.split()[:3] == ["dataflow", "1", "1"]


def test_a_table_says_where_nothing_was_measured() -> None:
    text = str(BasicTimeProfiler().get_results())
    assert text.splitlines()[2].split() == ["processing", "0", "0", *["-"] * 6]


def test_the_csv_of_iterations_has_a_row_for_each(tmp_path: Path) -> None:
    scene = Scene()
    measured = BasicTimeProfiler(clock=scene.clock)
    measured.attach(scene.engine)
    scene.engine.run([1, 2], max_epochs=2)
    path = tmp_path / "made" / "times.csv"
    measured.write_results(path)
    assert [dict(row) for row in csv.DictReader(io.StringIO(path.read_text("utf-8")))] == [
        {"epoch": epoch, "iteration": iteration, "dataflow_s": "0.0", "processing_s": "10.0"}
        for epoch, iteration in (("1", "1"), ("1", "2"), ("2", "3"), ("2", "4"))
    ]
    assert [one.name for one in path.parent.iterdir()] == ["times.csv"]


def test_the_csv_of_handlers_is_the_table(tmp_path: Path) -> None:
    scene = Scene()
    scene.add(Events.COMPLETED, 2)
    measured = HandlersTimeProfiler(clock=scene.clock)
    measured.attach(scene.engine)
    scene.engine.run(scene.data(1))
    path = tmp_path / "times.csv"
    measured.write_results(str(path))
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))
    assert [row["total_s"] for row in rows] == ["2.0", "10.0", "1.0"]
    assert rows[0]["event"] == "Events.COMPLETED"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=50))
def test_durations_summed_up_are_what_they_are_all_at_once(durations_s: list[float]) -> None:
    durations = Durations()
    for elapsed_s in durations_s:
        durations.add(elapsed_s)
    summary = durations.summary()
    count = len(durations_s)
    mean_s = math.fsum(durations_s) / count
    squares = math.fsum((elapsed_s - mean_s) ** 2 for elapsed_s in durations_s)
    assert summary.count == count
    assert summary.min_s == min(durations_s) == durations_s[summary.min_index]
    assert summary.max_s == max(durations_s) == durations_s[summary.max_index]
    assert durations_s.index(summary.min_s) == summary.min_index
    # sums of floats in another order
    assert summary.mean_s == pytest.approx(mean_s, rel=1e-9, abs=1e-9)
    assert summary.total_s == pytest.approx(math.fsum(durations_s), rel=1e-9, abs=1e-9)
    assert summary.std_s == pytest.approx(
        math.sqrt(squares / max(count - 1, 1)), rel=1e-6, abs=1e-3
    )


def test_a_table_without_rows_has_a_head() -> None:
    assert as_text(["name", "x"], []) == "name  x\n----  -"
