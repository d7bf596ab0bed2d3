"""What went wrong is a payload of EXCEPTION_RAISED: handlers take the engine and the exception."""

import logging
from typing import Any, assert_type

from firesteel import Engine, Events, Failed

heard: list[str] = []


def step(engine: Engine[float, float], batch: float) -> float:
    return 1 / batch


trainer = Engine(step)


@trainer.on(Events.EXCEPTION_RAISED)
def tell(engine: Engine[float, float], error: BaseException) -> None:
    heard.append(f"{type(error).__name__} in {engine.state.iteration}")


@trainer.on(Events.EXCEPTION_RAISED)
def tell_alone(error: BaseException) -> None:
    logging.getLogger("script").debug("failed", exc_info=error)


def save_and_go_on(engine: Engine[Any, object], error: BaseException, path: str) -> None:
    if isinstance(error, ZeroDivisionError):
        heard.append(path)
        engine.suppress_exception()


trainer.add_event_handler(Events.EXCEPTION_RAISED, save_and_go_on, "last.pt")
trainer.add_event_handler(Events.EXCEPTION_RAISED, lambda engine, error: heard.append(str(error)))
trainer.add_event_handler(Events.EXCEPTION_RAISED(once=1), tell)

trainer.run([1.0, 0.0])
outcome = trainer.outcome
if isinstance(outcome, Failed):
    assert_type(outcome.error, str)
    heard.append(outcome.error)
assert heard[-1] == "ZeroDivisionError: float division by zero"
