"""The one loop: which event follows which, and how batches are fetched."""

import warnings
from collections.abc import Callable, Iterable, Iterator

import pytest
from typing_extensions import override

from firesteel.engine import Completed, Engine, StopCause, Stopped
from firesteel.errors import DataError, EngineStateError
from firesteel.events import EventEnum, Events


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


def events_of(
    data: Iterable[int],
    max_epochs: int | None = None,
    epoch_length: int | None = None,
    max_iters: int | None = None,
) -> str:
    engine = Engine(step)
    log = recorded(engine)
    if max_iters is not None:
        engine.run(data, max_iters=max_iters, epoch_length=epoch_length)
    else:
        engine.run(data, max_epochs, epoch_length)
    return " ".join(log)


def batches_of(
    data: Iterable[int], max_epochs: int, epoch_length: int | None = None, *, is_heard: bool
) -> list[int]:
    batches: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        batches.append(batch)
        return batch

    engine = Engine(noting_step)
    if is_heard:
        recorded(engine)
    engine.run(data, max_epochs, epoch_length)
    return batches


HEARD_OR_NOT = pytest.mark.parametrize("is_heard", [False, True], ids=["unheard", "heard"])


class Unsized:
    """Data that can be read again and does not tell its length, as an iterable data set does."""

    def __init__(self, *batches: int) -> None:
        self.batches = batches
        self.num_passes = 0

    def __iter__(self) -> Iterator[int]:
        self.num_passes += 1
        return iter(self.batches)


class Liar(Unsized):
    """Data that has a length, but not always, as a loader over an iterable data set does."""

    def __len__(self) -> int:
        raise TypeError("not known")


# the order of events

ITERATION = "GBS GBC IS IC"
AFTER_DATA = "GBS DSI GBC IS IC"


def test_an_epoch_of_sized_data() -> None:
    assert events_of([1, 2]) == f"S ES {ITERATION} {ITERATION} EC C"


def test_two_epochs_of_sized_data_restart_it_at_the_first_fetch_of_the_second() -> None:
    expected = f"S ES {ITERATION} {ITERATION} EC ES {AFTER_DATA} {ITERATION} EC C"
    assert events_of([1, 2], max_epochs=2) == expected


def test_an_epoch_that_is_longer_than_its_data_restarts_it() -> None:
    expected = f"S ES {ITERATION} {ITERATION} {AFTER_DATA} EC C"
    assert events_of([1, 2], epoch_length=3) == expected


def test_an_epoch_that_is_shorter_than_its_data_leaves_the_rest_to_the_next() -> None:
    expected = f"S ES {ITERATION} {ITERATION} EC ES {ITERATION} {AFTER_DATA} EC C"
    assert events_of([1, 2, 3], max_epochs=2, epoch_length=2) == expected


@pytest.mark.parametrize("kind", [Unsized, Liar])
def test_an_epoch_of_data_without_a_length_is_one_pass(kind: Callable[..., Unsized]) -> None:
    expected = f"S ES {ITERATION} {ITERATION} GBS EC ES GBS DSI GBC IS IC {ITERATION} GBS EC C"
    assert events_of(kind(1, 2), max_epochs=2) == expected


def test_each_pass_over_data_without_a_length_may_have_another() -> None:
    class Growing(Unsized):
        @override
        def __iter__(self) -> Iterator[int]:
            self.num_passes += 1
            return iter(range(self.num_passes))

    engine = Engine(step)
    lengths: list[int] = []
    engine.add_event_handler(
        Events.EPOCH_COMPLETED, lambda engine: lengths.append(engine.state.epoch_iteration)
    )
    engine.run(Growing(), max_epochs=3)
    assert lengths == [1, 2, 3]


def test_a_length_that_is_given_to_data_without_one_holds() -> None:
    expected = f"S ES {ITERATION} {AFTER_DATA} EC C"
    assert events_of(Unsized(1), epoch_length=2) == expected


def test_without_data_nothing_is_fetched() -> None:
    def nothing(engine: Engine[None, None], batch: None) -> None:
        pass

    engine = Engine(nothing)
    log: list[str] = []
    for event in Events:
        engine.add_event_handler(event, log.append, initials(event))
    engine.run(None, max_epochs=2, epoch_length=2)
    assert " ".join(log) == "S ES IS IC IS IC EC ES IS IC IS IC EC C"


def test_a_limit_in_iterations_within_an_epoch_cuts_it() -> None:
    assert events_of([1, 2, 3], max_iters=2) == f"S ES {ITERATION} {ITERATION} T C"


def test_a_limit_in_iterations_at_the_end_of_an_epoch_completes_it() -> None:
    assert events_of([1, 2], max_iters=2) == f"S ES {ITERATION} {ITERATION} EC C"


def test_a_limit_in_iterations_may_lie_in_a_later_epoch() -> None:
    expected = f"S ES {ITERATION} {ITERATION} EC ES {AFTER_DATA} T C"
    assert events_of([1, 2], max_iters=3) == expected


def test_a_limit_in_iterations_is_a_completed_run() -> None:
    engine = Engine(step)
    engine.run([1, 2, 3], max_iters=2)
    assert engine.outcome == Completed()
    assert not engine.should_terminate


@pytest.mark.parametrize("heard", list(Events), ids=str)
def test_who_listens_changes_nothing_but_what_is_heard(heard: Events) -> None:
    everything = events_of([1, 2, 3], max_epochs=2, epoch_length=4).split()
    engine = Engine(step)
    log: list[str] = []
    engine.add_event_handler(heard, log.append, initials(heard))
    engine.run([1, 2, 3], max_epochs=2, epoch_length=4)
    assert log == [name for name in everything if name == initials(heard)]


@pytest.mark.parametrize("event", [Events.GET_BATCH_STARTED, Events.GET_BATCH_COMPLETED], ids=str)
def test_a_first_listener_that_is_added_where_the_data_begins_anew_waits_for_the_next_firing(
    event: Events,
) -> None:
    engine = Engine(step)
    log: list[int] = []

    def add(engine: Engine[int, int]) -> None:
        engine.add_event_handler(event, lambda engine: log.append(engine.state.count(event)))

    engine.add_event_handler(Events.DATALOADER_STOP_ITERATION(once=1), add)
    engine.run([1], max_epochs=3)
    # the batch at hand was asked for already, and is still to come
    assert log == ([3] if event is Events.GET_BATCH_STARTED else [2, 3])


@HEARD_OR_NOT
def test_a_batch_that_was_asked_for_when_the_data_ended_is_counted(is_heard: bool) -> None:
    engine = Engine(step)
    if is_heard:
        recorded(engine)
    engine.add_event_handler(Events.DATALOADER_STOP_ITERATION, lambda engine: engine.terminate())
    state = engine.run([1], max_epochs=3)
    assert state.count(Events.GET_BATCH_STARTED) == 2
    assert state.count(Events.GET_BATCH_COMPLETED) == 1


def test_at_the_end_of_an_open_ended_epoch_one_batch_was_asked_for_in_vain() -> None:
    engine = Engine(step)
    counts: list[tuple[int, int]] = []
    engine.add_event_handler(
        Events.EPOCH_COMPLETED,
        lambda engine: counts.append(
            (
                engine.state.count(Events.GET_BATCH_STARTED),
                engine.state.count(Events.GET_BATCH_COMPLETED),
            )
        ),
    )
    engine.run(Unsized(1, 2), max_epochs=2)
    assert counts == [(3, 2), (6, 4)]


# which batches


@HEARD_OR_NOT
def test_batches_come_in_the_order_of_the_data(is_heard: bool) -> None:
    assert batches_of([1, 2, 3], 2, is_heard=is_heard) == [1, 2, 3, 1, 2, 3]


@HEARD_OR_NOT
def test_the_position_in_the_data_goes_on_over_the_ends_of_epochs(is_heard: bool) -> None:
    assert batches_of([1, 2, 3], 3, 2, is_heard=is_heard) == [1, 2, 3, 1, 2, 3]
    assert batches_of([1, 2, 3], 2, 4, is_heard=is_heard) == [1, 2, 3, 1, 2, 3, 1, 2]


@HEARD_OR_NOT
def test_data_is_begun_once_to_a_pass(is_heard: bool) -> None:
    data = Unsized(1, 2)
    batches_of(data, 3, is_heard=is_heard)
    assert data.num_passes == 3


@HEARD_OR_NOT
def test_no_more_is_read_than_is_used(is_heard: bool) -> None:
    read: list[int] = []

    def data() -> Iterator[int]:
        for number in range(10):
            read.append(number)
            yield number

    batches_of(data(), 1, 3, is_heard=is_heard)
    assert read == [0, 1, 2]


@HEARD_OR_NOT
def test_the_data_is_begun_after_the_handlers_of_the_start_were_called(is_heard: bool) -> None:
    data = Unsized(1, 2)
    engine = Engine(step)
    if is_heard:
        recorded(engine)
    passes: list[int] = []
    engine.add_event_handler(
        Events.STARTED | Events.EPOCH_STARTED, lambda: passes.append(data.num_passes)
    )
    engine.run(data)
    assert passes == [0, 0]


@HEARD_OR_NOT
@pytest.mark.parametrize("epoch_length", [None, 3])
def test_data_that_gives_nothing_is_refused(is_heard: bool, epoch_length: int | None) -> None:
    text = r"Engine\.run: data must give at least one batch, got none; an iterator can be read onl"
    with pytest.raises(DataError, match=text):
        batches_of(iter([]), 1, epoch_length, is_heard=is_heard)


def test_sized_data_that_gives_nothing_is_refused_before_anything_is_fired() -> None:
    engine = Engine(step)
    log = recorded(engine)
    with pytest.raises(DataError, match="data must give at least one batch, got a length of 0"):
        engine.run([])
    assert log == []


@HEARD_OR_NOT
def test_an_iterator_that_is_spent_ends_the_run_with_a_warning_at_the_caller(
    is_heard: bool,
) -> None:
    engine = Engine(step)
    if is_heard:
        recorded(engine)
    text = "the data ended after iteration 3, in epoch 2, before the run was complete"
    with pytest.warns(UserWarning, match=text) as caught:
        state = engine.run(iter([1, 2, 3]), max_epochs=3, epoch_length=2)
    assert caught[0].filename == __file__
    assert (state.iteration, state.epoch) == (3, 2)
    reason = "the data ended after iteration 3, in epoch 2"
    assert engine.outcome == Stopped(StopCause.DATA_EXHAUSTED, reason)


def test_spent_data_completes_the_epoch_that_it_had_begun() -> None:
    engine = Engine(step)
    log = recorded(engine)
    with pytest.warns(UserWarning, match="the data ended after iteration 3"):
        engine.run(iter([1, 2, 3]), max_epochs=3, epoch_length=2)
    expected = f"S ES {ITERATION} {ITERATION} EC ES {ITERATION} GBS DSI EC C"
    assert " ".join(log) == expected


def test_spent_data_does_not_complete_an_epoch_without_iterations() -> None:
    engine = Engine(step)
    log = recorded(engine)
    with pytest.warns(UserWarning, match="the data ended after iteration 2"):
        engine.run(iter([1, 2]), max_epochs=3)
    assert " ".join(log) == f"S ES {ITERATION} {ITERATION} GBS EC ES GBS DSI C"
    assert isinstance(engine.outcome, Stopped)


def test_an_iterator_that_lasts_as_long_as_the_run_warns_of_nothing() -> None:
    engine = Engine(step)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        engine.run(iter([1, 2, 3, 4]), max_epochs=2, epoch_length=2)
    assert engine.outcome == Completed()


def test_the_end_of_spent_data_stays_the_outcome_of_a_run_that_was_interrupted_there() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.EPOCH_COMPLETED(once=2), lambda engine: engine.interrupt())
    with pytest.warns(UserWarning, match="the data ended"):
        engine.run(iter([1, 2, 3]), max_epochs=3, epoch_length=2)
    engine.run([], max_epochs=3)
    assert isinstance(engine.outcome, Stopped)
    assert engine.outcome.cause is StopCause.DATA_EXHAUSTED


def test_a_spent_iterator_whose_warning_is_an_error_fails_the_run_and_the_next_one_runs() -> None:
    engine = Engine(step)
    with pytest.raises(UserWarning, match="the data ended"):
        engine.run(iter([1, 2, 3]), max_epochs=2, epoch_length=2)
    assert engine.run([1, 2], max_epochs=2).iteration == 4


# replacing the data


def test_new_data_replaces_spent_data() -> None:
    batches: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        batches.append(batch)
        return batch

    engine = Engine(noting_step)
    engine.add_event_handler(
        Events.DATALOADER_STOP_ITERATION, lambda engine: engine.set_data(iter([7, 8]))
    )
    engine.run(iter([1, 2]), max_epochs=3, epoch_length=2)
    assert batches == [1, 2, 7, 8, 7, 8]


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Events.STARTED, [7, 8, 7, 8]),
        (Events.EPOCH_STARTED, [7, 8, 7, 8]),
        (Events.GET_BATCH_STARTED(once=2), [1, 7, 8, 7]),
        (Events.GET_BATCH_COMPLETED(once=2), [1, 2, 7, 8]),
        (Events.ITERATION_STARTED(once=2), [1, 2, 7, 8]),
        (Events.ITERATION_COMPLETED(once=2), [1, 2, 7, 8]),
    ],
    ids=str,
)
def test_the_batch_that_follows_is_the_first_of_the_new_data(
    event: Events, expected: list[int]
) -> None:
    batches: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        batches.append(batch)
        return batch

    engine = Engine(noting_step)
    engine.add_event_handler(event, lambda engine: engine.set_data([7, 8]))
    state = engine.run([1, 2, 3, 4])
    assert batches == expected
    assert state.dataloader == [7, 8]
    assert state.epoch_length == 4


def test_the_process_function_may_replace_the_data() -> None:
    batches: list[int] = []

    def replacing_step(engine: Engine[int, int], batch: int) -> int:
        batches.append(batch)
        if batch == 2:
            engine.set_data([7, 8, 9])
        return batch

    Engine(replacing_step).run([1, 2, 3, 4])
    assert batches == [1, 2, 7, 8]


def test_new_data_of_a_run_that_goes_on_is_read_from_its_beginning() -> None:
    batches: list[int] = []
    failures = [3]

    def failing_step(engine: Engine[int, int], batch: int) -> int:
        if batch in failures:
            failures.remove(batch)
            raise KeyError(batch)
        batches.append(batch)
        return batch

    engine = Engine(failing_step)
    with pytest.raises(KeyError):
        engine.run([1, 2, 3, 4], max_epochs=1)
    with engine.add_event_handler(Events.STARTED, lambda engine: engine.set_data([7, 8])):
        engine.run([1, 2, 3, 4], max_epochs=1)
    assert batches == [1, 2, 7, 8]


def test_data_can_be_replaced_while_a_run_is_suspended() -> None:
    batches: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        batches.append(batch)
        return batch

    engine = Engine(noting_step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), lambda engine: engine.interrupt())
    engine.run([1, 2, 3, 4])
    engine.set_data([7, 8])
    engine.run([])
    assert batches == [1, 2, 7, 8]


def test_outside_of_a_run_there_is_no_data_to_replace() -> None:
    engine = Engine(step)
    with pytest.raises(EngineStateError, match=r"Engine\.set_data: there must be a run .*; pass "):
        engine.set_data([1])
    engine.run([1])
    with pytest.raises(EngineStateError, match=r"Engine\.set_data"):
        engine.set_data([1])
