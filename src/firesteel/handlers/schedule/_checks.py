"""Checks of what schedules are made of."""

from collections.abc import Sequence
from itertools import pairwise
from typing import SupportsIndex

from firesteel._require import at_least, is_a, mismatch, real_number, whole_number
from firesteel.errors import ArgumentError, ArgumentTypeError

__all__ = ["milestone_values", "milestones", "sequence"]


def sequence(where: str, what: str, value: Sequence[object], *, at_least_one: bool = True) -> None:
    """Refuse what is no sequence, or an empty one.

    Raises:
        ArgumentTypeError: It is no sequence.
        ArgumentError: It is empty.
    """
    is_a(where, what, value, Sequence, "a sequence")
    if isinstance(value, str):
        raise ArgumentTypeError(mismatch(where, what, "a sequence", value))
    if at_least_one and not value:
        raise ArgumentError(mismatch(where, what, "a sequence of one or more", value))


def milestones(where: str, what: str, value: Sequence[SupportsIndex]) -> tuple[int, ...]:
    """Give whole numbers that do not decrease.

    Raises:
        ArgumentTypeError: It is no sequence of whole numbers.
        ArgumentError: It is empty, or decreases somewhere.
    """
    sequence(where, what, value)
    indices = tuple(at_least(where, f"{what}[{place}]", one, 0) for place, one in enumerate(value))
    _refuse_decrease(where, what, indices)
    return indices


def milestone_values(
    where: str, value: Sequence[tuple[SupportsIndex, float]]
) -> tuple[tuple[int, float], ...]:
    """Give pairs of an index and a value, the indices not decreasing.

    Raises:
        ArgumentTypeError: It is no sequence of pairs of a whole number and a number.
        ArgumentError: It is empty, or decreases somewhere, or a value is not finite.
    """
    what = "milestones_values"
    sequence(where, what, value)
    pairs = tuple(_pair(where, f"{what}[{place}]", one) for place, one in enumerate(value))
    _refuse_decrease(where, what, [index for index, _ in pairs])
    return pairs


def _pair(where: str, what: str, pair: Sequence[object]) -> tuple[int, float]:
    match pair:
        case [index, value]:
            if not isinstance(index, SupportsIndex):
                raise ArgumentTypeError(mismatch(where, f"{what}[0]", "a whole number", index))
            return whole_number(where, f"{what}[0]", index), real_number(where, f"{what}[1]", value)
        case _:
            raise ArgumentTypeError(mismatch(where, what, "a pair of an index and a value", pair))


def _refuse_decrease(where: str, what: str, indices: Sequence[int]) -> None:
    for place, (one, next_one) in enumerate(pairwise(indices)):
        if next_one < one:
            condition = f"at least {one}, as the one before"
            raise ArgumentError(mismatch(where, f"{what}[{place + 1}]", condition, next_one))
