"""Samples that are random in the same way whenever they are made."""

from collections.abc import Iterator
from typing import Generic, final

from torch.utils.data import Dataset, Sampler
from typing_extensions import TypeVar, override

from ._order import BatchOrder, mixed
from ._seeds import keep_random_state, seed_host

__all__ = ["SeededOrder", "SeededSamples"]

SampleT_co = TypeVar("SampleT_co", covariant=True)


@final
class SeededOrder(Sampler[list[tuple[int, int]]]):
    """Batches of indices, each with a seed that follows from the index and the pass.

    The seed comes with the index, since the worker that makes the sample does not know the pass.

    Args:
        batches: Whose batches these are.
    """

    def __init__(self, batches: BatchOrder) -> None:
        super().__init__()
        self._batches = batches

    @override
    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        # bound now, as those of the order itself
        batches = self._batches
        return _seeded(iter(batches), batches.order.seed, batches.pass_number)

    def __len__(self) -> int:
        return len(self._batches)


@final
class SeededSamples(Dataset[SampleT_co], Generic[SampleT_co]):
    """A data set whose samples are made with random states of their own.

    Args:
        dataset: Where the samples come from.

    Attributes:
        dataset: Where the samples come from.
    """

    def __init__(self, dataset: Dataset[SampleT_co]) -> None:
        self.dataset = dataset

    @override
    def __getitem__(self, index: tuple[int, int]) -> SampleT_co:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: list[tuple[int, int]]) -> list[SampleT_co]:
        """Give the samples of a batch: that loaders ask for these saves time for the states."""
        samples: list[SampleT_co] = []
        with keep_random_state():
            for index, seed in indices:
                seed_host(seed)
                samples.append(self.dataset[index])
        return samples


def _seeded(
    batches: Iterator[list[int]], seed: int, pass_number: int
) -> Iterator[list[tuple[int, int]]]:
    for batch in batches:
        yield [(index, mixed(seed, pass_number, index)) for index in batch]
