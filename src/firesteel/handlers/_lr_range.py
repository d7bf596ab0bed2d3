"""The learning rates of a range test, and what to read off its losses: functions of values."""

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias

__all__ = ["StepMode", "rate", "smoothed", "steepest"]

StepMode: TypeAlias = Literal["exp", "linear"]


def rate(number: int, *, start: float, end: float, num_iter: int, step_mode: StepMode) -> float:
    """Give the learning rate of an iteration: ``start`` in the first, ``end`` in the last.

    Args:
        number: Number of the iteration, in ``[1, num_iter]``.
        start: The first one, ``> 0``.
        end: The last one, above ``start``.
        num_iter: How many iterations there are.
        step_mode: Whether they are a geometric or an arithmetic series.
    """
    if number >= num_iter > 1:
        return end
    share = (number - 1) / max(num_iter - 1, 1)
    if step_mode == "exp":
        return start * math.exp(share * math.log(end / start))
    return start + share * (end - start)


def smoothed(loss: float, before: float | None, smooth_f: float) -> float:
    """Give the moving mean of losses: ``smooth_f`` is the weight of the new one, 0 for no mean."""
    if before is None or not smooth_f:
        return loss
    return smooth_f * loss + (1 - smooth_f) * before


def steepest(losses: Sequence[float]) -> int | None:
    """Give where losses fall most, before they are lowest.

    The slope is half the difference of the two neighbours. The first of equal places is taken.

    Args:
        losses: The losses, in the order of the iterations; none is NaN.

    Returns:
        The place, or ``None`` where fewer than three losses lead to the lowest.
    """
    if not losses:
        return None
    lowest = losses.index(min(losses))
    inner = range(1, lowest)
    return min(inner, key=lambda place: losses[place + 1] - losses[place - 1], default=None)
