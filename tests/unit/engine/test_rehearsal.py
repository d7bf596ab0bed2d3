"""Rehearsal: short runs in which every handler is called, and an engine that stands as before."""

from collections.abc import Iterable, Iterator
from typing import Final

import pytest
import torch
from torch import Tensor
from torch.utils.data import TensorDataset

from firesteel.data import DataLoader
from firesteel.engine import Engine
from firesteel.errors import ArgumentError, EngineStateError
from firesteel.events import EventEnum, Events, FilteredEvent, PayloadEvent


class OwnEvents(EventEnum):
    CHECKED = "checked"


PAID: PayloadEvent[int] = PayloadEvent("paid")


def give(engine: Engine[int, int], batch: int) -> int:
    return batch


class Unsized:
    """Data that does not tell its length."""

    def __iter__(self) -> Iterator[int]:
        return iter(range(7))


@pytest.mark.parametrize("data", [range(100), Unsized(), list(range(3))])
@pytest.mark.parametrize("num_batches", [1, 2])
def test_a_run_is_short_whatever_its_limits(data: Iterable[int], num_batches: int) -> None:
    trainer = Engine(give)
    seen: list[int] = []
    trainer.add_event_handler(Events.ITERATION_COMPLETED, lambda e: seen.append(e.state.output))
    with trainer.rehearsal(num_batches=num_batches):
        trainer.run(data, max_epochs=50)
        trainer.run(data, max_iters=70)
        trainer.run(data, epoch_length=60)
    assert seen == list(range(num_batches)) * 3


def test_shorter_data_is_not_gone_through_twice() -> None:
    trainer = Engine(give)
    with trainer.rehearsal(num_batches=10):
        assert trainer.run([1, 2]).iteration == 2


def never(engine: Engine[int, int], count: int) -> bool:
    return False


RARE: Final[list[FilteredEvent[Engine[int, int]]]] = [
    Events.EPOCH_COMPLETED(every=100),
    Events.ITERATION_STARTED(once=500),
    Events.COMPLETED(after=3),
    Events.ITERATION_COMPLETED(never),
]


@pytest.mark.parametrize("event", RARE, ids=["every", "once", "after", "a function"])
def test_handlers_are_called_whatever_their_filters(
    event: FilteredEvent[Engine[int, int]],
) -> None:
    trainer = Engine(give)
    calls: list[bool] = []
    trainer.add_event_handler(event, lambda: calls.append(trainer.is_rehearsing))
    with trainer.rehearsal():
        trainer.run(range(5))
    assert calls == [True]
    trainer.run(range(5))
    assert calls == [True]
    assert not trainer.is_rehearsing


def test_handlers_stay_in_their_order() -> None:
    trainer = Engine(give)
    calls: list[str] = []
    trainer.add_event_handler(Events.STARTED(every=2), lambda: calls.append("rare"))
    trainer.add_event_handler(Events.STARTED, lambda: calls.append("always"))
    trainer.add_event_handler(Events.STARTED(every=3), lambda: calls.append("rarer"))
    with trainer.rehearsal():
        trainer.run([1])
    assert calls == ["rare", "always", "rarer"]


def test_what_is_added_or_registered_meanwhile_is_rehearsed_as_well() -> None:
    trainer = Engine(give)
    calls: list[object] = []
    with trainer.rehearsal():
        trainer.register_events(OwnEvents.CHECKED, PAID)
        trainer.add_event_handler(OwnEvents.CHECKED(every=9), lambda: calls.append("own"))
        trainer.add_event_handler(PAID(every=9), lambda _engine, paid: calls.append(paid))
        trainer.fire_event(OwnEvents.CHECKED)
        trainer.fire_event(PAID, 3)
    trainer.fire_event(OwnEvents.CHECKED)
    trainer.fire_event(PAID, 4)
    assert calls == ["own", 3]


def test_an_engine_inside_has_its_own_rehearsal() -> None:
    trainer, evaluator = Engine(give), Engine(give)
    lengths: list[int] = []
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED(every=5), lambda: lengths.append(evaluator.run(range(9)).iteration)
    )
    with trainer.rehearsal(), evaluator.rehearsal(num_batches=2):
        trainer.run(range(100), max_epochs=5)
    assert lengths == [2]


def test_the_engine_stands_where_it_stood() -> None:
    trainer = Engine(give)
    trainer.run(range(4), max_epochs=2)
    before = trainer.state_dict()
    with trainer.rehearsal():
        trainer.run(range(4))
    assert trainer.state_dict() == before
    assert trainer.run(range(4), max_epochs=3).iteration == 12


def test_a_first_run_after_it_is_the_first_one() -> None:
    trainer = Engine(give)
    with trainer.rehearsal():
        trainer.run(range(4), max_epochs=3)
    state = trainer.run(range(4), max_epochs=2)
    assert (state.iteration, state.epoch) == (8, 2)


@pytest.mark.parametrize("is_outside_first", [False, True])
@pytest.mark.parametrize("num_peeked", [0, 1])
def test_its_loader_stands_where_it_stood(*, is_outside_first: bool, num_peeked: int) -> None:
    def seen_by(
        trainer: Engine[list[Tensor], list[int]], loader: DataLoader[list[Tensor]]
    ) -> object:
        seen: list[list[int]] = []
        with trainer.add_event_handler(
            Events.ITERATION_COMPLETED, lambda engine: seen.append(engine.state.output)
        ):
            trainer.run(loader, max_epochs=2)
        return seen

    def take(engine: Engine[list[Tensor], list[int]], batch: list[Tensor]) -> list[int]:
        return [int(number) for number in batch[0]]

    dataset = TensorDataset(torch.arange(6))

    def peeked() -> DataLoader[list[Tensor]]:
        loader = DataLoader(dataset, batch_size=2, shuffle=True)
        for _ in zip(range(num_peeked), loader, strict=False):
            pass
        return loader

    expected = seen_by(Engine(take), peeked())
    trainer, evaluator, loader = Engine(take), Engine(take), peeked()
    handle = trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run(loader))
    engines = [trainer, evaluator] if is_outside_first else [evaluator, trainer]
    with handle, engines[0].rehearsal(), engines[1].rehearsal():
        trainer.run(loader, max_epochs=5)
        trainer.run(loader, max_epochs=5)
    assert seen_by(trainer, loader) == expected


def test_an_error_ends_it_and_leaves_the_engine_as_it_was() -> None:
    trainer = Engine(give)

    def fail() -> None:
        raise LookupError

    failing = trainer.add_event_handler(Events.ITERATION_COMPLETED(every=1000), fail)
    with pytest.raises(LookupError), trainer.rehearsal():
        trainer.run(range(4))
    failing.remove()
    assert trainer.run(range(4)).iteration == 4


def test_what_makes_no_sense_is_refused() -> None:
    trainer = Engine(give)
    with (
        pytest.raises(ArgumentError, match=r"Engine\.rehearsal: num_batches must be at least 1"),
        trainer.rehearsal(num_batches=0),
    ):
        pass
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=1), trainer.interrupt)
    trainer.run(range(4))
    with pytest.raises(EngineStateError, match="got one that is interrupted"), trainer.rehearsal():
        pass
    other = Engine(give)

    def rehearse() -> None:
        with other.rehearsal():
            pass

    other.add_event_handler(Events.STARTED, rehearse)
    with pytest.raises(EngineStateError, match=r"Engine\.rehearsal"):
        other.run([1])


def test_a_run_that_was_complete_starts_over_as_without_the_rehearsal() -> None:
    seen: list[int] = []

    def step(engine: Engine[int, None], batch: int) -> None:
        seen.append(batch)

    engine = Engine(step)
    engine.run([1, 2], max_epochs=2)
    with engine.rehearsal():
        engine.run([1, 2])
    seen.clear()
    engine.run([1, 2], max_epochs=2)
    assert seen == [1, 2, 1, 2]
