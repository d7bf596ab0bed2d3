"""PredictionWriter: predictions go to files as they come, and are read in the order of samples."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

# Any: whose batches an engine has is nothing to a writer of its predictions.
from typing import Any, Final, Generic, TypeAlias, final

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import is_a, is_callable
from firesteel.distributed import get_rank, get_world_size
from firesteel.engine import Attachable, Engine
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import Events, RemovableEventHandle

from ._prediction_files import PredictionFiles
from ._prediction_folder import Part, RankFolder, parts_of_all_ranks

__all__ = ["PredictionWriter", "read_predictions"]

OutputT = TypeVar("OutputT", contravariant=True)
BatchedT = TypeVar("BatchedT")
SampleT = TypeVar("SampleT")

Folder: TypeAlias = str | Path

_WHERE: Final = "PredictionWriter"


@final
class PredictionWriter(Attachable[OutputT, RemovableEventHandle], Generic[OutputT, BatchedT]):
    """Writes the predictions of an engine to files, one per iteration, and keeps nothing.

    Each rank writes into a folder of its own, and tells no other of it; :func:`read_predictions`
    reads those of all ranks in the order of the samples. A file is written beside its place and
    then moved there. When a run is complete, one that says so is written last, and without it
    nothing is read: what a run that failed, was stopped or killed has left is not taken for a
    result.

    A run from the beginning takes away what another one has written to the same folder. One that
    goes on, after a failure or with an engine that was loaded, goes on behind what was written
    before. For that, attach the writer in front of the handler that saves the engine.

    Args:
        output_transform: Gives the predictions of a batch, as ``files`` takes them.
        folder: Where to; missing folders are made. A function is asked at the beginning of each
            run, for a folder per epoch of a trainer, say.
        files: How the predictions of a batch become a file: :class:`TensorFiles`,
            :class:`NumpyFiles`, :class:`JsonLines`, or a format of your own.
        indices: Gives the numbers of the samples of a batch, each from 0, as a sequence or as an
            integer tensor of shape ``(batch,)``. Where none is given, samples count as dealt out to
            the ranks in turn, which is what samplers that do not shuffle do: the ``i``-th of rank
            ``r`` of ``w`` has the number ``i * w + r``.

    Raises:
        ArgumentTypeError: Something cannot be called.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from firesteel.engine import Engine
        >>> from firesteel.handlers import TensorFiles
        >>> evaluator = Engine(lambda engine, batch: batch * 2)
        >>> with TemporaryDirectory() as folder:
        ...     writer = PredictionWriter(
        ...         lambda output: output, folder=folder, files=TensorFiles()
        ...     )
        ...     handle = evaluator.attach(writer)
        ...     state = evaluator.run([torch.tensor([0, 1]), torch.tensor([2])])
        ...     [int(one) for one in read_predictions(folder, files=TensorFiles())]
        [0, 2, 4]
    """

    __slots__ = ("_files", "_folder", "_indices", "_open", "_transform")

    def __init__(
        self,
        output_transform: Callable[[OutputT], BatchedT],
        *,
        folder: Folder | Callable[[], Folder],
        files: PredictionFiles[BatchedT, object],
        indices: Callable[[OutputT], Sequence[int] | Tensor] | None = None,
    ) -> None:
        is_callable(_WHERE, "output_transform", output_transform)
        if indices is not None:
            is_callable(_WHERE, "indices", indices)
        if not isinstance(folder, str | Path):
            is_callable(_WHERE, "folder, where it is no path,", folder)
        self._transform = output_transform
        self._folder = folder
        self._files = files
        self._indices = indices
        self._open: RankFolder | None = None

    def attach(self, engine: Engine[Any, OutputT]) -> RemovableEventHandle:
        """Write the predictions of an engine from its next run on.

        Args:
            engine: The engine.

        Returns:
            The way to take the writer off again.
        """
        return (
            engine.add_event_handler(Events.STARTED, self._begin)
            + engine.add_event_handler(Events.ITERATION_COMPLETED, self._write)
            + engine.add_event_handler(Events.TERMINATE, self._give_up)
            + engine.add_event_handler(Events.EXCEPTION_RAISED, self._give_up)
            + engine.add_event_handler(Events.COMPLETED, self._complete)
        )

    @override
    def attach_to(self, engine: Engine[Any, OutputT]) -> RemovableEventHandle:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
        """
        return self.attach(engine)

    def _begin(self, engine: Engine[Any, OutputT]) -> None:
        folder = Path(self._folder() if callable(self._folder) else self._folder)
        self._open = None
        opened = RankFolder(folder, rank=get_rank(), world_size=get_world_size())
        opened.begin(num_parts=engine.state.completed_iterations)
        self._open = opened

    def _write(self, engine: Engine[Any, OutputT]) -> None:
        if self._open is None:  # attached in the middle of a run
            return
        output = engine.state.output
        predictions = self._transform(output)
        num_samples = self._files.num_samples(predictions)
        numbers = None
        if self._indices is not None:
            numbers = _whole_numbers(self._indices(output), num_samples)
        self._open.write(
            lambda path: self._files.write(path, predictions),
            suffix=self._files.suffix,
            num_samples=num_samples,
            numbers=numbers,
        )

    def _give_up(self, *_: object) -> None:
        self._open = None

    def _complete(self) -> None:
        if self._open is not None:
            self._open.complete()
        self._open = None


def _whole_numbers(indices: Sequence[int] | Tensor, num_samples: int) -> Sequence[int]:
    numbers = torch.as_tensor(indices).cpu()
    if numbers.is_floating_point() or numbers.is_complex() or numbers.dtype is torch.bool:
        raise ArgumentTypeError(f"{_WHERE}: indices must be whole numbers, got {numbers.dtype}")
    if numbers.shape != (num_samples,):
        raise ArgumentError(
            f"{_WHERE}: indices must be one for each of the {num_samples} samples, got shape "
            f"{tuple(numbers.shape)}"
        )
    found = [int(number) for number in numbers]
    if min(found, default=0) < 0:
        raise ArgumentError(f"{_WHERE}: indices must be at least 0, got {min(found)}")
    return found


def read_predictions(
    folder: str | Path, *, files: PredictionFiles[Any, SampleT]
) -> Iterator[SampleT]:
    """Read what a :class:`PredictionWriter` has written on all ranks, in the order of the samples.

    Of a sample that was written twice, as samplers repeat some so that all ranks have equally many,
    the first is read. One file of each rank is in memory at a time, and 16 bytes per sample; where
    the samples of a rank were not written in the order of their numbers, files are read again and
    again.

    Args:
        folder: The folder that the writer was given.
        files: The format that it was written in.

    Yields:
        The samples, by rising numbers.

    Raises:
        DataError: The predictions are not complete: a rank has not finished, or is missing.

    Example: See :class:`PredictionWriter`.
    """
    is_a("read_predictions", "folder", folder, str | Path, "a path")
    parts = parts_of_all_ranks(Path(folder))  # here, and not when the first sample is asked for
    return _in_order(parts, files)


def _in_order(parts: Sequence[Part], files: PredictionFiles[Any, SampleT]) -> Iterator[SampleT]:
    if not parts:
        return
    numbers = torch.cat([part.numbers() for part in parts])
    starts = torch.tensor([0, *(part.num_samples for part in parts)]).cumsum(0)
    order = numbers.argsort(stable=True)
    is_first = torch.ones(len(order), dtype=torch.bool)
    is_first[1:] = numbers[order][1:] != numbers[order][:-1]
    order = order[is_first]
    del numbers, is_first
    at_hand: dict[int, tuple[int, Sequence[SampleT]]] = {}  # by rank: which part, and its samples
    for places in torch.split(order, 4096):
        owning = torch.searchsorted(starts, places, right=True) - 1
        rows = places - starts[owning]
        for owner, row in zip(map(int, owning), map(int, rows), strict=True):
            part = parts[owner]
            number, samples = at_hand.get(part.rank, (-1, ()))
            if number != owner:
                samples = files.read(part.path)
                at_hand[part.rank] = owner, samples
            yield samples[row]
