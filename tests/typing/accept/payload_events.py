"""Events that carry a value: firing and handling agree on its type."""

from typing import Any, NamedTuple, assert_type

from firesteel import Engine, PayloadEvent


class Overflow(NamedTuple):
    scale: float
    parameter: str


GRADIENT_NORM = PayloadEvent[float]("gradient_norm")
OVERFLOW = PayloadEvent[Overflow]("overflow")
MAYBE = PayloadEvent[int | None]("maybe")

norms: list[float] = []


def step(engine: Engine[float, float], batch: float) -> float:
    engine.fire_event(GRADIENT_NORM, batch / 2)
    engine.fire_event(GRADIENT_NORM, 1)
    if batch > 2:
        engine.fire_event(OVERFLOW, Overflow(scale=2.0, parameter="weight"))
    engine.fire_event(MAYBE, None)
    return batch


trainer = Engine(step)
trainer.register_events(GRADIENT_NORM, OVERFLOW, MAYBE)


@trainer.on(GRADIENT_NORM)
def keep(engine: Engine[float, float], norm: float) -> None:
    norms.append(norm)


@trainer.on(GRADIENT_NORM(every=2))
def keep_alone(norm: float) -> None:
    assert norm == 1


@trainer.on(GRADIENT_NORM(after=1), "limit", 3)
def with_arguments(engine: Engine[Any, object], norm: float, word: str, times: int) -> None:
    print(word * times, norm)


@trainer.on(OVERFLOW)
def tell(engine: Engine[float, float], overflow: Overflow) -> str:
    assert_type(overflow.parameter, str)
    return f"{overflow.parameter} at {engine.state.iteration}"


def wide(engine: Engine[float, float], payload: object) -> None:
    print(payload)


trainer.add_event_handler(GRADIENT_NORM, keep)
trainer.add_event_handler(GRADIENT_NORM, norms.append)
trainer.add_event_handler(
    GRADIENT_NORM, lambda engine, norm: norms.append(norm + engine.state.output)
)
trainer.add_event_handler(OVERFLOW(once=1), lambda engine, overflow: print(overflow.scale))
trainer.add_event_handler(OVERFLOW, wide)
trainer.add_event_handler(MAYBE, wide)
trainer.add_event_handler(GRADIENT_NORM, with_arguments, "w", times=2)


def half(engine: Engine[float, float], count: int) -> bool:
    return count % 2 == 0


trainer.add_event_handler(GRADIENT_NORM(half), keep)


@trainer.on(MAYBE)
def maybe(engine: Engine[float, float], number: int | None) -> None:
    assert number is None


assert_type(tell(trainer, Overflow(1.0, "bias")), str)
