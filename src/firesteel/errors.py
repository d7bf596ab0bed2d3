"""Every exception that firesteel raises on purpose, as one family.

::

    FiresteelError
    |-- ArgumentError          ValueError      an argument is out of its range
    |-- ArgumentTypeError      TypeError       an argument is of another kind
    |-- HandlerSignatureError  TypeError       a handler cannot be called with what it will get
    |-- UnknownEventError      ValueError      the event is not registered on this engine
    |-- NotAvailableError      RuntimeError    a value was read before it exists
    |-- UnknownKeyError        KeyError        nothing is stored under this key or name
    |-- StateDictError         ValueError      a state_dict misses entries, or they contradict
    |-- EngineStateError       RuntimeError    the call does not fit what the engine is doing
    |-- DataError              ValueError      the data cannot feed a run
    |-- DeclaredTypeError      TypeError       a batch or output is not what was declared
    |-- ResumeError            AssertionError  a run that was gone on with took another way
    |-- TracingError           RuntimeError    a step cannot run on tensors without numbers
    |-- NotComputableError     RuntimeError    a metric has seen nothing it could compute from
    |-- MissingExtraError      ImportError     an optional package is not installed
    |-- CheckpointError        Exception       a checkpoint cannot be written, read or put back
        |-- CheckpointWriteError     OSError            it could not be put in place
        |-- MissingCheckpointError   FileNotFoundError  there is none of this name
        |-- CorruptCheckpointError   ValueError         it is damaged or incomplete
        |-- ForeignCheckpointError   ValueError         it was not written by firesteel
        |-- UnsafeCheckpointError    ValueError         reading it would run code
        |-- CheckpointVersionError   ValueError         nobody here knows its version
        |-- CheckpointMismatchError  ValueError         it does not fit the objects

Catch the family, or the built-in that each also is.
"""

from typing_extensions import override

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CheckpointError",
    "CheckpointMismatchError",
    "CheckpointVersionError",
    "CheckpointWriteError",
    "CorruptCheckpointError",
    "DataError",
    "DeclaredTypeError",
    "EngineStateError",
    "FiresteelError",
    "ForeignCheckpointError",
    "HandlerSignatureError",
    "MissingCheckpointError",
    "MissingExtraError",
    "NotAvailableError",
    "NotComputableError",
    "ResumeError",
    "StateDictError",
    "TracingError",
    "UnknownEventError",
    "UnknownKeyError",
    "UnsafeCheckpointError",
]


class FiresteelError(Exception):
    """What every error of this package derives from."""


class ArgumentError(FiresteelError, ValueError):
    """An argument has the right kind but not a value that makes sense."""


class ArgumentTypeError(FiresteelError, TypeError):
    """An argument is not of the kind that is asked for."""


class HandlerSignatureError(FiresteelError, TypeError, ValueError):
    """A handler or process function cannot take the arguments that it will be called with.

    It is a ``TypeError``, as a wrong call is everywhere in Python, and a ``ValueError`` too, since
    that is what scripts written for ignite catch.
    """


class UnknownEventError(FiresteelError, ValueError):
    """The event was not registered on this engine."""


class NotAvailableError(FiresteelError, RuntimeError):
    """A value was read at a moment at which it does not exist."""


class UnknownKeyError(FiresteelError, KeyError):
    """Nothing is stored under this key or name."""

    @override
    def __str__(self) -> str:
        # KeyError shows the repr of its argument, which would put the sentence in quotes
        return str(self.args[0]) if self.args else ""


class StateDictError(FiresteelError, ValueError):
    """A ``state_dict`` has missing, extra or contradictory entries."""


class EngineStateError(FiresteelError, RuntimeError):
    """The call does not fit what the engine is doing at the moment."""


class DataError(FiresteelError, ValueError):
    """The data cannot feed a run."""


class DeclaredTypeError(FiresteelError, TypeError):
    """A batch, or an output, is not of the type that the process function declares."""


class NotComputableError(FiresteelError, RuntimeError):
    """A metric has seen nothing that it could compute its value from."""


class ResumeError(FiresteelError, AssertionError):
    """A run that was saved and gone on with is not the one that it would have been."""


class TracingError(FiresteelError, RuntimeError):
    """Something cannot run on tensors that have no numbers."""


class MissingExtraError(FiresteelError, ModuleNotFoundError):
    """An optional package is needed here and not installed."""


class CheckpointError(FiresteelError):
    """A checkpoint cannot be written, read, or put back into objects."""


class CheckpointWriteError(CheckpointError, OSError):
    """A checkpoint could not be put in place, or removed; what was there before still is."""


class MissingCheckpointError(CheckpointError, FileNotFoundError):
    """There is no checkpoint of this name."""


class CorruptCheckpointError(CheckpointError, ValueError):
    """A checkpoint is damaged or incomplete; nothing of it was used."""


class ForeignCheckpointError(CheckpointError, ValueError):
    """A file was not written by firesteel, so that nothing says what it has to hold."""


class UnsafeCheckpointError(CheckpointError, ValueError):
    """A checkpoint holds something that could only be read back by running code."""


class CheckpointVersionError(CheckpointError, ValueError):
    """A checkpoint is of a version that this program does not know."""


class CheckpointMismatchError(CheckpointError, StateDictError):
    """A checkpoint does not fit the objects that it is to be put into; they are as they were."""
