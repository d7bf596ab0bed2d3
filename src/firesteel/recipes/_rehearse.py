"""Run everything once: short runs of several engines, after which all stands as it stood."""

from collections.abc import Generator, Iterable, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice

# Any: what the engines run is nothing to a rehearsal of them.
from typing import Any, TypeVar

from firesteel._require import at_least, is_iterable
from firesteel.engine import Engine
from firesteel.errors import DataError
from firesteel.protocols import Stateful

from ._kept_states import States

__all__ = ["first_batches", "rehearse"]

BatchT = TypeVar("BatchT")


@contextmanager
def rehearse(
    *engines: Engine[Any, Any], restore: Iterable[Stateful] = (), num_batches: int = 1
) -> Generator[None]:
    """Have whole scripts run through in seconds, to see that they do.

    In the block each run of these engines has one epoch of at most ``num_batches`` iterations,
    whatever limits it is given, and each handler is called whenever its event fires, whatever its
    filter: validation, checkpoints and what else is due once in an hour run now. Afterwards the
    engines stand where they stood, and so does what is handed over in ``restore``. Files that
    handlers write are written: they can ask ``engine.is_rehearsing``.

    Other libraries call this ``fast_dev_run``.

    Args:
        engines: The engines, also those that handlers of others run.
        restore: What is put back in the end: models, optimizers, schedulers, metrics.
        num_batches: The most iterations of a run, ``>= 1``.

    Raises:
        ArgumentError: ``num_batches`` is out of range.
        ArgumentTypeError: Something to be put back has no state.
        EngineStateError: An engine is running, or its run is interrupted.

    Example:
        >>> import torch
        >>> from firesteel.engine import Engine
        >>> from firesteel.events import Events
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> def step(engine: Engine[float, None], batch: float) -> None:
        ...     with torch.no_grad():
        ...         model.weight.fill_(batch)
        >>> trainer = Engine(step)
        >>> rare = Events.EPOCH_COMPLETED(every=10)
        >>> handle = trainer.add_event_handler(rare, lambda: print("validated"))
        >>> before = model.weight.item()
        >>> with rehearse(trainer, restore=[model]):
        ...     state = trainer.run([5.0, 6.0], max_epochs=100)
        validated
        >>> model.weight.item() == before, trainer.state.iteration
        (True, 0)
    """
    num_batches = at_least("rehearse", "num_batches", num_batches, 1)
    kept = States("rehearse", restore)
    with ExitStack() as stack:
        stack.callback(kept.put_back)
        for engine in engines:
            stack.enter_context(engine.rehearsal(num_batches=num_batches))
        yield


def first_batches(data: Iterable[BatchT], num_batches: int) -> Sequence[BatchT]:
    """Give a few batches that stay the same in each epoch: to see whether a model can learn them.

    A model that cannot overfit a few batches has a mistake. They are made once, so that neither
    shuffling nor random augmentation changes them.

    Args:
        data: The batches.
        num_batches: How many, ``>= 1``.

    Raises:
        ArgumentError: ``num_batches`` is out of range.
        ArgumentTypeError: ``data`` cannot be iterated over.
        DataError: The data has fewer batches.

    Example:
        >>> from firesteel.engine import Engine
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> trainer.run(first_batches(range(1000), 2), max_epochs=50).iteration
        100
    """
    num_batches = at_least("first_batches", "num_batches", num_batches, 1)
    is_iterable("first_batches", "data", data)
    batches = list(islice(data, num_batches))
    if len(batches) < num_batches:
        raise DataError(
            f"first_batches: data must have at least {num_batches} batches, got {len(batches)}"
        )
    return batches
