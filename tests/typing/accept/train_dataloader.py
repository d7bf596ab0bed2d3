"""torch's own DataLoader: it iterates as Any, so what it yields is taken on trust."""

from typing import assert_type

import torch
from torch import Tensor
from torch.utils.data import DataLoader, TensorDataset

from firesteel import Engine, Events, State


def step(engine: Engine[list[Tensor], float], batch: list[Tensor]) -> float:
    inputs, targets = batch
    return float((inputs - targets).abs().mean())


def main() -> None:
    dataset = TensorDataset(torch.rand(10), torch.rand(10))
    loader = DataLoader(dataset, batch_size=4, shuffle=True)
    trainer = Engine(step)

    @trainer.on(Events.EPOCH_COMPLETED)
    def check(engine: Engine[list[Tensor], float]) -> None:
        assert engine.state.epoch_length == len(loader)

    state = trainer.run(loader, max_epochs=2)
    assert_type(state, State[list[Tensor], float])
    assert state.iteration == 6


if __name__ == "__main__":
    main()
