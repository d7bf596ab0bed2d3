"""The largest size that fits, found in few tries: functions of values."""

from dataclasses import dataclass, replace
from typing import final

__all__ = ["SizeSearch"]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class SizeSearch:
    """What is known of the sizes that fit: all up to one, and none from another one on.

    Attributes:
        smallest: The first size to be tried, ``>= 1``.
        max_size: The largest size that is of interest, at least ``smallest``.
        multiple_of: What ``smallest`` and all sizes between are multiples of.
        fitting: The largest size that did fit; 0 for none.
        failing: The smallest size that did not; ``None`` for none.
    """

    smallest: int
    max_size: int
    multiple_of: int = 1
    fitting: int = 0
    failing: int | None = None

    def next_size(self) -> int | None:
        """Give the size to try next, ``None`` where the search is over.

        Sizes are doubled until one does not fit. From there on the middle is tried.
        """
        if not self.fitting:
            return self.smallest if self.failing is None else None
        if self.failing is None:
            size = min(2 * self.fitting, self.max_size)
        else:
            size = (self.fitting + self.failing) // 2
        size -= size % self.multiple_of
        return size if size > self.fitting else None

    def after(self, size: int, *, fits: bool) -> "SizeSearch":
        """Give what is known once a size was tried."""
        return replace(self, fitting=size) if fits else replace(self, failing=size)
