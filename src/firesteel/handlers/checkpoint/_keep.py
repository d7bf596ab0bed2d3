"""Which checkpoints are kept: functions of values that know no file and no engine."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, final

__all__ = ["Kept", "Plan", "best", "plan", "surplus"]


class Kept(NamedTuple):
    """A checkpoint that is kept.

    Attributes:
        priority: Its score; where there are no scores, the number of its save. Never NaN.
        filename: Its name.
    """

    priority: float
    filename: str


@final
@dataclass(frozen=True, slots=True)
class Plan:
    """What comes of saving a checkpoint.

    Attributes:
        kept: What is kept then, in the order in which it was saved.
        removed: What is to be removed then, in this order.
    """

    kept: tuple[Kept, ...]
    removed: tuple[str, ...]


def plan(
    kept: Sequence[Kept], new: Kept, *, n_saved: int | None, greater_or_equal: bool = False
) -> Plan | None:
    """Decide whether a checkpoint is saved, and what is removed for it.

    It takes the place of what has its name, and where there is no room of what has the lowest
    priorities; among equal ones, of what was saved first. It is saved where its priority is above
    all of these.

    Args:
        kept: What is kept, in the order in which it was saved.
        new: The checkpoint. NaN is never saved.
        n_saved: How many are kept, ``>= 1``; ``None`` for all.
        greater_or_equal: Whether an equal priority is enough.

    Returns:
        The plan, or ``None`` where it is not saved.
    """
    if math.isnan(new.priority):
        return None
    others = tuple(one for one in kept if one.filename != new.filename)
    removed = surplus(others, n_saved=None if n_saved is None else n_saved - 1)
    for rival in kept:
        if rival.filename in removed or rival.filename == new.filename:
            is_beaten = new.priority > rival.priority
            if not is_beaten and not (greater_or_equal and new.priority == rival.priority):
                return None
    left = tuple(one for one in others if one.filename not in removed)
    return Plan((*left, new), removed)


def surplus(kept: Sequence[Kept], *, n_saved: int | None) -> tuple[str, ...]:
    """Give the names of what is too much, lowest first: as after a kill between save and removal.

    Args:
        kept: What is kept, in the order in which it was saved.
        n_saved: How many are to be kept, ``>= 0``; ``None`` for all.
    """
    if n_saved is None:
        return ()
    ordered = sorted(kept, key=lambda one: one.priority)  # stable: of equal ones the first saved
    return tuple(one.filename for one in ordered[: max(len(kept) - n_saved, 0)])


def best(kept: Sequence[Kept], *, greater_or_equal: bool = False) -> Kept | None:
    """Give what has the highest priority; among equal ones the first, as it was never beaten.

    Args:
        kept: What is kept, in the order in which it was saved.
        greater_or_equal: Whether equal is enough to beat, so that it is the last of equal ones.
    """
    ordered = reversed(kept) if greater_or_equal else kept
    return max(ordered, key=lambda one: one.priority, default=None)
