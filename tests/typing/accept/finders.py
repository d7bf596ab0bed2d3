"""Finders keep the engine's types."""

from typing import NamedTuple, assert_type

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam

from firesteel import Engine, Events
from firesteel.handlers import (
    FoundBatchSize,
    LRFinder,
    LRFinderResults,
    find_batch_size,
    is_out_of_memory,
)
from firesteel.recipes import TensorPair, create_supervised_trainer


class Output(NamedTuple):
    loss: Tensor
    name: str


def train(engine: Engine[int, Output], batch: int) -> Output:
    return Output(torch.tensor(1.0), "train")


model = nn.Linear(1, 1)
optimizer = SGD(model.parameters(), lr=1e-3)
trainer = Engine(train)

finder = LRFinder(optimizer, num_iter=5, start_lr=1, end_lr=[10], step_mode="linear")
with finder.attach(
    trainer, output_transform=lambda output: output.loss, restore=[model]
) as finding:
    assert_type(finding, Engine[int, Output])
    finding.run([1, 2])
assert_type(finder.get_results(), LRFinderResults)
assert_type(finder.get_results().losses, tuple[float, ...])

# an output that is a loss needs no transform
supervised = create_supervised_trainer(model, optimizer, nn.MSELoss())
data = [(torch.ones(2, 1), torch.ones(2, 1))]
for_supervised = LRFinder(Adam(model.parameters()), num_iter=5)
with for_supervised.attach(supervised, restore=[model, optimizer]) as also_finding:
    assert_type(also_finding, Engine[TensorPair, Tensor])
    also_finding.run(data)

floats: Engine[int, float] = Engine(lambda engine, batch: 1.0)


def clip() -> None: ...


floats.add_event_handler(Events.ITERATION_COMPLETED, clip)
with LRFinder(optimizer, num_iter=5).attach(floats, restore=[], handlers=[clip]) as of_floats:
    assert_type(of_floats, Engine[int, float])


def make_loader(size: int) -> list[tuple[Tensor, Tensor]]:
    return [(torch.ones(size, 1), torch.ones(size, 1))]


found = find_batch_size(supervised, make_loader, restore=[model, optimizer], max_size=4)
assert_type(found, FoundBatchSize)
assert_type(found.batch_size, int)
find_batch_size(
    trainer,
    lambda size: [size] * 3,
    restore=[],
    max_size=4,
    is_too_large=lambda error: is_out_of_memory(error) or isinstance(error, MemoryError),
)
