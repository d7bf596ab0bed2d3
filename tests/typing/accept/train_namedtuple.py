"""Supervised training: a NamedTuple for the batch, another for the output."""

from typing import NamedTuple, assert_type

import torch
from torch import Tensor, nn

from firesteel import Engine, Events, State


class Batch(NamedTuple):
    x: Tensor
    y: Tensor


class Output(NamedTuple):
    loss: float
    prediction: Tensor


model = nn.Linear(2, 1)
optimizer: torch.optim.Optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
batches = [Batch(torch.rand(4, 2), torch.rand(4, 1)) for _ in range(3)]


def step(engine: Engine[Batch, Output], batch: Batch) -> Output:
    optimizer.zero_grad()
    prediction: Tensor = model(batch.x)
    loss = nn.functional.mse_loss(prediction, batch.y)
    torch.autograd.backward(loss)
    optimizer.step()
    return Output(loss.item(), prediction.detach())


trainer = Engine(step)
assert_type(trainer, Engine[Batch, Output])


@trainer.on(Events.ITERATION_COMPLETED(every=2))
def log_loss(engine: Engine[Batch, Output]) -> None:
    assert_type(engine.state, State[Batch, Output])
    assert_type(engine.state.output, Output)
    assert_type(engine.state.output.loss, float)
    assert_type(engine.state.batch.x, Tensor)
    print(f"{engine.state.iteration}: {engine.state.output.loss:.3f}")


@trainer.on(Events.EPOCH_COMPLETED)
def log_epoch(engine: Engine[Batch, Output]) -> None:
    print("epoch", engine.state.epoch, "of", engine.state.max_epochs)


state = trainer.run(batches, max_epochs=2)
assert_type(state, State[Batch, Output])
assert_type(state.iteration, int)
assert_type(state.epoch_length, int | None)
assert state.iteration == 6
