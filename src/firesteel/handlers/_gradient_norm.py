"""Norms of gradients: of all together, and of each parameter."""

import math
import weakref
from collections.abc import Callable, Mapping

# Any: what an engine puts out is nothing to the gradients.
from typing import Any, final

import torch
from torch import Tensor, nn
from torch.nn.utils import get_total_norm
from typing_extensions import TypeVar, override

from firesteel._require import is_a, mismatch
from firesteel.engine import Engine, MetricKey
from firesteel.errors import ArgumentError, NotComputableError
from firesteel.events import Events, RemovableEventHandle

from ._measurement import Measurement

__all__ = ["GradientNorm", "GradientNorms"]

ResultT = TypeVar("ResultT")


@final
class GradientNorm(Measurement[object, float]):
    """The norm of all gradients of a model together, after each iteration.

    It is computed when it is read, on the device, and read with one wait for it: what nobody reads
    costs nothing but a note. It is that of the gradients as they are then: clipped, where they were
    clipped, and times the scale, where a gradient scaler has not taken it out. Once the next
    iteration has begun they are gone, and so is the result.

    With sharded parameters it is that of this rank's part.

    Args:
        model: The model.
        order: Which norm, ``> 0``: 2 for the length, ``math.inf`` for the largest.

    Raises:
        ArgumentError: ``order`` is not above zero.
        ArgumentTypeError: ``model`` is no module.

    Source:
        ``torch.nn.utils.get_total_norm``.

    Example:
        >>> model = nn.Linear(2, 1, bias=False)
        >>> def step(engine: Engine[Tensor, Tensor], batch: Tensor) -> Tensor:
        ...     model.zero_grad()
        ...     loss = model(batch).sum()
        ...     loss.backward()
        ...     return loss.detach()
        >>> trainer = Engine(step)
        >>> norm = trainer.attach(GradientNorm(model), "gradient norm")
        >>> trainer.run([torch.tensor([[3.0, 4.0]])]).metrics[norm]
        5.0
    """

    __slots__ = ("_model", "_order")

    def __init__(self, model: nn.Module, *, order: float = 2.0) -> None:
        super().__init__()
        self._model = model
        self._order = _checked("GradientNorm", model, order)

    @override
    def _add_to(self, engine: Engine[Any, object], key: MetricKey[float]) -> RemovableEventHandle:
        return _record_after_iterations(engine, key, self._norm)

    def _norm(self) -> float:
        gradients = list(_gradients("GradientNorm", self._model).values())
        return float(get_total_norm(gradients, self._order))


@final
class GradientNorms(Measurement[object, Mapping[str, float]]):
    """The norm of the gradient of each parameter of a model, after each iteration, by names.

    Parameters without a gradient are left out. When it is computed is as with
    :class:`GradientNorm`; all norms together are read with one wait for the device.

    Args:
        model: The model.
        order: Which norm, ``> 0``: 2 for the length, ``math.inf`` for the largest.

    Raises:
        ArgumentError: ``order`` is not above zero.
        ArgumentTypeError: ``model`` is no module.

    Example:
        >>> model = nn.Linear(2, 1)
        >>> def step(engine: Engine[Tensor, Tensor], batch: Tensor) -> Tensor:
        ...     model.zero_grad()
        ...     loss = model(batch).sum()
        ...     loss.backward()
        ...     return loss.detach()
        >>> trainer = Engine(step)
        >>> norms = trainer.attach(GradientNorms(model), "gradient norms")
        >>> trainer.run([torch.tensor([[3.0, 4.0]])]).metrics[norms]
        {'weight': 5.0, 'bias': 1.0}
    """

    __slots__ = ("_model", "_order")

    def __init__(self, model: nn.Module, *, order: float = 2.0) -> None:
        super().__init__()
        self._model = model
        self._order = _checked("GradientNorms", model, order)

    @override
    def _add_to(
        self, engine: Engine[Any, object], key: MetricKey[Mapping[str, float]]
    ) -> RemovableEventHandle:
        return _record_after_iterations(engine, key, self._norms)

    def _norms(self) -> Mapping[str, float]:
        gradients = _gradients("GradientNorms", self._model)
        norms = [get_total_norm([one], self._order) for one in gradients.values()]
        is_double = any(norm.dtype is torch.float64 for norm in norms)
        dtype = torch.float64 if is_double else torch.float32
        # a model may lie on several devices
        together = torch.stack([norm.to(norms[0].device, dtype) for norm in norms]).cpu()
        return dict(zip(gradients, map(float, together), strict=True))


def _checked(where: str, model: nn.Module, order: float) -> float:
    is_a(where, "model", model, nn.Module, "a module")
    if not order > 0:  # so that NaN is refused too
        raise ArgumentError(mismatch(where, "order", "above 0", order))
    return math.inf if order == math.inf else float(order)


def _gradients(where: str, model: nn.Module) -> Mapping[str, Tensor]:
    gradients = {
        name: parameter.grad.detach()
        for name, parameter in model.named_parameters()
        if parameter.grad is not None
    }
    if not gradients:
        raise NotComputableError(
            f"{where}: no parameter of the model has a gradient; clear gradients before the "
            "backward pass, not behind the optimizer's step"
        )
    return gradients


def _record_after_iterations(
    engine: Engine[Any, object], key: MetricKey[ResultT], compute: Callable[[], ResultT]
) -> RemovableEventHandle:
    recorded = 0

    def record(engine: Engine[Any, object]) -> None:
        nonlocal recorded
        recorded = engine.state.iteration
        engine.state.metrics.record_later(key, result)

    engine_of = weakref.ref(engine)

    def result() -> ResultT:
        running = engine_of()
        if running is not None and running.state.iteration != recorded:
            raise NotComputableError(
                f"{key.name}: the gradients of iteration {recorded} are gone once the next one has "
                "begun; read it from ITERATION_COMPLETED on"
            )
        return compute()

    def clear(engine: Engine[Any, object]) -> None:
        engine.state.metrics.drop(key)

    return engine.add_event_handler(Events.STARTED, clear) + engine.add_event_handler(
        Events.ITERATION_COMPLETED, record
    )
