"""SWAHandler: the mean of a model's weights at several moments."""

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager

# Any: whose weights are averaged is nothing to the engine.
from typing import Any, Final, TypeAlias, final, overload

import torch
from torch import nn
from torch.nn.parallel import DataParallel, DistributedDataParallel
from typing_extensions import TypeVar, override

from firesteel._require import is_callable, is_iterable
from firesteel.engine import Engine
from firesteel.errors import DataError
from firesteel.events import EventLike, Events, RemovableEventHandle

from ._averaging import WeightAverage

__all__ = ["SWAHandler"]

ModuleT = TypeVar("ModuleT", bound=nn.Module)
BatchT = TypeVar("BatchT")

_BatchNorm: TypeAlias = nn.BatchNorm1d | nn.BatchNorm2d | nn.BatchNorm3d | nn.SyncBatchNorm

_WHERE: Final = "SWAHandler"


@final
class SWAHandler(WeightAverage[ModuleT]):
    r"""Keeps the mean of a model's weights at the ends of epochs: stochastic weight averaging.

    After :math:`n` updates the averaged model is :math:`\frac{1}{n} \sum_i \theta_i`; before the
    first one it is the model as it was when the handler was made. Attach it to the epochs from
    which on the mean is taken, with a constant or cyclical learning rate
    (``torch.optim.swa_utils.SWALR``). Its batch norms have no statistics that belong to the
    averaged weights: call :meth:`update_bn` in the end. Other buffers are copied in each update.

    Nothing waits for a device, and parameters of one device and dtype are updated by one kernel.

    Args:
        model: The model that is trained. What ``DistributedDataParallel``, ``DataParallel`` or
            ``torch.compile`` wraps is averaged.
        swa_model: Holds the average: a second instance of the model, where the model cannot be
            copied, or where the average is to have another dtype or device. It is overwritten.

    Raises:
        ArgumentError: ``swa_model`` has other parameters or buffers, or the
            model's own.
        ArgumentTypeError: ``model`` is no module.

    Source:
        Izmailov et al., "Averaging weights leads to wider optima and better generalization", UAI
        2018. The values are those of ``torch.optim.swa_utils.AveragedModel``.

    Example:
        >>> import torch
        >>> from firesteel.engine import Engine
        >>> model = torch.nn.Linear(1, 1, bias=False)
        >>> def step(engine: Engine[float, None], batch: float) -> None:
        ...     with torch.no_grad():
        ...         model.weight.fill_(batch * engine.state.epoch)
        >>> trainer = Engine(step)
        >>> swa = SWAHandler(model)
        >>> handle = swa.attach(trainer, event=Events.EPOCH_COMPLETED(after=2))
        >>> state = trainer.run([1.0], max_epochs=4)
        >>> swa.swa_model.weight.item()  # the mean of 3 and 4
        3.5
    """

    @overload
    def __init__(self: "SWAHandler[nn.Module]", model: DistributedDataParallel) -> None: ...
    @overload
    def __init__(
        self, model: DataParallel[ModuleT], *, swa_model: ModuleT | None = None
    ) -> None: ...
    @overload
    def __init__(self, model: ModuleT, *, swa_model: ModuleT | None = None) -> None: ...
    def __init__(self, model: nn.Module, *, swa_model: ModuleT | None = None) -> None:
        super().__init__(_WHERE, model, average=swa_model, handle_buffers="copy")

    @property
    def swa_model(self) -> ModuleT:
        """The averaged model: without gradients, and in evaluation mode."""
        return self._average

    @override
    def attach(
        self,
        engine: Engine[Any, object],
        *,
        event: EventLike[Engine[Any, object]] = Events.EPOCH_COMPLETED,
    ) -> RemovableEventHandle:
        """Update the average whenever an event is fired.

        In a rehearsal the average stays as it is.

        Args:
            engine: The engine that trains the model.
            event: When to update: ``EPOCH_COMPLETED(after=75)`` for the epochs from the 76th on.

        Returns:
            The way to take it off again.
        """
        return super().attach(engine, event=event)

    @override
    def _weight(self) -> float:
        return 1 / (self._num_updates + 1)

    def update_bn(
        self, data: Iterable[BatchT], forward: Callable[[ModuleT, BatchT], object]
    ) -> None:
        """Take the statistics of the averaged model's batch norms anew, from one pass over data.

        Each batch has the same weight. A model without batch norms is left alone, and the data is
        not read.

        Args:
            data: Batches as the model was trained with.
            forward: Passes a batch through the model; it is called without gradients, with the
                model in training mode.

        Raises:
            DataError: There is no batch; the statistics stay as they were.
            ArgumentTypeError: ``data`` cannot be iterated over, or ``forward`` not be called.

        Source:
            ``torch.optim.swa_utils.update_bn``, which knows batches of one form alone, and leaves
            the batch norms without momentum where the data raises.
        """
        where = f"{_WHERE}.update_bn"
        is_iterable(where, "data", data)
        is_callable(where, "forward", forward)
        norms = [module for module in self._average.modules() if isinstance(module, _BatchNorm)]
        norms = [norm for norm in norms if norm.track_running_stats]
        if not norms:
            return
        batches = iter(data)
        try:
            first = next(batches)
        except StopIteration:
            raise DataError(f"{where}: data must give at least one batch, got none") from None
        with _taking_means(self._average, norms), torch.no_grad():
            forward(self._average, first)
            for batch in batches:
                forward(self._average, batch)


@contextmanager
def _taking_means(model: nn.Module, norms: list[_BatchNorm]) -> Generator[None]:
    """Have batch norms take the plain mean over all batches, from nothing."""
    modes = [(module, module.training) for module in model.modules()]
    momenta = [norm.momentum for norm in norms]
    try:
        for norm in norms:
            norm.reset_running_stats()
            norm.momentum = None
        model.train()
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
        for module, is_training in modes:
            module.training = is_training
