"""Models without what was wrapped round them, so that a checkpoint does not depend on it."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from torch import nn
from typing_extensions import TypeVar

from firesteel.protocols import Stateful

__all__ = ["plain_key", "plain_keys", "unwrap"]

ValueT = TypeVar("ValueT")

_COMPILED: Final = "_orig_mod"
"""The child that a compiled module keeps the original in."""


def unwrap(target: Stateful) -> Stateful:
    """Take a model out of replicas and compilation; anything else is given back as it is.

    Args:
        target: A model, wrapped or not, or another stateful thing.
    """
    while isinstance(target, nn.Module):
        children = dict(target.named_children())
        if isinstance(target, nn.DataParallel | nn.parallel.DistributedDataParallel):
            target = children["module"]
        elif list(children) == [_COMPILED]:
            target = children[_COMPILED]
        else:
            break
    return target


def plain_key(key: str) -> str:
    """Give the name of an entry as it is without compilation, of the model or of a part of it."""
    return ".".join(part for part in key.split(".") if part != _COMPILED)


def plain_keys(state: Mapping[str, ValueT]) -> Mapping[str, ValueT]:
    """Give a state with the names of its entries as they are without compilation."""
    if not any(_COMPILED in key for key in state):
        return state  # with what torch keeps beside the entries
    return OrderedDict((plain_key(key), value) for key, value in state.items())
