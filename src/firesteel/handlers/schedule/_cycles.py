"""Curves that come again and again, each time longer, higher or lower if so chosen."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from typing import final

from typing_extensions import override

from firesteel._require import at_least, mismatch, real_number
from firesteel.errors import ArgumentError

from ._curve import Curve

__all__ = ["CosineCycleCurve", "CycleCurve", "LinearCycleCurve"]


def place_of(index: int, *, size: int, warmup: int, mult: float) -> tuple[int, int, int, int]:
    """Find the cycle of an index, each one being ``mult`` times as long as the one before.

    Returns:
        The number of the cycle, the first being 0; events since it began; its events without the
        way back, and those of the way back.
    """
    cycle = 0
    while index >= size + warmup:
        next_size, next_warmup = int(size * mult), int(warmup * mult)
        if (next_size, next_warmup) == (size, warmup):  # and so are all that follow
            more, index = divmod(index, size + warmup)
            cycle += more
            break
        index -= size + warmup
        cycle += 1
        size, warmup = next_size, next_warmup
    return cycle, index, size, warmup


@dataclass(frozen=True, slots=True, kw_only=True)
class CycleCurve(Curve):
    """The base of curves that come again and again: derive from it, and say how one cycle goes.

    Attributes:
        start_value: The value with which the first cycle begins, finite.
        end_value: The value to which the first cycle goes, finite.
        cycle_size: Events of the first cycle, ``>= 2``.
        cycle_mult: How many times as long as the one before a cycle is, ``>= 1``; rounded down to
            whole events.
        start_value_mult: What ``start_value`` is multiplied with from one cycle to the next.
        end_value_mult: What ``end_value`` is multiplied with from one cycle to the next.
        warmup_duration: Events behind each cycle, ``>= 0``, in which the value goes from where the
            cycle has ended to where the next one begins. It grows as the cycles do.

    Raises:
        ArgumentError: A number is out of its range.
        ArgumentTypeError: A number is of another kind.
    """

    start_value: float
    end_value: float
    cycle_size: int
    cycle_mult: float = 1.0
    start_value_mult: float = 1.0
    end_value_mult: float = 1.0
    warmup_duration: int = 0

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        where = type(self).__name__
        real_number(where, "start_value", self.start_value)
        real_number(where, "end_value", self.end_value)
        at_least(where, "cycle_size", self.cycle_size, 2)
        if not real_number(where, "cycle_mult", self.cycle_mult, above=0) >= 1:
            raise ArgumentError(mismatch(where, "cycle_mult", "at least 1", self.cycle_mult))
        real_number(where, "start_value_mult", self.start_value_mult)
        real_number(where, "end_value_mult", self.end_value_mult)
        at_least(where, "warmup_duration", self.warmup_duration, 0)

    @abstractmethod
    def between(self, start_value: float, end_value: float, progress: float) -> float:
        """Give the value within a cycle.

        Args:
            start_value: The value with which this cycle begins.
            end_value: The value to which it goes.
            progress: Which part of the cycle is over, ``0 <= progress < 1``.
        """

    @final
    @override
    def __call__(self, index: int, /) -> float:
        """Give the value at an index."""
        cycle, offset, size, warmup = place_of(
            index, size=self.cycle_size, warmup=self.warmup_duration, mult=self.cycle_mult
        )
        start_value, end_value = self.start_value, self.end_value
        if cycle:
            start_value *= self.start_value_mult**cycle
            end_value *= self.end_value_mult**cycle
        if offset < size:
            return self.between(start_value, end_value, offset / size)
        next_start = start_value * self.start_value_mult
        return end_value + (next_start - end_value) * (offset - size) / warmup


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LinearCycleCurve(CycleCurve):
    """Goes along a line to the end value, and along another one back; or jumps back.

    Attributes:
        start_value: See :class:`CycleCurve`, as for all others but the last one.
        end_value: Reached in the middle of a cycle; of a monotonic one, at its end.
        cycle_size: Events of the first cycle.
        cycle_mult: How much longer each cycle is.
        start_value_mult: What the start value is multiplied with.
        end_value_mult: What the end value is multiplied with.
        warmup_duration: Events behind each cycle; monotonic cycles only.
        monotonic: Whether a cycle has no way back.

    Raises:
        ArgumentError: A number is out of its range, or there is a ``warmup_duration`` where cycles
            are not monotonic.
        ArgumentTypeError: A number is of another kind.

    Source:
        Smith, "Cyclical learning rates for training neural networks", WACV 2017.

    Example:
        >>> LinearCycleCurve(start_value=1.0, end_value=0.0, cycle_size=4).values(6)
        [1.0, 0.5, 0.0, 0.5, 1.0, 0.5]
    """

    monotonic: bool = False

    @override
    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        # `super()` does not work in a dataclass with slots
        CycleCurve.__post_init__(self)
        if self.warmup_duration and not self.monotonic:
            condition = "0 where monotonic is False, for such a cycle ends where it begins"
            raise ArgumentError(
                mismatch("LinearCycleCurve", "warmup_duration", condition, self.warmup_duration)
            )

    @override
    def between(self, start_value: float, end_value: float, progress: float) -> float:
        """Give the value on the line."""
        if self.monotonic:
            return start_value + (end_value - start_value) * progress
        return end_value + (start_value - end_value) * abs(progress - 0.5) * 2


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class CosineCycleCurve(CycleCurve):
    r"""Half a cosine from the start value to the end value, and then a warm restart.

    .. math:: s + \frac{e - s}{2} \left(1 - \cos \frac{\pi i}{c}\right)

    at the event :math:`i` of a cycle of :math:`c`. The end value itself is only reached where there
    is a ``warmup_duration``. To go down once, and stay there, use :class:`RampCurve`.

    Source:
        Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.

    Example:
        >>> curve = CosineCycleCurve(start_value=1.0, end_value=0.0, cycle_size=2)
        >>> [round(value, 3) for value in curve.values(4)]
        [1.0, 0.5, 1.0, 0.5]
    """

    @override
    def between(self, start_value: float, end_value: float, progress: float) -> float:
        """Give the value on the cosine."""
        return start_value + (end_value - start_value) / 2 * (1 - math.cos(math.pi * progress))
