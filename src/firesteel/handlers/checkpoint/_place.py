"""Where checkpoints go: what stands for a saver, and where what it saved is to be found."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

from ._async import AsyncSaver
from ._saving import BaseSaveHandler, CheckpointMetadata

__all__ = ["SaveFunction", "as_saver", "is_same_place", "located"]

SaveFunction: TypeAlias = Callable[[Mapping[str, object], str, CheckpointMetadata], object]
"""Saves a checkpoint under a filename; what it returns is not looked at."""


def as_saver(
    save_handler: str | Path | BaseSaveHandler | SaveFunction,
) -> BaseSaveHandler | SaveFunction:
    """Give a saver for a folder; all else as it is."""
    if isinstance(save_handler, str | Path):
        raise NotImplementedError
    return save_handler


def located(saver: BaseSaveHandler | SaveFunction, filename: str) -> Path | str:
    """Give the path of a file where a saver saves into a folder, else its name."""
    return filename


def is_same_place(
    one: BaseSaveHandler | SaveFunction, other: BaseSaveHandler | SaveFunction
) -> bool:
    """Tell whether two savers are known to save into the same place."""
    one, other = (saver.saver if isinstance(saver, AsyncSaver) else saver for saver in (one, other))
    return isinstance(one, BaseSaveHandler) and one is other
