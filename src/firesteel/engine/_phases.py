"""The parts of a run, which may follow which, and where a run stands between them."""

from collections.abc import Iterator
from enum import Enum
from types import MappingProxyType
from typing import Final, Generic, final

from typing_extensions import TypeVar

from ._outcome import Stopped

__all__ = [
    "BATCH_ASKED_FOR",
    "BATCH_THERE",
    "END",
    "EPOCH_END",
    "EPOCH_START",
    "FOLLOWERS",
    "ITERATIONS",
    "ITERATION_STARTED",
    "NOTHING",
    "OVER",
    "START",
    "SUSPENDED",
    "Cursor",
    "Pending",
    "Phase",
]

BatchT = TypeVar("BatchT")


class Phase(Enum):
    """A part of a run. A run that was interrupted goes on with the part that was next."""

    START = "start"
    EPOCH_START = "epoch start"
    ITERATIONS = "iterations"
    EPOCH_END = "epoch end"
    END = "end"
    OVER = "over"
    SUSPENDED = "suspended"


# names of their own: to look a member up in its enum takes longer than all else a phase does
START: Final = Phase.START
EPOCH_START: Final = Phase.EPOCH_START
ITERATIONS: Final = Phase.ITERATIONS
EPOCH_END: Final = Phase.EPOCH_END
END: Final = Phase.END
OVER: Final = Phase.OVER
SUSPENDED: Final = Phase.SUSPENDED


FOLLOWERS: Final = MappingProxyType(
    {
        Phase.START: frozenset({Phase.EPOCH_START, Phase.END, Phase.SUSPENDED}),
        Phase.EPOCH_START: frozenset(
            {Phase.EPOCH_START, Phase.ITERATIONS, Phase.EPOCH_END, Phase.END, Phase.SUSPENDED}
        ),
        Phase.ITERATIONS: frozenset(
            {Phase.EPOCH_START, Phase.EPOCH_END, Phase.END, Phase.SUSPENDED}
        ),
        Phase.EPOCH_END: frozenset({Phase.EPOCH_START, Phase.END, Phase.SUSPENDED}),
        Phase.END: frozenset({Phase.OVER}),
    }
)
"""Which part may follow which; out of each of them an exception ends the run."""


class Pending(Enum):
    """How far an iteration has come where the loop left it in the middle."""

    NOTHING = "nothing"
    """It has not begun."""
    BATCH_ASKED_FOR = "batch asked for"
    """``GET_BATCH_STARTED`` was fired."""
    BATCH_THERE = "batch there"
    """``GET_BATCH_COMPLETED`` was fired."""
    STARTED = "started"
    """``ITERATION_STARTED`` was fired."""


NOTHING: Final = Pending.NOTHING
BATCH_ASKED_FOR: Final = Pending.BATCH_ASKED_FOR
BATCH_THERE: Final = Pending.BATCH_THERE
ITERATION_STARTED: Final = Pending.STARTED


@final
class Cursor(Generic[BatchT]):
    """Where a run stands: all that is kept of it while it is suspended.

    Attributes:
        phase: The part of the run that it is in, or, while suspended, that is next.
        pending: How far the iteration under way has come.
        source: The current pass over the data.
        num_to_skip: Batches to pass over when the data is first asked for.
        is_epoch_begun: Whether the next epoch is one that was begun in an earlier run.
        spent: How the run will have ended, where the data has ended for good.
        first_iteration: The iteration after which the run began.
        run_s: Seconds that the run took so far.
        epoch_s: Seconds that the epoch took so far.
    """

    __slots__ = (
        "epoch_s",
        "first_iteration",
        "is_epoch_begun",
        "num_to_skip",
        "pending",
        "phase",
        "run_s",
        "source",
        "spent",
    )

    def __init__(self) -> None:
        self.phase: Phase = START
        self.pending: Pending = NOTHING
        self.source: Iterator[BatchT] | None = None
        self.num_to_skip = 0
        self.is_epoch_begun = False
        self.spent: Stopped | None = None
        self.first_iteration = 0
        self.run_s = 0.0
        self.epoch_s = 0.0
