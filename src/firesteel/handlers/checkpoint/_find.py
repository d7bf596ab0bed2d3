"""The checkpoint to go on with."""

import logging
from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Final, overload

from firesteel._require import is_a
from firesteel.errors import CheckpointError

from ._files import as_path, read_manifest, verify_checkpoint
from ._manifest import CheckpointManifest
from ._saving import BaseSaveHandler
from ._store import DiskSaver

__all__ = ["find_latest"]

_logger: Final = logging.getLogger("firesteel.handlers.checkpoint")


@overload
def find_latest(dirname: str | PathLike[str], *, name: str | None = None) -> Path | None: ...
@overload
def find_latest(dirname: BaseSaveHandler, *, name: str | None = None) -> str | None: ...
def find_latest(
    dirname: str | PathLike[str] | BaseSaveHandler, *, name: str | None = None
) -> Path | str | None:
    """Find the checkpoint to go on with: the latest that is whole.

    The latest is the one of the highest step, and of these the one that was written last; those
    without a step come behind all that have one. Every byte of it is checked. What is damaged,
    incomplete or foreign is passed over, and the log says why.

    Args:
        dirname: A folder, or a saver.
        name: What the checkpoint has to be called, without step and score (the ``name`` of its
            metadata); any if ``None``.

    Returns:
        The path of the checkpoint, or its filename where a saver was given, or ``None`` where
        there is none, nor perhaps a folder yet.

    Example:
        >>> import tempfile
        >>> from firesteel.handlers import CheckpointMetadata, DiskSaver
        >>> with tempfile.TemporaryDirectory() as folder, DiskSaver(folder) as saver:
        ...     for step in (9, 10):
        ...         saver.save({}, f"{step}.pt", CheckpointMetadata(name="a", global_step=step))
        ...     find_latest(saver)
        '10.pt'
    """
    if isinstance(dirname, DiskSaver):
        path = find_latest(dirname.dirname, name=name)
        return None if path is None else path.name
    if isinstance(dirname, BaseSaveHandler):
        return _latest_of_saver(dirname, name)
    is_a("find_latest", "dirname", dirname, str | PathLike, "a folder or a saver")
    folder = as_path("find_latest", dirname)
    if not folder.is_dir():
        _logger.info("%s: there is no such folder", folder)
        return None
    found = [
        (_key(manifest), path)
        for path, manifest in _manifests(folder)
        if name is None or manifest.metadata.name == name
    ]
    for _, path in sorted(found, reverse=True):
        try:
            verify_checkpoint(path)
        except CheckpointError as error:
            _logger.warning("passed over: %s", error)
        else:
            return path
    return None


def _manifests(folder: Path) -> Iterator[tuple[Path, CheckpointManifest]]:
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            try:
                yield path, read_manifest(path)
            except (CheckpointError, OSError) as error:
                _logger.warning("passed over: %s", error)


def _key(manifest: CheckpointManifest) -> tuple[bool, int, float]:
    step = manifest.metadata.global_step
    return step is not None, step or 0, manifest.time_s


def _latest_of_saver(saver: BaseSaveHandler, name: str | None) -> str | None:
    found: list[tuple[bool, int, str]] = []
    for filename in saver.filenames():
        metadata = saver.metadata(filename)
        if name is None or metadata.name == name:
            step = metadata.global_step
            found.append((step is not None, step or 0, filename))
    for *_, filename in sorted(found, reverse=True):
        try:
            saver.load(filename, map_location="cpu")
        except CheckpointError as error:
            _logger.warning("passed over: %s", error)
        else:
            return filename
    return None
