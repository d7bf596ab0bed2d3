"""Frequency: how many units of something are worked through in a second."""

import math
import time
from collections.abc import Callable, Mapping

# Any: a metric does not care for the batches of the engine that it is attached to.
from typing import Any, ClassVar, Final, final, overload

from typing_extensions import TypeVar, override

from firesteel._require import at_least, is_callable
from firesteel.engine import Engine, MetricKey
from firesteel.errors import NotComputableError

from ._fields import field
from ._metric import Metric
from ._usage import MetricUsage, SingleEpochRunningBatchWise

__all__ = ["Frequency"]

UnitsOutputT = TypeVar("UnitsOutputT", contravariant=True, default=int)
EngineOutputT = TypeVar("EngineOutputT")

_SO_FAR: Final = SingleEpochRunningBatchWise()


@final
class Frequency(Metric[int, float, UnitsOutputT]):
    r"""Units per second: samples, tokens, whatever an update is told to have been worked through.

    .. math:: \frac{\sum_r n_r}{\frac{1}{R} \sum_r t_r}

    :math:`n_r` units on rank :math:`r` took :math:`t_r` seconds, from the reset to its latest
    update; of :math:`R` ranks, those that were updated at all. So the units of ranks at work side
    by side add up, and their time does not.

    Attached, it is told the units of each iteration, and can be read after each: the rate since the
    epoch began. What is read there is this rank's own, since nobody waits for the others then; with
    ``usage=EpochWise()``, and in :func:`over_all_ranks`, it is that of all. A run that is on a GPU
    is as far as the host is: to time the device as well, synchronize it before.

    Args:
        output_transform: Gives the units from the engine's output.
        clock: Gives the time in seconds, from any beginning.

    Raises:
        ArgumentError: Units are below 0.
        ArgumentTypeError: Units are no whole number, or ``clock`` is not callable.
        NotComputableError: ``compute`` was called before any update.

    Source:
        ignite's metric of this name, which also counts ranks that were not updated. From 0 to
        infinity, the latter where the clock has not moved. Better is higher.

    Example:
        >>> times = iter([0.0, 0.5, 2.0])
        >>> samples = Frequency(clock=lambda: next(times))
        >>> samples.update(32)
        >>> samples.update(32)
        >>> samples.compute()
        32.0
    """

    higher_is_better: ClassVar[bool | None] = True

    num: int = field(0)
    elapsed_s: float = field(0.0)
    num_ranks: int = field(0)

    @overload
    def __init__(
        self: "Frequency[int]",
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[UnitsOutputT], int],
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[UnitsOutputT], int] | None = None,
        *,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        is_callable("Frequency", "clock", clock)
        self._clock = clock
        super().__init__(output_transform)

    @override
    def reset(self) -> None:
        """Forget all units, and start the time."""
        super().reset()
        self._latest_s = self._clock()

    @override
    def update(self, value: int, /) -> None:
        """Take in how many units were worked through since the last update, or the reset.

        Args:
            value: Units, ``>= 0``; time passes with 0 as well.
        """
        self.num += at_least("Frequency", "value", value, 0)
        now_s = self._clock()
        self.elapsed_s += now_s - self._latest_s
        self._latest_s = now_s
        self.num_ranks = max(self.num_ranks, 1)

    @override
    def compute(self) -> float:
        if not self.num_ranks:
            raise NotComputableError("Frequency: needs at least one update")
        if not self.elapsed_s:
            return math.inf if self.num else 0.0
        return self.num * self.num_ranks / self.elapsed_s

    @override
    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Stand where another one stood; the time until now does not count.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: Entries are missing, unknown, or of another kind.
        """
        super().load_state_dict(state_dict)
        self._latest_s = self._clock()

    @overload
    def attach(
        self, engine: Engine[Any, UnitsOutputT], name: str, *, usage: MetricUsage = ...
    ) -> MetricKey[float]: ...
    @overload
    def attach(
        self,
        engine: Engine[Any, EngineOutputT],
        name: str,
        *,
        output_transform: Callable[[EngineOutputT], int],
        usage: MetricUsage = ...,
    ) -> MetricKey[float]: ...
    @override
    def attach(
        self,
        engine: Engine[Any, Any],
        name: str,
        *,
        output_transform: Callable[[Any], int] | None = None,
        usage: MetricUsage = _SO_FAR,
    ) -> MetricKey[float]:
        """Attach as :meth:`Metric.attach` does, but to be read after each iteration by default.

        Args:
            engine: The engine.
            name: The name of the result.
            output_transform: Gives the units from this engine's output.
            usage: On which events.

        Returns:
            The key that reads the result.

        Raises:
            ArgumentError: The name is taken, or the metric has another usage on this engine.
        """
        if output_transform is None:
            return super().attach(engine, name, usage=usage)
        return super().attach(engine, name, output_transform=output_transform, usage=usage)
