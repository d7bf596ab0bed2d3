"""Drawing what a scheduler will do."""

from collections.abc import Sequence
from typing import Protocol

from firesteel._optional import load

__all__ = ["PlotAxes", "draw"]


class PlotAxes(Protocol):
    """What is used of matplotlib's axes."""

    def plot(self, x: Sequence[float], y: Sequence[float], /, *, label: str) -> object:
        """Draw a line."""
        ...

    def set_xlabel(self, xlabel: str, /) -> object:
        """Say what is drawn to the right."""
        ...

    def legend(self) -> object:
        """Say which line is which."""
        ...


def draw(
    where: str, lines: Sequence[tuple[str, Sequence[float]]], axes: PlotAxes | None
) -> PlotAxes:
    """Draw lines over the index of the event, on axes that are given or on the current ones.

    Args:
        where: Who draws, for the error.
        lines: What each line is called, and its values.
        axes: Where to draw; ``None`` for the current axes of ``matplotlib.pyplot``.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    on: PlotAxes = load(where, "matplotlib.pyplot", extra="plot").gca() if axes is None else axes
    for label, values in lines:
        on.plot(range(len(values)), values, label=label)
    on.set_xlabel("event")
    on.legend()
    return on
