"""A progress bar with values of the output, and with metrics."""

import io
from typing import NamedTuple, assert_type

from firesteel import Average, Engine, Events, ProgressBar


class Output(NamedTuple):
    loss: float
    learning_rate: float


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(1 / batch, 0.1)


def shown(output: Output) -> dict[str, float]:
    return {"loss": output.loss}


screen = io.StringIO()
trainer = Engine(step)
mean_loss = trainer.attach(Average(lambda out: out.loss), "mean_loss")

trainer.attach(ProgressBar(lambda out: {"lr": f"{out.learning_rate:.0e}"}, file=screen))
trainer.run([1, 2])

plain = ProgressBar(file=screen, description="Training", persist=True)
assert_type(plain, ProgressBar[object])
trainer.attach(plain)
trainer.add_event_handler(Events.EPOCH_COMPLETED, plain.log_message, "an epoch is done")
trainer.run([1, 2])
plain.detach()

named = ProgressBar(shown, metrics=[mean_loss], file=screen)
assert_type(named, ProgressBar[Output])
named.attach(trainer)
trainer.run([1, 2])
assert "mean_loss=" in screen.getvalue()


# one bar for every engine
def evaluate(engine: Engine[str, str], batch: str) -> str:
    return batch


evaluator = Engine(evaluate)
evaluator.attach(ProgressBar(file=screen))
evaluator.run(["a"])
