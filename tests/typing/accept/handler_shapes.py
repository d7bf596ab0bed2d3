"""Whatever can be called is a handler: with the engine or without, with arguments of its own."""

import functools
from typing import Any, assert_type

from firesteel import Engine, Events, RemovableEventHandle

log: list[str] = []


def step(engine: Engine[int, float], batch: int) -> float:
    return batch / 2


def with_engine(engine: Engine[int, float]) -> None:
    log.append(f"with_engine {engine.state.output}")


def without_engine() -> None:
    log.append("without_engine")


def with_words(engine: Engine[int, float], word: str, *, times: int = 1) -> None:
    log.append(word * times)


def words_alone(word: str, number: int = 0) -> str:
    log.append(f"{word} {number}")
    return word


def any_batch(engine: Engine[Any, float]) -> float:
    return engine.state.output


def whatever(*args: object, **kwargs: object) -> None:
    log.append(f"whatever {len(args)} {sorted(kwargs)}")


def with_default(engine: Engine[int, float], width: int = 10) -> None:
    log.append("=" * width)


class Countdown:
    def __init__(self, number: int) -> None:
        self.number = number

    def __call__(self, engine: Engine[int, float]) -> None:
        self.number -= 1

    def report(self) -> None:
        log.append(f"left {self.number}")

    @staticmethod
    def static(engine: Engine[int, float]) -> None:
        log.append("static")

    @classmethod
    def of_class(cls, engine: Engine[int, float], word: str) -> None:
        log.append(f"{cls.__name__} {word}")


trainer = Engine(step)
on_iteration = Events.ITERATION_COMPLETED
countdown = Countdown(3)

handle = trainer.add_event_handler(on_iteration, with_engine)
assert_type(handle, RemovableEventHandle)
trainer.add_event_handler(on_iteration, without_engine)
trainer.add_event_handler(on_iteration, with_words, "la")
trainer.add_event_handler(on_iteration, with_words, "la", times=3)
trainer.add_event_handler(on_iteration, with_words, word="li")
trainer.add_event_handler(on_iteration, words_alone, "word")
trainer.add_event_handler(on_iteration, words_alone, "word", number=2)
trainer.add_event_handler(on_iteration, any_batch)
trainer.add_event_handler(on_iteration, whatever)
trainer.add_event_handler(on_iteration, whatever, 1, 2, three=3)
trainer.add_event_handler(on_iteration, with_default)
trainer.add_event_handler(on_iteration, with_default, 3)
trainer.add_event_handler(on_iteration, countdown)
trainer.add_event_handler(Events.COMPLETED, countdown.report)
trainer.add_event_handler(on_iteration, Countdown.static)
trainer.add_event_handler(on_iteration, Countdown.of_class, "says")
trainer.add_event_handler(on_iteration, functools.partial(with_words, word="partial"))
trainer.add_event_handler(on_iteration, lambda engine: log.append(f"{engine.state.output:.1f}"))
trainer.add_event_handler(on_iteration, lambda: log.append("lambda"))
trainer.add_event_handler(on_iteration, lambda engine, word: log.append(word), "given")
trainer.add_event_handler(Events.COMPLETED, log.append, "list.append")
trainer.add_event_handler(Events.COMPLETED, print, "done")
trainer.add_event_handler(Events.COMPLETED, log.clear)


@trainer.on(on_iteration)
def decorated(engine: Engine[int, float]) -> None:
    log.append(f"decorated {engine.state.batch}")


@trainer.on(on_iteration)
def decorated_alone() -> int:
    return len(log)


@trainer.on(on_iteration, "extra", 3)
def decorated_extra(engine: Engine[int, float], word: str, number: int) -> None:
    log.append(word * number)


@trainer.on(on_iteration, "extra")
def decorated_extra_alone(word: str) -> None:
    log.append(word)


@trainer.on(on_iteration)
def decorated_default(engine: Engine[int, float], width: int = 3) -> None:
    log.append("=" * width)


@trainer.on(on_iteration)
def decorated_any(engine: Engine[Any, object], *args: object) -> None:
    log.append(str(engine.state.output))


assert_type(trainer.on(on_iteration)(decorated_alone)(), int)
decorated_extra(trainer, word="by hand", number=1)
decorated_default(trainer, width=5)

trainer.run([1, 2, 3])
assert countdown.number == 0
assert log == []
