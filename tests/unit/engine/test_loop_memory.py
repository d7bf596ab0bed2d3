"""The loop holds nothing longer than it is needed: neither batches nor outputs, nor engines."""

import gc
import weakref
from collections.abc import Callable, Iterator

import pytest

from firesteel.engine import Engine
from firesteel.events import Events


class Thing:
    """Something that can be seen to be gone."""


class Watched:
    """Data whose batches are watched: before one is made, all others have to be gone."""

    def __init__(self, num_batches: int) -> None:
        self.num_batches = num_batches
        self.refs: list[weakref.ref[Thing]] = []
        self.num_alive: list[int] = []

    def __len__(self) -> int:
        return self.num_batches

    def __iter__(self) -> Iterator[Thing]:
        for _ in range(self.num_batches):
            self.num_alive.append(sum(ref() is not None for ref in self.refs))
            thing = Thing()
            self.refs.append(weakref.ref(thing))
            yield thing
            del thing


class WatchedStep:
    """A process function whose outputs are watched: while it runs, all others have to be gone."""

    def __init__(self) -> None:
        self.refs: list[weakref.ref[Thing]] = []
        self.num_alive: list[int] = []

    def __call__(self, engine: Engine[Thing, Thing], batch: Thing) -> Thing:
        self.num_alive.append(sum(ref() is not None for ref in self.refs))
        thing = Thing()
        self.refs.append(weakref.ref(thing))
        return thing


@pytest.fixture(autouse=True)
def switch_the_collector_off() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


def nothing(engine: Engine[Thing, Thing]) -> None:
    pass


def attach_nothing(engine: Engine[Thing, Thing]) -> None:
    pass


def attach_everywhere(engine: Engine[Thing, Thing]) -> None:
    for event in Events:
        engine.add_event_handler(event, nothing)
        engine.add_event_handler(event(every=2), nothing)


def attach_to_completed(engine: Engine[Thing, Thing]) -> None:
    engine.add_event_handler(Events.ITERATION_COMPLETED, nothing)


def attach_filtered(engine: Engine[Thing, Thing]) -> None:
    engine.add_event_handler(Events.ITERATION_COMPLETED(every=2), nothing)
    engine.add_event_handler(Events.ITERATION_COMPLETED(every=3), nothing)


def attach_to_started(engine: Engine[Thing, Thing]) -> None:
    engine.add_event_handler(Events.ITERATION_STARTED, nothing)


def attach_one_that_comes_and_goes(engine: Engine[Thing, Thing]) -> None:
    def change(engine: Engine[Thing, Thing]) -> None:
        if engine.has_event_handler(nothing, Events.GET_BATCH_STARTED):
            engine.remove_event_handler(nothing, Events.GET_BATCH_STARTED)
        else:
            engine.add_event_handler(Events.GET_BATCH_STARTED, nothing)

    engine.add_event_handler(Events.ITERATION_COMPLETED, change)


ATTACH = pytest.mark.parametrize(
    "attach",
    [
        attach_nothing,
        attach_everywhere,
        attach_to_completed,
        attach_filtered,
        attach_to_started,
        attach_one_that_comes_and_goes,
    ],
)


@ATTACH
@pytest.mark.parametrize("epoch_length", [None, 3, 7])
def test_nothing_holds_the_old_batch_while_the_next_one_is_fetched(
    attach: Callable[[Engine[Thing, Thing]], None], epoch_length: int | None
) -> None:
    data = Watched(5)
    engine = Engine(WatchedStep())
    attach(engine)
    engine.run(data, max_epochs=3, epoch_length=epoch_length)
    assert len(data.num_alive) == engine.state.iteration
    assert set(data.num_alive) == {0}


@ATTACH
@pytest.mark.parametrize("epoch_length", [None, 3, 7])
def test_nothing_holds_the_old_output_while_the_process_function_runs(
    attach: Callable[[Engine[Thing, Thing]], None], epoch_length: int | None
) -> None:
    work = WatchedStep()
    engine = Engine(work)
    attach(engine)
    engine.run(Watched(5), max_epochs=3, epoch_length=epoch_length)
    assert len(work.num_alive) == engine.state.iteration
    assert set(work.num_alive) == {0}


def test_the_last_batch_and_output_stay_until_the_next_run_begins() -> None:
    data, work = Watched(2), WatchedStep()
    engine = Engine(work)
    state = engine.run(data)
    assert data.refs[-1]() is state.batch
    assert work.refs[-1]() is state.output
    engine.run(data)
    assert [ref() is None for ref in data.refs] == [True, True, True, False]


def test_a_batch_that_is_not_used_is_let_go() -> None:
    data = Watched(3)
    engine = Engine(WatchedStep())
    engine.add_event_handler(
        Events.GET_BATCH_COMPLETED(once=2), lambda engine: engine.terminate_epoch()
    )
    engine.run(data, max_epochs=2)
    assert set(data.num_alive) == {0}


def test_an_interrupted_run_holds_the_batch_that_it_stands_at_and_no_other() -> None:
    data = Watched(3)
    engine = Engine(WatchedStep())
    engine.add_event_handler(Events.GET_BATCH_COMPLETED(once=2), lambda engine: engine.interrupt())
    engine.run(data)
    assert [ref() is None for ref in data.refs] == [True, False]
    engine.run(data)
    assert set(data.num_alive) == {0}


@pytest.mark.parametrize("event", [Events.GET_BATCH_COMPLETED, Events.ITERATION_STARTED], ids=str)
def test_an_engine_that_is_suspended_within_an_iteration_is_freed(event: Events) -> None:
    data = Watched(3)
    engine = Engine(WatchedStep())
    engine.add_event_handler(event(once=2), lambda engine: engine.interrupt())
    engine.run(data)
    ref = weakref.ref(engine)
    del engine
    assert ref() is None
    assert all(ref() is None for ref in data.refs)


def test_the_process_function_and_its_engine_are_freed_together() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.engine = Engine(WatchedStep())

    trainer = Trainer()
    trainer.engine.run(Watched(2))
    refs = weakref.ref(trainer), weakref.ref(trainer.engine)
    del trainer
    assert [ref() for ref in refs] == [None, None]


def test_a_replaced_pass_over_the_data_is_closed() -> None:
    closed: list[str] = []

    class Data:
        def __len__(self) -> int:
            return 3

        def __iter__(self) -> Iterator[Thing]:
            try:
                for _ in range(3):
                    yield Thing()
            finally:
                closed.append("closed")

    engine = Engine(WatchedStep())
    engine.add_event_handler(
        Events.ITERATION_COMPLETED(once=1), lambda engine: engine.terminate_epoch()
    )
    engine.add_event_handler(Events.EPOCH_STARTED(once=2), lambda: closed.append("second epoch"))
    engine.run(Data(), max_epochs=2)
    assert closed[:2] == ["closed", "second epoch"]


def test_after_a_run_nothing_holds_its_pass_over_the_data() -> None:
    data = iter(Watched(3))
    ref = weakref.ref(data)
    engine = Engine(WatchedStep())
    engine.run(data, epoch_length=2)
    engine.run(Watched(1))
    del data
    assert ref() is None
