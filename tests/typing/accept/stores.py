"""What is kept of an epoch has the type of what the transform gives."""

from collections.abc import Sequence
from typing import NamedTuple, assert_type

from firesteel import Engine
from firesteel.handlers import EpochOutputs, EpochOutputStore


class Output(NamedTuple):
    loss: float
    label: int


def step(engine: Engine[int, Output], batch: int) -> Output:
    return Output(1 / batch, batch)


def loss_of(output: Output) -> float:
    return output.loss


evaluator = Engine(step)

losses = evaluator.attach(EpochOutputStore(lambda out: out.loss))
assert_type(losses, EpochOutputs[float])
everything = evaluator.attach(EpochOutputStore(lambda out: out, keep="cpu"))
assert_type(everything, EpochOutputs[Output])
pairs = evaluator.attach(EpochOutputStore(lambda out: (out.label, out.loss), keep="detached"))
named = EpochOutputStore(loss_of)
assert_type(named, EpochOutputStore[Output, float])
named.attach(evaluator).remove()

evaluator.run([1, 2])
assert_type(losses.data, Sequence[float])
assert_type(everything.data[0].label, int)
assert_type(pairs.data, Sequence[tuple[int, float]])
assert_type(named.data, Sequence[float])
objects: EpochOutputs[object] = losses
assert sum(losses.data) == 1.5
