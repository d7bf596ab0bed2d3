"""The engine: runs a function over data and fires events; handlers and metrics attach to it."""

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

# Any: where a handler does not care for the batch, or an event's payload has a type of its own.
from typing import Any, Concatenate, Final, Generic, final, overload

from typing_extensions import ParamSpec, TypeVar, TypeVarTuple

from firesteel._require import at_least, is_callable, is_iterable
from firesteel.data import DataLoader
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    EngineStateError,
    NotAvailableError,
)
from firesteel.events import (
    AnyEvent,
    BareEvent,
    Channel,
    CountFilter,
    Entry,
    EventEnum,
    EventLike,
    Events,
    FilteredEvent,
    FilteredPayloadEvent,
    Guard,
    PayloadEvent,
    PayloadEventLike,
    Registry,
    RemovableEventHandle,
    Wrapper,
    bare,
    single_events,
)

from ._data import as_loader, put_back
from ._decorator import HandlerDecorator
from ._handlers import asked_first, bind, check_process_function
from ._limits import Limits
from ._live import MISSING, Live, Termination
from ._loop import Loop, known_length
from ._outcome import Completed, Failed, Interrupted, RunOutcome
from ._phases import END, EPOCH_END, OVER, START
from ._saved import Saved
from ._standing import Standing
from ._state import State
from ._values import Values

__all__ = ["Attachable", "Engine"]

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT", covariant=True)
OutputT_contra = TypeVar("OutputT_contra", contravariant=True)
HandleT = TypeVar("HandleT")
HandleT_co = TypeVar("HandleT_co", covariant=True)
PayloadT = TypeVar("PayloadT")
P = ParamSpec("P")
Ts = TypeVarTuple("Ts")

CallT = TypeVar("CallT", bound=Callable[..., object])
CompanionT = TypeVar("CompanionT")

_BUILT_IN: Final = (*Events, Events.EXCEPTION_RAISED)

_OUTSIDE_OF_EPOCH: Final = frozenset({START, END, OVER})


class Attachable(ABC, Generic[OutputT_contra, HandleT_co, *Ts]):
    """Something that attaches to engines whose output is an ``OutputT``.

    Metrics, progress bars and handlers with a transform are attachable; derive from this class to
    make your own. ``HandleT`` is what attaching gives back. The types behind it are those of the
    further arguments that attaching takes: for a metric its name, a ``str``.

    Example:
        >>> from firesteel.engine import Attachable, Engine
        >>> from firesteel.events import Events, RemovableEventHandle
        >>> class Printer(Attachable[float, RemovableEventHandle]):
        ...     def attach_to(self, engine: Engine[Any, float]) -> RemovableEventHandle:
        ...         return engine.add_event_handler(Events.ITERATION_COMPLETED, self.show)
        ...     def show(self, engine: Engine[Any, float]) -> None:
        ...         print(engine.state.output)
        >>> trainer = Engine(lambda engine, batch: batch / 2)
        >>> handle = trainer.attach(Printer())
        >>> state = trainer.run([1.0, 2.0])
        0.5
        1.0
    """

    __slots__ = ()

    @abstractmethod
    def attach_to(self, engine: "Engine[Any, OutputT_contra]", *args: *Ts) -> HandleT_co:
        """Add to an engine what this object is made of; :meth:`Engine.attach` calls it.

        Args:
            engine: The engine.
            args: What :meth:`Engine.attach` was given behind the object.

        Returns:
            What reads the result, or takes the object off again.
        """


@final
class Engine(Generic[BatchT, OutputT]):
    """Runs a process function over data, and fires events while it does.

    ``Engine[BatchT, OutputT]`` is known by its process function: what that takes is what
    :meth:`run` accepts, what it returns is what handlers and metrics read as ``state.output``. It
    is covariant in the output: a handler of ``Engine[Any, HasLoss]`` fits every engine whose output
    has a ``loss``.

    Args:
        process_function: Called with the engine and a batch in each iteration; returns the output.
        clock: Gives the time, in seconds, that ``state.times`` is measured with.

    Raises:
        ArgumentTypeError: ``process_function`` is not callable.
        HandlerSignatureError: It cannot be called with an engine and a batch.

    Attributes:
        logger: Where the engine reports beginnings and ends, at the level ``INFO``.

    Example:
        >>> from firesteel.engine import Engine
        >>> from firesteel.events import Events
        >>> def step(engine: Engine[int, float], batch: int) -> float:
        ...     return batch / 2
        >>> trainer = Engine(step)
        >>> @trainer.on(Events.EPOCH_COMPLETED)
        ... def show(engine: Engine[int, float]) -> None:
        ...     print(engine.state.epoch, engine.state.output)
        >>> state = trainer.run([1, 2, 3], max_epochs=2)
        1 1.5
        2 1.5
        >>> state.iteration
        6
    """

    __slots__ = (
        "__weakref__",
        "_companions",
        "_is_exception_suppressed",
        "_limits",
        "_live",
        "_loop",
        "_outcome",
        "_registry",
        "_rehearsed",
        "_runner",
        "_standing",
        "_state",
        "logger",
    )

    def __init__(
        self,
        process_function: "Callable[[Engine[BatchT, OutputT], BatchT], OutputT]",
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        check_process_function(process_function)
        self.logger: logging.Logger = logging.getLogger("firesteel.engine")
        self._live: Live[BatchT, OutputT] = Live()
        self._limits = Limits()
        self._rehearsed: dict[DataLoader[object], dict[str, int | None]] = {}
        self._registry: Registry[Engine[BatchT, OutputT]] = Registry(self._live.wake)
        self._registry.register("Engine", _BUILT_IN)
        values = Values()
        self._state: State[BatchT, OutputT] = State(
            self._live, self._limits, self._registry, values
        )
        self._standing: Standing[BatchT, OutputT] = Standing(
            self._state, self._live, self._limits, self._registry, values
        )
        self._loop: Loop[Engine[BatchT, OutputT], BatchT, OutputT] = Loop(
            process_function,
            state=self._state,
            live=self._live,
            limits=self._limits,
            registry=self._registry,
            clock=clock,
        )
        self._companions: dict[type[object], object] = {}
        self._runner: int | None = None
        self._outcome: RunOutcome | None = None
        self._is_exception_suppressed = False

    @property
    def state(self) -> State[BatchT, OutputT]:
        """Counters, batch, output, results and own values; the same object for all runs."""
        return self._state

    @property
    def outcome(self) -> RunOutcome:
        """How the latest run ended.

        Raises:
            NotAvailableError: No run has ended yet.
        """
        if self._outcome is None:
            raise NotAvailableError("engine.outcome: exists once a run has ended")
        return self._outcome

    def companion(self, kind: type[CompanionT], make: Callable[[], CompanionT]) -> CompanionT:
        """Give the one object of a kind that belongs to this engine; for authors of handlers.

        It is where handlers that are attached one by one find one another: all metrics of an engine
        are brought together by one such object.

        Args:
            kind: Its class.
            make: Makes it, where there is none yet. What refers to the engine should do so weakly.

        Example:
            >>> from firesteel.engine import Engine
            >>> class Notes(list[str]):
            ...     pass
            >>> trainer = Engine(lambda engine, batch: batch)
            >>> trainer.companion(Notes, Notes).append("first")
            >>> trainer.companion(Notes, Notes)
            ['first']
        """
        found = self._companions.get(kind)
        if not isinstance(found, kind):
            found = self._companions[kind] = make()
        return found

    # events and handlers

    def register_events(self, *events: BareEvent) -> None:
        """Make events known to this engine, so that they can be handled, fired and counted.

        Args:
            events: Members of your own :class:`~firesteel.events.EventEnum`, as in
                ``register_events(*MyEvents)``, and constants made with
                :class:`~firesteel.events.PayloadEvent`. Known ones stay as they are.

        Raises:
            ArgumentTypeError: Something is no event, or has a filter.
        """
        self._registry.register("Engine.register_events", events)
        for event in events:
            self._standing.claim_count(event)

    def has_registered_events(self, event: BareEvent) -> bool:
        """Tell whether this engine knows an event.

        Args:
            event: The event, without a filter.
        """
        return event in self._registry

    @overload
    def on(
        self,
        event: "PayloadEventLike[PayloadT, Engine[BatchT, OutputT]]",
        *args: *Ts,
    ) -> "HandlerDecorator[Engine[BatchT, OutputT], PayloadT, *Ts]": ...
    @overload
    def on(
        self, event: "EventLike[Engine[BatchT, OutputT]]", *args: *Ts
    ) -> "HandlerDecorator[Engine[BatchT, OutputT], *Ts]": ...
    def on(self, event: AnyEvent, *args: object) -> HandlerDecorator[Any, *tuple[Any, ...]]:
        """Decorate a function to be a handler of an event; the function stays what it is.

        Args:
            event: The event, bare, filtered, or several joined by ``|``.
            args: Further arguments that the handler is called with.

        Returns:
            The decorator. What it decorates takes ``(engine, *args)`` or ``args``; for an event
            with a payload ``(engine, payload, *args)`` or ``(payload, *args)``.

        Raises:
            UnknownEventError: The event is not registered on this engine.
            HandlerSignatureError: The handler cannot be called with these arguments.

        Example:
            >>> from firesteel.engine import Engine
            >>> from firesteel.events import Events
            >>> trainer = Engine(lambda engine, batch: batch)
            >>> @trainer.on(Events.ITERATION_COMPLETED(every=2), "after")
            ... def show(engine: Engine[int, int], word: str) -> None:
            ...     print(word, engine.state.iteration)
            >>> state = trainer.run([1, 2, 3, 4])
            after 2
            after 4
        """
        self._check_events("Engine.on", event)
        return HandlerDecorator(lambda handler: self._add("Engine.on", event, handler, args, {}))

    # The order is for the messages and for lambdas. mypy explains the first overload whose shape
    # fits, pyright the last; the first of each kind tells a lambda what it gets.
    @overload
    def add_event_handler(
        self,
        event: "PayloadEventLike[PayloadT, Engine[BatchT, OutputT]]",
        handler: "Callable[[Engine[BatchT, OutputT], PayloadT, *Ts], object]",
        *args: *Ts,
    ) -> RemovableEventHandle: ...
    @overload
    def add_event_handler(
        self,
        event: "PayloadEventLike[PayloadT, Engine[BatchT, OutputT]]",
        handler: Callable[Concatenate[PayloadT, P], object],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> RemovableEventHandle: ...
    @overload
    def add_event_handler(
        self,
        event: "PayloadEventLike[PayloadT, Engine[BatchT, OutputT]]",
        handler: "Callable[Concatenate[Engine[BatchT, OutputT], PayloadT, P], object]",
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> RemovableEventHandle: ...
    @overload
    def add_event_handler(
        self,
        event: "EventLike[Engine[BatchT, OutputT]]",
        handler: "Callable[[Engine[BatchT, OutputT], *Ts], object]",
        *args: *Ts,
    ) -> RemovableEventHandle: ...
    @overload
    def add_event_handler(
        self,
        event: "EventLike[Engine[BatchT, OutputT]]",
        handler: Callable[P, object],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> RemovableEventHandle: ...
    @overload
    def add_event_handler(
        self,
        event: "EventLike[Engine[BatchT, OutputT]]",
        handler: "Callable[Concatenate[Engine[BatchT, OutputT], P], object]",
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> RemovableEventHandle: ...
    def add_event_handler(
        self, event: AnyEvent, handler: Callable[..., object], *args: object, **kwargs: object
    ) -> RemovableEventHandle:
        """Call a handler whenever an event is fired, behind the handlers that are there already.

        Those with a priority, as in ``Events.EPOCH_COMPLETED(priority=-100)``, stand where it says.

        Whether the handler takes the engine is read off its signature, here and once: the engine
        goes to a first parameter that it fits. A handler may be added several times. Added while
        its event is being fired, it is first called at the next firing.

        Args:
            event: The event, bare, filtered, or several joined by ``|``.
            handler: Takes ``(engine, *args, **kwargs)`` or ``(*args, **kwargs)``; for an event with
                a payload the payload stands before ``args``.
            args: Further positional arguments that the handler is called with.
            kwargs: Further keyword arguments that the handler is called with.

        Returns:
            The way to take the handler out again.

        Raises:
            UnknownEventError: The event is not registered on this engine.
            HandlerSignatureError: The handler cannot be called with these arguments.

        Example:
            >>> from firesteel.engine import Engine
            >>> from firesteel.events import Events
            >>> trainer = Engine(lambda engine, batch: batch)
            >>> handle = trainer.add_event_handler(Events.COMPLETED, print, "done", end=".")
            >>> handle.remove()
        """
        return self._add("Engine.add_event_handler", event, handler, args, kwargs)

    def has_event_handler(
        self, handler: Callable[..., object], event: AnyEvent | None = None
    ) -> bool:
        """Tell whether a handler is there.

        Args:
            handler: The handler, as it was added.
            event: Where to look; ``None`` for all events. With a filter, only what was added with
                an equal filter counts.

        Raises:
            UnknownEventError: The event is not registered on this engine.
        """
        return bool(self._registry.find("Engine.has_event_handler", handler, event))

    def remove_event_handler(self, handler: Callable[..., object], event: AnyEvent) -> None:
        """Take a handler out of an event, however often it was added there.

        To take out one registration, keep what :meth:`add_event_handler` gave back.

        Args:
            handler: The handler, as it was added.
            event: The event. With a filter, only what was added with an equal filter goes.

        Raises:
            UnknownEventError: The event is not registered on this engine.
            ArgumentError: The handler is not there.
        """
        found = self._registry.find("Engine.remove_event_handler", handler, event)
        if not found:
            raise ArgumentError(
                f"Engine.remove_event_handler: {handler!r} is no handler of {event!r}"
            )
        for channel, entry in found:
            channel.remove(entry)

    def wrap_handlers(self, wrapper: Wrapper) -> None:
        """Have something else be called in place of each handler; for authors of profilers.

        It holds for the handlers of all events, those that are added later among them, until
        :meth:`unwrap_handlers`. Where there is no wrapper, nothing is tested or called for it.

        Args:
            wrapper: Given each handler and what calls it, gives what is called. A second one wraps
                what the first one gave.

        Raises:
            ArgumentTypeError: ``wrapper`` cannot be called.
            ArgumentError: It wraps the handlers of this engine already.

        Example:
            >>> from firesteel.engine import Engine
            >>> from firesteel.events import Events
            >>> trainer = Engine(lambda engine, batch: batch)
            >>> handle = trainer.add_event_handler(Events.COMPLETED, lambda: print("done"))
            >>> def twice(entry, call):
            ...     return lambda *args: (call(*args), call(*args))
            >>> trainer.wrap_handlers(twice)
            >>> state = trainer.run([1])
            done
            done
            >>> trainer.unwrap_handlers(twice)
        """
        where = "Engine.wrap_handlers"
        is_callable(where, "wrapper", wrapper)
        if wrapper in self._registry.wrappers:
            raise ArgumentError(f"{where}: {wrapper!r} must not wrap the handlers already")
        self._registry.wrap((*self._registry.wrappers, wrapper))

    def unwrap_handlers(self, wrapper: Wrapper) -> None:
        """Have the handlers be called without a wrapper again. Where it is out, nothing happens.

        Args:
            wrapper: What :meth:`wrap_handlers` was given.
        """
        wrappers = self._registry.wrappers
        if wrapper in wrappers:
            self._registry.wrap(tuple(one for one in wrappers if one != wrapper))

    def attach(self, attachable: Attachable[OutputT, HandleT, *Ts], *args: *Ts) -> HandleT:
        """Attach a metric, a bar or another attachable to this engine.

        Args:
            attachable: What to attach.
            args: What it takes to be attached: a metric its name, a bar nothing.

        Returns:
            What attaching gives: for a metric the key that reads its result.

        Example:
            >>> from firesteel.engine import Engine
            >>> from firesteel.metrics import Average
            >>> evaluator = Engine(lambda engine, batch: batch)
            >>> mean = evaluator.attach(Average(), "mean")
            >>> evaluator.run([1.0, 3.0]).metrics[mean]
            2.0
        """
        return attachable.attach_to(self, *args)

    @overload
    def fire_event(self, event: EventEnum) -> None: ...
    @overload
    def fire_event(self, event: PayloadEvent[PayloadT], payload: PayloadT) -> None: ...
    def fire_event(self, event: BareEvent, payload: object = MISSING) -> None:
        """Count an event, and call its handlers, by priority and in the order they were added.

        An event that the engine fires by itself can be fired by hand too; its handlers are called
        as at the engine's latest firing, and nothing is counted.

        Args:
            event: The event, without a filter.
            payload: What to hand the handlers, for an event with a payload.

        Raises:
            UnknownEventError: The event is not registered on this engine.
            ArgumentTypeError: A payload is missing, or there is one where none belongs.
        """
        where = "Engine.fire_event"
        if isinstance(event, PayloadEvent):
            if payload is MISSING:
                raise ArgumentTypeError(f"{where}: {event!r} needs a payload, got none")
            with_payload = self._registry.with_payload(where, event)
            for call_with_payload in self._due(event, with_payload):
                call_with_payload(self, payload)
        else:
            if payload is not MISSING:
                raise ArgumentTypeError(f"{where}: {event!r} takes no payload, got {payload!r}")
            for call in self._due(event, self._registry.plain(where, event)):
                call(self)

    # a run

    @overload
    def run(
        self: "Engine[None, OutputT]",
        data: None = None,
        max_epochs: int | None = None,
        *,
        epoch_length: int,
    ) -> State[None, OutputT]: ...
    @overload
    def run(
        self,
        data: Iterable[BatchT],
        max_epochs: int | None = None,
        epoch_length: int | None = None,
    ) -> State[BatchT, OutputT]: ...
    @overload
    def run(
        self: "Engine[None, OutputT]",
        data: None = None,
        *,
        max_iters: int,
        epoch_length: int,
    ) -> State[None, OutputT]: ...
    @overload
    def run(
        self,
        data: Iterable[BatchT],
        *,
        max_iters: int,
        epoch_length: int | None = None,
    ) -> State[BatchT, OutputT]: ...
    def run(
        self,
        data: Iterable[BatchT] | None = None,
        max_epochs: int | None = None,
        epoch_length: int | None = None,
        *,
        max_iters: int | None = None,
    ) -> State[Any, OutputT]:
        """Run the process function over the data until a limit is reached.

        Without a limit the run is one fresh pass, each time: what an evaluator does. A limit, given
        here or before, is a goal: the run goes on from where the engine stands until the goal is
        reached. So the same call again finishes a run that failed, or that was stopped before its
        last epoch; a larger limit extends one that was complete; and where the goal was reached the
        same call starts over. An engine that was loaded with :meth:`load_state_dict` goes on from
        there, and does nothing where the goal was reached already. A run that was interrupted goes
        on exactly where it was left; ``data`` is then not looked at.

        Where a run goes on within an epoch, the batches that were used are taken from the data once
        more and passed over, unless the data is an iterator, which goes on by itself, or has a
        ``state_dict`` and is told where it stood, like :class:`~firesteel.data.DataLoader`. The
        iteration that failed is done again.

        Args:
            data: The batches: anything that can be iterated over. ``None`` for an engine without
                data, whose batches are ``None``.
            max_epochs: Epochs after which the run is complete, ``>= 1``; 1 where no limit is given.
            epoch_length: Iterations of an epoch, ``>= 1``; ``len(data)`` if not given. Data
                without a length is read to its end in each epoch. Data that ends before the epoch
                does is started again.
            max_iters: Iterations after which the run is complete, ``>= 1``, instead of
                ``max_epochs``.

        Returns:
            The engine's state. How the run ended is in :attr:`outcome`.

        Raises:
            ArgumentError: A limit is out of range, below where the engine stands, or excludes
                another.
            ArgumentTypeError: ``data`` cannot be iterated over, or a limit is no whole number.
            DataError: The data is empty, or there is neither data nor ``epoch_length``.
            EngineStateError: The engine is running.
        """
        if self._runner is not None:
            self._refuse_while_running("Engine.run")
        if data is not None:
            is_iterable("Engine.run", "data", data)
        if max_epochs is not None:
            max_epochs = at_least("Engine.run", "max_epochs", max_epochs, 1)
        if max_iters is not None:
            max_iters = at_least("Engine.run", "max_iters", max_iters, 1)
            if max_epochs is not None:
                raise ArgumentError("Engine.run: takes max_epochs or max_iters, got both")
        if epoch_length is not None:
            epoch_length = at_least("Engine.run", "epoch_length", epoch_length, 1)
        if self._limits.rehearsal_length is not None:
            max_epochs, max_iters, epoch_length = (
                1,
                None,
                self._rehearsed_length(data, epoch_length),
            )
            self.reset()
        if self._live.phase is not OVER and self._limits.are_set:
            self._standing.take_limits(max_epochs, max_iters, epoch_length)
        elif not self._standing.begin(data, max_epochs, max_iters, epoch_length):
            self.logger.info("Nothing to do: the engine was loaded where its run had ended.")
            self._outcome = Completed()
            return self._state
        self._drive()
        return self._state

    def _rehearsed_length(self, data: Iterable[BatchT] | None, epoch_length: int | None) -> int:
        """Give the length of a run in a rehearsal, and note where its data stands."""
        loader = as_loader(data)
        if loader is not None:
            loader.end_pass()
            self._rehearsed.setdefault(loader, loader.state_dict())
        most = self._limits.rehearsal_length or 1
        return min(epoch_length or known_length(data) or most, most)

    @contextmanager
    def rehearsal(self, *, num_batches: int = 1, guard: Guard | None = None) -> Generator[None]:
        """Have each run be short and call every handler, for the length of a ``with`` block.

        To see that all of a script works before it runs for hours: a run has one epoch of at most
        ``num_batches`` iterations, whatever limits it is given, and handlers are called each time
        that their event fires, whatever their filters, so that what is due every 1000 iterations
        runs as well. Afterwards the engine and its loaders of :mod:`firesteel.data` stand where
        they stood. What handlers and the process function change elsewhere, as weights and files,
        stays changed: see :func:`firesteel.recipes.rehearse`, which puts it back.

        Args:
            num_batches: The most iterations of a run, ``>= 1``.
            guard: Is given each handler and what calls it, and gives what is called in its place;
                ``None`` for the handlers as they are.

        Raises:
            ArgumentError: ``num_batches`` is out of range.
            EngineStateError: The engine is running, or its run is interrupted.

        Example:
            >>> from firesteel.events import Events
            >>> trainer = Engine(lambda engine, batch: print("batch", batch))
            >>> rare = Events.ITERATION_COMPLETED(every=1000)
            >>> handle = trainer.add_event_handler(rare, lambda: print("saved"))
            >>> with trainer.rehearsal():
            ...     state = trainer.run(range(5000), max_epochs=10)
            batch 0
            saved
            >>> trainer.state.iteration
            0
        """
        where = "Engine.rehearsal"
        num_batches = at_least(where, "num_batches", num_batches, 1)
        if self._runner is not None:
            self._refuse_while_running(where)
        if self._live.phase is not OVER:
            raise EngineStateError(
                f"{where}: the engine must not be in the middle of a run, got one that is "
                "interrupted; call engine.reset() to give it up"
            )
        saved, was_loaded = self.state_dict(), self._standing.is_loaded
        self._limits.rehearsal_length = num_batches
        self._registry.rehearse(is_on=True, guard=guard)
        try:
            yield
        finally:
            self._limits.rehearsal_length = None
            self._registry.rehearse(is_on=False)
            self.load_state_dict(saved)
            if not self._live.is_in_epoch:  # the same call starts over again, or does not
                self._standing.is_loaded = was_loaded
            for loader, state in self._rehearsed.items():
                put_back(loader, state)
            self._rehearsed = {}

    @property
    def process_function(self) -> "Callable[[Engine[BatchT, OutputT], BatchT], OutputT]":
        """What the engine runs."""
        return self._loop.process_function

    @property
    def is_rehearsing(self) -> bool:
        """Whether a :meth:`rehearsal` is going on: what costs money may be left out then."""
        return self._limits.rehearsal_length is not None

    def set_data(self, data: Iterable[BatchT]) -> None:
        """Replace the data of the run: the next batch is the first of these.

        The length of the epoch stays as it is. To be called while a run goes on or is suspended.

        Args:
            data: The new batches.

        Raises:
            ArgumentTypeError: ``data`` cannot be iterated over.
            EngineStateError: There is no run; hand the data to :meth:`run`.
        """
        is_iterable("Engine.set_data", "data", data)
        if self._live.phase is OVER:
            raise EngineStateError(
                "Engine.set_data: there must be a run to give data to; pass the data to run"
            )
        if data is not self._live.data:
            self._live.data, self._live.source_state = data, None
        self._live.is_data_new = True
        self._live.leave_pass(self._state.completed_iterations)
        self._limits.is_length_of_data &= known_length(data) == self._limits.epoch_length
        self._live.wake()

    def terminate(self, *, reason: str = "", skip_completed: bool = False) -> None:
        """End the run, once the handlers of the event at hand have been called.

        ``TERMINATE`` and then ``COMPLETED`` are fired; ``EPOCH_COMPLETED`` is not, unless the epoch
        was at its end. Where no run goes on, nothing happens.

        Args:
            reason: Why, for :attr:`outcome`.
            skip_completed: Whether ``COMPLETED`` is left out.
        """
        if self._live.phase is not OVER:
            self._live.terminate = Termination(skip_completed, reason)
            self._live.ask()

    def terminate_epoch(self, *, skip_epoch_completed: bool = False) -> None:
        """End the epoch, once the handlers of the event at hand have been called.

        ``TERMINATE_SINGLE_EPOCH`` and then ``EPOCH_COMPLETED`` are fired. The next epoch begins
        with the first batch of the data. During ``EPOCH_COMPLETED`` nothing happens.

        Args:
            skip_epoch_completed: Whether ``EPOCH_COMPLETED`` is left out.

        Raises:
            EngineStateError: No epoch is going on.
        """
        phase = self._live.phase
        if phase is EPOCH_END and self._runner is not None:
            return
        if not self._live.is_in_epoch or phase in _OUTSIDE_OF_EPOCH:
            raise EngineStateError("Engine.terminate_epoch: there must be an epoch going on")
        self._live.terminate_epoch = Termination(skip_epoch_completed)
        self._live.ask()

    def interrupt(self) -> None:
        """Suspend the run, once the handlers of the event at hand have been called.

        ``INTERRUPT`` is fired and :meth:`run` returns. The next :meth:`run` goes on with what would
        have come next; together both fire the events of a run without the break. Where no run goes
        on, and once it is ending, nothing happens.
        """
        if self._runner is not None:
            self._live.interrupt = True
            self._live.ask()

    def suppress_exception(self) -> None:
        """Say that the exception at hand is dealt with: :meth:`run` then returns.

        For handlers of ``EXCEPTION_RAISED`` alone. The run is over all the same, and neither
        ``EPOCH_COMPLETED`` nor ``COMPLETED`` is fired; :attr:`outcome` says that it failed.

        Raises:
            EngineStateError: No exception is being handled.
        """
        if not isinstance(self._outcome, Failed) or self._runner is None:
            raise EngineStateError(
                "Engine.suppress_exception: to be called by a handler of Events.EXCEPTION_RAISED"
            )
        self._is_exception_suppressed = True

    def reset(self) -> None:
        """Forget where the engine stands: the next :meth:`run` is the first one again.

        Counters, limits and a suspended run go; handlers, results and own values stay.

        Raises:
            EngineStateError: The engine is running.
        """
        self._refuse_while_running("Engine.reset")
        limits = self._limits
        limits.max_epochs = limits.max_iters = None
        limits.set_epoch_length(None)
        limits.is_goal = limits.is_open_ended = False
        self._outcome = None
        self._standing.reset()

    @property
    def should_terminate(self) -> bool:
        """Whether the run was asked to end; stays until the next run."""
        return self._live.terminate is not None

    @property
    def should_terminate_single_epoch(self) -> bool:
        """Whether the epoch was asked to end, and has not yet."""
        return self._live.terminate_epoch is not None

    @property
    def should_interrupt(self) -> bool:
        """Whether the run was asked to be suspended, and is not yet."""
        return self._live.interrupt

    # saving

    def state_dict(self) -> dict[str, object]:
        """Give where the engine stands: iterations that are done, limits, counts, own values.

        An iteration that is under way does not count as done: a run that is loaded from here does
        it again.

        Returns:
            Whole numbers, ``None``, dictionaries of numbers, under ``"data"`` what the data says of
            where it stands, if it does, and whatever was stored under a
            :class:`~firesteel.engine.StateKey` (the objects themselves, not copies).

        Example:
            >>> from firesteel.engine import Engine
            >>> trainer = Engine(lambda engine, batch: batch)
            >>> state = trainer.run([1, 2, 3], max_epochs=2)
            >>> saved = trainer.state_dict()
            >>> saved["iteration"], saved["epoch"], saved["max_epochs"]
            (6, 2, 2)
        """
        return self._standing.save().to_dict()

    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Put the engine where another one stood: the next :meth:`run` goes on from there.

        What ignite's engines save can be loaded too, except for its user keys. A suspended run is
        dropped. Where something is wrong the engine stays as it was.

        Args:
            state_dict: What :meth:`state_dict` gave. Required are ``epoch_length``, one of
                ``max_epochs`` and ``max_iters``, and ``iteration``, ``epoch`` and
                ``epoch_iteration``; or, where the epoch's length is a number, one of the first two.

        Raises:
            StateDictError: Entries are missing, unknown, of the wrong kind, or contradict.
            ArgumentTypeError: It is no mapping.
            EngineStateError: The engine is running.
        """
        self._refuse_while_running("Engine.load_state_dict")
        saved = Saved.from_dict(state_dict)
        self._outcome = None
        self._standing.load(saved)

    # how a run ends

    def _drive(self) -> None:
        self._outcome = None
        self._standing.is_loaded = self._standing.is_failed = self._is_exception_suppressed = False
        self._runner = threading.get_ident()
        try:
            self._outcome = self._loop.drive(self, self.logger)
        except BaseException as error:  # whatever it is, its handlers hear of it, and it goes on
            self._raise_exception_event(error)
            if not self._is_exception_suppressed:
                raise
        finally:
            self._runner = None
            if not isinstance(self._outcome, Interrupted):
                self._live.leave_run()

    def _raise_exception_event(self, error: BaseException) -> None:
        """Let every handler of ``EXCEPTION_RAISED`` hear of an error, once.

        What one of them raises does not keep the others from hearing, and then takes the error's
        place with the error as its context.
        """
        self._outcome = Failed(f"{type(error).__name__}: {error}")
        self._standing.is_failed = True
        error.add_note(
            f"firesteel: raised in iteration {self._state.iteration} (epoch {self._state.epoch}) "
            f"of an engine that runs {self._loop.process_function!r}"
        )
        channel = self._registry.with_payload("Engine", Events.EXCEPTION_RAISED)
        traceback = error.__traceback__
        raised: BaseException | None = None
        for handler in channel.take(channel.count + 1):
            try:
                handler(self, error)
            except BaseException as another:  # noqa: BLE001  # raised below
                raised = another if raised is None and another is not error else raised
        error.with_traceback(traceback)  # as it was, where a handler has raised it again
        try:
            if raised is not None:
                raise raised
        finally:
            del error, raised  # their tracebacks hold this frame

    def _refuse_while_running(self, where: str) -> None:
        if self._runner is None:
            return
        whose = "this" if self._runner == threading.get_ident() else "another"
        raise EngineStateError(
            f"{where}: the engine must not be running; it is, in {whose} thread"
            + (", and the call came from inside of its own run" if whose == "this" else "")
        )

    # handlers

    def _add(
        self,
        where: str,
        event: AnyEvent,
        handler: Callable[..., object],
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> RemovableEventHandle:
        filed = [
            (
                self._registry.channel(where, bare(one)),
                self._new_entry(where, one, handler, args, kwargs),
            )
            for one in single_events(event)
        ]
        for channel, entry in filed:
            channel.add(entry)
        return RemovableEventHandle(filed)

    def _new_entry(
        self,
        where: str,
        event: EventEnum | FilteredEvent[Any] | PayloadEvent[Any] | FilteredPayloadEvent[Any, Any],
        handler: Callable[..., object],
        args: tuple[object, ...],
        kwargs: Mapping[str, object],
    ) -> Entry[Any]:
        bare_event = bare(event)
        call = bind(
            where,
            handler,
            args,
            kwargs,
            engine_type=Engine,
            has_payload=isinstance(bare_event, PayloadEvent),
        )
        if not isinstance(event, FilteredEvent | FilteredPayloadEvent):
            return Entry(handler, call, None, event)
        filter_, priority = event.filter, event.priority
        if filter_ is None or (isinstance(filter_, CountFilter) and not filter_.is_dense):
            return Entry(handler, call, filter_, event, priority=priority)
        gate = partial(asked_first, bare_event, filter_)
        gate(call)  # refuses a filter that cannot be asked
        return Entry(handler, call, None, event, priority=priority, gate=gate)

    def _check_events(self, where: str, event: AnyEvent) -> None:
        for one in single_events(event):
            self._registry.channel(where, bare(one))

    def _due(self, event: BareEvent, channel: Channel[CallT]) -> Sequence[CallT]:
        if isinstance(event, Events) or event is Events.EXCEPTION_RAISED:
            return channel.at(self._state.count(event))
        return channel.take(channel.count + 1)
