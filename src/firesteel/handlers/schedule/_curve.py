"""Curves: values as functions of an index, and nothing else."""

import math
from abc import ABC, abstractmethod
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, SupportsIndex, TypeAlias, final, get_args

from typing_extensions import override

from firesteel._require import at_least, one_of, real_number

from ._checks import milestones

__all__ = [
    "ConstantCurve",
    "Curve",
    "ExponentialCurve",
    "InverseSquareRootCurve",
    "MultiStepCurve",
    "RampCurve",
    "RampShape",
    "StepCurve",
    "ramp",
    "values_of",
]

RampShape: TypeAlias = Literal["linear", "cosine"]
"""How a ramp goes from its first value to its last one."""

_SHAPES: Final[Sequence[str]] = get_args(RampShape)


class Curve(ABC):
    """A value as a function of an index: how a learning rate goes, and what else is scheduled.

    The index is 0 at the first event, 1 at the second, and so on. A curve is a value: it does not
    change, knows neither optimizer nor engine, and gives the same number whenever it is asked.
    Wherever a curve is asked for, any function of the index does as well.

    Example:
        >>> class Halving(Curve):
        ...     def __call__(self, index: int, /) -> float:
        ...         return 0.5**index
        >>> Halving().values(3)
        [1.0, 0.5, 0.25]
    """

    __slots__ = ()

    @abstractmethod
    def __call__(self, index: int, /) -> float:
        """Give the value at an index.

        Args:
            index: Which event, ``>= 0``, the first being 0.
        """

    @final
    def values(self, num_events: SupportsIndex) -> list[float]:
        """Give the values of the first events.

        Args:
            num_events: How many, ``>= 0``.

        Raises:
            ArgumentError: ``num_events`` is below 0.
            ArgumentTypeError: ``num_events`` is no whole number.
        """
        return values_of(f"{type(self).__name__}.values", self, num_events)


def values_of(where: str, curve: Callable[[int], float], num_events: SupportsIndex) -> list[float]:
    """Give the first values of a function of the index."""
    return [float(curve(index)) for index in range(at_least(where, "num_events", num_events, 0))]


def ramp(start_value: float, end_value: float, *, progress: float, shape: RampShape) -> float:
    """Give the value between two others, ``progress`` from 0 to 1 of the way."""
    if shape == "cosine":
        progress = (1 - math.cos(math.pi * progress)) / 2
    return start_value + (end_value - start_value) * progress


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantCurve(Curve):
    """The same value at each index.

    Attributes:
        value: The value, finite.

    Raises:
        ArgumentError: It is not finite.
        ArgumentTypeError: It is no number.
    """

    value: float

    def __post_init__(self) -> None:
        """Refuse what is no number."""
        real_number("ConstantCurve", "value", self.value)

    @override
    def __call__(self, index: int, /) -> float:
        """Give the value."""
        return self.value


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class RampCurve(Curve):
    r"""From one value to another, and then on at that one.

    With :math:`p = \min(i / d, 1)` at index :math:`i` and a duration of :math:`d`, the value is
    :math:`s + (e - s) p`, and for a cosine :math:`s + (e - s) (1 - \cos \pi p) / 2`.

    Attributes:
        start_value: The value at index 0, finite.
        end_value: The value from index ``duration`` on, finite.
        duration: How many events it takes, ``>= 1``.
        shape: ``"linear"``, or ``"cosine"``: slow at both ends.

    Raises:
        ArgumentError: A number is out of its range, or there is no such shape.
        ArgumentTypeError: A number is of another kind.

    Example:
        >>> RampCurve(start_value=0.0, end_value=1.0, duration=4).values(6)
        [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    """

    start_value: float
    end_value: float
    duration: int
    shape: RampShape = "linear"

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        real_number("RampCurve", "start_value", self.start_value)
        real_number("RampCurve", "end_value", self.end_value)
        at_least("RampCurve", "duration", self.duration, 1)
        one_of("RampCurve", "shape", self.shape, _SHAPES)

    @override
    def __call__(self, index: int, /) -> float:
        """Give the value at an index."""
        if index >= self.duration:
            return self.end_value
        progress = index / self.duration
        return ramp(self.start_value, self.end_value, progress=progress, shape=self.shape)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class InverseSquareRootCurve(Curve):
    r"""Falls with the square root of the index: :math:`v \sqrt{t / (t + i)}`.

    Behind a linear warm-up of :math:`t` events this is the schedule of the first Transformer, with
    its highest value :math:`v` at the end of the warm-up.

    Attributes:
        initial_value: The value at index 0, finite.
        timescale: The index :math:`t`, ``>= 1``: at ``3 * timescale`` half the value is left.

    Raises:
        ArgumentError: A number is out of its range.
        ArgumentTypeError: A number is of another kind.

    Source:
        Vaswani et al., "Attention is all you need", 2017, section 5.3.

    Example:
        >>> InverseSquareRootCurve(initial_value=1.0, timescale=1).values(4)[3]
        0.5
    """

    initial_value: float
    timescale: int

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        real_number("InverseSquareRootCurve", "initial_value", self.initial_value)
        at_least("InverseSquareRootCurve", "timescale", self.timescale, 1)

    @override
    def __call__(self, index: int, /) -> float:
        """Give the value at an index."""
        return self.initial_value * math.sqrt(self.timescale / (self.timescale + index))


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ExponentialCurve(Curve):
    r"""Multiplied by the same factor at each event: :math:`v \gamma^i`.

    Attributes:
        initial_value: The value at index 0, finite.
        gamma: The factor, ``> 0``.

    Raises:
        ArgumentError: A number is out of its range.
        ArgumentTypeError: A number is of another kind.

    Example:
        >>> ExponentialCurve(initial_value=8.0, gamma=0.5).values(4)
        [8.0, 4.0, 2.0, 1.0]
    """

    initial_value: float
    gamma: float

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        real_number("ExponentialCurve", "initial_value", self.initial_value)
        real_number("ExponentialCurve", "gamma", self.gamma, above=0)

    @override
    def __call__(self, index: int, /) -> float:
        """Give the value at an index."""
        # a power of floats is a float; for whole numbers a checker cannot know
        value: float = self.initial_value * self.gamma**index
        return value


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StepCurve(Curve):
    r"""Multiplied by the same factor every few events: :math:`v \gamma^{\lfloor i / n \rfloor}`.

    Attributes:
        initial_value: The value at index 0, finite.
        gamma: The factor, ``> 0``.
        step_size: Events between two factors, ``>= 1``.

    Raises:
        ArgumentError: A number is out of its range.
        ArgumentTypeError: A number is of another kind.

    Example:
        >>> StepCurve(initial_value=1.0, gamma=0.5, step_size=2).values(5)
        [1.0, 1.0, 0.5, 0.5, 0.25]
    """

    initial_value: float
    gamma: float
    step_size: int

    def __post_init__(self) -> None:
        """Refuse what is out of range."""
        real_number("StepCurve", "initial_value", self.initial_value)
        real_number("StepCurve", "gamma", self.gamma, above=0)
        at_least("StepCurve", "step_size", self.step_size, 1)

    @override
    def __call__(self, index: int, /) -> float:
        """Give the value at an index."""
        value: float = self.initial_value * self.gamma ** (index // self.step_size)
        return value


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class MultiStepCurve(Curve):
    r"""Multiplied by the same factor at some events: :math:`v \gamma^m`, with :math:`m` passed.

    Attributes:
        initial_value: The value before the first milestone, finite.
        gamma: The factor, ``> 0``.
        milestones: The indices from which on there is one factor more, ``>= 0``, not decreasing;
            one that stands there twice counts twice.

    Raises:
        ArgumentError: A number is out of its range.
        ArgumentTypeError: A number is of another kind.

    Example:
        >>> MultiStepCurve(initial_value=1.0, gamma=0.5, milestones=[1, 3]).values(5)
        [1.0, 0.5, 0.5, 0.25, 0.25]
    """

    initial_value: float
    gamma: float
    milestones: Sequence[int]

    def __post_init__(self) -> None:
        """Refuse what is out of range, and keep the milestones from being changed."""
        real_number("MultiStepCurve", "initial_value", self.initial_value)
        real_number("MultiStepCurve", "gamma", self.gamma, above=0)
        object.__setattr__(
            self, "milestones", milestones("MultiStepCurve", "milestones", self.milestones)
        )

    @override
    def __call__(self, index: int, /) -> float:
        """Give the value at an index."""
        value: float = self.initial_value * self.gamma ** bisect_right(self.milestones, index)
        return value
