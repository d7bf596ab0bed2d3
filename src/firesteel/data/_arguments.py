"""Checks of what a loader is made from."""

from typing import Final

from torch.utils.data import Dataset

from firesteel._require import at_least, mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError

__all__ = ["check_workers", "length_of", "refuse_order"]

_WHERE: Final = "DataLoader"


def length_of(dataset: Dataset[object]) -> int:
    """Give the number of samples.

    Raises:
        ArgumentTypeError: The data set does not tell.
    """
    try:
        return len(dataset)  # type: ignore[arg-type]  # asked, not known
    except TypeError:
        raise ArgumentTypeError(
            mismatch(_WHERE, "dataset", "one with a length, or an IterableDataset", dataset)
        ) from None


def check_workers(
    num_workers: int, prefetch_factor: int | None, *, persistent_workers: bool
) -> None:
    """Refuse numbers of workers that are out of range, and what needs workers without them.

    Raises:
        ArgumentError: They do.
        ArgumentTypeError: A number is no whole number.
    """
    num_workers = at_least(_WHERE, "num_workers", num_workers, 0)
    if prefetch_factor is not None:
        at_least(_WHERE, "prefetch_factor", prefetch_factor, 1)
    if not num_workers and (persistent_workers or prefetch_factor is not None):
        raise ArgumentError(
            f"{_WHERE}: num_workers must be at least 1 for persistent_workers and "
            "prefetch_factor, got 0"
        )


def refuse_order(*, is_asked_for: bool) -> None:
    """Refuse to order samples that come in an order of their own.

    Raises:
        ArgumentError: That was asked for.
    """
    if is_asked_for:
        raise ArgumentError(
            f"{_WHERE}: shuffle, seeding and world_size must be left out where dataset is "
            "an IterableDataset: it has an order of its own and gives each rank its share"
        )
