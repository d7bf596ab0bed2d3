"""find_batch_size: the largest batch that a training has memory for."""

import gc
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

# Any: what the engine gives is nothing to the size of its batches.
from typing import Any, Final, SupportsIndex, final

import torch
from typing_extensions import TypeVar

from firesteel._require import at_least, is_a, is_callable, mismatch
from firesteel.distributed import get_world_size
from firesteel.engine import Completed, Engine, StopCause, Stopped
from firesteel.errors import ArgumentError, DataError, EngineStateError
from firesteel.protocols import Stateful

from ._keeping import Kept, trying
from ._size_search import SizeSearch

__all__ = ["BatchSizeTry", "FoundBatchSize", "find_batch_size", "is_out_of_memory"]

BatchT = TypeVar("BatchT")

_WHERE: Final = "find_batch_size"
_LOGGER: Final = logging.getLogger("firesteel.handlers")

_MESSAGES: Final = (
    "DefaultCPUAllocator: can't allocate memory",
    "DefaultCPUAllocator: not enough memory",
    "MPS backend out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
)
"""What allocators say that raise a plain ``RuntimeError``."""


@final
@dataclass(frozen=True, slots=True)
class BatchSizeTry:
    """A size that was tried.

    Attributes:
        batch_size: The size.
        error: Why it does not fit; ``None`` where it does.
    """

    batch_size: int
    error: str | None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FoundBatchSize:
    """What a search for the batch size came to.

    Attributes:
        batch_size: The largest size that was seen to fit.
        tries: All that were tried, in order.
    """

    batch_size: int
    tries: tuple[BatchSizeTry, ...]


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error says that there is no memory left, on whichever device.

    Args:
        error: The error.

    Example:
        >>> is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
        True
        >>> is_out_of_memory(RuntimeError("shapes do not fit"))
        False
    """
    if isinstance(error, torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(text in str(error) for text in _MESSAGES)


def find_batch_size(
    trainer: Engine[BatchT, Any],
    make_loader: Callable[[int], Iterable[BatchT]],
    *,
    restore: Iterable[Stateful],
    max_size: SupportsIndex,
    min_size: SupportsIndex = 1,
    multiple_of: SupportsIndex = 1,
    num_iter: SupportsIndex = 3,
    is_too_large: Callable[[BaseException], bool] = is_out_of_memory,
    handlers: Iterable[Callable[..., object]] = (),
) -> FoundBatchSize:
    """Find the largest batch size with which an engine runs without running out of memory.

    Sizes are doubled until one does not fit; then the middle between the largest that fits and the
    smallest that does not is tried, until they meet. Each try makes a loader and runs a few
    iterations, optimizer steps included, while the engine's handlers are silent. A loader without a
    batch does not fit: nothing that was not run is called a success.

    After each try, and whatever happens, everything is as it was: what is handed over in
    ``restore``, the engine with its handlers, and the random states. Between tries the memory of
    what failed is freed. What is put back is kept on the CPU.

    Args:
        trainer: The engine.
        make_loader: Makes data whose batches have the given size.
        restore: What is put back: the model, the optimizers, schedules, a gradient scaler.
        max_size: The largest size that is of interest: at most as many samples as there are, for
            larger batches could not be filled.
        min_size: The smallest one, ``>= 1``: the first that is tried.
        multiple_of: What all sizes are multiples of, ``min_size`` as well unless it is 1.
        num_iter: Iterations of a try, ``>= 1``; from the second on the optimizer has its state.
        is_too_large: Tells whether an error says that the size does not fit. Any other error is
            raised.
        handlers: Handlers of the engine that are called all the same, at each firing: those
            without which it does not train, as one that clips gradients.

    Returns:
        The size, and what was tried.

    Raises:
        ArgumentError: A number is out of range, or there are several ranks: one that runs out of
            memory would leave the others waiting. Search in a process of its own.
        ArgumentTypeError: Something in ``restore`` has no state, or another argument is of another
            kind.
        DataError: There is no batch of the smallest size.
        EngineStateError: The engine is running, or its run is interrupted; or the process function
            stopped a try.
        BaseException: What ``is_too_large`` said yes to, where not even the smallest size fits.

    Example:
        >>> def step(engine: Engine[list[float], float], batch: list[float]) -> float:
        ...     if len(batch) > 100:
        ...         raise torch.OutOfMemoryError("out of memory")
        ...     return sum(batch)
        >>> found = find_batch_size(
        ...     Engine(step), lambda size: [[0.5] * size], restore=[], max_size=1000
        ... )
        >>> found.batch_size, [one.batch_size for one in found.tries]
        (100, [1, 2, 4, 8, 16, 32, 64, 128, 96, 112, 104, 100, 102, 101])
    """
    is_a(_WHERE, "trainer", trainer, Engine, "an engine")
    is_callable(_WHERE, "make_loader", make_loader)
    is_callable(_WHERE, "is_too_large", is_too_large)
    if get_world_size() > 1:
        raise ArgumentError(
            f"{_WHERE}: must be called in a process of its own, got one of {get_world_size()} "
            "ranks; a rank that runs out of memory leaves the others waiting"
        )
    search = _search(min_size, max_size, multiple_of)
    num_iter = at_least(_WHERE, "num_iter", num_iter, 1)
    kept = Kept(_WHERE, restore)
    heard = tuple(handlers)
    tries: list[BatchSizeTry] = []
    while (size := search.next_size()) is not None:
        try:
            with trying(trainer, kept, num_iter=num_iter, handlers=heard):
                _run(trainer, make_loader(size), size)
            error = None
        except BaseException as caught:
            has_no_batch = isinstance(caught, _NoBatchError)
            if size == search.smallest or not (has_no_batch or is_too_large(caught)):
                caught.add_note(f"firesteel: raised with a batch size of {size}")
                raise
            error = str(caught) if has_no_batch else f"{type(caught).__name__}: {caught}"
        _free()
        _LOGGER.info("%s: %d %s.", _WHERE, size, "fits" if error is None else "does not fit")
        tries.append(BatchSizeTry(size, error))
        search = search.after(size, fits=error is None)
    return FoundBatchSize(batch_size=search.fitting, tries=tuple(tries))


class _NoBatchError(DataError):
    """A loader had no batch."""


def _search(
    min_size: SupportsIndex, max_size: SupportsIndex, multiple_of: SupportsIndex
) -> SizeSearch:
    factor = at_least(_WHERE, "multiple_of", multiple_of, 1)
    smallest = at_least(_WHERE, "min_size", min_size, 1)
    smallest = factor if smallest == 1 else smallest
    if smallest % factor:
        raise ArgumentError(mismatch(_WHERE, "min_size", f"a multiple of {factor}", min_size))
    largest = at_least(_WHERE, "max_size", max_size, smallest)
    return SizeSearch(smallest=smallest, max_size=largest, multiple_of=factor)


def _run(trainer: Engine[BatchT, Any], data: Iterable[BatchT], size: int) -> None:
    try:
        trainer.run(data)
    except DataError as error:
        if trainer.state.iteration:
            raise
        raise _NoBatchError(f"{_WHERE}: there is no batch of {size}") from error
    match trainer.outcome:
        case Completed() | Stopped(StopCause.DATA_EXHAUSTED):
            pass
        case stopped:
            raise EngineStateError(
                f"{_WHERE}: a try must not be stopped, got {stopped} in iteration "
                f"{trainer.state.iteration}"
            )


def _free() -> None:
    """Give back the memory of what failed."""
    gc.collect()
    if torch.cuda.is_initialized():
        torch.cuda.empty_cache()
