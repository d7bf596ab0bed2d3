"""Checkpoints: what is saved, where, and which of them are kept."""

from ._files import load_checkpoint, read_manifest, save_checkpoint, verify_checkpoint
from ._find import find_latest
from ._manifest import CheckpointManifest, TensorInfo
from ._migrations import Migrations
from ._objects import StatefulTree, collect_states, load_objects
from ._saving import BaseSaveHandler, CheckpointMetadata
from ._store import DiskSaver

__all__ = [
    "BaseSaveHandler",
    "CheckpointManifest",
    "CheckpointMetadata",
    "DiskSaver",
    "Migrations",
    "StatefulTree",
    "TensorInfo",
    "collect_states",
    "find_latest",
    "load_checkpoint",
    "load_objects",
    "read_manifest",
    "save_checkpoint",
    "verify_checkpoint",
]
