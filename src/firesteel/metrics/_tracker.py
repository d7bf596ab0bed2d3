"""BestValue: the best result that was seen, and when."""

import math
from collections.abc import Mapping

# Any: whose batches and outputs an engine has does not matter for its epochs and results.
from typing import Any, ClassVar, Final, Literal, Protocol, TypeAlias, final, overload

from typing_extensions import override

from firesteel._require import is_a, mismatch
from firesteel.engine import Attachable, Engine, MetricKey
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    NotAvailableError,
    StateDictError,
)
from firesteel.events import Events, RemovableEventHandle

__all__ = ["BestValue", "HasDirection", "Mode"]

Mode: TypeAlias = Literal["max", "min"]
"""Whether the best is the largest or the smallest."""

_MODES: Final = ("max", "min")
_ENTRIES: Final = ("epoch", "mode", "value")


class HasDirection(Protocol):
    """Something that says whether its better results are the higher ones: metrics do.

    Attributes:
        higher_is_better: ``None`` where neither is.
    """

    higher_is_better: ClassVar[bool | None]


@final
class BestValue(Attachable[object, MetricKey[float], str]):
    """Keeps the best result of a metric, and the epoch in which it was seen.

    Attached to the engine that the metric is attached to, and behind it, it looks at the result at
    the end of each epoch. The best so far is told to ``state.metrics`` of that engine, under a name
    of its own, for logs and bars. Of equal results the first is the best one; NaN never is.

    It has a ``state_dict``, to be saved with what a run is gone on from.

    Args:
        key: The key of the result: what attaching the metric gave.
        mode: Whether the best is the largest (``"max"``) or the smallest (``"min"``).
        metric: Says the same by its ``higher_is_better``.
        epoch_of: The engine whose epochs are meant: the trainer, where an evaluator runs once in
            each of its epochs. ``None`` for the engine that this is attached to.

    Raises:
        ArgumentError: ``mode`` is unknown, or ``metric`` has no direction.
        ArgumentTypeError: ``key`` is no key of a metric, or there is not one of ``mode`` and
            ``metric``.

    Example:
        >>> from firesteel.engine import Engine
        >>> from firesteel.metrics import Average
        >>> evaluator = Engine(lambda engine, score: score * 1.0)
        >>> score = Average().attach(evaluator, "score")
        >>> best = BestValue(score, mode="max")
        >>> key = best.attach(evaluator, "best score")
        >>> for scores in ([1.0, 3.0], [4.0, 5.0], [0.0]):
        ...     state = evaluator.run(scores)
        >>> best.value, state.metrics[key], best.is_new
        (4.5, 4.5, False)
    """

    @overload
    def __init__(
        self, key: MetricKey[float], *, mode: Mode, epoch_of: Engine[Any, Any] | None = None
    ) -> None: ...
    @overload
    def __init__(
        self,
        key: MetricKey[float],
        *,
        metric: HasDirection,
        epoch_of: Engine[Any, Any] | None = None,
    ) -> None: ...
    def __init__(
        self,
        key: MetricKey[float],
        *,
        mode: Mode | None = None,
        metric: HasDirection | None = None,
        epoch_of: Engine[Any, Any] | None = None,
    ) -> None:
        is_a("BestValue", "key", key, MetricKey, "what attaching a metric gave")
        self._key = key
        self._mode: Mode = _mode_of(mode, metric)
        self._epoch_of = epoch_of
        self._value: float | None = None
        self._epoch = 0
        self._is_new = False
        self._handle: RemovableEventHandle | None = None
        self._engine: Engine[Any, Any] | None = None
        self._own_key: MetricKey[float] | None = None

    @property
    def value(self) -> float:
        """The best result so far.

        Raises:
            NotAvailableError: There was none yet, but for NaN.
        """
        if self._value is None:
            raise self._none_yet("value")
        return self._value

    @property
    def epoch(self) -> int:
        """The epoch in which the best result was seen.

        Raises:
            NotAvailableError: There was none yet, but for NaN.
        """
        if self._value is None:
            raise self._none_yet("epoch")
        return self._epoch

    @property
    def is_new(self) -> bool:
        """Whether the latest result is the best one."""
        return self._is_new

    def attach(self, engine: Engine[Any, object], name: str) -> MetricKey[float]:
        """Look at the result at the end of each epoch of an engine.

        Args:
            engine: The engine that the metric is attached to.
            name: The name of the best result in ``engine.state.metrics``.

        Returns:
            The key that reads the best result.

        Raises:
            ArgumentError: The name is taken, or this is attached already.
        """
        if self._engine is not None:
            raise ArgumentError(
                f"BestValue: must be attached to one engine, got {engine!r} while attached to "
                f"{self._engine!r}; make a second one"
            )
        own_key: MetricKey[float] = MetricKey(name)
        engine.state.metrics.claim(own_key)
        self._engine, self._own_key = engine, own_key
        self._handle = engine.add_event_handler(Events.EPOCH_COMPLETED, self._look)
        return own_key

    @override
    def attach_to(self, engine: Engine[Any, object], name: str) -> MetricKey[float]:
        """Do what :meth:`attach` does; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine that the metric is attached to.
            name: The name of the best result.
        """
        return self.attach(engine, name)

    def detach(self) -> None:
        """Look no more, and take the best result out of the engine's; it stays known here."""
        if self._engine is not None and self._own_key is not None and self._handle is not None:
            self._handle.remove()
            self._engine.state.metrics.discard(self._own_key)
        self._engine = self._own_key = self._handle = None

    def state_dict(self) -> dict[str, object]:
        """Give the best result and its epoch, ``None`` and 0 where there is none."""
        return {"value": self._value, "epoch": self._epoch, "mode": self._mode}

    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Know the best result that another one knew; this stays as it is where something is wrong.

        Args:
            state_dict: What :meth:`state_dict` gave.

        Raises:
            StateDictError: Entries are missing, unknown or of another kind, or were written with
                another mode.
        """
        where = "BestValue.load_state_dict"
        if sorted(state_dict) != sorted(_ENTRIES):
            raise StateDictError(
                f"{where}: the entries must be {list(_ENTRIES)}, got {sorted(state_dict)}"
            )
        value, epoch = state_dict["value"], state_dict["epoch"]
        if state_dict["mode"] != self._mode:
            raise StateDictError(mismatch(where, "mode", repr(self._mode), state_dict["mode"]))
        if value is not None and not isinstance(value, float | int):
            raise StateDictError(mismatch(where, "value", "a number or None", value))
        if not isinstance(epoch, int):
            raise StateDictError(mismatch(where, "epoch", "a whole number", epoch))
        self._value = None if value is None else float(value)
        self._epoch = epoch
        self._is_new = False

    def _look(self, engine: Engine[Any, object]) -> None:
        result = engine.state.metrics[self._key]
        is_a("BestValue", f"the result {self._key.name!r}", result, float | int, "a number")
        self._is_new = self._is_better(result)
        if self._is_new:
            self._value = float(result)
            self._epoch = (engine if self._epoch_of is None else self._epoch_of).state.epoch
        if self._value is not None and self._own_key is not None:
            engine.state.metrics.record(self._own_key, self._value)

    def _is_better(self, result: float) -> bool:
        if self._value is None:
            return not math.isnan(result)
        return result > self._value if self._mode == "max" else result < self._value

    def _none_yet(self, what: str) -> NotAvailableError:
        return NotAvailableError(
            f"BestValue.{what}: exists once {self._key.name!r} had a result other than NaN"
        )


def _mode_of(mode: Mode | None, metric: HasDirection | None) -> Mode:
    if (mode is None) == (metric is None):
        raise ArgumentTypeError("BestValue: needs one of mode and metric")
    if metric is not None:
        if metric.higher_is_better is None:
            condition = "one whose higher or lower results are better"
            raise ArgumentError(mismatch("BestValue", "metric", condition, metric))
        return "max" if metric.higher_is_better else "min"
    if mode not in _MODES:
        raise ArgumentError(mismatch("BestValue", "mode", f"one of {_MODES}", mode))
    return mode
