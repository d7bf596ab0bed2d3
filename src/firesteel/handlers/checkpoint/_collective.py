"""Savers that all ranks take part in."""

from abc import abstractmethod
from collections.abc import Mapping

from typing_extensions import override

from ._saving import BaseSaveHandler, CheckpointMetadata

__all__ = ["CollectiveSaver"]


class CollectiveSaver(BaseSaveHandler):
    """A saver whose ``save`` is called on every rank: each writes its own part.

    Other savers are called on one rank alone.
    """

    @override
    @abstractmethod
    def save(
        self, checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata
    ) -> None:
        """Put a checkpoint in place, whole or not at all; either returns or raises on all ranks."""
