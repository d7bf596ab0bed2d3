"""Data that is not a list: generators, iterators, ranges, sets, mappings, objects of one's own."""

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Generic, TypeVar, assert_type

from firesteel import Engine, State

T = TypeVar("T")


def step(engine: Engine[int, float], batch: int) -> float:
    return batch / 2


def numbers(count: int) -> Iterator[int]:
    yield from range(count)


class Shuffled(Generic[T]):
    """A small loader of one's own: fresh batches at each pass."""

    def __init__(self, samples: Sequence[T]) -> None:
        self._samples = samples

    def __iter__(self) -> Iterator[T]:
        return iter(random.sample(self._samples, len(self._samples)))

    def __len__(self) -> int:
        return len(self._samples)


class OldStyle:
    def __iter__(self) -> "OldStyle":
        self._left = 3
        return self

    def __next__(self) -> int:
        self._left -= 1
        if self._left < 0:
            raise StopIteration
        return self._left


engine = Engine(step)
assert_type(engine.run(numbers(3)), State[int, float])
engine.run(range(3), max_epochs=2)
engine.reset()
engine.run(Shuffled([1, 2, 3]), max_epochs=2)
engine.reset()
engine.run((1, 2, 3))
engine.run({1, 2})
engine.run({1: "one", 2: "two"})
engine.run(OldStyle())
engine.run(number for number in range(4) if number % 2)
engine.run([True, False])  # a bool is an int
engine.run(map(len, ["a", "bb"]))
engine.run(numbers(100), 1, 10)
anything: Iterable[int] = numbers(2)
assert_type(engine.run(anything).dataloader, Iterable[int])


def pair(engine: Engine[tuple[int, str], int], batch: tuple[int, str]) -> int:
    number, word = batch
    return number * len(word)


pairs = Engine(pair)
pairs.run(zip([1, 2], ["a", "b"], strict=True))
pairs.run(enumerate(["a", "b"]))
pairs.run({1: "a"}.items())


class Batch:
    pass


class AugmentedBatch(Batch):
    pass


def take(engine: Engine[Batch, int], batch: Batch) -> int:
    return 1


# data is only read, so a list of a subclass will do
augmented: list[AugmentedBatch] = [AugmentedBatch()]
assert_type(Engine(take).run(augmented).batch, Batch)
