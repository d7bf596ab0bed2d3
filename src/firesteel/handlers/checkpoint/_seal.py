"""The seal at the end of a file, with which damage of any of its bytes is found.

A checkpoint is a zip archive whose records are stored as they are. What lies between them (the
heads) and the directory behind them are covered by two checksums in the seal, which is the comment
of the archive, its last bytes. The records are covered by checksums of their own. So a file is
written without being read again, and one pass over it tells which part is damaged.
"""

import struct
import zlib
from dataclasses import dataclass
from typing import BinaryIO, Final, final
from zipfile import ZIP_STORED, BadZipFile, ZipFile

__all__ = ["SEAL_SIZE", "Record", "Seal", "checksum", "heads", "records", "seal_of"]

SEAL_SIZE: Final = 16 + 16 + 8 + 8 + 8 + 4
"""The length of a seal in bytes."""

_MARK: Final = b"firesteel-seal-1"
_LOCAL_HEADER: Final = 30
_CHUNK: Final = 1 << 20


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A record of an archive, and where its bytes lie.

    Attributes:
        name: Its name, with the folder that all records are in.
        start: Where its bytes begin.
        end: Where they end.
        crc: The checksum that the archive itself keeps; 0 where none was computed.
    """

    name: str
    start: int
    end: int
    crc: int


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """What the seal says.

    Attributes:
        directory_at: Where the archive's directory begins.
        directory_crc: The checksum of all from there to the seal.
        heads_crc: The checksum of what lies before it and is in no record.
    """

    directory_at: int
    directory_crc: int
    heads_crc: int

    def to_bytes(self) -> bytes:
        """Give the seal as it stands in the file: readable text, with a checksum of its own."""
        body = b"%s|%016x|%08x|%08x|" % (
            _MARK,
            self.directory_at,
            self.directory_crc,
            self.heads_crc,
        )
        return body + b"%08x" % zlib.crc32(body)

    @classmethod
    def from_bytes(cls, text: bytes) -> "Seal | None":
        """Read a seal, or give ``None`` where there is none, or a damaged one."""
        body, crc = text[:-8], text[-8:]
        if (
            len(text) != SEAL_SIZE
            or not body.startswith(_MARK)
            or crc != b"%08x" % zlib.crc32(body)
        ):
            return None
        _, directory_at, directory_crc, heads_crc, _ = body.split(b"|")
        return cls(
            directory_at=int(directory_at, 16),
            directory_crc=int(directory_crc, 16),
            heads_crc=int(heads_crc, 16),
        )


def records(archive: ZipFile, file: BinaryIO) -> list[Record]:
    """Give the records of an archive in the order in which they lie in its file.

    Args:
        archive: The archive.
        file: Its file, open for reading.

    Raises:
        BadZipFile: A record is compressed, or lies where it cannot lie.
    """
    found: list[Record] = []
    position = 0
    for entry in sorted(archive.infolist(), key=lambda entry: entry.header_offset):
        file.seek(entry.header_offset)
        header = file.read(_LOCAL_HEADER)
        if len(header) < _LOCAL_HEADER or header[:4] != b"PK\x03\x04":
            raise BadZipFile(f"the head of {entry.filename!r} is damaged")
        if entry.compress_type != ZIP_STORED:
            raise BadZipFile(f"{entry.filename!r} is compressed")
        name_size, extra_size = struct.unpack("<HH", header[26:30])
        start = entry.header_offset + _LOCAL_HEADER + name_size + extra_size
        end = start + entry.compress_size
        if entry.header_offset < position or end > archive.start_dir:
            raise BadZipFile(f"{entry.filename!r} lies over something else")
        found.append(Record(name=entry.filename, start=start, end=end, crc=entry.CRC))
        position = end
    return found


def checksum(file: BinaryIO, start: int, end: int, *, before: int = 0) -> int:
    """Give the CRC-32 of some bytes of a file, going on from that of what lies before.

    Args:
        file: The file, open for reading.
        start: Where they begin.
        end: Where they end. If the file ends earlier, so do they.
        before: The checksum to go on from.
    """
    file.seek(start)
    crc, left = before, end - start
    while left > 0 and (chunk := file.read(min(_CHUNK, left))):
        crc = zlib.crc32(chunk, crc)
        left -= len(chunk)
    return crc


def heads(file: BinaryIO, of: list[Record], *, directory_at: int) -> int:
    """Give the checksum of what lies between records, before the directory."""
    crc, position = 0, 0
    for record in of:
        crc = checksum(file, position, record.start, before=crc)
        position = record.end
    return checksum(file, position, directory_at, before=crc)


def seal_of(file: BinaryIO) -> Seal:
    """Compute the seal of an archive that ends with a comment as long as a seal.

    Args:
        file: The archive, open for reading.
    """
    with ZipFile(file) as archive:
        size = file.seek(0, 2) - SEAL_SIZE
        return Seal(
            directory_at=archive.start_dir,
            directory_crc=checksum(file, archive.start_dir, size),
            heads_crc=heads(file, records(archive, file), directory_at=archive.start_dir),
        )
