"""Where the data stands, as part of where an engine stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeGuard, final, runtime_checkable

from torch.utils.data import BatchSampler, SubsetRandomSampler
from torch.utils.data import DataLoader as TorchDataLoader
from typing_extensions import TypeIs

from firesteel.data import DataLoader
from firesteel.errors import StateDictError
from firesteel.protocols import Stateful

__all__ = [
    "DataState",
    "as_loader",
    "hand_over",
    "has_random_order",
    "is_loader",
    "is_stateful",
    "next_pass",
    "num_left",
    "put_back",
]

_WHERE: Final = "Engine.load_state_dict"
_KNOWN: Final = ["gives_epoch_length", "kind", "state"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DataState:
    """What data said of where it stands.

    Attributes:
        kind: The full name of its class.
        state: What its ``state_dict`` gave.
        gives_epoch_length: Whether an epoch is as long as the data.
    """

    kind: str
    state: Mapping[str, object]
    gives_epoch_length: bool

    @classmethod
    def of(
        cls, data: object, state: Mapping[str, object], *, gives_epoch_length: bool
    ) -> "DataState":
        """Take what data of a kind said."""
        return cls(kind=_kind(data), state=state, gives_epoch_length=gives_epoch_length)

    def to_dict(self) -> dict[str, object]:
        """Give the entries of a ``state_dict``."""
        return {
            "kind": self.kind,
            "state": dict(self.state),
            "gives_epoch_length": self.gives_epoch_length,
        }

    @classmethod
    def from_dict(cls, entries: object) -> "DataState | None":
        """Read the entries of a ``state_dict``.

        Raises:
            StateDictError: They are not what :meth:`to_dict` gave.
        """
        if entries is None:
            return None
        if _is_mapping(entries) and sorted(map(str, entries)) == _KNOWN:
            kind, state = entries["kind"], entries["state"]
            gives_epoch_length = entries["gives_epoch_length"]
            if (
                isinstance(kind, str)
                and _is_mapping(state)
                and isinstance(gives_epoch_length, bool)
            ):
                return cls(
                    kind=kind,
                    state={str(name): entry for name, entry in state.items()},
                    gives_epoch_length=gives_epoch_length,
                )
        raise StateDictError(
            f"{_WHERE}: 'data' must be None or what Engine.state_dict gave, got {entries!r}"
        )


def hand_over(saved: DataState | None, data: object) -> bool:
    """Have data go on where data of its kind stood, and tell whether it does.

    A loader of ours is only asked whether it can: it is handed its state when its pass begins, so
    that until then others can read from it.
    """
    if saved is None or _kind(data) != saved.kind:
        return False
    if is_loader(data):
        data.state_after(saved.state, 0)
        return True
    if not is_stateful(data):
        return False
    data.load_state_dict(dict(saved.state))
    return True


def put_back(loader: DataLoader[object], state: Mapping[str, int | None]) -> None:
    """Have a loader stand where it stood, unless somebody has put it further back already."""
    if _place(state) < _place(loader.state_dict()):
        loader.load_state_dict(state)


def next_pass(state: Mapping[str, int | None]) -> dict[str, int | None]:
    """Give the state of a loader of ours at the beginning of the pass after its own."""
    number, _ = _place(state)
    return {**state, "pass_number": number + 1, "samples_taken": 0}


def num_left(data: object, state: Mapping[str, object]) -> int | None:
    """Give the batches that a loader of ours has left in a state, ``None`` where nobody knows."""
    samples_taken = state.get("samples_taken")
    if not is_loader(data) or data.num_left is None or not isinstance(samples_taken, int):
        return None
    return data.order.num_batches(samples_taken=samples_taken)


def is_loader(data: object) -> TypeGuard[DataLoader[object]]:
    """Tell whether data is a loader of ours, which tells where it stood some batches ago."""
    return isinstance(data, DataLoader)


def as_loader(data: object) -> DataLoader[object] | None:
    """Give data that is a loader of ours as such."""
    return data if is_loader(data) else None


def is_stateful(data: object) -> TypeGuard[Stateful]:
    """Tell whether data tells where it stands."""
    return isinstance(data, Stateful)


def has_random_order(data: object) -> bool:
    """Tell whether each pass over the data is known to have an order of its own."""
    if is_loader(data):
        return data.order.order.shuffle
    if not _is_loader_of_torch(data):
        return False
    batch_sampler = data.batch_sampler
    inner = batch_sampler.sampler if isinstance(batch_sampler, BatchSampler) else None
    return _is_random(data.sampler) or _is_random(inner)


def _place(state: Mapping[str, int | None]) -> tuple[int, int]:
    return state["pass_number"] or 0, state["samples_taken"] or 0


def _kind(data: object) -> str:
    return f"{type(data).__module__}.{type(data).__qualname__}"


def _is_random(sampler: object) -> bool:
    return isinstance(sampler, _Drawing | SubsetRandomSampler)


@runtime_checkable
class _Drawing(Protocol):
    """What draws samples at random, in torch and in torchdata."""

    @property
    def replacement(self) -> bool: ...


class _LoaderOfTorch(Protocol):
    @property
    def sampler(self) -> object: ...
    @property
    def batch_sampler(self) -> object: ...


def _is_loader_of_torch(data: object) -> TypeGuard[_LoaderOfTorch]:
    return isinstance(data, TorchDataLoader)


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)
