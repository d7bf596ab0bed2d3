"""Throughput: samples per second, and the share of a device's speed that a model uses."""

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

# Any: whose batches an engine has is nothing to a measurement.
from typing import Any, Final, Generic, final, overload

from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode
from typing_extensions import TypeIs, TypeVar, override

from firesteel._require import at_least, is_callable, mismatch, whole_number
from firesteel.engine import Engine, MetricKey
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.events import Events, RemovableEventHandle

from ._measurement import Measurement

__all__ = ["ModelFlopsUtilization", "Throughput", "count_flops"]

OutputT = TypeVar("OutputT", contravariant=True, default=object)

_WINDOW: Final = 100


@final
class Rate:
    """How much came per second, over the latest so many additions.

    Args:
        window: How many additions, ``>= 1``.
    """

    __slots__ = ("_away_s", "_marks")

    def __init__(self, window: int) -> None:
        self._marks: deque[tuple[float, int]] = deque(maxlen=window + 1)
        self._away_s = 0.0

    def clear(self) -> None:
        """Forget what came."""
        self._marks.clear()
        self._away_s = 0.0

    def resume(self, now_s: float) -> None:
        """Have the time since the latest addition not count."""
        if self._marks:
            self._away_s = now_s - self._marks[-1][0]
        else:
            self._marks.append((now_s, 0))

    def add(self, now_s: float, amount: int) -> None:
        """Take what came by now. The first one only says when time begins to count."""
        now_s -= self._away_s
        sum_before = self._marks[-1][1] if self._marks else -amount
        self._marks.append((now_s, sum_before + amount))

    def per_s(self) -> float | None:
        """Give how much came per second; ``None`` where no time has passed."""
        if not self._marks:
            return None
        (start_s, before), (end_s, after) = self._marks[0], self._marks[-1]
        return (after - before) / (end_s - start_s) if end_s > start_s else None


@final
class Throughput(Measurement[OutputT, float], Generic[OutputT]):
    """Samples per second, over the latest iterations.

    The time from the end of an epoch to the beginning of the next does not count, and neither does
    that for which a run was suspended; handlers within an epoch do. An iteration costs a reading of
    the clock, and no value is read from a device. Where a device works behind the host, the rate is
    right as soon as the window is longer than the queue of the device.

    The samples are those of this process: nothing is sent. Of equal ranks all together,
    ``world_size`` times as many.

    Args:
        num_samples: Gives how many samples an iteration had, from the engine's output. Where none
            is given it is the length of the first axis of the first tensor in the batch.
        window: Over how many of the latest iterations, ``>= 1``.
        clock: Gives the time in seconds.

    Raises:
        ArgumentError: ``window`` is below 1.
        ArgumentTypeError: Something is not of its kind; or, in a run, there is no tensor in the
            batch.

    Example:
        >>> import torch
        >>> from firesteel.engine import Engine
        >>> trainer = Engine(lambda engine, batch: batch.mean())
        >>> speed = trainer.attach(Throughput(), "samples/s")
        >>> state = trainer.run([torch.ones(32, 8)] * 20)
        >>> state.metrics[speed] > 0
        True
    """

    __slots__ = ("_clock", "_num_samples", "_rate")

    @overload
    def __init__(
        self: "Throughput[object]",
        *,
        window: int = _WINDOW,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None: ...
    @overload
    def __init__(
        self,
        num_samples: Callable[[OutputT], int],
        *,
        window: int = _WINDOW,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None: ...
    def __init__(
        self,
        num_samples: Callable[[OutputT], int] | None = None,
        *,
        window: int = _WINDOW,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__()
        _check("Throughput", num_samples, clock)
        self._rate = Rate(at_least("Throughput", "window", window, 1))
        self._num_samples = num_samples
        self._clock = clock

    @override
    def _add_to(self, engine: Engine[Any, OutputT], key: MetricKey[float]) -> RemovableEventHandle:
        return _measure(engine, key, self._rate, self._num_samples, self._clock, scale=1.0)


@final
class ModelFlopsUtilization(Measurement[OutputT, float], Generic[OutputT]):
    """Which share of a device's speed goes into the model: MFU.

    Floating-point operations that the model needs per second, by those that the device can do.
    Work that is done twice, as by checkpointed activations, does not count twice. The window and
    the time that counts are those of :class:`Throughput`.

    Args:
        num_samples: Gives how many samples an iteration had, from the engine's output. Where none
            is given it is the length of the first axis of the first tensor in the batch.
        flops_per_sample: Operations for one sample, forward and backward, ``> 0``; see
            :func:`count_flops`.
        peak_flops_per_s: What the device can do, in its data sheet, for the dtype that is used,
            ``> 0``; a dense bfloat16 product on an H100 SXM: ``989e12``.
        window: Over how many of the latest iterations, ``>= 1``.
        clock: Gives the time in seconds.

    Raises:
        ArgumentError: A number is out of its range.
        ArgumentTypeError: Something is not of its kind.

    Source:
        Chowdhery et al., "PaLM: scaling language modeling with pathways", 2022, section 4.1.

    Example:
        >>> import torch
        >>> from firesteel.engine import Engine
        >>> trainer = Engine(lambda engine, batch: batch.mean())
        >>> mfu = trainer.attach(
        ...     ModelFlopsUtilization(flops_per_sample=1e3, peak_flops_per_s=1e15), "MFU"
        ... )
        >>> 0 < trainer.run([torch.ones(32, 8)] * 20).metrics[mfu] < 1
        True
    """

    __slots__ = ("_clock", "_num_samples", "_rate", "_scale")

    @overload
    def __init__(
        self: "ModelFlopsUtilization[object]",
        *,
        flops_per_sample: float,
        peak_flops_per_s: float,
        window: int = _WINDOW,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None: ...
    @overload
    def __init__(
        self,
        num_samples: Callable[[OutputT], int],
        *,
        flops_per_sample: float,
        peak_flops_per_s: float,
        window: int = _WINDOW,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None: ...
    def __init__(
        self,
        num_samples: Callable[[OutputT], int] | None = None,
        *,
        flops_per_sample: float,
        peak_flops_per_s: float,
        window: int = _WINDOW,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        super().__init__()
        where = "ModelFlopsUtilization"
        _check(where, num_samples, clock)
        for what, value in (
            ("flops_per_sample", flops_per_sample),
            ("peak_flops_per_s", peak_flops_per_s),
        ):
            if not value > 0:  # so that NaN is refused too
                raise ArgumentError(mismatch(where, what, "above 0", value))
        self._rate = Rate(at_least(where, "window", window, 1))
        self._num_samples = num_samples
        self._clock = clock
        self._scale = flops_per_sample / peak_flops_per_s

    @override
    def _add_to(self, engine: Engine[Any, OutputT], key: MetricKey[float]) -> RemovableEventHandle:
        return _measure(engine, key, self._rate, self._num_samples, self._clock, scale=self._scale)


def count_flops(function: Callable[[], object]) -> int:
    """Count the floating-point operations of what torch does in a function.

    Those of products of matrices, convolutions and attention, which are nearly all of a model's; a
    multiplication with an addition counts as two. With a backward pass in the function its
    operations are among them. What has only shapes, on the device ``"meta"``, can be counted too,
    and takes no time or memory.

    Args:
        function: Called once.

    Returns:
        How many there were.

    Source:
        ``torch.utils.flop_counter`` does the counting.

    Example:
        >>> import torch
        >>> model = torch.nn.Linear(100, 10, device="meta")
        >>> batch = torch.empty(32, 100, device="meta")
        >>> count_flops(lambda: model(batch)) // 32
        2000
    """
    is_callable("count_flops", "function", function)
    counter = FlopCounterMode(display=False)
    with counter:
        function()
    return counter.get_total_flops()


def _check(where: str, num_samples: object, clock: object) -> None:
    if num_samples is not None:
        is_callable(where, "num_samples", num_samples)
    is_callable(where, "clock", clock)


def _measure(
    engine: Engine[Any, OutputT],
    key: MetricKey[float],
    rate: Rate,
    num_samples: Callable[[OutputT], int] | None,
    clock: Callable[[], float],
    *,
    scale: float,
) -> RemovableEventHandle:
    def result() -> float:
        per_s = rate.per_s()
        if per_s is None:
            raise NotComputableError(f"{key.name}: exists once time has passed in iterations")
        return per_s * scale

    def add(engine: Engine[Any, OutputT]) -> None:
        state = engine.state
        amount = (
            _num_samples_in(state.batch)
            if num_samples is None
            else whole_number(key.name, "num_samples", num_samples(state.output))
        )
        rate.add(clock(), amount)
        state.metrics.record_later(key, result)

    def clear(engine: Engine[Any, OutputT]) -> None:
        rate.clear()
        engine.state.metrics.drop(key)

    def leave(engine: Engine[Any, OutputT]) -> None:
        engine.state.metrics.settle(key)
        rate.clear()

    return (
        engine.add_event_handler(Events.STARTED, clear)
        + engine.add_event_handler(Events.EPOCH_STARTED, lambda: rate.resume(clock()))
        + engine.add_event_handler(Events.ITERATION_COMPLETED, add)
        + engine.add_event_handler(Events.INTERRUPT, leave)
    )


def _num_samples_in(batch: object) -> int:
    found = _first_tensor(batch)
    if found is None or not found.dim():
        raise ArgumentTypeError(
            "Throughput: the batch must have a tensor whose first axis is that of the samples, "
            f"got a {type(batch).__name__}; say how many there are with num_samples"
        )
    return found.shape[0]


def _first_tensor(value: object) -> Tensor | None:
    if isinstance(value, Tensor):
        return value
    for part in value.values() if _is_mapping(value) else value if _is_row(value) else ():
        found = _first_tensor(part)
        if found is not None:
            return found
    return None


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _is_row(value: object) -> TypeIs[Sequence[object]]:
    return isinstance(value, list | tuple)
