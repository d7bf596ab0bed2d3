"""Batches are pairs, the output is a tuple that is unpacked where it is read."""

from typing import TypeAlias, assert_type

import torch
from torch import Tensor

from firesteel import Accuracy, Average, Engine, Events

Pair: TypeAlias = tuple[Tensor, Tensor]

weight = torch.zeros(3, 2)


def step(
    engine: Engine[Pair, tuple[float, Tensor, Tensor]], batch: Pair
) -> tuple[float, Tensor, Tensor]:
    inputs, targets = batch
    scores = inputs @ weight
    loss = torch.nn.functional.cross_entropy(scores, targets)
    return loss.item(), scores, targets


trainer = Engine(step)
accuracy = trainer.attach(Accuracy(lambda out: (out[1], out[2])), "accuracy")
mean_loss = trainer.attach(Average(lambda out: out[0]), "loss")


@trainer.on(Events.ITERATION_COMPLETED)
def unpack(engine: Engine[Pair, tuple[float, Tensor, Tensor]]) -> None:
    loss, scores, targets = engine.state.output
    assert_type(loss, float)
    assert_type(scores, Tensor)
    inputs, _ = engine.state.batch
    assert_type(inputs, Tensor)
    assert len(inputs) == len(targets)


state = trainer.run([(torch.rand(4, 3), torch.tensor([0, 1, 1, 0]))], max_epochs=1)
assert_type(state.metrics[accuracy], float)
assert_type(state.metrics[mean_loss], float)
