"""The curve of a range test, drawn."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

__all__ = ["Line", "draw"]


class Axes(Protocol):
    """What is used of matplotlib's axes."""

    def plot(self, x: Sequence[float], y: Sequence[float], /, *, label: str) -> object:
        """Draw a line."""
        ...

    def scatter(
        self, x: Sequence[float], y: Sequence[float], *, color: str, zorder: float
    ) -> object:
        """Draw points."""
        ...

    def set_xscale(self, value: str) -> object:
        """Choose the scale of the lower axis."""
        ...

    def set_xlabel(self, xlabel: str) -> object:
        """Name the lower axis."""
        ...

    def set_ylabel(self, ylabel: str) -> object:
        """Name the axis at the side."""
        ...

    def legend(self) -> object:
        """Say which line is which."""
        ...


class Line(NamedTuple):
    """The losses of a parameter group over its learning rates."""

    rates: Sequence[float]
    losses: Sequence[float]


def draw(
    axes: Axes, lines: Sequence[Line], *, shown: slice, marked: int | None, is_log: bool
) -> None:
    """Draw losses over learning rates.

    Args:
        axes: Where to.
        lines: What.
        shown: The part of each line that is drawn.
        marked: The point of each line that is marked, if any.
        is_log: Whether the axis of the rates is logarithmic.
    """
    for group, line in enumerate(lines):
        axes.plot(line.rates[shown], line.losses[shown], label=f"group {group}")
        if marked is not None:
            axes.scatter([line.rates[marked]], [line.losses[marked]], color="red", zorder=3)
    axes.set_xscale("log" if is_log else "linear")
    axes.set_xlabel("learning rate")
    axes.set_ylabel("loss")
    if len(lines) > 1:
        axes.legend()
