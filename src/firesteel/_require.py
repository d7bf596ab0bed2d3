"""Checks of arguments, each with the one wording: where, what, the condition, what came."""

import math
import operator
from collections.abc import Iterable, Sequence
from numbers import Real
from types import UnionType
from typing import SupportsIndex

from firesteel.errors import ArgumentError, ArgumentTypeError

__all__ = [
    "at_least",
    "is_a",
    "is_callable",
    "is_iterable",
    "mismatch",
    "one_of",
    "real_number",
    "whole_number",
]


def mismatch(where: str, what: str, condition: str, came: object) -> str:
    """Word an error: ``Checkpoint: keep must be at least 1, got 0``."""
    return f"{where}: {what} must be {condition}, got {came!r}"


def whole_number(where: str, what: str, value: SupportsIndex) -> int:
    """Give ``value`` as an ``int``; numpy's integers pass, booleans and floats do not.

    Raises:
        ArgumentTypeError: ``value`` is no whole number.
    """
    if isinstance(value, bool):
        raise ArgumentTypeError(mismatch(where, what, "a whole number", value))
    try:
        return operator.index(value)
    except TypeError:
        raise ArgumentTypeError(mismatch(where, what, "a whole number", value)) from None


def at_least(where: str, what: str, value: SupportsIndex, lowest: int) -> int:
    """Give ``value`` as an ``int`` that is not below ``lowest``.

    Raises:
        ArgumentTypeError: ``value`` is no whole number.
        ArgumentError: ``value`` is below ``lowest``.
    """
    number = whole_number(where, what, value)
    if number < lowest:
        raise ArgumentError(mismatch(where, what, f"at least {lowest}", number))
    return number


def one_of(where: str, what: str, value: object, allowed: Sequence[object]) -> None:
    """Refuse what is not one of a few: for callers that no type checker looks at.

    Raises:
        ArgumentError: ``value`` is none of those allowed.
    """
    if value not in allowed:
        condition = f"one of {', '.join(map(repr, allowed))}"
        raise ArgumentError(mismatch(where, what, condition, value))


def real_number(
    where: str,
    what: str,
    value: object,
    *,
    above: float = -math.inf,
    at_least: float = -math.inf,
    below: float = math.inf,
) -> float:
    """Give ``value`` as a ``float`` that is finite and within bounds.

    Raises:
        ArgumentTypeError: ``value`` is no number.
        ArgumentError: ``value`` is not finite, or out of bounds.
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        raise ArgumentTypeError(mismatch(where, what, "a number", value))
    bounds = [
        text
        for text, bound in (
            (f"above {above:g}", above),
            (f"at least {at_least:g}", at_least),
            (f"below {below:g}", below),
        )
        if math.isfinite(bound)
    ]
    found = float(value)
    if not (math.isfinite(found) and above < found < below and found >= at_least):
        raise ArgumentError(mismatch(where, what, " and ".join(bounds) or "finite", value))
    return found


def is_a(where: str, what: str, value: object, kind: type | UnionType, condition: str) -> None:
    """Refuse what is not of a kind: for callers that no type checker looks at.

    Raises:
        ArgumentTypeError: ``value`` is of another kind.
    """
    if not isinstance(value, kind):
        raise ArgumentTypeError(mismatch(where, what, condition, value))


def is_callable(where: str, what: str, value: object) -> None:
    """Refuse what cannot be called.

    Raises:
        ArgumentTypeError: ``value`` is not callable.
    """
    if not callable(value):
        raise ArgumentTypeError(mismatch(where, what, "callable", value))


def is_iterable(where: str, what: str, value: Iterable[object]) -> None:
    """Refuse what cannot be iterated over.

    Raises:
        ArgumentTypeError: ``value`` is not iterable.
    """
    try:
        _ = value.__iter__  # a fifth of the time that isinstance(value, Iterable) takes
    except AttributeError:
        raise ArgumentTypeError(mismatch(where, what, "iterable", value)) from None
