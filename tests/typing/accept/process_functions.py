"""What a process function may be: a function, a method, an object that is called, a closure."""

import functools
from collections.abc import Callable
from typing import NamedTuple, assert_type

import torch
from torch import Tensor, nn

from firesteel import Engine


class Batch(NamedTuple):
    x: Tensor
    y: Tensor


class Output(NamedTuple):
    loss: float


class TrainStep:
    """Keeps what it needs; one object per model."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model

    def __call__(self, engine: Engine[Batch, Output], batch: Batch) -> Output:
        prediction: Tensor = self.model(batch.x)
        return Output(nn.functional.mse_loss(prediction, batch.y).item())

    def validate(self, engine: Engine[Batch, Tensor], batch: Batch) -> Tensor:
        prediction: Tensor = self.model(batch.x)
        return prediction


def make_step(model: nn.Module) -> Callable[[Engine[Batch, Output], Batch], Output]:
    def step(engine: Engine[Batch, Output], batch: Batch) -> Output:
        return Output(float(model(batch.x).mean()))

    return step


def without_types_for_the_engine(engine: object, batch: Batch) -> int:
    return len(batch.x)


@torch.no_grad()
def decorated(engine: Engine[Batch, float], batch: Batch) -> float:
    return batch.x.mean().item()


def timed(
    step: Callable[[Engine[Batch, float], Batch], float],
) -> Callable[[Engine[Batch, float], Batch], float]:
    @functools.wraps(step)
    def inner(engine: Engine[Batch, float], batch: Batch) -> float:
        return step(engine, batch)

    return inner


@timed
def wrapped(engine: Engine[Batch, float], batch: Batch) -> float:
    return batch.y.mean().item()


model = nn.Linear(2, 1)
data = [Batch(torch.rand(3, 2), torch.rand(3, 1))]

by_object = Engine(TrainStep(model))
assert_type(by_object, Engine[Batch, Output])
by_method = Engine(TrainStep(model).validate)
assert_type(by_method, Engine[Batch, Tensor])
by_closure = Engine(make_step(model))
assert_type(by_closure, Engine[Batch, Output])
by_plain = Engine(without_types_for_the_engine)
assert_type(by_plain, Engine[Batch, int])
by_decorated = Engine(decorated)
assert_type(by_decorated, Engine[Batch, float])
by_wrapped = Engine(wrapped)
assert_type(by_wrapped, Engine[Batch, float])
by_lambda: Engine[Batch, float] = Engine(lambda engine, batch: batch.x.mean().item())
assert_type(by_lambda.run(data).output, float)
by_keyword = Engine(process_function=wrapped, clock=lambda: 0.0)

assert_type(by_object.run(data).output, Output)
assert_type(by_method.run(data).output, Tensor)
by_plain.run(data)
by_decorated.run(data)
by_wrapped.run(data)
