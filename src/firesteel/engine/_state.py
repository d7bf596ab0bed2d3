"""What a run leaves behind at every moment: counters, batch, output, results, own values."""

from collections.abc import Callable, Iterable, Iterator

# Any: the state counts the events of a registry, and does not care whose engine its handlers take.
from typing import Any, Final, Generic, Literal, TypeAlias, final, overload

from typing_extensions import TypeVar, override

from firesteel._require import at_least
from firesteel.errors import (
    ArgumentError,
    NotAvailableError,
    NotComputableError,
    UnknownKeyError,
)
from firesteel.events import BareEvent, Events, Registry

from ._keys import MetricKey, ReadableKey, StateKey
from ._limits import Limits
from ._live import MISSING, Live, Missing
from ._values import Values

__all__ = ["Metrics", "State", "Times"]

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT", covariant=True)
ResultT = TypeVar("ResultT")
DefaultT = TypeVar("DefaultT")
ValueT = TypeVar("ValueT")

_DATA_EVENTS: Final = frozenset({Events.GET_BATCH_STARTED, Events.GET_BATCH_COMPLETED})

TimedEvent: TypeAlias = Literal[Events.EPOCH_COMPLETED, Events.COMPLETED]


@final
class Times:
    """How long the latest epoch and the run took, in seconds.

    ``times[Events.EPOCH_COMPLETED]`` is the latest epoch, ``times[Events.COMPLETED]`` the run. Both
    include the handlers of the event that opens them, and, once it has fired, of the one that
    closes them; time for which a run was suspended is left out.

    Attributes:
        epoch_s: The same as ``times[Events.EPOCH_COMPLETED]``, ``None`` before.
        run_s: The same as ``times[Events.COMPLETED]``, ``None`` before.

    Raises:
        NotAvailableError: There was no such epoch or run yet.
    """

    __slots__ = ("epoch_s", "run_s")

    def __init__(self) -> None:
        self.epoch_s: float | None = None
        self.run_s: float | None = None

    def __getitem__(self, event: TimedEvent) -> float:
        elapsed_s = self.epoch_s if event is Events.EPOCH_COMPLETED else self.run_s
        if elapsed_s is None:
            raise NotAvailableError(f"state.times[{event!r}]: exists from {event!r} on")
        return elapsed_s


@final
class Metrics:
    """The results of the metrics that are attached to an engine.

    Read by the key that attaching a metric gave, the result has its type; read by name it is an
    ``object``, to be narrowed.

    Raises:
        UnknownKeyError: There is no such result, or not yet.
    """

    __slots__ = ("_owners", "_pending", "_results")

    def __init__(self) -> None:
        self._owners: dict[str, MetricKey[object]] = {}
        self._results: dict[str, object] = {}
        self._pending: dict[str, Callable[[], object]] = {}

    @overload
    def __getitem__(self, key: MetricKey[ResultT]) -> ResultT: ...
    @overload
    def __getitem__(self, key: str) -> object: ...
    def __getitem__(self, key: MetricKey[ResultT] | str) -> object:
        name = key if isinstance(key, str) else key.name
        if not isinstance(key, str) and self._owners.get(name, key) is not key:
            raise UnknownKeyError(
                f"state.metrics: the result {name!r} belongs to another metric than this key; "
                "use the key that attaching the metric to this engine gave"
            )
        self._settle(name)
        if name not in self._results:
            raise UnknownKeyError(
                f"state.metrics: there is no result {name!r} yet; there are: "
                + (", ".join(map(repr, self)) or "none")
            )
        return self._results[name]

    @overload
    def get(self, key: MetricKey[ResultT]) -> ResultT | None: ...
    @overload
    def get(self, key: MetricKey[ResultT], default: DefaultT) -> ResultT | DefaultT: ...
    @overload
    def get(self, key: str, default: object = None) -> object: ...
    def get(self, key: MetricKey[ResultT] | str, default: object = None) -> object:
        """Give a result, or ``default`` where there is none yet.

        Args:
            key: The key that attaching the metric gave, or the result's name.
            default: What to give where there is no such result.
        """
        if key not in self:
            return default
        return self[key]

    def claim(self, key: MetricKey[object]) -> None:
        """Reserve a name. Metrics do this when they are attached; nobody else should.

        Args:
            key: The key under which the metric is attached.

        Raises:
            ArgumentError: Another metric is attached under this name.
        """
        if self._owners.setdefault(key.name, key) is not key:
            raise ArgumentError(
                f"state.metrics: another metric is attached to this engine as {key.name!r}; "
                "choose another name, or detach that one first"
            )

    def record(self, key: MetricKey[ResultT], result: ResultT) -> None:
        """Put a metric's result here. Metrics do this; nobody else should.

        Args:
            key: The key under which the metric is attached.
            result: What the metric computed.
        """
        if self._owners.get(key.name) is key:  # else a handler has detached it in this very event
            self._results[key.name] = result

    def record_later(self, key: MetricKey[ResultT], compute: Callable[[], ResultT]) -> None:
        """Say how to compute a result when it is read. Metrics do this; nobody else should.

        Args:
            key: The key under which the metric is attached.
            compute: Gives the result; called at most once.
        """
        if self._owners.get(key.name) is key:
            self._pending[key.name] = compute

    def settle(self, key: MetricKey[object]) -> None:
        """Compute a result that was put off, before what it is computed from goes.

        Args:
            key: The key under which the metric is attached.
        """
        try:
            self._settle(key.name)
        except NotComputableError:
            self.drop(key)

    def drop(self, key: MetricKey[object]) -> None:
        """Take out a result, since what it is computed from goes.

        Args:
            key: The key under which the metric is attached.
        """
        if self._owners.get(key.name) is key:
            self._pending.pop(key.name, None)
            self._results.pop(key.name, None)

    def discard(self, key: MetricKey[object]) -> None:
        """Take out the name and the result of a metric that is detached.

        Args:
            key: The key under which the metric was attached.
        """
        for kept in (self._owners, self._results, self._pending):
            kept.pop(key.name, None)

    def _settle(self, name: str) -> None:
        if name in self._pending:
            self._results[name] = self._pending[name]()
            del self._pending[name]

    def __contains__(self, key: MetricKey[object] | str) -> bool:
        name = key if isinstance(key, str) else key.name
        is_there = name in self._results or name in self._pending
        return is_there and (isinstance(key, str) or self._owners.get(name, key) is key)

    def __iter__(self) -> Iterator[str]:
        return iter({**self._results, **self._pending})

    def __len__(self) -> int:
        return len({**self._results, **self._pending})

    def items(self) -> Iterable[tuple[str, object]]:
        """Give names and results, in the order in which they first came."""
        return [(name, self[name]) for name in self]

    @override
    def __repr__(self) -> str:
        return f"Metrics({self._computed()!r})"

    def _computed(self) -> dict[str, object]:
        """Give the results, with ``...`` for those that are computed only when they are read."""
        return {name: ... if name in self._pending else self._results[name] for name in self}


@final
class State(Generic[BatchT, OutputT]):
    """What a run leaves behind at every moment.

    Made by the engine, read by everybody. ``iteration`` and ``epoch`` count from 1 while a run goes
    on and are 0 before. A user's own values are stored under a :class:`StateKey`:
    ``state[KEY] = value``.

    Attributes:
        iteration: Number of the iteration, over all epochs.
        epoch: Number of the epoch.
        metrics: The results of the metrics attached to the engine.
        times: How long the latest epoch and the run took.
    """

    __slots__ = (
        "_limits",
        "_live",
        "_registry",
        "_values",
        "epoch",
        "iteration",
        "metrics",
        "times",
    )

    def __init__(
        self,
        live: Live[BatchT, OutputT],
        limits: Limits,
        registry: Registry[Any],
        values: Values,
    ) -> None:
        self._live = live
        self._limits = limits
        self._registry = registry
        self._values = values
        self.iteration: int = 0
        self.epoch: int = 0
        self.metrics: Metrics = Metrics()
        self.times: Times = Times()

    @property
    def batch(self) -> BatchT:
        """The batch at hand.

        Raises:
            NotAvailableError: There is none: before the first batch, and while the next is fetched.
        """
        batch = self._live.batch
        if isinstance(batch, Missing):
            raise NotAvailableError(
                "state.batch: exists from GET_BATCH_COMPLETED until the next batch is fetched; "
                + self._now()
            )
        return batch

    @property
    def output(self) -> OutputT:
        """What the process function returned last.

        Raises:
            NotAvailableError: There is none: before the first iteration is completed, and from the
                arrival of a batch until the process function has returned.
        """
        output = self._live.output
        if isinstance(output, Missing):
            raise NotAvailableError(
                "state.output: exists from ITERATION_COMPLETED until the next batch; " + self._now()
            )
        return output

    @property
    def has_output(self) -> bool:
        """Whether there is an output to be read."""
        return self._live.output is not MISSING

    @property
    def epoch_iteration(self) -> int:
        """Number of the iteration within its epoch; the iterations of the epoch so far."""
        return self.iteration - self._live.epoch_start

    @property
    def completed_iterations(self) -> int:
        """How many iterations are done, over all epochs: one less than ``iteration`` during one."""
        live = self._live
        is_under_way = live.output is MISSING and live.batch is not MISSING and not live.is_fetching
        return self.iteration - is_under_way

    @property
    def epoch_length(self) -> int | None:
        """Iterations of an epoch; ``None`` while it is not known. May be set in a run."""
        return self._limits.epoch_length

    @epoch_length.setter
    def epoch_length(self, epoch_length: int | None) -> None:
        self._limits.set_epoch_length(
            None if epoch_length is None else at_least("State", "epoch_length", epoch_length, 1)
        )
        self._live.wake()

    @property
    def max_epochs(self) -> int | None:
        """Epochs after which a run is complete. May be set while a run goes on.

        ``None`` means that there is no such limit. Setting it to ``None`` between two runs makes
        the next ``run`` start over.
        """
        return self._limits.max_epochs

    @max_epochs.setter
    def max_epochs(self, max_epochs: int | None) -> None:
        self._limits.refuse_both("max_epochs", max_epochs, "max_iters", self._limits.max_iters)
        self._limits.max_epochs = (
            None if max_epochs is None else at_least("State", "max_epochs", max_epochs, 1)
        )
        self._limits.is_goal = max_epochs is not None or self._limits.max_iters is not None
        self._live.wake()

    @property
    def max_iters(self) -> int | None:
        """Iterations after which a run is complete. May be set while a run goes on.

        ``None`` means that there is no such limit. Setting it to ``None`` between two runs makes
        the next ``run`` start over.
        """
        return self._limits.max_iters

    @max_iters.setter
    def max_iters(self, max_iters: int | None) -> None:
        self._limits.refuse_both("max_iters", max_iters, "max_epochs", self._limits.max_epochs)
        self._limits.max_iters = (
            None if max_iters is None else at_least("State", "max_iters", max_iters, 1)
        )
        self._limits.is_goal = max_iters is not None or self._limits.max_epochs is not None
        self._live.wake()

    @property
    def dataloader(self) -> Iterable[BatchT]:
        """The data of the run. To replace it, call :meth:`firesteel.engine.Engine.set_data`.

        Raises:
            NotAvailableError: No run was given data yet, or the engine runs without data.
        """
        if self._live.data is None:
            raise NotAvailableError("state.dataloader: exists once a run was given data")
        return self._live.data

    def count(self, event: BareEvent) -> int:
        """Tell how often an event was fired; during it, the number that its filters see.

        The counts of a run that is gone on with go on too; they are part of the engine's
        ``state_dict``. The events of an iteration have the iteration's number, those of an epoch
        the epoch's.

        Args:
            event: The event, without a filter.

        Returns:
            The count, 0 before the first firing.

        Raises:
            UnknownEventError: The event is not registered on this engine.
        """
        live = self._live
        if event is Events.ITERATION_COMPLETED:
            return self.completed_iterations
        if event is Events.ITERATION_STARTED:
            return self.iteration
        if live.is_without_data and event in _DATA_EVENTS:
            return 0
        if event is Events.GET_BATCH_STARTED:
            return self.iteration + live.unused_asks + live.is_fetching
        if event is Events.GET_BATCH_COMPLETED:
            is_there = live.is_fetching and live.batch is not MISSING
            return self.iteration + live.unused_batches + is_there
        return self._registry.channel("state.count", event).count

    def __getitem__(self, key: ReadableKey[ValueT]) -> ValueT:
        return self._values.read(key)

    def __setitem__(self, key: StateKey[ValueT], value: ValueT) -> None:
        self._values.write(key, value)

    def __delitem__(self, key: StateKey[ValueT]) -> None:
        self._values.remove(key)

    def __contains__(self, key: ReadableKey[object]) -> bool:
        return self._values.has(key)

    def get(self, key: ReadableKey[ValueT], default: DefaultT) -> ValueT | DefaultT:
        """Give the value that is stored under a key, or ``default`` where there is none.

        Args:
            key: The key.
            default: What to give where nothing is stored.
        """
        if key not in self:
            return default
        return self[key]

    def _now(self) -> str:
        """Say where the run stands, for errors."""
        if self.iteration == 0 and not self._live.is_fetching:
            return "read before the first iteration"
        if self._live.is_fetching or self._live.batch is MISSING:
            return f"read while the batch after iteration {self.iteration} was fetched"
        return f"read before the process function of iteration {self.iteration} had returned"

    @override
    def __repr__(self) -> str:
        return (
            f"State(iteration={self.iteration}, epoch={self.epoch}, "
            f"epoch_length={self.epoch_length}, max_epochs={self.max_epochs}, "
            f"max_iters={self.max_iters}, metrics={self.metrics!r})"
        )
