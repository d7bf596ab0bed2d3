"""What the loop and the world outside it share while a run goes on."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Final, Generic, final

from typing_extensions import TypeVar

__all__ = ["MISSING", "Live", "Missing", "Termination"]

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")


class Missing(Enum):
    """The type of ``MISSING``."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING
"""Stands where there is no value yet: ``None`` may be a value."""


@final
@dataclass(frozen=True, slots=True)
class Termination:
    """A call of ``terminate`` or ``terminate_epoch`` that has not been answered yet.

    Attributes:
        is_silent: Whether the event that would close the run or the epoch is left out.
        reason: Why, in the caller's words.
    """

    is_silent: bool
    reason: str = ""


@final
class Live(Generic[BatchT, OutputT]):
    """What is written in each iteration, and what the loop is asked to do.

    The loop compares the iteration with one number and tests nothing else. Whoever wants to be
    heard calls ``wake``, which sets it to zero.

    Attributes:
        batch: The batch at hand; ``MISSING`` while the next one is fetched.
        data: What the batches come from; ``None`` for an engine without data.
        output: What the process function returned; ``MISSING`` from the next batch on.
        is_unusual: Whether after the iteration at hand others are to be called than after the one
            before: somebody with a filter, or somebody new.
        stop: The next iteration after which the loop has to look up.
        is_fetching: Whether handlers of the fetching of a batch are running.
        is_without_data: Whether the run is one without data.
        unused_asks: How often ``GET_BATCH_STARTED`` was fired for a batch that was not used.
        unused_batches: How often ``GET_BATCH_COMPLETED`` was fired for such a batch.
        is_in_epoch: Whether an epoch has begun and not yet ended.
        epoch_start: The iteration after which the epoch began.
        pass_start: The iteration after which the current pass over the data began.
        is_asked: Whether there may be a request; it saves to look at each of them.
        terminate: A request to end the run.
        terminate_epoch: A request to end the epoch.
        interrupt: Whether there is a request to suspend the run.
        is_data_new: Whether the data was replaced and has to be started.
    """

    __slots__ = (
        "batch",
        "data",
        "epoch_start",
        "interrupt",
        "is_asked",
        "is_data_new",
        "is_fetching",
        "is_in_epoch",
        "is_unusual",
        "is_without_data",
        "output",
        "pass_start",
        "stop",
        "terminate",
        "terminate_epoch",
        "unused_asks",
        "unused_batches",
    )

    def __init__(self) -> None:
        self.data: Iterable[BatchT] | None = None
        self.restart()

    def restart(self) -> None:
        """Put everything but the data where a new engine has it."""
        self.batch: BatchT | Missing = MISSING
        self.output: OutputT | Missing = MISSING
        self.is_unusual: bool = False
        self.stop: int = 0
        self.is_fetching: bool = False
        self.is_without_data: bool = False
        self.unused_asks: int = 0
        self.unused_batches: int = 0
        self.is_in_epoch: bool = False
        self.epoch_start: int = 0
        self.pass_start: int = 0
        self.is_asked: bool = False
        self.terminate: Termination | None = None
        self.terminate_epoch: Termination | None = None
        self.interrupt: bool = False
        self.is_data_new: bool = False

    def ask(self) -> None:
        """Make the loop answer the requests after the event at hand."""
        self.is_asked = True
        self.wake()

    def wake(self) -> None:
        """Make the loop look up after the iteration it is in."""
        self.stop = 0
        self.is_unusual = True

    def give_data(self, data: Iterable[BatchT] | None) -> None:
        """Take the data of a run that begins."""
        self.data = data
        self.is_without_data = data is None

    def leave_iteration(self) -> None:
        """Leave the iteration at hand, and what an earlier run was asked to do."""
        self.batch = MISSING
        self.is_fetching = False
        self.is_data_new = False
        self.is_asked = False
        self.terminate = self.terminate_epoch = None
        self.interrupt = False
