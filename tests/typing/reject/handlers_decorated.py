"""on: handlers that cannot be called with what they will get, and what becomes of the good ones."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from firesteel import Engine, Events


class Output(NamedTuple):
    loss: float


class HasAccuracy(Protocol):
    @property
    def accuracy(self) -> float: ...


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(batch / 2)


def several(engine: Engine[int, Output], *numbers: int) -> None: ...


def evaluate(engine: Engine[str, float], batch: str) -> float:
    return float(batch)


trainer = Engine(step)
evaluator = Engine(evaluate)


@trainer.on(Events.EPOCH_COMPLETED)  # E
def other_batch(engine: Engine[str, Output]) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED)  # E
def other_output(engine: Engine[int, float]) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED)  # E
def no_such_attribute(engine: Engine[Any, HasAccuracy]) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED)  # E
def takes_too_much(engine: Engine[int, Output], word: str) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED)  # E
def takes_output(output: Output) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED)  # E
def needs_keyword(engine: Engine[int, Output], *, word: str) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED, "word")  # E
def takes_too_little(engine: Engine[int, Output]) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED, "word")  # E
def takes_another_type(engine: Engine[int, Output], number: int) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED, 1, "word")  # E
def takes_another_order(engine: Engine[int, Output], word: str, number: int) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED, "word", 1)  # E
def takes_fewer(engine: Engine[int, Output], word: str) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED, "word")  # E
def keyword_only(engine: Engine[int, Output], *, word: str) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED, word="word")  # E: on takes no keywords
def given_by_keyword(engine: Engine[int, Output], word: str) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED, Events.COMPLETED)  # E: joined by |
def two_events(engine: Engine[int, Output]) -> None: ...


@trainer.on("epoch_completed")  # E
def by_name(engine: Engine[int, Output]) -> None: ...


@trainer.on(Events.EPOCH_FINISHED)  # E
def no_such_event(engine: Engine[int, Output]) -> None: ...


@trainer.on()  # E
def no_event(engine: Engine[int, Output]) -> None: ...


@trainer.on  # E
def not_called(engine: Engine[int, Output]) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED)
@evaluator.on(Events.EPOCH_COMPLETED)  # E: only the trainer's
def on_both(engine: Engine[int, Output]) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED)  # E: only the evaluator's
@evaluator.on(Events.EPOCH_COMPLETED)
def on_both_again(engine: Engine[str, float]) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED(every=2))  # E
def filtered(engine: Engine[str, Output]) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED | Events.COMPLETED)  # E
def joined(engine: Engine[str, Output]) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED)  # E
class NotAHandler:
    def __init__(self, path: str) -> None: ...


@trainer.on(Events.EPOCH_COMPLETED)
def good(engine: Engine[int, Output], word: str = "word") -> int:
    return len(word)


@trainer.on(Events.EPOCH_COMPLETED)
def without_engine() -> int:
    return 1


trainer.on(Events.COMPLETED, "a")(several)  # E
trainer.on(Events.COMPLETED, a=1)  # E
text: str = good(trainer)  # E: an int
good()  # E
good(evaluator)  # E
good(trainer, 3)  # E
good(trainer, wrd="a")  # E
good(trainer, "a", "b")  # E
without_engine(trainer)  # E
evaluator.add_event_handler(Events.COMPLETED, good)  # E
evaluator.on(Events.COMPLETED)(good)  # E
as_callable: Callable[[Engine[str, float]], object] = good  # E

number: int = good(trainer, word="a") + without_engine()
