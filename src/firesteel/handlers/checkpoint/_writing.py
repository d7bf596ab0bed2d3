"""One checkpoint in one file: what ``torch.save`` writes, with a manifest and a seal.

``torch.load`` reads such a file as any other, so that nobody is locked in. In addition there is a
record ``firesteel.json`` that tells what is in the file, and a seal as the comment of the archive,
with which damage of any byte is found before anything is unpickled.
"""

import io
import pickle
import time
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import BinaryIO, final
from zipfile import ZipFile

import torch
from typing_extensions import Buffer, override

from firesteel._version import __version__
from firesteel.errors import UnsafeCheckpointError

from ._manifest import FORMAT, MANIFEST, CheckpointManifest, EntryPath, describe, path_text
from ._pickles import globals_refused_by_torch
from ._saving import CheckpointMetadata
from ._seal import SEAL_SIZE, checksum, records, seal_of

__all__ = ["write_checkpoint"]


def write_checkpoint(
    where: str,
    file: BinaryIO,
    checkpoint: Mapping[str, object],
    *,
    metadata: CheckpointMetadata,
    version: int = 0,
) -> None:
    """Write a checkpoint into an empty file.

    Args:
        where: Who writes what, for the error.
        file: The file, open for reading and writing.
        checkpoint: The state of each object under its name.
        metadata: What is stored beside it.
        version: The version of what is saved.

    Raises:
        OSError: The file could not be written.
        StateDictError: The checkpoint contains itself.
        UnsafeCheckpointError: It holds something that only code could read back.
    """
    contents = dict(checkpoint)
    tensors, others = describe(where, contents)
    stream = _Stream(file)
    try:
        with io.BufferedWriter(stream) as buffered:
            torch.save(contents, buffered)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise UnsafeCheckpointError(_cannot_be_stored(where, others, str(error))) from error
    stream.check()
    manifest = CheckpointManifest(
        format=FORMAT,
        version=version,
        firesteel=__version__,
        torch=torch.__version__,
        time_s=time.time(),
        metadata=metadata,
        tensors=tensors,
        others=others,
        checksums=MappingProxyType({}),
    )
    _append_manifest(file, manifest)
    seal = seal_of(file)
    file.seek(-SEAL_SIZE, 2)
    file.write(seal.to_bytes())
    file.flush()
    refused = globals_refused_by_torch(file)
    if refused:
        raise UnsafeCheckpointError(_cannot_be_stored(where, others, ", ".join(refused)))


@final
class _Stream(io.RawIOBase):
    """Hands on what torch writes, and keeps the first error for later.

    torch's writer words errors of the disk as failures of its own, and some of its versions end
    the process over an exception that passes through them.
    """

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._error: OSError | None = None

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, data: Buffer, /) -> int:
        size = memoryview(data).nbytes
        if self._error is None:
            try:
                self._file.write(data)
            except OSError as error:
                self._error = error
        return size

    def check(self) -> None:
        """Raise the error that there was."""
        if self._error is not None:
            raise self._error


def _append_manifest(file: BinaryIO, manifest: CheckpointManifest) -> None:
    """Add the manifest as a last record, and room for the seal."""
    with ZipFile(file, "a") as archive:
        found = records(archive, file)
        folder = found[0].name.partition("/")[0]
        checksums = {
            record.name.partition("/")[2]: record.crc or checksum(file, record.start, record.end)
            for record in found
        }
        file.seek(archive.start_dir)
        archive.writestr(
            f"{folder}/{MANIFEST}", replace(manifest, checksums=checksums).to_json().encode()
        )
        archive.comment = bytes(SEAL_SIZE)


def _cannot_be_stored(where: str, others: Mapping[EntryPath, str], what: str) -> str:
    strange = [
        f"checkpoint{path_text(path)} ({kind})" for path, kind in others.items() if "." in kind
    ]
    return (
        f"{where} cannot hold what only code could read back: {what}"
        + (f"; see {', '.join(strange[:3])}" if strange else "")
        + "; give numbers, strings, tensors, and lists and dictionaries of these"
    )
