"""A progress bar: of each epoch, or of a run."""

import contextlib
import sys
import time
import weakref
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

# Any: a bar does not care for the batches of the engine that it is attached to, nor for what its
# metrics' results are: it shows them.
from typing import Any, Final, Generic, Literal, TextIO, TypeAlias, final, overload

from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import is_a, is_callable, mismatch
from firesteel.distributed import get_rank
from firesteel.engine import Attachable, Engine, MetricKey, ReadableKey
from firesteel.errors import ArgumentError, ArgumentTypeError, NotComputableError
from firesteel.events import Events, RemovableEventHandle

from ._bars import Bar, Display, Progress, Span, next_draw, progress
from ._bars_tqdm import TqdmDisplay
from ._order import SHOWING, placed

__all__ = ["ProgressBar"]

OutputT = TypeVar("OutputT", contravariant=True, default=object)

CountedEvent: TypeAlias = Literal[Events.ITERATION_COMPLETED, Events.EPOCH_COMPLETED]
ClosingEvent: TypeAlias = Literal[Events.EPOCH_COMPLETED, Events.COMPLETED]

_SPANS: Final[Mapping[tuple[Events, Events | None], Span]] = MappingProxyType(
    {
        (Events.ITERATION_COMPLETED, None): Span.EPOCH,
        (Events.ITERATION_COMPLETED, Events.EPOCH_COMPLETED): Span.EPOCH,
        (Events.ITERATION_COMPLETED, Events.COMPLETED): Span.RUN,
        (Events.EPOCH_COMPLETED, None): Span.EPOCHS,
        (Events.EPOCH_COMPLETED, Events.COMPLETED): Span.EPOCHS,
    }
)
"""What a bar is the progress of, by what it counts and what closes it."""

_DESCRIPTIONS: Final = MappingProxyType(
    {Span.EPOCH: "Epoch", Span.RUN: "Iterations", Span.EPOCHS: "Epochs"}
)

_CLOSING_RUN: Final = Events.COMPLETED | Events.TERMINATE | Events.INTERRUPT
_CLOSING_EPOCH: Final = _CLOSING_RUN | Events.EPOCH_COMPLETED | Events.TERMINATE_SINGLE_EPOCH


@final
class ProgressBar(Attachable[OutputT, None], Generic[OutputT]):
    """Shows how far each epoch is, or the run, with metrics and values of the output.

    The bar is drawn at most every ``interval_s``; between two drawings an iteration costs one
    comparison, and no value is read from a device. It is closed at the end of each epoch, or of the
    run, and when the run ends, fails or is interrupted. In a process group only rank 0 shows it.

    Args:
        output_transform: Gives names and values to show, from the engine's output.
        metrics: Results to show, by their keys; ``None`` for all that there are.
        state_keys: Values of the engine's state to show, where they are there.
        event: What is counted: ``ITERATION_COMPLETED`` or ``EPOCH_COMPLETED``.
        closing_event: What closes the bar: ``EPOCH_COMPLETED``, so that each epoch has a bar, or
            ``COMPLETED``, for one of the whole run. ``None`` for the first, and for the second
            where epochs are counted.
        description: Stands before the bar, with the epoch's number where it is of an epoch;
            ``None`` for a word that fits.
        persist: Whether the bar stays on the screen when it is closed.
        interval_s: Seconds between two drawings, ``> 0``; ``None`` for what the display wants: a
            tenth of a second on a screen.
        file: Where tqdm draws the bar; the error output, or the notebook, where none is given.
        display: What draws the bar; ``None`` for tqdm.
        clock: Gives the time in seconds.

    Raises:
        ArgumentError: ``interval_s`` is not above zero, the events do not go together, or there is
            a ``file`` beside a ``display``.
        ArgumentTypeError: Something is not of its kind.
        MissingExtraError: tqdm is not installed, and there is no ``display``.

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
        state_keys: Iterable[ReadableKey[object]] = (),
        event: CountedEvent = Events.ITERATION_COMPLETED,
        closing_event: ClosingEvent | None = None,
        description: str | None = None,
        persist: bool = False,
        interval_s: float | None = None,
        file: TextIO | None = None,
        display: Display | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], Mapping[str, object]],
        *,
        metrics: Iterable[MetricKey[Any]] | None = None,
        state_keys: Iterable[ReadableKey[object]] = (),
        event: CountedEvent = Events.ITERATION_COMPLETED,
        closing_event: ClosingEvent | None = None,
        description: str | None = None,
        persist: bool = False,
        interval_s: float | None = None,
        file: TextIO | None = None,
        display: Display | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], Mapping[str, object]] | None = None,
        *,
        metrics: Iterable[MetricKey[Any]] | None = None,
        state_keys: Iterable[ReadableKey[object]] = (),
        event: CountedEvent = Events.ITERATION_COMPLETED,
        closing_event: ClosingEvent | None = None,
        description: str | None = None,
        persist: bool = False,
        interval_s: float | None = None,
        file: TextIO | None = None,
        display: Display | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        if output_transform is not None:
            is_callable("ProgressBar", "output_transform", output_transform)
        if interval_s is not None and not interval_s > 0:  # so that NaN is refused too
            raise ArgumentError(mismatch("ProgressBar", "interval_s", "above 0", interval_s))
        if file is not None and display is not None:
            raise ArgumentError("ProgressBar: takes a file or a display, got both")
        is_callable("ProgressBar", "clock", clock)
        self._metrics = None if metrics is None else tuple(metrics)
        for metric in self._metrics or ():
            is_a("ProgressBar", "each metric", metric, MetricKey, "what attaching it gave")
        self._state_keys = tuple(state_keys)
        for state_key in self._state_keys:
            is_a("ProgressBar", "each state key", state_key, ReadableKey, "a StateKey")
        self._span = _span(event, closing_event)
        self._display: Display = TqdmDisplay(file=file) if display is None else display
        self._output_transform = output_transform
        self._description = _DESCRIPTIONS[self._span] if description is None else description
        self._persist = persist
        self._interval_s = self._display.interval_s if interval_s is None else interval_s
        self._clock = clock
        self._bar: Bar | None = None
        self._engine: Callable[[], Engine[Any, Any] | None] = _nobody
        self._handle: RemovableEventHandle | None = None
        self._next = 0
        self._drawn = 0
        self._drawn_s = 0.0

    def attach(self, engine: Engine[Any, OutputT]) -> None:
        """Show the epochs, or the runs, of an engine.

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
        is_of_epoch = self._span is Span.EPOCH
        opening = Events.EPOCH_STARTED if is_of_epoch else Events.STARTED
        self._handle = engine.add_event_handler(opening, self._open)
        if self._span is Span.EPOCHS:
            advance = placed(Events.EPOCH_COMPLETED, SHOWING)
            self._handle += engine.add_event_handler(advance, self._advance_epoch)
        else:
            self._handle += engine.add_event_handler(Events.ITERATION_COMPLETED, self._advance)
        # behind evaluations and what else is computed at the end, to show what they give
        closing = _CLOSING_EPOCH if is_of_epoch else _CLOSING_RUN
        self._handle += engine.add_event_handler(placed(closing, SHOWING), self._finish)
        self._handle += engine.add_event_handler(Events.EXCEPTION_RAISED, self._abandon)

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
        """Print a line above the bar, without tearing it; on rank 0 alone.

        Args:
            message: The line.
        """
        if get_rank() == 0:
            self._display.write(message)

    def _open(self, engine: Engine[Any, OutputT]) -> None:
        self._abandon()
        if get_rank() != 0:
            self._next = sys.maxsize
            return
        now = self._progress(engine)
        self._bar = self._display.open(
            now.title, position=now.position, total=now.total, persist=self._persist
        )
        self._drawn, self._drawn_s = self._count(engine), self._clock()
        self._next = self._drawn + 1

    def _advance(self, engine: Engine[Any, OutputT]) -> None:
        iteration = engine.state.iteration
        if iteration >= self._next:
            self._draw_at(engine, iteration)

    def _advance_epoch(self, engine: Engine[Any, OutputT]) -> None:
        epoch = engine.state.epoch
        if epoch >= self._next:
            self._draw_at(engine, epoch)

    def _draw_at(self, engine: Engine[Any, OutputT], count: int) -> None:
        if self._bar is None:  # the run goes on where it was left
            self._open(engine)
            self._draw(engine)
            return
        now_s = self._clock()
        self._next = next_draw(
            count=count,
            counts_since=max(count - self._drawn, 1),
            elapsed_s=now_s - self._drawn_s,
            interval_s=self._interval_s,
        )
        self._drawn, self._drawn_s = count, now_s
        self._draw(engine)

    def _draw(self, engine: Engine[Any, OutputT]) -> None:
        if self._bar is not None:
            now = self._progress(engine)
            self._bar.draw(now.position, total=now.total, text=self._text(engine))

    def _finish(self, engine: Engine[Any, OutputT]) -> None:
        self._draw(engine)  # what fails here is heard of by EXCEPTION_RAISED, which closes the bar
        self._abandon()

    def _abandon(self, *_: object) -> None:
        bar, self._bar, self._next = self._bar, None, 0
        if bar is not None:
            bar.close()

    def _count(self, engine: Engine[Any, OutputT]) -> int:
        state = engine.state
        if self._span is Span.EPOCHS:
            return state.count(Events.EPOCH_COMPLETED)
        return state.iteration

    def _progress(self, engine: Engine[Any, OutputT]) -> Progress:
        state = engine.state
        return progress(
            self._span,
            description=self._description,
            iteration=state.iteration,
            epoch=state.epoch,
            epochs_done=state.count(Events.EPOCH_COMPLETED),
            epoch_iteration=state.epoch_iteration,
            epoch_length=state.epoch_length,
            max_epochs=state.max_epochs,
            max_iters=state.max_iters,
        )

    def _text(self, engine: Engine[Any, OutputT]) -> str:
        state, shown = engine.state, dict[str, object]()
        results = state.metrics
        for key in results if self._metrics is None else self._metrics:
            if key in results:
                with contextlib.suppress(NotComputableError):
                    shown[key if isinstance(key, str) else key.name] = results[key]
        for state_key in self._state_keys:
            if state_key in state:
                shown[state_key.name] = state[state_key]
        if self._output_transform is not None and state.has_output:
            shown |= self._output_transform(state.output)
        return ", ".join(f"{name}={_short(value)}" for name, value in shown.items())


def _span(event: CountedEvent, closing_event: ClosingEvent | None) -> Span:
    is_a("ProgressBar", "event", event, Events, "ITERATION_COMPLETED or EPOCH_COMPLETED")
    if (event, None) not in _SPANS:
        raise ArgumentError(
            mismatch("ProgressBar", "event", "ITERATION_COMPLETED or EPOCH_COMPLETED", event)
        )
    if (event, closing_event) not in _SPANS:
        after = [str(last) for first, last in _SPANS if first is event and last is not None]
        raise (ArgumentError if isinstance(closing_event, Events) else ArgumentTypeError)(
            mismatch("ProgressBar", f"closing_event of {event}", " or ".join(after), closing_event)
        )
    return _SPANS[event, closing_event]


def _nobody() -> None:
    """Stand for the reference to an engine where there is none."""


def _short(value: object) -> str:
    if isinstance(value, Tensor) and value.numel() == 1:
        value = value.item()
    return f"{value:.4g}" if isinstance(value, float) else str(value)
