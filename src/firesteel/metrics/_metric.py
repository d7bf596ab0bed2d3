"""Metric: what is reset, updated with outputs, and computed."""

import weakref
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field

# Any: a metric does not care for the batches of the engine that it is attached to.
from typing import Any, Final, Generic, final, overload

import torch
from typing_extensions import TypeVar, override

from firesteel._require import is_callable
from firesteel.engine import Attachable, Engine, MetricKey
from firesteel.errors import ArgumentError
from firesteel.events import RemovableEventHandle

from ._usage import EpochWise, MetricUsage

__all__ = ["Metric"]

InputT = TypeVar("InputT")
ResultT = TypeVar("ResultT", covariant=True)
OutputT = TypeVar("OutputT", contravariant=True, default=InputT)
# the methods' own: the class's variables on `self` are an error for pyright
A = TypeVar("A")
R = TypeVar("R")
EngineOutputT = TypeVar("EngineOutputT")

_EPOCH_WISE: Final = EpochWise()


@final
@dataclass(slots=True)
class Attachment:
    """One attaching of a metric to an engine."""

    key: MetricKey[object]
    usage: MetricUsage
    transform: Callable[[Any], object] | None
    handles: list[RemovableEventHandle] = field(default_factory=list[RemovableEventHandle])


class Metric(Attachable[OutputT, MetricKey[ResultT], str], Generic[InputT, ResultT, OutputT]):
    """Something that is computed from the outputs of an engine.

    ``Metric[InputT, ResultT]`` takes an ``InputT`` at each update and gives a ``ResultT``. Derive
    from it and fill in :meth:`reset`, :meth:`update` and :meth:`compute`; that is a metric for
    engines whose output is an ``InputT``. For other engines say where the input is in the output,
    by an ``output_transform``, here or when the metric is attached.

    A metric can be used without an engine, by its three methods.

    Args:
        output_transform: Gives the input from the engine's output; ``None`` where the output is the
            input.
        device: Where the metric keeps its sums; ``None`` for where the inputs are.

    Raises:
        ArgumentTypeError: ``output_transform`` is not callable.

    Example:
        >>> from firesteel.engine import Engine
        >>> class Largest(Metric[float, float]):
        ...     def reset(self) -> None:
        ...         self._largest = float("-inf")
        ...     def update(self, value: float) -> None:
        ...         self._largest = max(self._largest, value)
        ...     def compute(self) -> float:
        ...         return self._largest
        >>> evaluator = Engine(lambda engine, batch: float(batch))
        >>> largest = Largest().attach(evaluator, "largest")
        >>> evaluator.run([1, 3, 2]).metrics[largest]
        3.0
    """

    @overload
    def __init__(self: "Metric[A, R, A]", *, device: torch.device | str | None = None) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], InputT],
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        output_transform: Callable[[OutputT], InputT] | None,
        *,
        device: torch.device | str | None = None,
    ) -> None: ...
    def __init__(
        self,
        output_transform: Callable[[OutputT], InputT] | None = None,
        *,
        device: torch.device | str | None = None,
    ) -> None:
        if output_transform is not None:
            is_callable(type(self).__name__, "output_transform", output_transform)
        self._output_transform = output_transform
        self._device = None if device is None else torch.device(device)
        self._attachments: weakref.WeakKeyDictionary[Engine[Any, Any], list[Attachment]] = (
            weakref.WeakKeyDictionary()
        )
        self.reset()

    @property
    def device(self) -> torch.device | None:
        """Where the metric keeps its sums; ``None`` for where the inputs are."""
        return self._device

    @abstractmethod
    def reset(self) -> None:
        """Forget all inputs."""

    @abstractmethod
    def update(self, value: InputT, /) -> None:
        """Take an input in.

        Args:
            value: What the metric is computed from, usually for a whole batch.
        """

    @abstractmethod
    def compute(self) -> ResultT:
        """Give the result for all inputs since the last :meth:`reset`, leaving the state as it is.

        Raises:
            NotComputableError: There was no input that a result could be computed from.
        """

    @overload
    def attach(
        self, engine: Engine[Any, OutputT], name: str, *, usage: MetricUsage = ...
    ) -> MetricKey[ResultT]: ...
    @overload
    def attach(
        self,
        engine: Engine[Any, EngineOutputT],
        name: str,
        *,
        output_transform: Callable[[EngineOutputT], InputT],
        usage: MetricUsage = ...,
    ) -> MetricKey[ResultT]: ...
    def attach(
        self,
        engine: Engine[Any, Any],
        name: str,
        *,
        output_transform: Callable[[Any], InputT] | None = None,
        usage: MetricUsage = _EPOCH_WISE,
    ) -> MetricKey[ResultT]:
        """Reset, update and compute this metric as an engine runs.

        The result is in ``engine.state.metrics``. Attached twice to one engine, the metric is
        updated once and its result is there under both names.

        Args:
            engine: The engine.
            name: The name of the result.
            output_transform: Gives the input from this engine's output, in place of the one that
                the metric was made with.
            usage: On which events; over each epoch, where nothing is said.

        Returns:
            The key that reads the result: ``engine.state.metrics[key]`` has the result's type.

        Raises:
            ArgumentError: Another metric has this name, or this metric is attached to the engine
                with another usage.
            ArgumentTypeError: ``output_transform`` is not callable.
        """
        transform = self._output_transform if output_transform is None else output_transform
        if transform is not None:
            is_callable(type(self).__name__, "output_transform", transform)
        key: MetricKey[ResultT] = MetricKey(name)
        there = self._attachments.get(engine, [])
        if any(other.usage != usage or other.transform != transform for other in there):
            raise ArgumentError(
                f"{type(self).__name__}: attached to this engine with another usage or transform "
                "already, and would be updated by both; make a second metric"
            )
        engine.state.metrics.claim(key)
        attachment = Attachment(key, usage, transform)
        try:
            if not there:
                self._add_updates(engine, attachment, transform)
            attachment.handles.append(
                engine.add_event_handler(
                    usage.completed, self._on_completed, key, is_lazy=usage.is_lazy
                )
            )
        except BaseException:
            for handle in attachment.handles:
                handle.remove()
            engine.state.metrics.discard(key)
            raise
        self._attachments.setdefault(engine, []).append(attachment)
        return key

    @final
    @override
    def attach_to(self, engine: Engine[Any, OutputT], name: str) -> MetricKey[ResultT]:
        """Attach over each epoch; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
            name: The name of the result.
        """
        return self.attach(engine, name)

    def detach(self, engine: Engine[Any, Any]) -> None:
        """Take this metric off an engine, under all its names, and its results with it.

        Args:
            engine: The engine. Where the metric is not attached to it, nothing happens.
        """
        for attachment in self._attachments.pop(engine, []):
            for handle in attachment.handles:
                handle.remove()
            engine.state.metrics.discard(attachment.key)

    def is_attached(self, engine: Engine[Any, Any]) -> bool:
        """Tell whether this metric is attached to an engine.

        Args:
            engine: The engine.
        """
        return engine in self._attachments

    def _add_updates(
        self,
        engine: Engine[Any, Any],
        attachment: Attachment,
        transform: Callable[[Any], InputT] | None,
    ) -> None:
        usage, handles = attachment.usage, attachment.handles
        handles.append(engine.add_event_handler(usage.started, self._on_started))
        handles.append(
            engine.add_event_handler(usage.iteration_completed, self._on_output, transform)
        )

    def _on_started(self, engine: Engine[Any, Any]) -> None:
        """Reset; what other engines have put off is computed before, what this one has is gone."""
        for other, attachments in self._attachments.items():
            for attachment in attachments:
                if other is not engine:
                    other.state.metrics.settle(attachment.key)
                elif attachment.usage.is_lazy:
                    other.state.metrics.drop(attachment.key)
        self.reset()

    def _on_output(
        self, engine: Engine[Any, Any], transform: Callable[[Any], InputT] | None
    ) -> None:
        try:
            with torch.no_grad():
                output = engine.state.output
                self.update(output if transform is None else transform(output))
        except Exception as error:
            there = self._attachments.get(engine, [])
            names = ", ".join(repr(attachment.key.name) for attachment in there)
            error.add_note(f"firesteel: raised while the metric {names} was updated")
            raise

    def _on_completed(
        self, engine: Engine[Any, Any], key: MetricKey[object], *, is_lazy: bool
    ) -> None:
        def compute() -> ResultT:
            try:
                return self.compute()
            except Exception as error:
                error.add_note(f"firesteel: raised while the metric {key.name!r} was computed")
                raise

        if is_lazy:
            engine.state.metrics.record_later(key, compute)
        else:
            engine.state.metrics.record(key, compute())
