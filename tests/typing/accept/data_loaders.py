"""Loaders keep the type of their batches, and moving keeps the type of a batch."""

from dataclasses import dataclass
from typing import NamedTuple, TypedDict, assert_type

import torch
from torch import Tensor
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import Dataset, TensorDataset
from typing_extensions import override

from firesteel import Engine, State
from firesteel.data import (
    BatchOrder,
    DataLoader,
    RandomStates,
    SampleOrder,
    apply_to_tensor,
    apply_to_type,
    convert_tensor,
    keep_random_state,
    to_device,
)
from firesteel.protocols import Stateful


class Batch(NamedTuple):
    x: Tensor
    y: Tensor


class Entry(TypedDict):
    x: Tensor
    name: str


@dataclass(frozen=True)
class Record:
    x: Tensor


class Rows(Dataset[Tensor]):
    @override
    def __getitem__(self, index: int) -> Tensor:
        return torch.tensor(index)

    def __len__(self) -> int:
        return 4


def collate(samples: list[tuple[Tensor, ...]]) -> Batch:
    x, y = zip(*samples)
    return Batch(torch.stack(x), torch.stack(y))


def step(engine: Engine[Batch, float], batch: Batch) -> float:
    return float(batch.x.sum())


def on_list(engine: Engine[list[Tensor], int], batch: list[Tensor]) -> int:
    return len(batch)


def on_tensor(engine: Engine[Tensor, int], batch: Tensor) -> int:
    return len(batch)


@keep_random_state
def noise(size: int, *, scale: float = 1.0) -> Tensor:
    return torch.rand(size) * scale


def takes_torch(loader: TorchDataLoader[object]) -> int:
    return len(loader)


def main() -> None:
    pairs = TensorDataset(torch.rand(4), torch.rand(4))
    loader = DataLoader(pairs, collate_fn=collate, batch_size=2, shuffle=True, num_workers=0)
    assert_type(loader, DataLoader[Batch])
    for batch in loader:
        assert_type(batch, Batch)
    assert_type(Engine(step).run(loader), State[Batch, float])
    assert takes_torch(loader) == 2
    stateful: Stateful = loader
    stateful.load_state_dict(stateful.state_dict())

    lists = DataLoader(pairs, batch_size=2)
    assert_type(lists, DataLoader[list[Tensor]])
    Engine(on_list).run(lists)
    tensors = DataLoader(Rows(), seed=1, drop_last=True)
    assert_type(tensors, DataLoader[Tensor])
    Engine(on_tensor).run(tensors)
    TorchDataLoader(pairs, batch_sampler=BatchOrder(SampleOrder(4), batch_size=2))

    both = Batch(torch.rand(2), torch.rand(2))
    assert_type(to_device(both, "cpu"), Batch)
    assert_type(to_device(both.x, torch.device("cpu"), non_blocking=True), Tensor)
    entry: Entry = {"x": both.x, "name": "a"}
    assert_type(to_device(entry, "cpu"), Entry)
    assert_type(convert_tensor(Record(both.x), "cpu", True), Record)
    assert_type(apply_to_tensor([both], torch.neg), list[Batch])
    names: tuple[str, int] = ("a", 1)
    upper: tuple[str, int] = apply_to_type(names, str, str.upper)
    assert upper == ("A", 1)

    assert_type(noise(2, scale=0.5), Tensor)
    with keep_random_state():
        noise(1)
    states: Stateful = RandomStates()
    states.load_state_dict(states.state_dict())


if __name__ == "__main__":
    main()
