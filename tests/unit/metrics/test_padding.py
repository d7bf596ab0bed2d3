"""What a distributed sampler repeats to fill up the ranks does not count."""

from collections.abc import Sequence
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, distributed
from torch.utils.data import DataLoader, DistributedSampler, SequentialSampler, TensorDataset
from typing_extensions import override

from firesteel.data import DataLoader as OwnLoader
from firesteel.engine import Engine
from firesteel.metrics import Metric, field
from firesteel.metrics._padding import Padding
from firesteel.testing import RankPool

pytestmark = pytest.mark.distributed

Batch = Sequence[Tensor]


class Numbers(Metric[Tensor, list[float]]):
    """Keeps what it is given."""

    seen = field(reduce="cat")

    @override
    def update(self, value: Tensor, /) -> None:
        self.seen.append(value.clone())

    @override
    def compute(self) -> list[float]:
        return sorted(float(number) for tensor in self.seen for number in tensor)


def give(engine: Engine[Batch, Tensor], batch: Batch) -> Tensor:
    return batch[0]


def data(num: int, batch_size: int, *, shuffle: bool, drop_last: bool) -> DataLoader[Batch]:
    dataset = TensorDataset(torch.arange(float(num)))
    sampler: DistributedSampler[tuple[Tensor, ...]] = DistributedSampler(
        dataset, shuffle=shuffle, seed=5, drop_last=drop_last
    )
    return DataLoader(dataset, batch_size, sampler=sampler)


def evaluated(num: int, batch_size: int, shuffle: bool, drop_last: bool) -> list[float]:
    evaluator = Engine(give)
    key = Numbers().attach(evaluator, "numbers")
    state = evaluator.run(data(num, batch_size, shuffle=shuffle, drop_last=drop_last), max_epochs=2)
    return state.metrics[key]


def our_own(num: int, batch_size: int, shuffle: bool, num_stopped: int) -> list[float]:
    """Evaluate with a loader of ours, which is left in the middle by another one before."""
    dataset = TensorDataset(torch.arange(float(num)))
    rank, world_size = distributed.get_rank(), distributed.get_world_size()
    loader = OwnLoader(
        dataset, batch_size=batch_size, shuffle=shuffle, rank=rank, world_size=world_size
    )
    if num_stopped:
        earlier = OwnLoader(dataset, batch_size=num_stopped, shuffle=shuffle)
        next(iter(earlier))
        loader.load_state_dict(earlier.state_dict())
    evaluator = Engine(give)
    key = Numbers().attach(evaluator, "numbers")
    return evaluator.run(loader, epoch_length=loader.num_left).metrics[key]


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(
    ("num", "batch_size"), [(7, 2), (7, 4), (4, 1), (5, 3), (1, 2), (6, 2), (2, 5)]
)
@pytest.mark.parametrize("num_stopped", [0, 1])
def test_each_sample_counts_once_of_our_own_loader(
    three_ranks: RankPool, num: int, batch_size: int, num_stopped: int, *, shuffle: bool
) -> None:
    if num_stopped == num:
        return
    results = three_ranks.run(our_own, num, batch_size, shuffle, num_stopped)
    assert results == results[:1] * 3
    if not (num_stopped and shuffle):
        assert results[0] == [float(number) for number in range(num_stopped, num)]
    assert len(set(results[0])) == len(results[0]) == num - num_stopped


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize(
    ("num", "batch_size"), [(7, 2), (7, 4), (4, 1), (5, 3), (1, 2), (6, 2), (2, 5)]
)
def test_each_sample_counts_once(
    three_ranks: RankPool, num: int, batch_size: int, *, shuffle: bool
) -> None:
    expected = [float(number) for number in range(num)]
    assert three_ranks.run(evaluated, num, batch_size, shuffle, False) == [expected] * 3


def test_what_is_dropped_stays_dropped(two_ranks: RankPool) -> None:
    expected = [0.0, 1.0, 2.0, 3.0]
    assert two_ranks.run(evaluated, 5, 2, False, True) == [expected] * 2


def repeated_all_the_same() -> list[float]:
    """Where an epoch is no pass over the loader, nobody can know which samples are repeated."""
    evaluator = Engine(give)
    key = Numbers().attach(evaluator, "numbers")
    loader = data(3, 1, shuffle=False, drop_last=False)
    return evaluator.run(loader, epoch_length=3).metrics[key]


def test_an_epoch_of_another_length_is_left_alone(two_ranks: RankPool) -> None:
    expected = [0.0, 0.0, 0.0, 1.0, 1.0, 2.0]
    assert two_ranks.run(repeated_all_the_same) == [expected, expected]


class Pair(NamedTuple):
    first: Tensor
    second: list[int]


@pytest.mark.parametrize("num_in_batch", [1, -1])
def test_tensors_lists_and_tuples_are_cut(num_in_batch: int) -> None:
    evaluator = Engine(give)
    assert not Padding(lambda _engine: None).begins(evaluator)
    padding = Padding(lambda _engine: num_in_batch)
    assert padding.begins(evaluator)
    tensor = torch.tensor([1.0, 2.0])
    cut = padding.without((tensor, [3, 4], torch.tensor(5.0), "text", Pair(tensor, [6, 7])))
    assert repr(cut) == repr((tensor[:1], [3], torch.tensor(5.0), "text", Pair(tensor[:1], [6])))


def test_other_samplers_have_no_padding() -> None:
    evaluator = Engine(give)
    assert Padding.of(evaluator) is None
    evaluator.run([[torch.ones(1)]])
    assert Padding.of(evaluator) is None
    dataset = TensorDataset(torch.ones(3))
    evaluator.run(OwnLoader(dataset, batch_size=2))
    assert Padding.of(evaluator) is None
    evaluator.run(OwnLoader(dataset, batch_size=1, world_size=2, drop_last=True))
    assert Padding.of(evaluator) is None
    evaluator.run(DataLoader(dataset, 2, sampler=SequentialSampler(dataset)))
    assert Padding.of(evaluator) is None
