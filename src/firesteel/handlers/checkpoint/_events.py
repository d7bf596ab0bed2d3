"""What is told when a checkpoint was saved."""

from dataclasses import dataclass
from typing import Final, final

from firesteel.events import PayloadEvent

from ._saving import BaseSaveHandler, CheckpointMetadata

__all__ = ["SAVED_CHECKPOINT", "SavedCheckpoint"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCheckpoint:
    """A checkpoint that was saved.

    Attributes:
        filename: Its name, which :attr:`saver` loads it by.
        metadata: What is said about it beside its contents.
        saver: What it was handed over to; ``None`` where that is a function.
    """

    filename: str
    metadata: CheckpointMetadata
    saver: BaseSaveHandler | None


SAVED_CHECKPOINT: Final = PayloadEvent[SavedCheckpoint]("saved_checkpoint")
"""A checkpoint was saved; handlers take ``(engine, saved)``, a :class:`SavedCheckpoint`."""
