"""The batch size of a loader, epoch by epoch."""

from collections.abc import Mapping

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.utils.data import BatchSampler, IterableDataset, TensorDataset
from torch.utils.data import DataLoader as TorchDataLoader
from typing_extensions import override

from firesteel.data import BatchOrder, DataLoader, SampleOrder
from firesteel.engine import Engine, StateKey
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import Events
from firesteel.handlers import BatchSizeScheduler

SAMPLES = TensorDataset(torch.arange(12))


class Endless(IterableDataset[Tensor]):
    @override
    def __iter__(self) -> Any:
        return iter(())


def untyped(value: object) -> Any:
    return value


def doubling(index: int) -> int:
    return 1 << index


def make_trainer() -> tuple[Engine[Any, int], list[list[int]]]:
    """Make an engine that writes the samples of each batch down."""
    seen: list[list[int]] = []

    def step(engine: Engine[Any, int], batch: Any) -> int:
        samples: list[int] = batch[0].tolist()
        seen.append(samples)
        return engine.state.epoch

    return Engine(step), seen


def ours() -> TorchDataLoader[Any]:
    return DataLoader(SAMPLES, batch_size=5, shuffle=True, seed=1)


def of_torch() -> TorchDataLoader[Any]:
    return TorchDataLoader(SAMPLES, batch_size=5)


def of_torch_with_our_order() -> TorchDataLoader[Any]:
    order = BatchOrder(SampleOrder(12, shuffle=True), batch_size=5)
    return TorchDataLoader(SAMPLES, batch_sampler=order)


def of_torch_with_workers() -> TorchDataLoader[Any]:
    sampler = BatchSampler(range(12), 5, drop_last=False)
    return TorchDataLoader(SAMPLES, batch_sampler=sampler, num_workers=1, persistent_workers=True)


@pytest.mark.parametrize("make", [ours, of_torch, of_torch_with_our_order, of_torch_with_workers])
def test_each_epoch_has_its_batch_size_and_all_samples(make: Any) -> None:
    loader: TorchDataLoader[Any] = make()
    trainer, seen = make_trainer()
    lengths: list[int | None] = []
    BatchSizeScheduler(loader, scheduler_fn=doubling).attach(trainer, Events.EPOCH_STARTED)
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED, lambda engine: lengths.append(engine.state.epoch_length)
    )
    trainer.run(loader, max_epochs=4)
    assert [len(batch) for batch in seen] == [1] * 12 + [2] * 6 + [4] * 3 + [8, 4]
    assert lengths == [12, 6, 3, 2]
    for epoch in (seen[:12], seen[12:18], seen[18:21], seen[21:]):
        assert sorted(sample for batch in epoch for sample in batch) == list(range(12))


def test_it_attaches_to_the_beginning_of_epochs() -> None:
    loader = ours()
    trainer, seen = make_trainer()
    trainer.attach(BatchSizeScheduler(loader, scheduler_fn=lambda index: 6))
    trainer.run(loader)
    assert [len(batch) for batch in seen] == [6, 6]


def test_an_epoch_that_is_no_pass_over_the_loader_is_refused() -> None:
    loader = ours()
    trainer, _ = make_trainer()
    trainer.attach(BatchSizeScheduler(loader, scheduler_fn=doubling))
    with pytest.raises(ArgumentError, match="an epoch must be as long as its loader, 3 batches"):
        trainer.run(loader, max_epochs=2, epoch_length=2)


def test_data_that_does_not_tell_its_length_is_followed() -> None:
    loader = ours()
    trainer, seen = make_trainer()
    trainer.attach(BatchSizeScheduler(loader, scheduler_fn=lambda index: 6))
    trainer.run(batch for batch in loader)
    assert [len(batch) for batch in seen] == [6, 6]


def test_a_rehearsal_leaves_the_batch_size() -> None:
    loader = ours()
    trainer, seen = make_trainer()
    trainer.attach(BatchSizeScheduler(loader, scheduler_fn=doubling))
    with trainer.rehearsal():
        trainer.run(loader)
    assert [len(batch) for batch in seen] == [5]


def test_a_filter_makes_sizes_last_for_several_epochs() -> None:
    loader = ours()
    trainer, seen = make_trainer()
    scheduler = BatchSizeScheduler(loader, scheduler_fn=lambda index: (3, 6)[index])
    scheduler.attach(trainer, Events.EPOCH_STARTED(once=[1, 3]))
    trainer.run(loader, max_epochs=3)
    assert [len(batch) for batch in seen] == [3] * 8 + [6] * 2


@settings(max_examples=30)
@given(saved_after=st.integers(1, 22), is_ours=st.booleans())
def test_a_run_that_is_loaded_goes_on_with_the_samples_that_are_left(
    saved_after: int, *, is_ours: bool
) -> None:
    saved: list[Mapping[str, object]] = []
    loader = ours() if is_ours else of_torch()
    trainer, seen = make_trainer()
    scheduler = BatchSizeScheduler(loader, scheduler_fn=doubling)
    trainer.attach(scheduler)

    @trainer.on(Events.ITERATION_COMPLETED(once=saved_after))
    def save() -> None:
        saved.extend([trainer.state_dict(), scheduler.state_dict()])

    trainer.run(loader, max_epochs=4)
    other_loader = ours() if is_ours else of_torch()
    other, seen_there = make_trainer()
    loaded = BatchSizeScheduler(other_loader, scheduler_fn=doubling)
    other.attach(loaded)
    other.load_state_dict(saved[0])
    loaded.load_state_dict(saved[1])
    other.run(other_loader, max_epochs=4)
    assert seen[:saved_after] + seen_there == seen


def test_what_the_loader_saves_between_two_sizes_is_the_next_pass() -> None:
    loader = DataLoader(SAMPLES, batch_size=6)
    trainer, _ = make_trainer()
    trainer.attach(BatchSizeScheduler(loader, scheduler_fn=lambda index: (6, 1)[index]))
    saved: list[Mapping[str, object]] = []

    @trainer.on(Events.EPOCH_STARTED(once=2))
    def save() -> None:
        saved.append(loader.state_dict())

    trainer.run(loader, max_epochs=2)
    assert (saved[0]["pass_number"], saved[0]["samples_taken"]) == (1, 0)


def test_the_history_and_the_simulation_are_batch_sizes() -> None:
    loader = of_torch()
    trainer, _ = make_trainer()
    scheduler = BatchSizeScheduler(loader, scheduler_fn=doubling, save_history=True)
    trainer.attach(scheduler)
    trainer.run(loader, max_epochs=3)
    assert scheduler.history == scheduler.simulate_values(3) == [1, 2, 4]


def test_simulating_changes_no_batch_size() -> None:
    loader = of_torch()
    BatchSizeScheduler(loader, scheduler_fn=doubling).simulate_values(3)
    assert len(loader) == 3


@pytest.mark.parametrize(
    "event", [Events.ITERATION_STARTED, Events.EPOCH_STARTED | Events.EPOCH_COMPLETED]
)
def test_an_event_within_an_epoch_is_refused(event: Any) -> None:
    trainer, _ = make_trainer()
    with pytest.raises(ArgumentError, match=r"must be Events.EPOCH_STARTED, since the batches of"):
        BatchSizeScheduler(ours(), scheduler_fn=doubling).attach(trainer, event)


def test_a_counter_is_refused() -> None:
    trainer, _ = make_trainer()
    scheduler = BatchSizeScheduler(ours(), scheduler_fn=doubling)
    with pytest.raises(ArgumentError, match="counter must be None, since the batches of a pass"):
        scheduler.attach(trainer, Events.EPOCH_STARTED, counter=StateKey[int]("steps"))


@pytest.mark.parametrize(
    ("size", "error", "message"),
    [
        (0, ArgumentError, "what scheduler_fn gives for 0 must be at least 1, got 0"),
        (2.0, ArgumentTypeError, "what scheduler_fn gives for 0 must be a whole number, got 2.0"),
    ],
)
def test_a_size_that_is_none_is_refused(size: float, error: type[Exception], message: str) -> None:
    loader = ours()
    trainer, _ = make_trainer()
    trainer.attach(BatchSizeScheduler(loader, scheduler_fn=lambda index: untyped(size)))
    with pytest.raises(error, match=message):
        trainer.run(loader)


def test_a_size_of_which_there_is_no_batch_is_refused() -> None:
    loader = DataLoader(SAMPLES, batch_size=5, drop_last=True)
    trainer, _ = make_trainer()
    trainer.attach(BatchSizeScheduler(loader, scheduler_fn=lambda index: 13))
    with pytest.raises(ArgumentError, match="must be one for which the loader has a batch, got 13"):
        trainer.run(loader)


@pytest.mark.parametrize(
    "loader",
    [
        DataLoader(Endless(), batch_size=2),
        TorchDataLoader(Endless(), batch_size=2),
        TorchDataLoader(SAMPLES, batch_size=None),
        TorchDataLoader(SAMPLES, batch_sampler=[[0, 1], [2]]),
    ],
)
def test_a_loader_without_a_batch_size_is_refused(loader: TorchDataLoader[Any]) -> None:
    with pytest.raises(ArgumentError, match="BatchSizeScheduler: dataloader must be a DataLoader"):
        BatchSizeScheduler(loader, scheduler_fn=doubling)


def test_what_is_no_loader_is_refused() -> None:
    with pytest.raises(ArgumentTypeError, match="dataloader must be a DataLoader"):
        BatchSizeScheduler(untyped([1, 2]), scheduler_fn=doubling)
