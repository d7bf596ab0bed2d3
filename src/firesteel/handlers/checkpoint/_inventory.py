"""What is kept, as far as it is known: told by saves, and asked of the saver."""

import logging
import math
from collections.abc import Mapping, Sequence
from typing import TypeAlias, final

from typing_extensions import TypeIs

from firesteel._require import is_a, mismatch
from firesteel.errors import FiresteelError, StateDictError

from ._keep import Kept, surplus
from ._names import Naming
from ._saving import BaseSaveHandler, CheckpointMetadata

__all__ = ["Inventory"]

Found: TypeAlias = tuple[str, CheckpointMetadata]


@final
class Inventory:
    """The checkpoints of one handler, in the order in which they were saved.

    What there is, is read from the saver when it is first asked for: so it is right after a restart
    and after a save that failed, however far that got. Files of another name are not counted, and
    neither are those that were there at a reset.

    Args:
        where: Whose they are, for errors.
        saver: Where they are; ``None`` where nobody can tell.
        naming: How they are called.
    """

    def __init__(self, where: str, saver: BaseSaveHandler | None, naming: Naming) -> None:
        self._where = where
        self._saver = saver
        self._naming = naming
        self._logger = logging.getLogger("firesteel.handlers")
        self._kept: tuple[Kept, ...] = ()
        self._is_read = saver is None
        self._is_forgetting = False
        self._forgotten: frozenset[str] = frozenset()
        self.num_saves = 0

    def kept(self, name: str) -> tuple[Kept, ...]:
        """Give what is kept of a name."""
        self._read(name)
        return self._kept

    def keep(self, kept: tuple[Kept, ...]) -> None:
        """Note what is kept after a save, the last of which is what was saved."""
        self._kept = kept
        self._forgotten -= {kept[-1].filename}
        self.num_saves += 1

    def doubt(self) -> None:
        """Say that it may not be as is known: the saver is asked next time."""
        self._is_read = self._saver is None

    def reset(self) -> None:
        """Forget what is there."""
        self._kept = ()
        self._is_forgetting = self._saver is not None
        self.doubt()

    def remove_left_over(self, name: str, *, n_saved: int | None) -> None:
        """Remove what is too much, as after a kill between a save and its removals.

        Args:
            name: What is saved.
            n_saved: How many are kept, or ``None`` for all.
        """
        kept = self.kept(name)
        left_over = surplus(kept, n_saved=n_saved)
        if left_over and self._saver is not None:
            for filename in left_over:
                self._saver.remove(filename)
            self._kept = tuple(one for one in kept if one.filename not in left_over)

    def state_dict(self, ahead: Sequence[Kept] | None = None) -> dict[str, object]:
        """Give what is kept, and how many saves there were.

        Args:
            ahead: What will be kept, in a checkpoint that holds this state.
        """
        return {
            "saved": [
                [priority, filename]
                for priority, filename in (self._kept if ahead is None else ahead)
            ],
            "num_saves": self.num_saves + (ahead is not None),
        }

    def load_state_dict(self, state_dict: Mapping[str, object]) -> None:
        """Take what another one knew; the saver is asked all the same."""
        self._kept, self.num_saves = _checked(f"{self._where}.load_state_dict", state_dict)
        self._is_forgetting = False
        self._forgotten = frozenset()
        self.doubt()

    def _read(self, name: str) -> None:
        saver = self._saver
        if self._is_read or saver is None:
            return
        there = saver.filenames()
        if self._is_forgetting:
            self._forgotten |= set(there)
            self._is_forgetting = False
        full_name = self._naming.full_name(name)
        found = [
            (filename, metadata)
            for filename in there
            if filename not in self._forgotten
            for metadata in self._metadata(saver, filename)
            if self._is_ours(metadata, full_name)
        ]
        found.sort(key=self._order)
        self._kept = tuple(Kept(metadata.priority, filename) for filename, metadata in found)
        if not self._naming.has_score:
            latest = max((one.priority for one in self._kept), default=0.0)
            self.num_saves = max(self.num_saves, int(latest))
        if self._kept:
            names = ", ".join(one.filename for one in self._kept)
            self._logger.info("%s: there are already %s", self._where, names)
        self._is_read = True

    def _metadata(self, saver: BaseSaveHandler, filename: str) -> list[CheckpointMetadata]:
        try:
            return [saver.metadata(filename)]
        except FiresteelError as error:  # somebody else's, or damaged: not to be counted
            self._logger.warning("%s: leaves %s alone: %s", self._where, filename, error)
            return []

    def _is_ours(self, metadata: CheckpointMetadata, full_name: str) -> bool:
        return (
            metadata.name == full_name
            and metadata.score_name == self._naming.score_name
            and (metadata.score is not None) == self._naming.has_score
            and not math.isnan(metadata.priority)
        )

    def _order(self, found: Found) -> float:
        """Give what grows with each save."""
        metadata = found[1]
        if not self._naming.has_score:
            return metadata.priority
        return -1.0 if metadata.global_step is None else metadata.global_step


def _checked(where: str, state_dict: Mapping[str, object]) -> tuple[tuple[Kept, ...], int]:
    """Read a state, or refuse it."""
    is_a(where, "state_dict", state_dict, Mapping, "a mapping")
    if set(state_dict) != {"saved", "num_saves"}:
        raise StateDictError(
            f"{where}: entries must be 'saved' and 'num_saves', got {list(state_dict)}; a new "
            "handler finds by itself what its saver has, without any state"
        )
    num_saves, entries = state_dict["num_saves"], state_dict["saved"]
    if isinstance(num_saves, bool) or not isinstance(num_saves, int) or num_saves < 0:
        raise StateDictError(mismatch(where, "'num_saves'", "a number of saves", num_saves))
    if not _is_sequence(entries):
        raise StateDictError(mismatch(where, "'saved'", "a list", entries))
    return tuple(_kept(where, entry) for entry in entries), num_saves


def _kept(where: str, entry: object) -> Kept:
    pair = list(entry) if _is_sequence(entry) else []
    match pair:
        case [int() | float() as priority, str() as filename] if not math.isnan(priority):
            return Kept(float(priority), filename)
        case _:
            raise StateDictError(
                mismatch(where, "each of 'saved'", "a list of priority and filename", entry)
            )


def _is_sequence(value: object) -> TypeIs[list[object] | tuple[object, ...]]:
    return isinstance(value, list | tuple)
