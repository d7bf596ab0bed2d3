"""A loader of batches that keeps their type, and can be gone on with where it was left."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from multiprocessing.context import BaseContext
from typing import Final, Generic, final, overload

import torch
from torch import Tensor
from torch.utils.data import DataLoader as TorchDataLoader
from torch.utils.data import Dataset, IterableDataset
from typing_extensions import TypeVar, override

from firesteel._require import at_least, is_a, is_callable, one_of

from ._arguments import check_workers, length_of, refuse_order
from ._given import Given
from ._order import BatchOrder, SampleOrder, mixed
from ._position import Position
from ._samples import SEEDINGS, SeededBatches, SeededOrder, Seeding, as_it_is

__all__ = ["DataLoader"]

SampleT = TypeVar("SampleT")
BatchT_co = TypeVar("BatchT_co", covariant=True)

_WHERE: Final = "DataLoader"


@final
class DataLoader(TorchDataLoader[object], Generic[BatchT_co]):
    """torch's loader, with a type for its batches and an order that can be resumed anywhere.

    It is one of torch's loaders, and an ``Iterable`` of its batches for type checkers: an engine
    over other batches refuses it. What a batch is follows from ``collate_fn``. Without it samples
    that are tensors are stacked, and samples that are tuples of tensors give a list of stacked
    tensors.

    The order of the samples is a function of ``seed`` and of the number of the pass
    (:class:`~firesteel.data.SampleOrder`), and how far the loader has got is a count of samples
    over all ranks. So what was saved in the middle of a pass is gone on with exactly: what is left
    comes in the same order, each sample once, whatever the number of workers, ranks or samples in a
    batch is then. Each ``iter`` begins a new pass, except for the first one after
    :meth:`load_state_dict`, which goes on where the state was. The loader counts the batches that
    were given, not those that workers have prepared. While one iteration goes on, another one over
    the same loader makes it lose count.

    With ranks, see :class:`~firesteel.data.BatchOrder` for who gets which samples.

    An ``IterableDataset`` has an order of its own. Then the loader passes over the batches that
    were given, as many as there were: this is exact only where the data set gives the same samples
    again in each pass, to the same number of workers.

    Args:
        dataset: The samples: with a length, or an ``IterableDataset``.
        collate_fn: Makes a batch of a list of samples.
        batch_size: Samples of a batch of this rank, ``>= 1``.
        shuffle: Whether each pass has a random order of its own.
        seed: What the order depends on, any whole number; the same on all ranks. The global random
            states are neither read nor changed.
        drop_last: Whether samples at the end are left out that do not fill a batch on each rank.
        seeding: Whether batches are made with Python's, numpy's and torch's generators on the CPU
            seeded by ``seed``, the pass and the samples' indices, and put back after each batch. So
            random augmentation is the same when a pass is gone on with, and for each number of
            workers. ``"batch"`` seeds once for each batch, its ``collate_fn`` included: what is
            drawn then depends on who is in the batch, thus on ``batch_size`` and ``world_size``.
            ``"sample"`` seeds for each sample, and again before ``collate_fn``: samples are the
            same whatever batch they are in, for some 20 us each. The loader's ``dataset`` is then
            one of batches.
        rank: Which share of the samples to give, ``0 <= rank < world_size``.
        world_size: How many ranks share the samples, ``>= 1``.
        num_workers: Processes that make batches, ``>= 0``; with 0 this process does.
        pin_memory: Whether tensors are copied to pinned memory.
        persistent_workers: Whether workers live on between passes; needs workers.
        prefetch_factor: Batches that each worker prepares, ``>= 1``; needs workers; 2 if not given.
        timeout: Seconds to wait for a batch of a worker; 0 for ever.
        worker_init_fn: Called in each worker, with its number, before it begins.
        multiprocessing_context: How workers are started, a context or ``"fork"``, ``"spawn"``,
            ``"forkserver"``; needs workers.

    Raises:
        ArgumentError: A number is out of its range, or options exclude each other.
        ArgumentTypeError: An argument is of another kind, or ``dataset`` has no length.

    Example:
        >>> from torch.utils.data import TensorDataset
        >>> dataset = TensorDataset(torch.arange(6), torch.arange(6) ** 2)
        >>> loader = DataLoader(dataset, batch_size=2, shuffle=True, seed=3)
        >>> first = next(iter(loader))
        >>> saved = loader.state_dict()
        >>> saved["samples_taken"], saved["pass_number"]
        (2, 0)
        >>> other = DataLoader(dataset, batch_size=4, shuffle=True)
        >>> other.load_state_dict(saved)
        >>> [len(inputs) for inputs, targets in other]
        [4]
    """

    @overload
    def __init__(
        self: "DataLoader[Tensor]",
        dataset: Dataset[Tensor],
        *,
        batch_size: int = 1,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
        seeding: Seeding | None = None,
        rank: int = 0,
        world_size: int = 1,
        num_workers: int = 0,
        pin_memory: bool = False,
        persistent_workers: bool = False,
        prefetch_factor: int | None = None,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: BaseContext | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self: "DataLoader[list[Tensor]]",
        dataset: Dataset[tuple[Tensor, ...]],
        *,
        batch_size: int = 1,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
        seeding: Seeding | None = None,
        rank: int = 0,
        world_size: int = 1,
        num_workers: int = 0,
        pin_memory: bool = False,
        persistent_workers: bool = False,
        prefetch_factor: int | None = None,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: BaseContext | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        dataset: Dataset[SampleT],
        *,
        collate_fn: Callable[[list[SampleT]], BatchT_co],
        batch_size: int = 1,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
        seeding: Seeding | None = None,
        rank: int = 0,
        world_size: int = 1,
        num_workers: int = 0,
        pin_memory: bool = False,
        persistent_workers: bool = False,
        prefetch_factor: int | None = None,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: BaseContext | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        dataset: Dataset[object],
        *,
        collate_fn: Callable[[list[SampleT]], BatchT_co] | None = None,
        batch_size: int = 1,
        shuffle: bool = False,
        seed: int = 0,
        drop_last: bool = False,
        seeding: Seeding | None = None,
        rank: int = 0,
        world_size: int = 1,
        num_workers: int = 0,
        pin_memory: bool = False,
        persistent_workers: bool = False,
        prefetch_factor: int | None = None,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: BaseContext | str | None = None,
    ) -> None:
        is_a(_WHERE, "dataset", dataset, Dataset, "a torch.utils.data.Dataset")
        if collate_fn is not None:
            is_callable(_WHERE, "collate_fn", collate_fn)
        if seeding is not None:
            one_of(_WHERE, "seeding", seeding, SEEDINGS)
        check_workers(num_workers, prefetch_factor, persistent_workers=persistent_workers)
        is_iterable_style = isinstance(dataset, IterableDataset)
        if is_iterable_style:
            refuse_order(is_asked_for=shuffle or seeding is not None or world_size != 1)
        self._batch_order = batch_order = BatchOrder(
            SampleOrder(0 if is_iterable_style else length_of(dataset), seed=seed, shuffle=shuffle),
            batch_size=batch_size,
            rank=rank,
            world_size=world_size,
            drop_last=drop_last,
        )
        self._position = Position(
            seed=batch_order.order.seed,
            shuffle=shuffle,
            num_samples=None if is_iterable_style else batch_order.order.num_samples,
        )
        self._given: Given[BatchT_co] | None = None
        self._worker_seeds = torch.Generator()
        # torch's signature is not annotated throughout
        super().__init__(  # pyright: ignore[reportUnknownMemberType]
            dataset if seeding is None else SeededBatches(dataset, collate_fn),
            batch_size=batch_size if is_iterable_style else 1,
            drop_last=drop_last and is_iterable_style,
            batch_sampler=(
                None
                if is_iterable_style
                else batch_order
                if seeding is None
                else SeededOrder(batch_order, seeding)
            ),
            collate_fn=collate_fn if seeding is None else as_it_is,
            num_workers=num_workers,
            pin_memory=pin_memory,
            persistent_workers=persistent_workers,
            prefetch_factor=prefetch_factor,
            timeout=timeout,
            worker_init_fn=worker_init_fn,
            multiprocessing_context=multiprocessing_context,
            # of its own: torch draws the seeds of workers from it, else from the global one
            generator=self._worker_seeds,
        )

    @override
    def __iter__(self) -> Iterator[BatchT_co]:  # type: ignore[override]  # torch's is of Any
        self.end_pass()
        order = self._batch_order
        begun = self._position.after(order, 0)
        order.set_position(pass_number=begun.pass_number, samples_taken=begun.samples_taken)
        self._worker_seeds.manual_seed(mixed(begun.seed, begun.pass_number))
        batches = super().__iter__()
        if begun.num_samples is None:
            num_given = begun.samples_taken // order.batch_size
            next(islice(batches, num_given, num_given), None)
        self._position, self._given = begun, Given(batches)
        return self._given

    @property
    def order(self) -> BatchOrder:
        """The order of the batches; for an ``IterableDataset`` only its numbers mean something."""
        return self._batch_order

    @property
    def num_left(self) -> int | None:
        """Batches that are left of the pass at hand; ``None`` for an ``IterableDataset``."""
        position, order = self._position, self._batch_order
        if position.num_samples is None:
            return None
        num_given = 0 if self._given is None else self._given.num_given
        taken = position.samples_taken + num_given * order.step_size
        return order.num_batches(samples_taken=taken)

    @property
    def num_repeats(self) -> int:
        """Samples at the end of the batch that was given last which fill up this rank.

        They are there a second time, so that all ranks have equally many; metrics leave them out.
        """
        position, given = self._position, self._given
        if given is None or not given.num_given or position.num_samples is None:
            return 0
        batch, start = given.num_given - 1, position.samples_taken
        return self._batch_order.num_repeats(batch, samples_taken=start)

    def state_dict(self) -> dict[str, int | None]:
        """Give where the loader stands: behind the last batch that it gave.

        Returns:
            Whole numbers, the same on all ranks: ``"pass_number"``, the first being 0;
            ``"samples_taken"`` of it, over all ranks; and what these are counted in, ``"seed"``,
            ``"shuffle"`` and ``"num_samples"``, which is ``None`` for an ``IterableDataset``.
        """
        given, position = self._given, self._position
        if given is not None:
            position = position.after(self._batch_order, given.num_given, is_over=given.is_over)
        return position.to_dict()

    def state_after(
        self, state_dict: Mapping[str, object], num_batches: int
    ) -> dict[str, int | None]:
        """Give the state in which more batches are used than in another state.

        It is for those who use batches later than they fetch them: the loader's own state says
        what it gave.

        Args:
            state_dict: What :meth:`state_dict` gave.
            num_batches: Batches of a rank that were used since then, ``>= 0``, as long as they are
                now. After the last one of a pass comes the next pass.

        Returns:
            What :meth:`state_dict` would give.

        Raises:
            ArgumentError: ``num_batches`` is below 0.
            StateDictError: It is not a state of such a loader.
        """
        num_batches = at_least("DataLoader.state_after", "num_batches", num_batches, 0)
        return self._checked(state_dict).after(self._batch_order, num_batches).to_dict()

    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Have the next iteration go on where another loader stood.

        ``batch_size``, ``world_size`` and what concerns workers may be others than that loader's.
        The seed is then the saved one.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: Entries are missing, unknown, of the wrong kind or out of range; or the
                data set has another length, or only one of the loaders shuffles; or, for an
                ``IterableDataset``, what was taken is no whole number of batches.
            ArgumentTypeError: It is no mapping.
        """
        position = self._checked(state_dict)
        order = self._batch_order.order
        self._batch_order.order = SampleOrder(
            order.num_samples, seed=position.seed, shuffle=order.shuffle
        )
        self._position, self._given = position, None

    def end_pass(self) -> None:
        """Leave the pass at hand: what is saved, and the next iteration, begin the next one."""
        if self._given is not None:
            self._position = self._position.after(self._batch_order, 0, is_over=True)
            self._given = None

    def _checked(self, state_dict: Mapping[str, object]) -> Position:
        position = Position.from_dict(state_dict)
        position.check_fits(self._position, self._batch_order)
        return position
