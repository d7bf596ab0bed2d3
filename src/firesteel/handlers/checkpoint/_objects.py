"""States collected from objects, and put back into all of them or into none."""

import copy
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike

# Any: a state_dict is what its object makes of it, and Stateful declares it so
from typing import Any, Final, Protocol, SupportsIndex, TypeAlias, final

import torch
from torch import nn
from torch.nn.parameter import UninitializedBuffer, UninitializedParameter
from typing_extensions import TypeIs, TypeVar

from firesteel._require import is_a, mismatch
from firesteel.errors import ArgumentTypeError, CheckpointMismatchError
from firesteel.protocols import Stateful

from ._files import as_path, load_file
from ._manifest import EntryPath, is_mapping, path_text
from ._migrations import Migrations
from ._unwrap import plain_keys, renamed, unwrap

__all__ = ["StatefulTree", "collect_states", "load_objects"]

ItemT_co = TypeVar("ItemT_co", covariant=True)

_LOADING: Final = "load_objects"
_COLLECTING: Final = "collect_states"
_MOST_LINES: Final = 20
_logger: Final = logging.getLogger("firesteel.handlers.checkpoint")


class Items(Protocol[ItemT_co]):
    """A list or a tuple, but no text: that only contains texts, and these contain anything."""

    def __getitem__(self, place: SupportsIndex, /) -> ItemT_co: ...
    def __contains__(self, item: object, /) -> bool: ...
    def __iter__(self) -> Iterator[ItemT_co]: ...
    def __len__(self) -> int: ...


StatefulTree: TypeAlias = "Stateful | Mapping[str, StatefulTree] | Items[StatefulTree]"
"""Stateful objects, and mappings, lists and tuples of them."""


def collect_states(to_save: Mapping[str, StatefulTree]) -> dict[str, object]:
    """Give the state of each object, in the same arrangement.

    Models are saved without what is wrapped round them, replicas or compilation, so that they can
    be put back into a model that is wrapped in another way. Nothing is copied: the tensors are
    those of the objects.

    Args:
        to_save: Objects by name; lists, tuples and mappings of objects are allowed.

    Raises:
        ArgumentTypeError: Something in it has no state.

    Example:
        >>> import torch
        >>> collect_states({"nets": [torch.nn.ReLU(), torch.nn.ReLU()]})
        {'nets': [OrderedDict(), OrderedDict()]}
    """
    is_a(_COLLECTING, "to_save", to_save, Mapping, "a mapping of names to objects")
    return {name: _collect(value, (name,)) for name, value in to_save.items()}


def load_objects(
    to_load: Mapping[str, StatefulTree],
    checkpoint: Mapping[str, object] | str | PathLike[str],
    *,
    strict: bool = True,
    allow_cast: bool = False,
    map_location: torch.device | str | None = "cpu",
    migrations: Migrations | None = None,
    allow_foreign: bool = False,
) -> None:
    """Put the states of a checkpoint back into objects: into all of them, or into none.

    Names, and the dtypes of a model's tensors, are compared before anything is changed. If an
    object refuses its state all the same, every object is put back to where it was, and the error
    lists all that does not fit. For that, a copy of all states is held while this function runs.

    A checkpoint may hold more objects than are asked for. A file of ignite that holds the state of
    a single object, without its name, is understood where one object is asked for.

    Args:
        to_load: Objects by name, arranged as they were when they were saved.
        checkpoint: What :func:`collect_states` gave, or the file that it was saved in.
        strict: Whether the entries of a model have to be exactly those that were saved.
        allow_cast: Whether a model's tensors may have been saved with another dtype, and are cast.
        map_location: Where tensors of a file are put before they are copied into the objects;
            where they came from if ``None``.
        migrations: Bring the checkpoint of an earlier version to the present one; for files.
        allow_foreign: Whether a file may be one that ``torch.save`` or ignite wrote.

    Raises:
        ArgumentTypeError: Something in ``to_load`` has no state.
        CheckpointMismatchError: The checkpoint does not fit; the objects are as they were.
        CheckpointError: The file could not be read; see :func:`load_checkpoint`.

    Example:
        >>> import torch
        >>> model, other = torch.nn.Linear(2, 1), torch.nn.Linear(2, 1)
        >>> load_objects({"model": other}, collect_states({"model": model}))
        >>> bool((model.weight == other.weight).all())
        True
    """
    is_a(_LOADING, "to_load", to_load, Mapping, "a mapping of names to objects")
    where, states = _LOADING, checkpoint
    if not isinstance(checkpoint, Mapping):
        path = as_path(_LOADING, checkpoint)
        where = f"{_LOADING}: {path}"
        states = load_file(
            where,
            path,
            map_location=map_location,
            mmap=False,
            migrations=migrations,
            allow_foreign=allow_foreign,
        )
    problems: list[str] = []
    pairs = list(_pairs(to_load, _with_name(to_load, states), (), problems))
    for pair in pairs:
        problems += pair.unlike_dtypes(allow_cast=allow_cast)
    if problems:
        problems += [line for pair in pairs for line in pair.differences()]
        raise _does_not_fit(where, problems, "nothing was changed")
    _put_all(where, pairs, strict=strict)


@final
@dataclass(frozen=True, slots=True)
class _Pair:
    """An object, and the state that is to be put into it."""

    path: EntryPath
    target: Stateful
    state: dict[str, Any]

    def snapshot(self) -> dict[str, Any]:
        """Copy the state that the object is in."""
        return copy.deepcopy(self.target.state_dict())

    def put(self, state: dict[str, Any], *, strict: bool) -> None:
        """Put a state into the object."""
        if isinstance(self.target, nn.Module):
            self.target.load_state_dict(renamed(state, self.target.state_dict()), strict=strict)
        else:
            self.target.load_state_dict(state)

    def unlike_dtypes(self, *, allow_cast: bool) -> list[str]:
        """Tell which of a model's tensors were saved with another dtype."""
        return [
            f"{path_text(self.path)}: {name!r} was saved as {saved.dtype}, and is {own.dtype}; "
            "pass allow_cast=True to cast it"
            for name, own, saved in self._tensors()
            if own.dtype != saved.dtype and not allow_cast
        ]

    def differences(self) -> list[str]:
        """Tell in what a model's state differs from the saved one, beside dtypes."""
        if not isinstance(self.target, nn.Module):
            return []
        own = self.target.state_dict()
        saved = renamed(self.state, own)
        here = path_text(self.path)
        return [
            *(f"{here}: {name!r} was not saved" for name in own if name not in saved),
            *(
                f"{here}: {name!r} was saved, and is not in the model"
                for name in saved
                if name not in own
            ),
            *(
                f"{here}: {name!r} was saved with shape {tuple(there.shape)}, and has shape "
                f"{tuple(mine.shape)}"
                for name, mine, there in self._tensors()
                if mine.shape != there.shape
            ),
        ]

    def _tensors(self) -> Iterator[tuple[str, torch.Tensor, torch.Tensor]]:
        """Give the tensors of a model beside those that were saved."""
        if not isinstance(self.target, nn.Module):
            return
        state = self.target.state_dict()
        saved = renamed(self.state, state)
        for name, own in state.items():
            there: object = saved.get(name)
            if _is_tensor(own) and _is_tensor(there):
                yield name, own, there


def _is_tensor(value: object) -> TypeIs[torch.Tensor]:
    # an uninitialized one of a lazy module has no shape yet, and takes any
    return isinstance(value, torch.Tensor) and not isinstance(
        value, UninitializedParameter | UninitializedBuffer
    )


def _collect(value: object, path: EntryPath) -> object:
    if isinstance(value, Stateful):
        target = unwrap(value)
        state = target.state_dict()
        return plain_keys(state) if isinstance(target, nn.Module) else state
    if is_mapping(value):
        return {name: _collect(inner, (*path, str(name))) for name, inner in value.items()}
    if _is_list(value):
        return [_collect(inner, (*path, place)) for place, inner in enumerate(value)]
    raise ArgumentTypeError(_no_state(_COLLECTING, "to_save", path, value))


def _with_name(to_load: Mapping[str, StatefulTree], states: object) -> object:
    """Give the state of a single object its name, which ignite leaves out."""
    if len(to_load) == 1 and is_mapping(states) and states and not set(to_load) & set(states):
        (name,), (value,) = to_load, to_load.values()
        if isinstance(value, Stateful):
            return {name: states}
    return states


def _pairs(tree: object, states: object, path: EntryPath, problems: list[str]) -> Iterator[_Pair]:
    """Give each object with its state, and note what has no counterpart."""
    here = path_text(path)
    if isinstance(tree, Stateful):
        if _is_state(states):
            yield _Pair(path, unwrap(tree), states)
        else:
            problems.append(f"{here}: what was saved is a {type(states).__name__}, and no state")
    elif is_mapping(tree):
        if not is_mapping(states):
            problems.append(
                f"{here}: a mapping is asked for, and a {type(states).__name__} was saved"
            )
            return
        for name, inner in tree.items():
            if name in states:
                yield from _pairs(inner, states[name], (*path, str(name)), problems)
            else:
                known = ", ".join(map(repr, states)) or "nothing"
                problems.append(f"{here}[{name!r}]: was not saved; there is {known}")
    elif _is_list(tree):
        if not _is_list(states) or len(states) != len(tree):
            came = f"{len(states)}" if _is_list(states) else f"a {type(states).__name__}"
            problems.append(f"{here}: {len(tree)} objects are asked for, and {came} was saved")
            return
        for place, (inner, state) in enumerate(zip(tree, states, strict=True)):
            yield from _pairs(inner, state, (*path, place), problems)
    else:
        raise ArgumentTypeError(_no_state(_LOADING, "to_load", path, tree))


def _put_all(where: str, pairs: Sequence[_Pair], *, strict: bool) -> None:
    """Put all states into their objects, or put every object back to where it was."""
    before = [pair.snapshot() for pair in pairs]
    done = 0
    try:
        for pair in pairs:
            done += 1
            pair.put(pair.state, strict=strict)
    except BaseException as error:
        lost = _put_back(pairs[:done], before[:done])
        left = f"could not be put back: {', '.join(lost)}" if lost else "nothing was changed"
        if not isinstance(error, Exception):
            error.add_note(f"{where}: {left}")
            raise
        failed = pairs[done - 1]
        lines = [line for pair in pairs for line in pair.differences()]
        if not failed.differences():
            lines.append(f"{path_text(failed.path)}: {type(error).__name__}: {error}")
        raise _does_not_fit(where, lines, left) from error


def _put_back(pairs: Sequence[_Pair], states: Sequence[dict[str, Any]]) -> list[str]:
    """Put objects back to where they were; tell which did not let themselves."""
    lost: list[str] = []
    for pair, state in zip(pairs, states, strict=True):
        try:
            pair.put(state, strict=True)
        except Exception:
            # the first error is the one to be told; this one would hide it
            _logger.exception("%s could not be put back", path_text(pair.path))
            lost.append(path_text(pair.path))
    return lost


def _does_not_fit(where: str, problems: Sequence[str], left: str) -> CheckpointMismatchError:
    shown = list(problems[:_MOST_LINES])
    if len(problems) > len(shown):
        shown.append(f"and {len(problems) - len(shown)} more")
    lines = "".join(f"\n    {line}" for line in shown)
    return CheckpointMismatchError(f"{where}: the checkpoint does not fit, {left}:{lines}")


def _no_state(where: str, what: str, path: EntryPath, value: object) -> str:
    condition = "something with state_dict and load_state_dict, or a mapping or list of such"
    return mismatch(where, f"{what}{path_text(path)}", condition, value)


def _is_list(value: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)


def _is_state(value: object) -> TypeIs[dict[str, object]]:
    return isinstance(value, dict)
