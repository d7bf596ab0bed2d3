"""What an engine saves: checked and completed when it comes back, as a value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, final

from typing_extensions import TypeIs

from firesteel._require import at_least, is_a
from firesteel.errors import ArgumentError, ArgumentTypeError, StateDictError
from firesteel.events import Events

from ._data import DataState

__all__ = ["Saved"]

_WHERE: Final = "Engine.load_state_dict"
_ONCE_PER_ITERATION: Final = (Events.GET_BATCH_STARTED, Events.GET_BATCH_COMPLETED)
_KNOWN: Final = (
    "iteration",
    "epoch",
    "epoch_iteration",
    "data_position",
    "data",
    "epoch_length",
    "max_epochs",
    "max_iters",
    "counts",
    "values",
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """Where a run stands, between two iterations.

    Attributes:
        iteration: Iterations that are done.
        epoch: Epochs that are done.
        epoch_iteration: Iterations of the epoch under way that are done; all of them where it only
            has to be completed.
        data_position: Batches of the current pass over the data that were taken.
        data: Where the data itself says that it stands, if it does.
        epoch_length: Iterations of an epoch, if known.
        max_epochs: The limit in epochs, if any.
        max_iters: The limit in iterations, if any.
        counts: How often other events were fired.
        values: The user's own values.
    """

    iteration: int
    epoch: int
    epoch_iteration: int
    data_position: int
    data: DataState | None
    epoch_length: int | None
    max_epochs: int | None
    max_iters: int | None
    counts: Mapping[str, int]
    values: Mapping[str, object]

    def to_dict(self) -> dict[str, object]:
        """Give the entries of a ``state_dict``."""
        return {
            "iteration": self.iteration,
            "epoch": self.epoch,
            "epoch_iteration": self.epoch_iteration,
            "data_position": self.data_position,
            "data": None if self.data is None else self.data.to_dict(),
            "epoch_length": self.epoch_length,
            "max_epochs": self.max_epochs,
            "max_iters": self.max_iters,
            "counts": dict(self.counts),
            "values": dict(self.values),
        }

    @classmethod
    def from_dict(cls, entries: Mapping[str, object]) -> "Saved":
        """Read the entries of a ``state_dict``, ignite's too, and complete what can be derived.

        Raises:
            ArgumentTypeError: ``entries`` is no mapping.
            StateDictError: Entries are missing, unknown, of the wrong kind, or contradict.
        """
        is_a(_WHERE, "state_dict", entries, Mapping, "a mapping")
        unknown = [key for key in entries if key not in _KNOWN]
        if unknown:
            raise StateDictError(
                f"{_WHERE}: unknown entries {', '.join(map(repr, unknown))}; known are "
                f"{', '.join(map(repr, _KNOWN))}; a user's own values belong into 'values'"
            )
        if "max_epochs" not in entries and "max_iters" not in entries:
            raise StateDictError(f"{_WHERE}: one of 'max_epochs' and 'max_iters' is missing")
        if "epoch_length" not in entries:
            raise StateDictError(f"{_WHERE}: 'epoch_length' is missing")
        epoch_length = _number(entries, "epoch_length", lowest=1)
        iteration, epoch, epoch_iteration = _position(entries, epoch_length)
        position = _number(entries, "data_position", lowest=0)
        saved = cls(
            iteration=iteration,
            epoch=epoch,
            epoch_iteration=epoch_iteration,
            data_position=epoch_iteration if position is None else position,
            data=DataState.from_dict(entries.get("data")),
            epoch_length=epoch_length,
            max_epochs=_number(entries, "max_epochs", lowest=1),
            max_iters=_number(entries, "max_iters", lowest=1),
            counts=_counts(entries, iteration),
            values=_mapping(entries, "values"),
        )
        saved._check()
        return saved

    def _check(self) -> None:
        """Refuse entries that cannot all be true."""
        contradictions = {
            "'max_epochs' and 'max_iters' are both given": (
                self.max_epochs is not None and self.max_iters is not None
            ),
            "more iterations in this epoch than in all": self.epoch_iteration > self.iteration,
            "in the first epoch, but not as many iterations in it as in all": (
                self.epoch == 0 and self.epoch_iteration != self.iteration
            ),
            "more iterations in this epoch than it has": (
                self.epoch_length is not None and self.epoch_iteration > self.epoch_length
            ),
            "more batches taken from the data than iterations": (
                self.data_position > self.iteration
            ),
            "more epochs than 'max_epochs'": (
                self.max_epochs is not None
                and self.epoch + (self.epoch_iteration > 0) > self.max_epochs
            ),
            "more iterations than 'max_iters'": (
                self.max_iters is not None and self.iteration > self.max_iters
            ),
        }
        found = [text for text, is_found in contradictions.items() if is_found]
        if found:
            raise StateDictError(
                f"{_WHERE}: the entries contradict each other: {'; '.join(found)}; got {self}"
            )


def _number(entries: Mapping[str, object], key: str, *, lowest: int) -> int | None:
    value = entries.get(key)
    if value is None:
        return None
    try:
        # whatever it is, what is no whole number is refused
        return at_least(_WHERE, repr(key), value, lowest)  # type: ignore[arg-type]
    except (ArgumentError, ArgumentTypeError) as error:
        raise StateDictError(str(error)) from None


def _position(entries: Mapping[str, object], epoch_length: int | None) -> tuple[int, int, int]:
    """Give iterations done, epochs done, and iterations done of the epoch under way."""
    iteration = _number(entries, "iteration", lowest=0)
    epoch = _number(entries, "epoch", lowest=0)
    epoch_iteration = _number(entries, "epoch_iteration", lowest=0)
    if iteration is None and epoch is None:
        raise StateDictError(f"{_WHERE}: 'iteration' is missing (or 'epoch', for a whole epoch)")
    if epoch_iteration is None:
        return _derived_position(iteration, epoch, epoch_length)
    if iteration is None or epoch is None:
        missing = "iteration" if iteration is None else "epoch"
        raise StateDictError(f"{_WHERE}: {missing!r} is missing; 'epoch_iteration' needs both")
    return iteration, epoch, epoch_iteration


def _derived_position(
    iteration: int | None, epoch: int | None, epoch_length: int | None
) -> tuple[int, int, int]:
    """The same from one of the two counters, as ignite saves it."""
    if iteration is not None and epoch is not None:
        raise StateDictError(
            f"{_WHERE}: with 'iteration' and 'epoch', 'epoch_iteration' is missing"
        )
    if not iteration and not epoch:
        return 0, 0, 0
    if epoch_length is None:
        raise StateDictError(
            f"{_WHERE}: 'epoch_length' must be a number where 'epoch_iteration' is missing, "
            "got None"
        )
    if iteration is None:
        return (epoch or 0) * epoch_length, epoch or 0, 0
    return iteration, iteration // epoch_length, iteration % epoch_length


def _mapping(entries: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = entries.get(key, {})
    if not _is_mapping(found):
        raise StateDictError(f"{_WHERE}: {key!r} must be a mapping, got {found!r}")
    names = [name for name in found if not isinstance(name, str)]
    if names:
        raise StateDictError(f"{_WHERE}: {key!r} must have strings as names, got {names!r}")
    return {str(name): value for name, value in found.items()}


def _is_mapping(value: object) -> TypeIs[Mapping[object, object]]:
    return isinstance(value, Mapping)


def _counts(entries: Mapping[str, object], iteration: int) -> Mapping[str, int]:
    if "counts" not in entries:  # ignite's engines do not count
        return {str(event): iteration for event in _ONCE_PER_ITERATION if iteration}
    found = _mapping(entries, "counts")
    counts = {name: _number(found, name, lowest=0) for name in found}
    return {name: count for name, count in counts.items() if count is not None}
