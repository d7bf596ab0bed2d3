"""What stands beside the contents of a checkpoint: read and checked without unpickling anything."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias, final

import torch
from typing_extensions import TypeIs, TypeVar

from firesteel.errors import CheckpointVersionError, CorruptCheckpointError, StateDictError

from ._saving import CheckpointMetadata

__all__ = [
    "FORMAT",
    "MANIFEST",
    "CheckpointManifest",
    "EntryPath",
    "TensorInfo",
    "describe",
    "is_mapping",
    "path_text",
]

EntryPath: TypeAlias = tuple[str | int, ...]
"""Where an entry lies: the keys and places that lead to it."""

ValueT = TypeVar("ValueT")

FORMAT: Final = 1
"""The version of the file format that is written, and the highest that is read."""

MANIFEST: Final = "firesteel.json"
"""The record that a manifest is in."""

_DEEPEST: Final = 64
_PLAIN: Final = (bool, int, float, complex, str, bytes)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TensorInfo:
    """What is known of a tensor without reading it.

    Attributes:
        shape: Its shape.
        dtype: Its dtype as it is written, like ``"float32"``.
    """

    shape: tuple[int, ...]
    dtype: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointManifest:
    """What a checkpoint says about itself.

    Attributes:
        format: The version of the file format.
        version: The version of what is saved, as the program that saved it counts.
        firesteel: The version of firesteel that wrote it.
        torch: The version of torch that wrote it.
        time_s: When it was written, in seconds since 1970.
        metadata: Its name, step and score.
        tensors: Shape and dtype of each tensor, by where it lies.
        others: The kind of each entry that is no tensor, by where it lies.
        checksums: The CRC-32 of each record of the file, by the record's name.
    """

    format: int
    version: int
    firesteel: str
    torch: str
    time_s: float
    metadata: CheckpointMetadata
    tensors: Mapping[EntryPath, TensorInfo]
    others: Mapping[EntryPath, str]
    checksums: Mapping[str, int]

    def to_json(self) -> str:
        """Give the manifest as it stands in the file."""
        metadata = self.metadata
        return json.dumps(
            {
                "format": self.format,
                "version": self.version,
                "firesteel": self.firesteel,
                "torch": self.torch,
                "time_s": self.time_s,
                "metadata": {
                    "name": metadata.name,
                    "global_step": metadata.global_step,
                    "score": _finite(metadata.score),
                    "score_name": metadata.score_name,
                    "priority": _finite(metadata.priority),
                },
                "tensors": [
                    [list(path), list(info.shape), info.dtype]
                    for path, info in self.tensors.items()
                ],
                "others": [[list(path), kind] for path, kind in self.others.items()],
                "checksums": dict(self.checksums),
            }
        )

    @classmethod
    def from_json(cls, where: str, text: bytes) -> "CheckpointManifest":
        """Read a manifest.

        Args:
            where: Who reads what, for the error.
            text: What stands in the file.

        Raises:
            CheckpointVersionError: It is of a later format.
            CorruptCheckpointError: It is not a manifest.
        """
        try:
            found: object = json.loads(text)
            document = _Fields(found)
            written = document.whole("format")
            if written > FORMAT:
                raise CheckpointVersionError(
                    f"{where} is of format {written}, and this firesteel reads up to {FORMAT}; "
                    f"read it with firesteel {document.text('firesteel')} or later"
                )
            return _read(document)
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            if isinstance(error, CheckpointVersionError):
                raise
            raise CorruptCheckpointError(f"{where} has a manifest that says nothing") from error


def describe(
    where: str, checkpoint: Mapping[str, object]
) -> tuple[dict[EntryPath, TensorInfo], dict[EntryPath, str]]:
    """Give shape and dtype of all tensors of a checkpoint, and the kinds of all other entries.

    A list of plain values is one entry, so that a long one takes no room.

    Args:
        where: Who asks, for the error.
        checkpoint: The checkpoint.

    Raises:
        StateDictError: It contains itself.
    """
    tensors: dict[EntryPath, TensorInfo] = {}
    others: dict[EntryPath, str] = {}
    for path, value in _leaves(where, checkpoint, ()):
        if isinstance(value, torch.Tensor) and not value.is_nested:
            dtype = str(value.dtype).removeprefix("torch.")
            tensors[path] = TensorInfo(shape=tuple(value.shape), dtype=dtype)
        else:
            others[path] = _kind(value)
    return tensors, others


def path_text(path: EntryPath) -> str:
    """Word where an entry lies: ``['optimizer']['state'][0]['exp_avg']``."""
    return "".join(f"[{key!r}]" for key in path)


def is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    """Tell whether a value has keys, whatever they are."""
    return isinstance(value, Mapping)


def _is_sequence(value: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)


def _is_plain(value: object) -> bool:
    return value is None or type(value) in _PLAIN


def _leaves(where: str, value: object, path: EntryPath) -> Iterator[tuple[EntryPath, object]]:
    if len(path) > _DEEPEST:
        raise StateDictError(
            f"{where}: checkpoint{path_text(path[:3])} contains itself, or is nested more than "
            f"{_DEEPEST} deep"
        )
    if is_mapping(value) and value:
        for key, inner in value.items():
            known = key if isinstance(key, str | int) else repr(key)
            yield from _leaves(where, inner, (*path, known))
    elif _is_sequence(value) and not all(map(_is_plain, value)):
        for place, inner in enumerate(value):
            yield from _leaves(where, inner, (*path, place))
    else:
        yield path, value


def _kind(value: object) -> str:
    kind = type(value)
    name = kind.__qualname__
    if kind.__module__ != "builtins":
        return f"{kind.__module__}.{name}"
    return f"{name} of {len(value)}" if _is_sequence(value) else name


def _finite(value: float | None) -> float | str | None:
    """Give a number that every reader of JSON knows, or a text where there is none."""
    return value if value is None or math.isfinite(value) else str(value)


def _read(document: "_Fields") -> CheckpointManifest:
    metadata = _Fields(document.value("metadata"))
    score, priority = metadata.value("score"), metadata.value("priority")
    step, score_name = metadata.value("global_step"), metadata.value("score_name")
    return CheckpointManifest(
        format=document.whole("format"),
        version=document.whole("version"),
        firesteel=document.text("firesteel"),
        torch=document.text("torch"),
        time_s=_number(document.value("time_s")),
        metadata=CheckpointMetadata(
            name=metadata.text("name"),
            global_step=None if step is None else metadata.whole("global_step"),
            score=None if score is None else _number(score),
            score_name=None if score_name is None else metadata.text("score_name"),
            priority=_number(priority),
        ),
        tensors=document.rows("tensors", _tensor),
        others=document.rows("others", lambda row: _text(row[0])),
        checksums=MappingProxyType(
            {name: _whole(crc) for name, crc in _Fields(document.value("checksums")).items()}
        ),
    )


def _tensor(row: Sequence[object]) -> TensorInfo:
    return TensorInfo(shape=tuple(map(_whole, _list(row[0]))), dtype=_text(row[1]))


@final
class _Fields:
    """An object of a JSON document, whose values are asked for by name and kind."""

    def __init__(self, value: object) -> None:
        if not is_mapping(value):
            raise TypeError
        self._values = {str(key): inner for key, inner in value.items()}

    def items(self) -> Iterator[tuple[str, object]]:
        """Give all names with their values."""
        return iter(self._values.items())

    def value(self, name: str) -> object:
        """Give a value, whatever it is."""
        return self._values[name]

    def whole(self, name: str) -> int:
        """Give a whole number."""
        return _whole(self._values[name])

    def text(self, name: str) -> str:
        """Give a text."""
        return _text(self._values[name])

    def rows(
        self, name: str, read: Callable[[Sequence[object]], ValueT]
    ) -> Mapping[EntryPath, ValueT]:
        """Give a table whose rows begin with a path."""
        table: dict[EntryPath, ValueT] = {}
        for row in map(_list, _list(self._values[name])):
            path = tuple(key if isinstance(key, str) else _whole(key) for key in _list(row[0]))
            table[path] = read(row[1:])
        return MappingProxyType(table)


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _list(value: object) -> Sequence[object]:
    if not _is_sequence(value):
        raise TypeError
    return value


def _number(value: object) -> float:
    if not isinstance(value, int | float | str):
        raise TypeError
    return float(value)
