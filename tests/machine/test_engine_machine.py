"""The engine beside a plain model of it, under whatever a user may do with one."""

from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import accumulate

# Any: one engine runs over data in one example and without any in the next
from typing import Any, Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from firesteel.engine import Engine, Interrupted
from firesteel.errors import ArgumentError, EngineStateError
from firesteel.events import Events, FilteredEvent, RemovableEventHandle

COUNTED_BY_FIRINGS: Final = (
    Events.STARTED,
    Events.GET_BATCH_STARTED,
    Events.GET_BATCH_COMPLETED,
    Events.DATALOADER_STOP_ITERATION,
    Events.TERMINATE,
    Events.TERMINATE_SINGLE_EPOCH,
    Events.INTERRUPT,
    Events.COMPLETED,
)


class PlannedError(Exception):
    """Raised where the plan says so."""


@dataclass(frozen=True)
class Handler:
    """A handler on an event: at all of its counts, or at some."""

    event: Events
    kind: str
    bound: int

    @property
    def source(self) -> Events | FilteredEvent:
        match self.kind:
            case "every":
                return self.event(every=self.bound)
            case "once":
                return self.event(once=[self.bound, self.bound + 2])
            case "after":
                return self.event(after=self.bound)
            case "before":
                return self.event(before=self.bound)
            case "function":
                return self.event(lambda _, count: count % 3 == self.bound % 3)
            case _:
                return self.event

    def is_due(self, count: int) -> bool:
        match self.kind:
            case "every":
                return count % self.bound == 0
            case "once":
                return count in {self.bound, self.bound + 2}
            case "after":
                return count > self.bound
            case "before":
                return count < self.bound
            case "function":
                return count % 3 == self.bound % 3
            case _:
                return True


@dataclass(frozen=True)
class Action:
    """What is done in a call: a request, an error, or a handler that comes or goes."""

    name: str
    handler: Handler


@dataclass
class Script:
    """Writes all calls down, and says what is to be done in each."""

    log: list[tuple[object, ...]] = field(default_factory=list[tuple[object, ...]])
    plan: Mapping[int, Action] = field(default_factory=dict[int, Action])
    num_calls: int = 0

    def begin(self, plan: Mapping[int, Action]) -> None:
        self.plan, self.num_calls = plan, 0

    def next(self, *entry: object) -> Action | None:
        self.log.append(entry)
        self.num_calls += 1
        return self.plan.get(self.num_calls)


class EndRun(Exception):  # noqa: N818  # no error, but the way out of a model's run
    pass


class EndEpoch(Exception):  # noqa: N818  # no error, but the way out of a model's epoch
    pass


class Model:
    """An engine as plain as can be: a run is a generator, which stands still while suspended."""

    def __init__(self, num_batches: int | None, length: int | None, *, is_sized: bool) -> None:
        self.num_batches, self.is_sized = num_batches, is_sized
        self.length = num_batches if length is None and is_sized else length
        self.script = Script()
        self.handlers: list[tuple[int, Handler]] = []
        self.num_added = 0
        self.reset()

    def reset(self) -> None:
        self.max_epochs: int | None = None
        self.max_iters: int | None = None
        self.is_goal = False
        self.start_over()

    def start_over(self) -> None:
        self.iteration = self.epoch = self.epoch_start = self.pass_start = 0
        self.counts: Counter[Events] = Counter()
        self.is_in_epoch = self.is_under_way = self.is_failed = self.is_loaded = False
        self.place = "outside"
        self.suspended: Iterator[None] | None = None

    def position(self) -> tuple[int, int, int]:
        iteration = self.iteration - self.is_under_way
        done = iteration - self.epoch_start
        if not self.is_in_epoch:
            return iteration, self.epoch, 0
        return iteration, self.epoch - 1, done

    def is_reached(self, epochs: int) -> bool:
        return (self.max_epochs is not None and epochs >= self.max_epochs) or (
            self.max_iters is not None and self.position()[0] >= self.max_iters
        )

    def stand_still(self) -> None:
        """Stand between two iterations."""
        self.iteration, epochs, done = self.position()
        self.epoch, self.epoch_start = epochs + (done > 0), self.iteration - done
        self.is_in_epoch, self.is_under_way, self.suspended = done > 0, False, None

    def load(self) -> None:
        self.stand_still()
        if not self.is_goal:
            self.max_epochs = self.max_iters = None
        self.is_loaded, self.is_failed = True, False

    def run(self, max_epochs: int | None, max_iters: int | None) -> str:
        """Do what a call of ``run`` does, and say how it ends."""
        if self.suspended is None:
            if not self.has_to_run(max_epochs, max_iters):
                return "over"
            self.is_failed = self.is_loaded = False
            self.wishes: set[str] = set()
            self.suspended = self.play()
        try:
            next(self.suspended)
        except StopIteration:
            self.suspended = None
            return "over"
        except PlannedError:
            self.script.log.append(("raised", self.iteration))
            self.is_failed = True
            self.stand_still()
            return "raised"
        return "suspended"

    def has_to_run(self, max_epochs: int | None, max_iters: int | None) -> bool:
        """Start over, or go on, with these limits; or tell that there is nothing to do."""
        iteration, epochs, done = self.position()
        begun, has_limit = epochs + (done > 0), max_epochs is not None or max_iters is not None
        is_reached = self.is_reached(epochs if self.is_failed or self.is_loaded else self.epoch)
        is_same = max_epochs in {None, self.max_epochs} and max_iters in {None, self.max_iters}
        if self.is_loaded:
            is_fresh = not has_limit and not self.is_goal and done == 0
        else:
            is_here = max_iters == iteration or (max_epochs == epochs and done == 0)
            is_fresh = not self.is_goal or (is_reached and is_same) or is_here
        if is_fresh:
            self.start_over()
            iteration = begun = 0
        elif (max_epochs or begun) < begun or (max_iters or iteration) < iteration:
            raise ArgumentError
        if has_limit:
            self.max_epochs, self.max_iters, self.is_goal = max_epochs, max_iters, True
        elif not self.is_goal:
            self.max_epochs = max(1, begun)
        if self.is_loaded and self.is_reached(epochs):
            return False
        self.stand_still()
        skip = self.iteration - self.pass_start
        self.source: int | None = None
        self.skip = skip % (self.num_batches or 1) if self.is_sized else skip
        return True

    def play(self) -> Iterator[None]:
        self.place = "outside"
        with suppress(EndRun):
            yield from self.fire(Events.STARTED)
            while True:
                if not self.is_in_epoch:
                    self.epoch, self.epoch_start = self.epoch + 1, self.iteration
                self.is_in_epoch, self.place = True, "epoch"
                try:
                    yield from self.fire(Events.EPOCH_STARTED, self.epoch)
                    if not (yield from self.iterate()):
                        break
                except EndEpoch:
                    self.source, self.skip, self.pass_start = None, 0, self.iteration
                    self.call(Events.TERMINATE_SINGLE_EPOCH)
                self.is_in_epoch, self.place = False, "end of epoch"
                self.wishes.discard("terminate_epoch")
                yield from self.fire(Events.EPOCH_COMPLETED, self.epoch)
                if self.is_reached(self.epoch):
                    break
        self.place = "outside"
        if "terminate" in self.wishes or self.is_in_epoch:
            self.call(Events.TERMINATE)
        self.call(Events.COMPLETED)

    def iterate(self) -> Generator[None, None, bool]:
        """Do an epoch, and tell whether it came to its end."""
        while self.length is None or self.iteration - self.epoch_start < self.length:
            if self.num_batches is not None:
                yield from self.fire(Events.GET_BATCH_STARTED)
                if self.source is None:
                    self.source, self.pass_start = self.skip, self.iteration - self.skip
                    self.skip = 0
                if self.source >= self.num_batches:
                    if self.length is None and self.iteration > self.epoch_start:
                        return True
                    self.source, self.pass_start = 0, self.iteration
                    yield from self.fire(Events.DATALOADER_STOP_ITERATION)
                self.source += 1
                yield from self.fire(Events.GET_BATCH_COMPLETED)
            self.iteration, self.is_under_way = self.iteration + 1, True
            yield from self.fire(Events.ITERATION_STARTED, self.iteration)
            batch = None if self.source is None else self.source - 1
            self.act(self.script.next("step", self.epoch, self.iteration, batch))
            self.is_under_way = False
            yield from self.fire(Events.ITERATION_COMPLETED, self.iteration)
            if self.length is not None and self.iteration - self.epoch_start >= self.length:
                return True
            if self.max_iters is not None and self.iteration >= self.max_iters:
                return False
        return True

    def fire(self, event: Events, count: int | None = None) -> Iterator[None]:
        self.call(event, count)
        while self.wishes:
            if "terminate" in self.wishes:
                raise EndRun
            if "terminate_epoch" in self.wishes:
                self.wishes.remove("terminate_epoch")
                self.is_under_way = False
                raise EndEpoch
            self.wishes.remove("interrupt")
            self.call(Events.INTERRUPT)
            yield

    def call(self, event: Events, count: int | None = None) -> None:
        self.counts[event] = count = self.counts[event] + 1 if count is None else count
        for number, handler in list(self.handlers):
            if handler.event is event and handler.is_due(count):
                self.act(self.script.next(number, event, self.epoch, self.iteration, count))

    def act(self, action: Action | None) -> None:
        match action.name if action is not None else "":
            case "raise":
                raise PlannedError
            case "add" if action is not None:
                self.add(action.handler)
            case "remove" if action is not None:
                self.remove(action.handler.bound)
            case "terminate_epoch" if self.place != "epoch":
                if self.place == "outside":
                    self.script.log.append(("refused",))
            case "":
                pass
            case name:
                self.wishes.add(name)

    def add(self, handler: Handler) -> None:
        self.handlers.append((self.num_added, handler))
        self.num_added += 1

    def remove(self, which: int) -> None:
        if self.handlers:
            self.handlers.pop(which % len(self.handlers))


# the machine


def at_calls(gaps: list[tuple[int, Action]]) -> Mapping[int, Action]:
    """Give the call of each action from the calls between them."""
    calls = accumulate(gap for gap, _ in gaps)
    return dict(zip(calls, (action for _, action in gaps), strict=True))


EVENTS: Final = st.sampled_from(Events)
KINDS: Final = st.sampled_from(["all", "every", "once", "after", "before", "function"])
HANDLERS: Final = st.builds(Handler, EVENTS, KINDS, st.integers(1, 4))
NAMES: Final = st.sampled_from(
    ["terminate", "terminate_epoch", "interrupt", "interrupt", "raise", "add", "remove"]
)
PLANS: Final = st.lists(
    st.tuples(st.integers(1, 8), st.builds(Action, NAMES, HANDLERS)), max_size=4
).map(at_calls)


class Unsized:
    def __init__(self, num_batches: int) -> None:
        self.num_batches = num_batches

    def __iter__(self) -> Iterator[int]:
        return iter(range(self.num_batches))


class EngineMachine(RuleBasedStateMachine):
    """Does the same to the engine and to its model, and compares all that can be seen."""

    @initialize(
        num_batches=st.none() | st.integers(1, 4),
        length=st.none() | st.integers(1, 6),
        is_sized=st.booleans(),
        is_in_iterations=st.booleans(),
        handlers=st.lists(HANDLERS, max_size=4),
        hears_all=st.booleans(),
    )
    def make(
        self,
        num_batches: int | None,
        length: int | None,
        *,
        is_sized: bool,
        is_in_iterations: bool,
        handlers: list[Handler],
        hears_all: bool,
    ) -> None:
        self.length = 3 if num_batches is None and length is None else length
        self.data: Any = None
        if num_batches is not None:
            self.data = list(range(num_batches)) if is_sized else Unsized(num_batches)
        self.is_in_iterations = is_in_iterations
        self.model = Model(num_batches, self.length, is_sized=is_sized)
        self.script = Script()
        self.new_engine()
        everywhere = [Handler(event, "all", 1) for event in Events] if hears_all else []
        for handler in everywhere + handlers:
            self.add(handler)

    # what is done to the engine

    def new_engine(self) -> None:
        self.engine: Engine[int | None, None] = Engine(self.step)
        self.engine.add_event_handler(
            Events.EXCEPTION_RAISED,
            lambda engine, _: self.script.log.append(("raised", engine.state.iteration)),
        )
        self.handles: list[RemovableEventHandle] = []
        self.num_added = 0

    def step(self, engine: Engine[int | None, None], batch: int | None) -> None:
        assert engine.state.batch == batch
        self.act(self.script.next("step", engine.state.epoch, engine.state.iteration, batch))

    def hear(self, engine: Engine[int | None, None], number: int, event: Events) -> None:
        state = engine.state
        entry = number, event, state.epoch, state.iteration, state.count(event)
        self.act(self.script.next(*entry))

    def act(self, action: Action | None) -> None:
        if action is None:
            return
        match action.name:
            case "raise":
                raise PlannedError
            case "terminate":
                self.engine.terminate()
            case "terminate_epoch":
                try:
                    self.engine.terminate_epoch()
                except EngineStateError:
                    self.script.log.append(("refused",))
            case "interrupt":
                self.engine.interrupt()
            case "add":
                self.add_to_engine(action.handler)
            case _:
                self.remove_from_engine(action.handler.bound)

    def add_to_engine(self, handler: Handler) -> None:
        handle = self.engine.add_event_handler(
            handler.source, self.hear, self.num_added, handler.event
        )
        self.handles.append(handle)
        self.num_added += 1

    def remove_from_engine(self, which: int) -> None:
        if self.handles:
            self.handles.pop(which % len(self.handles)).remove()

    def run_engine(self, max_epochs: int | None, max_iters: int | None) -> str:
        try:
            if max_iters is None:
                self.engine.run(self.data, max_epochs, self.length)
            else:
                self.engine.run(self.data, max_iters=max_iters, epoch_length=self.length)
        except PlannedError:
            return "raised"
        return "suspended" if isinstance(self.engine.outcome, Interrupted) else "over"

    # what is done to both

    @rule(handler=HANDLERS)
    def add(self, handler: Handler) -> None:
        self.add_to_engine(handler)
        self.model.add(handler)

    @rule(which=st.integers(0, 20))
    def remove(self, which: int) -> None:
        self.remove_from_engine(which)
        self.model.remove(which)

    @rule(limit=st.none() | st.integers(1, 9), plan=PLANS)
    def run(self, limit: int | None, plan: Mapping[int, Action]) -> None:
        if self.model.suspended is not None:
            limit = None
        max_iters = limit if self.is_in_iterations else None
        max_epochs = None if limit is None or self.is_in_iterations else (limit + 1) // 2
        self.script.begin(plan)
        self.model.script.begin(plan)
        try:
            expected = self.model.run(max_epochs, max_iters)
        except ArgumentError:
            expected = "refused"
        try:
            ended = self.run_engine(max_epochs, max_iters)
        except ArgumentError:
            ended = "refused"
        assert self.script.log == self.model.script.log
        assert ended == expected

    @rule()
    def load_into_another(self) -> None:
        saved = self.engine.state_dict()
        self.new_engine()
        self.engine.load_state_dict(saved)
        self.model.load()
        handlers, self.model.handlers, self.model.num_added = self.model.handlers, [], 0
        for _, handler in handlers:
            self.add(handler)

    @rule()
    def load_into_itself(self) -> None:
        self.engine.load_state_dict(self.engine.state_dict())
        self.model.load()

    @rule()
    def reset(self) -> None:
        self.engine.reset()
        self.model.reset()

    @precondition(lambda self: self.model.suspended is not None)
    @rule()
    def terminate_while_suspended(self) -> None:
        self.engine.terminate()
        self.model.wishes.add("terminate")

    @invariant()
    def stands_where_the_model_stands(self) -> None:
        if not hasattr(self, "model"):  # not made yet
            return
        saved, state = self.engine.state_dict(), self.engine.state
        position = saved["iteration"], saved["epoch"], saved["epoch_iteration"]
        assert position == self.model.position()
        assert {event: state.count(event) for event in COUNTED_BY_FIRINGS} == {
            event: self.model.counts[event] for event in COUNTED_BY_FIRINGS
        }


def test_the_engine_does_what_its_model_does() -> None:
    run_state_machine_as_test(
        EngineMachine,
        settings=settings(
            max_examples=400,
            stateful_step_count=20,
            derandomize=True,
            database=None,
            deadline=None,
        ),
    )
