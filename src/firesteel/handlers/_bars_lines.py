"""Progress as plain lines, for files and logs; and the choice between these and bars."""

import math
import sys
import time
from collections.abc import Callable
from typing import TextIO, final

from firesteel._require import is_callable, mismatch
from firesteel.errors import ArgumentError

from ._bars import Bar, Display
from ._bars_tqdm import TqdmDisplay, is_in_notebook

__all__ = ["LinesDisplay", "display_for"]


@final
class LinesDisplay:
    """Shows progress as plain lines: one when a bar is closed, and on request some before.

    A bar that is drawn over and over fills a file with rubbish. Lines can be read and searched.
    Whether a bar persists does not matter here.

    Args:
        interval_s: Seconds after which a bar that is still open gives a line, ``> 0``; ``None``
            for none before it is closed.
        file: Where lines are written; the error output where none is given.
        clock: Gives the time in seconds.

    Raises:
        ArgumentError: ``interval_s`` is not above zero.

    Example:
        >>> import sys
        >>> bar = LinesDisplay(file=sys.stdout, clock=lambda: 0.0).open(
        ...     "Epoch 1/2", position=0, total=4, persist=False
        ... )
        >>> bar.draw(3, total=4, text="loss=0.5")
        >>> bar.close()
        Epoch 1/2: 3/4, 75 %, 0.0 s, loss=0.5
    """

    __slots__ = ("_clock", "_file", "_interval_s")

    def __init__(
        self,
        *,
        interval_s: float | None = None,
        file: TextIO | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if interval_s is not None and not interval_s > 0:  # so that NaN is refused too
            raise ArgumentError(mismatch("LinesDisplay", "interval_s", "above 0", interval_s))
        is_callable("LinesDisplay", "clock", clock)
        self._interval_s = math.inf if interval_s is None else interval_s
        self._file = file
        self._clock = clock

    @property
    def interval_s(self) -> float:
        """Seconds after which a bar that is still open gives a line."""
        return self._interval_s

    def open(self, title: str, *, position: int, total: int | None, persist: bool) -> Bar:
        """Open what stands for a bar; see :class:`Display`."""
        del persist  # lines always stay
        return _Lines(self, title, position, total, self._clock)

    def write(self, line: str) -> None:
        """Write a line; see :class:`Display`."""
        file = sys.stderr if self._file is None else self._file
        file.write(line + "\n")
        file.flush()


@final
class _Lines:
    """What stands for a bar."""

    __slots__ = (
        "_clock",
        "_display",
        "_is_told",
        "_position",
        "_since_s",
        "_start",
        "_start_s",
        "_text",
        "_title",
        "_total",
    )

    def __init__(
        self,
        display: LinesDisplay,
        title: str,
        position: int,
        total: int | None,
        clock: Callable[[], float],
    ) -> None:
        self._display = display
        self._title = title
        self._start = self._position = position
        self._total = total
        self._text = ""
        self._clock = clock
        self._start_s = self._since_s = clock()
        self._is_told = False

    def draw(self, position: int, *, total: int | None, text: str) -> None:
        self._position, self._total, self._text = position, total, text
        self._is_told = False
        now_s = self._clock()
        if now_s - self._since_s >= self._display.interval_s:
            self._tell(now_s)

    def close(self) -> None:
        if not self._is_told:
            self._tell(self._clock())

    def _tell(self, now_s: float) -> None:
        self._since_s, self._is_told = now_s, True
        elapsed_s = now_s - self._start_s
        parts = [f"{self._position}"]
        if self._total:
            parts = [
                f"{self._position}/{self._total}",
                f"{100 * self._position / self._total:.0f} %",
            ]
        parts.append(f"{elapsed_s:.1f} s")
        if elapsed_s > 0:
            parts.append(f"{(self._position - self._start) / elapsed_s:.4g}/s")
        if self._text:
            parts.append(self._text)
        self._display.write(f"{self._title}: " + ", ".join(parts))


def display_for(file: TextIO | None = None, *, interval_s: float | None = 60.0) -> Display:
    """Choose how to show progress: bars where somebody looks, plain lines in files and logs.

    Args:
        file: Where to show it; the error output where none is given.
        interval_s: Of lines: seconds after which a bar that is still open gives one, ``> 0``;
            ``None`` for none before it is closed.

    Returns:
        A :class:`TqdmDisplay` where ``file`` is a terminal, or none is given in a notebook; else a
        :class:`LinesDisplay`.

    Raises:
        MissingExtraError: tqdm is not installed.

    Example:
        >>> import io
        >>> type(display_for(io.StringIO())).__name__
        'LinesDisplay'
    """
    if (sys.stderr if file is None else file).isatty() or (file is None and is_in_notebook()):
        return TqdmDisplay(file=file)
    return LinesDisplay(interval_s=interval_s, file=file)
