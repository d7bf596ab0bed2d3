"""The states of objects, brought together where they lie on several ranks."""

from collections.abc import Iterator, Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor
from typing_extensions import TypeIs

from firesteel.distributed import get_rank, get_world_size
from firesteel.protocols import Stateful

from ._objects import StatefulTree

__all__ = ["gather_shards", "kept_on"]


@runtime_checkable
class Consolidates(Protocol):
    """What has its state on all ranks and brings it to one, as ``ZeroRedundancyOptimizer`` does."""

    def consolidate_state_dict(self, to: int) -> None:
        """Bring the state to a rank; all ranks call it."""
        ...


@runtime_checkable
class Sharded(Protocol):
    """A tensor whose parts lie on several ranks: a ``DTensor``."""

    def full_tensor(self) -> Tensor:
        """Give the whole tensor; all ranks call it."""
        ...


def kept_on(rank: int, to_save: Mapping[str, StatefulTree]) -> dict[str, StatefulTree]:
    """Bring states to a rank where objects have to be asked for that, and give what to ask here.

    Args:
        rank: The rank that saves.
        to_save: The objects; all ranks call with the same.

    Returns:
        Those of the objects whose states can be read on this rank.
    """
    if get_world_size() == 1:
        return dict(to_save)
    asked: dict[str, StatefulTree] = {}
    for name, tree in to_save.items():
        has_to_be_brought = False
        for one in _leaves(tree):
            if isinstance(one, Consolidates):
                one.consolidate_state_dict(to=rank)
                has_to_be_brought = True
        if get_rank() == rank or not has_to_be_brought:
            asked[name] = tree
    return asked


def _leaves(tree: object) -> Iterator[Stateful]:
    if isinstance(tree, Stateful):
        yield tree
    elif _is_mapping(tree):
        for one in tree.values():
            yield from _leaves(one)
    elif _is_sequence(tree):
        for one in tree:
            yield from _leaves(one)


def gather_shards(node: object) -> object:
    """Give a state in which each sharded tensor is whole, on the host; all ranks call it.

    Args:
        node: Tensors, and lists, tuples and dictionaries of them; all else is left as it is.
    """
    if isinstance(node, Tensor):
        return node.full_tensor().cpu() if isinstance(node, Sharded) else node
    if _is_mapping(node):
        gathered = {key: gather_shards(value) for key, value in node.items()}
        is_same = all(gathered[key] is node[key] for key in node)
        return node if is_same else gathered
    if _is_sequence(node) and type(node) in {list, tuple}:
        entries = [gather_shards(value) for value in node]
        return tuple(entries) if isinstance(node, tuple) else entries
    return node


def _is_mapping(node: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(node, Mapping)


def _is_sequence(node: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(node, list | tuple)
