"""Going through a batch, whatever it is made of."""

import dataclasses
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence
from copy import copy
from typing import Final, Protocol, TypeAlias, runtime_checkable

from typing_extensions import TypeIs, TypeVar

__all__ = ["ATOMS", "mapped"]

X = TypeVar("X")

ATOMS: Final = (str, bytes, bytearray, int, float, complex, bool, type(None), type)
"""What has nothing in it."""

_MAKE: Final = "_make"
"""What makes a named tuple of its entries. Part of its public face, for all its underscore."""

Path: TypeAlias = "tuple[Path, str, object] | None"
"""Where in a batch a value is: where what holds it is, and how it is written below that."""


def mapped(
    value: object,
    is_one: Callable[[object], TypeIs[X]],
    function: Callable[[X], object],
    path: Path = None,
) -> object:
    """Put something else in the place of some values of a batch.

    Args:
        value: The batch, or what is in it.
        is_one: Tells these values; they are not looked into.
        function: Gives what takes their place.
        path: Where in the batch ``value`` is.

    Returns:
        What is made of the same types, anew.
    """
    if is_one(value):
        return _noted(path, function, value)
    if isinstance(value, ATOMS):
        return value
    if _is_tuple(value):
        return _mapped_tuple(value, is_one, function, path)
    if _is_mapping(value):
        return _mapped_mapping(value, is_one, function, path)
    if _is_list(value):
        entries = [
            mapped(entry, is_one, function, (path, "[{!r}]", place))
            for place, entry in enumerate(value)
        ]
        return entries if type(value) is list else _noted(path, _like_list, value, entries)
    return _mapped_dataclass(value, is_one, function, path)


def _mapped_mapping(
    value: Mapping[object, object],
    is_one: Callable[[object], TypeIs[X]],
    function: Callable[[X], object],
    path: Path,
) -> object:
    items = {
        key: mapped(entry, is_one, function, (path, "[{!r}]", key)) for key, entry in value.items()
    }
    if type(value) is dict:
        return items
    if _is_mutable_mapping(value):
        return _noted(path, _like_mapping, value, items)
    return _noted(path, type(value), items)


def _mapped_dataclass(
    value: object,
    is_one: Callable[[object], TypeIs[X]],
    function: Callable[[X], object],
    path: Path,
) -> object:
    if not dataclasses.is_dataclass(value):
        return value
    fields: dict[str, object] = {}
    for field in dataclasses.fields(value):
        # by name, since a data class tells no more of its fields
        entry = getattr(value, field.name, dataclasses.MISSING)
        if entry is not dataclasses.MISSING:  # as one that __init__ does not set
            fields[field.name] = mapped(entry, is_one, function, (path, ".{}", field.name))
    return _noted(path, _like_dataclass, value, fields)


def _mapped_tuple(
    value: tuple[object, ...],
    is_one: Callable[[object], TypeIs[X]],
    function: Callable[[X], object],
    path: Path,
) -> object:
    make: Callable[..., object] = type(value)
    is_plain = type(value) is tuple  # known without asking the protocol, which takes longer
    if not is_plain and isinstance(value, _NamedTuple):
        named = [
            mapped(entry, is_one, function, (path, ".{}", name))
            for name, entry in zip(value.__match_args__, value, strict=True)
        ]
        return _noted(path, _like_named_tuple, value, named)
    entries = [
        mapped(entry, is_one, function, (path, "[{!r}]", place))
        for place, entry in enumerate(value)
    ]
    return tuple(entries) if is_plain else _noted(path, make, entries)


def _noted(path: Path, function: Callable[..., object], *arguments: object) -> object:
    """Call a function, and note on what it raises where in the batch that was."""
    try:
        return function(*arguments)
    except Exception as error:
        error.add_note(f"firesteel: raised at {_written(path)}")
        raise


def _written(path: Path) -> str:
    if path is None:
        return "batch"
    parent, template, key = path
    return _written(parent) + template.format(key)


def _like_named_tuple(value: tuple[object, ...], entries: list[object]) -> object:
    # not by its constructor, since a subclass may have another one
    make: Callable[[list[object]], object] = getattr(type(value), _MAKE)
    return make(entries)


def _like_mapping(value: MutableMapping[object, object], items: dict[object, object]) -> object:
    copied = copy(value)  # with what else it has: its order, its default factory
    for key, entry in items.items():  # a counter's update adds, and other mappings have none
        copied[key] = entry
    return copied


def _like_list(value: MutableSequence[object], entries: list[object]) -> object:
    copied = copy(value)
    for place, entry in enumerate(entries):
        copied[place] = entry
    return copied


def _like_dataclass(value: object, fields: Mapping[str, object]) -> object:
    copied = copy(value)  # not built anew: that would need all arguments that built it
    for name, entry in fields.items():
        object.__setattr__(copied, name, entry)  # frozen ones have no other way
    return copied


def _is_tuple(value: object) -> TypeIs[tuple[object, ...]]:
    return isinstance(value, tuple)


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_mutable_mapping(
    value: Mapping[object, object],
) -> TypeIs[MutableMapping[object, object]]:
    return isinstance(value, MutableMapping)


def _is_list(value: object) -> TypeIs[MutableSequence[object]]:
    return isinstance(value, MutableSequence)


@runtime_checkable
class _NamedTuple(Protocol):
    @property
    def _fields(self) -> tuple[str, ...]: ...
    @property
    def __match_args__(self) -> tuple[str, ...]: ...
