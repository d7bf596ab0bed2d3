"""A scheduler in runs that fail, stop, are suspended, saved and loaded, beside a model of it.

The model is one line: an iteration that is done has the value of the number of iterations that
were done before it; for a scheduler of epochs, the value of its epoch.
"""

# Any: states are what they are
from typing import Any, Final

import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from firesteel.engine import Engine
from firesteel.events import Events
from firesteel.handlers import CurveScheduler, LRScheduler, OptimizerScheduler
from firesteel.protocols import Stateful

EPOCH_LENGTH: Final = 3
NUM_EPOCHS: Final = 4
NUM: Final = EPOCH_LENGTH * NUM_EPOCHS


class BrokenError(Exception):
    """What goes wrong."""


class Setup:
    """An engine with three schedulers: of iterations, of epochs, and one of torch's."""

    def __init__(self) -> None:
        self.optimizers = [SGD([torch.zeros(1)], lr=1.0) for _ in range(3)]
        by_iteration, by_epoch, of_torch = self.optimizers
        self.schedulers: list[OptimizerScheduler] = [
            CurveScheduler(by_iteration, "lr", curve=float),
            CurveScheduler(by_epoch, "lr", curve=float),
            LRScheduler(LambdaLR(of_torch, lambda index: 1.0 + index)),
        ]
        self.done: list[tuple[float, float, float]] = []
        self.ask: tuple[int, str] = (0, "")
        self.trainer = Engine(self.step)
        first, second, third = self.schedulers
        first.attach(self.trainer)
        second.attach(self.trainer, Events.EPOCH_STARTED)
        third.attach(self.trainer)
        self.trainer.add_event_handler(Events.ITERATION_STARTED, self.answer, "started")
        self.trainer.add_event_handler(Events.ITERATION_COMPLETED, self.answer, "completed")

    def step(self, engine: Engine[int, None], batch: int) -> None:
        self.answer(engine, "step")
        first, second, third = (one.param_groups[0]["lr"] for one in self.optimizers)
        self.done.append((first, second, third))

    def answer(self, engine: Engine[int, None], moment: str) -> None:
        """Do what was asked for in this iteration at this moment."""
        iteration, what = self.ask
        if engine.state.iteration != iteration or not what.startswith(moment):
            return
        self.ask = (0, "")
        if what.endswith("interrupt"):
            engine.interrupt()
        else:
            raise BrokenError

    def parts(self) -> list[Stateful]:
        return [self.trainer, *self.schedulers, *self.optimizers]

    def state(self) -> list[Any]:
        return [part.state_dict() for part in self.parts()]

    def load(self, state: list[Any]) -> None:
        for part, saved in zip(self.parts(), state, strict=True):
            part.load_state_dict(saved)


class ScheduleMachine(RuleBasedStateMachine):
    """Goes on in whatever way until the run is complete."""

    def __init__(self) -> None:
        super().__init__()
        self.it = Setup()

    def goes_on(self) -> bool:
        return len(self.it.done) < NUM

    @precondition(goes_on)
    @rule(
        ahead=st.integers(1, 5),
        what=st.sampled_from(
            ["started fail", "step fail", "started interrupt", "completed interrupt", ""]
        ),
    )
    def run(self, ahead: int, what: str) -> None:
        """Run to the end, or until something happens a few iterations ahead."""
        self.it.ask = (len(self.it.done) + ahead, what)
        try:
            self.it.trainer.run(range(EPOCH_LENGTH), max_epochs=NUM_EPOCHS)
        except BrokenError:
            assert what.endswith("fail")

    @precondition(goes_on)
    @rule()
    def save_and_load(self) -> None:
        """Go on in another process."""
        other = Setup()
        other.load(self.it.state())
        other.done = self.it.done
        self.it = other

    @precondition(lambda self: not self.goes_on())
    @rule()
    def begin_anew(self) -> None:
        self.it = Setup()

    @invariant()
    def each_iteration_had_its_value(self) -> None:
        for number, values in enumerate(self.it.done):
            assert values == (number, number // EPOCH_LENGTH, 1 + number)


TestSchedules = ScheduleMachine.TestCase
TestSchedules.settings = settings(max_examples=60, stateful_step_count=12, deadline=None)
