"""Checkpoints in memory."""

import copy
from collections.abc import Mapping, Sequence
from typing import final

import torch
from typing_extensions import override

from firesteel.data import to_device
from firesteel.errors import UnknownKeyError

from ._saving import BaseSaveHandler, CheckpointMetadata

__all__ = ["MemorySaver"]


@final
class MemorySaver(BaseSaveHandler):
    """Keeps checkpoints in the memory of this process: for tests, and to go back to the best.

    What is saved and what is loaded are copies.

    Example:
        >>> import torch
        >>> from firesteel.handlers import CheckpointMetadata, MemorySaver
        >>> saver = MemorySaver()
        >>> weight = torch.zeros(2)
        >>> saver.save({"weight": weight}, "a.pt", CheckpointMetadata(name="a"))
        >>> _ = weight.add_(1)
        >>> saver.load("a.pt")
        {'weight': tensor([0., 0.])}
        >>> saver.filenames()
        ['a.pt']
    """

    __slots__ = ("_saved",)

    def __init__(self) -> None:
        self._saved: dict[str, tuple[dict[str, object], CheckpointMetadata]] = {}

    @override
    def save(
        self, checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata
    ) -> None:
        """Keep a copy of a checkpoint."""
        self._saved[filename] = (copy.deepcopy(dict(checkpoint)), metadata)

    @override
    def load(
        self, filename: str, *, map_location: torch.device | str | None = None
    ) -> dict[str, object]:
        """Give a copy of a checkpoint.

        Raises:
            UnknownKeyError: There is none of this name.
        """
        loaded = copy.deepcopy(self._find(filename)[0])
        return loaded if map_location is None else to_device(loaded, map_location)

    @override
    def remove(self, filename: str) -> None:
        """Forget a checkpoint. One that is not there is no error."""
        self._saved.pop(filename, None)

    @override
    def filenames(self) -> Sequence[str]:
        """Give the names of the checkpoints, sorted."""
        return sorted(self._saved)

    @override
    def metadata(self, filename: str) -> CheckpointMetadata:
        """Give what was saved beside a checkpoint.

        Raises:
            UnknownKeyError: There is none of this name.
        """
        return self._find(filename)[1]

    def _find(self, filename: str) -> tuple[dict[str, object], CheckpointMetadata]:
        try:
            return self._saved[filename]
        except KeyError:
            raise UnknownKeyError(
                f"MemorySaver: there must be a checkpoint {filename!r}; there are "
                f"{', '.join(map(repr, sorted(self._saved))) or 'none'}"
            ) from None
