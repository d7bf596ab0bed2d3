"""How the predictions of a batch become a file, and how a file becomes samples again."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeAlias, final

import torch
from torch import Tensor
from typing_extensions import TypeVar

from firesteel._optional import load
from firesteel._require import is_a
from firesteel.errors import ArgumentError

__all__ = ["JsonLines", "JsonValue", "NumpyFiles", "PredictionFiles", "TensorFiles"]

BatchedT_contra = TypeVar("BatchedT_contra", contravariant=True)
SampleT_co = TypeVar("SampleT_co", covariant=True)

JsonValue: TypeAlias = (
    "bool | int | float | str | Sequence[JsonValue] | Mapping[str, JsonValue] | None"
)
"""What JSON can say."""


class PredictionFiles(Protocol[BatchedT_contra, SampleT_co]):
    """A format of files: the predictions of a batch in, one sample after the other out."""

    @property
    def suffix(self) -> str:
        """How the names of the files end, with the dot."""
        ...

    def num_samples(self, predictions: BatchedT_contra, /) -> int:
        """Tell how many samples the predictions of a batch are of.

        Args:
            predictions: The predictions of a batch.
        """
        ...

    def write(self, path: Path, predictions: BatchedT_contra, /) -> None:
        """Write a file.

        Args:
            path: Where to; there is no file yet, and its name need not end in the suffix.
            predictions: The predictions of a batch.
        """
        ...

    def read(self, path: Path, /) -> Sequence[SampleT_co]:
        """Read a file that was written so.

        Args:
            path: Where it is.

        Returns:
            Its samples, as many as were written and in their order.
        """
        ...


@final
class TensorFiles:
    """Tensors with one row per sample, in files of ``torch.save``.

    Of any dtype and device, shape ``(batch, ...)``; read back they are on the CPU, and of shape
    ``(...)``.
    """

    __slots__ = ()

    @property
    def suffix(self) -> str:
        """How the names of the files end."""
        return ".pt"

    def num_samples(self, predictions: Tensor, /) -> int:
        """Tell how many rows there are; see :class:`PredictionFiles`."""
        return _num_rows("TensorFiles", predictions)

    def write(self, path: Path, predictions: Tensor, /) -> None:
        """Write a file; see :class:`PredictionFiles`."""
        # a copy: of a view, torch.save would write all that it is a view of
        torch.save(predictions.detach().to("cpu", copy=True), path)

    def read(self, path: Path, /) -> Sequence[Tensor]:
        """Read a file; see :class:`PredictionFiles`."""
        rows: Tensor = torch.load(path, weights_only=True)
        return rows.unbind()


@final
class NumpyFiles:
    """Tensors with one row per sample, in ``.npy`` files.

    Of any device and of a dtype that numpy has, shape ``(batch, ...)``; read back they are tensors
    on the CPU, of shape ``(...)``.

    Raises:
        MissingExtraError: numpy is not installed.
    """

    __slots__ = ("_load", "_save")

    def __init__(self) -> None:
        module = load("NumpyFiles", "numpy", extra="numpy")
        self._save: Callable[..., object] = module.save
        self._load: Callable[..., object] = module.load

    @property
    def suffix(self) -> str:
        """How the names of the files end."""
        return ".npy"

    def num_samples(self, predictions: Tensor, /) -> int:
        """Tell how many rows there are; see :class:`PredictionFiles`."""
        return _num_rows("NumpyFiles", predictions)

    def write(self, path: Path, predictions: Tensor, /) -> None:
        """Write a file; see :class:`PredictionFiles`."""
        with path.open("wb") as file:  # given a path, numpy would change its end
            self._save(file, predictions.detach().cpu().numpy(), allow_pickle=False)

    def read(self, path: Path, /) -> Sequence[Tensor]:
        """Read a file; see :class:`PredictionFiles`."""
        return torch.as_tensor(self._load(path, allow_pickle=False)).unbind()


@final
class JsonLines:
    """One value per sample, in text files with a line of JSON for each.

    Numbers, strings, lists, dictionaries with strings as keys, and what is made of these. Tuples
    are read back as lists.
    """

    __slots__ = ()

    @property
    def suffix(self) -> str:
        """How the names of the files end."""
        return ".jsonl"

    def num_samples(self, predictions: Sequence[JsonValue], /) -> int:
        """Tell how many values there are; see :class:`PredictionFiles`."""
        return len(predictions)

    def write(self, path: Path, predictions: Sequence[JsonValue], /) -> None:
        """Write a file; see :class:`PredictionFiles`."""
        lines = (json.dumps(one, ensure_ascii=False) + "\n" for one in predictions)
        path.write_text("".join(lines), encoding="utf-8")

    def read(self, path: Path, /) -> Sequence[JsonValue]:
        """Read a file; see :class:`PredictionFiles`."""
        with path.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]


def _num_rows(where: str, predictions: Tensor) -> int:
    is_a(where, "predictions", predictions, Tensor, "a tensor with one row per sample")
    if not predictions.dim():
        raise ArgumentError(
            f"{where}: predictions must have one row per sample, got a tensor without an axis"
        )
    return predictions.shape[0]
