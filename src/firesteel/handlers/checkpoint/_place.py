"""Where checkpoints go: what stands for a saver, and where what it saved is to be found."""

from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from typing_extensions import TypeIs

from firesteel.errors import ArgumentError

from ._async import AsyncSaver
from ._fsspec import FsspecSaver
from ._saving import BaseSaveHandler, CheckpointMetadata
from ._store import DiskSaver

__all__ = ["SaveFunction", "as_path", "as_saver", "is_same_place", "located"]

SaveFunction: TypeAlias = Callable[[Mapping[str, object], str, CheckpointMetadata], object]
"""Saves a checkpoint under a filename; what it returns is not looked at."""


def as_saver(
    save_handler: str | PathLike[str] | BaseSaveHandler | SaveFunction, *, save_on_rank: int
) -> BaseSaveHandler | SaveFunction:
    """Give a saver for a folder; all else as it is.

    Raises:
        ArgumentError: It saves on another rank, so that nothing would be saved.
    """
    if _is_path(save_handler):
        return DiskSaver(save_handler, save_on_rank=save_on_rank)
    saver = _at_last(save_handler)
    if isinstance(saver, DiskSaver | FsspecSaver) and saver.save_on_rank != save_on_rank:
        raise ArgumentError(
            f"Checkpoint: save_on_rank must be {saver.save_on_rank}, as of its "
            f"{type(saver).__name__}, got {save_on_rank}"
        )
    return save_handler


def located(saver: BaseSaveHandler | SaveFunction, filename: str) -> Path | str:
    """Give the path of a file where a saver saves into a folder, else its name."""
    at_last = _at_last(saver)
    return at_last.dirname / filename if isinstance(at_last, DiskSaver) else filename


def as_path(place: Path | str | None) -> Path | None:
    """Give a place that is known to lie in a folder."""
    return None if place is None else Path(place)


def is_same_place(
    one: BaseSaveHandler | SaveFunction, other: BaseSaveHandler | SaveFunction
) -> bool:
    """Tell whether two savers are known to save into the same place."""
    one, other = _at_last(one), _at_last(other)
    if isinstance(one, DiskSaver) and isinstance(other, DiskSaver):
        return one.dirname.resolve() == other.dirname.resolve()
    return isinstance(one, BaseSaveHandler) and one is other


def _at_last(saver: BaseSaveHandler | SaveFunction) -> BaseSaveHandler | SaveFunction:
    return saver.saver if isinstance(saver, AsyncSaver) else saver


def _is_path(value: object) -> TypeIs[str | PathLike[str]]:
    return isinstance(value, str | PathLike)
