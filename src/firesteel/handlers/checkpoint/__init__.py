"""Checkpoints: what is saved, where, and which of them are kept."""

from ._files import load_checkpoint, read_manifest, save_checkpoint, verify_checkpoint
from ._find import find_latest
from ._fsspec import FsspecSaver
from ._hash import HashedCheckpoint, hash_checkpoint
from ._manifest import CheckpointManifest, TensorInfo
from ._migrations import Migrations
from ._objects import StatefulTree, collect_states, load_objects
from ._safetensors import load_safetensors, save_safetensors
from ._saving import BaseSaveHandler, CheckpointMetadata
from ._store import DiskSaver

__all__ = [
    "BaseSaveHandler",
    "CheckpointManifest",
    "CheckpointMetadata",
    "DiskSaver",
    "FsspecSaver",
    "HashedCheckpoint",
    "Migrations",
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
