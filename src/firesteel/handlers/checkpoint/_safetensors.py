"""Weights in the safetensors format, which many other programs read."""

import json
from collections.abc import Callable, Mapping
from os import PathLike
from typing import BinaryIO, Final, Protocol, Self

import torch
from torch import Tensor, nn

from firesteel._optional import load
from firesteel._require import is_a
from firesteel.errors import (
    ArgumentTypeError,
    CorruptCheckpointError,
    MissingCheckpointError,
)

from ._disk import put_in_place
from ._files import as_path
from ._unwrap import plain_keys, unwrap

__all__ = ["load_safetensors", "save_safetensors"]

_SAVING: Final = "save_safetensors"
_LOADING: Final = "load_safetensors"
_SHARED: Final = "firesteel.shared"
"""Under this name the metadata of a file say which tensors are one and the same."""


class Opened(Protocol):
    """What is used of a file that safetensors has open."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> object: ...
    def keys(self) -> list[str]: ...
    def get_tensor(self, name: str, /) -> Tensor: ...
    def metadata(self) -> dict[str, str] | None: ...


def save_safetensors(
    weights: nn.Module | Mapping[str, Tensor],
    path: str | PathLike[str],
    *,
    metadata: Mapping[str, str] | None = None,
    fsync: bool = True,
) -> None:
    """Write the weights of a model into a file in the safetensors format, whole or not at all.

    A tensor that goes by several names, as tied weights do, is written once, under the first; the
    others are told in the file's metadata. Tensors that overlap otherwise are written one by one.
    When the file is written, names, shapes and dtypes in it are compared with what was to be saved.

    The format has no checksums. To go on with a run, save a checkpoint; this is to hand weights on.

    Args:
        weights: A model, wrapped or not, or tensors by name. Dense tensors of any dtype that the
            format knows.
        path: Where the file goes; what is there is replaced.
        metadata: Texts that are stored beside the weights.
        fsync: Whether to wait until file and folder are on the disk.

    Raises:
        ArgumentTypeError: Something is no dense tensor.
        CheckpointWriteError: The file could not be written. What was there still is.
        MissingExtraError: safetensors is not installed.
    """
    write_file: Callable[[dict[str, Tensor], str, dict[str, str]], None] = load(
        _SAVING, "safetensors.torch", extra="safetensors"
    ).save_file
    open_file: Callable[..., Opened] = load(_SAVING, "safetensors", extra="safetensors").safe_open
    tensors = _tensors(weights)
    kept, shared = _without_doubles(tensors)
    texts = {**(metadata or {}), "format": "pt", _SHARED: json.dumps(shared)}
    place = as_path(_SAVING, path)

    def write(file: BinaryIO) -> None:
        write_file(kept, file.name, texts)
        with open_file(file.name, framework="pt") as written:
            _compare(written, kept)

    put_in_place(_SAVING, place, write, fsync=fsync)


def load_safetensors(
    path: str | PathLike[str], *, device: torch.device | str = "cpu"
) -> dict[str, Tensor]:
    """Read weights from a file in the safetensors format.

    To put them into a model, hand them to :func:`load_objects`, which compares names, shapes and
    dtypes and changes nothing where they do not fit:
    ``load_objects({"model": model}, {"model": load_safetensors(path)})``.

    Args:
        path: The file.
        device: Where the tensors go.

    Returns:
        The tensors by name. Names of one and the same tensor give one and the same.

    Raises:
        CorruptCheckpointError: It is damaged, or of another format.
        MissingCheckpointError: There is no such file.
        MissingExtraError: safetensors is not installed.
    """
    open_file: Callable[..., Opened] = load(_LOADING, "safetensors", extra="safetensors").safe_open
    failure: type[Exception] = load(_LOADING, "safetensors", extra="safetensors").SafetensorError
    place = as_path(_LOADING, path)
    if not place.exists():
        raise MissingCheckpointError(f"{_LOADING}: {place} does not exist")
    try:
        with open_file(str(place), framework="pt", device=str(device)) as file:
            tensors = _read(file)
            texts = file.metadata() or {}
    except failure as error:
        raise CorruptCheckpointError(
            f"{_LOADING}: {place} is damaged, or no safetensors file: {error}"
        ) from error
    doubles: dict[str, str] = json.loads(texts.get(_SHARED, "{}"))
    return {**tensors, **{name: tensors[first] for name, first in doubles.items()}}


def _tensors(weights: nn.Module | Mapping[str, Tensor]) -> dict[str, Tensor]:
    is_a(_SAVING, "weights", weights, nn.Module | Mapping, "a model, or tensors by name")
    state: Mapping[str, object]
    if isinstance(weights, nn.Module):
        model = unwrap(weights)
        state = plain_keys(model.state_dict())
    else:
        state = weights
    tensors: dict[str, Tensor] = {}
    for name, value in state.items():
        if not isinstance(value, Tensor) or value.layout != torch.strided or value.is_nested:
            raise ArgumentTypeError(
                f"{_SAVING}: weights[{name!r}] must be a dense tensor, got {type(value).__name__}; "
                "save a checkpoint to keep other things"
            )
        tensors[name] = value.detach()
    return tensors


def _without_doubles(tensors: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Give each tensor once, contiguous, and say which other names it goes by."""
    kept: dict[str, Tensor] = {}
    shared: dict[str, str] = {}
    first: dict[tuple[object, ...], str] = {}
    memory: set[tuple[str, int]] = set()
    for name, tensor in tensors.items():
        start = (str(tensor.device), tensor.untyped_storage().data_ptr())
        view = (*start, tensor.storage_offset(), tensor.shape, tensor.stride(), tensor.dtype)
        if tensor.numel() and view in first:
            shared[name] = first[view]
            continue
        first[view] = name
        # the format refuses tensors that lie in the same memory
        kept[name] = tensor.clone() if start in memory else tensor
        kept[name] = kept[name].contiguous()
        memory.add(start)
    return kept, shared


def _read(file: Opened) -> dict[str, Tensor]:
    names = file.keys()
    return {name: file.get_tensor(name) for name in names}


def _compare(file: Opened, expected: Mapping[str, Tensor]) -> None:
    """Compare what is in a file with what should be.

    Raises:
        OSError: They differ.
    """
    written = {name: (tensor.shape, tensor.dtype) for name, tensor in _read(file).items()}
    if written != {name: (tensor.shape, tensor.dtype) for name, tensor in expected.items()}:
        raise OSError("what was written is not what was to be saved")
