"""Events with a payload: fired with another one, handled as another one, joined."""

from typing import Any, NamedTuple

from firesteel import Engine, EventEnum, Events, PayloadEvent

NORM = PayloadEvent[float]("norm")
WORDS = PayloadEvent[list[str]]("words")


class Overflow(NamedTuple):
    scale: float


OVERFLOW = PayloadEvent[Overflow]("overflow")


class Own(EventEnum):
    DONE = "done"


def step(engine: Engine[int, float], batch: int) -> float:
    engine.fire_event(NORM)  # E: no payload
    engine.fire_event(NORM, "large")  # E
    engine.fire_event(NORM, None)  # E
    engine.fire_event(NORM, [1.0])  # E
    engine.fire_event(NORM, 1.0, 2.0)  # E
    engine.fire_event(NORM, value=1.0)  # E
    engine.fire_event(WORDS, "word")  # E
    engine.fire_event(WORDS, [1])  # E
    engine.fire_event(OVERFLOW, 2.0)  # E
    engine.fire_event(Own.DONE, 1.0)  # E: takes none
    engine.fire_event(Own.DONE, None)  # E
    engine.fire_event(Events.EXCEPTION_RAISED)  # E
    engine.fire_event(Events.EXCEPTION_RAISED, "failed")  # E
    engine.fire_event(Events.EXCEPTION_RAISED, ValueError)  # E: a class
    engine.fire_event(NORM(every=2), 1.0)  # E: filtered
    engine.fire_event(Own.DONE(every=2))  # E
    engine.fire_event(Own.DONE | Events.COMPLETED)  # E
    engine.fire_event("done")  # E
    engine.fire_event(Own)  # E
    engine.fire_event()  # E
    engine.fire_event(NORM, 1.0)
    engine.fire_event(WORDS, ["word"])
    engine.fire_event(Own.DONE)
    return 1.0


trainer = Engine(step)


@trainer.on(NORM)  # E
def as_text(engine: Engine[int, float], norm: str) -> None: ...


@trainer.on(NORM)  # E: an int is too narrow
def as_int(engine: Engine[int, float], norm: int) -> None: ...


@trainer.on(NORM)  # E
def missing(engine: Engine[int, float]) -> None: ...


@trainer.on(NORM)  # E
def too_many(engine: Engine[int, float], norm: float, word: str) -> None: ...


@trainer.on(NORM, "word")  # E
def too_few(engine: Engine[int, float], norm: float) -> None: ...


@trainer.on(NORM, "word")  # E: the payload comes first
def other_order(engine: Engine[int, float], word: str, norm: float) -> None: ...


@trainer.on(NORM)  # E
def nothing() -> None: ...


@trainer.on(NORM(every=2))  # E
def filtered(engine: Engine[int, float]) -> None: ...


@trainer.on(NORM(every=2))  # E
def filtered_text(engine: Engine[int, float], norm: str) -> None: ...


@trainer.on(NORM)  # E
def other_engine(engine: Engine[str, float], norm: float) -> None: ...


@trainer.on(Events.EXCEPTION_RAISED)  # E
def without_exception(engine: Engine[int, float]) -> None: ...


@trainer.on(Events.EXCEPTION_RAISED)  # E
def only_value_errors(engine: Engine[int, float], error: ValueError) -> None: ...


@trainer.on(Events.EXCEPTION_RAISED)  # E
def only_exceptions(engine: Engine[int, float], error: Exception) -> None: ...


@trainer.on(Own.DONE)  # E
def no_payload(engine: Engine[int, float], payload: float) -> None: ...


@trainer.on(NORM | Own.DONE)  # E
def joined(engine: Engine[int, float], norm: float) -> None: ...


@trainer.on(Own.DONE | NORM)  # E
def joined_again(engine: Engine[int, float]) -> None: ...


@trainer.on(Events.COMPLETED | Events.EXCEPTION_RAISED)  # E
def joined_with_exception(engine: Engine[int, float]) -> None: ...


@trainer.on(Own.DONE(every=2) | NORM(every=2))  # E
def joined_filtered(engine: Engine[int, float]) -> None: ...


@trainer.on(NORM | NORM)  # E
def joined_with_itself(engine: Engine[int, float], norm: float) -> None: ...


def takes_norm(engine: Engine[Any, float], norm: float) -> None: ...
def takes_text(engine: Engine[Any, float], norm: str) -> None: ...
def takes_none(engine: Engine[Any, float]) -> None: ...
def takes_more(engine: Engine[Any, float], norm: float, word: str) -> None: ...
def takes_exception(engine: Engine[Any, float], error: Exception) -> None: ...
def takes_key(engine: Engine[Any, float], error: KeyError) -> None: ...
def takes_nothing() -> None: ...


trainer.add_event_handler(NORM, takes_text)  # E
trainer.add_event_handler(NORM, takes_none)  # E
trainer.add_event_handler(NORM, takes_nothing)  # E
trainer.add_event_handler(NORM, takes_more)  # E
trainer.add_event_handler(NORM, takes_more, 3)  # E
trainer.add_event_handler(NORM, takes_norm, "word")  # E
trainer.add_event_handler(NORM, takes_norm, norm=1.0)  # E: the event gives it
trainer.add_event_handler(NORM(every=2), takes_text)  # E
trainer.add_event_handler(NORM(every=2), takes_none)  # E
trainer.add_event_handler(WORDS, takes_norm)  # E
trainer.add_event_handler(NORM, lambda engine, norm: norm.foo)  # E
trainer.add_event_handler(OVERFLOW, lambda engine, overflow: overflow.scal)  # E
trainer.add_event_handler(OVERFLOW, lambda engine, overflow: engine.state.output.foo)  # E
trainer.add_event_handler(NORM, lambda: None)  # E
trainer.add_event_handler(Own.DONE, takes_norm)  # E
trainer.add_event_handler(Events.EXCEPTION_RAISED, takes_none)  # E
trainer.add_event_handler(Events.EXCEPTION_RAISED, takes_nothing)  # E
trainer.add_event_handler(Events.EXCEPTION_RAISED, takes_exception)  # E
trainer.add_event_handler(Events.EXCEPTION_RAISED, takes_key)  # E
trainer.add_event_handler(Events.EXCEPTION_RAISED(once=1), takes_none)  # E
trainer.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, error: error.mesage)  # E
trainer.add_event_handler(Events.COMPLETED | NORM, takes_none)  # E
trainer.register_events(NORM(every=2))  # E
trainer.register_events(Own)  # E
trainer.register_events("norm")  # E
trainer.register_events(Events.COMPLETED | Own.DONE)  # E
trainer.register_events([Own.DONE])  # E
trainer.register_events(PayloadEvent[float])  # E
trainer.has_registered_events("norm")  # E
untyped = PayloadEvent("untyped")  # E: of what?
nameless = PayloadEvent[float]()  # E
numbered = PayloadEvent[float](3)  # E
wrong: PayloadEvent[str] = NORM  # E
wider: PayloadEvent[object] = NORM  # E: firing through it would break the handlers

trainer.add_event_handler(NORM, takes_norm)
trainer.register_events(NORM, *Own)
