"""What a checkpoint is handed over to: the base of all savers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import torch

__all__ = ["BaseSaveHandler", "CheckpointMetadata"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointMetadata:
    """What is said about a checkpoint beside its contents; it is stored with it.

    Attributes:
        name: What the file's name begins with, without step and score.
        global_step: The step at which it was taken, or ``None``.
        score: Its score, or ``None``.
        score_name: How the score is called, or ``None``.
        priority: What decides which checkpoints are kept; the highest are.
    """

    name: str
    global_step: int | None = None
    score: float | None = None
    score_name: str | None = None
    priority: float = 0.0


class BaseSaveHandler(ABC):
    """Where checkpoints go: a folder, a store, a service.

    ``save`` returns when the checkpoint is in place for good, or raises and leaves what was there.
    A filename is a plain name without folders.
    """

    @abstractmethod
    def save(
        self, checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata
    ) -> None:
        """Put a checkpoint in place, whole or not at all; one of the same name is replaced.

        Args:
            checkpoint: The state of each object under its name: tensors, numbers, strings, lists
                and dictionaries of these.
            filename: Its name.
            metadata: What is stored beside it.
        """

    @abstractmethod
    def load(
        self, filename: str, *, map_location: torch.device | str | None = None
    ) -> dict[str, object]:
        """Read a checkpoint back, after it was verified.

        Args:
            filename: Its name.
            map_location: Where its tensors go; where they came from if ``None``.
        """

    @abstractmethod
    def remove(self, filename: str) -> None:
        """Remove a checkpoint. One that is not there is no error.

        Args:
            filename: Its name.
        """

    @abstractmethod
    def filenames(self) -> Sequence[str]:
        """Give the names of the complete checkpoints that are there, sorted."""

    @abstractmethod
    def metadata(self, filename: str) -> CheckpointMetadata:
        """Read what is stored beside a checkpoint, without reading the checkpoint.

        Args:
            filename: Its name.
        """
