"""TerminateOnNan: end a run whose output holds a number that is not finite."""

import logging
from collections.abc import Callable

# Any: a look at the output does not care for the batches of the engine.
from typing import Any, Final, Generic, SupportsIndex, final, overload

import torch
from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import at_least, is_callable
from firesteel.engine import Attachable, Engine
from firesteel.events import Events, RemovableEventHandle

from ._finiteness import Finiteness
from ._numbers_in import inexact_numbers, is_finite, largest

__all__ = ["TerminateOnNan"]

OutputT = TypeVar("OutputT", contravariant=True, default=object)

_WHERE: Final = "TerminateOnNan"
_LOGGER: Final = logging.getLogger("firesteel.handlers")

_EVERY: Final = 100
"""Iterations between two looks at a device that the host would have to wait for."""

_BOUNDARIES: Final = (
    Events.EPOCH_COMPLETED | Events.TERMINATE | Events.TERMINATE_SINGLE_EPOCH | Events.INTERRUPT
)


@final
class TerminateOnNan(Attachable[OutputT, RemovableEventHandle], Generic[OutputT]):
    """Ends a run when a number in the output is NaN or infinite, and says where and since when.

    Looks at floats, complex numbers, numpy arrays and tensors of all floating-point and complex
    dtypes, in mappings, sequences, named tuples and dataclasses, in each other. Whole numbers,
    texts, ``None`` and objects of other kinds are passed over.

    Numbers of the host, tensors on the CPU among them, are looked at in each iteration, and the
    run ends with it. Of a tensor on another device one number is computed there in each iteration;
    the host reads these, and waits for the device, every ``every`` iterations, and when an epoch or
    the run ends. So the run may go on for up to ``every`` iterations; the reason that is given
    names the iteration in which the number came. A :class:`Checkpoint` of the same engine has these
    read before it saves, and does not save where such a number was found: what it kept stays.

    It can be added as a handler, too: then it looks at the output, and waits, whenever it is
    called.

    Args:
        output_transform: Gives what to look at from the output; without, the output.
        every: Iterations between two looks, ``>= 1``, for tensors on the CPU as well; ``None`` for
            1 on the CPU and 100 on other devices.

    Raises:
        ArgumentError: ``every`` is out of range.
        ArgumentTypeError: An argument is of another kind.

    Example:
        >>> from firesteel.engine import Engine
        >>> trainer = Engine(lambda engine, batch: {"loss": torch.tensor(batch).log()})
        >>> handle = trainer.attach(TerminateOnNan())
        >>> state = trainer.run([1.0, 2.0, -1.0, 3.0])
        >>> trainer.outcome
        Stopped(cause=<StopCause.TERMINATED: 'terminated'>, reason="TerminateOnNan: \
output['loss'] is not finite, in iteration 3")
    """

    @overload
    def __init__(self: "TerminateOnNan[object]", *, every: SupportsIndex | None = None) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], object],
        *,
        every: SupportsIndex | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], object] | None = None,
        *,
        every: SupportsIndex | None = None,
    ) -> None:
        if output_transform is not None:
            is_callable(_WHERE, "output_transform", output_transform)
        self._transform = output_transform
        self._every = None if every is None else at_least(_WHERE, "every", every, 1)

    def attach(self, engine: Engine[Any, OutputT]) -> RemovableEventHandle:
        """Look at the outputs of an engine.

        Args:
            engine: The engine.

        Returns:
            The way to take it off again.
        """
        watch = _Watch(self._value, self._every)
        Finiteness.of(engine).watch(watch)
        return (
            engine.add_event_handler(Events.STARTED, watch.begin)
            + engine.add_event_handler(Events.ITERATION_COMPLETED, watch.look)
            + engine.add_event_handler(_BOUNDARIES, watch.read)
            + engine.add_event_handler(Events.EXCEPTION_RAISED, watch.forget)
        )

    @override
    def attach_to(self, engine: Engine[Any, OutputT]) -> RemovableEventHandle:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
        """
        return self.attach(engine)

    def __call__(self, engine: Engine[Any, OutputT]) -> None:
        """Look at the output now, and end the run where it holds a number that is not finite.

        Args:
            engine: The engine.
        """
        for where, number in inexact_numbers(self._value(engine)):
            if not is_finite(number):
                _stop(engine, where, engine.state.iteration)
                return

    def _value(self, engine: Engine[Any, OutputT]) -> object:
        output = engine.state.output
        return output if self._transform is None else self._transform(output)


@final
class _Watch:
    """Looks at the outputs of one engine."""

    def __init__(self, value: Callable[[Engine[Any, Any]], object], every: int | None) -> None:
        self._value = value
        self._every = every
        self._unread: list[tuple[int, str, Tensor]] = []
        self._next_look = 0

    def look(self, engine: Engine[Any, Any]) -> None:
        iteration = engine.state.iteration
        for where, number in inexact_numbers(self._value(engine)):
            if isinstance(number, Tensor) and self._has_to_wait(number):
                if not self._unread:
                    self._next_look = iteration + (self._every or _EVERY) - 1
                self._unread.append((iteration, where, largest(number)))
            elif not is_finite(number):
                _stop(engine, where, iteration)
                break
        if self._unread and iteration >= self._next_look:
            self.read(engine)

    def read(self, engine: Engine[Any, Any]) -> None:
        """Read what was computed since the last time: one wait for each device and dtype."""
        unread, self._unread = self._unread, []
        kinds: dict[tuple[torch.device, torch.dtype], list[int]] = {}
        for place, (_, _, number) in enumerate(unread):
            kinds.setdefault((number.device, number.dtype), []).append(place)
        found = [
            places[row]
            for places in kinds.values()
            for row in _rows_not_finite(torch.stack([unread[place][2] for place in places]))
        ]
        if found:
            iteration, where, _ = unread[min(found)]
            _stop(engine, where, iteration)

    def begin(self, engine: Engine[Any, Any]) -> None:
        Finiteness.of(engine).is_lost = False
        self.forget()

    def forget(self, *_: object) -> None:
        self._unread = []

    def _has_to_wait(self, tensor: Tensor) -> bool:
        return not tensor.is_cpu if self._every is None else self._every > 1


def _rows_not_finite(numbers: Tensor) -> list[int]:
    return [row for row, is_ok in enumerate(torch.isfinite(numbers).cpu()) if not is_ok]


def _stop(engine: Engine[Any, Any], where: str, iteration: int) -> None:
    reason = f"{_WHERE}: {where} is not finite, in iteration {iteration}"
    _LOGGER.warning("%s; the run ends.", reason)
    Finiteness.of(engine).is_lost = True
    engine.terminate(reason=reason)
