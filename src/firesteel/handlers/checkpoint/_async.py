"""Saving in a thread, while the loop goes on."""

import logging
from collections.abc import Mapping, Sequence
from threading import Condition, Thread

# Any: what the engine runs does not matter.
from typing import Any, Final, Literal, final, get_args

import torch
from typing_extensions import override

from firesteel._require import is_a, mismatch
from firesteel.engine import Attachable, Engine
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import Events, RemovableEventHandle
from firesteel.handlers._order import LAST, placed

from ._buffers import Buffers
from ._collective import CollectiveSaver
from ._saving import BaseSaveHandler, CheckpointMetadata

__all__ = ["AsyncSaver"]

IfBusy = Literal["wait", "skip"]

_ENDS: Final = Events.COMPLETED | Events.TERMINATE | Events.INTERRUPT


@final
class AsyncSaver(BaseSaveHandler, Attachable[object, RemovableEventHandle]):
    """Hands checkpoints over to another saver in a thread; the loop waits only for a copy.

    ``save`` copies the tensors into buffers that are kept for the next save, and returns; the rest
    is done in a thread. So what is written is what there was when ``save`` was called, whatever the
    loop does meanwhile. The buffers take as much host memory as the checkpoint, pinned where the
    tensors are on an accelerator, whose copies are queued behind the work at hand without waiting
    for it. The first save makes the buffers and takes longer.

    One save is in flight at a time. What is removed while one is, is removed once that one is in
    place; where it fails, nothing is. The error of a save is raised once: by the next call of any
    method here, by :meth:`wait`, or at the end of the run of an engine that it is attached to, as
    :class:`Checkpoint` does where it is attached itself. Until the thread is done the process does
    not end by itself; a checkpoint in flight when it is killed is as if it had not been begun.

    Args:
        saver: Where the checkpoints go.
        if_busy: What a save does while one is in flight: ``"wait"`` for it, or ``"skip"``: then
            nothing is saved, and :class:`Checkpoint` takes it as not due.

    Raises:
        ArgumentTypeError: ``saver`` is no saver, or one that all ranks take part in.
        ArgumentError: ``if_busy`` is none of the two.

    Example:
        >>> import torch
        >>> from firesteel.handlers import AsyncSaver, CheckpointMetadata, MemorySaver
        >>> saver = AsyncSaver(MemorySaver())
        >>> weight = torch.zeros(2)
        >>> saver.save({"weight": weight}, "a.pt", CheckpointMetadata(name="a"))
        >>> _ = weight.add_(1)
        >>> saver.wait()
        >>> saver.load("a.pt")
        {'weight': tensor([0., 0.])}
    """

    def __init__(self, saver: BaseSaveHandler, *, if_busy: IfBusy = "wait") -> None:
        is_a("AsyncSaver", "saver", saver, BaseSaveHandler, "a BaseSaveHandler")
        if isinstance(saver, AsyncSaver | CollectiveSaver):
            raise ArgumentTypeError(
                mismatch("AsyncSaver", "saver", "one that one rank calls, in its thread", saver)
            )
        if if_busy not in get_args(IfBusy):
            raise ArgumentError(mismatch("AsyncSaver", "if_busy", "'wait' or 'skip'", if_busy))
        self._saver = saver
        self._if_busy = if_busy
        self._logger = logging.getLogger("firesteel.handlers")
        self._buffers = Buffers()
        self._changed = Condition()
        # what follows is read and written by both threads, under the condition
        self._is_busy = False
        self._removals: list[str] = []
        self._error: BaseException | None = None
        self._num_failures = 0

    @property
    def saver(self) -> BaseSaveHandler:
        """Where the checkpoints go."""
        return self._saver

    @property
    def is_busy(self) -> bool:
        """Whether a save is in flight."""
        with self._changed:
            return self._is_busy

    @property
    def skips(self) -> bool:
        """Whether a save would be skipped at this moment."""
        return self._if_busy == "skip" and self.is_busy

    @property
    def num_failures(self) -> int:
        """How many saves failed so far."""
        with self._changed:
            return self._num_failures

    def wait(self) -> None:
        """Wait until nothing is in flight.

        Raises:
            BaseException: What the save in flight failed with, if it did and nobody was told yet.
        """
        with self._changed:
            while self._is_busy:
                self._changed.wait()
            error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # its traceback holds this frame

    @override
    def save(
        self, checkpoint: Mapping[str, object], filename: str, metadata: CheckpointMetadata
    ) -> None:
        """Copy a checkpoint, and have it put in place by a thread.

        Raises:
            BaseException: What the save before failed with; this one is then not begun.
        """
        if self.skips:
            self._logger.info("AsyncSaver: skipped %s, as a save is in flight", filename)
            return
        self.wait()
        copied = self._buffers.copy(checkpoint)
        with self._changed:
            self._is_busy = True
        thread = Thread(
            target=self._put, args=(copied, filename, metadata), name="firesteel-AsyncSaver"
        )
        try:
            thread.start()
        except BaseException:  # as where the process is ending
            with self._changed:
                self._is_busy = False
            raise

    @override
    def load(
        self, filename: str, *, map_location: torch.device | str | None = None
    ) -> dict[str, object]:
        """Read a checkpoint back, once nothing is in flight."""
        self.wait()
        return self._saver.load(filename, map_location=map_location)

    @override
    def remove(self, filename: str) -> None:
        """Remove a checkpoint, behind the save in flight; not where that fails."""
        with self._changed:
            if self._is_busy:
                self._removals.append(filename)
                return
        self.wait()
        self._saver.remove(filename)

    @override
    def filenames(self) -> Sequence[str]:
        """Give the names of the checkpoints that are in place, once nothing is in flight."""
        self.wait()
        return self._saver.filenames()

    @override
    def metadata(self, filename: str) -> CheckpointMetadata:
        """Read what is stored beside a checkpoint, once nothing is in flight."""
        self.wait()
        return self._saver.metadata(filename)

    @override
    def attach_to(self, engine: Engine[Any, object]) -> RemovableEventHandle:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this, see :meth:`attach`.

        Args:
            engine: The engine.
        """
        return self.attach(engine)

    def attach(self, engine: Engine[Any, Any]) -> RemovableEventHandle:
        """Wait at the end of each run of an engine, however it ends.

        What the save in flight failed with is raised there; where the run fails itself, it becomes
        a note of that error, and is logged.

        Args:
            engine: The engine.

        Returns:
            The way to have it wait no more.
        """
        return engine.add_event_handler(placed(_ENDS, LAST), self.wait) + engine.add_event_handler(
            placed(Events.EXCEPTION_RAISED, LAST), self._wait_beside
        )

    def _wait_beside(self, error: BaseException) -> None:
        try:
            self.wait()
        except Exception as another:
            self._logger.exception("AsyncSaver: a save failed in a run that failed itself")
            error.add_note(f"AsyncSaver: a save failed too: {type(another).__name__}: {another}")

    def _put(
        self, checkpoint: dict[str, object], filename: str, metadata: CheckpointMetadata
    ) -> None:
        """Save, then remove what was asked for meanwhile; this is the thread."""
        try:
            self._buffers.finish()
            self._saver.save(checkpoint, filename, metadata)
            while (surplus := self._next_removal()) is not None:
                self._saver.remove(surplus)
        except BaseException as error:  # raised in the thread that asks next
            self._logger.exception("AsyncSaver: could not save %s", filename)
            with self._changed:
                self._error = error
                self._num_failures += 1
                self._removals = []
                self._is_busy = False
                self._changed.notify_all()

    def _next_removal(self) -> str | None:
        with self._changed:
            if self._removals:
                return self._removals.pop(0)
            self._is_busy = False
            self._changed.notify_all()
            return None
