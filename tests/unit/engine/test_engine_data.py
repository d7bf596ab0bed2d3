"""Going on with data that tells where it stands."""

import io
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

# Any: what a type checker refuses has to get past it, to be refused when it runs
from typing import Any, Final

import pytest
import torch
from torch.utils.data import BatchSampler, Dataset, IterableDataset, RandomSampler
from torch.utils.data import DataLoader as TorchDataLoader
from typing_extensions import override

from firesteel.data import DataLoader, SampleOrder
from firesteel.engine import Engine
from firesteel.errors import ArgumentError, StateDictError
from firesteel.events import Events, FilteredEvent

LENGTH: Final = 10
BATCH_SIZE: Final = 2
NUM_BATCHES: Final = 5

Batches = list[list[int]]


class Numbers(Dataset[int]):
    """The numbers from 0 on."""

    @override
    def __getitem__(self, index: int) -> int:
        return index

    def __len__(self) -> int:
        return LENGTH


class Stream(IterableDataset[int]):
    """The same, one after the other."""

    @override
    def __iter__(self) -> Iterator[int]:
        return iter(range(LENGTH))


@dataclass
class Counted:
    """Data with a state of its own, as other packages have it: it counts what it gave."""

    num_given: int = 0
    num_loads: int = 0
    start: int = 0

    def __len__(self) -> int:
        return NUM_BATCHES

    def __iter__(self) -> Iterator[list[int]]:
        start, self.start = self.start, 0
        self.num_given = start
        for number in range(start, NUM_BATCHES):
            self.num_given += 1
            yield [number]

    def state_dict(self) -> dict[str, int]:
        return {"num_given": self.start or self.num_given}

    def load_state_dict(self, state_dict: dict[str, int], /) -> None:
        self.start = self.num_given = state_dict["num_given"]
        self.num_loads += 1


@dataclass
class Work:
    """A process function that writes down what it was given, and may fail."""

    done: Batches = field(default_factory=list[list[int]])
    fail_at: int = 0

    def __call__(self, engine: Engine[list[int], None], batch: list[int]) -> None:
        if engine.state.iteration == self.fail_at:
            self.fail_at = 0
            raise ConnectionError
        self.done.append(batch)


def untyped(value: object) -> Any:
    return value


def as_list(samples: list[int]) -> list[int]:
    return samples


def loader(
    *,
    batch_size: int = BATCH_SIZE,
    rank: int = 0,
    world_size: int = 1,
    drop_last: bool = False,
    num_workers: int = 0,
    persistent_workers: bool = False,
) -> DataLoader[list[int]]:
    return DataLoader(
        Numbers(),
        collate_fn=as_list,
        batch_size=batch_size,
        shuffle=True,
        seed=3,
        rank=rank,
        world_size=world_size,
        drop_last=drop_last,
        num_workers=num_workers,
        persistent_workers=persistent_workers,
    )


def order_of(number: int) -> list[int]:
    return [int(index) for index in SampleOrder(LENGTH, seed=3, shuffle=True).of_pass(number)]


def flat(batches: Batches) -> list[int]:
    return [sample for batch in batches for sample in batch]


def through_a_file(saved: Mapping[str, object]) -> dict[str, object]:
    file = io.BytesIO()
    torch.save(dict(saved), file)
    file.seek(0)
    loaded: dict[str, object] = torch.load(file, weights_only=True)
    return loaded


def loaded(saved: Mapping[str, object]) -> tuple[Engine[list[int], None], Batches]:
    work = Work()
    engine = Engine(work)
    engine.load_state_dict(through_a_file(saved))
    return engine, work.done


def run_until(
    iteration: int,
    data: DataLoader[list[int]],
    *,
    max_epochs: int = 3,
    epoch_length: int | None = None,
) -> tuple[dict[str, object], Batches]:
    """Run until an iteration is done, and give what is saved then, and what was done."""
    work = Work()
    engine = Engine(work)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=iteration), engine.terminate)
    engine.run(data, max_epochs=max_epochs, epoch_length=epoch_length)
    return engine.state_dict(), work.done


def whole(epoch_length: int | None = None) -> Batches:
    work = Work()
    Engine(work).run(loader(), max_epochs=3, epoch_length=epoch_length)
    return work.done


# a loader of ours


def test_each_epoch_is_a_pass_of_its_own() -> None:
    assert flat(whole()) == [*order_of(0), *order_of(1), *order_of(2)]


@pytest.mark.parametrize("epoch_length", [None, 3, 7])
def test_a_loaded_run_does_what_is_left_in_the_same_order(epoch_length: int | None) -> None:
    expected = whole(epoch_length)
    for iteration in range(1, len(expected)):
        saved, before = run_until(iteration, loader(), epoch_length=epoch_length)
        engine, after = loaded(saved)
        engine.run(loader())
        assert before + after == expected
        assert engine.state.iteration == len(expected)
        assert engine.state.epoch == 3


@pytest.mark.slow
@pytest.mark.parametrize("persistent_workers", [False, True])
@pytest.mark.parametrize("epoch_length", [None, 3, 7])
def test_a_loaded_run_goes_on_with_workers_too(
    *, epoch_length: int | None, persistent_workers: bool
) -> None:
    def with_workers() -> DataLoader[list[int]]:
        return loader(num_workers=2, persistent_workers=persistent_workers)

    saved, before = run_until(8, with_workers(), epoch_length=epoch_length)
    engine, after = loaded(saved)
    engine.run(with_workers())
    assert before + after == whole(epoch_length)


@pytest.mark.parametrize(
    "event",
    [
        Events.ITERATION_STARTED,
        Events.ITERATION_COMPLETED,
        Events.GET_BATCH_STARTED,
        Events.GET_BATCH_COMPLETED,
        Events.EPOCH_STARTED,
        Events.EPOCH_COMPLETED,
    ],
)
@pytest.mark.parametrize("epoch_length", [None, 3, 7])
def test_what_is_saved_at_any_event_is_gone_on_with(
    event: Events, epoch_length: int | None
) -> None:
    all_saved: list[tuple[dict[str, object], int]] = []
    work = Work()
    trainer = Engine(work)

    @trainer.on(event)
    def save(engine: Engine[list[int], None]) -> None:
        all_saved.append((through_a_file(engine.state_dict()), len(work.done)))

    trainer.run(loader(), max_epochs=3, epoch_length=epoch_length)
    assert all_saved
    for saved, num_done in all_saved:
        engine, after = loaded(saved)
        engine.run(loader())
        assert after == work.done[num_done:]


def test_what_is_saved_again_before_anything_is_done_is_the_same() -> None:
    saved, _ = run_until(8, loader())
    engine, _ = loaded(saved)
    assert engine.state_dict() == saved
    untold = [engine.state_dict()]
    engine.add_event_handler(Events.STARTED, lambda: untold.append(engine.state_dict()))
    engine.run(loader())
    assert untold[1]["data"] == saved["data"]


def test_a_run_that_was_complete_is_extended_in_the_order_of_the_next_pass() -> None:
    saved, _ = run_until(10, loader(), max_epochs=2)
    engine, after = loaded(saved)
    engine.run(loader(), max_epochs=3)
    assert flat(after) == order_of(2)


def test_a_loaded_engine_that_starts_over_leaves_the_data_alone() -> None:
    engine = Engine(Work())
    engine.run(loader())
    work = Work()
    other = Engine(work)
    other.load_state_dict(through_a_file({**engine.state_dict(), "max_epochs": None}))
    other.run(loader())
    assert flat(work.done) == order_of(0)


# within one process


def test_an_iteration_that_failed_is_done_again_with_the_same_batch() -> None:
    work = Work(fail_at=8)
    engine, data = Engine(work), loader()
    with pytest.raises(ConnectionError):
        engine.run(data, max_epochs=3)
    engine.run(data, max_epochs=3)
    assert work.done == whole()


def test_it_is_done_again_with_a_loader_that_was_made_anew() -> None:
    work = Work(fail_at=8)
    engine = Engine(work)
    with pytest.raises(ConnectionError):
        engine.run(loader(), max_epochs=3)
    engine.run(loader(), max_epochs=3)
    assert work.done == whole()


def test_new_data_between_two_epochs_begins_by_itself() -> None:
    work = Work()
    engine = Engine(work)
    engine.run(loader(), max_epochs=1)
    engine.run(
        DataLoader(Stream(), collate_fn=as_list, batch_size=BATCH_SIZE),
        max_epochs=2,
    )
    assert flat(work.done)[LENGTH:] == list(range(LENGTH))
    engine.run(loader(), max_epochs=3)
    assert flat(work.done)[2 * LENGTH :] == order_of(0)


def test_whoever_else_reads_from_the_loader_does_not_change_the_order() -> None:
    work = Work()
    trainer, evaluator, data = Engine(work), Engine(Work()), loader()
    trainer.add_event_handler(Events.EPOCH_COMPLETED, lambda: evaluator.run(data))
    trainer.add_event_handler(Events.ITERATION_COMPLETED(every=4), lambda: evaluator.run(data))
    trainer.run(data, max_epochs=3)
    assert work.done == whole()


def test_after_an_epoch_that_was_ended_the_next_pass_begins_also_where_it_was_saved() -> None:
    work = Work()
    trainer = Engine(work)
    all_saved: list[dict[str, object]] = []
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), trainer.terminate_epoch)
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED(once=1), lambda: all_saved.append(trainer.state_dict())
    )
    trainer.run(loader(), max_epochs=2)
    assert flat(work.done) == [*order_of(0)[:4], *order_of(1)]
    engine, after = loaded(all_saved[0])
    engine.run(loader())
    assert flat(after) == order_of(1)


def test_a_run_that_starts_over_begins_a_pass_also_where_it_was_saved_at_once() -> None:
    data, trainer = loader(), Engine(Work())
    next(iter(data))
    all_saved: list[dict[str, object]] = []
    trainer.add_event_handler(Events.STARTED, lambda: all_saved.append(trainer.state_dict()))
    trainer.run(data, max_epochs=1)
    engine, after = loaded(all_saved[0])
    engine.run(loader())
    assert flat(after) == order_of(1)


def test_data_that_is_set_begins_a_pass() -> None:
    work = Work()
    trainer, data = Engine(work), loader()
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), lambda: trainer.set_data(data))
    trainer.run(data, max_epochs=1)
    assert flat(work.done) == [*order_of(0)[:4], *order_of(1)[:6]]


@pytest.mark.parametrize(
    "event", [Events.STARTED, Events.EPOCH_STARTED, Events.GET_BATCH_STARTED(every=3)]
)
@pytest.mark.parametrize("iteration", [2, 5, 7])
def test_whoever_reads_from_the_loader_before_its_pass_begins_changes_nothing_either(
    event: Events | FilteredEvent, iteration: int
) -> None:
    evaluated: Batches = []

    def evaluate(engine: Engine[list[int], None]) -> None:
        work = Work()
        Engine(work).run(engine.state.dataloader)
        evaluated.append(sorted(flat(work.done)))

    saved, done = run_until(iteration, loader())
    engine, after = loaded(saved)
    engine.add_event_handler(event, evaluate)
    engine.run(loader())
    assert done + after == whole()
    assert evaluated == [sorted(range(LENGTH))] * len(evaluated)  # each sample once


def test_whoever_reads_from_the_loader_after_an_epoch_was_ended_changes_nothing_either() -> None:
    work = Work()
    trainer = Engine(work)
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), trainer.terminate_epoch)
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED, lambda engine: Engine(Work()).run(engine.state.dataloader)
    )
    trainer.run(loader(), max_epochs=2)
    assert flat(work.done) == [*order_of(0)[:4], *order_of(1)]


def test_an_epoch_that_is_ended_before_its_pass_is_gone_on_with_ends_the_pass() -> None:
    saved, _ = run_until(2, loader())
    engine, after = loaded(saved)
    engine.add_event_handler(Events.EPOCH_STARTED(once=1), engine.terminate_epoch)
    engine.run(loader(), max_epochs=2)
    assert flat(after) == order_of(1)


def test_whoever_has_read_from_the_loader_does_not_change_the_pass_after_that() -> None:
    work = Work()
    trainer, data = Engine(work), loader()
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), lambda: Engine(Work()).run(data))
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=2), trainer.terminate_epoch)
    trainer.run(data, max_epochs=2)
    assert flat(work.done) == [*order_of(0)[:4], *order_of(1)]


def test_a_loaded_run_with_nothing_to_do_leaves_the_loader_alone() -> None:
    trainer = Engine(Work())
    trainer.run(loader(), max_iters=2)
    engine, _ = loaded(trainer.state_dict())
    data = loader()
    engine.run(data)
    work = Work()
    Engine(work).run(data)
    assert flat(work.done) == order_of(0)


class Fewer(Numbers):
    """Fewer numbers."""

    @override
    def __len__(self) -> int:
        return LENGTH - 4


@pytest.mark.parametrize("iteration", [6, 7, 9, 12])
def test_an_epoch_that_is_no_longer_a_pass_stays_as_long_as_it_was(iteration: int) -> None:
    def other() -> DataLoader[list[int]]:
        return DataLoader(Fewer(), collate_fn=as_list, batch_size=2, shuffle=True)

    work = Work()
    trainer = Engine(work)
    trainer.add_event_handler(
        Events.EPOCH_COMPLETED(once=1), lambda engine: engine.set_data(other())
    )
    all_saved: list[dict[str, object]] = []
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED(once=iteration), lambda: all_saved.append(trainer.state_dict())
    )
    trainer.run(loader(), max_epochs=3)
    engine, after = loaded(all_saved[0])
    state = engine.run(other())
    assert after == work.done[iteration:]
    assert (state.epoch, state.iteration, state.epoch_length) == (3, 15, 5)


@pytest.mark.parametrize("event", [Events.ITERATION_STARTED, Events.GET_BATCH_COMPLETED])
@pytest.mark.parametrize("is_ours", [False, True])
def test_data_that_is_set_within_an_iteration_begins_with_its_first_batch(
    event: Events, *, is_ours: bool
) -> None:
    def other() -> Any:
        return loader(batch_size=1) if is_ours else [[100], [101], [102]]

    work = Work()
    trainer = Engine(work)
    all_saved: list[dict[str, object]] = []
    trainer.add_event_handler(event(once=2), lambda engine: engine.set_data(other()))
    trainer.add_event_handler(
        Events.ITERATION_COMPLETED(once=2), lambda: all_saved.append(trainer.state_dict())
    )
    trainer.run(loader(), max_epochs=1)
    engine, after = loaded(all_saved[0])
    engine.run(other())
    assert after == work.done[2:]


# other ranks, other batches


def test_with_other_ranks_the_epoch_goes_on_with_the_samples_that_are_left() -> None:
    saved, before = run_until(3, loader(), max_epochs=2)
    by_rank: list[Batches] = []
    for rank in range(2):
        engine, after = loaded(saved)
        lengths: list[tuple[int | None, int]] = []

        @engine.on(Events.EPOCH_COMPLETED)
        def note(
            engine: Engine[list[int], None], lengths: list[tuple[int | None, int]] = lengths
        ) -> None:
            lengths.append((engine.state.epoch_length, engine.state.iteration))

        engine.run(loader(batch_size=1, rank=rank, world_size=2))
        by_rank.append(after)
        # 3 batches were done, and 4 samples are left for 2 ranks with a batch of 1
        assert lengths == [(3 + 2, 5), (5, 10)]
    left = [sample for pair in zip(*map(flat, by_rank), strict=True) for sample in pair]
    assert flat(before) + left == [*order_of(0), *order_of(1)]


@pytest.mark.parametrize("batch_size", [1, 3, 4])
def test_it_can_be_saved_again_in_an_epoch_of_another_length(batch_size: int) -> None:
    saved, first = run_until(6, loader(), max_epochs=3)
    engine, second = loaded(saved)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=7), engine.terminate)
    engine.run(loader(batch_size=batch_size))
    other, third = loaded(engine.state_dict())
    other.run(loader(batch_size=batch_size))
    assert flat(first + second + third) == [*order_of(0), *order_of(1), *order_of(2)]
    assert (other.state.epoch, other.state.epoch_length) == (3, -(-LENGTH // batch_size))


def test_an_epoch_with_more_iterations_than_batches_can_be_saved_again() -> None:
    saved, first = run_until(7, loader(batch_size=1), max_epochs=3)
    engine, second = loaded(saved)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=8), engine.terminate)
    engine.run(loader())
    other, third = loaded(engine.state_dict())
    other.run(loader())
    assert flat(first + second + third) == [*order_of(0), *order_of(1), *order_of(2)]
    assert other.state.iteration == 7 + 2 + 5 + 5


def test_within_one_process_the_batches_may_change_too() -> None:
    work = Work()
    engine = Engine(work)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=3), engine.terminate)
    engine.run(loader(), max_epochs=2)
    engine.run(loader(batch_size=1), max_epochs=2)
    assert flat(work.done) == [*order_of(0), *order_of(1)]


def test_where_nothing_is_left_for_the_new_batches_the_epoch_is_done() -> None:
    saved, _ = run_until(4, loader(), max_epochs=2)
    engine, after = loaded(saved)
    engine.run(loader(batch_size=4, drop_last=True))
    assert flat(after) == order_of(1)[:8]
    assert (engine.state.epoch, engine.state.iteration) == (2, 6)
    last, _ = run_until(4, loader(), max_epochs=1)
    finished, nothing = loaded(last)
    finished.run(loader(batch_size=4, drop_last=True))
    assert nothing == []
    assert finished.state.epoch == 1


def test_an_epoch_length_that_was_given_stays() -> None:
    saved, before = run_until(3, loader(), max_epochs=2, epoch_length=NUM_BATCHES)
    engine, after = loaded(saved)
    engine.run(loader(batch_size=1))
    assert engine.state.iteration == 2 * NUM_BATCHES
    assert flat(before + after) == [*order_of(0), *order_of(1)][: 6 + 2 + NUM_BATCHES]


def test_an_epoch_length_that_is_given_now_has_to_be_the_old_one() -> None:
    saved, _ = run_until(3, loader(), max_epochs=2)
    engine, _ = loaded(saved)
    with pytest.raises(ArgumentError, match="epoch_length must be 5 until the epoch is complete"):
        engine.run(loader(batch_size=1), epoch_length=10)
    engine.run(loader(batch_size=1), epoch_length=5)
    assert engine.state.iteration == 10


def test_an_epoch_length_that_is_set_in_between_stays() -> None:
    saved, _ = run_until(3, loader(), max_epochs=3)
    engine, _ = loaded(saved)

    @engine.on(Events.ITERATION_COMPLETED(once=4))
    def lengthen() -> None:
        engine.state.epoch_length = 6

    engine.run(loader(batch_size=1))
    assert engine.state.iteration == 3 * 6


# other data with a state


def test_other_data_with_a_state_is_handed_its_own() -> None:
    work = Work()
    engine = Engine(work)
    engine.add_event_handler(Events.ITERATION_COMPLETED(once=3), engine.terminate)
    engine.run(Counted(), max_epochs=2)
    other, after = loaded(engine.state_dict())
    data = Counted()
    other.run(data)
    assert data.num_loads == 1
    assert flat(after) == [3, 4, 0, 1, 2, 3, 4]


def test_a_state_at_the_end_of_a_pass_is_no_lack_of_data() -> None:
    engine = Engine(Work())
    engine.run(Counted(), max_epochs=2)
    assert untyped(engine.state_dict()["data"])["state"] == {"num_given": NUM_BATCHES}
    other, after = loaded(engine.state_dict())
    other.run(Counted(), max_epochs=3)
    assert flat(after) == [0, 1, 2, 3, 4]


def test_within_an_iteration_other_data_cannot_go_back_and_is_passed_over() -> None:
    work = Work(fail_at=3)
    engine = Engine(work)
    with pytest.raises(ConnectionError):
        engine.run(Counted(), max_epochs=1)
    assert engine.state_dict()["data"] is None
    other, after = loaded(engine.state_dict())
    other.run(Counted())
    assert flat(after) == [2, 3, 4]


def test_data_of_another_kind_is_passed_over() -> None:
    saved, _ = run_until(3, loader(), max_epochs=1)
    engine, after = loaded(saved)
    engine.run([[0], [1], [2], [3], [4]])
    assert flat(after) == [3, 4]


def test_data_that_refuses_a_state_says_so() -> None:
    saved, _ = run_until(3, loader(), max_epochs=1)
    engine, _ = loaded(saved)
    other = DataLoader(Numbers(), collate_fn=as_list, batch_size=BATCH_SIZE)
    with pytest.raises(StateDictError, match="'shuffle' must be False, as of this loader"):
        engine.run(other)
    engine.run(loader())
    assert engine.state.iteration == NUM_BATCHES


def test_an_iterable_data_set_is_gone_on_with() -> None:
    data = DataLoader(Stream(), collate_fn=as_list, batch_size=BATCH_SIZE)
    for iteration in range(1, 15):
        saved, before = run_until(iteration, data, max_epochs=3)
        engine, after = loaded(saved)
        engine.run(DataLoader(Stream(), collate_fn=as_list, batch_size=BATCH_SIZE))
        assert flat(before + after) == list(range(LENGTH)) * 3


# data without a state


def without_data(saved: Mapping[str, object]) -> dict[str, object]:
    return {name: entry for name, entry in saved.items() if name != "data"}


@pytest.mark.parametrize(
    ("make", "is_random"),
    [
        (lambda: TorchDataLoader(Numbers(), BATCH_SIZE, shuffle=True), True),
        (
            lambda: TorchDataLoader(
                Numbers(),
                batch_sampler=BatchSampler(
                    RandomSampler(range(LENGTH)), BATCH_SIZE, drop_last=False
                ),
            ),
            True,
        ),
        (lambda: TorchDataLoader(Numbers(), BATCH_SIZE), False),
        (loader, True),
        (lambda: DataLoader(Numbers(), collate_fn=as_list, batch_size=BATCH_SIZE), False),
        (lambda: [[number] for number in range(NUM_BATCHES)], False),
    ],
)
def test_passing_over_data_in_another_order_is_warned_of_once(
    make: Callable[[], Any], caplog: pytest.LogCaptureFixture, *, is_random: bool
) -> None:
    saved, _ = run_until(3, loader(), max_epochs=3)
    engine, after = loaded(without_data(saved))
    with caplog.at_level(logging.WARNING):
        engine.run(make())
    assert len(after) == 12
    assert len(caplog.records) == is_random
    if is_random:
        assert "Passing over 3 batches of data whose order is another one" in caplog.text


def test_data_without_a_state_saves_none() -> None:
    engine = Engine(Work())
    engine.run([[1], [2]], max_epochs=1)
    assert engine.state_dict()["data"] is None


@pytest.mark.parametrize(
    "entry",
    [
        3,
        {"kind": "list", "state": {}},
        {"kind": 3, "state": {}, "gives_epoch_length": True},
        {"kind": "list", "state": None, "gives_epoch_length": True},
        {"kind": "list", "state": {}, "gives_epoch_length": 1},
        {"kind": "list", "state": {}, "gives_epoch_length": True, "more": 1},
    ],
)
def test_wrong_entries_are_refused(entry: object) -> None:
    engine = Engine(Work())
    with pytest.raises(StateDictError, match="'data' must be None or what Engine"):
        engine.load_state_dict({"iteration": 3, "epoch_length": 2, "max_epochs": 3, "data": entry})
