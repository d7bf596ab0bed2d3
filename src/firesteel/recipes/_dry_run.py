"""A run on tensors that have a shape, a dtype and a device, but no memory."""

import logging
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

# Any: what is called in a handler's place has the handler's type, which no closure can be given.
from typing import Any, Final, Generic, final

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensor,
    FakeTensorMode,
    UnsupportedFakeTensorException,
    UnsupportedOperatorException,
    unset_fake_temporarily,
)
from torch.nn.modules.module import register_module_forward_pre_hook
from torch.optim import Optimizer
from torch.optim.optimizer import register_optimizer_step_pre_hook
from typing_extensions import TypeVar

from firesteel._require import is_callable
from firesteel.engine import Engine
from firesteel.errors import NotComputableError, TracingError
from firesteel.events import Events
from firesteel.protocols import Stateful

from ._kept_states import States

__all__ = ["DryRun", "dry_run"]

BatchT = TypeVar("BatchT")
OutputT = TypeVar("OutputT", covariant=True)
CallT = TypeVar("CallT", bound=Callable[..., object])

_UNTRACEABLE: Final = (
    DataDependentOutputException,
    DynamicOutputShapeException,
    UnsupportedFakeTensorException,
    UnsupportedOperatorException,
)
"""What torch raises where the numbers themselves are needed."""


@final
@dataclass(frozen=True, slots=True)
class DryRun(Generic[OutputT]):
    """What a dry run has found.

    Attributes:
        output: What the process function gave; its tensors have no numbers.
        untraced: The handlers that need numbers, each with what it asked for.
    """

    output: OutputT
    untraced: tuple[str, ...]


def dry_run(
    engine: Engine[BatchT, OutputT],
    make_batch: Callable[[], BatchT],
    *,
    restore: Iterable[Stateful] = (),
) -> DryRun[OutputT]:
    """Run one iteration on tensors without memory: shapes, dtypes and devices that do not fit fail.

    The process function is called with the batch, forward, backward and optimizer step included,
    and then all handlers, metrics among them, whatever their filters. No data is read and no memory
    of a device is taken: the batch may lie on ``cuda`` where there is none. Weights, gradients,
    buffers, states of optimizers and the engine are as they were afterwards, and so is what is
    handed over in ``restore``; what a script of yours keeps of the tensors itself is not put back.
    Steps of :mod:`firesteel.recipes` leave their scaler and their schedules alone. A step of your
    own cannot be traced while its gradient scaler is enabled.

    A handler that needs numbers, as one that prints a loss, is stopped where it asks for them, and
    named in the result; so is the computation of most metrics, while their updates are traced.

    Args:
        engine: The engine.
        make_batch: Makes a batch, of ``torch.empty`` and the like. Called in here, where such
            tensors take no memory.
        restore: What else is put back in the end: schedulers, for example.

    Returns:
        What the process function gave, and who could not be traced.

    Raises:
        TracingError: The process function needs numbers, so that it cannot be traced.
        RuntimeError: Shapes, dtypes or devices do not fit; whatever torch raises for them.
        EngineStateError: The engine is running, or its run is interrupted.

    Example:
        >>> import torch
        >>> from torch import Tensor
        >>> model = torch.nn.Linear(784, 10)
        >>> def step(engine: Engine[Tensor, Tensor], batch: Tensor) -> Tensor:
        ...     loss: Tensor = model(batch).logsumexp(dim=1).mean()
        ...     loss.backward()
        ...     return loss
        >>> dry_run(Engine(step), lambda: torch.empty(64, 784)).output.shape
        torch.Size([])
        >>> try:
        ...     dry_run(Engine(step), lambda: torch.empty(64, 783))
        ... except RuntimeError as error:
        ...     print(error)
        a and b must have same reduction dim, but got [64, 783] X [784, 10].
    """
    is_callable("dry_run", "make_batch", make_batch)
    kept = States("dry_run", restore)
    outputs: list[OutputT] = []
    untraced: list[str] = []

    def guarded(handler: Callable[..., object], call: CallT) -> CallT:
        def guarding(*args: object) -> object:
            try:
                return call(*args)
            except _UNTRACEABLE as error:
                untraced.append(f"{_name_of(handler)}: {_asked_for(error)}")
            except NotComputableError as error:
                if not untraced:
                    raise
                untraced.append(f"{_name_of(handler)}: {_asked_for(error)}")  # was not updated
            return None

        guard: Any = guarding
        guarded_call: CallT = guard
        return guarded_call

    with ExitStack() as stack:
        stack.callback(kept.put_back)
        stack.enter_context(_quiet())
        stack.enter_context(_put_back())
        stack.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
        stack.enter_context(engine.rehearsal(guard=guarded))
        taken = engine.add_event_handler(
            Events.ITERATION_COMPLETED, lambda engine: outputs.append(engine.state.output)
        )
        stack.callback(taken.remove)
        try:
            engine.run([make_batch()])
        except _UNTRACEABLE as error:
            raise TracingError(
                f"dry_run: {_name_of(engine.process_function)} must not look at numbers to be "
                f"traced, it asked for {_asked_for(error)}"
            ) from error
    return DryRun(outputs[0], tuple(untraced))


def _name_of(handler: Callable[..., object]) -> str:
    return getattr(handler, "__qualname__", repr(handler))


def _asked_for(error: Exception) -> str:
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    return f"{error} ({type(error).__name__}){notes}"


@contextmanager
def _quiet() -> Generator[None]:
    """Keep torch from logging what is raised anyway."""
    logger = logging.getLogger("torch._subclasses.fake_tensor")
    was_disabled = logger.disabled
    logger.disabled = True
    try:
        yield
    finally:
        logger.disabled = was_disabled


@contextmanager
def _put_back() -> Generator[None]:
    """Have modules and optimizers that are used in the block be as they were."""
    modules: dict[nn.Module, _ModuleBefore] = {}
    optimizers: dict[Optimizer, _OptimizerBefore] = {}

    def note_module(module: nn.Module, _args: object) -> None:
        if module not in modules:
            modules[module] = _ModuleBefore(module)

    def note_optimizer(optimizer: Optimizer, _args: object, _kwargs: object) -> None:
        if optimizer not in optimizers:
            optimizers[optimizer] = _OptimizerBefore(optimizer)

    handles = (
        register_module_forward_pre_hook(note_module),
        register_optimizer_step_pre_hook(note_optimizer),
    )
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()
        for module_before in modules.values():
            module_before.put_back()
        for optimizer_before in optimizers.values():
            optimizer_before.put_back()


@final
class _ModuleBefore:
    """Gradients and buffers of a module, without those of the modules in it."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._grads = [(one, one.grad) for one in module.parameters(recurse=False)]
        self._buffers = {name: _Kept(one) for name, one in module.named_buffers(recurse=False)}

    def put_back(self) -> None:
        for parameter, grad in self._grads:
            parameter.grad = None if isinstance(grad, FakeTensor) else grad
        for name, kept in self._buffers.items():
            setattr(self._module, name, kept.put_back())


@final
class _Kept:
    """A tensor and its numbers."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor
        with unset_fake_temporarily():
            self._numbers = tensor.detach().clone()

    def put_back(self) -> Tensor:
        with torch.no_grad():
            self._tensor.copy_(self._numbers)
        return self._tensor


@final
class _OptimizerBefore:
    """What an optimizer keeps of its parameters: taken away, since it may look at the numbers."""

    def __init__(self, optimizer: Optimizer) -> None:
        self._optimizer = optimizer
        self._state = dict(optimizer.state)
        optimizer.state.clear()

    def put_back(self) -> None:
        for group in self._optimizer.param_groups:
            for parameter in group["params"]:
                if isinstance(parameter.grad, FakeTensor):
                    parameter.grad = None
        self._optimizer.state.clear()
        self._optimizer.state.update(self._state)
