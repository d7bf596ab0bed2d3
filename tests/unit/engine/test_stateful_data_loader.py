"""Going on with torchdata's loader, which keeps its own state."""

import io
from collections.abc import Mapping

# Any: torchdata's loader iterates as Any
from typing import Any

import pytest
import torch
from torch import Tensor

from firesteel.engine import Engine
from firesteel.events import Events

stateful_dataloader = pytest.importorskip("torchdata.stateful_dataloader")

LENGTH = 10


def step(engine: Engine[Tensor, None], batch: Tensor) -> None:
    pass


def loader(*, num_workers: int) -> Any:
    torch.manual_seed(4)
    return stateful_dataloader.StatefulDataLoader(
        range(LENGTH), batch_size=2, shuffle=True, num_workers=num_workers
    )


def through_a_file(saved: Mapping[str, object]) -> dict[str, object]:
    file = io.BytesIO()
    torch.save(dict(saved), file)
    file.seek(0)
    loaded: dict[str, object] = torch.load(file, weights_only=True)
    return loaded


def recorded(engine: Engine[Tensor, None]) -> list[list[int]]:
    batches: list[list[int]] = []

    @engine.on(Events.ITERATION_COMPLETED)
    def note(engine: Engine[Tensor, None]) -> None:
        batches.append([int(sample) for sample in engine.state.batch])

    return batches


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:'set_vital' is deprecated")  # torchdata calls it
@pytest.mark.parametrize("epoch_length", [None, 3, 7])
@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_loaded_run_does_what_is_left_in_the_same_order(
    num_workers: int, epoch_length: int | None
) -> None:
    trainer = Engine(step)
    batches = recorded(trainer)
    all_saved: list[dict[str, object]] = []

    @trainer.on(Events.ITERATION_COMPLETED(every=4))
    @trainer.on(Events.EPOCH_COMPLETED)
    def save(engine: Engine[Tensor, None]) -> None:
        all_saved.append(through_a_file(engine.state_dict()))

    trainer.run(loader(num_workers=num_workers), max_epochs=3, epoch_length=epoch_length)
    for saved in all_saved:
        other = Engine(step)
        after = recorded(other)
        other.load_state_dict(saved)
        data = loader(num_workers=num_workers)
        torch.manual_seed(5)
        other.run(data)
        assert after == batches[len(batches) - len(after) :]
        assert other.state.iteration == len(batches)
