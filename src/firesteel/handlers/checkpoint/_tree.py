"""States taken apart into tensors under flat names, and what holds them."""

from collections.abc import Callable, Mapping
from typing import Final, TypeAlias

from torch import Tensor
from typing_extensions import TypeIs

from firesteel.errors import ArgumentError, CorruptCheckpointError

__all__ = ["KeyPath", "join", "leaf", "split"]

KeyPath: TypeAlias = tuple[object, ...]
"""The keys and places that lead to a tensor."""

_MARK: Final = "firesteel.tensor"


def split(state: Mapping[str, object]) -> tuple[dict[str, object], dict[str, Tensor]]:
    """Take tensors out of a state.

    Args:
        state: Tensors and anything else, in dictionaries, lists and tuples.

    Returns:
        The same with a reference in the place of each tensor, and the tensors by flat names.

    Raises:
        ArgumentError: Two tensors would have one name.
    """
    tensors: dict[str, Tensor] = {}

    def take(node: object, path: KeyPath) -> object:
        if isinstance(node, Tensor):
            name = _flat_name(path)
            if name in tensors:
                raise ArgumentError(
                    f"ShardedSaver: two entries of the state are called {name!r}; a key must not "
                    "hold a slash or look like a number in brackets"
                )
            tensors[name] = node
            return {_MARK: name}
        if _is_mapping(node):
            return {key: take(value, (*path, key)) for key, value in node.items()}
        if _is_sequence(node) and type(node) in {list, tuple}:
            entries = [take(value, (*path, place)) for place, value in enumerate(node)]
            return tuple(entries) if isinstance(node, tuple) else entries
        return node

    return {name: take(value, (name,)) for name, value in state.items()}, tensors


def join(
    skeleton: Mapping[str, object], tensor: Callable[[str, KeyPath], object]
) -> dict[str, object]:
    """Put tensors back into a state that was taken apart.

    Args:
        skeleton: The state with references.
        tensor: Gives what belongs in the place of a reference, from the flat name and the path.
    """

    def put(node: object, path: KeyPath) -> object:
        if _is_mapping(node):
            if set(node) == {_MARK}:
                name = node[_MARK]
                if not isinstance(name, str):
                    raise CorruptCheckpointError("ShardedSaver: a reference has no name")
                return tensor(name, path)
            return {key: put(value, (*path, key)) for key, value in node.items()}
        if _is_sequence(node) and type(node) in {list, tuple}:
            entries = [put(value, (*path, place)) for place, value in enumerate(node)]
            return tuple(entries) if isinstance(node, tuple) else entries
        return node

    return {name: put(value, (name,)) for name, value in skeleton.items()}


def leaf(node: object, path: KeyPath) -> object:
    """Give what a path leads to in a state, or ``None`` where it leads nowhere."""
    for step in path:
        if _is_mapping(node):
            node = node.get(step)
        elif _is_sequence(node) and isinstance(step, int) and step < len(node):
            node = node[step]
        else:
            return None
    return node


def _flat_name(path: KeyPath) -> str:
    return "/".join(step if isinstance(step, str) else f"[{step!r}]" for step in path)


def _is_mapping(node: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(node, Mapping)


def _is_sequence(node: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(node, list | tuple)
