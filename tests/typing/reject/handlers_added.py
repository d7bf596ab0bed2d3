"""add_event_handler: handlers that cannot be called with what they will get."""

import functools
from typing import Any, NamedTuple, Protocol

from firesteel import Engine, Events


class Output(NamedTuple):
    loss: float


class HasAccuracy(Protocol):
    @property
    def accuracy(self) -> float: ...


class HasStringLoss(Protocol):
    @property
    def loss(self) -> str: ...


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(batch / 2)


def good(engine: Engine[int, Output]) -> None: ...
def with_word(engine: Engine[int, Output], word: str) -> None: ...
def with_keyword(engine: Engine[int, Output], *, times: int) -> None: ...
def with_default(engine: Engine[int, Output], width: int = 3) -> None: ...
def two_words(engine: Engine[int, Output], first: str, second: str) -> None: ...
def of_other_batch(engine: Engine[str, Output]) -> None: ...
def of_other_output(engine: Engine[int, float]) -> None: ...
def of_narrower_output(engine: Engine[int, "Narrow"]) -> None: ...
def of_accuracy(engine: Engine[Any, HasAccuracy]) -> None: ...
def of_string_loss(engine: Engine[Any, HasStringLoss]) -> None: ...
def of_state(state: int) -> None: ...
def of_batch(batch: int) -> None: ...
def of_nothing() -> None: ...
def of_output(output: Output) -> None: ...


def several(engine: Engine[int, Output], *numbers: int, word: str = "") -> None: ...
def evaluate(engine: Engine[str, int], batch: str) -> int:
    return 1


class Narrow(Output):
    pass


class Callback:
    def on_epoch(self, engine: Engine[int, Output]) -> None: ...
    def with_word(self, word: str) -> None: ...


trainer, evaluator = Engine(step), Engine(evaluate)
with_word_and_arguments = (with_word, 3)
event = Events.ITERATION_COMPLETED

trainer.add_event_handler(event)  # E
trainer.add_event_handler(good)  # E
trainer.add_event_handler(good, event)  # E
trainer.add_event_handler(event, None)  # E
trainer.add_event_handler(event, "good")  # E
trainer.add_event_handler(event, good(trainer))  # E: called too early
trainer.add_event_handler(event, [good])  # E
trainer.add_event_handler(event, Callback())  # E
trainer.add_event_handler(event, Callback.on_epoch)  # E: not bound
trainer.add_event_handler(event, good, "extra")  # E
trainer.add_event_handler(event, good, extra=1)  # E
trainer.add_event_handler(event, with_word)  # E
trainer.add_event_handler(event, with_word, 3)  # E
trainer.add_event_handler(event, with_word, "a", "b")  # E
trainer.add_event_handler(event, with_word, wrd="a")  # E
trainer.add_event_handler(event, with_word, word=3)  # E
trainer.add_event_handler(event, with_word, "a", word="a")  # E
trainer.add_event_handler(event, with_keyword)  # E
trainer.add_event_handler(event, with_keyword, 3)  # E
trainer.add_event_handler(event, with_keyword, times="3")  # E
trainer.add_event_handler(event, with_default, "wide")  # E
trainer.add_event_handler(event, with_default, width="wide")  # E
trainer.add_event_handler(event, two_words, "a")  # E
trainer.add_event_handler(event, two_words, "a", 3)  # E
trainer.add_event_handler(event, two_words, second="a")  # E
trainer.add_event_handler(event, of_other_batch)  # E
trainer.add_event_handler(event, of_other_output)  # E
trainer.add_event_handler(event, of_narrower_output)  # E
trainer.add_event_handler(event, of_accuracy)  # E
trainer.add_event_handler(event, of_string_loss)  # E
trainer.add_event_handler(event, of_state)  # E
trainer.add_event_handler(event, of_batch)  # E
trainer.add_event_handler(event, of_output)  # E
trainer.add_event_handler(event, of_nothing, "extra")  # E
trainer.add_event_handler(event, Callback().with_word)  # E
trainer.add_event_handler(event, lambda engine: engine.state.output.los)  # E
trainer.add_event_handler(event, lambda engine: engine.state.batch.x)  # E
trainer.add_event_handler(event, lambda engine: engine.stop())  # E
trainer.add_event_handler(event, lambda engine, output: output.loss)  # E
trainer.add_event_handler(event, lambda engine, word: print(word))  # E
trainer.add_event_handler(event, lambda engine, word: word.uper(), "extra")  # E
trainer.add_event_handler(event, evaluator.run)  # E: needs data
trainer.add_event_handler(event, evaluator.run, [1])  # E: takes texts
trainer.add_event_handler(event, evaluator.run, ["a"], max_epoch=1)  # E
trainer.add_event_handler(event, functools.partial(with_word, word=3))  # E
trainer.add_event_handler(event, several, 1, "a")  # E
trainer.add_event_handler(event, several, 1, word=3)  # E
trainer.add_event_handler(event, *with_word_and_arguments)  # E
trainer.add_event_handler(event=event, handlr=good)  # E
trainer.add_event_handler(event(every=2), of_other_output)  # E
trainer.add_event_handler(event | Events.COMPLETED, of_other_output)  # E
trainer.add_event_handler(event | Events.COMPLETED, with_word)  # E
trainer.remove_event_handler(good)  # E
trainer.remove_event_handler("good", event)  # E
trainer.has_event_handler(None)  # E
trainer.has_event_handler(good, "completed")  # E
print(trainer.add_event_handler(event, good) + 3)  # E
trainer.add_event_handler(event, good).remove(good)  # E
trainer.add_event_handler(event, good).delete()  # E

trainer.add_event_handler(event, good)
trainer.add_event_handler(event, with_word, "a")
trainer.add_event_handler(event, of_nothing)
trainer.add_event_handler(event, of_state, 3)
