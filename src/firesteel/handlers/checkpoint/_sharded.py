"""Checkpoints of which each rank writes its part, through torch.distributed.checkpoint."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, final

import torch
from torch import Tensor
from torch.optim import Optimizer
from typing_extensions import override

from firesteel._require import is_a
from firesteel.data import to_device
from firesteel.distributed import get_rank
from firesteel.errors import (
    CheckpointMismatchError,
    CheckpointWriteError,
)

from ._collective import CollectiveSaver
from ._dcp import SavedTensor, describe, read_tensors, write_tensors
from ._files import load_checkpoint, save_checkpoint
from ._objects import StatefulTree, collect_states, load_objects
from ._ranks import from_all_ranks, on_one_rank
from ._saving import BaseSaveHandler, CheckpointMetadata
from ._shards import MANIFEST, OBJECTS, ShardManifest, checksum, sync_folder
from ._store import plain_name
from ._tree import KeyPath, join, leaf, split

__all__ = ["ShardedSaver"]

_WHERE: Final = "ShardedSaver"
_OLD: Final = ".old"
"""Behind the name of a checkpoint that is being replaced; a kill may leave it so."""


@final
class ShardedSaver(CollectiveSaver):
    """Saves a checkpoint as a folder into which each rank writes its part.

    For weights that no rank holds as a whole: each writes its shards of a ``DTensor``, as
    ``fully_shard`` makes them; other tensors are written once, by any rank. What is no tensor is
    written by rank 0. So tensors without shards, and all else, have to be the same on all ranks:
    what each rank has of its own, as random states, is not kept for each.

    The folder must be one that all ranks see. A checkpoint is written beside its place and moved
    there once all of it is on the disk. It counts as one from the moment at which its manifest,
    with the checksum of each file, is there; a folder without is left alone and not loaded.

    torch reads its own part of the folder by pickle. Before it does, that part is looked through
    for anything but what describes tensors, and is refused where it holds more.

    ``save`` and :meth:`load_into` are called on all ranks; everything else on any.

    Args:
        dirname: The folder of the checkpoints.
        create_dir: Whether it is made where it is not there.

    Raises:
        ArgumentTypeError: ``dirname`` is no path.
        CheckpointWriteError: There is no such folder, and it is not to be made or cannot be.

    Example:
        >>> import tempfile, torch
        >>> from firesteel.handlers import CheckpointMetadata, ShardedSaver
        >>> folder = tempfile.TemporaryDirectory()
        >>> saver = ShardedSaver(folder.name)
        >>> model = torch.nn.Linear(1, 1)
        >>> saver.save({"model": model.state_dict()}, "a", CheckpointMetadata(name="model"))
        >>> other = torch.nn.Linear(1, 1)
        >>> saver.load_into({"model": other}, "a")
        >>> bool(other.weight == model.weight)
        True
        >>> folder.cleanup()
    """

    def __init__(self, dirname: str | Path, *, create_dir: bool = True) -> None:
        is_a(_WHERE, "dirname", dirname, str | Path, "a path")
        self._dirname = Path(dirname).expanduser()
        if create_dir and get_rank() == 0:
            try:
                self._dirname.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise CheckpointWriteError(
                    f"{_WHERE}: {self._dirname} cannot be made: {error.strerror}"
                ) from error
        elif not create_dir and not self._dirname.is_dir():
            raise CheckpointWriteError(
                f"{_WHERE}: {self._dirname} is no folder; make it, or pass create_dir=True"
            )
        if get_rank() == 0:
            for old in self._dirname.glob(f".*{_OLD}"):
                _put_back(old)

    @property
    def dirname(self) -> Path:
        """The folder of the checkpoints."""
        return self._dirname

    @override
    def save(
        self, checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata
    ) -> None:
        """Write a checkpoint, each rank its part; all ranks call this.

        Raises:
            CheckpointWriteError: A file cannot be written; what was there before still is.
            UnsafeCheckpointError: It holds something that only code could read back.
            FiresteelError: Another rank failed.
        """
        temporary = self._place(filename).with_name(f".{filename}.tmp")
        skeleton, tensors = split(checkpoint)
        on_one_rank(_WHERE, lambda: _make_anew(temporary), rank=0)
        _write_shards(tensors, temporary)
        files = _describe_own(temporary)
        on_one_rank(
            _WHERE,
            lambda: self._commit(
                temporary, filename, skeleton, ShardManifest(metadata=metadata, files=files)
            ),
            rank=0,
        )

    def _commit(
        self,
        temporary: Path,
        filename: str,
        skeleton: Mapping[str, object],
        manifest: ShardManifest,
    ) -> None:
        """Write what makes a folder a checkpoint, and move it into its place."""
        old = self._dirname / f".{filename}{_OLD}"
        try:
            objects = temporary / OBJECTS
            save_checkpoint(skeleton, objects, metadata=manifest.metadata)
            files = dict(manifest.files)
            for path in (objects, temporary / ".metadata"):
                files[path.name] = (path.stat().st_size, checksum(path))
            ShardManifest(metadata=manifest.metadata, files=files).write(temporary)
            target = self._dirname / filename
            shutil.rmtree(old, ignore_errors=True)
            if target.exists():
                target.rename(old)
            temporary.rename(target)
            sync_folder(self._dirname)
            shutil.rmtree(old, ignore_errors=True)
        except BaseException as error:
            shutil.rmtree(temporary, ignore_errors=True)
            _put_back(old)
            if not isinstance(error, OSError) or isinstance(error, CheckpointWriteError):
                raise
            raise CheckpointWriteError(
                f"{_WHERE}: {self._dirname / filename} could not be saved: {error.strerror}"
            ) from error

    @override
    def load(
        self, filename: str, *, map_location: torch.device | str | None = None
    ) -> dict[str, object]:
        """Read a checkpoint whole, on this rank alone, after it was verified.

        Args:
            filename: Its name.
            map_location: Where its tensors go; the host if ``None``.

        Raises:
            CheckpointError: It is incomplete, damaged, or would run code.
        """
        self._verify(filename)
        skeleton, described = self._describe(filename)
        tensors = {name: torch.empty(one.size, dtype=one.dtype) for name, one in described.items()}
        read_tensors(tensors, self._place(filename), is_alone=True)
        whole = join(skeleton, lambda name, _: tensors[name])
        return whole if map_location is None else to_device(whole, map_location)

    def load_into(self, to_load: Mapping[str, StatefulTree], filename: str) -> None:
        """Put a checkpoint into objects, each rank its part; all ranks call this.

        The number of ranks, and the way in which tensors are sharded, need not be those of the
        save. States that an optimizer has not made yet are sharded as its parameters are.

        Args:
            to_load: The objects, by the names that they were saved under; some of them will do.
            filename: The name of the checkpoint.

        Raises:
            CheckpointError: It is incomplete, damaged, would run code, or does not fit. Then no
                object was changed.
            FiresteelError: Another rank failed.
        """
        on_one_rank(_WHERE, lambda: self._verify(filename), rank=0)
        skeleton, described = self._describe(filename)
        missing = [name for name in to_load if name not in skeleton]
        if missing:
            raise CheckpointMismatchError(
                f"{_WHERE}: {self._place(filename)} must hold {missing}, got {list(skeleton)}"
            )
        targets = collect_states(to_load)
        tensors: dict[str, Tensor] = {}

        def place_for(name: str, path: KeyPath) -> Tensor:
            tensors[name] = _like(to_load, leaf(targets, path), path, described[name])
            return tensors[name]

        states = join({name: skeleton[name] for name in to_load}, place_for)
        read_tensors(tensors, self._place(filename), is_alone=False)
        load_objects(to_load, states)

    def consolidate(self, filename: str, to: BaseSaveHandler) -> None:
        """Save a checkpoint once more, as one file: on this rank alone, which holds all of it.

        Args:
            filename: Its name, and that of the file.
            to: Where the file goes.

        Raises:
            CheckpointError: It is incomplete, damaged, or would run code; or cannot be written.

        Example:
            >>> import tempfile, torch
            >>> from firesteel.handlers import CheckpointMetadata, MemorySaver, ShardedSaver
            >>> folder, one_file = tempfile.TemporaryDirectory(), MemorySaver()
            >>> saver = ShardedSaver(folder.name)
            >>> saver.save({"w": torch.ones(2)}, "a.pt", CheckpointMetadata(name="w"))
            >>> saver.consolidate("a.pt", one_file)
            >>> one_file.load("a.pt")
            {'w': tensor([1., 1.])}
            >>> folder.cleanup()
        """
        to.save(self.load(filename), filename, self.metadata(filename))

    @override
    def remove(self, filename: str) -> None:
        """Remove a checkpoint. One that is not there is no error.

        Raises:
            CheckpointWriteError: It cannot be removed.
        """
        place = self._place(filename)
        try:
            # first what makes it one, so that what is left of it is none
            (place / MANIFEST).unlink(missing_ok=True)
            if place.is_dir():
                shutil.rmtree(place)
        except OSError as error:
            raise CheckpointWriteError(
                f"{_WHERE}: {place} could not be removed: {error.strerror}"
            ) from error

    @override
    def filenames(self) -> Sequence[str]:
        """Give the names of the folders that have a manifest, sorted."""
        return sorted(
            path.parent.name
            for path in self._dirname.glob(f"*/{MANIFEST}")
            if not path.parent.name.startswith(".")
        )

    @override
    def metadata(self, filename: str) -> CheckpointMetadata:
        """Read what is said about a checkpoint.

        Raises:
            CheckpointError: Its manifest is missing or damaged.
        """
        return ShardManifest.read(self._place(filename)).metadata

    def _place(self, filename: str) -> Path:
        return self._dirname / plain_name(_WHERE, filename)

    def _verify(self, filename: str) -> None:
        place = self._place(filename)
        ShardManifest.read(place).verify(place)

    def _describe(self, filename: str) -> tuple[Mapping[str, object], Mapping[str, SavedTensor]]:
        """Give what a checkpoint holds, once it was verified."""
        place = self._place(filename)
        return load_checkpoint(place / OBJECTS), describe(place)


def _put_back(old: Path) -> None:
    """Put a checkpoint back that was moved out of the way, where what came for it did not."""
    target = old.with_name(old.name.removeprefix(".").removesuffix(_OLD))
    if old.is_dir() and not target.exists():
        old.rename(target)


def _write_shards(tensors: Mapping[str, Tensor], folder: Path) -> None:
    """Write this rank's part; all ranks call it, and all raise where one fails."""
    try:
        write_tensors(tensors, folder)
    except BaseException:
        if get_rank() == 0:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _describe_own(folder: Path) -> dict[str, tuple[int, int]]:
    """Give size and checksum of the files of all ranks, each having read its own."""
    own = {
        path.name: (path.stat().st_size, checksum(path))
        for path in folder.glob(f"__{get_rank()}_*")
    }
    return {name: entry for of_one in from_all_ranks(own) for name, entry in of_one.items()}


def _make_anew(folder: Path) -> None:
    """Make a folder, empty whatever a killed process left there."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    except OSError as error:
        raise CheckpointWriteError(
            f"{_WHERE}: {folder} cannot be made: {error.strerror}"
        ) from error


def _like(
    to_load: Mapping[str, StatefulTree],
    own: object,
    path: KeyPath,
    described: SavedTensor,
) -> Tensor:
    """Give an empty tensor of a size, sharded as what is there is, or as its parameter is."""
    if not isinstance(own, Tensor):
        own = _parameter_of(to_load, path)
    if isinstance(own, Tensor) and own.shape == described.size:
        return torch.empty_like(own.detach(), dtype=described.dtype)
    return torch.empty(described.size, dtype=described.dtype)


def _parameter_of(to_load: Mapping[str, StatefulTree], path: KeyPath) -> Tensor | None:
    """Give the parameter that an entry of an optimizer's state belongs to."""
    match path:
        case [str() as name, "state", int() as place, *_]:
            optimizer = to_load[name]
            if isinstance(optimizer, Optimizer):
                groups: list[dict[str, list[Tensor]]] = optimizer.param_groups
                parameters = [parameter for group in groups for parameter in group["params"]]
                return parameters[place] if place < len(parameters) else None
        case _:
            pass
    return None
