"""Checks of options that many metrics have, each with its one wording."""

import math
from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from firesteel._require import mismatch
from firesteel.errors import ArgumentError

__all__ = ["VALIDATIONS", "Validation", "above_zero", "one_of"]

Validation: TypeAlias = Literal["first", "always", "never"]
"""In which updates values are checked, for which the host has to wait: the first, all, or none."""

VALIDATIONS: Final[tuple[Validation, ...]] = ("first", "always", "never")
"""What a ``validate`` may be."""


def one_of(where: str, what: str, value: object, allowed: Sequence[object]) -> None:
    """Refuse what is not one of a few: for callers that no type checker looks at.

    Args:
        where: Whose option it is, for the error.
        what: The option's name, for the error.
        value: What came.
        allowed: What may come.

    Raises:
        ArgumentError: ``value`` is not one of those allowed.

    Example:
        >>> one_of("Precision", "average", "macro", (None, "macro"))
    """
    if value not in allowed:
        condition = f"one of {', '.join(map(repr, allowed))}"
        raise ArgumentError(mismatch(where, what, condition, value))


def above_zero(where: str, what: str, value: float) -> None:
    """Refuse a number that is not above 0 and finite.

    Args:
        where: Whose option it is, for the error.
        what: The option's name, for the error.
        value: What came.

    Raises:
        ArgumentError: It is not, or is NaN.

    Example:
        >>> above_zero("Fbeta", "beta", 0.5)
    """
    if not 0 < value < math.inf:
        raise ArgumentError(mismatch(where, what, "above 0 and finite", value))
