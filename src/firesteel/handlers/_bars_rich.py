"""Bars on rich."""

from collections.abc import Callable
from types import ModuleType
from typing import Final, Protocol, TextIO, final

from firesteel._optional import load

from ._bars import Bar

__all__ = ["RichDisplay"]

_INTERVAL_S: Final = 0.1


class _Live(Protocol):
    """What is used of what draws rich's bars."""

    transient: bool


class _Console(Protocol):
    """What is used of rich's console."""

    def print(self, line: str, *, markup: bool, highlight: bool) -> object:
        """Print a line above what is drawn."""
        ...


class _Rich(Protocol):
    """What is used of rich's bars, which are drawn together."""

    live: _Live

    def start(self) -> object:
        """Begin to draw."""
        ...

    def stop(self) -> object:
        """Draw for the last time."""
        ...

    def refresh(self) -> object:
        """Draw."""
        ...

    def add_task(
        self, description: str, *, total: int | None, completed: int, values: str
    ) -> object:
        """Add a bar."""
        ...

    def update(
        self, task: object, /, *, total: int | None, completed: int, values: str, refresh: bool
    ) -> object:
        """Change a bar."""
        ...

    def stop_task(self, task: object, /) -> object:
        """Have the time of a bar stand still."""
        ...

    def remove_task(self, task: object, /) -> object:
        """Take a bar away."""
        ...


@final
class RichDisplay:
    """Shows bars with rich, below each other and in one place.

    Hand the same display to all bars that are open at a time: rich draws in one place only.
    Nothing is drawn but when a bar is, and no thread is started.

    Args:
        file: Where bars are drawn; the standard output where none is given.

    Raises:
        MissingExtraError: rich is not installed.

    Example:
        >>> import io
        >>> screen = io.StringIO()
        >>> bar = RichDisplay(file=screen).open("Epoch 1", position=0, total=4, persist=True)
        >>> bar.draw(3, total=4, text="loss=0.5")
        >>> bar.close()
        >>> "3/4" in screen.getvalue() and "loss=0.5" in screen.getvalue()
        True
    """

    __slots__ = ("_bars", "_console", "_module", "_num_left", "_rich")

    def __init__(self, *, file: TextIO | None = None) -> None:
        self._module: ModuleType = load("RichDisplay", "rich.progress", extra="rich")
        make_console: Callable[..., _Console] = load(
            "RichDisplay", "rich.console", extra="rich"
        ).Console
        self._console = make_console(file=file)
        self._rich: _Rich | None = None
        self._bars: list[_RichBar] = []
        self._num_left = 0

    @property
    def interval_s(self) -> float:
        """Seconds that should lie between two drawings."""
        return _INTERVAL_S

    def open(self, title: str, *, position: int, total: int | None, persist: bool) -> Bar:
        """Open a bar below those that are open; see :class:`Display`."""
        if self._rich is None:
            self._rich = self._new()
            self._rich.start()
        task = self._rich.add_task(title, total=total, completed=position, values="")
        bar = _RichBar(self, self._rich, task, persist=persist)
        self._bars.append(bar)
        self._rich.refresh()
        return bar

    def write(self, line: str) -> None:
        """Print a line above the bars; see :class:`Display`."""
        self._console.print(line, markup=False, highlight=False)

    def forget(self, bar: "_RichBar", *, is_left: bool) -> None:
        """Have a bar be closed, and stop to draw after the last one."""
        self._bars.remove(bar)
        self._num_left += is_left
        if not self._bars and self._rich is not None:
            self._rich.live.transient = not self._num_left
            self._rich.refresh()
            self._rich.stop()
            self._rich, self._num_left = None, 0

    def _new(self) -> _Rich:
        module = self._module
        rich: _Rich = module.Progress(
            module.TextColumn("{task.description}", markup=False),
            module.BarColumn(),
            module.MofNCompleteColumn(),
            module.TimeElapsedColumn(),
            module.TimeRemainingColumn(),
            module.TextColumn("{task.fields[values]}", markup=False),
            console=self._console,
            auto_refresh=False,
        )
        return rich


@final
class _RichBar:
    """A bar among those of rich."""

    __slots__ = ("_display", "_persist", "_rich", "_task")

    def __init__(self, display: RichDisplay, rich: _Rich, task: object, *, persist: bool) -> None:
        self._display = display
        self._rich = rich
        self._task = task
        self._persist = persist

    def draw(self, position: int, *, total: int | None, text: str) -> None:
        self._rich.update(self._task, total=total, completed=position, values=text, refresh=True)

    def close(self) -> None:
        if self._persist:
            self._rich.stop_task(self._task)
        else:
            self._rich.remove_task(self._task)
        self._display.forget(self, is_left=self._persist)
