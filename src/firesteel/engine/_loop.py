"""The one loop: a run, from its first event to its last."""

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import islice, repeat
from typing import Final, Generic, final

from typing_extensions import TypeVar

from firesteel.data import keep_random_state
from firesteel.errors import DataError
from firesteel.events import Channel, Events, Registry

from ._data import as_loader, has_random_order, is_loader
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
    START,
    SUSPENDED,
    Pending,
    Phase,
)
from ._state import State

__all__ = ["Loop", "known_length"]

EngineT = TypeVar("EngineT")  # what the process function and the handlers are handed
BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")

_COMPLETED: Final = Completed()

_FAR: Final = 2**29
"""The loop looks up after so many iterations at the latest: small numbers compare faster."""


@final
class Loop(Generic[EngineT, BatchT, OutputT]):
    """Drives the runs of one engine from phase to phase.

    Each phase does its part, fires its events and says which phase is next; between an event and
    what follows it, requests to stop are answered. To suspend a run is to remember the phase that
    would have been next, to resume it is to begin with that one.

    In the hot part, which ``_iterate`` calls, one number is compared in each iteration; handlers
    with filters, ends of epochs and requests all move that number.

    Args:
        process_function: What is run.
        state: What users read.
        live: Where the run stands.
        limits: How far a run goes.
        registry: The events to fire.
        clock: Gives the time in seconds.

    Attributes:
        process_function: What is run.
    """

    __slots__ = (
        "_clock",
        "_completed",
        "_data_ended",
        "_epoch_completed",
        "_epoch_started",
        "_epoch_terminated",
        "_get_batch_completed",
        "_get_batch_started",
        "_interrupted",
        "_iteration_completed",
        "_iteration_started",
        "_iterations",
        "_last",
        "_leave_for",
        "_limits",
        "_live",
        "_logger",
        "_started",
        "_state",
        "_stop_iteration",
        "_terminated",
        "_warn",
        "process_function",
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
        self._state = state
        self._live = live
        self._limits = limits
        self._clock = clock
        self._iterations = Iterations()
        self._started = registry.plain("Engine", Events.STARTED)
        self._epoch_started = registry.plain("Engine", Events.EPOCH_STARTED)
        self._get_batch_started = registry.plain("Engine", Events.GET_BATCH_STARTED)
        self._get_batch_completed = registry.plain("Engine", Events.GET_BATCH_COMPLETED)
        self._data_ended = registry.plain("Engine", Events.DATALOADER_STOP_ITERATION)
        self._iteration_started = registry.plain("Engine", Events.ITERATION_STARTED)
        self._iteration_completed = registry.plain("Engine", Events.ITERATION_COMPLETED)
        self._epoch_completed = registry.plain("Engine", Events.EPOCH_COMPLETED)
        self._completed = registry.plain("Engine", Events.COMPLETED)
        self._terminated = registry.plain("Engine", Events.TERMINATE)
        self._epoch_terminated = registry.plain("Engine", Events.TERMINATE_SINGLE_EPOCH)
        self._interrupted = registry.plain("Engine", Events.INTERRUPT)
        self._logger: logging.Logger | None = None
        self._warn: Callable[[str, int], object] = logging.getLogger("firesteel.engine").warning
        self._last = 0
        self._leave_for: Phase | None = None
        self._stop_iteration: StopIteration | None = None

    def drive(self, engine: EngineT, logger: logging.Logger) -> RunOutcome:
        """Run, or go on, until the run is over or suspended, and say how it ended."""
        live, now_s = self._live, self._clock()
        live.run_since_s += now_s
        live.epoch_since_s += now_s
        self._logger = logger if logger.isEnabledFor(logging.INFO) else None
        self._warn = logger.warning
        phase = live.phase
        if phase is START:
            if self._logger is not None:
                self._logger.info("%s", self._announcement())
            self._fire(engine, self._started)
            phase = EPOCH_START
        if live.is_asked:
            phase = self._answer(engine, phase)
        while True:
            if phase is EPOCH_START:
                phase = self._start_epoch(engine)
            if phase is ITERATIONS:
                phase = self._iterate(engine)
            if phase is EPOCH_END:
                phase = self._end_epoch(engine)
            if phase is END:
                return self._end(engine)
            if phase is SUSPENDED:
                return Interrupted()

    # the phases, each giving the next one

    def _start_epoch(self, engine: EngineT) -> Phase:
        state, live = self._state, self._live
        live.phase = EPOCH_START
        live.epoch_since_s = self._clock()
        if live.is_epoch_begun:
            live.is_epoch_begun = False
        else:
            state.epoch += 1
            live.epoch_start = state.iteration
            if self._limits.next_epoch_length:
                self._limits.set_epoch_length(
                    self._limits.next_epoch_length, is_length_of_data=True
                )
        live.is_in_epoch = True
        self._fire_at(engine, self._epoch_started, state.epoch)
        # one that was saved behind its last iteration only has to be completed
        phase = EPOCH_END if self._is_epoch_done() else ITERATIONS
        return self._answer(engine, phase) if live.is_asked else phase

    def _iterate(self, engine: EngineT) -> Phase:
        state, live, completed = self._state, self._live, self._iteration_completed
        live.phase = ITERATIONS
        while True:
            iteration = state.iteration
            if live.pending is ITERATION_STARTED:
                iteration -= 1
            batches = self._batches(engine)
            always = completed.always
            self._last = self._last_iteration(iteration)
            if completed.due <= iteration:  # its count is only kept where somebody is due
                completed.restart(iteration)
            self._plan(iteration)
            is_data_over = self._iterations.with_handlers(len(always))(
                engine,
                batches,
                state,
                live,
                self.process_function,
                self._fire_due,
                self._has_to_stop if always else self._fire_due_and_has_to_stop,
                MISSING,
                iteration,
                *always,
            )
            phase = self._after_batches(engine) if is_data_over else self._after_iteration(engine)
            if phase is not ITERATIONS:
                return phase

    def _plan(self, iteration: int) -> None:
        """Say after which iteration the loop has to look up.

        Without a handler that is always called it is the one at which one with a filter is due, and
        these are called when the loop looks up. Where there are both, it is the one before, and in
        the next one ``live.is_unusual`` has them called together, in their order.
        """
        live, completed = self._live, self._iteration_completed
        stop = completed.due
        if completed.always:
            live.is_unusual = stop == iteration + 1
            if not live.is_unusual:
                stop -= 1
        live.stop = min(stop, self._last)

    def _has_to_stop(self, _engine: EngineT) -> bool:
        """Look up after an iteration: tell whether to leave the loop, else plan on."""
        iteration = self._state.iteration
        if iteration >= self._last or not self._live.stop:
            return True
        self._plan(iteration)
        return False

    def _fire_due_and_has_to_stop(self, engine: EngineT) -> bool:
        """The same where no handler is always called: call those that are due before."""
        live, iteration = self._live, self._state.iteration
        completed = self._iteration_completed
        if iteration >= completed.due or not live.stop:
            for handler in completed.take(iteration):
                handler(engine)
        last = self._last
        if iteration >= last or not live.stop:
            return True
        due = completed.due
        live.stop = due if due < last else last  # noqa: FURB136  # twice as fast
        return False

    def _fire_due(self, engine: EngineT) -> None:
        """Call whoever is due after this iteration."""
        for handler in self._iteration_completed.take(self._state.iteration):
            handler(engine)

    def _end_epoch(self, engine: EngineT) -> Phase:
        state, live, channel = self._state, self._live, self._epoch_completed
        live.phase = EPOCH_END
        live.is_in_epoch = False
        state.times.epoch_s = self._clock() - live.epoch_since_s
        self._fire_at(engine, channel, state.epoch)
        if channel.is_heard:
            state.times.epoch_s = self._clock() - live.epoch_since_s
        if self._logger is not None:
            self._logger.info(
                "Epoch %d is complete after %.3f s.", state.epoch, state.times.epoch_s
            )
        live.terminate_epoch = None
        phase = self._after_epoch()
        return self._answer(engine, phase) if live.is_asked else phase

    def _end(self, engine: EngineT) -> RunOutcome:
        live, times, completed = self._live, self._state.times, self._completed
        live.phase = END
        termination = live.terminate
        outcome: RunOutcome = _COMPLETED if live.spent is None else live.spent
        if termination is not None:
            outcome = Stopped(StopCause.TERMINATED, termination.reason)
        times.run_s = self._clock() - live.run_since_s
        if termination is not None or (live.is_in_epoch and live.spent is None):
            self._fire(engine, self._terminated)
        if termination is None or not termination.is_silent:
            self._fire(engine, completed)
            if completed.is_heard:
                times.run_s = self._clock() - live.run_since_s
        if self._logger is not None:
            self._logger.info("The run is over after %.3f s: %s.", times.run_s, outcome)
        live.terminate_epoch = None
        live.interrupt = False
        return outcome

    # what comes after what

    def _after_iteration(self, engine: EngineT) -> Phase:
        state, limits, live = self._state, self._limits, self._live
        phase = ITERATIONS
        if self._is_epoch_done():
            phase = EPOCH_END
        elif limits.max_iters is not None and state.iteration >= limits.max_iters:
            phase = END
        return self._answer(engine, phase) if live.is_asked else phase

    def _is_epoch_done(self) -> bool:
        limits = self._limits
        if limits.epoch_length is None or limits.is_open_ended:
            return False
        return self._state.iteration - self._live.epoch_start >= limits.epoch_length

    def _after_epoch(self) -> Phase:
        state = self._state
        if self._live.spent is not None or self._limits.are_reached(
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

    def _answer(self, engine: EngineT, phase: Phase) -> Phase:
        """Answer what the loop was asked to do; without a request ``phase`` is next."""
        live = self._live
        if live.terminate is not None:
            if live.pending is not ITERATION_STARTED:  # such an iteration is still owed
                self._give_iteration_up()
            live.pending = NOTHING
            return END
        if live.terminate_epoch is not None:
            is_silent = live.terminate_epoch.is_silent
            live.terminate_epoch = None
            self._give_iteration_up()
            live.leave_pass(self._state.iteration)
            self._fire(engine, self._epoch_terminated)
            if not is_silent:
                return EPOCH_END
            live.is_in_epoch = False
            return self._answer(engine, self._after_epoch())
        if live.interrupt:
            live.interrupt = False
            self._fire(engine, self._interrupted)
            live.phase = phase
            now_s = self._clock()
            live.run_since_s -= now_s
            live.epoch_since_s -= now_s
            return SUSPENDED
        live.is_asked = False
        return phase

    def _give_iteration_up(self) -> None:
        """Leave the iteration under way as it is, if there is one."""
        live = self._live
        if live.pending in {BATCH_ASKED_FOR, BATCH_THERE}:
            live.unused_asks += 1
        if live.pending is BATCH_THERE:
            live.unused_batches += 1
        if live.pending is not NOTHING:
            live.batch = MISSING
        live.is_fetching = False
        live.pending = NOTHING

    # batches

    def _batches(self, engine: EngineT) -> Iterator[BatchT]:
        """Give the batches to come, with the events around them where somebody listens."""
        live = self._live
        if (
            self._get_batch_started.is_heard
            or self._get_batch_completed.is_heard
            or self._iteration_started.is_heard
            or (live.pending is not NOTHING and live.pending is not BATCH_ASKED_FOR)
        ):
            return self._announced_batches(engine)
        live.pending = NOTHING
        live.is_fetching = False
        live.batch = MISSING
        return self._source()

    def _announced_batches(self, engine: EngineT) -> Iterator[BatchT]:
        while True:
            try:
                batch = self._announced_batch(engine)
            except StopIteration as error:  # a handler's own: it must not pass for an end of data
                self._stop_iteration = error
                return
            if isinstance(batch, Missing):
                return
            yield batch
            del batch  # nothing may hold the old batch while the next one is fetched

    def _announced_batch(self, engine: EngineT) -> BatchT | Missing:
        """Fetch a batch and fire the events around it; ``MISSING`` to leave the loop."""
        state, live = self._state, self._live
        pending, live.pending = live.pending, NOTHING
        if pending is NOTHING:
            live.batch = MISSING
            live.is_fetching = True
            if live.data is not None:
                self._fire_at(
                    engine, self._get_batch_started, state.count(Events.GET_BATCH_STARTED)
                )
            if self._has_to_leave(engine, BATCH_ASKED_FOR):
                return MISSING
        if pending in {NOTHING, BATCH_ASKED_FOR}:
            live.is_fetching = True
            live.batch = next(self._source(), MISSING)
            if live.batch is MISSING:
                live.pending = BATCH_ASKED_FOR
                return MISSING
            live.output = MISSING
            if live.data is not None:
                self._fire_at(
                    engine, self._get_batch_completed, state.count(Events.GET_BATCH_COMPLETED)
                )
            if self._has_to_leave(engine, BATCH_THERE):
                return MISSING
        if pending is not ITERATION_STARTED:
            live.is_fetching = False
            state.iteration += 1
            self._fire_at(engine, self._iteration_started, state.iteration)
            if self._has_to_leave(engine, ITERATION_STARTED):
                return MISSING
        return live.batch

    def _has_to_leave(self, engine: EngineT, pending: Pending) -> bool:
        """Answer requests in the middle of an iteration, and tell whether to leave it there."""
        if self._live.stop:
            return False
        self._live.pending = pending
        phase = self._answer(engine, ITERATIONS)
        if phase is ITERATIONS:
            self._live.pending = NOTHING
            return False
        self._leave_for = phase
        return True

    def _after_batches(self, engine: EngineT) -> Phase:
        """After the batches ended: answer a request, end the epoch, or begin the data anew."""
        state, live = self._state, self._live
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
            return self._answer(engine, EPOCH_END) if self._live.is_asked else EPOCH_END
        if state.iteration == live.pass_start and not live.is_data_placed:
            return self._end_dry()
        live.source = None
        live.is_data_placed = False
        if is_loader(live.data) and live.data.num_left is None:
            # that such a pass has ended, the loader alone knows
            live.source_state, live.source_start = live.data.state_dict(), state.iteration
        live.pending = BATCH_ASKED_FOR
        live.is_fetching = True
        live.pass_start = state.iteration
        self._fire(engine, self._data_ended)
        return self._answer(engine, ITERATIONS) if self._live.is_asked else ITERATIONS

    def _end_dry(self) -> Phase:
        """End the run where the data gives nothing any more."""
        state, live = self._state, self._live
        self._give_asking_up()
        if state.iteration == live.first_iteration:
            raise DataError(
                "Engine.run: data must give at least one batch, got none; an iterator can be read "
                "only once: pass what it is made from, or a new one"
            )
        reason = f"the data ended after iteration {state.iteration}, in epoch {state.epoch}"
        live.spent = Stopped(StopCause.DATA_EXHAUSTED, reason)
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
        self._live.pending = NOTHING

    def _source(self) -> Iterator[BatchT]:
        """Give the current pass over the data; begin one where there is none."""
        live = self._live
        if live.source is not None and not live.is_data_new:
            return live.source
        if live.is_data_new:
            live.is_data_new = False
            live.source_start = self._state.iteration
        live.source = None
        live.pass_start = self._state.iteration
        if live.data is None:
            # an engine without data is an Engine[None, ...]
            source: Iterator[BatchT] = repeat(None)  # type: ignore[arg-type]
        else:
            source = self._new_pass(live.data)
        live.source = source
        return source

    def _new_pass(self, data: Iterable[BatchT]) -> Iterator[BatchT]:
        live, iteration = self._live, self._state.iteration
        loader = as_loader(data)
        if loader is not None and live.source_state is not None:
            # its own next pass, whoever has read from the loader since, like an evaluator
            num_used = iteration - live.source_start
            loader.load_state_dict(loader.state_after(live.source_state, num_used))
        if live.is_data_placed or live.num_to_skip:
            # this pass was begun before: what that drew at random is drawn already
            with keep_random_state():
                source = iter(data)
                self._pass_over(source)
        else:
            source = iter(data)
        if loader is not None:
            live.source_state = loader.state_dict()
        live.source_start = iteration
        live.source_unused = live.unused_batches
        return source

    def _pass_over(self, source: Iterator[BatchT]) -> None:
        """Take from a new pass what was used already; an iterator goes on by itself."""
        live = self._live
        num_to_skip, live.num_to_skip = live.num_to_skip, 0
        if source is live.data:
            return
        if live.is_data_placed:
            live.pass_start -= num_to_skip
            return
        num_to_skip %= known_length(live.data) or num_to_skip + 1
        if self._logger is not None:
            self._logger.info("Passing over %d batches that were used already.", num_to_skip)
        if num_to_skip and has_random_order(live.data):
            self._warn(
                "Passing over %d batches of data whose order is another one in each pass: samples "
                "may come twice, or not at all. A firesteel.data.DataLoader goes on exactly.",
                num_to_skip,
            )
        live.pass_start -= num_to_skip
        next(islice(source, num_to_skip, num_to_skip), None)

    # small things

    def _fire(self, engine: EngineT, channel: Channel[Callable[[EngineT], object]]) -> None:
        if channel.is_heard:
            for handler in channel.take(channel.count + 1):
                handler(engine)
        else:
            channel.count += 1

    def _fire_at(
        self, engine: EngineT, channel: Channel[Callable[[EngineT], object]], count: int
    ) -> None:
        if channel.is_heard:
            for handler in channel.take(count):
                handler(engine)
        else:
            channel.count = count

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
