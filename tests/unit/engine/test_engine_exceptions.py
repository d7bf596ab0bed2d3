"""What is raised in a run, and who hears of it."""

import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest

from firesteel.engine import Engine, Failed, State
from firesteel.errors import EngineStateError
from firesteel.events import EventEnum, Events

DATA = (10, 11, 12)

HEARD_IN_A_RUN = [event for event in Events if event not in {Events.TERMINATE, Events.INTERRUPT}]


class OwnError(Exception):
    pass


def step(engine: Engine[int, int], batch: int) -> int:
    return batch


def failing_step(engine: Engine[int, int], batch: int) -> int:
    raise OwnError(batch)


def initials(event: EventEnum) -> str:
    return "".join(word[0] for word in event.name.split("_"))


def recorded(engine: Engine[int, int]) -> list[str]:
    """Record the initials of all events that an engine fires, as GBS for GET_BATCH_STARTED."""
    log: list[str] = []
    for event in Events:
        engine.add_event_handler(event, log.append, initials(event))
    engine.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, error: log.append("ER"))
    return log


def caught_errors(engine: Engine[int, int]) -> list[BaseException]:
    errors: list[BaseException] = []
    engine.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, error: errors.append(error))
    return errors


def raises(error: BaseException) -> Callable[[], None]:
    def handler() -> None:
        raise error

    return handler


# who hears


@pytest.mark.parametrize("event", [None, *HEARD_IN_A_RUN], ids=str)
def test_an_error_is_heard_once_and_leaves_as_the_same_object(event: Events | None) -> None:
    error = OwnError("mine")

    def maybe_failing_step(engine: Engine[int, int], batch: int) -> int:
        if event is None:
            raise error
        if event is Events.TERMINATE_SINGLE_EPOCH:
            engine.terminate_epoch()
        return batch

    engine = Engine(maybe_failing_step)
    errors = caught_errors(engine)
    if event is not None:
        engine.add_event_handler(event, raises(error))
    with pytest.raises(OwnError) as caught:
        engine.run(DATA, epoch_length=4)
    assert caught.value is error
    assert errors == [error]
    assert engine.outcome == Failed("OwnError: mine")
    assert engine.state.count(Events.EXCEPTION_RAISED) == 1


@pytest.mark.parametrize("event", [Events.TERMINATE, Events.INTERRUPT], ids=str)
def test_an_error_where_a_run_is_stopped_is_heard_once_too(event: Events) -> None:
    error = OwnError("mine")
    engine = Engine(step)
    errors = caught_errors(engine)

    def ask(engine: Engine[int, int]) -> None:
        if event is Events.TERMINATE:
            engine.terminate()
        else:
            engine.interrupt()

    engine.add_event_handler(Events.ITERATION_COMPLETED, ask)
    engine.add_event_handler(event, raises(error))
    with pytest.raises(OwnError) as caught:
        engine.run(DATA)
    assert caught.value is error
    assert errors == [error]


def test_an_error_of_the_data_is_heard_once() -> None:
    error = OwnError("mine")

    def data() -> Iterator[int]:
        yield 1
        raise error

    engine = Engine(step)
    errors = caught_errors(engine)
    with pytest.raises(OwnError) as caught:
        engine.run(data())
    assert caught.value is error
    assert errors == [error]
    assert engine.state.iteration == 1


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_is_no_ordinary_exception_is_heard_too(kind: type[BaseException]) -> None:
    engine = Engine(step)
    errors = caught_errors(engine)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), raises(kind()))
    with pytest.raises(kind):
        engine.run(DATA)
    assert [type(error) for error in errors] == [kind]


def test_an_error_without_listeners_leaves() -> None:
    with pytest.raises(OwnError, match="10"):
        Engine(failing_step).run(DATA)


def test_an_error_leaves_after_its_last_listener_was_removed() -> None:
    engine = Engine(failing_step)
    handle = engine.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, error: None)
    handle.remove()
    with pytest.raises(OwnError):
        engine.run(DATA)


def test_no_event_but_its_own_follows_an_error() -> None:
    engine = Engine(failing_step)
    log = recorded(engine)
    with pytest.raises(OwnError):
        engine.run(DATA, max_epochs=2)
    assert " ".join(log) == "S ES GBS GBC IS ER"


def test_a_listener_may_take_the_error_alone() -> None:
    engine = Engine(failing_step)
    errors: list[BaseException] = []
    engine.add_event_handler(Events.EXCEPTION_RAISED, errors.append)
    with pytest.raises(OwnError):
        engine.run(DATA)
    assert len(errors) == 1


def test_a_note_says_where_it_was_raised() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=5), raises(OwnError("mine")))
    with pytest.raises(OwnError) as caught:
        engine.run(DATA, max_epochs=2)
    (note,) = caught.value.__notes__
    assert note.startswith(
        "firesteel: raised in iteration 5 (epoch 2) of an engine that runs <func"
    )


def test_a_filter_on_the_event_counts_the_errors() -> None:
    engine = Engine(failing_step)
    log: list[str] = []
    engine.add_event_handler(Events.EXCEPTION_RAISED(once=2), lambda error: log.append("second"))
    engine.add_event_handler(Events.EXCEPTION_RAISED(after=1), lambda error: log.append("late"))
    engine.add_event_handler(Events.EXCEPTION_RAISED, lambda error: log.append("all"))
    for _ in range(3):
        with pytest.raises(OwnError):
            engine.run(DATA, max_epochs=1)
    assert " ".join(log) == "all second late all late all"


def test_the_event_can_be_fired_by_hand_without_being_counted() -> None:
    engine = Engine(step)
    errors = caught_errors(engine)
    error = OwnError("mine")
    engine.fire_event(Events.EXCEPTION_RAISED, error)
    assert errors == [error]
    assert engine.state.count(Events.EXCEPTION_RAISED) == 0


# several listeners


def test_every_listener_hears_though_one_raises() -> None:
    engine = Engine(failing_step)
    log: list[str] = []
    another = OwnError("another")

    def fail(error: BaseException) -> None:
        log.append("first")
        raise another

    engine.add_event_handler(Events.EXCEPTION_RAISED, fail)
    engine.add_event_handler(Events.EXCEPTION_RAISED, lambda error: log.append("second"))
    with pytest.raises(OwnError) as caught:
        engine.run(DATA)
    assert log == ["first", "second"]
    assert caught.value is another
    assert isinstance(caught.value.__context__, OwnError)
    assert caught.value.__context__.args == (10,)


def test_of_several_that_listeners_raise_the_first_leaves() -> None:
    engine = Engine(failing_step)
    first, second = OwnError("first"), OwnError("second")

    def fail(error: BaseException, another: BaseException) -> None:
        raise another

    engine.add_event_handler(Events.EXCEPTION_RAISED, fail, first)
    engine.add_event_handler(Events.EXCEPTION_RAISED, fail, second)
    with pytest.raises(OwnError) as caught:
        engine.run(DATA)
    assert caught.value is first


def test_a_listener_that_raises_the_error_again_changes_nothing() -> None:
    error = OwnError("mine")
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED, raises(error))
    errors = caught_errors(engine)

    def again(error: BaseException) -> None:
        raise error

    engine.add_event_handler(Events.EXCEPTION_RAISED, again)
    errors_behind = caught_errors(engine)
    with pytest.raises(OwnError) as caught:
        engine.run(DATA)
    assert caught.value is error
    assert errors == errors_behind == [error]


# suppressing


def test_a_suppressed_error_does_not_leave_and_the_run_is_over() -> None:
    engine = Engine(failing_step)
    log = recorded(engine)
    engine.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, _: engine.suppress_exception())
    state = engine.run(DATA, max_epochs=2)
    assert state is engine.state
    assert " ".join(log) == "S ES GBS GBC IS ER"
    assert engine.outcome == Failed("OwnError: 10")


def test_every_listener_hears_of_a_suppressed_error() -> None:
    engine = Engine(failing_step)
    engine.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, _: engine.suppress_exception())
    errors = caught_errors(engine)
    engine.run(DATA)
    assert len(errors) == 1


def test_a_suppressed_error_lets_the_next_one_leave() -> None:
    engine = Engine(failing_step)
    with engine.add_event_handler(
        Events.EXCEPTION_RAISED, lambda engine, _: engine.suppress_exception()
    ):
        engine.run(DATA, max_epochs=1)
    with pytest.raises(OwnError):
        engine.run(DATA, max_epochs=1)


def test_a_run_whose_error_was_suppressed_is_finished_by_the_same_call() -> None:
    done: list[int] = []

    def once_failing_step(engine: Engine[int, int], batch: int) -> int:
        if batch == 11 and engine.state.count(Events.EXCEPTION_RAISED) == 0:
            raise OwnError
        done.append(batch)
        return batch

    engine = Engine(once_failing_step)
    engine.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, _: engine.suppress_exception())
    engine.run(DATA, max_epochs=1)
    engine.run(DATA, max_epochs=1)
    assert done == [10, 11, 12]


def test_there_is_nothing_to_suppress_outside_of_an_error() -> None:
    engine = Engine(step)
    text = r"Engine\.suppress_exception: to be called by a handler of Events\.EXCEPTION_RAISED"
    with pytest.raises(EngineStateError, match=text):
        engine.suppress_exception()
    engine.add_event_handler(Events.STARTED, lambda engine: engine.suppress_exception())
    with pytest.raises(EngineStateError, match=text):
        engine.run(DATA)
    with pytest.raises(EngineStateError, match=text):
        engine.suppress_exception()


# StopIteration


@pytest.mark.parametrize("event", HEARD_IN_A_RUN, ids=str)
@pytest.mark.parametrize("is_caused_late", [False, True])
def test_a_stop_iteration_of_a_handler_reaches_the_user_as_it_is(
    event: Events, is_caused_late: bool
) -> None:
    error = StopIteration("mine")
    count = 2 if is_caused_late else 1

    def step_to_the_end(engine: Engine[int, int], batch: int) -> int:
        if event is Events.TERMINATE_SINGLE_EPOCH:
            engine.terminate_epoch()
        return batch

    engine = Engine(step_to_the_end)
    errors = caught_errors(engine)
    handler = raises(error)
    engine.add_event_handler(event(after=count - 1), handler)
    if event in {Events.STARTED, Events.COMPLETED} and is_caused_late:
        engine.run(DATA, max_epochs=3, epoch_length=4)
    with pytest.raises(StopIteration) as caught:
        engine.run(DATA, max_epochs=4, epoch_length=4)
    assert caught.value is error
    assert errors == [error]


@pytest.mark.parametrize("is_heard", [False, True])
def test_a_stop_iteration_of_the_process_function_reaches_the_user_as_it_is(is_heard: bool) -> None:
    error = StopIteration("mine")

    def stopping_step(engine: Engine[int, int], batch: int) -> int:
        raise error

    engine = Engine(stopping_step)
    log = recorded(engine) if is_heard else []
    with pytest.raises(StopIteration) as caught:
        engine.run(DATA)
    assert caught.value is error
    assert not is_heard or " ".join(log) == "S ES GBS GBC IS ER"


@pytest.mark.parametrize("is_heard", [False, True])
def test_a_stop_iteration_of_the_datas_beginning_reaches_the_user_as_it_is(is_heard: bool) -> None:
    error = StopIteration("mine")

    class Data:
        def __iter__(self) -> Iterator[int]:
            raise error

    engine = Engine(step)
    if is_heard:
        recorded(engine)
    with pytest.raises(StopIteration) as caught:
        engine.run(Data())
    assert caught.value is error


# afterwards


@pytest.mark.parametrize("event", HEARD_IN_A_RUN, ids=str)
@pytest.mark.parametrize("is_in_iterations", [False, True])
def test_after_an_error_the_engine_can_run_to_its_goal(
    event: Events, is_in_iterations: bool
) -> None:
    def run() -> State[int, int]:
        if is_in_iterations:
            return engine.run(DATA, max_iters=5, epoch_length=4)
        return engine.run(DATA, max_epochs=2, epoch_length=4)

    done: list[int] = []

    def noting_step(engine: Engine[int, int], batch: int) -> int:
        done.append(engine.state.iteration)
        if event is Events.TERMINATE_SINGLE_EPOCH and engine.state.count(event) == 0:
            engine.terminate_epoch()
        return batch

    engine = Engine(noting_step)
    handle = engine.add_event_handler(event, raises(OwnError()))
    with pytest.raises(OwnError):
        run()
    handle.remove()
    log = recorded(engine)
    state = run()
    assert log[0] == "S"
    assert log[-1] == "C"
    assert (state.iteration == 5) if is_in_iterations else (state.epoch == 2)
    if event is not Events.COMPLETED:  # its run was complete, so that the second one starts over
        assert done == list(range(1, state.iteration + 1))


def ignore_it(engine: Engine[int, int], error: BaseException) -> None:
    pass


def raise_it_again(engine: Engine[int, int], error: BaseException) -> None:
    raise error


def raise_another(engine: Engine[int, int], error: BaseException) -> None:
    raise OwnError("another")


def suppress_it(engine: Engine[int, int], error: BaseException) -> None:
    engine.suppress_exception()


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize(
    "listener",
    [ignore_it, raise_it_again, raise_another, suppress_it],
)
def test_an_engine_that_failed_is_freed_without_the_collector(
    listener: Callable[[Engine[int, int], BaseException], object],
) -> None:
    engine = Engine(failing_step)
    ref = weakref.ref(engine)
    engine.add_event_handler(Events.EXCEPTION_RAISED, listener)
    with suppress(OwnError):
        engine.run(DATA)
    del engine
    assert ref() is None


@pytest.mark.usefixtures("no_collector")
@pytest.mark.parametrize("event", [Events.GET_BATCH_STARTED, Events.ITERATION_STARTED], ids=str)
def test_an_engine_that_a_stop_iteration_ended_is_freed_without_the_collector(
    event: Events,
) -> None:
    def stop() -> None:
        raise StopIteration

    engine = Engine(step)
    ref = weakref.ref(engine)
    engine.add_event_handler(event, stop)
    with suppress(StopIteration):
        engine.run(DATA)
    del engine
    assert ref() is None


# running while running


def test_a_run_inside_of_its_own_handler_is_refused() -> None:
    engine = Engine(step)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), lambda engine: engine.run([1]))
    text = r"Engine\.run: the engine must not be running; it is, in this thread, and the call came"
    with pytest.raises(EngineStateError, match=text):
        engine.run(DATA, max_epochs=1)
    assert engine.run(DATA, max_epochs=1).iteration == 3


def test_a_run_inside_of_a_handler_that_catches_the_refusal_goes_on() -> None:
    engine = Engine(step)
    refusals: list[str] = []

    def try_it(engine: Engine[int, int]) -> None:
        with pytest.raises(EngineStateError) as caught:
            engine.run([1])
        refusals.append(str(caught.value))

    engine.add_event_handler(Events.ITERATION_COMPLETED, try_it)
    assert engine.run(DATA).iteration == 3
    assert len(refusals) == 3


def test_a_run_from_a_second_thread_is_refused_and_the_first_goes_on() -> None:
    engine = Engine(step)
    refusals: list[str] = []

    def run_it() -> None:
        try:
            engine.run([1])
        except EngineStateError as error:
            refusals.append(str(error))

    def start_a_thread() -> None:
        thread = threading.Thread(target=run_it)
        thread.start()
        thread.join()

    engine.add_event_handler(Events.ITERATION_COMPLETED(once=2), start_a_thread)
    assert engine.run(DATA).iteration == 3
    assert refusals == ["Engine.run: the engine must not be running; it is, in another thread"]


def test_another_engine_may_run_inside_of_a_handler() -> None:
    trainer, evaluator = Engine(step), Engine(step)
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run([1, 2]))
    trainer.run(DATA, max_epochs=2)
    assert (trainer.state.iteration, evaluator.state.iteration) == (6, 2)


@pytest.mark.parametrize("name", ["reset", "load_state_dict"])
def test_a_running_engine_is_not_put_elsewhere(name: str) -> None:
    engine = Engine(step)
    saved = engine.state_dict()

    def put(engine: Engine[int, int]) -> None:
        if name == "reset":
            engine.reset()
        else:
            engine.load_state_dict(saved)

    engine.add_event_handler(Events.ITERATION_COMPLETED, put)
    with pytest.raises(EngineStateError, match=rf"Engine\.{name}: the engine must not be running"):
        engine.run(DATA)
