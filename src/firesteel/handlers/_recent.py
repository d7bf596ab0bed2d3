"""The latest losses, and what lies far above them: functions of values."""

import math
import statistics
from bisect import bisect_left, insort
from collections import deque
from typing import Final, final

__all__ = ["Recent", "is_spike"]

_DEVIATION: Final = 1.4826
"""Of a normal distribution, its standard deviation over its median absolute deviation."""


@final
class Recent:
    """The latest numbers, of which the median is known at any time.

    Args:
        size: How many are kept, ``>= 1``.
    """

    __slots__ = ("_in_order", "_latest", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._latest: deque[float] = deque()
        self._in_order: list[float] = []

    @property
    def is_full(self) -> bool:
        """Whether as many were put in as are kept."""
        return len(self._latest) == self._size

    def put(self, number: float) -> None:
        """Put in a finite number; the oldest one goes where there are too many."""
        if self.is_full:
            del self._in_order[bisect_left(self._in_order, self._latest.popleft())]
        self._latest.append(number)
        insort(self._in_order, number)

    def median(self) -> float:
        """Give the median: the mean of the middle two of an even number."""
        numbers, middle = self._in_order, len(self._in_order) // 2
        if len(numbers) % 2:
            return numbers[middle]
        return numbers[middle - 1] + (numbers[middle] - numbers[middle - 1]) / 2

    def deviation(self) -> float:
        """Give 1.4826 times the median distance from the median."""
        median = self.median()
        return _DEVIATION * statistics.median(abs(number - median) for number in self._in_order)


def is_spike(number: float, recent: Recent, *, num_deviations: float, min_rise: float) -> bool:
    """Tell whether a number lies far above recent ones. One that is not finite does.

    Args:
        number: The number.
        recent: Those before it, at least one.
        num_deviations: How many deviations it has to lie above the median.
        min_rise: By which share of the median's magnitude it has to lie above it.
    """
    if not math.isfinite(number):
        return True
    median = recent.median()
    rise = number - median
    # the deviation is asked for last: it takes as long as all else by far
    return rise > min_rise * abs(median) and rise > num_deviations * recent.deviation()
