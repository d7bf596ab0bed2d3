"""Compare a value with a type that was declared for it, and say where they differ."""

import types
from collections import deque
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import MISSING, dataclass, fields, is_dataclass

# Any: as an annotation it says that everything will do.
from typing import (
    Annotated,
    Any,
    Final,
    NamedTuple,
    NewType,
    Protocol,
    TypeAlias,
    TypeVar,
    Union,
    final,
    get_args,
    get_origin,
    get_type_hints,
    runtime_checkable,
)

from torch import Tensor
from typing_extensions import TypeAliasType, TypeIs, Unpack, is_typeddict

from firesteel.errors import ArgumentError

__all__ = ["Difference", "IsOfType", "difference", "shown"]

IsOfType: TypeAlias = Callable[[object, object], bool]
"""Tells whether a value is of a type that has no parts to look into."""

_UNIONS: Final = (Union, types.UnionType)


@runtime_checkable
class _Subscriptable(Protocol):
    """An annotation with type variables in it."""

    def __getitem__(self, entries: tuple[object, ...], /) -> object: ...


class Difference(NamedTuple):
    """Where a value is not what was declared.

    Attributes:
        path: The way to it, as Python writes it.
        declared: What was declared there.
        came: What came, in words.
    """

    path: str
    declared: object
    came: str


def difference(value: object, declared: object, path: str, is_of: IsOfType) -> Difference | None:
    """Find the first place at which a value is not what was declared; ``None`` where there is none.

    Looks into named tuples, dataclasses, typed dictionaries, tuples, lists and mappings; whatever
    else is declared is left to ``is_of``.

    Args:
        value: The value.
        declared: A type, as it stands in an annotation.
        path: What the value is called.
        is_of: Decides where there are no parts.
    """
    declared = _unwrapped(declared)
    if declared is Any or declared is object or isinstance(declared, TypeVar):
        return None
    if get_origin(declared) in _UNIONS:
        return _of_union(value, declared, path, is_of)
    parts = _parts(value, declared, path)
    if isinstance(parts, Difference):
        return parts
    if parts is None:
        return None if is_of(value, declared) else Difference(path, declared, shown(value))
    for part in parts:
        found = difference(part.value, part.declared, part.path, is_of)
        if found is not None:
            return found
    return None


@final
@dataclass(frozen=True, slots=True)
class Part:
    """A part of a value, what was declared for it, and what it is called."""

    value: object
    declared: object
    path: str


def _parts(value: object, declared: object, path: str) -> Difference | list[Part] | None:
    """Take a value apart as its declared type is made; ``None`` where that has no parts."""
    origin: object = get_origin(declared) or declared
    if isinstance(origin, type) and is_typeddict(origin):
        return _entries_of_typed_dict(value, declared, origin, path)
    if isinstance(origin, type) and _has_fields(origin):
        if not isinstance(value, origin):
            return Difference(path, declared, shown(value))
        return [
            Part(entry, hint, f"{path}.{name}")
            for name, hint in _hints(declared, origin).items()
            if (entry := getattr(value, name, MISSING)) is not MISSING  # as one that is set later
        ]
    if isinstance(origin, type) and get_args(declared) and isinstance(value, origin):
        if is_mapping(value):
            return _entries_of_mapping(value, declared, path)
        if is_sequence(value):
            return _entries_of_sequence(value, declared, path)
    return None


def _of_union(value: object, declared: object, path: str, is_of: IsOfType) -> Difference | None:
    found: list[Difference] = []
    for member in get_args(declared):
        different = difference(value, member, path, is_of)
        if different is None:
            return None
        found.append(different)
    # one that is right but for a part is what was meant
    nearly = [different for different in found if different.path != path]
    return nearly[0] if len(nearly) == 1 else Difference(path, declared, shown(value))


def _entries_of_typed_dict(
    value: object, declared: object, origin: type, path: str
) -> Difference | list[Part]:
    if not is_mapping(value):
        return Difference(path, declared, shown(value))
    hints = _hints(declared, origin)
    required: frozenset[str] = getattr(origin, "__required_keys__", frozenset(hints))
    for name in sorted(required - value.keys()):
        return Difference(f"{path}[{name!r}]", hints[name], "nothing: there is no such key")
    parts: list[Part] = []
    for key, entry in value.items():
        if not isinstance(key, str) or key not in hints:
            return Difference(f"{path}[{key!r}]", f"left out of {origin.__name__}", shown(entry))
        parts.append(Part(entry, hints[key], f"{path}[{key!r}]"))
    return parts


def _entries_of_mapping(
    value: Mapping[object, object], declared: object, path: str
) -> list[Part] | None:
    args: tuple[object, ...] = get_args(declared)
    if len(args) != len(("key", "value")):  # as of a Counter
        return None
    keys = [Part(key, args[0], f"the key {key!r} of {path}") for key in value]
    return keys + [Part(entry, args[1], f"{path}[{key!r}]") for key, entry in value.items()]


def _entries_of_sequence(
    value: Sequence[object], declared: object, path: str
) -> Difference | list[Part]:
    args: tuple[object, ...] = get_args(declared)
    is_fixed = get_origin(declared) is tuple and args[-1] is not Ellipsis
    expected = _unpacked(args, len(value)) if is_fixed else args[:1] * len(value)
    if len(value) != len(expected):
        return Difference(path, declared, f"{shown(value)}, {len(value)} of them")
    return [
        Part(entry, arg, f"{path}[{place}]")
        for place, (entry, arg) in enumerate(zip(value, expected, strict=True))
    ]


def _has_fields(origin: type) -> bool:
    return bool(_names_of(origin)) or is_dataclass(origin)


def _names_of(origin: type) -> tuple[str, ...]:
    """Give the fields of a named tuple, none of any other class."""
    names: tuple[str, ...] = getattr(origin, "_fields", ()) if tuple in origin.__mro__ else ()
    return names


def _unpacked(args: tuple[object, ...], num_entries: int) -> tuple[object, ...]:
    """Put in the place of ``*tuple[int, ...]`` as many types as there are entries for it."""
    for place, arg in enumerate(args):
        is_unpack = get_origin(arg) is Unpack
        if not is_unpack and getattr(arg, "__unpacked__", False) is not True:
            continue
        before, behind = args[:place], args[place + 1 :]
        inner: tuple[object, ...] = get_args(get_args(arg)[0] if is_unpack else arg)
        if not inner or inner[-1] is Ellipsis:
            inner = (inner or (object,))[:1] * (num_entries - len(before) - len(behind))
        return before + inner + behind
    return args


def _hints(declared: object, origin: type) -> dict[str, object]:
    """Give the types of the fields, with what the parameters of a generic class stand for."""
    try:
        hints: dict[str, object] = get_type_hints(origin)
    except NameError as error:
        raise ArgumentError(
            f"check_first_batch: the annotations of {origin.__qualname__} must be found at run "
            f"time, got {error}; define it at the top of a module, with what it names imported"
        ) from error
    parameters: tuple[object, ...] = getattr(origin, "__parameters__", ())
    # a subclass of a named tuple may have annotations of its own
    names = [name for name in _names_of(origin) if name in hints] or list(hints)
    if is_dataclass(origin):
        names = [one.name for one in fields(origin)]
    known = dict(zip(parameters, get_args(declared), strict=False))
    return {name: _with_known(hints[name], known) for name in names}


def _with_known(hint: object, known: Mapping[object, object]) -> object:
    """Put in the place of type variables what they stand for."""
    if isinstance(hint, TypeVar):
        return known.get(hint, hint)
    parameters: tuple[object, ...] = getattr(hint, "__parameters__", ())
    if not parameters or isinstance(hint, type):
        return hint
    if not isinstance(hint, _Subscriptable):
        return hint
    return hint[tuple(known.get(one, one) for one in parameters)]


def _unwrapped(declared: object) -> object:
    """Give what an alias or an annotated type stands for."""
    if declared is None:
        return type(None)
    if isinstance(declared, NewType):
        return _unwrapped(declared.__supertype__)
    if isinstance(declared, TypeAliasType):
        return _unwrapped(declared.__value__)
    origin: object = get_origin(declared)
    if isinstance(origin, TypeAliasType):
        parameters: tuple[object, ...] = origin.__type_params__
        known: dict[object, object] = dict(zip(parameters, get_args(declared), strict=False))
        return _unwrapped(_with_known(origin.__value__, known))
    if origin is Annotated:
        return _unwrapped(get_args(declared)[0])
    return declared


def is_sequence(value: object) -> TypeIs[Sequence[object]]:
    """Tell whether a value is a list, a tuple or a deque, of whatever."""
    return isinstance(value, list | tuple | deque)


def is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    """Tell whether a value is a mapping, of whatever."""
    return isinstance(value, Mapping)


def shown(value: object) -> str:
    """Say what a value is, without its numbers."""
    if isinstance(value, Tensor):
        return f"a tensor of {value.dtype} and shape {list(value.shape)} on {value.device}"
    kind = type(value).__qualname__
    if value is None or isinstance(value, int | float | str):
        return f"{kind} {value!r}" if value is not None else "None"
    if is_sequence(value) and value:
        return f"{kind} of {type(value[0]).__qualname__}"
    return f"{kind} of length {len(value)}" if isinstance(value, Sized) else kind
