"""Methods of torch's own, and of other engines, as handlers; handlers kept in tables."""

import functools
import logging
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol, assert_type

import torch
from torch import nn

from firesteel import Engine, Events


class Output(NamedTuple):
    loss: float


class HasLoss(Protocol):
    @property
    def loss(self) -> float: ...


class Callback(Protocol):
    def __call__(self, engine: Engine[Any, HasLoss], /) -> None: ...


class Counter:
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, engine: Engine[Any, object], step: int = 1) -> int:
        self.calls += step
        return self.calls


def train(engine: Engine[int, Output], batch: int) -> Output:
    optimizer.step()
    return Output(1 / batch)


def evaluate(engine: Engine[str, int], batch: str) -> int:
    return len(batch)


def show(engine: Engine[Any, HasLoss]) -> None:
    print(engine.state.output.loss)


def label(engine: Engine[int, Output], number: int, text: str) -> None:
    print(number, text)


def several(engine: Engine[int, Output], *numbers: int, word: str = "") -> None:
    print(word, sum(numbers))


def make_callback() -> Callback:
    return show


model = nn.Linear(1, 1)
optimizer: torch.optim.Optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=2)
log = logging.getLogger("script")
trainer, evaluator = Engine(train), Engine(evaluate)

trainer.add_event_handler(Events.EPOCH_STARTED, model.train)
trainer.add_event_handler(Events.EPOCH_COMPLETED, model.eval)
trainer.add_event_handler(Events.EPOCH_COMPLETED, evaluator.run, ["validation"])
trainer.add_event_handler(Events.EPOCH_COMPLETED, evaluator.run, ["a"], max_epochs=1)
trainer.add_event_handler(Events.EPOCH_COMPLETED, torch.cuda.empty_cache)
trainer.add_event_handler(Events.EPOCH_COMPLETED, log.debug, "an epoch is over")
trainer.add_event_handler(Events.EPOCH_COMPLETED, print, "an", "epoch", sep=" ")
trainer.add_event_handler(Events.EPOCH_COMPLETED, functools.partial(label, number=1, text="a"))
trainer.add_event_handler(Events.EPOCH_COMPLETED, functools.partial(label, text="a"), 1)
trainer.add_event_handler(Events.EPOCH_COMPLETED, make_callback())
trainer.on(Events.EPOCH_COMPLETED)(make_callback())
trainer.on(Events.EPOCH_COMPLETED(every=2))(scheduler.step)

callbacks: list[Callable[[Engine[Any, HasLoss]], None]] = [show, make_callback()]
for callback in callbacks:
    trainer.add_event_handler(Events.COMPLETED, callback)
table: dict[str, Callable[[], object]] = {"zero": model.zero_grad, "eval": model.eval}
for function in table.values():
    trainer.on(Events.COMPLETED)(function)

arguments = (1, "a")
trainer.add_event_handler(Events.COMPLETED, label, *arguments)
trainer.on(Events.COMPLETED, *arguments)(label)
trainer.add_event_handler(Events.COMPLETED, several, 1, 2, word="sum")
trainer.on(Events.COMPLETED, 1, 2)(several)
trainer.on(Events.COMPLETED)(several)

counter = trainer.on(Events.ITERATION_COMPLETED)(Counter())
trainer.run([1, 2], max_epochs=2)
assert_type(counter(trainer), int)
assert counter(trainer, step=2) == 7
