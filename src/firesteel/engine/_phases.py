"""The parts of a run and of an iteration, and which may follow which."""

from enum import Enum
from types import MappingProxyType
from typing import Final

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
    "Pending",
    "Phase",
]


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
