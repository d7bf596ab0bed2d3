"""Bars on tqdm: in a terminal, or as a widget in a notebook."""

from collections.abc import Callable
from typing import Final, Protocol, TextIO, final

from firesteel._optional import load

from ._bars import Bar

__all__ = ["TqdmDisplay", "is_in_notebook"]

_INTERVAL_S: Final = 0.1


class _Tqdm(Protocol):
    """What is used of tqdm's bar."""

    n: float
    total: float | None

    def refresh(self) -> object:
        """Draw the bar."""
        ...

    def set_postfix_str(self, s: str, refresh: bool) -> object:  # noqa: FBT001  # tqdm's own
        """Set the text behind the bar."""
        ...

    def close(self) -> object:
        """Draw for the last time, and free the line."""
        ...


@final
class TqdmDisplay:
    """Shows bars with tqdm, which chooses between a terminal and a widget in a notebook.

    Args:
        file: Where bars are drawn, always as text; where none is given, the error output, or the
            notebook.

    Raises:
        MissingExtraError: tqdm is not installed.

    Example:
        >>> import io
        >>> screen = io.StringIO()
        >>> bar = TqdmDisplay(file=screen).open("Epoch 1", position=0, total=4, persist=True)
        >>> bar.draw(3, total=4, text="loss=0.5")
        >>> bar.close()
        >>> "3/4" in screen.getvalue() and "loss=0.5" in screen.getvalue()
        True
    """

    __slots__ = ("_file", "_make_bar", "_write")

    def __init__(self, *, file: TextIO | None = None) -> None:
        module = load("ProgressBar", "tqdm", extra="progress")
        if file is None:
            module = load("ProgressBar", "tqdm.auto", extra="progress")
        self._make_bar: Callable[..., _Tqdm] = module.tqdm
        self._write: Callable[..., object] = module.tqdm.write
        self._file = file

    @property
    def interval_s(self) -> float:
        """Seconds that should lie between two drawings."""
        return _INTERVAL_S

    def open(self, title: str, *, position: int, total: int | None, persist: bool) -> Bar:
        """Open a bar below those that are open; see :class:`Display`."""
        bar = self._make_bar(
            total=total, initial=position, desc=title, leave=persist, file=self._file, mininterval=0
        )
        return _TqdmBar(bar)

    def write(self, line: str) -> None:
        """Print a line above the bars; see :class:`Display`."""
        self._write(line, file=self._file)


@final
class _TqdmBar:
    """A bar of tqdm."""

    __slots__ = ("_bar",)

    def __init__(self, bar: _Tqdm) -> None:
        self._bar = bar

    def draw(self, position: int, *, total: int | None, text: str) -> None:
        self._bar.n = position
        self._bar.total = total
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.refresh()

    def close(self) -> None:
        self._bar.close()


def is_in_notebook() -> bool:
    """Tell whether tqdm would show a widget in a notebook here."""
    auto: type[object] = load("ProgressBar", "tqdm.auto", extra="progress").tqdm
    widget: type[object] = load("ProgressBar", "tqdm.notebook", extra="progress").tqdm
    return issubclass(auto, widget)
