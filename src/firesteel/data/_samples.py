"""Batches that are random in the same way whenever they are made."""

from collections.abc import Callable, Iterator
from typing import Final, Literal, Protocol, TypeAlias, final, get_args

from torch.utils import data
from torch.utils.data import Dataset, Sampler
from typing_extensions import TypeVar, override

from ._order import BatchOrder, mixed
from ._seeds import keep_random_state, seed_host

__all__ = ["SEEDINGS", "SeededBatches", "SeededOrder", "Seeding", "as_it_is"]

ValueT = TypeVar("ValueT")

Seeding: TypeAlias = Literal["sample", "batch"]
"""For what random states are set: for each sample and then its batch, or once for a batch."""

SEEDINGS: Final[tuple[Seeding, ...]] = get_args(Seeding)

Seeded: TypeAlias = tuple[list[int], list[int], int]
"""The indices of a batch, a seed for each if samples have seeds, and one for the batch."""


@final
class SeededOrder(Sampler[list[Seeded]]):
    """Batches of indices, with seeds that follow from the indices and the pass.

    The seeds come with the indices, since the worker that makes the batch does not know the pass.

    Args:
        batches: Whose batches these are.
        seeding: What has seeds.
    """

    def __init__(self, batches: BatchOrder, seeding: Seeding) -> None:
        super().__init__()
        self._batches = batches
        self._seeding: Seeding = seeding

    @override
    def __iter__(self) -> Iterator[list[Seeded]]:
        # bound now, as those of the order itself
        batches = self._batches
        return _seeded(iter(batches), batches.order.seed, batches.pass_number, self._seeding)

    def __len__(self) -> int:
        return len(self._batches)


class Collating(Protocol):
    """The part of ``torch.utils.data`` that is used here, with types."""

    def default_collate(self, batch: list[object], /) -> object: ...


@final
class SeededBatches(Dataset[object]):
    """A data set of whole batches, made with random states of their own.

    Args:
        dataset: Where the samples come from.
        collate_fn: Makes a batch of a list of them; ``None`` stacks them as torch does.

    Attributes:
        dataset: Where the samples come from.
    """

    def __init__(self, dataset: Dataset[object], collate_fn: Callable[..., object] | None) -> None:
        self.dataset = dataset
        self._collate = _stacking(data) if collate_fn is None else collate_fn

    @override
    def __getitem__(self, index: Seeded) -> object:
        return self.__getitems__([index])

    def __getitems__(self, seeded: list[Seeded]) -> object:
        """Give a batch. It is what loaders call, with all that the sampler gave."""
        [(indices, of_samples, of_batch)] = seeded
        with keep_random_state():
            seed_host(of_batch)
            if not of_samples:
                return self._collate([self.dataset[index] for index in indices])
            samples: list[object] = []
            for index, seed in zip(indices, of_samples, strict=True):
                seed_host(seed)
                samples.append(self.dataset[index])
            seed_host(of_batch)
            return self._collate(samples)


def _stacking(collating: Collating) -> Callable[[list[object]], object]:
    return collating.default_collate


def as_it_is(batch: ValueT) -> ValueT:
    """Give a batch that is one already."""
    return batch


def _seeded(
    batches: Iterator[list[int]], seed: int, pass_number: int, seeding: Seeding
) -> Iterator[list[Seeded]]:
    for batch in batches:
        of_samples: list[int] = []
        if seeding == "sample":
            of_samples = [mixed(seed, pass_number, index) for index in batch]
        # one number more than a sample has, so that none has the same seed
        yield [(batch, of_samples, mixed(seed, pass_number, batch[0], len(batch)))]
