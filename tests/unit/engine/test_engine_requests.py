"""Ending a run or an epoch early, and suspending a run."""

import weakref
from collections.abc import Iterator

import pytest

from firesteel.engine import Completed, Engine, Interrupted, StopCause, Stopped
from firesteel.errors import ArgumentError, EngineStateError, NotAvailableError
from firesteel.events import EventEnum, Events, FilteredEvent

DATA = (10, 11, 12)

ITERATION = "GBS GBC IS IC"

TERMINATED = Stopped(StopCause.TERMINATED)


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


def initials(event: EventEnum) -> str:
    return "".join(word[0] for word in event.name.split("_"))


def recorded(engine: Engine[int, int]) -> list[str]:
    """Record the initials of all events that an engine fires, as GBS for GET_BATCH_STARTED."""
    log: list[str] = []
    for event in Events:
        engine.add_event_handler(event, log.append, initials(event))
    return log


def terminate(engine: Engine[int, int]) -> None:
    engine.terminate()


def terminate_epoch(engine: Engine[int, int]) -> None:
    engine.terminate_epoch()


def interrupt(engine: Engine[int, int]) -> None:
    engine.interrupt()


# terminate


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Events.STARTED(once=1), "S T C"),
        (Events.EPOCH_STARTED(once=1), "S ES T C"),
        (Events.GET_BATCH_STARTED(once=2), f"S ES {ITERATION} GBS T C"),
        (Events.GET_BATCH_COMPLETED(once=2), f"S ES {ITERATION} GBS GBC T C"),
        (Events.ITERATION_STARTED(once=2), f"S ES {ITERATION} GBS GBC IS T C"),
        (Events.ITERATION_COMPLETED(once=2), f"S ES {ITERATION} {ITERATION} T C"),
        (
            Events.DATALOADER_STOP_ITERATION(once=1),
            f"S ES {ITERATION} {ITERATION} {ITERATION} GBS DSI T C",
        ),
        (
            Events.EPOCH_COMPLETED(once=1),
            f"S ES {ITERATION} {ITERATION} {ITERATION} GBS DSI GBC IS IC EC T C",
        ),
    ],
    ids=str,
)
def test_terminate_ends_the_run_behind_the_event_at_hand(
    event: FilteredEvent, expected: str
) -> None:
    engine = Engine(step)
    engine.add_event_handler(event, terminate)
    log = recorded(engine)
    engine.run(DATA, max_epochs=2, epoch_length=4)
    assert " ".join(log) == expected
    assert engine.outcome == TERMINATED
    assert engine.should_terminate


@pytest.mark.parametrize("is_heard", [False, True])
def test_terminate_in_the_process_function_ends_the_run_behind_its_iteration(
    is_heard: bool,
) -> None:
    def stopping_step(engine: Engine[int, int], batch: int) -> int:
        if batch == 11:
            engine.terminate()
        return batch

    engine = Engine(stopping_step)
    log = recorded(engine) if is_heard else []
    assert engine.run(DATA).iteration == 2
    assert engine.outcome == TERMINATED
    assert not is_heard or " ".join(log) == f"S ES {ITERATION} {ITERATION} T C"


def test_the_other_handlers_of_the_event_are_still_called() -> None:
    engine = Engine(step)
    log: list[str] = []
    engine.add_event_handler(Events.ITERATION_COMPLETED, terminate)
    engine.add_event_handler(Events.ITERATION_COMPLETED, log.append, "called")
    engine.run(DATA)
    assert log == ["called"]


def test_terminate_at_the_start_of_an_iteration_keeps_the_process_function_from_being_called() -> (
    None
):
    done: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        done.append(batch)
        return batch

    engine = Engine(noting_step)
    engine.add_event_handler(Events.ITERATION_STARTED(once=2), terminate)
    state = engine.run(DATA)
    assert done == [10]
    assert state.iteration == 2


def test_a_reason_is_part_of_the_outcome() -> None:
    engine = Engine(step)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED, lambda engine: engine.terminate(reason="good enough")
    )
    engine.run(DATA)
    assert engine.outcome == Stopped(StopCause.TERMINATED, "good enough")


def test_completed_can_be_left_out() -> None:
    engine = Engine(step)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED, lambda engine: engine.terminate(skip_completed=True)
    )
    log = recorded(engine)
    state = engine.run(DATA)
    assert " ".join(log) == f"S ES {ITERATION} T"
    assert state.times.run_s is not None


@pytest.mark.parametrize("event", [Events.TERMINATE, Events.COMPLETED], ids=str)
def test_terminate_where_the_run_is_ending_changes_nothing(event: Events) -> None:
    engine = Engine(step)
    engine.add_event_handler(event, lambda engine: engine.terminate(skip_completed=True))
    log = recorded(engine)
    engine.run(DATA, max_iters=1)
    assert " ".join(log) == f"S ES {ITERATION} T C"
    assert engine.outcome == Completed()


def test_terminate_outside_of_a_run_is_not_kept_for_the_next_one() -> None:
    engine = Engine(step)
    engine.terminate()
    assert engine.run(DATA).iteration == 3
    engine.terminate()
    assert engine.run(DATA).iteration == 3
    assert engine.outcome == Completed()


def test_a_run_that_was_terminated_does_not_terminate_the_next_one() -> None:
    engine = Engine(step)
    with engine.add_event_handler(Events.ITERATION_COMPLETED, terminate):
        engine.run(DATA, max_epochs=2)
    engine.run(DATA, max_epochs=2)
    assert not engine.should_terminate
    assert engine.outcome == Completed()


@pytest.mark.parametrize(
    ("event", "num_batches"),
    [(Events.GET_BATCH_STARTED(once=2), 1), (Events.GET_BATCH_COMPLETED(once=2), 2)],
    ids=str,
)
def test_a_batch_that_is_given_up_is_counted_and_let_go(
    event: FilteredEvent, num_batches: int
) -> None:
    engine = Engine(step)
    engine.add_event_handler(event, terminate)
    state = engine.run(DATA)
    assert state.count(Events.GET_BATCH_STARTED) == 2
    assert state.count(Events.GET_BATCH_COMPLETED) == num_batches
    assert state.count(Events.ITERATION_STARTED) == state.iteration == 1
    assert state.completed_iterations == 1
    with pytest.raises(NotAvailableError):
        _ = state.batch


def test_an_iteration_that_was_not_done_is_done_when_the_run_goes_on() -> None:
    used: list[str] = []
    engine = Engine[str, None](lambda engine, batch: used.append(batch))
    with engine.add_event_handler(Events.ITERATION_STARTED(once=2), engine.terminate):
        state = engine.run("abc", max_epochs=2)
    assert (state.iteration, state.completed_iterations, used) == (2, 1, ["a"])
    assert engine.state_dict()["iteration"] == 1
    engine.run("abc", max_epochs=2)
    assert "".join(used) == "abcabc"


def test_terminate_in_the_last_epoch_completed_is_still_a_stopped_run() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.EPOCH_COMPLETED, terminate)
    log = recorded(engine)
    engine.run([1])
    assert " ".join(log) == f"S ES {ITERATION} EC T C"
    assert engine.outcome == TERMINATED


# terminate_epoch


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Events.EPOCH_STARTED(once=1), "S ES TSE EC"),
        (Events.GET_BATCH_STARTED(once=2), f"S ES {ITERATION} GBS TSE EC"),
        (Events.GET_BATCH_COMPLETED(once=2), f"S ES {ITERATION} GBS GBC TSE EC"),
        (Events.ITERATION_STARTED(once=2), f"S ES {ITERATION} GBS GBC IS TSE EC"),
        (Events.ITERATION_COMPLETED(once=2), f"S ES {ITERATION} {ITERATION} TSE EC"),
        (
            Events.DATALOADER_STOP_ITERATION(once=1),
            f"S ES {ITERATION} {ITERATION} {ITERATION} GBS DSI TSE EC",
        ),
    ],
    ids=str,
)
def test_terminate_epoch_ends_the_epoch_behind_the_event_at_hand(
    event: FilteredEvent, expected: str
) -> None:
    batches: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        if engine.state.epoch == 2:
            batches.append(batch)
        return batch

    engine = Engine(noting_step)
    engine.add_event_handler(event, terminate_epoch)
    log = recorded(engine)
    engine.run(DATA, max_epochs=2, epoch_length=4)
    second = f"ES {ITERATION} {ITERATION} {ITERATION} GBS DSI GBC IS IC EC C"
    assert " ".join(log) == f"{expected} {second}"
    assert batches == [10, 11, 12, 10]
    assert engine.outcome == Completed()


@pytest.mark.parametrize("is_heard", [False, True])
def test_terminate_epoch_in_the_process_function_ends_the_epoch_behind_its_iteration(
    is_heard: bool,
) -> None:
    def stopping_step(engine: Engine[int, int], batch: int) -> int:
        if engine.state.iteration == 2:
            engine.terminate_epoch()
        return batch

    engine = Engine(stopping_step)
    if is_heard:
        recorded(engine)
    state = engine.run(DATA, max_epochs=2)
    assert (state.epoch, state.iteration) == (2, 5)


def test_epoch_completed_can_be_left_out() -> None:
    engine = Engine(step)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=1),
        lambda engine: engine.terminate_epoch(skip_epoch_completed=True),
    )
    log = recorded(engine)
    engine.run([1, 2], max_epochs=2)
    assert " ".join(log) == f"S ES {ITERATION} TSE ES {ITERATION} {ITERATION} EC C"


def test_epoch_completed_can_be_left_out_of_the_last_epoch() -> None:
    engine = Engine(step)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=1),
        lambda engine: engine.terminate_epoch(skip_epoch_completed=True),
    )
    log = recorded(engine)
    engine.run([1, 2])
    assert " ".join(log) == f"S ES {ITERATION} TSE C"
    assert engine.outcome == Completed()


@pytest.mark.parametrize(
    ("event", "num_asks", "num_batches"),
    [
        (Events.EPOCH_STARTED(once=1), 3, 3),
        (Events.GET_BATCH_STARTED(once=2), 5, 4),
        (Events.GET_BATCH_COMPLETED(once=2), 5, 5),
        (Events.ITERATION_STARTED(once=2), 5, 5),
        (Events.ITERATION_COMPLETED(once=2), 5, 5),
    ],
    ids=str,
)
def test_what_an_ended_epoch_has_fetched_is_counted(
    event: FilteredEvent, num_asks: int, num_batches: int
) -> None:
    engine = Engine(step)
    engine.add_event_handler(event, terminate_epoch)
    state = engine.run(DATA, max_epochs=2)
    assert state.count(Events.GET_BATCH_STARTED) == num_asks
    assert state.count(Events.GET_BATCH_COMPLETED) == num_batches


def test_terminate_epoch_in_terminate_single_epoch_ends_that_epoch_only() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), terminate_epoch)
    engine.add_event_handler(Events.TERMINATE_SINGLE_EPOCH, terminate_epoch)
    log = recorded(engine)
    engine.run([1, 2], max_epochs=2)
    assert " ".join(log) == f"S ES {ITERATION} TSE EC ES {ITERATION} {ITERATION} EC C"


def test_terminate_epoch_that_terminate_went_before_is_not_left_over() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED, terminate_epoch)
    engine.add_event_handler(Events.ITERATION_COMPLETED, terminate)
    engine.run([1, 2])
    assert not engine.should_terminate_single_epoch


def test_terminate_epoch_in_epoch_completed_is_ignored() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.EPOCH_COMPLETED, terminate_epoch)
    log = recorded(engine)
    engine.run([1], max_epochs=2)
    assert "TSE" not in log
    assert engine.state.iteration == 2
    assert not engine.should_terminate_single_epoch


def test_terminate_epoch_at_the_last_iteration_of_an_epoch_ends_it_once() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), terminate_epoch)
    log = recorded(engine)
    engine.run([1, 2])
    assert " ".join(log) == f"S ES {ITERATION} {ITERATION} TSE EC C"


def test_outside_of_a_run_there_is_no_epoch_to_end() -> None:
    engine = Engine(step)
    text = r"Engine\.terminate_epoch: there must be an epoch going on"
    with pytest.raises(EngineStateError, match=text):
        engine.terminate_epoch()
    engine.run(DATA)
    with pytest.raises(EngineStateError, match=text):
        engine.terminate_epoch()


@pytest.mark.parametrize("event", [Events.STARTED, Events.TERMINATE, Events.COMPLETED], ids=str)
def test_outside_of_an_epoch_terminate_epoch_fails_the_run(event: Events) -> None:
    engine = Engine(step)
    with (
        engine.add_event_handler(event, terminate_epoch),
        pytest.raises(EngineStateError, match="there must be an epoch going on"),
    ):
        engine.run(DATA, max_iters=2)
    assert engine.run(DATA, max_iters=5).iteration == 5


def test_terminate_in_terminate_single_epoch_completes_the_epoch_first() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), terminate_epoch)
    engine.add_event_handler(Events.TERMINATE_SINGLE_EPOCH, terminate)
    log = recorded(engine)
    engine.run([1, 2], max_epochs=2)
    assert " ".join(log) == f"S ES {ITERATION} TSE EC T C"


def test_terminate_goes_before_terminate_epoch() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), terminate_epoch)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), terminate)
    log = recorded(engine)
    engine.run([1, 2], max_epochs=2)
    assert " ".join(log) == f"S ES {ITERATION} T C"


def test_behind_an_ended_epoch_that_was_gone_on_with_the_data_begins_anew() -> None:
    done: list[int] = []

    def failing_step(engine: Engine[int, int], batch: int) -> int:
        if engine.state.iteration == 3 and engine.state.count(Events.EXCEPTION_RAISED) == 0:
            raise KeyError
        done.append(batch)
        return batch

    engine = Engine(failing_step)
    with pytest.raises(KeyError):
        engine.run(DATA, max_epochs=2)
    engine.add_event_handler(Events.EPOCH_STARTED(once=1), terminate_epoch)
    engine.run(DATA, max_epochs=2)
    assert done == [10, 11, 10, 11, 12]


def test_all_epochs_may_be_ended_at_their_beginning() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.EPOCH_STARTED, terminate_epoch)
    log = recorded(engine)
    state = engine.run(DATA, max_epochs=2)
    assert " ".join(log) == "S ES TSE EC ES TSE EC C"
    assert (state.epoch, state.iteration) == (2, 0)


# interrupt


@pytest.mark.parametrize("is_heard", [False, True])
@pytest.mark.parametrize("event", [event for event in Events if initials(event) != "T"], ids=str)
@pytest.mark.parametrize("when", [1, 2])
def test_an_interrupted_run_and_its_continuation_fire_the_events_of_one_run(
    event: Events, when: int, is_heard: bool
) -> None:
    batches: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        batches.append(batch)
        return batch

    whole = Engine(noting_step)
    expected = recorded(whole)
    whole.run(DATA, max_epochs=2, epoch_length=4)
    engine = Engine(noting_step)
    engine.add_event_handler(event(once=when), interrupt)
    log = recorded(engine) if is_heard else expected
    engine.run(DATA, max_epochs=2, epoch_length=4)
    while isinstance(engine.outcome, Interrupted):
        engine.run(DATA, max_epochs=2)
    assert [name for name in log if name != "I"] == expected
    assert batches[:8] == batches[8:]
    assert engine.outcome == Completed()


def test_an_interrupted_run_returns_behind_the_event_at_hand() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.GET_BATCH_COMPLETED(once=2), interrupt)
    log = recorded(engine)
    state = engine.run(DATA)
    assert " ".join(log) == f"S ES {ITERATION} GBS GBC I"
    assert state.iteration == 1
    assert state.batch == 11
    assert engine.outcome == Interrupted()
    assert not engine.should_interrupt


def test_interrupt_in_the_process_function_suspends_behind_its_iteration() -> None:
    def stopping_step(engine: Engine[int, int], batch: int) -> int:
        if batch == 11:
            engine.interrupt()
            assert engine.should_interrupt
        return batch

    engine = Engine(stopping_step)
    assert engine.run(DATA).iteration == 2
    assert engine.outcome == Interrupted()
    assert engine.run(DATA).iteration == 3


def test_the_continuation_does_not_look_at_its_data() -> None:
    batches: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        batches.append(batch)
        return batch

    engine = Engine(noting_step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), interrupt)
    engine.run(DATA)
    state = engine.run([97, 98, 99])
    assert batches == [10, 11, 12]
    assert state.dataloader == DATA


def test_the_continuation_goes_on_with_the_same_iterator() -> None:
    passes: list[str] = []

    class Data:
        def __len__(self) -> int:
            return 3

        def __iter__(self) -> Iterator[int]:
            passes.append("begun")
            return iter(DATA)

    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED, interrupt)
    for _ in range(4):
        engine.run(Data())
    assert passes == ["begun"]
    assert engine.outcome == Completed()


def test_a_run_may_be_interrupted_at_every_event() -> None:
    engine = Engine(step)
    log = recorded(engine)
    for event in Events:
        if event not in {Events.INTERRUPT, Events.COMPLETED}:
            engine.add_event_handler(event, interrupt)
    num_runs = 1
    engine.run(DATA, max_epochs=2)
    while isinstance(engine.outcome, Interrupted):
        engine.run(DATA)
        num_runs += 1
    three = f"{ITERATION} {ITERATION} {ITERATION}"
    expected = f"S ES {three} EC ES GBS DSI GBC IS IC {ITERATION} {ITERATION} EC C"
    assert " ".join(name for name in log if name != "I") == expected
    assert num_runs == len(expected.split())


def test_interrupt_while_the_run_is_ending_does_nothing() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.COMPLETED | Events.TERMINATE, interrupt)
    log = recorded(engine)
    engine.run(DATA, max_iters=1)
    assert " ".join(log) == f"S ES {ITERATION} T C"
    assert engine.outcome == Completed()
    assert not engine.should_interrupt
    engine.run(DATA, max_iters=2)
    assert engine.outcome == Completed()


def test_interrupt_outside_of_a_run_is_not_kept_for_the_next_one() -> None:
    engine = Engine(step)
    engine.interrupt()
    engine.run(DATA)
    assert engine.outcome == Completed()


def test_interrupt_in_the_last_epoch_completed_leaves_the_end_to_the_next_run() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.EPOCH_COMPLETED, interrupt)
    log = recorded(engine)
    engine.run([1])
    engine.run([1])
    assert " ".join(log) == f"S ES {ITERATION} EC I C"


def test_terminate_epoch_goes_before_interrupt_which_is_kept() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), interrupt)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), terminate_epoch)
    log = recorded(engine)
    engine.run([1, 2])
    assert " ".join(log) == f"S ES {ITERATION} TSE EC I"


def test_terminate_goes_before_interrupt() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), interrupt)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), terminate)
    log = recorded(engine)
    engine.run([1, 2])
    assert " ".join(log) == f"S ES {ITERATION} T C"


@pytest.mark.parametrize(
    "event",
    [Events.GET_BATCH_STARTED, Events.GET_BATCH_COMPLETED, Events.ITERATION_STARTED],
    ids=str,
)
def test_an_iteration_that_was_suspended_is_finished_though_nobody_listens_any_more(
    event: Events,
) -> None:
    batches: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        batches.append(batch)
        return batch

    engine = Engine(noting_step)
    with engine.add_event_handler(event(once=2), interrupt):
        engine.run(DATA)
    state = engine.run(DATA)
    assert batches == [10, 11, 12]
    assert state.count(Events.GET_BATCH_STARTED) == state.count(Events.GET_BATCH_COMPLETED) == 3


def test_a_suspended_run_can_be_terminated() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.GET_BATCH_COMPLETED(once=2), interrupt)
    log = recorded(engine)
    engine.run(DATA)
    engine.terminate()
    engine.run(DATA)
    assert " ".join(log) == f"S ES {ITERATION} GBS GBC I T C"
    assert engine.outcome == TERMINATED


def test_the_epoch_of_a_suspended_run_can_be_ended() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), interrupt)
    log = recorded(engine)
    engine.run([1, 2], max_epochs=2)
    engine.terminate_epoch()
    engine.run([1, 2])
    assert " ".join(log) == f"S ES {ITERATION} I TSE EC ES {ITERATION} {ITERATION} EC C"


@pytest.mark.parametrize("event", [Events.STARTED, Events.EPOCH_COMPLETED], ids=str)
def test_a_run_that_is_suspended_between_two_epochs_has_none_to_end(event: Events) -> None:
    engine = Engine(step)
    log = recorded(engine)
    with engine.add_event_handler(event, interrupt):
        engine.run([1], max_epochs=2)
    with pytest.raises(EngineStateError, match="there must be an epoch going on"):
        engine.terminate_epoch()
    engine.run([1], max_epochs=2)
    assert [name for name in log if name in {"TSE", "EC"}] == ["EC", "EC"]


def test_a_suspended_run_can_be_extended() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=1), interrupt)
    engine.run([1, 2], max_epochs=1)
    assert engine.run([1, 2], max_epochs=3).iteration == 6


def test_a_limit_below_where_a_suspended_run_stands_is_refused_and_it_stays_suspended() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=3), interrupt)
    engine.run([1, 2], max_epochs=3)
    with pytest.raises(ArgumentError, match="max_epochs must be at least 2"):
        engine.run([1, 2], max_epochs=1)
    with pytest.raises(ArgumentError, match="epoch_length must be 2 until"):
        engine.run([1, 2], max_epochs=3, epoch_length=5)
    assert engine.run([1, 2], max_epochs=3).iteration == 6


def test_giving_the_limit_up_starts_over_instead_of_going_on() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), interrupt)
    engine.run(DATA, max_epochs=2)
    engine.state.max_epochs = None
    log = recorded(engine)
    engine.run([1])
    assert " ".join(log) == f"S ES {ITERATION} EC C"


def test_a_reset_drops_a_suspended_run() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), interrupt)
    engine.run(DATA, max_epochs=2)
    log = recorded(engine)
    engine.reset()
    assert log == []
    engine.run([1])
    assert " ".join(log) == f"S ES {ITERATION} EC C"


@pytest.mark.usefixtures("no_collector")
def test_a_suspended_engine_that_is_dropped_is_freed_and_fires_nothing() -> None:
    def data() -> Iterator[int]:
        yield from DATA

    engine = Engine(step)
    engine.add_event_handler(Events.GET_BATCH_COMPLETED(once=2), interrupt)
    errors: list[BaseException] = []
    engine.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, error: errors.append(error))
    log = recorded(engine)
    engine.run(data())
    fired = len(log)
    ref = weakref.ref(engine)
    del engine
    assert ref() is None
    assert len(log) == fired
    assert errors == []


def test_a_run_that_is_stopped_before_its_first_batch_goes_on_where_the_data_was() -> None:
    batches: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        batches.append(batch)
        return batch

    class Unsized:
        def __iter__(self) -> Iterator[int]:
            return iter(DATA)

    engine = Engine(noting_step)
    engine.run(Unsized(), max_iters=4)
    with engine.add_event_handler(Events.EPOCH_STARTED, terminate):
        engine.run(Unsized(), max_iters=5)
    engine.run(Unsized())
    assert batches == [10, 11, 12, 10, 11]
    assert engine.state.iteration == 5
