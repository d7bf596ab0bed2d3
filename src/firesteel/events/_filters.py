"""At which counts of an event a handler is due: pure functions of whole numbers."""

import sys
from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final, SupportsIndex, TypeAlias, final

from typing_extensions import override

from firesteel._require import at_least, mismatch
from firesteel.errors import ArgumentError, ArgumentTypeError

__all__ = ["NEVER", "CountFilter", "Counts", "Period"]

NEVER: Final = sys.maxsize
"""A count that no event reaches."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Counts that are multiples of ``every`` and lie strictly between ``after`` and ``before``.

    The multiples are counted from zero whatever the bounds are: ``every=3`` means 3, 6, 9, ..., and
    with ``after=4`` it means 6, 9, ... (ignite starts a new count at the bound).
    """

    every: int = 1
    after: int = 0
    before: int = NEVER
    text: str = field(default="", compare=False)

    def fires(self, count: int) -> bool:
        """Tell whether ``count`` is among them."""
        return self.after < count < self.before and count % self.every == 0

    def next_after(self, count: int) -> int:
        """Give the smallest of them above ``count``, or ``NEVER``."""
        every, after = self.every, self.after
        candidate = ((count if count > after else after) // every + 1) * every  # noqa: FURB136  # twice as fast
        return candidate if candidate < self.before else NEVER

    @property
    def is_dense(self) -> bool:
        """Whether neighbouring counts are all due, so that asking ahead saves nothing."""
        return self.every == 1

    @override
    def __str__(self) -> str:
        return self.text


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A fixed set of counts, in ascending order."""

    counts: tuple[int, ...]
    text: str = field(default="", compare=False)

    def fires(self, count: int) -> bool:
        """Tell whether ``count`` is among them."""
        return count in self.counts

    def next_after(self, count: int) -> int:
        """Give the smallest of them above ``count``, or ``NEVER``."""
        place = bisect_right(self.counts, count)
        return self.counts[place] if place < len(self.counts) else NEVER

    @property
    def is_dense(self) -> bool:
        """Whether neighbouring counts are all due, so that asking ahead saves nothing."""
        return False

    @override
    def __str__(self) -> str:
        return self.text


CountFilter: TypeAlias = Period | Counts


def period(
    where: str,
    every: SupportsIndex | None,
    before: SupportsIndex | None,
    after: SupportsIndex | None,
) -> Period:
    """Check the three arguments and make the filter that they ask for."""
    given = [("every", every), ("before", before), ("after", after)]
    text = ", ".join(f"{name}={value}" for name, value in given if value is not None)
    return Period(
        every=1 if every is None else at_least(where, "every", every, 1),
        after=0 if after is None else at_least(where, "after", after, 0),
        before=NEVER if before is None else at_least(where, "before", before, 0),
        text=text,
    )


def counts(where: str, once: SupportsIndex | Collection[SupportsIndex]) -> Counts:
    """Check ``once`` and make the filter that it asks for."""
    if isinstance(once, str | bytes):
        raise ArgumentTypeError(
            mismatch(where, "once", "a whole number or a collection of whole numbers", once)
        )
    if isinstance(once, Collection):
        numbers = sorted({at_least(where, "once", number, 1) for number in once})
        if not numbers:
            raise ArgumentError(mismatch(where, "once", "at least one whole number", once))
        return Counts(counts=tuple(numbers), text=f"once={numbers}")
    return Counts(counts=(at_least(where, "once", once, 1),), text=f"once={once}")
