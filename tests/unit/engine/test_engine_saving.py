"""Saving where an engine stands, and putting another one there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest

from firesteel.engine import Completed, Engine, State, StateKey
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    NotAvailableError,
    StateDictError,
    UnknownKeyError,
)
from firesteel.events import EventEnum, Events, PayloadEvent
from firesteel.protocols import Stateful

DATA = (10, 11, 12, 13)

LOSS = StateKey[float]("loss")
NORM = PayloadEvent[float]("norm")


class Own(EventEnum):
    PING = "ping"


def untyped(value: object) -> Any:
    return value


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


def initials(event: EventEnum) -> str:
    return "".join(word[0] for word in event.name.split("_"))


def recorded(engine: Engine[int, int]) -> list[tuple[str, int, int]]:
    """Record all events that an engine fires, with the epoch and the iteration."""
    log: list[tuple[str, int, int]] = []

    def note(engine: Engine[int, int], name: str) -> None:
        log.append((name, engine.state.epoch, engine.state.iteration))

    for event in Events:
        engine.add_event_handler(event, note, initials(event))
    return log


@dataclass
class Work:
    """A process function that writes down what it did."""

    done: list[tuple[int, int, int]] = field(default_factory=list[tuple[int, int, int]])

    def __call__(self, engine: Engine[int, int], batch: int) -> int:
        self.done.append((engine.state.epoch, engine.state.iteration, batch))
        return batch


class Unsized:
    """Data that can be read again and does not tell its length."""

    def __iter__(self) -> Iterator[int]:
        return iter(DATA)


def position(saved: Mapping[str, object]) -> tuple[object, object, object, object]:
    return (
        saved["iteration"],
        saved["epoch"],
        saved["epoch_iteration"],
        saved["data_position"],
    )


def loaded(saved: Mapping[str, object]) -> Engine[int, int]:
    engine = Engine(step)
    engine.load_state_dict(saved)
    return engine


def ends_of(log: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    return [one for one in log if one[0] in {"IC", "EC", "C"}]


def behind(iteration: int, log: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """What is left of these events after an iteration, for an engine that was loaded there."""
    place = next(n for n, one in enumerate(log) if one[0] == "IC" and one[2] == iteration)
    return log[place + 1 :]


# what is saved


def test_a_new_engine_stands_at_the_beginning() -> None:
    assert Engine(step).state_dict() == {
        "iteration": 0,
        "epoch": 0,
        "epoch_iteration": 0,
        "data_position": 0,
        "data": None,
        "epoch_length": None,
        "max_epochs": None,
        "max_iters": None,
        "counts": {},
        "values": {},
    }


def test_an_engine_that_has_run_stands_at_the_end() -> None:
    engine = Engine(step)
    engine.run(DATA, max_epochs=2)
    saved = engine.state_dict()
    assert position(saved) == (8, 2, 0, 0)
    assert (saved["epoch_length"], saved["max_epochs"], saved["max_iters"]) == (4, 2, None)


def test_an_engine_is_stateful() -> None:
    assert isinstance(Engine(step), Stateful)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (Events.STARTED(once=1), (0, 0, 0, 0)),
        (Events.EPOCH_STARTED(once=2), (4, 1, 0, 0)),
        (Events.GET_BATCH_STARTED(once=6), (5, 1, 1, 1)),
        (Events.GET_BATCH_COMPLETED(once=6), (5, 1, 1, 1)),
        (Events.ITERATION_STARTED(once=6), (5, 1, 1, 1)),
        (Events.ITERATION_COMPLETED(once=6), (6, 1, 2, 2)),
        (Events.ITERATION_COMPLETED(once=4), (4, 0, 4, 4)),
        (Events.EPOCH_COMPLETED(once=1), (4, 1, 0, 4)),
        (Events.COMPLETED(once=1), (8, 2, 0, 4)),
    ],
    ids=str,
)
def test_only_completed_iterations_are_saved(
    event: EventEnum, expected: tuple[int, int, int, int]
) -> None:
    engine = Engine(step)
    saved: list[dict[str, object]] = []
    engine.add_event_handler(event, lambda engine: saved.append(engine.state_dict()))
    engine.run(DATA, max_epochs=2)
    assert len(saved) == 1
    place = position(saved[0])
    assert place[:3] == expected[:3]
    assert place[3] in {expected[3], expected[3] % len(DATA)}  # a whole pass is none


@pytest.mark.parametrize("stops", [False, True], ids=["saved", "terminated"])
def test_an_epoch_that_was_left_behind_its_last_iteration_is_completed(*, stops: bool) -> None:
    engine = Engine(step)
    saved: list[dict[str, object]] = []

    @engine.on(Events.ITERATION_COMPLETED(once=len(DATA)))
    def leave() -> None:
        saved.append(engine.state_dict())
        if stops:
            engine.terminate()

    engine.run(DATA, max_epochs=2)
    following = engine if stops else Engine(step)
    log: list[str] = []
    for event in (Events.EPOCH_STARTED, Events.ITERATION_COMPLETED, Events.EPOCH_COMPLETED):
        following.add_event_handler(
            event, lambda engine, name: log.append(f"{name} {engine.state.epoch}"), event.name
        )
    if not stops:
        following.load_state_dict(saved[0])
    state = following.run(DATA, max_epochs=2)
    assert log[:3] == ["EPOCH_STARTED 1", "EPOCH_COMPLETED 1", "EPOCH_STARTED 2"]
    assert log.count("ITERATION_COMPLETED 2") == len(DATA)
    assert (state.iteration, state.epoch) == (2 * len(DATA), 2)
    assert state.count(Events.EPOCH_COMPLETED) == 2


def test_the_last_epoch_too_is_completed_by_the_run_that_follows() -> None:
    engine, following = Engine(step), Engine(step)
    saved: list[dict[str, object]] = []
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=len(DATA)), lambda: saved.append(engine.state_dict())
    )
    engine.run(DATA)
    log: list[str] = []
    for event in (Events.ITERATION_COMPLETED, Events.EPOCH_COMPLETED, Events.COMPLETED):
        following.add_event_handler(event, log.append, event.name)
    following.load_state_dict(saved[0])
    following.run(DATA)
    assert log == ["EPOCH_COMPLETED", "COMPLETED"]
    following.run(DATA)
    assert "ITERATION_COMPLETED" in log


def test_in_the_process_function_its_own_iteration_is_not_saved() -> None:
    saved: list[object] = []

    def saving_step(engine: Engine[int, int], batch: int) -> int:
        saved.append(engine.state_dict()["iteration"])
        return batch

    Engine(saving_step).run(DATA)
    assert saved == [0, 1, 2, 3]


def test_a_run_without_a_limit_saves_none() -> None:
    engine = Engine(step)
    engine.run(DATA)
    saved = engine.state_dict()
    assert (saved["max_epochs"], saved["max_iters"]) == (None, None)


def test_a_limit_in_iterations_is_saved() -> None:
    engine = Engine(step)
    engine.run(DATA, max_iters=6)
    saved = engine.state_dict()
    assert (saved["max_epochs"], saved["max_iters"]) == (None, 6)
    assert position(saved) == (6, 1, 2, 2)


@pytest.mark.parametrize(("iteration", "end"), [(4, 4), (5, 8), (7, 8), (8, 8)])
def test_a_limit_that_was_lowered_is_reached_where_the_engine_stands(
    iteration: int, end: int
) -> None:
    engine: Engine[int, int] = Engine(step)
    saved: list[dict[str, object]] = []

    def lower(engine: Engine[int, int]) -> None:
        engine.state.max_epochs = 1
        saved.append(engine.state_dict())

    engine.add_event_handler(Events.ITERATION_COMPLETED(once=iteration), lower)
    engine.run(DATA, max_epochs=4)
    saved.append(engine.state_dict())
    for one in saved:
        assert loaded(one).run(DATA).iteration == engine.state.iteration == end


def test_so_is_a_limit_in_iterations() -> None:
    engine: Engine[int, int] = Engine(step)

    def lower(engine: Engine[int, int]) -> None:
        engine.state.max_iters = 2

    engine.add_event_handler(Events.ITERATION_COMPLETED(once=4), lower)
    engine.run(DATA, max_iters=9)
    assert loaded(engine.state_dict()).run(DATA).iteration == engine.state.iteration == 4


def test_counts_of_events_are_saved_under_names_that_no_module_is_part_of() -> None:
    engine = Engine(step)
    engine.run(DATA, max_epochs=2)
    counts = untyped(engine.state_dict()["counts"])
    assert counts["Events.STARTED"] == 1
    assert all(name.startswith("Events.") for name in counts)


def test_counts_and_values_of_ones_own_are_saved() -> None:
    engine = Engine(step)
    engine.register_events(Own.PING, NORM)
    engine.fire_event(Own.PING)
    engine.fire_event(NORM, 1.0)
    engine.fire_event(NORM, 2.0)
    engine.state[LOSS] = 0.5
    saved = engine.state_dict()
    counts = untyped(saved["counts"])
    assert counts["PayloadEvent.norm"] == 2
    assert [count for name, count in counts.items() if name.endswith("Own.PING")] == [1]
    assert saved["values"] == {"loss": 0.5}


def test_where_the_data_begins_anew_none_of_it_is_taken() -> None:
    engine = Engine(step)
    saved: list[object] = []
    engine.add_event_handler(
        Events.DATALOADER_STOP_ITERATION,
        lambda engine: saved.append(engine.state_dict()["data_position"]),
    )
    engine.run(Unsized(), epoch_length=6)
    assert saved == [0]


# putting an engine there


@pytest.mark.parametrize("epoch_length", [None, 3, 4, 5, 9])
@pytest.mark.parametrize("iteration", range(1, 10))
def test_a_new_engine_goes_on_where_the_saved_one_stood(
    iteration: int, epoch_length: int | None
) -> None:
    whole, saved = Work(), list[dict[str, object]]()
    engine = Engine(whole)
    log = recorded(engine)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=iteration),
        lambda engine: saved.append(engine.state_dict()),
    )
    engine.run(DATA, max_epochs=3, epoch_length=epoch_length)
    rest = Work()
    second = Engine(rest)
    second.load_state_dict(saved[0])
    second_log = recorded(second)
    second.run(DATA, max_epochs=3)
    assert rest.done == whole.done[iteration:]
    assert ends_of(second_log) == behind(iteration, ends_of(log))


@pytest.mark.parametrize("iteration", range(1, 9))
def test_a_new_engine_goes_on_over_data_without_a_length(iteration: int) -> None:
    whole, saved = Work(), list[dict[str, object]]()
    engine = Engine(whole)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=iteration),
        lambda engine: saved.append(engine.state_dict()),
    )
    engine.run(Unsized(), max_epochs=2)
    assert saved[0]["epoch_length"] is None
    rest = Work()
    second = Engine(rest)
    second.load_state_dict(saved[0])
    second.run(Unsized(), max_epochs=2)
    assert [batch for *_, batch in rest.done] == [batch for *_, batch in whole.done[iteration:]]
    assert [number for _, number, _ in rest.done] == list(range(iteration + 1, 9))


def test_an_engine_loaded_behind_an_epoch_that_was_ended_begins_with_the_first_batch() -> None:
    whole, saved = Work(), list[dict[str, object]]()
    engine = Engine(whole)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=2), lambda engine: engine.terminate_epoch()
    )
    engine.add_event_handler(
        Events.TERMINATE_SINGLE_EPOCH
        | Events.EPOCH_COMPLETED(once=1)
        | Events.EPOCH_STARTED(once=2),
        lambda engine: saved.append(engine.state_dict()),
    )
    engine.run(DATA, max_epochs=2)
    for one in saved[1:]:
        rest = Work()
        second = Engine(rest)
        second.load_state_dict(one)
        second.run(DATA, max_epochs=2)
        assert rest.done == whole.done[2:]


def test_an_engine_loaded_where_the_data_was_replaced_begins_with_the_first_batch() -> None:
    work, saved = Work(), list[dict[str, object]]()
    engine = Engine(work)

    def replace(engine: Engine[int, int]) -> None:
        engine.set_data([20, 21, 22])
        saved.append(engine.state_dict())

    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), replace)
    engine.run(DATA)
    rest = Work()
    second = Engine(rest)
    second.load_state_dict(saved[0])
    second.run([20, 21, 22])
    assert rest.done == work.done[2:]


def test_a_loaded_engine_shows_where_it_stands_before_it_runs() -> None:
    engine = Engine(step)
    engine.run(DATA, max_iters=6)
    second = loaded(engine.state_dict())
    state = second.state
    assert (state.iteration, state.epoch, state.epoch_iteration) == (6, 2, 2)
    assert (state.epoch_length, state.max_iters) == (4, 6)
    assert second.state_dict() == engine.state_dict()


def test_a_loaded_run_that_was_complete_has_nothing_to_do() -> None:
    engine = Engine(step)
    engine.run(DATA, max_epochs=2)
    second = loaded(engine.state_dict())
    log = recorded(second)
    for _ in range(2):
        state = second.run(DATA, max_epochs=2)
        assert state.iteration == 8
    assert log == []
    assert second.outcome == Completed()


def test_a_loaded_run_that_was_complete_has_nothing_to_do_without_a_limit_either() -> None:
    engine = Engine(step)
    engine.run(DATA, max_iters=3)
    second = loaded(engine.state_dict())
    log = recorded(second)
    assert second.run(DATA).iteration == 3
    assert log == []


def test_a_loaded_run_that_was_complete_can_be_extended() -> None:
    engine = Engine(step)
    engine.run(DATA, max_epochs=2)
    assert loaded(engine.state_dict()).run(DATA, max_epochs=3).iteration == 12


def test_a_loaded_run_refuses_a_smaller_limit() -> None:
    engine = Engine(step)
    engine.run(DATA, max_epochs=2)
    with pytest.raises(ArgumentError, match="max_epochs must be at least 2"):
        loaded(engine.state_dict()).run(DATA, max_epochs=1)


def test_a_loaded_engine_that_had_no_limit_makes_a_fresh_pass() -> None:
    engine = Engine(step)
    engine.run(DATA)
    second = loaded(engine.state_dict())
    assert second.run([1, 2]).iteration == 2


def test_a_loaded_engine_in_mid_epoch_without_a_limit_ends_with_the_epoch() -> None:
    engine = loaded({"epoch_length": 4, "iteration": 6, "max_epochs": None})
    log = recorded(engine)
    state = engine.run(DATA)
    assert (state.epoch, state.iteration) == (2, 8)
    assert log[0] == ("S", 2, 6)


def test_a_state_of_ignite_can_be_loaded() -> None:
    engine = loaded({"epoch_length": 4, "iteration": 6, "max_epochs": 3})
    log = recorded(engine)
    state = engine.run(DATA)
    assert log[:2] == [("S", 2, 6), ("ES", 2, 6)]
    assert (state.epoch, state.iteration) == (3, 12)
    engine = loaded({"epoch_length": 4, "epoch": 2, "max_epochs": 3})
    assert engine.run(DATA).iteration == 12


def test_counts_go_on_in_a_loaded_engine() -> None:
    engine = Engine(step)
    engine.register_events(Own.PING)
    engine.run(DATA, max_epochs=1)
    engine.fire_event(Own.PING)
    engine.fire_event(Own.PING)
    second = Engine(step)
    second.register_events(Own.PING)
    second.load_state_dict(engine.state_dict())
    log: list[str] = []
    second.add_event_handler(Own.PING(once=[1, 2]), log.append, "early")
    second.add_event_handler(Own.PING(once=3), log.append, "third")
    second.fire_event(Own.PING)
    assert log == ["third"]
    state = second.run(DATA, max_epochs=2)
    counts = [state.count(event) for event in (Own.PING, Events.STARTED, Events.GET_BATCH_STARTED)]
    assert counts == [3, 2, 8]


def test_a_loaded_engine_without_data_has_fetched_nothing() -> None:
    def nothing(engine: Engine[None, None], batch: None) -> None:
        pass

    engine, second = Engine(nothing), Engine(nothing)
    engine.run(None, max_epochs=1, epoch_length=3)
    second.load_state_dict(engine.state_dict())
    assert second.state.count(Events.GET_BATCH_STARTED) == 0
    assert second.run(None, max_epochs=2, epoch_length=3).count(Events.GET_BATCH_COMPLETED) == 0


def test_batches_that_were_asked_for_in_vain_are_counted_in_a_loaded_engine_too() -> None:
    engine = Engine(step)
    engine.run(Unsized(), max_epochs=2)
    state = loaded(engine.state_dict()).state
    assert (state.iteration, state.count(Events.GET_BATCH_STARTED)) == (8, 10)
    assert state.count(Events.GET_BATCH_COMPLETED) == 8


def test_a_count_waits_for_its_event_to_be_registered() -> None:
    engine = Engine(step)
    engine.register_events(Own.PING)
    engine.fire_event(Own.PING)
    second = loaded(engine.state_dict())
    assert untyped(second.state_dict()["counts"]) == untyped(engine.state_dict()["counts"])
    second.register_events(Own.PING)
    second.fire_event(Own.PING)
    assert second.state.count(Own.PING) == 2


@pytest.mark.parametrize("has_others", [False, True])
def test_filters_see_the_counts_of_the_saved_engine(has_others: bool) -> None:
    engine = loaded({"epoch_length": 12, "iteration": 5, "max_epochs": 2})
    log: list[int] = []
    if has_others:
        engine.add_event_handler(Events.ITERATION_COMPLETED, lambda: None)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(every=4), lambda engine: log.append(engine.state.iteration)
    )
    engine.add_event_handler(
        Events.EPOCH_COMPLETED(once=2), lambda engine: log.append(-engine.state.epoch)
    )
    engine.run(range(12))
    assert log == [8, 12, 16, 20, 24, -2]


@pytest.mark.parametrize("has_others", [False, True])
def test_filters_that_were_there_before_the_load_see_its_counts_too(has_others: bool) -> None:
    engine = Engine(step)
    log: list[int] = []
    if has_others:
        engine.add_event_handler(Events.ITERATION_COMPLETED, lambda: None)
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(every=4), lambda engine: log.append(engine.state.iteration)
    )
    engine.run(range(9))
    engine.load_state_dict({"epoch_length": 6, "iteration": 3, "max_epochs": 1})
    engine.run(range(6))
    assert log == [4, 8, 4]


def test_values_come_back_under_their_keys() -> None:
    engine = Engine(step)
    engine.state[LOSS] = 0.5
    second = loaded(engine.state_dict())
    assert second.state[LOSS] == 0.5


def test_loading_replaces_the_values() -> None:
    engine = Engine(step)
    engine.state[LOSS] = 0.5
    engine.load_state_dict(Engine(step).state_dict())
    with pytest.raises(UnknownKeyError):
        _ = engine.state[LOSS]


def test_loading_keeps_handlers() -> None:
    engine = Engine(step)
    log = recorded(engine)
    engine.load_state_dict(Engine(step).state_dict())
    engine.run([1])
    assert log


def test_loading_drops_a_suspended_run_and_fires_nothing() -> None:
    engine = Engine(step)
    log = recorded(engine)
    with engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=6), lambda engine: engine.interrupt()
    ):
        engine.run(DATA, max_epochs=2)
    fired = len(log)
    engine.load_state_dict({"epoch_length": 4, "iteration": 2, "max_epochs": 2})
    assert len(log) == fired
    with pytest.raises(NotAvailableError):
        _ = engine.outcome
    assert engine.run(DATA, max_epochs=2).iteration == 8
    assert log[fired] == ("S", 1, 2)


def test_loading_forgets_that_the_last_run_was_terminated() -> None:
    engine = Engine(step)
    with engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=2), lambda engine: engine.terminate()
    ):
        engine.run(DATA, max_epochs=2)
    engine.load_state_dict({"epoch_length": 4, "iteration": 2, "max_epochs": 2})
    assert not engine.should_terminate
    assert engine.run(DATA).iteration == 8


def test_a_suspended_run_can_be_saved() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.GET_BATCH_COMPLETED(once=6), lambda engine: engine.interrupt())
    engine.run(DATA, max_epochs=2)
    saved = engine.state_dict()
    assert position(saved) == (5, 1, 1, 1)
    rest = Work()
    second = Engine(rest)
    second.load_state_dict(saved)
    second.run(DATA, max_epochs=2)
    assert [batch for *_, batch in rest.done] == [11, 12, 13]
    assert engine.run(DATA).iteration == 8


def test_a_run_that_failed_can_be_saved() -> None:
    def failing_step(engine: Engine[int, int], batch: int) -> int:
        if engine.state.iteration == 6:
            raise KeyError
        return batch

    engine = Engine(failing_step)
    with pytest.raises(KeyError):
        engine.run(DATA, max_epochs=2)
    saved = engine.state_dict()
    assert position(saved) == (5, 1, 1, 1)
    assert loaded(saved).run(DATA, max_epochs=2).iteration == 8


def test_a_listener_of_the_exception_may_save() -> None:
    saved: list[object] = []

    def failing_step(engine: Engine[int, int], batch: int) -> int:
        raise KeyError

    engine = Engine(failing_step)
    engine.add_event_handler(
        Events.EXCEPTION_RAISED, lambda engine, _: saved.append(engine.state_dict()["iteration"])
    )
    with pytest.raises(KeyError):
        engine.run(DATA)
    assert saved == [0]


# what is refused


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"seed": 1}, "unknown entries 'seed'"),
        ({"iteration": -1}, "'iteration' must be at least 0"),
        ({"epoch_iteration": 3}, "contradict each other"),
        ({"max_iters": 3}, "contradict each other"),
        ({"values": None}, "'values' must be a mapping"),
        ({"counts": {"a": -1}}, "'a' must be at least 0"),
    ],
    ids=str,
)
@pytest.mark.parametrize("is_suspended", [False, True])
def test_where_something_is_wrong_the_engine_stays_as_it_was(
    changes: Mapping[str, object], text: str, is_suspended: bool
) -> None:
    engine = Engine(step)
    engine.state[LOSS] = 0.5
    if is_suspended:
        engine.add_event_handler(
            Events.ITERATION_COMPLETED(once=2), lambda engine: engine.interrupt()
        )
    engine.run(DATA, max_epochs=2)
    before = engine.state_dict()
    saved = {**Engine(step).state_dict(), "epoch_length": 4, "max_epochs": 1, **changes}
    with pytest.raises(StateDictError, match=text):
        engine.load_state_dict(saved)
    assert engine.state_dict() == before
    assert engine.run(DATA, max_epochs=2).iteration == 8


@pytest.mark.parametrize("name", ["iteration", "epoch", "epoch_length"])
def test_a_missing_entry_is_refused(name: str) -> None:
    saved = Engine(step).state_dict()
    del saved[name]
    with pytest.raises(StateDictError, match=f"'{name}' is missing"):
        loaded(saved)


def test_what_is_no_mapping_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match=r"Engine\.load_state_dict: state_dict must be a m"):
        untyped(Engine(step)).load_state_dict(None)


def test_the_given_dictionary_stays_as_it_is() -> None:
    engine = Engine(step)
    engine.state[LOSS] = 0.5
    engine.run(DATA, max_epochs=1)
    saved = engine.state_dict()
    copy = {**saved, "counts": dict(untyped(saved["counts"]))}
    second = loaded(saved)
    second.state[LOSS] = 0.7
    second.run(DATA, max_epochs=2)
    assert saved == copy


def test_a_saved_state_does_not_change_with_the_engine() -> None:
    engine = Engine(step)
    engine.run(DATA, max_epochs=1)
    saved = engine.state_dict()
    counts = dict(untyped(saved["counts"]))
    state: State[int, int] = engine.run(DATA, max_epochs=2)
    assert state.iteration == 8
    assert saved["iteration"] == 4
    assert saved["counts"] == counts
