"""What makes a folder of shards a checkpoint: its manifest, and the checks before it is read."""

import io
import json
import os
import pickle
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, final

import torch
from typing_extensions import TypeIs, override

from firesteel.errors import (
    CheckpointVersionError,
    CorruptCheckpointError,
    ForeignCheckpointError,
    UnsafeCheckpointError,
)

from ._saving import CheckpointMetadata

__all__ = ["MANIFEST", "OBJECTS", "ShardManifest", "checksum", "refuse_code", "sync_folder"]

MANIFEST: Final = "manifest.json"
OBJECTS: Final = "objects.pt"
_DCP_METADATA: Final = ".metadata"
_FORMAT: Final = "firesteel sharded checkpoint"
_VERSION: Final = 1
_CHUNK: Final = 1 << 20

_HARMLESS: Final = frozenset(
    {
        ("collections", "OrderedDict"),
        ("pathlib", "PosixPath"),
        ("pathlib", "WindowsPath"),
        ("pathlib._local", "PosixPath"),
        ("pathlib._local", "WindowsPath"),
        ("torch", "Size"),
        ("torch.distributed.checkpoint.filesystem", "_StorageInfo"),
        ("torch.distributed.checkpoint.metadata", "ChunkStorageMetadata"),
        ("torch.distributed.checkpoint.metadata", "Metadata"),
        ("torch.distributed.checkpoint.metadata", "MetadataIndex"),
        ("torch.distributed.checkpoint.metadata", "StorageMeta"),
        ("torch.distributed.checkpoint.metadata", "TensorProperties"),
        ("torch.distributed.checkpoint.metadata", "TensorStorageMetadata"),
        ("torch.distributed.checkpoint.metadata", "_MEM_FORMAT_ENCODING"),
        ("torch.serialization", "_get_layout"),
    }
)
"""What the metadata of torch's checkpoints of tensors is made of; none of it runs code."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ShardManifest:
    """What a complete checkpoint consists of; written last.

    Attributes:
        metadata: What is said about the checkpoint.
        files: Size in bytes and CRC-32 of each file.
    """

    metadata: CheckpointMetadata
    files: Mapping[str, tuple[int, int]]

    def write(self, folder: Path) -> None:
        """Put it into a folder, on the disk itself."""
        document = {
            "format": _FORMAT,
            "version": _VERSION,
            "metadata": asdict(self.metadata),
            "files": {name: list(entry) for name, entry in self.files.items()},
        }
        with (folder / MANIFEST).open("w", encoding="utf-8") as file:
            json.dump(document, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(folder)

    @classmethod
    def read(cls, folder: Path) -> "ShardManifest":
        """Read that of a folder.

        Raises:
            ForeignCheckpointError: There is none, or it is of another kind.
            CheckpointVersionError: It is of a later version.
            CorruptCheckpointError: It cannot be read.
        """
        where = f"ShardedSaver: {folder}"
        try:
            text = (folder / MANIFEST).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            raise ForeignCheckpointError(
                f"{where} has no {MANIFEST}: it is incomplete, or was not saved by a ShardedSaver; "
                "what torch.distributed.checkpoint wrote is loaded by that"
            ) from None
        try:
            document: object = json.loads(text)
        except ValueError as error:
            raise CorruptCheckpointError(f"{where}/{MANIFEST} is damaged: {error}") from error
        if not _is_mapping(document) or document.get("format") != _FORMAT:
            raise ForeignCheckpointError(f"{where}/{MANIFEST} is not that of a ShardedSaver")
        if document.get("version") != _VERSION:
            raise CheckpointVersionError(
                f"{where} must be of version {_VERSION}, got {document.get('version')!r}; load it "
                "with the firesteel that saved it"
            )
        return cls(
            metadata=_metadata(where, document.get("metadata")),
            files=_files(where, document.get("files")),
        )

    def verify(self, folder: Path) -> None:
        """Read all files, and compare them with what was written; then look for code in them.

        Raises:
            CorruptCheckpointError: A file is missing, or another one.
            UnsafeCheckpointError: Reading torch's metadata would run code.
        """
        for name, (size, crc) in self.files.items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != size or checksum(path) != crc:
                raise CorruptCheckpointError(
                    f"ShardedSaver: {path} is missing or damaged; load another checkpoint"
                )
        refuse_code(folder / _DCP_METADATA)


def checksum(path: Path) -> int:
    """Give the CRC-32 of a file."""
    crc = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            crc = zlib.crc32(chunk, crc)
    return crc


def sync_folder(folder: Path) -> None:
    """Have the entries of a folder be on the disk itself; on Windows nothing is done."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def refuse_code(path: Path) -> None:
    """Refuse a pickle that is made of anything but what torch's metadata of tensors is made of.

    torch reads this file with Python's pickle, which runs what it is told to.

    Raises:
        UnsafeCheckpointError: It would call something else.
        CorruptCheckpointError: It is no pickle.
    """
    try:
        _Reader(path).load()
    except UnsafeCheckpointError:
        raise
    except Exception as error:
        raise CorruptCheckpointError(f"ShardedSaver: {path} cannot be read: {error}") from error


@final
class _Reader(pickle.Unpickler):
    """Reads a pickle of which each part is known."""

    def __init__(self, path: Path) -> None:
        super().__init__(io.BytesIO(path.read_bytes()))
        self._path = path

    @override
    def find_class(self, module_name: str, global_name: str, /) -> object:
        is_dtype = module_name == "torch" and isinstance(vars(torch).get(global_name), torch.dtype)
        if not is_dtype and (module_name, global_name) not in _HARMLESS:
            raise UnsafeCheckpointError(
                f"ShardedSaver: {self._path} would call {module_name}.{global_name}, which "
                "metadata of tensors has no need of; it was not read"
            )
        found: object = super().find_class(module_name, global_name)
        return found


def _metadata(where: str, value: object) -> CheckpointMetadata:
    match value:
        case {
            "name": str() as name,
            "global_step": int() | None as global_step,
            "score": float() | int() | None as score,
            "score_name": str() | None as score_name,
            "priority": float() | int() as priority,
        }:
            return CheckpointMetadata(
                name=name,
                global_step=global_step,
                score=None if score is None else float(score),
                score_name=score_name,
                priority=float(priority),
            )
        case _:
            raise CorruptCheckpointError(f"{where}/{MANIFEST} says nothing of the checkpoint")


def _files(where: str, value: object) -> dict[str, tuple[int, int]]:
    files: dict[str, tuple[int, int]] = {}
    for name, entry in value.items() if _is_mapping(value) else ():
        match entry:
            case [int() as size, int() as crc] if isinstance(name, str) and "/" not in name:
                files[name] = (size, crc)
            case _:
                raise CorruptCheckpointError(
                    f"{where}/{MANIFEST}: the entry of {name!r} is damaged"
                )
    if not {_DCP_METADATA, OBJECTS} <= files.keys():
        raise CorruptCheckpointError(f"{where}/{MANIFEST} does not list all files")
    return files


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)
