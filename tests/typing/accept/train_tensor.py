"""The batch is one tensor, and so is the output; statistics of a data set."""

from typing import assert_type

import torch
from torch import Tensor

from firesteel import Engine, Events, StateKey

TOTAL = StateKey[Tensor]("total")
COUNT = StateKey[int]("count")


def channel_sums(engine: Engine[Tensor, Tensor], images: Tensor) -> Tensor:
    return images.sum(dim=(0, 2, 3))


def main() -> None:
    statistics = Engine(channel_sums)

    @statistics.on(Events.STARTED)
    def begin(engine: Engine[Tensor, Tensor]) -> None:
        engine.state[TOTAL] = torch.zeros(3)
        engine.state[COUNT] = 0

    @statistics.on(Events.ITERATION_COMPLETED)
    def add(engine: Engine[Tensor, Tensor]) -> None:
        state = engine.state
        state[TOTAL] += state.output
        state[COUNT] += state.batch.shape[0] * state.batch.shape[2] * state.batch.shape[3]

    # a stacked tensor is an iterable of tensors too
    state = statistics.run(torch.rand(5, 2, 3, 4, 4).unbind())
    mean = state[TOTAL] / state[COUNT]
    assert_type(mean, Tensor)
    assert_type(state.output, Tensor)
    assert mean.shape == (3,)


if __name__ == "__main__":
    main()
