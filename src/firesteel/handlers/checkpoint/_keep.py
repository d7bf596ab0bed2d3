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

    It has a rival: what is kept under the same name, which it would replace; else, where
    ``n_saved`` are kept, what has the lowest priority. It is saved where it has none, or where its
    priority is above the rival's. What has the lowest priorities goes; among equal ones, what was
    saved first.

    Args:
        kept: What is kept, in the order in which it was saved.
        new: The checkpoint. NaN is never saved.
        n_saved: How many are kept, ``>= 1``; ``None`` for all.
        greater_or_equal: Whether a priority that equals the rival's is enough.

    Returns:
        The plan, or ``None`` where it is not saved.
    """
    if math.isnan(new.priority):
        return None
    rivals = [one.priority for one in kept if one.filename == new.filename]
    if not rivals and n_saved is not None and len(kept) >= n_saved:
        rivals = [min(one.priority for one in kept)]
    if any(
        new.priority < rival or (new.priority == rival and not greater_or_equal) for rival in rivals
    ):
        return None
    others = tuple(one for one in kept if one.filename != new.filename)
    removed = surplus(others, n_saved=None if n_saved is None else n_saved - 1)
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
