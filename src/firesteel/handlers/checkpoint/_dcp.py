"""What is used of torch.distributed.checkpoint, which takes a second to import: when it is used."""

import warnings
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple, Protocol, runtime_checkable

import torch
from torch import Tensor

from firesteel.distributed import get_world_size
from firesteel.errors import CheckpointWriteError, CorruptCheckpointError

__all__ = ["SavedTensor", "describe", "read_tensors", "write_tensors"]

_DCP: Final = "torch.distributed.checkpoint"


class SavedTensor(NamedTuple):
    """What is known of a tensor before it is read.

    Attributes:
        size: Its whole size, over all shards.
        dtype: Its dtype.
    """

    size: torch.Size
    dtype: torch.dtype


class OpenFolder(Protocol):
    """torch's reader or writer of a folder."""

    def read_metadata(self) -> "Described":
        """Read what there is, by pickle."""
        ...


class Described(Protocol):
    """torch's metadata of a checkpoint."""

    state_dict_metadata: Mapping[str, object]


class Properties(Protocol):
    """torch's description of what is in a tensor."""

    dtype: torch.dtype


@runtime_checkable
class DescribedTensor(Protocol):
    """torch's description of a tensor."""

    size: torch.Size
    properties: Properties


class Opens(Protocol):
    """Makes a reader or a writer."""

    def __call__(self, path: Path) -> OpenFolder: ...


class Writes(Protocol):
    """torch's function that saves."""

    def __call__(
        self, state_dict: dict[str, Tensor], *, storage_writer: OpenFolder, no_dist: bool
    ) -> object: ...


class Reads(Protocol):
    """torch's function that loads into tensors."""

    def __call__(
        self, state_dict: dict[str, Tensor], *, storage_reader: OpenFolder, no_dist: bool
    ) -> object: ...


def write_tensors(tensors: Mapping[str, Tensor], folder: Path) -> None:
    """Write this rank's part of tensors; all ranks call it.

    Raises:
        CheckpointWriteError: A rank could not.
    """
    dcp = import_module(_DCP)
    writer: Opens = dcp.FileSystemWriter
    save: Writes = dcp.save
    failure: type[BaseException] = dcp.CheckpointException
    try:
        with _quiet():
            save(dict(tensors), storage_writer=writer(folder), no_dist=get_world_size() == 1)
    except (failure, OSError) as error:
        raise CheckpointWriteError(
            f"ShardedSaver: {folder} could not be written: {error}"
        ) from error


def read_tensors(tensors: Mapping[str, Tensor], folder: Path, *, is_alone: bool) -> None:
    """Fill tensors with what was saved under their names.

    Args:
        tensors: The tensors, of the sizes that were saved.
        folder: Where they are.
        is_alone: Whether this rank reads alone; else all ranks call it.

    Raises:
        CorruptCheckpointError: A rank could not.
    """
    dcp = import_module(_DCP)
    reader: Opens = dcp.FileSystemReader
    load: Reads = dcp.load
    failure: type[BaseException] = dcp.CheckpointException
    is_alone = is_alone or get_world_size() == 1
    try:
        with _quiet():
            load(dict(tensors), storage_reader=reader(folder), no_dist=is_alone)
    except (failure, OSError) as error:
        raise CorruptCheckpointError(
            f"ShardedSaver: {folder} could not be read: {error}"
        ) from error


def describe(folder: Path) -> dict[str, SavedTensor]:
    """Tell what tensors there are. By pickle: look for code in it first.

    Raises:
        CorruptCheckpointError: Something is no tensor.
    """
    reader: Opens = import_module(_DCP).FileSystemReader
    described: dict[str, SavedTensor] = {}
    for name, one in reader(folder).read_metadata().state_dict_metadata.items():
        if not isinstance(one, DescribedTensor):
            raise CorruptCheckpointError(
                f"ShardedSaver: {folder} holds {name!r}, which is no tensor"
            )
        described[name] = SavedTensor(one.size, one.properties.dtype)
    return described


@contextmanager
def _quiet() -> Generator[None]:
    """Keep torch from saying that there is one process."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="torch.distributed is disabled")
        yield
