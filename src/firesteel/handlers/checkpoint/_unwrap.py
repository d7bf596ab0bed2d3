"""Models without what was wrapped round them, so that a checkpoint does not depend on it."""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from typing import Final

from torch import nn
from typing_extensions import TypeVar

from firesteel.handlers._unwrapped import unwrapped
from firesteel.protocols import Stateful

__all__ = ["plain_keys", "renamed", "unwrap"]

ValueT = TypeVar("ValueT")

_COMPILED: Final = "_orig_mod"
"""The child that a compiled module keeps the original in."""

_REPLICA: Final = "module."
"""What the names of entries begin with where replicas were saved together with their wrapping."""


def unwrap(target: Stateful) -> Stateful:
    """Take a model out of replicas and compilation; anything else is given back as it is.

    Args:
        target: A model, wrapped or not, or another stateful thing.
    """
    return unwrapped(target) if isinstance(target, nn.Module) else target


def plain_keys(state: Mapping[str, ValueT]) -> Mapping[str, ValueT]:
    """Give a state with the names of its entries as they are without compilation."""
    if not any(_COMPILED in key for key in state):
        return state  # with what torch keeps beside the entries
    return OrderedDict((_plain_key(key), value) for key, value in state.items())


def renamed(state: dict[str, ValueT], own: Iterable[str]) -> dict[str, ValueT]:
    """Give a saved state with the names that a model has for its entries.

    Names may differ by what was wrapped round the model, or parts of it, when it was saved, or is
    wrapped round it now.

    Args:
        state: The saved state.
        own: The names of the model's entries.
    """
    names = {_plain_key(name): name for name in own}
    prefix = _REPLICA if all(key.startswith(_REPLICA) for key in state) else ""
    found = {
        names.get(_plain_key(key).removeprefix(prefix), key): value for key, value in state.items()
    }
    return state if list(found) == list(state) else found


def _plain_key(key: str) -> str:
    return ".".join(part for part in key.split(".") if part != _COMPILED)
