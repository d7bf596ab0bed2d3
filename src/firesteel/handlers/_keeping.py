"""Trying something out: everything stands where it stood afterwards, whatever happens."""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import ExitStack, contextmanager
from types import MethodType

# Any: what an engine runs is nothing to what keeps it; and a function that does nothing stands for
# handlers of every signature.
from typing import Any, Final, final

from torch import Tensor, nn
from typing_extensions import TypeVar

from firesteel._require import is_a
from firesteel.data import apply_to_tensor, keep_random_state
from firesteel.engine import Engine
from firesteel.events import Events
from firesteel.protocols import Stateful

__all__ = ["Kept", "trying"]

CallT = TypeVar("CallT", bound=Callable[..., object])


@final
class Kept:
    """The states of some objects, copied, to be put back any number of times.

    Of modules that includes what is in no state: buffers that are not persistent, gradients, and
    whether each part is in training mode. Tensors are copied to the CPU, so that the memory of a
    device stays free.

    Args:
        where: Who keeps them, for errors.
        things: The objects.

    Raises:
        ArgumentTypeError: Something has no state.
    """

    def __init__(self, where: str, things: Iterable[Stateful]) -> None:
        self._things = list(things)
        for place, one in enumerate(self._things):
            is_a(where, f"restore[{place}]", one, Stateful, "something with a state_dict")
        self._states = [_copied(one.state_dict()) for one in self._things]
        self._modules = [_KeptModule(one) for one in self._things if isinstance(one, nn.Module)]

    def put_back(self) -> None:
        """Put all states back; where one cannot be, the others are, and then it raises."""
        with ExitStack() as stack:
            for module in self._modules:
                stack.callback(module.put_back)
            for one, state in zip(self._things, self._states, strict=True):
                stack.callback(_load, one, state)


@final
class _KeptModule:
    """What a module has beside its state."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module
        self._modes = [(part, part.training) for part in module.modules()]
        in_state = module.state_dict().keys()
        self._buffers = {
            name: _host_copy(buffer)
            for name, buffer in module.named_buffers()
            if name not in in_state
        }
        self._gradients = [
            (parameter, None if parameter.grad is None else _host_copy(parameter.grad))
            for parameter in module.parameters()
        ]

    def put_back(self) -> None:
        for part, is_training in self._modes:
            part.training = is_training
        for name, kept in self._buffers.items():
            self._module.get_buffer(name).copy_(kept)
        for parameter, gradient in self._gradients:
            parameter.grad = None if gradient is None else gradient.to(parameter.device, copy=True)


@contextmanager
def trying(
    engine: Engine[Any, Any],
    kept: Kept,
    *,
    num_iter: int,
    handlers: Iterable[Callable[..., object]],
) -> Generator[None]:
    """Have an engine run for ``num_iter`` iterations, for the length of a ``with`` block.

    Its handlers are silent, but for these and those that its process function itself has attached.
    Afterwards the engine, what was kept and the random states are as they were.

    Args:
        engine: The engine.
        kept: What is put back.
        num_iter: Iterations of a run, ``>= 1``, whatever limits it is given.
        handlers: Handlers that are called all the same, at each firing.
    """
    heard = [*handlers]

    def begin(trying_engine: Engine[Any, Any]) -> None:
        trying_engine.state.epoch_length = num_iter  # data that is shorter is started again

    def guard(handler: Callable[..., object], call: CallT) -> CallT:
        is_of_step = isinstance(handler, MethodType) and handler.__self__ is process_function
        if is_of_step or handler is begin or handler in heard:
            return call
        silent: Any = _do_nothing
        silenced: CallT = silent
        return silenced

    process_function: Final = engine.process_function
    with ExitStack() as stack:
        stack.enter_context(keep_random_state())
        stack.enter_context(engine.rehearsal(num_batches=num_iter, guard=guard))
        stack.callback(kept.put_back)
        stack.callback(engine.add_event_handler(Events.STARTED, begin).remove)
        yield


def _do_nothing(*_: object) -> None:
    """Stand in the place of a handler that is not to be called."""


def _load(one: Stateful, state: Mapping[str, object]) -> None:
    # a copy again: an optimizer goes on with the very tensors that it is given
    one.load_state_dict(dict(_copied(state)))


def _copied(state: Mapping[str, object]) -> Mapping[str, object]:
    return apply_to_tensor(state, _host_copy)


def _host_copy(tensor: Tensor) -> Tensor:
    tensor = tensor.detach()
    if type(tensor) is not Tensor:  # what is distributed stays so
        return tensor.clone()
    return tensor.to("cpu", copy=True)
