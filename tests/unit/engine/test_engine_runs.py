"""How far a run goes: fresh passes, goals, and runs that are gone on with."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest

from firesteel.engine import Completed, Engine, Failed, RunOutcome, Stopped
from firesteel.errors import ArgumentError, ArgumentTypeError, DataError
from firesteel.events import Events

DATA = (10, 11, 12, 13)


def untyped(value: object) -> Any:
    return value


@dataclass
class Work:
    """A process function that writes down what it did, and fails once at each of some batches."""

    done: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])
    failures: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def __call__(self, engine: Engine[int, int], batch: int) -> int:
        state = engine.state
        if (state.iteration, batch) in self.failures:
            self.failures.remove((state.iteration, batch))
            raise KeyError(batch)
        self.done.append((state.epoch, state.iteration, batch))
        return batch

    @property
    def batches(self) -> list[int]:
        return [batch for _, _, batch in self.done]

    @property
    def iterations(self) -> list[int]:
        return [iteration for _, iteration, _ in self.done]


def whole(num_epochs: int, first_epoch: int = 1) -> list[tuple[int, int, int]]:
    """What is done in so many whole epochs over the data."""
    epochs = range(first_epoch, first_epoch + num_epochs)
    return [
        (epoch, (epoch - 1) * len(DATA) + place + 1, batch)
        for epoch in epochs
        for place, batch in enumerate(DATA)
    ]


def ended(engine: Engine[int, int]) -> RunOutcome:
    return engine.outcome


def terminated_at(iteration: int) -> tuple[Engine[int, int], Work]:
    """Make an engine whose first run is terminated after an iteration."""
    work = Work()
    engine = Engine(work)

    def stop(engine: Engine[int, int]) -> None:
        engine.terminate()
        handle.remove()

    handle = engine.add_event_handler(Events.ITERATION_COMPLETED(once=iteration), stop)
    return engine, work


# without a limit


def test_without_a_limit_a_run_is_one_pass() -> None:
    work = Work()
    state = Engine(work).run(DATA)
    assert work.done == whole(1)
    assert (state.max_epochs, state.epoch_length) == (1, 4)


def test_without_a_limit_each_run_is_a_fresh_pass() -> None:
    work = Work()
    engine = Engine(work)
    engine.run(DATA)
    engine.run([20, 21])
    assert work.done == [*whole(1), (1, 1, 20), (1, 2, 21)]


def test_without_a_limit_a_run_that_failed_is_not_gone_on_with() -> None:
    work = Work(failures=[(3, 12)])
    engine = Engine(work)
    with pytest.raises(KeyError):
        engine.run(DATA)
    engine.run(DATA)
    assert work.done[2:] == whole(1)


def test_without_a_limit_a_run_that_was_terminated_is_not_gone_on_with() -> None:
    engine, work = terminated_at(2)
    engine.run(DATA)
    engine.run(DATA)
    assert work.done[2:] == whole(1)


# a goal


def test_a_complete_run_is_repeated_with_its_limit() -> None:
    work = Work()
    engine = Engine(work)
    engine.run(DATA, max_epochs=2)
    engine.run(DATA)
    assert work.done == [*whole(2), *whole(2)]


def test_a_complete_run_is_repeated_by_the_same_call() -> None:
    work = Work()
    engine = Engine(work)
    for _ in range(2):
        engine.run(DATA, max_epochs=2)
    assert work.done == [*whole(2), *whole(2)]


def test_a_complete_run_in_iterations_is_repeated_by_the_same_call() -> None:
    work = Work()
    engine = Engine(work)
    for _ in range(2):
        engine.run(DATA, max_iters=3)
    assert work.iterations == [1, 2, 3, 1, 2, 3]
    assert work.batches == [10, 11, 12, 10, 11, 12]


def test_a_larger_limit_extends_a_complete_run() -> None:
    work = Work()
    engine = Engine(work)
    engine.run(DATA, max_epochs=1)
    state = engine.run(DATA, max_epochs=3)
    assert work.done == whole(3)
    assert state.max_epochs == 3


def test_a_larger_limit_in_iterations_extends_a_complete_run_within_its_epoch() -> None:
    work = Work()
    engine = Engine(work)
    engine.run(DATA, max_iters=2)
    engine.run(DATA, max_iters=6)
    assert work.done == whole(2)[:6]


def test_a_limit_that_was_set_between_two_runs_extends_too() -> None:
    work = Work()
    engine = Engine(work)
    engine.run(DATA, max_epochs=1)
    engine.state.max_epochs = 2
    engine.run(DATA)
    assert work.done == whole(2)


def test_a_smaller_limit_is_refused_and_the_engine_stays_as_it_was() -> None:
    work = Work()
    engine = Engine(work)
    engine.run(DATA, max_epochs=3)
    before = engine.state_dict()
    text = r"Engine\.run: max_epochs must be at least 3, .* got 2; engine\.reset\(\) starts over"
    with pytest.raises(ArgumentError, match=text):
        engine.run(DATA, max_epochs=2)
    assert engine.state_dict() == before
    assert len(work.done) == 12


def test_a_smaller_limit_in_iterations_is_refused() -> None:
    engine = Engine(Work())
    engine.run(DATA, max_iters=6)
    with pytest.raises(ArgumentError, match=r"max_iters must be at least 6, .*, got 5"):
        engine.run(DATA, max_iters=5)


def test_a_limit_of_the_other_kind_is_refused_until_the_old_one_is_given_up() -> None:
    work = Work()
    engine = Engine(work)
    engine.run(DATA, max_epochs=2)
    with pytest.raises(ArgumentError, match=r"the engine has max_epochs=2 and takes no max_iters="):
        engine.run(DATA, max_iters=3)
    engine.state.max_epochs = None
    engine.run(DATA, max_iters=3)
    assert work.iterations[8:] == [1, 2, 3]


def test_giving_the_limit_up_makes_the_next_run_start_over() -> None:
    work = Work()
    engine = Engine(work)
    engine.run(DATA, max_epochs=2)
    engine.state.max_epochs = None
    state = engine.run(DATA)
    assert work.done == [*whole(2), *whole(1)]
    assert state.max_epochs == 1


def test_the_length_of_the_epoch_is_that_of_the_new_data_where_a_run_starts_over() -> None:
    engine = Engine(Work())
    engine.run(DATA, max_epochs=1)
    assert engine.run([1, 2], max_epochs=1).epoch_length == 2


def test_length_of_the_epoch_and_position_in_the_data_stay_where_a_run_is_extended() -> None:
    work = Work()
    engine = Engine(work)
    engine.run([1, 2, 3, 4, 5, 6], max_epochs=1, epoch_length=4)
    engine.run([1, 2, 3, 4, 5, 6], max_epochs=2)
    assert work.batches == [1, 2, 3, 4, 5, 6, 1, 2]


def test_the_length_of_the_next_epoch_can_be_given_where_a_run_is_extended() -> None:
    work = Work()
    engine = Engine(work)
    engine.run(DATA, max_epochs=1)
    engine.run(DATA, max_epochs=2, epoch_length=2)
    assert work.iterations == [1, 2, 3, 4, 5, 6]


# going on


@pytest.mark.parametrize("iteration", range(1, 9))
def test_a_run_that_failed_is_finished_by_the_same_call(iteration: int) -> None:
    work = Work(failures=[whole(2)[iteration - 1][1:]])
    engine = Engine(work)
    with pytest.raises(KeyError):
        engine.run(DATA, max_epochs=2)
    assert len(work.done) == iteration - 1
    engine.run(DATA, max_epochs=2)
    assert work.done == whole(2)
    assert engine.outcome == Completed()


def test_a_run_that_failed_again_and_again_loses_nothing() -> None:
    work = Work(failures=[one[1:] for one in whole(3)])
    engine = Engine(work)
    for _ in range(12):
        with pytest.raises(KeyError):
            engine.run(DATA, max_epochs=3)
    engine.run(DATA, max_epochs=3)
    assert work.done == whole(3)


def test_a_failed_run_whose_limit_is_not_repeated_is_finished_too() -> None:
    work = Work(failures=[(6, 11)])
    engine = Engine(work)
    with pytest.raises(KeyError):
        engine.run(DATA, max_epochs=2)
    engine.run(DATA)
    assert work.done == whole(2)


def test_a_failed_run_in_iterations_is_finished_by_the_same_call() -> None:
    work = Work(failures=[(6, 11)])
    engine = Engine(work)
    with pytest.raises(KeyError):
        engine.run(DATA, max_iters=7)
    engine.run(DATA, max_iters=7)
    assert work.done == whole(2)[:7]


@pytest.mark.parametrize("iteration", [1, 3, 4])
def test_a_run_that_was_terminated_before_its_last_epoch_is_finished_by_the_same_call(
    iteration: int,
) -> None:
    engine, work = terminated_at(iteration)
    engine.run(DATA, max_epochs=2)
    assert isinstance(ended(engine), Stopped)
    engine.run(DATA, max_epochs=2)
    assert work.done == whole(2)
    assert ended(engine) == Completed()


def test_a_run_in_iterations_that_was_terminated_is_finished_by_the_same_call() -> None:
    engine, work = terminated_at(2)
    engine.run(DATA, max_iters=6)
    engine.run(DATA, max_iters=6)
    assert work.done == whole(2)[:6]


@pytest.mark.parametrize("iteration", [5, 7, 8])
def test_a_run_that_was_terminated_in_its_last_epoch_starts_over(iteration: int) -> None:
    engine, work = terminated_at(iteration)
    engine.run(DATA, max_epochs=2)
    engine.run(DATA, max_epochs=2)
    assert work.done == [*whole(2)[:iteration], *whole(2)]


def test_a_run_that_was_terminated_in_its_last_epoch_can_be_extended() -> None:
    engine, work = terminated_at(6)
    engine.run(DATA, max_epochs=2)
    engine.run(DATA, max_epochs=3)
    assert work.done == whole(3)


@pytest.mark.parametrize("event", [Events.STARTED, Events.EPOCH_STARTED], ids=str)
def test_a_run_that_was_terminated_before_it_did_anything_does_it_all(event: Events) -> None:
    work = Work()
    engine = Engine(work)

    def stop(engine: Engine[int, int]) -> None:
        engine.terminate()
        handle.remove()

    handle = engine.add_event_handler(event, stop)
    engine.run(DATA, max_epochs=2)
    assert work.done == []
    engine.run(DATA, max_epochs=2)
    assert work.done == whole(2)


def test_a_run_that_is_gone_on_with_fires_the_events_of_a_run_and_of_its_epoch() -> None:
    engine, _ = terminated_at(3)
    log: list[tuple[str, int, int]] = []

    def note(engine: Engine[int, int], name: str) -> None:
        log.append((name, engine.state.epoch, engine.state.iteration))

    engine.run(DATA, max_epochs=2)
    engine.add_event_handler(Events.STARTED, note, "S")
    engine.add_event_handler(Events.EPOCH_STARTED, note, "ES")
    engine.add_event_handler(Events.EPOCH_COMPLETED, note, "EC")
    engine.run(DATA, max_epochs=2)
    assert log == [("S", 1, 3), ("ES", 1, 3), ("EC", 1, 4), ("ES", 2, 4), ("EC", 2, 8)]


def test_used_batches_are_read_again_and_passed_over() -> None:
    read: list[int] = []

    class Data:
        def __iter__(self) -> Iterator[int]:
            for batch in DATA:
                read.append(batch)
                yield batch

    work = Work(failures=[(3, 12)])
    engine = Engine(work)
    with pytest.raises(KeyError):
        engine.run(Data(), max_epochs=1, epoch_length=4)
    assert read == [10, 11, 12]
    engine.run(Data(), max_epochs=1, epoch_length=4)
    assert read[3:] == [10, 11, 12, 13]
    assert work.batches == [10, 11, 12, 13]


def test_an_iterator_goes_on_by_itself() -> None:
    work = Work(failures=[(3, 12)])
    engine = Engine(work)
    data = iter([10, 11, 12, 13, 14])
    with pytest.raises(KeyError):
        engine.run(data, max_epochs=1, epoch_length=4)
    engine.run(data, max_epochs=1, epoch_length=4)
    assert work.batches == [10, 11, 13, 14]


@pytest.mark.parametrize("epoch_length", [2, 3, 6, 9])
@pytest.mark.parametrize("iteration", [1, 2, 4, 5, 7, 10])
def test_the_position_in_the_data_is_kept_whatever_the_length_of_an_epoch(
    epoch_length: int, iteration: int
) -> None:
    batches = list(DATA) * 5
    work = Work(failures=[(iteration, batches[iteration - 1])])
    engine = Engine(work)
    with pytest.raises(KeyError):
        engine.run(DATA, max_iters=13, epoch_length=epoch_length)
    engine.run(DATA, max_iters=13)
    assert work.batches == batches[:13]


def test_an_epoch_that_was_ended_is_not_gone_on_with() -> None:
    work = Work(failures=[(3, 10)])
    engine = Engine(work)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=2), lambda engine: engine.terminate_epoch()
    )
    with pytest.raises(KeyError):
        engine.run(DATA, max_epochs=2)
    engine.run(DATA, max_epochs=2)
    assert work.done == [(1, 1, 10), (1, 2, 11), *[(2, n + 3, b) for n, b in enumerate(DATA)]]


@pytest.mark.parametrize("kind", ["every", "once"])
def test_a_filtered_handler_is_due_again_where_its_iteration_and_epoch_are_gone_on_with(
    kind: str,
) -> None:
    work = Work(failures=[(6, 11)])
    engine = Engine(work)
    log: list[str] = []
    for event, count in ((Events.ITERATION_STARTED, 6), (Events.EPOCH_STARTED, 2)):
        source = event(every=count) if kind == "every" else event(once=count)
        engine.add_event_handler(source, log.append, event.name)
    with pytest.raises(KeyError):
        engine.run(DATA, max_epochs=2)
    engine.run(DATA, max_epochs=2)
    assert log == ["EPOCH_STARTED", "ITERATION_STARTED"] * 2


def test_a_limit_in_epochs_that_is_where_a_stopped_run_stands_starts_over() -> None:
    work = Work()
    engine = Engine(work)
    with engine.add_event_handler(Events.EPOCH_COMPLETED, lambda engine: engine.terminate()):
        engine.run(DATA, max_epochs=5)
    state = engine.run(DATA, max_epochs=1)
    assert work.done == [*whole(1), *whole(1)]
    assert state.max_epochs == 1


def test_a_limit_in_iterations_that_is_where_a_stopped_run_stands_starts_over() -> None:
    engine, work = terminated_at(3)
    engine.run(DATA, max_iters=9)
    engine.run(DATA, max_iters=3)
    assert work.iterations == [1, 2, 3, 1, 2, 3]


def test_a_smaller_limit_is_taken_where_the_run_has_not_come_so_far() -> None:
    engine, work = terminated_at(2)
    engine.run(DATA, max_epochs=5)
    engine.run(DATA, max_epochs=2)
    assert work.done == whole(2)


def test_a_limit_below_the_epoch_under_way_is_refused() -> None:
    engine, _ = terminated_at(6)
    engine.run(DATA, max_epochs=5)
    with pytest.raises(ArgumentError, match=r"max_epochs must be at least 2, the epoch in which"):
        engine.run(DATA, max_epochs=1)


def test_the_length_of_an_epoch_under_way_is_kept() -> None:
    engine, work = terminated_at(2)
    engine.run(DATA, max_epochs=2)
    with pytest.raises(
        ArgumentError, match=r"epoch_length must be 4 until the epoch is complete, "
    ):
        engine.run(DATA, max_epochs=2, epoch_length=3)
    engine.run(DATA, max_epochs=2, epoch_length=4)
    assert work.done == whole(2)


def test_after_a_reset_the_next_run_is_the_first_one() -> None:
    engine, work = terminated_at(2)
    engine.run(DATA, max_epochs=5)
    engine.reset()
    state = engine.run(DATA, max_iters=3)
    assert work.iterations == [1, 2, 1, 2, 3]
    assert (state.max_epochs, state.max_iters) == (None, 3)


def test_a_reset_keeps_handlers() -> None:
    engine = Engine(Work())
    log: list[str] = []
    engine.add_event_handler(Events.STARTED(once=1), log.append, "heard")
    engine.run(DATA)
    engine.reset()
    engine.run(DATA)
    assert log == ["heard", "heard"]


# arguments


@pytest.mark.parametrize("name", ["max_epochs", "max_iters", "epoch_length"])
@pytest.mark.parametrize("number", [0, -1])
def test_a_limit_below_one_is_refused(name: str, number: int) -> None:
    engine = Engine(Work())
    with pytest.raises(
        ArgumentError, match=rf"Engine\.run: {name} must be at least 1, got {number}"
    ):
        untyped(engine).run(DATA, **{name: number})
    assert engine.state.iteration == 0


@pytest.mark.parametrize("name", ["max_epochs", "max_iters", "epoch_length"])
@pytest.mark.parametrize("number", [True, False, 2.0, "2"])
def test_a_limit_that_is_no_whole_number_is_refused(name: str, number: object) -> None:
    with pytest.raises(
        ArgumentTypeError, match=rf"Engine\.run: {name} must be a whole number, got"
    ):
        untyped(Engine(Work())).run(DATA, **{name: number})


def test_two_limits_are_refused() -> None:
    with pytest.raises(
        ArgumentError, match=r"Engine\.run: takes max_epochs or max_iters, got both"
    ):
        untyped(Engine(Work())).run(DATA, max_epochs=1, max_iters=2)


@pytest.mark.parametrize("data", [3, 2.5, object()], ids=repr)
def test_data_that_cannot_be_iterated_over_is_refused(data: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"Engine\.run: data must be iterable, got"):
        untyped(Engine(Work())).run(data)


def test_without_data_the_length_of_an_epoch_has_to_be_given() -> None:
    with pytest.raises(
        DataError, match=r"epoch_length must be given where there is no data, got N"
    ):
        untyped(Engine(Work())).run(None)
    with pytest.raises(DataError, match="epoch_length must be given"):
        untyped(Engine(Work())).run(max_epochs=3)


def test_data_without_batches_is_refused() -> None:
    engine = Engine(Work())
    with pytest.raises(DataError, match=r"data must give at least one batch, got a length of 0"):
        engine.run([], max_epochs=2)
    assert engine.run(DATA, max_epochs=2).iteration == 8


@pytest.mark.parametrize(
    "refused",
    [
        {"data": 3},
        {"data": DATA, "max_epochs": 0},
        {"data": DATA, "max_epochs": 1, "max_iters": 1},
        {"data": []},
        {"data": None},
    ],
    ids=str,
)
def test_what_is_refused_leaves_the_engine_as_it_was(refused: Mapping[str, object]) -> None:
    engine = Engine(Work())
    engine.run(DATA, max_epochs=2)
    before = engine.state_dict()
    with pytest.raises((ArgumentError, ArgumentTypeError, DataError)):
        untyped(engine).run(**refused)
    assert engine.state_dict() == before
    assert engine.outcome == Completed()


def test_data_that_is_refused_leaves_the_limits_of_a_loaded_engine_as_they_were() -> None:
    engine = Engine(Work())
    engine.load_state_dict({"epoch_length": None, "iteration": 0, "max_epochs": 2})
    before = engine.state_dict()
    with pytest.raises(DataError):
        engine.run([], max_epochs=9)
    assert engine.state_dict() == before


@pytest.mark.parametrize(
    "data", [DATA, set(DATA), dict.fromkeys(DATA), "abcd", range(4), iter(DATA)], ids=repr
)
def test_all_that_can_be_iterated_over_is_data(data: Iterable[object]) -> None:
    assert untyped(Engine(Work())).run(data).iteration == 4


@pytest.mark.parametrize(
    ("error", "caught"), [(TypeError, None), (RuntimeError, RuntimeError), (ValueError, ValueError)]
)
def test_only_a_type_error_of_len_means_that_the_length_is_not_known(
    error: type[Exception], caught: type[Exception] | None
) -> None:
    class Data:
        def __len__(self) -> int:
            raise error

        def __iter__(self) -> Iterator[int]:
            return iter(DATA)

    with nullcontext() if caught is None else pytest.raises(caught):
        Engine(Work()).run(Data())


def test_how_the_latest_run_ended_can_be_asked() -> None:
    work = Work(failures=[(2, 11)])
    engine = Engine(work)
    with pytest.raises(KeyError):
        engine.run(DATA)
    assert ended(engine) == Failed("KeyError: 11")
    engine.run(DATA)
    assert ended(engine) == Completed()
