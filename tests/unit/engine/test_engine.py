"""Registering events, adding and removing handlers, and firing."""

import logging
import weakref

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest
from typing_extensions import override

from firesteel.engine import Attachable, Completed, Engine
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    HandlerSignatureError,
    NotAvailableError,
    UnknownEventError,
)
from firesteel.events import EventEnum, Events, PayloadEvent, RemovableEventHandle

NORM = PayloadEvent[float]("norm")


class Own(EventEnum):
    PING = "ping"
    STARTED = "started"


def untyped(value: object) -> Any:
    return value


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


def engine_of(*events: EventEnum | PayloadEvent[float]) -> Engine[int, int]:
    engine = Engine(step)
    engine.register_events(*events)
    return engine


def nothing() -> None:
    pass


# making one


def test_a_process_function_of_the_wrong_arity_is_refused_when_the_engine_is_made() -> None:
    with pytest.raises(HandlerSignatureError, match=r"called with \(engine, batch\)"):
        Engine(untyped(nothing))


def test_a_new_engine_stands_nowhere_and_was_asked_for_nothing() -> None:
    engine = Engine(step)
    assert not engine.should_terminate
    assert not engine.should_terminate_single_epoch
    assert not engine.should_interrupt
    with pytest.raises(NotAvailableError, match=r"engine\.outcome: exists once a run has ended"):
        _ = engine.outcome


def test_an_engine_takes_no_attributes_of_a_users_own() -> None:
    with pytest.raises(AttributeError):
        untyped(Engine(step)).model = "mine"


def test_attaching_hands_over_engine_and_arguments_and_gives_what_it_gives() -> None:
    class Note(Attachable[int, str]):
        @override
        def attach_to(self, engine: Engine[Any, int]) -> str:
            return f"on {engine.state.iteration}"

    class Named(Attachable[int, str, str, int]):
        @override
        def attach_to(self, engine: Engine[Any, int], name: str, number: int) -> str:
            return f"{name} {number}"

    assert Engine(step).attach(Note()) == "on 0"
    assert Engine(step).attach(Named(), "loss", 3) == "loss 3"


def test_a_run_says_in_the_log_how_it_begins_and_ends(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="firesteel.engine"):
        Engine(step).run([1, 2], max_epochs=2)
    texts = [record.getMessage() for record in caplog.records]
    assert texts[0] == "Engine run starting with max_epochs=2."
    assert texts[1].startswith("Epoch 1 is complete after ")
    assert texts[-1].startswith("The run is over after ")
    assert "Completed()" in texts[-1]


def test_a_run_that_goes_on_says_so_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(step)
    engine.run([1, 2], max_iters=1)
    with caplog.at_level(logging.INFO, logger="firesteel.engine"):
        engine.run([1, 2], max_iters=2)
    texts = [record.getMessage() for record in caplog.records]
    assert texts[0] == "Engine run going on after iteration 1 with max_iters=2."
    assert "Passing over 1 batches that were used already." in texts


# registering


def test_the_events_of_a_run_are_known_from_the_beginning() -> None:
    engine = Engine(step)
    assert all(engine.has_registered_events(event) for event in Events)
    assert engine.has_registered_events(Events.EXCEPTION_RAISED)


def test_events_of_ones_own_are_known_to_the_engine_that_they_were_registered_on() -> None:
    engine = engine_of(*Own, NORM)
    assert all(engine.has_registered_events(event) for event in (*Own, NORM))
    assert not Engine(step).has_registered_events(Own.PING)


@pytest.mark.parametrize("event", [Own, "ping", Own.PING(every=2), None], ids=repr)
def test_what_is_no_bare_event_cannot_be_registered(event: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"Engine\.register_events: each event must be"):
        untyped(Engine(step)).register_events(event)


def test_registering_again_changes_nothing() -> None:
    engine = engine_of(Own.PING)
    log: list[str] = []
    engine.add_event_handler(Own.PING, log.append, "ping")
    engine.fire_event(Own.PING)
    engine.register_events(Own.PING)
    engine.fire_event(Own.PING)
    assert log == ["ping", "ping"]
    assert engine.state.count(Own.PING) == 2


def test_an_event_of_ones_own_is_not_the_built_in_one_of_its_name() -> None:
    engine = engine_of(Own.STARTED)
    log: list[str] = []
    engine.add_event_handler(Own.STARTED, log.append, "mine")
    engine.run([1])
    assert log == []


# adding


def test_handlers_of_a_higher_priority_run_first_whatever_their_filters() -> None:
    engine = Engine(step)
    log: list[str] = []
    engine.add_event_handler(Events.ITERATION_COMPLETED(priority=-9), log.append, "last")
    engine.add_event_handler(Events.ITERATION_COMPLETED, log.append, "plain")
    engine.add_event_handler(Events.ITERATION_COMPLETED(every=2, priority=1), log.append, "second")
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(lambda engine, n: n == 2, priority=1), log.append, "asked"
    )
    engine.add_event_handler(Events.ITERATION_COMPLETED(after=1, priority=-1), log.append, "dense")
    engine.add_event_handler(Events.ITERATION_COMPLETED(priority=5), log.append, "first")
    engine.run([1, 2])
    assert log[:3] == ["first", "plain", "last"]
    assert log[3:] == ["first", "second", "asked", "plain", "dense", "last"]


def test_handlers_run_in_the_order_in_which_they_were_added_whatever_their_filters() -> None:
    engine = Engine(step)
    log: list[str] = []
    engine.add_event_handler(Events.ITERATION_COMPLETED(every=2), log.append, "a")
    engine.add_event_handler(Events.ITERATION_COMPLETED, log.append, "b")
    engine.add_event_handler(Events.ITERATION_COMPLETED(lambda engine, n: n == 2), log.append, "c")
    engine.add_event_handler(Events.ITERATION_COMPLETED(after=1), log.append, "d")
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), log.append, "e")
    engine.run([1, 2])
    assert log == ["b", "a", "b", "c", "d", "e"]


def test_a_handler_that_was_added_twice_runs_twice() -> None:
    engine = Engine(step)
    log: list[str] = []
    engine.add_event_handler(Events.STARTED, log.append, "a")
    engine.add_event_handler(Events.STARTED, log.append, "b")
    engine.run([1])
    assert log == ["a", "b"]


def test_a_handler_on_a_list_runs_at_each_of_its_events() -> None:
    engine = Engine(step)
    log: list[tuple[int, int]] = []
    engine.add_event_handler(
        Events.EPOCH_STARTED | Events.ITERATION_COMPLETED(every=2) | Events.COMPLETED,
        lambda engine: log.append((engine.state.epoch, engine.state.iteration)),
    )
    engine.run([1, 2, 3])
    assert log == [(1, 0), (1, 2), (1, 3)]


def test_where_one_event_of_a_list_is_unknown_the_handler_is_added_to_none() -> None:
    engine = Engine(step)
    with pytest.raises(UnknownEventError, match=r"Own\.PING is not registered"):
        engine.add_event_handler(Events.STARTED | Own.PING, nothing)
    assert not engine.has_event_handler(nothing)


def test_where_one_filter_of_a_list_is_refused_the_handler_is_added_to_none() -> None:
    engine = Engine(step)
    with pytest.raises(HandlerSignatureError, match="the filter is called with"):
        engine.add_event_handler(Events.STARTED | Events.COMPLETED(untyped(nothing)), nothing)
    assert not engine.has_event_handler(nothing)


def test_a_handler_of_the_wrong_arity_is_refused_and_not_added() -> None:
    engine = Engine(step)

    def two(engine: Engine[int, int], more: int) -> None:
        pass

    text = r"Engine\.add_event_handler: the handler is called with \(engine\) or \(\); .* takes"
    with pytest.raises(HandlerSignatureError, match=text):
        untyped(engine).add_event_handler(Events.STARTED, two)
    assert not engine.has_event_handler(two)


def test_an_unknown_event_is_refused_with_the_way_out() -> None:
    text = r"Engine\.add_event_handler: Own\.PING is not registered .*engine\.register_events\(Own"
    with pytest.raises(UnknownEventError, match=text):
        Engine(step).add_event_handler(Own.PING, nothing)
    with pytest.raises(UnknownEventError, match=r"PayloadEvent\('norm'\) is not registered"):
        untyped(Engine(step)).add_event_handler(NORM, nothing)


@pytest.mark.parametrize("event", ["started", None, Own, [Events.STARTED]], ids=repr)
def test_what_is_no_event_is_refused(event: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"Engine\.add_event_handler: event must be a memb"):
        untyped(Engine(step)).add_event_handler(event, nothing)


@pytest.mark.parametrize("handler", [None, 3])
def test_what_cannot_be_called_is_refused(handler: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"Engine\.add_event_handler: .* must be callable"):
        untyped(Engine(step)).add_event_handler(Events.STARTED, handler)


def test_on_refuses_an_unknown_event_before_there_is_a_function() -> None:
    with pytest.raises(UnknownEventError, match=r"Engine\.on: Own\.PING is not registered"):
        Engine(step).on(Own.PING)


def test_on_hands_its_further_arguments_to_the_handler() -> None:
    engine = Engine(step)
    log: list[object] = []

    @engine.on(Events.STARTED | Events.COMPLETED, "word")
    def note(engine: Engine[int, int], word: str) -> None:
        log.append((engine.state.iteration, word))

    engine.run([1])
    assert log == [(0, "word"), (1, "word")]


# removing


def test_a_handle_removes_exactly_what_its_call_added() -> None:
    engine = Engine(step)
    log: list[str] = []

    def note(name: str) -> None:
        log.append(name)

    engine.add_event_handler(Events.STARTED, note, "first")
    handle = engine.add_event_handler(Events.STARTED, note, "second")
    engine.add_event_handler(Events.STARTED, note, "third")
    handle.remove()
    engine.run([1])
    assert log == ["first", "third"]


def test_a_handle_of_a_list_removes_from_all_its_events() -> None:
    engine = Engine(step)
    handle = engine.add_event_handler(Events.STARTED | Events.COMPLETED(once=1), nothing)
    engine.add_event_handler(Events.COMPLETED, nothing)
    handle.remove()
    assert not engine.has_event_handler(nothing, Events.STARTED)
    assert not engine.has_event_handler(nothing, Events.COMPLETED(once=1))
    assert engine.has_event_handler(nothing, Events.COMPLETED)


def test_a_handle_as_a_block_keeps_the_handler_for_one_run() -> None:
    engine = Engine(step)
    log: list[str] = []
    with engine.add_event_handler(Events.STARTED, log.append, "heard"):
        engine.run([1])
    engine.run([1])
    assert log == ["heard"]


def test_removing_takes_all_registrations_of_the_handler_on_the_event() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.STARTED, nothing)
    engine.add_event_handler(Events.STARTED(every=2), nothing)
    engine.add_event_handler(Events.COMPLETED, nothing)
    engine.remove_event_handler(nothing, Events.STARTED)
    assert not engine.has_event_handler(nothing, Events.STARTED)
    assert engine.has_event_handler(nothing, Events.COMPLETED)


def test_removing_from_a_filtered_event_takes_those_with_an_equal_filter() -> None:
    engine = Engine(step)
    log: list[str] = []
    engine.add_event_handler(Events.STARTED(every=1), log.append, "one")
    engine.add_event_handler(Events.STARTED(once=1), log.append, "other")
    engine.remove_event_handler(log.append, Events.STARTED(every=1))
    engine.run([1])
    assert log == ["other"]


def test_removing_a_handler_that_is_not_there_is_refused() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.COMPLETED, nothing)
    text = r"Engine\.remove_event_handler: <function nothing .*> is no handler of Events\.STARTED"
    with pytest.raises(ArgumentError, match=text):
        engine.remove_event_handler(nothing, Events.STARTED)


def test_removing_from_an_unknown_event_is_refused() -> None:
    with pytest.raises(UnknownEventError, match=r"Engine\.remove_event_handler: Own\.PING"):
        Engine(step).remove_event_handler(nothing, Own.PING)


def test_a_bound_method_is_found_again() -> None:
    engine = Engine(step)
    log: list[str] = []
    engine.add_event_handler(Events.STARTED, log.append, "text")
    assert engine.has_event_handler(log.append)
    engine.remove_event_handler(log.append, Events.STARTED)
    assert not engine.has_event_handler(log.append)


# while an event is being fired


def test_a_handler_that_removes_itself_still_lets_the_next_one_run() -> None:
    engine = Engine(step)
    log: list[str] = []

    def once() -> None:
        log.append("once")
        handle.remove()

    handle = engine.add_event_handler(Events.ITERATION_STARTED, once)
    engine.add_event_handler(Events.ITERATION_STARTED, log.append, "next")
    engine.run([1, 2])
    assert log == ["once", "next", "next"]


@pytest.mark.parametrize(
    "event",
    [Events.ITERATION_STARTED, Events.ITERATION_COMPLETED, Events.GET_BATCH_STARTED],
    ids=str,
)
def test_a_handler_that_is_removed_while_its_event_is_fired_runs_once_more(event: Events) -> None:
    engine = Engine(step)
    log: list[str] = []

    def remove_the_next(engine: Engine[int, int]) -> None:
        log.append("first")
        if log.count("first") == 2:
            handle.remove()

    engine.add_event_handler(event, remove_the_next)
    handle = engine.add_event_handler(event, log.append, "second")
    engine.run([1, 2, 3])
    assert log == ["first", "second", "first", "second", "first"]


@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize(
    "event", [Events.ITERATION_STARTED, Events.GET_BATCH_COMPLETED, Events.EPOCH_STARTED], ids=str
)
def test_a_handler_that_is_removed_elsewhere_does_not_run_again(event: Events, every: int) -> None:
    engine = Engine(step)
    log: list[int] = []
    handle = engine.add_event_handler(
        Events.ITERATION_COMPLETED(every=every), lambda engine: log.append(engine.state.iteration)
    )

    def remove(engine: Engine[int, int]) -> None:
        if engine.state.iteration >= 4:
            handle.remove()

    engine.add_event_handler(event, remove)
    engine.run([1, 2, 3, 4], max_epochs=2)
    # the removing event may come before or after iteration 4 is completed, never after the fifth
    assert log in ([n for n in range(1, last + 1) if n % every == 0] for last in (3, 4))


def test_a_handler_that_is_added_while_its_event_is_fired_runs_from_the_next_firing_on() -> None:
    engine = Engine(step)
    log: list[int] = []

    def add_another(engine: Engine[int, int]) -> None:
        if engine.state.iteration == 2:
            engine.add_event_handler(
                Events.ITERATION_COMPLETED, lambda engine: log.append(engine.state.iteration)
            )

    engine.add_event_handler(Events.ITERATION_COMPLETED, add_another)
    engine.run([1, 2, 3, 4])
    assert log == [3, 4]


def test_a_handler_that_adds_itself_again_comes_to_an_end() -> None:
    engine = Engine(step)
    log: list[int] = []

    def add_myself(engine: Engine[int, int]) -> None:
        log.append(engine.state.iteration)
        engine.add_event_handler(Events.ITERATION_COMPLETED, add_myself)

    engine.add_event_handler(Events.ITERATION_COMPLETED, add_myself)
    engine.run([1, 2, 3])
    assert log == [1, 2, 2, 3, 3, 3, 3]


@pytest.mark.parametrize("has_others", [False, True])
@pytest.mark.parametrize(
    "event", [Events.ITERATION_STARTED, Events.ITERATION_COMPLETED, Events.EPOCH_STARTED], ids=str
)
def test_a_filtered_handler_that_is_added_in_a_run_is_due_at_its_next_count(
    event: Events, has_others: bool
) -> None:
    engine = Engine(step)
    log: list[int] = []
    if has_others:
        engine.add_event_handler(Events.ITERATION_COMPLETED, nothing)

    def add(engine: Engine[int, int]) -> None:
        if engine.state.iteration == 5:
            engine.add_event_handler(
                Events.ITERATION_COMPLETED(every=3),
                lambda engine: log.append(engine.state.iteration),
            )

    engine.add_event_handler(event, add)
    engine.run([1, 2, 3, 4, 5], max_epochs=3)
    assert log == [6, 9, 12, 15]


@pytest.mark.parametrize("event", [Events.GET_BATCH_STARTED, Events.ITERATION_STARTED], ids=str)
def test_a_first_listener_that_is_added_in_mid_epoch_is_heard(event: Events) -> None:
    engine = Engine(step)
    log: list[int] = []

    def add(engine: Engine[int, int]) -> None:
        engine.add_event_handler(event, lambda engine: log.append(engine.state.count(event)))

    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), add)
    engine.run([1, 2, 3, 4])
    assert log == [3, 4]


def test_the_process_function_may_add_and_remove_handlers() -> None:
    log: list[int] = []
    handles: list[RemovableEventHandle] = []

    def changing_step(engine: Engine[int, int], batch: int) -> int:
        if batch == 2:
            handles.append(
                engine.add_event_handler(
                    Events.ITERATION_COMPLETED, lambda engine: log.append(engine.state.iteration)
                )
            )
        if batch == 4:
            handles[0].remove()
        return batch

    Engine(changing_step).run([1, 2, 3, 4, 5])
    assert log == [2, 3]


# firing by hand


def test_an_event_of_ones_own_calls_its_handlers_where_their_filters_say_so() -> None:
    engine = engine_of(Own.PING)
    log: list[str] = []
    engine.add_event_handler(Own.PING(every=2), log.append, "even")
    engine.add_event_handler(Own.PING(after=2), log.append, "late")
    engine.add_event_handler(Own.PING, log.append, "all")
    for _ in range(4):
        engine.fire_event(Own.PING)
        log.append("|")
    assert " ".join(log) == "all | even all | late all | even late all |"


def test_a_payload_reaches_the_handlers() -> None:
    engine = engine_of(NORM)
    log: list[object] = []

    def with_engine(engine: Engine[int, int], norm: float) -> None:
        log.append((engine, norm))

    engine.add_event_handler(NORM, with_engine)
    engine.add_event_handler(NORM(once=2), log.append)
    engine.fire_event(NORM, 0.5)
    engine.fire_event(NORM, 0.7)
    assert log == [(engine, 0.5), (engine, 0.7), 0.7]


def test_none_is_a_payload() -> None:
    event = PayloadEvent[None]("nothing")
    engine = Engine(step)
    engine.register_events(event)
    log: list[object] = []
    engine.add_event_handler(event, log.append)
    engine.fire_event(event, None)
    assert log == [None]


def test_a_missing_payload_is_refused_and_so_is_one_too_many() -> None:
    engine = engine_of(NORM, Own.PING)
    with pytest.raises(ArgumentTypeError, match=r"Engine\.fire_event: .* needs a payload, got non"):
        untyped(engine).fire_event(NORM)
    with pytest.raises(ArgumentTypeError, match=r"Own\.PING takes no payload, got 3"):
        untyped(engine).fire_event(Own.PING, 3)
    assert (engine.state.count(NORM), engine.state.count(Own.PING)) == (0, 0)


def test_firing_an_unknown_event_is_refused() -> None:
    with pytest.raises(UnknownEventError, match=r"Engine\.fire_event: Own\.PING is not registered"):
        Engine(step).fire_event(Own.PING)


@pytest.mark.parametrize("event", [Events.STARTED(every=2), "started", None], ids=repr)
def test_only_a_bare_event_can_be_fired(event: object) -> None:
    with pytest.raises(ArgumentTypeError, match=r"Engine\.fire_event: event must be"):
        untyped(Engine(step)).fire_event(event)


def test_an_event_that_is_fired_from_inside_of_its_own_handler_counts_on() -> None:
    engine = engine_of(Own.PING)
    log: list[int] = []

    def again(engine: Engine[int, int]) -> None:
        log.append(engine.state.count(Own.PING))
        if engine.state.count(Own.PING) < 3:
            engine.fire_event(Own.PING)

    engine.add_event_handler(Own.PING, again)
    engine.fire_event(Own.PING)
    assert log == [1, 2, 3]


def test_a_built_in_event_that_is_fired_by_hand_is_not_counted() -> None:
    engine = Engine(step)
    log: list[str] = []
    engine.add_event_handler(Events.EPOCH_COMPLETED, log.append, "all")
    engine.add_event_handler(Events.EPOCH_COMPLETED(once=1), log.append, "first")
    engine.add_event_handler(Events.EPOCH_COMPLETED(once=2), log.append, "second")
    engine.run([1, 2])
    engine.fire_event(Events.EPOCH_COMPLETED)
    assert log == ["all", "first", "all", "first"]
    assert engine.state.count(Events.EPOCH_COMPLETED) == 1


def test_an_event_of_ones_own_may_be_fired_by_a_handler_in_a_run() -> None:
    engine = engine_of(Own.PING)
    log: list[int] = []
    engine.add_event_handler(Own.PING, lambda engine: log.append(engine.state.iteration))
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(every=2), lambda engine: engine.fire_event(Own.PING)
    )
    engine.run([1, 2, 3, 4])
    assert log == [2, 4]


# memory


def engine_with_handlers() -> Engine[int, int]:
    engine = engine_of(Own.PING, NORM)
    engine.add_event_handler(Events.STARTED | Events.COMPLETED, lambda engine: None)
    engine.add_event_handler(Events.ITERATION_COMPLETED(every=2), lambda engine: None)
    engine.add_event_handler(Events.ITERATION_STARTED(lambda engine, n: True), nothing)
    engine.add_event_handler(NORM, lambda engine, norm: None)
    return engine


@pytest.mark.usefixtures("no_collector")
def test_an_engine_with_handlers_is_freed_without_the_collector() -> None:
    engine = engine_with_handlers()
    ref = weakref.ref(engine)
    engine.run([1, 2, 3], max_epochs=2)
    assert engine.outcome == Completed()
    del engine
    assert ref() is None


@pytest.mark.usefixtures("no_collector")
def test_a_handle_does_not_keep_the_engine() -> None:
    engine = engine_with_handlers()
    handle = engine.add_event_handler(Events.STARTED, nothing)
    ref = weakref.ref(engine)
    del engine
    assert ref() is None
    handle.remove()


@pytest.mark.usefixtures("no_collector")
def test_a_handler_that_was_removed_is_freed_with_what_it_holds() -> None:
    class Holder:
        def method(self) -> None:
            pass

    engine, holder = Engine(step), Holder()
    ref = weakref.ref(holder)
    handle = engine.add_event_handler(Events.ITERATION_COMPLETED, holder.method)
    engine.run([1, 2])
    handle.remove()
    del holder
    assert ref() is None
