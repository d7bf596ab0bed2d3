"""Two kinds of batch through one engine, and two kinds of output: narrowed where they are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never, assert_type

import torch
from torch import Tensor

from firesteel import Average, Engine, Events


@dataclass(frozen=True)
class Labeled:
    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class Unlabeled:
    x: Tensor


@dataclass(frozen=True)
class Trained:
    loss: float


@dataclass(frozen=True)
class Skipped:
    reason: str


def step(
    engine: Engine[Labeled | Unlabeled, Trained | Skipped], batch: Labeled | Unlabeled
) -> Trained | Skipped:
    match batch:
        case Labeled(x, y):
            return Trained(float((x - y).abs().mean()))
        case Unlabeled():
            return Skipped("no label")
        case _:
            assert_never(batch)


def mixed() -> Iterator[Labeled | Unlabeled]:
    yield Labeled(torch.ones(2), torch.zeros(2))
    yield Unlabeled(torch.ones(2))


def loss_of(output: Trained | Skipped) -> float:
    return output.loss if isinstance(output, Trained) else 0.0


trainer = Engine(step)
mean_loss = Average(loss_of).attach(trainer, "loss")


@trainer.on(Events.ITERATION_COMPLETED)
def tell(engine: Engine[Labeled | Unlabeled, Trained | Skipped]) -> None:
    assert_type(engine.state.batch, Labeled | Unlabeled)
    output = engine.state.output
    assert_type(output, Trained | Skipped)
    if isinstance(output, Skipped):
        print("skipped:", output.reason)
    else:
        assert_type(output.loss, float)
        print(output.loss)


state = trainer.run(mixed())
assert_type(state.output, Trained | Skipped)
assert state.metrics[mean_loss] == 0.5

# a list of one kind is data for both kinds: data is only read
trainer.run([Unlabeled(torch.ones(1))])
