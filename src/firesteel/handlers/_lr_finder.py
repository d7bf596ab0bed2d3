"""LRFinder: try a range of learning rates, and leave no trace."""

import logging
import math
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from numbers import Real

# Any: the finder reads the output of the engine through a function, and not its batches.
from typing import TYPE_CHECKING, Any, Final, Protocol, SupportsIndex, final, get_args, overload

from torch import Tensor, distributed
from torch.optim import Optimizer
from typing_extensions import TypeVar

from firesteel._optional import load
from firesteel._require import at_least, is_a, is_callable, mismatch, one_of, real_number
from firesteel.distributed import get_world_size
from firesteel.engine import Engine
from firesteel.errors import (
    ArgumentError,
    ArgumentTypeError,
    NotAvailableError,
    NotComputableError,
)
from firesteel.events import Events
from firesteel.protocols import Stateful

from ._keeping import Kept, trying
from ._lr_plot import Line, draw
from ._lr_range import StepMode, rate, smoothed, steepest

if TYPE_CHECKING:
    from matplotlib.axes import Axes
from ._order import LAST, placed

__all__ = ["LRFinder", "LRFinderResults"]

BatchT = TypeVar("BatchT")
LossT = TypeVar("LossT", bound=float | Tensor)
OutputT = TypeVar("OutputT")

_WHERE: Final = "LRFinder"
_LOGGER: Final = logging.getLogger("firesteel.handlers")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LRFinderResults:
    """What a range test has seen, an entry for each iteration.

    Attributes:
        lrs: The learning rates that were used, one for each parameter group.
        losses: The losses, smoothed.
        raw_losses: The losses as they came.
        is_diverged: Whether the test ended because the loss diverged; the loss at which it did is
            not among these where it was not finite.
    """

    lrs: tuple[tuple[float, ...], ...]
    losses: tuple[float, ...]
    raw_losses: tuple[float, ...]
    is_diverged: bool


class _Collectives(Protocol):
    """The part of ``torch.distributed`` that is used here, with types."""

    def all_gather_object(self, object_list: list[float], obj: float) -> object: ...


@final
class LRFinder:
    r"""Runs a learning rate range test: a short training whose rates grow from low to high.

    In iteration :math:`i` of :math:`n` the rate is :math:`s\,(e/s)^{(i-1)/(n-1)}`, or, linear,
    :math:`s + (e - s)\frac{i-1}{n-1}`. The losses are smoothed: :math:`f\,\ell + (1 - f)` times
    the mean before. The test ends after :math:`n` iterations, or when the smoothed loss is above
    ``diverge_th`` times the lowest one, or not finite. It reads the loss, and so waits for the
    device, in each iteration.

    Nothing is left of it: see :meth:`attach`.

    Args:
        optimizer: The optimizer whose rates are set.
        num_iter: Iterations of the test, ``>= 1``. Data that is shorter is started again.
        start_lr: The first rate, ``> 0``, or one for each parameter group; ``None`` for those that
            the optimizer has.
        end_lr: The last rate, above the first, or one for each parameter group.
        step_mode: ``"exp"`` for a geometric series, ``"linear"`` for an arithmetic one.
        smooth_f: Weight of a new loss in the mean, in ``[0, 1)``; 0 for no smoothing.
        diverge_th: At how many times the lowest loss the test ends, ``>= 1``.

    Raises:
        ArgumentError: A number is out of range, or there are not as many rates as groups.
        ArgumentTypeError: ``optimizer`` is none, or something else is of another kind.

    Source:
        Smith, "Cyclical learning rates for training neural networks", WACV 2017, section 3.3. Names
        and smoothing are those of ``ignite.handlers.FastaiLRFinder``.

    Example:
        >>> import torch
        >>> from torch import Tensor
        >>> from firesteel.recipes import create_supervised_trainer
        >>> model = torch.nn.Linear(2, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
        >>> trainer = create_supervised_trainer(model, optimizer, torch.nn.MSELoss())
        >>> data = [(torch.ones(4, 2), torch.ones(4, 1))]
        >>> finder = LRFinder(optimizer, num_iter=50, end_lr=1.0)
        >>> with finder.attach(trainer, restore=[model]) as finding:
        ...     state = finding.run(data)
        >>> len(finder.get_results().lrs), trainer.state.iteration
        (50, 0)
        >>> finder.apply_suggested_lr(optimizer)
        >>> 1e-4 < optimizer.param_groups[0]["lr"] < 1.0
        True
    """

    def __init__(
        self,
        optimizer: Optimizer,
        *,
        num_iter: SupportsIndex = 100,
        start_lr: float | Sequence[float] | None = None,
        end_lr: float | Sequence[float] = 10.0,
        step_mode: StepMode = "exp",
        smooth_f: float = 0.05,
        diverge_th: float = 5.0,
    ) -> None:
        is_a(_WHERE, "optimizer", optimizer, Optimizer, "an optimizer")
        one_of(_WHERE, "step_mode", step_mode, get_args(StepMode))
        self._optimizer = optimizer
        self._num_iter = at_least(_WHERE, "num_iter", num_iter, 1)
        self._start_lr = None if start_lr is None else _rates("start_lr", start_lr, optimizer)
        self._end_lr = _rates("end_lr", end_lr, optimizer)
        self._step_mode: StepMode = step_mode
        self._smooth_f = real_number(_WHERE, "smooth_f", smooth_f, at_least=0, below=1)
        self._diverge_th = real_number(_WHERE, "diverge_th", diverge_th, at_least=1)
        self._results: LRFinderResults | None = None
        _refuse_falling(self._first_rates(), self._end_lr)

    @overload
    def attach(
        self,
        trainer: Engine[BatchT, LossT],
        *,
        restore: Iterable[Stateful],
        handlers: Iterable[Callable[..., object]] = (),
    ) -> AbstractContextManager[Engine[BatchT, LossT]]: ...
    @overload
    def attach(
        self,
        trainer: Engine[BatchT, OutputT],
        *,
        output_transform: Callable[[OutputT], float | Tensor],
        restore: Iterable[Stateful],
        handlers: Iterable[Callable[..., object]] = (),
    ) -> AbstractContextManager[Engine[BatchT, OutputT]]: ...
    def attach(
        self,
        trainer: Engine[BatchT, Any],
        *,
        output_transform: Callable[[Any], float | Tensor] | None = None,
        restore: Iterable[Stateful],
        handlers: Iterable[Callable[..., object]] = (),
    ) -> AbstractContextManager[Engine[BatchT, Any]]:
        """Have the runs of an engine be range tests, for the length of a ``with`` block.

        In the block a run has ``num_iter`` iterations, whatever limits it is given, and starts from
        nothing. The engine's handlers are silent, so that nothing is saved, logged or stopped.
        After the block everything is as it was, also when it raises and when the run was stopped:
        the optimizer, what is handed over in ``restore``, the engine with its handlers, its loaders
        of :mod:`firesteel.data`, and the random states. All is kept in memory, on the CPU.

        On several ranks each has to run the test: the mean of the losses over the ranks decides.

        Args:
            trainer: The engine.
            output_transform: Gives the loss from the output, a number or a tensor of one element;
                without, the output is the loss.
            restore: What else is put back: the model, schedules, a gradient scaler, metrics.
            handlers: Handlers of the engine that are called all the same, at each firing: those
                without which it does not train, as one that clips gradients. What the process
                function has attached itself is among them.

        Returns:
            A context manager that gives the engine.

        Raises:
            ArgumentError: The rates do not rise from those that the optimizer has, or a loss has
                several elements.
            ArgumentTypeError: Something in ``restore`` has no state, or a loss is no number.
            EngineStateError: The engine is running, or its run is interrupted.
        """
        if output_transform is not None:
            is_callable(f"{_WHERE}.attach", "output_transform", output_transform)
        return self._attached(trainer, output_transform, restore, handlers)

    @contextmanager
    def _attached(
        self,
        trainer: Engine[BatchT, Any],
        output_transform: Callable[[Any], float | Tensor] | None,
        restore: Iterable[Stateful],
        handlers: Iterable[Callable[..., object]],
    ) -> Generator[Engine[BatchT, Any]]:
        start_lr = self._first_rates()
        _refuse_falling(start_lr, self._end_lr)
        test = _Test(
            self._optimizer,
            output_transform,
            rates=[self._rates_of(number + 1, start_lr) for number in range(self._num_iter)],
            smooth_f=self._smooth_f,
            diverge_th=self._diverge_th,
        )
        own = (test.forget, test.set_rates, test.take_loss)
        kept = Kept(f"{_WHERE}.attach", [self._optimizer, *restore])
        with ExitStack() as stack:
            stack.enter_context(
                trying(trainer, kept, num_iter=self._num_iter, handlers=[*own, *handlers])
            )
            stack.callback(trainer.add_event_handler(Events.STARTED, test.forget).remove)
            stack.callback(
                trainer.add_event_handler(
                    placed(Events.ITERATION_STARTED, LAST), test.set_rates
                ).remove
            )
            stack.callback(
                trainer.add_event_handler(Events.ITERATION_COMPLETED, test.take_loss).remove
            )
            try:
                yield trainer
            finally:
                if test.losses:
                    self._results = test.results()

    def get_results(self) -> LRFinderResults:
        """Give what the latest test has seen.

        Raises:
            NotAvailableError: There was none yet.
        """
        if self._results is None:
            raise NotAvailableError(
                f"{_WHERE}.get_results: exists once an engine has run in the block of attach"
            )
        return self._results

    def lr_suggestion(self) -> tuple[float, ...]:
        """Give the rates at which the smoothed loss falls most, before it is lowest.

        Returns:
            The rate of each parameter group.

        Raises:
            NotAvailableError: There was no test yet.
            NotComputableError: Fewer than three losses lead to the lowest one.
        """
        results = self.get_results()
        place = steepest(results.losses)
        if place is None:
            raise NotComputableError(
                f"{_WHERE}.lr_suggestion: at least 3 losses must lead to the lowest one; lower "
                "start_lr, or raise num_iter"
            )
        return results.lrs[place]

    def apply_suggested_lr(self, optimizer: Optimizer) -> None:
        """Set the suggested rates.

        Args:
            optimizer: An optimizer with as many parameter groups as the one of the test.

        Raises:
            ArgumentError: It has another number of groups.
            NotAvailableError: There was no test yet.
            NotComputableError: Fewer than three losses lead to the lowest one.
        """
        suggested = self.lr_suggestion()
        if len(suggested) != len(optimizer.param_groups):
            raise ArgumentError(
                f"{_WHERE}.apply_suggested_lr: optimizer must have {len(suggested)} parameter "
                f"groups, as in the test, got {len(optimizer.param_groups)}"
            )
        _set_rates(optimizer, suggested)

    def plot(
        self,
        *,
        skip_start: SupportsIndex = 10,
        skip_end: SupportsIndex = 5,
        log_lr: bool = True,
        display_suggestion: bool = True,
        ax: "Axes | None" = None,
    ) -> "Axes":
        """Draw the smoothed losses over the rates. Nothing is shown or saved by itself.

        Args:
            skip_start: Iterations at the beginning that are left out, ``>= 0``.
            skip_end: Iterations at the end that are left out, ``>= 0``.
            log_lr: Whether the axis of the rates is logarithmic.
            display_suggestion: Whether the suggestion is marked, where there is one.
            ax: Where to draw; a new figure where none is given.

        Returns:
            Where it was drawn: ``plot().figure.savefig("range.png")``.

        Raises:
            ArgumentError: A number is below 0, or leaves nothing to draw.
            MissingExtraError: matplotlib is not installed.
            NotAvailableError: There was no test yet.
        """
        where = f"{_WHERE}.plot"
        pyplot = load(where, "matplotlib.pyplot", extra="plot")
        results = self.get_results()
        num = len(results.losses)
        first = at_least(where, "skip_start", skip_start, 0)
        last = num - at_least(where, "skip_end", skip_end, 0)
        if first >= last:
            raise ArgumentError(
                f"{where}: skip_start and skip_end must leave some of the {num} iterations, "
                f"got {skip_start} and {skip_end}"
            )
        axes: Any = pyplot.subplots()[1] if ax is None else ax
        lines = [
            Line([lrs[group] for lrs in results.lrs], results.losses)
            for group in range(len(self._end_lr))
        ]
        marked = steepest(results.losses) if display_suggestion else None
        draw(axes, lines, shown=slice(first, last), marked=marked, is_log=log_lr)
        drawn: Axes = axes
        return drawn

    def _first_rates(self) -> tuple[float, ...]:
        if self._start_lr is not None:
            return self._start_lr
        present = [group["lr"] for group in self._optimizer.param_groups]
        return tuple(
            real_number(_WHERE, "the optimizer's lr", float(lr), above=0) for lr in present
        )

    def _rates_of(self, number: int, start_lr: Sequence[float]) -> tuple[float, ...]:
        return tuple(
            rate(number, start=start, end=end, num_iter=self._num_iter, step_mode=self._step_mode)
            for start, end in zip(start_lr, self._end_lr, strict=True)
        )


@final
class _Test:
    """Sets the rates of a run, and takes its losses."""

    def __init__(
        self,
        optimizer: Optimizer,
        output_transform: Callable[[Any], float | Tensor] | None,
        *,
        rates: Sequence[tuple[float, ...]],
        smooth_f: float,
        diverge_th: float,
    ) -> None:
        self._optimizer = optimizer
        self._transform = output_transform
        self._rates = rates
        self._smooth_f = smooth_f
        self._diverge_th = diverge_th
        self._collectives: _Collectives = distributed
        self.forget()

    def forget(self) -> None:
        self.losses: list[float] = []
        self._raw_losses: list[float] = []
        self._is_diverged = False

    def set_rates(self, engine: Engine[Any, Any]) -> None:
        _set_rates(self._optimizer, self._rates[engine.state.iteration - 1])

    def take_loss(self, engine: Engine[Any, Any]) -> None:
        output = engine.state.output
        loss = _number(output if self._transform is None else self._transform(output))
        loss = self._mean_over_ranks(loss)
        mean = smoothed(loss, self.losses[-1] if self.losses else None, self._smooth_f)
        if math.isfinite(mean):
            self.losses.append(mean)
            self._raw_losses.append(loss)
        lowest = min(self.losses, default=math.inf)
        if not math.isfinite(mean) or mean > self._diverge_th * lowest:
            self._is_diverged = True
            reason = f"{_WHERE}: the loss has diverged in iteration {engine.state.iteration}"
            _LOGGER.info("%s; the test ends.", reason)
            engine.terminate(reason=reason)

    def results(self) -> LRFinderResults:
        return LRFinderResults(
            lrs=tuple(self._rates[: len(self.losses)]),
            losses=tuple(self.losses),
            raw_losses=tuple(self._raw_losses),
            is_diverged=self._is_diverged,
        )

    def _mean_over_ranks(self, loss: float) -> float:
        num_ranks = get_world_size()
        if num_ranks == 1:
            return loss
        losses = [0.0] * num_ranks
        self._collectives.all_gather_object(losses, loss)
        return sum(losses) / num_ranks


def _rates(what: str, value: float | Sequence[float], optimizer: Optimizer) -> tuple[float, ...]:
    """Give a rate for each parameter group."""
    num_groups = len(optimizer.param_groups)
    if not isinstance(value, Sequence):
        return (real_number(_WHERE, what, value, above=0),) * num_groups
    if len(value) != num_groups:
        raise ArgumentError(
            mismatch(_WHERE, what, f"a number, or {num_groups}, one for each group", value)
        )
    return tuple(
        real_number(_WHERE, f"{what}[{group}]", one, above=0) for group, one in enumerate(value)
    )


def _refuse_falling(start_lr: Sequence[float], end_lr: Sequence[float]) -> None:
    for start, end in zip(start_lr, end_lr, strict=True):
        if start >= end:
            raise ArgumentError(mismatch(_WHERE, "end_lr", f"above the first rate, {start:g}", end))


def _set_rates(optimizer: Optimizer, rates: Sequence[float]) -> None:
    for group, lr in zip(optimizer.param_groups, rates, strict=True):
        if isinstance(group["lr"], Tensor):  # a compiled or captured step reads this very tensor
            group["lr"].fill_(lr)
        else:
            group["lr"] = lr


def _number(loss: float | Tensor) -> float:
    if isinstance(loss, Tensor):
        if loss.numel() != 1:
            raise ArgumentError(
                f"{_WHERE}: the loss must have one element, got shape {list(loss.shape)}; pass "
                "an output_transform that gives it"
            )
        return float(loss)
    number: object = loss  # for callers that no type checker looks at
    if isinstance(number, bool) or not isinstance(number, Real):
        raise ArgumentTypeError(
            mismatch(_WHERE, "the loss", "a number or a tensor of one element", loss)
            + "; pass an output_transform that gives it"
        )
    return float(number)
