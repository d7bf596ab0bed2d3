"""A file that carries a part of its hash in its name, to be published."""

import hashlib
import shutil
from os import PathLike
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from firesteel.errors import MissingCheckpointError

from ._disk import put_in_place, remove_file
from ._files import as_path

__all__ = ["HashedCheckpoint", "hash_checkpoint"]

_WHERE: Final = "hash_checkpoint"
_LENGTH: Final = 8


class HashedCheckpoint(NamedTuple):
    """Where a file is that carries a part of its hash in its name.

    Attributes:
        path: The file.
        sha256: The whole hash, in hexadecimal digits.
    """

    path: Path
    sha256: str


def hash_checkpoint(
    path: str | PathLike[str], *, output_dir: str | PathLike[str] | None = None
) -> HashedCheckpoint:
    """Move a file to a name that ends with the first 8 digits of its SHA-256.

    ``torch.hub`` downloads weights under such names, and compares the digits with what arrives.

    Args:
        path: The file.
        output_dir: The folder that it goes to, made where there is none; its own if ``None``.

    Returns:
        Where it is now, and its whole hash.

    Raises:
        CheckpointWriteError: It could not be moved; it is where it was.
        MissingCheckpointError: There is no such file.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     file = Path(folder, "weights.pt")
        ...     _ = file.write_bytes(b"all of them")
        ...     hash_checkpoint(file).path.name
        'weights-4728b110.pt'
    """
    place = as_path(_WHERE, path)
    if not place.is_file():
        raise MissingCheckpointError(f"{_WHERE}: {place} does not exist")
    with place.open("rb") as file:
        digits = hashlib.file_digest(file, "sha256").hexdigest()
    folder = place.parent if output_dir is None else as_path(_WHERE, output_dir)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{place.stem}-{digits[:_LENGTH]}{place.suffix}"

    def copy(copied: BinaryIO) -> None:
        with place.open("rb") as original:
            shutil.copyfileobj(original, copied)

    put_in_place(_WHERE, target, copy, fsync=True)
    if target != place:
        remove_file(_WHERE, place)
    return HashedCheckpoint(target, digits)
