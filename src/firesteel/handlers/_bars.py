"""What a progress bar shows and when, and the shape of what it is shown on: no drawing here."""

import math
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, final

__all__ = ["Bar", "Display", "Progress", "Span", "next_draw", "progress"]


class Bar(Protocol):
    """A bar that is open on a display."""

    def draw(self, position: int, *, total: int | None, text: str) -> None:
        """Show how far it is.

        Args:
            position: How much is done, ``>= 0``.
            total: How much there is in all; ``None`` where that is not known.
            text: Values to show, as ``loss=0.31, accuracy=0.9``.
        """
        ...

    def close(self) -> None:
        """End the bar as it was drawn last, and free its line. Called once."""
        ...


class Display(Protocol):
    """Where bars are shown: a terminal, a notebook, a log file, or one of your own.

    Several bars may be open on one display at a time, the outer ones opened first.
    """

    @property
    def interval_s(self) -> float:
        """Seconds that should lie between two drawings, ``> 0``."""
        ...

    def open(self, title: str, *, position: int, total: int | None, persist: bool) -> Bar:
        """Open a bar.

        Args:
            title: Stands before the bar.
            position: How much is done already, ``>= 0``.
            total: How much there is in all; ``None`` where that is not known.
            persist: Whether the bar stays to be seen when it is closed.
        """
        ...

    def write(self, line: str) -> None:
        """Show a line beside the bars without tearing them.

        Args:
            line: The line, without its end.
        """
        ...


class Span(Enum):
    """What a bar is the progress of."""

    EPOCH = "the iterations of an epoch"
    RUN = "the iterations of a run"
    EPOCHS = "the epochs of a run"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is, as a bar shows it.

    Attributes:
        title: Stands before the bar.
        position: How much is done.
        total: How much there is in all; ``None`` where that is not known.
    """

    title: str
    position: int
    total: int | None


def progress(
    span: Span,
    *,
    description: str,
    iteration: int,
    epoch: int,
    epochs_done: int,
    epoch_iteration: int,
    epoch_length: int | None,
    max_epochs: int | None,
    max_iters: int | None,
) -> Progress:
    """Say what a bar shows of where a run stands.

    With a limit in iterations the last epoch is as long as the limit leaves it, and the number of
    epochs is what the limit comes to.

    Args:
        span: What the bar is the progress of.
        description: Stands before the bar; the number of the epoch follows where it is of one.
        iteration: Iterations that are done.
        epoch: Number of the epoch.
        epochs_done: Epochs that are done.
        epoch_iteration: Iterations of the epoch that are done.
        epoch_length: Iterations of an epoch, if that is known.
        max_epochs: The limit in epochs, if there is one.
        max_iters: The limit in iterations, if there is one.
    """
    if max_iters is not None and epoch_length is not None:
        max_epochs = math.ceil(max_iters / epoch_length)
        epoch_length = min(epoch_length, max_iters - (iteration - epoch_iteration))
    if span is Span.EPOCH:
        of = "" if max_epochs is None or max_epochs == 1 else f"/{max_epochs}"
        title = f"{description} {epoch}{of}"
        return Progress(title=title, position=epoch_iteration, total=epoch_length)
    if span is Span.EPOCHS:
        return Progress(title=description, position=epochs_done, total=max_epochs)
    total = max_iters
    if total is None and max_epochs is not None and epoch_length is not None:
        # epochs that are over may have had another length
        before = iteration - epoch_iteration
        total = before + (max_epochs - max(epoch, 1) + 1) * epoch_length
    return Progress(title=description, position=iteration, total=total)


def next_draw(*, count: int, counts_since: int, elapsed_s: float, interval_s: float) -> int:
    """Give the count at which a bar is to be drawn again.

    It is the one expected ``interval_s`` from now, at the pace since the last drawing; never more
    than ten times as far away as the last one was, so that a bar finds its pace when it changes.

    Args:
        count: The iteration, or epoch, at hand.
        counts_since: How many there were since the last drawing, ``>= 1``.
        elapsed_s: Seconds since the last drawing.
        interval_s: Seconds that should lie between two drawings.
    """
    most = 10 * counts_since
    if elapsed_s * most <= interval_s * counts_since:
        return count + most
    return count + max(1, int(interval_s * counts_since / elapsed_s))
