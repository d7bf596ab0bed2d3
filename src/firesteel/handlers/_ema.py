"""EMAHandler: an exponential moving average of a model's weights."""

from collections.abc import Callable
from typing import Final, SupportsIndex, final, overload

from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from typing_extensions import TypeVar, override

from firesteel._require import at_least, is_callable, mismatch, real_number
from firesteel.errors import ArgumentError

from ._averaging import BufferMode, WeightAverage

__all__ = ["EMAHandler", "warmed_up"]

ModuleT = TypeVar("ModuleT", bound=nn.Module)

_WHERE: Final = "EMAHandler"


def warmed_up(number: int, *, momentum: float, first: float, num_warmup: int) -> float:
    """Give the momentum of an update while it goes in a line from its first value to its last.

    Args:
        number: Number of the update, ``>= 1``.
        momentum: What it is from update ``num_warmup`` on, but for the first.
        first: What it is in the first update.
        num_warmup: Length of the line in updates, ``>= 1``.
    """
    if number == 1:
        return first
    if number >= num_warmup:
        return momentum
    return first + (momentum - first) * (number - 1) / (num_warmup - 1)


@final
class EMAHandler(WeightAverage[ModuleT]):
    r"""Keeps an exponential moving average of a model's weights.

    With the momentum :math:`m`, an update is
    :math:`\theta^\text{EMA} \leftarrow (1 - m)\,\theta^\text{EMA} + m\,\theta`. The average begins
    with the weights that the model has when the handler is made. Nothing waits for a device, and
    parameters of one device and dtype are updated by one kernel. Parameters that are distributed
    tensors are updated shard by shard, without communication.

    Weights in half precision lose updates that are smaller than their steps: pass an ``ema_model``
    in float32 for them.

    Args:
        model: The model that is trained. What ``DistributedDataParallel``, ``DataParallel`` or
            ``torch.compile`` wraps is averaged.
        momentum: Weight of the model in an update, in ``(0, 1)``; or a function that gives it, in
            ``[0, 1]``, for the update's number, which is 1 for the first.
        momentum_warmup: The momentum in the first update, in ``(0, 1)``; from there it goes in a
            line to ``momentum``.
        warmup_iters: The update from which on it is ``momentum``, ``>= 1``; not the first, though.
        handle_buffers: ``"copy"`` copies the model's buffers in each update, ``"update"`` averages
            those that are of a floating-point or complex dtype and copies the others,
            ``"ema_train"`` leaves them alone and puts the averaged model into training mode: its
            batch norms then follow the data that you pass through it.
        ema_model: Holds the average: a second instance of the model, where the model cannot be
            copied, as one that ``fully_shard`` was applied to, or where the average is to have
            another dtype or device. It is overwritten.

    Raises:
        ArgumentError: A number is out of range, one of ``momentum_warmup`` and ``warmup_iters`` is
            missing, or ``ema_model`` has other parameters or buffers, or the
            model's own.
        ArgumentTypeError: ``model`` is no module, or something else is of another kind.

    Source:
        The names are those of ``ignite.handlers.EMAHandler``.

    Example:
        >>> import torch
        >>> from firesteel.engine import Engine
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> ema = EMAHandler(model, momentum=0.5)
        >>> def step(engine: Engine[float, None], batch: float) -> None:
        ...     with torch.no_grad():
        ...         model.weight.fill_(batch)
        >>> trainer = Engine(step)
        >>> _ = ema.ema_model.weight.fill_(0)
        >>> handle = trainer.attach(ema)
        >>> state = trainer.run([4.0, 8.0])
        >>> ema.ema_model.weight.item()
        5.0
        >>> with ema.applied():
        ...     print(model.weight.item())
        5.0
        >>> model.weight.item()
        8.0
    """

    @overload
    def __init__(
        self: "EMAHandler[nn.Module]",
        model: DistributedDataParallel,
        *,
        momentum: float | Callable[[int], float] = 0.0002,
        momentum_warmup: float | None = None,
        warmup_iters: SupportsIndex | None = None,
        handle_buffers: BufferMode = "copy",
    ) -> None: ...
    @overload
    def __init__(
        self,
        model: DataParallel[ModuleT],
        *,
        momentum: float | Callable[[int], float] = 0.0002,
        momentum_warmup: float | None = None,
        warmup_iters: SupportsIndex | None = None,
        handle_buffers: BufferMode = "copy",
        ema_model: ModuleT | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        model: ModuleT,
        *,
        momentum: float | Callable[[int], float] = 0.0002,
        momentum_warmup: float | None = None,
        warmup_iters: SupportsIndex | None = None,
        handle_buffers: BufferMode = "copy",
        ema_model: ModuleT | None = None,
    ) -> None: ...
    def __init__(
        self,
        model: nn.Module,
        *,
        momentum: float | Callable[[int], float] = 0.0002,
        momentum_warmup: float | None = None,
        warmup_iters: SupportsIndex | None = None,
        handle_buffers: BufferMode = "copy",
        ema_model: ModuleT | None = None,
    ) -> None:
        self._momentum = _schedule(momentum, momentum_warmup, warmup_iters)
        super().__init__(_WHERE, model, average=ema_model, handle_buffers=handle_buffers)

    @property
    def ema_model(self) -> ModuleT:
        """The averaged model: without gradients; in evaluation mode, but with ``"ema_train"``."""
        return self._average

    @property
    def momentum(self) -> float:
        """The momentum of the next update."""
        return self._weight()

    @override
    def _weight(self) -> float:
        number = self._num_updates + 1
        momentum = self._momentum(number)
        if not 0 <= momentum <= 1:
            raise ArgumentError(
                mismatch(_WHERE, f"momentum({number})", "at least 0 and at most 1", momentum)
            )
        return momentum


def _schedule(
    momentum: float | Callable[[int], float],
    momentum_warmup: float | None,
    warmup_iters: SupportsIndex | None,
) -> Callable[[int], float]:
    """Check what momentum is to be when, and give it as a function."""
    if (momentum_warmup is None) != (warmup_iters is None):
        raise ArgumentError(
            f"{_WHERE}: takes momentum_warmup and warmup_iters together, got one of them"
        )
    if not isinstance(momentum, float | int):
        is_callable(_WHERE, "momentum", momentum)
        if momentum_warmup is not None:
            raise ArgumentError(
                f"{_WHERE}: takes no momentum_warmup where momentum is a function, "
                f"got {momentum_warmup!r}; have the function warm up"
            )
        return momentum
    last = real_number(_WHERE, "momentum", momentum, above=0, below=1)
    if momentum_warmup is None or warmup_iters is None:
        return lambda _number: last
    first = real_number(_WHERE, "momentum_warmup", momentum_warmup, above=0, below=1)
    num_warmup = at_least(_WHERE, "warmup_iters", warmup_iters, 1)
    return lambda number: warmed_up(number, momentum=last, first=first, num_warmup=num_warmup)
