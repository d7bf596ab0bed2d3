"""Checks of numbers and choices that handlers are given."""

import math
from collections.abc import Sequence
from numbers import Real

from firesteel._require import mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError

__all__ = ["one_of", "real_number"]


def one_of(where: str, what: str, value: str, choices: Sequence[str]) -> None:
    """Refuse a word that is none of the choices.

    Raises:
        ArgumentError: ``value`` is none of ``choices``.
    """
    if value not in choices:
        raise ArgumentError(mismatch(where, what, f"one of {', '.join(choices)}", value))


def real_number(
    where: str,
    what: str,
    value: float,
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
    number: object = value  # for callers that no type checker looks at
    if isinstance(number, bool) or not isinstance(number, Real):
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
    found = float(number)
    if not (math.isfinite(found) and above < found < below and found >= at_least):
        raise ArgumentError(mismatch(where, what, " and ".join(bounds) or "finite", value))
    return found
