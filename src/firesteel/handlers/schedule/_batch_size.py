"""The batch size of a loader, epoch by epoch."""

from collections.abc import Callable, Sequence

# Any: the batches are whatever they are; torch's loader has no type for them.
from typing import Any, Final, Protocol, SupportsIndex, final

from torch.utils.data import BatchSampler, IterableDataset
from torch.utils.data import DataLoader as TorchDataLoader
from typing_extensions import TypeIs, override

from firesteel._require import at_least, is_a, is_callable, mismatch
from firesteel.data import BatchOrder, DataLoader
from firesteel.engine import Engine, ReadableKey
from firesteel.errors import ArgumentError
from firesteel.events import EventLike, Events, RemovableEventHandle, bare, single_events

from ._scheduler import BaseParamScheduler

__all__ = ["BatchSizeScheduler"]

_WHERE: Final = "BatchSizeScheduler"


class MakesBatches(Protocol):
    """What is used of a loader of torch; what its own sampler gives is not annotated."""

    @property
    def batch_sampler(self) -> object: ...


@final
class BatchSizeScheduler(BaseParamScheduler[int]):
    """Sets the batch size of a loader at the beginning of each epoch.

    An epoch has to be one pass over the loader. It stays so: ``state.epoch_length`` follows.

    Args:
        dataloader: The loader: one of :mod:`firesteel.data`, or one of torch over samples with a
            length, made with ``batch_size`` or with a ``BatchSampler``.
        scheduler_fn: Gives the batch size of an index: samples of a batch of this rank, ``>= 1``.
        save_history: Whether to keep the sizes that were set.

    Raises:
        ArgumentError: The loader's batches are made by something else.
        ArgumentTypeError: ``dataloader`` is no loader, or ``scheduler_fn`` is not callable.

    Example:
        >>> import torch
        >>> from torch.utils.data import TensorDataset
        >>> from firesteel.data import DataLoader
        >>> from firesteel.engine import Engine, ReadableKey
        >>> loader = DataLoader(TensorDataset(torch.arange(8)), batch_size=1)
        >>> trainer = Engine(lambda engine, batch: len(batch[0]))
        >>> doubling = BatchSizeScheduler(loader, scheduler_fn=lambda index: 2**index)
        >>> handle = doubling.attach(trainer, Events.EPOCH_STARTED)
        >>> state = trainer.run(loader, max_epochs=3)
        >>> state.iteration, state.epoch_length, state.output
        (14, 2, 4)
    """

    def __init__(
        self,
        dataloader: TorchDataLoader[Any],
        *,
        scheduler_fn: Callable[[int], int],
        save_history: bool = False,
    ) -> None:
        is_a(_WHERE, "dataloader", dataloader, TorchDataLoader, "a DataLoader")
        is_callable(_WHERE, "scheduler_fn", scheduler_fn)
        super().__init__(save_history=save_history)
        self._loader = dataloader
        self._batches = _batches_of(dataloader)
        self._function = scheduler_fn

    def get_param(self, index: int) -> int:
        """Give the batch size of an index.

        Args:
            index: Which event, ``>= 0``.

        Raises:
            ArgumentError: ``scheduler_fn`` gave less than 1.
            ArgumentTypeError: It gave no whole number.
        """
        return at_least(_WHERE, f"what scheduler_fn gives for {index}", self._function(index), 1)

    @override
    def check_attachment(self, event: EventLike[Any], counter: ReadableKey[int] | None) -> None:
        """Refuse what may change within an epoch: the batches of a pass have one size.

        Args:
            event: What :meth:`attach` was given.
            counter: What :meth:`attach` was given.

        Raises:
            ArgumentError: It is another event than ``EPOCH_STARTED``, or there is a counter.
        """
        if counter is not None:
            condition = "None, since the batches of a pass have one size"
            raise ArgumentError(mismatch(f"{_WHERE}.attach", "counter", condition, counter))
        for one in single_events(event):
            if bare(one) is not Events.EPOCH_STARTED:
                condition = "Events.EPOCH_STARTED, since the batches of a pass have one size"
                raise ArgumentError(mismatch(f"{_WHERE}.attach", "event", condition, event))

    @override
    def attach_to(self, engine: Engine[Any, object]) -> RemovableEventHandle:
        """Attach to ``EPOCH_STARTED``; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
        """
        return self.attach(engine, Events.EPOCH_STARTED)

    @override
    def apply(self, engine: Engine[Any, Any], *, index: int) -> None:
        """Set the batch size of an index, and the length of the engine's epochs.

        Args:
            engine: The engine that runs over the loader.
            index: Which event, ``>= 0``.

        Raises:
            ArgumentError: There is no batch of this size; or an epoch is no pass over the loader,
                so that the size would change within one.
        """
        size, num_batches = self.get_param(index), len(self._loader)
        epoch_length = engine.state.epoch_length
        if size == self._batches.batch_size:
            return
        if epoch_length not in (None, num_batches):
            if engine.is_rehearsing:
                return
            condition = (
                f"as long as its loader, {num_batches} batches, for the batch size to change"
            )
            raise ArgumentError(mismatch(_WHERE, "an epoch", condition, epoch_length))
        if _is_ours(self._loader):
            self._loader.end_pass()  # else it would count what it gave in batches of the new size
        self._batches.batch_size = size
        if not len(self._loader):
            condition = "one for which the loader has a batch"
            raise ArgumentError(mismatch(_WHERE, "the batch size", condition, size))
        if epoch_length is not None:
            engine.state.epoch_length = len(self._loader)

    @override
    def applied(self, *, index: int) -> int:
        """Give the batch size of an index.

        Args:
            index: Which event, ``>= 0``.
        """
        return self.get_param(index)

    @override
    def simulate_values(self, num_events: SupportsIndex) -> list[int]:
        """Give the batch sizes of the first epochs.

        Args:
            num_events: How many, ``>= 0``.

        Raises:
            ArgumentError: ``num_events`` is below 0.
            ArgumentTypeError: ``num_events`` is no whole number.
        """
        num = at_least(f"{_WHERE}.simulate_values", "num_events", num_events, 0)
        return [self.get_param(index) for index in range(num)]

    @override
    def lines(self, num_events: SupportsIndex) -> Sequence[tuple[str, Sequence[float]]]:
        """Give the one line of a plot.

        Args:
            num_events: How many events, ``>= 0``.
        """
        return [("batch size", self.simulate_values(num_events))]

    @override
    def resume(self, *, index: int) -> None:
        """Set the batch size of the epoch in which the run goes on.

        Args:
            index: The index of the next event.
        """
        if index:
            self._batches.batch_size = self.get_param(index - 1)


def _batches_of(loader: TorchDataLoader[Any]) -> BatchSampler | BatchOrder:
    """Give what makes the batches of a loader.

    Raises:
        ArgumentError: Nothing that has a batch size to be set.
    """
    condition = "a DataLoader over samples with a length"
    if isinstance(loader.dataset, IterableDataset):
        raise ArgumentError(mismatch(_WHERE, "dataloader", condition, loader))
    if _is_ours(loader):
        return loader.order
    batches = _batch_sampler_of(loader)
    if not isinstance(batches, BatchSampler | BatchOrder):
        condition = "a DataLoader with a BatchSampler or a BatchOrder"
        raise ArgumentError(mismatch(_WHERE, "dataloader", condition, loader))
    return batches


def _batch_sampler_of(loader: MakesBatches) -> object:
    return loader.batch_sampler


def _is_ours(loader: TorchDataLoader[Any]) -> TypeIs[DataLoader[object]]:
    return isinstance(loader, DataLoader)
