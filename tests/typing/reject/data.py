"""Data of another kind than the process function takes."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from firesteel import Engine


class Batch(NamedTuple):
    x: Tensor
    y: Tensor


class Other(NamedTuple):
    x: Tensor


def step(engine: Engine[Batch, float], batch: Batch) -> float:
    return batch.x.mean().item()


def count(engine: Engine[int, int], batch: int) -> int:
    return batch


def union(engine: Engine[int | str, int], batch: int | str) -> int:
    return len(str(batch))


def pair(engine: Engine[tuple[int, str], int], batch: tuple[int, str]) -> int:
    return batch[0]


def words() -> Iterator[str]:
    yield "word"


x = torch.rand(2)
batch = Batch(x, x)
others = [Other(x)]
tensors = [x, x]
mixed: list[Batch | None] = [batch, None]
floats: Iterable[float] = [1.0]
texts: list[str] = ["a"]
three: list[int | str | None] = [1, "a", None]
make_data: Callable[[], list[Batch]] = lambda: [batch]

engine = Engine(step)
engine.run(others)  # E
engine.run(tensors)  # E: tensors, not batches
engine.run([x])  # E
engine.run([(x, x)])  # E: a plain tuple is not a Batch
engine.run(mixed)  # E: some are None
engine.run([batch, None])  # E
engine.run({"train": [batch]})  # E: iterates over the names
engine.run([[batch]])  # E: one list too deep
engine.run(5)  # E
engine.run(batch=[batch])  # E: misspelt
engine.run(make_data)  # E: not called
engine.run(None)  # E: an engine with data
engine.run()  # E
engine.run("data.csv")  # E
engine.run(words())  # E
engine.run([batch], "5")  # E
engine.run([batch], max_epochs=2.5)  # E
engine.run([batch], epoch_length="all")  # E
engine.run([batch], epochs=3)  # E

counter = Engine(count)
counter.run(floats)  # E
counter.run(texts)  # E
counter.run([1.5])  # E
counter.run(number / 2 for number in range(3))  # E
counter.run(words())  # E
counter.run([1, "2"])  # E
counter.run(map(str, [1, 2]))  # E
counter.set_data(texts)  # E
counter.set_data(None)  # E
counter.set_data()  # E

both = Engine(union)
both.run(three)  # E
both.run([b"bytes"])  # E

pairs = Engine(pair)
pairs.run(zip(["a"], [1]))  # E: the other way round
pairs.run(enumerate([1]))  # E
pairs.run({"a": 1}.items())  # E
pairs.run([(1, "a", "b")])  # E
pairs.run([1, "a"])  # E

engine.run([batch], max_epochs=1)
counter.run([1, 2])
both.run([1, "a"])
both.run([1])
