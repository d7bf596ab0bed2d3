"""EpochOutputStore: keeps the outputs of an epoch."""

from collections.abc import Callable, Sequence

# Any: whose batches an engine has is nothing to a store of its outputs.
from typing import Any, Final, Generic, Literal, TypeAlias, final

from torch import Tensor
from typing_extensions import TypeVar, override

from firesteel._require import is_a, is_callable, mismatch
from firesteel.data import apply_to_tensor
from firesteel.engine import Attachable, Engine
from firesteel.errors import ArgumentError
from firesteel.events import Events, RemovableEventHandle

__all__ = ["EpochOutputStore", "EpochOutputs"]

OutputT = TypeVar("OutputT", contravariant=True)
KeptT = TypeVar("KeptT", covariant=True)

Keeping: TypeAlias = Literal["as_is", "detached", "cpu"]

_KEEPING: Final = ("as_is", "detached", "cpu")


@final
class EpochOutputs(Generic[KeptT]):
    """What is kept of one engine's epochs: what attaching an :class:`EpochOutputStore` gives."""

    __slots__ = ("_handle", "_read")

    def __init__(self, read: Callable[[], Sequence[KeptT]], handle: RemovableEventHandle) -> None:
        self._read = read
        self._handle = handle

    @property
    def data(self) -> Sequence[KeptT]:
        """What is kept of the epoch at hand, or of the latest one: one value per iteration.

        A new one for each epoch: one that was read stays as it is when the next epoch begins.
        """
        return self._read()

    def remove(self) -> None:
        """Take the store off the engine; what is kept stays."""
        self._handle.remove()


@final
class EpochOutputStore(Attachable[OutputT, EpochOutputs[KeptT]], Generic[OutputT, KeptT]):
    """Keeps what an engine puts out, for the length of an epoch.

    At the beginning of an epoch it begins a new list, and adds to it after each iteration. It grows
    with the epoch: to write what is too large to be kept, see :class:`PredictionWriter`; for a
    mean, use a metric. In a process group each rank keeps its own.

    Args:
        output_transform: Gives what to keep of the output; ``lambda output: output`` for all.
        keep: What is done to tensors, in whatever is kept: ``"as_is"`` for nothing, ``"detached"``
            to let go of the graph that they were computed by, which else stays in memory, or
            ``"cpu"`` to copy them to the host as well, which waits for the device in each
            iteration.

    Raises:
        ArgumentError: ``keep`` is unknown.
        ArgumentTypeError: ``output_transform`` cannot be called.

    Example:
        >>> from firesteel.engine import Engine
        >>> evaluator = Engine(lambda engine, batch: batch * 2)
        >>> outputs = evaluator.attach(EpochOutputStore(lambda output: output + 1))
        >>> state = evaluator.run([1, 2, 3])
        >>> outputs.data
        [3, 5, 7]
    """

    __slots__ = ("_data", "_keep", "_transform")

    def __init__(
        self, output_transform: Callable[[OutputT], KeptT], *, keep: Keeping = "as_is"
    ) -> None:
        is_callable("EpochOutputStore", "output_transform", output_transform)
        is_a("EpochOutputStore", "keep", keep, str, f"one of {_KEEPING}")
        if keep not in _KEEPING:
            raise ArgumentError(mismatch("EpochOutputStore", "keep", f"one of {_KEEPING}", keep))
        self._transform = output_transform
        self._keep: Keeping = keep
        self._data: list[KeptT] = []

    @property
    def data(self) -> Sequence[KeptT]:
        """What is kept of the epoch at hand, or of the latest one: one value per iteration.

        A new one for each epoch: one that was read stays as it is when the next epoch begins.
        """
        return self._data

    def reset(self) -> None:
        """Begin a new list; one that was read before stays as it is."""
        self._data = []

    def update(self, engine: Engine[Any, OutputT]) -> None:
        """Keep what the engine has put out now.

        Args:
            engine: The engine.

        Raises:
            NotAvailableError: There is no output.
        """
        kept = self._transform(engine.state.output)
        if self._keep != "as_is":
            kept = apply_to_tensor(kept, _to_cpu if self._keep == "cpu" else Tensor.detach)
        self._data.append(kept)

    def attach(self, engine: Engine[Any, OutputT]) -> EpochOutputs[KeptT]:
        """Keep the outputs of an engine from its next epoch on.

        Args:
            engine: The engine.

        Returns:
            What reads what is kept, and takes the store off again.
        """
        handle = engine.add_event_handler(Events.EPOCH_STARTED, self.reset)
        handle += engine.add_event_handler(Events.ITERATION_COMPLETED, self.update)
        return EpochOutputs(self._read, handle)

    @override
    def attach_to(self, engine: Engine[Any, OutputT]) -> EpochOutputs[KeptT]:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine.
        """
        return self.attach(engine)

    def _read(self) -> Sequence[KeptT]:
        return self._data


def _to_cpu(tensor: Tensor) -> Tensor:
    return tensor.detach().cpu()
