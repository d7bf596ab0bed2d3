"""Samples that a distributed sampler repeats to fill up the ranks: not to be counted."""

from collections.abc import Callable

# Any: whose data it is, is nothing to the padding.
from typing import Any, Protocol, TypeGuard, final

from torch import Tensor
from torch.utils.data import DataLoader, DistributedSampler
from typing_extensions import TypeIs

from firesteel.engine import Engine
from firesteel.errors import NotAvailableError

__all__ = ["Padding"]


@final
class Padding:
    """Where the repeated samples of this rank lie in the batches of an epoch.

    Args:
        num_samples: Samples of this rank that are not repeated.
        batch_size: Samples of a batch.
    """

    __slots__ = ("_batch_size", "_num_left", "_num_samples")

    def __init__(self, num_samples: int, batch_size: int) -> None:
        self._num_samples = num_samples
        self._batch_size = batch_size
        self._num_left = batch_size

    @classmethod
    def of(cls, engine: Engine[Any, Any]) -> "Padding | None":
        """Give the padding of the engine's data, if there is any.

        It is known of loaders over torch's ``DistributedSampler`` without ``drop_last``, where an
        epoch is one pass over the loader. There rank ``r`` of ``W`` has samples ``r, r + W, ...``
        of a list that is filled up to a multiple of ``W``: what is repeated comes last.
        """
        try:
            loader = engine.state.dataloader
        except NotAvailableError:
            return None
        if not _is_loader(loader) or not _is_sampler(loader.sampler):
            return None
        sampler = loader.sampler
        length = len(sampler.dataset)  # type: ignore[arg-type]  # the sampler itself has taken it
        num_samples = max(0, -(-(length - sampler.rank) // sampler.num_replicas))
        is_padded = not sampler.drop_last and num_samples < len(sampler)
        if not is_padded or loader.batch_size is None or engine.state.epoch_length != len(loader):
            return None
        return cls(num_samples, loader.batch_size)

    def begins(self, engine: Engine[Any, Any]) -> bool:
        """Tell whether the batch at hand has repeated samples, and keep how many others it has."""
        start = (engine.state.epoch_iteration - 1) * self._batch_size
        self._num_left = max(0, self._num_samples - start)
        return self._num_left < self._batch_size

    def without(self, value: object) -> object:
        """Cut tensors and lists, in tuples too, to what is not repeated."""
        if isinstance(value, Tensor):
            return value[: self._num_left] if value.ndim else value
        if _is_list(value):
            return value[: self._num_left]
        if is_tuple(value):
            cut = [self.without(entry) for entry in value]
            if type(value) is tuple:
                return tuple(cut)
            return _rebuilt(type(value), cut)
        return value


def is_tuple(value: object) -> TypeIs[tuple[object, ...]]:
    """Tell whether a value is a tuple, of whatever."""
    return isinstance(value, tuple)


def _rebuilt(named_tuple: Callable[..., tuple[object, ...]], cut: list[object]) -> object:
    return named_tuple(*cut)


def _is_list(value: object) -> TypeIs[list[object]]:
    return isinstance(value, list)


class _Loader(Protocol):
    @property
    def sampler(self) -> object: ...
    @property
    def batch_size(self) -> int | None: ...
    def __len__(self) -> int: ...


def _is_loader(value: object) -> TypeGuard[_Loader]:
    return isinstance(value, DataLoader)


def _is_sampler(value: object) -> TypeIs[DistributedSampler[object]]:
    return isinstance(value, DistributedSampler)
