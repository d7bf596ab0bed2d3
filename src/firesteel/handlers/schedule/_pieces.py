"""Curves that are made of pieces: lines between milestones, and other curves one after another."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter
from typing import SupportsIndex, final

from typing_extensions import override

from firesteel._require import at_least, is_callable, mismatch, real_number
from firesteel.errors import ArgumentError

from ._checks import milestone_values, sequence
from ._curve import ConstantCurve, Curve, RampCurve, RampShape

__all__ = [
    "JoinedCurve",
    "PiecewiseCurve",
    "starts_of",
    "warmup_stable_decay",
    "with_warmup",
]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PiecewiseCurve(Curve):
    """Lines between milestones; constant before the first and behind the last one.

    Attributes:
        milestones_values: Pairs of an index and the value there, the indices not decreasing. Two of
            the same index are a jump: from that index on it is the latter's value.

    Raises:
        ArgumentError: There are none, indices decrease, or a value is not finite.
        ArgumentTypeError: Something is no such pair.

    Example:
        >>> PiecewiseCurve(milestones_values=[(1, 1.0), (3, 0.0), (3, 5.0)]).values(5)
        [1.0, 1.0, 0.5, 5.0, 5.0]
    """

    milestones_values: Sequence[tuple[int, float]]

    def __post_init__(self) -> None:
        """Refuse what is no milestone, and keep them from being changed."""
        pairs = milestone_values("PiecewiseCurve", self.milestones_values)
        object.__setattr__(self, "milestones_values", pairs)

    @override
    def __call__(self, index: int, /) -> float:
        """Give the value at an index."""
        pairs = self.milestones_values
        place = bisect_right(pairs, index, key=itemgetter(0))
        if place == 0:
            return pairs[0][1]
        start_index, start_value = pairs[place - 1]
        if place == len(pairs):
            return start_value
        end_index, end_value = pairs[place]
        progress = (index - start_index) / (end_index - start_index)
        return start_value + (end_value - start_value) * progress


def starts_of(where: str, durations: Sequence[SupportsIndex], *, num: int) -> tuple[int, ...]:
    """Give the indices at which each of ``num`` pieces begins, all but the last with a duration.

    Raises:
        ArgumentError: There are fewer than two pieces, or not one duration less than pieces, or a
            duration is below 1.
        ArgumentTypeError: Durations are no sequence of whole numbers.
    """
    sequence(where, "durations", durations, at_least_one=False)
    if len(durations) != num - 1:
        condition = f"one less than there are pieces, {num - 1}"
        raise ArgumentError(mismatch(where, "the number of durations", condition, len(durations)))
    checked = [
        at_least(where, f"durations[{place}]", one, 1) for place, one in enumerate(durations)
    ]
    return (0, *accumulate(checked))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class JoinedCurve(Curve):
    """Curves one after another, each from its own index 0 on; the last one has no end.

    Attributes:
        curves: The curves, two or more; functions of the index will do.
        durations: The events of each but the last one, ``>= 1``.
        starts: The index at which each begins; follows from the durations.

    Raises:
        ArgumentError: The numbers of curves and durations do not fit, or a duration is below 1.
        ArgumentTypeError: Something is no curve, or a duration no whole number.

    Example:
        >>> up = RampCurve(start_value=0.0, end_value=1.0, duration=2)
        >>> JoinedCurve(curves=[up, lambda index: 1 / (1 + index)], durations=[2]).values(4)
        [0.0, 0.5, 1.0, 0.5]
    """

    curves: Sequence[Callable[[int], float]]
    durations: Sequence[int]
    starts: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse what does not fit together, and keep it from being changed."""
        where = "JoinedCurve"
        sequence(where, "curves", self.curves)
        for place, curve in enumerate(self.curves):
            is_callable(where, f"curves[{place}]", curve)
        if len(self.curves) == 1:
            raise ArgumentError(mismatch(where, "curves", "two or more", self.curves))
        starts = starts_of(where, self.durations, num=len(self.curves))
        object.__setattr__(self, "curves", tuple(self.curves))
        object.__setattr__(self, "durations", tuple(self.durations))
        object.__setattr__(self, "starts", starts)

    @override
    def __call__(self, index: int, /) -> float:
        """Give the value at an index."""
        place = bisect_right(self.starts, index) - 1
        return self.curves[place](index - self.starts[place])


def with_warmup(
    curve: Callable[[int], float],
    *,
    duration: SupportsIndex,
    start_value: float = 0.0,
    shape: RampShape = "linear",
) -> JoinedCurve:
    """Lead up to the first value of a curve.

    Args:
        curve: The curve, which begins behind the warm-up.
        duration: Events of the warm-up, ``>= 1``; the curve's own first value comes right behind.
        start_value: The value at index 0, finite.
        shape: ``"linear"``, or ``"cosine"``: slow at both ends.

    Returns:
        The curve with its warm-up.

    Raises:
        ArgumentError: A number is out of its range, or there is no such shape.
        ArgumentTypeError: An argument is of another kind.

    Source:
        Goyal et al., "Accurate, large minibatch SGD", 2017, section 2.2, for the line.

    Example:
        >>> with_warmup(ConstantCurve(value=1.0), duration=4).values(6)
        [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """
    where = "with_warmup"
    is_callable(where, "curve", curve)
    num = at_least(where, "duration", duration, 1)
    real_number(where, "start_value", start_value)
    up = RampCurve(start_value=start_value, end_value=float(curve(0)), duration=num, shape=shape)
    return JoinedCurve(curves=[up, curve], durations=[num])


def warmup_stable_decay(
    *,
    peak_value: float,
    warmup_duration: SupportsIndex,
    stable_duration: SupportsIndex,
    decay_duration: SupportsIndex,
    start_value: float = 0.0,
    end_value: float = 0.0,
    decay_shape: RampShape = "linear",
) -> JoinedCurve:
    """Go up, stay there for most of the run, and go down at its end.

    Args:
        peak_value: The value that is gone up to, and held; finite.
        warmup_duration: Events of the way up, ``>= 1``, on a line.
        stable_duration: Events at the peak, ``>= 1``.
        decay_duration: Events of the way down, ``>= 1``; then the value stays.
        start_value: The value at index 0, finite.
        end_value: The last value, finite.
        decay_shape: How it goes down: ``"linear"`` or ``"cosine"``.

    Returns:
        The curve.

    Raises:
        ArgumentError: A number is out of its range, or there is no such shape.
        ArgumentTypeError: An argument is of another kind.

    Source:
        Hu et al., "MiniCPM: unveiling the potential of small language models", 2024, section 4.2.

    Example:
        >>> warmup_stable_decay(
        ...     peak_value=1.0, warmup_duration=2, stable_duration=2, decay_duration=2
        ... ).values(7)
        [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0]
    """
    where = "warmup_stable_decay"
    num_up = at_least(where, "warmup_duration", warmup_duration, 1)
    num_stable = at_least(where, "stable_duration", stable_duration, 1)
    num_down = at_least(where, "decay_duration", decay_duration, 1)
    real_number(where, "peak_value", peak_value)
    return JoinedCurve(
        curves=[
            RampCurve(start_value=start_value, end_value=peak_value, duration=num_up),
            ConstantCurve(value=peak_value),
            RampCurve(
                start_value=peak_value, end_value=end_value, duration=num_down, shape=decay_shape
            ),
        ],
        durations=[num_up, num_stable],
    )
