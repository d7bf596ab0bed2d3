"""Checkpoints: what is saved, where, and which of them are kept."""

from ._async import AsyncSaver
from ._checkpoint import Checkpoint
from ._collective import CollectiveSaver
from ._events import SavedCheckpoint
from ._memory import MemorySaver
from ._saving import BaseSaveHandler, CheckpointMetadata

__all__ = [
    "AsyncSaver",
    "BaseSaveHandler",
    "Checkpoint",
    "CheckpointMetadata",
    "CollectiveSaver",
    "MemorySaver",
    "SavedCheckpoint",
]
