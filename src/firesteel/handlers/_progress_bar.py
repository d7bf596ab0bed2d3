"""A progress bar for each epoch, on tqdm."""

import contextlib
import time
import weakref
from collections.abc import Callable, Iterable, Mapping

# Any: a bar does not care for the batches of the engine that it is attached to, nor for what its
# metrics' results are: it shows them.
from typing import Any, Final, Generic, Protocol, TextIO, final, overload

from typing_extensions import TypeVar, override

from firesteel._optional import load
from firesteel._require import is_callable, mismatch
from firesteel.engine import Attachable, Engine, MetricKey
from firesteel.errors import ArgumentError, NotComputableError
from firesteel.events import Events, RemovableEventHandle

__all__ = ["ProgressBar", "next_draw"]

OutputT = TypeVar("OutputT", contravariant=True, default=object)

_CLOSING: Final = (
    Events.EPOCH_COMPLETED
    | Events.COMPLETED
    | Events.TERMINATE
    | Events.TERMINATE_SINGLE_EPOCH
    | Events.INTERRUPT
)


class Bar(Protocol):
    """What is used of tqdm's bar."""

    n: float

    def refresh(self) -> object:
        """Draw the bar."""
        ...

    def set_postfix_str(self, s: str, refresh: bool) -> object:  # noqa: FBT001  # tqdm's own
        """Set the text behind the bar."""
        ...

    def close(self) -> object:
        """Draw for the last time, and free the line."""
        ...


def next_draw(*, iteration: int, iterations_since: int, elapsed_s: float, interval_s: float) -> int:
    """Give the iteration at which a bar is to be drawn again.

    It is the one expected ``interval_s`` from now, at the pace since the last drawing; never more
    than ten times as far away as the last one was, so that a bar finds its pace when it changes.

    Args:
        iteration: The iteration at hand.
        iterations_since: Iterations since the last drawing, ``>= 1``.
        elapsed_s: Seconds since the last drawing.
        interval_s: Seconds that should lie between two drawings.
    """
    most = 10 * iterations_since
    if elapsed_s * most <= interval_s * iterations_since:
        return iteration + most
    return iteration + max(1, int(interval_s * iterations_since / elapsed_s))


@final
class ProgressBar(Attachable[OutputT, None], Generic[OutputT]):
    """Shows how far each epoch is, with metrics and values of the output.

    The bar is drawn at most every ``interval_s``; between two drawings an iteration costs one
    comparison, and no value is read from a device. It is closed at the end of each epoch, and when
    the run ends, fails or is interrupted.

    Args:
        output_transform: Gives names and values to show, from the engine's output.
        metrics: Results to show, by their keys; ``None`` for all that there are.
        description: Stands before the bar, with the epoch's number.
        persist: Whether the bar stays on the screen when it is closed.
        interval_s: Seconds between two drawings, ``> 0``.
        file: Where the bar is drawn; the error output where none is given.
        clock: Gives the time in seconds.

    Raises:
        ArgumentError: ``interval_s`` is not above zero.
        MissingExtraError: tqdm is not installed.

    Example:
        >>> import io
        >>> from firesteel.engine import Engine
        >>> trainer = Engine(lambda engine, batch: batch / 2)
        >>> screen = io.StringIO()
        >>> trainer.attach(ProgressBar(lambda output: {"half": output}, file=screen))
        >>> state = trainer.run([1.0, 2.0])
        >>> "2/2" in screen.getvalue() and "half=1" in screen.getvalue()
        True
    """

    @overload
    def __init__(
        self: "ProgressBar[object]",
        *,
        metrics: Iterable[MetricKey[Any]] | None = None,
        description: str = "Epoch",
        persist: bool = False,
        interval_s: float = 0.1,
        file: TextIO | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], Mapping[str, object]],
        *,
        metrics: Iterable[MetricKey[Any]] | None = None,
        description: str = "Epoch",
        persist: bool = False,
        interval_s: float = 0.1,
        file: TextIO | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], Mapping[str, object]] | None = None,
        *,
        metrics: Iterable[MetricKey[Any]] | None = None,
        description: str = "Epoch",
        persist: bool = False,
        interval_s: float = 0.1,
        file: TextIO | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if output_transform is not None:
            is_callable("ProgressBar", "output_transform", output_transform)
        if not interval_s > 0:  # so that NaN is refused too
            raise ArgumentError(mismatch("ProgressBar", "interval_s", "above 0", interval_s))
        self._make_bar: Callable[..., Bar] = load("ProgressBar", "tqdm", extra="progress").tqdm
        self._output_transform = output_transform
        self._metrics = None if metrics is None else tuple(metrics)
        self._description = description
        self._persist = persist
        self._interval_s = interval_s
        self._file = file
        self._clock = clock
        self._bar: Bar | None = None
        self._engine: Callable[[], Engine[Any, Any] | None] = _nobody
        self._handle: RemovableEventHandle | None = None
        self._next = 0
        self._drawn = 0
        self._drawn_s = 0.0

    def attach(self, engine: Engine[Any, OutputT]) -> None:
        """Show the epochs of an engine.

        Args:
            engine: The engine. A bar belongs to one at a time.

        Raises:
            ArgumentError: The bar is attached to an engine that is still there.
        """
        if self._handle is not None and self._engine() is not None:
            raise ArgumentError(
                "ProgressBar: must not be attached already; make a bar per engine, or detach it"
            )
        self._engine = weakref.ref(engine)
        self._handle = (
            engine.add_event_handler(Events.EPOCH_STARTED, self._open)
            + engine.add_event_handler(Events.ITERATION_COMPLETED, self._advance)
            + engine.add_event_handler(_CLOSING, self._finish)
            + engine.add_event_handler(Events.EXCEPTION_RAISED, self._abandon)
        )

    def detach(self) -> None:
        """Take the bar off its engine, and close it. Where it is not attached, nothing happens."""
        if self._handle is not None:
            self._handle.remove()
            self._handle = None
        self._abandon()

    @override
    def attach_to(self, engine: Engine[Any, OutputT]) -> None:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
        """
        self.attach(engine)

    def log_message(self, message: str) -> None:
        """Print a line above the bar, without tearing it.

        Args:
            message: The line.
        """
        load("ProgressBar", "tqdm", extra="progress").tqdm.write(message, file=self._file)

    def _open(self, engine: Engine[Any, OutputT]) -> None:
        self._abandon()
        state = engine.state
        of = "" if state.max_epochs is None or state.max_epochs == 1 else f"/{state.max_epochs}"
        self._bar = self._make_bar(
            total=state.epoch_length,
            initial=state.epoch_iteration,
            desc=f"{self._description} {state.epoch}{of}",
            leave=self._persist,
            file=self._file,
            mininterval=0,
        )
        self._drawn, self._drawn_s = state.iteration, self._clock()
        self._next = state.iteration + 1

    def _advance(self, engine: Engine[Any, OutputT]) -> None:
        iteration = engine.state.iteration
        if iteration >= self._next:
            now_s = self._clock()
            self._next = next_draw(
                iteration=iteration,
                iterations_since=iteration - self._drawn,
                elapsed_s=now_s - self._drawn_s,
                interval_s=self._interval_s,
            )
            self._drawn, self._drawn_s = iteration, now_s
            self._draw(engine)

    def _draw(self, engine: Engine[Any, OutputT]) -> None:
        if self._bar is None:  # resumed within an epoch
            self._open(engine)
        if self._bar is not None:
            self._bar.n = engine.state.epoch_iteration
            self._bar.set_postfix_str(self._text(engine), refresh=False)
            self._bar.refresh()

    def _finish(self, engine: Engine[Any, OutputT]) -> None:
        if self._bar is not None:
            self._draw(engine)
        self._abandon()

    def _abandon(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
            self._next = 0

    def _text(self, engine: Engine[Any, OutputT]) -> str:
        results, shown = engine.state.metrics, dict[str, object]()
        for key in results if self._metrics is None else self._metrics:
            if key in results:
                with contextlib.suppress(NotComputableError):
                    shown[key if isinstance(key, str) else key.name] = results[key]
        if self._output_transform is not None and engine.state.has_output:
            shown |= self._output_transform(engine.state.output)
        return ", ".join(f"{name}={_short(value)}" for name, value in shown.items())


def _nobody() -> None:
    """Stand for the reference to an engine where there is none."""


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
