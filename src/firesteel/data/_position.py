"""Where a loader stands, as numbers that are saved."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Final, final

from firesteel._require import is_a, mismatch
from firesteel.errors import StateDictError

from ._order import BatchOrder

__all__ = ["Position"]

_WHERE: Final = "DataLoader.load_state_dict"
_KNOWN: Final = ("seed", "shuffle", "num_samples", "pass_number", "samples_taken")


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A place in a pass over the samples.

    Attributes:
        seed: What the order depends on.
        shuffle: Whether it is random.
        num_samples: Samples of the data set; ``None`` where it does not tell.
        pass_number: The pass, the first being 0.
        samples_taken: Samples of the pass that all ranks together have taken.
    """

    seed: int
    shuffle: bool
    num_samples: int | None
    pass_number: int = 0
    samples_taken: int = 0

    def to_dict(self) -> dict[str, int | None]:
        """Give the entries of a ``state_dict``."""
        return asdict(self)

    @classmethod
    def from_dict(cls, entries: Mapping[str, object]) -> "Position":
        """Read the entries of a ``state_dict``.

        Raises:
            ArgumentTypeError: ``entries`` is no mapping.
            StateDictError: An entry is missing, unknown, of the wrong kind or out of its range.
        """
        is_a(_WHERE, "state_dict", entries, Mapping, "a mapping")
        unknown = [name for name in entries if name not in _KNOWN]
        missing = [name for name in _KNOWN if name not in entries]
        if unknown or missing:
            raise StateDictError(
                f"{_WHERE}: entries must be {', '.join(map(repr, _KNOWN))}; "
                f"missing are {missing}, unknown are {unknown}"
            )
        shuffle = entries["shuffle"]
        if not isinstance(shuffle, bool):
            raise StateDictError(mismatch(_WHERE, "'shuffle'", "True or False", shuffle))
        num_samples = entries["num_samples"]
        position = cls(
            seed=_number(entries, "seed", lowest=None),
            shuffle=shuffle,
            num_samples=None if num_samples is None else _number(entries, "num_samples"),
            pass_number=_number(entries, "pass_number"),
            samples_taken=_number(entries, "samples_taken"),
        )
        if position.num_samples is not None and position.samples_taken > position.num_samples:
            condition = f"at most 'num_samples', {position.num_samples}"
            raise StateDictError(
                mismatch(_WHERE, "'samples_taken'", condition, position.samples_taken)
            )
        return position

    def after(self, order: BatchOrder, num_batches: int, *, is_over: bool = False) -> "Position":
        """Give the place so many batches further on; behind the last one, the next pass.

        Args:
            order: Whose batches.
            num_batches: How many of one rank.
            is_over: Whether the pass is known to be over.
        """
        taken = self.samples_taken + num_batches * order.step_size
        has_end = self.num_samples is not None and taken > 0
        if is_over or (has_end and not order.num_batches(samples_taken=taken)):
            return replace(self, pass_number=self.pass_number + 1, samples_taken=0)
        return replace(self, samples_taken=taken)

    def check_fits(self, loader: "Position", order: BatchOrder) -> None:
        """Refuse a place in an order that is not the loader's.

        Raises:
            StateDictError: The samples are others, or are shuffled in one and not in the other; or
                they have no order, and what was taken is no whole number of batches.
        """
        for name, saved, own in (
            ("num_samples", self.num_samples, loader.num_samples),
            ("shuffle", self.shuffle, loader.shuffle),
        ):
            if saved != own:
                raise StateDictError(
                    f"{_WHERE}: {name!r} must be {own}, as of this loader, got {saved}: the order "
                    "would be another one"
                )
        if self.num_samples is None and self.samples_taken % order.batch_size:
            condition = f"a multiple of batch_size={order.batch_size} for an IterableDataset"
            raise StateDictError(mismatch(_WHERE, "'samples_taken'", condition, self.samples_taken))


def _number(entries: Mapping[str, object], name: str, *, lowest: int | None = 0) -> int:
    value = entries[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise StateDictError(mismatch(_WHERE, repr(name), "a whole number", value))
    if lowest is not None and value < lowest:
        raise StateDictError(mismatch(_WHERE, repr(name), f"at least {lowest}", value))
    return value
