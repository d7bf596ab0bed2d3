"""An average of a model's weights: kept up, lent to the model, saved."""

import copy
from abc import abstractmethod
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from importlib import import_module

# Any: whose weights are averaged is nothing to the engine; and a module that was unwrapped has a
# type that no checker can follow.
from typing import Any, Final, Generic, Literal, Protocol, TypeAlias, final

import torch
from torch import Tensor, nn
from typing_extensions import TypeIs, TypeVar, override

from firesteel._require import is_a, one_of
from firesteel.engine import Attachable, Engine
from firesteel.errors import ArgumentError, EngineStateError, StateDictError
from firesteel.events import EventLike, Events, RemovableEventHandle

from ._order import FIRST, placed
from ._unwrapped import unwrapped

__all__ = ["BufferMode", "WeightAverage"]

ModuleT = TypeVar("ModuleT", bound=nn.Module)

BufferMode: TypeAlias = Literal["copy", "update", "ema_train"]


class _Lerp(Protocol):
    def __call__(self, owns: list[Tensor], sources: list[Tensor], weight: float, /) -> object: ...


class _Copy(Protocol):
    def __call__(self, owns: list[Tensor], sources: list[Tensor], /) -> object: ...


_TORCH: Final = import_module("torch")
"""What works on lists of tensors is not exported to checkers, though torch's averages use it."""

_lerp: Final[_Lerp] = _TORCH._foreach_lerp_
_copy: Final[_Copy] = _TORCH._foreach_copy_

_PLAIN: Final = (Tensor, nn.Parameter, nn.Buffer)
"""Tensors of which many can be given to one kernel; others, as DTensor, are taken one by one."""

_END: Final = Events.COMPLETED | Events.TERMINATE


@final
class Pairs:
    """Tensors and those that they are made from, in groups of one device and dtype.

    Args:
        pairs: Each tensor that is written, with the one that it is made from: of the same shape.
    """

    def __init__(self, pairs: Iterable[tuple[Tensor, Tensor]]) -> None:
        self._groups: dict[object, tuple[list[Tensor], list[Tensor]]] = {}
        for own, source in pairs:
            are_plain = type(own) in _PLAIN and type(source) in _PLAIN
            kind = (own.device, own.dtype, source.device, source.dtype) if are_plain else None
            owns, sources = self._groups.setdefault(kind, ([], []))
            owns.append(own)
            sources.append(source)

    def lerp(self, weight: float) -> None:
        """Move each by ``weight`` of the way to its source."""
        for kind, (owns, sources) in self._groups.items():
            if kind is None:
                for own, source in zip(owns, sources, strict=True):
                    own.lerp_(source, weight)
            else:
                _lerp(owns, _alike(sources, owns[0]), weight)

    def copy(self) -> None:
        """Copy each source."""
        for kind, (owns, sources) in self._groups.items():
            if kind is None:
                for own, source in zip(owns, sources, strict=True):
                    own.copy_(source)
            else:
                _copy(owns, sources)


class WeightAverage(Attachable[object, RemovableEventHandle], Generic[ModuleT]):
    """A copy of a model that holds an average of its weights: what is common to all of them.

    Args:
        where: Who it is, for errors.
        model: The model, in what it is wrapped in.
        average: What holds the average; ``None`` for a copy of the model.
        handle_buffers: What is done about buffers.
    """

    def __init__(
        self,
        where: str,
        model: nn.Module,
        *,
        average: ModuleT | None,
        handle_buffers: BufferMode,
    ) -> None:
        is_a(where, "model", model, nn.Module, "a module")
        one_of(where, "handle_buffers", handle_buffers, ("copy", "update", "ema_train"))
        self._where = where
        self._source = unwrapped(model)
        self._average: ModuleT = _copied(where, self._source) if average is None else average
        self._handle_buffers = handle_buffers
        self._num_updates = 0
        self._num_loans = 0
        self._kept: list[Tensor] = []
        self._pair_up()
        self._average.requires_grad_(requires_grad=False)
        self._average.train(handle_buffers == "ema_train")
        if average is not None:
            with torch.no_grad():
                Pairs(zip(_tensors(average), _tensors(self._source), strict=True)).copy()

    @property
    def num_updates(self) -> int:
        """How often the weights were taken into the average."""
        return self._num_updates

    @abstractmethod
    def _weight(self) -> float:
        """Give the weight of the model in the next average, in ``[0, 1]``."""

    def update(self) -> None:
        """Take the model's weights, as they are now, into the average.

        Raises:
            EngineStateError: The model has the averaged weights at the moment.
        """
        if self._num_loans:
            raise EngineStateError(
                f"{self._where}.update: the model must have its own weights, it has the averaged "
                "ones; leave the block, or end the run, in which they are applied"
            )
        weight = self._weight()
        with torch.no_grad():
            self._averaged.lerp(weight)
            self._copied.copy()
        self._num_updates += 1

    def attach(
        self,
        engine: Engine[Any, object],
        *,
        event: EventLike[Engine[Any, object]] = Events.ITERATION_COMPLETED,
    ) -> RemovableEventHandle:
        """Update the average whenever an event is fired.

        In a rehearsal the average stays as it is.

        Args:
            engine: The engine that trains the model.
            event: When to update. Where an optimizer steps every ``k`` batches,
                ``ITERATION_COMPLETED(every=k)`` takes each state of the weights once.

        Returns:
            The way to take it off again.
        """
        return engine.add_event_handler(Events.STARTED, self._pair_up) + engine.add_event_handler(
            event, self._update_unless_rehearsing
        )

    @override
    def attach_to(self, engine: Engine[Any, object]) -> RemovableEventHandle:
        """Attach; :meth:`firesteel.engine.Engine.attach` calls this.

        Args:
            engine: The engine that trains the model.
        """
        return self.attach(engine)

    @contextmanager
    def applied(self) -> Generator[None]:
        """Have the model itself use the averaged weights and buffers, for a ``with`` block.

        Its own values are kept, and copied back in the end whatever happens. The average is not
        touched. It takes the memory of one more copy of the weights.

        Raises:
            EngineStateError: By :meth:`update`, where the block trains the model.
        """
        self._lend()
        try:
            yield
        finally:
            self._take_back()

    def apply_during(self, evaluator: Engine[Any, object]) -> RemovableEventHandle:
        """Have the model itself use the averaged weights while an engine runs.

        They are applied when a run of it begins, and taken back when it ends, fails or is
        suspended, before other handlers of these events: a checkpoint of its ``COMPLETED`` saves
        the model with weights of its own.

        Args:
            evaluator: The engine, which evaluates the model that was given to this object.

        Returns:
            The way to take it off again.
        """
        loan = _Loan(self._lend, self._take_back)
        return (
            evaluator.add_event_handler(placed(Events.STARTED, FIRST), loan.begin)
            + evaluator.add_event_handler(placed(_END, FIRST), loan.end)
            + evaluator.add_event_handler(placed(Events.INTERRUPT, FIRST), loan.suspend)
            + evaluator.add_event_handler(placed(Events.EXCEPTION_RAISED, FIRST), loan.end)
        )

    def state_dict(self) -> dict[str, object]:
        """Give the average and the number of updates.

        Returns:
            ``"num_updates"``, a whole number, and ``"model"``, the ``state_dict`` of the averaged
            model: its tensors themselves, not copies.
        """
        return {"num_updates": self._num_updates, "model": dict(self._average.state_dict())}

    def load_state_dict(self, state_dict: Mapping[str, object], /) -> None:
        """Put an average back.

        Args:
            state_dict: What :meth:`state_dict` gave, of an average of the same model.

        Raises:
            StateDictError: Entries are missing, unknown, of another kind, or of another shape.
            ArgumentTypeError: It is no mapping.
        """
        where = f"{self._where}.load_state_dict"
        is_a(where, "state_dict", state_dict, Mapping, "a mapping")
        num_updates, weights = state_dict.get("num_updates"), state_dict.get("model")
        if (
            set(state_dict) != {"num_updates", "model"}
            or isinstance(num_updates, bool)
            or not isinstance(num_updates, int)
            or num_updates < 0
            or not _is_mapping(weights)
        ):
            raise StateDictError(
                f"{where}: must be 'num_updates', a whole number >= 0, and 'model', a mapping; "
                f"got the entries {sorted(map(str, state_dict))}"
            )
        own = self._average.state_dict()
        _refuse_unlike(where, own, weights)
        self._average.load_state_dict({name: weights[name] for name in own})
        self._num_updates = num_updates

    def _update_unless_rehearsing(self, engine: Engine[Any, object]) -> None:
        if not engine.is_rehearsing:
            self.update()

    def _pair_up(self) -> None:
        """Look up the tensors: done again when a run begins, since parameters may be replaced."""
        parameters = _matched(
            self._where,
            dict(self._average.named_parameters()),
            dict(self._source.named_parameters()),
        )
        buffers = _matched(
            self._where, dict(self._average.named_buffers()), dict(self._source.named_buffers())
        )
        if self._handle_buffers == "ema_train":
            buffers = []
        averaged = parameters + (buffers if self._handle_buffers == "update" else [])
        copied = buffers if self._handle_buffers == "copy" else []
        self._averaged = Pairs(pair for pair in averaged if _has_mean(pair[0]))
        self._copied = Pairs([*copied, *(pair for pair in averaged if not _has_mean(pair[0]))])

    def _lend(self) -> None:
        if not self._num_loans:
            with torch.no_grad():
                sources = _tensors(self._source)
                self._kept = [source.detach().clone() for source in sources]
                Pairs(zip(sources, _tensors(self._average), strict=True)).copy()
        self._num_loans += 1

    def _take_back(self) -> None:
        self._num_loans -= 1
        if not self._num_loans:
            kept, self._kept = self._kept, []
            with torch.no_grad():
                Pairs(zip(_tensors(self._source), kept, strict=True)).copy()


@final
class _Loan:
    """Lends the averaged weights for the runs of one engine."""

    def __init__(self, begin: Callable[[], object], end: Callable[[], object]) -> None:
        self._begin = begin
        self._end = end
        self._is_going_on = False
        self._resumption: RemovableEventHandle | None = None

    def begin(self) -> None:
        self._forget_resumption()
        if not self._is_going_on:
            self._begin()
            self._is_going_on = True

    def end(self, *_: object) -> None:
        self._forget_resumption()
        if self._is_going_on:
            self._is_going_on = False
            self._end()

    def suspend(self, engine: Engine[Any, object]) -> None:
        self.end()
        # no event says that a run goes on; an iteration begins in any case
        self._resumption = engine.add_event_handler(Events.ITERATION_STARTED, self._resume)

    def _resume(self, engine: Engine[Any, object]) -> None:
        if engine.has_event_handler(self.begin, Events.STARTED):
            self.begin()
        else:  # it was taken off meanwhile
            self._forget_resumption()

    def _forget_resumption(self) -> None:
        if self._resumption is not None:
            self._resumption.remove()
            self._resumption = None


def _alike(tensors: list[Tensor], other: Tensor) -> list[Tensor]:
    """Give tensors, all of one device and dtype, on the device and in the dtype of another."""
    if tensors[0].device == other.device and tensors[0].dtype == other.dtype:
        return tensors
    return [tensor.to(other.device, other.dtype) for tensor in tensors]


def _has_mean(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()


def _tensors(module: nn.Module) -> list[Tensor]:
    return [*module.parameters(), *module.buffers()]


def _copied(where: str, module: nn.Module) -> Any:
    try:
        return copy.deepcopy(module)
    except Exception as error:
        error.add_note(
            f"firesteel: {where} copies the model; where it cannot be copied, pass a second "
            "instance of it that was made in the same way"
        )
        raise


def _matched(
    where: str, own: Mapping[str, Tensor], source: Mapping[str, Tensor]
) -> list[tuple[Tensor, Tensor]]:
    """Pair tensors of one name.

    Raises:
        ArgumentError: The names or the shapes are others, or a tensor is its own pair.
    """
    unlike = sorted(own.keys() ^ source.keys()) or [
        name for name, tensor in own.items() if tensor.shape != source[name].shape
    ]
    if unlike:
        raise ArgumentError(
            f"{where}: the averaged model must have the parameters and buffers of the model, "
            f"other are {unlike}"
        )
    if shared := [name for name, tensor in own.items() if tensor is source[name]]:
        raise ArgumentError(
            f"{where}: the averaged model must have tensors of its own, shared are {shared}"
        )
    return [(tensor, source[name]) for name, tensor in own.items()]


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _refuse_unlike(where: str, own: Mapping[str, object], came: Mapping[object, object]) -> None:
    missing = sorted(own.keys() - came.keys())
    unknown = sorted(map(str, came.keys() - own.keys()))
    unlike = [
        name
        for name in own.keys() & came.keys()
        if isinstance(mine := own[name], Tensor)
        and not (isinstance(theirs := came[name], Tensor) and theirs.shape == mine.shape)
    ]
    if missing or unknown or unlike:
        raise StateDictError(
            f"{where}: 'model' must be of the same model; missing are {missing}, unknown are "
            f"{unknown}, of another shape are {sorted(unlike)}"
        )
