"""One handler on two engines: `on` gives the function back with its own type."""

from collections.abc import Callable
from typing import Any, NamedTuple, assert_type

from firesteel import Engine, Events


class TrainOutput(NamedTuple):
    loss: float
    learning_rate: float


class EvalOutput(NamedTuple):
    loss: float
    num_right: int


def train_step(engine: Engine[int, TrainOutput], batch: int) -> TrainOutput:
    return TrainOutput(1 / batch, 0.1)


def eval_step(engine: Engine[str, EvalOutput], batch: str) -> EvalOutput:
    return EvalOutput(float(len(batch)), 1)


trainer = Engine(train_step)
evaluator = Engine(eval_step)
seen: list[str] = []


@trainer.on(Events.EPOCH_COMPLETED)
@evaluator.on(Events.COMPLETED)
def log_loss(
    engine: Engine[Any, TrainOutput] | Engine[Any, EvalOutput], prefix: str = "loss"
) -> str:
    text = f"{prefix} {engine.state.output.loss}"
    seen.append(text)
    return text


@trainer.on(Events.STARTED)
@trainer.on(Events.COMPLETED)
@evaluator.on(Events.STARTED | Events.COMPLETED)
def no_engine() -> int:
    return len(seen)


@trainer.on(Events.EPOCH_COMPLETED, "validating")
@evaluator.on(Events.COMPLETED, "done")
def say(engine: Engine[Any, object], word: str) -> None:
    seen.append(f"{word} {engine.state.epoch}")


trainer.run([1, 2])
evaluator.run(["a"])

# the handlers are still the functions that they were
assert_type(log_loss(trainer), str)
assert_type(log_loss(evaluator, prefix="by hand"), str)
assert_type(no_engine(), int)
say(engine=trainer, word="by keyword")

as_handler: Callable[[Engine[str, EvalOutput]], object] = log_loss
evaluator.add_event_handler(Events.EPOCH_STARTED, no_engine)
trainer.add_event_handler(Events.EPOCH_STARTED, say, "again")
assert "loss 0.5" in seen
