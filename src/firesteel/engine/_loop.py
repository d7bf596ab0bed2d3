"""The one loop: a run, from its first event to its last."""

import logging
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice, repeat
from typing import Final, Generic, final

from typing_extensions import TypeVar

from firesteel.errors import DataError
from firesteel.events import Channel, Events, Registry

from ._iterations import Iterations
from ._limits import Limits
from ._live import MISSING, Live, Missing
from ._outcome import Completed, Interrupted, RunOutcome, StopCause, Stopped
from ._phases import (
    BATCH_ASKED_FOR,
    BATCH_THERE,
    END,
    EPOCH_END,
    EPOCH_START,
    ITERATION_STARTED,
    ITERATIONS,
    NOTHING,
    OVER,
    START,
    SUSPENDED,
    Cursor,
    Pending,
    Phase,
)
from ._state import State

__all__ = ["Loop", "Parts", "known_length"]

EngineT = TypeVar("EngineT")  # what the process function and the handlers are handed
BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")

_COMPLETED: Final = Completed()

_FAR: Final = 2**29
"""The loop looks up after so many iterations at the latest: small numbers compare faster."""


@final
class Parts(Generic[EngineT, BatchT, OutputT]):
    """What all runs of one engine share.

    Attributes:
        process_function: What is run.
        state: What users read.
        live: What is written in each iteration, and requests.
        limits: How far a run goes.
        clock: Gives the time in seconds.
        iterations: The hot part of the loop.
    """

    __slots__ = (
        "clock",
        "completed",
        "data_ended",
        "epoch_completed",
        "epoch_started",
        "epoch_terminated",
        "get_batch_completed",
        "get_batch_started",
        "interrupted",
        "iteration_completed",
        "iteration_started",
        "iterations",
        "limits",
        "live",
        "process_function",
        "started",
        "state",
        "terminated",
    )

    def __init__(
        self,
        process_function: Callable[[EngineT, BatchT], OutputT],
        *,
        state: State[BatchT, OutputT],
        live: Live[BatchT, OutputT],
        limits: Limits,
        registry: Registry[EngineT],
        clock: Callable[[], float],
    ) -> None:
        self.process_function = process_function
        self.state = state
        self.live = live
        self.limits = limits
        self.clock = clock
        self.iterations = Iterations()
        channel = partial(registry.plain, "Engine")
        self.started = channel(Events.STARTED)
        self.epoch_started = channel(Events.EPOCH_STARTED)
        self.get_batch_started = channel(Events.GET_BATCH_STARTED)
        self.get_batch_completed = channel(Events.GET_BATCH_COMPLETED)
        self.data_ended = channel(Events.DATALOADER_STOP_ITERATION)
        self.iteration_started = channel(Events.ITERATION_STARTED)
        self.iteration_completed = channel(Events.ITERATION_COMPLETED)
        self.epoch_completed = channel(Events.EPOCH_COMPLETED)
        self.completed = channel(Events.COMPLETED)
        self.terminated = channel(Events.TERMINATE)
        self.epoch_terminated = channel(Events.TERMINATE_SINGLE_EPOCH)
        self.interrupted = channel(Events.INTERRUPT)


@final
class Loop(Generic[EngineT, BatchT, OutputT]):
    """Drives one run of an engine from phase to phase.

    Each phase does its part, fires its events and says which phase is next; between an event and
    what follows it, requests to stop are answered. To suspend a run is to remember the phase that
    would have been next, to resume it is to begin with that one.

    In the hot part, which ``_iterate`` calls, one number is compared in each iteration; handlers
    with filters, ends of epochs and requests all move that number.
    """

    __slots__ = (
        "_cursor",
        "_engine",
        "_last",
        "_leave_for",
        "_limits",
        "_live",
        "_logger",
        "_outcome",
        "_parts",
        "_since_s",
        "_state",
        "_stop_iteration",
    )

    def __init__(
        self,
        engine: EngineT,
        parts: Parts[EngineT, BatchT, OutputT],
        cursor: Cursor[BatchT],
        logger: logging.Logger,
    ) -> None:
        self._engine = engine
        self._parts = parts
        self._state = parts.state
        self._live = parts.live
        self._limits = parts.limits
        self._cursor = cursor
        self._logger = logger if logger.isEnabledFor(logging.INFO) else None
        self._last = 0
        self._leave_for: Phase | None = None
        self._stop_iteration: StopIteration | None = None
        self._since_s = parts.clock()
        self._outcome: RunOutcome = _COMPLETED

    def drive(self) -> RunOutcome:
        """Run, or go on, until the run is over or suspended, and say how it ended."""
        cursor = self._cursor
        phase = self._start() if cursor.phase is START else self._answer(cursor.phase)
        while phase is not SUSPENDED:
            cursor.phase = phase
            if phase is ITERATIONS:
                phase = self._iterate()
            elif phase is EPOCH_START:
                phase = self._start_epoch()
            elif phase is EPOCH_END:
                phase = self._end_epoch()
            else:
                self._end()
                break
        return self._outcome

    # the phases, each giving the next one

    def _start(self) -> Phase:
        if self._logger is not None:
            self._logger.info("%s", self._announcement())
        self._fire(self._parts.started)
        return self._answer(EPOCH_START) if self._live.is_asked else EPOCH_START

    def _start_epoch(self) -> Phase:
        state, live, cursor = self._state, self._live, self._cursor
        self._take_time()
        cursor.epoch_s = 0.0
        if cursor.is_epoch_begun:
            cursor.is_epoch_begun = False
        else:
            state.epoch += 1
            live.epoch_start = state.iteration
        live.is_in_epoch = True
        self._fire_at(self._parts.epoch_started, state.epoch)
        return self._answer(ITERATIONS) if self._live.is_asked else ITERATIONS

    def _iterate(self) -> Phase:
        parts, state = self._parts, self._state
        while True:
            iteration = state.iteration - (self._cursor.pending is ITERATION_STARTED)
            batches = self._batches()
            always = parts.iteration_completed.always
            self._last = self._last_iteration(iteration)
            self._plan(iteration)
            is_data_over = parts.iterations.with_handlers(len(always))(
                self._engine,
                batches,
                state,
                self._live,
                parts.process_function,
                self._fire_due,
                self._has_to_stop if always else self._fire_due_and_has_to_stop,
                MISSING,
                iteration,
                *always,
            )
            phase = self._after_batches() if is_data_over else self._after_iteration()
            if phase is not ITERATIONS:
                return phase

    def _plan(self, iteration: int) -> None:
        """Say after which iteration the loop has to look up.

        Without a handler that is always called it is the one at which one with a filter is due, and
        these are called when the loop looks up. Where there are both, it is the one before, and in
        the next one ``live.is_unusual`` has them called together, in their order.
        """
        live, completed = self._live, self._parts.iteration_completed
        if completed.due <= iteration:  # its count is only kept where somebody is due
            completed.restart(iteration)
        stop = completed.due
        live.is_unusual = stop == iteration + 1
        if completed.always and not live.is_unusual:
            stop -= 1
        live.stop = min(self._last, stop)

    def _has_to_stop(self, _engine: EngineT) -> bool:
        """Look up after an iteration: tell whether to leave the loop, else plan on."""
        iteration = self._state.iteration
        if iteration >= self._last or not self._live.stop:
            return True
        self._plan(iteration)
        return False

    def _fire_due_and_has_to_stop(self, engine: EngineT) -> bool:
        """The same where no handler is always called: call those that are due before."""
        iteration, completed = self._state.iteration, self._parts.iteration_completed
        if iteration >= completed.due or not self._live.stop:
            for handler in completed.take(iteration):
                handler(engine)
        return self._has_to_stop(engine)

    def _fire_due(self, engine: EngineT) -> None:
        """Call whoever is due after this iteration."""
        for handler in self._parts.iteration_completed.take(self._state.iteration):
            handler(engine)

    def _end_epoch(self) -> Phase:
        state, cursor, channel = self._state, self._cursor, self._parts.epoch_completed
        self._live.is_in_epoch = False
        self._take_time()
        state.times.epoch_s = cursor.epoch_s
        self._fire_at(channel, state.epoch)
        if channel.is_heard:
            self._take_time()
            state.times.epoch_s = cursor.epoch_s
        if self._logger is not None:
            self._logger.info("Epoch %d is complete after %.3f s.", state.epoch, cursor.epoch_s)
        self._live.terminate_epoch = None
        phase = self._after_epoch()
        return self._answer(phase) if self._live.is_asked else phase

    def _end(self) -> None:
        state, live, cursor, parts = self._state, self._live, self._cursor, self._parts
        termination = live.terminate
        self._take_time()
        state.times.run_s = cursor.run_s
        if termination is not None:
            self._outcome = Stopped(StopCause.TERMINATED, termination.reason)
        elif cursor.spent is not None:
            self._outcome = cursor.spent
        if termination is not None or (live.is_in_epoch and cursor.spent is None):
            self._fire(parts.terminated)
        if termination is None or not termination.is_silent:
            self._fire(parts.completed)
            if parts.completed.is_heard:
                self._take_time()
                state.times.run_s = cursor.run_s
        if self._logger is not None:
            self._logger.info("The run is over after %.3f s: %s.", cursor.run_s, self._outcome)
        live.terminate_epoch = None
        live.interrupt = False
        cursor.phase = OVER

    # what comes after what

    def _after_iteration(self) -> Phase:
        state, limits = self._state, self._limits
        length = None if limits.is_open_ended else limits.epoch_length
        if length is not None and state.epoch_iteration >= length:
            return self._answer(EPOCH_END) if self._live.is_asked else EPOCH_END
        if limits.max_iters is not None and state.iteration >= limits.max_iters:
            return self._answer(END) if self._live.is_asked else END
        return self._answer(ITERATIONS) if self._live.is_asked else ITERATIONS

    def _after_epoch(self) -> Phase:
        state = self._state
        if self._cursor.spent is not None or self._limits.are_reached(
            epochs=state.epoch, iterations=state.iteration
        ):
            return END
        return EPOCH_START

    def _last_iteration(self, iteration: int) -> int:
        """Give the iteration after which the epoch or the run ends, or the loop has to look up."""
        limits = self._limits
        last = iteration + _FAR
        if limits.epoch_length is not None and not limits.is_open_ended:
            last = min(last, self._live.epoch_start + limits.epoch_length)
        return last if limits.max_iters is None else min(last, limits.max_iters)

    def _answer(self, phase: Phase) -> Phase:
        """Answer what the loop was asked to do; without a request ``phase`` is next."""
        live = self._live
        if live.terminate is not None:
            self._give_iteration_up()
            return END
        if live.terminate_epoch is not None:
            is_silent = live.terminate_epoch.is_silent
            live.terminate_epoch = None
            self._give_iteration_up()
            self._cursor.source = None
            self._cursor.num_to_skip = 0
            live.pass_start = self._state.iteration
            self._fire(self._parts.epoch_terminated)
            if not is_silent:
                return EPOCH_END
            live.is_in_epoch = False
            return self._answer(self._after_epoch())
        if live.interrupt:
            live.interrupt = False
            self._fire(self._parts.interrupted)
            self._cursor.phase = phase
            self._outcome = Interrupted()
            self._take_time()
            return SUSPENDED
        live.is_asked = False
        return phase

    def _give_iteration_up(self) -> None:
        """Leave the iteration under way as it is, if there is one."""
        live, cursor = self._live, self._cursor
        if cursor.pending in {BATCH_ASKED_FOR, BATCH_THERE}:
            live.unused_asks += 1
        if cursor.pending is BATCH_THERE:
            live.unused_batches += 1
        if cursor.pending is not NOTHING:
            live.batch = MISSING
        live.is_fetching = False
        cursor.pending = NOTHING

    # batches

    def _batches(self) -> Iterator[BatchT]:
        """Give the batches to come, with the events around them where somebody listens."""
        parts, live, cursor = self._parts, self._live, self._cursor
        if (
            parts.get_batch_started.is_heard
            or parts.get_batch_completed.is_heard
            or parts.iteration_started.is_heard
            or (cursor.pending is not NOTHING and cursor.pending is not BATCH_ASKED_FOR)
        ):
            return self._announced_batches()
        cursor.pending = NOTHING
        live.is_fetching = False
        live.batch = MISSING
        return self._source()

    def _announced_batches(self) -> Iterator[BatchT]:
        while True:
            try:
                batch = self._announced_batch()
            except StopIteration as error:  # a handler's own: it must not pass for an end of data
                self._stop_iteration = error
                return
            if isinstance(batch, Missing):
                return
            yield batch
            del batch  # nothing may hold the old batch while the next one is fetched

    def _announced_batch(self) -> BatchT | Missing:
        """Fetch a batch and fire the events around it; ``MISSING`` to leave the loop."""
        state, live, cursor = self._state, self._live, self._cursor
        parts = self._parts
        pending, cursor.pending = cursor.pending, NOTHING
        if pending is NOTHING:
            live.batch = MISSING
            live.is_fetching = True
            if live.data is not None:
                self._fire_at(parts.get_batch_started, state.count(Events.GET_BATCH_STARTED))
            if self._has_to_leave(BATCH_ASKED_FOR):
                return MISSING
        if pending in {NOTHING, BATCH_ASKED_FOR}:
            live.is_fetching = True
            live.batch = next(self._source(), MISSING)
            if live.batch is MISSING:
                cursor.pending = BATCH_ASKED_FOR
                return MISSING
            live.output = MISSING
            if live.data is not None:
                self._fire_at(parts.get_batch_completed, state.count(Events.GET_BATCH_COMPLETED))
            if self._has_to_leave(BATCH_THERE):
                return MISSING
        if pending is not ITERATION_STARTED:
            live.is_fetching = False
            state.iteration += 1
            self._fire_at(parts.iteration_started, state.iteration)
            if self._has_to_leave(ITERATION_STARTED):
                return MISSING
        return live.batch

    def _has_to_leave(self, pending: Pending) -> bool:
        """Answer requests in the middle of an iteration, and tell whether to leave it there."""
        if self._live.stop:
            return False
        self._cursor.pending = pending
        phase = self._answer(ITERATIONS)
        if phase is ITERATIONS:
            self._cursor.pending = NOTHING
            return False
        self._leave_for = phase
        return True

    def _after_batches(self) -> Phase:
        """After the batches ended: answer a request, end the epoch, or begin the data anew."""
        state, live, cursor = self._state, self._live, self._cursor
        if self._stop_iteration is not None:
            error, self._stop_iteration = self._stop_iteration, None
            try:
                raise error
            finally:
                del error  # its traceback holds this frame
        if self._leave_for is not None:
            phase, self._leave_for = self._leave_for, None
            return phase
        if self._limits.is_open_ended and state.epoch_iteration > 0:
            self._limits.epoch_length = state.epoch_iteration
            self._give_asking_up()
            return self._answer(EPOCH_END) if self._live.is_asked else EPOCH_END
        if state.iteration == live.pass_start:
            return self._end_dry()
        cursor.source = None
        cursor.pending = BATCH_ASKED_FOR
        live.is_fetching = True
        live.pass_start = state.iteration
        self._fire(self._parts.data_ended)
        return self._answer(ITERATIONS) if self._live.is_asked else ITERATIONS

    def _end_dry(self) -> Phase:
        """End the run where the data gives nothing any more."""
        state, cursor = self._state, self._cursor
        self._give_asking_up()
        if state.iteration == cursor.first_iteration:
            raise DataError(
                "Engine.run: data must give at least one batch, got none; an iterator can be read "
                "only once: pass what it is made from, or a new one"
            )
        reason = f"the data ended after iteration {state.iteration}, in epoch {state.epoch}"
        cursor.spent = Stopped(StopCause.DATA_EXHAUSTED, reason)
        warnings.warn(
            f"Engine.run: {reason}, before the run was complete; an iterator can be read only "
            "once: pass what it is made from, or call engine.set_data with a new one on "
            "DATALOADER_STOP_ITERATION",
            stacklevel=7,
        )
        return EPOCH_END if state.epoch_iteration else END

    def _give_asking_up(self) -> None:
        """Note that a batch was asked for in vain."""
        self._live.unused_asks += 1
        self._live.is_fetching = False
        self._cursor.pending = NOTHING

    def _source(self) -> Iterator[BatchT]:
        """Give the current pass over the data; begin one where there is none."""
        live, cursor = self._live, self._cursor
        if live.is_data_new:
            live.is_data_new = False
            cursor.source = None
        if cursor.source is None:
            cursor.source = self._new_pass()
        return cursor.source

    def _new_pass(self) -> Iterator[BatchT]:
        live, cursor = self._live, self._cursor
        num_to_skip, cursor.num_to_skip = cursor.num_to_skip, 0
        live.pass_start = self._state.iteration
        if live.data is None:
            # an engine without data is an Engine[None, ...]
            return repeat(None)  # type: ignore[arg-type]
        source = iter(live.data)
        if num_to_skip and source is not live.data:
            num_to_skip %= known_length(live.data) or num_to_skip + 1
            if self._logger is not None:
                self._logger.info("Passing over %d batches that were used already.", num_to_skip)
            live.pass_start -= num_to_skip
            next(islice(source, num_to_skip, num_to_skip), None)
        return source

    # small things

    def _fire(self, channel: Channel[Callable[[EngineT], object]]) -> None:
        if channel.is_heard:
            for handler in channel.take(channel.count + 1):
                handler(self._engine)
        else:
            channel.count += 1

    def _fire_at(self, channel: Channel[Callable[[EngineT], object]], count: int) -> None:
        if channel.is_heard:
            for handler in channel.take(count):
                handler(self._engine)
        else:
            channel.count = count

    def _take_time(self) -> None:
        """Add the time since the last call to that of the epoch and that of the run."""
        cursor, now_s = self._cursor, self._parts.clock()
        elapsed_s, self._since_s = now_s - self._since_s, now_s
        cursor.run_s += elapsed_s
        cursor.epoch_s += elapsed_s

    def _announcement(self) -> str:
        limits, state = self._limits, self._state
        limit = (
            f"max_epochs={limits.max_epochs}"
            if limits.max_iters is None
            else f"max_iters={limits.max_iters}"
        )
        if state.iteration == 0:
            return f"Engine run starting with {limit}."
        return f"Engine run going on after iteration {state.iteration} with {limit}."


def known_length(data: object) -> int | None:
    """Give the number of batches, or ``None`` where the data does not tell it."""
    try:
        return len(data)  # type: ignore[arg-type]  # asked, not known
    except TypeError:  # also a DataLoader's over an iterable data set: a length, but not always
        return None
