"""Which samples are used, beside a model that knows no engine: stopped, saved, gone on with."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)
from torch.utils.data import Dataset
from typing_extensions import override

from firesteel.data import DataLoader, SampleOrder
from firesteel.engine import Engine, Interrupted
from firesteel.errors import ArgumentError, EngineStateError
from firesteel.events import Events

Trainer = Engine[list[int], None]


class PlannedError(Exception):
    """Raised where the plan says so."""


@dataclass
class Numbers(Dataset[int]):
    """The numbers from 0 on; the next one may be said to be broken."""

    length: int
    is_broken: bool = False

    @override
    def __getitem__(self, index: int) -> int:
        if self.is_broken:
            self.is_broken = False
            raise PlannedError
        return index

    def __len__(self) -> int:
        return self.length


@dataclass(frozen=True)
class Kind:
    """How a loader is made, and so all that its samples' order depends on."""

    length: int
    batch_size: int
    seed: int
    drop_last: bool = False

    def make(self) -> DataLoader[list[int]]:
        return DataLoader(
            Numbers(self.length),
            collate_fn=as_list,
            batch_size=self.batch_size,
            shuffle=True,
            seed=self.seed,
            drop_last=self.drop_last,
        )


KINDS: Final = (Kind(5, 2, 1), Kind(6, 2, 2), Kind(7, 3, 3, drop_last=True))


def as_list(samples: list[int]) -> list[int]:
    return samples


@dataclass
class Model:
    """Which samples come next, and in which iteration."""

    epoch_length: int | None
    kind: int = 0
    pass_number: int = 0
    taken: int = 0
    is_begun: bool = False
    is_replaced: bool = False
    iteration: int = 0
    done: int = 0
    length: int = 0

    def start_over(self, pass_number: int) -> None:
        self.pass_number, self.taken, self.iteration, self.done = pass_number, 0, 0, 0
        self.length = self.epoch_length or len(KINDS[self.kind].make())

    def batch(self) -> list[int]:
        kind = KINDS[self.kind]
        order = SampleOrder(kind.length, seed=kind.seed, shuffle=True).of_pass(self.pass_number)
        return [int(index) for index in order[self.taken : self.taken + kind.batch_size]]

    def use(self) -> None:
        """A batch was used."""
        self.iteration += 1
        self.done = (self.done + 1) % self.length
        if not self.is_replaced:
            self.taken += KINDS[self.kind].batch_size
            if self.taken + self.smallest() > KINDS[self.kind].length:
                self.pass_number, self.taken, self.is_begun = self.pass_number + 1, 0, False

    def smallest(self) -> int:
        kind = KINDS[self.kind]
        return kind.batch_size if kind.drop_last else 1

    def leave(self) -> None:
        """The pass was given up."""
        self.pass_number += self.is_begun or self.taken > 0
        self.taken, self.is_begun = 0, False


@dataclass(frozen=True)
class Action:
    """What is done in a call, and with which kind of data where it is replaced."""

    name: str
    kind: int


NAMES: Final = st.sampled_from(
    [
        "save",
        "save",
        "interrupt",
        "raise",
        "break data",
        "terminate",
        "terminate_epoch",
        "set_data",
        "evaluate",
    ]
)
PLANS: Final = st.lists(
    st.tuples(st.integers(1, 12), st.builds(Action, NAMES, st.integers(0, 2))), max_size=5
).map(
    lambda gaps: dict(
        zip(accumulate(gap for gap, _ in gaps), (action for _, action in gaps), strict=True)
    )
)


class ResumeMachine(RuleBasedStateMachine):
    """Does to an engine whatever may happen to one, and looks at each batch that it uses."""

    @initialize(
        epoch_length=st.none() | st.integers(1, 7),
        is_in_iterations=st.booleans(),
        hears_all=st.booleans(),
    )
    def make(self, epoch_length: int | None, *, is_in_iterations: bool, hears_all: bool) -> None:
        self.model = Model(epoch_length)
        self.is_in_iterations, self.hears_all = is_in_iterations, hears_all
        self.checkpoints: list[tuple[Mapping[str, object], Model]] = []
        self.plan: Mapping[int, Action] = {}
        self.num_calls = 0
        self.limit = 1
        self.is_suspended = self.is_loaded = self.is_rehearsing = False
        self.new_process()

    def new_process(self) -> None:
        self.loaders = [kind.make() for kind in KINDS]
        self.engine: Trainer = Engine(self.step)
        self.engine.add_event_handler(Events.STARTED, self.begin)
        self.engine.add_event_handler(Events.TERMINATE_SINGLE_EPOCH, self.leave)
        self.engine.add_event_handler(Events.GET_BATCH_COMPLETED, self.fetch)
        for event in Events if self.hears_all else (Events.ITERATION_COMPLETED,):
            self.engine.add_event_handler(event, self.act)

    # what the engine calls

    def begin(self, engine: Trainer) -> None:
        if engine.state.count(Events.STARTED) == 1 and not self.is_rehearsing:
            number = self.loaders[self.model.kind].state_dict()["pass_number"]
            self.model.start_over(number or 0)

    def fetch(self) -> None:
        if not self.is_rehearsing:
            self.model.is_begun, self.model.is_replaced = True, False

    def leave(self, engine: Trainer) -> None:
        if not self.is_rehearsing:
            # where an iteration was begun and given up, it counts all the same
            self.model.iteration, self.model.done = engine.state.iteration, 0
            self.model.leave()

    def step(self, engine: Trainer, batch: list[int]) -> None:
        if self.is_rehearsing:
            return
        if not self.model.is_replaced:
            assert batch == self.model.batch()
        assert engine.state.iteration == self.model.iteration + 1
        assert engine.state.epoch_iteration == self.model.done + 1
        self.act(engine)
        self.model.use()

    def act(self, engine: Trainer) -> None:
        if self.is_rehearsing:
            return
        self.num_calls += 1
        action = self.plan.get(self.num_calls)
        if action is not None:
            self.do(action, engine)

    def do(self, action: Action, engine: Trainer) -> None:
        match action.name:
            case "save" if not engine.should_terminate_single_epoch:
                self.save()
            case "interrupt":
                engine.interrupt()
            case "raise":
                raise PlannedError
            case "break data":
                dataset = self.loaders[self.model.kind].dataset
                assert isinstance(dataset, Numbers)
                dataset.is_broken = True
            case "terminate":
                engine.terminate()
            case "terminate_epoch":
                with suppress(EngineStateError):
                    engine.terminate_epoch()
            case "set_data":
                self.set_data(action.kind)
            case "evaluate":
                self.evaluate(self.loaders[self.model.kind])
            case _:
                pass

    def mend(self) -> None:
        for loader in self.loaders:
            assert isinstance(loader.dataset, Numbers)
            loader.dataset.is_broken = False

    def save(self) -> None:
        snapshot = replace(self.model, is_begun=False, is_replaced=False)
        self.checkpoints.append((self.engine.state_dict(), snapshot))

    def set_data(self, kind: int) -> None:
        if kind == self.model.kind:
            self.model.leave()
        else:
            state = self.loaders[kind].state_dict()
            number, taken = state["pass_number"] or 0, state["samples_taken"] or 0
            self.model.pass_number, self.model.taken = number + (taken > 0), 0
        self.model.kind, self.model.is_begun, self.model.is_replaced = kind, False, True
        self.engine.set_data(self.loaders[kind])

    def evaluate(self, loader: DataLoader[list[int]]) -> None:
        used: list[int] = []
        self.mend()
        Engine[list[int], None](lambda engine, batch: used.extend(batch)).run(loader)
        kind = KINDS[self.model.kind]
        assert len(set(used)) == len(used) == len(loader) * kind.batch_size or not kind.drop_last
        assert sorted(used) == list(range(kind.length)) or kind.drop_last

    # what a user does

    @rule(limit=st.integers(1, 12), plan=PLANS)
    def run(self, limit: int, plan: Mapping[int, Action]) -> None:
        self.plan, self.num_calls = plan, 0
        self.mend()
        if not self.is_suspended:
            self.model.is_begun = self.model.is_replaced = False
        loader, length = self.loaders[self.model.kind], self.model.epoch_length
        try:
            if self.is_in_iterations:
                self.engine.run(loader, max_iters=limit, epoch_length=length)
            else:
                self.engine.run(loader, max_epochs=(limit + 2) // 3, epoch_length=length)
        except (ArgumentError, PlannedError):
            pass
        else:
            self.is_suspended = isinstance(self.engine.outcome, Interrupted)
            return
        self.is_suspended = self.is_suspended and self.num_calls == 0

    @precondition(lambda self: self.checkpoints)
    @rule(which=st.integers(0, 9), is_new=st.booleans())
    def load(self, which: int, *, is_new: bool) -> None:
        saved, model = self.checkpoints[which % len(self.checkpoints)]
        if is_new:
            self.new_process()
        self.engine.load_state_dict(saved)
        self.model, self.is_suspended = replace(model), False

    @rule()
    def save_outside(self) -> None:
        self.save()

    @rule()
    def evaluate_outside(self) -> None:
        if not self.is_suspended:
            self.evaluate(self.loaders[self.model.kind])

    @precondition(lambda self: not self.is_suspended)
    @rule()
    def rehearse(self) -> None:
        self.mend()
        self.is_rehearsing = True
        with self.engine.rehearsal(num_batches=2):
            self.engine.run(self.loaders[self.model.kind])
        self.is_rehearsing = False


def test_samples_are_used_in_the_order_of_the_model() -> None:
    run_state_machine_as_test(
        ResumeMachine,
        settings=settings(
            max_examples=60,
            stateful_step_count=15,
            derandomize=True,
            database=None,
            deadline=None,
        ),
    )
