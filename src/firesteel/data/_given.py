"""Batches, counted as they are given."""

from collections.abc import Iterator
from typing import final

from typing_extensions import TypeVar, override

__all__ = ["Given"]

BatchT_co = TypeVar("BatchT_co", covariant=True)


@final
class Given(Iterator[BatchT_co]):
    """The batches of an iteration, counted as they are given.

    Args:
        batches: The batches.

    Attributes:
        num_given: Batches that were given.
        is_over: Whether there are no more.
    """

    __slots__ = ("_batches", "is_over", "num_given")

    def __init__(self, batches: Iterator[BatchT_co]) -> None:
        self._batches = batches
        self.num_given = 0
        self.is_over = False

    @override
    def __next__(self) -> BatchT_co:
        try:
            batch = next(self._batches)
        except StopIteration:
            self.is_over = True
            raise
        self.num_given += 1
        return batch
