"""A clock for tests that is turned by hand."""

from typing import final


@final
class HandClock:
    """A clock that is turned by hand.

    Attributes:
        now_s: What it says.
    """

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now_s

    def wait(self, elapsed_s: float) -> None:
        """Turn it."""
        self.now_s += elapsed_s
