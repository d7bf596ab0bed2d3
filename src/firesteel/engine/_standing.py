"""Where an engine stands between two iterations: saved, loaded, started over, or gone on with."""

from collections.abc import Iterable, Mapping

# Any: whose engine the registry's handlers take is nothing to where the engine stands.
from typing import Any, Final, Generic, final

from typing_extensions import TypeVar

from firesteel.errors import ArgumentError, DataError
from firesteel.events import BareEvent, Events, PayloadEvent, Registry

from ._data import DataState, hand_over, is_loader, is_stateful, num_left
from ._limits import Limits
from ._live import Live
from ._loop import known_length
from ._phases import OVER
from ._saved import Saved
from ._state import State
from ._values import Values

__all__ = ["Standing"]

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")

_COUNTED_BY_POSITION: Final = (
    Events.EPOCH_STARTED,
    Events.EPOCH_COMPLETED,
    Events.ITERATION_STARTED,
    Events.ITERATION_COMPLETED,
)
"""Events whose counts follow from where the engine stands."""


@final
class Standing(Generic[BatchT, OutputT]):
    """Decides where a run begins, and puts the engine there.

    Args:
        state: The engine's state.
        live: What the loop writes.
        limits: How far a run goes.
        registry: The engine's events, with their counts.
        values: The user's own values.

    Attributes:
        is_loaded: Whether the engine was loaded, and has not run since.
        is_failed: Whether the latest run failed.
    """

    __slots__ = (
        "_limits",
        "_live",
        "_loaded_data",
        "_registry",
        "_state",
        "_unclaimed_counts",
        "_values",
        "is_failed",
        "is_loaded",
    )

    def __init__(
        self,
        state: State[BatchT, OutputT],
        live: Live[BatchT, OutputT],
        limits: Limits,
        registry: Registry[Any],
        values: Values,
    ) -> None:
        self._state = state
        self._live = live
        self._limits = limits
        self._registry = registry
        self._values = values
        self._unclaimed_counts: dict[str, int] = {}
        self._loaded_data: DataState | None = None
        self.is_loaded = False
        self.is_failed = False

    def reset(self) -> None:
        """Put the engine where a new one stands, but for handlers, results and own values."""
        self._start_over(None)
        self._live.leave_run()

    def begin(
        self,
        data: Iterable[BatchT] | None,
        max_epochs: int | None,
        max_iters: int | None,
        epoch_length: int | None,
    ) -> bool:
        """Put the engine at the beginning of a run, and tell whether there is anything to do.

        Raises:
            ArgumentError: A limit lies below where the engine stands, or excludes another.
            DataError: The data is empty, or there is neither data nor ``epoch_length``.
        """
        limits = self._limits
        if self._has_to_start_over(max_epochs, max_iters):
            is_given = epoch_length is not None
            if epoch_length is None:
                epoch_length = _epoch_length(data)
            self._start_over(data)
            self._live.is_without_data = data is None
            limits.start(max_epochs, max_iters, epoch_length)
            limits.is_length_of_data = not is_given and not limits.is_open_ended
            return True
        if epoch_length is not None:
            limits.is_length_of_data = False
        elif limits.epoch_length is None:
            epoch_length = _epoch_length(data)
            limits.set_epoch_length(epoch_length, is_length_of_data=epoch_length is not None)
        self.take_limits(max_epochs, max_iters, epoch_length)
        placed = self._place(data)
        if not (placed and limits.is_length_of_data and self._fit_epoch(data, placed)):
            limits.is_length_of_data &= known_length(data) == limits.epoch_length
        if self.is_loaded and self._is_reached():
            return False
        self._go_on(data, placed)
        return True

    def take_limits(
        self, max_epochs: int | None, max_iters: int | None, epoch_length: int | None
    ) -> None:
        """Check new limits against where the engine stands, and take them over.

        Raises:
            ArgumentError: A limit lies below where the engine stands, or excludes another.
        """
        limits = self._limits
        iteration, epoch, epoch_iteration = self._position()
        limits.refuse_other_kind(max_epochs, max_iters)
        begun = epoch + (epoch_iteration > 0)
        if max_epochs is not None and max_epochs < begun:
            raise ArgumentError(
                f"Engine.run: max_epochs must be at least {begun}, the epoch in which the engine "
                f"stands, got {max_epochs}; engine.reset() starts over"
            )
        if max_iters is not None and max_iters < iteration:
            raise ArgumentError(
                f"Engine.run: max_iters must be at least {iteration}, the iteration at which "
                f"the engine stands, got {max_iters}; engine.reset() starts over"
            )
        if epoch_length is not None and epoch_length != limits.epoch_length:
            if epoch_iteration and limits.epoch_length is not None:
                raise ArgumentError(
                    f"Engine.run: epoch_length must be {limits.epoch_length} until the epoch is "
                    f"complete, got {epoch_length}; engine.reset() starts over"
                )
            limits.set_epoch_length(epoch_length)
        limits.take_over(max_epochs, max_iters, epochs_begun=begun)

    def save(self) -> Saved:
        """Give where the engine stands."""
        limits, state = self._limits, self._state
        iteration, epoch, epoch_iteration = self._position()
        begun = epoch + (epoch_iteration > 0)
        return Saved(
            iteration=iteration,
            epoch=epoch,
            epoch_iteration=epoch_iteration,
            data_position=self._data_position(iteration),
            data=self._data_state(),
            epoch_length=None if limits.is_open_ended else limits.epoch_length,
            # a limit that was lowered meanwhile is reached where the engine stands
            max_epochs=_at_least(limits.max_epochs if limits.is_goal else None, begun),
            max_iters=_at_least(limits.max_iters, iteration),
            counts=self._unclaimed_counts
            | {
                _full_name(event): count
                for event in self._registry
                if event not in _COUNTED_BY_POSITION and (count := state.count(event))
            },
            values=self._values.dump(),
        )

    def load(self, saved: Saved) -> None:
        """Put the engine where another one stood."""
        self.reset()
        limits, live, state = self._limits, self._live, self._state
        limits.max_epochs, limits.max_iters = saved.max_epochs, saved.max_iters
        limits.set_epoch_length(
            saved.epoch_length,
            is_length_of_data=saved.data is not None and saved.data.gives_epoch_length,
        )
        limits.is_goal = saved.max_epochs is not None or saved.max_iters is not None
        state.iteration = saved.iteration
        state.epoch = saved.epoch + (saved.epoch_iteration > 0)
        live.is_in_epoch = saved.epoch_iteration > 0
        live.epoch_start = saved.iteration - saved.epoch_iteration
        live.pass_start = saved.iteration - saved.data_position
        self._unclaimed_counts = dict(saved.counts)
        for event in self._registry:
            self.claim_count(event)
        self._restart_positions(iteration=saved.iteration, epoch=saved.epoch)
        num_asks = saved.counts.get(str(Events.GET_BATCH_STARTED), 0)
        num_batches = saved.counts.get(str(Events.GET_BATCH_COMPLETED), 0)
        live.unused_asks = num_asks - saved.iteration
        live.unused_batches = num_batches - saved.iteration
        self._values.load(saved.values)
        self._loaded_data = saved.data
        self.is_loaded = True

    def claim_count(self, event: BareEvent) -> None:
        """Give an event the count that was loaded for it, if there is one."""
        count = self._unclaimed_counts.pop(_full_name(event), None)
        if count is not None:
            self._registry.channel("Engine", event).restart(count)

    def _position(self) -> tuple[int, int, int]:
        """Give iterations done, epochs done, and iterations done of the epoch under way.

        An epoch of which all iterations are done is under way until it is completed.
        """
        live, state = self._live, self._state
        iteration = state.completed_iterations
        if not live.is_in_epoch:
            return iteration, state.epoch, 0
        return iteration, state.epoch - 1, iteration - live.epoch_start

    def _has_to_start_over(self, max_epochs: int | None, max_iters: int | None) -> bool:
        """Tell whether a run begins at the beginning, or goes on from where the engine stands."""
        limits = self._limits
        if self.is_loaded:
            has_limit = limits.is_goal or max_epochs is not None or max_iters is not None
            return not has_limit and not self._live.is_in_epoch
        if not limits.is_goal:
            return True
        iteration, epochs, epoch_iteration = self._position()
        if max_iters == iteration or (max_epochs == epochs and not epoch_iteration):
            return True
        return self._is_reached() and not limits.are_exceeded_by(max_epochs, max_iters)

    def _is_reached(self) -> bool:
        """Tell whether the engine stands where its limit is.

        An epoch that was stopped counts, one that failed does not: its iterations are still owed.
        """
        iteration, epochs, _ = self._position()
        if not self.is_failed and not self.is_loaded:
            epochs = self._state.epoch
        return self._limits.are_reached(epochs=epochs, iterations=iteration)

    def _start_over(self, data: Iterable[BatchT] | None) -> None:
        self._state.iteration = self._state.epoch = 0
        self._live.restart(data)
        self._live.leave_pass(0)
        self._registry.restart()
        if self._unclaimed_counts:
            self._unclaimed_counts = {}
        self._loaded_data = None
        self.is_loaded = self.is_failed = False

    def _place(self, data: Iterable[BatchT] | None) -> DataState | None:
        """Have the data go on where it stood, and give where that is; ``None`` if it does not.

        Where nothing was loaded and no pass is under way, new data begins by itself.
        """
        before = self._live.data
        is_same_loader = data is before and is_loader(data)
        is_within_pass = (
            known_length(before) is not None and self._data_position(self._position()[0]) > 0
        )
        if self.is_loaded or is_within_pass or is_same_loader:
            state = self._data_state()
            return state if hand_over(state, data) else None
        return None

    def _fit_epoch(self, data: Iterable[BatchT] | None, placed: DataState) -> bool:
        """Have the epoch last as long as the pass that it is, and tell whether it does.

        Where the loader now has other batches, as with another number of ranks, fewer or more of
        them are left than were when the engine was saved. What was done counts as it was done.
        """
        limits, live = self._limits, self._live
        iteration, _, epoch_iteration = self._position()
        left, length = num_left(data, placed.state), known_length(data)
        if left is None or length is None:
            return False
        position = self._data_position(iteration)
        if epoch_iteration == limits.epoch_length and not position:  # it only has to be completed
            limits.next_epoch_length = length
            return True
        if position != epoch_iteration:
            return False
        if not left:
            live.is_in_epoch = False
            live.pass_start = iteration
            epoch_iteration = 0
        limits.set_epoch_length(
            epoch_iteration + left if epoch_iteration else length, is_length_of_data=True
        )
        if limits.epoch_length != length:
            limits.next_epoch_length = length
        return True

    def _data_state(self) -> DataState | None:
        """Give where the data says that it stands, behind the batches that were used."""
        if self._loaded_data is not None:
            return self._loaded_data
        live, data, limits = self._live, self._live.data, self._limits
        iteration = self._state.completed_iterations
        state: Mapping[str, object]
        if is_loader(data):
            if live.source_state is None:
                state = data.state_dict()
            else:
                num_used = 0 if live.is_data_new else iteration - live.source_start
                state = data.state_after(live.source_state, num_used)
        elif is_stateful(data):
            num_fetched = self._state.count(Events.GET_BATCH_COMPLETED) - live.source_unused
            is_new = live.phase is not OVER and live.source is None and not live.is_data_placed
            if is_new or num_fetched > iteration:  # for it cannot go on, or back, by itself
                return None
            state = data.state_dict()
        else:
            return None
        return DataState.of(data, state, gives_epoch_length=limits.is_length_of_data)

    def _go_on(self, data: Iterable[BatchT] | None, placed: DataState | None) -> None:
        """Begin a run where the engine stands.

        Args:
            data: The data of the run.
            placed: Where the data stands by itself; ``None`` where it does not.
        """
        state, live = self._state, self._live
        iteration, epoch, epoch_iteration = self._position()
        position = self._data_position(iteration)
        num_asks = state.count(Events.GET_BATCH_STARTED)
        num_batches = state.count(Events.GET_BATCH_COMPLETED)
        output = live.output
        live.restart(data)
        live.output = output
        live.is_without_data = data is None
        if placed is not None or not position:
            live.leave_pass(iteration)
        if placed is not None and is_loader(data):
            live.source_state = placed.state
        live.num_to_skip = position
        live.is_data_placed = placed is not None
        self._loaded_data = None
        live.pass_start = iteration - position
        live.unused_asks = num_asks - iteration
        live.unused_batches = num_batches - iteration
        live.is_in_epoch = live.is_epoch_begun = epoch_iteration > 0
        live.epoch_start = iteration - epoch_iteration
        live.first_iteration = state.iteration = iteration
        state.epoch = epoch + (epoch_iteration > 0)
        self._restart_positions(iteration=iteration, epoch=epoch)

    def _restart_positions(self, *, iteration: int, epoch: int) -> None:
        """Have the events that count iterations and epochs fire from here on."""
        for event, count in (
            (Events.ITERATION_STARTED, iteration),
            (Events.ITERATION_COMPLETED, iteration),
            (Events.EPOCH_STARTED, epoch),
            (Events.EPOCH_COMPLETED, epoch),
        ):
            self._registry.plain("Engine", event).restart(count)

    def _data_position(self, iteration: int) -> int:
        """Give the batches of the current pass over the data that were taken, 0 at its end."""
        if self._live.is_data_new:
            return 0
        taken, limits = iteration - self._live.pass_start, self._limits
        length = limits.epoch_length if limits.is_length_of_data else known_length(self._live.data)
        return taken % (length or taken + 1)


def _epoch_length(data: object) -> int | None:
    """Give the length of an epoch over this data, or ``None`` where it is not known."""
    if data is None:
        raise DataError("Engine.run: epoch_length must be given where there is no data, got None")
    length = known_length(data)
    if length == 0:
        raise DataError("Engine.run: data must give at least one batch, got a length of 0")
    return length


def _at_least(limit: int | None, lowest: int) -> int | None:
    return None if limit is None else max(limit, lowest)


def _full_name(event: BareEvent) -> str:
    """Give the name under which an event's count is saved."""
    if isinstance(event, PayloadEvent):
        return f"PayloadEvent.{event.name}"
    if isinstance(event, Events):
        return str(event)
    return f"{type(event).__module__}.{type(event).__qualname__}.{event.name}"
