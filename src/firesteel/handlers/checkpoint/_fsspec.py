"""Checkpoints in any store that fsspec knows: object stores, other machines, memory."""

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO, Final, Literal, Protocol, final

import torch
from typing_extensions import override

from firesteel._optional import load
from firesteel._require import at_least, is_a, mismatch
from firesteel.distributed import get_rank
from firesteel.errors import (
    ArgumentError,
    CheckpointError,
    CheckpointWriteError,
    MissingCheckpointError,
    MissingExtraError,
)

from ._checking import manifest_of
from ._disk import temporary_name
from ._files import load_file
from ._migrations import Migrations
from ._saving import BaseSaveHandler, CheckpointMetadata
from ._store import plain_name
from ._writing import write_checkpoint

__all__ = ["FsspecSaver", "way_to_publish"]

_WHERE: Final = "FsspecSaver"
_PUTS_ARE_ATOMIC: Final = frozenset(
    {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "r2", "hf"}
)


class Store(Protocol):
    """What is used of a file system of fsspec."""

    protocol: str | tuple[str, ...]

    def put_file(self, lpath: str, rpath: str) -> object: ...
    def get_file(self, rpath: str, lpath: str) -> object: ...
    def mv(self, path1: str, path2: str) -> object: ...
    def rm_file(self, path: str) -> object: ...
    def exists(self, path: str) -> bool: ...
    def size(self, path: str) -> int | None: ...
    def makedirs(self, path: str, *, exist_ok: bool) -> object: ...
    def ls(self, path: str, *, detail: bool) -> list[str]: ...
    def open(self, path: str, mode: str) -> BinaryIO: ...
    def invalidate_cache(self) -> object: ...


@final
class FsspecSaver(BaseSaveHandler):
    """Saves checkpoints into a folder of any store that fsspec knows.

    A checkpoint is first written whole on this machine, and then brought to the store in the way
    in which the store lets it appear at once:

    - ``"put"``: under its own name in one go. Object stores (S3, GCS, Azure and others) show an
      object when all of it has arrived, and the one from before until then.
    - ``"rename"``: under a hidden name first, and renamed. A store that can rename shows the old
      or the new one at any time (a local disk, SFTP, HDFS). Memory copies instead, which is not
      seen within one process. A process that is killed may leave a hidden file behind.

    Nothing forces the bytes to a disk, and no lock keeps other processes out: on a disk of this
    machine, :class:`DiskSaver` does both.

    Args:
        url: The folder, like ``"s3://bucket/run"``, ``"memory://run"``, ``"file:///runs/1"``.
        save_on_rank: The rank that saves, ``>= 0``; on others ``save`` and ``remove`` do nothing.
        publish: How a checkpoint is made to appear; what suits the store if ``None``.
        storage_options: What fsspec is to know of the store, such as keys; see its documentation.
        migrations: The version of what is saved, and how to read earlier ones.

    Raises:
        ArgumentError: ``publish`` is another word, or nobody knows the store.
        MissingExtraError: fsspec, or the package for this store, is not installed.

    Example:
        >>> import torch
        >>> saver = FsspecSaver("memory://runs/1")
        >>> saver.save({"model": {"w": torch.ones(2)}}, "7.pt", CheckpointMetadata(name="model"))
        >>> saver.filenames()
        ['7.pt']
        >>> saver.load("7.pt")
        {'model': {'w': tensor([1., 1.])}}
        >>> saver.remove("7.pt")
    """

    def __init__(
        self,
        url: str,
        *,
        save_on_rank: int = 0,
        publish: Literal["put", "rename"] | None = None,
        storage_options: Mapping[str, object] | None = None,
        migrations: Migrations | None = None,
    ) -> None:
        is_a(_WHERE, "url", url, str, "a URL")
        if publish not in {"put", "rename", None}:
            raise ArgumentError(mismatch(_WHERE, "publish", "'put', 'rename' or None", publish))
        connect: Callable[..., tuple[Store, str]] = load(
            _WHERE, "fsspec.core", extra="fsspec"
        ).url_to_fs
        try:
            self._store, self._root = connect(url, **(storage_options or {}))
        except ImportError as error:
            raise MissingExtraError(f"{_WHERE}: {url!r} needs another package: {error}") from error
        except ValueError as error:
            raise ArgumentError(
                f"{_WHERE}: url must be one that fsspec knows, got {url!r}: {error}"
            ) from error
        self._url = url.rstrip("/")
        self._save_on_rank = at_least(_WHERE, "save_on_rank", save_on_rank, 0)
        self._publish = publish or way_to_publish(self._store.protocol)
        self._migrations = migrations

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
            CheckpointWriteError: It could not be written here, or not be brought to the store.
            StateDictError: The checkpoint contains itself.
            UnsafeCheckpointError: It holds something that only code could read back.
        """
        key = self._key(filename)
        is_a(_WHERE, "checkpoint", checkpoint, Mapping, "a mapping of names to states")
        if get_rank() != self._save_on_rank:
            return
        which = f"{_WHERE}: {self._url}/{filename}"
        version = 0 if self._migrations is None else self._migrations.version
        with TemporaryDirectory() as folder, self._write_errors(which):
            local = Path(folder, filename)
            with local.open("x+b") as file:
                write_checkpoint(which, file, checkpoint, metadata=metadata, version=version)
            self._store.makedirs(self._root, exist_ok=True)
            if self._publish == "put":
                self._put(local, key)
            else:
                self._put_and_rename(local, key)

    @override
    def load(
        self, filename: str, *, map_location: torch.device | str | None = None
    ) -> dict[str, object]:
        """Fetch a checkpoint, check every byte of it, and read it.

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
        key = self._key(filename)
        with TemporaryDirectory() as folder:
            local = Path(folder, filename)
            with self._missing(filename):
                self._store.get_file(key, str(local))
            return load_file(
                f"{_WHERE}: {self._url}/{filename}",
                local,
                map_location=map_location,
                mmap=False,
                migrations=self._migrations,
                allow_foreign=False,
            )

    @override
    def remove(self, filename: str) -> None:
        """Remove a checkpoint. One that is not there is no error.

        Args:
            filename: Its name.

        Raises:
            CheckpointWriteError: It could not be removed.
        """
        key = self._key(filename)
        if get_rank() == self._save_on_rank:
            try:
                self._store.rm_file(key)
            except FileNotFoundError:
                return
            except OSError as error:
                raise CheckpointWriteError(
                    f"{_WHERE}: {self._url}/{filename} could not be removed: {error}"
                ) from error

    @override
    def filenames(self) -> Sequence[str]:
        """Give the names of the complete checkpoints in the folder, sorted.

        Files of others are left out, and so is what is damaged at its end.
        """
        self._store.invalidate_cache()
        try:
            keys = self._store.ls(self._root, detail=False)
        except FileNotFoundError:
            return []
        names = (key.rstrip("/").rpartition("/")[2] for key in keys)
        return sorted(name for name in names if not name.startswith(".") and self._is_whole(name))

    @override
    def metadata(self, filename: str) -> CheckpointMetadata:
        """Read what is stored beside a checkpoint, without fetching the checkpoint.

        Args:
            filename: Its name.

        Raises:
            CheckpointVersionError: It is of a later format.
            CorruptCheckpointError: Its end is damaged, or missing.
            ForeignCheckpointError: It was not written by firesteel.
            MissingCheckpointError: There is none of this name.
        """
        key = self._key(filename)
        with self._missing(filename), self._store.open(key, "rb") as file:
            return manifest_of(f"{_WHERE}: {self._url}/{filename}", file).metadata

    def _key(self, filename: str) -> str:
        return f"{self._root.rstrip('/')}/{plain_name(_WHERE, filename)}"

    def _put(self, local: Path, key: str) -> None:
        self._store.put_file(str(local), key)
        self._store.invalidate_cache()
        arrived, sent = self._store.size(key), local.stat().st_size
        if arrived is not None and arrived != sent:
            raise OSError(f"{arrived} of {sent} bytes arrived")

    def _put_and_rename(self, local: Path, key: str) -> None:
        temporary = f"{key.rpartition('/')[0]}/{temporary_name()}"
        try:
            self._put(local, temporary)
            self._store.mv(temporary, key)
        except BaseException:
            with contextlib.suppress(OSError):
                if self._store.exists(temporary):
                    self._store.rm_file(temporary)
            raise

    def _is_whole(self, filename: str) -> bool:
        try:
            self.metadata(filename)
        except (CheckpointError, OSError):
            return False
        return True

    @contextlib.contextmanager
    def _write_errors(self, which: str) -> Generator[None]:
        try:
            yield
        except OSError as error:
            left = "may have been replaced" if self._publish == "put" else "is untouched"
            raise CheckpointWriteError(
                f"{which} could not be written: {error}; what was there of that name {left}"
            ) from error

    @contextlib.contextmanager
    def _missing(self, filename: str) -> Generator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise MissingCheckpointError(
                f"{_WHERE}: {self._url}/{filename} does not exist"
            ) from error


def way_to_publish(protocol: str | tuple[str, ...]) -> Literal["put", "rename"]:
    """Tell how a checkpoint is made to appear at once in a store."""
    names = {protocol} if isinstance(protocol, str) else set(protocol)
    return "put" if names & _PUTS_ARE_ATOMIC else "rename"
