"""The order in which samples are used: a function of numbers, to be gone on with anywhere."""

from collections.abc import Iterator
from hashlib import blake2b
from typing import final

import torch
from torch import Tensor
from torch.utils.data import Sampler
from typing_extensions import override

from firesteel._require import at_least, mismatch, whole_number
from firesteel.errors import ArgumentError

__all__ = ["BatchOrder", "SampleOrder", "mixed"]


def mixed(*numbers: int) -> int:
    """Make one seed of several numbers, such that neighbours have nothing in common."""
    text = ",".join(str(number) for number in numbers)
    # one bit less than there are: torch's generators take signed numbers
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little") >> 1


@final
class SampleOrder:
    """The order of all samples in each pass over a data set, the same wherever it is asked for.

    It depends on the arguments and on the number of the pass, and on nothing else: not on the
    global random state, the number of ranks or workers, or what was asked before. A pass in order
    of the indices is the same each time. Within one version of torch a seed gives the same order
    on every machine.

    Args:
        num_samples: Samples of the data set, ``>= 0``.
        seed: Any whole number; other numbers give other orders.
        shuffle: Whether each pass has a random order of its own.

    Attributes:
        num_samples: Samples of the data set.
        seed: The seed.
        shuffle: Whether each pass has a random order.

    Raises:
        ArgumentError: ``num_samples`` is below 0.
        ArgumentTypeError: ``num_samples`` or ``seed`` is no whole number.

    Example:
        >>> order = SampleOrder(4, seed=1, shuffle=True)
        >>> order.of_pass(0).equal(SampleOrder(4, seed=1, shuffle=True).of_pass(0))
        True
        >>> sorted(order.of_pass(7).tolist())
        [0, 1, 2, 3]
    """

    __slots__ = ("num_samples", "seed", "shuffle")

    def __init__(self, num_samples: int, *, seed: int = 0, shuffle: bool = False) -> None:
        self.num_samples: int = at_least("SampleOrder", "num_samples", num_samples, 0)
        self.seed: int = whole_number("SampleOrder", "seed", seed)
        self.shuffle: bool = shuffle

    def of_pass(self, number: int) -> Tensor:
        """Give the indices of all samples in the order of one pass.

        Args:
            number: The number of the pass, ``>= 0``.

        Returns:
            Each index once. Int64, shape ``(num_samples,)``, on the CPU.

        Raises:
            ArgumentError: ``number`` is below 0.
        """
        number = at_least("SampleOrder.of_pass", "number", number, 0)
        if not self.shuffle:
            return torch.arange(self.num_samples)
        generator = torch.Generator()
        generator.manual_seed(mixed(self.seed, number))
        return torch.randperm(self.num_samples, generator=generator)


@final
class BatchOrder(Sampler[list[int]]):
    """The batches of one rank: a batch sampler for any loader of torch.

    In one step all ranks together take the next ``world_size * batch_size`` samples of the order,
    rank ``r`` every ``world_size``-th of them from the ``r``-th on. Where a step has got is thus
    one number, samples taken, that means the same for each number of ranks and each batch size.

    In the last step fewer samples may be left. Without ``drop_last`` they are shared out too, and
    where they do not share out evenly the ranks that would have one less get one from the beginning
    of the order again: all ranks have batches of the same sizes. With ``drop_last`` they are left
    out.

    Iterating gives the batches from the position that was set with :meth:`set_position` before
    ``iter`` was called; it does not move the position.

    Args:
        order: The order of all samples.
        batch_size: Samples of one rank in one step, ``>= 1``.
        rank: Whose batches these are, ``0 <= rank < world_size``.
        world_size: How many ranks share the samples, ``>= 1``.
        drop_last: Whether samples that do not fill a step are left out.

    Attributes:
        order: The order of all samples.
        batch_size: Samples of one rank in one step.
        rank: Whose batches these are.
        world_size: How many ranks share the samples.
        drop_last: Whether samples that do not fill a step are left out.
        pass_number: The pass whose batches iterating gives.
        samples_taken: How many samples of its order all ranks together leave out.

    Raises:
        ArgumentError: A number is out of its range.
        ArgumentTypeError: A number is no whole number.

    Example:
        >>> for rank in range(2):
        ...     print(list(BatchOrder(SampleOrder(7), batch_size=2, rank=rank, world_size=2)))
        [[0, 2], [4, 6]]
        [[1, 3], [5, 0]]
    """

    def __init__(
        self,
        order: SampleOrder,
        *,
        batch_size: int,
        rank: int = 0,
        world_size: int = 1,
        drop_last: bool = False,
    ) -> None:
        super().__init__()
        self.order: SampleOrder = order
        self.batch_size: int = at_least("BatchOrder", "batch_size", batch_size, 1)
        self.world_size: int = at_least("BatchOrder", "world_size", world_size, 1)
        self.rank: int = at_least("BatchOrder", "rank", rank, 0)
        if self.rank >= self.world_size:
            raise ArgumentError(
                mismatch("BatchOrder", "rank", f"below world_size={self.world_size}", self.rank)
            )
        self.drop_last: bool = drop_last
        self.pass_number: int = 0
        self.samples_taken: int = 0

    @property
    def step_size(self) -> int:
        """Samples that all ranks together take in one step."""
        return self.batch_size * self.world_size

    def set_position(self, *, pass_number: int, samples_taken: int = 0) -> None:
        """Say where the next iteration begins.

        Args:
            pass_number: Whose order is used, ``>= 0``.
            samples_taken: Samples that all ranks together have taken already, ``>= 0``; none are
                left where it is ``num_samples`` or more.

        Raises:
            ArgumentError: A number is below 0.
            ArgumentTypeError: A number is no whole number.
        """
        where = "BatchOrder.set_position"
        self.pass_number = at_least(where, "pass_number", pass_number, 0)
        self.samples_taken = at_least(where, "samples_taken", samples_taken, 0)

    @override
    def __iter__(self) -> Iterator[list[int]]:
        # bound now and not at the first batch: what iterates may fetch ahead, or begin late
        return self._batches(self.order, self.pass_number, self.samples_taken)

    def __len__(self) -> int:
        """Batches of a whole pass."""
        return self.num_batches()

    def num_batches(self, *, samples_taken: int = 0) -> int:
        """Give how many batches a rank has, the same on each.

        Args:
            samples_taken: Samples that all ranks together have taken already, ``>= 0``.
        """
        num_left = max(0, self.order.num_samples - samples_taken)
        return num_left // self.step_size if self.drop_last else -(-num_left // self.step_size)

    def num_repeats(self, batch: int, *, samples_taken: int = 0) -> int:
        """Give how many samples of a batch of this rank are there for the second time in a pass.

        They are the last of the batch. All but the last batch have none; it has at most one.

        Args:
            batch: The batch's place in the iteration, ``>= 0``, the first being 0.
            samples_taken: Where the iteration began.
        """
        places = self.places(samples_taken + batch * self.step_size)
        return sum(place >= self.order.num_samples for place in places[-1:])

    def places(self, start: int) -> range:
        """Give where in the order of all samples those of a batch of this rank are.

        Args:
            start: Samples taken before the batch's step.

        Returns:
            Places from 0 on; at or beyond ``num_samples`` the order is begun again.
        """
        num_left = min(self.step_size, max(0, self.order.num_samples - start))
        num_each = -(-num_left // self.world_size)
        return range(start + self.rank, start + self.world_size * num_each, self.world_size)

    def _batches(
        self, order: SampleOrder, pass_number: int, samples_taken: int
    ) -> Iterator[list[int]]:
        indices = order.of_pass(pass_number)
        step_size, world_size = self.step_size, self.world_size
        stop = samples_taken + step_size * self.num_batches(samples_taken=samples_taken)
        for start in range(samples_taken, stop, step_size):
            batch = _as_list(indices[start + self.rank : start + step_size : world_size])
            if start + step_size > order.num_samples:
                places = self.places(start)
                batch += [int(indices[place % order.num_samples]) for place in places[len(batch) :]]
            yield batch


def _as_list(indices: Tensor) -> list[int]:
    # torch says no more than that it is a list
    return indices.tolist()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
