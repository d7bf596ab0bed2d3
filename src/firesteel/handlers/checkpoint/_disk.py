"""Files put in place whole or not at all, what killed processes left, and who holds a folder."""

import contextlib
import errno
import logging
import os
import re
import secrets
import socket
import sys
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Final, final

from firesteel.errors import CheckpointWriteError

if sys.platform != "win32":
    import fcntl

__all__ = ["FolderLock", "put_in_place", "remove_file", "sweep", "temporary_name"]

_LOCK_FILE: Final = ".firesteel.lock"
_TEMPORARY: Final = re.compile(r"\.firesteel-(?P<host>.+)-(?P<pid>\d+)-[0-9a-f]{16}\.tmp")
_logger: Final = logging.getLogger("firesteel.handlers.checkpoint")


def temporary_name() -> str:
    """Give a name that no other file has, and that says which process of which host writes it."""
    return f".firesteel-{_host()}-{os.getpid()}-{secrets.token_hex(8)}.tmp"


def put_in_place(
    where: str,
    path: Path,
    write: Callable[[BinaryIO], None],
    *,
    fsync: bool,
    sync: Callable[[int], None] = os.fsync,
) -> None:
    """Write a file beside its place, force it to the disk, and rename it into its place.

    At every moment the place holds what was there before, or the whole new file. Whatever fails,
    the temporary file is removed.

    Args:
        where: Who writes, for the error.
        path: The place. What is there is replaced.
        write: Writes the contents into an empty file, open for reading and writing, or puts
            another file into its place.
        fsync: Whether to wait until file and folder are on the disk.
        sync: Forces what is behind a descriptor to the disk.

    Raises:
        CheckpointWriteError: The file could not be written.
    """
    if path.is_dir():
        raise CheckpointWriteError(f"{where}: {path} could not be written: it is a folder")
    before = _identity(path)
    temporary = path.with_name(temporary_name())
    try:
        with _create(temporary) as file:
            write(file)
        if fsync:
            _sync(temporary, sync)
        temporary.replace(path)
        if fsync:
            _sync_folder(path.parent, sync)
    except OSError as error:
        _discard(temporary)
        raise _not_written(where, path, before=before, cause=error) from error
    except BaseException:
        _discard(temporary)
        raise


def remove_file(where: str, path: Path) -> None:
    """Remove a file; one that is not there is no error.

    Args:
        where: Who removes, for the error.
        path: The file.

    Raises:
        CheckpointWriteError: It is still there.
    """
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CheckpointWriteError(
            f"{where}: {path} could not be removed: {error.strerror}; it is still there"
        ) from error


def sweep(folder: Path) -> list[Path]:
    """Remove the temporary files that killed processes of this host left in a folder.

    A file that is being written is left alone, and so is one of another host, since whether its
    process is alive cannot be told from here.

    Args:
        folder: The folder.

    Returns:
        What was removed.
    """
    removed: list[Path] = []
    with contextlib.suppress(OSError):  # a folder that cannot be listed holds nothing to remove
        for path in sorted(folder.iterdir()):
            found = _TEMPORARY.fullmatch(path.name)
            if found and found["host"] == _host() and _remove_unless_open(path):
                _logger.info("%s: removed, a killed process left it", path)
                removed.append(path)
    return removed


@final
class FolderLock:
    """Sees to it that one process at a time saves into a folder.

    The operating system gives the lock back when the process ends, however it ends. Several locks
    of one process do not exclude each other. Where the file system knows no locks, and on Windows,
    nobody is excluded.

    Args:
        where: Who holds the lock, for the error.
        folder: The folder.
    """

    def __init__(self, where: str, folder: Path) -> None:
        self._where = where
        self._path = folder / _LOCK_FILE
        self._descriptor: int | None = None
        self._close: Callable[[], object] = _nothing

    def take(self) -> None:
        """Take the lock, or make sure that it is held.

        Raises:
            CheckpointWriteError: Another process holds it, or the folder cannot be written into.
        """
        if sys.platform == "win32":
            return
        try:
            if self._descriptor is None:
                self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o666)
                self._close = weakref.finalize(self, os.close, self._descriptor)
            # not flock: a forked worker of a loader would go on holding it when the process is
            # killed. This kind is let go of when any lock of the process closes its file, so it
            # is taken anew before each save, which costs nothing where it is held.
            fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._refuse(error)
        else:
            os.pwrite(self._descriptor, f"{os.getpid():<10} {_host():<64}\n".encode(), 0)

    def close(self) -> None:
        """Let go of the folder."""
        self._close()
        self._close, self._descriptor = _nothing, None

    def _refuse(self, error: OSError) -> None:
        folder = self._path.parent
        if self._descriptor is None:
            raise CheckpointWriteError(
                f"{self._where}: {folder} cannot be written into: {error.strerror}"
            ) from error
        if error.errno not in {errno.EACCES, errno.EAGAIN}:
            _logger.warning("%s: cannot be locked: %s", folder, error.strerror)
            return
        process, _, host = self._path.read_text(encoding="utf-8").partition(" ")
        raise CheckpointWriteError(
            f"{self._where}: another process saves into {folder} (process {process} on "
            f"{host.strip()}); save into a folder of its own, or wait until that one has ended"
        ) from error


def _host() -> str:
    return re.sub(r"[^A-Za-z0-9]", "-", socket.gethostname()) or "localhost"


def _nothing() -> None:
    """Stand for the closing of what is not open."""


def _identity(path: Path) -> tuple[int, int] | None:
    with contextlib.suppress(OSError):
        found = path.stat()
        return found.st_ino, found.st_mtime_ns
    return None


def _create(path: Path) -> BinaryIO:
    """Open a new file that a sweeper sees to be in use."""
    while True:
        file = path.open("x+b")
        if sys.platform == "win32":
            return file  # an open file cannot be removed there
        with contextlib.suppress(OSError):  # a file system without locks: nobody sweeps either
            # not lockf: it would not keep a sweeper of the same process out
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists():
            return file
        file.close()  # swept between the two calls


def _remove_unless_open(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            if sys.platform != "win32":
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()  # on Windows this fails while the file is open
    except OSError:
        return False
    return True


def _discard(temporary: Path) -> None:
    with contextlib.suppress(OSError):
        temporary.unlink(missing_ok=True)


def _sync(path: Path, sync: Callable[[int], None]) -> None:
    # Windows syncs only what is open for writing, and nobody can open a folder so
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path, sync: Callable[[int], None]) -> None:
    if sys.platform == "win32":  # a folder cannot be opened there
        return
    try:
        _sync(folder, sync)
    except OSError as error:
        if error.errno != errno.EINVAL:  # a file system that does not know this
            raise


def _not_written(
    where: str, path: Path, *, before: tuple[int, int] | None, cause: OSError
) -> CheckpointWriteError:
    now = _identity(path)
    if now is None:
        left = "there is no file of that name"
    elif now == before:
        left = "the file of that name from before is untouched"
    else:
        left = "the new file is in its place, but a power cut may undo it"
    error = CheckpointWriteError(
        f"{where}: {path} could not be written: {cause.strerror or cause}; {left}"
    )
    error.errno = cause.errno
    return error
