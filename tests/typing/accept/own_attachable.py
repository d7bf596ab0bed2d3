"""Attachables of one's own: with a name or without, for one output or for those of a transform."""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, assert_type

from typing_extensions import TypeVar, override

from firesteel import Attachable, Engine, Events, RemovableEventHandle

OutputT = TypeVar("OutputT", contravariant=True)


class Output(NamedTuple):
    loss: float
    gradient_norm: float


class Printer(Attachable[object, RemovableEventHandle]):
    """Fits every engine."""

    @override
    def attach_to(self, engine: Engine[Any, object]) -> RemovableEventHandle:
        return engine.add_event_handler(Events.ITERATION_COMPLETED, self.show)

    def show(self, engine: Engine[Any, object]) -> None:
        print(engine.state.output)


class History(Attachable[OutputT, list[float], str], Generic[OutputT]):
    """Gives the list that it fills; needs a name."""

    def __init__(self, select: Callable[[OutputT], float]) -> None:
        self._select = select

    @override
    def attach_to(self, engine: Engine[Any, OutputT], name: str) -> list[float]:
        values: list[float] = []

        def keep(engine: Engine[Any, OutputT]) -> None:
            values.append(self._select(engine.state.output))

        engine.add_event_handler(Events.ITERATION_COMPLETED, keep)
        return values


class EarlyStop(Attachable[OutputT, RemovableEventHandle], Generic[OutputT]):
    def __init__(self, score: Callable[[OutputT], float], *, below: float) -> None:
        self._score, self._below = score, below

    @override
    def attach_to(self, engine: Engine[Any, OutputT]) -> RemovableEventHandle:
        return engine.add_event_handler(Events.ITERATION_COMPLETED, self._check)

    def _check(self, engine: Engine[Any, OutputT]) -> None:
        if self._score(engine.state.output) < self._below:
            engine.terminate(reason="low enough")


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(1 / batch, float(batch))


def loss_of(output: Output) -> float:
    return output.loss


trainer = Engine(step)
handle = trainer.attach(Printer())
assert_type(handle, RemovableEventHandle)
losses = trainer.attach(History(loss_of), "losses")
assert_type(losses, list[float])
norms = trainer.attach(History(lambda out: out.gradient_norm), "norms")
assert_type(norms, list[float])
trainer.attach(EarlyStop(lambda out: out.loss, below=0.4))

trainer.run([1, 2, 3, 4])
assert norms == [1.0, 2.0, 3.0]
handle.remove()
with trainer.attach(Printer()):
    trainer.run([1])
