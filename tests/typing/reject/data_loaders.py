"""Loaders over what they do not fit, and batches that are mapped to something else."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset

from firesteel import Engine
from firesteel.data import DataLoader, apply_to_tensor, apply_to_type, keep_random_state, to_device


class Batch(NamedTuple):
    x: Tensor


class Names(Dataset[str]):
    def __getitem__(self, index: int) -> str:
        return "name"

    def __len__(self) -> int:
        return 1


def collate(samples: list[tuple[Tensor, ...]]) -> Batch:
    return Batch(samples[0][0])


def of_one(sample: tuple[Tensor, ...]) -> Batch:
    return Batch(sample[0])


def step(engine: Engine[Batch, float], batch: Batch) -> float:
    return 0.0


@keep_random_state
def noise(size: int) -> Tensor:
    return torch.rand(size)


pairs = TensorDataset(torch.rand(4))
engine = Engine(step)

engine.run(DataLoader(pairs, collate_fn=collate))
engine.run(DataLoader(pairs))  # E: lists of tensors
engine.set_data(DataLoader(pairs))  # E
DataLoader(Names(), collate_fn=collate)  # E: other samples
DataLoader(pairs, collate_fn=of_one)  # E: of one sample
DataLoader(Names())  # E: what a batch of strings is has to be said
DataLoader(pairs, suffle=True)  # E: misspelt
DataLoader(pairs, batch_size="2")  # E
DataLoader(pairs, 2)  # E: by keyword
DataLoader([1, 2], collate_fn=collate)  # E: no data set

to_device(Batch(torch.rand(2)), "cpu").y  # E: a Batch as before
to_device(Batch(torch.rand(2)))  # E: no device
to_device(Batch(torch.rand(2)), "cpu", True)  # E: by keyword
apply_to_tensor([1], str)  # E: gives no tensor
apply_to_type(["a"], str, len)  # E: gives no string
noise("2")  # E
noise(2) + "a"  # E
