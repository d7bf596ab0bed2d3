"""LossSpikeDetector: tell, or stop, when a loss jumps."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Any: a loss is read off the output, whatever the batches are.
from typing import Any, Final, Generic, Literal, SupportsIndex, TypeAlias, final, get_args, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import at_least, is_callable, mismatch, one_of, real_number
from firesteel.engine import Attachable, Engine
from firesteel.errors import ArgumentError, ArgumentTypeError
from firesteel.events import Events, PayloadEvent, RemovableEventHandle

from ._recent import Recent, is_spike

__all__ = ["LOSS_SPIKE", "LossSpike", "LossSpikeDetector"]

OutputT = TypeVar("OutputT", contravariant=True, default=float | Tensor)

SpikeAction: TypeAlias = Literal["report", "terminate"]

_WHERE: Final = "LossSpikeDetector"
_LOGGER: Final = logging.getLogger("firesteel.handlers")

_EVERY: Final = 20
"""Iterations between two looks at a device that the host would have to wait for."""

_BOUNDARIES: Final = (
    Events.EPOCH_COMPLETED | Events.TERMINATE | Events.TERMINATE_SINGLE_EPOCH | Events.INTERRUPT
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LossSpike:
    """A loss far above those before it.

    Attributes:
        iteration: The iteration that it is of.
        loss: The loss; may be NaN or infinite.
        median: The median of the losses before it.
    """

    iteration: int
    loss: float
    median: float


LOSS_SPIKE: Final = PayloadEvent[LossSpike]("loss_spike")
"""Fired by a :class:`LossSpikeDetector`, on the engine that it is attached to."""


@final
class LossSpikeDetector(Attachable[OutputT, RemovableEventHandle], Generic[OutputT]):
    r"""Fires ``LOSS_SPIKE`` when a loss lies far above the latest ones.

    With the median :math:`m` of the last ``window`` losses, and their deviation :math:`d`, which is
    1.4826 times the median of :math:`|\ell - m|`, a loss :math:`\ell` is a spike when
    :math:`\ell - m > k\,d` and :math:`\ell - m > r\,|m|`, or when it is not finite. The median and
    this deviation hardly change by a few spikes. Finite losses are taken into the window whatever
    they are, so that a new level is none for long. Nothing is a spike before the window is full,
    in a run that goes on in a new process as well.

    Losses of the host, tensors on the CPU among them, are looked at in each iteration. Tensors on
    other devices are kept there, and read, with one wait, every ``every`` iterations and when an
    epoch or the run ends: the event may then come later than the spike, and says of which iteration
    it is.

    Args:
        output_transform: Gives the loss from the output, a number or a tensor of one element;
            without, the output is the loss.
        window: How many losses are compared with, ``>= 2``.
        num_deviations: How many deviations above the median a spike is, :math:`k > 0`.
        min_rise: The least rise of a spike, as a share of the median's magnitude, :math:`r \ge 0`.
        action: ``"report"`` to fire the event, ``"terminate"`` to end the run after that.
        every: Iterations between two looks, ``>= 1``, for tensors on the CPU as well; ``None`` for
            1 on the CPU and 20 on other devices.

    Raises:
        ArgumentError: A number is out of range, or ``action`` is none of the above.
        ArgumentTypeError: An argument is of another kind.

    Example:
        >>> from firesteel.engine import Engine
        >>> trainer = Engine(lambda engine, batch: batch)
        >>> handle = trainer.attach(LossSpikeDetector(window=4))
        >>> @trainer.on(LOSS_SPIKE)
        ... def show(engine: Engine[float, float], spike: LossSpike) -> None:
        ...     print(spike)
        >>> state = trainer.run([2.0, 1.9, 2.1, 2.0, 1.9, 7.5, 2.0])
        LossSpike(iteration=6, loss=7.5, median=1.95)
    """

    @overload
    def __init__(
        self: "LossSpikeDetector[float | Tensor]",
        *,
        window: SupportsIndex = 50,
        num_deviations: float = 6.0,
        min_rise: float = 0.2,
        action: SpikeAction = "report",
        every: SupportsIndex | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], float | Tensor],
        *,
        window: SupportsIndex = 50,
        num_deviations: float = 6.0,
        min_rise: float = 0.2,
        action: SpikeAction = "report",
        every: SupportsIndex | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], float | Tensor] | None = None,
        *,
        window: SupportsIndex = 50,
        num_deviations: float = 6.0,
        min_rise: float = 0.2,
        action: SpikeAction = "report",
        every: SupportsIndex | None = None,
    ) -> None:
        if output_transform is not None:
            is_callable(_WHERE, "output_transform", output_transform)
        one_of(_WHERE, "action", action, get_args(SpikeAction))
        self._transform = output_transform
        self._window = at_least(_WHERE, "window", window, 2)
        self._num_deviations = real_number(_WHERE, "num_deviations", num_deviations, above=0)
        self._min_rise = real_number(_WHERE, "min_rise", min_rise, at_least=0)
        self._has_to_stop = action == "terminate"
        self._every = None if every is None else at_least(_WHERE, "every", every, 1)

    def attach(self, engine: Engine[Any, OutputT]) -> RemovableEventHandle:
        """Look at the losses of an engine, and register ``LOSS_SPIKE`` on it.

        In a rehearsal losses are read and forgotten.

        Args:
            engine: The engine.

        Returns:
            The way to take it off again.
        """
        engine.register_events(LOSS_SPIKE)
        watch = _Watch(self._loss, self._judge, self._window, self._every)
        return (
            engine.add_event_handler(Events.STARTED, watch.begin)
            + engine.add_event_handler(Events.ITERATION_COMPLETED, watch.look)
            + engine.add_event_handler(_BOUNDARIES, watch.read)
            + engine.add_event_handler(Events.EXCEPTION_RAISED, watch.forget_unread)
        )

    @override
    def attach_to(self, engine: Engine[Any, OutputT]) -> RemovableEventHandle:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
        """
        return self.attach(engine)

    def _loss(self, engine: Engine[Any, OutputT]) -> object:
        output = engine.state.output
        return output if self._transform is None else self._transform(output)

    def _judge(
        self, engine: Engine[Any, OutputT], iteration: int, loss: float, recent: Recent
    ) -> None:
        if not is_spike(loss, recent, num_deviations=self._num_deviations, min_rise=self._min_rise):
            return
        spike = LossSpike(iteration=iteration, loss=loss, median=recent.median())
        reason = (
            f"{_WHERE}: the loss of iteration {iteration} is {loss:.4g}, the median before it "
            f"{spike.median:.4g}"
        )
        _LOGGER.warning("%s", reason)
        engine.fire_event(LOSS_SPIKE, spike)
        if self._has_to_stop:
            engine.terminate(reason=reason)


@final
class _Watch:
    """Looks at the losses of one engine."""

    def __init__(
        self,
        loss: Callable[[Engine[Any, Any]], object],
        judge: Callable[[Engine[Any, Any], int, float, Recent], object],
        window: int,
        every: int | None,
    ) -> None:
        self._loss = loss
        self._judge = judge
        self._window = window
        self._every = every
        self._recent = Recent(window)
        self._unread: list[tuple[int, Tensor]] = []
        self._next_look = 0

    def begin(self, engine: Engine[Any, Any]) -> None:
        self._unread = []
        if engine.state.iteration == 0:
            self._recent = Recent(self._window)

    def look(self, engine: Engine[Any, Any]) -> None:
        loss, iteration = _checked(self._loss(engine)), engine.state.iteration
        if isinstance(loss, Tensor) and self._has_to_wait(loss):
            if not self._unread:
                self._next_look = iteration + (self._every or _EVERY) - 1
            # copied, since the output may be overwritten in the next iteration
            self._unread.append((iteration, loss.detach().reshape(()).clone()))
            if iteration >= self._next_look:
                self.read(engine)
        else:
            self._take(engine, [(iteration, float(loss))])

    def read(self, engine: Engine[Any, Any]) -> None:
        """Read what was kept since the last time."""
        unread, self._unread = self._unread, []
        if unread:
            losses = torch.stack([loss for _, loss in unread]).cpu()
            self._take(
                engine,
                [
                    (iteration, float(loss))
                    for (iteration, _), loss in zip(unread, losses, strict=True)
                ],
            )

    def forget_unread(self, *_: object) -> None:
        self._unread = []

    def _take(self, engine: Engine[Any, Any], losses: Sequence[tuple[int, float]]) -> None:
        if engine.is_rehearsing:
            return
        for iteration, loss in losses:
            if self._recent.is_full:
                self._judge(engine, iteration, loss, self._recent)
            if abs(loss) < float("inf"):
                self._recent.put(loss)

    def _has_to_wait(self, loss: Tensor) -> bool:
        return not loss.is_cpu if self._every is None else self._every > 1


def _checked(loss: object) -> float | Tensor:
    if isinstance(loss, Tensor):
        if loss.numel() != 1:
            raise ArgumentError(
                f"{_WHERE}: the loss must have one element, got shape {list(loss.shape)}; pass "
                "an output_transform that gives it"
            )
        return loss
    if isinstance(loss, bool) or not isinstance(loss, float | int):
        raise ArgumentTypeError(
            mismatch(_WHERE, "the loss", "a number or a tensor of one element", loss)
            + "; pass an output_transform that gives it"
        )
    return loss
