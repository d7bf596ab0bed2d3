"""Samples that a distributed sampler repeats to fill up the ranks: not to be counted."""

from collections.abc import Callable

# Any: whose data it is, is nothing to the padding.
from typing import Any, Protocol, TypeGuard, final

from torch import Tensor
from torch.utils.data import DataLoader, DistributedSampler
from typing_extensions import TypeIs

from firesteel.data import DataLoader as Loader
from firesteel.engine import Engine
from firesteel.errors import NotAvailableError

__all__ = ["Padding"]


@final
class Padding:
    """How many samples of a batch of this rank are not there a second time.

    Args:
        num_in_batch: Gives it for the batch at hand of an engine: from the front, or as a number
            below 0 from the back; ``None`` for all.
    """

    __slots__ = ("_num_in_batch", "_num_left")

    def __init__(self, num_in_batch: Callable[[Engine[Any, Any]], int | None]) -> None:
        self._num_in_batch = num_in_batch
        self._num_left: int | None = None

    @classmethod
    def of(cls, engine: Engine[Any, Any]) -> "Padding | None":
        """Give the padding of the engine's data, if there is any.

        Our own loaders tell it themselves. It is known, too, of loaders over torch's
        ``DistributedSampler`` without ``drop_last``, where an epoch is one pass over the loader.
        There rank ``r`` of ``W`` has samples ``r, r + W, ...`` of a list that is filled up to a
        multiple of ``W``: what is repeated comes last.
        """
        try:
            data = engine.state.dataloader
        except NotAvailableError:
            return None
        if _is_ours(data):
            return _of_ours(data)
        if _is_loader(data) and _is_sampler(data.sampler):
            return _of_sampler(data, data.sampler, engine)
        return None

    def begins(self, engine: Engine[Any, Any]) -> bool:
        """Tell whether the batch at hand has repeated samples, and keep how many others it has."""
        self._num_left = self._num_in_batch(engine)
        return self._num_left is not None

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


def _of_ours(loader: Loader[object]) -> Padding | None:
    if loader.order.world_size == 1 or loader.order.drop_last:
        return None
    return Padding(lambda _engine: -loader.num_repeats or None)


def _of_sampler(
    loader: "_Loader", sampler: DistributedSampler[object], engine: Engine[Any, Any]
) -> Padding | None:
    length = len(sampler.dataset)  # type: ignore[arg-type]  # the sampler itself has taken it
    num_samples = max(0, -(-(length - sampler.rank) // sampler.num_replicas))
    batch_size = loader.batch_size
    is_padded = not sampler.drop_last and num_samples < len(sampler)
    if not is_padded or batch_size is None or engine.state.epoch_length != len(loader):
        return None

    def num_in_batch(engine: Engine[Any, Any]) -> int | None:
        num_left = max(0, num_samples - (engine.state.epoch_iteration - 1) * batch_size)
        return num_left if num_left < batch_size else None

    return Padding(num_in_batch)


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


def _is_ours(value: object) -> TypeGuard[Loader[object]]:
    return isinstance(value, Loader)


def _is_sampler(value: object) -> TypeIs[DistributedSampler[object]]:
    return isinstance(value, DistributedSampler)
