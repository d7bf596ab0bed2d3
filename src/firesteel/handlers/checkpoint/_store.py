"""Checkpoints in a folder of this machine."""

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Self, final

import torch
from typing_extensions import override

from firesteel._require import at_least, is_a, mismatch
from firesteel.distributed import get_rank
from firesteel.errors import (
    ArgumentError,
    CheckpointError,
    CheckpointWriteError,
    MissingCheckpointError,
)

from ._disk import FolderLock, remove_file, sweep
from ._files import as_path, load_file, manifest_at, write_file
from ._migrations import Migrations
from ._saving import BaseSaveHandler, CheckpointMetadata

__all__ = ["DiskSaver", "plain_name"]


@final
class DiskSaver(BaseSaveHandler):
    """Saves checkpoints into a folder, each whole or not at all.

    A checkpoint is written beside its place, forced to the disk, and renamed into its place. So a
    process that is killed, or a disk that is full, leaves the checkpoints that were there. What
    killed processes of this machine left half written is removed when a saver is built.

    One process at a time saves into a folder. The first save takes hold of it, and it is given back
    when the process ends, however it ends. Several savers of one process can share a folder.

    Args:
        dirname: The folder; ``~`` is the user's home.
        create_dir: Whether to make the folder, and those above it, where there is none.
        require_empty: Whether to refuse a folder that has checkpoints in it already. A run that is
            to be gone on with after a crash has to accept them.
        save_on_rank: The rank that saves, ``>= 0``; on others ``save`` and ``remove`` do nothing.
        fsync: Whether a save waits until file and folder are on the disk. Without, a power cut may
            undo a save that has returned; the end of the process alone does not.
        exclusive: Whether to refuse to save where another process saves.
        migrations: The version of what is saved, and how to read earlier ones.

    Raises:
        ArgumentError: The folder is missing, or not empty, and has to be.
        CheckpointWriteError: The folder could not be made.

    Example:
        >>> import tempfile, torch
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     saver = DiskSaver(folder)
        ...     metadata = CheckpointMetadata(name="model", global_step=7)
        ...     saver.save({"model": {"w": torch.ones(2)}}, "model_7.pt", metadata)
        ...     print(saver.filenames(), saver.metadata("model_7.pt").global_step)
        ...     saver.close()
        ['model_7.pt'] 7
    """

    def __init__(
        self,
        dirname: str | PathLike[str],
        *,
        create_dir: bool = True,
        require_empty: bool = False,
        save_on_rank: int = 0,
        fsync: bool = True,
        exclusive: bool = True,
        migrations: Migrations | None = None,
    ) -> None:
        self._folder = as_path("DiskSaver", dirname)
        self._save_on_rank = at_least("DiskSaver", "save_on_rank", save_on_rank, 0)
        self._fsync = fsync
        self._migrations = migrations
        self._lock = FolderLock("DiskSaver", self._folder) if exclusive else None
        if self._saves_here():
            self._prepare(create_dir=create_dir, require_empty=require_empty)

    @property
    def dirname(self) -> Path:
        """Give the folder."""
        return self._folder

    @property
    def save_on_rank(self) -> int:
        """Give the rank that saves."""
        return self._save_on_rank

    @override
    def save(
        self, checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata
    ) -> None:
        """Put a checkpoint in place, whole or not at all; one of the same name is replaced.

        Args:
            checkpoint: The state of each object under its name: tensors, numbers, strings, lists
                and dictionaries of these.
            filename: Its name, without folders.
            metadata: What is stored beside it.

        Raises:
            ArgumentError: ``filename`` is no plain name.
            CheckpointWriteError: It could not be written, or another process saves here.
            StateDictError: The checkpoint contains itself.
            UnsafeCheckpointError: It holds something that only code could read back.
        """
        path = self._path(filename)
        is_a("DiskSaver", "checkpoint", checkpoint, Mapping, "a mapping of names to states")
        if not self._saves_here():
            return
        self._take_hold()
        version = 0 if self._migrations is None else self._migrations.version
        try:
            write_file(
                "DiskSaver",
                path,
                checkpoint,
                metadata=metadata,
                version=version,
                fsync=self._fsync,
            )
        except CheckpointWriteError as error:
            names = ", ".join(self.filenames()) or "none"
            error.add_note(f"complete checkpoints in {self._folder}: {names}")
            raise

    @override
    def load(
        self, filename: str, *, map_location: torch.device | str | None = None
    ) -> dict[str, object]:
        """Read a checkpoint back, after every byte of it was checked.

        Args:
            filename: Its name.
            map_location: Where its tensors go; where they came from if ``None``.

        Raises:
            CheckpointVersionError: It is of a version, or of a format, that nobody here knows.
            CorruptCheckpointError: It is damaged or incomplete.
            ForeignCheckpointError: It was not written by firesteel.
            MissingCheckpointError: There is none of this name.
            UnsafeCheckpointError: Reading it would run code.
        """
        path = self._path(filename)
        try:
            return load_file(
                f"DiskSaver: {path}",
                path,
                map_location=map_location,
                mmap=False,
                migrations=self._migrations,
                allow_foreign=False,
            )
        except MissingCheckpointError as error:
            names = ", ".join(self.filenames()) or "none"
            error.add_note(f"complete checkpoints in {self._folder}: {names}")
            raise

    @override
    def remove(self, filename: str) -> None:
        """Remove a checkpoint. One that is not there is no error.

        Args:
            filename: Its name.

        Raises:
            CheckpointWriteError: It could not be removed, or another process saves here.
        """
        path = self._path(filename)
        if self._saves_here():
            self._take_hold()
            remove_file("DiskSaver", path)

    @override
    def filenames(self) -> Sequence[str]:
        """Give the names of the complete checkpoints in the folder, sorted.

        Files of others are left out, and so is what is damaged at its end, where the size of a
        file does not matter. To check all bytes, use ``verify_checkpoint``.
        """
        if not self._folder.is_dir():
            return []
        return sorted(
            path.name
            for path in self._folder.iterdir()
            if not path.name.startswith(".") and path.is_file() and _is_complete(path)
        )

    @override
    def metadata(self, filename: str) -> CheckpointMetadata:
        """Read what is stored beside a checkpoint, without reading the checkpoint.

        Args:
            filename: Its name.

        Raises:
            CheckpointVersionError: It is of a later format.
            CorruptCheckpointError: Its end is damaged, or missing.
            ForeignCheckpointError: It was not written by firesteel.
            MissingCheckpointError: There is none of this name.
        """
        return manifest_at("DiskSaver", self._path(filename)).metadata

    def close(self) -> None:
        """Let other processes save into the folder. The next save takes hold of it again."""
        if self._lock is not None:
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _saves_here(self) -> bool:
        return get_rank() == self._save_on_rank

    def _path(self, filename: str) -> Path:
        return self._folder / plain_name("DiskSaver", filename)

    def _take_hold(self) -> None:
        if self._lock is not None:
            self._lock.take()

    def _prepare(self, *, create_dir: bool, require_empty: bool) -> None:
        if not self._folder.is_dir():
            if not create_dir:
                raise ArgumentError(
                    f"DiskSaver: dirname must be a folder, got {str(self._folder)!r}; make it, or "
                    "pass create_dir=True"
                )
            try:
                self._folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CheckpointWriteError(
                    f"DiskSaver: the folder {self._folder} could not be made: {error.strerror}"
                ) from error
        sweep(self._folder)
        if require_empty and self.filenames():
            raise ArgumentError(
                f"DiskSaver: {self._folder} must have no checkpoints in it, got "
                f"{', '.join(self.filenames())}; choose another folder, or pass "
                "require_empty=False to go on with them"
            )


def plain_name(where: str, filename: str) -> str:
    """Give a name back that is one, and not a path, hidden, or empty.

    Raises:
        ArgumentError: It is another thing.
        ArgumentTypeError: It is no text.
    """
    is_a(where, "filename", filename, str, "a text")
    if not filename or filename.startswith(".") or any(mark in filename for mark in "/\\\0"):
        raise ArgumentError(
            mismatch(where, "filename", "a name without folders that begins with no dot", filename)
        )
    return filename


def _is_complete(path: Path) -> bool:
    try:
        manifest_at("DiskSaver", path)
    except (CheckpointError, OSError):
        return False
    return True
