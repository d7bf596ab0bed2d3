"""Early stopping, time limits, NaN checks and loss spikes, each of an engine's own output."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, assert_type

import torch
from torch import Tensor

from firesteel import Average, Engine, Events, RemovableEventHandle
from firesteel.handlers import (
    LOSS_SPIKE,
    EarlyStopping,
    LossSpike,
    LossSpikeDetector,
    TerminateOnNan,
    TimeLimit,
)
from firesteel.protocols import Stateful


@dataclass
class Output:
    loss: Tensor
    name: str


def train(engine: Engine[float, Output], batch: float) -> Output:
    return Output(torch.tensor(batch), "train")


def evaluate(engine: Engine[int, Output], batch: int) -> Output:
    return Output(torch.tensor(1.0), "evaluate")


trainer, evaluator = Engine(train), Engine(evaluate)
mean = evaluator.attach(Average(lambda output: output.loss), "loss")

# by the key of a metric
stopping = EarlyStopping(mean, patience=3, trainer=trainer, mode="min", threshold_mode="rel")
assert_type(stopping, EarlyStopping[object])
assert_type(evaluator.attach(stopping), RemovableEventHandle)
stateful: Stateful = stopping
assert_type(stopping.counter, int)

# by a function of the engine, which a lambda may be
evaluator.attach(
    EarlyStopping(lambda engine: engine.state.output.loss.item(), patience=3, trainer=trainer)
)


def score(engine: Engine[Any, Output]) -> float:
    return engine.state.output.loss.item()


named = EarlyStopping(score, patience=3, trainer=trainer, num_warmup=2, nan="stop")
assert_type(named, EarlyStopping[Output])
named.attach(evaluator)
named.attach(trainer, event=Events.ITERATION_COMPLETED(every=10) | Events.EPOCH_COMPLETED)
trainer.add_event_handler(Events.EPOCH_COMPLETED, named)

trainer.attach(TimeLimit(3600.0))
trainer.attach(TimeLimit(timedelta(hours=8), margin=60))
evaluator.attach(TimeLimit(timedelta(hours=8), agree=lambda is_over: is_over))

trainer.attach(TerminateOnNan())
trainer.attach(TerminateOnNan(lambda output: output.loss))
trainer.attach(TerminateOnNan(lambda output: [output.loss, {"name": output.name}], every=10))
trainer.add_event_handler(Events.ITERATION_COMPLETED(every=10), TerminateOnNan())
assert_type(TerminateOnNan(), TerminateOnNan[object])

trainer.attach(LossSpikeDetector(lambda output: output.loss, action="terminate"))
trainer.register_events(LOSS_SPIKE)


@trainer.on(LOSS_SPIKE)
def show(engine: Engine[float, Output], spike: LossSpike) -> None:
    assert_type(spike.median, float)


# without a transform an output that is a loss will do
floats: Engine[float, float] = Engine(lambda engine, batch: batch)
tensors: Engine[float, Tensor] = Engine(lambda engine, batch: torch.tensor(batch))
floats.attach(LossSpikeDetector())
tensors.attach(LossSpikeDetector(window=10))
