"""Checkpoints in files of their own: written, read, checked, looked at."""

import pickle
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path
from typing import BinaryIO, Final

import torch
from typing_extensions import TypeIs

from firesteel._require import is_a
from firesteel.errors import (
    ForeignCheckpointError,
    MissingCheckpointError,
    UnsafeCheckpointError,
)

from ._checking import check_file, manifest_of
from ._disk import put_in_place
from ._manifest import CheckpointManifest, is_mapping
from ._migrations import Migrations, migrate
from ._saving import CheckpointMetadata
from ._writing import write_checkpoint

__all__ = [
    "as_path",
    "load_checkpoint",
    "load_file",
    "manifest_at",
    "read_manifest",
    "save_checkpoint",
    "verify_checkpoint",
    "write_file",
]

_SAVING: Final = "save_checkpoint"


def save_checkpoint(
    checkpoint: Mapping[str, object],
    path: str | PathLike[str],
    *,
    metadata: CheckpointMetadata | None = None,
    migrations: Migrations | None = None,
    fsync: bool = True,
) -> None:
    """Write a checkpoint into a file, whole or not at all.

    The file is what ``torch.save`` writes, so that ``torch.load(path, weights_only=True)`` reads
    it, with a manifest and checksums in addition. It is written beside its place and then renamed.

    Args:
        checkpoint: The state of each object under its name: tensors, numbers, strings, lists and
            dictionaries of these.
        path: Where the file goes; what is there is replaced.
        metadata: What is stored beside it; the name of the file where nothing is given.
        migrations: Knows the version of what is saved; version 0 where nothing is given.
        fsync: Whether to wait until file and folder are on the disk. Without, a power cut may
            undo a save that has returned; the end of the process alone does not.

    Raises:
        CheckpointWriteError: It could not be written. What was there still is.
        StateDictError: The checkpoint contains itself.
        UnsafeCheckpointError: It holds something that only code could read back.

    Example:
        >>> import tempfile, torch
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_checkpoint({"weights": {"w": torch.ones(2)}}, f"{folder}/a.pt")
        ...     load_checkpoint(f"{folder}/a.pt")
        {'weights': {'w': tensor([1., 1.])}}
    """
    is_a(_SAVING, "checkpoint", checkpoint, Mapping, "a mapping of names to states")
    place = as_path(_SAVING, path)
    write_file(
        _SAVING,
        place,
        checkpoint,
        metadata=metadata or CheckpointMetadata(name=place.stem),
        version=0 if migrations is None else migrations.version,
        fsync=fsync,
    )


def load_checkpoint(
    path: str | PathLike[str],
    *,
    map_location: torch.device | str | None = None,
    mmap: bool = False,
    migrations: Migrations | None = None,
    allow_foreign: bool = False,
) -> dict[str, object]:
    """Read a checkpoint, after every byte of it was checked.

    Nothing in the file is run, whatever is in it.

    Args:
        path: The file.
        map_location: Where its tensors go, as for ``torch.load``; where they came from if
            ``None``.
        mmap: Whether tensors stay in the file until they are used. The file then has to stay as
            it is for as long as they are.
        migrations: Bring a checkpoint of an earlier version to the present one.
        allow_foreign: Whether the file may be one that ``torch.save`` or ignite wrote. Then only
            those of its bytes are checked that have checksums.

    Returns:
        What was saved, by name.

    Raises:
        CheckpointVersionError: It is of a version, or of a format, that nobody here knows.
        CorruptCheckpointError: It is damaged or incomplete.
        ForeignCheckpointError: It was not written by firesteel, and ``allow_foreign`` is not set.
        MissingCheckpointError: There is no such file.
        UnsafeCheckpointError: Reading it would run code.
    """
    place = as_path("load_checkpoint", path)
    return load_file(
        f"load_checkpoint: {place}",
        place,
        map_location=map_location,
        mmap=mmap,
        migrations=migrations,
        allow_foreign=allow_foreign,
    )


def verify_checkpoint(path: str | PathLike[str]) -> CheckpointManifest:
    """Check every byte of a checkpoint, without unpickling anything.

    Args:
        path: The file.

    Returns:
        What it says about itself.

    Raises:
        CheckpointVersionError: It is of a later format.
        CorruptCheckpointError: It is damaged or incomplete.
        ForeignCheckpointError: It was not written by firesteel.
        MissingCheckpointError: There is no such file.
        UnsafeCheckpointError: Reading it would run code.
    """
    place = as_path("verify_checkpoint", path)
    where = f"verify_checkpoint: {place}"
    with _opened(where, place) as file:
        manifest = check_file(where, file, allow_foreign=False)
    if manifest is None:  # only where a foreign file is allowed
        raise ForeignCheckpointError(f"{where} was not written by firesteel")
    return manifest


def read_manifest(path: str | PathLike[str]) -> CheckpointManifest:
    """Read what a checkpoint says about itself: step, score, shapes and dtypes.

    Only the end of the file is read and checked, so that it takes the same time for any size.

    Args:
        path: The file.

    Raises:
        CheckpointVersionError: It is of a later format.
        CorruptCheckpointError: Its end is damaged, or missing.
        ForeignCheckpointError: It was not written by firesteel.
        MissingCheckpointError: There is no such file.

    Example:
        >>> import tempfile, torch
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     save_checkpoint({"model": {"w": torch.ones(2)}}, f"{folder}/a.pt")
        ...     read_manifest(f"{folder}/a.pt").tensors["model", "w"]
        TensorInfo(shape=(2,), dtype='float32')
    """
    return manifest_at("read_manifest", as_path("read_manifest", path))


def write_file(
    where: str,
    path: Path,
    checkpoint: Mapping[str, object],
    *,
    metadata: CheckpointMetadata,
    version: int,
    fsync: bool,
) -> None:
    """Write a checkpoint; ``where`` is who does so, for the error."""

    def write(file: BinaryIO) -> None:
        write_checkpoint(f"{where}: {path}", file, checkpoint, metadata=metadata, version=version)

    put_in_place(where, path, write, fsync=fsync)


def manifest_at(where: str, path: Path) -> CheckpointManifest:
    """Read a manifest; ``where`` is who does so, for the error."""
    which = f"{where}: {path}"
    with _opened(which, path) as file:
        return manifest_of(which, file)


def load_file(
    which: str,
    path: Path,
    *,
    map_location: torch.device | str | None,
    mmap: bool,
    migrations: Migrations | None,
    allow_foreign: bool,
) -> dict[str, object]:
    """Check and read a checkpoint; ``which`` is who reads what, for the error."""
    with _opened(which, path) as file:
        manifest = check_file(which, file, allow_foreign=allow_foreign)
    try:
        loaded: object = torch.load(path, map_location=map_location, weights_only=True, mmap=mmap)
    except pickle.UnpicklingError:
        # without torch's own words, which say how to switch the safety off
        raise UnsafeCheckpointError(f"{which} was refused by torch's safe loader") from None
    except RuntimeError as error:
        error.add_note(f"raised while reading {which}")
        raise
    if not _is_checkpoint(loaded):
        raise ForeignCheckpointError(
            f"{which} holds a {type(loaded).__name__}, and not the states of objects by name"
        )
    version = 0 if manifest is None else manifest.version
    return migrate(which, loaded, version=version, migrations=migrations)


def as_path(where: str, path: str | PathLike[str]) -> Path:
    """Give a path; ``~`` is the user's home.

    Raises:
        ArgumentTypeError: It is none.
    """
    is_a(where, "path", path, str | PathLike, "a path")
    return Path(fspath(path)).expanduser()


def _is_checkpoint(value: object) -> TypeIs[dict[str, object]]:
    has_names = is_mapping(value) and all(isinstance(key, str) for key in value)
    return has_names and isinstance(value, dict)


@contextmanager
def _opened(where: str, path: Path) -> Generator[BinaryIO]:
    try:
        file = path.open("rb")
    except FileNotFoundError as error:
        raise MissingCheckpointError(f"{where} does not exist") from error
    with file:
        yield file
