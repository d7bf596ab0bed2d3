"""What a run leaves behind at every moment."""

from collections.abc import Iterator

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest

from firesteel.engine import Engine, MetricKey, Metrics, State, StateKey
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    NotAvailableError,
    UnknownEventError,
    UnknownKeyError,
)
from firesteel.events import EventEnum, Events, PayloadEvent

LOSS = StateKey[float]("loss")
NORM = PayloadEvent[float]("norm")


class Own(EventEnum):
    PING = "ping"


def untyped(value: object) -> Any:
    return value


def step(engine: Engine[int, str], batch: int) -> str:
    return str(batch)


class Clock:
    """Gives 0, 1, 2, ... seconds."""

    def __init__(self) -> None:
        self.now_s = -1.0

    def __call__(self) -> float:
        self.now_s += 1.0
        return self.now_s


def read_output(engine: Engine[int, str]) -> str:
    try:
        return engine.state.output
    except NotAvailableError as error:
        return str(error)


def read_batch(engine: Engine[int, str]) -> int | str:
    try:
        return engine.state.batch
    except NotAvailableError as error:
        return str(error)


# batch and output


def test_before_the_first_run_there_is_neither_batch_nor_output() -> None:
    state = Engine(step).state
    text = "state.batch: exists from GET_BATCH_COMPLETED until .*; read before the first iteration"
    with pytest.raises(NotAvailableError, match=text):
        _ = state.batch
    text = "state.output: exists from ITERATION_COMPLETED .*; read before the first iteration"
    with pytest.raises(NotAvailableError, match=text):
        _ = state.output
    assert not state.has_output


@pytest.mark.parametrize("event", [Events.STARTED, Events.EPOCH_STARTED])
def test_before_the_first_iteration_of_a_run_there_is_neither(event: Events) -> None:
    engine = Engine(step)
    read: list[object] = []
    engine.add_event_handler(event, lambda engine: read.append(read_batch(engine)))
    engine.add_event_handler(event, lambda engine: read.append(read_output(engine)))
    engine.run([1, 2])
    assert all("read before the first iteration" in str(text) for text in read)
    assert len(read) == 2


def test_the_batch_is_there_from_its_arrival_until_the_next_is_fetched() -> None:
    engine = Engine(step)
    read: dict[EventEnum, list[object]] = {}

    def note(engine: Engine[int, str], event: EventEnum) -> None:
        read.setdefault(event, []).append(read_batch(engine))

    for event in Events:
        engine.add_event_handler(event, note, event)
    engine.run([10, 20])
    assert read[Events.GET_BATCH_COMPLETED] == [10, 20]
    assert read[Events.ITERATION_STARTED] == [10, 20]
    assert read[Events.ITERATION_COMPLETED] == [10, 20]
    assert read[Events.EPOCH_COMPLETED] == [20]
    assert read[Events.COMPLETED] == [20]
    assert "read while the batch after iteration 0 was fetched" in str(
        read[Events.GET_BATCH_STARTED][0]
    )
    assert "read while the batch after iteration 1 was fetched" in str(
        read[Events.GET_BATCH_STARTED][1]
    )


def test_the_output_is_there_from_its_iterations_end_until_the_next_batch_is_there() -> None:
    engine = Engine(step)
    read: dict[EventEnum, list[str]] = {}

    def note(engine: Engine[int, str], event: EventEnum) -> None:
        read.setdefault(event, []).append(read_output(engine))

    for event in Events:
        engine.add_event_handler(event, note, event)
    engine.run([10, 20])
    assert read[Events.ITERATION_COMPLETED] == ["10", "20"]
    assert read[Events.EPOCH_COMPLETED] == ["20"]
    assert read[Events.COMPLETED] == ["20"]
    assert read[Events.GET_BATCH_STARTED][1] == "10"
    for event in (Events.GET_BATCH_COMPLETED, Events.ITERATION_STARTED):
        assert all("exists from ITERATION_COMPLETED" in text for text in read[event])


def test_in_the_process_function_there_is_no_output_yet() -> None:
    read: list[str] = []

    def reading_step(engine: Engine[int, str], batch: int) -> str:
        read.append(read_output(engine))
        return str(batch)

    Engine(reading_step).run([1, 2])
    assert "read before the process function of iteration 1 had returned" in read[0]
    assert "read before the process function of iteration 2 had returned" in read[1]


def test_has_output_says_whether_the_output_can_be_read() -> None:
    engine = Engine(step)
    said: list[bool] = []
    engine.add_event_handler(
        Events.STARTED | Events.ITERATION_STARTED | Events.ITERATION_COMPLETED,
        lambda engine: said.append(engine.state.has_output),
    )
    engine.run([1])
    assert said == [False, False, True]


def test_none_is_an_output() -> None:
    def nothing(engine: Engine[int, None], batch: int) -> None:
        return None

    state = Engine(nothing).run([1])
    assert state.has_output
    assert untyped(state).output is None


def test_without_data_the_batch_is_none() -> None:
    batches: list[object] = []

    def note(engine: Engine[None, None], batch: None) -> None:
        batches.append(engine.state.batch)

    Engine(note).run(None, epoch_length=2)
    assert batches == [None, None]


def test_the_data_can_be_read_once_there_is_a_run() -> None:
    engine = Engine(step)
    with pytest.raises(NotAvailableError, match=r"state\.dataloader: exists once"):
        _ = engine.state.dataloader
    data = [1, 2]
    assert engine.run(data).dataloader is data


# counters


def test_counters_are_zero_before_and_count_from_one_in_a_run() -> None:
    engine = Engine(step)
    assert (engine.state.iteration, engine.state.epoch) == (0, 0)
    seen: list[tuple[int, int, int]] = []
    engine.add_event_handler(
        Events.ITERATION_COMPLETED,
        lambda engine: seen.append(
            (engine.state.epoch, engine.state.iteration, engine.state.epoch_iteration)
        ),
    )
    engine.run([1, 2], max_epochs=2)
    assert seen == [(1, 1, 1), (1, 2, 2), (2, 3, 1), (2, 4, 2)]


def test_an_iteration_under_way_is_not_completed() -> None:
    completed: list[int] = []

    def note(engine: Engine[int, str]) -> None:
        completed.append(engine.state.completed_iterations)

    def noting_step(engine: Engine[int, str], batch: int) -> str:
        note(engine)
        return str(batch)

    engine = Engine(noting_step)
    engine.add_event_handler(Events.GET_BATCH_STARTED | Events.GET_BATCH_COMPLETED, note)
    engine.add_event_handler(Events.ITERATION_STARTED, note)
    engine.run([1, 2])
    assert completed == [0, 0, 0, 0, 1, 1, 1, 1]


def test_a_completed_iteration_counts_from_its_event_on() -> None:
    engine = Engine(step)
    completed: list[int] = []
    engine.add_event_handler(
        Events.ITERATION_COMPLETED | Events.EPOCH_COMPLETED,
        lambda engine: completed.append(engine.state.completed_iterations),
    )
    engine.run([1, 2])
    assert completed == [1, 2, 2]


def test_the_data_is_asked_with_the_iterations_so_far_completed() -> None:
    asked: list[int] = []

    def data() -> Iterator[int]:
        for number in range(3):
            asked.append(engine.state.completed_iterations)
            yield number

    engine = Engine(step)
    engine.run(data())
    assert asked == [0, 1, 2]


def test_the_state_is_the_same_object_in_all_runs() -> None:
    engine = Engine(step)
    assert engine.run([1]) is engine.run([1]) is engine.state


# limits


@pytest.mark.parametrize("name", ["epoch_length", "max_epochs", "max_iters"])
@pytest.mark.parametrize(("limit", "kind"), [(0, ArgumentError), (-1, ArgumentError)])
def test_a_limit_below_one_is_refused(name: str, limit: int, kind: type[Exception]) -> None:
    with pytest.raises(kind, match=f"State: {name} must be at least 1, got {limit}"):
        setattr(Engine(step).state, name, limit)


@pytest.mark.parametrize("name", ["epoch_length", "max_epochs", "max_iters"])
@pytest.mark.parametrize("limit", [True, 2.0, "2"])
def test_a_limit_that_is_no_whole_number_is_refused(name: str, limit: object) -> None:
    with pytest.raises(ArgumentTypeError, match=f"State: {name} must be a whole number"):
        setattr(Engine(step).state, name, limit)


def test_both_limits_at_once_are_refused() -> None:
    engine = Engine(step)
    engine.run([1, 2], max_iters=2)
    with pytest.raises(ArgumentError, match="max_epochs must be None while max_iters is 2, got 3"):
        engine.state.max_epochs = 3
    engine.state.max_iters = None
    engine.state.max_epochs = 3
    with pytest.raises(ArgumentError, match="max_iters must be None while max_epochs is 3, got 9"):
        engine.state.max_iters = 9
    assert (engine.state.max_epochs, engine.state.max_iters) == (3, None)


def test_more_epochs_can_be_asked_for_while_the_last_one_goes_on() -> None:
    engine = Engine(step)

    def longer(engine: Engine[int, str]) -> None:
        engine.state.max_epochs = 3

    engine.add_event_handler(Events.EPOCH_COMPLETED(once=2), longer)
    assert engine.run([1, 2], max_epochs=2).epoch == 3


def test_fewer_iterations_can_be_asked_for_while_a_run_goes_on() -> None:
    engine = Engine(step)

    def shorter(engine: Engine[int, str]) -> None:
        engine.state.max_iters = 4

    engine.add_event_handler(Events.ITERATION_COMPLETED(once=3), shorter)
    assert engine.run([1, 2], max_iters=10).iteration == 4


def test_the_epoch_can_be_made_longer_and_shorter_while_it_goes_on() -> None:
    engine = Engine(step)

    def change(engine: Engine[int, str], epoch_length: int) -> None:
        engine.state.epoch_length = epoch_length

    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), change, 4)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=5), change, 1)
    lengths: list[int] = []
    engine.add_event_handler(
        Events.EPOCH_COMPLETED, lambda engine: lengths.append(engine.state.epoch_iteration)
    )
    assert engine.run([1, 2, 3], max_epochs=3).iteration == 6
    assert lengths == [4, 1, 1]


def test_an_epoch_whose_length_is_forgotten_ends_with_the_data() -> None:
    engine = Engine(step)

    def forget(engine: Engine[int, str]) -> None:
        engine.state.epoch_length = None

    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), forget)
    assert engine.run([1, 2, 3], epoch_length=2).iteration == 3


def test_the_length_of_an_epoch_is_unknown_until_its_data_has_ended() -> None:
    engine = Engine(step)
    lengths: list[int | None] = []
    engine.add_event_handler(
        Events.ITERATION_COMPLETED | Events.EPOCH_COMPLETED,
        lambda engine: lengths.append(engine.state.epoch_length),
    )
    engine.run(iter([1, 2]))
    assert lengths == [None, None, 2]


# own values


def test_values_are_kept_under_their_keys() -> None:
    state = Engine(step).state
    assert LOSS not in state
    assert state.get(LOSS, None) is None
    state[LOSS] = 0.5
    assert LOSS in state
    assert state[LOSS] == state.get(LOSS, None) == 0.5
    del state[LOSS]
    with pytest.raises(UnknownKeyError):
        _ = state[LOSS]


def test_values_stay_from_run_to_run() -> None:
    engine = Engine(step)
    engine.state[LOSS] = 0.5
    assert engine.run([1])[LOSS] == 0.5
    assert engine.run([1])[LOSS] == 0.5


def test_the_values_of_two_engines_are_two() -> None:
    first, second = Engine(step), Engine(step)
    first.state[LOSS] = 0.5
    assert LOSS not in second.state


# counts of events


def counted(engine: Engine[int, str], state: State[int, str]) -> dict[str, int]:
    return {event.name: count for event in Events if (count := state.count(event))}


def test_all_events_of_a_run_are_counted_whether_they_are_heard_or_not() -> None:
    engine = Engine(step)
    state = engine.run([1, 2, 3], max_epochs=2, epoch_length=4)
    assert counted(engine, state) == {
        "STARTED": 1,
        "EPOCH_STARTED": 2,
        "GET_BATCH_STARTED": 8,
        "DATALOADER_STOP_ITERATION": 2,
        "GET_BATCH_COMPLETED": 8,
        "ITERATION_STARTED": 8,
        "ITERATION_COMPLETED": 8,
        "EPOCH_COMPLETED": 2,
        "COMPLETED": 1,
    }


@pytest.mark.parametrize("event", list(Events), ids=str)
def test_during_an_event_its_count_is_the_number_that_filters_see(event: Events) -> None:
    engine = Engine(step)
    asked: list[int] = []
    counts: list[int] = []

    def ask(engine: object, count: int) -> bool:
        asked.append(count)
        return True

    engine.add_event_handler(event(ask), lambda engine: counts.append(engine.state.count(event)))
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=[2, 6]), lambda engine: engine.terminate_epoch()
    )
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=3), lambda engine: engine.interrupt())
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=8), lambda engine: engine.terminate())
    for _ in range(2):
        engine.run([1, 2, 3], max_epochs=3, epoch_length=4)
    assert asked == counts == list(range(1, len(counts) + 1))
    assert counts


def test_events_of_ones_own_are_counted_by_their_firings() -> None:
    engine = Engine(step)
    engine.register_events(Own.PING, NORM)
    engine.fire_event(Own.PING)
    engine.fire_event(Own.PING)
    engine.fire_event(NORM, 1.0)
    assert (engine.state.count(Own.PING), engine.state.count(NORM)) == (2, 1)


def test_a_run_that_starts_over_counts_anew() -> None:
    engine = Engine(step)
    engine.register_events(Own.PING)
    engine.add_event_handler(Events.COMPLETED, lambda engine: engine.fire_event(Own.PING))
    for _ in range(2):
        state = engine.run([1, 2])
        assert (state.count(Own.PING), state.count(Events.STARTED)) == (1, 1)


def test_a_run_that_goes_on_goes_on_counting() -> None:
    engine = Engine(step)
    engine.run([1, 2], max_epochs=1)
    state = engine.run([1, 2], max_epochs=2)
    assert state.count(Events.STARTED) == 2
    assert state.count(Events.EPOCH_STARTED) == 2


def test_raised_exceptions_are_counted() -> None:
    def fail(engine: Engine[int, str], batch: int) -> str:
        raise KeyError

    engine = Engine(fail)
    for _ in range(2):
        with pytest.raises(KeyError):
            engine.run([1], max_epochs=1)
    assert engine.state.count(Events.EXCEPTION_RAISED) == 2


def test_without_data_nothing_is_fetched_and_nothing_counted() -> None:
    def nothing(engine: Engine[None, None], batch: None) -> None:
        pass

    state = Engine(nothing).run(None, epoch_length=3)
    assert state.count(Events.GET_BATCH_STARTED) == 0
    assert state.count(Events.GET_BATCH_COMPLETED) == 0
    assert state.count(Events.ITERATION_COMPLETED) == 3


def test_a_batch_that_is_fetched_twice_since_its_iteration_failed_counts_twice() -> None:
    failures = [3]

    def failing_step(engine: Engine[int, str], batch: int) -> str:
        if batch in failures:
            failures.remove(batch)
            raise KeyError(batch)
        return str(batch)

    engine = Engine(failing_step)
    with pytest.raises(KeyError):
        engine.run([1, 2, 3, 4], max_epochs=1)
    state = engine.run([1, 2, 3, 4], max_epochs=1)
    assert state.count(Events.GET_BATCH_STARTED) == 5
    assert state.count(Events.GET_BATCH_COMPLETED) == 5
    assert state.count(Events.ITERATION_COMPLETED) == 4


def test_the_count_of_an_unknown_event_is_refused() -> None:
    with pytest.raises(UnknownEventError, match=r"state\.count: Own\.PING is not registered"):
        Engine(step).state.count(Own.PING)


# times


def test_before_the_first_run_there_are_no_times() -> None:
    times = Engine(step).state.times
    assert (times.epoch_s, times.run_s) == (None, None)
    with pytest.raises(NotAvailableError, match=r"Events\.EPOCH_COMPLETED\]: exists from Events"):
        _ = times[Events.EPOCH_COMPLETED]
    with pytest.raises(NotAvailableError, match=r"Events\.COMPLETED\]: exists from Events"):
        _ = times[Events.COMPLETED]


def test_the_times_of_epoch_and_run_are_taken() -> None:
    state = Engine(step, clock=Clock()).run([1, 2], max_epochs=2)
    assert state.times[Events.EPOCH_COMPLETED] == state.times.epoch_s == 1.0
    # start to epoch 1, epoch 1, to epoch 2, epoch 2, to the end: the clock is asked so often
    assert state.times[Events.COMPLETED] == state.times.run_s == 5.0


def test_a_time_includes_the_handlers_of_the_event_that_closes_it_once_they_have_run() -> None:
    clock = Clock()
    engine = Engine(step, clock=clock)
    seen: list[tuple[float | None, float | None]] = []

    def wait(engine: Engine[int, str]) -> None:
        seen.append((engine.state.times.epoch_s, engine.state.times.run_s))
        clock.now_s += 100.0

    engine.add_event_handler(Events.EPOCH_COMPLETED | Events.COMPLETED, wait)
    times = engine.run([1, 2]).times
    assert times.epoch_s == 102.0
    assert times.run_s is not None
    assert 200.0 < times.run_s < 210.0
    assert seen[0] == (1.0, None)
    assert seen[1] == (102.0, times.run_s - 101.0)


def test_a_time_includes_the_handlers_of_the_event_that_opens_it() -> None:
    clock = Clock()
    engine = Engine(step, clock=clock)

    def wait() -> None:
        clock.now_s += 100.0

    engine.add_event_handler(Events.STARTED | Events.EPOCH_STARTED, wait)
    times = engine.run([1, 2]).times
    assert times.epoch_s == 101.0
    assert times.run_s is not None
    assert times.run_s > 200.0


def test_time_before_a_run_was_suspended_counts() -> None:
    clock = Clock()
    engine = Engine(step, clock=clock)

    def wait(engine: Engine[int, str]) -> None:
        clock.now_s += 100.0
        engine.interrupt()

    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), wait)
    engine.run([1, 2])
    times = engine.run([1, 2]).times
    assert times.epoch_s is not None
    assert times.run_s is not None
    assert 100.0 < times.epoch_s < times.run_s < 200.0


def test_time_for_which_a_run_was_suspended_is_left_out() -> None:
    clock = Clock()
    engine = Engine(step, clock=clock)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), lambda engine: engine.interrupt())
    engine.run([1, 2])
    clock.now_s += 1000.0
    times = engine.run([1, 2]).times
    assert times.epoch_s is not None
    assert times.run_s is not None
    assert 0 < times.epoch_s < times.run_s < 100.0


# results of metrics


def test_a_result_is_read_by_its_key_and_by_name() -> None:
    metrics, key = Metrics(), MetricKey[float]("accuracy")
    metrics.claim(key)
    metrics.record(key, 0.5)
    assert metrics[key] == metrics["accuracy"] == metrics.get(key) == metrics.get("accuracy") == 0.5
    assert key in metrics
    assert "accuracy" in metrics
    assert list(metrics) == ["accuracy"]
    assert len(metrics) == 1
    assert list(metrics.items()) == [("accuracy", 0.5)]


def test_a_result_that_is_not_there_yet_is_refused_and_those_that_are_there_are_named() -> None:
    metrics, key = Metrics(), MetricKey[float]("accuracy")
    with pytest.raises(UnknownKeyError, match="no result 'loss' yet; there are: none"):
        _ = metrics["loss"]
    metrics.claim(key)
    metrics.record(key, 0.5)
    with pytest.raises(UnknownKeyError, match="no result 'loss' yet; there are: 'accuracy'"):
        _ = metrics["loss"]
    assert metrics.get("loss") is None
    assert metrics.get("loss", 3) == 3


def test_a_name_belongs_to_one_metric() -> None:
    metrics, key = Metrics(), MetricKey[float]("accuracy")
    metrics.claim(key)
    metrics.claim(key)
    with pytest.raises(ArgumentError, match="another metric is attached to this engine as 'accu"):
        metrics.claim(MetricKey[float]("accuracy"))


def test_the_key_of_another_metric_reads_nothing() -> None:
    metrics, key = Metrics(), MetricKey[float]("accuracy")
    metrics.claim(key)
    metrics.record(key, 0.5)
    other = MetricKey[float]("accuracy")
    assert other not in metrics
    assert metrics.get(other) is None
    with pytest.raises(UnknownKeyError, match="'accuracy' belongs to another metric"):
        _ = metrics[other]


def test_the_result_of_a_metric_that_was_detached_is_not_recorded() -> None:
    metrics, key = Metrics(), MetricKey[float]("accuracy")
    metrics.claim(key)
    metrics.discard(key)
    metrics.record(key, 0.5)
    metrics.record_later(key, lambda: 0.5)
    assert list(metrics) == []


def test_a_result_that_was_put_off_is_computed_once_and_only_when_it_is_read() -> None:
    metrics, key = Metrics(), MetricKey[float]("accuracy")
    metrics.claim(key)
    computed: list[int] = []

    def compute() -> float:
        computed.append(1)
        return 0.5

    metrics.record_later(key, compute)
    assert key in metrics
    assert len(metrics) == 1
    assert computed == []
    assert metrics[key] == metrics[key] == 0.5
    assert computed == [1]


def test_a_result_that_was_put_off_is_computed_before_what_it_needs_goes() -> None:
    metrics, key = Metrics(), MetricKey[float]("accuracy")
    metrics.claim(key)
    source = [0.5]
    metrics.record_later(key, lambda: source[0])
    metrics.settle(key)
    source[0] = 0.7
    assert metrics[key] == 0.5


def test_a_name_that_was_given_up_can_be_taken_again() -> None:
    metrics, key = Metrics(), MetricKey[float]("accuracy")
    metrics.claim(key)
    metrics.record(key, 0.5)
    metrics.discard(key)
    assert key not in metrics
    metrics.claim(MetricKey[float]("accuracy"))


def test_results_stay_from_run_to_run() -> None:
    engine = Engine(step)
    key = MetricKey[float]("accuracy")
    engine.state.metrics.claim(key)
    engine.state.metrics.record(key, 0.5)
    assert engine.run([1]).metrics[key] == 0.5


def test_a_state_shows_where_it_stands() -> None:
    state = Engine(step).run([1, 2], max_epochs=2)
    assert repr(state) == (
        "State(iteration=4, epoch=2, epoch_length=2, max_epochs=2, max_iters=None, "
        "metrics=Metrics({}))"
    )
