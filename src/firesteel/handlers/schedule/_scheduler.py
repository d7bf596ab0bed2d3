"""What all schedulers have in common: they count events, and set a value at each."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence

# Any: a scheduler reads neither batches nor outputs, so that it fits every engine.
from typing import Any, Final, Generic, SupportsIndex, final

from typing_extensions import TypeVar, override

from firesteel._require import is_a, mismatch
from firesteel.engine import Attachable, Engine, ReadableKey
from firesteel.errors import EngineStateError, StateDictError
from firesteel.events import (
    BareEvent,
    EventLike,
    Events,
    RemovableEventHandle,
    bare,
    single_events,
)
from firesteel.handlers._order import SETTING, placed

from ._plot import PlotAxes, draw

__all__ = ["BaseParamScheduler", "whole"]

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT")
ValueT = TypeVar("ValueT")

_NUMBERS: Final = ("event_index", "event_count")
_OF_ITERATIONS: Final = frozenset({Events.ITERATION_STARTED, Events.ITERATION_COMPLETED})
_OF_EPOCHS: Final = frozenset({Events.EPOCH_STARTED, Events.EPOCH_COMPLETED})


class BaseParamScheduler(Attachable[object, RemovableEventHandle], Generic[ValueT]):
    """Sets a value at each of an engine's events: the one of index 0 at the first of them.

    The base of all schedulers. To make your own, derive from :class:`ParamScheduler` or
    :class:`StateParamScheduler`, or write a :class:`Curve`.

    Args:
        save_history: Whether to keep the values that were set, in :attr:`history`.
    """

    def __init__(self, *, save_history: bool = False) -> None:
        self._event_index = 0
        self._event_count = 0
        self._may_repeat = False
        self._history: list[ValueT] | None = [] if save_history else None

    # to be filled in

    @abstractmethod
    def apply(self, engine: Engine[Any, Any], *, index: int) -> None:
        """Set the value of an index.

        Args:
            engine: The engine whose event it is.
            index: Which event, ``>= 0``.
        """

    @abstractmethod
    def applied(self, *, index: int) -> ValueT:
        """Give the value that was set last.

        Args:
            index: The index that it was set for.
        """

    @abstractmethod
    def simulate_values(self, num_events: SupportsIndex) -> list[ValueT]:
        """Give what is set at the first events of a run, without setting anything.

        Args:
            num_events: How many, ``>= 0``.

        Raises:
            ArgumentError: ``num_events`` is below 0.
            ArgumentTypeError: ``num_events`` is no whole number.
        """

    @abstractmethod
    def lines(self, num_events: SupportsIndex) -> Sequence[tuple[str, Sequence[float]]]:
        """Give the lines of a plot: what each is called, and its values.

        Args:
            num_events: How many events, ``>= 0``.
        """

    def own_state(self) -> dict[str, object]:
        """Give the entries of the ``state_dict`` beside those of the index; none by default."""
        return {}

    def prepare_own(self, entries: Mapping[str, object]) -> Callable[[], None]:
        """Check the entries that :meth:`own_state` gave, and give what puts them in place.

        Args:
            entries: The entries, of the right names.

        Raises:
            StateDictError: An entry is not what it has to be.
        """
        _ = entries
        return _nothing

    # finished

    @property
    def event_index(self) -> int:
        """The index of the next event; so many have been counted. Stays 0 with a ``counter``."""
        return self._event_index

    @property
    def history(self) -> list[ValueT]:
        """The values that were set, one entry for each event.

        Raises:
            EngineStateError: The scheduler was made without ``save_history=True``.
        """
        if self._history is None:
            raise EngineStateError(
                f"{type(self).__name__}.history: is kept with save_history=True only"
            )
        return [*self._history]

    @final
    def attach(
        self,
        engine: Engine[BatchT, OutputT],
        event: EventLike[Engine[BatchT, OutputT]] = Events.ITERATION_STARTED,
        *,
        counter: ReadableKey[int] | None = None,
    ) -> RemovableEventHandle:
        """Set values at an engine's events.

        The value that is set at ``ITERATION_STARTED`` is the one that the iteration's optimizer
        step uses. An event that the engine fires a second time, since its iteration failed or the
        run was loaded within its epoch, has the index that it had; of several events, the latest.
        Unless the event has a priority, values are set before other handlers of it run.

        Args:
            engine: The engine.
            event: When to set the next value: bare, filtered, or several.
            counter: A count in the engine's state that is the index, instead of the number of
                events; 0 where it is not there. With ``NUM_OPTIMIZER_STEPS`` of
                :mod:`firesteel.recipes` the schedule goes on with each step of the optimizers,
                whatever is accumulated and whatever is skipped.

        Returns:
            What detaches the scheduler.

        Raises:
            UnknownEventError: The event is not registered on this engine.
            ArgumentTypeError: ``counter`` is no key.
        """
        self.check_attachment(event, counter)
        event = placed(event, SETTING)
        if counter is not None:
            is_a(f"{type(self).__name__}.attach", "counter", counter, ReadableKey, "a StateKey")
            return engine.add_event_handler(event, self._following(counter))
        engine.on(event)  # so that all of several are known before the first of them is listened to
        handle = engine.add_event_handler(Events.STARTED, self._note_run)
        for one in single_events(event):
            handle += engine.add_event_handler(one, self._handler_of(bare(one)))
        return handle

    @override
    def attach_to(self, engine: Engine[Any, object]) -> RemovableEventHandle:
        """Attach to ``ITERATION_STARTED``; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
        """
        return self.attach(engine)

    @final
    def __call__(self, engine: Engine[Any, Any]) -> None:
        """Set the next value: a scheduler can be added as a handler by hand.

        Each call counts, also where an engine fires an event a second time; :meth:`attach` knows
        better.

        Args:
            engine: The engine whose event it is.
        """
        self._set_next(engine, 0)

    @final
    def plot_values(self, num_events: SupportsIndex, *, axes: PlotAxes | None = None) -> PlotAxes:
        """Draw what :meth:`simulate_values` gives.

        Args:
            num_events: How many events, ``>= 0``.
            axes: Axes of matplotlib to draw on; the current ones of ``pyplot`` if not given.

        Returns:
            The axes.

        Raises:
            MissingExtraError: matplotlib is not installed.
            ArgumentError: ``num_events`` is below 0.
            ArgumentTypeError: ``num_events`` is no whole number.
        """
        return draw(f"{type(self).__name__}.plot_values", self.lines(num_events), axes)

    def check_attachment(self, event: EventLike[Any], counter: ReadableKey[int] | None) -> None:
        """Refuse events or a counter that do not fit; all are accepted by default.

        Args:
            event: What :meth:`attach` was given.
            counter: What :meth:`attach` was given.
        """

    @final
    def state_dict(self) -> dict[str, object]:
        """Give how many events were counted.

        Returns:
            ``"event_index"``, the index of the next event; ``"event_count"``, the engine's count of
            the latest one, or 0; and what else the scheduler says of itself.
        """
        numbers: dict[str, object] = {
            "event_index": self._event_index,
            "event_count": self._event_count,
        }
        return numbers | self.own_state()

    @final
    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Go on where another scheduler of the same making stood.

        What was set before is saved with what it was set on: load the optimizer, too. Where
        something is wrong nothing changes.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: Entries are missing, unknown, or not what they have to be.
            ArgumentTypeError: It is no mapping.
        """
        self.prepare_to_load(state_dict)()

    @final
    def prepare_to_load(self, state_dict: Mapping[str, object]) -> Callable[[], None]:
        """Check a state, and give what puts it in place; for schedulers that hold others.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: Entries are missing, unknown, or not what they have to be.
            ArgumentTypeError: It is no mapping.
        """
        where = f"{type(self).__name__}.load_state_dict"
        is_a(where, "state_dict", state_dict, Mapping, "a mapping")
        known = [*_NUMBERS, *self.own_state()]
        missing = [name for name in known if name not in state_dict]
        unknown = [name for name in state_dict if name not in known]
        if missing or unknown:
            raise StateDictError(
                f"{where}: entries must be {', '.join(map(repr, known))}; missing are {missing}, "
                f"unknown are {unknown}; load the state of a scheduler that is made like this one"
            )
        index, count = (whole(where, name, state_dict[name]) for name in _NUMBERS)
        put_own = self.prepare_own(
            {name: entry for name, entry in state_dict.items() if name not in _NUMBERS}
        )

        def put() -> None:
            self._event_index, self._event_count = index, count
            self._may_repeat = False
            put_own()
            self.resume(index=index)

        return put

    def resume(self, *, index: int) -> None:
        """Put back what nobody else saves; nothing by default.

        Args:
            index: The index of the next event.
        """

    # counting

    def _note_run(self, engine: Engine[Any, Any]) -> None:
        """See whether the first event of this run may be one that was fired before."""
        state = engine.state
        self._may_repeat = state.iteration > 0 or state.count(Events.STARTED) > 1

    def _set_next(self, engine: Engine[Any, Any], count: int) -> None:
        index = self._event_index
        if self._may_repeat:
            self._may_repeat = False
            if index and count == self._event_count:
                index -= 1
        self.apply(engine, index=index)
        self._event_index, self._event_count = index + 1, count
        if self._history is not None:
            self._history.append(self.applied(index=index))

    def _at_iteration(self, engine: Engine[Any, Any]) -> None:
        self._set_next(engine, engine.state.iteration)

    def _at_epoch(self, engine: Engine[Any, Any]) -> None:
        self._set_next(engine, engine.state.epoch)

    def _handler_of(self, event: BareEvent) -> Callable[[Engine[Any, Any]], None]:
        if event in _OF_ITERATIONS:
            return self._at_iteration
        if event in _OF_EPOCHS:
            return self._at_epoch

        def at_count(engine: Engine[Any, Any]) -> None:
            self._set_next(engine, engine.state.count(event))

        return at_count

    def _following(self, counter: ReadableKey[int]) -> Callable[[Engine[Any, Any]], None]:
        def follow(engine: Engine[Any, Any]) -> None:
            index = engine.state.get(counter, 0)
            self.apply(engine, index=index)
            if self._history is not None:
                self._history.append(self.applied(index=index))

        return follow


def whole(where: str, name: str, value: object) -> int:
    """Give an entry of a state that is a whole number, 0 or more.

    Raises:
        StateDictError: It is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise StateDictError(mismatch(where, repr(name), "a whole number, at least 0", value))
    return value


def _nothing() -> None:
    """Put nothing in place."""
