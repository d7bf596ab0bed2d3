"""Checks of options that many metrics have, each with its one wording."""

import math
from typing import Final, Literal, TypeAlias

from firesteel._require import mismatch
from firesteel.errors import ArgumentError

__all__ = ["VALIDATIONS", "Validation", "above_zero"]

Validation: TypeAlias = Literal["first", "always", "never"]
"""In which updates values are checked, for which the host has to wait: the first, all, or none."""

VALIDATIONS: Final[tuple[Validation, ...]] = ("first", "always", "never")
"""What a ``validate`` may be."""


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
