"""How a run ended, as a value to be matched."""

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias, final

__all__ = ["Completed", "Failed", "Interrupted", "RunOutcome", "StopCause", "Stopped"]


class StopCause(Enum):
    """Why a run ended before its limit."""

    TERMINATED = "terminated"
    """:meth:`firesteel.engine.Engine.terminate` was called."""
    DATA_EXHAUSTED = "data_exhausted"
    """The data had no more batches, and could not be read again."""


@final
@dataclass(frozen=True, slots=True)
class Completed:
    """The run reached its limit."""


@final
@dataclass(frozen=True, slots=True)
class Stopped:
    """The run was ended before its limit.

    Attributes:
        cause: By what.
        reason: Why, in the words of the one who stopped it; may be empty.
    """

    cause: StopCause
    reason: str = ""


@final
@dataclass(frozen=True, slots=True)
class Interrupted:
    """The run is suspended; the next ``run`` goes on where it left off."""


@final
@dataclass(frozen=True, slots=True)
class Failed:
    """An exception ended the run.

    Attributes:
        error: The exception's type and message. Not the exception itself, which would keep the
            tensors of every frame alive that it passed.
    """

    error: str


RunOutcome: TypeAlias = Completed | Stopped | Interrupted | Failed
"""How a run ended.

Example:
    >>> from firesteel.engine import Completed, Engine, Failed, Interrupted, Stopped
    >>> trainer = Engine(lambda engine, batch: engine.terminate(reason="good enough"))
    >>> state = trainer.run([1, 2, 3])
    >>> match trainer.outcome:
    ...     case Completed():
    ...         print("reached the limit")
    ...     case Stopped(cause, reason):
    ...         print(cause.value, "-", reason)
    ...     case Interrupted():
    ...         print("suspended")
    ...     case Failed(error):
    ...         print(error)
    terminated - good enough
"""
