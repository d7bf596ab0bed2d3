"""Checkpoints: what is saved, where, and which of them are kept."""

from ._async import AsyncSaver
from ._checkpoint import Checkpoint
from ._collective import CollectiveSaver
from ._events import SavedCheckpoint
from ._files import load_checkpoint, read_manifest, save_checkpoint, verify_checkpoint
from ._find import find_latest
from ._fsspec import FsspecSaver
from ._hash import HashedCheckpoint, hash_checkpoint
from ._manifest import CheckpointManifest, TensorInfo
from ._memory import MemorySaver
from ._migrations import Migrations
from ._model_checkpoint import ModelCheckpoint
from ._objects import StatefulTree, collect_states, load_objects
from ._safetensors import load_safetensors, save_safetensors
from ._saving import BaseSaveHandler, CheckpointMetadata
from ._sharded import ShardedSaver
from ._store import DiskSaver

__all__ = [
    "AsyncSaver",
    "BaseSaveHandler",
    "Checkpoint",
    "CheckpointManifest",
    "CheckpointMetadata",
    "CollectiveSaver",
    "DiskSaver",
    "FsspecSaver",
    "HashedCheckpoint",
    "MemorySaver",
    "Migrations",
    "ModelCheckpoint",
    "SavedCheckpoint",
    "ShardedSaver",
    "StatefulTree",
    "TensorInfo",
    "collect_states",
    "find_latest",
    "hash_checkpoint",
    "load_checkpoint",
    "load_objects",
    "load_safetensors",
    "read_manifest",
    "save_checkpoint",
    "save_safetensors",
    "verify_checkpoint",
]
