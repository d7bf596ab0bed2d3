"""A checkpoint's file, checked before anything of it is unpickled."""

import struct
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from typing import BinaryIO, Final
from zipfile import BadZipFile, ZipFile

from firesteel.errors import (
    CheckpointError,
    CorruptCheckpointError,
    ForeignCheckpointError,
    UnsafeCheckpointError,
)

from ._manifest import MANIFEST, CheckpointManifest
from ._pickles import globals_of_pickles, globals_refused_by_torch
from ._seal import SEAL_SIZE, Record, Seal, checksum, heads, records

__all__ = ["check_file", "manifest_of"]

_PICKLE: Final = b"\x80"
_ARCHIVE: Final = b"PK\x03\x04"


def manifest_of(where: str, file: BinaryIO) -> CheckpointManifest:
    """Read what a checkpoint says about itself, and check that much of it.

    Args:
        where: Who reads what, for the error.
        file: The file, open for reading.

    Raises:
        CheckpointVersionError: It is of a later format.
        CorruptCheckpointError: It is damaged or incomplete.
        ForeignCheckpointError: It was not written by firesteel.
        UnsafeCheckpointError: It was not, and would run code.
    """
    return _seal_and_manifest(where, file)[1]


def check_file(where: str, file: BinaryIO, *, allow_foreign: bool) -> CheckpointManifest | None:
    """Check every byte of a checkpoint, and what its pickle asks for.

    Of a file that firesteel did not write, the records that have checksums are checked.

    Args:
        where: Who reads what, for the error.
        file: The file, open for reading.
        allow_foreign: Whether a file may be one that firesteel did not write.

    Returns:
        Its manifest, or ``None`` where it has none.

    Raises:
        CheckpointVersionError: It is of a later format.
        CorruptCheckpointError: It is damaged or incomplete.
        ForeignCheckpointError: It was not written by firesteel, and has to be.
        UnsafeCheckpointError: Reading it would run code.
    """
    manifest: CheckpointManifest | None = None
    try:
        seal, manifest = _seal_and_manifest(where, file)
    except ForeignCheckpointError:
        if not allow_foreign or not _is_archive(file):
            raise
        _check_foreign(where, file)
    else:
        _check_contents(where, file, seal=seal, manifest=manifest)
    refused = globals_refused_by_torch(file)
    if refused:
        raise _unsafe(where, refused)
    return manifest


def _seal_and_manifest(where: str, file: BinaryIO) -> tuple[Seal, CheckpointManifest]:
    end = file.seek(0, 2) - SEAL_SIZE
    if end < 0:
        raise CorruptCheckpointError(f"{where} is empty, or was cut off")
    file.seek(end)
    seal = Seal.from_bytes(file.read(SEAL_SIZE))
    if seal is None:
        raise _unsealed(where, file)
    if checksum(file, seal.directory_at, end) != seal.directory_crc:
        raise CorruptCheckpointError(f"{where} is damaged: its directory was altered")
    with _damage(where), ZipFile(file) as archive:
        name = next(iter(archive.namelist()), "").partition("/")[0]
        text = archive.read(f"{name}/{MANIFEST}")
    return seal, CheckpointManifest.from_json(where, text)


def _check_contents(
    where: str, file: BinaryIO, *, seal: Seal, manifest: CheckpointManifest
) -> None:
    """Compare every byte of a checkpoint with its checksums, in one pass."""
    with _damage(where), ZipFile(file) as archive:
        found = records(archive, file)
    known = manifest.checksums
    for record in found:
        name = record.name.partition("/")[2]
        _check_record(where, file, record, known.get(name, record.crc))
    if heads(file, found, directory_at=seal.directory_at) != seal.heads_crc:
        raise CorruptCheckpointError(f"{where} is damaged: bytes between its records were altered")


def _check_foreign(where: str, file: BinaryIO) -> None:
    """Check as much as can be checked of a file that ``torch.save`` wrote."""
    with _damage(where), ZipFile(file) as archive:
        found = records(archive, file)
    for record in found:
        if record.crc:
            _check_record(where, file, record, record.crc)


def _check_record(where: str, file: BinaryIO, record: Record, crc: int) -> None:
    if checksum(file, record.start, record.end) != crc:
        raise CorruptCheckpointError(f"{where} is damaged: its record {record.name!r} was altered")


def _unsealed(where: str, file: BinaryIO) -> CheckpointError:
    """Tell what a file without a seal is."""
    file.seek(0)
    start = file.read(len(_ARCHIVE))
    if start[:1] == _PICKLE:
        return _bare_pickle(where, file)
    if start != _ARCHIVE:
        return CorruptCheckpointError(
            f"{where} is damaged, or no checkpoint: it neither begins nor ends as one"
        )
    with _damage(where), ZipFile(file) as archive:
        names = archive.namelist()
    if any(name.endswith(f"/{MANIFEST}") for name in names):
        return CorruptCheckpointError(f"{where} is damaged: its seal, at its end, was altered")
    if not any(name.endswith("/data.pkl") for name in names):
        return CorruptCheckpointError(f"{where} is an archive, but no checkpoint")
    refused = globals_refused_by_torch(file)
    if refused:
        return _unsafe(where, refused)
    return ForeignCheckpointError(
        f"{where} was not written by firesteel: nothing says what it has to hold, and only a part "
        "of its bytes has checksums; pass allow_foreign=True to read it all the same"
    )


def _bare_pickle(where: str, file: BinaryIO) -> CheckpointError:
    """Tell what a pickle without an archive is, by looking at its instructions only."""
    file.seek(0)
    called = sorted(
        {
            name
            for name in globals_of_pickles(file)
            if name.partition(".")[0] not in {"torch", "collections"}
        }
    )
    if called:
        return _unsafe(where, called)
    return ForeignCheckpointError(
        f"{where} is a pickle of the old format, or no checkpoint, and has no checksums; write it "
        "anew with torch.save(torch.load(path, weights_only=True), path)"
    )


def _is_archive(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(len(_ARCHIVE)) == _ARCHIVE


def _unsafe(where: str, called: Iterable[str]) -> UnsafeCheckpointError:
    return UnsafeCheckpointError(
        f"{where} would run code when it is read: it asks for {', '.join(called)}"
    )


@contextmanager
def _damage(where: str) -> Generator[None]:
    """Word what reading a damaged archive raises."""
    try:
        yield
    except (
        BadZipFile,
        NotImplementedError,
        ValueError,
        KeyError,
        EOFError,
        OverflowError,
        struct.error,
    ) as error:
        raise CorruptCheckpointError(
            f"{where} is damaged, or was cut off: {str(error) or type(error).__name__}"
        ) from error
